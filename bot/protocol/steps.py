"""A deliberation that pays step by step, and may end at any of them with what there is.

Money for a stage is set aside when it is about to begin. Where there is none, or a person has enough
of it, nothing more is bought but a verdict. Knows no stage but by its name.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import takewhile

from bot.council import Answer, Call, EndedEarly, Stage, Standing, Verdict
from bot.protocol.chairman import Basis, first_verdict, verdict
from bot.protocol.events import Enough, Spent
from bot.protocol.sitting import Sitting
from bot.protocol.stages import rank
from bot.store.spending import ENOUGH


async def may_begin(sitting: Sitting, stage: Stage, round: int) -> bool:
    """Whether this stage is to begin: its money is set aside then. What was spent so far is told.

    One that an earlier run of this deliberation began is gone through again, whatever came then, and
    whether there is room or not."""
    await sitting.between_stages()
    _tell_spent(sitting, (stage, round))
    if sitting.is_enough:
        sitting.emit(Enough())
    has_begun = any((call.stage, call.round) == (stage, round) for call in sitting.journal.calls)
    if sitting.is_enough:
        return has_begun
    if await _set_aside(sitting, stage, round) or has_begun:
        return True
    if not sitting.is_enough:  # by a press meanwhile
        at = sitting.caller.now().isoformat()
        await sitting.journal.decide(ENOUGH, json.dumps({"why": "no_credit", "at": at}))
    return False


async def _set_aside(sitting: Sitting, stage: Stage, round: int) -> bool:
    """Have money for the calls of this stage that are not finished; whether there is room for it."""
    question, council, journal = sitting.question, sitting.council, sitting.journal
    shares = await sitting.caller.priced(question, council, journal.place, stage, round)
    left = {key: micros for key, micros in shares.items() if not journal.finished(*key)}
    return not left or await journal.set_aside(left)


def _tell_spent(sitting: Sitting, before: tuple[Stage, int]) -> None:
    """Of the stages until this one. Where all that was spent since it was told last is one model's
    own, it waits for what others cost: readers would subtract."""
    told, waiting, models = 0, 0, set[str]()
    for calls in _stages_until(before, sitting.journal.calls):
        for call in calls:
            paid = sitting.journal.paid(call.stage, call.round, call.seat).cost_micros or 0
            waiting += paid
            models |= {call.model} if paid else set()
        if len(models) > 1:
            told, waiting, models = told + waiting, 0, set()
    if told:
        sitting.emit(Spent(told / 1e6))


def _stages_until(before: tuple[Stage, int], calls: Iterable[Call]) -> Iterable[Sequence[Call]]:
    """The calls of each, in the order in which they were gone through."""
    stages: dict[tuple[Stage, int], list[Call]] = {}
    for call in sorted(calls, key=lambda call: call.started_at):
        stages.setdefault((call.stage, call.round), []).append(call)
    return (calls for _, calls in takewhile(lambda each: each[0] != before, stages.items()))


def ended_early(sitting: Sitting) -> EndedEarly | None:
    """Why it went no further, `None` where it went all the way."""
    decision = sitting.journal.decision(ENOUGH)
    if decision is None:
        return None
    return "no_credit" if json.loads(decision)["why"] == "no_credit" else "enough"


async def rule_unreviewed(
    sitting: Sitting, answers: Sequence[Answer]
) -> tuple[tuple[Standing, ...], Verdict]:
    """The verdict of answers that nobody judged."""
    basis = Basis((), rank(sitting, answers, ()))
    call = await first_verdict(sitting, answers, basis, sitting.emit)
    return basis.standings, verdict(sitting, answers, basis, call)
