"""Work that is done again and again survives whatever one turn meets."""

import asyncio

import pytest

from bot.errors import StoreFailed
from bot.loops import forever


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
