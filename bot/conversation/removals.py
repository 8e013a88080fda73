"""The bot's own posts, removed from where they stand once their question was forgotten, or another
took their place.

What is to be removed is in the store, so that a restart forgets none. Whether a platform may be
asked to remove something, and how, is the adapter's.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.chat import Platforms, RemovesPosts
from bot.conversation.loops import surviving
from bot.errors import Undeliverable
from bot.records import PlatformName
from bot.store.store import Store

logger = logging.getLogger(__name__)

# Between two turns.
PAUSE_SECONDS = 10.0
# A platform that is away is tried again with the next turn.
PATIENCE_SECONDS = 30.0
# In one turn, so that posts under way find room in the platform's limits.
TURN_LIMIT = 20
# What a platform refuses is tried again after a while, and for so long.
REFUSED_PAUSE = timedelta(hours=1)
GIVEN_UP = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Removals:
    store: Store
    platforms: Platforms
    now: Callable[[], datetime]
    time_scale: float

    async def turn(self) -> None:
        """Remove what is due, the oldest first."""
        for name, platform in list(self.platforms.items()):
            if not isinstance(platform, RemovesPosts):
                continue
            for post_id in await self.store.removals(name, self.now(), TURN_LIMIT):
                with surviving("a post that is to go is not removed"):
                    if not await self._is_settled(name, platform, post_id):
                        break

    async def _is_settled(self, name: PlatformName, platform: RemovesPosts, post_id: str) -> bool:
        """Remove it, or put it off; False where the platform is away."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS * self.time_scale):
                await platform.remove(post_id)
        except TimeoutError:
            return False
        except Undeliverable as error:
            if not error.gone:
                await self._refused(name, post_id, error)
                return True
        await self.store.removed(name, post_id)
        return True

    async def _refused(self, name: PlatformName, post_id: str, error: Undeliverable) -> None:
        now = self.now()
        if not await self.store.put_off(name, post_id, now + REFUSED_PAUSE, now - GIVEN_UP):
            logger.warning("the post %s, which was to go, stays on %s: %s", post_id, name, error)
