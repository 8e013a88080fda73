"""Confidence limits for a share, from `k` successes in `n` trials.

Clopper-Pearson limits are exact for one look at an `n` that was fixed in advance. The `anytime_`
limits hold at every look at once, however often somebody looks, and are wider. No trials say
nothing: the limits are then 0 and 1. `alpha` is the chance of a wrong limit.
"""

import math
from collections.abc import Callable

# A limit of one side: successes, trials, alpha.
Limit = Callable[[int, int, float], float]

# Far below anything shown, and a few dozen steps away.
_PRECISION = 1e-12

# As many rated questions as a channel has when its numbers begin to matter.
_NARROWEST = 100


def lower(k: int, n: int, alpha: float) -> float:
    """The one-sided Clopper-Pearson lower limit."""
    _check(k, n, alpha)
    if k == 0:
        return 0.0
    # P(at least k of n successes) at the share p is the distribution function of Beta(k, n-k+1).
    goal = math.log(alpha)
    return _first(lambda p: _log_beta_cdf(p, k, n - k + 1) >= goal, 0.0, 1.0)


def upper(k: int, n: int, alpha: float) -> float:
    """The one-sided Clopper-Pearson upper limit."""
    return 1 - lower(n - k, n, alpha)


def interval(k: int, n: int, alpha: float) -> tuple[float, float]:
    """The two-sided Clopper-Pearson interval: either side is wrong with at most alpha / 2."""
    return lower(k, n, alpha / 2), upper(k, n, alpha / 2)


def anytime_lower(k: int, n: int, alpha: float) -> float:
    """The one-sided lower limit that holds at all looks together.

    The smallest share p that the evidence e(p) has not refuted, with

        e(p) = [int_p^1 q^k (1-q)^(n-k) dBeta(q; 1/2, 1/2) / P(q > p)] / [p^k (1-p)^(n-k)].

    At the true p this is a martingale that starts at 1, so by Ville's inequality it ever reaches
    1/alpha with a chance of at most alpha: a beta-binomial mixture confidence sequence.
    """
    _check(k, n, alpha)
    if k == 0:
        return 0.0
    # e falls from infinity to at most 1 on the way from 0 to k/n, where the likelihood peaks.
    goal = -math.log(alpha)
    return _first(lambda p: _log_evidence_above(p, k, n) < goal, 0.0, k / n)


def anytime_upper(k: int, n: int, alpha: float) -> float:
    """The one-sided upper limit that holds at all looks together."""
    return 1 - anytime_lower(n - k, n, alpha)


def anytime_z(n: int, alpha: float = 0.05) -> float:
    """What the normal's quantile is at one look, for both limits of a mean at all looks together.

    After `n` values, some 20 or more of them: it is a limit theorem's (Waudby-Smith, Arbour, Sinha,
    Kennedy, Ramdas, "Time-uniform central limit theory", arXiv 2103.06476), and narrowest at
    `_NARROWEST`.
    """
    wide = -2 * math.log(alpha)
    spread = n * (wide + math.log(wide + 1)) / _NARROWEST
    return math.sqrt((1 + 1 / spread) * (math.log(spread + 1) + wide))


def _check(k: int, n: int, alpha: float) -> None:
    if not 0 <= k <= n or not 0 < alpha < 1:
        raise ValueError(f"no share: {k} of {n} at {alpha}")


def _first(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Where `holds`, False near `low` and True near `high`, begins to be True."""
    while high - low > _PRECISION:
        middle = (low + high) / 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _log_evidence_above(p: float, k: int, n: int) -> float:
    a, b = k + 0.5, n - k + 0.5
    mixture = _log_beta(a, b) + _log_beta_cdf(1 - p, b, a)
    prior = _log_beta(0.5, 0.5) + _log_beta_cdf(1 - p, 0.5, 0.5)
    return mixture - prior - k * math.log(p) - (n - k) * math.log1p(-p)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _log_beta_cdf(p: float, a: float, b: float) -> float:
    """The logarithm of P(q <= p) for q ~ Beta(a, b), 0 < p < 1."""
    # The fraction converges fast below this point (Numerical Recipes 6.4), and the other tail's
    # does above it.
    if p <= (a + 1) / (a + b + 2):
        return _log_beta_tail(p, a, b)
    return math.log1p(-math.exp(_log_beta_tail(1 - p, b, a)))


def _log_beta_tail(p: float, a: float, b: float) -> float:
    power = a * math.log(p) + b * math.log1p(-p) - _log_beta(a, b) - math.log(a)
    return power + math.log(_beta_fraction(p, a, b))


def _beta_fraction(p: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method."""
    c = 1.0
    d = 1 / (1 - (a + b) * p / (a + 1))
    value = d
    m = 0
    factor = math.inf
    while abs(factor - 1) > 1e-15:
        m += 1
        even = m * (b - m) * p / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + even * d)
        c = 1 + even / c
        value *= d * c
        odd = -(a + m) * (a + b + m) * p / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / (1 + odd * d)
        c = 1 + odd / c
        factor = d * c
        value *= factor
    return value
