"""The ceiling in words: the numbers people read, and only those that hold."""

import numpy as np
import pytest

from bot.analysis.certificate import advice, as_json, worded
from bot.analysis.cofailure import ceiling_of_counts, ceiling_of_grades, ceiling_of_votes
from bot.analysis.outcomes import UNKNOWN, WRONG, Outcomes
from tests.fakes.outcomes import (
    all_wrong_labels,
    filled,
    matrix,
    with_broken_references,
    worked_example,
)


def test_votes_are_worded_with_limits_that_hold_at_any_time() -> None:
    found = ceiling_of_votes(worked_example())
    assert worded(found, period="1 Mar - 9 May") == (
        "In 120 rated questions (1 Mar - 9 May) you rejected every answer 6 times (5.0 %; "
        "plausible range 0.8-12.9 %). A perfect picker among these 5 models would be accepted 6 to "
        "29 points more often than always using a (80 %); no way of picking can gain more. This "
        "holds however often you look and already allows for a having been picked on the same "
        "data. It covers only rated questions, and not the written synthesis, which can do better "
        "or worse."
    )


def test_undecided_questions_are_told_in_ranges_that_hold_each_other() -> None:
    rated_in_part = filled([[UNKNOWN, 0, 0]] * 2)
    said = worded(ceiling_of_votes(rated_in_part))
    assert "0 times (0.0 % of the 40 that tell; plausible range 0.0-19.5 %)." in said
    assert "Counting" not in said

    said = worded(ceiling_of_votes(filled([[UNKNOWN, 0, 0]] * 2 + [[UNKNOWN] * 3] * 6)))
    assert "plausible range 0.0-19.5 %)." in said
    assert "Counting 6 more that nobody rated, the share can be anything in 0.0-35.7 %" in (said)


def test_shares_of_votes_in_part_say_what_they_assume() -> None:
    cells = np.full((30, 3), UNKNOWN, np.int8)
    cells[:20, 0] = 1
    cells[20:, 1] = 1
    found = ceiling_of_votes(matrix(cells))
    said = worded(found)
    assert "always using a (100 % of its 20 rated answers)" in said
    assert "take answers that nobody rated to be like those that were rated (0 of 30" in said
    assert as_json(found)["assumption"] in said
    assert as_json(ceiling_of_votes(worked_example()))["assumption"] is None


def test_an_alarm_is_told_with_its_ratio() -> None:
    said = worded(ceiling_of_grades(with_broken_references()))
    assert said.startswith("In 245 graded questions every model was wrong 5 times (2.0 %; ")
    assert "That is 3.3 times what pairs of models predict" in said


def test_an_audit_is_told_with_what_was_graded() -> None:
    found = with_broken_references()
    said = worded(ceiling_of_grades(found, all_wrong_labels(found, "bad reference")))
    assert "every model was wrong 0 times (0.0 %; plausible range 0.0-1.6 %)" in said
    assert "An audit set 5 rows aside; as graded, 5 were all wrong." in said


def little_to_gain() -> Outcomes:
    cells = np.ones((2_000, 3), np.int8)
    cells[:20, 2] = WRONG
    cells[:200, 1] = WRONG
    cells[:20, 0] = WRONG
    cells[20:40, 0] = WRONG
    return matrix(cells)


def test_a_gain_too_small_for_a_router_says_what_to_do_instead() -> None:
    found = ceiling_of_votes(little_to_gain())
    assert advice(found) == (
        "Picking the best answer of these 3 models can gain at most 1 point over always using c: "
        "skip the council for this kind of question, or add a model that fails on other questions, "
        "not a router."
    )
    assert as_json(found)["advice"] == advice(found)


def test_a_verdict_that_beats_every_member_is_not_skipped() -> None:
    said = advice(ceiling_of_grades(little_to_gain(), verdict_is_better=True))
    assert said is not None
    assert "at most 1 point over always using c, but the written verdict does better" in said
    assert "skip" not in said


def test_a_gain_that_is_surely_large_asks_for_better_picking() -> None:
    said = advice(ceiling_of_votes(worked_example()))
    assert said is not None
    assert said.startswith(
        "Picking the best answer of these 5 models would gain at least 6 points over always using a,"
    )


def test_wrong_references_come_before_any_other_advice() -> None:
    assert advice(ceiling_of_grades(with_broken_references())) == (
        "Look at the 5 questions that every model got wrong before you act on any of this: so many "
        "together are mostly faults of the references."
    )


def test_three_counts_alone_advise_too() -> None:
    assert str(advice(ceiling_of_counts(30, 1_000, 968))).startswith(
        "Picking the best answer of these models can gain at most 1 point over always using the "
        "best model: skip the council"
    )


def test_rows_that_are_complete_because_all_were_rejected_advise_nothing() -> None:
    cells = np.full((500, 3), UNKNOWN, np.int8)
    cells[:300] = WRONG
    cells[300:400, 0] = 1
    cells[400:, 1] = 1
    found = ceiling_of_votes(matrix(cells))
    assert found.complete_rows == 300
    assert found.gain_anytime_high_complete is not None
    assert found.gain_anytime_high_complete < 0.05
    assert advice(found) is None


def test_the_first_published_rule_is_never_said() -> None:
    found = ceiling_of_votes(worked_example())
    assert found.gain_seed == pytest.approx(0.178003872, abs=5e-9)
    assert "18" not in worded(found)
