"""Requests for one call, side by side: the first to be complete is taken, and the others end."""

import asyncio
from collections.abc import Coroutine
from math import inf
from typing import Any

from bot.errors import ModelFailed
from bot.llm import Completion
from bot.protocol import hedging
from bot.protocol.hedging import HEDGE_SHARE, PROBABLY, SURELY, Usual
from bot.protocol.listening import Listener
from bot.protocol.patience import Patience
from bot.store.hedges import HedgesSpent

Rival = asyncio.Task[Completion]

# So many requests may fail beside others before a call goes on with what it has.
_FAILURES = 3


class Rivals:
    """`usual` is how the model writes, `None` where it is unknown. `close` it."""

    def __init__(self, usual: Usual | None, patience: Patience) -> None:
        self._usual = usual
        self._patience = patience
        self._rivals: dict[Rival, Listener] = {}  # in the order in which they were sent
        self._failures = 0
        self._hedges_from = 0.0

    @property
    def running(self) -> list[Listener]:
        return [listener for rival, listener in self._rivals.items() if not rival.done()]

    @property
    def is_over(self) -> bool:
        return self._first_complete() is not None or not self.running

    def enter(self, request: Coroutine[Any, Any, Completion], listener: Listener) -> None:
        rival = asyncio.create_task(request)
        rival.add_done_callback(_look_at)
        self._rivals[rival] = listener

    def is_won(self) -> None:
        """A request calls this as soon as it is complete, before that is written down."""
        self._hedges_from = inf
        self._end(besides=asyncio.current_task())

    def hedge_share(self) -> float | None:
        """How much of all spending second requests may take, where one more is worth being sent now
        beside the only one under way; `None` where it is not."""
        alone = self._alone()
        if alone is None or asyncio.get_running_loop().time() < self._hedges_from:
            return None
        if self._usual is None:
            is_late = alone.heard.silent >= self._patience.hedge_unknown
            return HEDGE_SHARE if is_late else None
        if alone.seconds < self._patience.hedge_floor:
            return None
        chance = hedging.chance(alone.heard, self._usual)
        return hedging.share(chance) if chance >= PROBABLY else None

    async def turn(self) -> None:
        """Wait until a request ends, or until one more may be worth being sent."""
        running = [rival for rival in self._rivals if not rival.done()]
        ended, _ = await asyncio.wait(
            running, timeout=self._until_next_look(), return_when=asyncio.FIRST_COMPLETED
        )
        for rival in running:
            error = rival.exception() if rival in ended and not rival.cancelled() else None
            if isinstance(error, ModelFailed):
                self._heed(error)
            elif error:
                raise error

    def result(self) -> Completion:
        """Once it is over. Raises the failure of the request that was sent first where all failed."""
        return (self._first_complete() or next(iter(self._rivals))).result()

    async def close(self) -> None:
        self._end()
        await asyncio.wait(self._rivals)

    def _alone(self) -> Listener | None:
        running = self.running
        return running[0] if len(running) == 1 else None

    def _until_next_look(self) -> float | None:
        alone = self._alone()
        if alone is None or self._hedges_from == inf:
            return None
        late_in = self._patience.hedge_unknown - alone.heard.silent
        if self._usual:
            late_in = max(self._patience.hedge_floor - alone.seconds, self._look_again(alone))
        return max(late_in, self._hedges_from - asyncio.get_running_loop().time(), 0)

    def _look_again(self, alone: Listener) -> float:
        return hedging.look_again(alone.heard, at_least=self._patience.hedge_floor / 8)

    def _heed(self, failure: ModelFailed) -> None:
        """Put the next request off, or do without."""
        time, patience = asyncio.get_running_loop().time(), self._patience
        if isinstance(failure, HedgesSpent):
            if alone := self._alone():
                self._hedges_from = time + self._look_again(alone)
                self._make_room(alone)
            return
        self._failures += 1
        wait = failure.retry_after_seconds or patience.backoff_first * 2**self._failures
        is_final = not failure.retryable or self._failures >= _FAILURES
        self._hedges_from = inf if is_final else time + wait

    def _make_room(self, alone: Listener) -> None:
        """Where none may be paid beside it, one that hardly ever begins is given up for the next."""
        heard = alone.heard
        if self._usual and heard.sign is None and hedging.chance(heard, self._usual) >= SURELY:
            alone.make_room()

    def _end(self, *, besides: "asyncio.Task[Any] | None" = None) -> None:
        for rival in self._rivals:
            if rival is not besides and not rival.cancelling():  # twice would cut its last row off
                rival.cancel()

    def _first_complete(self) -> Rival | None:
        for rival in self._rivals:
            if rival.done() and not rival.cancelled() and rival.exception() is None:
                return rival
        return None


def _look_at(rival: Rival) -> None:
    """So that asyncio reports no failure as forgotten, also where nobody waits for it to the end."""
    if not rival.cancelled():
        rival.exception()
