"""What a cancelled request cost: looked up where the provider can tell, estimated until then."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.council import Council, Question
from bot.llm import Message, Request
from bot.models.catalogue import Catalogue
from bot.models.http import Endpoint, HttpProvider
from bot.protocol.calls import Caller
from bot.protocol.listening import Draft
from bot.protocol.lookups import LOOKED_UP_FOR, look_up
from bot.protocol.patience import Deadline, Patience
from bot.records import Case, Stop
from bot.store.spending import ALL
from bot.store.store import Store
from tests.bench.deliberations import no_history
from tests.fakes.model_server import ModelServer

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
REQUEST = Request("lab/a", (Message("user", "Is a monolith right?"),), 1_000, "one/answer/0/0")


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = await Store.open(":memory:", holder="tests")
    question = Question("one", "Is a monolith right?", 1, NOW)
    await store.create(Case(question, Council(("lab/a",), "lab/a"), "cli"))
    yield store
    await store.close()


async def cancelled(store: Store, server: ModelServer, *, openrouter: bool) -> HttpProvider:
    """One call, cancelled after its first words."""
    provider = HttpProvider([Endpoint("", server.url, server.key, openrouter=openrouter)])
    catalogue = Catalogue(provider, store)
    await catalogue.load()
    caller = Caller(provider, catalogue, Patience(), no_history, now=lambda: NOW)
    journal = await store.begin("one")
    heard = asyncio.Event()

    def hear(draft: Draft) -> None:
        heard.set()

    deadline = Deadline(1_000)
    call = asyncio.create_task(
        caller.call(REQUEST, "answer", 0, journal=journal, deadline=deadline, on_text=hear)
    )
    await heard.wait()
    call.cancel()
    await asyncio.wait({call})
    # Budgets tell call by call only what is over.
    await journal.stop(Stop("person", NOW))
    return provider


async def test_a_cancelled_request_is_booked_by_a_look_up(store: Store) -> None:
    async with ModelServer(behaviours={"lab/a": "stall"}, openrouter=True) as server:
        provider = await cancelled(store, server, openrouter=True)
        [received] = server.requests
        await server.until(lambda: received.outcome == "left")
        estimated = await store.account(NOW.date(), ALL)

        found = [await look_up(store, provider, Catalogue(provider, store), NOW) for _ in range(2)]
        await provider.aclose()

    account = await store.account(NOW.date(), ALL)
    assert estimated.estimated_micros > 0
    assert estimated.reserved_micros > 0
    assert found == [1, 0]
    assert (account.told_micros, account.estimated_micros) == (received.bill_micros, 0)
    assert account.reserved_micros == 0
    assert await store.spent(NOW.date()) == received.bill_micros


async def test_where_nobody_can_be_asked_the_estimate_stays(store: Store) -> None:
    async with ModelServer(behaviours={"lab/a": "stall"}) as server:
        provider = await cancelled(store, server, openrouter=False)
        before = await store.account(NOW.date(), ALL)
        found = await look_up(store, provider, Catalogue(provider, store), NOW)
        await provider.aclose()

    assert found == 0
    assert await store.account(NOW.date(), ALL) == before


async def test_a_request_is_not_looked_up_for_ever(store: Store) -> None:
    async with ModelServer(behaviours={"lab/a": "stall"}, openrouter=True) as server:
        provider = await cancelled(store, server, openrouter=True)
        await provider.aclose()

    assert await store.untold(NOW - LOOKED_UP_FOR)
    assert not await store.untold(NOW + LOOKED_UP_FOR)
