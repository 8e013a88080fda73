"""A strict local Slack: Web API, Socket Mode and signed HTTP, for the unmodified slack_sdk and bolt.

    async with running_slack() as server:
        channel = server.create_channel()
        ada = server.create_user("ada", channel)
        question = server.mention(channel, ada, "Why is the sky blue?")
        await server.wait_for(lambda: server.said(channel, question.ts))

Point a client at it with `AsyncWebClient(token=BOT_TOKEN, base_url=server.api_url)`. What the app
may do and hears of is read from the project's manifest. It refuses what Slack refuses, with Slack's
errors, and complains at the end about unknown methods and arguments, about mistakes Slack would
pass over in silence, and about ordered faults that no call met. All state lives here, so a bot's
process may die and come back. `python -m tests.fakes.slack_server` runs one by hand.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from tests.fakes.slack.chat import Chat
from tests.fakes.slack.conversations import Conversations
from tests.fakes.slack.delivery import Courier, Delivery
from tests.fakes.slack.faults import Fault, Faults
from tests.fakes.slack.files import Files
from tests.fakes.slack.forms import Impossible
from tests.fakes.slack.http import Call, Desk, Rejection, Request, method
from tests.fakes.slack.interactions import Answer, Interactions
from tests.fakes.slack.limits import Limits, TooMany
from tests.fakes.slack.manifest import EVENT_SCOPES, Manifest, read_manifest
from tests.fakes.slack.refusals import Json, Refusal
from tests.fakes.slack.scenario import Scenario
from tests.fakes.slack.signed_http import SignedHttp
from tests.fakes.slack.socket_mode import SocketMode
from tests.fakes.slack.state import (
    Channel,
    Ephemeral,
    Link,
    Message,
    Ping,
    Team,
    User,
    View,
)
from tests.fakes.slack.triggers import Triggers
from tests.fakes.slack.validate import validate
from tests.fakes.slack.views import Views
from tests.fakes.slack.world import World

__all__ = [
    "APP_TOKEN",
    "BOT_TOKEN",
    "MANIFEST",
    "SIGNING_SECRET",
    "Answer",
    "Channel",
    "Delivery",
    "Ephemeral",
    "Fault",
    "Impossible",
    "Link",
    "Manifest",
    "Message",
    "Ping",
    "SlackServer",
    "Team",
    "User",
    "View",
    "read_manifest",
    "running_slack",
]

BOT_TOKEN = "xoxb-local-bot"
APP_TOKEN = "xapp-local-app"
SIGNING_SECRET = "local-signing-secret"
MANIFEST = Path(__file__).resolve().parents[2] / "slack-manifest.yaml"


class SlackServer(Scenario):
    """The server and everything a test does with it."""

    def __init__(
        self,
        *,
        time_scale: float = 1.0,
        deadline_scale: float | None = None,
        manifest: Manifest | None = None,
    ) -> None:
        """`time_scale` shrinks every period: rate limits, pauses before a repeat, statuses.

        `deadline_scale` is for what the app must do in three seconds, acknowledge and use a
        trigger; where it is None, `time_scale` counts.
        """
        deadline_scale = time_scale if deadline_scale is None else deadline_scale
        world = World(manifest or read_manifest(MANIFEST), time_scale)
        world.changed = self.changed
        self.socket_mode = SocketMode(self.changed, world.violations)
        self.courier = Courier(self.socket_mode, time_scale, deadline_scale, self.changed)
        world.dispatch = self.courier.dispatch
        self.triggers = Triggers(time_scale, deadline_scale)
        self.views = Views(world, self.triggers)
        super().__init__(world, Interactions(world, self.courier, self.triggers, self.views))
        self.limits = Limits(time_scale)
        self.faults = Faults()
        scopes = world.manifest.scopes
        self.desk = Desk(BOT_TOKEN, APP_TOKEN, scopes, self.limits, self.faults, self.changed)
        world.may_hear = lambda event: bool(self.desk.scopes & set(EVENT_SCOPES[event]))
        self.files = Files(world, BOT_TOKEN, lambda: self.desk.scopes)
        self._http: SignedHttp | None = None
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return self.world.base_url

    @property
    def api_url(self) -> str:
        """The base for clients."""
        return f"{self.url}/api/"

    @property
    def requests(self) -> list[Request]:
        return self.desk.requests

    @property
    def rejections(self) -> list[Rejection]:
        """Every `"ok": false` but `ratelimited`; those are in `rate_limited`."""
        return self.desk.rejections

    @property
    def rate_limited(self) -> list[TooMany]:
        return self.limits.refused

    @property
    def deliveries(self) -> list[Delivery]:
        """Every event the app was or is being told of."""
        return self.courier.deliveries

    @property
    def violations(self) -> list[str]:
        """What the app did wrong without being told by an error."""
        return self.world.violations

    @property
    def unknown_methods(self) -> list[str]:
        return self.desk.unknown_methods

    @property
    def http(self) -> SignedHttp:
        """After `deliver_by_http`."""
        assert self._http is not None
        return self._http

    async def start(self) -> None:
        self.learn()
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self.desk.serve)
        app.router.add_get("/link/", self.socket_mode.serve)
        app.router.add_post("/response/{key}", self.interactions.respond)
        app.router.add_post("/upload/v1/{id}", self.files.upload)
        app.router.add_get("/files-pri/{id}/{name}", self.files.download)
        app.router.add_get("/files-pri/{id}/download/{name}", self.files.download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.world.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    def learn(self) -> None:
        """Know every method of the Web API; `start` does it, too."""
        for methods in (
            Chat(self.world).methods(),
            Conversations(self.world).methods(),
            self.views.methods(),
            self.files.methods(),
        ):
            self.desk.add(methods)
        self.desk.add(
            (
                method("apps.connections.open", self._open_connection, 3, token="app"),
                method("blocks.validate", self._validate, 4, "blocks message view", token="none"),
            )
        )

    async def stop(self) -> None:
        self.socket_mode.cut()
        await self.courier.stop()
        if self._http is not None:
            await self._http.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def complaints(self) -> list[str]:
        """What a test must not leave behind."""
        return [
            *(f"unknown method {name}" for name in self.unknown_methods),
            *(f"unknown argument {name}" for name in self.desk.unknown_arguments),
            *self.violations,
            *(f"no call met the fault {fault}" for fault in self.faults.ordered),
        ]

    async def deliver_by_http(self, url: str) -> None:
        """From now on events and interactions are signed requests to this address."""
        if self._http is not None:
            await self._http.close()
        self._http = SignedHttp(url, SIGNING_SECRET)
        self.courier.transport = self._http

    # Faults

    def fail(
        self, name: str, status: int = 503, *, committed: bool = False, times: int = 1
    ) -> Fault:
        """Answer the next calls with an error of a proxy, before or after they take effect."""
        return self.faults.order(Fault(name, status, committed=committed, times=times))

    def refuse(self, name: str, error: str, *, committed: bool = False, times: int = 1) -> Fault:
        """Answer with an error of Slack's own, such as `internal_error` or `fatal_error`."""
        return self.faults.order(Fault(name, error=error, committed=committed, times=times))

    def cut(self, name: str, *, committed: bool = False, times: int = 1) -> Fault:
        """Reset the connection instead of answering."""
        return self.faults.order(Fault(name, committed=committed, times=times))

    def rate_limit(self, name: str, retry_after_seconds: int = 1, *, times: int = 1) -> Fault:
        return self.faults.order(Fault(name, retry_after_seconds=retry_after_seconds, times=times))

    def delay(self, name: str, seconds: float, *, times: int = 1) -> Fault:
        return self.faults.order(Fault(name, delay_seconds=seconds, times=times))

    def hold(self, name: str) -> Fault:
        """Keep the answer to the next call until `gate` is set; `reached` says it is waiting."""
        return self.faults.order(Fault(name, committed=True, gate=asyncio.Event()))

    def revoke(self, error: str = "token_revoked") -> None:
        """The bot's token is good for nothing any more."""
        self.desk.token_error = error

    def restore(self) -> None:
        """It is good again: somebody installed the app once more."""
        self.desk.token_error = ""

    def withdraw(self, *scopes: str) -> None:
        """The app was installed without these scopes."""
        self.desk.scopes = self.desk.scopes - set(scopes)

    def forget_blocks(self, *types: str) -> None:
        """As if Slack had never introduced these types of blocks."""
        self.world.unknown_blocks = frozenset(types)

    def called(self, name: str) -> list[Request]:
        """The calls of a method so far."""
        return [request for request in self.requests if request.method == name]

    def _open_connection(self, call: Call) -> Json:
        if not self.world.manifest.socket_mode:
            raise Refusal("not_allowed")
        return {"url": self.socket_mode.new_url(self.url)}

    def _validate(self, call: Call) -> Json:
        return validate(call, self.world.unknown_blocks)


@asynccontextmanager
async def running_slack(
    *,
    time_scale: float = 1.0,
    deadline_scale: float | None = None,
    manifest: Manifest | None = None,
) -> AsyncIterator[SlackServer]:
    """A started server; complaints fail the test."""
    server = SlackServer(time_scale=time_scale, deadline_scale=deadline_scale, manifest=manifest)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
    assert not server.complaints(), server.complaints()


async def _by_hand() -> None:
    """Ask by typing; read what the bot says. For a bot started with the variables printed."""
    server = SlackServer()
    await server.start()
    channel = server.create_channel()
    person = server.create_user("you", channel, admin=True)
    sys.stdout.write(
        f"SLACK_API_URL={server.url}/api SLACK_BOT_TOKEN={BOT_TOKEN} SLACK_APP_TOKEN={APP_TOKEN} "
        "python -m bot serve\n\nType a question.\n"
    )
    lines: asyncio.Queue[str] = asyncio.Queue()
    asyncio.get_running_loop().add_reader(sys.stdin, lambda: lines.put_nowait(sys.stdin.readline()))
    async with asyncio.TaskGroup() as group:
        printing = group.create_task(_print_what_the_bot_says(server, channel))
        while line := await lines.get():
            server.mention(channel, person, line.strip())
        printing.cancel()
    await server.stop()


async def _print_what_the_bot_says(server: SlackServer, channel: Channel) -> None:
    shown: dict[str, int] = {}

    def news() -> list[Message]:
        own = [m for m in channel.ordered() if m.user is server.bot]
        return [m for m in own if shown.get(m.ts) != len(m.frames)]

    while True:
        for message in await server.wait_for(news, None):
            shown[message.ts] = len(message.frames)
            sys.stdout.write(f"\n[{message.ts}] {message.shown}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_by_hand())
