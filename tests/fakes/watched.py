"""Waiting for something to happen: in a local server, or where nobody rings a bell."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

# Only a test that fails waits so long; a machine that is busy needs more of it than a quiet one.
PATIENCE_SECONDS = 60.0

# Whoever looks without a pause takes the processor from what is waited for.
LOOK_AGAIN_SECONDS = 0.005


class Watched:
    """Whatever changes calls `changed`; whoever waits is woken when what they wait for is true."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[], object], asyncio.Future[object]]] = []

    async def wait_for(
        self, found: Callable[[], T], timeout_seconds: float | None = PATIENCE_SECONDS
    ) -> T:
        """The first true value of `found`, asked again after everything that happens here."""
        value = found()
        if value:
            return value
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting.append((found, future))
        try:
            async with asyncio.timeout(timeout_seconds):
                await future
        except TimeoutError:
            raise TimeoutError(self.situation()) from None
        finally:
            self._waiting.remove((found, future))
        return found()

    def changed(self) -> None:
        for found, future in self._waiting:
            if future.done():
                continue
            try:
                if found():
                    future.set_result(None)
            except Exception as error:
                # It belongs to the test that asked, not to whoever caused the change.
                future.set_exception(error)

    def situation(self) -> str:
        """What a test that waited in vain wants to know."""
        return ""


async def eventually(found: Callable[[], Awaitable[T]]) -> T:
    """The first true value; what it looks at, such as a database, rings no bell."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (value := await found()):  # noqa: ASYNC110 - a row of SQLite sets no event
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
    return value
