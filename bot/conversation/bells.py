"""What processes that share a database tell each other, handed to whoever waits for it.

Knows nothing of what is told: a bell says that it is worth looking.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bot.conversation.loops import within
from bot.store.presence import LOST, Presence

# Bells may be missed: after so long one looks all the same, then after twice as long, and so on.
FIRST_LOOK_SECONDS, LAST_LOOK_SECONDS = 2.0, 30.0


class Bell:
    """One that somebody waits for."""

    def __init__(self, time_scale: float) -> None:
        self._first, self._last = FIRST_LOOK_SECONDS * time_scale, LAST_LOOK_SECONDS * time_scale
        self._pause = self._first
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self) -> None:
        """Until it is worth looking, after a ring or without."""
        await within(self._pause, self._rung.wait())
        self._pause = self._first if self._rung.is_set() else min(2 * self._pause, self._last)
        self._rung.clear()


class Bells:
    """All that one process hears."""

    def __init__(self, presence: Presence, *, time_scale: float) -> None:
        self._time_scale = time_scale
        self._waiting: dict[tuple[str, str], list[Bell]] = {}
        presence.listen(self._hear)

    @contextmanager
    def heard(self, name: str, what: str) -> Iterator[Bell]:
        """The bell of this name about that, from now on: look first, then wait for it."""
        bell = Bell(self._time_scale)
        waiting = self._waiting.setdefault((name, what), [])
        waiting.append(bell)
        try:
            yield bell
        finally:
            waiting.remove(bell)
            if not waiting:
                self._waiting.pop((name, what), None)

    def _hear(self, name: str, what: str) -> None:
        rung = [self._waiting.get((name, what), [])]
        for bells in self._waiting.values() if name == LOST else rung:
            for bell in bells:
                bell.ring()
