"""What reviewers and people each held of the same answers: what weights are learned from.

People's votes come as in `bot.analysis.rows`: blind ones, the asker's before those of others. Pure; it
knows no weight.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from bot.analysis.rows import columns_of_seats, decided, on_answer, sole_first
from bot.council import Deliberation, by_models
from bot.protocol.ranking import SAME_SCORE, shares
from bot.records import Reaction
from bot.votes import Vote, standing_votes


@dataclass(frozen=True, slots=True)
class Sheet:
    """A counted ballot: the Borda share of each answer that this reviewer read."""

    reviewer: str
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Judged:
    """A question. Reviewers and answers are called by their seats, `model` and `model#2`; a reviewer
    of the same name as an answer is its author.

    `pairs` are two answers each, of which people hold the first for better. `people` are those behind
    them, where that is known, `asker` is whose threads belong together.
    """

    id: str
    asker: str
    people: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    sheets: tuple[Sheet, ...]

    @property
    def decider(self) -> str:
        """Whose judgement it is: that of the one person behind it, else the asker's."""
        return self.people[0] if len(self.people) == 1 else self.asker


def judged(
    id: str, asker: str | None, result: Deliberation, reactions: Sequence[Reaction]
) -> Judged | None:
    """`None` where nobody reviewed, or people hold no answer for better than another."""
    if result.redo:
        return None
    names = seats(result)
    votes = standing_votes([reaction for reaction in reactions if reaction.blind])
    pairs, people = _decided_pairs(votes, names, asker or "")
    sheets = sheets_of(result)
    if not pairs or not sheets:
        return None
    return Judged(id, asker or id, people, pairs, sheets)


def sheets_of(result: Deliberation) -> tuple[Sheet, ...]:
    """Of its reviews that count."""
    names = seats(result)
    return tuple(
        Sheet(names[review.label], _by_name(shares(review.ranking, review.order), names))
        for review in result.reviews
        if review.counted and review.label in names
    )


def seats(result: Deliberation) -> dict[str, str]:
    """What each model's seat that answered is called, by its label. People's answers are in no
    statistics."""
    columns = columns_of_seats(result)
    return {each.label: seat_name(columns[each.label]) for each in by_models(result.answers)}


def seat_name(column: str) -> str:
    """A column of an outcome matrix, as reviewers are called: `lab/a #2` is `lab/a#2`."""
    model, mark, number = column.rpartition(" #")
    return f"{model}#{number}" if mark and number.isdecimal() else column


def held_pairs(
    accepted: Mapping[str, bool | None], best: str | None = None
) -> tuple[tuple[str, str], ...]:
    """The pairs of which one is held for better: the best one, else the accepted one."""
    found = []
    for one, other in combinations(accepted, 2):
        first, second = accepted[one], accepted[other]
        if best in (one, other):
            found.append((one, other) if best == one else (other, one))
        elif first is not None and second is not None and first != second:
            found.append((one, other) if first else (other, one))
    return tuple(found)


def ordered(gap: float) -> float:
    """Of a pair, by how much larger the better answer's share is: 1 where that is as people hold it, 0
    where not, and a half for a tie."""
    return 0.5 if abs(gap) < SAME_SCORE else float(gap > 0)


def _decided_pairs(
    votes: Sequence[Vote], names: Mapping[str, str], asker: str
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """With the people behind them."""
    said = {name: decided(on_answer(votes, label), asker) for label, name in names.items()}
    trophies = {v.person: names[v.target] for v in votes if v.value == "best" and v.target in names}
    if asker in trophies:
        trophies = {asker: trophies[asker]}
    best = sole_first(Counter(trophies.values()))
    pairs = held_pairs({name: accepted for name, (accepted, _) in said.items()}, best)
    behind = {person for _, by in said.values() for person in by} | (
        trophies.keys() if best else set()
    )
    return pairs, tuple(sorted(behind))


def _by_name(given: Mapping[str, float], names: Mapping[str, str]) -> dict[str, float]:
    return {names[label]: share for label, share in given.items() if label in names}
