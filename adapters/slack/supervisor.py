"""Keeps the bot on Slack: over sockets that it opens itself, or over requests that Slack signs.

The SDK connects again by itself after most losses. Where it does not, since it keeps to an address
that was used up, or where that takes long, a new connection is made and what was missed looked for.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from adapters.slack import refusals
from adapters.slack.catchup import heard
from adapters.slack.client import SlackClient
from adapters.slack.refusals import error_of, status_of
from adapters.slack.web import Me, Web
from bot.conversation.app import App
from bot.conversation.catchup import catch_up
from bot.conversation.loops import until
from bot.errors import InvalidConfiguration
from bot.language import N_, Message, _

logger = logging.getLogger(__name__)

PATH = "/slack/events"

# The SDK notices a dead connection after up to four of these, in seconds.
PING_SECONDS = 5.0
# Slack waits no longer for an answer, so whoever ends waits no longer for one that is being made.
ACK_SECONDS = 3.0
# So long the SDK gets to come back; meanwhile Slack repeats what is not acknowledged.
BROKEN_SECONDS = 60.0

REFUSED_BOT_TOKEN = N_(
    "SLACK_BOT_TOKEN is refused by Slack ({error}). Copy the bot's token (xoxb-...) again: "
    "https://api.slack.com/apps, your app, OAuth & Permissions."
)
REFUSED_APP_TOKEN = N_(
    "SLACK_APP_TOKEN is refused by Slack ({error}). It needs the scope connections:write and "
    "begins with xapp-: https://api.slack.com/apps, your app, Basic Information, App-Level Tokens."
)
_NO_SLACK = N_(
    "What answers at SLACK_API_URL is not Slack (status {status}). Leave the variable out, or give it the "
    "whole address, for example https://slack.com/api."
)

_SIGNATURE, _STAMP = "X-Slack-Signature", "X-Slack-Request-Timestamp"
# In seconds. Source: docs.slack.dev, "Verifying requests from Slack".
SIGNED_WITHIN = 300


async def run(
    app: App,
    *,
    bot_token: str,
    app_token: str | None,
    signing_secret: str = "",
    port: int | None = None,
    host: str | None = None,
    api_url: str,
    time_scale: float,
) -> None:
    """Serve Slack until cancelled, whenever no other process does. Raises `InvalidConfiguration`."""

    async def serve(client: SlackClient) -> None:
        app.platforms["slack"] = client
        try:
            if app_token:
                await _over_sockets(client, app_token)
            else:
                assert port is not None, "the configuration has asked for one"
                await _over_requests(client, host, port)
        finally:
            await client.silence()
            # Before the connection: what is being posted still needs it.
            await app.leave("slack")

    while True:
        api = Web(bot_token, api_url=f"{api_url.rstrip('/')}/", time_scale=time_scale)
        client = SlackClient(app, api, signing_secret=signing_secret, time_scale=time_scale)
        try:
            me = await _recognised(api)
            async with app.standing.alone("slack", me.team) as doubt:
                await until(doubt, serve(client))
        finally:
            await api.close()


def refused(token: Message, error: SlackApiError) -> str:
    """The sentence about the token, unless it was not Slack that refused it."""
    name = error_of(error)
    return _(token, error=name) if name else _(_NO_SLACK, status=status_of(error))


async def _recognised(api: Web) -> Me:
    try:
        me = await api.me()
    except SlackApiError as error:
        raise InvalidConfiguration([refused(REFUSED_BOT_TOKEN, error)]) from None
    logger.info("Slack: this is %s in the workspace %s", me.user, me.team)
    for lack in refusals.missing(me.scopes).values() if me.scopes else ():
        logger.warning("Slack: %s %s", lack, refusals.GRANT)
    return me


async def _over_requests(client: SlackClient, host: str | None, port: int) -> None:
    """On this interface; on every one where `host` is None: a proxy that speaks TLS stands before it."""
    told = False

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal told
        answer = await client.bolt.async_dispatch(await to_bolt_request(request))
        if answer.status == 401 and _SIGNATURE in request.headers and not told:
            # Once: whoever finds the address can send such requests.
            told = True
            _tell_misfit(request.headers.get(_STAMP, ""))
        return await to_aiohttp_response(answer)

    application = web.Application()
    application.router.add_post(PATH, handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=ACK_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            at = f"{port} ({host})" if host else str(port)
            reason = error.strerror
            problem = _(
                "COUNCIL_HTTP_PORT {port} cannot be used: {reason}.", port=at, reason=reason
            )
            raise InvalidConfiguration([problem]) from error
        client.connected = True
        logger.info("Slack: waiting for requests at port %d, %s", port, PATH)
        await _catch_up(client)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def _tell_misfit(stamp: str) -> None:
    """Why a request that says it is signed was refused, in the log."""
    sent = int(stamp) if stamp.isascii() and stamp.isdecimal() and len(stamp) < 20 else 0
    apart = round(abs(time.time() - sent)) if sent else 0
    if apart > SIGNED_WITHIN:
        logger.warning(
            "Slack's requests are refused, so the bot hears nothing: their time is %s seconds from "
            "this machine's clock, and Slack's are never more than %d. Set the clock; if it is "
            "right, check SLACK_SIGNING_SECRET as well.",
            f"{apart:,}",
            SIGNED_WITHIN,
        )
        return
    logger.warning(
        "Slack's requests are refused, so the bot hears nothing: their signature does not fit. "
        "Copy SLACK_SIGNING_SECRET again (Basic Information, App Credentials: the signing secret), "
        "and see that this machine's clock is right."
    )


async def _over_sockets(client: SlackClient, app_token: str) -> None:
    while True:
        async with _socket(client, app_token) as socket:
            catching_up = asyncio.create_task(_catch_up(client), name="slack catch-up")
            try:
                await _while_connected(client, socket)
            finally:
                catching_up.cancel()
                await asyncio.wait({catching_up})
        logger.warning("the connection to Slack stayed broken; making another")


class _Sockets(AsyncSocketModeHandler):
    """Sockets that go away while something is acknowledged: daily business, and no traceback."""

    async def handle(  # type: ignore[override]  # as the library's own does
        self, client: SocketModeClient, req: SocketModeRequest
    ) -> None:
        try:
            await super().handle(client, req)
        except ConnectionError as error:
            logger.info(
                "Slack was not told that something arrived: the connection was lost (%s). It repeats "
                "mentions and votes; what was pressed or sent off was heard, whatever Slack says.",
                error,
            )


@asynccontextmanager
async def _socket(client: SlackClient, app_token: str) -> AsyncIterator[AsyncSocketModeHandler]:
    """An open one. Raises `InvalidConfiguration` where Slack refuses the token."""
    handler = _Sockets(client.bolt, app_token, ping_interval=PING_SECONDS)
    try:
        try:
            handler.client.wss_uri = await client.web.persistently(handler.client.issue_new_wss_url)
        except SlackApiError as error:
            raise InvalidConfiguration([refused(REFUSED_APP_TOKEN, error)]) from None
        await handler.connect_async()  # type: ignore[no-untyped-call]  # the library's
        logger.info("Slack: online")
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # the library's


async def _while_connected(client: SlackClient, handler: AsyncSocketModeHandler) -> None:
    """Until the connection stays broken."""
    connected = time.monotonic()
    try:
        while True:
            client.connected = await handler.client.is_connected()
            if client.connected:
                connected = time.monotonic()
            elif time.monotonic() - connected >= BROKEN_SECONDS * client.time_scale:
                return
            await asyncio.sleep(PING_SECONDS * client.time_scale)
    finally:
        client.connected = False


async def _catch_up(client: SlackClient) -> None:
    """A fault here must not take down what works."""
    try:
        await catch_up(client.app, heard(client, client.take), client.votes.readings)
    except Exception:
        logger.exception("not everything that was missed could be made up for")
