"""What people read, independent of any platform: a sequence of blocks.

Text is CommonMark (with tables and strikethrough) as a model or this program wrote it, not yet
safe for a platform: the adapter defuses mentions and links, splits to its limits, and folds every
`Detail` in its platform's way.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    """One line, plain text."""

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
class Image:
    """A picture with its description for those who do not see it."""

    name: str
    png: bytes
    alt: str


Leaf = Heading | Text | Table | Note | Image


@dataclass(frozen=True, slots=True)
class Detail:
    """For readers who want it: folded away, opened under `title`."""

    title: str
    blocks: tuple[Leaf, ...]


Block = Leaf | Detail


@dataclass(frozen=True, slots=True)
class Document:
    """`live` says that it tells of something under way, which a reader may yet stop; `votable`,
    that people are asked what they think of it."""

    blocks: tuple[Block, ...] = ()
    live: bool = False
    votable: bool = False
