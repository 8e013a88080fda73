"""A strict local Discord: gateway, REST and files over real sockets, for the unmodified discord.py.

    async with running_discord() as server:
        guild = server.create_guild()
        channel = server.create_channel(guild)
        ada = server.create_user("Ada", guild)
        question = server.mention(channel, ada, "Why is the sky blue?")
        await server.wait_for(lambda: server.said(channel))

It refuses what Discord refuses, with Discord's codes, and complains at the end about requests to
routes it does not know and about ordered faults that no request met. All state lives here, so a
bot's process may die and come back. `python -m tests.fakes.discord_server` runs one by hand.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import yarl
from aiohttp import web
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route as ClientRoute

from adapters.discord import files
from tests.fakes.discord.acting import Acting
from tests.fakes.discord.commands import Commands
from tests.fakes.discord.faults import Fault, Faults
from tests.fakes.discord.gateway import Gateway
from tests.fakes.discord.http import API, Desk, Rejection, Request, Route
from tests.fakes.discord.interactions import Interaction, Interactions
from tests.fakes.discord.limits import Limits, TooMany
from tests.fakes.discord.refusals import Refusal
from tests.fakes.discord.rest import Rest
from tests.fakes.discord.rest_messages import Messages
from tests.fakes.discord.scenario import Impossible
from tests.fakes.discord.state import (
    Channel,
    ChannelType,
    Flag,
    Guild,
    Message,
    MessageType,
    Ping,
    Role,
    User,
)
from tests.fakes.discord.world import MESSAGE_CONTENT, World

__all__ = [
    "TOKEN",
    "URL_VARIABLE",
    "Channel",
    "ChannelType",
    "DiscordServer",
    "Fault",
    "Flag",
    "Guild",
    "Impossible",
    "Interaction",
    "Message",
    "MessageType",
    "Ping",
    "Role",
    "User",
    "discord_py_pointed_at",
    "running_discord",
]

TOKEN = "local.discord.token"
URL_VARIABLE = "LOCAL_DISCORD_URL"


class DiscordServer(Acting):
    """The server and everything a test does with it."""

    def __init__(self, *, time_scale: float = 1.0, message_content: bool = False) -> None:
        """`time_scale` shrinks the periods of the rate limits; nothing else."""
        world = World(message_content_allowed=message_content)
        allowed = MESSAGE_CONTENT if message_content else 0
        gateway = Gateway(world, TOKEN, self.changed, allowed_privileged=allowed)
        world.dispatch = gateway.dispatch
        super().__init__(world, gateway, Commands(world), Interactions(world))
        self.limits = Limits(time_scale)
        self.faults = Faults()
        self.desk = Desk(TOKEN, self.limits, self.faults, self.changed, self.requests)
        self.downloads: list[str] = []
        """The paths of files that were fetched."""
        self.leaks: list[str] = []
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return self.world.base_url

    @property
    def rejections(self) -> list[Rejection]:
        """Every 4xx but 429, with its body; those are in `rate_limited`."""
        return self.desk.rejections

    @property
    def rate_limited(self) -> list[TooMany]:
        return self.limits.refused

    @property
    def unknown_routes(self) -> list[str]:
        return self.desk.unknown_routes

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every one that it knows."""
        return (
            *Rest(self.world).routes(),
            *Messages(self.world).routes(),
            *self.interactions.routes(),
            *self.commands.routes(),
        )

    async def start(self) -> None:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_get("/resume", self.gateway.serve)
        app.router.add_get("/attachments/{channel_id}/{id}/{name}", self._file_download)
        self.desk.add(app, self.routes)
        self.desk.add_unknown(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.world.base_url = f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        self.gateway.drop()
        if self._runner is not None:
            await self._runner.cleanup()

    def complaints(self) -> list[str]:
        """What a test must not leave behind."""
        unknown = [f"unknown route {route}" for route in self.unknown_routes]
        left = [f"no request met the fault {fault}" for fault in self.faults.ordered]
        leaks = [f"a token went to {path}" for path in self.leaks]
        return unknown + left + leaks

    # Faults

    def fail(
        self,
        method: str,
        pattern: str,
        status: int = 502,
        *,
        committed: bool = False,
        times: int = 1,
    ) -> Fault:
        """Answer the next requests with an error of a proxy, before or after they take effect."""
        return self.faults.order(Fault(method, pattern, status, committed, times))

    def cut(self, method: str, pattern: str, *, committed: bool = False, times: int = 1) -> Fault:
        """Reset the connection instead of answering."""
        return self.faults.order(Fault(method, pattern, None, committed, times))

    def refuse(self, method: str, pattern: str, code: int, *, times: int = 1) -> Fault:
        """Answer the next requests with one of Discord's own error codes."""
        return self.faults.order(Fault(method, pattern, refusal=Refusal(code), times=times))

    def ban(self, method: str, pattern: str, seconds: int, *, times: int = 1) -> Fault:
        """Answer as the proxy does that shields Discord: a page, and how long to stay away."""
        page = "<!DOCTYPE html>\n<html>\n<title>Access denied</title>\n<p>Error 1015</p>\n</html>"
        headers = {"Retry-After": str(seconds)}
        return self.faults.order(
            Fault(method, pattern, 429, times=times, page=page, headers=headers)
        )

    def delay(self, method: str, pattern: str, seconds: float, *, times: int = 1) -> Fault:
        return self.faults.order(
            Fault(method, pattern, times=times, delay_seconds=seconds, committed=True)
        )

    def hold(self, method: str, pattern: str) -> Fault:
        """Keep the answer to the next request until `gate` is set; `reached` says it is waiting."""
        return self.faults.order(Fault(method, pattern, committed=True, gate=asyncio.Event()))

    def sent(self, method: str, pattern: str = "") -> list[Request]:
        """The requests so far of this method whose path matches."""
        probe = Fault(method, pattern)
        return [request for request in self.requests if probe.matches(request.method, request.path)]

    async def _file_download(self, request: web.Request) -> web.StreamResponse:
        """The addresses are signed; whoever sends a token there gives it away."""
        self.downloads.append(request.path)
        if {"Authorization", "Cookie"} & set(request.headers):
            self.leaks.append(request.path)
        if not {"ex", "is", "hm"} <= set(request.query):
            return web.Response(status=404)
        attachment = self.world.attachments.get(int(request.match_info["id"]))
        if attachment is None or attachment.filename != request.match_info["name"]:
            return web.Response(status=404)
        return web.Response(body=attachment.data, headers={"Content-Type": attachment.content_type})


@contextmanager
def discord_py_pointed_at(url: str) -> Iterator[None]:
    """Let discord.py in this process talk to the server at `url`."""
    before = (ClientRoute.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE)
    origins, files.ORIGINS = files.ORIGINS, frozenset({url})
    ClientRoute.BASE = url + API
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url.replace("http", "ws", 1) + "/gateway")
    Asset.BASE = url + "/cdn"
    try:
        yield
    finally:
        ClientRoute.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE = before
        files.ORIGINS = origins


@asynccontextmanager
async def running_discord(
    *, time_scale: float = 1.0, message_content: bool = False
) -> AsyncIterator[DiscordServer]:
    """A started server with discord.py pointed at it; complaints fail the test."""
    server = DiscordServer(time_scale=time_scale, message_content=message_content)
    await server.start()
    try:
        with discord_py_pointed_at(server.url):
            yield server
    finally:
        await server.stop()
    assert not server.complaints(), server.complaints()


async def _by_hand() -> None:
    """Ask by typing; read what the bot says. For a bot started with `discord_subprocess`."""
    server = DiscordServer()
    await server.start()
    guild = server.create_guild("Local")
    channel = server.create_channel(guild)
    person = server.create_user("You", guild)
    sys.stdout.write(
        f"{URL_VARIABLE}={server.url} DISCORD_TOKEN={TOKEN} "
        "python -m tests.fakes.discord_subprocess serve\n\nType a question.\n"
    )
    lines: asyncio.Queue[str] = asyncio.Queue()
    asyncio.get_running_loop().add_reader(sys.stdin, lambda: lines.put_nowait(sys.stdin.readline()))
    async with asyncio.TaskGroup() as group:
        printing = group.create_task(_print_what_the_bot_says(server))
        while line := await lines.get():
            server.mention(channel, person, line.strip())
        printing.cancel()
    await server.stop()


async def _print_what_the_bot_says(server: DiscordServer) -> None:
    shown: dict[int, int] = {}

    def news() -> list[Message]:
        own = [m for m in server.world.messages.values() if m.author is server.bot]
        return [m for m in own if shown.get(m.id) != len(m.frames)]

    while True:
        for message in await server.wait_for(news, None):
            shown[message.id] = len(message.frames)
            sys.stdout.write(f"\n[{message.channel.name}] {message.text}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_by_hand())
