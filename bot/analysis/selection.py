"""Which models to seat: the most accepted ones, unless another set is shown to do better together.

A council delivers a good answer in a row where c of its k members gave one with a chance of

    J = c e^pull / (c e^pull + k - c),

`pull` being the log-odds by which its verdicts favour what is acceptable. Choosing by J takes models
that fail on different questions. Minimising joint failures alone loses: it seats bad models for rare
rescues. On a channel's few rows J itself is mostly noise, so its set has to win on rows that it was
not chosen by. Pure; changes nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.analysis.estimates import Z95, Estimate, mean
from bot.analysis.leaderboard import PSEUDO_ROWS, ROWS_MIN, Acceptance, acceptances
from bot.analysis.rows import Row
from bot.errors import InvalidInput
from bot.language import _

Floats = NDArray[np.float64]

# Rows in which every candidate was rated, below which only acceptance counts.
COMPLETE_MIN = 30
# What a set has to win, besides the gain's standard error, to be worth changing members for.
GAIN_MIN = 0.005
SPLITS = 5

# Normal prior of `pull`: verdicts favour what is acceptable, how much is known within a factor.
_PULL_MEAN, _PULL_SD = 2.0, 1.5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`models` are the proposed members, the most accepted first, out of `candidates`.

    `gain` is how much more often the set chosen by J was acceptable than the most accepted models,
    on rows it was not chosen by, with a 95 % interval; `None` below `COMPLETE_MIN` `complete` rows.
    `together`: that set is what is proposed. `unrated` answered, but were rated too seldom.
    """

    models: tuple[str, ...]
    candidates: tuple[Acceptance, ...]
    unrated: tuple[str, ...]
    complete: int
    gain: Estimate | None
    together: bool


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A row per question, a column per candidate: 1 accepted, 0 not, NaN not known.

    `odds` are the log-odds that an answer drawn from the row's council is acceptable, where it had
    both kinds and its verdict was rated, which `delivered` tells; NaN elsewhere.
    """

    accepted: Floats
    odds: Floats
    delivered: Floats

    @property
    def complete(self) -> NDArray[np.bool_]:
        return np.asarray(~np.isnan(self.accepted).any(axis=1), np.bool_)

    def of_rows(self, rows: NDArray[np.bool_]) -> "Table":
        return Table(self.accepted[rows], self.odds[rows], self.delivered[rows])


def suggest(rows: Sequence[Row], *, seats: int, refused: Collection[str] = ()) -> Suggestion:
    """Members for so many seats, without `refused` models.

    Raises `InvalidInput`, which says what is missing, where there is nothing to choose from.
    """
    known = [each for each in acceptances(rows) if each.model not in refused]
    candidates = tuple(each for each in known if each.rate is not None)
    if len(candidates) <= seats:
        raise InvalidInput(_nothing_to_choose(candidates, seats))
    models = [each.model for each in candidates]
    table = table_of(rows, models)
    chosen, gain = list(range(seats)), None
    if table.complete.sum() >= COMPLETE_MIN:
        gain = cross_fitted_gain(table, seats)
        if gain.value > max(_standard_error(gain), GAIN_MIN):
            chosen = sorted(greedy(table, seats))
    return Suggestion(
        models=tuple(models[i] for i in chosen),
        candidates=candidates,
        unrated=tuple(each.model for each in known if each.rate is None),
        complete=int(table.complete.sum()),
        gain=gain,
        together=chosen != list(range(seats)),
    )


def table_of(rows: Sequence[Row], models: Sequence[str]) -> Table:
    column = {model: i for i, model in enumerate(models)}
    accepted = np.full((len(rows), len(models)), np.nan)
    odds, delivered = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for line, row in enumerate(rows):
        for model, good in zip(row.models, row.accepted, strict=True):
            if good is not None and model in column:
                accepted[line, column[model]] = good
        c, k = row.accepted.count(True), len(row.accepted)
        if row.verdict is not None and None not in row.accepted and 0 < c < k:
            odds[line], delivered[line] = np.log(c / (k - c)), row.verdict
    return Table(accepted, odds, delivered)


def cross_fitted_gain(table: Table, seats: int) -> Estimate:
    """How much better J's set did than the most accepted models, with a 95 % interval.

    Both are chosen on a random half of the rows and compared on the other one, either way round.
    """
    random = np.random.default_rng(0)
    n = len(table.accepted)
    gains = []
    for __ in range(SPLITS):
        half = np.zeros(n, np.bool_)
        half[random.permutation(n)[: n // 2]] = True
        both = _difference(table, half, seats), _difference(table, ~half, seats)
        gains.append(mean(np.concatenate(both)))
    # Splits share their rows, so that more of them do not make the interval narrower.
    value, low, high = np.mean([(each.value, each.low, each.high) for each in gains], axis=0)
    return Estimate(float(value), float(low), float(high), gains[0].n)


def greedy(table: Table, seats: int) -> list[int]:
    """The set of columns that J grows to, one model at a time. A missing label counts as the
    model's rate."""
    filled = np.where(np.isnan(table.accepted), shrunk_rates(table.accepted), table.accepted)
    pull = pull_of(table)
    chosen: list[int] = []
    for __ in range(seats):
        left = [i for i in range(filled.shape[1]) if i not in chosen]
        scores = [chances(filled[:, [*chosen, i]], pull).mean() for i in left]
        chosen.append(left[int(np.argmax(scores))])
    return chosen


def most_accepted(table: Table, seats: int) -> list[int]:
    return [int(i) for i in np.argsort(-shrunk_rates(table.accepted), kind="stable")[:seats]]


def chances(accepted: Floats, pull: float) -> Floats:
    """J by row, of a council of these columns."""
    good = accepted.sum(axis=1)
    weight = good * np.exp(pull)
    return np.asarray(weight / (weight + accepted.shape[1] - good))


def pull_of(table: Table) -> float:
    """The most probable `pull`: a logistic model's only coefficient, by bisection of its slope."""
    used = ~np.isnan(table.odds)
    odds, delivered = table.odds[used], table.delivered[used]
    low, high = _PULL_MEAN - 20, _PULL_MEAN + 20
    for __ in range(50):
        middle = (low + high) / 2
        expected = 0.5 * (1 + np.tanh((odds + middle) / 2))
        slope = (delivered - expected).sum() - (middle - _PULL_MEAN) / _PULL_SD**2
        low, high = (middle, high) if slope > 0 else (low, middle)
    return (low + high) / 2


def shrunk_rates(accepted: Floats) -> Floats:
    """Each column's acceptance, as if it had `PSEUDO_ROWS` more rows at the mean of all."""
    known = ~np.isnan(accepted)
    good, of = np.nansum(accepted, axis=0), known.sum(axis=0)
    overall = good.sum() / of.sum() if of.sum() else 0.5
    return np.asarray((good + PSEUDO_ROWS * overall) / (of + PSEUDO_ROWS))


def _difference(table: Table, half: NDArray[np.bool_], seats: int) -> Floats:
    """Chosen on this half, compared on the complete rows of the other one: a row whose gaps are
    filled with rates looks as if its models failed apart from each other."""
    known = table.of_rows(half)
    tested = table.accepted[~half & table.complete]
    pull = pull_of(known)
    ours, plain = greedy(known, seats), most_accepted(known, seats)
    return chances(tested[:, ours], pull) - chances(tested[:, plain], pull)


def _standard_error(gain: Estimate) -> float:
    return (gain.high - gain.value) / Z95


def _nothing_to_choose(candidates: Sequence[Acceptance], seats: int) -> str:
    if len(candidates) < 2:
        have = candidates[0].model if candidates else _("no model")
        return _(
            "A suggestion needs models with {least} rated answers each, few of theirs "
            "unrated; so far {have} has them.",
            least=ROWS_MIN,
            have=have,
        )
    return _(
        "There are {seats} seats and {candidates} models with {least} rated answers or "
        "more, so there is nothing to choose. Seat another model for a while, or ask for "
        "fewer: `/council suggest {fewer}`.",
        seats=seats,
        candidates=len(candidates),
        least=ROWS_MIN,
        fewer=len(candidates) - 1,
    )
