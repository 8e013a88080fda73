"""Work that is done again and again survives whatever one turn meets."""

import asyncio
from typing import Any

import pytest

from bot.conversation.loops import Handling, forever, until
from bot.errors import StoreFailed
from bot.program.serve import beside
from tests.fakes.council import running_app
from tests.fakes.provider import FakeProvider


@pytest.mark.parametrize(
    "error",
    [
        StoreFailed("The disk is full."),
        RuntimeError("nobody thought of this"),
        TimeoutError(),
        ExceptionGroup("of a task group", [OSError("gone")]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_error_of_one_turn_ends_that_turn_only(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    turns, enough = 0, asyncio.Event()

    async def turn() -> None:
        nonlocal turns
        turns += 1
        if turns == 3:
            enough.set()
        raise error

    loop = asyncio.create_task(forever("nothing is done", turn, pause_seconds=0))
    await enough.wait()
    loop.cancel()

    assert [record.getMessage().partition(":")[0] for record in caplog.records] == (
        ["nothing is done"] * 3
    )
    expected = isinstance(error, StoreFailed)
    assert [record.exc_info is None for record in caplog.records] == [expected] * 3


async def test_what_is_done_until_something_happens_is_through_by_then() -> None:
    over, done = asyncio.Event(), []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            done.append("ended")

    working = asyncio.create_task(until(over, work()))
    await asyncio.sleep(0)
    assert not working.done()
    over.set()
    await working
    assert done == ["ended"]


async def test_what_ends_before_ends_as_it_does() -> None:
    async def work() -> None:
        raise StoreFailed("The disk is full.")

    with pytest.raises(StoreFailed):
        await until(asyncio.Event(), work())


async def test_a_loop_ends_when_it_is_cancelled() -> None:
    began = asyncio.Event()

    async def turn() -> None:
        began.set()
        await asyncio.Event().wait()

    loop = asyncio.create_task(forever("nothing is done", turn, pause_seconds=0))
    await began.wait()
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop


async def test_what_a_served_council_does_every_minute_outlives_every_error() -> None:
    async with running_app(FakeProvider()) as app:
        turns = {"load": 0, "erase": 0, "keep_up": 0}
        enough = asyncio.Event()

        def failing(name: str) -> Any:
            async def turn() -> None:
                turns[name] += 1
                if min(turns.values()) >= 2:
                    enough.set()
                raise RuntimeError("nobody thought of this")

            return turn

        app.catalogue.load = failing("load")  # type: ignore[method-assign]
        app.statistics().keep_up = failing("keep_up")  # type: ignore[method-assign]
        app.store.erase = failing("erase")  # type: ignore[method-assign]
        loops = [asyncio.create_task(each) for each in beside(app, 0.0)]
        await enough.wait()
        assert not any(loop.done() for loop in loops)
        for loop in loops:
            loop.cancel()
        await asyncio.wait(loops)


async def test_what_is_begun_after_the_silence_is_not_done() -> None:
    handling = Handling()
    done: list[str] = []

    async def work() -> None:
        done.append("something")

    await handling.begin(work())
    await handling.silence()
    with pytest.raises(asyncio.CancelledError):
        await handling.begin(work())

    assert done == ["something"]
