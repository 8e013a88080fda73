"""`/council` about what was asked and voted here: `stats`, `ceiling`, `suggest`, `export`, `forget`.

On a platform they see the channel they are typed in alone, and numbers by model as they were
published: what moved with a single question would tell who wrote its answers.

What counts and what exports is imported where it is used: it takes a while to load, and most
processes never need it.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bot import texts
from bot.conversation.desk import (
    Command,
    Desk,
    Option,
    Right,
    first_word,
    is_administrator,
    may_change,
    settings_of,
)
from bot.council import MEMBERS_MAX, Deliberation
from bot.document import Document, Note, Text
from bot.errors import InvalidInput
from bot.language import N_, _, n_
from bot.records import Place

if TYPE_CHECKING:
    from bot.analysis.publication import Published
    from bot.pages.reviewers import Counting

# What every platform takes as a file.
EXPORT_LIMIT_BYTES = 8_000_000

NAMES_SHOWN = N_(
    "New votes do not count here, because everybody sees the names: `reveal` is `always`."
)


async def export_lines(desk: Desk) -> str:
    """Every finished deliberation of the channel in a line of JSON, but those of private threads,
    which not every administrator may read.

    Raises `InvalidInput` where there is more than a platform takes.
    """
    from bot.conversation.exporting import exported

    found = desk.store.cases(platform=desk.channel.platform, channel=desk.channel.id)
    public = (case async for case in found if not desk.is_private(case))
    lines, size = [], 0
    async for each in exported(desk.store, desk.statistics(), public):
        lines.append(json.dumps(each, ensure_ascii=False) + "\n")
        size += len(lines[-1].encode(errors="replace"))
        if size > EXPORT_LIMIT_BYTES:
            too_much = _("This channel's deliberations are too much for a message.")
            raise InvalidInput(f"{too_much} {_by_operator(desk)}")
    return "".join(lines)


async def _stats(desk: Desk, rest: str) -> Document:
    from bot.pages import published

    if rest.lower() == "details":
        return await _told(desk, published.details)
    if rest.lower() == "reviewers":
        return await _told(desk, partial(published.reviewers, counting=await _counting(desk)))
    if rest:
        raise InvalidInput(
            _("Write `/council stats`, `/council stats details` or `/council stats reviewers`.")
        )
    page = await _told(desk, published.stats)
    if (await settings_of(desk)).reveal == "always":
        return replace(page, blocks=(*page.blocks, Note(_(NAMES_SHOWN))))
    return page


async def _counting(desk: Desk) -> "Counting":
    """What reviews count for here."""
    from bot.pages.reviewers import Counting

    here, weights = desk.channel, (await settings_of(desk)).weights
    since = await desk.store.set_since(here.platform, here.workspace, here.id, "weights")
    return Counting(weights, since, await may_change(desk))


async def _ceiling(desk: Desk, rest: str) -> Document:
    from bot.pages import published

    return await _told(desk, published.gain)


async def _suggest(desk: Desk, rest: str) -> Document:
    from bot.pages import published

    seated = (await settings_of(desk)).members
    if rest and not (rest.isdecimal() and 1 <= int(rest) <= MEMBERS_MAX):
        raise InvalidInput(
            _(
                "Write `/council suggest`, or `/council suggest SEATS` with 1 to {most} seats.",
                most=MEMBERS_MAX,
            )
        )
    seats, missing = int(rest or len(seated)), desk.catalogue.missing
    page = partial(published.suggestion, seats=seats, seated=seated, missing=missing)
    return await _told(desk, page)


async def _told(desk: Desk, page: Callable[["Published", int], Document]) -> Document:
    """A page of what is published, made beside the event loop. May raise what the page does."""
    numbers, waiting = await desk.statistics().published(desk.channel.platform, desk.channel.id)
    return await asyncio.to_thread(page, numbers, waiting)


async def accepted_like(desk: Desk, result: Deliberation) -> tuple[Note, ...]:
    """How often verdicts that looked like this one were accepted in the channel: for somebody who
    has voted on it."""
    from bot.pages import published

    numbers, _waiting = await desk.statistics().published(desk.channel.platform, desk.channel.id)
    return await asyncio.to_thread(published.accepted_like, numbers, result)


async def _export(desk: Desk, rest: str) -> Document:
    stored = await desk.store.summaries(platform=desk.channel.platform, channel=desk.channel.id)
    return Document(
        (
            Text(_("Finished deliberations of this channel: {count}.", count=len(stored))),
            Note(_by_operator(desk)),
        )
    )


def _by_operator(desk: Desk) -> str:
    return _(
        "Where the bot runs, `council export --channel {channel}` writes them as JSON lines, one each.",
        channel=desk.channel.id,
    )


_RIGHTS: Mapping[str, Right] = {"me": "anybody", "thread": "anybody", "channel": "administrator"}

# In a link to a message, the numbers that may be a thread's: Slack writes some without their dot.
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SLACK_DECIMALS = 6


async def _forget(desk: Desk, rest: str) -> Document:
    what, where = first_word(rest)
    match what.lower():
        case "me" if not where:
            return await _forget_person(desk)
        case "thread" if where:
            return await _forget_thread(desk, where)
        case "channel" if not where:
            return await _forget_channel(desk)
        case _:
            raise InvalidInput(
                _(
                    "Write `/council forget me` (your questions, votes and answers, everywhere), "
                    "`/council forget thread LINK` (a thread that you began; LINK is the link to a "
                    "message of it) or `/council forget channel` (everything asked here, and its "
                    "settings)."
                )
            )


async def _none_beside() -> Collection[str]:
    return ()


@asynccontextmanager
async def _aside(
    desk: Desk,
    find: Callable[[], Awaitable[Sequence[Place]]],
    beside: Callable[[], Awaitable[Collection[str]]] = _none_beside,
) -> AsyncIterator[int]:
    """Room to forget these questions, and how many of their posts can only be looked for by people.
    Those `beside` lose an answer alone, and go on."""
    async with desk.aside(find, beside):
        yield await desk.store.posts_in_doubt(await find())


async def _forget_person(desk: Desk) -> Document:
    find = partial(desk.store.asked_by, desk.person.id)
    beside = partial(desk.store.answered_by, desk.person.id)
    async with _aside(desk, find, beside) as in_doubt:
        count = await desk.store.forget_person(desk.person.id)
    return await _forgotten(
        desk,
        n_(
            "your votes, the answers that you added, and {n} deliberation that you asked for or that "
            "follows up on yours",
            "your votes, the answers that you added, and {n} deliberations that you asked for or that "
            "follow up on yours",
            count,
        ),
        in_doubt,
    )


async def _forget_thread(desk: Desk, link: str) -> Document:
    """For whoever asked its first question, and administrators."""
    here, thread = desk.channel, await _thread(desk, link)
    find = partial(desk.store.asked_in_thread, here.platform, here.id, thread)
    first = await desk.store.case((await find())[0].id)
    if not (is_administrator(desk) or (first and first.writer == desk.person.id)):
        raise InvalidInput(
            _("Only the person who began this thread, or an administrator, can have it forgotten.")
        )
    async with _aside(desk, find) as in_doubt:
        count = await desk.store.forget_thread(here.platform, here.id, thread)
    return await _forgotten(
        desk,
        n_("{n} deliberation of this thread", "{n} deliberations of this thread", count),
        in_doubt,
    )


async def _thread(desk: Desk, link: str) -> str:
    """The thread of this channel that a link, or the id of a deliberation, leads to. Raises
    `InvalidInput`."""
    words = [link.strip("<>` "), *_NUMBER.findall(link)]
    words += [f"{word[:-_SLACK_DECIMALS]}.{word[-_SLACK_DECIMALS:]}" for word in words]
    for place in await desk.store.asked_in(desk.channel.platform, desk.channel.id):
        if place.thread and {place.thread, place.id} & set(words):
            return place.thread
    raise InvalidInput(
        _("That leads to no thread of this channel in which the council was asked anything.")
    )


async def _forget_channel(desk: Desk) -> Document:
    find = partial(desk.store.asked_in, desk.channel.platform, desk.channel.id)
    async with _aside(desk, find) as in_doubt:
        count = await desk.store.forget_channel(desk.channel.platform, desk.channel.id)
    return await _forgotten(
        desk,
        n_(
            "{n} deliberation of this channel, the votes, the settings",
            "{n} deliberations of this channel, the votes, the settings",
            count,
        ),
        in_doubt,
    )


async def _forgotten(desk: Desk, what: str, in_doubt: int) -> Document:
    desk.statistics().forget()
    notes = [Note(_(_POSTS_STAY))]
    if in_doubt:
        notes.insert(0, Note(texts.never_heard(in_doubt)))
    if posts := await desk.store.posts_to_remove():
        removed = n_(
            "{n} post of the bot's is being removed.",
            "{n} posts of the bot's are being removed.",
            posts,
        )
        notes.insert(0, Note(removed))
    if await desk.store.erase():
        return Document((Text(_("Forgotten: {what}.", what=what)), *notes))
    deleted = Text(_("Deleted: {what}.", what=what))
    return Document((deleted, Note(_(texts.TRACES)), *notes))


_POSTS_STAY = N_("What people wrote themselves stays where it is until they delete it there.")


COMMANDS = (
    Command(
        "stats [details|reviewers]",
        N_("Which models serve best here"),
        _stats,
        (
            Option(
                "more",
                N_("Every number by model, or what votes say of the reviewers"),
                choices=("details", "reviewers"),
            ),
        ),
        at_length=lambda: _("which models serve best here, and whether the council helps"),
        slow=True,
    ),
    Command("ceiling", N_("What picking the best answer could gain here"), _ceiling, slow=True),
    Command(
        "suggest [SEATS]",
        N_("Members by what was accepted here; changes nothing"),
        _suggest,
        (Option("seats", N_("How many; without it as many as now"), "number", most=MEMBERS_MAX),),
        slow=True,
    ),
    Command(
        "export",
        N_("Every deliberation of this channel as a file"),
        _export,
        at_length=lambda: _("every deliberation of this channel as a file, for administrators"),
        may="administrator",
        slow=True,
    ),
    Command(
        "forget me|thread LINK|channel",
        N_("Delete what was asked and voted"),
        _forget,
        (
            Option(
                "what",
                N_("Yours everywhere, a thread, or everything of this channel"),
                required=True,
                choices=tuple(_RIGHTS),
            ),
            Option("link", N_("Of a thread: the link to a message of it")),
        ),
        at_length=lambda: _(
            "delete what was asked and voted: yours everywhere, a thread that you began, or "
            "everything of this channel"
        ),
        may=lambda rest: _RIGHTS.get(first_word(rest)[0].lower(), "admitted"),
        slow=True,
    ),
)
