"""Work on a deliberation that can be stopped, and how it ends, as its journal has it."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

from bot.conversation.faults import is_given_up
from bot.conversation.loops import ended
from bot.errors import Superseded
from bot.records import Stop
from bot.store.journal import Journal

T = TypeVar("T")


def fault(task: asyncio.Task[Any]) -> BaseException | None:
    """Of one that is done; `None` where it was cancelled, too. Nobody else asks for it then."""
    return None if task.cancelled() else task.exception()


class Stopping:
    """One piece of work, which a `stop` ends, be it before or while it is done."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._work: asyncio.Task[Any] | None = None
        self.why: Stop | None = None

    def stop(self, why: Stop) -> None:
        """What comes first counts, unless it is forgotten."""
        if self.why is None or why.cause == "forgotten":
            self.why = why
        if self._work:
            self._work.cancel()

    async def done(
        self, work: Coroutine[Any, Any, T], journal: Journal
    ) -> T | Stop | BaseException:
        """What comes of it, why it was stopped, or the fault that ended it and may not do so again.
        Raises `Superseded`, and `StoreFailed` where a stop cannot be written down."""
        self._work = asyncio.create_task(work)
        try:
            if self.why:  # while it waited for its turn
                self._work.cancel()
            await asyncio.wait({self._work})
            return await self._end(self._work, journal)
        finally:
            # Whatever ends this early, such as the process's end: the journal says where to go on.
            await ended({self._work})
            fault(self._work)

    async def _end(self, work: asyncio.Task[T], journal: Journal) -> T | Stop | BaseException:
        if not work.cancelled():
            error = work.exception()
            if isinstance(error, Superseded):
                raise error  # the posts are another run's by now
            if error is None:
                return work.result()
            if not await is_given_up("deliberation", journal, error):
                return error
            self.stop(Stop("given_up", self._now()))
        why = self.why or Stop("person", self._now())
        await journal.stop(why)
        return why
