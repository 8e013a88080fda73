"""Who made how much of the possible gain real, over rows that can be paired."""

import numpy as np
import pytest

from bot.analysis.limits import anytime_z
from bot.analysis.outcomes import UNKNOWN
from bot.analysis.realised import more_than_half, realised
from bot.errors import InvalidInput
from tests.fakes.outcomes import matrix

# Somebody is right in 3 of 4 rows; a member drawn at random in 5 of 12.
CELLS = np.array([[1, 0, 0], [0, 1, 1], [1, 0, 1], [0, 0, 0]] * 10, np.int8)


def test_a_perfect_picker_realises_all_and_a_draw_nothing() -> None:
    picker = [1.0, 1.0, 1.0, 0.0] * 10
    draw = [1 / 3, 2 / 3, 2 / 3, 0.0] * 10
    found = realised(matrix(CELLS), {"verdict": picker, "top_answer": draw})
    assert found.possible.value == pytest.approx(3 / 4 - 5 / 12)
    assert [each.way for each in found.shares] == ["best_member", "verdict", "top_answer"]
    verdict, top = found.of("verdict"), found.of("top_answer")
    assert verdict is not None
    assert verdict.of_gain.value == pytest.approx(1)
    assert top is not None
    assert top.of_gain.value == pytest.approx(0, abs=1e-12)


def test_what_was_always_so_in_a_few_rows_is_not_certain() -> None:
    few = matrix(CELLS[:20])
    found = realised(few, {"verdict": [1.0, 1.0, 1.0, 0.0] * 5, "majority": [0.0] * 20})
    verdict = found.of("verdict")
    assert verdict is not None
    assert verdict.of_gain.low < 0.8
    assert verdict.of_gain.high > 1.2
    alike = realised(matrix(np.array([[1, 0]] * 20, np.int8)), {"verdict": [1.0] * 20})
    over = alike.shares[1].over_best
    assert over is not None
    assert (over.value, over.low, over.high) == pytest.approx((0, -0.098, 0.098), abs=1e-3)


def test_a_perfect_picker_gains_nothing_less_than_nothing() -> None:
    cells = np.array([[1, 0], *[[1, 1]] * 19], np.int8)
    possible = realised(matrix(cells), {}).possible
    assert possible.low == 0
    assert possible.high > possible.value > 0


def test_equal_members_do_not_take_turns_to_be_best_where_they_are_wrong() -> None:
    """Each is right as often as the others: the best of all other single rows never is, which would
    be a share of -0.5; what is left is that folds are not all alike."""
    cells = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]] * 40, np.int8)
    best = realised(matrix(cells), {}).of("best_member")
    assert best is not None
    assert -0.2 < best.of_gain.value < 0.05


def test_rows_count_in_which_everything_is_known() -> None:
    cells = np.array(CELLS)
    cells[0, 0] = UNKNOWN
    verdict = [None, None, *[1.0] * 38]
    found = realised(matrix(cells), {"verdict": verdict})
    assert {found.possible.n, *(each.of_gain.n for each in found.shares)} == {38}


def test_a_way_that_is_seldom_known_does_not_cost_the_others_their_rows() -> None:
    verdict = [1.0] * 19 + [None] * 21
    found = realised(matrix(CELLS), {"verdict": verdict, "top_answer": [1.0] * 40})
    assert found.of("verdict") is None
    assert found.possible.n == 40


def test_too_few_rows_say_how_many_there_are() -> None:
    with pytest.raises(InvalidInput, match=r"from 20 questions on of which .* there are 16"):
        realised(matrix(CELLS[:16]), {})


def test_a_majority_is_told_by_outcomes_where_it_is_one() -> None:
    cells = np.array([[1, 1, 0, 1], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, UNKNOWN]], np.int8)
    assert more_than_half(matrix(cells)) == (1.0, 0.0, 0.5, None)


def test_votes_of_one_person_are_no_separate_evidence() -> None:
    verdict = [1.0] * 20 + [0.0] * 20
    alone = realised(matrix(CELLS), {"verdict": verdict}).of("verdict")
    one = realised(matrix(CELLS), {"verdict": verdict}, clusters=["a"] * 20 + ["b"] * 20).of(
        "verdict"
    )
    assert alone is not None
    assert one is not None
    assert one.of_gain.value == alone.of_gain.value
    assert one.of_gain.high - one.of_gain.low > 2 * (alone.of_gain.high - alone.of_gain.low)


def test_limits_at_all_looks_hold_at_every_row() -> None:
    """Of channels with a verdict as good as the best member, looked at after every question."""
    rng = np.random.default_rng(1)
    values = (rng.random((2_000, 300)) < 0.5).astype(float) - (rng.random((2_000, 300)) < 0.5)
    n = np.arange(1, 301)
    mean = values.cumsum(axis=1) / n
    spread = np.sqrt((values**2).cumsum(axis=1) / n - mean**2)
    z = np.array([anytime_z(each) for each in n.tolist()])
    outside = (abs(mean) > z * spread / np.sqrt(n))[:, 19:]
    assert 0.005 < outside.any(axis=1).mean() < 0.05
    at_one_look = (abs(mean) > 1.96 * spread / np.sqrt(n))[:, 19:]
    assert at_one_look.any(axis=1).mean() > 0.2
