"""Threads of a process that a seed decides: each runs while the event loop stands still, and waits
until that lets it go on. One whose process was killed stays where it was for ever.

Knows nothing of councils, and nothing of what threads do.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from functools import partial
from typing import Any

from tests.world.loop import LIFE, Killed, Life, WorldLoop

_HERE = threading.local()


class Strand:
    """Begins at the loop's next turn. `work` may raise nothing."""

    def __init__(self, loop: WorldLoop, work: Callable[[], None], context: Context) -> None:
        self.loop = loop
        self.life: Life | None = context.get(LIFE)
        self.is_over = False
        self._context = context
        self._ended = False
        self._wait = 0  # its number; odd while it waits
        self._turn, self._back = threading.Lock(), threading.Lock()
        self._turn.acquire()
        self._back.acquire()
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()
        loop.strands[self] = None
        self._wait += 1
        loop.call_soon(self._woken, self._wait, context=context.copy())

    # From anywhere

    def wake(self) -> None:
        if self._wait % 2:
            self.loop.call_soon(self._woken, self._wait, context=self._context.copy())

    def end(self) -> None:
        """On the loop: it comes to its end now, by `Killed`."""
        self._ended = True
        if self._wait % 2 and not self.is_over:
            self._go_on()
        self._thread.join()

    # In the thread

    def pause(self, seconds: float | None = None) -> None:
        """Until it is woken, or for so long."""
        if self._ended:
            raise Killed
        self._wait += 1
        timer = seconds is not None and self.loop.call_later(
            seconds, self._woken, self._wait, context=self._context.copy()
        )
        self._back.release()
        self._turn.acquire()
        if timer:
            timer.cancel()
        if self._ended:
            raise Killed

    def _run(self, work: Callable[[], None]) -> None:
        self._turn.acquire()
        _HERE.strand = self
        try:
            if not self._ended:
                self._context.run(work)
        except Killed:
            pass
        except BaseException as error:
            self.loop.fault = error
        finally:
            self.is_over = True
            self._back.release()

    # On the loop

    def _woken(self, wait: int) -> None:
        if wait == self._wait and not self.is_over:
            self._go_on()

    def _go_on(self) -> None:
        self._wait += 1
        self._turn.release()
        self._back.acquire()
        if self.is_over:
            self.loop.strands.pop(self, None)


def here() -> Strand | None:
    """The strand that this is called in."""
    return getattr(_HERE, "strand", None)


class Pool:
    """Stands in for a `ThreadPoolExecutor`; a class of its own is made for each loop."""

    loop: WorldLoop

    def __init__(self, max_workers: int, thread_name_prefix: str = "") -> None:
        self._most = max_workers
        self._jobs: deque[tuple[asyncio.Future[Any], Callable[[], Any]]] = deque()
        self._workers: list[Strand] = []
        self._idle: list[Strand] = []
        self._closed: Strand | None = None
        self._open = True

    def run(self, function: Callable[[], Any]) -> "asyncio.Future[Any]":
        if not self._open:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: asyncio.Future[Any] = self.loop.create_future()
        self._jobs.append((future, function))
        if self._idle:
            self._idle.pop(0).wake()
        elif len(self._workers) < self._most:
            self._workers.append(Strand(self.loop, self._work, copy_context()))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Waits for what is under way."""
        self._open = False
        if cancel_futures:
            for future, _ in self._jobs:
                self.loop.call_soon(future.cancel)
            self._jobs.clear()
        for worker in self._idle:
            worker.wake()
        self._closed = here()
        while self._closed and not all(worker.is_over for worker in self._workers):
            self._closed.pause(0.01)

    def _work(self) -> None:
        me = here()
        assert me
        while self._open or self._jobs:
            if not self._jobs:
                self._idle.append(me)
                me.pause()
                continue
            future, function = self._jobs.popleft()
            if not future.cancelled():
                finish(self.loop, future, function)


def run_in(loop: WorldLoop, pool: Any, function: Callable[[], Any]) -> "asyncio.Future[Any]":
    return pool.run(function) if isinstance(pool, Pool) else run_beside(loop, function)


def run_beside(loop: WorldLoop, function: Callable[[], Any]) -> "asyncio.Future[Any]":
    """In a strand of its own."""
    future: asyncio.Future[Any] = loop.create_future()
    Strand(loop, partial(finish, loop, future, function), copy_context())
    return future


def finish(loop: WorldLoop, future: "asyncio.Future[Any]", function: Callable[[], Any]) -> None:
    """Run it in this strand, and tell the loop what came of it."""
    try:
        result = function()
    except Killed:
        raise
    except BaseException as error:
        loop.call_soon(_told, future, None, error)
    else:
        loop.call_soon(_told, future, result, None)


def _told(future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
