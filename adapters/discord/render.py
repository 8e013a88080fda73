"""The posts of a thread as Discord shows them, within its limits.

Pure. A post shows what stands open and, per `Detail`, a line with a button; what does not fit is
behind *Read more*. Buttons carry `c1:<run>:<what>` and are heard by `buttons`, which answers with
`pages` that only the clicker sees, so nothing is lost.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Any

import discord
from discord import ui

from adapters.discord.page import (
    PICTURES_LIMIT,
    Button,
    Notice,
    Page,
    Showable,
    View,
    button,
    custom_id,
    divider,
    gallery,
    next_steps,
    rows,
    text_displays,
    uploads_of,
)
from adapters.discord.text import beginning, escaped, markdown, shortened, units
from adapters.text.letters import linked_letters
from bot import emoji as reactions
from bot.chat import HEADLINE, RANKING
from bot.cleaning import one_line
from bot.document import Detail, Document, Image, Leaf, State, Text, parted
from bot.language import N_, _

# Source: Discord's API documentation, "Component Reference" and "Create Message".
TEXT_LIMIT = 4_000
CONTENT_LIMIT = 2_000
THREAD_NAME_LIMIT = 100
NEUTRAL_NAME = "Council"

# A post leaves room for what stands below its text.
ASIDE_LIMIT, NOTES_LIMIT = 800, 1_200
DETAILS_LIMIT = 4
TITLE_LIMIT, HINT_LIMIT = 150, 100

WHOLE = "all"
_GOES_ON = "\n…"
# A phone has no room for more in one row.
ROW_SHOWN = 3

ACCENTS: dict[State, int] = {
    "live": 10070709,
    "done": 5793266,
    "degraded": 15774258,
    "failed": 14300988,
    "stopped": 10070709,
}

NONE_OF_THESE = N_("None of these")
_VOTES = {
    "accept": N_("Good enough"),
    "reject": N_("Not"),
    "best": N_("Best"),
    "none": NONE_OF_THESE,
}

# A line that only tells what follows.
_HEADING = re.compile(r"\s*|#{1,3} .*|\*\*[^*]+\*\*")
# What begins a block begins a line.
_BLOCK = re.compile(r"#{1,3} |-# |>|[-*+] |\d+[.)] |```|~~~")


@dataclass(frozen=True, slots=True)
class Place:
    """What a post knows of its thread: the asker to be mentioned (whether that pings is for
    `allowed_mentions` to say), each post's URL under its key, and whether people have to vote by
    buttons."""

    asker: str | None = None
    urls: Mapping[str, str] = field(default_factory=dict)
    vote_buttons: bool = False


def post(document: Document, *, run: str, key: str, place: Place = Place()) -> Showable:
    """One message for the post of this key."""
    if key == RANKING:
        return _notice(document, run, place)
    parts = _parts(document, place)
    sections = _sections(document, run, key)
    aside, cut_aside = beginning(parts.aside, ASIDE_LIMIT)
    below, cut_notes = beginning(parts.notes, NOTES_LIMIT)
    spent = units(aside + below) + sum(units(display.content) for display in _displays(sections))
    above, cut_text = beginning(parts.text, TEXT_LIMIT - spent)
    if cut_text:
        above = _cut_off(beginning(parts.text, TEXT_LIMIT - spent - len(_GOES_ON))[0])
    is_cut = cut_text or cut_aside or cut_notes or _is_too_much(document)
    uploads = uploads_of(_pictures(document)[:PICTURES_LIMIT])
    shown: list[ui.Item[Any]] = [
        *text_displays(above, aside),
        *gallery(uploads),
        *sections,
    ]
    if key == HEADLINE and shown and below:
        shown.append(divider())
    shown += text_displays(below)
    shown += rows(_buttons(document, run, key, place, is_cut=is_cut))
    shown = shown or text_displays("…")
    if key == HEADLINE:
        shown = [card(shown, document.state)]
    shown[0].id = mark(run, key)
    return Page(*shown, uploads=uploads)


def card(shown: Sequence[ui.Item[Any]], state: State) -> ui.Container[View]:
    return ui.Container(*shown, accent_colour=discord.Colour(ACCENTS[state]))


def mark(run: str, key: str) -> int:
    """The id of a post's first component, by which it is found again among the bot's messages.

    Source: "Anatomy of a Component": ids are 32-bit, and those not set count up from 1.
    """
    return int(sha256(f"{run}/{key}".encode()).hexdigest()[:7], 16) | 1 << 29


def thread_name(question: str) -> str:
    """A name for the thread in which this is answered."""
    return shortened(one_line(question), THREAD_NAME_LIMIT) or NEUTRAL_NAME


def linked(document: Document, urls: Mapping[str, str]) -> Callable[[str], str]:
    """Puts links to the posts that letters in the document's texts stand for."""
    return partial(linked_letters, letters=document.letters, url=urls.get)


def _notice(document: Document, run: str, place: Place) -> Notice:
    """The post that pings, as plain text: a ping within components (V2) arrives without a word.

    Source: https://github.com/discord/discord-api-docs/issues/7854
    """
    parts = _parts(document, place)
    greeting = f"<@{place.asker}>" if place.asker else ""
    below, cut_notes = beginning(parts.notes, NOTES_LIMIT)
    text = "\n\n".join(filter(None, (parts.text, parts.aside)))
    room = CONTENT_LIMIT - units(greeting + below) - 2
    above, cut_text = beginning(text, room)
    if greeting and above:
        greeting += "\n" if _BLOCK.match(above) else " "
    content = "\n".join(filter(None, (greeting + above, below)))
    is_cut = cut_text or cut_notes or bool(_pictures(document)) or _is_too_much(document)
    opening = [
        button(
            detail.button or (_("Details") if n else _("How they ranked")),
            custom_id(run, "read", RANKING, n),
        )
        for n, detail in enumerate(document.details[:DETAILS_LIMIT])
    ]
    steps = [*opening, *_buttons(document, run, RANKING, place, is_cut=is_cut)]
    return Notice(content or "…", *steps, mark=mark(run, RANKING))


# --- Parts -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Parts:
    """What is not folded: the text, what is quoted against it, and what stands below, which are
    shown in any case."""

    text: str
    aside: str
    notes: str


def _parts(document: Document, place: Place) -> _Parts:
    leaves = [block for block in document.blocks if not isinstance(block, Detail)]
    start = end = len(parted(leaves)[0])
    quotes = [n for n, leaf in enumerate(leaves) if n and _is_quote(leaf)]
    if quotes:
        start, end = quotes[0], quotes[-1] + 1
    show = partial(markdown, linked=linked(document, place.urls))
    return _Parts(show(leaves[:start]), show(leaves[start:end]), show(leaves[end:]))


def _cut_off(text: str) -> str:
    """What goes on behind *Read more* says so, and ends with no heading of what is not here."""
    lines = text.rstrip().split("\n")
    while len(lines) > 1 and _HEADING.fullmatch(lines[-1]):
        lines.pop()
    return "\n".join(lines).rstrip() + _GOES_ON


def _is_quote(leaf: Leaf) -> bool:
    return isinstance(leaf, Text) and leaf.text.startswith("> ")


def _sections(document: Document, run: str, key: str) -> list[ui.Section[View]]:
    return [
        _section(detail, custom_id(run, "read", key, n))
        for n, detail in enumerate(document.details[:DETAILS_LIMIT])
    ]


def _section(detail: Detail, id: str) -> ui.Section[View]:
    """What a fold hides, in a line, and what to expect; and the button that opens it."""
    title = escaped(shortened(one_line(detail.title), TITLE_LIMIT)) or "…"
    hint = escaped(shortened(one_line(detail.hint), HINT_LIMIT))
    lines = [f"**{title}**", f"-# {hint}" if hint else ""]
    return ui.Section("\n".join(filter(None, lines)), accessory=button(_("Read"), id))


def _is_too_much(document: Document) -> bool:
    details = document.details
    return (
        len(details) > DETAILS_LIMIT
        or len(_pictures(document)) > PICTURES_LIMIT
        or any(len(one_line(detail.title)) > TITLE_LIMIT for detail in details)
        or any(len(one_line(detail.hint)) > HINT_LIMIT for detail in details)
    )


def _buttons(document: Document, run: str, key: str, place: Place, *, is_cut: bool) -> list[Button]:
    whole = custom_id(run, "read", key, WHOLE)
    buttons = [button(_("Read more"), whole, primary=True)] if is_cut else []
    if key == RANKING and (url := place.urls.get(HEADLINE)):
        buttons.append(Button(label=document.top or _("Go to verdict"), url=url))
    buttons += next_steps(document.buttons, run)
    if len(buttons) > ROW_SHOWN:
        buttons = [*buttons[: ROW_SHOWN - 1], button("⋯", custom_id(run, "more", key))]
    if place.vote_buttons:
        for emoji in reactions.offered(key):
            value = reactions.value(key, emoji)
            assert value is not None
            id = custom_id(run, "vote", key, value)
            buttons.append(Button(emoji=emoji, label=_(_VOTES[value]), custom_id=id))
    return buttons


def _displays(items: Sequence[ui.Section[View]]) -> Iterator[ui.TextDisplay[View]]:
    for item in items:
        yield from (c for c in item.children if isinstance(c, ui.TextDisplay))


def _pictures(document: Document) -> list[Image]:
    return [block for block in document.blocks if isinstance(block, Image)]
