"""The council against its best member, the chairman's rescue and harm, and the price."""

import numpy as np
import pytest

from bot.analysis.leaderboard import ROWS_MIN
from bot.analysis.lift import NOT_BLIND, chairman, lift, price
from bot.analysis.limits import anytime_lower, anytime_upper
from bot.analysis.rows import Row
from bot.errors import InvalidInput
from tests.fakes.rows import make_row


def said(
    verdict: bool, accepted: str, count: int, models: str = "ab", *, written: bool = True
) -> list[Row]:
    """Rows whose answers were accepted (1), refused (0) or not rated (-)."""
    votes = [{"1": True, "0": False, "-": None}[each] for each in accepted]
    return [
        make_row(
            f"{verdict}{accepted}{i}", models, accepted=votes, verdict=verdict, written=written
        )
        for i in range(count)
    ]


def test_the_lift_is_over_the_member_that_was_accepted_most() -> None:
    # The verdict 80 of 100, a 70, b 40.
    rows = (
        said(True, "11", 30) + said(True, "10", 40) + said(True, "01", 10) + said(False, "00", 20)
    )
    found = lift(rows)
    assert found.best == "a"
    assert found.lift.value == pytest.approx(0.10)
    assert found.lift.n == 100
    assert found.label == NOT_BLIND == "verdict not blind"


def test_the_limits_are_anytime_and_the_upper_one_pays_for_every_member() -> None:
    rows = (
        said(True, "11", 30) + said(True, "10", 40) + said(True, "01", 10) + said(False, "00", 20)
    )
    found = lift(rows).lift
    # Verdict better than a in 10 rows and worse in none; better than b in 40 and worse in none.
    low = min(anytime_lower(k, 100, 0.025) - anytime_upper(0, 100, 0.025) for k in (10, 40))
    high = min(anytime_upper(k, 100, 0.0125) - anytime_lower(0, 100, 0.0125) for k in (10, 40))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.low < found.value < found.high


def test_a_council_that_spoils_its_best_member_has_a_lift_below_zero() -> None:
    found = lift(said(False, "10", 60) + said(True, "11", 40)).lift
    assert found.value == pytest.approx(-0.6)
    assert found.high < 0


def test_only_rows_in_which_everything_was_rated_count() -> None:
    rows = (
        said(True, "11", 20) + said(True, "1-", 50) + [make_row("x", "ab", accepted=(True, False))]
    )
    assert lift(rows).lift.n == 20


def test_questions_rated_in_full_because_nothing_was_any_good_prove_no_lift() -> None:
    """People mark the best answer, and refuse all where none will do: only those rows are full."""
    refused = said(True, "00", 60) + said(False, "00", 20)
    found = lift(refused).lift
    assert found.low > 0.5
    found = lift(refused + said(True, "1-", 150) + said(True, "-1", 50)).lift
    assert found.n == 80
    assert found.value == pytest.approx(0.75)
    assert found.low < 0.3
    found = lift(refused + said(False, "1-", 150) + said(False, "-1", 50)).lift
    assert found.low < 0


def test_an_unrated_answer_widens_the_limits_at_its_worst() -> None:
    full = said(True, "10", 40) + said(False, "11", 20)
    found = lift(full + said(False, "-1", 40)).lift
    # For a: never surely better; worse in 20 rows, or in 60.
    assert found.low == pytest.approx(anytime_lower(0, 100, 0.025) - anytime_upper(60, 100, 0.025))
    high = anytime_upper(0, 100, 0.0125) - anytime_lower(20, 100, 0.0125)
    assert found.high == pytest.approx(high)


def test_the_roster_is_the_one_that_was_rated_most_unless_it_is_given() -> None:
    rows = said(True, "10", 20) + said(True, "110", 30, "abc")
    assert lift(rows).roster == ("a", "b", "c")
    assert lift(rows).lift.n == 30
    assert lift(rows, ("b", "a")).lift.n == 50


def test_the_limits_hold_at_every_look_together() -> None:
    rng = np.random.default_rng(1)
    wrong, runs, looks = 0, 40, range(20, 201, 30)
    for _ in range(runs):
        # Both members are accepted as often as the verdict: the true lift is 0.
        accepted = rng.random((200, 3)) < 0.7
        rows = [
            make_row(str(i), "ab", accepted=one[:2].tolist(), verdict=bool(one[2]))
            for i, one in enumerate(accepted)
        ]
        seen = [lift(rows[:n]).lift for n in looks]
        wrong += any(each.low > 0 for each in seen) or any(each.high < 0 for each in seen)
    assert wrong <= 0.1 * runs


@pytest.mark.parametrize("rows", [[], said(True, "11", ROWS_MIN - 1), said(True, "1-", 50)])
def test_too_few_rows_are_refused_in_a_sentence(rows: list[Row]) -> None:
    with pytest.raises(InvalidInput, match="is shown from 20 questions on"):
        lift(rows)


def test_rescue_and_harm_are_counted_where_they_can_happen() -> None:
    rows = said(True, "00", 5) + said(False, "00", 20) + said(False, "1-", 6) + said(True, "11", 44)
    found = chairman(rows)
    assert (found.rescue.count, found.rescue.n) == (5, 25)
    assert (found.harm.count, found.harm.n) == (6, 50)
    assert found.rescue.share is not None
    assert found.harm.share is not None
    assert found.rescue.share.low < 0.2 < found.rescue.share.high
    assert found.harm.share.low < 0.12 < found.harm.share.high
    assert found.label == "verdict not blind"


def test_few_rows_of_a_kind_stay_counts() -> None:
    found = chairman(said(True, "00", 19) + said(True, "11", 20))
    assert found.rescue.share is None
    assert (found.rescue.count, found.rescue.n) == (19, 19)
    assert found.harm.share is not None


def test_an_answer_that_stands_for_the_verdict_rescues_and_harms_nothing() -> None:
    found = chairman(said(True, "00", 30, written=False))
    assert (found.rescue.n, found.harm.n) == (0, 0)


def test_the_price_is_that_of_all_rated_verdicts_for_each_accepted_one() -> None:
    # 0.02 USD and 30 seconds each; 24 of 30 accepted.
    found = price(said(True, "11", 24) + said(False, "00", 6))
    assert found.cost_usd.value == pytest.approx(0.025)
    assert found.seconds.value == pytest.approx(37.5)
    assert found.cost_usd.low < 0.025 < found.cost_usd.high
    assert found.seconds.low < 37.5 < found.seconds.high


@pytest.mark.parametrize("rows", [[], said(True, "11", 19), said(False, "00", 40)])
def test_without_accepted_verdicts_there_is_no_price(rows: list[Row]) -> None:
    with pytest.raises(InvalidInput, match="some of them accepted"):
        price(rows)
