"""What a proposal learns from, what it is tried on, and when it is recommended."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from bot.analysis.judged import Judged, Sheet
from bot.analysis.reflection import (
    ALPHA,
    HeldOut,
    Rated,
    _t_quantile,
    alpha_of,
    compared,
    held_out,
    lesson,
    sheets,
    split,
)
from bot.council import MemberResult
from tests.analysis.test_judged import review
from tests.analysis.test_rows import case
from tests.bench.reflect import Channel, recommended, simulated

RATED = st.lists(
    st.tuples(st.sampled_from("123456789"), st.sampled_from("abcdefghi")), max_size=40
).map(lambda found: [Rated(f"q{n}", *each) for n, each in enumerate(found)])


GAINS = [0.2, 0.3, 0.4, 0.3] * 10


def rows(gains: list[float], askers: int = 6) -> list[HeldOut]:
    return [
        HeldOut(f"q{n}", f"person {n % askers}", (0.5,) * 3, (0.5 + gain,) * 3)
        for n, gain in enumerate(gains)
    ]


@given(RATED, st.integers(), st.sets(st.integers(0, 39)))
def test_no_thread_and_no_asker_stands_on_both_sides(
    rated: list[Rated], seed: int, before: set[int]
) -> None:
    learned = {each.id for each in rated if int(each.id[1:]) in before}

    sides = split(rated, learned, seed)

    assert sorted(sides.learn + sides.test) == sorted(each.id for each in rated)
    assert not learned & set(sides.test)
    learn = [each for each in rated if each.id in sides.learn]
    test = [each for each in rated if each.id in sides.test]
    assert not {each.thread for each in learn} & {each.thread for each in test}
    assert not {each.asker for each in learn} & {each.asker for each in test}


@given(RATED, st.integers())
def test_the_same_lot_is_drawn_in_whatever_order_questions_come(
    rated: list[Rated], seed: int
) -> None:
    assert split(rated[::-1], (), seed) == split(rated, (), seed)


def test_at_most_a_third_is_learned_from() -> None:
    rated = [Rated(f"q{n}", f"t{n}", f"p{n}") for n in range(30)]
    sides = split(rated, (), 1)
    assert (len(sides.learn), len(sides.test)) == (10, 20)
    assert split(rated, (), 2) != sides


def test_only_reviewers_heard_under_both_count() -> None:
    judged = Judged("q1", "p", ("p",), (("a", "b"), ("a", "c")), ())
    old = [Sheet("a", {"a": 1, "b": 0, "c": 0.5}), Sheet("b", {"a": 0, "b": 1, "c": 1})]
    new = [Sheet("a", {"a": 0.5, "b": 0.5, "c": 1}), Sheet("c", {"a": 1, "b": 0, "c": 0})]

    assert held_out(judged, old, new) == HeldOut("q1", "p", (1.0, 1.0), (0.5, 0.0), ("p",))
    assert held_out(judged, old[1:], new) is None


def test_too_few_rows_or_askers_recommend_nothing() -> None:
    assert compared([], 1).recommendation == "too_few"
    few = compared(rows([0.2] * 29), 1)
    assert (few.recommendation, few.rows_needed) == ("too_few", 30)
    assert compared(rows([0.2] * 100, askers=3), 1).recommendation == "too_few"


def test_what_one_person_decided_recommends_nothing_to_others() -> None:
    def voted(*people: tuple[str, ...]) -> list[HeldOut]:
        return [
            replace(row, people=behind) for row, behind in zip(rows(GAINS), people, strict=True)
        ]

    everybody = compared(voted(*(("ann", "bob"),) * 40), 1)
    mostly_one = compared(voted(*(("ann",),) * 21, *(("bob",),) * 19), 1)
    half = compared(voted(*(("ann",),) * 20, *(("bob",),) * 20), 1)

    assert (everybody.recommendation, half.recommendation) == ("adopt", "adopt")
    assert (mostly_one.recommendation, mostly_one.of_one_person) == ("too_few", True)
    assert mostly_one.rows_needed is None
    assert mostly_one.gain == half.gain


def test_a_clear_gain_is_recommended_a_loss_and_nothing_are_not() -> None:
    gain = [0.3, 0.1, 0.2, 0.0, 0.4] * 20
    assert compared(rows(gain), 1).recommendation == "adopt"
    assert compared(rows([-each for each in gain]), 1).recommendation == "discard"
    assert compared(rows([0.0] * 100), 1).recommendation == "discard"


def test_what_is_not_decided_says_about_how_many_rows_would() -> None:
    found = compared(rows([0.5, -0.4, 0.6, -0.5, 0.0] * 8), 1)
    assert found.recommendation == "too_few"
    assert (found.rows_needed or 0) > 40


def test_each_try_asks_for_more_and_all_together_spend_no_more_than_alpha() -> None:
    assert sum(map(alpha_of, range(1, 10_000))) == pytest.approx(ALPHA, abs=1e-5)
    widths = [
        found.gain.high - found.gain.low
        for tries in (1, 2, 5)
        if (found := compared(rows([0.3, 0.0] * 50), tries)).gain
    ]
    assert widths == sorted(set(widths))


@pytest.mark.parametrize("freedom", [1.0, 2.5, 7.0, 40.0])
@pytest.mark.parametrize("alpha", [0.03, 0.001])
def test_students_quantile(freedom: float, alpha: float) -> None:
    assert _t_quantile(alpha, freedom) == pytest.approx(float(t.isf(alpha, freedom)), rel=1e-2)


def test_a_harmful_change_is_hardly_ever_recommended_a_good_one_mostly() -> None:
    assert recommended(simulated(Channel(150, -2), trials=40)) <= 0.05
    assert recommended(simulated(Channel(150, 0), trials=40)) <= 0.075
    assert recommended(simulated(Channel(150, 5), trials=40)) >= 0.6


def test_the_chairman_reads_what_reviewers_read_and_what_people_preferred() -> None:
    says_who = "As Zulu, I say yes."
    reviewed = case(reviews=(review("A", "A", "B", "C"), review("B", "BC", "A", counted=False)))
    result = reviewed.result
    assert result is not None
    first = replace(result.answers[0], text=says_who)
    members = (*result.members, MemberResult("Z", "zulu/one", "failed", "refused: no.", 9))
    result = replace(result, answers=(first, *result.answers[1:]), members=members)
    judged = Judged("q", "ann", ("ann",), (("lab/b", "lab/a"),), ())

    found = lesson(result, judged)

    assert found.question == result.question
    assert found.answers[0] == ("A", "As [a member], I say yes.")
    assert [label for label, _ in found.answers] == ["A", "B", "C"]
    assert found.critiques == ("A review.",)
    assert found.better == (("B", "A"),)
    assert set(found.models) >= {"lab/a", "lab/b", "lab/c", "zulu/one"}


def test_a_review_again_counts_for_the_one_who_wrote_it() -> None:
    reviewed = case(reviews=(review("A", "A", "B", "C"),))
    assert reviewed.result is not None

    (sheet,) = sheets(reviewed.result, [review("A", "C", "B", "A")])

    assert sheet == Sheet("lab/a", {"lab/c": 1.0, "lab/b": 0.5, "lab/a": 0.0})
