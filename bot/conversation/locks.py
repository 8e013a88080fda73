"""Locks by name: what concerns the same thing takes turns, everything else goes on."""

import asyncio
from weakref import WeakValueDictionary


class Locks:
    """One for each name that is in use; it goes with the last who holds or awaits it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[tuple[str, ...], asyncio.Lock] = WeakValueDictionary()

    def __call__(self, *name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())
