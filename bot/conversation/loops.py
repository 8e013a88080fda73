"""Work done beside everything else: loops whose errors end one turn only, tasks that are kept.

Knows no subject. Every loop of a served council goes through here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from bot.errors import BotError

logger = logging.getLogger(__name__)


@contextmanager
def surviving(what: str) -> Iterator[None]:
    """Log whatever goes wrong inside, and go on behind it. `what` says what is then not done."""
    try:
        yield
    except BotError as error:
        logger.warning("%s: %s", what, error)
    except Exception:
        logger.exception("%s", what)


async def forever(
    what: str, turn: Callable[[], Awaitable[object]], *, pause_seconds: float
) -> NoReturn:
    """Take turns, with a pause after each, until cancelled."""
    while True:
        with surviving(what):
            await turn()
        await asyncio.sleep(pause_seconds)


async def within(seconds: float, happening: Awaitable[object]) -> None:
    """Wait for it, but no longer."""
    try:
        async with asyncio.timeout(seconds):
            await happening
    except TimeoutError:
        pass  # the caller sees whether it happened


async def until(over: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Have it done, or as much of it as is before that is set."""
    waiting, doing = asyncio.create_task(over.wait()), asyncio.create_task(work)
    try:
        await asyncio.wait({waiting, doing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await ended({waiting, doing})
    if not doing.cancelled():
        doing.result()


async def ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel them, and wait until they are through with it."""
    for task in (tasks := set(tasks)):
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


class Handling:
    """The tasks that handle a platform's events: libraries let go of theirs."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._silent = False

    def hold(self) -> None:
        """Keep the running task until it ends. After `silence` it ends here, as if cancelled."""
        if self._silent:
            raise asyncio.CancelledError
        task = asyncio.current_task()
        assert task is not None
        self._keep(task)

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Have it done beside everything else, to its end or until `silence`; after that, not at all:
        what it needs is about to be closed."""
        task = asyncio.create_task(work)
        if self._silent:
            task.cancel()
        self._keep(task)
        return task

    async def silence(self) -> None:
        """Take no further event in, and leave those under way where they are."""
        self._silent = True
        await ended(self._tasks)

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
