"""One process serves a bot, of all that share a database: the others stand by.

Knows no platform but by what it is called.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.store.presence import Presence

logger = logging.getLogger(__name__)

# Whoever has not got it by then, stands by: of a free one it takes milliseconds.
_SOON_SECONDS = 1.0


class Standing:
    """By what this process stands."""

    def __init__(self, presence: Presence | None) -> None:
        self._presence = presence
        self._by: set[str] = set()

    def by(self, platform: str) -> bool:
        """Whether another process serves this platform, as far as is known here."""
        return platform in self._by

    @asynccontextmanager
    async def alone(self, platform: str, bot: str) -> AsyncIterator[asyncio.Event]:
        """Wait until this process alone may serve this bot there. The event is set once that is not
        sure any more: from then on nothing may be posted."""
        if self._presence is None:  # whoever else had the database was refused
            yield asyncio.Event()
            return
        saying = asyncio.get_running_loop().call_later(_SOON_SECONDS, self._stand, platform)
        try:
            async with self._presence.sole(f"{platform}:{bot}") as doubt:
                saying.cancel()
                if platform in self._by:
                    self._by.discard(platform)
                    logger.info("%s is served by this process now", platform.capitalize())
                yield doubt
                if doubt.is_set():
                    logger.warning(
                        "it is not sure any more that no other process serves %s: this one leaves it",
                        platform.capitalize(),
                    )
        finally:
            saying.cancel()
            self._by.discard(platform)

    def _stand(self, platform: str) -> None:
        self._by.add(platform)
        logger.info("%s is served by another process: this one stands by", platform.capitalize())
