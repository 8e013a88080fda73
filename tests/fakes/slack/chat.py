"""The methods that write: chat.* and the status line of a thread.

Source of limits and errors: Slack's method reference.
"""

import json
import time
from typing import Any

from tests.fakes.slack import payloads
from tests.fakes.slack.blocks import check_message, walk, with_ids
from tests.fakes.slack.http import Call, Method, method
from tests.fakes.slack.mentions import scan
from tests.fakes.slack.refusals import Json, Refusal
from tests.fakes.slack.state import Channel, Ephemeral, Message, Status
from tests.fakes.slack.world import STATUS_SECONDS, World

TEXT_LIMIT, UPDATE_LIMIT, MARKDOWN_LIMIT = 40_000, 4_000, 12_000
METADATA_LIMIT_BYTES = 4_000
LOADING_MESSAGES = 10

_CONTENT = "channel text blocks markdown_text as_user link_names parse"
_LOOKS = "username icon_emoji icon_url"
_POST = "thread_ts reply_broadcast unfurl_links unfurl_media mrkdwn metadata client_msg_id"


class Content:
    """What a message is to say, checked."""

    def __init__(self, call: Call, world: World) -> None:
        self.text = call.text("text") or ""
        self.blocks = checked_blocks(call.json("blocks", "invalid_blocks_format"), world)
        markdown = call.text("markdown_text")
        if markdown is not None:
            if self.text or self.blocks:
                raise Refusal("markdown_text_conflict")
            if len(markdown) > MARKDOWN_LIMIT:
                raise Refusal("msg_too_long")
            self.blocks = [{"type": "markdown", "text": markdown, "block_id": world.new_id("b")}]
            self.text = markdown
        self.given = {name for name in ("text", "blocks") if name in call.arguments}

    @property
    def empty(self) -> bool:
        return not (self.text.strip() or self.blocks)


def checked_blocks(value: Any, world: World) -> list[Json]:
    """Blocks as Slack keeps them; raises what Slack says to bad ones."""
    if not value:
        return []
    check_message(value, world.unknown_blocks)
    for block in walk(value):
        if block["type"] == "video" and "links.embed:write" not in world.manifest.scopes:
            raise Refusal("invalid_blocks", ["video blocks need the scope links.embed:write"])
        if block["type"] == "image" and "slack_file" in block:
            _check_file(block["slack_file"], world)
    return with_ids(value, world.new_ids())


def _check_file(value: Json, world: World) -> None:
    found = [
        file
        for file in world.files.values()
        if file.id == value.get("id")
        or payloads.file(file, world.base_url)["url_private"] == value.get("url")
    ]
    if not any(file.content and payloads.mimetype(file).startswith("image/") for file in found):
        raise Refusal("invalid_blocks", ["invalid slack file"])


class Chat:
    def __init__(self, world: World) -> None:
        self.world = world

    def methods(self) -> tuple[Method, ...]:
        write = ("chat:write",)
        return (
            method("chat.postMessage", self.post, "post", f"{_CONTENT} {_LOOKS} {_POST}", write),
            method("chat.update", self.update, 3, f"{_CONTENT} ts reply_broadcast metadata", write),
            method("chat.delete", self.delete, 3, "channel ts as_user", write),
            method(
                "chat.postEphemeral",
                self.ephemeral,
                4,
                f"{_CONTENT} {_LOOKS} user thread_ts",
                write,
            ),
            method("chat.getPermalink", self.permalink, "special", "channel message_ts"),
            method(
                "assistant.threads.setStatus",
                self.status,
                "special",
                f"channel_id thread_ts status loading_messages {_LOOKS}",
                write,
            ),
        )

    def post(self, call: Call) -> Json:
        channel = self._writable(call)
        self._check_looks(call)
        content = Content(call, self.world)
        if content.empty:
            raise Refusal("no_text")
        warning = self._truncate(content)
        message = Message(self.world.new_ts(), channel, self.world.bot, content.text)
        message.blocks = content.blocks
        message.thread_ts = self._thread(call, channel)
        message.broadcast = message.is_reply and call.flag("reply_broadcast")
        message.metadata = _metadata(call)
        message.unfurl_links = call.flag("unfurl_links")
        if "unfurl_media" in call.arguments:
            message.unfurl_media = call.flag("unfurl_media")
        self.world.post(message, self._names(call))
        shown = payloads.message(message, self.world.base_url, metadata=True)
        return {"channel": channel.id, "ts": message.ts, "message": shown, **warning}

    def update(self, call: Call) -> Json:
        channel = self._writable(call, must_be_open=False)
        message = self.world.message(channel, call.required("ts"))
        if message.user is not self.world.bot:
            raise Refusal("cant_update_message")
        if self.world.edit_window_closed:
            raise Refusal("edit_window_closed")
        if len(call.text("text") or "") > UPDATE_LIMIT:
            raise Refusal("msg_too_long")
        content = Content(call, self.world)
        if content.empty and not ("blocks" in content.given and message.text):
            raise Refusal("no_text")
        # Blocks stay only where neither blocks nor text are given. Source: "chat.update", blocks.
        if content.given or content.blocks:
            message.blocks = content.blocks
            message.text = content.text
        if "metadata" in call.arguments:
            message.metadata = _metadata(call)
        self.world.edit(message, self.world.bot, flagged=not content.blocks)
        shown = payloads.message(message, self.world.base_url)
        return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}

    def delete(self, call: Call) -> Json:
        channel = self._writable(call, must_be_open=False)
        message = self.world.message(channel, call.required("ts"))
        if message.user is not self.world.bot:
            raise Refusal("cant_delete_message")
        self.world.delete(message)
        return {"channel": channel.id, "ts": message.ts}

    def ephemeral(self, call: Call) -> Json:
        channel = self._writable(call)
        self._check_looks(call)
        user = self.world.users.get(call.required("user"))
        if user is None or user.id not in channel.members:
            raise Refusal("user_not_in_channel")
        content = Content(call, self.world)
        if content.empty:
            raise Refusal("no_text")
        self._truncate(content)
        thread_ts = call.text("thread_ts")
        if thread_ts is not None and not channel.thread(thread_ts):
            # Source: "chat.postEphemeral": in threads these are seen only where one is under way.
            self.world.violations.append("an ephemeral message in a thread without replies")
        message = Ephemeral(
            self.world.new_ts(),
            channel,
            user,
            content.text,
            content.blocks,
            "chat.postEphemeral",
            thread_ts,
        )
        self.world.show(message)
        return {"message_ts": message.ts}

    def permalink(self, call: Call) -> Json:
        channel = self.world.channel(call.required("channel"))
        message = self.world.message(channel, call.required("message_ts"))
        address = payloads.permalink(message, self.world.base_url)
        return {"channel": channel.id, "permalink": address}

    def status(self, call: Call) -> Json:
        channel = self.world.joined(call.required("channel_id"))
        thread_ts, text = call.required("thread_ts"), call.text("status")
        self._check_looks(call)
        if thread_ts not in channel.messages:
            raise Refusal("thread_not_found")
        loading = call.json("loading_messages", "invalid_arguments") or []
        if text is None or not isinstance(loading, list) or len(loading) > LOADING_MESSAGES:
            raise Refusal("invalid_arguments", ["status, and at most 10 loading_messages"])
        found = scan(text, []).links
        self.world.record_links(thread_ts, found)
        if not text:
            self.world.end_status(channel.id, thread_ts, "cleared")
            return {}
        now = time.monotonic()
        until = now + STATUS_SECONDS * self.world.time_scale
        self.world.set_status(channel.id, thread_ts, Status(text, tuple(loading), now, until))
        return {}

    def _writable(self, call: Call, *, must_be_open: bool = True) -> Channel:
        """A person's id opens the direct message, when the app takes any."""
        channel_id = call.required("channel")
        person = self.world.users.get(channel_id)
        if person is not None and must_be_open:
            if person.bot:
                raise Refusal("cannot_dm_bot")
            if not self.world.manifest.direct_messages:
                raise Refusal("messages_tab_disabled")
            return self.world.direct(person)
        channel = self.world.joined(channel_id)
        if channel.archived:
            raise Refusal("is_archived")
        if channel.restriction and must_be_open:
            raise Refusal(channel.restriction)
        return channel

    def _check_looks(self, call: Call) -> None:
        if set(_LOOKS.split()) & set(call.arguments):
            call.check_scope("chat:write.customize")

    def _truncate(self, content: Content) -> Json:
        if len(content.text) <= TEXT_LIMIT:
            return {}
        content.text = content.text[:TEXT_LIMIT]
        warning = "message_truncated"
        return {"warning": warning, "response_metadata": {"warnings": [warning]}}

    def _thread(self, call: Call, channel: Channel) -> str | None:
        """The root's `ts`.

        Under a message that is gone Slack posts to the channel instead, and says so only by leaving
        `thread_ts` out of the answer. Source: slack-go/slack issue 1571.
        """
        thread_ts = call.arguments.get("thread_ts")
        if thread_ts is None:
            return None
        if not isinstance(thread_ts, str):
            self.world.violations.append("thread_ts is a string; Slack loses the post otherwise")
            return None
        root = channel.messages.get(thread_ts)
        if root is None:
            return None
        if root.is_reply:
            self.world.violations.append("thread_ts is a reply's; it must be the root's")
            return root.thread_ts
        return root.ts

    def _names(self, call: Call) -> dict[str, str] | None:
        if not call.flag("link_names") and call.text("parse") != "full":
            return None
        return {user.name: user.id for user in self.world.users.values()}


def _metadata(call: Call) -> Json | None:
    value = call.json("metadata", "invalid_metadata_format")
    if value is None or value == {}:
        return None
    if not isinstance(value, dict) or set(value) != {"event_type", "event_payload"}:
        raise Refusal("invalid_metadata_format")
    if not isinstance(value["event_payload"], dict) or not isinstance(value["event_type"], str):
        raise Refusal("invalid_metadata_format")
    if len(json.dumps(value).encode()) > METADATA_LIMIT_BYTES:
        raise Refusal("metadata_too_large")
    return value
