"""What weights would gain: on questions that they were not learned from."""

from dataclasses import replace

import numpy as np
import pytest

from bot.analysis.judged import Judged, Sheet
from bot.analysis.reviewers import FirstPlaces, Reviewers, as_json, cross_fitted, reviewers
from bot.analysis.weights import EQUAL
from tests.analysis.test_weights import question, uneven
from tests.bench.reviewers import channel, suggested, world


def of(*askers: str) -> list[Judged]:
    """`best` is right, both others are wrong."""
    return [
        replace(question(str(n), "best", wrong=("x", "y")), asker=asker)
        for n, asker in enumerate(askers)
    ]


def test_the_keys_are_those_of_the_contract() -> None:
    told = as_json(reviewers(uneven(30)))
    assert told.keys() >= {
        "reviewers", "equal", "weighted", "gain", "gain_low", "gain_high", "gain_low_anytime",
    }  # fmt: skip
    assert told["reviewers"][0].keys() == {
        "reviewer", "rows", "pairs", "agreement", "agreement_low", "agreement_high", "weight",
        "self_preference",
    }  # fmt: skip
    assert told["equal"].keys() == told["weighted"].keys() == {"pairs", "right"}


def test_each_reviewer_has_its_agreement_with_an_interval() -> None:
    best, coin, worst = reviewers(uneven(30)).reviewers
    assert (best.reviewer, best.rows, best.pairs) == ("best", 30, 30)
    assert [each.agreement and each.agreement.value for each in (best, coin, worst)] == [1, 0.5, 0]
    assert coin.agreement is not None
    assert 0.3 < coin.agreement.low < 0.5 < coin.agreement.high < 0.7
    assert best.self_preference is None


def test_what_weights_gain_is_told_with_limits() -> None:
    found = reviewers(of(*map(str, range(60))))
    assert (found.equal.right, found.weighted.right, found.gain) == (0, 1, 1)
    assert found.gain_low is not None
    assert found.gain_low_anytime is not None
    assert 0.9 < found.gain_low < 1
    assert 0 < found.gain_low_anytime < found.gain_low
    assert found.first_places == FirstPlaces(questions=60, changed=60, right=60, wrong=0)
    assert found.questions_needed is not None
    assert 1 < found.questions_needed <= 60


def test_below_twenty_pairs_no_gain_is_told() -> None:
    found = reviewers(of(*map(str, range(19))))
    assert (found.learned, found.gain, found.weighted.right) == (False, None, None)
    assert {each.weight for each in found.reviewers} == {1.0}
    assert reviewers(of(*map(str, range(20)))).gain == 1


def test_one_asker_alone_tells_nothing_of_others() -> None:
    found = reviewers(of(*["ann"] * 60))
    assert (found.learned, found.gain, found.first_places) == (True, None, None)
    assert found.equal.right == 0


def voted_by(person: str, judged: list[Judged]) -> list[Judged]:
    return [replace(each, people=(person,)) for each in judged]


def test_one_who_votes_in_many_askers_threads_proves_nothing_of_others() -> None:
    askers = [str(n % 40) for n in range(200)]
    mallorys = voted_by("mallory", of(*askers))
    assert reviewers(mallorys).gain is None
    among_others = reviewers([*mallorys, *voted_by("ann", of("ann"))])
    assert among_others.gain == pytest.approx(1)
    assert among_others.gain_low_anytime is not None
    assert among_others.gain_low_anytime < 0


def test_who_votes_in_own_threads_alone_is_one_person_as_before() -> None:
    judged = of(*[str(n % 40) for n in range(200)])
    own = [replace(each, people=(each.asker,)) for each in judged]
    assert reviewers(own).gain_low_anytime == reviewers(judged).gain_low_anytime


def test_nothing_is_judged_by_what_it_was_learned_from() -> None:
    """Of an asker's questions alone one would learn that x is right; the others say that best is."""
    judged = of(*[str(n) for n in range(80)])
    odd = [replace(question(f"odd {n}", "x", wrong=("best", "y")), asker="odd") for n in range(10)]
    tried = cross_fitted([*judged, *odd])
    for weights in tried[80:]:
        assert weights.deviations["best"] > weights.deviations["y"]
        assert weights.deviations["x"] == pytest.approx(weights.deviations["y"])
    assert len({id(weights) for weights in tried}) == 5
    assert len({id(weights) for weights in tried[80:]}) == 1


def test_an_askers_questions_elsewhere_are_left_out_with_those_here() -> None:
    elsewhere = [replace(each, asker="0") for each in uneven(200)]
    judged = [question(str(n), "best", "worst") for n in range(20)]
    own, other = cross_fitted(judged, elsewhere)[0], cross_fitted(judged, elsewhere)[1:]
    assert own.deviations["best"] == pytest.approx(0)
    assert max(weights.deviations["best"] for weights in other) > 0.02


def test_without_a_pair_there_is_nobody() -> None:
    found = reviewers([])
    assert (found.reviewers, found.equal.right, found.gain) == ((), None, None)


def test_a_change_that_people_hold_for_worse_is_counted_as_one() -> None:
    """Three answers: weights follow `best`, which puts the one that people refuse first there."""
    sheets = (
        Sheet("best", {"good": 0.0, "bad": 1.0}),
        Sheet("x", {"good": 1.0, "bad": 0.0}),
        Sheet("y", {"good": 1.0, "bad": 0.0}),
    )
    odd = Judged("odd", "odd", (), (("good", "bad"),), sheets)
    found = reviewers([*of(*map(str, range(60))), odd])
    assert found.first_places == FirstPlaces(questions=61, changed=61, right=60, wrong=1)


def test_the_same_questions_give_the_same_in_any_order() -> None:
    rng = np.random.default_rng(3)
    judged = [each for each in channel(world("plain", 4, rng), 60, rng)[0] if each.pairs]

    def gain(found: Reviewers) -> float:
        assert found.gain is not None
        return found.gain

    assert gain(reviewers(judged)) == pytest.approx(gain(reviewers(judged[::-1])))


def test_where_all_reviewers_are_alike_weights_are_not_suggested() -> None:
    assert suggested("alike", 4, 5, questions=100, step=20) == 0


def test_equal_weights_would_change_nothing() -> None:
    rng = np.random.default_rng(4)
    judged, _ = channel(world("plain", 4, rng), 5, rng)
    for each in judged:
        scores = EQUAL.scores(each)
        assert sum(scores.values()) == pytest.approx(2)
