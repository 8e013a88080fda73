"""Writes that share a commit: whoever waits for one and whoever makes it, for any database.

Knows nothing of how a database makes them: a driver says that.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from bot.errors import StoreFailed
from bot.language import N_, _
from bot.store.presence import Presence
from bot.store.transactions import Transaction

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Writes in one commit. Everybody whose write is committed goes on in the same turn of the event
# loop, so a larger batch would stop the loop for longer than it saves.
BATCH = 100

# Before a write that failed for want of room, for a lock or at a fault of the disk is made again.
PAUSES = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)

UNUSABLE = N_(
    "The bot's database cannot be used at the moment. Try again in a few minutes; the "
    "bot's log tells its operator why."
)


class Write(Generic[T]):
    """A change that waits for its commit. Whoever makes it sets `value`, or `error`."""

    def __init__(self, begin: Callable[[], Transaction[T]]) -> None:
        self.begin = begin
        self.done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.value: T
        self.error: Exception | None = None


class Batches(ABC):
    """Of a driver: one task takes what waits, has it made and says how it went, until `close`, or
    at the latest the end of the event loop: a connection left open would keep the process from
    ending."""

    process: int | None = None
    presence: Presence | None = None

    def __init__(self, name: str, *, time_scale: float = 1.0) -> None:
        """`name` is what people are told of the database."""
        self._name = name
        self._waiting: list[Write[Any]] = []
        self._wake = asyncio.Event()
        self._open = True
        self._closing = asyncio.Event()
        self._ailing = False
        self.pauses = tuple(pause * time_scale for pause in PAUSES)
        self._owner = asyncio.create_task(self._commit_until_closed())

    async def write(self, begin: Callable[[], Transaction[T]]) -> T:
        """Make it in a commit shared with other writes; a failed commit raises in all of them."""
        self._require_open()
        write = Write(begin)
        self._waiting.append(write)
        self._wake.set()
        return await write.done

    async def close(self) -> None:
        self._open = False
        self._closing.set()
        self._wake.set()
        await asyncio.wait({self._owner})

    @abstractmethod
    async def _make(self, batch: Sequence[Write[Any]]) -> None:
        """Make these in one transaction. Raises nothing: what went wrong is in each."""

    @abstractmethod
    async def _disconnect(self) -> None:
        """Nothing is read or written any more."""

    @abstractmethod
    def _may_pass(self, error: Exception | None) -> bool:
        """Whether the same batch may be made a little later."""

    @abstractmethod
    def _told(self, error: Exception) -> Exception:
        """The error as whoever waits for a write is to see it."""

    async def _commit_until_closed(self) -> None:
        batch: list[Write[Any]] = []
        try:
            while self._open or self._waiting:
                await self._wake.wait()
                self._wake.clear()
                batch = self._waiting[:BATCH]
                del self._waiting[:BATCH]
                if self._waiting:
                    self._wake.set()
                if batch:
                    await self._commit(batch)
                for write in batch:
                    self._resolve(write)
                batch = []
        finally:
            self._open = False
            for write in (*batch, *self._waiting):
                write.done.cancel()  # the event loop ends: nobody is left waiting
            await self._disconnect()

    async def _commit(self, batch: Sequence[Write[Any]]) -> None:
        """Commit the batch, again and again for a while where that may help."""
        # Once it was waited for in vain, nobody waits as long again before it has passed.
        pauses = self.pauses[:1] if self._ailing else self.pauses
        for pause in (*pauses, None):
            await self._make(batch)
            fault = next((write.error for write in batch if self._may_pass(write.error)), None)
            self._ailing = fault is not None and pause is None
            if fault is None or pause is None:
                return
            logger.warning("%s Tried again in %g s.", self._told(fault), pause)
            try:
                async with asyncio.timeout(pause):
                    await self._closing.wait()
                return  # whoever closes waits for no further try
            except TimeoutError:
                pass

    def _resolve(self, write: Write[Any]) -> None:
        if write.done.done():  # its caller was cancelled; the write stands
            return
        if write.error is None:
            write.done.set_result(write.value)
        else:
            write.done.set_exception(self._told(write.error))

    def _require_open(self) -> None:
        if not self._open:
            raise StoreFailed(
                _("The database {path} is closed.", path=self._name), public=_(UNUSABLE)
            )
