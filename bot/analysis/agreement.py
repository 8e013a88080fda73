"""Do the peers prefer what people prefer, and how much do people agree among themselves?

The agreement of one person with the others is the ceiling that any judge is measured against.
Intervals are at 95 % and clustered by asker. Pure; knows no display.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from bot.analysis.estimates import Estimate, mean, share
from bot.analysis.leaderboard import ROWS_MIN, Board, people_board
from bot.analysis.rows import PeerBallot, Row, sole_first
from bot.errors import InvalidInput
from bot.language import _, either
from bot.protocol.ranking import SAME_SCORE, shares

# One ranking of five models against another has a tau of 0 +- .41 by chance alone.
TAU_ROWS_MIN = 30


@dataclass(frozen=True, slots=True)
class Agreement:
    """Peers against people; what is known on too few rows is `None`, and `notes` say so.

    `top_one`: the peers' first was the people's best (a tie of k firsts counts 1/k), against
    `top_one_by_chance`; `_hidden` and `_visible` are the rows whose voter could not, or could, see
    the ranking. `pairwise`: of the pairs that people decided, those that peers order alike. `tau`:
    the mean tau-b of the peers' order with the people's standings. `human_ceiling`: a person's pick
    was that of most others.
    """

    top_one: Estimate | None
    top_one_by_chance: float | None
    top_one_hidden: Estimate | None
    top_one_visible: Estimate | None
    pairwise: Estimate | None
    tau: Estimate | None
    human_ceiling: Estimate | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reliability:
    """A reviewer's mean tau-b with the other reviewers of the same answers."""

    reviewer: str
    tau: Estimate


# What is counted, and the cluster it belongs to.
_Value = tuple[float, str]


def agreement(rows: Sequence[Row]) -> Agreement:
    """Total on any rows."""
    picked = [row for row in rows if row.best and _scored(row)]
    ceiling = [
        (hit, row.cluster)
        for row in rows
        for hit in leave_one_out([(row.id, p.person, p.model) for p in row.picks])
    ]
    found = Agreement(
        top_one=_share([(_top_one(row), row.cluster) for row in picked]),
        top_one_by_chance=_chance(picked) if len(picked) >= ROWS_MIN else None,
        top_one_hidden=_share([(_top_one(r), r.cluster) for r in picked if not _saw_ranking(r)]),
        top_one_visible=_share([(_top_one(r), r.cluster) for r in picked if _saw_ranking(r)]),
        pairwise=_share([(hit, row.cluster) for row in rows for hit in _pairs(row)]),
        tau=_tau(rows),
        human_ceiling=_share(ceiling),
        notes=(),
    )
    return replace(found, notes=_notes(found, len(picked), len(ceiling)))


def first_places(people: Board, peers: Board) -> str:
    """In a sentence, whether people and peers have the same leader; without one on either side
    there is nothing to agree about."""
    if not (people.ranked and peers.ranked):
        return _(
            "People and models cannot be compared yet: {why}", why=(people.notes + peers.notes)[0]
        )
    if not (people.leader and peers.leader):
        open_among = [
            who for who, board in ((_("people"), people), (_("models"), peers)) if not board.leader
        ]
        return _(
            "Whether people and models agree about the best is open: no model clearly "
            "leads among {who}.",
            who=either(open_among),
        )
    if people.leader == peers.leader:
        return _("People and models agree on the best model: {leader}.", leader=people.leader)
    return _(
        "People and models disagree about the best: people {people}, models {models}.",
        people=people.leader,
        models=peers.leader,
    )


def leave_one_out(votes: Iterable[tuple[Hashable, Hashable, str]]) -> list[float]:
    """1 or 0 for each vote `(unit, rater, pick)` as the pick is that of most other raters.

    A vote is left out where the others are divided, or there are none.
    """
    by_unit: defaultdict[Hashable, list[tuple[Hashable, str]]] = defaultdict(list)
    for unit, rater, pick in votes:
        by_unit[unit].append((rater, pick))
    hits = []
    for given in by_unit.values():
        for rater, pick in given:
            most = sole_first(Counter(other for person, other in given if person != rater))
            if most is not None:
                hits.append(float(pick == most))
    return hits


def pairwise_accuracy(people: ArrayLike, judge: ArrayLike) -> list[float]:
    """For each pair that people decided: 1 where the judge has the same sign, 1/2 where it ties."""
    decided, said = np.sign(np.asarray(people, float)), np.sign(np.asarray(judge, float))
    hits = np.where(said == 0, 0.5, said == decided)[decided != 0]
    return [float(hit) for hit in hits]


def tau_b(one: ArrayLike, other: ArrayLike) -> float | None:
    """Kendall's tau-b of two scores; `None` where one of them ties everything.

    What differs by the rounding of floats alone is tied: fitted strengths are often equal.
    """
    x, y = np.asarray(one, float), np.asarray(other, float)
    if len(x) != len(y) or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InvalidInput(_("A rank correlation needs two numbers for each model."))
    upper = np.triu_indices(len(x), 1)
    gaps = [np.subtract.outer(v, v)[upper] for v in (x, y)]
    dx, dy = (np.where(np.abs(gap) < SAME_SCORE, 0, np.sign(gap)) for gap in gaps)
    most = np.sqrt((dx != 0).sum() * (dy != 0).sum())
    return float((dx * dy).sum() / most) if most else None


def reliabilities(rows: Iterable[Row]) -> tuple[Reliability, ...]:
    """The reviewers with enough rows, the most reliable first. Rows that may have been stopped
    early are left out: there the others agree by selection."""
    taus: defaultdict[str, list[_Value]] = defaultdict(list)
    for row in rows:
        if not row.all_heard:
            continue
        for place, ballot in enumerate(row.ballots):
            others = row.ballots[:place] + row.ballots[place + 1 :]
            if (tau := _tau_with(row, ballot, others)) is not None:
                taus[ballot.reviewer].append((tau, row.cluster))
    found = [
        Reliability(reviewer, _mean(values))
        for reviewer, values in taus.items()
        if len(values) >= ROWS_MIN
    ]
    return tuple(sorted(found, key=lambda each: (-each.tau.value, each.reviewer)))


def _tau_with(row: Row, ballot: PeerBallot, others: Sequence[PeerBallot]) -> float | None:
    """The mean over the others."""
    own = shares(ballot.ranking, row.models)
    each = [
        tau_b([own[m] for m in row.models], [theirs[m] for m in row.models])
        for theirs in (shares(other.ranking, row.models) for other in others)
    ]
    known = [tau for tau in each if tau is not None]
    return float(np.mean(known)) if known else None


def _scored(row: Row) -> bool:
    return len(row.models) > 1 and None not in row.scores and bool(row.ballots)


def _score_of(row: Row) -> dict[str, float]:
    return {m: s for m, s in zip(row.models, row.scores, strict=True) if s is not None}


def _top_one(row: Row) -> float:
    scores = _score_of(row)
    top = max(scores.values())
    first = [model for model, score in scores.items() if top - score < SAME_SCORE]
    return 1 / len(first) if row.best in first else 0.0


def _saw_ranking(row: Row) -> bool:
    """Whether anybody behind the row's best answer could see the ranking by then."""
    return any(p.ranking_shown for p in row.picks if p.person in row.voters and p.model == row.best)


def _pairs(row: Row) -> list[float]:
    """For each pair of answers of which people hold one for better."""
    if not _scored(row):
        return []
    scores = _score_of(row)
    accepted = dict(zip(row.models, row.accepted, strict=True))
    held = [
        (_held(row.best, accepted, one, other), scores[one] - scores[other])
        for one, other in combinations(row.models, 2)
    ]
    judged = [0.0 if abs(gap) < SAME_SCORE else gap for _, gap in held]
    return pairwise_accuracy([sign for sign, _ in held], judged)


def _held(best: str | None, accepted: dict[str, bool | None], one: str, other: str) -> int:
    """1 where people hold `one` for better, -1 where `other`, 0 where that is not known."""
    if best in (one, other):
        return 1 if best == one else -1
    first, second = accepted[one], accepted[other]
    return 0 if first is None or second is None else int(first) - int(second)


def _tau(rows: Sequence[Row]) -> Estimate | None:
    people = people_board(rows)
    strength = {place.model: place.wins.value for place in people.places if place.wins}
    taus: list[_Value] = []
    comparable = [row for row in rows if strength.keys() >= set(row.models)]
    for row in filter(_scored, comparable):
        scores = _score_of(row)
        tau = tau_b([scores[m] for m in row.models], [strength[m] for m in row.models])
        if tau is not None:
            taus.append((tau, row.cluster))
    return _mean(taus) if len(taus) >= TAU_ROWS_MIN else None


def _chance(rows: Sequence[Row]) -> float:
    return float(np.mean([1 / len(row.models) for row in rows]))


def _share(values: Sequence[_Value]) -> Estimate | None:
    if len(values) < ROWS_MIN:
        return None
    return share([value for value, _ in values], [cluster for _, cluster in values])


def _mean(values: Sequence[_Value]) -> Estimate:
    return mean([value for value, _ in values], [cluster for _, cluster in values])


def _notes(found: Agreement, picked: int, ceiling: int) -> tuple[str, ...]:
    notes = []
    if found.top_one is None:
        notes.append(
            _(
                "Peers and people are compared from {least} picks on; there are {picked}.",
                least=ROWS_MIN,
                picked=picked,
            )
        )
    if found.human_ceiling is None:
        notes.append(
            _(
                "How far people agree among themselves is shown from {least} picks on "
                "questions that several people rated; there are {ceiling}.",
                least=ROWS_MIN,
                ceiling=ceiling,
            )
        )
    if found.tau is None:
        notes.append(
            _(
                "Orders are compared from {least} ranked questions on.",
                least=TAU_ROWS_MIN,
            )
        )
    return tuple(notes)
