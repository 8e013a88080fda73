"""A Document's leaves as Slack's blocks, each within Slack's limits, and what a block costs. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, assert_never

from adapters.slack import mrkdwn
from adapters.text.bars import bar_lines
from adapters.text.cutting import clusters
from adapters.text.markdown import (
    WORD_JOINER,
    defuse_slack,
    honest_links,
    numeric_columns,
    split_markdown,
    standard_emphasis,
)
from bot.cleaning import harmless, one_line
from bot.document import Bars, Entry, Heading, Image, Leaf, Note, Select, Table, Text
from bot.language import _

Json = dict[str, Any]

# What each block takes of a message, beside its characters. This is not documented.
# Source: slackapi/bolt-js issues 2509 and 2867.
BLOCK_COST = 125
# Source: docs.slack.dev, "Container block", "Header block", "Button element", "Table block".
TITLE_LIMIT = 150
BUTTON_LIMIT = 75
TABLE_ROWS_LIMIT, TABLE_CELLS_LIMIT = 100, 20
TABLE_BUDGET = 3_000
# Three to a message. Slack would take 12,000 characters, in all of them together.
MARKDOWN_LIMIT = 3_000


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    action: str
    value: str


def leaf_blocks(leaves: Iterable[Leaf], *, as_markdown: bool = False) -> Iterator[Json]:
    for kind, group in groupby(leaves, key=type):
        together = list(group)
        match together[0]:
            case Text() if as_markdown:
                yield from _markdown_blocks(_joined(together))
            case Text():
                yield from map(section, mrkdwn.sections(_joined(together)))
            case Note():
                yield from map(context, _notes(together))
            case _:
                assert kind is not Note
                for leaf in together:
                    yield from _single(leaf)


def _single(leaf: Leaf) -> Iterator[Json]:
    match leaf:
        case Heading(text):
            yield from _heading(one_line(text))
        case Table(columns, rows):
            yield from _table(columns, rows)
        case Image(_, _, alt):
            yield from map(context, _cut(f"🖼 {one_line(alt)}"))
        case Bars():
            lines = "\n".join(bar_lines(leaf)).replace("`", "'")
            yield from leaf_blocks([Text(f"```\n{lines}\n```")])
        case Entry(text, note):
            yield from leaf_blocks([Text(text), *([Note(note)] if note else [])])
        case Select():
            return
        case Text() | Note():
            yield from leaf_blocks([leaf])
        case _:
            assert_never(leaf)


def _joined(leaves: Sequence[Leaf]) -> str:
    """Texts of one line each stand below each other, like a list."""
    found = [leaf.text.strip("\n") for leaf in leaves if isinstance(leaf, Text)]
    return ("\n\n" if any("\n" in text for text in found) else "\n").join(found)


def _notes(leaves: Sequence[Leaf]) -> tuple[str, ...]:
    """One below the other; a note is one line."""
    lines = [mrkdwn.mrkdwn(one_line(leaf.text)) for leaf in leaves if isinstance(leaf, Note)]
    return split_markdown("\n".join(lines), mrkdwn.SECTION_LIMIT)


def _markdown_blocks(text: str) -> Iterator[Json]:
    safe = standard_emphasis(defuse_slack(honest_links(harmless(text))))
    for piece in split_markdown(safe, MARKDOWN_LIMIT, measure=_weight):
        yield {"type": "markdown", "text": piece}


def _heading(text: str) -> Iterator[Json]:
    if len(inert(text)) > TITLE_LIMIT:
        yield from bold(text)
    elif text:
        yield {"type": "header", "text": _plain_text(text)}


def bold(text: str) -> Iterator[Json]:
    for piece in _cut(text):
        yield section(f"*{piece}*")


def _cut(text: str) -> tuple[str, ...]:
    """Plain text in pieces for sections."""
    return split_markdown(mrkdwn.escape(text), mrkdwn.SECTION_LIMIT)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Json]:
    cells = [[one_line(cell) or "–" for cell in row] for row in (columns, *rows)]
    aligned = [{"align": "right" if each else "left"} for each in numeric_columns(columns, rows)]
    block: Json = {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": inert(cell)} for cell in row] for row in cells],
        "column_settings": aligned,
    }
    fits = len(cells) <= TABLE_ROWS_LIMIT and len(columns) <= TABLE_CELLS_LIMIT
    if fits and cost_of(block) <= TABLE_BUDGET:
        yield block
    else:
        yield from table_sections(block)


def table_sections(block: Json) -> list[Json]:
    columns, *rows = [[cell["text"] for cell in row] for row in block["rows"]]
    shown = mrkdwn.table(columns, rows)
    return [section(piece) for piece in split_markdown(shown, mrkdwn.SECTION_LIMIT)]


def section(text: str) -> Json:
    """Unfolded, since it stands in a fold or has no need of one."""
    return {"type": "section", "text": _verbatim(text), "expand": True}


def context(text: str) -> Json:
    return {"type": "context", "elements": [_verbatim(text)]}


def container(title: str, number: str, blocks: Sequence[Json]) -> Json:
    shown = shortened(one_line(title) or _("Details"), TITLE_LIMIT - len(number)) + number
    return {
        "type": "container",
        "title": _plain_text(shown),
        "child_blocks": list(blocks),
        "is_collapsible": True,
        "default_collapsed": True,
    }


def button_row(buttons: Sequence[Button]) -> Json:
    elements = [
        {
            "type": "button",
            "text": _plain_text(shortened(button.label, BUTTON_LIMIT)),
            "action_id": button.action,
            "value": button.value,
        }
        for button in buttons
    ]
    return {"type": "actions", "elements": elements}


def _verbatim(text: str) -> Json:
    # Else Slack makes links of its own, out of names too.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain_text(text: str) -> Json:
    return {"type": "plain_text", "text": inert(text)}


# --- Measures


def _weight(text: str) -> int:
    """Escaped, as it would have to be elsewhere."""
    return len(mrkdwn.escape(text))


def cost_of(block: Json) -> int:
    """What a block takes of a message's budget."""
    if block["type"] == "markdown":
        return BLOCK_COST + _weight(block["text"])
    return BLOCK_COST + _characters(block)


def _characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(_characters(value[name]) for name in value if name in _SHOWN)
    return sum(map(_characters, value)) if isinstance(value, list) else 0


_SHOWN = {"text", "elements", "rows", "title", "child_blocks"}


def inert(text: str) -> str:
    """Plain text in which nothing looks like a token of Slack's."""
    return text.replace("<", "<" + WORD_JOINER)


def shortened(text: str, limit: int) -> str:
    """Cut between characters as people see them."""
    if len(inert(text)) <= limit:
        return text
    ends = [end for end in clusters(text, 0, len(text)) if len(inert(text[:end])) < limit]
    return text[: ends[-1]].rstrip() + "…"
