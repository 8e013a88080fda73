"""A plain Bolt app that keeps what it hears: the tests of the local Slack itself."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack_server import (
    APP_TOKEN,
    BOT_TOKEN,
    SIGNING_SECRET,
    Channel,
    SlackServer,
    User,
)


class Bot:
    """Keeps what it hears; the tests speak through `client`."""

    def __init__(self, server: SlackServer, *, catch_all: bool = True) -> None:
        """Without `catch_all` nothing listens to events, so none is acknowledged."""
        self.server = server
        retry: list[AsyncRetryHandler] = [AsyncRateLimitErrorRetryHandler(max_retry_count=3)]
        self.client = AsyncWebClient(BOT_TOKEN, base_url=server.api_url, retry_handlers=retry)
        self.app = AsyncApp(client=self.client, signing_secret=SIGNING_SECRET)
        self.heard: list[dict[str, Any]] = []
        self.retries: list[str] = []
        """The number Bolt saw with each event."""
        if catch_all:
            for event in ("app_mention", "message", "reaction_added", "reaction_removed"):
                self.app.event(event)(self._hear)
            self.app.event("member_joined_channel")(self._hear)

    async def _hear(self, body: dict[str, Any], request: Any) -> None:
        self.heard.append(body)
        self.retries += request.headers.get("x-slack-retry-num", ["none"])
        self.server.changed()

    def named(self, kind: str) -> list[dict[str, Any]]:
        """The events of a type, oldest first."""
        return [body["event"] for body in self.heard if body["event"]["type"] == kind]

    async def error(self, name: str, /, **arguments: Any) -> str:
        """The error of a call that must be refused, sent past the client's own checks."""
        try:
            await self.client.api_call(name, json=arguments)
        except SlackApiError as error:
            return str(error.response["error"])
        raise AssertionError(f"{name} was accepted")


@asynccontextmanager
async def online(
    server: SlackServer, bot: Bot | None = None, *, ping_interval: float = 5
) -> AsyncIterator[Bot]:
    """A bot with an open socket."""
    bot = bot or Bot(server)
    before = len(server.socket_mode.open)
    handler = AsyncSocketModeHandler(bot.app, APP_TOKEN, ping_interval=ping_interval)
    try:
        await handler.connect_async()  # type: ignore[no-untyped-call]  # the library's
        await server.wait_for(lambda: len(server.socket_mode.open) > before)
        yield bot
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # the library's


@asynccontextmanager
async def listening(server: SlackServer, bot: Bot) -> AsyncIterator[None]:
    """A bot that takes signed requests."""

    async def handle(request: web.Request) -> web.StreamResponse:
        answer = await bot.app.async_dispatch(await to_bolt_request(request))
        return await to_aiohttp_response(answer)

    async with serving(handle) as address:
        await server.deliver_by_http(address)
        yield


@asynccontextmanager
async def serving(
    handle: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncIterator[str]:
    """Something that takes requests; its address."""
    application = web.Application()
    application.router.add_post("/slack/events", handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


class Place:
    """A channel with one person and the bot."""

    def __init__(self, server: SlackServer, bot: Bot) -> None:
        self.server = server
        self.bot = bot
        self.client = bot.client
        self.channel: Channel = server.create_channel()
        self.ada: User = server.create_user("ada", self.channel)

    async def say(self, text: str = "hello", **more: Any) -> str:
        """Post as the bot; the message's ts."""
        answer = await self.client.chat_postMessage(channel=self.channel.id, text=text, **more)
        return str(answer["ts"])

    async def refused(self, *blocks: dict[str, Any]) -> tuple[str, str]:
        """Error and everything said about it for blocks that must be refused."""
        try:
            await self.say(blocks=list(blocks))
        except SlackApiError as error:
            said = error.response.get("errors", [])
            return str(error.response["error"]), " ".join(said)
        raise AssertionError("the blocks were accepted")
