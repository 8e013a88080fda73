"""People's votes under a ranking that stands: brought up to date a while after they change; and a
verdict that said what an answer did which was taken back since.

What is to be edited is in the store, so that a restart forgets none; however many votes come
between two turns, a post is edited once, and not at all where it would show the same.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from bot.chat import HEADLINE, RANKING, Platforms
from bot.conversation.loops import surviving
from bot.conversation.posts import last_posts, put_back
from bot.council import is_taken_back
from bot.document import Document
from bot.errors import Undeliverable
from bot.language import speaking
from bot.records import Case
from bot.store.store import Store

logger = logging.getLogger(__name__)

# Between two turns.
PAUSE_SECONDS = 10.0
# A platform that is away is tried again with the next turn.
PATIENCE_SECONDS = 30.0
# Edits in one turn, so that new verdicts find room in the platform's limits.
EDITS_LIMIT = 20
# So many turns, which is about an hour, a ranking rests at most that failed for no foreseen reason.
LONGEST_REST = 360


@dataclass(slots=True)
class _Rest:
    """Of a ranking that failed: turns until it is tried again, out of so many, doubled each time."""

    left: int = 0
    turns: int = 0

    def begin(self) -> None:
        self.left = self.turns = min(max(1, 2 * self.turns), LONGEST_REST)


@dataclass(frozen=True, slots=True)
class Recounts:
    """`document` is what a post of a run shows now, `None` where nothing is stored of it."""

    store: Store
    platforms: Platforms
    document: Callable[[str, str], Awaitable[Document | None]]
    time_scale: float
    _rests: dict[str, _Rest] = field(default_factory=dict)

    async def turn(self) -> None:
        """Edit the rankings whose votes changed, the newest first."""
        for platform in list(self.platforms):
            limit = EDITS_LIMIT + len(self._rests)
            for id, revision in await self.store.recounts(platform, limit):
                rest = self._rests.get(id)
                if rest and rest.left:
                    rest.left -= 1
                elif not await self._try(id, revision):
                    break

    async def _try(self, id: str, revision: int) -> bool:
        """Bring one up to date; False where the platform is away. What goes wrong is told once."""
        is_known = id in self._rests
        rest = self._rests.setdefault(id, _Rest())
        told = suppress(Exception) if is_known else surviving(f"votes on {id} are not shown yet")
        with told:
            if settled := await self._is_settled(id):
                await self.store.recounted(id, revision)
            del self._rests[id]
            return settled
        rest.begin()
        return True

    async def _is_settled(self, id: str) -> bool:
        """Show the votes of now; False where the platform is away."""
        case = await self.store.case(id)
        if case is None:
            return True
        with speaking(case.council.interface):
            return await self._shown(case)

    async def _shown(self, case: Case) -> bool:
        document = await self.document(case.id, RANKING)
        if document is None:
            return True
        shown = {RANKING: document}
        if case.result and any(map(is_taken_back, case.result.answers)):
            shown = {HEADLINE: (await last_posts(case, self.store))[HEADLINE], **shown}
        platform = self.platforms.get(case.platform)
        if platform is None:
            return False
        try:
            async with asyncio.timeout(PATIENCE_SECONDS * self.time_scale):
                reply = platform.reply(case)
                for key, document in shown.items():
                    # As it was posted; an edit pings nobody.
                    posted = await put_back(self.store, case, document)
                    await reply.show(key, posted, ping=key == RANKING)
        except TimeoutError:
            return False
        except Undeliverable as error:
            logger.info("the votes of deliberation %s cannot be shown: %s", case.id, error)
        return True
