"""What moves a ranking besides how good an answer is: being one's own, its position, its length.

Reviewers are measured by their Borda shares, 1 for the first place and 0 for the last, in rows in
which nobody was stopped early. Effects are in shares unless they are named logits; intervals are at
95 %. Pure; corrects nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from bot.analysis import strengths
from bot.analysis.agreement import tau_b
from bot.analysis.estimates import Z95, Estimate, Floats, mean
from bot.analysis.rows import Row
from bot.analysis.strengths import Pairs
from bot.errors import InvalidInput
from bot.language import _
from bot.protocol.ranking import shares

# Below these the effects drown in noise.
SELF_ROWS_MIN, SELF_ROWS_MIN_POOLED = 50, 20
SLOPE_ROWS_MIN, SLOPE_ROWS_MIN_POOLED = 20, 10
PAIRS_MIN = 200


@dataclass(frozen=True, slots=True)
class Biases:
    """By reviewer, and over all of them; `None` and left out where the rows are too few."""

    by_reviewer: tuple[tuple[str, Estimate], ...]
    pooled: Estimate | None


@dataclass(frozen=True, slots=True)
class Effect:
    """A coefficient on the scale of logits, with its standard error and interval."""

    estimate: Estimate
    standard_error: float


@dataclass(frozen=True, slots=True)
class LengthEffect:
    """`gamma` is the logit for one standard deviation of the relative difference in length: above
    0 the longer text is preferred. `order_kept` is the tau-b of the models' strengths with and
    without it, which are `controlled` and `uncontrolled`, by model."""

    gamma: Effect
    order_kept: float | None
    uncontrolled: tuple[float, ...]
    controlled: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reviewer's share for the answer that it read at `position`, 0 first to 1 last."""

    row: int
    reviewer: str
    model: str
    position: float
    share: float


def self_preference(rows: Sequence[Row]) -> Biases:
    """How much larger a share a reviewer gives its own answer than the others give it."""
    gaps: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    for row in _heard(rows):
        given = [(ballot.reviewer, shares(ballot.ranking, row.models)) for ballot in row.ballots]
        for reviewer, own in given:
            others = [theirs[reviewer] for name, theirs in given if name != reviewer]
            gaps[reviewer].append((own[reviewer] - float(np.mean(others)), row.id))
    everything = [gap for each in gaps.values() for gap in each]
    questions = len({row for _, row in everything})
    return Biases(
        tuple((r, _mean(gaps[r])) for r in sorted(gaps) if len(gaps[r]) >= SELF_ROWS_MIN),
        _mean(everything) if questions >= SELF_ROWS_MIN_POOLED else None,
    )


def position_slopes(rows: Sequence[Row]) -> Biases:
    """How much more of a share an answer gets by being read last instead of first.

    All reviewers' slopes are fitted together, against each answer's own mean: an answer is as good
    as it is, whoever reads it where.
    """
    readings = list(_readings(rows))
    questions = Counter(name for _, name in {(each.row, each.reviewer) for each in readings})
    if len({each.row for each in readings}) < SLOPE_ROWS_MIN_POOLED:
        return Biases((), None)
    names = sorted(questions)
    # From the middle: a reviewer hands out as much in total, whatever its slope.
    position = np.array([each.position for each in readings]) - 0.5
    own = np.array([[each.reviewer == name for name in names] for each in readings], float)
    item = [(each.row, each.model) for each in readings]
    share, row = [each.share for each in readings], [each.row for each in readings]
    # A row of one ballot alone says nothing, so that a reviewer may have no slope of its own.
    single = _slopes(share, position[:, None] * own, item, row)
    (pooled,) = _slopes(share, position[:, None], item, row) or (None,)
    by_reviewer = tuple(
        (name, _interval(slope, error, questions[name]))
        for name, (slope, error) in zip(names, single, strict=False)
        if questions[name] >= SLOPE_ROWS_MIN
    )
    total = len(set(row))
    return Biases(by_reviewer, _interval(*pooled, total) if pooled else None)


def people_position_slope(rows: Sequence[Row]) -> Estimate | None:
    """How much more often people accept what stands last in the thread instead of first.

    Against each model's own mean, because quick models always come first. `None` below
    `ROWS_MIN` rows with two rated answers, or where a model never changes its place.
    """
    seen = [
        (float(accepted), place / (len(row.models) - 1), model, row.cluster, row.id)
        for row in rows
        if len(row.models) > 1
        for model, accepted, place in zip(row.models, row.accepted, row.places, strict=True)
        if accepted is not None and place is not None
    ]
    questions = len({id for *_, id in seen})
    if questions < SLOPE_ROWS_MIN:
        return None
    accepted, places, models, clusters, _ = zip(*seen, strict=True)
    slopes = _slopes(accepted, np.array(places)[:, None], models, clusters)
    return _interval(*slopes[0], questions) if slopes else None


def length_effect(
    pairs: Pairs,
    left_length: ArrayLike,
    right_length: ArrayLike,
    *,
    prior_sd: float | None = strengths.PRIOR_SD,
    clusters: ArrayLike | None = None,
) -> LengthEffect:
    """What the relative difference (left - right) / (left + right) adds to the logit.

    The standard error is robust, each comparison for itself where no `clusters` are given. Raises
    `InvalidInput` below `PAIRS_MIN` comparisons and where all texts are equally long.
    """
    left, right = np.asarray(left_length, float), np.asarray(right_length, float)
    if len(pairs.left) < PAIRS_MIN:
        raise InvalidInput(
            _(
                "The effect of length needs {least} comparisons; there are {pairs}.",
                least=PAIRS_MIN,
                pairs=len(pairs.left),
            )
        )
    if not (np.isfinite(left).all() and np.isfinite(right).all() and (left + right > 0).all()):
        raise InvalidInput(_("A length is missing, so that its effect cannot be told."))
    difference = (left - right) / (left + right)
    if not difference.std():
        raise InvalidInput(_("All texts are equally long, so that length can have no effect."))
    z = (difference - difference.mean()) / difference.std()
    before = strengths.bradley_terry(pairs, prior_sd=prior_sd)
    after = strengths.bradley_terry(
        pairs, covariates=z, prior_sd=prior_sd, clusters=clusters, robust=True
    )
    return LengthEffect(
        _effect(after, 0, len(pairs.left)),
        tau_b(before.strengths, after.strengths),
        tuple(map(float, before.strengths)),
        tuple(map(float, after.strengths)),
    )


def people_length_effect(rows: Sequence[Row]) -> LengthEffect:
    """From each row's best answer against the others; the models in order of their names.

    Raises `InvalidInput` as `length_effect` does, and while all picks are one person's.
    """
    models = sorted({model for row in rows for model in row.models})
    number = {model: i for i, model in enumerate(models)}
    found: list[tuple[int, int, float, int, int, str]] = []
    for row in rows:
        lengths = dict(zip(row.models, row.lengths, strict=True))
        for one, other in combinations(row.models, 2):
            if row.best in (one, other):
                compared = number[one], number[other], float(row.best == one)
                found.append((*compared, lengths[one], lengths[other], row.cluster))
    if not found:
        raise InvalidInput(_("Nobody picked a best answer yet."))
    left, right, score, left_length, right_length, clusters = zip(*found, strict=True)
    pairs = Pairs.of(left, right, score, len(models))
    return length_effect(pairs, left_length, right_length, clusters=clusters)


def _heard(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows with several counted ballots, each by a model that answered, none stopped early."""
    for row in rows:
        reviewers = {ballot.reviewer for ballot in row.ballots}
        if row.all_heard and len(reviewers) > 1 and reviewers <= set(row.models):
            yield row


def _readings(rows: Iterable[Row]) -> Iterator[_Reading]:
    for number, row in enumerate(_heard(rows)):
        for ballot in row.ballots:
            given = shares(ballot.ranking, row.models)
            last = len(ballot.order) - 1
            for place, model in enumerate(ballot.order):
                yield _Reading(number, ballot.reviewer, model, place / last, given[model])


def _slopes(
    values: Sequence[float], regressors: Floats, items: Sequence[object], clusters: Sequence[object]
) -> list[tuple[float, float]]:
    """Least squares within items: coefficients and their errors, clustered. Empty where they cannot
    be told apart, and with fewer than two clusters."""
    item, cluster = _numbered(items), _numbered(clusters)
    if cluster.max() < 1:
        return []
    x = _within(regressors, item)
    y = _within(np.asarray(values, float)[:, None], item)[:, 0]
    square = x.T @ x
    if np.linalg.matrix_rank(square) < len(square):
        return []
    inverse = np.linalg.inv(square)
    coefficients = inverse @ (x.T @ y)
    scores = x * (y - x @ coefficients)[:, None]
    sums = np.zeros((cluster.max() + 1, x.shape[1]))
    np.add.at(sums, cluster, scores)
    factor = len(sums) / (len(sums) - 1)
    errors = np.sqrt(np.diag(inverse @ sums.T @ sums @ inverse) * factor)
    return [(float(c), float(e)) for c, e in zip(coefficients, errors, strict=True)]


def _within(columns: Floats, item: strengths.Ints) -> Floats:
    """Each column less its mean over the item."""
    size = np.bincount(item)
    means = np.stack([np.bincount(item, column) / size for column in columns.T], axis=1)
    difference: Floats = columns - means[item]
    return difference


def _numbered(keys: Sequence[object]) -> strengths.Ints:
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.intp)


def _mean(values: Sequence[tuple[float, str]]) -> Estimate:
    return mean([value for value, _ in values], [cluster for _, cluster in values])


def _interval(value: float, error: float, n: int) -> Estimate:
    return Estimate(value, value - Z95 * error, value + Z95 * error, n)


def _effect(fit: strengths.Fit, place: int, n: int) -> Effect:
    error = float(fit.standard_errors()[len(fit.strengths) + place])
    return Effect(_interval(float(fit.extra[place]), error, n), error)
