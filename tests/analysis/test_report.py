"""The report of a channel, and what of its rows it needs."""

import random

import pytest

from bot.analysis.report import COMPARED_MAX, REVIEWED_MAX, as_json, compared, peers_of, report
from bot.analysis.rows import Row, brief
from tests.fakes.rows import ballot, make_row

ORDERS = ("abc", "bca", "cab", "acb")
RANKINGS = ("a>b>c", "b>ac", "c>b>a", "ab>c")


def question(number: int, dice: random.Random) -> Row:
    """Models of different strength and length, some judged by people, some with a missing review."""
    accepted = [dice.choice([True, False, None]) for _ in "abc"]
    reviewers = dice.sample("abc", dice.choice([2, 3]))
    return make_row(
        f"question-{number:05}",
        asker=f"person-{dice.randrange(30)}",
        accepted=accepted,
        verdict=dice.choice([True, True, False, None]),
        best=dice.choice(["a", "a", "b", "c", None]),
        scores=[dice.random() for _ in "abc"],
        lengths=[dice.randrange(100, 3_000) for _ in "abc"],
        places=dice.sample(range(3), 3),
        ballots=[ballot(r, dice.choice(RANKINGS), dice.choice(ORDERS)) for r in reviewers],
        heard=dice.random() < 0.08,
    )


@pytest.mark.parametrize("seed", range(3))
def test_rows_that_are_not_compared_may_be_brief(seed: int) -> None:
    dice = random.Random(seed)
    rows = [question(number, dice) for number in range(3_000)]
    whole = compared(rows)
    briefly = [row if row.id in whole else brief(row) for row in rows]

    assert as_json(report(briefly, peers_of(briefly))) == as_json(report(rows, peers_of(rows)))
    assert COMPARED_MAX <= len(whole) < COMPARED_MAX + REVIEWED_MAX
    assert sum(row.is_brief for row in briefly) == len(rows) - len(whole)


def test_reviews_are_needed_of_older_rows_where_few_were_all_heard() -> None:
    rows = [make_row(f"question-{n:05}", heard=n % 20 == 0) for n in range(5_000)]

    assert len(compared(rows)) == COMPARED_MAX + REVIEWED_MAX - COMPARED_MAX // 20


def test_a_channel_in_which_nobody_reviews_has_a_report_by_people_alone() -> None:
    rows = [
        make_row(
            f"question-{n:05}",
            accepted=[True, n % 2 == 0, None],
            best="a",
            scores=[None, None, None],
            verdict=None,
            ballots=[],
            heard=False,
        )
        for n in range(60)
    ]

    told = as_json(report(rows, peers_of(rows)))

    assert told["rated"]["rated"] == 60
    assert told["lift"]["why"].endswith("there are 0.")
