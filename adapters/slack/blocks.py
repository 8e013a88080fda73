"""A Document's leaves as Slack's blocks, each within Slack's limits, and what a block costs. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, assert_never

from adapters.slack import mrkdwn
from adapters.text.bars import drawn
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
from bot.document import Bar, Bars, Button, Entry, Heading, Image, Leaf, Note, Select, Table, Text
from bot.language import _

Json = dict[str, Any]

# What each block takes of a message, beside its characters. This is not documented.
# Source: slackapi/bolt-js issues 2509 and 2867.
BLOCK_COST = 125
# Source: docs.slack.dev, "Container block", "Header block", "Button element", "Table block".
TITLE_LIMIT = 150
BUTTON_LIMIT, ACTION_LIMIT = 75, 255
TABLE_ROWS_LIMIT, TABLE_CELLS_LIMIT = 100, 20
TABLE_BUDGET = 3_000
# Source: docs.slack.dev, "Option object", "Select menu element", "Overflow menu element".
OPTIONS_MAX, OPTION_TEXT_MAX, OPTION_VALUE_MAX = 100, 75, 150
OVERFLOW_MAX = 5
# Three to a message. Slack would take 12,000 characters, in all of them together.
MARKDOWN_LIMIT = 3_000

# So many buttons stand in a row; of more, the first, and the others in a menu.
ROW, FIRST = 3, 2

# Cells of a bar, as wide as a phone shows beside a label and a value.
CELLS, FULL, EMPTY = 8, "▰", "▱"
# As wide as a digit, and where no line ends.
_DIGIT_SPACE, _UNBROKEN = "\u2007", "\u00a0"

# The menu behind a row of buttons, whose options say which button they are.
MENU = "more"

# In a button's value where it belongs to no run.
NO_RUN = "-"


# What is done to Markdown that is harmless already.
Shaping = Callable[[str], str]


def leaf_blocks(
    leaves: Iterable[Leaf], *, run: str = NO_RUN, as_markdown: Shaping | None = None
) -> Iterator[Json]:
    """`run` is what buttons belong to. Texts and headings are `as_markdown` where that is given."""

    def kind(leaf: Leaf) -> type[Leaf]:
        return Text if as_markdown and isinstance(leaf, Heading) else type(leaf)

    for each, group in groupby(leaves, key=kind):
        together = list(group)
        if each is Text and as_markdown:
            yield from _markdown_blocks(together, as_markdown)
        elif each is Text:
            yield from _text(_joined(together))
        elif each is Note:
            yield from map(context, _notes(together))
        else:
            for leaf in together:
                yield from _single(leaf, run)


def _single(leaf: Leaf, run: str) -> Iterator[Json]:
    match leaf:
        case Heading(text):
            yield from _heading(one_line(text))
        case Table(columns, rows):
            yield from _table([columns, *rows])
        case Image(bars=Bars() as bars):
            yield from _bars(bars)
        case Image(_, _, alt):
            yield from map(context, cut(f"🖼 {one_line(alt)}"))
        case Bars():
            yield from _bars(leaf)
        case Entry():
            yield from _entry(leaf, run)
        case Select():
            yield from _select(leaf, run)
        case Text() | Note():
            yield from leaf_blocks([leaf])
        case _:
            assert_never(leaf)


def _text(text: str) -> Iterator[Json]:
    """Its first table is one, too: in a section it would be monospace, or a list."""
    before, rows, after = mrkdwn.around_table(text) or (text, [], "")
    yield from map(section, mrkdwn.sections(before))
    if rows:
        yield from _table(rows)
        yield from map(section, mrkdwn.sections(after))


def _joined(leaves: Sequence[Leaf]) -> str:
    """Texts of one line each stand below each other, like a list."""
    found = [leaf.text.strip("\n") for leaf in leaves if isinstance(leaf, Text)]
    return ("\n\n" if any("\n" in text for text in found) else "\n").join(found)


def _notes(leaves: Sequence[Leaf]) -> tuple[str, ...]:
    """One below the other; a note is one line."""
    lines = [mrkdwn.mrkdwn(one_line(leaf.text)) for leaf in leaves if isinstance(leaf, Note)]
    return split_markdown("\n".join(lines), mrkdwn.SECTION_LIMIT)


def _markdown_blocks(leaves: Sequence[Leaf], shaping: Shaping) -> Iterator[Json]:
    texts = [
        f"### {one_line(leaf.text)}" if isinstance(leaf, Heading) else leaf.text.strip("\n")
        for leaf in leaves
        if isinstance(leaf, Heading | Text)
    ]
    safe = standard_emphasis(defuse_slack(honest_links(harmless("\n\n".join(texts)))))
    for piece in split_markdown(shaping(safe), MARKDOWN_LIMIT, measure=_weight):
        yield {"type": "markdown", "text": piece}


def _heading(text: str) -> Iterator[Json]:
    shown = mrkdwn.plain(text)
    if len(inert(shown)) > TITLE_LIMIT:
        yield from map(section, mrkdwn.sections(f"### {text}"))
    elif shown:
        yield {"type": "header", "text": _plain_text(shown)}


def bold(text: str) -> Iterator[Json]:
    for piece in cut(text):
        yield section(f"*{piece}*")


def cut(text: str) -> tuple[str, ...]:
    """Plain text in pieces for sections."""
    return split_markdown(mrkdwn.escape(text), mrkdwn.SECTION_LIMIT)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[Json]:
    return _grid([[one_line(cell) for cell in row] for row in rows])


def _grid(rows: Sequence[Sequence[str]]) -> Iterator[Json]:
    """Cells of one line each, the header's first."""
    aligned = [
        {"align": "right" if each else "left"} for each in numeric_columns(rows[0], rows[1:])
    ]
    block: Json = {
        "type": "table",
        "rows": [
            [{"type": "raw_text", "text": inert(cell or "–")} for cell in row] for row in rows
        ],
        "column_settings": aligned,
    }
    fits = len(rows) <= TABLE_ROWS_LIMIT and len(rows[0]) <= TABLE_CELLS_LIMIT
    if fits and cost_of(block) <= TABLE_BUDGET:
        yield block
    else:
        yield from table_sections(block)


def table_sections(block: Json) -> list[Json]:
    columns, *rows = [[cell["text"] for cell in row] for row in block["rows"]]
    shown = mrkdwn.table(columns, rows)
    return [section(piece) for piece in split_markdown(shown, mrkdwn.SECTION_LIMIT)]


def _bars(bars: Bars) -> Iterator[Json]:
    """A table where its columns have names: Slack may show the first row as a header."""
    width = max((len(one_line(bar.value)) for bar in bars.bars), default=0)
    rows = [(one_line(bar.label), _bar(bar, width), _unbroken(bar.note)) for bar in bars.bars]
    if bars.columns:
        yield from _grid([tuple(map(one_line, bars.columns)), *rows])
        return
    lines = (" · ".join(filter(None, (f"{label} {bar}", note))) for label, bar, note in rows)
    yield from map(section, cut("\n".join(lines)))


def _bar(bar: Bar, width: int) -> str:
    value = _unbroken(bar.value).rjust(width, _DIGIT_SPACE)
    return f"{drawn(bar.share, CELLS, FULL, EMPTY)}{_UNBROKEN}{value}"


def _unbroken(text: str) -> str:
    return one_line(text).replace(" ", _UNBROKEN)


def _entry(entry: Entry, run: str) -> Iterator[Json]:
    """The button stands beside the line."""
    lines = [mrkdwn.mrkdwn(one_line(text)) for text in (entry.text, entry.note)]
    shown = "\n".join(filter(None, lines)) or "…"
    first, *rest = map(section, split_markdown(shown, mrkdwn.SECTION_LIMIT))
    yield first | ({"accessory": _button(entry.button, run)} if entry.button else {})
    yield from rest


def _select(select: Select, run: str) -> Iterator[Json]:
    """None where there is nothing to choose from."""
    values = [(label, f"{run}:{value}") for label, value in select.options]
    options = [option(*each) for each in values if len(each[1]) <= OPTION_VALUE_MAX]
    if len(options) > 1:
        element = {
            "type": "static_select",
            "action_id": select.name,
            "placeholder": _plain_text(shortened(one_line(select.placeholder), TITLE_LIMIT)),
            "options": options[:OPTIONS_MAX],
        }
        yield {"type": "actions", "elements": [element]}


def option(label: str, value: str, below: str = "") -> Json:
    """`below` stands under it, smaller."""
    text = _plain_text(shortened(one_line(label), OPTION_TEXT_MAX))
    described = {"description": _plain_text(shortened(below, OPTION_TEXT_MAX))} if below else {}
    return {"text": text, "value": value, **described}


def section(text: str) -> Json:
    """Unfolded, since it stands in a fold or has no need of one."""
    return {"type": "section", "text": verbatim(text), "expand": True}


def context(text: str) -> Json:
    return {"type": "context", "elements": [verbatim(text)]}


def container(title: str, hint: str, blocks: Sequence[Json]) -> Json:
    """A fold, closed at first, under a title of which a phone shows one line.

    To be seen on the real service: whether the subtitle shows while it is folded, and whether an
    update of the message closes it for somebody who has it open.
    """
    below = mrkdwn.escape(shortened(one_line(hint), TITLE_LIMIT, mrkdwn.escape))
    return {
        "type": "container",
        "title": _plain_text(shortened(one_line(title) or _("Details"), TITLE_LIMIT)),
        **({"subtitle": verbatim(below)} if below else {}),
        "child_blocks": list(blocks),
        "is_collapsible": True,
        "default_collapsed": True,
    }


def button_row(buttons: Sequence[Button], run: str) -> list[Json]:
    """One row; what would make it too long is in a menu at its end."""
    shown, rest = list(buttons), list[Button]()
    if len(shown) > ROW:
        first = max(FIRST, len(shown) - OVERFLOW_MAX)
        shown, rest = shown[:first], shown[first:]
    elements = [_button(each, run) for each in shown]
    if rest:
        menu = [option(each.label, f"{run}:{each.name}") for each in rest]
        elements.append({"type": "overflow", "action_id": MENU, "options": menu})
    return [{"type": "actions", "elements": elements}] if elements else []


def _button(button: Button, run: str) -> Json:
    """What stands behind the name goes along with the run."""
    more = button.name.partition(":")[2]
    return {
        "type": "button",
        "text": _plain_text(shortened(one_line(button.label), BUTTON_LIMIT)),
        "action_id": button.name[:ACTION_LIMIT],
        "value": f"{run}:{more}" if more else run,
        **({"style": "primary"} if button.primary else {}),
    }


def verbatim(text: str) -> Json:
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


_SHOWN = {
    "accessory",
    "child_blocks",
    "elements",
    "options",
    "placeholder",
    "rows",
    "subtitle",
    "text",
    "title",
}


def inert(text: str) -> str:
    """Plain text in which nothing looks like a token of Slack's."""
    return text.replace("<", "<" + WORD_JOINER)


def shortened(text: str, limit: int, shape: Callable[[str], str] = inert) -> str:
    """Cut between characters as people see them, so that it fits in its final `shape`."""
    if len(shape(text)) <= limit:
        return text
    ends = [end for end in clusters(text, 0, len(text)) if len(shape(text[:end])) < limit]
    return text[: ends[-1]].rstrip() + "…"
