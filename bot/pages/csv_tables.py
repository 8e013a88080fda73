"""What people and models judged, as CSV for other programs: ids, models and numbers, no texts."""

import csv
from collections.abc import AsyncIterable, Iterator, Sequence
from typing import TextIO

from bot.analysis.rows import Row, columns_of_seats
from bot.council import Deliberation
from bot.records import Case

BALLOT_COLUMNS = ("id", "reviewer", "reviewer_label", "model", "label", "place", "position")


def write_outcomes(rows: Sequence[Row], file: TextIO) -> None:
    """The outcome matrix: a row per question that counts, a column per model that ever answered,
    and per further seat of it.

    1 is accepted, 0 is not, empty is not known; `council ceiling FILE.csv` reads it.
    """
    models = sorted({column for row in rows for column in row.columns})
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("id", *models))
    for row in rows:
        accepted = row.columns
        cells = (accepted.get(model) for model in models)
        writer.writerow((row.id, *("" if cell is None else int(cell) for cell in cells)))


async def write_ballots(cases: AsyncIterable[Case], file: TextIO) -> None:
    """A line for each answer on each counted ballot.

    Models are called as the columns of the outcomes are: a further seat of one has a number. `place`
    is 1 for the best, ties share one and what stands below skips as many, as in 1, 1, 3; empty where
    the reviewer left the answer out. `position` is where it stood in what the reviewer read, from 1.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(BALLOT_COLUMNS)
    async for case in cases:
        if case.result:
            writer.writerows(_ballots(case.result))


def _ballots(result: Deliberation) -> Iterator[tuple[object, ...]]:
    models = columns_of_seats(result)
    for review in result.reviews:
        places: dict[str, int] = {}
        for tied in review.ranking:
            places |= dict.fromkeys(tied, len(places) + 1)
        for position, label in enumerate(review.order if review.counted else (), start=1):
            place = places.get(label, "")
            yield (
                result.id,
                models.get(review.label, review.model),
                review.label,
                models[label],
                label,
                place,
                position,
            )
