"""Deliberations that this process takes, whoever shows them. Knows no platform.

Whatever goes wrong, "goes on": what was dispatched is deliberated to its end by some process that
lives, by one at a time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import NoReturn, Protocol

from bot.conversation.along import Begun
from bot.conversation.bells import Bell, Bells
from bot.conversation.deliberating import Deliberating
from bot.conversation.jobs import Jobs
from bot.conversation.loops import ended, surviving
from bot.conversation.stopping import fault
from bot.conversation.telling import Telling
from bot.conversation.titles import Entitle, Titles, untitled
from bot.errors import BotError, StoreFailed, Superseded
from bot.language import speaking
from bot.records import Dispatched, Wish
from bot.store.presence import WISHES, Presence
from bot.store.store import Store

logger = logging.getLogger(__name__)

# A process that was missing at two looks so far apart lives no more.
GONE_SECONDS = 10.0
# So many of those that wait are sent again in one turn. Those whose hint is lost come to be the oldest.
AGAIN = 50
# Before what failed to be let go of is tried again.
PAUSE_SECONDS = 1.0

Leave = Callable[[], Awaitable[None]]


class Deliberates(Protocol):
    def __call__(self, id: str, *, entitle: Entitle) -> Deliberating: ...


class Working:
    """What one process is at."""

    def __init__(
        self,
        *,
        store: Store,
        presence: Presence,
        deliberating: Deliberates,
        titles: Titles,
        jobs: Jobs,
        bells: Bells,
        time_scale: float = 1.0,
    ) -> None:
        self._store = store
        self._presence = presence
        self._deliberating = deliberating
        self._titles = titles
        self._jobs = jobs
        self._bells = bells
        self._time_scale = time_scale
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._is_closing = False
        self._waited: frozenset[str] = frozenset()  # at the last turn
        self._missing: dict[tuple[str, int], float] = {}  # since when

    @property
    def under_way(self) -> int:
        """How many it is at."""
        return len(self._tasks)

    async def deliberate(self, id: str) -> None:
        """Be at it until it is over, or another process is; at once over where it is not to be taken.
        Where this is cancelled it goes on elsewhere. Never raises but for that."""
        if self._is_closing or id in self._tasks:
            return
        task = self._tasks[id] = asyncio.create_task(self._at(id), name=f"work-{id}")
        task.add_done_callback(lambda _: self._tasks.pop(id))
        try:
            await asyncio.wait({task})
        finally:
            if not self._is_closing:  # else it was told already, and a second time would hurry it
                task.cancel()
            await asyncio.wait({task})

    async def let_go(self) -> None:
        """Take nothing more, and leave what is under way to others."""
        self._is_closing = True
        await ended(self._tasks.values())

    async def sweep(self) -> None:
        """Have what nobody is at any more go on: what a process had that lives no more, and what
        waits although nobody was told."""
        gone = await self._gone()
        for id, process in gone:
            await self._store.break_lease(id, process)
        waiting = await self._store.open_work()
        waits_long = self._waited.union(id for id, _process in gone)
        for id in [id for id in waiting if id in waits_long][:AGAIN]:
            await self._jobs.defer(id)
        self._waited = frozenset(waiting)

    async def _gone(self) -> list[tuple[str, int]]:
        """What was missing long enough, and whose it was."""
        now, held = monotonic(), await self._store.held_work()
        living = await self._presence.living()
        missing = [
            (id, process)
            for id, process in held.items()
            if process not in living or await self._has_forgotten(id, process)
        ]
        self._missing = {each: self._missing.get(each, now) for each in missing}
        gone_at = now - GONE_SECONDS * self._time_scale
        return [each for each, since in self._missing.items() if since <= gone_at]

    async def _has_forgotten(self, id: str, process: int) -> bool:
        """Whether this process keeps from others what it is not at itself: the database was away when it
        was let go of."""
        is_ours = process == self._presence.number and id not in self._tasks
        return is_ours and await self._store.is_dispatched(id)

    async def _at(self, id: str) -> None:
        leave: Leave = partial(self._store.release, id)
        try:
            with _logged(id):
                taken = await self._store.take(id)
                if taken is None:
                    return
                if case := await self._store.case(id):
                    deliberating = self._deliberating(id, entitle=self._entitle(taken))
                    with speaking(case.council.interface):
                        begun = await deliberating.begun(case, taken.limits)
                        leave = deliberating.leave
                        await self._deliberated(deliberating, begun)
            while not await self._has_left(id, leave):  # noqa: ASYNC110 - a database rings no bell
                await asyncio.sleep(PAUSE_SECONDS * self._time_scale)
        except asyncio.CancelledError:
            await self._has_left(id, leave)
            await self._jobs.defer(id)
            raise

    def _entitle(self, taken: Dispatched) -> Entitle:
        return self._titles.write if taken.names else untitled

    async def _deliberated(self, deliberating: Deliberating, begun: Begun) -> None:
        """To its end. Raises by what fault it ended, and `Superseded` where it is another's."""
        telling = Telling(begun.journal, time_scale=self._time_scale)
        with self._bells.heard(WISHES, begun.case.id) as bell:
            run = asyncio.create_task(deliberating.run(telling))
            tell = asyncio.create_task(telling.tell())
            hear = asyncio.create_task(self._hear(deliberating, begun, bell))
            try:
                await asyncio.wait({run, tell, hear}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await ended({run, tell, hear})
                faults = [each for each in map(fault, (hear, tell, run)) if each]
        if faults:
            raise faults[0]
        await telling.told()
        end = run.result()
        if isinstance(end, BaseException):
            raise end

    async def _hear(self, deliberating: Deliberating, begun: Begun, bell: Bell) -> NoReturn:
        """What is wanted of it, until cancelled. Raises `Superseded` where it is another's."""
        id = begun.case.id
        while True:
            try:
                await begun.journal.require()
                for n, wish in await self._store.wishes(id):
                    await _granted(wish, deliberating)
                    await self._store.heard(id, n)
            except Superseded:
                raise
            except (
                StoreFailed
            ) as error:  # models go on with what is paid: that is not ended by a look
                logger.warning("what is wanted of deliberation %s is not heard yet: %s", id, error)
            await bell.wait()

    async def _has_left(self, id: str, leave: Leave) -> bool:
        """Whether the database was told: what is held by a process that lives is taken by nobody. Of one
        that ends others see it."""
        with surviving(f"deliberation {id} is not left to others yet"):
            await leave()
            return True
        return False


async def _granted(wish: Wish, deliberating: Deliberating) -> None:
    match wish.what:
        case "stop":
            assert wish.stop
            deliberating.stop(wish.stop)
        case "enough":
            await deliberating.enough()
        case "people":
            await deliberating.seat()


@contextmanager
def _logged(id: str) -> Iterator[None]:
    """By what fault it ended here."""
    try:
        yield
    except Superseded:
        logger.warning("deliberation %s was taken over by another process", id)
    except BotError as error:
        logger.error("deliberation %s had to stop: %s", id, error)
    except Exception:
        logger.exception("deliberation %s failed; it is tried again", id)
