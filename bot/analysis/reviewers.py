"""What people's votes say of each reviewer, and what weights would gain.

Weights are judged on questions that they were not learned from: five parts, by question, all of one
asker's in the same. Pure; it knows no display.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from bot.analysis.anytime import growth_needed, mean_lower
from bot.analysis.estimates import Z95, Estimate, mean, share
from bot.analysis.judged import Judged, ordered
from bot.analysis.weights import EQUAL, PAIRS_MIN, Weights, fitted, learned, tabulated
from bot.protocol.ranking import SAME_SCORE

FOLDS = 5
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Reviewer:
    """`rows` and `pairs` are questions and pairs of which it read both answers. `agreement` is the share
    of pairs that it orders as people do, `None` without any. `self_preference` is what its own answer's
    share is less by, `None` where it has none."""

    reviewer: str
    rows: int
    pairs: int
    agreement: Estimate | None
    weight: float
    self_preference: float | None


@dataclass(frozen=True, slots=True)
class Votes:
    """The share of pairs that votes, added up in one way, order as people do; `None` where that cannot
    be told."""

    pairs: int
    right: float | None


@dataclass(frozen=True, slots=True)
class FirstPlaces:
    """In how many of `questions` weights put another answer first; in `right` of these people hold the
    new first for better, in `wrong` the old one. Of the others nothing is known."""

    questions: int
    changed: int
    right: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Reviewers:
    """`gain` and its 95 % interval are in shares of pairs, `gain_low_anytime` is a one-sided limit that
    holds at all looks together; `None` below `PAIRS_MIN` pairs, two askers, and two people who voted. `questions_needed` is
    about how many have to be rated in all for that limit to be above 0, `None` where that is not in
    sight. `learned` says whether there are pairs enough for weights."""

    reviewers: tuple[Reviewer, ...]
    equal: Votes
    weighted: Votes
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    gain_low_anytime: float | None
    questions: int
    askers: int
    people: int
    first_places: FirstPlaces | None
    questions_needed: int | None
    learned: bool


def reviewers(judged: Sequence[Judged], elsewhere: Sequence[Judged] = ()) -> Reviewers:
    """From the questions of a channel; `elsewhere` are those of all others."""
    weights = learned(judged, learned(elsewhere))
    equal = [_right(each, EQUAL) for each in judged]
    pairs = sum(len(each.pairs) for each in judged)
    askers = {each.asker for each in judged}
    # Whoever votes in the threads of many askers is one person all the same.
    told = len(askers) > 1 and len({each.decider for each in judged}) > 1
    tried = cross_fitted(judged, elsewhere) if pairs >= PAIRS_MIN and told else None
    found = Reviewers(
        reviewers=_each(judged, weights),
        equal=Votes(pairs, _mean(equal)),
        weighted=Votes(0, None),
        gain=None,
        gain_low=None,
        gain_high=None,
        gain_low_anytime=None,
        questions=len(judged),
        askers=len(askers),
        people=len({person for each in judged for person in each.people}),
        first_places=None,
        questions_needed=None,
        learned=pairs >= PAIRS_MIN,
    )
    return _with_gain(found, judged, equal, tried) if tried else found


def cross_fitted(judged: Sequence[Judged], elsewhere: Sequence[Judged] = ()) -> list[Weights]:
    """For each question, weights that none of its asker's questions had a part in."""
    fold_of = _folds(judged)
    weights = {}
    for fold in set(fold_of.values()):
        others = [each for each in elsewhere if fold_of.get(each.asker) != fold]
        rest = [each for each in judged if fold_of[each.asker] != fold]
        weights[fold] = fitted(rest, learned(others))
    return [weights[fold_of[each.asker]] for each in judged]


def as_json(found: Reviewers) -> dict[str, Any]:
    """Names are those of the fields; an interval's ends stand beside its value."""
    return {**asdict(found), "reviewers": [_reviewer_json(each) for each in found.reviewers]}


def _reviewer_json(each: Reviewer) -> dict[str, Any]:
    agreement = each.agreement
    return {
        "reviewer": each.reviewer,
        "rows": each.rows,
        "pairs": each.pairs,
        "agreement": agreement.value if agreement else None,
        "agreement_low": agreement.low if agreement else None,
        "agreement_high": agreement.high if agreement else None,
        "weight": each.weight,
        "self_preference": each.self_preference,
    }


def _with_gain(
    found: Reviewers,
    judged: Sequence[Judged],
    equal: Sequence[Sequence[float]],
    tried: Sequence[Weights],
) -> Reviewers:
    weighted = [_right(each, weights) for each, weights in zip(judged, tried, strict=True)]
    differences = [
        [new - old for new, old in zip(right, before, strict=True)]
        for right, before in zip(weighted, equal, strict=True)
    ]
    gain = _estimate(judged, differences, _difference)
    sums, counts = [sum(of) for of in differences], [len(of) for of in differences]
    deciders = [each.decider for each in judged]
    growth = growth_needed(sums, counts, deciders, ALPHA)
    return replace(
        found,
        weighted=Votes(found.equal.pairs, _mean(weighted)),
        gain=gain.value,
        gain_low=gain.low,
        gain_high=gain.high,
        gain_low_anytime=mean_lower(sums, counts, deciders, ALPHA),
        first_places=_first_places(judged, tried),
        questions_needed=None if growth is None else math.ceil(growth * len(judged)),
    )


def _each(judged: Sequence[Judged], weights: Weights) -> tuple[Reviewer, ...]:
    """By name."""
    if not judged:
        return ()
    table = tabulated(judged)
    found = []
    for place, name in enumerate(table.reviewers):
        right: list[list[float]] = [[] for _ in judged]
        for question, gap in zip(table.question, table.gaps[:, place], strict=True):
            if not np.isnan(gap):
                right[question].append(ordered(gap))
        pairs = sum(map(len, right))
        found.append(
            Reviewer(
                reviewer=name,
                rows=sum(map(bool, right)),
                pairs=pairs,
                agreement=_estimate(judged, right, share) if pairs else None,
                weight=weights.weight.get(name, 1.0),
                self_preference=weights.preference.get(name),
            )
        )
    return tuple(found)


def _right(judged: Judged, weights: Weights) -> list[float]:
    """Of each of its pairs that somebody read; a tie is half right."""
    scores = weights.scores(judged)
    return [
        ordered(scores.get(better, 0.0) - scores.get(worse, 0.0)) for better, worse in judged.pairs
    ]


def _first_places(judged: Sequence[Judged], tried: Sequence[Weights]) -> FirstPlaces:
    changed = right = wrong = 0
    for each, weights in zip(judged, tried, strict=True):
        before, now = _first(EQUAL.scores(each)), _first(weights.scores(each))
        if before == now:
            continue
        changed += 1
        both = before & now
        new = any(b in now and w in before and not {b, w} <= both for b, w in each.pairs)
        old = any(b in before and w in now and not {b, w} <= both for b, w in each.pairs)
        right += new and not old
        wrong += old and not new
    return FirstPlaces(len(judged), changed, right, wrong)


def _first(scores: dict[str, float]) -> frozenset[str]:
    most = max(scores.values())
    return frozenset(answer for answer, score in scores.items() if most - score < SAME_SCORE)


def _folds(judged: Sequence[Judged]) -> dict[str, int]:
    """By asker, about as many pairs in each; drawn by the askers' ids, not by who came first."""
    pairs: Counter[str] = Counter()
    for each in judged:
        pairs[each.asker] += len(each.pairs)
    drawn = sorted(pairs, key=lambda asker: hashlib.sha256(asker.encode()).digest())
    filled = [0] * FOLDS
    fold_of = {}
    for asker in sorted(drawn, key=lambda asker: -pairs[asker]):
        fold_of[asker] = filled.index(min(filled))
        filled[fold_of[asker]] += pairs[asker]
    return fold_of


def _difference(values: list[float], deciders: list[str]) -> Estimate:
    """As if one more pair had been won and lost by halves: where weights changed nothing yet, that is
    no proof that they never will."""
    found = mean(values, deciders)
    half = math.hypot(found.high - found.value, Z95 / found.n)
    low, high = max(-1.0, found.value - half), min(1.0, found.value + half)
    return Estimate(found.value, low, high, found.n)


def _mean(values: Sequence[Sequence[float]]) -> float | None:
    every = [value for each in values for value in each]
    return sum(every) / len(every) if every else None


def _estimate(
    judged: Sequence[Judged],
    values: Sequence[Sequence[float]],
    over: Callable[[list[float], list[str]], Estimate],
) -> Estimate:
    """With an interval that allows for one person's votes belonging together."""
    flat = [(value, each.decider) for each, of in zip(judged, values, strict=True) for value in of]
    return over([value for value, _ in flat], [decider for _, decider in flat])
