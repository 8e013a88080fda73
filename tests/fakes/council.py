"""A council in this process, on a store in memory unless another is named, for tests of what sits on top
of the app."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.conversation.jobs import Jobs
from bot.llm import Provider
from bot.models.catalogue import Catalogue
from bot.protocol.calls import Caller
from bot.protocol.patience import Patience
from bot.protocol.pricing import Pricing
from bot.settings import Settings
from bot.store.server import Server
from bot.store.store import Store

MEMBERS = ("lab/a", "lab/b", "lab/c")
CHAIRMAN = "lab/chair"


@asynccontextmanager
async def running_app(
    provider: Provider,
    *,
    members: tuple[str, ...] = MEMBERS,
    chairman: str = CHAIRMAN,
    database: str | Server = ":memory:",
    rules: Rules | None = None,
    time_scale: float = 0.01,
    patience: Patience | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    jobs: Jobs | None = None,
) -> AsyncIterator[App]:
    store = await Store.open(database, holder="tests")
    try:
        catalogue = Catalogue(provider, store, time_scale=time_scale, now=clock)
        await catalogue.load()
        # Models that answer at once are hedged by no busy machine; a hedge shows in what was asked.
        patience = patience or replace(Patience().scaled(time_scale), hedge_unknown=60)
        app = App(
            store=store,
            provider=provider,
            caller=Caller(
                provider,
                catalogue,
                patience,
                store.recent_first_text_seconds,
                used=partial(store.usual, None),
                tempos=store.recent_tempos,
                priced=Pricing(catalogue, store.usual).step,
                now=clock,
            ),
            catalogue=catalogue,
            defaults=Settings(members, chairman),
            rules=rules or Rules(),
            time_scale=time_scale,
            clock=clock,
            jobs=jobs,
        )
        try:
            yield app
        finally:
            await app.close()
    finally:
        await store.close()
