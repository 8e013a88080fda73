"""The ceiling in words: the numbers people read, and only those that hold."""

from dataclasses import asdict

import numpy as np
import pytest

from bot.analysis.certificate import worded
from bot.analysis.cofailure import (
    DELTA,
    beta_certificate,
    ceiling_of_grades,
    ceiling_of_votes,
)
from bot.analysis.outcomes import UNKNOWN, WRONG
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
        "plausible range 0.9-12.9 %). A perfect picker among these 5 models would be accepted 6 to "
        "29 points more often than always using a (80 %); no way of picking can gain more. This "
        "holds however often you look and already allows for a having been picked on the same "
        "data. It covers only rated questions, and not the written synthesis, which can do better "
        "or worse."
    )


def test_undecided_questions_are_told_with_their_worst_case() -> None:
    found = ceiling_of_votes(filled([[UNKNOWN, 0, 0]] * 2))
    assert "2 of all 42 questions were rated only in part: with them the share can be anything" in (
        worded(found)
    )
    assert "anything in 0.0-4.8 %." in worded(found)


def test_an_alarm_is_told_with_its_ratio() -> None:
    said = worded(ceiling_of_grades(with_broken_references()))
    assert said.startswith("In 245 graded questions every model was wrong 5 times (2.0 %; ")
    assert "That is 3.3 times what pairs of models predict" in said


def test_an_audit_is_told_with_what_was_graded() -> None:
    found = with_broken_references()
    said = worded(ceiling_of_grades(found, all_wrong_labels(found, "bad reference")))
    assert "every model was wrong 0 times (0.0 %; plausible range 0.0-1.6 %)" in said
    assert "An audit set 5 rows aside; as graded, 5 were all wrong." in said


def test_a_gain_too_small_to_pay_for_is_told() -> None:
    cells = np.ones((2_000, 3), np.int8)
    cells[:20, 2] = WRONG
    cells[:200, 1] = WRONG
    said = worded(ceiling_of_votes(matrix(cells)))
    assert said.endswith("skip the council for this kind of question and ask a.")


def test_the_first_published_rule_is_never_shown() -> None:
    found = ceiling_of_votes(worked_example())
    first = beta_certificate(6, 120, found.best_accuracy, DELTA)
    shown = [value for value in asdict(found).values() if isinstance(value, float)]
    assert all(value != pytest.approx(first, abs=1e-6) for value in shown)
    assert "18" not in worded(found)
