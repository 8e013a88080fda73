"""What a verdict is written anew from: what the store has of the run before."""

from functools import partial

from bot.council import Agreement, Redo
from bot.protocol.modes import Run
from bot.protocol.redo import Paid, paid_before_stop, paid_in, write_anew
from bot.records import Case
from bot.store.store import Store

# Of what is forgotten meanwhile.
_NOTHING = Paid((), (), (), (), Agreement(None, None, stopped_early=False))


async def redoing(store: Store, redo: Redo) -> Run:
    """How the verdict is written, as a mode runs."""
    case, last = await store.case(redo.of), await store.case(redo.after)
    paid = await paid_of(store, case) if case else _NOTHING
    return partial(write_anew, paid=paid, before=verdict_of(last) if last else "")


async def paid_of(store: Store, case: Case) -> Paid:
    if case.result:
        return paid_in(case.result)
    return paid_before_stop(case.question, case.council, await store.calls(case.id))


def verdict_of(case: Case) -> str:
    """ "" where nobody wrote one so far."""
    result = case.result
    return result.verdict.text if result and result.answered and result.has_verdict else ""
