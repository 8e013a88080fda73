"""The audit of an outcome matrix: which rows a person should look at, and what the labels change.

Rows that every model gets wrong are mostly faults of the question or its grading: of 58 such rows
of the first published study 3 were genuine, of the 5 in GSM8K none. The opposite fault hides them:
a judge that lets 5 % of wrong answers pass hides 23 % of the true ones among five models.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

import numpy as np

from bot.analysis.outcomes import RIGHT, Mask, Outcomes
from bot.errors import InvalidInput
from bot.language import _

AuditLabel = Literal["genuine", "bad reference", "ambiguous", "grader bug", "truncated"]
AUDIT_LABELS: tuple[AuditLabel, ...] = get_args(AuditLabel)

SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row to look at. `right` is the only model that was right, `None` where none was."""

    row: str
    right: str | None


def audit_queue(outcomes: Outcomes, *, seed: int, sample: int = SAMPLE) -> tuple[Suspect, ...]:
    """Every row that all models got wrong, then a random sample of those that one alone got right.

    Both in the order of the rows; the sample is smaller where there are fewer.
    """
    wrong = [Suspect(outcomes.rows[row], None) for row in np.flatnonzero(outcomes.all_wrong)]
    alone = outcomes.complete & ((outcomes.cells == RIGHT).sum(axis=1) == 1)
    places = np.flatnonzero(alone).tolist()
    drawn = sorted(Random(seed).sample(places, min(sample, len(places))))
    lucky = outcomes.cells.argmax(axis=1)
    single = [Suspect(outcomes.rows[row], outcomes.models[lucky[row]]) for row in drawn]
    return (*wrong, *single)


def set_aside(outcomes: Outcomes, labels: Mapping[str, str]) -> Mask:
    """By row: whether its label says that it tells nothing about the models.

    Only `genuine` rows count, and those without a label. Raises `InvalidInput` for labels and rows
    that do not exist.
    """
    _check(outcomes, labels)
    return np.array([labels.get(row, "genuine") != "genuine" for row in outcomes.rows], np.bool_)


def _check(outcomes: Outcomes, labels: Mapping[str, str]) -> None:
    known = set(outcomes.rows)
    for row, label in labels.items():
        if row not in known:
            raise InvalidInput(
                _("The audit labels row {row}, which is not in the outcomes.", row=row)
            )
        if label not in AUDIT_LABELS:
            raise InvalidInput(
                _(
                    "Row {row} is labelled `{label}`; the labels are {audit_labels}.",
                    row=row,
                    label=label,
                    audit_labels=", ".join(AUDIT_LABELS),
                )
            )
