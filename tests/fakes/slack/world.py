"""The one place that holds everything and changes it, and tells the app about it.

Methods of the Web API and the people of a scenario act through it; who may do so was judged before.
"""

import asyncio
import html
import itertools
import string
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.fakes.slack import payloads
from tests.fakes.slack.emoji import canonical
from tests.fakes.slack.manifest import Manifest
from tests.fakes.slack.mentions import is_disguised, scan
from tests.fakes.slack.refusals import Json, Refusal
from tests.fakes.slack.state import (
    Channel,
    ChannelKind,
    Ending,
    Ephemeral,
    File,
    Frame,
    Link,
    Message,
    Ping,
    Status,
    Team,
    User,
    View,
)

DISTINCT_REACTIONS, REACTIONS_PER_PERSON = 50, 23
STATUS_SECONDS = 120.0

_MESSAGE_EVENTS = {
    "public": "message.channels",
    "private": "message.groups",
    "im": "message.im",
    "mpim": "message.mpim",
}
_ID_LETTERS = string.digits + string.ascii_uppercase


@dataclass(slots=True)
class World:
    manifest: Manifest
    time_scale: float = 1.0
    base_url: str = ""
    unknown_blocks: frozenset[str] = frozenset()
    """Block types this Slack has never heard of."""

    edit_window_closed: bool = False
    """Whether the workspace lets nobody edit messages."""

    teams: dict[str, Team] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    ephemerals: list[Ephemeral] = field(default_factory=list)
    statuses: dict[tuple[str, str], list[Status]] = field(default_factory=dict)
    pings: list[Ping] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    custom_emoji: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)
    """What the app did that Slack would not answer with an error but that is wrong."""
    dispatch: Callable[[Json], None] = lambda body: None
    may_hear: Callable[[str], bool] = lambda subscription: True
    """Whether the app has a scope that lets it hear of an event."""
    changed: Callable[[], None] = lambda: None
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _last_micros: int = 0

    team: Team = field(init=False)
    bot: User = field(init=False)

    def __post_init__(self) -> None:
        self.team = self.add_team("council-test")
        self.bot = self.add_user("council", self.team, bot=True)

    # Ids and time

    def new_id(self, letter: str) -> str:
        number, digits = next(self._count), ""
        while number:
            number, rest = divmod(number, len(_ID_LETTERS))
            digits = _ID_LETTERS[rest] + digits
        return f"{letter}0{digits:0>9}"

    def new_ids(self) -> Iterator[str]:
        """For blocks and actions."""
        return (self.new_id("b") for _ in itertools.count())

    def new_ts(self, age_seconds: float = 0.0) -> str:
        """Unique; later ones are larger unless backdated."""
        micros = int((time.time() - age_seconds) * 1_000_000)
        if not age_seconds:
            micros = self._last_micros = max(self._last_micros + 1, micros)
        return f"{micros // 1_000_000}.{micros % 1_000_000:06}"

    # Furnishing

    def add_team(self, name: str) -> Team:
        team = Team(self.new_id("T"), name)
        self.teams[team.id] = team
        return team

    def add_user(self, name: str, team: Team, *, bot: bool = False) -> User:
        user = User(self.new_id("U"), name, team, bot=bot)
        if bot:
            user.bot_id = self.new_id("B")
        self.users[user.id] = user
        return user

    def direct(self, *people: User) -> Channel:
        """The conversation of these people and the bot, opened if need be."""
        members = {person.id: person for person in (*people, self.bot)}
        for channel in self.channels.values():
            if channel.kind in ("im", "mpim") and channel.members.keys() == members.keys():
                return channel
        kind: ChannelKind = "im" if len(people) == 1 else "mpim"
        name = "-".join(person.name for person in people)
        channel = Channel(self.new_id("D" if kind == "im" else "G"), kind, name, people[0], members)
        self.channels[channel.id] = channel
        return channel

    # Looking things up for the app

    def channel(self, channel_id: str | None) -> Channel:
        """One the app can see; `channel_not_found` otherwise."""
        channel = self.channels.get(channel_id or "")
        if channel is None or (channel.kind != "public" and self.bot.id not in channel.members):
            raise Refusal("channel_not_found")
        return channel

    def joined(self, channel_id: str | None) -> Channel:
        channel = self.channel(channel_id)
        if self.bot.id not in channel.members:
            raise Refusal("not_in_channel")
        return channel

    def message(self, channel: Channel, ts: str | None) -> Message:
        found = channel.messages.get(ts or "")
        if found is None or found.subtype == "tombstone":
            raise Refusal("message_not_found")
        return found

    def user(self, user_id: str | None) -> User:
        if user_id not in self.users:
            raise Refusal("user_not_found")
        return self.users[user_id]

    # Messages

    def post(self, message: Message, names: dict[str, str] | None = None) -> None:
        """`names` as in `scan`, where the sender asked for names to be linked."""
        channel = message.channel
        message.frames.append(Frame(message.text, tuple(message.blocks)))
        channel.messages[message.ts] = message
        if message.thread_ts is not None and message.thread_ts in channel.messages:
            channel.messages[message.thread_ts].thread_ts = message.thread_ts
        if message.user is self.bot:
            self._show(message, names, notify=True)
            self.end_status(channel.id, message.thread_ts or message.ts, "posted")
        self._emit_message(channel, self._as_event(message))
        self._emit_mention(message)

    def edit(self, message: Message, by: User, *, flagged: bool = True) -> None:
        """Text and blocks are new already. `flagged`: the message is shown as edited."""
        last = message.frames[-1]
        before = self._as_event(message) | {"text": last.text, "blocks": list(last.blocks)}
        message.frames.append(Frame(message.text, tuple(message.blocks)))
        if flagged:
            message.edited_by, message.edited_ts = by, self.new_ts()
        if message.user is self.bot:
            self._show(message, None, notify=False)
        self._emit_message(
            message.channel,
            {
                "type": "message",
                "subtype": "message_changed",
                "message": payloads.message(message, self.base_url),
                "previous_message": before,
                "hidden": True,
                "ts": self.new_ts(),
            },
        )
        if message.user is not self.bot:
            self._emit_mention(message)

    def delete(self, message: Message) -> None:
        """A root with replies leaves a stone behind, and can still be replied to.

        That is told as a change into a stone. Source: openclaw/openclaw issue 22035.
        """
        channel, before = message.channel, payloads.message(message, self.base_url)
        event: Json = {"type": "message", "previous_message": before, "hidden": True}
        if not message.is_reply and channel.thread(message.ts):
            message.subtype, message.text = "tombstone", "This message was deleted."
            message.blocks, message.reactions, message.files = [], {}, []
            message.attachments = []
            stone = payloads.message(message, self.base_url)
            event |= {"subtype": "message_changed", "message": stone}
        else:
            del channel.messages[message.ts]
            event |= {"subtype": "message_deleted", "deleted_ts": message.ts}
        self._emit_message(channel, event | {"ts": self.new_ts()})
        self.changed()

    def _show(self, message: Message, names: dict[str, str] | None, *, notify: bool) -> None:
        found = scan(message.text, message.blocks, names)
        self.record_links(message.ts, found.links)
        if notify:
            for (kind, target), places in found.targets.items():
                self.pings.append(Ping(message, kind, target, places))

    def record_links(self, ts: str, links: list[tuple[str, str]]) -> None:
        for url, label in links:
            disguised = is_disguised(url, label) and not self._is_own(url)
            self.links.append(Link(ts, url, label, disguised))

    def _is_own(self, url: str) -> bool:
        """Whether it leads to a post of the bot's, which may have a label."""
        posts = (m for channel in self.channels.values() for m in channel.ordered())
        own = (payloads.permalink(m, self.base_url) for m in posts if m.user is self.bot)
        return html.unescape(url) in own

    def show(self, message: Ephemeral) -> None:
        """Let one person see it; it notifies nobody."""
        self.ephemerals.append(message)
        self.record_links(message.ts, scan(message.text, message.blocks).links)
        self.changed()

    def _as_event(self, message: Message) -> Json:
        return payloads.message(message, self.base_url, metadata=message.metadata is not None)

    def _emit_message(self, channel: Channel, event: Json) -> None:
        kind = payloads.channel_type(channel)
        self.emit(_MESSAGE_EVENTS[channel.kind], channel, event | {"channel_type": kind})

    def _emit_mention(self, message: Message) -> None:
        """The bot's own messages mention nobody to it; in a direct message there is no mention."""
        mentioned = ("user", self.bot.id) in scan(message.text, []).targets
        if mentioned and message.user is not self.bot and message.channel.kind != "im":
            event = self._as_event(message) | {"type": "app_mention"}
            event.pop("subtype", None)
            self.emit("app_mention", message.channel, event)

    # Reactions

    def react(self, user: User, message: Message, name: str) -> None:
        """`invalid_name`, `already_reacted`, `too_many_emoji` or `too_many_reactions`."""
        name = self._emoji(name)
        users = message.reactions.get(name, [])
        if user in users:
            raise Refusal("already_reacted")
        if not users and len(message.reactions) >= DISTINCT_REACTIONS:
            raise Refusal("too_many_emoji")
        if sum(user in each for each in message.reactions.values()) >= REACTIONS_PER_PERSON:
            raise Refusal("too_many_reactions")
        message.reactions[name] = [*users, user]
        self._emit_reaction("reaction_added", user, message, name)

    def unreact(self, user: User, message: Message, name: str) -> None:
        """`invalid_name` or `no_reaction`."""
        name = self._emoji(name)
        if user not in message.reactions.get(name, []):
            raise Refusal("no_reaction")
        message.reactions[name].remove(user)
        if not message.reactions[name]:
            del message.reactions[name]
        self._emit_reaction("reaction_removed", user, message, name)

    def _emoji(self, name: str) -> str:
        found = canonical(name, frozenset(self.custom_emoji))
        if found is None:
            raise Refusal("invalid_name")
        return found

    def _emit_reaction(self, kind: str, user: User, message: Message, name: str) -> None:
        event: Json = {
            "type": kind,
            "user": user.id,
            "reaction": name,
            "item": {"type": "message", "channel": message.channel.id, "ts": message.ts},
            "item_user": message.user.id,
        }
        self.emit(kind, message.channel, event)

    # Membership

    def join(self, channel: Channel, user: User, inviter: User | None = None) -> None:
        channel.members[user.id] = user
        event: Json = {
            "type": "member_joined_channel",
            "user": user.id,
            "channel": channel.id,
            "channel_type": channel.id[0],
            "team": user.team.id,
        }
        if inviter is not None:
            event["inviter"] = inviter.id
        self.emit("member_joined_channel", channel, event)

    def archive(self, channel: Channel, user: User) -> None:
        channel.archived = True
        self._tell_of_archive("channel_archive", channel, user)

    def unarchive(self, channel: Channel, user: User) -> None:
        channel.archived = False
        self._tell_of_archive("channel_unarchive", channel, user)

    def _tell_of_archive(self, kind: str, channel: Channel, user: User) -> None:
        kind = kind.replace("channel", "group") if channel.kind == "private" else kind
        self.emit(kind, channel, {"type": kind, "channel": channel.id, "user": user.id})

    # Statuses

    def set_status(self, channel_id: str, thread_ts: str, status: Status) -> None:
        self.end_status(channel_id, thread_ts, "replaced")
        self.statuses.setdefault((channel_id, thread_ts), []).append(status)
        left = status.expires_at - time.monotonic()
        asyncio.get_running_loop().call_later(left + 0.001, self.changed)
        self.changed()

    def end_status(self, channel_id: str, thread_ts: str, how: Ending) -> None:
        status = self.status(channel_id, thread_ts)
        if status is not None:
            status.ended = how

    def status(self, channel_id: str, thread_ts: str) -> Status | None:
        """What the thread shows now."""
        history = self.statuses.get((channel_id, thread_ts))
        if not history or history[-1].ended:
            return None
        if time.monotonic() >= history[-1].expires_at:
            history[-1].ended = "expired"
            return None
        return history[-1]

    # Events

    def emit(self, subscription: str, channel: Channel, event: Json) -> None:
        """Hand an event to the app, if it subscribed to it and is in the channel."""
        subscribed = subscription in self.manifest.events and self.may_hear(subscription)
        if subscribed and self.bot.id in channel.members:
            self.dispatch(self._envelope(channel, event))
        self.changed()

    def _envelope(self, channel: Channel, event: Json) -> Json:
        event = dict(event)
        if event["type"] in ("message", "app_mention"):
            event["channel"] = channel.id
        event["event_ts"] = event.get("ts") or self.new_ts()
        author = self.users.get(str(event.get("user")))
        if channel.shared_with and author is not None:
            event |= {"user_team": author.team.id, "source_team": author.team.id}
        return {
            "token": "verification-token",
            "team_id": self.team.id,
            "api_app_id": payloads.APP_ID,
            "context_team_id": self.team.id,
            "context_enterprise_id": self.team.enterprise or None,
            "event": event,
            "type": "event_callback",
            "event_id": self.new_id("Ev"),
            "event_time": int(time.time()),
            "authorizations": [
                {
                    "enterprise_id": self.team.enterprise or None,
                    "team_id": self.team.id,
                    "user_id": self.bot.id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": payloads.is_external(channel, self.team),
            "event_context": self.new_id("4-"),
        }
