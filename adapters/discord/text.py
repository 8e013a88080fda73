"""Leaves of a Document as Discord's Markdown: harmless, and in what Discord knows.

Discord shows headings up to the third level, no rules, no underlined headings and no tables. What
a model calls a heading stands below our own.
Source: Discord's help centre, "Markdown Text 101". Pure. Only `known_blocks` defuses nothing.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from discord.utils import escape_markdown
from markdown_it.token import Token

from adapters.text.bars import bar_lines
from adapters.text.cutting import clusters
from adapters.text.markdown import (
    WORD_JOINER,
    defuse_discord,
    display_width,
    first_piece,
    honest_links,
    split_markdown,
    table_lines,
)
from adapters.text.reading import Source, read
from bot.cleaning import harmless, one_line
from bot.document import Bars, Entry, Heading, Image, Leaf, Note, Select, Table, Text
from bot.pages.gists import in_bold

RULE = "───"
# An underlined text this long is a paragraph above a rule to whoever wrote it.
_HEADING_LIMIT = 100
# What a phone shows of monospace without wrapping.
TABLE_COLUMNS = 32
# The deepest heading that Discord knows.
_DEEPEST = 3


def units(text: str) -> int:
    """UTF-16 units. Whether Discord counts these or characters is not documented; they are never
    fewer."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _as_it_is(text: str) -> str:
    return text


def markdown(
    leaves: Sequence[Leaf], *, level: int = 2, linked: Callable[[str], str] = _as_it_is
) -> str:
    """Blocks as Discord's Markdown: nothing in it mentions, and no link leads where it hides.

    `level` is that of a heading they begin with: whatever else is called one stands below it.
    `linked` puts links of our own into texts.
    """
    parts: list[str] = []
    before: Leaf | None = None
    for n, leaf in enumerate(leaves):
        text = _markdown(leaf, level if n == 0 else level + 1, linked)
        if text.strip():
            parts += [_between(before, leaf) if before else "", text]
            before = leaf
    return "".join(parts)


def safe(text: str, *, top: int = 1, linked: Callable[[str], str] = _as_it_is) -> str:
    """What a model or a person wrote, as Markdown that is harmless on Discord; `top` is the highest
    level that a heading may have there."""
    return defuse_discord(linked(known_blocks(honest_links(harmless(text)), top=top)))


def inline(text: str, *, linked: Callable[[str], str] = _as_it_is) -> str:
    """The same on one line, that begins no block."""
    return defuse_discord(linked(honest_links(harmless(one_line(text)))))


def escaped(text: str) -> str:
    """Plain text, on one line, that shows as it is written."""
    # The library escapes only the first bracket of all the links on a line, and reads on from each
    # `<` to the end.
    pieces = re.split(r"([\[<])", one_line(text))
    shown = (_ESCAPED_SIGNS.get(piece) or escape_markdown(piece) for piece in pieces)
    return defuse_discord("".join(shown))


_ESCAPED_SIGNS = {"[": r"\[", "<": "<"}


def _between(first: Leaf, then: Leaf) -> str:
    """A phone has no room for an empty line where something small or large stands apart anyway."""
    is_tight = isinstance(first, Heading | Note) or isinstance(then, Note)
    return "\n" if is_tight else "\n\n"


def _markdown(leaf: Leaf, level: int, linked: Callable[[str], str]) -> str:
    match leaf:
        case Heading(text):
            return _heading(inline(text, linked=linked), level) if text.strip() else ""
        case Text(text):
            return safe(text, top=max(level, 3), linked=linked)
        case Note(text):
            return f"-# {inline(text, linked=linked)}" if text.strip() else ""
        case Table(columns, rows):
            return _table(columns, rows)
        case Bars():
            drawn = "\n".join(bar_lines(leaf)).replace("`", "'")
            return f"```\n{defuse_discord(harmless(drawn))}\n```"
        case Entry(text, note):
            lines = [inline(text), f"-# {inline(note)}" if note.strip() else ""]
            return "\n".join(filter(None, lines))
        case Image() | Select():
            return ""
        case _:
            assert_never(leaf)


def _heading(text: str, level: int) -> str:
    if level <= _DEEPEST:
        return f"{'#' * level} {text}"
    return in_bold(text)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In monospace where a phone shows it in full, else as a list, so that no cell is cut."""
    cells = [[one_line(cell) for cell in row] for row in (columns, *rows)]
    if table_width(cells) <= TABLE_COLUMNS:
        return fenced_table(cells)
    return "\n".join(listed_table([[escaped(cell) for cell in row] for row in cells]))


def in_pieces(text: str, limit: int) -> list[str]:
    return list(split_markdown(text, limit, measure=units))


def beginning(text: str, limit: int) -> tuple[str, bool]:
    """The first of the pieces, and whether more follow."""
    return first_piece(text, limit, measure=units)


def shortened(text: str, limit: int) -> str:
    """Cut between characters as people see them, at a space where one is near."""
    if units(text) <= limit:
        return text
    text = text[:limit]
    ends = [end for end in clusters(text, 0, len(text)) if units(text[:end]) < limit]
    cut = text[: ends[-1]].rstrip()
    head, space, tail = cut.rpartition(" ")
    return (head if space and len(tail) < limit // 4 else cut) + "…"


# --- Blocks that Discord does not know ---------------------------------------------------------


def known_blocks(text: str, *, top: int = 1) -> str:
    """`text` with headings no higher than `top`, those too deep for Discord in bold, rules as lines,
    and tables as code or lists, also in quotes and lists."""
    if not (_UNKNOWN.search(text) or (top > 1 and "#" in text)):
        return text
    source, parts, offset = read(text), [], 0
    for start, end, shown in _replaced(source, top):
        # A block that was read within another has been shown with it.
        if start >= offset:
            ending = "\n" if text[start:end].endswith("\n") else ""
            parts += [text[offset:start], "\n".join(shown), ending]
            offset = end
    return "".join([*parts, text[offset:]])


def table_width(cells: Sequence[Sequence[str]]) -> int:
    """Columns that the table takes in monospace, two between its own."""
    return sum(max(map(display_width, column)) + 2 for column in zip(*cells, strict=True)) - 2


def fenced_table(cells: Sequence[Sequence[str]]) -> str:
    """A table as code, its columns aligned and none of it cut."""
    # Three backticks in a cell would end the code.
    inert = [[re.sub("``(?=`)", "``" + WORD_JOINER, cell) for cell in row] for row in cells]
    return "\n".join(["```", *table_lines(inert[0], inert[1:], table_width(inert)), "```"])


def listed_table(cells: Sequence[Sequence[str]]) -> list[str]:
    """A table as a list with the header above it in small type; cells are Markdown."""
    header, *body = [" · ".join(filter(None, row)) for row in cells]
    return [f"-# {header}", *(f"- {line}" for line in body if line)]


def _labelled(cells: Sequence[Sequence[str]]) -> list[str]:
    """The same with the name of its column before each cell, where no eye would find it again; of
    three and more the first is what its row is about."""
    header, *body = cells
    if not all(any(column) for column in zip(*body, strict=True)) or not body:
        return listed_table(cells)  # a name that no cell would carry is not lost
    heads = 1 if len(header) > 2 else 0
    return [
        "- "
        + " · ".join(
            filter(None, (*map(_head, row[:heads]), *map(_named, header[heads:], row[heads:])))
        )
        for row in body
    ]


def _head(cell: str) -> str:
    return cell if not cell or "*" in cell or "`" in cell else f"**{cell}**"


def _named(name: str, cell: str) -> str:
    return f"{name}: {cell}" if name and cell else cell


# One of them is in whatever is replaced.
_UNKNOWN = re.compile(r"#{4}|\||^[ \t>*+\d.)-]*(?:=+|(?:[-*_][ \t]*)+)[ \t\r]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Container:
    """A quote or an item of a list, and the line it begins with."""

    is_quote: bool
    line: int


def _replaced(source: Source, top: int) -> Iterator[tuple[int, int, list[str]]]:
    """Where each block that Discord does not know stands, and the lines to show for it."""
    containers: list[_Container] = []
    for n, token in enumerate(source.tokens):
        match token.type:
            case "blockquote_open" | "list_item_open":
                assert token.map is not None
                containers.append(_Container(token.type == "blockquote_open", token.map[0]))
            case "blockquote_close" | "list_item_close":
                containers.pop()
            case "heading_open" | "hr" | "table_open":
                if shown := _shown(source, n, containers, top):
                    start, end = source.lines(token)
                    yield start, end, _within(source, token, containers, shown)


def _shown(source: Source, n: int, containers: Sequence[_Container], top: int) -> list[str]:
    """The lines for a block without what it stands in; none, if Discord knows it."""
    token = source.tokens[n]
    if token.type == "hr":
        return [RULE]
    if token.type == "table_open":
        rows = _rows(source, token, containers)
        is_wide = table_width(rows) > TABLE_COLUMNS
        return _labelled(rows) if is_wide else fenced_table(rows).split("\n")
    content, level = source.tokens[n + 1].content, int(token.tag[1:])
    is_underlined = token.markup in ("=", "-")
    if is_underlined and ("\n" in content or len(content) > _HEADING_LIMIT):
        return [*content.split("\n"), RULE]
    if not content or (not is_underlined and top <= level <= _DEEPEST):
        return []
    return [_heading(content, max(level, top))]


def _rows(source: Source, token: Token, containers: Sequence[_Container]) -> list[list[str]]:
    """The cells of a table, also those that a row has more than the header, which the parser drops."""
    assert token.map is not None
    first, end = token.map
    rows = []
    for number in (first, *range(first + 2, end)):
        line = source.text[source.starts[number] : source.starts[number + 1]]
        rows.append(_cells(line[_signs(line, number, containers) :]))
    width = max(map(len, rows))
    return [[*row, *[""] * (width - len(row))] for row in rows]


def _cells(line: str) -> list[str]:
    inner = re.sub(r"(?<!\\)\|$", "", line.strip().removeprefix("|"))
    return [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]


def _within(
    source: Source, token: Token, containers: Sequence[_Container], shown: Sequence[str]
) -> list[str]:
    """The lines behind the signs of the quotes and items that the block stands in."""
    assert token.map is not None
    number = token.map[0]
    line = source.text[source.starts[number] : source.starts[number + 1]]
    head = line[: _signs(line, number, containers)]
    rest = re.sub(r"[^>\s]", " ", head)
    return [head + shown[0], *(rest + each for each in shown[1:])]


def _signs(line: str, number: int, containers: Sequence[_Container]) -> int:
    """How long the signs of quotes and items at the start of the line of this number are."""
    at = 0
    for container in containers:
        starts = number == container.line and not container.is_quote
        pattern = _QUOTE if container.is_quote else _ITEM if starts else _INDENT
        sign = pattern.match(line, at)
        at = sign.end() if sign else at
    return at


_QUOTE = re.compile(r"[ \t]*>[ \t]?")
_ITEM = re.compile(r"[ \t]*(?:[-+*]|\d{1,9}[.)])[ \t]*")
_INDENT = re.compile(r"[ \t]*")
