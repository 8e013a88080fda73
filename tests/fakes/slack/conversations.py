"""The methods that read: conversations.*, users.*, reactions.* (these write, too), auth.test.

Source of pages, limits and errors: Slack's method reference.
"""

import base64
import binascii
import re
from typing import TypeVar

from tests.fakes.slack import payloads
from tests.fakes.slack.http import Call, Method, method
from tests.fakes.slack.refusals import Json, Refusal
from tests.fakes.slack.state import Channel, Message
from tests.fakes.slack.world import World

_T = TypeVar("_T")

_RANGE = "channel cursor inclusive include_all_metadata latest limit oldest"
_LIST = "cursor exclude_archived limit types"
_SCOPE_OF_TYPE = {
    "public_channel": ("public", "channels:read"),
    "private_channel": ("private", "groups:read"),
    "im": ("im", "im:read"),
    "mpim": ("mpim", "mpim:read"),
}


class Conversations:
    def __init__(self, world: World) -> None:
        self.world = world

    def methods(self) -> tuple[Method, ...]:
        return (
            method("auth.test", self.auth_test, "special"),
            method(
                "conversations.info",
                self.info,
                3,
                "channel include_locale include_num_members",
            ),
            method("conversations.history", self.history, 3, _RANGE),
            method("conversations.replies", self.replies, 3, f"{_RANGE} ts"),
            method("conversations.open", self.open, 3, "channel return_im users"),
            method("conversations.members", self.members, 4, "channel cursor limit"),
            method("conversations.list", self.list_all, 2, _LIST),
            method("users.conversations", self.list_joined, 3, f"{_LIST} user"),
            method("users.info", self.user_info, 4, "user include_locale", ("users:read",)),
            method(
                "users.list",
                self.list_users,
                2,
                "cursor include_locale limit team_id",
                ("users:read",),
            ),
            method("reactions.add", self.react, 3, "channel name timestamp", ("reactions:write",)),
            method(
                "reactions.remove",
                self.unreact,
                2,
                "channel name timestamp",
                ("reactions:write",),
            ),
            method(
                "reactions.get",
                self.reactions,
                3,
                "channel timestamp full",
                ("reactions:read",),
            ),
        )

    def auth_test(self, call: Call) -> Json:
        world = self.world
        return {
            "url": f"{world.base_url}/",
            "team": world.team.name,
            "user": world.bot.name,
            "team_id": world.team.id,
            "user_id": world.bot.id,
            "bot_id": world.bot.bot_id,
            "is_enterprise_install": False,
            **({"enterprise_id": world.team.enterprise} if world.team.enterprise else {}),
        }

    def info(self, call: Call) -> Json:
        channel = self.world.channel(call.required("channel"))
        call.scope_of(channel, "read")
        members = call.flag("include_num_members")
        return {"channel": payloads.channel(channel, self.world.bot, members=members)}

    def history(self, call: Call) -> Json:
        channel = self.world.joined(call.required("channel"))
        call.scope_of(channel, "history")
        roots = [m for m in channel.ordered() if not m.is_reply or m.broadcast]
        page, cursor = _page(call, _within(call, roots)[::-1])
        return self._messages(call, page, cursor)

    def replies(self, call: Call) -> Json:
        """The root stands first on every page, whatever the range."""
        channel = self.world.joined(call.required("channel"))
        call.scope_of(channel, "history")
        root = channel.messages.get(call.required("ts"))
        if root is None:
            raise Refusal("thread_not_found")
        if root.is_reply:
            return self._messages(call, [root], "")
        page, cursor = _page(call, _within(call, channel.thread(root.ts)))
        return self._messages(call, [root, *page], cursor)

    def open(self, call: Call) -> Json:
        if "channel" in call.arguments:
            channel = self.world.channel(call.required("channel"))
        else:
            ids = [user_id for user_id in (call.text("users") or "").split(",") if user_id]
            if not ids:
                raise Refusal("users_list_not_supplied")
            people = [self.world.user(user_id) for user_id in ids]
            call.check_scope("im:write" if len(people) == 1 else "mpim:write")
            if any(person.bot for person in people):
                raise Refusal("cannot_dm_bot")
            channel = self.world.direct(*people)
        shown = payloads.channel(channel, self.world.bot)
        return {"channel": shown if call.flag("return_im") else {"id": channel.id}}

    def members(self, call: Call) -> Json:
        channel = self.world.channel(call.required("channel"))
        call.scope_of(channel, "read")
        page, cursor = _page(call, list(channel.members))
        return {"members": page, "response_metadata": {"next_cursor": cursor}}

    def list_all(self, call: Call) -> Json:
        return self._list(call, joined_only=False)

    def list_joined(self, call: Call) -> Json:
        user = call.text("user")
        if user is not None and user != self.world.bot.id:
            raise Refusal("invalid_arguments", ["only the bot's own conversations here"])
        return self._list(call, joined_only=True)

    def user_info(self, call: Call) -> Json:
        user = self.world.user(call.required("user"))
        locale = call.flag("include_locale")
        return {"user": payloads.user(user, self.world.team, locale=locale)}

    def list_users(self, call: Call) -> Json:
        ours = [user for user in self.world.users.values() if user.team is self.world.team]
        page, cursor = _page(call, ours)
        members = [payloads.user(user, self.world.team) for user in page]
        return {"members": members, "response_metadata": {"next_cursor": cursor}}

    def react(self, call: Call) -> Json:
        channel, message = self._item(call)
        if channel.archived:
            raise Refusal("is_archived")
        self.world.react(self.world.bot, message, call.required("name"))
        return {}

    def unreact(self, call: Call) -> Json:
        _, message = self._item(call)
        self.world.unreact(self.world.bot, message, call.required("name"))
        return {}

    def reactions(self, call: Call) -> Json:
        channel, message = self._item(call)
        full = call.flag("full")
        shown = payloads.message(message, self.world.base_url, full=full)
        shown["permalink"] = payloads.permalink(message, self.world.base_url)
        return {"type": "message", "channel": channel.id, "message": shown}

    def _item(self, call: Call) -> tuple[Channel, Message]:
        channel = self.world.joined(call.required("channel"))
        return channel, self.world.message(channel, call.required("timestamp"))

    def _list(self, call: Call, *, joined_only: bool) -> Json:
        found: list[Channel] = []
        for name in (call.text("types") or "public_channel").split(","):
            if name not in _SCOPE_OF_TYPE:
                raise Refusal("invalid_types")
            kind, scope = _SCOPE_OF_TYPE[name]
            call.check_scope(scope)
            found += [c for c in self.world.channels.values() if c.kind == kind]
        bot = self.world.bot
        found = [
            channel
            for channel in found
            if bot.id in channel.members or (channel.kind == "public" and not joined_only)
        ]
        if call.flag("exclude_archived"):
            found = [channel for channel in found if not channel.archived]
        page, cursor = _page(call, found)
        shown = [payloads.channel(channel, bot) for channel in page]
        return {"channels": shown, "response_metadata": {"next_cursor": cursor}}

    def _messages(self, call: Call, page: list[Message], cursor: str) -> Json:
        metadata = call.flag("include_all_metadata")
        return {
            "messages": [
                payloads.message(message, self.world.base_url, metadata=metadata)
                for message in page
            ],
            "has_more": bool(cursor),
            "response_metadata": {"next_cursor": cursor},
        }


def _within(call: Call, messages: list[Message]) -> list[Message]:
    """Those between `oldest` and `latest`, both left out unless `inclusive`."""
    oldest = _ts(call, "oldest", "0")
    latest = _ts(call, "latest", "9999999999.999999")
    if call.flag("inclusive"):
        return [m for m in messages if oldest <= float(m.ts) <= latest]
    return [m for m in messages if oldest < float(m.ts) < latest]


def _ts(call: Call, name: str, default: str) -> float:
    value = call.text(name) or default
    if not re.fullmatch(r"\d+(\.\d+)?", value):
        raise Refusal(f"invalid_ts_{name}")
    return float(value)


def _page(call: Call, everything: list[_T]) -> tuple[list[_T], str]:
    """One page and the cursor of the next, "" on the last."""
    limit = call.number("limit", 100, 1, 999, "invalid_limit")
    start = _decoded(call.text("cursor") or "")
    end = start + limit
    cursor = base64.b64encode(f"next:{end}".encode()).decode() if end < len(everything) else ""
    return everything[start:end], cursor


def _decoded(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        text = base64.b64decode(cursor, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal("invalid_cursor") from None
    if not re.fullmatch(r"next:\d+", text):
        raise Refusal("invalid_cursor")
    return int(text.removeprefix("next:"))
