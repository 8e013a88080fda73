"""What a reflection would do, before anybody pays: who may begin one, and what is missing where not."""

from dataclasses import replace

import pytest

from bot.pages.reflecting import Proposed, proposed_page
from tests.pages.telling import words

PLAN = Proposed(
    rated=60,
    readable=50,
    learn=12,
    test=34,
    testable=34,
    askers=9,
    of_one_person=False,
    most_micros=1_234_567,
    least_micros=1_000_000,
    tries=0,
    is_assumed=False,
    lately=10,
    keeps_days=None,
)
FEW = replace(PLAN, readable=20, learn=6, test=14, testable=14, least_micros=None)


def test_what_is_paid_at_most_is_on_the_button() -> None:
    page = proposed_page(PLAN)

    assert [(each.name, each.label) for each in page.buttons] == [
        ("reflect:begin:1234567:0", "Reflect for at most $1.24")
    ]
    assert "That costs at most $1.24." in words(page)


def test_a_price_that_nobody_knows_is_said_to_be_assumed() -> None:
    assumed = "No price is known of some of these models"

    assert assumed in words(proposed_page(replace(PLAN, is_assumed=True)))
    assert assumed not in words(proposed_page(PLAN))


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (
            FEW,
            "about 25 more are needed. At the pace of the last four weeks that takes about 10 weeks.",
        ),
        (replace(FEW, readable=44, lately=100), "about 1 more is needed."),
        (replace(FEW, readable=44, lately=100), "that takes about 1 week."),
        (replace(FEW, lately=0), "about 25 more are needed."),
        (
            replace(FEW, keeps_days=90),
            "Texts are erased after 90 days: at the pace of the last four weeks there are never as many.",
        ),
        (replace(FEW, keeps_days=180), "that takes about 10 weeks."),
        (
            replace(PLAN, learn=0, test=50, testable=50),
            "too much in one piece to learn from a part",
        ),
        (
            replace(PLAN, askers=3),
            "Besides those whose questions the chairman would read, 3 people asked: at least 4 are needed.",
        ),
        (replace(PLAN, askers=1), "one person asked: at least 4 are needed."),
        (replace(PLAN, of_one_person=True), "More than half of the votes are one person's"),
        (
            replace(PLAN, test=7),
            "has room for 7 of them, and below 30 nothing can be told: that takes $1.00.",
        ),
    ],
)
def test_what_is_missing_is_said_and_nobody_pays(plan: Proposed, sentence: str) -> None:
    page = proposed_page(plan)

    assert sentence in words(page)
    assert page.buttons == ()


def test_no_pace_is_no_promise() -> None:
    assert "pace" not in words(proposed_page(replace(FEW, lately=0)))
