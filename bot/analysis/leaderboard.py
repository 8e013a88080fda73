"""The standings of a channel: which models its people prefer and accept, and which its peers do.

Below twenty rows nothing is ranked, only counted. Ranked are models that met, directly or through
others, in questions somebody judged: between groups that never met only the prior would decide. A
model's place is one more than the number of models that are better with their whole interval, and
one leads only where it is probably the best. Everything shown has its interval and a sentence says
why something is missing. Pure; knows neither commands nor pictures.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from bot.analysis import strengths
from bot.analysis.estimates import Z90, Estimate, beta
from bot.analysis.rows import Rated, Row, rated
from bot.analysis.strengths import Ballot, Choices, Fit, Pairs
from bot.language import N_, Message, _, listed, n_

ROWS_MIN = 20
LEADS_AT = 0.8

# A rate starts as strong as this many rows at the channel's own rate.
PSEUDO_ROWS = 8
# Where what was never rated could move a rate by more than this, only counts are shown.
BOUNDS_MAX = 0.4


@dataclass(frozen=True, slots=True)
class Place:
    """A model's place: one more than the number of intervals wholly above its own, `None` below
    `ROWS_MIN` rows and for a model that cannot be compared with those of today.

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
    none, or all, of the unrated ones were acceptable, and `possible` what chance adds to either
    end, so that it holds the interval of `rate`. Both are `None` while the bounds are too far apart
    or too few rows are rated.
    """

    model: str
    accepted: int
    rated: int
    answered: int
    bounds: tuple[float, float]
    rate: Estimate | None
    possible: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Standings:
    """Everything about a channel's models."""

    rated: Rated
    people: Board
    peers: Board
    acceptance: tuple[Acceptance, ...]
    notes: tuple[str, ...]


# How many models a sentence lists.
_LISTED_MAX = 5

# One ballot or several of a row: the tied groups, best first, by model.
_Given = Sequence[tuple[tuple[str, ...], ...]]
_Ballots = Callable[[Row], _Given]


def standings(rows: Sequence[Row]) -> Standings:
    """Total on any rows: what cannot be said yet is a sentence in `notes`."""
    notes = [] if any(row.rated for row in rows) else [unrated(sum(r.not_blind for r in rows))]
    acceptance = acceptances(rows)
    if any(each.rate is None and each.rated for each in acceptance):
        notes.append(
            _(
                "A rate is shown from {least} rated answers on, when the unrated ones could "
                "move it by at most {most:.0%}.",
                least=ROWS_MIN,
                most=BOUNDS_MAX,
            )
        )
    return Standings(rated(rows), people_board(rows), peer_board(rows), acceptance, tuple(notes))


def unrated(not_blind: int) -> str:
    """That no vote counts, though so many were given after names were shown."""
    if not not_blind:
        return _("Nothing was rated here yet.")
    return n_(
        "The one vote here came from people who had seen the names, and such votes do not count.",
        "All {n:,} votes here came from people who had seen the names, and such votes do not "
        "count.",
        not_blind,
    )


def people_board(rows: Sequence[Row]) -> Board:
    """From each row's best answer, preferred to all others that were shown.

    Rows are oldest first, here and below: the newest tells which models are today's.
    """
    few = N_("No ranking below {least} questions: in {judged} somebody picked a best answer.")
    return _board(rows, lambda row: (((row.best,),),) if row.best else (), few)


def peer_board(rows: Sequence[Row]) -> Board:
    """From the reviewers' rankings; a row counts as one, however many reviewed it."""
    few = N_("No ranking below {least} questions: in {judged} somebody ranked the answers.")
    return _board(rows, lambda row: [b.ranking for b in row.ballots], few)


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
        if n < ROWS_MIN or of - n > BOUNDS_MAX * of:
            return Acceptance(model, k, n, of, bounds, None, None)
        rate = _rate(k, n, channel)
        none, all_of_them = _rate(k, of, channel), _rate(k + of - n, of, channel)
        possible = min(rate.low, none.low), max(rate.high, all_of_them.high)
        return Acceptance(model, k, n, of, bounds, rate, possible)

    def order(each: Acceptance) -> tuple[float, str]:
        return -(each.accepted + PSEUDO_ROWS * channel) / (each.rated + PSEUDO_ROWS), each.model

    return tuple(sorted(map(acceptance, answered), key=order))


def _rate(accepted: int, n: int, channel: float) -> Estimate:
    # Where everything, or nothing, was accepted so far, the prior still doubts it.
    prior = min(max(channel, 0.5 / (n + 1)), 1 - 0.5 / (n + 1))
    return beta(accepted + PSEUDO_ROWS * prior, n - accepted + PSEUDO_ROWS * (1 - prior), n)


def _board(rows: Sequence[Row], ballots_of: _Ballots, few: Message) -> Board:
    models = sorted({model for row in rows for model in row.models})
    if len(models) < 2:
        alone = _("No model answered here, so there is nothing to compare.")
        if models:
            alone = _(
                "Only {model} answered here, so there is nothing to compare.", model=models[0]
            )
        return _unranked(models, rows, alone)
    judged = [(row, given) for row in rows if (given := _given(row, ballots_of))]
    met = _meetings(row.models for row, _ in judged)
    newest = next((row for row in reversed(rows) if len(row.models) > 1), rows[-1])
    today = {*newest.models, *newest.failed}
    ranked = sorted(_component(met, today))
    judged = [(row, given) for row, given in judged if set(row.models) <= set(ranked)]
    if len(judged) < ROWS_MIN:
        note = _(few, least=ROWS_MIN, judged=len(judged))
        return _unranked(models, [row for row, _ in judged], note, _firsts(judged))
    number = {model: i for i, model in enumerate(ranked)}

    @cache  # channels repeat themselves
    def ballot(ranking: tuple[tuple[str, ...], ...], models: tuple[str, ...]) -> Ballot:
        groups = [[number[model] for model in group] for group in ranking]
        return groups, [number[model] for model in models]

    ballots = [ballot(ranking, row.models) for row, given in judged for ranking in given]
    weights = [1 / len(given) for _, given in judged for _ in given]
    fit = strengths.plackett_luce(Choices.of(ballots, len(ranked)), weights=weights)
    seen = Counter(model for row, _ in judged for model in row.models)
    board = _ranked(ranked, fit, _firsts(judged), seen, len(judged))
    board = _led_by_one_that_met(board, met, today)
    absent = tuple(
        _(
            "{model} took part in {seen} of these {judged} questions.",
            model=model,
            seen=seen[model],
            judged=len(judged),
        )
        for model in ranked
        if seen[model] < len(judged)
    )
    return _with_others(replace(board, notes=board.notes + absent), models)


def _given(row: Row, ballots_of: _Ballots) -> _Given:
    return tuple(ranking for ranking in ballots_of(row) if ranking and len(row.models) > 1)


def _firsts(judged: Iterable[tuple[Row, _Given]]) -> Counter[str]:
    """How often a model was the sole first."""
    return Counter(
        ranking[0][0] for _, given in judged for ranking in given if len(ranking[0]) == 1
    )


def _meetings(rosters: Iterable[Sequence[str]]) -> dict[str, set[str]]:
    """Of each model, those that it was judged beside, itself among them."""
    met: defaultdict[str, set[str]] = defaultdict(set)
    for roster in set(rosters):
        for model in roster:
            met[model].update(roster)
    return dict(met)


def _component(met: Mapping[str, set[str]], today: Collection[str]) -> set[str]:
    """The models that met, directly or through others, with most of today's; else the largest
    such group."""
    left, groups = set(met), []
    while left:
        group: set[str] = set()
        waiting = {min(left)}
        while waiting:
            group |= waiting
            waiting = set().union(*(met[model] for model in waiting)) - group
        groups.append(group)
        left -= group
    return max(groups, key=lambda group: (len(group & set(today)), len(group)), default=set())


def _unranked(
    models: Iterable[str], rows: Sequence[Row], note: str, firsts: Mapping[str, int] | None = None
) -> Board:
    seen, firsts = Counter(model for row in rows for model in row.models), firsts or {}
    places = (Place(m, None, None, None, firsts.get(m, 0), seen[m]) for m in models)
    return Board(tuple(places), len(rows), None, (note,))


def _with_others(board: Board, models: Iterable[str]) -> Board:
    """The models that cannot be compared with those on the board, listed apart."""
    ranked = {place.model for place in board.places}
    others = [model for model in models if model not in ranked]
    if not others:
        return board
    places = tuple(Place(model, None, None, None, 0, 0) for model in others)
    note = _(
        "Not comparable yet, because they never met these in a question: {models}.",
        models=_listed(others),
    )
    return replace(board, places=board.places + places, notes=(*board.notes, note))


def _led_by_one_that_met(
    board: Board, met: Mapping[str, set[str]], today: Collection[str]
) -> Board:
    """A leader stood beside all of today's models, and beside all that may be as good as it: a
    model that left keeps no lead over those that came after it."""
    if board.leader is None:
        return board
    first = next(place for place in board.places if place.model == board.leader)
    assert first.wins is not None
    low = first.wins.low
    rivals = {p.model for p in board.places if p.model in today or (p.wins and p.wins.high >= low)}
    if missed := sorted(rivals - met[board.leader]):
        note = _(
            "{leader} is ahead, but never stood beside {models}: nobody leads.",
            leader=board.leader,
            models=_listed(missed),
        )
        return replace(board, leader=None, notes=(note, *board.notes))
    return board


def _ranked(
    models: Sequence[str], fit: Fit, firsts: Counter[str], seen: Counter[str], rows: int
) -> Board:
    error = fit.standard_errors()
    chances = strengths.chance_of_best(fit)
    wins = [
        _chance(float(fit.strengths[i]), float(error[i]), seen[m]) for i, m in enumerate(models)
    ]
    placed = _places(wins)
    order = sorted(range(len(models)), key=lambda i: (placed[i], -fit.strengths[i]))
    places = tuple(
        Place(models[i], placed[i], wins[i], float(chances[i]), firsts[models[i]], seen[models[i]])
        for i in order
    )
    best = int(chances.argmax())
    leader = models[best] if chances[best] >= LEADS_AT else None
    if leader is not None:
        return Board(places, rows, leader, ())
    first = [place.model for place in places if place.place == 1]
    return Board(places, rows, None, (_("Too close to call: {models}.", models=_listed(first)),))


def _places(wins: Sequence[Estimate]) -> list[int]:
    """One more than the number of intervals wholly above, so that overlaps do not chain."""
    lows = np.array([each.low for each in wins])
    return [1 + int((lows > each.high).sum()) for each in wins]


def _chance(strength: float, error: float, rows: int) -> Estimate:
    low, high = (_sigmoid(strength + z * error) for z in (-Z90, Z90))
    return Estimate(_sigmoid(strength), low, high, rows)


def _listed(models: Sequence[str]) -> str:
    if len(models) > _LISTED_MAX + 1:
        models = [*models[:_LISTED_MAX], _("{more} more", more=len(models) - _LISTED_MAX)]
    return listed(models)


def _sigmoid(x: float) -> float:
    return float(0.5 * (1 + np.tanh(x / 2)))
