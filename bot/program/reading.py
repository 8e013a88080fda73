"""The commands that only read the database, or a file, beside whoever writes to it.

Each imports what it needs when it runs.
"""

import argparse
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from bot.errors import Expired, InvalidInput
from bot.language import N_, _
from bot.printing import note, tell, tell_json
from bot.program.process import DONE, NO_ANSWER

if TYPE_CHECKING:
    from datetime import timedelta

    from bot.analysis.cofailure import Ceiling
    from bot.analysis.judged import Judged
    from bot.document import Document
    from bot.pages.reviewers import Counting
    from bot.program.config import Config
    from bot.records import PlatformName
    from bot.store.store import Store

# Of those that there are, as many as fit a line or two.
_CHANNELS_SHOWN = 8


async def stats(options: argparse.Namespace, config: "Config") -> int:
    from bot.analysis.report import as_json
    from bot.conversation.statistics import Statistics
    from bot.pages.statistics import stats_page
    from bot.pages.statistics_details import details_page

    await _keep_up(config)
    async with database(config) as store:
        await _require_channel(store, options.channel)
        report = await Statistics(store).report(channel=options.channel)
    if options.json:
        tell_json(as_json(report), indent=2)
    else:
        show(stats_page(report))
        if report.rated.rows:
            show(details_page(report))
    return DONE


async def ceiling(options: argparse.Namespace, config: "Config") -> int:
    from bot.analysis.certificate import as_json
    from bot.document import Document
    from bot.pages.ceiling import audit_page, ceiling_page, curve, diagnostics, rules

    ceiling, period, questions = await _ceiling_of(options, config)
    if options.json:
        tell_json(as_json(ceiling), indent=2)
        return DONE
    show(ceiling_page(ceiling, period))
    if ceiling.source == "counts":
        show(Document((rules(ceiling),)))
        return DONE
    show(Document((diagnostics(ceiling),)))
    if ceiling.by_pool_size:
        show(Document((curve(ceiling),)))
    if ceiling.source == "grades" and ceiling.audit:
        show(audit_page(ceiling, questions))
    return DONE


async def _ceiling_of(
    options: argparse.Namespace, config: "Config"
) -> "tuple[Ceiling, str, Mapping[str, str]]":
    """Of what was named: the ceiling, its period, and the questions' texts by row."""
    from bot.analysis.cofailure import ceiling_of_counts, ceiling_of_grades

    if sum(map(bool, (options.file, options.channel, options.counts))) > 1:
        raise InvalidInput(
            _("Name a FILE or a --channel or --counts: the ceiling is told of one of them.")
        )
    if options.models and not options.counts:
        raise InvalidInput(_("--models goes with --counts: elsewhere the models are counted."))
    if options.counts:
        return ceiling_of_counts(*options.counts, models=options.models or 1), "", {}
    if options.file:
        from bot.analysis.outcomes import read_outcomes

        outcomes = read_outcomes(options.file)
        return ceiling_of_grades(outcomes), "", outcomes.questions
    from bot.conversation.statistics import Statistics

    await _keep_up(config)
    async with database(config) as store:
        await _require_channel(store, options.channel)
        return *await Statistics(store).ceiling(channel=options.channel), {}


async def reviewers(options: argparse.Namespace, config: "Config") -> int:
    from bot.analysis.reviewers import as_json, reviewers
    from bot.pages.reviewers import channel_page, reviewers_page

    judged, elsewhere, pace = await _judged(options, config)
    found = reviewers(judged, elsewhere)
    if options.json:
        tell_json(as_json(found), indent=2)
    elif options.channel and (counting := await _counting(config, options.channel)):
        show(channel_page(found, pace, counting))
    else:
        show(reviewers_page(found, pace))
    return DONE


async def _counting(config: "Config", channel: str) -> "Counting | None":
    """What reviews count for there; `None` where its people are told of no weights, which whoever runs
    the bot may read all the same."""
    from bot.pages.reviewers import Counting

    async with database(config) as store:
        if any(each.id == channel for each in await store.channels_with("weights", "off")):
            return None
        for each in await store.channels_with("weights", "on"):
            if each.id == channel:
                here = (each.platform, each.workspace, each.id)
                return Counting("on", await store.set_since(*here, "weights"))
    return Counting("shadow")


async def _judged(
    options: argparse.Namespace, config: "Config"
) -> "tuple[Sequence[Judged], Sequence[Judged], timedelta | None]":
    """Of what was named, and of all other channels; and the time from one rated question to the next."""
    if options.files:
        if len(options.files) != 2:
            raise InvalidInput(_("Name two files, BALLOTS.csv and OUTCOMES.csv, or none."))
        if options.channel:
            raise InvalidInput(
                _("Name two files or a --channel: reviewers are told of one of them.")
            )
        from bot.analysis.ballot_files import read_judged

        return read_judged(*options.files), (), None
    from bot.analysis.rows import pace
    from bot.conversation.statistics import Statistics

    await _keep_up(config)
    async with database(config) as store:
        await _require_channel(store, options.channel)
        statistics = Statistics(store)
        rows = await statistics.rows(channel=options.channel)
        judged = await statistics.judged(channel=options.channel)
        elsewhere: Sequence[Judged] = ()
        if options.channel:
            ids = {each.id for each in judged}
            elsewhere = [each for each in await statistics.judged() if each.id not in ids]
    return judged, elsewhere, pace(rows)


async def trial(options: argparse.Namespace, config: "Config") -> int:
    async with database(config) as store:
        await _require_channel(store, options.channel)
        places = await store.channels_with_trials(options.channel)
        found = [await _trial_in(store, *place) for place in places]
    if options.json:
        tell_json({"trials": [numbers for numbers, _page in found]}, indent=2)
        return DONE
    from bot.pages.trial import none_page

    for numbers, page in found:
        if len(found) > 1:
            note(f"{numbers['platform']} {numbers['channel']}")
        show(page)
    if any(numbers["on"] for numbers, _page in found):
        note(
            _(
                "`/council trial` in the channel says what it would save, too: prices are known there."
            )
        )
    if not found:
        show(none_page())
    return DONE


async def _trial_in(
    store: "Store", platform: "PlatformName", channel: str
) -> "tuple[dict[str, Any], Document]":
    """The numbers of a channel's trial, and its page. What it would save needs prices, which are known
    where it ended."""
    from bot.analysis.trial import as_json
    from bot.conversation.trials import counted, finding, number_after
    from bot.pages.trial import over_page, stopped_page, under_way_page

    over, is_on = (
        await store.trial_over(platform, channel),
        await store.has_trial(platform, channel),
    )
    number = number_after(over)
    found = await counted(store, platform, channel, number)
    if over and not is_on and not found.choices:
        ended, number = finding(over.result), over.number
        numbers = as_json(ended.trial, is_on=False, saves_usd=ended.saves_usd)
        page = over_page(ended, number=number)
    else:
        numbers = as_json(found, is_on=is_on, saves_usd=None)
        page = (
            under_way_page(found, found, None, number=number)
            if is_on
            else stopped_page(found, found)
        )
    return {"platform": platform, "channel": channel, "number": number, **numbers}, page


async def costs(options: argparse.Namespace, config: "Config") -> int:
    from datetime import UTC

    from bot.pages.costs import costs_json, costs_page

    since = options.since.astimezone(UTC).date() if options.since else None
    async with database(config) as store:
        accounts = await store.costs(options.by, since)
    if options.json:
        tell_json(costs_json(accounts, options.by), indent=2)
    else:
        show(costs_page(accounts, options.by))
    return DONE


async def export(options: argparse.Namespace, config: "Config") -> int:
    from bot.conversation.exporting import exported
    from bot.conversation.statistics import Statistics

    async with database(config) as store:
        await _require_channel(store, options.channel)
        if options.csv:
            await _export_csv(options, store)
            return DONE
        count = 0
        cases = store.cases(channel=options.channel, since=options.since)
        async for each in exported(store, Statistics(store), cases):
            tell_json(each)
            count += 1
    if not count:
        note(_("No finished question is from there and then."))
    return DONE


async def _require_channel(store: "Store", channel: str | None) -> None:
    """Raises `InvalidInput` where nothing was ever asked in a channel of this id."""
    if channel is None or await store.was_asked_in(channel):
        return
    known = await store.channels()
    if not known:
        raise InvalidInput(_("Nothing was asked in any channel yet. Leave --channel out."))
    raise InvalidInput(
        _(
            "Nothing was asked in a channel {channel}. There are: {known}.",
            channel=channel,
            known=", ".join(known[:_CHANNELS_SHOWN])
            + ("" if len(known) <= _CHANNELS_SHOWN else ", …"),
        )
    )


async def _keep_up(config: "Config") -> None:
    """Keep what the statistics take from each question, where nobody else writes who does: to take it
    from ten thousands of questions again and again would take a minute each time."""
    from bot.conversation.statistics import Statistics
    from bot.errors import StoreFailed
    from bot.store.store import Store

    async with database(config) as store:
        if not await store.missing_summaries(1):
            return
    try:
        store = await Store.open(config.database_place(), holder="council stats")
        try:
            await Statistics(store).keep_up()
        finally:
            await store.close()
    except StoreFailed:
        pass  # somebody writes and keeps up, or it cannot be written: then it is read as it is


async def _export_csv(options: argparse.Namespace, store: "Store") -> None:
    from bot.conversation.statistics import Statistics
    from bot.pages.csv_tables import write_ballots, write_outcomes

    if options.csv == "outcomes":
        rows = await Statistics(store).rows(channel=options.channel)
        since = options.since
        write_outcomes([row for row in rows if not since or row.asked_at >= since], sys.stdout)
    else:
        cases = store.cases(channel=options.channel, since=options.since)
        await write_ballots(cases, sys.stdout)


async def thread(options: argparse.Namespace, config: "Config") -> int:
    """A finished deliberation as its thread shows it, everything opened."""
    from bot.chat import RANKING
    from bot.conversation.posts import last_posts
    from bot.document import Document, Heading, Text
    from bot.pages.presenter import beneath_verdict, unvoted
    from bot.texts import EXPIRED_ID

    place = config.database_place()
    if options.id is None and isinstance(place, Path) and not place.exists():
        note(_("Nothing was asked yet."))
        return NO_ANSWER
    async with database(config) as store:
        case = await (store.case(options.id) if options.id else store.newest())
        posts = await last_posts(case, store) if case and case.result else {}
    if case and case.expired_at:
        raise Expired(_(EXPIRED_ID, id=case.id))
    if case is None:
        missing = (
            N_("There is no deliberation {id}.") if options.id else N_("Nothing was asked yet.")
        )
        note(_(missing, id=options.id))
    elif not posts:
        note(_("The deliberation {id} is not finished.", id=options.id))
    else:
        question = Text(case.question.text)
        show(Document((Heading(_("Question")), question)))
        for key, document in posts.items():
            show(unvoted(beneath_verdict(document) if key == RANKING else document))
    return DONE if posts else NO_ANSWER


async def watch(options: argparse.Namespace, config: "Config") -> int:
    from bot.program.watch import watch

    async with database(config) as store:
        await watch(store, since=options.since, follow=options.follow, tell=tell)
    return DONE


def show(document: "Document") -> None:
    """On standard output, with an empty line below it."""
    put(document, sys.stdout)
    tell("")


def put(document: "Document", stream: TextIO) -> None:
    """With colours on a terminal, as text into a pipe; nothing where the document is empty."""
    from adapters.terminal import render

    if not document.blocks:
        return
    if stream.isatty():
        render.console(stream).print(render.render(document, opened=True))
    else:
        tell(render.plain(document, opened=True, width=100), stream)


@asynccontextmanager
async def database(config: "Config") -> "AsyncIterator[Store]":
    """The database, read beside whoever writes to it."""
    from bot.store.store import Store

    store = await Store.open(config.database_place(), read_only=True)
    try:
        yield store
    finally:
        await store.close()
