"""What a reflection may cost: no more than was said, whatever fails, and booked whatever ends it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.errors import ModelFailed, Spent
from bot.llm import Completion, Request
from bot.store.spending import ALL, channel_scope
from tests.conversation.room import ADMIN, CHANNEL, running
from tests.fakes.provider import stage_and_seat
from tests.fakes.reflecting import PAST, Reviewers, half_way, remember

# A limit that is never reached.
PLENTY = 10**12


class Wasteful(Reviewers):
    """Once it `wastes`, bills reviews as long as they may be that say nothing, the first time that each
    is asked for; or so much of each."""

    wastes = False
    bills: int | None = None

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        is_first = all(each.tag != request.tag for each in self.requests)
        if self.wastes and is_first and stage_and_seat(request)[0] == "review":
            self.requests.append(request)
            tokens = request.max_completion_tokens
            paid = Spent(100, tokens, self.bills or 100 + 10 * tokens)
            raise ModelFailed("empty", "Nothing.", retryable=True, unusable=True, spent=paid)
        return await super().complete(request, on_text)


async def reflected(app: App, budget_micros: int | None = None) -> int:
    """The most that was said."""
    plan = await app.reflections.plan(CHANNEL, budget_micros)
    assert await app.reflections.begin(CHANNEL, ADMIN, plan)
    id = (await app.store.reflection("discord", CHANNEL.id)).under_way
    assert id
    await app.reflections.finished(id)
    assert (await app.store.reflection("discord", CHANNEL.id)).under_way is None
    return plan.most_micros


async def counted(app: App, scope: str = ALL) -> int:
    return await app.store.spent(app.now().date(), scope)


async def held(app: App) -> int:
    """What is set aside."""
    left = (await app.store.left(app.now().date(), {ALL: PLENTY})).left_micros
    assert left is not None
    return PLENTY - left - await counted(app)


async def test_it_never_costs_more_than_was_said() -> None:
    models, rules = Wasteful(), Rules(daily_budget_micros=1_000_000_000)
    async with running(models, rules=rules, time_scale=0.01) as app:
        await remember(app.store, CHANNEL)
        await reflected(app)
        before = await counted(app)
        models.wastes = True

        most = await reflected(app)

        assert 0 < await counted(app) - before <= most
        assert await counted(app, channel_scope("discord", CHANNEL.id)) == await counted(app)


async def test_who_bills_more_than_was_granted_is_not_asked_again() -> None:
    models = Wasteful()
    async with running(models, time_scale=0.01) as app:
        await remember(app.store, CHANNEL)
        await reflected(app)
        before = await counted(app)
        models.wastes, models.bills = True, 38_000

        most = await reflected(app)

        # Three reviewers are asked at the same time.
        assert 38_000 < await counted(app) - before <= most + 3 * 38_000


@pytest.mark.parametrize("what", ["expire", "forget"])
async def test_what_is_under_way_is_booked_when_its_questions_go(what: str) -> None:
    hanging = Reviewers(dies_at=40)
    async with running(hanging, time_scale=0.01) as app:
        plan = await half_way(app, CHANNEL, ADMIN, hanging)
        before = await counted(app)

        if what == "expire":
            last = max(case.question.asked_at for _, case in PAST.values())
            await app.store.expire(last + timedelta(days=1), app.now())
        else:
            await app.store.forget_deliberation(plan.gathered.test[0])

        # A review that may have been billed, at its most.
        assert await counted(app) - before > 40_000
        assert await held(app) == 0


async def test_one_that_is_stopped_in_a_request_books_it_and_gives_the_rest_back() -> None:
    hanging = Reviewers(dies_at=40)
    async with running(hanging, time_scale=0.01) as app:
        await half_way(app, CHANNEL, ADMIN, hanging)
        before = await counted(app)
        assert await held(app) > 1_000_000

        assert await app.reflections.stop(CHANNEL)

        assert await counted(app) - before > 40_000
        assert await held(app) == 0
