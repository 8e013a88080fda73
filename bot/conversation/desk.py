"""What commands are made of: the form of a row, what was typed, whose right it is, and the Desk.

Who may use the council at all is one rule for questions, commands, buttons and forms:
`COUNCIL_ALLOWED` lists servers, workspaces, channels and people; `/council allow` and `allow off`
say it of one server or workspace more, in the store. Which commands there are is not known here.

Whatever goes wrong, "not admitted": nothing comes of what a guest asks whom nobody listed.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from bot import settings as channel_settings
from bot.chat import Channel, Person
from bot.document import Document
from bot.errors import InvalidInput
from bot.language import N_, Message, _
from bot.models.catalogue import Catalogue
from bot.pages.costs import BudgetLine
from bot.records import Case, Place, PlatformName, StoredSettings
from bot.settings import Settings
from bot.store.store import Store

if TYPE_CHECKING:
    from bot.conversation.reflections import Reflections
    from bot.conversation.statistics import Statistics

NOT_ENABLED = N_(
    "The council is not enabled here. An operator can list this server, channel or person "
    "in COUNCIL_ALLOWED, or let everybody here ask: `/council allow`."
)
_NO_GUESTS = N_(
    "The council is not enabled here for guests, or people of another organisation. An operator "
    "can list you, or this channel, in COUNCIL_ALLOWED."
)
_NO_DIRECT = N_(
    "The council is not enabled here: direct messages are answered for those alone whom an "
    "operator lists in COUNCIL_ALLOWED. Ask in a channel of a server that we share."
)


@dataclass(slots=True)
class Admission:
    """`public` are platforms where strangers can invite the bot: there it answers only where an
    operator said so."""

    store: Store
    allowed: frozenset[str]
    operators: frozenset[str]
    public: set[PlatformName] = field(default_factory=set)

    async def require(self, channel: Channel, person: Person) -> None:
        """Raises `InvalidInput` where this person may not use the council here."""
        if not await self.admits(channel, person):
            raise InvalidInput(_(_why_not(channel, person)))

    async def admits(self, channel: Channel, person: Person) -> bool:
        """Without any list: every channel that the bot was invited to, unless anybody can invite
        it. Nobody invites it to direct messages. A guest, or somebody else's, has to be listed."""
        if channel.platform in {"terminal", "cli"} or person.id in self.operators:
            return True
        if self.allowed & {channel.id, person.id}:
            return True
        if person.guest:
            return False
        if channel.workspace in self.allowed:
            return True
        if not channel.workspace and channel.platform == "discord":
            return False
        said = await self.store.note(_key(channel))
        if said:
            return said == "allow"
        return not self.allowed and channel.platform not in self.public

    def is_strangers(self, channel: Channel) -> bool:
        """Whether the server is one that anybody may have invited the bot to."""
        listed = self.allowed & {channel.workspace, channel.id}
        return channel.platform in self.public and bool(channel.workspace) and not listed

    def require_operator(self, person: Person) -> None:
        if person.id not in self.operators:
            raise InvalidInput(
                _("Only those listed in COUNCIL_ADMINS can say where the council may be used.")
            )

    async def say(self, channel: Channel, word: str) -> None:
        """`allow` or `disallow` this server or workspace. Raises `InvalidInput`."""
        if not channel.workspace:
            raise InvalidInput(_("This is said of a server or workspace: write it in one."))
        await self.store.set_note(_key(channel), word)


# Room to forget questions that are found, while others that are named rest.
Aside = Callable[
    [Callable[[], Awaitable[Sequence[Place]]], Callable[[], Awaitable[Collection[str]]]],
    AbstractAsyncContextManager[None],
]


@dataclass(frozen=True, slots=True)
class Desk:
    """What one command works with: where it is given, by whom, and what it needs of the council.

    `name` tells how a person is called there, as CommonMark; "" where nobody says.
    """

    channel: Channel
    person: Person
    store: Store
    catalogue: Catalogue
    defaults: Settings
    admins: frozenset[str]
    health: Callable[[Channel], Awaitable[Document]]
    budgets: Callable[[Channel, Person], Awaitable[tuple[BudgetLine, ...]]]
    statistics: Callable[[], "Statistics"]
    admission: Admission
    is_private: Callable[[Case], bool]
    name: Callable[[str], Awaitable[str]]
    aside: Aside
    reflections: "Reflections"
    answer: Callable[[str], Awaitable[Document]]
    saves_usd: Callable[[Channel], Awaitable[float | None]]
    now: Callable[[], datetime]


Run = Callable[[Desk, str], Awaitable[Document]]

# What may be written into an option, and how it is shown: given the other options, and what was
# typed of this one.
Complete = Callable[[Desk, Mapping[str, object], str], Awaitable[list[tuple[str, str]]]]

# Who may give a command. Which settings somebody may change is another question: `may_change`.
Right = Literal["anybody", "admitted", "administrator", "operator"]


@dataclass(frozen=True, slots=True)
class Option:
    """A part of what is written behind a command, where a platform asks for each by itself.

    `prose` is as long as a message may be; a number is whole, from 1 to `most`; a flag is written
    as its name, or not at all. `meanings` say what choices do. One with a `mark` is written with it,
    before the others.
    """

    name: str
    description: Message
    kind: Literal["text", "prose", "number", "flag"] = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    most: int = 0
    complete: Complete | None = None
    meanings: Mapping[str, Message] = field(default_factory=dict)
    mark: str = ""

    def written(self, value: object) -> str:
        if value is True:
            return self.name
        return f"{self.mark}{value}" if value else ""


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table. `usage` begins with the name; `at_length` makes what is said of it where
    there is room for more than the description.

    `run` is handed what was written behind the name and raises `InvalidInput`, having changed
    nothing; `None` where each platform has a way of its own. A `slow` one may take seconds.
    """

    usage: str
    description: Message
    run: Run | None
    options: tuple[Option, ...] = ()
    at_length: Callable[[], str] | None = None
    may: Right | Callable[[str], Right] = "admitted"
    slow: bool = False

    @property
    def name(self) -> str:
        return self.usage.partition(" ")[0]

    def right(self, rest: str) -> Right:
        return self.may(rest) if callable(self.may) else self.may

    def written(self, given: Mapping[str, object]) -> str:
        """What somebody writes behind the name who means these options."""
        options = sorted(self.options, key=lambda option: not option.mark)
        values = (option.written(given.get(option.name)) for option in options)
        return " ".join(filter(None, values))


@dataclass(frozen=True, slots=True)
class Typed:
    """`/council NAME REST`; the name is lower-case, `show` where nothing was typed."""

    name: str
    rest: str = ""


def parse(text: str) -> Typed:
    """The command in what was typed after `/council`."""
    name, rest = first_word(text)
    # As it was called once, and is understood still.
    if name.lower() == "disallow":
        return Typed("allow", "off")
    return Typed(name.lower() or "show", rest)


def first_word(text: str) -> tuple[str, str]:
    """The first word, and what follows the space or the end of the line behind it."""
    name, *rest = text.split(maxsplit=1) or [""]
    return name, "".join(rest).strip()


def words(text: str) -> list[str]:
    return text.replace(",", " ").split()


async def stored_and_settings(desk: Desk) -> tuple[StoredSettings, Settings]:
    """What a channel changed, and its settings: what it never changed is taken from the defaults."""
    here = desk.channel
    stored = await desk.store.settings(here.platform, here.workspace, here.id)
    return stored, channel_settings.resolve(stored.values, desk.defaults)


async def settings_of(desk: Desk) -> Settings:
    return (await stored_and_settings(desk))[1]


def is_administrator(desk: Desk) -> bool:
    return desk.person.admin or desk.person.id in desk.admins


async def require(desk: Desk, right: Right, name: str) -> None:
    """Raises `InvalidInput` where the person may not give the command of this name."""
    if right == "operator":
        desk.admission.require_operator(desk.person)
    elif right != "anybody":
        await desk.admission.require(desk.channel, desk.person)
    if right == "administrator" and not is_administrator(desk):
        raise InvalidInput(
            _("Only administrators can {command} what was asked in this channel.", command=name)
        )


async def may_change(desk: Desk) -> bool:
    settings = await settings_of(desk)
    anyone = settings.changers == "anyone" and not desk.person.guest
    return is_administrator(desk) or anyone


def _why_not(channel: Channel, person: Person) -> Message:
    if person.guest:
        return _NO_GUESTS
    is_direct = channel.platform == "discord" and not channel.workspace
    return _NO_DIRECT if is_direct else NOT_ENABLED


def _key(channel: Channel) -> str:
    return f"admission:{channel.platform}:{channel.workspace}"
