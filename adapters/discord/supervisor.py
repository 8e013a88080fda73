"""Keeps the bot on Discord: connects again whatever breaks, and gives up only on what a person
has to mend.

discord.py reconnects by itself after most losses. Two of them end its `connect`: a first
connection that is refused, and an event that its parser does not understand. The client survives
both, and with it the replies that are being written.
"""

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import Literal

import aiohttp
import discord
from discord.backoff import ExponentialBackoff

from adapters.discord import log_lines
from adapters.discord.client import CouncilClient
from adapters.discord.delivery import is_passing, stated_wait, words
from bot.conversation.app import App
from bot.conversation.loops import until
from bot.errors import InvalidConfiguration
from bot.language import N_

logger = logging.getLogger(__name__)

# People are waiting, and what is missed for long is not made up for: see `catchup.MISSED`.
BACKOFF_FIRST, BACKOFF_LONGEST = 1.0, 8.0
# A connection that held for so long was a good one: the next loss is a new story.
SETTLED_SECONDS = 60.0

REFUSED_TOKEN = N_(
    "DISCORD_TOKEN is refused by Discord. Copy the bot's token again: "
    "https://discord.com/developers/applications, your application, Bot, Reset Token."
)
PUBLIC = N_(
    "Anybody can invite this bot, which is public. It answers only where COUNCIL_ALLOWED or an "
    "operator's /council allow says so. To keep it to yourself: "
    "https://discord.com/developers/applications, your application, Bot, Public Bot off."
)
# Close codes after which a connection is of no use, as the gateway's documentation lists them.
FATAL = {
    4004: REFUSED_TOKEN,
    4010: N_("Discord refuses this bot's shard; this version runs in one process only."),
    4011: N_(
        "This bot is on so many servers that Discord wants it in shards; this version has none."
    ),
    4012: N_("Discord no longer speaks this version of its gateway. Update Council."),
    4013: N_("Discord does not know the intents that this version asks for. Update Council."),
    4014: N_("Discord does not grant this bot the intents it asks for, though none is privileged."),
}


log_lines.shorten()


class _ShortPauses(ExponentialBackoff[Literal[False]]):
    """The library's pauses between tries to reconnect, which would grow to a quarter of an hour."""

    time_scale = 1.0

    def delay(self) -> float:
        return min(super().delay(), BACKOFF_LONGEST) * self.time_scale


# `connect` offers no other way.
discord.client.ExponentialBackoff = _ShortPauses  # type: ignore[attr-defined,assignment]


async def run(app: App, token: str, *, time_scale: float) -> None:
    """Serve Discord until cancelled, whenever no other process does. Raises `InvalidConfiguration`."""
    _ShortPauses.time_scale = time_scale
    while True:
        client = await _logged_in(app, token, time_scale)
        try:
            async with app.standing.alone("discord", str(client.application_id)) as doubt:
                await until(doubt, _serve(app, client, time_scale))
        finally:
            await client.close()


async def _serve(app: App, client: CouncilClient, time_scale: float) -> None:
    if client.application and client.application.bot_public:
        app.admission.public.add("discord")
        if not app.rules.allowed:
            logger.warning(PUBLIC)
    app.platforms["discord"] = client
    try:
        await _stay_connected(client, time_scale)
    finally:
        await client.silence()
        # Before the client: what is being posted still needs it.
        await app.leave("discord")


async def _logged_in(app: App, token: str, time_scale: float) -> CouncilClient:
    for delay in _delays(time_scale):
        client = CouncilClient(app, time_scale=time_scale)
        try:
            await client.login(token)
            return client
        except discord.LoginFailure:
            await client.close()
            raise InvalidConfiguration([str(REFUSED_TOKEN)]) from None
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            await client.close()
            pause = stated_wait(error) or delay
            logger.warning("Discord cannot be reached (%s); again in %.1f s", words(error), pause)
        except BaseException:
            await client.close()
            raise
        await asyncio.sleep(pause)
    raise AssertionError("there is always another delay")


async def _stay_connected(client: CouncilClient, time_scale: float) -> None:
    delays = _delays(time_scale)
    while True:
        began = time.monotonic()
        try:
            await client.connect()
            return
        except discord.PrivilegedIntentsRequired:
            raise InvalidConfiguration([str(FATAL[4014])]) from None
        except discord.ConnectionClosed as closed:
            raise InvalidConfiguration([str(FATAL.get(closed.code, closed))]) from closed
        except Exception as error:
            if time.monotonic() - began > SETTLED_SECONDS * time_scale:
                delays = _delays(time_scale)
            delay = next(delays)
            # Where the first connection is refused, the library stumbles over that in turn.
            cause = error.__context__ or error
            is_known = is_passing(cause)
            logger.log(
                logging.WARNING if is_known else logging.ERROR,
                "the connection to Discord broke (%s); again in %.1f s",
                words(cause),
                delay,
                exc_info=not is_known,
            )
        await client.hang_up()
        await asyncio.sleep(delay)


def _delays(time_scale: float) -> Iterator[float]:
    seconds = BACKOFF_FIRST
    while True:
        yield seconds * time_scale
        seconds = min(2 * seconds, BACKOFF_LONGEST)
