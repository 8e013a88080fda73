"""The calls of a run before it: what modes say of themselves, so that each can be priced.

Knows no price.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.allowance import Key
from bot.council import Council, Stage
from bot.protocol import verification as verifying
from bot.protocol.rounds import ROUNDS
from bot.protocol.stages import ANSWER_TOKENS, REVIEW_TOKENS, VERDICT_TOKENS


@dataclass(frozen=True, slots=True)
class Planned:
    """A call to come: the most tokens that it may write, and may be given to judge, and how often it
    may search the web. Unless it `is_usual`, what such calls used before says nothing of it."""

    stage: Stage
    seat: int
    model: str
    tokens: int
    material_tokens: int = 0
    round: int = 0
    is_usual: bool = True
    searches: int = 0

    @property
    def key(self) -> Key:
        return self.stage, self.round, self.seat


def all_stages(council: Council) -> Iterator[Planned]:
    """One answer alone is not reviewed."""
    yield from answers(council)
    if len(council.seats) > 1:
        yield from reviews(council)
        yield verdict(council)


def with_rounds(council: Council) -> Iterator[Planned]:
    """All stages, and between answers and reviews as many rounds as there may be."""
    yield from all_stages(council)
    if len(council.seats) > 1:
        yield from revisions(council)


def at_length(council: Council) -> Iterator[Planned]:
    """All stages with all rounds and a verdict that is verified, by members that think for long."""
    checked = verification(council) if len(council.seats) > 1 else ()
    yield from (replace(call, is_usual=False) for call in (*with_rounds(council), *checked))


def at_length_at_first(council: Council) -> Iterator[Planned]:
    """Of these, what answers and a verdict of them take."""
    return (call for call in at_length(council) if call.stage in {"answer", "verdict"})


def answers(council: Council) -> Iterator[Planned]:
    for seat, model in enumerate(council.members):
        yield Planned("answer", seat, model, ANSWER_TOKENS, searches=council.searches)


def with_a_round(council: Council) -> Iterator[Planned]:
    """The same where members agree after the first."""
    yield from all_stages(council)
    if len(council.seats) > 1:
        yield from revisions(council, rounds=1)


def two_answers(council: Council) -> Iterator[Planned]:
    """Whose, a lot decides later."""
    yield from list(answers(council))[:2]


def revisions(council: Council, *, rounds: int = ROUNDS) -> Iterator[Planned]:
    read = len(council.members) * ANSWER_TOKENS
    for round in range(1, rounds + 1):
        for seat, model in enumerate(council.members):
            yield Planned("revision", seat, model, ANSWER_TOKENS, read, round)


def reviews(council: Council) -> Iterator[Planned]:
    read = len(council.members) * ANSWER_TOKENS
    for seat, model in enumerate(council.seated):
        yield Planned("review", seat, model, REVIEW_TOKENS, read)


def verification(council: Council) -> Iterator[Planned]:
    """The verdict is one more answer to review."""
    read = (len(council.members) + 1) * ANSWER_TOKENS
    for seat, model in enumerate(council.seated):
        yield Planned("review", seat, model, REVIEW_TOKENS, read, verifying.ROUND)


def verdict(council: Council) -> Planned:
    read = len(council.members) * (ANSWER_TOKENS + REVIEW_TOKENS)
    return Planned("verdict", council.chairman_seat, council.chairman, VERDICT_TOKENS, read)
