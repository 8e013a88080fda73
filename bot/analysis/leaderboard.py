"""The standings of a channel: which models its people prefer and accept, and which its peers do.

Below twenty rows nothing is ranked, only counted. Models whose intervals overlap share a place, and
one leads only where it is probably the best. Everything shown has its interval and a sentence says
why something is missing. Pure; knows neither commands nor pictures.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.analysis import strengths
from bot.analysis.estimates import Z90, Estimate, beta
from bot.analysis.rows import Rated, Row, rated
from bot.analysis.strengths import Ballot, Choices, Fit, Pairs

ROWS_MIN = 20
LEADS_AT = 0.8

# A rate starts as strong as this many rows at the channel's own rate.
PSEUDO_ROWS = 8
# Where what was never rated could move a rate by more than this, only counts are shown.
BOUNDS_MAX = 0.4


@dataclass(frozen=True, slots=True)
class Place:
    """A model's place: 1 is best and tied models share it, `None` below `ROWS_MIN` rows.

    `wins` is the probability to be preferred to the typical model here, with a 90 % interval;
    `firsts` counts sole first places, `rows` those in which the model could be preferred.
    """

    model: str
    place: int | None
    wins: Estimate | None
    chance_of_best: float | None
    firsts: int
    rows: int


@dataclass(frozen=True, slots=True)
class Board:
    """Models, best first, or by name where nothing is ranked. `leader` is the model that is the
    best with a probability of `LEADS_AT`. `notes` are sentences for the reader."""

    places: tuple[Place, ...]
    rows: int
    leader: str | None
    notes: tuple[str, ...]

    @property
    def ranked(self) -> bool:
        return any(place.place is not None for place in self.places)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """How often a model's answers were acceptable.

    `accepted` of `rated` rows, out of `answered` in which it answered at all. `rate` is the
    posterior mean with a 90 % interval; `bounds` is where the share would lie over all answers if
    none, or all, of the unrated ones were acceptable. `rate` is `None` while these are too far
    apart or too few rows are rated.
    """

    model: str
    accepted: int
    rated: int
    answered: int
    bounds: tuple[float, float]
    rate: Estimate | None


@dataclass(frozen=True, slots=True)
class Standings:
    """Everything about a channel's models."""

    rated: Rated
    people: Board
    peers: Board
    acceptance: tuple[Acceptance, ...]
    notes: tuple[str, ...]


# One ballot or several of a row: the tied groups, best first, by model.
_Ballots = Callable[[Row], Sequence[Sequence[Sequence[str]]]]


def standings(rows: Sequence[Row]) -> Standings:
    """Total on any rows: what cannot be said yet is a sentence in `notes`."""
    notes = [] if any(row.rated for row in rows) else ["Nothing was rated here yet."]
    acceptance = acceptances(rows)
    if any(each.rate is None and each.rated for each in acceptance):
        notes.append(
            f"A rate is shown from {ROWS_MIN} rated answers on, when the unrated ones could move "
            f"it by at most {BOUNDS_MAX:.0%}."
        )
    return Standings(rated(rows), people_board(rows), peer_board(rows), acceptance, tuple(notes))


def people_board(rows: Sequence[Row]) -> Board:
    """From each row's best answer, preferred to all others that were shown."""
    return _board(rows, lambda row: [[[row.best]]] if row.best else [], "picked a best answer")


def peer_board(rows: Sequence[Row]) -> Board:
    """From the reviewers' rankings; a row counts as one, however many reviewed it."""
    return _board(rows, lambda row: [b.ranking for b in row.ballots], "ranked the answers")


def pair_board(models: Sequence[str], pairs: Pairs) -> Board:
    """From comparisons of two, such as judges' votes on public questions, a row for each."""
    fit = strengths.bradley_terry(pairs)
    sides = np.concatenate([pairs.left, pairs.right])
    winners = np.concatenate([pairs.left[pairs.score == 1], pairs.right[pairs.score == 0]])
    seen = Counter(models[i] for i in sides)
    firsts = Counter(models[i] for i in winners)
    return _ranked(models, fit, firsts, seen, len(pairs.left))


def acceptances(rows: Sequence[Row]) -> tuple[Acceptance, ...]:
    """By acceptance, the highest first."""
    answered = Counter(model for row in rows for model in row.models)
    said = [
        (model, accepted)
        for row in rows
        for model, accepted in zip(row.models, row.accepted, strict=True)
        if accepted is not None
    ]
    known = Counter(model for model, _ in said)
    accepted = Counter(model for model, good in said if good)
    total = known.total()
    channel = accepted.total() / total if total else 0.5

    def acceptance(model: str) -> Acceptance:
        k, n, of = accepted[model], known[model], answered[model]
        bounds = (k / of, (k + of - n) / of)
        shown = n >= ROWS_MIN and of - n <= BOUNDS_MAX * of
        return Acceptance(model, k, n, of, bounds, _rate(k, n, channel) if shown else None)

    def order(each: Acceptance) -> tuple[float, str]:
        return -(each.accepted + PSEUDO_ROWS * channel) / (each.rated + PSEUDO_ROWS), each.model

    return tuple(sorted(map(acceptance, answered), key=order))


def _rate(accepted: int, n: int, channel: float) -> Estimate:
    # Where everything, or nothing, was accepted so far, the prior still doubts it.
    prior = min(max(channel, 0.5 / (n + 1)), 1 - 0.5 / (n + 1))
    return beta(accepted + PSEUDO_ROWS * prior, n - accepted + PSEUDO_ROWS * (1 - prior), n)


def _board(rows: Sequence[Row], ballots_of: _Ballots, what: str) -> Board:
    models = sorted({model for row in rows for model in row.models})
    number = {model: i for i, model in enumerate(models)}
    ballots: list[Ballot] = []
    weights: list[float] = []
    clusters: list[int] = []
    seen: Counter[str] = Counter()
    firsts: Counter[str] = Counter()
    for place, row in enumerate(rows):
        given = [ranking for ranking in ballots_of(row) if ranking and len(row.models) > 1]
        if not given:
            continue
        seen.update(row.models)
        shown = [number[model] for model in row.models]
        for ranking in given:
            ballots.append(([[number[model] for model in group] for group in ranking], shown))
            weights.append(1 / len(given))
            clusters.append(place)
            if len(ranking[0]) == 1:
                firsts[ranking[0][0]] += 1
    counted = len(set(clusters))

    def unranked(note: str) -> Board:
        places = (Place(m, None, None, None, firsts[m], seen[m]) for m in models)
        return Board(tuple(places), counted, None, (note,))

    if len(models) < 2:
        only = f"Only {models[0]} answered here" if models else "No model answered here"
        return unranked(f"{only}, so there is nothing to compare.")
    if counted < ROWS_MIN:
        return unranked(f"No ranking below {ROWS_MIN} questions: in {counted} somebody {what}.")
    choices = Choices.of(ballots, len(models))
    fit = strengths.plackett_luce(choices, weights=weights)
    board = _ranked(models, fit, firsts, seen, counted)
    absent = tuple(
        f"{model} took part in {seen[model]} of these {counted} questions."
        for model in models
        if seen[model] < counted
    )
    return replace(board, notes=board.notes + absent)


def _ranked(
    models: Sequence[str], fit: Fit, firsts: Counter[str], seen: Counter[str], rows: int
) -> Board:
    error = fit.standard_errors()
    chances = strengths.chance_of_best(fit)
    order = [int(i) for i in np.argsort(-fit.strengths, kind="stable")]
    wins = [
        _chance(float(fit.strengths[i]), float(error[i]), seen[m]) for i, m in enumerate(models)
    ]
    shared = _places([wins[i] for i in order])
    places = tuple(
        Place(models[i], place, wins[i], float(chances[i]), firsts[models[i]], seen[models[i]])
        for i, place in zip(order, shared, strict=True)
    )
    best = int(chances.argmax())
    leader = models[best] if chances[best] >= LEADS_AT else None
    if leader is not None:
        return Board(places, rows, leader, ())
    first = [place.model for place in places if place.place == 1]
    return Board(places, rows, None, (f"Too close to call: {_listed(first)}.",))


def _places(wins: Sequence[Estimate]) -> list[int]:
    """Places of estimates, best first: whoever overlaps with a better group joins it, so that
    between two places no intervals overlap."""
    places, lowest = [1], wins[0].low
    for i, each in enumerate(wins[1:], start=1):
        places.append(places[-1] if each.high >= lowest else i + 1)
        lowest = each.low if places[-1] == i + 1 else min(lowest, each.low)
    return places


def _chance(strength: float, error: float, rows: int) -> Estimate:
    low, high = (_sigmoid(strength + z * error) for z in (-Z90, Z90))
    return Estimate(_sigmoid(strength), low, high, rows)


def _listed(models: Sequence[str]) -> str:
    return ", ".join(models[:-1]) + " and " + models[-1] if len(models) > 1 else models[0]


def _sigmoid(x: float) -> float:
    return float(0.5 * (1 + np.tanh(x / 2)))
