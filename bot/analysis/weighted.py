"""What weighted reviews would have come to: the answer that they put first, by question.

The weights of a question are learned from the questions of others, as `bot.analysis.reviewers` has it,
so that none is praised for what it was learned from. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.analysis.judged import Judged, Sheet, held_pairs
from bot.analysis.reviewers import cross_fitted
from bot.analysis.rows import Row
from bot.analysis.weights import PAIRS_MIN, Weights
from bot.protocol.ranking import SAME_SCORE, shares


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A question with its reviews, and whether each of its answers was accepted, or right; `None` is not
    known."""

    judged: Judged
    accepted: Mapping[str, bool | None]


def weighted_verdicts(questions: Sequence[Reviewed | None]) -> list[float | None]:
    """By question, 1 where the answer that weighted reviews put first was right, 0 where it was not;
    where several are first, what a draw among them would be right in.

    `None` for questions without reviews, and everywhere below `PAIRS_MIN` pairs and two askers.
    """
    known = [question for question in questions if question and question.judged.sheets]
    judged = [question.judged for question in known]
    pairs = sum(len(each.pairs) for each in judged)
    if pairs < PAIRS_MIN or len({each.asker for each in judged}) < 2:
        return [None] * len(questions)
    weights = iter(cross_fitted(judged))
    return [
        _worth(question, next(weights)) if question and question.judged.sheets else None
        for question in questions
    ]


def reviewed(row: Row) -> Reviewed | None:
    """`None` where it is brief, or a model holds several seats, whose ballots are not told apart."""
    if row.is_brief or row.seats:
        return None
    accepted = dict(zip(row.models, row.accepted, strict=True))
    sheets = tuple(
        Sheet(ballot.reviewer, shares(ballot.ranking, ballot.order)) for ballot in row.ballots
    )
    pairs = held_pairs(accepted, row.best)
    return Reviewed(Judged(row.id, row.cluster, row.voters, pairs, sheets), accepted)


def _worth(question: Reviewed, weights: Weights) -> float | None:
    scores = weights.scores(question.judged)
    first = [
        question.accepted.get(name)
        for name, score in scores.items()
        if max(scores.values()) - score < SAME_SCORE
    ]
    return None if None in first else sum(map(bool, first)) / len(first)
