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
    total = _total(ballots, weights)
    if not total:
        return alike
    sums = _sums(ballots, shown, weights)
    ties = ranking.tie_breaks(ballots, shown, seed)
    found = [replace(each, weighted_score=sums[each.label] / total) for each in alike]
    return tuple(sorted(found, key=lambda each: (-each.ordered_by, *ties[each.label])))


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


def _total(ballots: Collection[str], weights: Weights) -> float:
    return fsum(_weight(label, weights) for label in ballots) if weights else 0.0


def _sums(
    ballots: Mapping[str, Ranking], shown: Collection[str], weights: Weights
) -> dict[str, float]:
    """Each answer's weighted shares, that of its own author less what this is known to add to it."""
    given = {reviewer: ranking.shares(ballot, shown) for reviewer, ballot in ballots.items()}
    for reviewer, shares in given.items():
        if reviewer in shares:
            shares[reviewer] -= _preference(reviewer, weights)
    return {
        label: fsum(
            _weight(reviewer, weights) * shares[label] for reviewer, shares in given.items()
        )
        for label in shown
    }


def _lead(
    ballots: Mapping[str, Ranking], shown: Collection[str], weights: Weights
) -> tuple[str, float]:
    sums = _sums(ballots, shown, weights)
    first, second = sorted(shown, key=lambda label: -sums[label])[:2]
    return first, sums[first] - sums[second]
