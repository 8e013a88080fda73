"""Markdown on its way to a platform: cut to a limit, links shown for what they are, tokens defused.

Knows how Discord and Slack write mentions, but neither's client, and no council. Model text takes
the way `split_markdown(defuse_x(honest_links(text)), limit)`: defusing makes it longer, and a cut
neither opens nor closes code.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import unescape
from itertools import islice, pairwise

from rich.cells import cell_len

from adapters.text.cutting import Cutter, clusters
from adapters.text.reading import LENIENT, STRICT, Fence, Reader, Source, Span, is_dense, read
from bot.cleaning import harmless

# The least limit that leaves room to close and reopen a fence around a character.
MINIMUM_LIMIT = 64

# Invisible, and not white space: what it interrupts looks the same and means nothing.
WORD_JOINER = "\u2060"
# The thinnest that is white space.
HAIR_SPACE = "\u200a"


def split_markdown(
    text: str, limit: int, *, measure: Callable[[str], int] = len
) -> tuple[str, ...]:
    """Cut Markdown into pieces of at most `limit`, none of them blank.

    Cuts fall between blocks, else paragraphs, lines, sentences, words, and last characters as
    people see them. Links, `<...>` tokens, entities and code spans stay whole where they fit a
    piece. A fence that is cut is closed and reopened with its info string and length, and a table
    repeats its header, unless that takes a quarter of the limit. All else survives, save white
    space at the cuts. `measure` must count no more for a text than for its parts together.

    Raises ValueError where `limit` is below `MINIMUM_LIMIT`.
    """
    if limit < MINIMUM_LIMIT:
        raise ValueError(f"a piece needs a limit of at least {MINIMUM_LIMIT}, not {limit}")
    return tuple(Cutter(text, limit, measure).pieces())


def first_piece(text: str, limit: int, *, measure: Callable[[str], int] = len) -> tuple[str, bool]:
    """The first of the same pieces, and whether more follow: these are not cut."""
    first, *more = [*islice(Cutter(text, limit, measure).pieces(), 2)] or [""]
    return first, bool(more)


def honest_links(text: str) -> str:
    """Show where links lead: `label (url)` unless the label is the target's host or a URL on it.

    Images become `alt (url)`; links to anything but http, https and mailto, and definitions of
    references, are escaped, so that they show as written. Code spans and fences stay as they are,
    and so does all other text. Total: where another reading of the result still disguises a link,
    all its brackets are interrupted.
    """
    if not _LINKISH.search(text):
        return text
    if is_dense(text):
        return _interrupted(text)
    shown = _shown(text, deque(read(text).spans()), 0, len(text))
    if all(_is_honest(shown, reader) for reader in (LENIENT, STRICT)):
        return shown
    return _interrupted(shown)


def standard_emphasis(text: str) -> str:
    """For readers that follow the standard to the letter: emphasis that it would not see, because
    punctuation and a letter of a script without spaces stand around its signs, gets a hair space.
    """
    shown, offset = [], 0
    for end in read(text).relaxed():
        shown.append(text[offset:end])
        offset = end
    return HAIR_SPACE.join([*shown, text[offset:]])


def defuse_slack(text: str) -> str:
    """Make Slack's mention, broadcast and link tokens inert, for its `markdown` block, and entities
    that stand for what `harmless` takes out.

    An escaped `<` stays inert there, but within code the entity might show as such.
    """
    if not _SLACK_TOKEN.search(text) and "&#" not in text:
        return text
    return "".join(
        _SLACK_TOKEN.sub("<" + WORD_JOINER, part)
        if opening
        else _SLACK_TOKEN.sub("&lt;", _NUMBERED.sub(_harmless_entity, part))
        for opening, part in _parts(text, read(text))
    )


def defuse_discord(text: str) -> str:
    """Make Discord's mention and command tokens plain text, and its code the same as CommonMark's.

    Nobody is pinged anyway (`allowed_mentions` on every call); this is about what people see.
    Discord ends a fence at the next three backticks wherever they stand, knows no tildes and no
    open end, and pairs a stray backtick with one paragraphs away. Code it does not see as code
    would be live text.
    """
    source = read(text)
    fences = {fence.start: fence for fence in source.fences()}
    parts = []
    offset = 0
    for opening, part in _parts(text, source):
        match opening:
            case "```":
                parts.append(_discord_fence(text, fences[offset]))
            case "`":
                parts.append(_discord_code(part))
            case _:
                parts.append(_discord_text(part))
        offset += len(part)
    return "".join(parts)


def display_width(text: str) -> int:
    """Columns that `text` takes in a monospace font; East Asian characters take two."""
    return cell_len(text)


def numeric_columns(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[bool]:
    """Which columns hold numbers alone and so look best on the right."""
    return [
        bool(rows) and all(_NUMBER.fullmatch(row[index]) for row in rows)
        for index in range(len(columns))
    ]


def table_lines(columns: Sequence[str], rows: Iterable[Sequence[str]], max_width: int) -> list[str]:
    """A table in monospace: header, rule, and a line for each row, none wider than `max_width`.

    Where it does not fit, the widest columns give way and their cells end in `…`. Numbers stand
    on the right.
    """
    header, *body = [[" ".join(cell.split()) for cell in row] for row in (columns, *rows)]
    widths = [max(map(display_width, cells)) for cells in zip(header, *body, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > max_width and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    numeric = numeric_columns(columns, body)
    rule = ["─" * width for width in widths]
    return [
        _cropped("  ".join(map(_aligned, row, widths, numeric)).rstrip(), max_width)
        for row in (header, rule, *body)
    ]


# --- Links -----------------------------------------------------------------------------------

_LINKISH = re.compile(r"\][(\[:]|<\w")
_WEB = re.compile(r"https?:|mailto:", re.IGNORECASE)
_URL = re.compile(
    r"(?:https?://)?(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::\d+)?(?:[/?#][!-~]*)?", re.IGNORECASE
)
# Not a link by the standard; Discord's own reader is laxer, for one across blank lines.
_STRAY = re.compile(r"\](?=\((?:\s*<?https?:|\s*\Z))", re.IGNORECASE)

_INTERRUPTED = f"]{WORD_JOINER}"


def _interrupted(text: str) -> str:
    """The text with brackets that open nothing."""
    return re.sub(r"\](?=[(\[:])|<(?=\w)", rf"\g<0>{WORD_JOINER}", text)


def _shown(text: str, spans: deque[Span], start: int, end: int) -> str:
    """`text[start:end]` with the spans in it rewritten and taken from `spans`."""
    shown = []
    while spans and spans[0].start < end:
        span = spans.popleft()
        shown.append(_STRAY.sub(_INTERRUPTED, text[start : span.start]))
        shown.append(_shown_span(text, span, spans))
        start = span.end
    return "".join([*shown, _STRAY.sub(_INTERRUPTED, text[start:end])])


def _shown_span(text: str, span: Span, spans: deque[Span]) -> str:
    label = _shown(text, spans, span.label_start, span.label_end)
    if span.opening == "[:":
        return "\\["
    if _is_open(span, text[span.label_start : span.label_end]):
        return text[span.start : span.end]
    if span.opening == "<":
        return label
    if _WEB.match(span.target):
        return f"{label} ({span.target})" if label.strip() else f"({span.target})"
    return f"{span.opening[:-1]}\\[{label}{text[span.label_end : span.end]}"


def _is_honest(text: str, reader: Reader) -> bool:
    source = read(text, reader)
    return not source.references and all(
        _is_open(span, content[span.label_start : span.label_end])
        for content, spans in source.contents()
        for span in spans
    )


def _is_open(span: Span, label: str) -> bool:
    """Whether what is shown tells where a click leads."""
    match span.opening:
        case "`" | "```":
            return True
        case "<":
            return _WEB.match(span.target) is not None
        case "[":
            shown, actual = _URL.fullmatch(label), _URL.fullmatch(span.target)
            same_host = shown and actual and shown["host"].lower() == actual["host"].lower()
            return bool(same_host) or span.target == f"mailto:{label}"
        case _:
            return False


# --- Mentions --------------------------------------------------------------------------------

# Source: docs.slack.dev, "Formatting message text": <!here>, <@U1>, <#C1>, <https://...|label>.
_SLACK_TOKEN = re.compile(r"<(?=[!@#]|[A-Za-z][\w+.-]*:)")
# Source: Discord's reference, "Message formatting": users, roles, channels, commands, navigation.
_DISCORD_TOKEN = re.compile(r"<(?=@[!&]?\d|#\d|/[^<>\n]*:\d|id:)|@(?=everyone|here)")


def _parts(text: str, source: Source) -> Iterator[tuple[str, str]]:
    """The text in parts: ("```", fence), ("`", code span) or ("", anything else)."""
    offset = 0
    for span in source.spans():
        if span.opening in ("`", "```"):
            yield "", text[offset : span.start]
            yield span.opening, text[span.start : span.end]
            offset = span.end
    yield "", text[offset:]


_NUMBERED = re.compile(r"&#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6});")


def _harmless_entity(entity: re.Match[str]) -> str:
    shown = unescape(entity[0])
    return entity[0] if harmless(shown) == shown else "&amp;" + entity[0][1:]


def _discord_text(text: str) -> str:
    text = _DISCORD_TOKEN.sub(rf"\g<0>{WORD_JOINER}", text)
    return re.sub(r"(\\.)|`", lambda match: match[1] or r"\`", text, flags=re.DOTALL)


def _discord_code(span: str) -> str:
    content = span.strip("`")
    length = (len(span) - len(content)) // 2
    if length < 3 and "`" not in content:
        return span
    return "``" + content.replace("`", "`" + WORD_JOINER) + "``"


def _discord_fence(text: str, fence: Fence) -> str:
    before = text[fence.start : fence.body].partition(fence.markup)[0]
    info = fence.info.replace("`", "").strip()
    body = re.sub("``(?=`)", "``" + WORD_JOINER, text[fence.body : fence.tail])
    if not body.strip("> \t\n"):
        body = fence.prefix + WORD_JOINER  # Discord takes an empty fence for something else
    end = "\n" if text[fence.start : fence.end].endswith("\n") else ""
    body = body.removesuffix("\n")
    return f"{before}```{info}\n{body}\n{fence.prefix}```{end}"


# --- Tables ----------------------------------------------------------------------------------

_NUMBER = re.compile(r"[-+−]?\$?\d[\d.,]*\s?%?|[-–—]?")


def _aligned(cell: str, width: int, right: bool) -> str:
    cell = _cropped(cell, width)
    padding = " " * (width - display_width(cell))
    return padding + cell if right else cell + padding


def _cropped(text: str, width: int) -> str:
    if display_width(text) <= width:
        return text
    shown = ""
    for start, end in pairwise([*clusters(text, 0, len(text)), len(text)]):
        if display_width(shown + text[start:end]) >= width:
            break
        shown += text[start:end]
    return shown.rstrip() + "…"
