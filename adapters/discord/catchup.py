"""What went by unheard: unfinished questions, missed mentions, votes given meanwhile.

Done after every fresh identify, and for a server that is announced later, then. A resumed session
has missed nothing. Each place and each post is seen to by itself: one that Discord does not hand
out for now is tried again, and keeps no other waiting.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

import discord

from adapters.discord import questions
from adapters.discord.bot import Bot
from adapters.discord.delivery import persistently, words
from adapters.discord.voting import Votes
from bot.errors import BotError

logger = logging.getLogger(__name__)

Take = Callable[[discord.Message], Awaitable[None]]

# Nobody waits for an answer to an older mention any more.
MISSED = timedelta(minutes=15)
MISSED_LIMIT = 1_000
# Where something was asked since then, a mention may have been missed.
ACTIVE = timedelta(days=30)
VOTES = timedelta(days=7)
# Before each try, where what failed is nothing that anybody foresaw, such as a page in the place of
# Discord's answer.
PAUSES_SECONDS = (0.0, 2.0, 10.0, 60.0)
# How many places are read at once: the rest of Discord's limits is for the answers.
AT_ONCE = 4


async def catch_up(bot: Bot, take: Take, votes: Votes) -> None:
    """What people wait for comes first."""
    resumed = await bot.app.resume("discord")
    if resumed:
        logger.info("Discord: going on with %d unfinished deliberations", resumed)
    posts = await bot.app.store.recent_posts("discord", bot.app.now() - VOTES)
    reading = _Reading(bot, take)
    async with asyncio.TaskGroup() as group:
        for place in await _active_places(bot):
            group.create_task(reading.missed_mentions(place))
        for post in reversed(posts):
            what = f"the votes on {post.post_id} cannot be read"
            group.create_task(reading.each(what, partial(votes.read, post)))


async def catch_up_server(bot: Bot, take: Take, guild: discord.Guild) -> None:
    """Mentions missed in a server that Discord did not announce in time."""
    reading = _Reading(bot, take)
    async with asyncio.TaskGroup() as group:
        for place in await _active_places(bot, guild):
            group.create_task(reading.missed_mentions(place))


class _Reading:
    """Reads a few places at a time, each until it is read or refused."""

    def __init__(self, bot: Bot, take: Take) -> None:
        self._bot = bot
        self._take_up = take
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def each(self, trouble: str, attempt: Callable[[], Awaitable[None]]) -> None:
        """Whatever happens to it happens to no other; `trouble` is what the log says of it."""

        async def in_turn() -> None:
            async with self._turns:
                await attempt()

        time_scale = self._bot.time_scale
        for pause in PAUSES_SECONDS:
            await asyncio.sleep(pause * time_scale)
            try:
                await persistently(in_turn, time_scale=time_scale)
                return
            except (discord.DiscordException, BotError) as error:
                logger.warning("%s: %s", trouble, words(error))
                return
            except Exception:
                logger.exception("%s", trouble)

    async def _take(self, message: discord.Message) -> None:
        """A refused question, or one that was forgotten, is not missed."""
        if not await self._bot.app.store.handled(questions.key_of(message.id)):
            await self._take_up(message)

    async def missed_mentions(self, place: int) -> None:
        found: list[discord.Message] = []

        async def look() -> None:
            found[:] = await _recent_messages(self._bot, place)

        await self.each(f"channel {place}: missed mentions cannot be looked for", look)
        for message in found:
            trouble = f"message {message.id} cannot be answered"
            await self.each(trouble, partial(self._take, message))


async def _recent_messages(bot: Bot, id: int) -> list[discord.Message]:
    """Oldest first."""
    since = bot.app.now() - MISSED
    place = bot.get_channel(id) or await bot.fetch_channel(id)
    if not isinstance(place, discord.abc.Messageable) or _is_silent(place, since):
        return []
    history = place.history(after=since, limit=MISSED_LIMIT, oldest_first=True)
    return [message async for message in history]


async def _active_places(bot: Bot, server: discord.Guild | None = None) -> dict[int, None]:
    """Channels with earlier questions, and every thread in them that is open: of one server, or of
    all that are there and of direct messages."""
    since = bot.app.now() - ACTIVE
    found = await bot.app.store.active_places("discord", since)
    there = {str(guild.id): guild for guild in bot.guilds if not guild.unavailable}
    if server:
        there = {str(server.id): server}
    ids = dict.fromkeys(
        int(channel)
        for workspace, channel, _ in found
        if workspace in there or not (workspace or server)
    )
    open_threads = [thread for guild in there.values() for thread in guild.threads]
    return ids | dict.fromkeys(thread.id for thread in open_threads if thread.parent_id in ids)


def _is_silent(place: object, since: datetime) -> bool:
    """Whether nothing was written there since then, as far as is known without asking."""
    if not isinstance(place, discord.TextChannel | discord.VoiceChannel | discord.Thread):
        return False
    newest = place.last_message_id
    return newest is None or discord.utils.snowflake_time(newest) < since
