"""What exists on the local Slack: workspaces, people, conversations, messages, files, modals.

Plain mutable records. Knows no HTTP and no sockets.
"""

from dataclasses import dataclass, field
from typing import Literal

from tests.fakes.slack.blocks import displayed
from tests.fakes.slack.refusals import Json

ChannelKind = Literal["public", "private", "im", "mpim"]
Via = Literal["chat.postEphemeral", "acknowledgement", "response_url"]
Ending = Literal["", "cleared", "posted", "expired", "replaced"]


@dataclass(slots=True, eq=False)
class Team:
    """`enterprise` is the id of the Enterprise Grid organisation it belongs to, "" without one."""

    id: str
    name: str
    enterprise: str = ""

    def is_of(self, home: "Team") -> bool:
        """Whether both belong to one organisation."""
        return self is home or (bool(home.enterprise) and self.enterprise == home.enterprise)


@dataclass(slots=True, eq=False)
class User:
    """`guest` is a single- or multi-channel guest; `team` differs for people from elsewhere."""

    id: str
    name: str
    team: Team
    admin: bool = False
    owner: bool = False
    guest: bool = False
    bot: bool = False
    bot_id: str = ""
    locale: str = "en-US"
    deleted: bool = False


Reactions = dict[str, list[User]]
"""Who reacted, by the emoji's name, skin tone included."""


@dataclass(slots=True, eq=False)
class Channel:
    id: str
    kind: ChannelKind
    name: str
    creator: User
    members: dict[str, User] = field(default_factory=dict)
    messages: dict[str, "Message"] = field(default_factory=dict)
    shared_with: list[Team] = field(default_factory=list)
    """Other workspaces in the channel: of the same organisation, or of others (Slack Connect)."""
    archived: bool = False
    restriction: str = ""
    """An error that every post here meets, such as `restricted_action`."""

    def ordered(self) -> list["Message"]:
        """Oldest first."""
        return [self.messages[ts] for ts in sorted(self.messages)]

    def thread(self, ts: str) -> list["Message"]:
        """The replies, oldest first, without the root."""
        return [m for m in self.ordered() if m.thread_ts == ts and m.ts != ts]


@dataclass(frozen=True, slots=True)
class Frame:
    """What a message said at one time."""

    text: str
    blocks: tuple[Json, ...]


@dataclass(slots=True, eq=False)
class Message:
    """`thread_ts` is the root's, on the root itself too once it has replies."""

    ts: str
    channel: Channel
    user: User
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    broadcast: bool = False
    subtype: str | None = None
    edited_by: User | None = None
    edited_ts: str = ""
    metadata: Json | None = None
    reactions: Reactions = field(default_factory=dict)
    files: list["File"] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    client_msg_id: str | None = None
    unfurl_links: bool = False
    unfurl_media: bool = True
    frames: list[Frame] = field(default_factory=list)
    """Every state the message had, the present one last."""

    @property
    def shown(self) -> str:
        """What a reader sees: the blocks' texts, or the text where there are none."""
        return displayed(self.blocks) or self.text

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass(slots=True, eq=False)
class Ephemeral:
    """A message one person sees until a reload. `via` says how it came about."""

    ts: str
    channel: Channel
    user: User
    text: str
    blocks: list[Json]
    via: Via
    thread_ts: str | None = None
    deleted: bool = False


@dataclass(slots=True, eq=False)
class File:
    id: str
    name: str
    title: str
    length: int
    user: User
    content: bytes | None = None
    shared: bool = False
    alt_text: str = ""
    snippet_type: str = ""


@dataclass(slots=True, eq=False)
class View:
    """A modal as one person has it open, or a home tab. `previous` is the one underneath."""

    id: str
    user: User
    body: Json
    hash: str
    previous: "View | None" = None
    root_id: str = ""
    open: bool = True
    offered: dict[str, list[Json]] = field(default_factory=dict)
    """Options an external select was last filled with, by action id."""
    errors: dict[str, str] = field(default_factory=dict)
    """What the last submission was told is wrong, by block id."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Somebody was notified by a post. `target` is a user's or group's id, or here/channel/everyone.

    `places` says what did it: `text` (the fallback) or `blocks`, or both.
    """

    message: Message
    kind: Literal["user", "usergroup", "broadcast"]
    target: str
    places: frozenset[str]


@dataclass(frozen=True, slots=True)
class Link:
    """A link the bot showed. `disguised`: the label does not show the host it leads to."""

    ts: str
    url: str
    label: str
    disguised: bool


@dataclass(slots=True, eq=False)
class Status:
    """The line under a thread that says the app is busy."""

    text: str
    loading_messages: tuple[str, ...]
    set_at: float
    expires_at: float
    ended: Ending = ""
