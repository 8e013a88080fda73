"""What a thread of the program that waits for a connection and for others here is made of: a strand, and
sockets and selectors that are none."""

import selectors
from collections.abc import Callable
from contextvars import copy_context
from types import SimpleNamespace
from typing import Any

from tests.world.loop import WorldLoop
from tests.world.postgres_wire import Connection
from tests.world.strands import Strand, here


class Thread:
    """A class of its own is made for each loop."""

    loop: WorldLoop

    def __init__(self, target: Callable[[], None], name: str = "", daemon: bool = True) -> None:
        self._target = target
        self._strand: Strand | None = None

    def start(self) -> None:
        self._strand = Strand(self.loop, self._target, copy_context())

    def is_alive(self) -> bool:
        return self._strand is not None and not self._strand.is_over

    def join(self, timeout: float) -> None:
        """In a strand."""
        me, until = here(), self.loop.time() + timeout
        assert me
        while self.is_alive() and self.loop.time() < until:
            me.pause(0.01)


class End:
    """Of a pair of sockets within one process."""

    def __init__(self) -> None:
        self.other: End
        self.waiting: Strand | None = None
        self._bytes = b""
        self._seconds = 0.0  # that a strand waits for something to receive

    def setblocking(self, blocks: bool) -> None:
        assert not blocks
        self._seconds = 0.0

    def settimeout(self, seconds: float) -> None:
        self._seconds = seconds

    def send(self, data: bytes) -> int:
        self.other._bytes += data
        if self.other.waiting:
            self.other.waiting.wake()
        return len(data)

    def recv(self, most: int) -> bytes:
        if not self._bytes and self._seconds:
            self._wait()
        if not self._bytes:
            raise BlockingIOError
        got, self._bytes = self._bytes[:most], self._bytes[most:]
        return got

    def _wait(self) -> None:
        self.waiting = here()
        assert self.waiting
        try:
            self.waiting.pause(self._seconds)
        finally:
            self.waiting = None

    def is_ready(self) -> bool:
        return bool(self._bytes)

    def close(self) -> None:
        pass


def socketpair() -> tuple[End, End]:
    one, other = End(), End()
    one.other, other.other = other, one
    return one, other


class Selector:
    """A class of its own is made for each loop."""

    loop: WorldLoop

    def __init__(self) -> None:
        self._registered: list[tuple[End | Connection, Any]] = []

    def __enter__(self) -> "Selector":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def register(self, of: End | Connection, events: int, data: Any = None) -> None:
        self._registered.append((of, data))

    def select(self, timeout: float) -> list[tuple[Any, int]]:
        """In a strand."""
        me, until = here(), self.loop.time() + timeout
        assert me
        for each, _ in self._registered:
            each.waiting = me
        try:
            while not (ready := self._ready()) and self.loop.time() < until:
                me.pause(until - self.loop.time())
        finally:
            for each, _ in self._registered:
                each.waiting = None
        return ready

    def _ready(self) -> list[tuple[Any, int]]:
        return [
            (SimpleNamespace(data=data), selectors.EVENT_READ)
            for of, data in self._registered
            if of.is_ready()
        ]


class Line:
    """What a connection is by its number: it can be cut by whoever is not in its thread."""

    def __init__(self, connection: Connection, *_: Any) -> None:
        self._connection = connection

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def shutdown(self, how: int) -> None:
        self._connection.cut()
