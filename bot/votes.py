"""From the reactions that stand to the votes they mean.

One person's reactions are read in the order in which they were given; the later one counts.
Reactions of the same time came in an unknown order (they were found after a downtime): then a
trophy counts before a thumbs-down, that before a thumbs-up, and "none of these" least.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.records import Reaction, ReactionValue

VERDICT, NONE = "verdict", "none"

# The least first: of reactions given at the same time the last one read counts.
_UNKNOWN_ORDER: tuple[ReactionValue, ...] = ("none", "accept", "reject", "best")

# How many people hold each value of each target.
Tally = Mapping[tuple[str, ReactionValue], int]


@dataclass(frozen=True, slots=True)
class Vote:
    """What one person holds of one target: an answer's label, `verdict`, or `none` (of these).

    `best` implies acceptance. `at`, `ranking_shown` (to that person by then) and `place` (of the
    answer in the thread, from 0) are those of the reaction it comes from.
    """

    target: str
    person: str
    value: ReactionValue
    blind: bool
    at: datetime
    ranking_shown: bool = False
    place: int | None = None


def standing_votes(reactions: Iterable[Reaction]) -> tuple[Vote, ...]:
    """The votes on one deliberation, oldest first; the order of `reactions` does not matter.

    Blind and other reactions are read apart. A person's vote that is not blind is left out where
    their blind vote says the same.
    """
    by_voter: defaultdict[tuple[str, bool], list[Reaction]] = defaultdict(list)
    for reaction in reactions:
        by_voter[reaction.person, reaction.blind].append(reaction)
    votes = [vote for given in by_voter.values() for vote in _votes_of_one(given)]
    blind = {(vote.target, vote.person, vote.value) for vote in votes if vote.blind}
    kept = [v for v in votes if v.blind or (v.target, v.person, v.value) not in blind]
    return tuple(sorted(kept, key=lambda v: (v.at, v.person, v.target, v.blind)))


def tally(reactions: Iterable[Reaction]) -> Tally:
    """What people say now: each counts once for a target, by what they said last."""
    held = {(vote.target, vote.person): vote.value for vote in standing_votes(reactions)}
    return Counter((target, value) for (target, _), value in held.items())


def _votes_of_one(reactions: list[Reaction]) -> Iterable[Vote]:
    """One person's votes, from either their blind reactions or their others."""
    votes: dict[str, Vote] = {}
    for reaction in sorted(reactions, key=_order):
        vote = Vote(
            reaction.target,
            reaction.person,
            reaction.value,
            reaction.blind,
            reaction.at,
            reaction.ranking_shown,
            reaction.place,
        )
        if reaction.target == VERDICT:
            votes[VERDICT] = vote
            continue
        if reaction.value == "best":
            # One trophy per person and question: a newer one leaves the older an acceptance.
            votes = {t: _accepting(v) if v.value == "best" else v for t, v in votes.items()}
        if reaction.value in ("best", "accept"):
            votes.pop(NONE, None)
        if reaction.value == "none":
            votes = {t: v for t, v in votes.items() if t == VERDICT or v.value == "reject"}
        votes[reaction.target] = vote
    return votes.values()


def _accepting(vote: Vote) -> Vote:
    return replace(vote, value="accept")


def _order(reaction: Reaction) -> tuple[datetime, int, str]:
    return reaction.at, _UNKNOWN_ORDER.index(reaction.value), reaction.target
