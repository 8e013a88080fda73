"""The graded lines of a bench: who was right how often, in what time and at what cost.

Pure; a line is the contract's JSON with its grades. Knows no file.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bot.analysis.estimates import Estimate, mean
from bot.analysis.judged import Judged, Sheet, held_pairs, seat_name
from bot.analysis.limits import interval, lower
from bot.analysis.outcomes import RIGHT, UNKNOWN, WRONG, Outcomes, seat_columns
from bot.analysis.realised import Ways
from bot.analysis.weighted import Reviewed, weighted_verdicts
from bot.bench.grading import common_form
from bot.language import N_, _
from bot.protocol.ranking import draw, shares

Line = dict[str, Any]

# Of one question: whether that was right, the seconds until it was there, its cost.
_Given = tuple[bool, float | None, float | None]

MAJORITY, TOP_ANSWER, VERDICT = N_("majority vote"), N_("top answer"), N_("verdict")

# Of each of the two claims that a comparison can make.
_LEVEL = 0.025

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


@dataclass(frozen=True, slots=True)
class Comparison:
    """The verdict beside the members, over the `rows` that all of them were graded on.

    `best` was right most often, more than one where several were. `better`: the verdict is right
    more often than every member; `worse_than`: a member that is right more often than the verdict;
    neither where no difference can be told. Either claim is wrong with a chance of 2.5 % at most.
    """

    rows: int
    verdict: int
    best: tuple[str, ...]
    best_right: int
    better: bool
    worse_than: str | None


def graded(lines: Iterable[Line]) -> list[Line]:
    """Those with a reference that anybody answered."""
    return [line for line in lines if line.get("grades") and line["grades"]["members"]]


def outcomes(lines: Sequence[Line]) -> Outcomes:
    """Of the members, by name and seat; unknown where one failed or had no seat."""
    grades = [_by_seat(line) for line in lines]
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
    members = [_contender(model, graded) for model, graded in sorted(_members(lines).items())]
    ways = {
        MAJORITY: _way(lines, majority, "answers", _spent("answer", "revision")),
        TOP_ANSWER: _way(
            lines, _correct("top_answer"), "reviews", _spent("answer", "revision", "review")
        ),
        VERDICT: _way(lines, _correct("verdict"), "verdict", lambda line: line["cost_usd"]),
    }
    best_first = sorted(members, key=lambda each: -each.accuracy.value)
    return (*best_first, *(_contender(_(name), given) for name, given in ways.items() if given))


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


def compared(lines: Sequence[Line]) -> Comparison | None:
    """`None` without two members to choose from, or without a row to compare on.

    Pairs in which just one of the two is right decide, by the exact sign test (McNemar). To beat
    the best member is to beat every one, so that each may be tested at the whole level; to be worse
    than some member is a claim picked from as many tests, which share the level.
    """
    judged = [line for line in lines if line["grades"]["verdict"]]
    matrix = outcomes(judged)
    used = matrix.of_rows(matrix.complete).cells == RIGHT
    if len(matrix.models) < 2 or not len(used):
        return None
    verdict = np.array([line["grades"]["verdict"]["correct"] for line in judged])[matrix.complete]
    right = used.sum(axis=0)
    above = (verdict[:, None] & ~used).sum(axis=0).tolist()
    below = (~verdict[:, None] & used).sum(axis=0).tolist()
    best = tuple(
        model for model, count in zip(matrix.models, right, strict=True) if count == right.max()
    )
    ahead = [
        model
        for model, more, less in zip(matrix.models, below, above, strict=True)
        if lower(more, more + less, _LEVEL / len(matrix.models)) > 0.5
    ]
    return Comparison(
        rows=len(used),
        verdict=int(verdict.sum()),
        best=best,
        best_right=int(right.max()),
        better=all(
            lower(more, more + less, _LEVEL) > 0.5 for more, less in zip(above, below, strict=True)
        ),
        worse_than=max(ahead, key=lambda model: right[matrix.models.index(model)], default=None),
    )


def ways(lines: Sequence[Line]) -> Ways:
    """By line, whether each way of coming to one answer was right."""
    return {
        "majority": [majority(line) for line in lines],
        "top_answer": list(map(_correct("top_answer"), lines)),
        "weighted_verdict": weighted_verdicts([_reviewed(line) for line in lines]),
        "verdict": list(map(_correct("verdict"), lines)),
    }


def _reviewed(line: Line) -> Reviewed:
    """No question is another's: weights are learned from all others."""
    grades = _by_seat(line)
    right = {seat_name(column): bool(grade["correct"]) for column, grade in grades.items()}
    names = {grade["label"]: seat_name(column) for column, grade in grades.items()}
    sheets = tuple(
        Sheet(names[review["label"]], _shares(review, names))
        for review in line.get("reviews", ())
        if review["counted"] and review["label"] in names
    )
    id = str(line["id"])
    return Reviewed(Judged(id, id, (), held_pairs(right), sheets), right)


def _shares(review: Line, names: Mapping[str, str]) -> dict[str, float]:
    ranking = tuple((each,) if isinstance(each, str) else tuple(each) for each in review["ranking"])
    given = shares(ranking, review["order"])
    return {names[label]: share for label, share in given.items() if label in names}


def _by_seat(line: Line) -> dict[str, Any]:
    """The grades by column: a model, and where it holds further seats these with their number."""
    grades = line["grades"]["members"]
    # Labels are dealt anew for each question; a model's seats are told apart by their order.
    seats = sorted(line.get("members", ()), key=lambda member: member.get("seat", 0))
    labels = [seat["label"] for seat in seats] or sorted(grades)
    models = {seat["label"]: seat["model"] for seat in seats} or {
        label: grade["model"] for label, grade in grades.items()
    }
    columns = zip(labels, seat_columns(models[label] for label in labels), strict=True)
    return {name: grades[label] | {"label": label} for label, name in columns if label in grades}


def _members(lines: Iterable[Line]) -> dict[str, list[_Given]]:
    found: defaultdict[str, list[_Given]] = defaultdict(list)
    for line in lines:
        answers = {answer["label"]: answer for answer in line["answers"]}
        for model, grade in _by_seat(line).items():
            answer = answers[grade["label"]]
            found[model].append((grade["correct"], answer["seconds"], answer["cost_usd"]))
    return found


def _way(
    lines: Iterable[Line],
    right: Callable[[Line], bool | None],
    until: str,
    cost_usd: Callable[[Line], float | None],
) -> list[_Given]:
    graded = ((line, right(line)) for line in lines)
    return [
        (correct, line["timings"][until], cost_usd(line))
        for line, correct in graded
        if correct is not None
    ]


def _contender(name: str, given: Sequence[_Given]) -> Contender:
    right, n = sum(correct for correct, _, _ in given), len(given)
    low, high = interval(right, n, 0.05)
    return Contender(
        name,
        right,
        Estimate(right / n, low, high, n),
        _mean(seconds for _, seconds, _ in given),
        _mean(cost_usd for _, _, cost_usd in given),
    )


def _correct(grade: str) -> Callable[[Line], bool | None]:
    return lambda line: line["grades"][grade]["correct"] if line["grades"][grade] else None


def _spent(*stages: str) -> Callable[[Line], float | None]:
    # Lines of earlier versions do not tell their stages apart, or lack those that were none yet.
    return lambda line: (
        sum(line["stage_usd"].get(stage, 0) for stage in stages) if "stage_usd" in line else None
    )


def _mean(values: Iterable[float | None]) -> Estimate | None:
    known = [value for value in values if value is not None]
    return mean(known) if len(known) > 1 else None
