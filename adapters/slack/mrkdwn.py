"""Markdown as Slack's mrkdwn, for the texts of sections.

Pure. mrkdwn has no escapes but `&amp;`, `&lt;` and `&gt;`, so whatever a model wrote is text first,
and every token is made here: none of them mentions anybody, and a link shows where it leads. Texts
are to be sent with `verbatim`, so that Slack makes no tokens of its own.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from urllib.parse import quote, urlsplit

from markdown_it.tree import SyntaxTreeNode

from adapters.text.markdown import WORD_JOINER, display_width, split_markdown, table_lines
from adapters.text.reading import Parser, is_dense
from bot.cleaning import harmless, one_line

# Slack takes 3,000 characters in a section. Source: docs.slack.dev, "Section block".
SECTION_LIMIT = 2_900

# What a narrow window shows of monospace without wrapping.
TABLE_COLUMNS = 72

# A longer address is shown, but is no link: a section may have to be cut in it.
_URL_LIMIT = 1_000

# Formatting has to stand between spaces; this one is not seen.
_SPACE = "\u200b"

_BULLETS = ("•", "◦", "▪")

_READER = Parser()
# Definitions would vanish, and in chat indentation makes no code.
_READER.disable(["reference", "code"])
_NESTING_LIMIT = int(_READER.options["maxNesting"])

# In ASCII alone: where an address ends that Korean text follows without a space is anybody's guess.
_ADDRESS = re.compile(r"(?<![\w/.])https?://[!-;=?-Z^-{}~]++(?!\w)", re.IGNORECASE)
_WEB = re.compile(r"(?:https?://|mailto:)(?=\S)", re.IGNORECASE)


def sections(text: str, limit: int = SECTION_LIMIT) -> tuple[str, ...]:
    """Markdown as mrkdwn in pieces of at most `limit`; a fence that is cut is closed and reopened.

    mrkdwn is enough like Markdown to be cut by the same knife: fences, quotes, `<...>` tokens and
    entities look the same, and stay whole.
    """
    return split_markdown(mrkdwn(text), limit)


def mrkdwn(text: str) -> str:
    """All that Markdown shows, as mrkdwn. Code loses its language; tables become monospace."""
    root = _read(text := harmless(text))
    if root is None:
        return _guarded(_safe(text))
    blocks = ([chunk.text for chunk in _block(node, 0)] for node in root.children)
    return "\n\n".join("\n".join(texts) for texts in blocks if texts)


def around_table(text: str) -> tuple[str, list[list[str]], str] | None:
    """Markdown before the first table that stands in nothing else, the table's plain cells, its
    header first, and Markdown behind it. `None` where there is none."""
    root = _read(text := harmless(text)) if "|" in text else None
    tables = (each for each in root.children if each.type == "table") if root else ()
    node = next(iter(tables), None)
    if node is None or node.map is None:
        return None
    lines, (start, end) = text.split("\n"), node.map
    return "\n".join(lines[:start]), _cells(node), "\n".join(lines[end:])


def plain(text: str) -> str:
    """Inline Markdown without its formatting, on one line, not escaped."""
    text = one_line(harmless(text))
    if is_dense(text):
        return text
    return "".join(map(_plain, SyntaxTreeNode(_READER.parse(f"# {text}")).children))


def labelled(url: str, label: str) -> str:
    """A link that shows the label alone: for addresses of the bot's own posts."""
    return f"<{escape(url)}|{escape(label)}>"


def escape(text: str) -> str:
    """Text that is no token of Slack's; signs of formatting stay."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fenced(lines: Iterable[str]) -> str:
    """Plain lines in monospace."""
    return "\n".join(["```", *(_interrupted(escape(line)) for line in lines), "```"])


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Plain cells in monospace, or as a list where that would be too wide."""
    cells = [[harmless(cell) for cell in row] for row in (columns, *rows)]
    if _fits(cells):
        return _columns(cells)
    return _records([[_safe(cell) for cell in row] for row in cells])


def link(url: str) -> str:
    """A link that shows its address; one to anything but the web and mail is text."""
    return _token(harmless(url))


def _read(text: str) -> SyntaxTreeNode | None:
    """`None` where it would take too long, or where the parser would drop what is nested deep."""
    if is_dense(text):
        return None
    root = SyntaxTreeNode(_READER.parse(text))
    deep = any(node.level >= _NESTING_LIMIT - 1 for node in root.walk(include_self=False))
    return None if deep else root


# --- Blocks


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some lines of a block. Slack knows no code within quotes and lists, so code stands apart."""

    text: str
    code: bool = False

    def prefixed(self, prefix: str) -> "_Chunk":
        if self.code:
            return self
        return _Chunk("\n".join(prefix + line for line in self.text.split("\n")))


def _block(node: SyntaxTreeNode, depth: int) -> list[_Chunk]:
    match node.type:
        case "fence" | "code_block":
            lines = node.content.rstrip("\n").split("\n")
            return [_Chunk(fenced(lines), code=True)] if node.content.strip() else []
        case "bullet_list" | "ordered_list":
            return list(chain.from_iterable(_items(node, depth)))
        case "blockquote":
            return [chunk.prefixed("> ") for chunk in _within(node, depth)]
        case "table":
            return [_table(node)]
        case "hr":
            return [_Chunk("───")]
        case "heading":
            return _texts(_styled("*", _inline(node, bold=True)))
        case _:
            return _texts(_inline(node))


def _within(node: SyntaxTreeNode, depth: int) -> list[_Chunk]:
    return [chunk for child in node.children for chunk in _block(child, depth)]


def _texts(text: str) -> list[_Chunk]:
    return [_Chunk(_guarded(text))] if text.strip() else []


def _items(node: SyntaxTreeNode, depth: int) -> Iterator[list[_Chunk]]:
    start = int(node.attrs.get("start", 1))
    for number, item in enumerate(node.children, start):
        mark = f"{number}." if node.type == "ordered_list" else _BULLETS[depth % len(_BULLETS)]
        first, *rest = _within(item, depth + 1) or [_Chunk("")]
        if first.code:
            first, rest = _Chunk(""), [first, *rest]
        head = first.prefixed("    ").text.removeprefix("    ")
        yield [_Chunk(f"{mark} {head}".rstrip()), *(chunk.prefixed("    ") for chunk in rest)]


def _table(node: SyntaxTreeNode) -> _Chunk:
    if _fits(cells := _cells(node)):
        return _Chunk(_columns(cells), code=True)
    return _Chunk(_records([[_inline(cell) for cell in row] for row in _rows(node)]))


def _rows(table: SyntaxTreeNode) -> list[list[SyntaxTreeNode]]:
    return [row.children for part in table.children for row in part.children]


def _cells(table: SyntaxTreeNode) -> list[list[str]]:
    return [[_plain(cell) for cell in row] for row in _rows(table)]


def _fits(rows: Sequence[Sequence[str]]) -> bool:
    widths = (max(map(display_width, column)) + 2 for column in zip(*rows, strict=True))
    return sum(widths) - 2 <= TABLE_COLUMNS


def _columns(rows: Sequence[Sequence[str]]) -> str:
    return fenced(table_lines(rows[0], rows[1:], TABLE_COLUMNS))


def _records(rows: Sequence[Sequence[str]]) -> str:
    """A table too wide for a window as a list, so that no cell is cut."""
    header, *body = rows
    records = (f"{_BULLETS[0]} {_record(header, row)}" for row in body)
    return _guarded("\n".join(records) or " · ".join(header))


def _record(header: Sequence[str], row: Sequence[str]) -> str:
    """A row in lines: each cell named by its column, under the first."""
    pairs = zip(header, row, strict=True)
    first, *rest = (f"{name}: {cell}" if name else cell for name, cell in pairs)
    return "\n".join([first, *(f"    {_BULLETS[1]} {line}" for line in rest)])


def _guarded(text: str) -> str:
    """Slack takes an escaped `>` at the start of a line for a quote."""
    return re.sub(r"^([^\S\n]*+)(?=&gt;)", rf"\1{WORD_JOINER}", text, flags=re.MULTILINE)


# --- Inline


def _inline(node: SyntaxTreeNode, *, bold: bool = False) -> str:
    """What stands in a node. In `bold` text nothing is bold, since that would end it."""
    shown = [(child.type, _shown(child, bold)) for child in node.children]
    shown = [(kind, text) for kind, text in shown if text]
    parts = [text for _, text in shown[:1]]
    for (before, left), (after, right) in pairwise(shown):
        styled = {before, after} & {"em", "strong", "s", "code_inline"}
        parts += [_SPACE, right] if styled and _touch(left, right) else [right]
    return "".join(parts)


def _touch(left: str, right: str) -> bool:
    """Whether Slack would take a sign between these for a part of a word."""
    return bool(re.match(r"[\w*_~`]", left[-1])) and bool(re.match(r"[\w*_~`]", right[0]))


def _shown(node: SyntaxTreeNode, bold: bool) -> str:
    match node.type:
        case "text":
            return _linked(node.content)
        case "softbreak" | "hardbreak":
            return "\n"
        case "code_inline":
            return _code(node.content)
        case "strong":
            text = _inline(node, bold=True)
            return text if bold else _styled("*", text)
        case "em":
            return _styled("_", _inline(node, bold=bold))
        case "s":
            return _styled("~", _inline(node, bold=bold))
        case "link":
            label = "".join(map(_plain, node.children))
            return _link(label, str(node.attrs["href"]), _inline(node, bold=bold))
        case "image":
            alt = node.content
            return _link(alt, str(node.attrs["src"]), _linked(alt))
        case "inline":
            return _inline(node, bold=bold)
        case _:
            return _safe(node.content)


def _plain(node: SyntaxTreeNode) -> str:
    """The same without any formatting, on one line, not escaped."""
    match node.type:
        case "text" | "code_inline":
            return node.content
        case "softbreak" | "hardbreak":
            return " "
        case "image":
            return _with_target(node.content, str(node.attrs["src"]))
        case "link":
            return _with_target("".join(map(_plain, node.children)), str(node.attrs["href"]))
        case _:
            return "".join(map(_plain, node.children)) or node.content


def _styled(sign: str, text: str) -> str:
    """Slack ends formatting with the line."""
    lines = text.split("\n")
    return "\n".join(f"{sign}{line}{sign}" if line.strip() else line for line in lines)


def _code(content: str) -> str:
    """Slack has no way to write a backtick in code."""
    if "`" in content or not content.strip():
        return _safe(content)
    return f"`{escape(content)}`"


def _safe(text: str) -> str:
    return _interrupted(escape(text))


def _interrupted(text: str) -> str:
    """Text in which nothing opens or closes a fence."""
    return re.sub("(?<=`)(?=`)|(?<=~)(?=~)", WORD_JOINER, text)


# --- Links


def _linked(text: str) -> str:
    """Text with its addresses as links."""
    parts, offset = [], 0
    for match in _ADDRESS.finditer(text):
        url = _trimmed(match[0])
        parts += [_safe(text[offset : match.start()]), _token(url)]
        offset = match.start() + len(url)
    return "".join([*parts, _safe(text[offset:])])


def _trimmed(url: str) -> str:
    """Without the punctuation that ends the sentence around it."""
    while url[-1] in ".,;:!?'\"*_~`" or (url[-1] in ")]}" and _is_unmatched(url)):
        url = url[:-1]
    return url


def _is_unmatched(url: str) -> bool:
    opening = {")": "(", "]": "[", "}": "{"}[url[-1]]
    return url.count(url[-1]) > url.count(opening)


def _link(label: str, url: str, shown: str) -> str:
    """`shown (url)`, or the address alone where the label says no more."""
    if _says(label, url):
        return _token(url)
    return f"{shown} ({_token(url)})".lstrip()


def _with_target(label: str, url: str) -> str:
    return url if _says(label, url) else f"{label} ({url})".lstrip()


def _says(label: str, url: str) -> bool:
    bare = _WEB.sub("", url)
    host = re.split("[/?#]", bare, maxsplit=1)[0]
    known = (url, bare, host) if _WEB.match(url) else (url,)
    readable = (*known, *map(_READER.normalizeLinkText, known))
    return label.strip().rstrip("/") in {each.rstrip("/") for each in readable}


def _leads(url: str) -> bool:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return False  # brackets around what is no address
    return bool(_WEB.match(url)) and (bool(host) or url.lower().startswith("mailto:"))


def _token(url: str) -> str:
    """A link that shows its address; other schemes than the web's and mail are text."""
    if not _leads(url) or len(url) > _URL_LIMIT:
        return _safe(url)
    url = re.sub(r"[<>|\s]", lambda match: quote(match[0]), url)
    if url.lower().startswith("mailto:"):
        return f"<{escape(url)}|{_safe(url[len('mailto:') :])}>"
    return f"<{escape(url)}>"
