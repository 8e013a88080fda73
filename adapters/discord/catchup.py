"""What Discord tells of mentions that went by unheard.

Looked for after every fresh identify, and for a server that is announced later, then. A resumed
session has missed nothing.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import discord

from adapters.discord import questions
from adapters.discord.bot import Bot
from bot.conversation.catchup import Active, Heard

MISSED_LIMIT = 1_000
AT_ONCE = 4


def heard(
    bot: Bot,
    take: Callable[[discord.Message], Awaitable[None]],
    server: discord.Guild | None = None,
) -> Heard[int, discord.Message]:
    """In one server, or in all that are there and in direct messages."""
    return Heard(
        "discord",
        places=partial(_places, bot, server),
        messages=partial(_messages, bot),
        take=take,
        surely=bot.surely,
        at_once=AT_ONCE,
    )


async def _messages(bot: Bot, id: int, since: datetime) -> list[tuple[str, discord.Message]]:
    place = bot.get_channel(id) or await bot.fetch_channel(id)
    if not isinstance(place, discord.abc.Messageable) or _is_silent(place, since):
        return []
    history = place.history(after=since, limit=MISSED_LIMIT, oldest_first=True)
    return [(questions.key_of(message.id), message) async for message in history]


def _places(bot: Bot, server: discord.Guild | None, active: Active) -> dict[int, None]:
    """Channels with earlier questions, and every thread in them that is open."""
    there = {str(guild.id): guild for guild in bot.guilds if not guild.unavailable}
    if server:
        there = {str(server.id): server}
    ids = dict.fromkeys(
        int(channel)
        for workspace, channel in active.channels
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
