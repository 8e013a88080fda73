"""What is said of how often people accepted verdicts like one, and that it is true of the next."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.analysis.calibration import First, Look, Rated, Same, acceptance
from bot.council import Acceptance
from tests.bench.calibration import Told, by_chance, calibration_error, measured

ALL = Look("all", "all")


def questions(
    n: int, accepted: int, *, same: Same = "all", first: First = "all", people: int = 10
) -> list[Rated]:
    return [
        Rated(Look(same, first), place < accepted, f"{first}-{place % people}")
        for place in range(n)
    ]


def counts(found: Acceptance | None) -> tuple[int, int] | None:
    return (found.accepted, found.of) if found else None


def test_nothing_is_said_below_thirty_questions_of_a_kind() -> None:
    assert acceptance(questions(29, 25), ALL) is None
    assert counts(acceptance(questions(30, 25), ALL)) == (25, 30)
    assert acceptance(questions(300, 250, same="unknown"), ALL) is None


def test_the_range_is_about_the_next_and_so_wider_than_that_of_the_share() -> None:
    found = acceptance(questions(40, 34, people=40), ALL)
    assert found
    assert (found.accepted, found.of) == (34, 40)
    assert 0.55 < found.low < 0.70
    assert 0.93 < found.high < 1


def test_answers_that_all_say_the_same_are_never_put_together_with_others() -> None:
    rated = [*questions(40, 39), *questions(20, 10, same="most"), *questions(15, 3, same="few")]
    assert counts(acceptance(rated, ALL)) == (39, 40)
    # Few of each: they are told of together.
    assert counts(acceptance(rated, Look("most", "all"))) == (13, 35)
    assert counts(acceptance(rated, Look("few", "some"))) == (13, 35)
    more = [*rated, *questions(15, 3, same="few"), *questions(10, 5, same="most")]
    assert counts(acceptance(more, Look("most", "all"))) == (15, 30)
    assert counts(acceptance(more, Look("few", "all"))) == (6, 30)


def test_reviewers_tell_questions_apart_where_there_are_enough_of_both() -> None:
    few = [*questions(40, 30), *questions(29, 10, first="some")]
    assert counts(acceptance(few, ALL)) == (40, 69)
    enough = [*few, *questions(1, 1, first="some")]
    assert counts(acceptance(enough, ALL)) == (30, 40)
    assert counts(acceptance(enough, Look("all", "some"))) == (11, 30)


def test_people_who_vote_alike_tell_less_than_their_votes() -> None:
    def width(rated: list[Rated]) -> float:
        found = acceptance(rated, ALL)
        assert found
        return found.high - found.low

    mixed = [Rated(ALL, place % 2 == 0, str(place // 10)) for place in range(60)]
    alike = [Rated(ALL, place < 30, str(place // 10)) for place in range(60)]
    assert width(alike) > 1.5 * width(mixed)


def test_one_person_counts_for_no_more_than_a_third() -> None:
    others = [Rated(ALL, False, str(place % 10)) for place in range(30)]
    found = acceptance([*others, *[Rated(ALL, True, "eager")] * 300], ALL)
    assert found
    assert (found.accepted, found.of) == (300, 330)
    assert found.low < 0.25  # of the others' votes none accepted


@given(
    st.lists(
        st.builds(Rated, st.just(ALL), st.booleans(), st.sampled_from("abcdefg")),
        min_size=30,
        max_size=60,
    )
)
def test_a_range_holds_what_was_counted(rated: list[Rated]) -> None:
    found = acceptance(rated, ALL)
    assert found
    assert 0 <= found.low <= found.accepted / found.of <= found.high <= 1


@pytest.mark.parametrize(
    ("name", "pool", "people", "councils"),
    [("gsm8k", "any", 12, 4), ("gsm8k", "weak", 4, 4), ("crux", "any", 40, 8)],
)
def test_on_real_outcomes_what_is_said_is_true_of_the_next(
    name: str, pool: str, people: int, councils: int
) -> None:
    found = measured(name, pool, people=people, learnt=200, councils=councils)
    assert found.ranges >= 8
    assert found.error <= 0.05
    assert found.covered >= 0.9


def test_the_error_of_calibration_is_over_questions_in_bins_of_what_was_said() -> None:
    found = [Told(0.82, 30, 0.72, 100, 0.8), Told(0.88, 30, 0.98, 100, 0.9)]
    assert calibration_error(found) == pytest.approx(0.0)  # one bin, in which they even out
    assert calibration_error([*found, Told(0.5, 30, 0.6, 200, 0.5)]) == pytest.approx(0.05)


def test_who_counts_thirty_votes_misses_by_chance_where_who_knows_does_not() -> None:
    found = [Told(0.8, 30, 0.8, 1_000, 0.8)] * 4
    known, counted = by_chance(found, np.random.default_rng(0))
    assert known < 0.01
    assert 0.02 < counted < 0.06
