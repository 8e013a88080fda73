"""Log-strengths of models from who was preferred to whom, with how sure they are.

Bradley-Terry on pairs (a tie is half a win for each), Plackett-Luce on ballots that may be partial.
Both are fitted by Newton's method under a normal prior on the log-strengths. Knows models as
numbers from 0, and neither channels nor people.

The prior is fixed, not fitted: intervals of an empirical-Bayes prior cover far too little below
fifty ballots, and without any prior there may be no finite strengths at all.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bot.errors import InvalidInput
from bot.language import _

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

PRIOR_SD = 1.0

# A ballot: tied groups of models, best first, and all models that were shown.
Ballot = tuple[Sequence[Sequence[int]], Sequence[int]]

_STEPS = 100
_SETTLED = 1e-10
# Log-strengths beyond this run away to infinity: e^30 to one is no finding but a missing one.
_RUNAWAY = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Log-strengths, their mean 0, and what was fitted beside them (`extra`).

    `covariance` is that of both, strengths first: the inverse curvature (Laplace), or the sandwich
    where clusters were given. That of the strengths is about their mean, so a diagonal entry is
    the variance of a model against the typical one.
    """

    strengths: Floats
    extra: Floats
    covariance: Floats

    def standard_errors(self) -> Floats:
        return np.sqrt(np.diag(self.covariance))

    def contrast(self, one: int, other: int) -> tuple[float, float]:
        """How much stronger `one` is than `other`, and the standard error."""
        c = self.covariance
        variance = c[one, one] + c[other, other] - 2 * c[one, other]
        return float(self.strengths[one] - self.strengths[other]), float(np.sqrt(variance))


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Comparisons of two: `score` is 1 where `left` was preferred, 0 where `right`, 1/2 a tie."""

    left: Ints
    right: Ints
    score: Floats
    models: int

    @staticmethod
    def of(left: ArrayLike, right: ArrayLike, score: ArrayLike, models: int) -> "Pairs":
        """Raises `InvalidInput` where the columns do not fit each other or the models."""
        pairs = Pairs(
            np.asarray(left, np.intp), np.asarray(right, np.intp), np.asarray(score, float), models
        )
        sides = np.concatenate([pairs.left, pairs.right])
        if not len(pairs.left) == len(pairs.right) == len(pairs.score):
            raise InvalidInput(_("Each comparison needs a left side, a right side and a score."))
        if not len(pairs.left):
            raise InvalidInput(_("There is no comparison yet."))
        if sides.min() < 0 or sides.max() >= models:
            raise InvalidInput(_("A comparison names a model that is not among those compared."))
        if (pairs.left == pairs.right).any():
            raise InvalidInput(_("A comparison has the same model on both sides."))
        if not np.isin(pairs.score, (0.0, 0.5, 1.0)).all():
            raise InvalidInput(_("A comparison's score is 1, 0 or, for a tie, 1/2."))
        return pairs


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """Ballots as choices of one model out of some: `winner` out of row `offer` of `members`.

    A row of `members` lists models, filled up with the number of models. `weight` is below 1 for
    the possible orders of a tie; `ballot` is the place of the ballot a choice comes from.
    """

    winner: Ints
    offer: Ints
    members: Ints
    weight: Floats
    ballot: Ints
    models: int

    @staticmethod
    def of(ballots: Sequence[Ballot], models: int) -> "Choices":
        """Models shown but left out of the ranking stand tied below it, which says nothing of
        their order. Raises `InvalidInput` where no ballot prefers anything."""
        # Channels repeat themselves: each different ballot is taken apart once.
        kinds: dict[Hashable, int] = {}
        offers: dict[tuple[int, ...], int] = {}
        found: list[tuple[int, int, float]] = []
        starts = [0]
        kind_of = np.empty(len(ballots), np.intp)
        for number, (ranking, shown) in enumerate(ballots):
            key = (tuple(map(tuple, ranking)), tuple(shown))
            if key not in kinds:
                kinds[key] = len(kinds)
                for winner, offered, weight in _choices(ranking, shown):
                    found.append((winner, offers.setdefault(offered, len(offers)), weight))
                starts.append(len(found))
            kind_of[number] = kinds[key]
        if not found:
            raise InvalidInput(_("No ballot prefers any model to another yet."))
        named = {model for offered in offers for model in offered}
        if min(named) < 0 or max(named) >= models:
            raise InvalidInput(_("A ballot names a model that is not among those ranked."))
        members = np.full((len(offers), max(map(len, offers))), models, np.intp)
        for row, offered in enumerate(offers):
            members[row, : len(offered)] = offered
        winners, offer_of, weights = map(np.array, zip(*found, strict=True))
        start, size = np.array(starts[:-1])[kind_of], np.diff(starts)[kind_of]
        ballot = np.repeat(np.arange(len(ballots)), size)
        choice = np.arange(size.sum()) + np.repeat(start - np.cumsum(size) + size, size)
        return Choices(winners[choice], offer_of[choice], members, weights[choice], ballot, models)


# Negative log-likelihood, gradient and Hessian at a point.
_Evaluate = Callable[[Floats], tuple[float, Floats, Floats]]


def bradley_terry(
    pairs: Pairs,
    *,
    covariates: ArrayLike | None = None,
    prior_sd: float | None = PRIOR_SD,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    robust: bool = False,
) -> Fit:
    """P(left preferred) = 1 / (1 + exp(-(s_left - s_right + covariates · extra))).

    `covariates` has a row per comparison and its coefficients have no prior. `prior_sd=None` is
    maximum likelihood, and raises `InvalidInput` where that is infinite. `clusters` numbers whose
    comparisons depend on each other (one person's); with `robust` alone every comparison is its
    own, by White's form without the small-sample factor G/(G-1).
    """
    m, n = pairs.models, len(pairs.left)
    z = np.zeros((n, 0)) if covariates is None else np.asarray(covariates, float).reshape(n, -1)
    w = _weights(weights, n)

    def difference(x: Floats) -> Floats:
        return x[pairs.left] - x[pairs.right] + z @ x[m:]

    def evaluate(x: Floats) -> tuple[float, Floats, Floats]:
        d = difference(x)
        p = _sigmoid(d)
        loss = float(w @ (np.logaddexp(0.0, d) - pairs.score * d))
        return loss, *_of_differences(pairs, w * (p - pairs.score), w * p * (1 - p), z)

    def scores(x: Floats, group: Ints, groups: int) -> Floats:
        residual = w * (pairs.score - _sigmoid(difference(x)))
        columns = [_sums(group, residual * column, groups) for column in z.T]
        return np.column_stack([_pair_sums(pairs, residual, group, groups), *columns])

    groups = np.arange(n) if robust and clusters is None else clusters
    factor = clusters is not None
    return _fit(evaluate, m, z.shape[1], prior_sd, scores, groups, small_sample=factor)


def plackett_luce(
    choices: Choices,
    *,
    prior_sd: float | None = PRIOR_SD,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
) -> Fit:
    """Strengths from ballots: the best is chosen out of all, the second out of the rest, and so on.

    `weights` and `clusters` have an entry per ballot. `prior_sd` as for `bradley_terry`.
    """
    m, rows = choices.models, len(choices.members)
    w = choices.weight
    if weights is not None:
        w = w * np.asarray(weights, float)[choices.ballot]
    of_offer = _sums(choices.offer, w, rows)
    wins = _sums(choices.winner, w, m)

    def parts(x: Floats) -> tuple[Floats, Floats]:
        s = np.append(x, -np.inf)[choices.members]
        top = s.max(axis=1, keepdims=True)
        e = np.exp(s - top)
        total = e.sum(axis=1, keepdims=True)
        return e / total, (top + np.log(total))[:, 0]

    def evaluate(x: Floats) -> tuple[float, Floats, Floats]:
        p, log_total = parts(x)
        weighted = of_offer[:, None] * p
        expected = _sums(choices.members.ravel(), weighted.ravel(), m + 1)[:m]
        cells = choices.members[:, :, None] * (m + 1) + choices.members[:, None, :]
        both = weighted[:, :, None] * p[:, None, :]
        square = _sums(cells.ravel(), both.ravel(), (m + 1) ** 2).reshape(m + 1, m + 1)
        loss = float(of_offer @ log_total - wins @ x)
        return loss, expected - wins, np.diag(expected) - square[:m, :m]

    def scores(x: Floats, group: Ints, groups: int) -> Floats:
        p, _ = parts(x)
        of = group[choices.ballot]
        won = _sums(of * m + choices.winner, w, groups * m).reshape(groups, m)
        cells = of[:, None] * (m + 1) + choices.members[choices.offer]
        chances = w[:, None] * p[choices.offer]
        expected = _sums(cells.ravel(), chances.ravel(), groups * (m + 1))
        return won - expected.reshape(groups, m + 1)[:, :m]

    return _fit(evaluate, m, 0, prior_sd, scores, clusters, small_sample=True)


def chance_of_best(fit: Fit, draws: int = 20_000) -> Floats:
    """Each model's probability to be the strongest, by draws from the normal approximation.

    The draws are always the same ones, so that a display does not flicker.
    """
    m = len(fit.strengths)
    values, vectors = np.linalg.eigh(fit.covariance[:m, :m])
    root = vectors * np.sqrt(np.clip(values, 0, None))
    normal = np.random.default_rng(0).standard_normal((draws, m))
    best = (fit.strengths + normal @ root.T).argmax(axis=1)
    return np.bincount(best, minlength=m) / draws


def _choices(
    ranking: Sequence[Sequence[int]], shown: Sequence[int]
) -> Iterator[tuple[int, tuple[int, ...], float]]:
    """The choices a ballot stands for: winner, what it was chosen out of, weight."""
    below = set(shown)
    for group in ranking:
        tied = [model for model in group if model in below]
        below -= set(tied)
        # A tie is broken in many ways at once, each model in each place equally often: all turns
        # of the group, forth and back. That is every order up to three models, and few above.
        turns = [tied[i:] + tied[:i] for i in range(len(tied))]
        orders = turns if len(tied) < 2 else turns + [turn[::-1] for turn in turns]
        for order in orders:
            for place, winner in enumerate(order):
                offered = tuple(sorted({*order[place:], *below}))
                if len(offered) > 1:
                    yield winner, offered, 1 / len(orders)


def _fit(
    evaluate: _Evaluate,
    models: int,
    extra: int,
    prior_sd: float | None,
    scores: Callable[[Floats, Ints, int], Floats] | None = None,
    clusters: ArrayLike | None = None,
    *,
    small_sample: bool = True,
) -> Fit:
    if models < 2:
        raise InvalidInput(_("There is only one model, so there is nothing to compare it with."))
    penalty = np.zeros((models + extra, models + extra))
    # Without a prior only differences are known; holding the sum at 0 changes none of them.
    penalty[:models, :models] = np.eye(models) / prior_sd**2 if prior_sd else 1 / models
    x, hessian = _newton(evaluate, penalty)
    covariance = np.linalg.inv(hessian)
    if clusters is not None and scores is not None:
        group = np.unique(np.asarray(clusters), return_inverse=True)[1]
        groups = int(group.max()) + 1
        if groups < 2:
            raise InvalidInput(
                _("All votes come from one person or question: no error can be told.")
            )
        s = scores(x, group, groups)
        # With a prior they do not sum to 0 at the maximum; only how they vary is error.
        s = s - s.mean(axis=0)
        factor = groups / (groups - 1) if small_sample else 1.0
        covariance = covariance @ (s.T @ s) @ covariance * factor
    centre = np.eye(models + extra)
    centre[:models, :models] -= 1 / models
    return Fit(x[:models], x[models:], centre @ covariance @ centre)


def _newton(evaluate: _Evaluate, penalty: Floats) -> tuple[Floats, Floats]:
    """The maximum, and the Hessian there. The objective is convex, so halved steps suffice."""

    def penalised(x: Floats) -> tuple[float, Floats, Floats]:
        loss, gradient, hessian = evaluate(x)
        pull = penalty @ x
        return loss + float(x @ pull) / 2, gradient + pull, hessian + penalty

    x = np.zeros(len(penalty))
    loss, gradient, hessian = penalised(x)
    for __ in range(_STEPS):
        try:
            step = np.linalg.solve(hessian, gradient)
        except np.linalg.LinAlgError:
            break
        size = 1.0
        while size > _SETTLED and not penalised(x - size * step)[0] <= loss + 1e-9 * abs(loss):
            size /= 2
        x = x - size * step
        loss, gradient, hessian = penalised(x)
        if abs(x).max() > _RUNAWAY or not np.isfinite(loss):
            break
        if abs(step).max() < _SETTLED:
            return x, hessian
    raise InvalidInput(
        _(
            "These votes alone give no finite strengths: some models were never compared, or "
            "one won or lost every time."
        )
    )


def _of_differences(
    pairs: Pairs, slope: Floats, curve: Floats, covariates: Floats
) -> tuple[Floats, Floats]:
    """Gradient and Hessian from the derivatives by each comparison's difference of strengths."""
    m = pairs.models
    one = np.zeros(len(slope), np.intp)
    between = _sums(pairs.left * m + pairs.right, curve, m * m).reshape(m, m)
    between = between + between.T
    laplacian = np.diag(between.sum(axis=1)) - between
    gradient = np.append(_pair_sums(pairs, slope, one, 1)[0], covariates.T @ slope)
    across = np.array([_pair_sums(pairs, curve * column, one, 1)[0] for column in covariates.T])
    across = across.reshape(covariates.shape[1], m)
    corner = covariates.T @ (curve[:, None] * covariates)
    return gradient, np.block([[laplacian, across.T], [across, corner]])


def _pair_sums(pairs: Pairs, values: Floats, group: Ints, groups: int) -> Floats:
    """Per group and model the sum of values, positive on the left side, negative on the right."""
    m = pairs.models
    left = _sums(group * m + pairs.left, values, groups * m)
    right = _sums(group * m + pairs.right, values, groups * m)
    return (left - right).reshape(groups, m)


def _sums(index: Ints, values: Floats, length: int) -> Floats:
    return np.bincount(index, values, length).astype(float)


def _weights(weights: ArrayLike | None, n: int) -> Floats:
    return np.ones(n) if weights is None else np.asarray(weights, float)


def _sigmoid(x: Floats) -> Floats:
    return 0.5 * (1 + np.tanh(x / 2))
