"""`/council` about what was asked and voted here: `stats`, `ceiling`, `suggest`, `export`, `forget`.

On a platform they see the channel they are typed in alone, and numbers by model as they were
published: what moved with a single question would tell who wrote its answers.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace

from bot import texts
from bot.analysis.publication import Published
from bot.chat import Channel, Person
from bot.conversation.desk import Command, Desk, is_administrator, settings_of
from bot.council import MEMBERS_MAX
from bot.document import Document, Note, Text
from bot.errors import InvalidInput
from bot.pages import published
from bot.pages.exports import export

# What every platform takes as a file.
EXPORT_LIMIT_BYTES = 8_000_000

NAMES_SHOWN = Note(
    "New votes do not count here, because everybody sees the names: `reveal` is `always`."
)


async def run(desk: Desk, channel: Channel, person: Person, command: Command) -> Document:
    """Raises `InvalidInput`; then nothing was changed."""
    match command.name, command.rest.lower():
        case "stats", "":
            return await _stats(desk, channel)
        case "stats", "details":
            return await _told(desk, channel, published.details)
        case "stats", _:
            raise InvalidInput("Write `/council stats` or `/council stats details`.")
        case "ceiling", _:
            return await _told(desk, channel, published.gain)
        case "suggest", _:
            return await _suggest(desk, channel, command.rest)
        case "export", _:
            return await _export(desk, channel, person)
        case "forget", "me":
            return await _forget_person(desk, person)
        case "forget", "channel":
            return await _forget_channel(desk, channel, person)
        case _:
            raise InvalidInput(
                "Write `/council forget me` (your questions and votes, everywhere) or "
                "`/council forget channel` (everything asked here, and its settings)."
            )


async def export_lines(desk: Desk, channel: Channel, person: Person) -> str:
    """Every finished deliberation of the channel in a line of JSON, but those of private threads,
    which not every administrator may read.

    Raises `InvalidInput` where the person is no administrator, or there is more than a platform
    takes.
    """
    _require_administrator(desk, person, "export")
    lines, size = [], 0
    async for case in desk.store.cases(platform=channel.platform, channel=channel.id):
        if desk.is_private(case):
            continue
        lines.append(json.dumps(await export(desk.store, case), ensure_ascii=False) + "\n")
        size += len(lines[-1].encode(errors="replace"))
        if size > EXPORT_LIMIT_BYTES:
            raise InvalidInput(
                f"This channel's deliberations are too much for a message. {_by_operator(channel)}"
            )
    return "".join(lines)


async def _told(desk: Desk, channel: Channel, page: Callable[[Published], Document]) -> Document:
    """A page of what is published, made beside the event loop. May raise what the page does."""
    numbers, waiting = await desk.statistics().published(channel.platform, channel.id)
    if not numbers.rows and waiting:
        return Document((Text(published.not_yet(waiting)),))
    shown = await asyncio.to_thread(page, numbers)
    return (
        replace(shown, blocks=(*shown.blocks, Note(published.since(waiting)))) if waiting else shown
    )


async def _stats(desk: Desk, channel: Channel) -> Document:
    page = await _told(desk, channel, published.stats)
    settings = await settings_of(desk, channel)
    return (
        replace(page, blocks=(*page.blocks, NAMES_SHOWN)) if settings.reveal == "always" else page
    )


async def _suggest(desk: Desk, channel: Channel, typed: str) -> Document:
    seated = (await settings_of(desk, channel)).members
    if typed and not (typed.isdecimal() and 1 <= int(typed) <= MEMBERS_MAX):
        raise InvalidInput(
            f"Write `/council suggest`, or `/council suggest SEATS` with 1 to {MEMBERS_MAX} seats."
        )
    seats = int(typed or len(seated))

    return await _told(
        desk,
        channel,
        lambda numbers: published.suggestion(numbers, seats, seated, desk.catalogue.missing),
    )


async def _export(desk: Desk, channel: Channel, person: Person) -> Document:
    _require_administrator(desk, person, "export")
    stored = await desk.store.summaries(platform=channel.platform, channel=channel.id)
    return Document(
        (
            Text(f"Finished deliberations of this channel: {len(stored)}."),
            Note(_by_operator(channel)),
        )
    )


def _by_operator(channel: Channel) -> str:
    return (
        f"Where the bot runs, `council export --channel {channel.id}` writes them as JSON lines, "
        "one each."
    )


async def _forget_person(desk: Desk, person: Person) -> Document:
    async with desk.aside(await desk.store.asked_by(person.id)):
        count = await desk.store.forget_person(person.id)
    return await _forgotten(desk, f"your votes, and {_deliberations(count)} that you asked for")


async def _forget_channel(desk: Desk, channel: Channel, person: Person) -> Document:
    _require_administrator(desk, person, "forget")
    async with desk.aside(await desk.store.asked_in(channel.platform, channel.id)):
        count = await desk.store.forget_channel(channel.platform, channel.id)
    return await _forgotten(
        desk, f"{_deliberations(count)} of this channel, the votes, the settings"
    )


async def _forgotten(desk: Desk, what: str) -> Document:
    desk.statistics().forget()
    if await desk.store.erase():
        return Document((Text(f"Forgotten: {what}."), Note(_POSTS_STAY)))
    return Document((Text(f"Deleted: {what}."), Note(texts.TRACES), Note(_POSTS_STAY)))


_POSTS_STAY = "What was posted stays where it is until somebody deletes it there."


def _deliberations(count: int) -> str:
    return "1 deliberation" if count == 1 else f"{count} deliberations"


def _require_administrator(desk: Desk, person: Person, what: str) -> None:
    if not is_administrator(desk, person):
        raise InvalidInput(f"Only administrators can {what} what was asked in this channel.")
