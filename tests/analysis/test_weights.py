"""Reviewers' weights: learned from what people held for better, from nobody else, and gamed by nobody."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.analysis.judged import Judged, Sheet
from bot.analysis.weights import EQUAL, Weights, fitted, learned, parts
from tests.bench.reviewers import JUDGES, SLICES, channel, drawn, gain, gains, world


def question(
    id: str, *right: str, wrong: Sequence[str] = (), people: tuple[str, ...] = (), asker: str = ""
) -> Judged:
    """Two answers, of which people hold `good` for better, and who said so."""
    sheets = [Sheet(name, {"good": 1.0, "bad": 0.0}) for name in right]
    sheets += [Sheet(name, {"good": 0.0, "bad": 1.0}) for name in wrong]
    return Judged(id, asker or id, people, (("good", "bad"),), tuple(sheets))


def uneven(count: int) -> list[Judged]:
    """`best` is always right, `coin` every other time, `worst` never."""
    return [
        question(str(n), "best", "coin", wrong=("worst",))
        if n % 2
        else question(str(n), "best", wrong=("coin", "worst"))
        for n in range(count)
    ]


def test_who_orders_as_people_do_weighs_more_and_nobody_less_than_nothing() -> None:
    weight = learned(uneven(40)).weight
    assert weight["best"] > 2 > 0.2 > weight["coin"] >= weight["worst"] == 0
    assert sum(weight.values()) == pytest.approx(3)


def test_below_twenty_pairs_all_count_alike() -> None:
    assert learned(uneven(19)) is EQUAL
    assert learned(uneven(20)).weight["best"] > 1


def test_few_questions_move_a_weight_less_than_many() -> None:
    few, many = (learned(uneven(count)).deviations["best"] for count in (20, 200))
    assert 0 < few < many < 0.5


def test_reviewers_that_are_always_of_one_mind_stay_alike() -> None:
    weight = learned([question(str(n), "a", "b", "c") for n in range(60)]).weight
    assert [*weight.values()] == pytest.approx([1, 1, 1])


def test_among_reviewers_no_better_than_a_coin_a_little_is_not_everything() -> None:
    rng = np.random.default_rng(5)
    names = ("a", "b", "c", "d")
    judged = [
        question(
            str(n),
            *(name for name in names if right[name]),
            wrong=[name for name in names if not right[name]],
        )
        for n in range(300)
        for right in (dict(zip(names, rng.random(4) < 0.5, strict=True)),)
    ]
    weight = learned(judged).weight
    assert max(weight.values()) < 3 * min(weight.values())


def test_what_is_known_elsewhere_counts_where_little_is_known_here() -> None:
    elsewhere = fitted(uneven(300))
    alike = [question(str(n), "best", "worst") for n in range(20)]
    assert learned(alike).deviations["best"] == pytest.approx(0)
    assert learned(alike, elsewhere).deviations["best"] > 0.05
    # Whom nobody saw here yet keeps it, and much that is seen here outweighs it.
    assert learned(alike, elsewhere).deviations["coin"] == elsewhere.deviations["coin"]
    turned = [question(str(n), "worst", wrong=("best",)) for n in range(300)]
    assert learned(turned, elsewhere).deviations["best"] < -0.3


@given(
    st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True), min_size=1)
)
def test_of_any_people_nobody_is_more_than_a_third_of_the_evidence(voters: list[list[str]]) -> None:
    judged = [question(str(n), "x", people=tuple(by)) for n, by in enumerate(voters)]
    evidence, silent = parts(judged)
    of_person: dict[str, float] = {}
    assert all(0 < amount <= 1 + 1e-9 for amount in evidence)
    # A question of several people is each one's in part; of those alone the share can be told.
    for each, amount in zip(judged, evidence, strict=True):
        if len(each.people) == 1:
            of_person[each.people[0]] = of_person.get(each.people[0], 0.0) + amount
    most = max(of_person.values(), default=0.0)
    assert most <= (evidence.sum() + silent) / 3 + 1e-9


def test_one_person_alone_moves_weights_by_a_third_of_what_many_do() -> None:
    one = [replace(each, people=("ann",)) for each in uneven(300)]
    many = learned(uneven(300)).deviations["best"]
    assert learned(one).deviations["best"] == pytest.approx(many / 3, rel=0.05)


def test_equal_weights_are_mean_shares() -> None:
    judged = Judged(
        "one",
        "ann",
        (),
        (),
        (Sheet("a", {"x": 1.0, "y": 0.0}), Sheet("b", {"x": 0.25, "y": 0.75})),
    )
    assert EQUAL.scores(judged) == pytest.approx({"x": 0.625, "y": 0.375})
    weights = Weights({"a": 3.0, "b": 1.0}, {"b": 0.5})
    assert weights.scores(judged) == pytest.approx({"x": 0.8125, "y": 0.1875})


def test_where_nobody_counts_for_anything_all_count_alike() -> None:
    judged = Judged("one", "ann", (), (), (Sheet("x", {"x": 1.0, "y": 0.0}),))
    assert Weights({"x": 0.0}, {"x": 0.4}).scores(judged) == EQUAL.scores(judged)


def test_what_a_reviewer_prefers_of_its_own_is_taken_off_its_own_answer() -> None:
    judged = Judged("one", "ann", (), (), (Sheet("x", {"x": 1.0, "y": 0.0}),))
    assert Weights(preference={"x": 0.4}).scores(judged) == pytest.approx({"x": 0.6, "y": 0.0})


def test_one_that_ranks_itself_first_is_found_out() -> None:
    rng = np.random.default_rng(1)
    judged, _ = channel(world("first", 4, rng), 200, rng)
    preference = learned(judged).preference
    assert preference["lab/a"] == max(preference.values()) > 0.3


def test_reviewers_that_wrote_no_answer_prefer_none_of_their_own() -> None:
    assert learned(uneven(40)).preference == {}


def test_a_pair_that_colludes_loses_its_weight() -> None:
    rng = np.random.default_rng(1)
    judged, _ = channel(world("pair", 4, rng), 100, rng)
    weight = learned(judged).weight
    assert weight["lab/a"] + weight["lab/b"] < 0.5 < weight["lab/c"] + weight["lab/d"]


def test_what_reviewers_hold_of_each_other_moves_no_weight() -> None:
    """Only the pairs that people decided are looked at."""
    rng = np.random.default_rng(1)
    judged, _ = channel(world("plain", 4, rng), 60, rng)
    names = [f"lab/{letter}" for letter in "abcd"]
    few = [replace(each, pairs=((names[0], names[1]),)) for each in judged]
    upset = [
        replace(each, sheets=tuple(_without_the_rest(sheet) for sheet in each.sheets))
        for each in few
    ]
    assert learned(upset) == learned(few)


def _without_the_rest(sheet: Sheet) -> Sheet:
    return replace(sheet, shares={**sheet.shares, "lab/c": 0.0, "lab/d": 0.0})


def test_of_real_judges_twenty_pairs_tell_whom_to_believe() -> None:
    equal, weighted = drawn(SLICES["Natural + Adversarial"], 25)
    assert equal < 0.65
    assert weighted >= 0.80


@pytest.mark.parametrize("name", ["Natural", "FairEval"])
def test_on_ordinary_pairs_weights_lose_nothing_to_speak_of(name: str) -> None:
    equal, weighted = drawn(SLICES[name], 25)
    assert weighted > equal - 0.01


@pytest.mark.parametrize("kind", ["plain", "pair", "first"])
def test_weights_gain_at_least_half_of_what_an_oracle_does(kind: str) -> None:
    _, (gained,), oracle = gains(kind, 4, [100], 8, tested=300)
    assert gained >= oracle / 2 > 0


@pytest.mark.parametrize("judge", ["GPT-4", "Falcon"])
def test_without_one_of_the_judges_weights_gain_as_well(judge: str) -> None:
    others = [name for name in JUDGES if name != judge]
    equal, weighted = drawn(SLICES["Natural + Adversarial"], 20, judges=others)
    assert weighted > equal + 0.08


@pytest.mark.parametrize("kind", ["alike", "coins"])
def test_where_all_reviewers_are_alike_weights_lose_at_most_a_hundredth(kind: str) -> None:
    """And as much as chance explains: two standard errors."""
    lost = -gain(kind, 4, [20], 25, tested=300)[:, 1]
    assert lost.mean() - 2 * lost.std(ddof=1) / len(lost) ** 0.5 < 0.01


@pytest.mark.parametrize("members", [2, 3])
def test_one_that_sees_the_worse_for_better_counts_for_little_among_few(members: int) -> None:
    _, (gained,), oracle = gains("against", members, [100], 8, tested=200)
    assert gained >= oracle / 2 > 0.02
