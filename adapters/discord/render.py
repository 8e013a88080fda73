"""A Document as Discord shows it: Components V2 within their limits.

Pure. A post shows what stands open and, per `Detail`, a line with a button; what does not fit is
behind *Read more*. A click is answered with pages that only the clicker sees, so nothing is lost.
Buttons carry `c1:<run>:<what>` and are heard by `buttons`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from itertools import zip_longest
from typing import Any

import discord
from discord import ui

from adapters.discord.text import escaped, in_pieces, markdown, safe, shortened, teaser_of, units
from adapters.text.markdown import honest_links
from bot import emoji as reactions
from bot.chat import HEADLINE, RANKING
from bot.cleaning import harmless, one_line
from bot.conversation.offers import Offer
from bot.document import Block, Detail, Document, Heading, Image, Leaf, Note, Text
from bot.language import N_, _

# Source: Discord's API documentation, "Component Reference" and "Create Message".
TEXT_LIMIT = 4_000
PICTURES_LIMIT = 10
ALT_LIMIT = 1_024
BUTTON_LIMIT = 80
ROW_LIMIT = 5
THREAD_NAME_LIMIT = 100
NEUTRAL_NAME = "Council"

# A page leaves room for its number; a post, for the notes below its text.
PAGE_LIMIT = 3_900
NOTES_LIMIT = 1_200
DETAILS_LIMIT = 4
TITLE_LIMIT = 150

TRANSCRIPT = "transcript.md"
WHOLE = "all"

_VOTES = {
    "accept": N_("Good enough"),
    "reject": N_("Not"),
    "best": N_("Best"),
    "none": N_("None of these"),
}

View = ui.LayoutView
Row = ui.ActionRow[View]
Button = ui.Button[View]


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    data: bytes
    alt: str | None = None


class Page(ui.LayoutView):
    """A message to be: components, and the files that they show."""

    def __init__(self, *items: ui.Item[Any], uploads: Sequence[Upload] = ()) -> None:
        super().__init__(timeout=None)
        self.uploads = tuple(uploads)
        for item in items:
            self.add_item(item)

    def is_finished(self) -> bool:
        """Nobody waits on a page, since its buttons are heard as DynamicItems: discord.py would
        else keep every one that is ever sent."""
        return True

    def files(self) -> list[discord.File]:
        """New ones for each request: discord.py closes what it has sent."""
        return [
            discord.File(BytesIO(upload.data), upload.name, description=upload.alt)
            for upload in self.uploads
        ]

    def without_files(self) -> "Page":
        """The same where files may not be attached."""
        shows_files = (ui.File, ui.MediaGallery)
        return Page(*(item for item in self.children if not isinstance(item, shows_files)))

    def digest(self) -> str:
        """Equal where the same is shown."""
        components = self.to_components()  # type: ignore[no-untyped-call]  # discord.py leaves it bare
        told = sha256(json.dumps(components, sort_keys=True).encode())
        for upload in self.uploads:
            told.update(upload.data)
        return told.hexdigest()


# --- Posts -----------------------------------------------------------------------------------


def post(
    document: Document,
    *,
    run: str,
    key: str,
    asker: str | None = None,
    verdict_url: str | None = None,
    transcript: str | None = None,
    vote_buttons: bool = False,
) -> Page:
    """One message for the post of this key.

    `asker` is mentioned first (whether that pings is for `allowed_mentions` to say), `verdict_url`
    linked, and `transcript` attached, each where given.
    """
    details = [block for block in document.blocks if isinstance(block, Detail)]
    sections = [
        _section(detail, custom_id(run, "read", key, n), key)
        for n, detail in enumerate(details[:DETAILS_LIMIT])
    ]
    text, notes = _open_parts(document.blocks)
    below, *cut_notes = in_pieces(notes, NOTES_LIMIT) or [""]
    greeting = f"<@{asker}>" if asker else ""
    spent = units(below + greeting) + sum(units(child.content) for child in _displays(sections))
    above, *cut_text = in_pieces(text, TEXT_LIMIT - spent) or [""]
    pictures = _pictures(document.blocks)
    is_cut = bool(
        cut_text
        or cut_notes
        or len(details) > DETAILS_LIMIT
        or len(pictures) > PICTURES_LIMIT
        or any(len(one_line(detail.title)) > TITLE_LIMIT for detail in details)
    )
    buttons = _post_buttons(run, key, document, is_cut, verdict_url, vote_buttons)
    uploads = _uploads(pictures[:PICTURES_LIMIT])
    items: list[ui.Item[Any]] = [
        *_text_displays(greeting, above),
        *_gallery(uploads),
        *sections,
        *_text_displays(below),
        *(Row(*buttons[start : start + ROW_LIMIT]) for start in range(0, len(buttons), ROW_LIMIT)),
    ]
    if transcript is not None:
        items.append(ui.File(f"attachment://{TRANSCRIPT}"))
        # A viewer renders the file: its links must not hide where they lead either.
        shown = honest_links(harmless(transcript)).encode()
        uploads.append(Upload(TRANSCRIPT, shown))
    items = items or _text_displays("…")
    if key == HEADLINE:
        colour = discord.Colour.greyple() if document.live else discord.Colour.blurple()
        items = [ui.Container(*items, accent_colour=colour)]
    items[0].id = mark(run, key)
    return Page(*items, uploads=uploads)


def mark(run: str, key: str) -> int:
    """The id of a post's first component, by which it is found again among the bot's messages.

    Source: "Anatomy of a Component": ids are 32-bit, and those not set count up from 1.
    """
    return int(sha256(f"{run}/{key}".encode()).hexdigest()[:7], 16) | 1 << 29


def custom_id(run: str, *what: object) -> str:
    return ":".join(map(str, ("c1", run, *what)))


def thread_name(question: str) -> str:
    """A name for the thread in which this is answered."""
    return shortened(one_line(question), THREAD_NAME_LIMIT) or NEUTRAL_NAME


def _post_buttons(
    run: str,
    key: str,
    document: Document,
    is_cut: bool,
    verdict_url: str | None,
    vote_buttons: bool,
) -> list[Button]:
    buttons = []
    if is_cut:
        buttons.append(_button(_("Read more"), custom_id(run, "read", key, WHOLE)))
    if verdict_url:
        buttons.append(Button(label=_("Verdict"), url=verdict_url))
    buttons += [
        _button(each.label, custom_id(run, each.name), primary=each.primary)
        for each in document.buttons
    ]
    if vote_buttons:
        for emoji in reactions.offered(key):
            value = reactions.value(key, emoji)
            assert value is not None
            buttons.append(
                Button(
                    emoji=emoji,
                    label=_(_VOTES[value]),
                    custom_id=custom_id(run, "vote", key, value),
                )
            )
    return buttons


def _section(detail: Detail, id: str, key: str) -> ui.Section[View]:
    """What a fold hides, in three lines, and the button that opens it."""
    title = f"**{escaped(shortened(one_line(detail.title), TITLE_LIMIT)) or '…'}**"
    first = detail.blocks[0] if detail.blocks else None
    teaser = teaser_of(first.text) if isinstance(first, Text) else ""
    label = _("Details") if key == RANKING else _("Read")
    return ui.Section("\n".join(filter(None, (title, teaser))), accessory=_button(label, id))


def _open_parts(blocks: Sequence[Block]) -> tuple[str, str]:
    """What is not folded: the text, and the notes at its end, which are shown in any case."""
    leaves = [block for block in blocks if not isinstance(block, Detail)]
    end = len(leaves)
    while end and isinstance(leaves[end - 1], Note):
        end -= 1
    return markdown(leaves[:end]), markdown(leaves[end:])


def _displays(items: Sequence[ui.Section[View]]) -> Iterator[ui.TextDisplay[View]]:
    for item in items:
        yield from (c for c in item.children if isinstance(c, ui.TextDisplay))


# --- Pages -----------------------------------------------------------------------------------


def document_pages(document: Document) -> tuple[Page, ...]:
    """The whole document, its folds open, page by page and without buttons."""
    return tuple(_pages(_unfolded(document.blocks), ()))


def asked_pages(name: str, question: str) -> tuple[Page, ...]:
    """A question that somebody had the bot post: whose words they are stands before them."""
    asks = _("**{name} asks:**", name=escaped(name))
    return document_pages(Document((Text(f"{asks}\n\n{question}"),)))


def opened(document: Document, *, run: str, key: str, part: str) -> tuple[Page, ...]:
    """The pages of one `Detail` (`part` is its number) or of the `WHOLE`, with Prev and Next."""
    details = [block for block in document.blocks if isinstance(block, Detail)]
    chosen = document.blocks
    if part.isdecimal() and int(part) < len(details):
        chosen = (details[int(part)],)
    return tuple(_pages(_unfolded(chosen), (run, "page", key, part)))


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
    buttons = [_button(ask, custom_id(offer.run, "ask", message_id), primary=True)]
    if offer.alone:
        alone = _("Ask only {label} ({price})", label=offer.label, price=offer.alone_price)
        buttons.append(_button(alone, custom_id(offer.run, "alone", offer.label, message_id)))
    text = _(
        "Shall the council take this up? Mention the bot in the message to ask without being asked."
    )
    return Page(ui.TextDisplay(text), Row(*buttons))


def question_page(text: str, run: str, *choices: tuple[str, str]) -> Page:
    """A text with a choice below: (label, what the button does)."""
    return Page(
        *_text_displays(_first_piece(safe(text))),
        Row(*(_button(label, custom_id(run, what)) for label, what in choices)),
    )


def _first_piece(text: str) -> str:
    return in_pieces(text, PAGE_LIMIT)[0]


def _pages(blocks: Sequence[Leaf], what: tuple[str, ...]) -> Iterator[Page]:
    """With buttons that lead from page to page where `what` says how their ids begin."""
    pieces = in_pieces(markdown(blocks), PAGE_LIMIT)
    pictures = _pictures(blocks)
    galleries = [
        pictures[start : start + PICTURES_LIMIT]
        for start in range(0, len(pictures), PICTURES_LIMIT)
    ]
    count = max(len(pieces), len(galleries), 1)
    for n, (text, shown) in enumerate(zip_longest(pieces or ["…"], galleries)):
        uploads = _uploads(shown or ())
        number = _("-# Page {number} of {count}", number=n + 1, count=count) if count > 1 else ""
        items = [*_text_displays(text or "", number), *_gallery(uploads)]
        if what and count > 1:
            items.append(Row(*_pager(n, count, what)))
        yield Page(*items, uploads=uploads)


def _pager(n: int, count: int, what: tuple[str, ...]) -> Iterator[Button]:
    if n > 0:
        yield _button(_("Prev"), custom_id(*what, n - 1))
    if n < count - 1:
        yield _button(_("Next"), custom_id(*what, n + 1))


def _unfolded(blocks: Sequence[Block]) -> list[Leaf]:
    leaves: list[Leaf] = []
    for block in blocks:
        leaves += [Heading(block.title), *block.blocks] if isinstance(block, Detail) else [block]
    return leaves


# --- Components ------------------------------------------------------------------------------


def _button(label: str, id: str, *, primary: bool = False) -> Button:
    style = discord.ButtonStyle.primary if primary else discord.ButtonStyle.secondary
    return Button(label=shortened(label, BUTTON_LIMIT), custom_id=id, style=style)


def _text_displays(*texts: str) -> list[ui.Item[Any]]:
    return [ui.TextDisplay(text) for text in texts if text]


def _gallery(uploads: Sequence[Upload]) -> list[ui.Item[Any]]:
    if not uploads:
        return []
    items = [
        discord.MediaGalleryItem(f"attachment://{upload.name}", description=upload.alt)
        for upload in uploads
    ]
    return [ui.MediaGallery(*items)]


def _pictures(blocks: Sequence[Block]) -> list[Image]:
    return [block for block in blocks if isinstance(block, Image)]


def _uploads(pictures: Sequence[Image]) -> list[Upload]:
    """Under names of our own: whatever the picture is called, the gallery has to find it."""
    return [
        Upload(f"picture{n}.png", picture.png, shortened(picture.alt, ALT_LIMIT) or None)
        for n, picture in enumerate(pictures, 1)
    ]
