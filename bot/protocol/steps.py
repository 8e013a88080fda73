"""A deliberation that pays step by step, and may end at any of them with what there is.

Money for a stage is set aside when it is about to begin. Where there is none, or a person has enough
of it, nothing more is bought but a verdict. Knows no stage but by its name.
"""

import json
from collections.abc import Sequence

from bot.council import Answer, EndedEarly, Stage, Standing, Verdict
from bot.protocol.chairman import Basis, first_verdict, verdict
from bot.protocol.events import Enough, Spent
from bot.protocol.sitting import Sitting
from bot.protocol.stages import rank
from bot.store.spending import ENOUGH


async def may_begin(sitting: Sitting, stage: Stage, round: int) -> bool:
    """Whether this stage is to begin: its money is set aside then. What was spent so far is told.

    One that an earlier run of this deliberation began is gone through again, whatever came then."""
    await sitting.between_stages()
    tell_spent(sitting)
    if sitting.is_enough:
        sitting.emit(Enough())
    if any((call.stage, call.round) == (stage, round) for call in sitting.journal.calls):
        return True
    if sitting.is_enough:
        return False
    question, council, journal = sitting.question, sitting.council, sitting.journal
    shares = await sitting.caller.priced(question, council, journal.place, stage, round)
    if await journal.set_aside(shares):
        return True
    if not sitting.is_enough:  # by a press meanwhile
        at = sitting.caller.now().isoformat()
        await journal.decide(ENOUGH, json.dumps({"why": "no_credit", "at": at}))
    return False


def tell_spent(sitting: Sitting) -> None:
    """Where all that was spent is one seat's own, nobody is told."""
    paying = {call.seat for call in sitting.journal.calls if call.cost_micros}
    if len(paying) > 1:
        sitting.emit(Spent((sitting.journal.paid_in_all.cost_micros or 0) / 1e6))


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
