"""Requests that must not get lost: repeated for as long as trying again may help.

Knows no platform: each says which of its errors may pass.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import stamina

T = TypeVar("T")

BACKOFF_FIRST, BACKOFF_LONGEST = 1.0, 60.0

# Whether the same request may go through later; seconds where the platform says when.
IsPassing = Callable[[Exception], bool | float]


async def persistently(
    call: Callable[[], Awaitable[T]], is_passing: IsPassing, *, time_scale: float
) -> T:
    """The call's result, however long a platform or the network is away.

    Raises what another try would meet again.
    """
    async for attempt in stamina.retry_context(
        on=is_passing,
        attempts=None,
        timeout=None,
        wait_initial=BACKOFF_FIRST * time_scale,
        wait_max=BACKOFF_LONGEST * time_scale,
        wait_jitter=BACKOFF_FIRST * time_scale,
    ):
        with attempt:
            return await call()
    raise AssertionError("stamina re-raises the last error")
