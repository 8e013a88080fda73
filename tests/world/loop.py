"""An event loop that a seed decides: time jumps to the next timer, what is ready runs in a drawn
order, and what belongs to a process that was killed never runs again.

Knows nothing of councils.
"""

import asyncio
import heapq
import zlib
from asyncio import base_events
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from functools import partial
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")


class Life:
    """One process: all that is started in its `context`. Once `dead`, it holds still; `frozen`, until
    it is woken."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.dead = False
        self.frozen = False
        self.held: list[asyncio.Handle] = []
        self.context = copy_context()
        self.context.run(LIFE.set, self)


LIFE: ContextVar["Life | None"] = ContextVar("life", default=None)


class Killed(BaseException):
    """The process ended here; nothing of it runs any more."""


class Stuck(Exception):
    """Nothing is ready, nothing is scheduled, and somebody still waits."""


class _Task(asyncio.Task[Any]):
    """Its place in a set is that of its number, not of its address."""

    serial: int
    life: Life | None

    def __new__(cls, *args: Any, **kwargs: Any) -> "_Task":
        self = super().__new__(cls, *args, **kwargs)
        loop: WorldLoop = kwargs["loop"]
        self.serial = loop.next_serial()
        context = kwargs.get("context")
        self.life = context.get(LIFE) if context else LIFE.get()
        return self

    def __hash__(self) -> int:
        return self.serial


class _Future(asyncio.Future[Any]):
    def __init__(self, *, loop: "WorldLoop") -> None:
        self.serial = loop.next_serial()
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self.serial


class WorldLoop(base_events.BaseEventLoop):
    """`after_step` is called behind each callback. `trace` is the sum of everything that ran.

    Every turn takes `turn_seconds`: a clock that stands still would have whoever waits for what
    rounding left of a second wait for ever.
    """

    def __init__(self, random: Random, *, turn_seconds: float = 0.0) -> None:
        super().__init__()
        self.random = random
        self.steps = 0
        self.trace = 0
        self.after_step: Callable[[], None] = lambda: None
        self.burying: Life | None = None
        # Threads that wait, and where a function is run beside the loop; `None`: at once, by nobody.
        self.strands: dict[Any, None] = {}
        self.fault: BaseException | None = None  # that one of them ended with
        self.beside: Callable[[WorldLoop, Any, Callable[[], Any]], Any] | None = None
        self._moment = 0.0
        self._turn_seconds = turn_seconds
        self._serial = 0
        self.set_task_factory(_made)

    # Time and threads that are none

    def time(self) -> float:
        return self._moment

    def stall(self, seconds: float) -> None:
        """Nothing runs for so long: the machine is busy with something else."""
        self._moment += seconds

    def call_soon_threadsafe(  # type: ignore[override]  # as call_soon has it
        self, callback: Any, *args: Any, context: Any = None
    ) -> Any:
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(  # type: ignore[override]  # of whatever arguments
        self, executor: Any, func: Any, *args: Any
    ) -> Any:
        """At once, and told a moment later."""
        if self.beside:
            return self.beside(self, executor, partial(func, *args))
        future = self.create_future()
        try:
            result = func(*args)
        except BaseException as error:
            self.call_later(self.random.random() / 100, _told, future, None, error)
        else:
            self.call_later(self.random.random() / 100, _told, future, result, None)
        return future

    def create_future(self) -> Any:
        return _Future(loop=self)

    def next_serial(self) -> int:
        self._serial += 1
        return self._serial

    # Lives

    def begin(self, life: Life, work: Coroutine[Any, Any, T], name: str = "") -> "asyncio.Task[T]":
        """A task of this life, whoever asks for it."""
        return self.create_task(work, name=name or None, context=life.context.copy())  # type: ignore[call-arg,unused-ignore]

    def note(self, what: str) -> None:
        """Something happened that has to happen in every repetition."""
        self.trace = zlib.crc32(what.encode("utf-8", "replace"), self.trace)

    def wake(self, life: Life) -> None:
        """Who was frozen goes on with all that came meanwhile."""
        life.frozen = False
        for handle in life.held:
            self._ready.append(handle)  # type: ignore[attr-defined]
        life.held.clear()

    def tasks_of(self, life: Life) -> list["asyncio.Task[Any]"]:
        return [task for task in asyncio.all_tasks(self) if getattr(task, "life", None) is life]

    # One turn

    def _run_once(self) -> None:
        ready: Any = self._ready  # type: ignore[attr-defined]
        scheduled: Any = self._scheduled  # type: ignore[attr-defined]
        self._moment += self._turn_seconds
        while scheduled and scheduled[0]._cancelled:
            self._drop(scheduled)
        if not ready:
            if not scheduled:
                raise Stuck
            self._moment = max(self._moment, scheduled[0]._when)
        while scheduled and scheduled[0]._when <= self._moment:
            handle = self._drop(scheduled)
            if not handle._cancelled:
                ready.append(handle)
        turn = list(ready)
        ready.clear()
        if len(turn) > 1:
            self.random.shuffle(turn)
        self.trace = zlib.crc32(b"%d %.6f" % (len(turn), self._moment), self.trace)
        for handle in turn:
            self._step(handle)

    def _drop(self, scheduled: Any) -> Any:
        handle = heapq.heappop(scheduled)
        handle._scheduled = False
        if handle._cancelled:
            count: int = self._timer_cancelled_count  # type: ignore[has-type]
            self._timer_cancelled_count = max(0, count - 1)
        return handle

    def _step(self, handle: Any) -> None:
        if handle._cancelled:
            return
        life = handle._context.get(LIFE)
        if life is not None and (life.dead or life.frozen) and life is not self.burying:
            life.held.append(handle)
            return
        self.steps += 1
        handle._run()
        self.after_step()

    def _process_events(self, event_list: Any) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


def _made(loop: Any, work: Any, context: Context | None = None) -> Any:
    return _Task(work, loop=loop, context=context)  # type: ignore[call-arg,unused-ignore]


def _told(future: Any, result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
