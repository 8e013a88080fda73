"""Limits of the gain from how often each model was wrong where another one was right.

The rules, published and our own, and the counts that they are fed with. The gain of picking is

    G = (1 - beta) - max a_i = min r_i

with beta, a_i and r_i as in `cofailure`.
"""

from collections.abc import Iterable, Sequence

from bot.analysis.limits import Limit, lower, upper
from bot.analysis.outcomes import RIGHT, WRONG, Mask, Outcomes

DELTA = 0.05
# A model's successes and trials.
Count = tuple[int, int]


def beta_certificate(all_wrong: int, rows: int, best_accuracy: float, delta: float) -> float:
    """The rule as first published. **Too optimistic: never show it as a result.**

    `(1 - lower limit of beta) - best_accuracy` takes the best accuracy seen for the true one. In
    simulations it covers the true gain 6 to 87 % of the time instead of 1 - `delta`. It is here to
    be compared with.
    """
    return (1 - lower(all_wrong, rows, delta)) - best_accuracy


def corrected_certificate(
    all_wrong: Count, wrong: Iterable[Count], *, models: int, delta: float = DELTA
) -> float:
    """The rule as corrected in print: an upper limit of the gain; valid, and wide.

    P(best wrong) - beta, each at its limit: half of `delta` is for beta, the other half is shared
    by the `models` that the best one was picked from (1: fixed in advance). `wrong` holds each
    model's errors; the best model's alone give the same limit where all have the same trials.
    """
    return _least(upper, wrong, delta / (2 * models)) - lower(*all_wrong, delta / 2)


def paired_certificate(resolvable: Sequence[Count], limit: Limit, *, delta: float = DELTA) -> float:
    """Our upper limit of the gain, from how often each model was wrong and another one right.

    G = min r_i is at most r_i for every i, so each model's own limit is one; `delta` is shared,
    because the smallest is picked on the same rows. `limit` is `upper` or `anytime_upper`.
    """
    return _least(limit, resolvable, delta / len(resolvable))


def gain_lower(resolvable: Iterable[Count], limit: Limit, *, delta: float = DELTA) -> float:
    """A lower limit of the gain, with `lower` or `anytime_lower`.

    Nothing is shared here: G is r_i of one fixed model, and the smallest limit is at most its.
    """
    return _least(limit, resolvable, delta)


def resolvable_counts(outcomes: Outcomes) -> tuple[Count, ...]:
    """Of each model: wrong where another one was right, of the rows where both are known."""
    lost = (outcomes.cells == WRONG) & ~outcomes.all_wrong[:, None]
    return _counts(lost, outcomes.known & outcomes.decided[:, None])


def resolvable_bounds(outcomes: Outcomes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of each model: in how many rows it is known to be, and in how many it may have been, wrong
    where another one was right."""
    some_right = (outcomes.cells == RIGHT).any(axis=1)[:, None]
    known = (outcomes.cells == WRONG) & some_right
    maybe_right = outcomes.cells != WRONG
    another = maybe_right.sum(axis=1)[:, None] - maybe_right > 0
    possible = (outcomes.cells != RIGHT) & another
    return tuple(known.sum(axis=0).tolist()), tuple(possible.sum(axis=0).tolist())


def _counts(successes: Mask, trials: Mask) -> tuple[Count, ...]:
    k, n = (successes & trials).sum(axis=0).tolist(), trials.sum(axis=0).tolist()
    return tuple(zip(k, n, strict=True))


def _least(limit: Limit, counts: Iterable[Count], alpha: float) -> float:
    """The smallest limit. Among the same trials the fewest successes have it."""
    fewest: dict[int, int] = {}
    for k, n in counts:
        fewest[n] = min(k, fewest.get(n, k))
    return min(limit(k, n, alpha) for n, k in fewest.items())
