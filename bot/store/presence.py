"""This process among those that share a database: who lives, and what they tell each other."""

from asyncio import Event
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

# The bells, each about a deliberation: it may be there to take; whoever is at it may have a wish to
# hear; whoever follows it may have something to read.
WORK, WISHES, PROGRESS = "work", "wishes", "progress"
# The one of a time in which others may not have been heard.
LOST = "lost"

# Called with the bell and what it is about.
Hear = Callable[[str, str], None]


class Presence(Protocol):
    @property
    def number(self) -> int:
        """Of this process; no other that lives has it."""

    async def living(self) -> frozenset[int]:
        """The numbers of the processes that live. Raises `StoreFailed`."""

    def listen(self, hear: Hear) -> None:
        """Have this called on the event loop with each bell that was rung (`Ring`), by this process,
        too, after its commit; and with `LOST` and "" where some may have been missed."""

    def sole(self, name: str) -> AbstractAsyncContextManager[Event]:
        """Wait until no other process has this name, and have it. The event is set once that is not
        sure any more: from then on nothing may be done by that name."""
