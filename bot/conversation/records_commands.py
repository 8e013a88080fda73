"""`/council` about what was asked and voted here: `stats`, `ceiling`, `suggest`, `export`, `forget`.

On a platform they see the channel they are typed in alone, and numbers by model as they were
published: what moved with a single question would tell who wrote its answers.

What counts and what exports is imported where it is used: it takes a while to load, and most
processes never need it.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bot import texts
from bot.conversation.desk import Command, Desk, Option, Right, settings_of
from bot.council import MEMBERS_MAX
from bot.document import Document, Note, Text
from bot.errors import InvalidInput
from bot.language import _

if TYPE_CHECKING:
    from bot.analysis.publication import Published

# What every platform takes as a file.
EXPORT_LIMIT_BYTES = 8_000_000

NAMES_SHOWN = Note(
    "New votes do not count here, because everybody sees the names: `reveal` is `always`."
)


async def export_lines(desk: Desk) -> str:
    """Every finished deliberation of the channel in a line of JSON, but those of private threads,
    which not every administrator may read.

    Raises `InvalidInput` where there is more than a platform takes.
    """
    from bot.pages.exports import export

    lines, size = [], 0
    async for case in desk.store.cases(platform=desk.channel.platform, channel=desk.channel.id):
        if desk.is_private(case):
            continue
        lines.append(json.dumps(await export(desk.store, case), ensure_ascii=False) + "\n")
        size += len(lines[-1].encode(errors="replace"))
        if size > EXPORT_LIMIT_BYTES:
            raise InvalidInput(
                f"This channel's deliberations are too much for a message. {_by_operator(desk)}"
            )
    return "".join(lines)


async def _stats(desk: Desk, rest: str) -> Document:
    from bot.pages import published

    if rest.lower() == "details":
        return await _told(desk, published.details)
    if rest:
        raise InvalidInput("Write `/council stats` or `/council stats details`.")
    page = await _told(desk, published.stats)
    settings = await settings_of(desk)
    return (
        replace(page, blocks=(*page.blocks, NAMES_SHOWN)) if settings.reveal == "always" else page
    )


async def _ceiling(desk: Desk, rest: str) -> Document:
    from bot.pages import published

    return await _told(desk, published.gain)


async def _suggest(desk: Desk, rest: str) -> Document:
    from bot.pages import published

    seated = (await settings_of(desk)).members
    if rest and not (rest.isdecimal() and 1 <= int(rest) <= MEMBERS_MAX):
        raise InvalidInput(
            f"Write `/council suggest`, or `/council suggest SEATS` with 1 to {MEMBERS_MAX} seats."
        )
    seats, missing = int(rest or len(seated)), desk.catalogue.missing
    page = partial(published.suggestion, seats=seats, seated=seated, missing=missing)
    return await _told(desk, page)


async def _told(desk: Desk, page: Callable[["Published", int], Document]) -> Document:
    """A page of what is published, made beside the event loop. May raise what the page does."""
    numbers, waiting = await desk.statistics().published(desk.channel.platform, desk.channel.id)
    return await asyncio.to_thread(page, numbers, waiting)


async def _export(desk: Desk, rest: str) -> Document:
    stored = await desk.store.summaries(platform=desk.channel.platform, channel=desk.channel.id)
    return Document(
        (Text(f"Finished deliberations of this channel: {len(stored)}."), Note(_by_operator(desk)))
    )


def _by_operator(desk: Desk) -> str:
    return (
        f"Where the bot runs, `council export --channel {desk.channel.id}` writes them as JSON lines, "
        "one each."
    )


_WHAT = "Yours everywhere, or everything of this channel"
_RIGHTS: Mapping[str, Right] = {"me": "anybody", "channel": "administrator"}


async def _forget(desk: Desk, rest: str) -> Document:
    match rest.lower():
        case "me":
            return await _forget_person(desk)
        case "channel":
            return await _forget_channel(desk)
        case _:
            raise InvalidInput(
                "Write `/council forget me` (your questions and votes, everywhere) or "
                "`/council forget channel` (everything asked here, and its settings)."
            )


async def _forget_person(desk: Desk) -> Document:
    async with desk.aside(await desk.store.asked_by(desk.person.id)):
        count = await desk.store.forget_person(desk.person.id)
    return await _forgotten(desk, f"your votes, and {_deliberations(count)} that you asked for")


async def _forget_channel(desk: Desk) -> Document:
    async with desk.aside(await desk.store.asked_in(desk.channel.platform, desk.channel.id)):
        count = await desk.store.forget_channel(desk.channel.platform, desk.channel.id)
    return await _forgotten(
        desk, f"{_deliberations(count)} of this channel, the votes, the settings"
    )


async def _forgotten(desk: Desk, what: str) -> Document:
    desk.statistics().forget()
    if await desk.store.erase():
        return Document((Text(f"Forgotten: {what}."), Note(_POSTS_STAY)))
    return Document((Text(f"Deleted: {what}."), Note(_(texts.TRACES)), Note(_POSTS_STAY)))


_POSTS_STAY = "What was posted stays where it is until somebody deletes it there."


def _deliberations(count: int) -> str:
    return "1 deliberation" if count == 1 else f"{count} deliberations"


COMMANDS = (
    Command(
        "stats [details]",
        "Which models serve best here",
        _stats,
        (Option("details", "Every number by model, too", "flag"),),
        more=", and whether the council helps",
        slow=True,
    ),
    Command("ceiling", "What picking the best answer could gain here", _ceiling, slow=True),
    Command(
        "suggest [SEATS]",
        "Members by what was accepted here; changes nothing",
        _suggest,
        (Option("seats", "How many; without it as many as now", "number", most=MEMBERS_MAX),),
        slow=True,
    ),
    Command(
        "export",
        "Every deliberation of this channel as a file",
        _export,
        more=", for administrators",
        may="administrator",
        slow=True,
    ),
    Command(
        "forget me|channel",
        "Delete what was asked and voted",
        _forget,
        (Option("what", _WHAT, required=True, choices=tuple(_RIGHTS)),),
        more=f": {_WHAT[0].lower()}{_WHAT[1:]}",
        may=lambda rest: _RIGHTS.get(rest.lower(), "admitted"),
        slow=True,
    ),
)
