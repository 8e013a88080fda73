"""Waiting for the server of a database that is not there yet, for commands that nobody waits for."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.errors import StoreUnreachable

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Between two tries.
_AGAIN_SECONDS = 2.0


async def once_there(reach: Callable[[], Awaitable[T]], *, time_scale: float) -> T:
    """What it gives once the server answers, however long that takes. Said once."""
    told = False
    while True:
        try:
            return await reach()
        except StoreUnreachable as error:
            if not told:
                logger.warning("%s Tried again until it answers.", error)
            told = True
        await asyncio.sleep(_AGAIN_SECONDS * time_scale)
