"""A verdict written anew, with guidance: from answers, reviews and standings that are paid for.

Nobody but its author is asked. How a verdict is written, `chairman` knows.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.council import (
    Agreement,
    Answer,
    Call,
    Council,
    Deliberation,
    MemberResult,
    Question,
    Review,
    Standing,
    Timings,
    by_models,
)
from bot.protocol import outcome, ranking, weighing
from bot.protocol.chairman import Basis, first_verdict, verdict
from bot.protocol.conclusion import conclude, no_answer
from bot.protocol.sitting import Sitting


@dataclass(frozen=True, slots=True)
class Paid:
    """What a run before has. Seats that were not asked, or not waited for, are no `members`."""

    members: tuple[MemberResult, ...]
    answers: tuple[Answer, ...]
    reviews: tuple[Review, ...]
    standings: tuple[Standing, ...]
    agreement: Agreement
    degraded: bool = False
    not_asked: tuple[str, ...] = ()


def paid_in(result: Deliberation) -> Paid:
    """Of a run that is finished. Without any review every answer has the same place."""
    standings = result.standings or _unranked(result.answers, result.seed)
    return Paid(
        result.members,
        result.answers,
        result.reviews,
        standings,
        result.agreement,
        result.degraded,
        result.not_asked,
    )


def paid_before_stop(question: Question, council: Council, calls: Sequence[Call]) -> Paid:
    """Of one that was stopped: what its journal has."""
    answers = outcome.answers(question, council, calls)
    labels = ranking.labels_of(question, council)
    answered = [answer.label for answer in answers]
    reviewers = ranking.reviewers_of(question, council, answered)
    orders = ranking.presentation(question.seed, answered, reviewers)
    reviews = tuple(
        outcome.review(labels[call.seat], orders[labels[call.seat]], call)
        for call in sorted(calls, key=lambda call: labels.get(call.seat, ""))
        if call.stage == "review" and call.round == 0 and labels[call.seat] in orders
    )
    ballots = outcome.ballots(reviews)
    by_label = [(answer.label, answer.model) for answer in answers]
    weights = weighing.weights_of(question, council)
    standings = weighing.standings(ballots, by_label, question.seed, weights)
    top = ranking.top_share(ballots.values(), standings[0].label) if ballots else None
    w = ranking.kendall_w(ballots.values(), answered)
    agreement = Agreement(w, top, stopped_early=False, heard=len(ballots))
    return Paid(
        outcome.members(question, council, calls),
        answers,
        weighing.weighted(reviews, weights),
        standings,
        agreement,
        degraded=not set(range(len(council.seated))) <= {answer.seat for answer in answers},
    )


async def write_anew(sitting: Sitting, *, paid: Paid, before: str) -> Deliberation:
    """As a mode is run, of what is `paid`; `before` is the verdict so far, "" where there is none."""
    question, journal = sitting.question, sitting.journal
    sitting.begin()
    if not by_models(paid.answers):
        return await conclude(sitting, (), verdict=no_answer(sitting))
    await sitting.between_stages()
    basis = Basis(paid.reviews, paid.standings, before=before)
    call = await first_verdict(sitting, paid.answers, basis, sitting.emit)
    ended = max((each.finished_at for each in journal.calls), default=sitting.caller.now())
    seconds = round(question.seconds_until(ended), 3)
    first = call.first_text_at if call else None
    seen = seconds if first is None else round(question.seconds_until(first), 3)
    return await conclude(
        sitting,
        paid.answers,
        paid.reviews,
        paid.standings,
        verdict=verdict(sitting, paid.answers, basis, call),
        members=paid.members,
        agreement=paid.agreement,
        degraded=paid.degraded,
        not_asked=paid.not_asked,
        timings=Timings(0.0, 0.0, 0.0, seen, seconds),
        redo=question.redo,
    )


def _unranked(answers: Collection[Answer], seed: int) -> tuple[Standing, ...]:
    return ranking.standings({}, [(answer.label, answer.model) for answer in answers], seed)
