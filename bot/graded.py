"""The graded lines of a bench: who was right how often, in what time and at what cost.

Pure; a line is the contract's JSON with its grades. Knows no file and no words.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bot.analysis.estimates import Estimate, mean
from bot.analysis.limits import interval
from bot.analysis.outcomes import RIGHT, UNKNOWN, WRONG, Outcomes
from bot.grading import common_form
from bot.ranking import draw

Line = dict[str, Any]

MAJORITY, TOP_ANSWER, VERDICT = "majority vote", "top answer", "verdict"

# Graders whose readings can be counted, see `common_form`.
_COMPARABLE = {"number", "choice", "exact"}


@dataclass(frozen=True, slots=True)
class Contender:
    """A member, or a way of the council's to come to one answer.

    Intervals are 95 %; accuracy's is exact for a number of questions fixed in advance. `seconds`
    (until that answer was there) and `cost_usd` are means by question, `None` below two.
    """

    name: str
    right: int
    accuracy: Estimate
    seconds: Estimate | None
    cost_usd: Estimate | None


def graded(lines: Iterable[Line]) -> list[Line]:
    return [line for line in lines if line.get("grades")]


def outcomes(lines: Sequence[Line]) -> Outcomes:
    """Of the members, by name; unknown where one failed or had no seat."""
    grades = [_by_model(line) for line in lines]
    models = sorted({model for each in grades for model in each})
    cells = np.full((len(lines), len(models)), UNKNOWN, np.int8)
    for row, each in enumerate(grades):
        for column, model in enumerate(models):
            if model in each:
                cells[row, column] = RIGHT if each[model]["correct"] else WRONG
    return Outcomes(tuple(str(line["id"]) for line in lines), tuple(models), cells)


def contenders(lines: Sequence[Line]) -> tuple[Contender, ...]:
    """The members, the most accurate first, then the majority vote, the peers' top answer and the
    chairman's verdict; without whom nothing was graded."""
    models = {model for line in lines for model in _by_model(line)}
    members = [_member(model, lines) for model in sorted(models)]
    ways = [
        _contender(MAJORITY, lines, majority, _until("answers"), _spent("answer")),
        _contender(TOP_ANSWER, lines, _top_answer, _until("reviews"), _spent("answer", "review")),
        _contender(VERDICT, lines, _verdict, _until("verdict"), lambda line: line["cost_usd"]),
    ]
    found = [each for each in members if each]
    best_first = sorted(found, key=lambda each: -each.accuracy.value)
    return (*best_first, *(way for way in ways if way))


def majority(line: Line) -> bool | None:
    """Whether the answer that most members gave is right; members without a readable one abstain.

    `None` where answers cannot be compared, or nobody answered. A tie is drawn from the seed.
    """
    members = list(line["grades"]["members"].values())
    if line["grader"] not in _COMPARABLE or not members:
        return None
    right = {}
    votes: Counter[Any] = Counter()
    for member in members:
        extracted = member["extracted"]
        form = None if extracted is None else common_form(line["grader"], extracted)
        if form is not None:
            votes[form] += 1
            right[form] = bool(member["correct"])
    if not votes:
        return False
    most = max(votes.values())
    tied = [form for form, count in votes.items() if count == most]
    return right[draw(line["seed"], "majority").choice(tied)]


def _by_model(line: Line) -> dict[str, Any]:
    """A model that holds two seats counts by one of them; labels are dealt at random."""
    members = sorted(line["grades"]["members"].items(), reverse=True)
    return {grade["model"]: grade | {"label": label} for label, grade in members}


def _member(model: str, lines: Sequence[Line]) -> Contender | None:
    def grade(line: Line) -> bool | None:
        found = _by_model(line).get(model)
        return None if found is None else found["correct"]

    def of_answer(key: str) -> Callable[[Line], float | None]:
        def value(line: Line) -> float | None:
            label = _by_model(line)[model]["label"]
            return next((a[key] for a in line["answers"] if a["label"] == label), None)

        return value

    return _contender(model, lines, grade, of_answer("seconds"), of_answer("cost_usd"))


def _contender(
    name: str,
    lines: Sequence[Line],
    grade: Callable[[Line], bool | None],
    seconds: Callable[[Line], float | None],
    cost_usd: Callable[[Line], float | None],
) -> Contender | None:
    known = [(line, right) for line in lines if (right := grade(line)) is not None]
    if not known:
        return None
    correct, n = sum(right for _, right in known), len(known)
    low, high = interval(correct, n, 0.05)
    return Contender(
        name,
        correct,
        Estimate(correct / n, low, high, n),
        _mean(seconds(line) for line, _ in known),
        _mean(cost_usd(line) for line, _ in known),
    )


def _top_answer(line: Line) -> bool | None:
    found = line["grades"]["top_answer"]
    return None if found is None else found["correct"]


def _verdict(line: Line) -> bool | None:
    found = line["grades"]["verdict"]
    return None if found is None else found["correct"]


def _until(stage: str) -> Callable[[Line], float | None]:
    return lambda line: line["timings"][stage]


def _spent(*stages: str) -> Callable[[Line], float | None]:
    # Lines of earlier versions do not tell their stages apart.
    return lambda line: sum(line["stage_usd"][s] for s in stages) if "stage_usd" in line else None


def _mean(values: Iterable[float | None]) -> Estimate | None:
    known = [value for value in values if value is not None]
    return mean(known) if len(known) > 1 else None
