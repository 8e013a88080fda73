"""What one person sees, or a message beside the posts: whole Documents, page by page.

Pure. A page that begins with a heading stands in a frame. Under an opened answer people vote, and
go on to the answers beside it, so that nobody has to scroll back.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from types import MappingProxyType
from typing import Any

import discord
from discord import ui

from adapters.discord.page import (
    PICTURES_LIMIT,
    ROW_LIMIT,
    Button,
    Page,
    Row,
    Upload,
    button,
    custom_id,
    divider,
    gallery,
    next_steps,
    rows,
    select_row,
    text_displays,
    uploads_of,
)
from adapters.discord.render import NONE_OF_THESE, card, linked
from adapters.discord.text import beginning, escaped, in_pieces, markdown, safe, units
from bot import emoji as reactions
from bot.conversation.beside import Beside, Neighbour
from bot.conversation.offers import Offer
from bot.document import (
    Block,
    Detail,
    Document,
    Entry,
    Heading,
    Image,
    Leaf,
    Select,
    Text,
    parted,
)
from bot.language import _

# Of 4,000 characters and 40 components; the rest is for what stands below, and the frame.
TEXT_LIMIT = 3_800
COMPONENTS_LIMIT = 40
# More lines with a button than these do not fit beside everything else of a page.
ENTRIES_LIMIT = 8
LINE_LIMIT = 500

# A button outside of a run. A select whose values are names of buttons.
NO_RUN, CHOOSE = "-", "choose"

NOTHING = Beside()
NO_URLS: Mapping[str, str] = MappingProxyType({})

Link = Callable[[str], str]


def document_pages(
    document: Document, *, run: str = NO_RUN, urls: Mapping[str, str] = NO_URLS
) -> tuple[Page, ...]:
    """The whole document, its folds open, and its buttons on the last page."""
    link = linked(document, urls)
    leaves = _unfolded(document.blocks)
    above, notes = parted(leaves)
    is_card = bool(leaves) and isinstance(leaves[0], Heading)
    parts = list(_parts(above, run, 2, link))
    if is_card and len(above) > 1 and notes:
        parts.append(divider())
    parts += _parts(notes, run, 2, link)
    sheets = _sheets(parts, len(document.buttons))
    steps = rows(next_steps(document.buttons, run))
    return tuple(
        _page(sheet, n, len(sheets), steps if n == len(sheets) - 1 else [], document, is_card)
        for n, sheet in enumerate(sheets)
    )


def opened(
    document: Document,
    *,
    run: str,
    key: str,
    part: str,
    beside: Beside = NOTHING,
    urls: Mapping[str, str] = NO_URLS,
) -> tuple[Page, ...]:
    """The pages of one `Detail` (`part` is its number) or of the whole, with Prev and Next."""
    is_fold = part.isdecimal() and int(part) < len(document.details)
    leaves = _unfolded((document.details[int(part)],) if is_fold else document.blocks)
    parts = _parts(leaves, run, 3 if is_fold else 2, linked(document, urls))
    sheets = _sheets(parts, 2 * ROW_LIMIT)
    return tuple(
        _page(
            sheet,
            n,
            len(sheets),
            _below(document, run, key, part, n, len(sheets), beside),
            document,
            False,
        )
        for n, sheet in enumerate(sheets)
    )


def more_page(document: Document, *, run: str) -> Page:
    """What can be done about a post, where its row has no room for all of it."""
    return Page(*text_displays(_("What next?")), *rows(next_steps(document.buttons, run)))


def refusal_view(document: Document) -> Page:
    """What the bot says to a mention that it does not take up."""
    return document_pages(document)[0]


def sentence_view(text: str) -> Page:
    return refusal_view(Document((Text(text),)))


def offer_view(offer: Offer, message_id: int) -> Page:
    """Two ways to go on from a reply to the bot, each with its price; nothing is paid yet.

    `message_id` is the reply: the question to ask.
    """
    ask = _("Ask the council ({price})", price=offer.price)
    buttons = [button(ask, custom_id(offer.run, "ask", message_id), primary=True)]
    if offer.alone_price:
        alone = _("Ask only {label} ({price})", label=offer.name, price=offer.alone_price)
        buttons.append(button(alone, custom_id(offer.run, "alone", offer.label, message_id)))
    text = _(
        "Shall the council take this up? Mention the bot in the message to ask without being asked."
    )
    return Page(ui.TextDisplay(text), Row(*buttons))


def question_page(text: str, run: str, *choices: tuple[str, str]) -> Page:
    """A text with a choice below: (label, what the button does)."""
    return Page(
        *text_displays(beginning(safe(text), TEXT_LIMIT)[0]),
        Row(*(button(label, custom_id(run, what)) for label, what in choices)),
    )


# --- What stands on a page ---------------------------------------------------------------------

# Text, pictures, or a component with all that is in it.
_Part = str | tuple[Image, ...] | ui.Item[Any]


@dataclass(slots=True)
class _Sheet:
    """What fits on one page, so far."""

    shown: list[ui.Item[Any]] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    chars: int = 0
    components: int = 0

    def add(self, *items: ui.Item[Any], chars: int = 0) -> None:
        self.shown += items
        self.chars += chars
        self.components += sum(_count(item) for item in items)


def _parts(leaves: Sequence[Leaf], run: str, level: int, link: Link) -> Iterator[_Part]:
    """Neighbours of a kind together; lines with a button only as far as they fit."""
    entries = [leaf for leaf in leaves if isinstance(leaf, Entry) and leaf.button]
    shown = entries if len(entries) <= ENTRIES_LIMIT else entries[: ENTRIES_LIMIT - 1]
    is_first = True
    for kind, group in groupby(leaves, key=lambda leaf: _kind(leaf, shown)):
        of_kind = list(group)
        if kind is Image:
            yield from _in_galleries([leaf for leaf in of_kind if isinstance(leaf, Image)])
        elif kind is Select:
            selects = [leaf for leaf in of_kind if isinstance(leaf, Select)]
            yield from filter(None, (select_row(each, run) for each in selects))
        elif kind is Entry:
            if not is_first:
                yield divider()
            for leaf in of_kind:
                yield from _entry(leaf, run, link) if isinstance(leaf, Entry) else ()
        else:
            yield markdown(of_kind, level=level if is_first else level + 1, linked=link)
        is_first = False
    if more := [entry for entry in entries if entry not in shown]:
        yield from filter(None, [select_row(_choice(more), run)])


def _kind(leaf: Leaf, with_button: Sequence[Entry]) -> type[Leaf]:
    """Which others it can be shown together with; `Text` for whatever is text in the end."""
    if isinstance(leaf, Image | Select):
        return type(leaf)
    return Entry if leaf in with_button else Text


def _in_galleries(pictures: Sequence[Image]) -> Iterator[tuple[Image, ...]]:
    for start in range(0, len(pictures), PICTURES_LIMIT):
        yield tuple(pictures[start : start + PICTURES_LIMIT])


def _entry(entry: Entry, run: str, link: Link) -> Iterator[_Part]:
    """A line with its button; what is too long for a line stands below."""
    assert entry.button is not None
    line, *rest = in_pieces(markdown((entry,), linked=link), LINE_LIMIT) or ["…"]
    yield ui.Section(line, accessory=next_steps((entry.button,), run)[0])
    yield from rest


def _choice(entries: Sequence[Entry]) -> Select:
    """One to choose from, instead of a button for each."""
    options = [
        (f"{entry.button.label}: {entry.text.replace('*', '')}", entry.button.name)
        for entry in entries
        if entry.button
    ]
    return Select(CHOOSE, _("{n} more …", n=len(options)), tuple(options))


def _sheets(parts: Iterator[_Part] | Sequence[_Part], buttons: int) -> list[_Sheet]:
    """The parts in their order on as many pages as they need, each with room for so many buttons."""
    room = COMPONENTS_LIMIT - 3 - buttons - math.ceil(buttons / ROW_LIMIT)
    sheets = [_Sheet()]
    for part in parts:
        if isinstance(part, str):
            _write(sheets, part, room)
            continue
        items = gallery(uploads_of(part)) if isinstance(part, tuple) else [part]
        chars = sum(units(each.content) for each in _texts(items))
        last = sheets[-1]
        is_full = (
            last.components + sum(map(_count, items)) > room
            or last.chars + chars > TEXT_LIMIT
            or (isinstance(part, tuple) and last.uploads)
        )
        if is_full:
            sheets.append(_Sheet())
        sheets[-1].add(*items, chars=chars)
        if isinstance(part, tuple):
            sheets[-1].uploads = uploads_of(part)
    if not any(sheet.shown for sheet in sheets):
        sheets[0].add(*text_displays("…"))
    return sheets


def _write(sheets: list[_Sheet], text: str, room: int) -> None:
    last = sheets[-1]
    is_full = last.components >= room or last.chars + units(text) > TEXT_LIMIT
    pieces = in_pieces(text, TEXT_LIMIT)
    for n, piece in enumerate(pieces):
        if n or (is_full and last.shown):
            sheets.append(_Sheet())
        sheets[-1].add(*text_displays(piece), chars=units(piece))


def _page(
    sheet: _Sheet,
    n: int,
    count: int,
    below: Sequence[ui.Item[Any]],
    document: Document,
    is_card: bool,
) -> Page:
    number = _("-# Page {number} of {count}", number=n + 1, count=count) if count > 1 else ""
    shown = [*sheet.shown, *text_displays(number), *below]
    return Page(*([card(shown, document.state)] if is_card else shown), uploads=sheet.uploads)


def _below(
    document: Document, run: str, key: str, part: str, n: int, count: int, beside: Beside
) -> list[ui.Item[Any]]:
    """The other pages, then in one row the votes and the posts beside this one, and whom to ask more."""
    turning = []
    if n > 0:
        turning.append(button(_("Prev"), custom_id(run, "page", key, part, n - 1)))
    if n < count - 1:
        turning.append(button(_("Next"), custom_id(run, "page", key, part, n + 1)))
    emoji = reactions.offered(key) if document.votable else ()
    given = [each for each in emoji if reactions.value(key, each) in beside.votes]
    voted = _("-# Your vote: {emoji}", emoji=" ".join(given)) if given else ""
    going_on = [
        *(_vote(each, run, key, part, n, is_given=each in given) for each in emoji),
        *(_neighbour("◀ {name}", each, run) for each in [beside.before] if each),
        *(_neighbour("{name} ▶", each, run) for each in [beside.after] if each),
    ]
    further = [_ask_only(each, run) for each in [beside.alone] if each]
    return [*text_displays(voted), *rows(turning), *rows(going_on), *rows(further)]


def _vote(emoji: str, run: str, key: str, part: str, n: int, *, is_given: bool) -> Button:
    style = discord.ButtonStyle.success if is_given else discord.ButtonStyle.secondary
    value = reactions.value(key, emoji)
    id = custom_id(run, "rate", key, part, n, value)
    label = _(NONE_OF_THESE) if value == "none" else None
    return Button(emoji=emoji, label=label, custom_id=id, style=style)


def _neighbour(label: str, neighbour: Neighbour, run: str) -> Button:
    return button(label.format(name=neighbour.name), custom_id(run, "page", neighbour.key, 0, 0))


def _ask_only(answer: Neighbour, run: str) -> Button:
    label = _("Ask only {label}", label=answer.name)
    return button(label, custom_id(run, "follow", reactions.target(answer.key)))


def _unfolded(blocks: Sequence[Block]) -> list[Leaf]:
    leaves: list[Leaf] = []
    for block in blocks:
        if isinstance(block, Detail):
            leaves += [Heading(escaped(_title(block))), *block.blocks]
        else:
            leaves.append(block)
    return leaves


def _title(detail: Detail) -> str:
    """Without the gist where the text begins with the same words."""
    label, _between, gist = detail.title.partition(" · ")
    first = detail.blocks[0] if detail.blocks else None
    words = _letters(gist)
    is_said = isinstance(first, Text) and _letters(first.text).startswith(words)
    return _("Answer {label}", label=label) if words and is_said else detail.title


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _count(item: ui.Item[Any]) -> int:
    """Components that it is, with those in it."""
    if isinstance(item, ui.Section):
        return 2 + len(item.children)
    return 1 + (len(item.children) if isinstance(item, ui.ActionRow) else 0)


def _texts(items: Sequence[ui.Item[Any]]) -> Iterator[ui.TextDisplay[Any]]:
    for item in items:
        if isinstance(item, ui.Section):
            yield from (c for c in item.children if isinstance(c, ui.TextDisplay))
