"""Which rows are offered for an audit, and what its labels change."""

import re

import pytest

from bot.analysis.audit import AUDIT_LABELS, Suspect, audit_queue
from bot.analysis.cofailure import ceiling_of_grades
from bot.analysis.outcomes import UNKNOWN, WRONG
from bot.errors import InvalidInput
from tests.fakes.outcomes import all_wrong_labels, filled
from tests.reference_data import expected, outcomes


def test_gsm8k_raises_the_alarm_and_offers_its_five_rows() -> None:
    queue = audit_queue(outcomes("gsm8k_outcomes"), seed=1)
    offered = {suspect.row for suspect in queue if suspect.right is None}
    assert offered == expected()["audit"]["gsm8k_all_wrong"].keys()
    assert ceiling_of_grades(outcomes("gsm8k_outcomes")).reference_alarm


def test_cruxeval_raises_no_alarm() -> None:
    assert not ceiling_of_grades(outcomes("crux_outcomes_a")).reference_alarm


def test_labelling_the_five_rows_leaves_no_co_failure() -> None:
    labels = all_wrong_labels(outcomes("gsm8k_outcomes"), "bad reference")
    found = ceiling_of_grades(outcomes("gsm8k_outcomes"), labels)
    assert (found.all_wrong_graded, found.all_wrong, found.rows_set_aside) == (5, 0, 5)
    assert found.all_wrong_genuine == expected()["audit"]["genuine_all_wrong"]
    assert not found.reference_alarm


def test_genuine_rows_stay_and_are_counted_as_audited() -> None:
    labels = all_wrong_labels(outcomes("crux_outcomes_a"), "genuine")
    found = ceiling_of_grades(outcomes("crux_outcomes_a"), labels)
    assert (found.all_wrong, found.all_wrong_genuine, found.rows_set_aside) == (4, 4, 0)


@pytest.mark.parametrize("label", ["bad reference", "ambiguous", "grader bug", "truncated"])
def test_rows_that_are_not_genuine_are_set_aside(label: str) -> None:
    found = ceiling_of_grades(filled([[WRONG] * 3]), {"40": label})
    assert (found.rows, found.all_wrong, found.all_wrong_graded, found.rows_set_aside) == (
        40,
        0,
        1,
        1,
    )
    assert label in AUDIT_LABELS


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ({"0": "fine"}, "Row 0 is labelled `fine`; the labels are genuine, bad reference, "),
        ({"x": "genuine"}, "The audit labels row x, which is not in the outcomes."),
    ],
)
def test_labels_that_cannot_be_used_are_named(labels: dict[str, str], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(sentence)):
        ceiling_of_grades(filled([]), labels)


def test_queue_samples_rows_that_one_model_alone_got_right() -> None:
    cells = [[0, 0, 0], *[[0, 1, 0]] * 30, [0, UNKNOWN, 1]]
    queue = audit_queue(filled(cells), seed=7)
    assert queue[0] == Suspect("40", None)
    assert len(queue) == 21
    assert {suspect.right for suspect in queue[1:]} == {"b"}
    assert queue == audit_queue(filled(cells), seed=7)
    assert queue != audit_queue(filled(cells), seed=8)


def test_queue_takes_every_such_row_where_there_are_few() -> None:
    assert audit_queue(filled([[0, 0, 1]]), seed=1) == (Suspect("40", "c"),)
