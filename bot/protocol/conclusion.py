"""How a deliberation ends: the verdicts that no chairman writes; and the result, committed, announced,
and checked once it stands.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypedDict, Unpack

from bot.council import (
    Agreement,
    Answer,
    Change,
    Claim,
    Deliberation,
    EndedEarly,
    MemberResult,
    Plurality,
    Redo,
    Review,
    Standing,
    Timings,
    Verdict,
    Version,
    by_models,
)
from bot.language import _
from bot.protocol import outcome, ranking
from bot.protocol.checks import check, checks_due
from bot.protocol.counting import same_answer
from bot.protocol.events import Checked, Finished
from bot.protocol.seeing import with_eyes
from bot.protocol.sitting import Sitting
from bot.store.spending import EARLY_STOP
from bot.texts import SIDE_BY_SIDE, apology, election

logger = logging.getLogger(__name__)


def can_be_ranked(answers: Sequence[Answer]) -> bool:
    """Whether there are several, and somebody to review them."""
    return len(answers) > 1 and bool(by_models(answers))


def too_few(sitting: Sitting, answers: Sequence[Answer]) -> Verdict:
    """With one answer there is nothing to rank; without any of a member's there is an apology."""
    if not by_models(answers):
        return no_answer(sitting)
    (only,) = answers
    return Verdict(only.text, None, "only_answer", None, None, only.seat, only.finish_reason)


def no_answer(sitting: Sitting) -> Verdict:
    """An apology that names every cause."""
    calls = sitting.journal.calls
    failures = [call.failure for call in calls if call.stage == "answer" and call.failure]
    return Verdict(apology(failures), None, None, None, None, None)


def side_by_side() -> Verdict:
    """Where people are to judge."""
    return Verdict(_(SIDE_BY_SIDE), None, None, None, None, None)


def drawn(sitting: Sitting, answers: Sequence[Answer]) -> Verdict:
    """One of these answers, by lot: of members', where there is any."""
    one = ranking.draw(sitting.question.seed, "verdict").choice(by_models(answers) or answers)
    return Verdict(one.text, None, None, None, None, one.seat, one.finish_reason, label=one.label)


def elected(sitting: Sitting, answers: Sequence[Answer], counted: Plurality) -> Verdict:
    """What most answers say, and one of them by lot."""
    most = counted.options[0].labels
    one = drawn(sitting, [answer for answer in answers if answer.label in most])
    return replace(one, text=election(counted, [answer.label for answer in answers]))


class Particulars(TypedDict, total=False):
    """What belongs to some modes, as `Deliberation` has it."""

    escalated: bool
    vote: Plurality | None
    rounds: tuple[tuple[Version, ...], ...]
    changes: tuple[Change, ...]
    claims: tuple[Claim, ...]
    left_out: tuple[Claim, ...]
    unsupported: tuple[str, ...]
    members: tuple[MemberResult, ...]
    not_asked: tuple[str, ...]
    agreement: Agreement
    degraded: bool
    timings: Timings
    redo: Redo | None
    ended_early: EndedEarly | None


async def conclude(
    sitting: Sitting,
    answers: Sequence[Answer],
    reviews: Sequence[Review] = (),
    standings: Sequence[Standing] = (),
    *,
    verdict: Verdict,
    **particulars: Unpack[Particulars],
) -> Deliberation:
    """Commit the result and announce it; then check the verdict, which nobody waits for, and do the
    same with what was found."""

    def result(verdict: Verdict, **found: Unpack[Particulars]) -> Deliberation:
        return _result(sitting, answers, reviews, standings, verdict, {**particulars, **found})

    deliberation = result(verdict)
    checks = await checks_due(sitting, answers, standings, verdict)
    if not checks:
        await sitting.journal.finish(deliberation)
        sitting.emit(Finished(deliberation))
    else:
        await sitting.journal.finish_unchecked(deliberation)
        sitting.emit(Finished(deliberation))
        checked, found = await check(checks, sitting, answers, standings, verdict)
        deliberation = result(checked, left_out=found.left_out, unsupported=found.unsupported)
        await sitting.journal.amend(deliberation)
        sitting.emit(Checked(deliberation))
    _log(deliberation)
    return deliberation


def _result(
    sitting: Sitting,
    answers: Sequence[Answer],
    reviews: Sequence[Review],
    standings: Sequence[Standing],
    verdict: Verdict,
    particulars: Particulars,
) -> Deliberation:
    decision = sitting.journal.decision(EARLY_STOP)
    deliberation = outcome.outcome(
        with_eyes(sitting.question, sitting.council, sitting.journal),
        sitting.council,
        sitting.journal.calls,
        answers=answers,
        reviews=reviews,
        standings=standings,
        verdict=verdict,
        requests=sitting.journal.requests,
        paid=sitting.journal.paid_in_all,
        stopped_at=datetime.fromisoformat(json.loads(decision)["at"]) if decision else None,
    )
    deliberation = replace(deliberation, **particulars)
    if label := _winner(deliberation):
        same = same_answer(sitting.question, answers, label)
        agreement = replace(deliberation.agreement, same_answer=same)
        deliberation = replace(deliberation, agreement=agreement)
    return deliberation


def _log(deliberation: Deliberation) -> None:
    verdict = deliberation.verdict
    logger.info(
        "deliberation %s: %d of %d answered, fallback %s, %d calls, %d tokens, %.6f USD, %s s",
        deliberation.id,
        len(deliberation.answers),
        len(deliberation.members),
        verdict.fallback,
        deliberation.calls,
        deliberation.prompt_tokens + deliberation.completion_tokens,
        deliberation.cost_usd,
        deliberation.timings.verdict,
        # The same for machines.
        extra={
            "deliberation": deliberation.id,
            "calls": deliberation.calls,
            "tokens": deliberation.prompt_tokens + deliberation.completion_tokens,
            "cost_usd": deliberation.cost_usd,
            "seconds": deliberation.timings.verdict,
            "restart_usd": verdict.restart_usd,
        },
    )


def _winner(deliberation: Deliberation) -> str | None:
    """An answer that gives what won, by its label."""
    if vote := deliberation.vote:
        return next((held.labels[0] for held in vote.options if held.value == vote.winner), None)
    is_ranked = deliberation.agreement.heard and deliberation.standings
    return deliberation.standings[0].label if is_ranked else deliberation.verdict.label
