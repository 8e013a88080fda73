"""How much of the gain that picking could bring was made real, and by whom.

The possible gain here is what a perfect picker adds to a member drawn at random: over the best
member alone there may be nothing to gain, and that member has its share, too. Pure; a way is
whatever comes to one answer by question, and this file does not know how.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from bot.analysis.estimates import Z95, Estimate, Floats, mean
from bot.analysis.outcomes import RIGHT, WRONG, Mask, Outcomes
from bot.errors import InvalidInput
from bot.language import _

# Below it intervals are so wide that they only invite misreading.
REALISED_MIN = 20

_FOLDS, _FOLDINGS = 5, 20

Way = Literal[
    "best_member", "majority", "majority_at_least", "top_answer", "weighted_verdict", "verdict"
]
# By row: 1 right, 0 wrong, in between what a draw would be right in; `None` is not known.
Ways = Mapping[Way, Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class Share:
    """`of_gain` is 0 where a way is no better than a member drawn at random and 1 where it is right
    whenever some member is; a verdict can pass either. `over_best` is how much more often it is
    right than the best member, `None` for that one. Both are paired: from the same questions."""

    way: Way
    of_gain: Estimate
    over_best: Estimate | None


@dataclass(frozen=True, slots=True)
class Realised:
    """`possible` is the gain of a perfect picker over a member drawn at random."""

    possible: Estimate
    shares: tuple[Share, ...]

    def of(self, way: Way) -> Share | None:
        return next((share for share in self.shares if share.way == way), None)


def realised(
    outcomes: Outcomes, ways: Ways, *, clusters: ArrayLike | None = None, z: float = Z95
) -> Realised:
    """Over the rows that are complete and in which every way is known; `ways` go with the rows.

    The best member of a row is the one that was right most often in others, so that it is not
    praised for the answers it was picked by; equal ones share. A way that is known in less than half
    of the complete rows is left out, so that it does not cost the others theirs. `clusters` (by row)
    and `z` are those of `estimates.mean`. Raises `InvalidInput` below `REALISED_MIN` rows, and where
    members never differ.
    """
    given = _mostly_known(ways, outcomes.complete)
    used = np.all([outcomes.complete, *map(_known, given.values())], axis=0)
    if used.sum() < REALISED_MIN:
        raise InvalidInput(
            _(
                "What was made of the possible gain is told from {least} questions on of which "
                "every outcome is known; there are {n}.",
                least=REALISED_MIN,
                n=int(used.sum()),
            )
        )
    right = (outcomes.cells[used] == RIGHT).astype(float)
    drawn = right.mean(axis=1)
    possible = right.max(axis=1) - drawn
    if not possible.any():
        raise InvalidInput(
            _("The members were right on the same questions: there is nothing to gain.")
        )
    groups = None if clusters is None else np.asarray(clusters)[used]
    best = _best_elsewhere(right)

    def share(way: Way, values: Floats) -> Share:
        of_gain = float((values - drawn).sum() / possible.sum())
        # The error of a ratio of means is that of what each row departs from it.
        departs = (values - drawn - of_gain * possible) / possible.mean()
        over = None if way == "best_member" else told(values - best, 1.0)
        return Share(way, told(of_gain + departs, 1 / float(possible.mean())), over)

    def told(values: Floats, of_a_row: float) -> Estimate:
        return _doubted(mean(values, groups, z=z), z * of_a_row)

    found = told(possible, 1.0)
    return Realised(
        replace(found, low=max(0.0, found.low)),
        (
            share("best_member", best),
            *(share(way, values[used]) for way, values in given.items()),
        ),
    )


def more_than_half(outcomes: Outcomes) -> tuple[float | None, ...]:
    """A majority vote as far as outcomes tell it, by row: right where more than half of the members
    are, half right where half are. Wrong answers that differ would make it right more often."""
    right, wrong = ((outcomes.cells == each).sum(axis=1) for each in (RIGHT, WRONG))
    votes = np.where(right == wrong, 0.5, right > wrong).tolist()
    return tuple(
        vote if known else None for vote, known in zip(votes, outcomes.complete, strict=True)
    )


def _doubted(found: Estimate, of_a_row: float) -> Estimate:
    """As if one more row had been won and lost by halves: what was always so need not be so next time."""
    half = math.hypot(found.high - found.value, of_a_row / found.n)
    return replace(found, low=found.value - half, high=found.value + half)


def _mostly_known(ways: Ways, complete: Mask) -> dict[Way, Floats]:
    """Those that are known in at least half of the complete rows."""
    given = {way: _numbers(values) for way, values in ways.items()}
    least = max(1, complete.sum())
    return {
        way: values for way, values in given.items() if 2 * _known(values)[complete].sum() >= least
    }


def _numbers(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], float)


def _known(values: Floats) -> Mask:
    return np.asarray(~np.isnan(values), np.bool_)


def _best_elsewhere(right: Floats) -> Floats:
    """By row, how right those members were that were right most often in the other folds, on the
    average of many ways of folding; always the same ones.

    With folds of one row each, equal members would take turns to be best where they are wrong.
    """
    rng, rows = np.random.default_rng(0), len(right)
    found = np.zeros(rows)
    for _draw in range(_FOLDINGS):
        fold = rng.permutation(rows) % _FOLDS
        inside = np.stack([right[fold == each].sum(axis=0) for each in range(_FOLDS)])
        others = right.sum(axis=0) - inside
        best = others == others.max(axis=1, keepdims=True)
        found += (right * (best / best.sum(axis=1, keepdims=True))[fold]).sum(axis=1)
    return np.asarray(found / _FOLDINGS)
