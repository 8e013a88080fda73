"""What people are called where they ask. Platforms know; nothing of it is kept."""

import asyncio
import logging

from bot.chat import Channel, NamesPeople, Platforms
from bot.cleaning import one_line
from bot.document import literal

logger = logging.getLogger(__name__)

# A platform that is slow to say holds nothing up for longer.
PATIENCE_SECONDS = 30.0
_LIMIT_CHARS = 80


async def name_of(platforms: Platforms, channel: Channel, person: str | None) -> str:
    """How the person is called there, as CommonMark; "" where nobody says."""
    platform = platforms.get(channel.platform)
    if not person or not isinstance(platform, NamesPeople):
        return ""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            name = await platform.name(channel, person)
    except Exception as error:  # whatever it is, no question waits for a name
        logger.warning("a name cannot be looked up: %s", type(error).__name__)
        return ""
    return literal(one_line(name)[:_LIMIT_CHARS])
