"""How much models err together, pair by pair, and what that alone predicts for all of them.

Diagnostics only: pairs cannot tell how often *all* are wrong. On three models, uniform over the
odd and over the even outcomes, every pair has the same law, and all are wrong in 0 or 1/4 of the
cases. Every quantity uses the rows where it is known.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from bot.analysis.limits import interval
from bot.analysis.outcomes import RIGHT, WRONG, Outcomes

Matrix = NDArray[np.float64]

# A probability of one in a thousand comes out within 6 % of itself, and in a fraction of a second.
DRAWS = 1 << 20

# What eigenvalues below it are raised to, so that the matrix is a correlation.
_LEAST_EIGENVALUE = 1e-4

# Random pools of a size: their mean is then steady to a few per cent, in some milliseconds each.
POOLS = 40

# How many models, how often all of them are wrong, and how often that is predicted.
PoolSize = tuple[int, float, float | None]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)
_normal = NormalDist()
_erfc = np.vectorize(math.erfc, otypes=[np.float64])


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What pairs say, and what they predict for all; `None` where no two models ever vary.

    The interval of the simulated `beta_full_sigma` is 95 % and covers the simulation alone.
    `n_phi_mean` counts the rows of the pair with the fewest.
    """

    phi_mean: float | None
    tetrachoric_mean: float | None
    beta_single_factor: float | None
    ratio_single_factor: float | None
    beta_full_sigma: float | None
    beta_full_sigma_low: float | None
    beta_full_sigma_high: float | None
    negative_eigenvalues: int | None
    n_phi_mean: int


@dataclass(frozen=True, slots=True)
class Pairs:
    """Counts by pair of models, over the rows where both are known; symmetric but for `wrong`.

    `rows` of them, in which i is wrong (at [i, j]), in which `both` are.
    """

    rows: Matrix
    wrong: Matrix
    both: Matrix

    @staticmethod
    def of(outcomes: Outcomes) -> "Pairs":
        wrong = (outcomes.cells == WRONG).astype(np.float64)
        known = wrong + (outcomes.cells == RIGHT)
        return Pairs(known.T @ known, wrong.T @ known, wrong.T @ wrong)


def diagnose(outcomes: Outcomes, beta: float) -> Diagnosis:
    """`beta` is the observed share of all-wrong rows."""
    pairs = Pairs.of(outcomes)
    n_least = int(pairs.rows.min())
    rho = tetrachoric(pairs)
    common = pair_mean(rho)
    # A model of which nothing is known has no rate either, and none can be predicted with it.
    if common is None or not outcomes.known.any(axis=0).all():
        return undiagnosed(n_least)
    rates = wrong_rates(outcomes).tolist()
    single = beta_single_factor(rates, common)
    hits = full_sigma_draws(rates, rho)
    full_low, full_high = interval(hits, DRAWS, 0.05)
    return Diagnosis(
        phi_mean=pair_mean(phi(pairs)),
        tetrachoric_mean=common,
        beta_single_factor=single,
        ratio_single_factor=beta / single if single else None,
        beta_full_sigma=hits / DRAWS,
        beta_full_sigma_low=full_low,
        beta_full_sigma_high=full_high,
        negative_eigenvalues=negative_eigenvalues(rho),
        n_phi_mean=n_least,
    )


def undiagnosed(rows: int) -> Diagnosis:
    """Where pairs say nothing."""
    return Diagnosis(None, None, None, None, None, None, None, None, rows)


def by_pool_size(outcomes: Outcomes) -> tuple[PoolSize, ...]:
    """How often all of so many models are wrong, seen and predicted by one common factor.

    Over complete rows. Seen is the mean over all pools of that size: a row in which w of m models
    are wrong is all wrong for C(w, s) of the C(m, s) pools of s. Predicted is the mean over
    `POOLS` random pools, or over all where these are fewer, and `None` where no two models vary.
    """
    models = len(outcomes.models)
    wrong = Counter((outcomes.cells == WRONG).sum(axis=1).tolist())
    rho, rates = tetrachoric(Pairs.of(outcomes)), wrong_rates(outcomes)
    curve = []
    for size in _sizes(models):
        pools = math.comb(models, size)
        seen = sum(rows * math.comb(w, size) for w, rows in wrong.items()) / pools
        predicted = [
            beta_single_factor(rates[pool].tolist(), common)
            for pool in _pools(models, size)
            if (common := pair_mean(rho[np.ix_(pool, pool)])) is not None
        ]
        mean = sum(predicted) / len(predicted) if predicted else None
        curve.append((size, seen / len(outcomes.rows), mean))
    return tuple(curve)


def _sizes(models: int) -> list[int]:
    """Every size of a small pool, doubling ones of a large one, and all models."""
    few = range(2, min(models, 4) + 1)
    doubled = (1 << power for power in range(3, models.bit_length()))
    return sorted({*few, *(size for size in doubled if size < models), models})


def _pools(models: int, size: int) -> list[list[int]]:
    if math.comb(models, size) <= POOLS:
        return [list(pool) for pool in combinations(range(models), size)]
    random = Random(0)
    return [sorted(random.sample(range(models), size)) for _ in range(POOLS)]


def wrong_rates(outcomes: Outcomes) -> Matrix:
    """Each model's share of wrong outcomes; NaN where none is known."""
    known = outcomes.known.sum(axis=0)
    return _ratio((outcomes.cells == WRONG).sum(axis=0), known)


def phi(pairs: Pairs) -> Matrix:
    """Pearson's correlation of the errors. NaN where a model of the pair never varies."""
    p, q = _ratio(pairs.wrong, pairs.rows), _ratio(pairs.wrong.T, pairs.rows)
    return _ratio(_ratio(pairs.both, pairs.rows) - p * q, np.sqrt(p * (1 - p) * q * (1 - q)))


def tetrachoric(pairs: Pairs) -> Matrix:
    """The correlation of two normal variables that, cut in two, would give the pair's table.

    NaN where a model of the pair never varies; 1 or -1 where the table has an empty corner that
    no smaller correlation explains.
    """
    models = len(pairs.rows)
    i, j = np.triu_indices(models, 1)
    rho = np.full((models, models), np.nan)
    np.fill_diagonal(rho, 1.0)
    rows, a, b = pairs.rows[i, j], pairs.wrong[i, j], pairs.wrong[j, i]
    joint = pairs.both[i, j]
    varies = (a > 0) & (a < rows) & (b > 0) & (b < rows)
    i, j = i[varies], j[varies]
    rows, a, b, joint = rows[varies], a[varies], b[varies], joint[varies]
    found = _solve(a / rows, b / rows, joint / rows)
    # Exactly, because the integral is flat there and rounding would stop the search early.
    found[joint == np.minimum(a, b)] = 1.0
    found[joint == np.maximum(0, a + b - rows)] = -1.0
    rho[i, j] = rho[j, i] = found
    return rho


def pair_mean(matrix: Matrix) -> float | None:
    """The mean over all pairs that have a value; `None` if none has."""
    values = matrix[np.triu_indices(len(matrix), 1)]
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else None


def beta_independent(rates: Sequence[float]) -> float:
    """P(all wrong) of independent models."""
    return math.prod(rates)


def beta_single_factor(rates: Sequence[float], rho: float) -> float:
    """P(all wrong) if one common factor gave every pair the correlation `rho`.

    int phi(z) prod_i Phi((t_i - sqrt(rho) z) / sqrt(1 - rho)) dz, t_i = Phi^-1(rate_i). Below 0
    there is no such factor and the models count as independent; at 1 the least rate remains.
    """
    if rho <= 0 or min(rates) == 0:
        return beta_independent(rates)
    if rho >= 1:
        return min(rates)
    cuts = np.array([_normal.inv_cdf(rate) for rate in rates if rate < 1])

    def log_density(z: Matrix) -> Matrix:
        inner = (cuts[:, None] - math.sqrt(rho) * z) / math.sqrt(1 - rho)
        total = _log_normal_cdf(inner).sum(axis=0) - z * z / 2 - math.log(2 * math.pi) / 2
        return np.asarray(total)

    # The density is log-concave, so what matters of it is one stretch.
    coarse = np.arange(-60, 60.5, 0.5)
    heights = log_density(coarse)
    high = coarse[heights > heights.max() - 45]
    low, width = high[0] - 0.5, high[-1] - high[0] + 1
    points, value, before = 128, 0.0, math.inf
    while abs(value - before) > 1e-9 * value and points < 1 << 14:
        points *= 2
        z = low + width * np.arange(points + 1) / points
        before, value = value, float(np.exp(log_density(z)).sum() * width / points)
    return value


def full_sigma_draws(rates: Sequence[float], rho: Matrix, *, draws: int = DRAWS) -> int:
    """In how many of the draws all are wrong, if a normal copula had all these correlations.

    Plain Monte Carlo with a fixed seed. Pairs without a value get the mean of the others.
    Negative eigenvalues, with which no such copula exists, are clipped first.
    """
    some = [model for model, rate in enumerate(rates) if rate < 1]
    if any(rates[model] == 0 for model in some):
        return 0
    # The best model first: few draws are left after it, and only these need the others.
    order = sorted(some, key=lambda model: rates[model])
    root = np.linalg.cholesky(_correlation(rho)[np.ix_(order, order)])
    random = np.random.default_rng(0)
    left = np.empty((draws, 0))
    for place, model in enumerate(order):
        new = random.standard_normal(len(left))
        value = left @ root[place, :place] + root[place, place] * new
        wrong = value < _normal.inv_cdf(rates[model])
        left = np.column_stack([left[wrong], new[wrong]])
    return len(left)


def negative_eigenvalues(rho: Matrix) -> int:
    """More than none: no normal copula has these correlations."""
    return int((np.linalg.eigvalsh(_filled(rho)) < 0).sum())


def _solve(p: Matrix, q: Matrix, joint: Matrix) -> Matrix:
    """The correlation at which two normal variables fall below both cuts with P = `joint`."""
    h = np.array([_normal.inv_cdf(x) for x in p])
    k = np.array([_normal.inv_cdf(x) for x in q])
    squares, product = ((h * h + k * k) / 2)[:, None], (h * k)[:, None]
    low, high = np.full(len(p), -math.pi / 2), np.full(len(p), math.pi / 2)
    for _ in range(45):
        end = (low + high) / 2
        angle = end[:, None] * (_NODES + 1) / 2
        sine = np.sin(angle)
        density = np.exp((product * sine - squares) / (1 - sine * sine))
        below = p * q + density @ _WEIGHTS * end / (4 * math.pi) < joint
        low, high = np.where(below, end, low), np.where(below, high, end)
    return np.asarray(np.sin((low + high) / 2))


def _filled(rho: Matrix) -> Matrix:
    mean = pair_mean(rho)
    return np.where(np.isnan(rho), 0.0 if mean is None else mean, rho)


def _correlation(rho: Matrix) -> Matrix:
    values, vectors = np.linalg.eigh(_filled(rho))
    clipped: Matrix = (vectors * np.maximum(values, _LEAST_EIGENVALUE)) @ vectors.T
    scale = np.sqrt(np.diag(clipped))
    correlation: Matrix = clipped / np.outer(scale, scale)
    return correlation


def _log_normal_cdf(x: Matrix) -> Matrix:
    # erfc underflows below -37, where the first terms of the asymptotic series are exact enough.
    far = np.minimum(x, -30.0)
    tail = -far * far / 2 - np.log(-far * math.sqrt(2 * math.pi)) - 1 / (far * far)
    near = np.log(_erfc(-np.maximum(x, -30.0) / math.sqrt(2)) / 2)
    return np.where(x < -30, tail, near)


def _ratio(a: NDArray[np.number], b: NDArray[np.number]) -> Matrix:
    """a / b, NaN where b is 0."""
    out: Matrix = np.full(np.shape(a), np.nan)
    np.divide(a, b, out=out, where=np.asarray(b) > 0)
    return out
