"""`/council` about what was asked and voted here: `stats`, `ceiling`, `suggest`, `export`, `forget`.

On a platform they see the channel they are typed in alone.
"""

import asyncio
import json
from dataclasses import replace

from bot import commands, texts
from bot.analysis.plots import standings_png
from bot.analysis.report import Report
from bot.analysis.rows import rated
from bot.analysis.selection import suggest
from bot.chat import Channel, Person
from bot.commands import Command, Desk
from bot.council import MEMBERS_MAX
from bot.document import Document, Image, Note, Text
from bot.errors import InvalidInput
from bot.export import export
from bot.report_page import ceiling_page, details_page, standings_alt, stats_page
from bot.suggestion_page import suggestion_page

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
            return details_page(await desk.statistics().report(channel.platform, channel.id))
        case "stats", _:
            raise InvalidInput("Write `/council stats` or `/council stats details`.")
        case "ceiling", _:
            return ceiling_page(*await desk.statistics().ceiling(channel.platform, channel.id))
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
    """Every finished deliberation of the channel in a line of JSON.

    Raises `InvalidInput` where the person is no administrator, or there is more than a platform
    takes.
    """
    _require_administrator(desk, person, "export")
    lines, size = [], 0
    async for case in desk.store.cases(platform=channel.platform, channel=channel.id):
        lines.append(json.dumps(await export(desk.store, case), ensure_ascii=False) + "\n")
        size += len(lines[-1].encode(errors="replace"))
        if size > EXPORT_LIMIT_BYTES:
            raise InvalidInput(
                f"This channel's deliberations are too much for a message. {_by_operator(channel)}"
            )
    return "".join(lines)


async def _stats(desk: Desk, channel: Channel) -> Document:
    report = await desk.statistics().report(channel.platform, channel.id)
    page = stats_page(report, await _picture(report))
    settings = await commands.settings_of(desk, channel)
    return (
        replace(page, blocks=(*page.blocks, NAMES_SHOWN)) if settings.reveal == "always" else page
    )


async def _picture(report: Report) -> Image | None:
    people, peers = report.people, report.peers.board
    png = await asyncio.to_thread(standings_png, people, peers)
    return Image("standings.png", png, standings_alt(people, peers)) if png else None


async def _suggest(desk: Desk, channel: Channel, typed: str) -> Document:
    seated = (await commands.settings_of(desk, channel)).members
    if typed and not (typed.isdecimal() and 1 <= int(typed) <= MEMBERS_MAX):
        raise InvalidInput(
            f"Write `/council suggest`, or `/council suggest SEATS` with 1 to {MEMBERS_MAX} seats."
        )
    seats = int(typed or len(seated))
    rows = await desk.statistics().rows(channel.platform, channel.id)
    gone = {model for row in rows for model in row.models if desk.catalogue.missing(model)}
    suggestion = await asyncio.to_thread(suggest, rows, seats=seats, refused=gone)
    return suggestion_page(suggestion, seated, rated(rows))


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
    if not commands.is_administrator(desk, person):
        raise InvalidInput(f"Only administrators can {what} what was asked in this channel.")
