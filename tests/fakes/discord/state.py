"""What exists on the local Discord: servers, channels, people, messages; and who may do what.

Plain mutable records plus the rules about permissions. Knows no HTTP and no gateway.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Literal, NewType

from discord import Permissions

from tests.fakes.discord.components import displayed_text, media_urls
from tests.fakes.discord.refusals import Json, Refusal

Emoji = NewType("Emoji", str)
"""A Unicode emoji without U+FE0F, or the id of a custom one: equal when the emoji is the same."""

ReactionKind = Literal["normal", "burst"]

EPOCH_MS = 1_420_070_400_000


class ChannelType(IntEnum):
    TEXT = 0
    DM = 1
    VOICE = 2
    CATEGORY = 4
    NEWS = 5
    NEWS_THREAD = 10
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12
    FORUM = 15


class MessageType(IntEnum):
    DEFAULT = 0
    PINNED = 6
    THREAD_CREATED = 18
    REPLY = 19
    SLASH = 20
    THREAD_STARTER = 21
    CONTEXT_MENU = 23


class Flag(IntEnum):
    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SILENT = 1 << 12
    FORWARD = 1 << 14
    V2 = 1 << 15


@dataclass(slots=True, eq=False)
class User:
    id: int
    name: str
    bot: bool = False
    accepts_dms: bool = True
    locale: str = "en-US"


@dataclass(slots=True, eq=False)
class Role:
    id: int
    name: str
    permissions: Permissions
    mentionable: bool = False
    bot_id: int | None = None


@dataclass(slots=True, eq=False)
class Overwrite:
    """`target` is the id of a role (the guild's own id for everyone) or of a member."""

    target: int
    is_member: bool
    allow: Permissions
    deny: Permissions


@dataclass(slots=True, eq=False)
class Guild:
    id: int
    name: str
    owner: User
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, User] = field(default_factory=dict)
    member_roles: dict[int, list[int]] = field(default_factory=dict)
    emojis: dict[int, str] = field(default_factory=dict)
    locale: str = "en-US"

    def roles_of(self, user: User) -> list[Role]:
        """Everyone's role first."""
        ids = [self.id, *self.member_roles.get(user.id, [])]
        return [self.roles[role_id] for role_id in ids]


@dataclass(slots=True, eq=False)
class Channel:
    """A channel, a thread or a direct conversation."""

    id: int
    type: ChannelType
    name: str
    guild: Guild | None = None
    parent: "Channel | None" = None
    topic: str | None = None
    overwrites: list[Overwrite] = field(default_factory=list)
    recipient: User | None = None
    messages: dict[int, "Message"] = field(default_factory=dict)
    owner_id: int = 0
    archived: bool = False
    locked: bool = False
    auto_archive_minutes: int = 4320
    thread_members: set[int] = field(default_factory=set)
    sent: int = 0

    @property
    def is_thread(self) -> bool:
        return self.type in (
            ChannelType.NEWS_THREAD,
            ChannelType.PUBLIC_THREAD,
            ChannelType.PRIVATE_THREAD,
        )

    def permissions(self, user: User) -> Permissions:
        """What `user` may do here, as Discord's documentation computes it.

        Source: "Permissions" of the API documentation (overwrites, threads, implicit denials).
        """
        if self.guild is None:
            return _DIRECT if self._takes_part(user) else Permissions.none()
        base = self._guild_permissions(user)
        if base.administrator:
            return Permissions.all()
        place = self.parent if self.is_thread and self.parent else self
        found = _implied(place._overwritten(base, user), thread=self.is_thread)
        invited = user.id in self.thread_members or found.manage_threads
        hidden = self.type == ChannelType.PRIVATE_THREAD and not invited
        return Permissions.none() if hidden else found

    def _takes_part(self, user: User) -> bool:
        return user.bot or user is self.recipient

    def _guild_permissions(self, user: User) -> Permissions:
        assert self.guild is not None
        if user.id not in self.guild.members:
            return Permissions.none()
        if user is self.guild.owner:
            return Permissions.all()
        value = 0
        for role in self.guild.roles_of(user):
            value |= role.permissions.value
        return Permissions(value)

    def _overwritten(self, base: Permissions, user: User) -> Permissions:
        assert self.guild is not None
        role_ids = set(self.guild.member_roles.get(user.id, []))
        layers = (
            [o for o in self.overwrites if o.target == self.guild.id],
            [o for o in self.overwrites if not o.is_member and o.target in role_ids],
            [o for o in self.overwrites if o.is_member and o.target == user.id],
        )
        value = base.value
        for layer in layers:
            for overwrite in layer:
                value &= ~overwrite.deny.value
            for overwrite in layer:
                value |= overwrite.allow.value
        return Permissions(value)


@dataclass(slots=True, eq=False)
class Attachment:
    id: int
    channel_id: int
    filename: str
    data: bytes
    content_type: str
    description: str | None = None


@dataclass(slots=True, eq=False)
class Reaction:
    name: str
    custom_id: int | None
    normal: dict[int, User] = field(default_factory=dict)
    burst: dict[int, User] = field(default_factory=dict)

    def users(self, kind: ReactionKind) -> dict[int, User]:
        return self.normal if kind == "normal" else self.burst


@dataclass(frozen=True, slots=True)
class Mentions:
    """Whom a text mentions, whether or not anybody is notified."""

    users: tuple[User, ...] = ()
    roles: tuple[Role, ...] = ()
    everyone: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """The interaction a message came from."""

    id: int
    type: int
    user: User
    name: str | None
    source_message_id: int | None


@dataclass(slots=True, eq=False)
class Message:
    id: int
    channel: Channel
    author: User
    content: str = ""
    type: MessageType = MessageType.DEFAULT
    flags: int = 0
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    nonce: str | int | None = None
    reference: "Message | None" = None
    reference_id: int | None = None
    forwarded: bool = False
    """Whether the reference is to what this message forwards, a snapshot of which it carries."""
    mentions: Mentions = field(default_factory=Mentions)
    reactions: dict[Emoji, Reaction] = field(default_factory=dict)
    thread: Channel | None = None
    origin: Origin | None = None
    webhook_id: int | None = None
    viewer: User | None = None
    edited_at: datetime | None = None
    late_edits: int = 0
    deleted: bool = False
    frames: list[str] = field(default_factory=list)
    """What the message said, from its creation to its latest edit."""

    @property
    def text(self) -> str:
        """Everything it says: the content, or the text displays of a V2 message."""
        return displayed_text(self.components) if self.flags & Flag.V2 else self.content

    @property
    def silent(self) -> bool:
        return bool(self.flags & Flag.SILENT)

    @property
    def created_at(self) -> datetime:
        return datetime.fromtimestamp(((self.id >> 22) + EPOCH_MS) / 1000, UTC)

    def files(self) -> dict[str, bytes]:
        """What readers see: in a V2 message, only files that a component refers to."""
        shown = {media["url"] for media in media_urls(self.components)}
        return {
            attachment.filename: attachment.data
            for attachment in self.attachments
            if not self.flags & Flag.V2 or f"attachment://{attachment.filename}" in shown
        }


@dataclass(frozen=True, slots=True)
class Ping:
    """Who was notified of a message, and by what; `silent` pings make no sound."""

    message: Message
    users: tuple[User, ...]
    roles: tuple[Role, ...]
    everyone: bool
    by: Literal["create", "edit"]
    silent: bool

    @property
    def push_text(self) -> str:
        """What the notification on a phone says: nothing of what components show.

        Source: https://github.com/discord/discord-api-docs/issues/7854
        """
        return self.message.content


def require_view(channel: Channel, user: User) -> Permissions:
    """`user`'s permissions, or code 50001 where the channel is hidden from them."""
    permissions = channel.permissions(user)
    if not permissions.view_channel:
        raise Refusal(50001)
    return permissions


def require(channel: Channel, user: User, names: Iterable[str]) -> None:
    """Refuse with 50001 where the channel is hidden, with 50013 where a permission is missing."""
    permissions = require_view(channel, user)
    if not all(getattr(permissions, name) for name in names):
        raise Refusal(50013)


_DIRECT = Permissions(
    view_channel=True,
    send_messages=True,
    read_message_history=True,
    add_reactions=True,
    attach_files=True,
    embed_links=True,
    use_application_commands=True,
)


def _implied(permissions: Permissions, *, thread: bool) -> Permissions:
    """Without the right to see or to send, the rights that build on it are void too.

    In a thread `send_messages` has no effect: sending goes by `send_messages_in_threads`.
    """
    if not permissions.view_channel:
        return Permissions.none()
    found = Permissions(permissions.value)
    found.send_messages = found.send_messages_in_threads if thread else found.send_messages
    if not found.send_messages:
        found.update(mention_everyone=False, attach_files=False, embed_links=False)
    return found
