"""The port to people: what a platform hands in, and what it must be able to do.

The app decides what exists, under keys (`question` where a button put it, `headline`, `answer:A`,
`ranking`); an adapter splits, folds and sends each part through `bot.conversation.outbox`, so that nothing is posted twice. Ids are
the platform's own and opaque here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.council import Alone, Attached, Council, Origin, Redo
from bot.document import Document
from bot.records import Case, PlatformName

QUESTION, HEADLINE, RANKING = "question", "headline", "ranking"
# Where the platform takes too few edits for the headline to become the verdict, which is then a post
# of its own that the headline leads to.
VERDICT = "verdict"
# What came of a channel's trial, below the question that ended it.
TRIAL = "trial"


def answer_key(label: str) -> str:
    return f"answer:{label}"


def is_answer(key: str) -> bool:
    return key.startswith(answer_key(""))


@dataclass(frozen=True, slots=True)
class Channel:
    """Where settings live. A thread is not a channel: it inherits the one it hangs in.

    `workspace` is the Discord server or Slack workspace, "" where there is none.
    """

    platform: PlatformName
    workspace: str
    id: str


def channel_of(case: Case) -> Channel:
    """Where the case's settings live."""
    return Channel(case.platform, case.workspace or "", case.channel or "")


@dataclass(frozen=True, slots=True)
class Person:
    """Who speaks. `admin` is the platform's word at this moment, never from a cache.

    A guest, or somebody of another organisation, asks only where they or the channel are listed,
    and changes nothing.
    """

    id: str
    admin: bool = False
    guest: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """A question put to the council.

    `key` is unique for the event, so a repeat is recognised. `quoted` is the message replied to.
    `unread` says, a sentence each, what belongs to the question and could not be read.
    `thread` is where follow-ups will come from, `None` where that is only known after posting.
    `address` is whatever the adapter needs to build the Reply again in another process. `origin`
    is set where a button put the question: then the run itself posts it, under `QUESTION`. `alone`
    is the answer that it is about, and to whose author alone it is put. `about` is the post of the
    bot's that it replies to, by the platform's id, as far as that is known. `locale` is of those who
    will read the reply, as the platform calls it, "" where it names none.
    """

    key: str
    channel: Channel
    person: Person
    text: str
    address: str
    thread: str | None = None
    quoted: str = ""
    unread: tuple[str, ...] = ()
    direct: bool = False
    origin: Origin | None = None
    alone: Alone | None = None
    about: str = ""
    files: tuple[Attached, ...] = ()
    locale: str = ""


@dataclass(frozen=True, slots=True)
class HeldQuestion:
    """One that waits for its asker to agree to the price that they were told, until then.

    The case that comes of it has its `id`. `council` takes the place of the channel's own. Where it
    is not `is_posted` nobody sees it yet. It `takes_up` the answers of a run, perhaps to `redo` its
    verdict.
    """

    id: str
    mention: Mention
    council: Council | None
    told_micros: int
    is_posted: bool
    asked_at: datetime
    until: datetime
    takes_up: str | None = None
    redo: Redo | None = None


@dataclass(frozen=True, slots=True)
class Agreed:
    """To this price its asker has agreed, of the question that waited under this id."""

    id: str
    micros: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The question was taken in, as the case of this id."""

    id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The question was not taken in; the document says why."""

    document: Document


@dataclass(frozen=True, slots=True)
class Held(Refused):
    """Not yet: it waits under this id until its asker agrees to what it will cost, which the document
    asks with buttons, and `price` says in a line."""

    id: str
    price: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """The mention was seen before: nothing to say."""


class Reply(Protocol):
    """The bot's reply to one mention: a thread under keys."""

    # The least time between two redraws of the same post.
    interval_seconds: float

    async def show(self, key: str, document: Document, *, ping: bool = False) -> None:
        """Post the document under this key, or bring the post of this key up to date.

        `ping` notifies the asker, and nobody else, when the post is made; everything else is
        silent. A post that a person deleted is left deleted. Shown side by side with other
        keys, and again after any exception but an `Undeliverable` whose place is `gone`.
        """
        ...


@runtime_checkable
class TellsAsker(Protocol):
    """A Reply that can reach the asker where its thread cannot be seen."""

    async def tell_asker(self, document: Document) -> None:
        """Tell the asker privately, as well as the platform can. Raises `Undeliverable`."""
        ...


@runtime_checkable
class FewEdits(Protocol):
    """A Reply on a platform that takes few edits."""

    def may_promise(self, edits: int) -> bool:
        """Whether so many posts may be made now that are to be edited, once each."""
        ...


class Platform(Protocol):
    """An adapter that runs: the way from a stored case to its Reply."""

    def reply(self, case: Case) -> Reply: ...


@runtime_checkable
class KnowsPrivate(Protocol):
    """A Platform with places in a channel that not everybody who sees the channel sees."""

    def is_private(self, case: Case) -> bool:
        """Whether the case was asked in such a place."""
        ...


@runtime_checkable
class KeepsFiles(Protocol):
    """A Platform that people attach files on."""

    async def fetch(self, file: Attached) -> bytes:
        """What is in a file of a question that was asked there. Raises `Unreadable`."""
        ...


@runtime_checkable
class NamesPeople(Protocol):
    """A Platform that tells how people are called."""

    async def name(self, channel: Channel, person: str) -> str:
        """As plain text, nobody pinged by it; "" where it is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Said:
    """What people wrote, oldest first, nobody's names; and a sentence on `why` some of it could not
    be read, "" where all could."""

    texts: tuple[str, ...] = ()
    why: str = ""


@runtime_checkable
class ReadsThreads(Protocol):
    """A Platform whose threads hold more than what the council is asked."""

    async def said(self, case: Case, most: int) -> Said:
        """The last messages of people in the case's thread, of those before it, so many at most. What
        bots wrote is none, nor are questions that the council was asked. Never raises for what the
        platform refuses."""
        ...


@runtime_checkable
class NamesThreads(Protocol):
    """A Platform whose threads have names."""

    def opens_thread(self, case: Case) -> bool:
        """Whether the case's question opens a thread that the bot names."""
        ...

    def name_thread(self, case: Case, title: str) -> None:
        """Give it another name, as soon as may be, and unless somebody else did. The title is one
        line of plain text, of at most 60 characters."""
        ...


@runtime_checkable
class KnowsConnected(Protocol):
    """A Platform whose connection may be lost."""

    @property
    def connected(self) -> bool:
        """Whether what people do there comes in, as far as is known."""
        ...


@runtime_checkable
class RemovesPosts(Protocol):
    """A Platform that can take the bot's own posts away."""

    async def remove(self, post_id: str) -> None:
        """Raises `Undeliverable`, `gone` where there is nothing to remove."""
        ...


Platforms = Mapping[PlatformName, Platform]
