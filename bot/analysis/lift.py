"""Did the council beat its best member, what does the chairman rescue and spoil, and at what price?

People know which text is the verdict, so its acceptance is never as blind as that of an answer; every
display says so. Limits hold at every look at once (`limits.anytime_lower`), since these numbers are
looked at daily. Pure.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.analysis.estimates import Estimate
from bot.analysis.leaderboard import ROWS_MIN
from bot.analysis.limits import anytime_lower, anytime_upper
from bot.analysis.rows import Row
from bot.errors import InvalidInput
from bot.language import _

DELTA = 0.05
NOT_BLIND = "verdict not blind"

_DRAWS = 400


@dataclass(frozen=True, slots=True)
class Lift:
    """Acceptance of the verdict less that of the member that was accepted most, in shares.

    Either limit is wrong with a chance of 5 %, at all looks together. `best` is that member, and
    `label` goes with every display.
    """

    lift: Estimate
    best: str
    roster: tuple[str, ...]
    label: str = NOT_BLIND


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` of `n`; the share is `None` where `n` is below `ROWS_MIN`."""

    count: int
    n: int
    share: Estimate | None


@dataclass(frozen=True, slots=True)
class Chairman:
    """`rescue`: the verdict was accepted where every member was refused; `harm`: it was refused
    where some member was accepted. Verdicts that are an answer do not count."""

    rescue: Rate
    harm: Rate
    label: str = NOT_BLIND


@dataclass(frozen=True, slots=True)
class Price:
    """What one accepted verdict takes, over all rows whose verdict was rated; 95 % intervals."""

    cost_usd: Estimate
    seconds: Estimate


def lift(rows: Sequence[Row], roster: Sequence[str] | None = None) -> Lift:
    """Over rows in which the verdict and every answer were rated, and all of the roster answered.

    People rate some questions in full for a reason, such as that nothing was any good. The limits
    therefore hold for those rated in part as well, whatever their unrated answers were worth.
    Without a roster it is the one with the most full rows. Raises `InvalidInput` below `ROWS_MIN`.
    """
    judged = [r for r in rows if r.verdict is not None and set(r.accepted) != {None}]
    complete = [row for row in judged if None not in row.accepted]
    models = tuple(sorted(roster)) if roster is not None else _usual_roster(complete)
    judged = [row for row in judged if models and set(models) <= set(row.models)]
    used = [row for row in judged if None not in row.accepted]
    if len(used) < ROWS_MIN:
        raise InvalidInput(
            _(
                "Whether the council beats its best member is shown from {rows_min} questions "
                "on whose verdict and answers were all rated; there are {used}.",
                rows_min=ROWS_MIN,
                used=len(used),
            )
        )
    full, anything = _limits(used, models), _limits(judged, models)
    low, high = min(full[0], anything[0]), max(full[1], anything[1])
    held = _held(used, models)
    verdict = np.array([row.verdict for row in used], bool)
    value = float(verdict.mean() - (held == 1).mean(axis=0).max())
    best = models[int((held == 1).sum(axis=0).argmax())]
    return Lift(Estimate(value, low, high, len(used)), best, models)


def _held(rows: Sequence[Row], models: Sequence[str]) -> NDArray[np.float64]:
    """By row and model: 1 accepted, 0 refused, NaN not rated."""
    held = [dict(zip(row.models, row.accepted, strict=True)) for row in rows]
    return np.array([[each[model] for model in models] for each in held], np.float64)


def _limits(rows: Sequence[Row], models: Sequence[str]) -> tuple[float, float]:
    """Of the lift; an answer that nobody rated is worth what moves a limit outwards."""
    n, m = len(rows), len(models)
    held = _held(rows, models)
    verdict = np.array([row.verdict for row in rows], bool)[:, None]

    def counted(where: NDArray[np.bool_]) -> list[int]:
        return [int(count) for count in where.sum(axis=0)]

    surely_better, maybe_better = counted(verdict & (held == 0)), counted(verdict & (held != 1))
    surely_worse, maybe_worse = counted(~verdict & (held == 1)), counted(~verdict & (held != 0))
    # The lift is one member's difference, whichever it is: below, that member's own limit holds, so
    # that nothing is charged for looking at all; above, the lowest limit must hold for every one.
    low = min(_lower(b, w, n, DELTA) for b, w in zip(surely_better, maybe_worse, strict=True))
    high = min(-_lower(w, b, n, DELTA / m) for w, b in zip(surely_worse, maybe_better, strict=True))
    return low, high


def chairman(rows: Sequence[Row]) -> Chairman:
    written = [row for row in rows if row.verdict_written and row.verdict is not None]
    hopeless = [row.verdict for row in written if row.all_rejected is True]
    hopeful = [row.verdict for row in written if row.all_rejected is False]
    return Chairman(
        _rate(hopeless.count(True), len(hopeless)), _rate(hopeful.count(False), len(hopeful))
    )


def price(rows: Sequence[Row]) -> Price:
    """Raises `InvalidInput` below `ROWS_MIN` rated verdicts, or where none was accepted."""
    known = [r for r in rows if r.verdict is not None and r.seconds is not None]
    accepted = np.array([row.verdict for row in known], float)
    if len(known) < ROWS_MIN or not accepted.any():
        raise InvalidInput(
            _(
                "What an accepted verdict takes is shown from {rows_min} rated verdicts on, "
                "some of them accepted; there are {known}, {good} accepted.",
                rows_min=ROWS_MIN,
                known=len(known),
                good=int(accepted.sum()),
            )
        )
    # The Bayesian bootstrap, over rows; always the same draws.
    weights = np.random.default_rng(0).standard_exponential((_DRAWS, len(known)))

    def per_accepted(spent: list[float]) -> Estimate:
        low, high = np.quantile(weights @ np.array(spent) / (weights @ accepted), [0.025, 0.975])
        return Estimate(sum(spent) / float(accepted.sum()), float(low), float(high), len(known))

    return Price(
        per_accepted([row.cost_usd for row in known]),
        per_accepted([row.seconds for row in known if row.seconds is not None]),
    )


def _usual_roster(rows: Sequence[Row]) -> tuple[str, ...]:
    return max(
        Counter(tuple(sorted(row.models)) for row in rows).items(),
        key=lambda each: (each[1], each[0]),
        default=((), 0),
    )[0]


def _lower(better: int, worse: int, n: int, delta: float) -> float:
    """Below the mean of differences, each 1, 0 or -1: both shares hold with half of delta each."""
    return anytime_lower(better, n, delta / 2) - anytime_upper(worse, n, delta / 2)


def _rate(count: int, n: int) -> Rate:
    if n < ROWS_MIN:
        return Rate(count, n, None)
    low, high = anytime_lower(count, n, DELTA / 2), anytime_upper(count, n, DELTA / 2)
    return Rate(count, n, Estimate(count / n, low, high, n))
