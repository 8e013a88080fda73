"""A lower limit of a mean that holds at all looks together, however often somebody looks."""

import math
from collections.abc import Sequence

# Sums of about this variance are seen through soonest; a guess, which costs little where it is off.
_VARIANCE = 3.0
_PRECISION = 1e-6

# Farther ahead nobody can see.
_GROWTH_MAX = 64.0


def mean_lower(sums: Sequence[float], counts: Sequence[int], alpha: float) -> float:
    """Of values of at least -1, given as the sum and the count of each cluster.

    The smallest mean m that is not refuted. With S the sum of all (sums - m counts) and V that of their
    squares, exp(x S - x^2 V / 2) is a supermartingale for any x as long as clusters lean to either side
    of m alike (de la Pena); mixed over x ~ N(0, 1/`_VARIANCE`) it exceeds 1/alpha ever with a chance of
    at most alpha, by Ville's inequality.
    """
    if not sum(counts):
        return -1.0
    low, high = -1.0, sum(sums) / sum(counts)
    if not _refuted(low, sums, counts, alpha):
        return low
    while high - low > _PRECISION:
        middle = (low + high) / 2
        if _refuted(middle, sums, counts, alpha):
            low = middle
        else:
            high = middle
    return low


def growth_needed(sums: Sequence[float], alpha: float) -> float | None:
    """How many times as much of the same has to be seen for the limit to be above 0; at most 1 where it
    is. `None` where the mean is not above 0, or so little that it would take more than `_GROWTH_MAX`."""
    total, squares = sum(sums), sum(each**2 for each in sums)
    if total <= 0:
        return None
    low, high = 0.0, 1.0
    while not _above(high * total, high * squares, alpha):
        low, high = high, 2 * high
        if high > _GROWTH_MAX:
            return None
    while high - low > _PRECISION * high:
        middle = (low + high) / 2
        if _above(middle * total, middle * squares, alpha):
            high = middle
        else:
            low = middle
    return high


def _refuted(mean: float, sums: Sequence[float], counts: Sequence[int], alpha: float) -> bool:
    rests = [total - mean * count for total, count in zip(sums, counts, strict=True)]
    return _above(sum(rests), sum(rest**2 for rest in rests), alpha)


def _above(total: float, squares: float, alpha: float) -> bool:
    variance = squares + _VARIANCE
    return total > 0 and total**2 / variance > math.log(variance / (_VARIANCE * alpha**2))
