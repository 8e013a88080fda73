"""Slack's blocks packed into messages.

What does not fit goes on in further messages, whose folds are numbered. Pure.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import groupby

from adapters.slack import mrkdwn
from adapters.slack.blocks import (
    BLOCK_COST,
    NO_RUN,
    TITLE_LIMIT,
    Json,
    Shaping,
    bold,
    button_row,
    container,
    context,
    cost_of,
    cut,
    inert,
    leaf_blocks,
    section,
    table_sections,
)
from adapters.text.markdown import first_piece
from bot.cleaning import one_line
from bot.document import Block, Button, Detail, Leaf, parted
from bot.language import N_, _

# Slack refuses a message at about 13,200 characters, of which each block takes `BLOCK_COST`, and rich
# text counts for more. None of this is documented. Source: slackapi/bolt-js issues 2509 and 2867.
MESSAGE_BUDGET = 10_000
BLOCKS_LIMIT = 45
# Source: docs.slack.dev, "Container block", "Section block".
CHILDREN_LIMIT = 10
TEXT_LIMIT = 3_000

# Slack takes 40,000 in a new message but 4,000 in one that is updated.
FALLBACK_LIMIT = 3_900
# Notes at the end of a post that may take this much stay on its first message.
TAIL_LIMIT = 4_000

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
        cost, count = cost_of(piece.block), 1
        if opens and fold is not None:
            cost, count = cost + BLOCK_COST + 2 * TITLE_LIMIT, 2  # the subtitle, too
        if runs and (cost > self.room or self.count + count > BLOCKS_LIMIT):
            return False
        if opens:
            runs.append((fold, []))
        runs[-1][1].append(piece.block)
        self.room -= cost
        self.count += count
        return True


def packed(
    blocks: Sequence[Block],
    *,
    asker: str | None = None,
    verdict_url: str | None = None,
    top: str = "",
    buttons: Sequence[Button] = (),
    run: str = NO_RUN,
    as_markdown: Shaping | None = None,
) -> list[Message]:
    """At least one message; `buttons` and the notes at the end stay on the first."""
    head, tail = parted(blocks)
    folds = [detail for detail in head if isinstance(detail, Detail)]
    pieces = _pieces(head, run=run, as_markdown=as_markdown)
    greeting = f"<@{asker}> " if asker and re.fullmatch("[UW][A-Z0-9]+", asker) else ""
    if greeting or verdict_url:
        pieces = _opened(greeting, verdict_url, top or _("Read the verdict"), pieces)
    ending = list(leaf_blocks(tail))
    if sum(map(cost_of, ending)) > TAIL_LIMIT:
        pieces, ending = [*pieces, *map(_Piece, ending)], []
    actions = button_row(buttons, run)
    spare = sum(map(cost_of, [*ending, *actions, context(_(_GOES_ON))]))
    pages = [_Page(MESSAGE_BUDGET - spare, len(ending) + 2)]
    _fill(pages, pieces)
    shown = _contained(pages, folds)
    goes_on = [context(_(_GOES_ON))] if len(shown) > 1 and not folds else []
    shown[0] = [*shown[0], *goes_on, *ending, *actions]
    first, *rest = [_message(page or [section("…")]) for page in shown]
    return [_named_later(first, greeting), *rest]


def packed_in_order(
    leaves: Sequence[Leaf], *, buttons: Sequence[Button], run: str
) -> list[Message]:
    """At least one message, without folds; the notes at the end and `buttons` stay together below
    everything else, where whoever has read all of it arrives."""
    head, tail = parted(leaves)
    ending = [_Piece(block) for block in (*leaf_blocks(tail), *button_row(buttons, run))]
    pages = [_Page(MESSAGE_BUDGET)]
    _fill(pages, _pieces(head, run=run, as_markdown=None))
    if sum(cost_of(piece.block) for piece in ending) > pages[-1].room:
        pages.append(_Page(MESSAGE_BUDGET))
    _fill(pages, ending)
    return [_message(page or [section("…")]) for page in _contained(pages, ())]


def _fill(pages: list[_Page], pieces: Iterable[_Piece]) -> None:
    """Put them on the last page, and on further ones."""
    for piece in pieces:
        if not pages[-1].take(piece):
            pages.append(_Page(MESSAGE_BUDGET))
            pages[-1].take(piece)


def _message(blocks: Sequence[Json]) -> Message:
    return Message(tuple(blocks), _fallback(blocks))


def _contained(pages: Sequence[_Page], folds: Sequence[Detail]) -> list[list[Json]]:
    """The blocks of each page, with every fold's containers numbered where they are several."""
    runs = [run for page in pages for run in page.runs or ()]
    of = [sum(fold == n for fold, __ in runs) for n in range(len(folds))]
    reached = [0] * len(folds)
    shown: list[list[Json]] = []
    for page in pages:
        shown.append([])
        for fold, blocks in page.runs or ():
            if fold is None:
                shown[-1] += blocks
                continue
            reached[fold] += 1
            below = [folds[fold].hint] if reached[fold] == 1 else []
            if of[fold] > 1:
                below.append(_("part {part} of {parts}", part=reached[fold], parts=of[fold]))
            hint = " · ".join(filter(None, below))
            shown[-1].append(container(folds[fold].title, hint, blocks))
    return shown


def _pieces(blocks: Sequence[Block], *, run: str, as_markdown: Shaping | None) -> list[_Piece]:
    """A message takes one table, so only the first is one."""
    pieces: list[_Piece] = []
    folds = 0
    for is_fold, group in groupby(blocks, key=lambda block: isinstance(block, Detail)):
        if not is_fold:
            leaves = [block for block in group if not isinstance(block, Detail)]
            pieces += map(_Piece, leaf_blocks(leaves, run=run, as_markdown=as_markdown))
            continue
        for block in group:
            assert isinstance(block, Detail)
            shown = [*_whole_names(block), *leaf_blocks(block.blocks, run=run)] or [section("…")]
            pieces += [_Piece(each, folds) for each in shown]
            folds += 1
    tables = [piece for piece in pieces if piece.block["type"] == "table"]
    return [each for piece in pieces for each in _one_table(piece, tables[:1])]


def _whole_names(fold: Detail) -> Iterator[Json]:
    """What does not fit above a fold stands in it."""
    title, hint = one_line(fold.title), one_line(fold.hint)
    if len(inert(title)) > TITLE_LIMIT:
        yield from bold(title)
    if len(mrkdwn.escape(hint)) > TITLE_LIMIT:
        yield from map(context, cut(hint))


def _one_table(piece: _Piece, kept: Sequence[_Piece]) -> list[_Piece]:
    if piece.block["type"] != "table" or any(piece is each for each in kept):
        return [piece]
    return [_Piece(each, piece.fold) for each in table_sections(piece.block)]


def _opened(
    greeting: str, verdict_url: str | None, says: str, pieces: Sequence[_Piece]
) -> list[_Piece]:
    """The one ping there is, what it is about, and the way to the verdict, on one line."""
    link = mrkdwn.labelled(verdict_url, says) if verdict_url else ""
    first, rest = "", list(pieces)
    if rest and rest[0].fold is None and rest[0].block["type"] == "section":
        first, rest = rest[0].block["text"]["text"], rest[1:]
    if len(first) + len(greeting) + len(link) + 1 > TEXT_LIMIT:
        first, rest = "", list(pieces)
    return [_Piece(section(f"{greeting}{first} {link}".strip())), *rest]


def _named_later(message: Message, greeting: str) -> Message:
    """Phones show how a text begins: that is what the message says, not whom it calls.

    To be seen on the real service: what push notifications and previews of a thread show of it.
    """
    if not greeting or not message.text.startswith(greeting):
        return message
    line, *rest = message.text.removeprefix(greeting).split("\n", 1)
    return replace(message, text="\n".join([f"{line} {greeting}".strip(), *rest]))


# --- Plainer


def _plainer(blocks: Iterable[Json]) -> Iterator[Json]:
    """The same in blocks that Slack always had; long sections fold by themselves."""
    for block in blocks:
        match block["type"]:
            case "container":
                yield from _plainer(bold(block["title"]["text"]))
                yield from [context(block["subtitle"]["text"])] if "subtitle" in block else []
                yield from _plainer(block["child_blocks"])
            case "section":
                yield {name: value for name, value in block.items() if name != "expand"}
            case "markdown":
                text = _without_own_links(block["text"])
                yield from _plainer(map(section, mrkdwn.sections(text)))
            case "table":
                yield from _plainer(table_sections(block))
            case _:
                yield block


def _affordable(blocks: Iterable[Json]) -> Iterator[Json]:
    room, count = MESSAGE_BUDGET * 12 // 10, 0
    for block in blocks:
        room, count = room - cost_of(block), count + 1
        if room < BLOCK_COST or count > BLOCKS_LIMIT:
            yield context("…")
            return
        yield block


def _fallback(blocks: Iterable[Json]) -> str:
    texts = list(filter(None, map(_words, blocks)))
    shown, goes_on = first_piece("\n".join(texts), FALLBACK_LIMIT)
    return f"{shown} …" if goes_on else shown or "…"


def _words(block: Json) -> str:
    match block["type"]:
        case "container":
            inside = map(_words, block["child_blocks"])
            title = f"*{mrkdwn.escape(block['title']['text'])}*"
            hint = [block["subtitle"]["text"]] if "subtitle" in block else []
            return "\n".join([title, *hint, *inside])
        case "section":
            return str(block["text"]["text"])
        case "context":
            return "\n".join(str(element["text"]) for element in block["elements"])
        case "header":
            return f"*{mrkdwn.escape(block['text']['text'])}*"
        case "markdown":
            return mrkdwn.mrkdwn(_without_own_links(block["text"]))
        case "table":
            return "\n".join(each["text"]["text"] for each in table_sections(block))
        case _:
            return ""


def _without_own_links(text: str) -> str:
    """Markdown in which letters are no links to posts: no other link has a label by then."""
    return _LETTER.sub(r"\1", text)


_LETTER = re.compile(r"\[(\w{1,6})\]\(https?://[^\s()]*/archives/[^\s()]*\)")
