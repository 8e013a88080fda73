"""What passes between an adapter and `Actions`: what was pressed, and what comes of it.

A button carries its run and its name, and what more it says behind colons (`vote:answer:A:best`);
an adapter keeps nothing else of it, so that buttons work after a restart and for years. To show a
`Form`, keep its `name` and its run with it the same way: what is sent off is a `Press` of that name.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bot.chat import Agreed, Channel, Mention, Person
from bot.document import Document, Note, Text
from bot.errors import InvalidInput
from bot.language import _
from bot.protocol.folding import is_blank
from bot.records import Case
from bot.texts import OUT_OF_DATE


async def _no_message(id: str) -> Mention:
    raise InvalidInput(_(OUT_OF_DATE))


async def _same_place() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Press:
    """A button that somebody pressed, or a form that they sent off: `what` are its name and what
    else it says.

    `run` is "-" for a button that belongs to no deliberation: what it does, it does in `channel`.
    `sees` tells whether a case was asked where it was pressed, and the person sees that place.
    `post` is the message that the button is on. `question` reads another message there as a
    question, put by the person; it raises `InvalidInput` where it cannot. `address` is where a
    reply goes to what the press itself asks, as in a `Mention`, "" for where the run's goes; it
    raises `InvalidInput` where the bot cannot write there. Both are awaited only where they are
    needed, and may take as long as the platform does.
    """

    person: Person
    run: str
    what: tuple[str, ...]
    sees: Callable[[Case], bool]
    post: str = ""
    question: Callable[[str], Awaitable[Mention]] = _no_message
    channel: Channel | None = None
    address: Callable[[], Awaitable[str]] = _same_place


@dataclass(frozen=True, slots=True)
class Told:
    """For the person alone; `instead` of the message that the button is on, where it is."""

    document: Document
    instead: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to be posted as the root of its thread, as `/council ask` does, and then accepted:
    its asker `agreed` to the price. `told` takes the place of the message that the button is on."""

    question: str
    agreed: Agreed
    told: Document


@dataclass(frozen=True, slots=True)
class Choice:
    """A question to the person alone, and buttons of the same run to answer it with."""

    question: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class File:
    """A file for the person alone, `text` being Markdown as a transcript has it: people's and
    models' words, to be made harmless. Where files cannot be private, its words in messages."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """A text to write, and where there is any, one of `whom` to put it to: (label, value), the first
    chosen.

    Opened for the person alone. What they send off goes to `Actions.submit` as a `Press` of this
    `run` whose `what` are the `name`, split at its colons, with the text and the value chosen. Each
    opening has a name of its own: one that is sent off twice asks once. The bot posts the question
    itself, in the thread, so the adapter posts nothing.

    `title` and `send` have at most 24 characters, `text` and `whom_label` 45, an option's label 75,
    `hint` 100; there may be 21 options. The text has at most `limit` characters, `None` for as many as
    the platform takes.
    """

    run: str
    name: str
    title: str
    text: str
    send: str
    whom_label: str = ""
    whom: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    limit: int | None = None


def handed_back(refusal: Document, text: str) -> Document:
    """With what was written, where it stands nowhere else any more: not where nothing was."""
    if is_blank(text):
        return refusal
    quoted = "\n".join(f"> {line}" for line in text.splitlines())
    return replace(refusal, blocks=(*refusal.blocks, Note(_("You wrote:")), Text(quoted)))
