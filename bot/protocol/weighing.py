"""How ballots add up where some reviewers count more than others, as the council's snapshot says.

Beside `bot.protocol.ranking`, which counts all alike: an answer's `score` stays its mean share, and
its `weighted_score` orders. Pure; where the weights come from is not known here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import fsum

from bot.council import Council, Question, Ranking, Review, SeatWeight, Standing
from bot.protocol import ranking
from bot.protocol.ranking import SAME_SCORE

# By the reviewer's label.
Weights = Mapping[str, SeatWeight]


def weights_of(question: Question, council: Council) -> Weights:
    """Empty where all count alike."""
    if not council.weights:
        return {}
    labels = ranking.labels_of(question, council)
    return {labels[seat]: each for seat, each in enumerate(council.weights) if seat in labels}


def standings(
    ballots: Mapping[str, Ranking],
    answered: Sequence[tuple[str, str]],
    seed: int,
    weights: Weights,
) -> tuple[Standing, ...]:
    """As `ranking.standings`, best first by weighted scores. Without weights, or where no reviewer
    with any was heard, all count alike and there are none."""
    alike = ranking.standings(ballots, answered, seed)
    shown = [label for label, _ in answered]
    of_all = total(ballots, weights)
    if not of_all:
        return alike
    found = _sums(ballots, shown, weights)
    ties = ranking.tie_breaks(ballots, shown, seed)
    scored = [replace(each, weighted_score=found[each.label] / of_all) for each in alike]
    return tuple(sorted(scored, key=lambda each: (-each.ordered_by, *ties[each.label])))


def sums(
    given: Mapping[str, Mapping[str, float]], answers: Collection[str], weights: Weights
) -> dict[str, float]:
    """Each answer's weighted shares, of those that were `given` by each reviewer; that of its own author
    less what this is known to add to it."""
    counted: dict[str, list[float]] = {answer: [] for answer in answers}
    for reviewer, shares in given.items():
        weight, own = _weight(reviewer, weights), _preference(reviewer, weights)
        for answer, each in counted.items():
            if answer in shares:
                less = own if answer == reviewer else 0.0
                each.append(weight * (shares[answer] - less))
    return {answer: fsum(each) for answer, each in counted.items()}


def total(reviewers: Collection[str], weights: Weights) -> float:
    """What these reviewers count for together; 0 without weights."""
    return fsum(_weight(label, weights) for label in reviewers) if weights else 0.0


def weighted(reviews: Sequence[Review], weights: Weights) -> tuple[Review, ...]:
    """The reviews with what each counts for."""
    return tuple(replace(each, weight=_weight(each.label, weights)) for each in reviews)


def decided(
    ballots: Mapping[str, Ranking],
    shown: Collection[str],
    weights: Weights,
    *,
    missing: Sequence[str],
) -> str | None:
    """The answer that is first whatever the ballots of those `missing`, if any.

    However many agree, a heavier ballot to come may turn it: nothing less than a lead that all of them
    together cannot make up for is enough. Nor does one heavy ballot end it before as many are in as
    would have to agree if all counted alike: the verdict is to rest on them, and weights are learned
    from them.
    """
    if missing and len(ballots) < ranking.enough(len(ballots) + len(missing)):
        return None
    first, lead = _lead(ballots, shown, weights)
    to_come = fsum(_reach(label, weights) for label in missing)
    return first if lead > to_come + SAME_SCORE else None


def leading(
    ballots: Mapping[str, Ranking], shown: Collection[str], weights: Weights, *, reviewers: int
) -> str | None:
    """The answer that is likely to stay first, if any: by equal ballots, and ahead by these, too."""
    alike = ranking.leading(ballots.values(), shown, reviewers=reviewers)
    first, lead = _lead(ballots, shown, weights)
    return first if alike == first and lead > SAME_SCORE else None


def _weight(label: str, weights: Weights) -> float:
    return weights[label].weight if label in weights else 1.0


def _preference(label: str, weights: Weights) -> float:
    return weights[label].preference if label in weights else 0.0


def _reach(label: str, weights: Weights) -> float:
    """How far one ballot can move an answer against another."""
    return _weight(label, weights) * (1 + abs(_preference(label, weights)))


def _sums(
    ballots: Mapping[str, Ranking], shown: Collection[str], weights: Weights
) -> dict[str, float]:
    given = {reviewer: ranking.shares(ballot, shown) for reviewer, ballot in ballots.items()}
    return sums(given, shown, weights)


def _lead(
    ballots: Mapping[str, Ranking], shown: Collection[str], weights: Weights
) -> tuple[str, float]:
    found = _sums(ballots, shown, weights)
    first, second = sorted(shown, key=lambda label: -found[label])[:2]
    return first, found[first] - found[second]
