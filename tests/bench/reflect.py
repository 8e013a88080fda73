"""How often changed criteria are recommended: `python -m tests.bench.reflect [--quick]`.

Scripted reviewers rank four answers of known worth, of which people accept one or two, so that three or
four pairs are decided. Each reviewer errs by itself, all of them together about a question, in part
alike under both criteria, and a change gains more with some askers than with others. How clearly
reviewers see worth under the new criteria is set so that agreement changes by so many points.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from bot.analysis.estimates import Floats
from bot.analysis.outcomes import Mask
from bot.analysis.reflection import Compared, HeldOut, compared

ROWS = (60, 100, 150, 300)
POINTS = (-5, -2, 0, 5)

_REVIEWERS, _ANSWERS = 4, 4
# Errors of a reviewer by itself, and of all together: alike under both criteria, and under one alone.
_OWN, _ALIKE, _APART = 1.0, 0.9, 0.35
# How clearly worth is seen under the old criteria: then about .7 of all pairs are right.
_CLEAR = 1.0
# How much that differs among askers under the new ones.
_ASKERS = 0.15


@dataclass(frozen=True, slots=True)
class Channel:
    rows: int
    points: float
    askers: int = 12


def simulated(channel: Channel, *, trials: int, tries: int = 1, seed: int = 1) -> list[Compared]:
    rng = np.random.default_rng([seed, channel.rows, channel.askers])
    clear = _clear_for(channel.points)
    found = []
    for _ in range(trials):
        # Some ask much more than others.
        part = rng.dirichlet(np.full(channel.askers, 2.0))
        asker = rng.choice(channel.askers, size=channel.rows, p=part)
        seen = clear + rng.normal(0, _ASKERS, channel.askers)[asker]
        old, new, decided = _reviewed(rng, seen)
        rows = [
            HeldOut(str(row), str(asker[row]), tuple(old[row][held]), tuple(new[row][held]))
            for row, held in enumerate(decided)
        ]
        found.append(compared(rows, tries))
    return found


def recommended(found: list[Compared]) -> float:
    return float(np.mean([each.recommendation == "adopt" for each in found]))


def _reviewed(rng: np.random.Generator, clear: Floats) -> tuple[Floats, Floats, Mask]:
    """Of each row, pair by pair: the share of reviewers that are right under either,
    whether people decided it."""
    shape = len(clear), _ANSWERS
    worth, alike = rng.normal(size=shape), rng.normal(0, _ALIKE, shape)
    place = np.argsort(np.argsort(-worth, axis=1), axis=1)
    accepted = place < rng.integers(1, 3, size=(len(clear), 1))
    better, worse = np.nonzero(~np.eye(_ANSWERS, dtype=bool))
    decided = accepted[:, better] & ~accepted[:, worse]
    sides = []
    for sees in (np.full(len(clear), _CLEAR), clear):
        common = sees[:, None] * worth + alike + rng.normal(0, _APART, shape)
        scores = common[:, None] + rng.normal(0, _OWN, (len(clear), _REVIEWERS, _ANSWERS))
        sides.append((scores[:, :, better] > scores[:, :, worse]).mean(axis=1))
    return sides[0], sides[1], decided


@cache
def _clear_for(points: float) -> float:
    """By bisection over the same many rows."""
    low, high = 0.0, 4.0
    while high - low > 0.005:
        middle = (low + high) / 2
        rng = np.random.default_rng(7)
        old, new, decided = _reviewed(rng, middle + rng.normal(0, _ASKERS, 40_000))
        gain = ((new - old) * decided).sum(axis=1) / decided.sum(axis=1)
        low, high = (middle, high) if gain.mean() < points / 100 else (low, middle)
    return (low + high) / 2


def _report(trials: int) -> Iterator[str]:
    for askers in (6, 12, 30):
        yield f"{askers} askers, first try"
        for rows in ROWS:
            told = []
            for points in POINTS:
                found = simulated(Channel(rows, points, askers), trials=trials)
                few = np.mean([each.recommendation == "too_few" for each in found])
                told.append(f"{points:+d} points {recommended(found):.1%} (too few {few:.0%})")
            yield f"  {rows} rows, recommended: " + "; ".join(told)
    yield "150 rows, 12 askers, by try: +5 points recommended"
    for tries in (1, 2, 3, 5):
        share = recommended(simulated(Channel(150, 5), trials=trials, tries=tries))
        yield f"  try {tries}: {share:.1%}"


def main() -> None:
    for line in _report(100 if "--quick" in sys.argv else 1_000):
        print(line, flush=True)


if __name__ == "__main__":
    main()
