"""The real program, started as `council serve` starts it, over this world's wires, disk and models."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from slack_bolt.request.async_request import AsyncBoltRequest

from adapters.discord.client import CouncilClient
from adapters.slack.client import SlackClient
from adapters.slack.supervisor import _catch_up
from adapters.slack.web import Web
from bot.conversation.app import App
from bot.conversation.loops import ended, until
from bot.models.catalogue import Catalogue
from bot.program import compose
from bot.program.config import Config, load
from bot.program.serve import beside
from bot.store.store import Store
from tests.fakes.discord_server import TOKEN
from tests.fakes.slack.delivery import Acknowledged, Failed, Kind, Outcome, Retry
from tests.fakes.slack.refusals import Json
from tests.fakes.slack_server import BOT_TOKEN
from tests.world.loop import Life
from tests.world.models import PRICES
from tests.world.wires import SLACK
from tests.world.workers import work

if TYPE_CHECKING:
    from tests.world.world import World

Payload = dict[str, Any]


class Program:
    """The process that runs now, if one does. Towards Slack's courier it is the way there."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.over = False
        self.app: App | None = None
        self.life: Life | None = None
        self.environment: dict[str, str] = {}  # besides what every world has
        self._ending = asyncio.Event()
        self._slack: SlackClient | None = None

    @contextmanager
    def installed(self) -> Iterator[None]:
        world = self.world
        places: Any = compose
        before = places.provider_of, places.catalogue_of, places.collect_seldom, places.App

        @asynccontextmanager
        async def provider_of(config: Any) -> AsyncIterator[Any]:
            yield world.models

        def catalogue_of(config: Any, provider: Any, store: Any) -> Catalogue:
            return Catalogue(provider, store, unknown_price=config.unknown_price, now=world.now)

        def app_of(**parts: Any) -> App:
            return App(**{**parts, "jobs": world.line if world.plan.workers else None})

        places.provider_of, places.catalogue_of, places.App = provider_of, catalogue_of, app_of
        places.collect_seldom = lambda: None
        try:
            yield
        finally:
            places.provider_of, places.catalogue_of, places.collect_seldom, places.App = before

    async def running(self) -> App | None:
        """The app, once there is one."""
        while self.app is None:  # noqa: ASYNC110 - processes come and go
            await asyncio.sleep(1)
        return self.app

    def end(self) -> None:
        self._ending.set()

    def gone(self) -> None:
        self.app = self.life = self._slack = None

    # One life

    def config(self) -> Config:
        world = self.world
        budget = world.plan.budget_usd
        return load(
            {
                "COUNCIL_MODEL_URL": "https://models.world/v1",
                "COUNCIL_MEMBERS": ",".join(list(PRICES)[: world.people.members]),
                "COUNCIL_CHAIRMAN": list(PRICES)[world.people.chairman],
                "COUNCIL_DATABASE": world.disk.address,
                "COUNCIL_DAILY_BUDGET_USD": "unlimited" if budget is None else str(budget),
                "COUNCIL_ADMINS": ",".join(world.people.admins),
                **self.environment,
            }
        )

    async def live(self, life: Life) -> None:
        world = self.world
        self._ending = asyncio.Event()
        config = self.config()
        store = await Store.open(config.database_place(), holder="council serve")
        async with compose.put_together(config, store, "serve") as app:
            app.clock = app.caller.now = world.now
            self.app, self.life = app, life
            tasks = [
                asyncio.create_task(work, name=name)
                for name, work in (
                    ("discord", self._on_discord(app)),
                    ("slack", self._on_slack(app)),
                    *((f"beside {n}", each) for n, each in enumerate(self._beside(app))),
                    *(
                        [("work", work(app, world.line))]
                        if app.working and world.plan.works
                        else []
                    ),
                )
            ]
            ending = asyncio.create_task(self._ending.wait())
            try:
                await asyncio.wait({ending, *tasks}, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    if task.done():
                        task.result()
                        raise RuntimeError(f"{task.get_name()} ended by itself")
            finally:
                await ended({ending, *tasks})
                self.app = None

    def _beside(self, app: App) -> Iterator[Coroutine[Any, Any, Any]]:
        loops: Iterator[Any] = beside(app, 1.0)
        for loop in loops:
            what = loop.cr_frame.f_locals["what"]
            if "statistics" in what and not self.world.plan.keep_up:
                loop.close()
            else:
                yield loop

    async def _on_discord(self, app: App) -> None:
        """As `adapters.discord.supervisor` does, with a gateway that is no socket."""
        while True:
            client = await self._logged_in(app)
            try:
                async with app.standing.alone("discord", str(client.application_id)) as doubt:
                    await until(doubt, self._serve_discord(app, client))
            finally:
                await client.close()

    async def _serve_discord(self, app: App, client: CouncilClient) -> None:
        app.platforms["discord"] = client
        events: asyncio.Queue[Payload] = asyncio.Queue()
        gateway: Any = self.world.discord.gateway
        gateway._open(_Pipe(self.world, events), client.intents.value, [0, 1])
        try:
            while True:
                payload = await events.get()
                client._connection.parsers[payload["t"]](payload["d"])
        finally:
            gateway.sessions.clear()
            await client.silence()
            await app.leave("discord")

    async def _logged_in(self, app: App) -> CouncilClient:
        while True:
            client = CouncilClient(app, time_scale=1.0)
            try:
                await client.login(TOKEN)
                return client
            except BaseException as error:
                await client.close()
                if not isinstance(error, Exception):
                    raise
            await asyncio.sleep(2)

    async def _on_slack(self, app: App) -> None:
        """As `adapters.slack.supervisor` does."""
        while True:
            web = Web(BOT_TOKEN, api_url=f"https://{SLACK}/api/")
            client = SlackClient(app, web, signing_secret="", time_scale=1.0)
            try:
                me = await web.me()
                async with app.standing.alone("slack", me.team) as doubt:
                    await until(doubt, self._serve_slack(app, client))
            finally:
                await web.close()

    async def _serve_slack(self, app: App, client: SlackClient) -> None:
        app.platforms["slack"] = client
        self._slack = client
        catching_up = asyncio.create_task(_catch_up(client))
        try:
            await asyncio.Event().wait()
        finally:
            await ended({catching_up})
            self._slack = None
            await client.silence()
            await app.leave("slack")

    # From Slack's courier

    async def send(
        self, kind: Kind, body: Json, retry: Retry, *, wants_answer: bool, seconds: float
    ) -> Outcome:
        world = self.world
        began = world.loop.time()
        await asyncio.sleep(world.random.expovariate(5))
        client, life = self._slack, self.life
        if client is None or life is None or life.dead:
            await asyncio.sleep(1.0)
            return Failed("timeout")
        handled = world.loop.begin(life, _dispatched(client, body), "event")
        await asyncio.wait({handled}, timeout=seconds)
        if not handled.done() or handled.cancelled() or handled.exception():
            return Failed("timeout")
        if world.random.random() < world.wires.trouble / 2:  # the acknowledgement is lost
            return Failed("timeout")
        return Acknowledged(world.loop.time() - began, handled.result())


async def _dispatched(client: SlackClient, body: Json) -> Json | None:
    answer = await client.bolt.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
    if answer.status != 200:
        raise RuntimeError(f"not acknowledged: {answer.status}")
    return json.loads(answer.body) if answer.body else None


class _Pipe:
    """The gateway's end of a connection: events come a little later, now and then twice."""

    def __init__(self, world: "World", events: "asyncio.Queue[Payload]") -> None:
        self.session: Any = None
        self._world = world
        self._events = events
        self._last = 0.0

    def send(self, payload: Payload) -> None:
        world = self._world
        if self.session is not None:
            self.session.sent.clear()
        # One connection keeps their order; what is due at the same moment has none.
        self._last = max(self._last + 1e-6, world.loop.time() + world.random.expovariate(10))
        world.loop.call_at(self._last, self._events.put_nowait, payload)
        if payload["t"].startswith("MESSAGE") and world.random.random() < world.wires.trouble / 2:
            later = self._last + world.random.expovariate(1 / 20)
            world.loop.call_at(later, self._events.put_nowait, payload)
