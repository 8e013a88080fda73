"""Whoever waits for something to read is woken by its bell, and looks now and then without."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import pytest

from bot.conversation.bells import Bell, Bells
from bot.store.presence import LOST, PROGRESS, WISHES, Hear
from tests.fakes.jumping_clock import jumping_clock

# So slow that nobody looks by themselves.
STILL = 1_000.0


class Ringing:
    """A process that rings, as a presence does."""

    number = 1

    def __init__(self) -> None:
        self.ring: Hear = lambda name, what: None

    async def living(self) -> frozenset[int]:
        return frozenset({self.number})

    def listen(self, hear: Hear) -> None:
        self.ring = hear

    def sole(self, name: str) -> AbstractAsyncContextManager[asyncio.Event]:
        raise NotImplementedError  # nobody serves a platform by bells


@pytest.fixture
async def jumping() -> AsyncIterator[None]:
    with jumping_clock():
        yield


@pytest.fixture
def there() -> Ringing:
    return Ringing()


async def is_rung(bell: Bell) -> bool:
    """Whether whoever waits for it is woken by now."""
    waiting = asyncio.ensure_future(bell.wait())
    for _ in range(5):
        await asyncio.sleep(0)
    is_woken = waiting.done()
    waiting.cancel()
    return is_woken


async def test_a_bell_wakes_whoever_waits_for_that_and_nobody_else(there: Ringing) -> None:
    bells = Bells(there, time_scale=STILL)
    with (
        bells.heard(PROGRESS, "one") as one,
        bells.heard(PROGRESS, "one") as too,
        bells.heard(PROGRESS, "two") as two,
        bells.heard(WISHES, "one") as wishes,
    ):
        there.ring(PROGRESS, "one")
        heard = [await is_rung(bell) for bell in (one, too, two, wishes)]
    assert heard == [True, True, False, False]


async def test_what_rang_before_somebody_waited_is_not_missed_and_wakes_once(
    there: Ringing,
) -> None:
    bells = Bells(there, time_scale=STILL)
    with bells.heard(PROGRESS, "one") as bell:
        there.ring(PROGRESS, "one")
        there.ring(PROGRESS, "one")
        assert await is_rung(bell)
        assert not await is_rung(bell)


async def test_where_bells_may_have_been_missed_everybody_looks(there: Ringing) -> None:
    bells = Bells(there, time_scale=STILL)
    with bells.heard(PROGRESS, "one") as one, bells.heard(WISHES, "two") as two:
        there.ring(LOST, "")
        assert await is_rung(one)
        assert await is_rung(two)


async def test_a_bell_that_nobody_waits_for_is_forgotten(there: Ringing) -> None:
    bells = Bells(there, time_scale=STILL)
    with bells.heard(PROGRESS, "one"), bells.heard(PROGRESS, "one"):
        pass
    there.ring(PROGRESS, "one")
    with bells.heard(PROGRESS, "one") as bell:
        assert not await is_rung(bell)


async def test_without_a_bell_one_looks_in_ever_longer_pauses(jumping: None) -> None:
    time, bell = asyncio.get_running_loop().time, Bell(1.0)
    began, looks = time(), []
    for n in range(8):
        if n == 6:
            bell.ring()
        await bell.wait()
        looks.append(round(time() - began))
    assert looks == [2, 6, 14, 30, 60, 90, 90, 92]
