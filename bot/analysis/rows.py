"""From deliberations and the reactions to them to rows: one for each thread that can be rated.

What counts: blind votes only. An answer is acceptable or not as the asker last said; without a word
of the asker's, as the majority of the other people, and a tie leaves it unknown. "None of these"
refuses every answer. "Best" accepts one and says nothing of whether the others were acceptable. A
member that failed is unknown, not refused. Follow-ups in a thread and questions that were asked
before add no row. Pure, and knows no formula.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import numpy as np

from bot.analysis.calibration import Look, look_of
from bot.analysis.outcomes import RIGHT, UNKNOWN, WRONG, Outcomes, seat_columns
from bot.council import PERSON, Deliberation, Review, by_models
from bot.language import _, n_
from bot.protocol.ranking import never_stops_early
from bot.recognition import SAME_QUESTION, alike
from bot.records import Case, Reaction, remains_of
from bot.votes import NONE, VERDICT, Vote, standing_votes

T = TypeVar("T")

# One ballot of two decides nothing, so that two reviewers are always both heard.
_NEVER_STOPPED = 2

# More than half of a row, and needed of few (`bot.analysis.report.compared`).
DETAILS = ("ballots", "scores", "lengths")


@dataclass(frozen=True, slots=True)
class Pick:
    """A person's trophy; `ranking_shown` says whether that person could see the ranking by then."""

    person: str
    model: str
    ranking_shown: bool


@dataclass(frozen=True, slots=True)
class PeerBallot:
    """A reviewer's ranking, best first, and the order in which it read the answers."""

    reviewer: str
    ranking: tuple[tuple[str, ...], ...]
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A thread, rated or not. Models are those that answered, each once.

    `accepted`, `places` (of the answers in the thread, from 0), `scores` (the peers') and `lengths`
    (in characters) go with `models`; `None` is not known. `voters` are the people whose votes count in
    this row, and `asker` is "" where nobody in particular asked. `best` is the asker's pick, else that
    of most people. `verdict_written` is False where an answer stood in for the verdict, or people's were
    among those that it was written of. `all_heard` marks a row that may be used for statistics about
    reviewers: no early stop was possible. Where a model holds several seats, `seats` are all that
    answered (`seat_columns`) and `seats_accepted` goes with them; elsewhere both are empty, and
    `columns` says which holds. `not_blind` counts votes of people who had seen the names; nothing else
    here is about them. `signs` are those by which the question is recognised (`bot.recognition`), each
    for itself or several in one text; its words are not here. Of a brief row the `DETAILS` are left out. `audition` is the model that
    answered along without being a member, "" for none, and `audition_usd` what its answer cost; all
    else is about that answer, too. `look` is what was known of the verdict before anybody voted.
    """

    id: str
    asked_at: datetime
    asker: str
    models: tuple[str, ...]
    failed: tuple[str, ...]
    accepted: tuple[bool | None, ...]
    places: tuple[int | None, ...]
    scores: tuple[float | None, ...]
    lengths: tuple[int, ...]
    verdict: bool | None
    verdict_written: bool
    best: str | None
    picks: tuple[Pick, ...]
    voters: tuple[str, ...]
    ballots: tuple[PeerBallot, ...]
    all_heard: bool
    cost_usd: float
    seconds: float | None
    not_blind: int = 0
    seats: tuple[str, ...] = ()
    seats_accepted: tuple[bool | None, ...] = ()
    signs: tuple[str, ...] = ()
    audition: str = ""
    audition_usd: float = 0.0
    look: Look | None = None

    @property
    def is_brief(self) -> bool:
        return not self.lengths

    @property
    def rated(self) -> bool:
        return bool(self.voters)

    @property
    def cluster(self) -> str:
        """Whose votes belong together: the asker's, else this row's own."""
        return self.asker or self.id

    @property
    def columns(self) -> dict[str, bool | None]:
        """What is held of each answer, by model and seat."""
        if self.seats:
            return dict(zip(self.seats, self.seats_accepted, strict=True))
        return dict(zip(self.models, self.accepted, strict=True))

    @property
    def roster(self) -> tuple[str, ...]:
        """The columns of members."""
        return tuple(sorted(self.columns.keys() - {self.audition}))

    @property
    def all_rejected(self) -> bool | None:
        """Whether every answer was refused; one acceptance decides that not."""
        held = self.columns.values()
        if True in held:
            return False
        return True if held and None not in held else None


@dataclass(frozen=True, slots=True)
class Rated:
    """Who rated how much. `one_person`: more than half of what counts is one person's, a row that
    several people rated being shared among them."""

    rated: int
    rows: int
    people: int
    one_person: bool

    def __str__(self) -> str:
        text = n_(
            "rated {rated} of {n} question, by {people}",
            "rated {rated} of {n} questions, by {people}",
            self.rows,
            rated=self.rated,
            people=n_("one person", "{n} people", self.people),
        )
        mostly = self.one_person and self.people > 1
        return _("{text}, more than half of them by one person", text=text) if mostly else text


def rows(cases: Iterable[tuple[Case, Sequence[Reaction]]], key: str = "") -> tuple[Row, ...]:
    """The rows of finished cases, given oldest first with the reactions that stand."""
    return counted((_thread(case), row_of(case, reactions, key)) for case, reactions in cases)


def counted(rows: Iterable[tuple[Hashable, Row | None]]) -> tuple[Row, ...]:
    """Of the rows of deliberations, each with its thread, oldest first, those that count."""
    return _asked_once(_first_of_threads(rows))


def pace(rows: Iterable[Row]) -> timedelta | None:
    """The time from one rated question to the next, `None` where it is not known."""
    asked = sorted(row.asked_at for row in rows if row.rated)
    return (asked[-1] - asked[0]) / (len(asked) - 1) if len(asked) > 1 else None


def brief(row: Row) -> Row:
    """Without its `DETAILS`."""
    return row if row.is_brief else replace(row, ballots=(), scores=(), lengths=())


def row_of(case: Case, reactions: Sequence[Reaction], key: str = "") -> Row | None:
    """What one deliberation says; `None` where it is unfinished or nobody answered,
    or its answers are those of another. Under the `key`
    questions are recognised."""
    result = case.result and without_people(case.result)
    if result is None or not result.answers or result.redo:
        return None
    # A model that holds two seats counts by one of them; labels are dealt at random.
    seats = {answer.model: answer.label for answer in reversed(result.answers)}
    label_of = dict(sorted((label, model) for model, label in seats.items()))
    model_of = {answer.label: answer.model for answer in result.answers}
    blind = [reaction for reaction in reactions if reaction.blind]
    votes = standing_votes(blind)
    asker = case.asker or ""
    said = {label: decided(on_answer(votes, label), asker) for label in model_of}
    columns = columns_of_seats(result) if len(label_of) < len(model_of) else {}
    on_verdict = [v for v in votes if v.target == VERDICT and result.has_verdict]
    verdict = decided({v.person: v.value == "accept" for v in on_verdict}, asker)
    picks = _picks(votes, blind, model_of)
    best, best_by = _best(picks, asker)
    deciding = {*verdict[1], *best_by, *(person for _, by in said.values() for person in by)}
    places = {r.target: r.place for r in blind if r.place is not None}
    left = case.remains or remains_of(case, key)
    scores = {standing.label: standing.score for standing in result.standings}
    auditioning = {member.label: member.model for member in result.members if member.audition}
    return Row(
        id=case.id,
        asked_at=case.question.asked_at,
        asker=asker,
        models=tuple(label_of.values()),
        failed=tuple(m.model for m in result.members if m.status == "failed"),
        accepted=tuple(said[label][0] for label in label_of),
        places=tuple(places.get(label) for label in label_of),
        scores=tuple(scores.get(label) for label in label_of),
        lengths=tuple(left.lengths[label] for label in label_of),
        verdict=verdict[0],
        verdict_written=result.verdict.written_by is not None and result is case.result,
        best=best,
        picks=picks,
        voters=tuple(sorted(deciding)),
        ballots=_ballots(result, label_of),
        all_heard=_all_heard(result),
        cost_usd=result.cost_usd,
        seconds=result.timings.verdict,
        seats=tuple(columns.values()),
        seats_accepted=tuple(said[label][0] for label in columns),
        not_blind=sum(not vote.blind for vote in standing_votes(reactions)),
        signs=left.signs,
        audition="".join(auditioning.values()),
        audition_usd=sum(a.cost_usd for a in result.answers if a.label in auditioning),
        look=look_of(case.result) if case.result and case.result.has_verdict else None,
    )


def without_people(result: Deliberation) -> Deliberation:
    """The result without what people answered, who enter no statistics."""
    answers = by_models(result.answers)
    if len(answers) == len(result.answers):
        return result
    return replace(
        result,
        members=tuple(each for each in result.members if each.model != PERSON),
        answers=answers,
        standings=tuple(each for each in result.standings if each.model != PERSON),
    )


def rated(rows: Sequence[Row]) -> Rated:
    shares: defaultdict[str, float] = defaultdict(float)
    for row in rows:
        for person in row.voters:
            shares[person] += 1 / len(row.voters)
    number = sum(row.rated for row in rows)
    most = max(shares.values(), default=0)
    return Rated(number, len(rows), len(shares), 2 * most > number)


def seated(row: Row) -> Row:
    """The row as its members stood in it: without the answer of a model on audition, which takes no
    place from anybody, and whose rank says nothing of how the others stand to each other."""
    if row.audition not in row.models:
        return row
    kept = [place for place, model in enumerate(row.models) if model != row.audition]

    def of_members(values: Sequence[T]) -> tuple[T, ...]:
        return tuple(values[place] for place in kept) if values else ()

    ballots = (
        replace(
            ballot,
            ranking=tuple(filter(None, (_without(group, row) for group in ballot.ranking))),
            order=_without(ballot.order, row),
        )
        for ballot in row.ballots
    )
    held = {column: good for column, good in row.columns.items() if column != row.audition}
    return replace(
        row,
        models=of_members(row.models),
        accepted=of_members(row.accepted),
        places=of_members(row.places),
        scores=of_members(row.scores),
        lengths=of_members(row.lengths),
        best=None if row.best == row.audition else row.best,
        picks=tuple(pick for pick in row.picks if pick.model != row.audition),
        ballots=tuple(ballots),
        seats=tuple(held) if row.seats else (),
        seats_accepted=tuple(held.values()) if row.seats else (),
    )


def _without(models: Sequence[str], row: Row) -> tuple[str, ...]:
    return tuple(model for model in models if model != row.audition)


def rosters(rows: Iterable[Row]) -> tuple[tuple[tuple[str, ...], int], ...]:
    """The sets of members that answered together, by columns, and in how many rows; most frequent
    first."""
    return tuple(Counter(row.roster for row in rows).most_common())


def outcomes(rows: Iterable[Row], roster: Sequence[str]) -> Outcomes:
    """What was accepted, of each row in which every column of the roster answered."""
    kept = [row for row in rows if row.columns.keys() >= set(roster)]
    cells = np.full((len(kept), len(roster)), UNKNOWN, np.int8)
    for line, row in enumerate(kept):
        accepted = row.columns
        for column, model in enumerate(roster):
            if (good := accepted[model]) is not None:
                cells[line, column] = RIGHT if good else WRONG
    return Outcomes(tuple(row.id for row in kept), tuple(roster), cells)


def _first_of_threads(rows: Iterable[tuple[Hashable, Row | None]]) -> list[Row]:
    first: dict[Hashable, Row] = {}
    for thread, row in rows:
        if thread not in first and row is not None:
            first[thread] = row
    return list(first.values())


def columns_of_seats(result: Deliberation) -> dict[str, str]:
    """The columns of the seats that answered, by label."""
    members = sorted(result.members, key=lambda member: member.seat)
    names = seat_columns(member.model for member in members)
    columns = zip((member.label for member in members), names, strict=True)
    answered = {answer.label for answer in result.answers}
    return {label: name for label, name in columns if label in answered}


def _thread(case: Case) -> tuple[str, ...]:
    if case.thread is None:
        return (case.id,)
    return (case.platform, case.workspace or "", case.channel or "", case.thread)


def on_answer(votes: Iterable[Vote], label: str) -> dict[str, bool]:
    """What each person holds of an answer: "none of these" refuses it like a thumbs-down."""
    return {
        vote.person: vote.value in ("accept", "best")
        for vote in votes
        if vote.target in (label, NONE)
    }


def decided(said: Mapping[str, bool], asker: str) -> tuple[bool | None, tuple[str, ...]]:
    """What counts, and the people behind it."""
    if asker in said:
        return said[asker], (asker,)
    accepting = sum(said.values())
    if 2 * accepting == len(said):
        return None, tuple(said)
    return 2 * accepting > len(said), tuple(said)


def _picks(
    votes: Iterable[Vote], blind: Iterable[Reaction], model_of: Mapping[str, str]
) -> tuple[Pick, ...]:
    trophies = {(r.target, r.person): r.ranking_shown for r in blind if r.value == "best"}
    return tuple(
        Pick(vote.person, model_of[vote.target], trophies[vote.target, vote.person])
        for vote in votes
        if vote.value == "best" and vote.target in model_of
    )


def _best(picks: Sequence[Pick], asker: str) -> tuple[str | None, tuple[str, ...]]:
    """The model that is preferred, and the people behind that; `None` where they are divided."""
    people = tuple(pick.person for pick in picks)
    if asker in people:
        return picks[people.index(asker)].model, (asker,)
    return sole_first(Counter(pick.model for pick in picks)), people


def sole_first(counts: Mapping[str, float]) -> str | None:
    """The one with the highest count, `None` where several share it."""
    most = max(counts.values(), default=0)
    first = [model for model, count in counts.items() if count == most]
    return first[0] if len(first) == 1 else None


def _all_heard(result: Deliberation) -> bool:
    """Of a mode without reviews there was nobody to hear."""
    reviews = len(result.reviews)
    return reviews > 0 and (never_stops_early(result.seed) or reviews <= _NEVER_STOPPED)


def _ballots(result: Deliberation, label_of: Mapping[str, str]) -> tuple[PeerBallot, ...]:
    def models(labels: Iterable[str]) -> tuple[str, ...]:
        return tuple(label_of[label] for label in labels if label in label_of)

    def ballot(review: Review) -> PeerBallot:
        groups = tuple(models(group) for group in review.ranking)
        return PeerBallot(review.model, tuple(filter(None, groups)), models(review.order))

    return tuple(ballot(review) for review in result.reviews if review.counted)


def _asked_once(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Without questions that nearly say the same: of those the first rated row stays, else the
    first. Numbers make a question another one."""
    kept: list[Row] = []
    shared = _shared_signs(rows)
    taken: defaultdict[int, list[frozenset[str]]] = defaultdict(list)
    for place in sorted(range(len(rows)), key=lambda place: (not rows[place].rated, place)):
        if place in shared:
            signs = frozenset(_signs(rows[place]))
            if any(alike(signs, other) for sign in shared[place] for other in taken[sign]):
                continue
            for sign in shared[place]:
                taken[sign].append(signs)
        kept.append(rows[place])
    return tuple(sorted(kept, key=lambda row: (row.asked_at, row.id)))


def _shared_signs(rows: Sequence[Row]) -> Mapping[int, list[int]]:
    """The rows that may be alike, by their places, with a few numbers each: two of them are compared
    that share one.

    Two sets that share most members share one of the first few of each in any order of all members,
    and in the order from rare to frequent there are fewest of these. In arrays, because a server has
    had some hundred thousands of signs; most are of one row alone, and with them most rows.
    """
    sizes = np.fromiter((len(_signs(row)) for row in rows), np.int32, len(rows))
    hashes = np.fromiter(
        (hash(sign) for row in rows for sign in _signs(row)), np.int64, int(sizes.sum())
    )
    ordered = np.sort(hashes)
    common = np.isin(hashes, np.unique(ordered[1:][ordered[1:] == ordered[:-1]]))
    places = np.repeat(np.arange(len(rows), dtype=np.int32), sizes)
    compared = sizes - np.ceil(SAME_QUESTION * sizes) + 1
    own = sizes - np.bincount(places[common], minlength=len(rows))
    left = (own < compared)[places]
    hashes, common, places = hashes[left], common[left], places[left]
    _, signs, frequency = np.unique(hashes, return_inverse=True, return_counts=True)
    rarest_first = np.lexsort((signs, frequency[signs], common, places))
    signs, places = signs[rarest_first], places[rarest_first]
    before = np.arange(len(places)) - np.searchsorted(places, places)  # in the same row
    first = before < compared[places]
    found: defaultdict[int, list[int]] = defaultdict(list)
    for place, sign in zip(places[first].tolist(), signs[first].tolist(), strict=True):
        found[place].append(sign)
    return found


def _signs(row: Row) -> list[str]:
    return " ".join(row.signs).split()
