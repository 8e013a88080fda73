"""People's votes under a ranking that stands: brought up to date a while after they change.

What is to be edited is in the store, so that a restart forgets none; however many votes come
between two turns, a post is edited once, and not at all where it would show the same.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.chat import RANKING, Platforms
from bot.conversation.loops import surviving
from bot.conversation.posts import put_back
from bot.document import Document
from bot.errors import Undeliverable
from bot.store.store import Store

logger = logging.getLogger(__name__)

# Between two turns.
PAUSE_SECONDS = 10.0
# A platform that is away is tried again with the next turn.
PATIENCE_SECONDS = 30.0
# Edits in one turn, so that new verdicts find room in the platform's limits.
EDITS_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Recounts:
    """`document` is what a post of a run shows now, `None` where nothing is stored of it."""

    store: Store
    platforms: Platforms
    document: Callable[[str, str], Awaitable[Document | None]]
    time_scale: float

    async def turn(self) -> None:
        """Edit the rankings whose votes changed, the newest first."""
        for platform in list(self.platforms):
            for id, revision in await self.store.recounts(platform, EDITS_LIMIT):
                with surviving(f"the votes of deliberation {id} are not shown"):
                    if not await self._is_settled(id):
                        break
                    await self.store.recounted(id, revision)

    async def _is_settled(self, id: str) -> bool:
        """Show the votes of now; False where the platform is away."""
        case, document = await self.store.case(id), await self.document(id, RANKING)
        if case is None or document is None:
            return True
        platform = self.platforms.get(case.platform)
        if platform is None:
            return False
        try:
            async with asyncio.timeout(PATIENCE_SECONDS * self.time_scale):
                # As it was posted; an edit pings nobody.
                posted = await put_back(self.store, case, document)
                await platform.reply(case).show(RANKING, posted, ping=True)
        except TimeoutError:
            return False
        except Undeliverable as error:
            logger.info("the votes of deliberation %s cannot be shown: %s", id, error)
        return True
