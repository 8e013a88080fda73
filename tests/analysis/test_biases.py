"""Being one's own, the position and the length: what they add to a ranking."""

from collections.abc import Sequence

import numpy as np
import pytest

from bot.analysis import strengths
from bot.analysis.agreement import tau_b
from bot.analysis.biases import (
    length_effect,
    people_length_effect,
    people_position_slope,
    position_slopes,
    self_preference,
)
from bot.analysis.rows import Row
from bot.errors import InvalidInput
from tests.fakes.public_votes import expected, llmfao, llmfao_pairs, table, with_ties_broken
from tests.fakes.rows import ballot, make_row

NAMES = {"h": "human", "gpt-4": "gpt-4", "gpt-3.5": "gpt-3.5"}


def lengths(rater: str) -> tuple[list[int], list[int]]:
    """Characters of the left and of the right answer of each vote."""
    chars = {(r["prompt"], r["model"]): int(r["chars"]) for r in table("llmfao_lengths_a.csv")}
    votes = llmfao(rater)
    left = [chars[vote["prompt"], vote["left"]] for vote in votes]
    return left, [chars[vote["prompt"], vote["right"]] for vote in votes]


def reviewed(count: int, *, heard: bool = True) -> list[Row]:
    """All agree that a is before b before c, except that b puts itself first."""
    said = [("a", "a>b>c", "abc"), ("b", "b>a>c", "bca"), ("c", "a>b>c", "cab")]
    ballots = [ballot(*each) for each in said]
    return [make_row(str(i), ballots=ballots, heard=heard) for i in range(count)]


def drawn_to_the_first(count: int, pull: float, seed: int = 1) -> list[Row]:
    """Three reviewers of equal answers, the first of them drawn to what it reads first."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(count):
        seats = rng.permutation(["a", "b", "c"]).tolist()
        ballots = []
        for turn, reviewer in enumerate("abc"):
            order = seats[turn:] + seats[:turn]
            bias = pull * np.array([1, 0, -1]) if reviewer == "a" else 0
            places = np.argsort(-(rng.normal(size=3) + bias))
            ballots.append(ballot(reviewer, ">".join(order[p] for p in places), "".join(order)))
        rows.append(make_row(str(i), ballots=ballots))
    return rows


@pytest.mark.parametrize("rater", ["h", "gpt-4", "gpt-3.5"])
def test_the_effect_of_length_on_public_votes_is_the_known_one(rater: str) -> None:
    known = expected("llmfao_a")[f"style_length_{NAMES[rater]}"]
    # A trace of a prior: without any, the sixth digit of one gamma differs by one.
    found = length_effect(llmfao_pairs(rater)[1], *lengths(rater), prior_sd=1_000)
    assert found.gamma.estimate.value == pytest.approx(known["gamma"], abs=5e-7)
    assert found.gamma.standard_error == pytest.approx(known["se"], abs=5e-7)
    possible = {
        round(tau_b(each, found.controlled) or 0, 6)
        for each in with_ties_broken(found.uncontrolled)
    }
    assert known["tau_with_uncontrolled"] in possible
    assert found.order_kept is not None
    assert min(possible) <= round(found.order_kept, 6) <= max(possible)


def test_self_preference_is_the_own_share_less_that_of_the_others() -> None:
    # a gives itself 1 and the others 1/2 and 1; b itself 1, the others 1/2; c 0 and 0.
    found = self_preference(reviewed(50))
    assert [(name, each.value) for name, each in found.by_reviewer] == [
        ("a", 0.25),
        ("b", 0.5),
        ("c", 0.0),
    ]
    assert found.pooled is not None
    assert found.pooled.value == pytest.approx(0.25)
    assert found.pooled.low < 0.25 < found.pooled.high


def test_self_preference_needs_fifty_rows_of_a_reviewer_and_twenty_together() -> None:
    assert self_preference(reviewed(49)).by_reviewer == ()
    assert self_preference(reviewed(49)).pooled is not None
    assert self_preference(reviewed(19)).pooled is None


def test_rows_that_may_have_stopped_early_say_nothing_of_reviewers() -> None:
    rows = reviewed(60, heard=False)
    assert self_preference(rows).pooled is None
    assert position_slopes(rows).pooled is None


def test_only_the_reviewer_that_is_drawn_to_the_first_has_a_slope() -> None:
    found = dict(position_slopes(drawn_to_the_first(400, 1.5)).by_reviewer)
    assert found["a"].high < -0.3
    assert found["b"].low < 0 < found["b"].high
    assert found["c"].low < 0 < found["c"].high


def test_slopes_need_twenty_rows_of_a_reviewer_and_ten_together() -> None:
    found = position_slopes(drawn_to_the_first(19, 1.5))
    assert found.by_reviewer == ()
    assert found.pooled is not None
    assert found.pooled.low < found.pooled.value < found.pooled.high
    assert position_slopes(drawn_to_the_first(9, 1.5)).pooled is None


def shown(accepted: Sequence[bool], places: Sequence[int], number: int) -> Row:
    return make_row(str(number), accepted=accepted, places=places, asker=f"p{number}")


def test_the_slope_of_people_does_not_mistake_a_good_model_for_its_place() -> None:
    # a is always accepted and c never; each stands in each place equally often.
    turns = [(0, 1, 2), (1, 2, 0), (2, 0, 1)]
    rows = [shown((True, i % 2 == 0, False), turns[i % 3], i) for i in range(60)]
    found = people_position_slope(rows)
    assert found is not None
    assert found.value == pytest.approx(0)


def test_people_that_accept_what_stands_first_have_a_slope_below_zero() -> None:
    turns = [(0, 1, 2), (1, 2, 0), (2, 0, 1)]
    rows = [shown([place == 0 for place in turns[i % 3]], turns[i % 3], i) for i in range(60)]
    found = people_position_slope(rows)
    assert found is not None
    assert found.value == pytest.approx(-1)
    assert found.high < 0


def test_people_have_no_slope_where_each_model_keeps_its_place_or_rows_are_few() -> None:
    assert (
        people_position_slope([shown((True, False, True), (0, 1, 2), i) for i in range(60)]) is None
    )
    assert (
        people_position_slope([shown((True, False, True), (i % 3, 1, 2), i) for i in range(19)])
        is None
    )


def test_the_length_of_what_people_pick_is_read_from_their_picks() -> None:
    rng = np.random.default_rng(1)
    rows = []
    for i in range(200):
        sizes = rng.integers(100, 2_000, 3).tolist()
        longest = "abc"[int(np.argmax(sizes))] if rng.random() < 0.8 else "a"
        rows.append(make_row(str(i), best=longest, lengths=sizes, asker=f"p{i % 40}"))
    found = people_length_effect(rows).gamma.estimate
    assert found.low > 0.5
    assert found.n == 400


@pytest.mark.parametrize(
    ("sizes", "count", "said"),
    [
        ((100, 200, 300), 50, "needs 200 comparisons; there are 100"),
        ((100, 100, 100), 120, "equally long"),
        ((0, 0, 5), 120, "A length is missing"),
    ],
)
def test_lengths_that_say_nothing_are_refused_in_a_sentence(
    sizes: tuple[int, int, int], count: int, said: str
) -> None:
    rows = [make_row(str(i), best="abc"[i % 2], lengths=sizes, asker=f"p{i}") for i in range(count)]
    with pytest.raises(InvalidInput, match=said):
        people_length_effect(rows)


def test_nothing_picked_has_no_effect_of_length() -> None:
    with pytest.raises(InvalidInput, match="Nobody picked a best answer yet"):
        people_length_effect([])


def test_strengths_with_length_controlled_come_with_those_without() -> None:
    found = length_effect(llmfao_pairs("gpt-4")[1], *lengths("gpt-4"))
    plain = strengths.bradley_terry(llmfao_pairs("gpt-4")[1])
    assert found.uncontrolled == pytest.approx(tuple(plain.strengths))
    assert found.controlled != pytest.approx(found.uncontrolled, abs=0.01)
