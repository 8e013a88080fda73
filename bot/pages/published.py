"""What a channel's people are told of the numbers that are published there. Pure.

`waiting` is how many questions changed since: they are not told of yet.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.analysis.estimates import outwards
from bot.analysis.publication import STEP, Published
from bot.analysis.report import Report, ceiling
from bot.analysis.rows import pace, rated
from bot.analysis.selection import suggest
from bot.council import Deliberation
from bot.document import Document, Image, Note, Text
from bot.language import _, n_, number
from bot.pages.ceiling import ceiling_page
from bot.pages.picture import standings_png
from bot.pages.reviewers import Counting, channel_page
from bot.pages.statistics import standings_alt, standings_bars, stats_page
from bot.pages.statistics_details import details_page
from bot.pages.suggestion import suggestion_page


def stats(published: Published, waiting: int) -> Document:
    return _told(
        published, waiting, lambda: stats_page(published.report, _picture(published.report))
    )


def details(published: Published, waiting: int) -> Document:
    return _told(published, waiting, lambda: details_page(published.report))


def reviewers(published: Published, waiting: int, *, counting: Counting) -> Document:
    found = published.reviewers
    if found is None:
        return _told(published, waiting, lambda: Document((Text(_uncounted(waiting)),)))
    return _told(published, waiting, lambda: channel_page(found, pace(published.rows), counting))


def gain(published: Published, waiting: int) -> Document:
    return _told(published, waiting, lambda: ceiling_page(*ceiling(published.rows)))


def suggestion(
    published: Published,
    waiting: int,
    *,
    seats: int,
    seated: Sequence[str],
    missing: Callable[[str], bool],
) -> Document:
    """`seated` are the members of now, `missing` is true of models that cannot be had any more."""
    rows = published.rows

    def page() -> Document:
        gone = {model for row in rows for model in row.models if missing(model)}
        return suggestion_page(suggest(rows, seats=seats, refused=gone), seated, rated(rows))

    return _told(published, waiting, page)


def accepted_like(published: Published, result: Deliberation) -> tuple[Note, ...]:
    """For whoever has voted on it, and nobody else: who knows how often verdicts like one were
    accepted votes by that, and what was learned would be true of nothing any more."""
    found = published.accepted_like(result)
    if found is None:
        return ()
    low, high = outwards(100 * found.low, 100 * found.high)
    text = _(
        "When it looked like this here, people accepted the verdict in {accepted} of {n} (the next: "
        "plausible {low} to {high} %).",
        accepted=number(found.accepted, ",d"),
        n=number(found.of, ",d"),
        low=number(low, ".0f"),
        high=number(high, ".0f"),
    )
    return (Note(text),)


def _picture(found: Report) -> Image | None:
    people, peers = found.people, found.peers.board
    png = standings_png(people, peers)
    if png is None:
        return None
    return Image("standings.png", png, standings_alt(people, peers), standings_bars(people, peers))


def _told(published: Published, waiting: int, page: Callable[[], Document]) -> Document:
    if not published.rows and waiting:
        return Document((Text(_not_yet(waiting)),))
    return with_what_waits(page(), waiting)


def with_what_waits(page: Document, waiting: int) -> Document:
    """A page with the word that it is not the newest, where so many questions changed since."""
    return replace(page, blocks=(*page.blocks, Note(_since(waiting)))) if waiting else page


def _not_yet(waiting: int) -> str:
    return _(
        "Numbers by model are published from {step} questions on, and in steps of {step}, "
        "so that no single one tells who wrote its answers. So far {questions} answered "
        "here.",
        step=STEP,
        questions=_questions(waiting),
    )


def _uncounted(waiting: int) -> str:
    return n_(
        "What votes say of the reviewers is counted once 1 more question was asked or voted on.",
        "What votes say of the reviewers is counted once {n} more questions were asked or voted on.",
        STEP - waiting,
    )


def _since(waiting: int) -> str:
    return _(
        "Counted in steps of {step} questions, so that no single one tells who wrote its "
        "answers: {questions} asked or voted on since.",
        step=STEP,
        questions=_questions(waiting),
    )


def _questions(count: int) -> str:
    return n_("1 question was", "{n} questions were", count)
