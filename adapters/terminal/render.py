"""A Document for the terminal: rich renderables, or plain text for pipes.

What models and people wrote cannot steer the terminal: escape sequences, control characters and
bidirectional overrides are taken out of everything shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar, TextIO, TypeVar, assert_never

from rich import box, markdown
from rich.cells import chop_cells
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table as Grid
from rich.text import Text as Line

from adapters.terminal.palette import CODE, MARKDOWN
from adapters.text.bars import bar_lines
from adapters.text.letters import linked_letters
from adapters.text.markdown import honest_links, numeric_columns, table_lines
from adapters.text.reading import Parser, is_dense
from bot.cleaning import harmless
from bot.document import (
    Bars,
    Block,
    Detail,
    Document,
    Entry,
    Heading,
    Image,
    Note,
    Select,
    Table,
    Text,
)
from bot.language import _


def render(document: Document, *, opened: bool = False, name: str = "") -> RenderableType:
    """For a terminal. `opened` unfolds each `Detail`; `name` is what `open` calls this post."""
    return _Harmless(_rich_blocks(_lettered(document), opened, name))


def plain(document: Document, *, opened: bool = False, name: str = "", width: int = 80) -> str:
    """For a pipe: no escape codes, Markdown as its source, tables at most `width` wide."""
    return "\n".join(_plain_lines(_lettered(document), opened, name, width))


def heading(number: int) -> Document:
    """What stands above a thread in a script."""
    return Document((Heading(_("Thread {number}", number=number)),))


def console(file: TextIO) -> Console:
    """In the terminal's own colours, none of them on a background."""
    return Console(file=file, highlight=False, emoji=False, theme=MARKDOWN)


def _lettered(document: Document) -> list[Block]:
    """With labels as people call them here: `2A` in a thread's second question."""

    def shown(text: str) -> str:
        return linked_letters(text, document.letters, lambda _key: None)

    return [
        replace(block, text=shown(block.text))
        if isinstance(block, Heading | Text | Note)
        else block
        for block in document.blocks
    ]


class _Harmless:
    """Filters what is about to be written: a Markdown entity may yet become an escape."""

    def __init__(self, renderable: RenderableType) -> None:
        self._renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for text, style, control in console.render(self._renderable, options):
            yield Segment(harmless(text), style, control)


class _AsWritten:
    """Lines folded at the edge; rich's own take a second for fifty thousand."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self._lines:
            for piece in chop_cells(line, options.max_width) or [""]:
                yield Segment(piece)
                yield Segment.line()


class _Heading(markdown.Heading):
    """On the left and without a box, unlike rich's."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        yield self.text


_READER = Parser()


class _Markdown(markdown.Markdown):
    """CommonMark in which `vector<int>` is text: rich's own reading drops it as HTML."""

    elements: ClassVar = {**markdown.Markdown.elements, "heading_open": _Heading}

    def __init__(self, text: str, style: str = "none") -> None:
        super().__init__("", style=style)
        self.code_theme = CODE  # type: ignore[assignment]  # what draws code takes a theme, too
        self.parsed = _READER.parse(honest_links(harmless(text)))


def _rich_blocks(blocks: Sequence[Block], opened: bool, name: str) -> RenderableType:
    blocks = _readable(blocks)
    shown = [_rich(block, opened, name) for block in blocks]
    return Group(*_spaced(blocks, shown, Line()))


def _rich(block: Block, opened: bool, name: str) -> RenderableType:
    match block:
        case Heading(text):
            return Line(harmless(text), style="bold")
        case Text(text) | Note(text) if is_dense(text):
            return _AsWritten(honest_links(harmless(text)))
        case Text(text):
            return _Markdown(text)
        case Note(text):
            return _Markdown(text, style="dim")
        case Table(columns, rows):
            return _grid(columns, rows)
        case Image(_, _, alt):
            return Line(harmless(f"[{alt}]"), style="dim italic")
        case Bars():
            return Line(harmless("\n".join(bar_lines(block))))
        case Entry(text, note):
            parts = (Text(text), Note(note)) if note else (Text(text),)
            return Group(*(_rich(part, opened, name) for part in parts))
        case Select():
            return Line()
        case Detail(title, blocks) if opened:
            inner = Padding(_rich_blocks(blocks, opened, name), (1, 0, 0, 2))
            return Group(Line(harmless(f"▾ {title}"), style="bold"), inner)
        case Detail(title):
            return Line.assemble((harmless(f"▸ {title}"), "bold"), (harmless(_hint(name)), "dim"))
        case _:
            assert_never(block)


def _grid(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for column, numeric in zip(columns, numeric_columns(columns, rows), strict=True):
        grid.add_column(Line(harmless(column)), justify="right" if numeric else "left")
    for row in rows:
        grid.add_row(*(Line(harmless(cell)) for cell in row))
    return grid


def _plain_lines(blocks: Sequence[Block], opened: bool, name: str, width: int) -> Iterator[str]:
    blocks = _readable(blocks)
    shown = [_plain(block, opened, name, width) for block in blocks]
    return _spaced(blocks, shown, "")


def _plain(block: Block, opened: bool, name: str, width: int) -> str:
    match block:
        case Heading(text):
            return harmless(text)
        case Text(text) | Note(text):
            return honest_links(harmless(text)).strip("\n")
        case Table(columns, rows):
            cells = [[harmless(cell) for cell in row] for row in (columns, *rows)]
            return "\n".join(table_lines(cells[0], cells[1:], width))
        case Image(_, _, alt):
            return harmless(f"[{alt}]")
        case Bars():
            return harmless("\n".join(bar_lines(block)))
        case Entry(text, note):
            return "\n".join(filter(None, (harmless(text), harmless(note))))
        case Select():
            return ""
        case Detail(title, blocks) if opened:
            return "\n\n".join(
                [harmless(f"▾ {title}"), "\n".join(_plain_lines(blocks, opened, name, width))]
            )
        case Detail(title):
            return harmless(f"▸ {title}{_hint(name)}")
        case _:
            assert_never(block)


def _readable(blocks: Sequence[Block]) -> Sequence[Block]:
    """Without what is only there to be chosen from: here it is typed."""
    return [block for block in blocks if not isinstance(block, Select)]


def _hint(name: str) -> str:
    return f"  (open {name})" if name else ""


_Shown = TypeVar("_Shown")


def _spaced(
    blocks: Sequence[Block], shown: Sequence[_Shown], empty_line: _Shown
) -> Iterator[_Shown]:
    """An empty line between blocks, but none between notes, nor between entries of a list."""
    for index, item in enumerate(shown):
        pair = blocks[max(index - 1, 0) : index + 1]
        close = any(all(isinstance(block, kind) for block in pair) for kind in (Note, Entry))
        if index and not close:
            yield empty_line
        yield item
