"""What people read, independent of any platform: a sequence of blocks.

Text is CommonMark (with tables and strikethrough) as a model or this program wrote it, not yet
safe for a platform: the adapter defuses mentions and links, splits to its limits, and folds every
`Detail` in its platform's way.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from bot.cleaning import one_line


@dataclass(frozen=True, slots=True)
class Heading:
    """One line of inline CommonMark: code and emphasis show."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """CommonMark."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Cells are plain text; `rows` are as wide as `columns`."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Note:
    """One small line beside the point: a warning, a legend. Inline CommonMark."""

    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """`share` is of the longest possible bar, 0 to 1; `value` says it in words, `note` says more."""

    label: str
    share: float
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Shares side by side, to be compared at a glance. Words are plain text.

    `columns` say what labels, values and notes are, where bars stand in a table.
    """

    bars: tuple[Bar, ...]
    columns: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """A picture with its description for those who do not see it, and the same as bars for where
    no picture can be shown."""

    name: str
    png: bytes
    alt: str
    bars: Bars | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """Something that a reader may do next. `name` is what `Actions` knows it by, with what else it
    says behind colons; names stand in posts of years ago and stay. `primary` is the likeliest."""

    name: str
    label: str
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list, inline CommonMark, with a small line below and what can be done about it."""

    text: str
    note: str = ""
    button: Button | None = None


@dataclass(frozen=True, slots=True)
class Select:
    """One of several, to be chosen: (label, value). `name` is as a button's, the value goes behind.
    `alone` is what a button says where there is but one."""

    name: str
    placeholder: str
    options: tuple[tuple[str, str], ...]
    alone: str = ""


Leaf = Heading | Text | Table | Note | Image | Bars | Entry | Select


@dataclass(frozen=True, slots=True)
class Detail:
    """For readers who want it: folded away, opened under `title`, below which `hint` tells what to
    expect. Both are plain text. `button` is what one says that opens it where a title has no room;
    "" leaves that to the platform."""

    title: str
    blocks: tuple[Leaf, ...]
    hint: str = ""
    button: str = ""


Block = Leaf | Detail


@dataclass(frozen=True, slots=True)
class Letter:
    """A label that texts of a document write, as in "(B)" or "Answer B", for the post under `key`.
    People see it as `shown`, which tells apart the answers of a thread's questions: "2B"."""

    written: str
    key: str
    shown: str


# Under way, so that a reader may yet stop it; whole; something is missing; nothing came of it;
# ended early by a person.
State = Literal["live", "done", "degraded", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class Document:
    """`votable` says that people are asked what they think of it; `buttons` stand below, in order.

    `letters` are the labels that stand for posts in its headings, texts and notes. `top` is what a
    link to the first post says where that holds no verdict.
    """

    blocks: tuple[Block, ...] = ()
    state: State = "done"
    votable: bool = False
    buttons: tuple[Button, ...] = ()
    letters: tuple[Letter, ...] = ()
    top: str = ""

    @property
    def live(self) -> bool:
        return self.state == "live"

    @property
    def details(self) -> tuple[Detail, ...]:
        return tuple(block for block in self.blocks if isinstance(block, Detail))


_Kind = TypeVar("_Kind", bound=Block)


def parted(blocks: Sequence[_Kind]) -> tuple[list[_Kind], list[Note]]:
    """The blocks, and apart from them the notes at their end."""
    end = len(blocks)
    while end and isinstance(blocks[end - 1], Note):
        end -= 1
    return list(blocks[:end]), [block for block in blocks[end:] if isinstance(block, Note)]


def literal(text: str) -> str:
    """Plain text as CommonMark that shows it, on one line."""
    return _PUNCTUATION.sub(r"\\\g<0>", one_line(text))


# What CommonMark may take for a sign, unless a backslash stands before it.
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
