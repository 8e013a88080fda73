"""The parts of the council put together from the configuration. Knows no command and no platform."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.llm import Provider
from bot.models.catalogue import Catalogue
from bot.models.terms import Routing
from bot.program.config import Config
from bot.program.process import collect_seldom
from bot.program.reaching import once_there
from bot.protocol.calls import Caller
from bot.protocol.patience import Patience
from bot.protocol.pricing import Pricing
from bot.rehearsal.simulated import CHAIRMAN, MEMBERS, Rehearsal
from bot.settings import Settings
from bot.store.server import Server
from bot.store.store import Store, jobs

if TYPE_CHECKING:
    from bot.store.postgres_jobs import Jobs

T = TypeVar("T")

# Commands that nobody waits for.
SERVING = frozenset({"serve", "worker"})


@asynccontextmanager
async def open_queue(config: Config, command: str) -> "AsyncIterator[Jobs | None]":
    """What workers take deliberations from; `None` where the database is a file, which is one
    process's own."""
    place, holder = config.database_place(), f"council {command}"
    if not isinstance(place, Server):
        yield None
        return
    async with AsyncExitStack() as stack:
        opened = jobs().open
        yield await _reached(
            config,
            command,
            lambda: stack.enter_async_context(
                opened(place, holder=holder, time_scale=config.time_scale)
            ),
        )


@asynccontextmanager
async def open_app(config: Config, command: str, queue: "Jobs | None" = None) -> AsyncIterator[App]:
    """The whole council over the configured database, for a command that writes. With a queue, what
    is asked is left to whoever takes it from there."""
    holder, time_scale = f"council {command}", config.time_scale
    opened = partial(Store.open, config.database_place(), holder=holder, time_scale=time_scale)
    store = await _reached(config, command, opened)
    async with put_together(config, store, command, queue) as app:
        yield app


@asynccontextmanager
async def put_together(
    config: Config, store: Store, command: str, queue: "Jobs | None" = None
) -> AsyncIterator[App]:
    """The whole council, made from the configuration over a store, which is closed with it."""
    collect_seldom()

    try:
        async with provider_of(config) as provider:
            catalogue = catalogue_of(config, provider, store)
            await catalogue.read()
            defaults = defaults_of(config, catalogue)
            catalogue.warn()
            patience = Patience().scaled(config.time_scale)
            budget_usd = config.budget_usd(serving=command in SERVING)
            app = App(
                store=store,
                provider=provider,
                caller=Caller(
                    provider,
                    catalogue,
                    patience,
                    store.recent_first_text_seconds,
                    whole=store.recent_seconds,
                    used=partial(store.usual, None),
                    tempos=store.recent_tempos,
                    priced=Pricing(catalogue, store.usual).step,
                ),
                catalogue=catalogue,
                defaults=defaults,
                rules=Rules(
                    allowed=config.allowed,
                    admins=config.admins,
                    daily_budget_micros=_micros(budget_usd),
                    person_budget_micros=_micros(config.person_budget_usd),
                    channel_budget_micros=_micros(config.channel_budget_usd),
                    at_once=config.at_once,
                ),
                time_scale=config.time_scale,
                retention_days=await retention_days(config, store),
                jobs=queue,
            )
            await app.expire()
            try:
                yield app
            finally:
                await app.close()
    finally:
        await store.close()


async def _reached(config: Config, command: str, reach: Callable[[], Awaitable[T]]) -> T:
    if command in SERVING:
        return await once_there(reach, time_scale=config.time_scale)
    return await reach()


def _micros(usd: float | None) -> int | None:
    return None if usd is None else round(usd * 1e6)


async def retention_days(config: Config, store: Store) -> int | None:
    """How long texts are kept; `None` is for ever."""
    is_said = "retention_days" in config.model_fields_set
    if not is_said and await store.keeps_by_default():
        return None
    return config.retention_days


@asynccontextmanager
async def provider_of(config: Config) -> AsyncIterator[Provider]:
    """Real models where any endpoint is configured, the rehearsal otherwise."""
    if config.rehearsal:
        yield Rehearsal(time_scale=config.time_scale)
        return
    # Late, because the rehearsal needs no HTTP, and its libraries take half of a start.
    from bot.models.http import Endpoint, HttpProvider

    endpoints = [Endpoint(e.name, e.url, e.key, e.openrouter) for e in config.endpoints()]
    provider = HttpProvider(endpoints, routing=routing_of(config), time_scale=config.time_scale)
    try:
        yield provider
    finally:
        await provider.aclose()


def routing_of(config: Config) -> Routing:
    """Which providers OpenRouter may hand prompts to."""
    return Routing(config.zdr, config.data_collection)


def catalogue_of(config: Config, provider: Provider, store: Store) -> Catalogue:
    """Empty so far: `load` it."""
    return Catalogue(
        provider, store, unknown_price=config.unknown_price, time_scale=config.time_scale
    )


def defaults_of(config: Config, catalogue: Catalogue) -> Settings:
    """What holds in a channel that set nothing. Raises `InvalidConfiguration` where nobody chose
    the members and the catalogue has none to choose."""
    if config.rehearsal:
        return Settings(config.members or MEMBERS, config.chairman or CHAIRMAN)
    if config.members:
        return Settings(config.members, config.chairman or config.members[0])
    first = config.endpoints()[0]
    is_openrouter = first.openrouter and not first.name
    choose = catalogue.default_council if is_openrouter else catalogue.own_council
    members, chairman = choose()
    return Settings(members, config.chairman or chairman)
