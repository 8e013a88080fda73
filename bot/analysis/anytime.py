"""A lower limit of a mean that holds at all looks together, however often somebody looks."""

import math
from collections import defaultdict
from collections.abc import Sequence

# Sums of about this variance are seen through soonest; a guess, which costs little where it is off.
_VARIANCE = 3.0
_PRECISION = 1e-6

# Farther ahead nobody can see.
_GROWTH_MAX = 64.0

# Below so many people nobody can tell how people differ: each is then one value.
PEOPLE_MIN = 8


def mean_lower(
    sums: Sequence[float], counts: Sequence[int], people: Sequence[str], alpha: float
) -> float:
    """Of values of at least -1, given as the sum and the count of each question, and whose it is.

    The smallest mean m that is not refuted. With S the sum of all (sums - m counts) and V that of their
    squares, exp(x S - x^2 V / 2) is a supermartingale for any x as long as questions lean to either side
    of m alike (de la Pena); mixed over x ~ N(0, 1/`_VARIANCE`) it exceeds 1/alpha ever with a chance of
    at most alpha, by Ville's inequality. V is no less than what people's own means differ by.
    """
    if not sum(counts):
        return -1.0
    low, high = -1.0, sum(sums) / sum(counts)

    def refuted(mean: float) -> bool:
        rests = [total - mean * count for total, count in zip(sums, counts, strict=True)]
        return _above(sum(rests), _variance(rests, counts, people), alpha)

    if not refuted(low):
        return low
    while high - low > _PRECISION:
        middle = (low + high) / 2
        if refuted(middle):
            low = middle
        else:
            high = middle
    return low


def growth_needed(
    sums: Sequence[float], counts: Sequence[int], people: Sequence[str], alpha: float
) -> float | None:
    """How many times as much of the same has to be seen for the limit to be above 0; at most 1 where it
    is. `None` where the mean is not above 0, or so little that it would take more than `_GROWTH_MAX`."""
    total, squares = sum(sums), _variance(sums, counts, people)
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


def _variance(rests: Sequence[float], counts: Sequence[int], people: Sequence[str]) -> float:
    """Of the sum."""
    alone = sum(rest**2 for rest in rests)
    of_person: defaultdict[str, float] = defaultdict(float)
    size: defaultdict[str, int] = defaultdict(int)
    for rest, count, person in zip(rests, counts, people, strict=True):
        of_person[person] += rest
        size[person] += count
    if len(size) < PEOPLE_MIN:
        return max(alone, sum(total**2 for total in of_person.values()))
    mean = sum(rests) / sum(counts)
    together = sum((of_person[person] - mean * size[person]) ** 2 for person in size)
    return max(alone, together * len(size) / (len(size) - 1))


def _above(total: float, squares: float, alpha: float) -> bool:
    variance = squares + _VARIANCE
    return total > 0 and total**2 / variance > math.log(variance / (_VARIANCE * alpha**2))
