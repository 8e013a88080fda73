"""Who writes the verdict: one seat after the other, and beside one that takes its time.

A chairman at work is never cut off. When its time is up the next seat is asked as well, and the
verdict is the first that is complete. Knows neither prompts nor what a verdict holds.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from bot.council import Call, Failure
from bot.language import _
from bot.protocol.events import ChairmanFailed, Event, VerdictAsked, VerdictText
from bot.protocol.listening import Draft, OnText


def overtaken() -> Failure:
    """Of a chairman whose verdict was not the first."""
    return Failure("timed_out", _("it was still at work when another member's verdict was there."))


class Succession:
    """`write` asks a seat, `alone_seconds` says how long it is left alone with it, `body` is what
    readers see of a draft."""

    def __init__(
        self,
        seats: Sequence[int],
        *,
        write: Callable[[int, OnText], Awaitable[Call]],
        alone_seconds: Callable[[int], Awaitable[float]],
        body: Callable[[str], str],
        emit: Callable[[Event], None],
    ) -> None:
        self._waiting = deque(seats)
        self._write = write
        self._alone_seconds = alone_seconds
        self._body = body
        self._emit = emit
        self._writing: dict[asyncio.Task[Call], int] = {}  # in the order in which they were asked
        self._newest: asyncio.Task[Call] | None = None
        self._newest_until = 0.0
        self._shown: int | None = None

    async def first(self, group: asyncio.TaskGroup) -> Call | None:
        """The first verdict to be complete; `None` where every seat failed."""
        while self._waiting or self._writing:
            await self._ask_next(group)
            self._show()
            done, _ = await asyncio.wait(
                self._writing, timeout=self._left(), return_when=asyncio.FIRST_COMPLETED
            )
            for task in [task for task in self._writing if task in done]:
                seat, call = self._writing.pop(task), task.result()
                if call.failure is None:
                    self._end(seat)
                    return call
                if seat == self._shown:
                    self._emit(ChairmanFailed(seat, call.failure))
        return None

    def _end(self, seat: int) -> None:
        """This seat was first: nobody else goes on."""
        for other in self._writing:
            other.cancel()
        if self._shown is not None and self._shown != seat:
            self._emit(ChairmanFailed(self._shown, overtaken()))
            self._emit(VerdictAsked(seat))

    async def _ask_next(self, group: asyncio.TaskGroup) -> None:
        """Unless the one asked last is at work and has time left."""
        if not self._waiting or (self._newest in self._writing and self._left()):
            return
        seat = self._waiting.popleft()
        self._newest_until = asyncio.get_running_loop().time() + await self._alone_seconds(seat)
        self._newest = group.create_task(self._call(seat))
        self._writing[self._newest] = seat

    async def _call(self, seat: int) -> Call:
        return await self._write(seat, lambda draft: self._tell(seat, draft))

    def _left(self) -> float | None:
        """Seconds until the next seat is asked; `None` where there is no next one."""
        if not self._waiting:
            return None
        return max(self._newest_until - asyncio.get_running_loop().time(), 0)

    def _show(self) -> None:
        """Readers follow the seat that was asked first of those at work."""
        first = next(iter(self._writing.values()))
        if first != self._shown:
            self._shown = first
            self._emit(VerdictAsked(first))

    def _tell(self, seat: int, draft: Draft) -> None:
        if seat == self._shown:
            self._emit(VerdictText(lambda: self._body(draft.text)))
