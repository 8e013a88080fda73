"""A Document as Slack shows it: Block Kit within its limits.

Pure. What stands open is in the message itself; each `Detail` is a container that every reader
folds and unfolds alone. What does not fit goes on in further messages, or, where there is very much
of it, in a file. Buttons carry what they do in `action_id` and the run in `value`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import groupby
from typing import Any, assert_never

from adapters.slack import mrkdwn
from adapters.text.cutting import clusters
from adapters.text.markdown import (
    WORD_JOINER,
    defuse_slack,
    honest_links,
    numeric_columns,
    split_markdown,
    standard_emphasis,
)
from bot.chat import HEADLINE
from bot.cleaning import harmless, one_line
from bot.conversation.buttons import below
from bot.conversation.offers import Offer
from bot.document import Block, Detail, Document, Heading, Image, Leaf, Note, Table, Text
from bot.language import N_, _

Json = dict[str, Any]

# Slack refuses a message at about 13,200 characters, of which each block takes 125, and rich text
# counts for more. None of this is documented. Source: slackapi/bolt-js issues 2509 and 2867.
MESSAGE_BUDGET, BLOCK_COST = 10_000, 125
BLOCKS_LIMIT = 45
# Source: docs.slack.dev, "Container block", "Header block", "Button element", "Table block".
CHILDREN_LIMIT = 10
TITLE_LIMIT = 150
BUTTON_LIMIT = 75
TABLE_ROWS_LIMIT, TABLE_CELLS_LIMIT = 100, 20

# Slack takes 40,000 in a new message but 4,000 in one that is updated.
FALLBACK_LIMIT = 3_900
# Notes at the end of a post that may take this much stay on its first message.
TAIL_LIMIT = 4_000
TABLE_BUDGET = 3_000
# Three to a message. Slack would take 12,000 characters, in all of them together.
MARKDOWN_LIMIT = 3_000

# Beyond this many characters people get a file, and this much to see what is in it.
GIANT, PREVIEW = 25_000, 2_000
# What is shown of a text while it is still being written.
DRAFT = 5_000

ASK, ALONE = "ask", "alone"

# What CommonMark may take for a sign, unless a backslash stands before it.
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")

_IN_FILE = N_("The whole text is in the file below.")
_GOES_ON = N_("The text goes on in a message further down.")


@dataclass(frozen=True, slots=True)
class Message:
    """Blocks, and the text for notifications and for clients that do not know the blocks."""

    blocks: tuple[Json, ...]
    text: str

    def digest(self) -> str:
        """Equal where the same is shown."""
        return sha256(json.dumps([self.blocks, self.text], sort_keys=True).encode()).hexdigest()

    def renderings(self) -> "Iterator[Message]":
        """The message, and ever plainer ones for a Slack that refuses its blocks."""
        yield self
        yield replace(self, blocks=tuple(_affordable(_plainer(self.blocks))))
        yield replace(self, blocks=())


@dataclass(frozen=True, slots=True)
class File:
    """`name` is unique to the post, so that the file can be found again."""

    name: str
    title: str
    content: bytes
    alt: str = ""

    def digest(self) -> str:
        return sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    action: str
    value: str


Part = Message | File


# --- Posts


def post(
    document: Document,
    *,
    run: str,
    key: str,
    asker: str | None = None,
    verdict_url: str | None = None,
    files: bool = True,
) -> tuple[Part, ...]:
    """The messages for the post of this key, and files after them where `files` may be used.

    `asker` is pinged where given, and `verdict_url` linked.
    """
    blocks = list(document.blocks)
    if document.live:
        blocks = _shortened_texts(blocks, DRAFT, " …")
    attached = list(_pictures(blocks, f"{run}-{_slug(key)}"))
    if files and _length(blocks) > GIANT:
        name = f"{run}-{_slug(key)}.md"
        attached.insert(0, File(name, _title(blocks) or key, _whole(blocks).encode()))
        blocks = _shortened_texts(blocks, PREVIEW, f"\n\n… *{_(_IN_FILE)}*")
    if verdict_url:
        blocks.insert(_first_fold(blocks), Note(_("Verdict: {url}", url=verdict_url)))
    buttons = [Button(label, what, run) for label, what in below(key, document)]
    messages = _messages(blocks, asker=asker, buttons=buttons, as_markdown=key == HEADLINE)
    if document.live:
        return tuple(messages[:1])
    return (*messages, *(attached if files else ()))


def document_messages(document: Document) -> tuple[Message, ...]:
    """The whole document with its folds open: for one person, in answer to something."""
    return tuple(_messages(_unfolded(document.blocks)))


def asked_messages(name: str, question: str) -> tuple[Message, ...]:
    """A question that somebody had the bot post: whose words they are stands before them."""
    shown = _PUNCTUATION.sub(r"\\\g<0>", one_line(name)) or _("Somebody")
    asks = _("**{name} asks:**", name=shown)
    return document_messages(Document((Text(f"{asks}\n\n{question}"),)))


def pictures(document: Document, name: str) -> tuple[File, ...]:
    """A document's pictures, to be uploaded beside its messages; `name` begins their names."""
    return tuple(_pictures(_unfolded(document.blocks), name))


def question_message(text: str, *buttons: Button) -> Message:
    """Markdown with a choice below."""
    return _messages([Text(text)], buttons=buttons)[0]


def offer_message(offer: Offer, ts: str) -> Message:
    """Two ways to go on from a reply to the bot, each with its price; nothing is paid yet.

    `ts` is the reply: the question to ask.
    """
    buttons = [Button(_("Ask the council ({price})", price=offer.price), ASK, ts)]
    if offer.alone:
        alone = _("Ask only {label} ({price})", label=offer.label, price=offer.alone_price)
        buttons.append(Button(alone, ALONE, f"{offer.run}:{offer.label}:{ts}"))
    text = _(
        "Shall the council take this up? Mention the bot in the message to ask without being asked."
    )
    return question_message(text, *buttons)


# --- Packing


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block, and the number of the fold that it stands in."""

    block: Json
    fold: int | None = None


@dataclass(slots=True)
class _Page:
    """A message being packed: runs of blocks that stand open, or in one fold."""

    room: int
    count: int = 0
    runs: list[tuple[int | None, list[Json]]] | None = None

    def take(self, piece: _Piece) -> bool:
        """Put the piece on the page; False, and nothing done, where it does not fit."""
        runs = self.runs = self.runs if self.runs is not None else []
        fold = piece.fold
        same = bool(runs) and runs[-1][0] == fold
        opens = not same or (fold is not None and len(runs[-1][1]) == CHILDREN_LIMIT)
        cost, count = _cost(piece.block), 1
        if opens and fold is not None:
            cost, count = cost + BLOCK_COST + TITLE_LIMIT, 2
        if runs and (cost > self.room or self.count + count > BLOCKS_LIMIT):
            return False
        if opens:
            runs.append((fold, []))
        runs[-1][1].append(piece.block)
        self.room -= cost
        self.count += count
        return True


def _messages(
    blocks: Sequence[Block],
    *,
    asker: str | None = None,
    buttons: Sequence[Button] = (),
    as_markdown: bool = False,
) -> list[Message]:
    head, tail = _parted(blocks)
    titles = [detail.title for detail in head if isinstance(detail, Detail)]
    pieces = _pieces(head, as_markdown)
    if asker:
        pieces = _greeting(asker, pieces)
    ending = list(_leaf_blocks(tail))
    if sum(map(_cost, ending)) > TAIL_LIMIT:
        pieces, ending = [*pieces, *map(_Piece, ending)], []
    actions = [_actions(buttons)] if buttons else []
    spare = sum(map(_cost, [*ending, *actions, _context(_(_GOES_ON))]))
    pages = [_Page(MESSAGE_BUDGET - spare, len(ending) + 2)]
    for piece in pieces:
        if not pages[-1].take(piece):
            pages.append(_Page(MESSAGE_BUDGET))
            pages[-1].take(piece)
    shown = _contained(pages, titles)
    goes_on = [_context(_(_GOES_ON))] if len(shown) > 1 and not titles else []
    shown[0] = [*shown[0], *goes_on, *ending, *actions]
    return [_message(page or [_section("…")]) for page in shown]


def _message(blocks: Sequence[Json]) -> Message:
    return Message(tuple(blocks), _fallback(blocks))


def _contained(pages: Sequence[_Page], titles: Sequence[str]) -> list[list[Json]]:
    """The blocks of each page, with every fold's containers numbered where they are several."""
    runs = [run for page in pages for run in page.runs or ()]
    of = [sum(fold == n for fold, __ in runs) for n in range(len(titles))]
    reached = [0] * len(titles)
    shown: list[list[Json]] = []
    for page in pages:
        shown.append([])
        for fold, blocks in page.runs or ():
            if fold is None:
                shown[-1] += blocks
                continue
            reached[fold] += 1
            number = _("({part} of {parts})", part=reached[fold], parts=of[fold])
            ending = f" {number}" if of[fold] > 1 else ""
            shown[-1].append(_container(titles[fold], ending, blocks))
    return shown


def _pieces(blocks: Sequence[Block], as_markdown: bool) -> list[_Piece]:
    """A message takes one table, so only the first is one."""
    pieces: list[_Piece] = []
    folds = 0
    for is_fold, group in groupby(blocks, key=lambda block: isinstance(block, Detail)):
        if not is_fold:
            leaves = [block for block in group if not isinstance(block, Detail)]
            pieces += map(_Piece, _leaf_blocks(leaves, as_markdown=as_markdown))
            continue
        for block in group:
            assert isinstance(block, Detail)
            title = one_line(block.title)
            whole = _bold(title) if len(_inert(title)) > TITLE_LIMIT else ()
            shown = [*whole, *_leaf_blocks(block.blocks)] or [_section("…")]
            pieces += [_Piece(each, folds) for each in shown]
            folds += 1
    tables = [piece for piece in pieces if piece.block["type"] == "table"]
    return [each for piece in pieces for each in _one_table(piece, tables[:1])]


def _one_table(piece: _Piece, kept: Sequence[_Piece]) -> list[_Piece]:
    if piece.block["type"] != "table" or any(piece is each for each in kept):
        return [piece]
    return [_Piece(section, piece.fold) for section in _table_sections(piece.block)]


def _greeting(asker: str, pieces: Sequence[_Piece]) -> list[_Piece]:
    """The one ping there is, before what it is about."""
    if not re.fullmatch("[UW][A-Z0-9]+", asker):
        return list(pieces)
    if pieces and pieces[0].fold is None and pieces[0].block["type"] == "section":
        first, *rest = pieces
        return [_Piece(_section(f"<@{asker}> {first.block['text']['text']}")), *rest]
    return [_Piece(_section(f"<@{asker}>")), *pieces]


def _parted(blocks: Sequence[Block]) -> tuple[list[Block], list[Leaf]]:
    """The notes at the end apart from what they end: they stay with the first message."""
    end = len(blocks)
    while end and isinstance(blocks[end - 1], Note):
        end -= 1
    return list(blocks[:end]), [block for block in blocks[end:] if isinstance(block, Note)]


def _first_fold(blocks: Sequence[Block]) -> int:
    folds = (n for n, block in enumerate(blocks) if isinstance(block, Detail))
    return next(folds, len(blocks))


def _unfolded(blocks: Sequence[Block]) -> list[Leaf]:
    leaves: list[Leaf] = []
    for block in blocks:
        leaves += [Heading(block.title), *block.blocks] if isinstance(block, Detail) else [block]
    return leaves


# --- Files


def _length(blocks: Sequence[Block]) -> int:
    return sum(len(leaf.text) for leaf in _unfolded(blocks) if isinstance(leaf, Text))


def _title(blocks: Sequence[Block]) -> str:
    return next((one_line(block.title) for block in blocks if isinstance(block, Detail)), "")


def _whole(blocks: Sequence[Block]) -> str:
    texts = [leaf.text for leaf in _unfolded(blocks) if isinstance(leaf, Text)]
    return "\n\n".join(honest_links(harmless(text)) for text in texts) + "\n"


def _shortened_texts(blocks: Sequence[Block], limit: int, ending: str) -> list[Block]:
    def cut(leaf: Leaf) -> Leaf:
        if not isinstance(leaf, Text) or len(leaf.text) <= limit:
            return leaf
        first, *_ = split_markdown(leaf.text, limit) or [""]
        return Text(first + ending)

    return [
        replace(block, blocks=tuple(map(cut, block.blocks)))
        if isinstance(block, Detail)
        else cut(block)
        for block in blocks
    ]


def _pictures(blocks: Sequence[Block], name: str) -> Iterator[File]:
    found = [leaf for leaf in _unfolded(blocks) if isinstance(leaf, Image)]
    for number, image in enumerate(found, 1):
        alt = _shortened(one_line(image.alt), 1_000)
        yield File(f"{name}-{number}.png", alt or _("Picture"), image.png, alt)


def _slug(key: str) -> str:
    return re.sub(r"\W+", "-", key)


# --- Blocks


def _leaf_blocks(leaves: Iterable[Leaf], *, as_markdown: bool = False) -> Iterator[Json]:
    for kind, group in groupby(leaves, key=type):
        together = list(group)
        match together[0]:
            case Text() if as_markdown:
                yield from _markdown_blocks(_joined(together))
            case Text():
                yield from map(_section, mrkdwn.sections(_joined(together)))
            case Note():
                yield from map(_context, _notes(together))
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
            yield from map(_context, _cut(f"🖼 {one_line(alt)}"))
        case Text() | Note():
            yield from _leaf_blocks([leaf])
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
    if len(_inert(text)) > TITLE_LIMIT:
        yield from _bold(text)
    elif text:
        yield {"type": "header", "text": _plain_text(text)}


def _bold(text: str) -> Iterator[Json]:
    for piece in _cut(text):
        yield _section(f"*{piece}*")


def _cut(text: str) -> tuple[str, ...]:
    """Plain text in pieces for sections."""
    return split_markdown(mrkdwn.escape(text), mrkdwn.SECTION_LIMIT)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Json]:
    cells = [[one_line(cell) or "–" for cell in row] for row in (columns, *rows)]
    aligned = [{"align": "right" if each else "left"} for each in numeric_columns(columns, rows)]
    block: Json = {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": _inert(cell)} for cell in row] for row in cells],
        "column_settings": aligned,
    }
    fits = len(cells) <= TABLE_ROWS_LIMIT and len(columns) <= TABLE_CELLS_LIMIT
    if fits and _cost(block) <= TABLE_BUDGET:
        yield block
    else:
        yield from _table_sections(block)


def _table_sections(block: Json) -> list[Json]:
    columns, *rows = [[cell["text"] for cell in row] for row in block["rows"]]
    shown = mrkdwn.table(columns, rows)
    return [_section(piece) for piece in split_markdown(shown, mrkdwn.SECTION_LIMIT)]


def _section(text: str) -> Json:
    """Unfolded, since it stands in a fold or has no need of one."""
    return {"type": "section", "text": _verbatim(text), "expand": True}


def _context(text: str) -> Json:
    return {"type": "context", "elements": [_verbatim(text)]}


def _container(title: str, number: str, blocks: Sequence[Json]) -> Json:
    shown = _shortened(one_line(title) or _("Details"), TITLE_LIMIT - len(number)) + number
    return {
        "type": "container",
        "title": _plain_text(shown),
        "child_blocks": list(blocks),
        "is_collapsible": True,
        "default_collapsed": True,
    }


def _actions(buttons: Sequence[Button]) -> Json:
    elements = [
        {
            "type": "button",
            "text": _plain_text(_shortened(button.label, BUTTON_LIMIT)),
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
    return {"type": "plain_text", "text": _inert(text)}


# --- Plainer


def _plainer(blocks: Iterable[Json]) -> Iterator[Json]:
    """The same in blocks that Slack always had; long sections fold by themselves."""
    for block in blocks:
        match block["type"]:
            case "container":
                yield from _plainer(_bold(block["title"]["text"]))
                yield from _plainer(block["child_blocks"])
            case "section":
                yield {name: value for name, value in block.items() if name != "expand"}
            case "markdown":
                yield from _plainer(map(_section, mrkdwn.sections(block["text"])))
            case "table":
                yield from _plainer(_table_sections(block))
            case _:
                yield block


def _affordable(blocks: Iterable[Json]) -> Iterator[Json]:
    room, count = MESSAGE_BUDGET * 12 // 10, 0
    for block in blocks:
        room, count = room - _cost(block), count + 1
        if room < BLOCK_COST or count > BLOCKS_LIMIT:
            yield _context("…")
            return
        yield block


def _fallback(blocks: Iterable[Json]) -> str:
    texts = list(filter(None, map(_words, blocks)))
    pieces = split_markdown("\n".join(texts), FALLBACK_LIMIT)
    return (pieces[0] + (" …" if len(pieces) > 1 else "")) if pieces else "…"


def _words(block: Json) -> str:
    match block["type"]:
        case "container":
            inside = map(_words, block["child_blocks"])
            return "\n".join([f"*{mrkdwn.escape(block['title']['text'])}*", *inside])
        case "section":
            return str(block["text"]["text"])
        case "context":
            return "\n".join(str(element["text"]) for element in block["elements"])
        case "header":
            return f"*{mrkdwn.escape(block['text']['text'])}*"
        case "markdown":
            return mrkdwn.mrkdwn(block["text"])
        case "table":
            return "\n".join(section["text"]["text"] for section in _table_sections(block))
        case _:
            return ""


# --- Text


def _weight(text: str) -> int:
    """Escaped, as it would have to be elsewhere."""
    return len(mrkdwn.escape(text))


def _cost(block: Json) -> int:
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


def _inert(text: str) -> str:
    """Plain text in which nothing looks like a token of Slack's."""
    return text.replace("<", "<" + WORD_JOINER)


def _shortened(text: str, limit: int) -> str:
    """Cut between characters as people see them."""
    if len(_inert(text)) <= limit:
        return text
    ends = [end for end in clusters(text, 0, len(text)) if len(_inert(text[:end])) < limit]
    return text[: ends[-1]].rstrip() + "…"
