"""The protocol: independent answers, anonymous reviews, one verdict.

A mode is a function that makes a deliberation of stages; `MODES` holds each by the name that
councils have it under. Running one again finds its past in the journal and asks only for what is
missing.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.council import Council, Deliberation, Question
from bot.protocol import plans
from bot.protocol.calls import Caller
from bot.protocol.events import Event, Started
from bot.protocol.plans import Planned
from bot.protocol.racing import review_and_rule
from bot.protocol.rounds import discussed, gather_revisions, rounds, unsettled
from bot.protocol.sitting import Sitting
from bot.protocol.stages import conclude, gather_answers, no_answer, only_answer, side_by_side
from bot.store.journal import Journal


async def go_on() -> None:
    """Nothing speaks against the next stage."""


async def deliberate(
    question: Question,
    council: Council,
    caller: Caller,
    *,
    journal: Journal,
    emit: Callable[[Event], None] = lambda event: None,
    between_stages: Callable[[], Awaitable[None]] = go_on,
) -> Deliberation:
    """Answer the question in three stages and return everything that came of it.

    `between_stages` is awaited before more is bought: a caller that wants no more may cancel there.

    Never raises for what models do: a member that fails is a value, a chairman that fails is
    replaced, and where nobody answers the verdict is an apology. Raises `StoreFailed`.
    """
    sitting = Sitting(question, council, caller, journal, emit)
    emit(Started(sitting.seats()))

    answers = await gather_answers(sitting)
    if not answers:
        return await conclude(sitting, answers, verdict=no_answer(sitting))
    if len(answers) == 1:
        return await conclude(sitting, answers, verdict=only_answer(answers[0]))

    await between_stages()
    reviews, standings, verdict = await review_and_rule(sitting, answers, between_stages)
    return await conclude(sitting, answers, reviews, standings, verdict=verdict)


async def compare(
    question: Question,
    council: Council,
    caller: Caller,
    *,
    journal: Journal,
    emit: Callable[[Event], None] = lambda event: None,
    between_stages: Callable[[], Awaitable[None]] = go_on,
) -> Deliberation:
    """Answers alone, for people to judge. As `deliberate` else."""
    sitting = Sitting(question, council, caller, journal, emit)
    emit(Started(sitting.seats()))

    answers = await gather_answers(sitting)
    if not answers:
        return await conclude(sitting, answers, verdict=no_answer(sitting))
    return await conclude(sitting, answers, verdict=side_by_side())


async def debate(
    question: Question,
    council: Council,
    caller: Caller,
    *,
    journal: Journal,
    emit: Callable[[Event], None] = lambda event: None,
    between_stages: Callable[[], Awaitable[None]] = go_on,
) -> Deliberation:
    """As `deliberate`, but before they are reviewed, each member reads the answers of the others and
    may change its own: once, and once more where values moved and the members still disagree."""
    sitting = Sitting(question, council, caller, journal, emit)
    emit(Started(sitting.seats()))

    answers = await gather_answers(sitting)
    if not answers:
        return await conclude(sitting, answers, verdict=no_answer(sitting))
    if len(answers) == 1:
        return await conclude(sitting, answers, verdict=only_answer(answers[0]))

    await between_stages()
    answers = await gather_revisions(sitting, answers, round=1)
    if unsettled(question, rounds(sitting)):
        await between_stages()
        answers = await gather_revisions(sitting, answers, round=2)

    await between_stages()
    reviews, standings, verdict = await review_and_rule(sitting, answers, between_stages)
    return await conclude(
        sitting, answers, reviews, standings, verdict=verdict, **discussed(sitting)
    )


class Run(Protocol):
    """As `deliberate`, whatever its stages are."""

    async def __call__(
        self,
        question: Question,
        council: Council,
        caller: Caller,
        *,
        journal: Journal,
        emit: Callable[[Event], None] = ...,
        between_stages: Callable[[], Awaitable[None]] = ...,
    ) -> Deliberation: ...


@dataclass(frozen=True, slots=True)
class Mode:
    """`planned` are the calls that `run` makes if nothing fails; where it may take a shorter way,
    those of the longest: with their price set aside, every run can end."""

    run: Run
    planned: Callable[[Council], Iterator[Planned]]


# By the names that people type, which `bot.modes` puts into words.
MODES: Mapping[str, Mode] = {
    "council": Mode(deliberate, plans.all_stages),
    "compare": Mode(compare, plans.answers),
    "debate": Mode(debate, plans.with_rounds),
}
