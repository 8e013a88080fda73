"""The protocol: independent answers, anonymous reviews, one verdict.

A mode is a function that makes a deliberation of stages; `MODES` holds each by the name that
councils have it under. Running one again finds its past in the journal and asks only for what is
missing.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Unpack

from bot.council import Answer, Council, Deliberation, Question, Review, by_models
from bot.protocol import plans
from bot.protocol.calls import Caller
from bot.protocol.chairman import break_tie
from bot.protocol.conclusion import (
    Particulars,
    can_be_ranked,
    conclude,
    drawn,
    elected,
    no_answer,
    side_by_side,
    too_few,
)
from bot.protocol.counting import all_agree, decided, plurality, tied
from bot.protocol.events import Event
from bot.protocol.plans import Planned
from bot.protocol.racing import review_and_rule
from bot.protocol.rounds import (
    ROUNDS,
    any_changed,
    discussed,
    gather_revisions,
    rounds,
    unsettled,
)
from bot.protocol.sitting import Sitting, nothing_between
from bot.protocol.stages import gather_answers
from bot.protocol.steps import ended_early, may_begin, rule_unreviewed
from bot.protocol.verification import ROUND as VERIFYING
from bot.store.journal import Journal

# So many times the usual patience; answers, rounds and reviews together then take an hour at most.
DEEP_PATIENCE = 6


async def deliberate(
    question: Question,
    council: Council,
    caller: Caller,
    *,
    journal: Journal,
    emit: Callable[[Event], None] = lambda event: None,
    between_stages: Callable[[], Awaitable[None]] = nothing_between,
) -> Deliberation:
    """Answer the question in the council's mode and return everything that came of it.

    Never raises for what models do: a member that fails is a value, a chairman that fails is
    replaced, and where nobody answers the verdict is an apology. Raises `StoreFailed`.
    """
    sitting = Sitting(question, council, caller, journal, emit, between_stages)
    return await MODES[council.mode].run(sitting)


async def council(sitting: Sitting) -> Deliberation:
    """Three stages: everybody answers, everybody reviews the answers blind, the chairman rules."""
    sitting.begin()

    answers = await gather_answers(sitting)
    if not can_be_ranked(answers):
        return await conclude(sitting, answers, verdict=too_few(sitting, answers))

    await sitting.between_stages()
    reviews, standings, verdict = await review_and_rule(sitting, answers)
    return await conclude(sitting, answers, reviews, standings, verdict=verdict)


async def compare(sitting: Sitting) -> Deliberation:
    """Answers alone, for people to judge. Nobody reviews them."""
    sitting.begin()

    answers = await gather_answers(sitting)
    verdict = side_by_side() if by_models(answers) else no_answer(sitting)
    return await conclude(sitting, answers, verdict=verdict)


async def vote(sitting: Sitting) -> Deliberation:
    """What most answers to a closed question say; the chairman decides between as many. Where fewer
    than two give anything that can be counted, it goes on as `council`."""
    sitting.begin()

    answers = await gather_answers(sitting)
    if not can_be_ranked(answers):
        return await conclude(sitting, answers, verdict=too_few(sitting, answers))

    counted = plurality(sitting.question, answers)
    if counted is None:
        return await rule(sitting, answers)
    if not counted.tie:
        verdict = elected(sitting, answers, counted)
        return await conclude(sitting, answers, verdict=verdict, vote=counted)

    await sitting.between_stages()
    verdict = await break_tie(sitting, answers, tied(counted.options))
    counted = replace(counted, winner=decided(sitting.question, verdict, tied(counted.options)))
    return await conclude(sitting, answers, verdict=verdict, vote=counted)


async def quick(sitting: Sitting) -> Deliberation:
    """Two members, by lot; where they agree, and people with them, one of their answers, by lot. Else
    it grows into `council`, with what they answered."""
    first, others = sitting.by_lot()[:2], sitting.by_lot()[2:]
    sitting.begin(first)

    answers = await gather_answers(sitting, first, enough=1)
    heard = len(by_models(answers))
    if heard > 1 and all_agree(sitting.question, answers):
        return await conclude(sitting, answers, verdict=drawn(sitting, answers))

    await sitting.between_stages()
    sitting.grow()
    answers = await gather_answers(sitting, others, enough=2 - heard, given=answers)
    return await rule(sitting, answers, escalated=True)


async def debate(sitting: Sitting) -> Deliberation:
    """As `council`, but before they are reviewed, each member reads the answers of the others and
    may change its own: once, and once more where values moved and the members still disagree."""
    sitting.begin()

    answers = await gather_answers(sitting)
    if not can_be_ranked(answers):
        return await conclude(sitting, answers, verdict=too_few(sitting, answers))

    await sitting.between_stages()
    answers = await gather_revisions(sitting, answers, round=1)
    if unsettled(sitting.question, rounds(sitting)):
        await sitting.between_stages()
        answers = await gather_revisions(sitting, answers, round=2)

    return await rule(sitting, answers, **discussed(sitting))


async def deep(sitting: Sitting) -> Deliberation:
    """As `debate`, in two rounds, by members that think for long and are waited for; and the verdict is
    verified. Money is set aside step by step: where there is no more, or a person has enough, the
    verdict is of what there is."""
    sitting.council = replace(sitting.council, effort="high")
    sitting.caller = sitting.caller.patient(DEEP_PATIENCE)
    sitting.begin()

    answers = await gather_answers(sitting)
    if not can_be_ranked(answers):
        return await conclude(sitting, answers, verdict=too_few(sitting, answers))

    for round in range(1, ROUNDS + 1):
        if not await may_begin(sitting, "revision", round):
            break
        before, answers = answers, await gather_revisions(sitting, answers, round)
        if not any_changed(before, answers):
            break

    reviews: tuple[Review, ...] = ()
    if await may_begin(sitting, "review", 0):
        reviews, standings, verdict = await review_and_rule(sitting, answers)
    else:
        standings, verdict = await rule_unreviewed(sitting, answers)
    if await may_begin(sitting, "review", VERIFYING):
        sitting.council = replace(sitting.council, verify=True)
    told: Particulars = {**discussed(sitting), "ended_early": ended_early(sitting)}
    return await conclude(sitting, answers, reviews, standings, verdict=verdict, **told)


async def rule(
    sitting: Sitting,
    answers: tuple[Answer, ...],
    **particulars: Unpack[Particulars],
) -> Deliberation:
    """What follows the answers where they are reviewed."""
    if not can_be_ranked(answers):
        verdict = too_few(sitting, answers)
        return await conclude(sitting, answers, verdict=verdict, **particulars)
    await sitting.between_stages()
    reviews, standings, verdict = await review_and_rule(sitting, answers)
    return await conclude(sitting, answers, reviews, standings, verdict=verdict, **particulars)


Run = Callable[[Sitting], Awaitable[Deliberation]]


@dataclass(frozen=True, slots=True)
class Mode:
    """`planned` are the calls that `run` makes if nothing fails; where it may take a shorter way,
    those of the longest: with their price set aside, every run can end. `likely` are then those of
    the way that most take. `at_first` are those whose price is set aside before it begins, where `run`
    itself does so for the others, step by step."""

    run: Run
    planned: Callable[[Council], Iterator[Planned]]
    likely: Callable[[Council], Iterator[Planned]] | None = None
    at_first: Callable[[Council], Iterator[Planned]] | None = None


# By the names that people type, which `bot.modes` puts into words.
MODES: Mapping[str, Mode] = {
    "council": Mode(council, plans.all_stages),
    "quick": Mode(quick, plans.all_stages, plans.two_answers),
    "compare": Mode(compare, plans.answers),
    "vote": Mode(vote, plans.all_stages, plans.answers),
    "debate": Mode(debate, plans.with_rounds, plans.with_a_round),
    "deep": Mode(deep, plans.at_length, at_first=plans.at_length_at_first),
}
