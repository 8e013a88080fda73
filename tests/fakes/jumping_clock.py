"""An event loop's clock that stands still while anything is done and jumps where all that is left is
to wait: however busy the machine, nothing is late, and no wait takes long.

Not for tests that speak to a server: what is on its way between sockets counts as nothing.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

import aiosqlite.core
import pytest

# A clock that does not move at all would have whoever waits for what rounding left wait for ever.
TURN_SECONDS = 1e-6


class _Clock:
    def __init__(self, loop: Any) -> None:
        self.moment = loop.time()
        self._at_work = 0
        self._select = loop._selector.select
        self._run_in_executor = loop.run_in_executor

    def select(self, timeout: float | None = None) -> Any:
        """In the place of the selector's: `timeout` is how far off the next timer is."""
        self.moment += TURN_SECONDS
        if not timeout or self._at_work:
            return self._select(timeout)
        if not (events := self._select(0)):
            self.moment += timeout
        return events

    def run_in_executor(self, *args: Any) -> Any:
        return self.counted(self._run_in_executor(*args))

    def counted(self, future: Any) -> Any:
        """What a thread is at work on."""
        self._at_work += 1
        future.add_done_callback(self._is_done)
        return future

    def _is_done(self, future: object) -> None:
        self._at_work -= 1


@contextmanager
def jumping_clock() -> Iterator[None]:
    """From here on, for the loop that runs."""
    loop: Any = asyncio.get_running_loop()
    clock = _Clock(loop)

    class Queue(SimpleQueue[Any]):
        """What is to be done in a thread of SQLite."""

        def put_nowait(self, item: Any) -> None:
            if item[0]:
                clock.counted(item[0])
            super().put_nowait(item)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aiosqlite.core, "SimpleQueue", Queue)
        patch.setattr(loop, "time", lambda: clock.moment)
        patch.setattr(loop, "run_in_executor", clock.run_in_executor)
        patch.setattr(loop._selector, "select", clock.select)
        yield
