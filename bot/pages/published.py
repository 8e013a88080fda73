"""What a channel's people are told of the numbers that are published there. Pure."""

from collections.abc import Callable, Sequence

from bot.analysis.publication import STEP, Published
from bot.analysis.report import ceiling
from bot.analysis.rows import rated
from bot.analysis.selection import suggest
from bot.document import Document, Image
from bot.pages.picture import standings_png
from bot.pages.statistics import ceiling_page, details_page, standings_alt, stats_page
from bot.pages.suggestion import suggestion_page


def stats(published: Published) -> Document:
    found = published.report
    people, peers = found.people, found.peers.board
    png = standings_png(people, peers)
    picture = Image("standings.png", png, standings_alt(people, peers)) if png else None
    return stats_page(found, picture)


def details(published: Published) -> Document:
    return details_page(published.report)


def gain(published: Published) -> Document:
    return ceiling_page(*ceiling(published.rows))


def suggestion(
    published: Published, seats: int, seated: Sequence[str], missing: Callable[[str], bool]
) -> Document:
    """`seated` are the members of now, `missing` is true of models that cannot be had any more."""
    rows = published.rows
    gone = {model for row in rows for model in row.models if missing(model)}
    return suggestion_page(suggest(rows, seats=seats, refused=gone), seated, rated(rows))


def not_yet(waiting: int) -> str:
    return (
        f"Numbers by model are published from {STEP} questions on, and in steps of {STEP}, so that "
        f"no single one tells who wrote its answers. So far {_questions(waiting)} answered here."
    )


def since(waiting: int) -> str:
    return (
        f"Counted in steps of {STEP} questions, so that no single one tells who wrote its answers: "
        f"{_questions(waiting)} asked or voted on since."
    )


def _questions(count: int) -> str:
    return "1 question was" if count == 1 else f"{count} questions were"
