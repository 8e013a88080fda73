"""A trial that ends itself: when, how, and how seldom wrongly."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.analysis.trial import Choice, Trial, is_step, trial, walk
from tests.bench.trial import Channel, simulated


def in_turn(people: int, *verdicts: Sequence[float]) -> list[Choice]:
    """In each round, everybody chooses, as their number in that round says."""
    return [
        Choice(f"person-{person}", each[person % len(each)])
        for each in verdicts
        for person in range(people)
    ]


def test_without_a_choice_nothing_is_known() -> None:
    assert trial([]) == Trial(choices=0, people=0, same=0, share=None, end=None)


def test_eight_people_of_one_mind_end_it_and_seven_never() -> None:
    assert trial(in_turn(8, *[[1.0]] * 40)).end == "better"
    assert trial(in_turn(8, *[[0.0]] * 40)).end == "worse"
    seven = trial(in_turn(7, *[[1.0]] * 100))
    assert (seven.choices, seven.people, seven.end) == (700, 7, None)


def test_below_eight_people_no_share_is_told() -> None:
    assert trial(in_turn(7, *[[1.0, 0.0]] * 5)).share is None
    with_one_for_neither = [*in_turn(7, [1.0, 0.0]), Choice("another", 0.5)]
    assert trial(with_one_for_neither).share is None
    assert trial(in_turn(8, [1.0, 0.0])).share


def test_ten_choices_of_three_people_may_be_told_at_once() -> None:
    several = ["one", "two", "three"] * 3
    assert not is_step(several)
    assert is_step([*several, "one"])
    assert not is_step(["one", "two"] * 20)


def test_one_person_of_eight_decides_nothing_for_the_others() -> None:
    others = in_turn(8, [1.0, 0.0])
    found = trial([*others, *[Choice("person-0", 1.0)] * 500])
    assert found.end is None
    assert found.people == 8


def test_people_who_each_hold_to_one_of_the_two_are_no_difference_and_no_end() -> None:
    """However often they say so: how the next ones would choose is open."""
    found = trial(in_turn(10, *[[1.0, 0.0]] * 60))
    assert found.end is None
    assert found.share is not None
    assert found.share.low < 0.3
    assert found.share.high > 0.7


def test_people_who_choose_now_this_now_that_end_it_without_a_difference() -> None:
    found = trial(in_turn(10, *[[1.0, 0.0], [0.0, 1.0]] * 60))
    assert found.end == "no_difference"
    assert found.choices < 400
    assert found.share is not None
    assert (found.share.low, found.share.high) == pytest.approx((0.4, 0.6))
    assert found.share.value == pytest.approx(0.5, abs=0.02)


def test_choices_of_neither_bring_the_end_without_a_difference_nearer() -> None:
    of_either = [[1.0, 0.0], [0.0, 1.0]]
    found = trial(in_turn(12, *[*of_either, [0.5], [0.5]] * 30))
    without = trial(in_turn(12, *of_either * 30))
    assert found.end == without.end == "no_difference"
    assert found.choices - found.same < without.choices
    assert found.share is not None
    assert found.share.n == found.choices


def test_a_trial_that_ended_counts_no_later_choice() -> None:
    choices = in_turn(9, *[[1.0]] * 40)
    ended = trial(choices)
    assert ended.end == "better"
    assert ended.choices < len(choices)
    assert trial([*choices, *in_turn(9, *[[0.0]] * 100)]) == ended
    assert trial(choices[: ended.choices - 1]).end is None


def test_the_share_is_told_with_limits_that_leave_one_half_out_at_the_end() -> None:
    found = trial(in_turn(20, *[[1.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 1.0]] * 20))
    assert found.end == "better"
    assert found.share is not None
    assert 0.5 <= found.share.low < found.share.value < found.share.high
    assert found.share.value == pytest.approx(0.75, abs=0.08)


@given(
    st.lists(
        st.builds(Choice, st.sampled_from("abcdefghij"), st.sampled_from([0.0, 0.5, 1.0])),
        max_size=60,
    )
)
def test_any_choices_the_other_way_round_are_the_other_end(choices: list[Choice]) -> None:
    found = trial(choices)
    turned = trial([Choice(each.person, 1 - each.verdict) for each in choices])
    ends = {"better": "worse", "worse": "better", "no_difference": "no_difference", None: None}
    assert turned.end == ends[found.end]
    assert (turned.choices, turned.same) == (found.choices, found.same)
    if found.share and turned.share:
        assert turned.share.value == pytest.approx(1 - found.share.value)
        assert turned.share.low == pytest.approx(1 - found.share.high)


# Simulated channels; `python -m tests.bench.trial` has more of them


@pytest.mark.parametrize("people", [10, 20, 40])
def test_people_of_different_leanings_seldom_end_it_wrongly(people: int) -> None:
    found = simulated(Channel(people, 0.5), trials=200, choices=200)
    assert found.share("better", "worse") <= 0.05


def test_it_would_end_wrongly_if_choices_of_one_person_were_taken_for_many_peoples() -> None:
    rng = np.random.default_rng(1)
    who = rng.integers(10, size=(100, 200))
    leanings = 1 / (1 + np.exp(-0.5 * rng.standard_normal((100, 10))))
    values = (rng.random(who.shape) < np.take_along_axis(leanings, who, axis=1)).astype(float)
    alone = np.broadcast_to(np.arange(200), who.shape)

    def ended(people: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]") -> float:
        wrong = np.zeros(100, bool)
        for _decided, _same, ends in walk(people, values):
            wrong |= np.array([end in ("better", "worse") for end in ends])
        return float(wrong.mean())

    assert ended(who) <= 0.05 < 0.1 < ended(alone)


def test_a_difference_of_twenty_points_is_mostly_found() -> None:
    found = simulated(Channel(20, 0.7), trials=100, choices=200)
    assert found.share("better") >= 0.8
    assert found.share("worse", "no_difference") == 0
    assert np.median(found.lengths) < 120


def test_a_difference_of_ten_points_is_seldom_called_none() -> None:
    """Among all choices: of those for either text it is more, where others said "same"."""
    found = simulated(Channel(40, 0.5 + 0.1 / 0.6, same=0.4), trials=100, choices=250)
    assert found.share("no_difference") <= 0.05
