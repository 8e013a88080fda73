"""A number and its interval: they are never shown apart. Knows no model and no channel.

Votes of one person depend on each other, so that intervals take clusters: numbers that tell whose
votes, or which question's, belong together.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bot.errors import InvalidInput
from bot.language import _

Floats = NDArray[np.float64]

# The standard normal's quantiles for two-sided intervals.
Z90, Z95 = 1.6448536269514722, 1.959963984540054

T = TypeVar("T")

# Grid of the Beta quantiles: a thousandth of what is shown.
_POINTS = 20_001


@dataclass(frozen=True, slots=True)
class Estimate:
    """`n` is how many things the value is a mean of."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Missing:
    """A quantity that cannot be given yet, and why in a sentence."""

    why: str


def known(quantity: Callable[[], T]) -> T | Missing:
    try:
        return quantity()
    except InvalidInput as error:
        return Missing(str(error))


def outwards(low: float, high: float, digits: int = 0) -> tuple[float, float]:
    """An interval's ends with so many digits: rounding makes it wider and never narrower."""
    unit = 10.0**digits
    # What is a whole number but for the last bits of its computation stays that number.
    return math.floor(low * unit + 1e-9) / unit, math.ceil(high * unit - 1e-9) / unit


def mean(values: ArrayLike, clusters: ArrayLike | None = None, *, z: float = Z95) -> Estimate:
    """The mean with a normal interval. Raises `InvalidInput` below two values."""
    x = _numbers(values)
    if len(x) < 2:
        raise InvalidInput(_("One observation alone has no interval yet."))
    error = _standard_error(x, clusters)
    return Estimate(
        float(x.mean()), float(x.mean() - z * error), float(x.mean() + z * error), len(x)
    )


def share(hits: ArrayLike, clusters: ArrayLike | None = None, *, z: float = Z95) -> Estimate:
    """The mean of values from 0 to 1 with Wilson's interval.

    Clusters make `n` as small as independent values would have to be for the same error; without
    any spread, as many values as there are clusters. Raises `InvalidInput` without a value.
    """
    x = _numbers(hits)
    if not len(x):
        raise InvalidInput(_("There is nothing to count yet."))
    p, n = float(x.mean()), float(len(x))
    if clusters is not None and len(x) > 1:
        error, groups = _standard_error(x, clusters), len(set(np.asarray(clusters).tolist()))
        if error:
            n = min(n, max(1.0, p * (1 - p) / error**2))
        elif groups > 1:
            n = float(groups)
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return Estimate(p, max(0.0, float(centre - half)), min(1.0, float(centre + half)), len(x))


def beta(a: float, b: float, n: int, *, level: float = 0.9) -> Estimate:
    """Mean and central interval of a Beta distribution.

    By sums over the logit, where its density is a smooth bell for any a and b above 0.
    """
    reach = 40 * np.sqrt(1 / a + 1 / b) + 40 / min(a, b)
    x = np.log(a / b) + np.linspace(-reach, reach, _POINTS)
    log_density = -a * np.logaddexp(0, -x) - b * np.logaddexp(0, x)
    density = np.exp(log_density - log_density.max())
    below = np.cumsum((density[1:] + density[:-1]) / 2)
    tails = (1 - level) / 2, (1 + level) / 2
    low, high = np.interp(tails, below / below[-1], x[1:])
    return Estimate(a / (a + b), _sigmoid(low), _sigmoid(high), n)


def _standard_error(x: Floats, clusters: ArrayLike | None) -> float:
    """Never below that of independent values: two or three clusters may agree by chance.

    One cluster cannot tell how clusters differ; the error is then about that one alone.
    """
    n = len(x)
    alone = float(x.std(ddof=1) / np.sqrt(n))
    if clusters is None:
        return alone
    _, group = np.unique(np.asarray(clusters), return_inverse=True)
    groups = int(group.max()) + 1
    if groups < 2:
        return alone
    sums = np.bincount(group, x - x.mean(), groups)
    together = float(np.sqrt(groups / (groups - 1) * (sums @ sums)) / n)
    return max(alone, together)


def _numbers(values: ArrayLike) -> Floats:
    x = np.asarray(values, float)
    if not np.isfinite(x).all():
        raise InvalidInput(_("A value that is not a number cannot be averaged; leave it out."))
    return x


def _sigmoid(x: float) -> float:
    return float(0.5 * (1 + np.tanh(x / 2)))
