"""Requests that must not get lost, nor take effect twice: repeated for as long as it may help.

Knows no platform: each says which of its errors may pass.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import stamina

T = TypeVar("T")

BACKOFF_FIRST, BACKOFF_LONGEST = 1.0, 60.0


@dataclass(slots=True)
class Doubt:
    """Whether something may have been made without anybody here hearing of it."""

    stands: bool = False


class Surely(Protocol):
    """A platform's own way to try until it is there."""

    async def __call__(self, call: Callable[[], Awaitable[T]], /) -> T:
        """Raises `Undeliverable` where the platform refuses."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """The way to a platform.

    `is_passing` says whether the same request may go through later; in seconds where the platform
    says when. `refusals` are the errors by which the platform itself answers. For so long as it
    `remembers_seconds` it makes nothing twice by itself.
    """

    is_passing: Callable[[Exception], bool | float]
    refusals: tuple[type[Exception], ...]
    time_scale: float
    remembers_seconds: float = 0.0

    async def persistently(self, call: Callable[[], Awaitable[T]]) -> T:
        """The call's result, however long the platform or the network is away.

        For what may take effect twice. Raises what another try would meet again.
        """
        async for attempt in stamina.retry_context(
            on=self.is_passing,
            attempts=None,
            timeout=None,
            wait_initial=BACKOFF_FIRST * self.time_scale,
            wait_max=BACKOFF_LONGEST * self.time_scale,
            wait_jitter=BACKOFF_FIRST * self.time_scale,
        ):
            with attempt:
                return await call()
        raise AssertionError("stamina re-raises the last error")

    async def once(
        self,
        send: Callable[[], Awaitable[T]],
        find: Callable[[], Awaitable[T | None]],
        doubt: Doubt,
    ) -> T:
        """What `send` makes; where an answer was lost, `find` looks for it before another try.

        `doubt` stands afterwards unless the platform said no to every try.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()

        async def attempt() -> T:
            is_unsure = doubt.stands
            if is_unsure and loop.time() - began > self.remembers_seconds:
                if (found := await find()) is not None:
                    return found
                is_unsure = False
            doubt.stands = True
            try:
                return await send()
            except self.refusals as error:
                doubt.stands = is_unsure or bool(self.is_passing(error))
                raise

        return await self.persistently(attempt)
