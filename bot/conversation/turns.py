"""Turns in what a platform takes: the worthiest first, and what is worth the same place by place.

However much one server, channel or thread has to say, another waits for one turn of it at most.
Knows no platform, and no limit: adapters say how far apart turns are, and keep to limits when they
send.
"""

import asyncio
from collections.abc import Callable, Container, Sequence
from enum import IntEnum, auto
from typing import Protocol, Union, runtime_checkable


class Worth(IntEnum):
    """What goes first, from the first to the last."""

    VERDICT = auto()  # and whatever else ends a question
    OPENING = auto()  # the first sign that a question was heard
    ANSWER = auto()
    RANKING = auto()
    LIVE = auto()  # what a newer state will replace
    BESIDES = auto()  # what posts can do without: emoji to vote with, links


# From the widest to the narrowest, such as a server, a channel in it, and a thread.
Place = tuple[str, ...]

# Who waits, under the names of their places.
_Tree = dict[Union[str, "Turn"], "_Tree"]


@runtime_checkable
class TakesTurns(Protocol):
    """A Reply whose platform takes so much at a time only."""

    async def turn(self, key: str, worth: Worth) -> "Turn":
        """In which the post of this key may be shown."""
        ...


class Turn:
    """One that was asked for."""

    def __init__(self, turns: "Turns", place: Place, worth: Worth) -> None:
        self.place = place
        self.path: tuple[str | Turn, ...] = (*place, self)
        self.worth = worth
        self.given = asyncio.get_running_loop().create_future()
        self._turns = turns

    def hurry(self, worth: Worth) -> None:
        """What waits for it is worth more now."""
        if worth < self.worth and not self.given.done():
            self._turns.leave(self)
            self.worth = worth
            self._turns.enter(self)

    async def come(self) -> None:
        """Wait for it. Who is cancelled meanwhile waits no more."""
        try:
            await self.given
        finally:
            self._turns.leave(self)


class Spaced:
    """One after the other, first come, first served."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = float("-inf")
        self._turn = asyncio.Lock()

    async def wait(self) -> None:
        """Until so many seconds after whoever came before."""
        loop = asyncio.get_running_loop()
        # Not each at a time of its own: a busy loop wakes up many at once.
        async with self._turn:
            await asyncio.sleep(max(0.0, self._last + self._seconds - loop.time()))
            self._last = loop.time()


class Turns:
    """`spacing` is how many seconds after the one before a turn of this worth may be given, `is_free`
    whether there is room for one, looked at anew after as many. The widest of places rest after a turn.
    """

    def __init__(
        self,
        spacing: Callable[[Worth], float],
        *,
        is_free: Callable[[Worth], bool] = lambda _: True,
        rest_seconds: float = 0.0,
    ) -> None:
        self._spacing = spacing
        self._is_free = is_free
        self._rest_seconds = rest_seconds
        self._waiting: dict[Worth, _Tree] = {worth: {} for worth in Worth}
        # Until when places rest, the first that may go on first.
        self._resting: dict[str, float] = {}
        self._last = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def join(self, place: Place, worth: Worth) -> Turn:
        turn = Turn(self, place, worth)
        self.enter(turn)
        return turn

    async def take(self, place: Place, worth: Worth) -> None:
        """Wait for a turn."""
        await self.join(place, worth).come()

    def enter(self, turn: Turn) -> None:
        tree = self._waiting[turn.worth]
        for name in turn.path:
            tree = tree.setdefault(name, {})
        self._give()

    def leave(self, turn: Turn) -> None:
        _leave(self._waiting[turn.worth], turn.path)

    def pause(self, seconds: float) -> None:
        """Give no turn for so long: the platform wants nothing more."""
        self._last = max(self._last, asyncio.get_running_loop().time() + seconds)

    def _give(self) -> None:
        """Give the turns that may be given, and look again when there may be another."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        while any(self._waiting.values()):
            now = loop.time()
            at = self._given(now)
            if at > now:
                self._timer = loop.call_at(at, self._give)
                return

    def _given(self, now: float) -> float:
        """Give one turn; or else when there may be one."""
        for place, until in list(self._resting.items()):
            if until > now:
                break
            del self._resting[place]
        times = []
        for worth in filter(self._waiting.get, Worth):
            spacing = self._spacing(worth)
            at = self._last + spacing if self._is_free(worth) else now + spacing
            if at > now:
                times.append(at)
            elif turn := _next(self._waiting[worth], self._resting):
                if not turn.given.done():  # as that of whoever was cancelled
                    turn.given.set_result(None)
                    self._last = now
                    if self._rest_seconds:
                        self._resting[turn.place[0]] = now + self._rest_seconds
                return now
            else:
                times.append(next(iter(self._resting.values())))
        return min(times)


def _next(tree: _Tree, resting: Container[object]) -> Turn | None:
    """Take out who comes next. The places that it stands in go behind all others."""
    for name in tree:
        if name in resting:
            continue
        below = tree.pop(name)
        if isinstance(name, Turn):
            return name
        turn = _next(below, ())
        if below:
            tree[name] = below
        return turn
    return None


def _leave(tree: _Tree, path: Sequence[str | Turn]) -> None:
    name, *rest = path
    if name in tree:
        if rest:
            _leave(tree[name], rest)
        if not tree[name]:
            del tree[name]
