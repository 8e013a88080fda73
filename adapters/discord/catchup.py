"""What went by unheard: unfinished questions, missed mentions, votes given meanwhile.

Done after every fresh identify. A resumed session has missed nothing.
"""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import discord

from bot.store.records import Post

if TYPE_CHECKING:
    from adapters.discord.client import CouncilClient

logger = logging.getLogger(__name__)

# Nobody waits for an answer to an older mention any more.
MISSED = timedelta(minutes=15)
MISSED_LIMIT = 100
# Where something was asked since then, a mention may have been missed.
ACTIVE = timedelta(days=30)
VOTES = timedelta(days=7)


async def catch_up(client: "CouncilClient") -> None:
    """What people wait for comes first."""
    resumed = await client.app.resume("discord")
    if resumed:
        logger.info("Discord: going on with %d unfinished deliberations", resumed)
    await _missed_mentions(client)
    await _votes(client)


async def _missed_mentions(client: "CouncilClient") -> None:
    since = client.app.now() - MISSED
    for id in await _active_places(client):
        try:
            place = client.get_channel(id) or await client.fetch_channel(id)
            if not isinstance(place, discord.abc.Messageable) or _is_silent(place, since):
                continue
            history = place.history(after=since, limit=MISSED_LIMIT, oldest_first=True)
            for message in [message async for message in history]:
                await client.take(message)
        except discord.HTTPException as error:
            logger.warning("channel %d: missed mentions cannot be looked for: %s", id, error)


async def _active_places(client: "CouncilClient") -> list[int]:
    """Channels with earlier questions, and every thread in them that is open."""
    since = client.app.now() - ACTIVE
    found = await client.app.store.active_places("discord", since)
    ids = dict.fromkeys(int(channel) for _, channel, _ in found)
    open_threads = [thread for guild in client.guilds for thread in guild.threads]
    ids |= dict.fromkeys(thread.id for thread in open_threads if thread.parent_id in ids)
    return list(ids)


def _is_silent(place: object, since: datetime) -> bool:
    """Whether nothing was written there since then, as far as is known without asking."""
    if not isinstance(place, discord.TextChannel | discord.VoiceChannel | discord.Thread):
        return False
    newest = place.last_message_id
    return newest is None or discord.utils.snowflake_time(newest) < since


async def _votes(client: "CouncilClient") -> None:
    posts = await client.app.store.recent_posts("discord", client.app.now() - VOTES)
    for post in reversed(posts):
        await _read(client, post)


async def _read(client: "CouncilClient", post: Post) -> None:
    try:
        await client.votes.read(post)
    except discord.HTTPException as error:
        logger.warning("the votes on %s cannot be read: %s", post.post_id, error)
