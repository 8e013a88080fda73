"""Everything that `stats` tells about a channel, from its rows. Pure; words are found elsewhere.

What the models think of each other does not depend on votes, so it is a part of its own that need
not be computed again for every vote.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.analysis.agreement import (
    Agreement,
    Reliability,
    agreement,
    first_places,
    reliabilities,
)
from bot.analysis.biases import (
    Biases,
    LengthEffect,
    people_length_effect,
    people_position_slope,
    position_slopes,
    self_preference,
)
from bot.analysis.cofailure import MINIMUM_ROWS, Ceiling, ceiling_of_votes
from bot.analysis.estimates import Estimate, Missing, known
from bot.analysis.leaderboard import Acceptance, Board, acceptances, peer_board, people_board
from bot.analysis.lift import Chairman, Lift, Price, chairman, lift, price
from bot.analysis.realised import Ways, more_than_half
from bot.analysis.rows import Rated, Row, outcomes, rated, rosters, seated
from bot.analysis.weighted import reviewed, weighted_verdicts
from bot.errors import InvalidInput
from bot.language import _, days

# The newest questions give intervals that are narrow enough; more would only cost time. Reviewers
# are judged by those in which every review was waited for.
COMPARED_MAX = 2_000
REVIEWED_MAX = 200

# Counts by model over fewer rated questions would tell which model wrote which answer.
NAMED_FROM = 5


@dataclass(frozen=True, slots=True)
class Peers:
    """What models think of each other: their standings, and how they judge. `ids` are the rows."""

    board: Board
    self_preference: Biases
    position_slopes: Biases
    reliabilities: tuple[Reliability, ...]
    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Report:
    """`spent_usd` and `not_blind`, the votes of people who had seen the names, are over all rows,
    `first` is how people's and peers' best compare, in a sentence. Models that were `on_audition` when
    they answered count for how people and reviewers judge answers, and in no standing, share or
    comparison of members."""

    rated: Rated
    spent_usd: float
    not_blind: int
    people: Board
    peers: Peers
    first: str
    acceptance: tuple[Acceptance, ...]
    agreement: Agreement
    lift: Lift | Missing
    chairman: Chairman
    price: Price | Missing
    position: Estimate | None
    length: LengthEffect | Missing
    on_audition: tuple[str, ...] = ()


def as_json(report: Report) -> dict[str, Any]:
    """Names are those of the fields; an estimate is {value, low, high, n}, and what is not known
    yet is {why}."""
    found = asdict(report)
    del found["peers"]["ids"]
    return found


def compared(rows: Sequence[Row]) -> frozenset[str]:
    """The ids of the rows that may not be brief for a report of all of them."""
    return frozenset(row.id for row in (*rows[-COMPARED_MAX:], *_reviewed(rows)))


def _reviewed(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.all_heard][-REVIEWED_MAX:]


def peers_of(rows: Sequence[Row]) -> Peers:
    recent = _reviewed(rows)
    return Peers(
        board=peer_board([seated(row) for row in rows[-COMPARED_MAX:]]),
        self_preference=self_preference(recent),
        position_slopes=position_slopes(recent),
        reliabilities=reliabilities(recent),
        ids=frozenset(row.id for row in rows),
    )


def report(rows: Sequence[Row], peers: Peers) -> Report:
    """Total on any rows: what is not known yet says so."""
    members = tuple(map(seated, rows))
    people = people_board(members)
    return Report(
        rated=rated(rows),
        spent_usd=sum(row.cost_usd for row in rows),
        not_blind=sum(row.not_blind for row in rows),
        people=people,
        peers=peers,
        first=first_places(people, peers.board),
        acceptance=acceptances(members),
        agreement=agreement(rows[-COMPARED_MAX:]),
        lift=known(lambda: lift(members)),
        chairman=chairman(rows),
        price=known(lambda: price(rows)),
        position=people_position_slope(rows),
        length=known(lambda: people_length_effect(rows[-COMPARED_MAX:])),
        on_audition=tuple(sorted({row.audition for row in rows} - {""})),
    )


def ceiling(rows: Sequence[Row]) -> tuple[Ceiling, str]:
    """Of the set of models that was rated together most often, and when its questions were asked.

    Raises `InvalidInput`, which says what is missing.
    """
    voted = [row for row in rows if row.rated]
    if len(voted) < NAMED_FROM:
        raise InvalidInput(
            _(
                "A ceiling needs {least} questions in which an answer was accepted, or "
                "every one rejected; so far {voted} were rated at all.",
                least=MINIMUM_ROWS,
                voted=len(voted),
            )
        )
    roster = rosters(voted)[0][0]
    together = [row for row in rows if row.columns.keys() >= set(roster)]
    members = [seated(row) for row in together]
    beats = known(lambda: lift(members))
    held = outcomes(together, roster)
    found = ceiling_of_votes(
        held,
        {"majority_at_least": more_than_half(held), **_ways(members)},
        [row.cluster for row in together],
        verdict_is_better=not isinstance(beats, Missing) and beats.lift.low > 0,
    )
    asked = [row.asked_at for row in together if row.rated]
    return found, days(min(asked).date(), max(asked).date())


def _ways(rows: Sequence[Row]) -> Ways:
    """Whether what the council came to was accepted: its verdict, and what reviewers put first, counted
    alike and by what they earned."""
    return {
        "top_answer": [_top(row) for row in rows],
        "weighted_verdict": weighted_verdicts([reviewed(row) for row in rows]),
        "verdict": [None if row.verdict is None else float(row.verdict) for row in rows],
    }


def _top(row: Row) -> float | None:
    """Where several are first, what a draw among them would be accepted in."""
    scores = [score for score in row.scores if score is not None]
    if not scores:
        return None
    first = [
        held for held, score in zip(row.accepted, row.scores, strict=True) if score == max(scores)
    ]
    return None if None in first else sum(map(bool, first)) / len(first)
