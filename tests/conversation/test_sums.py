"""No sum that people see, and no difference of two, is what one member's answer cost."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.allowance import needed_of
from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.document import Note, Table
from bot.llm import Completion, Request
from tests.conversation.room import (
    ADMIN,
    ANN,
    BOB,
    CHANNEL,
    accepted,
    case_of,
    mention,
    pressed,
    refusal,
    running,
    served,
    set_here,
)
from tests.conversation.test_followups import form_of, newest, sent
from tests.conversation.test_going_on import reached
from tests.conversation.test_holding import Priced
from tests.fakes.council import CHAIRMAN, MEMBERS
from tests.fakes.provider import Scripted

KEPT_BACK = Note(
    "What a single model cost, or may have, is not in these sums yet: it would say whose answer that "
    "was. It is told together with another one's. Limits count it already."
)
LIMITED = Rules(daily_budget_micros=50_000_000, person_budget_micros=40_000_000)
# Micro-dollars of each call.
COSTS = dict(zip((*MEMBERS, CHAIRMAN), (1_000, 20_000, 300_000, 4_000_000), strict=True))


class Dear(Priced):
    """Each seat costs what no sum of others does, whatever it does, and more than was set aside."""

    def __init__(self, script: Mapping[tuple[str, int], list[Scripted]] | None = None) -> None:
        super().__init__(script)

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        done = await super().complete(request, on_text)
        return Completion(done.text, "stop", 100, 20, COSTS[request.model])


async def budget(app: App) -> tuple[Table, bool]:
    """What Bob is shown, and whether it says that something is kept back."""
    document = await app.command(CHANNEL, BOB, "budget")
    [table] = [block for block in document.blocks if isinstance(block, Table)]
    return table, KEPT_BACK in document.blocks


async def spent(app: App) -> int:
    """As it is told of the channel."""
    return (await app.budget.account(CHANNEL)).spent_micros


async def alone(app: App, id: str, label: str) -> None:
    """Put a question to the author of this answer alone, and wait for the end."""
    await sent(app, await form_of(app, id), "Why?", label)
    await newest(app)


async def council(app: App) -> tuple[str, dict[str, int]]:
    """A question that is over, and what an answer of each label costs."""
    id = await served(app, mention(thread="thread"))
    result = (await case_of(app, id)).result
    assert result
    return id, {each.label: round(each.cost_usd * 1e6) for each in result.answers}


async def test_what_one_member_alone_cost_waits_for_another() -> None:
    async with running(Dear(), rules=LIMITED) as app:
        id, costs = await council(app)
        before, shown = await spent(app), await budget(app)
        assert not shown[1]

        await alone(app, id, "A")
        assert await budget(app) == (shown[0], True)
        await alone(app, id, "A")
        assert await budget(app) == (shown[0], True)

        await alone(app, id, "B")
        assert await spent(app) - before == 2 * costs["A"] + costs["B"]
        assert not (await budget(app))[1]


async def stopped(app: App) -> str:
    """A question that ended with one answer, while another was being written."""
    id = await accepted(app, mention(thread="thread"))
    await reached(app, id, 1)
    await pressed(app, id, ANN, "stop")
    await app.running.finished(id)
    return id


def hanging(*seats: int) -> Dear:
    return Dear({("answer", seat): [asyncio.Event()] for seat in seats})


async def test_a_run_that_was_stopped_with_one_answer_tells_nothing_of_it() -> None:
    """Nor of the one member that may be billed."""
    async with running(hanging(1), rules=LIMITED) as app:
        await set_here(app, "members lab/b lab/c")
        before, _ = await budget(app)
        id = await stopped(app)
        [paid] = await app.store.calls(id)

        assert paid.cost_micros == COSTS["lab/b"]
        assert await budget(app) == (before, True)


async def test_each_who_had_a_run_is_told_what_several_models_cost_meanwhile() -> None:
    """Of members `lab/b` alone answered at first; whoever went on with it paid for the rest."""
    async with running(hanging(1), rules=LIMITED) as app:
        app.defaults = replace(app.defaults, audit="off")
        await set_here(app, "members lab/b lab/c")
        id = await stopped(app)
        await pressed(app, id, BOB, "go_on")
        await app.running.finished(id)

        # An answer, two reviews and a verdict.
        assert await spent(app) == 300_000 + 320_000 + 4_000_000
        assert (await budget(app))[1]


async def test_a_council_of_one_is_told_of_at_once() -> None:
    async with running(Dear()) as app:
        await set_here(app, "members lab/b")
        await served(app)

        assert await spent(app) == COSTS["lab/b"]
        assert not (await budget(app))[1]


async def test_what_is_kept_back_counts_in_limits_and_no_refusal_tells_it() -> None:
    async with running(Dear(), rules=LIMITED) as app:
        id, _ = await council(app)
        told = await spent(app)
        await alone(app, id, "A")
        whole = await app.store.spent(app.now().date())
        assert whole > told
        # As much as is told to be left has room for it, but not what is left.
        shares = await app.budget.shares(await case_of(app, id))
        limit = whole + needed_of(shares) - 1
        await app.command(CHANNEL, ADMIN, f"budget {limit / 1e6:.6f}")

        said = await refusal(app, mention())

        assert " needed; less is left of $" in said
        assert "(this channel's, today)." in said


async def test_a_refusal_tells_no_more_than_the_budget_does() -> None:
    async with running(Dear(), rules=LIMITED) as app:
        id, _ = await council(app)
        told = await spent(app)
        await alone(app, id, "A")
        await app.command(CHANNEL, ADMIN, f"budget {(told + 1_000) / 1e6:.6f}")

        assert "; $0.001 of this channel's $" in await refusal(app, mention())
