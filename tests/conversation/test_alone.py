"""One process serves a bot, and others stand by."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bot.conversation import alone
from bot.conversation.alone import Standing
from tests.fakes.watched import eventually


class Names:
    """What one process has of the names that all of them share. Each is had by one, in turn."""

    number = 1

    def __init__(self, locks: dict[str, asyncio.Lock]) -> None:
        self._locks = locks
        self.doubt = asyncio.Event()

    async def living(self) -> frozenset[int]:
        return frozenset({1})

    def listen(self, hear: Callable[[str, str], None]) -> None:
        """Nobody rings."""

    @asynccontextmanager
    async def sole(self, name: str) -> AsyncIterator[asyncio.Event]:
        async with self._locks.setdefault(name, asyncio.Lock()):
            yield self.doubt


async def until_it_stands_by(standing: Standing) -> None:
    async def stands() -> bool:
        return standing.by("discord")

    await eventually(stands)


async def test_whoever_has_a_file_serves_at_once() -> None:
    standing = Standing(None)
    async with standing.alone("discord", "7") as doubt, standing.alone("slack", "T1"):
        assert not doubt.is_set()
        assert not standing.by("discord")


async def test_a_second_stands_by_and_takes_over_and_says_both(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone, "_SOON_SECONDS", 0.0)
    caplog.set_level(logging.INFO)
    locks: dict[str, asyncio.Lock] = {}
    first, second = Standing(Names(locks)), Standing(Names(locks))
    serves = asyncio.Event()

    async def serve() -> None:
        async with second.alone("discord", "7"):
            serves.set()

    async with first.alone("discord", "7"):
        # Another bot, or another platform, is nobody's but its own.
        async with second.alone("discord", "8"), second.alone("slack", "7"):
            pass
        caplog.clear()
        serving = asyncio.create_task(serve())
        await until_it_stands_by(second)
        assert not serves.is_set()
    await serving
    assert not second.by("discord")
    assert caplog.messages == [
        "Discord is served by another process: this one stands by",
        "Discord is served by this process now",
    ]


async def test_one_that_is_not_sure_any_more_says_so(caplog: pytest.LogCaptureFixture) -> None:
    names = Names({})
    async with Standing(names).alone("slack", "T1") as doubt:
        names.doubt.set()
        assert doubt.is_set()
    assert caplog.messages == [
        "it is not sure any more that no other process serves Slack: this one leaves it"
    ]


async def test_one_that_ends_while_it_stands_by_stands_by_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alone, "_SOON_SECONDS", 0.0)
    locks: dict[str, asyncio.Lock] = {}
    standing = Standing(Names(locks))

    async def serve() -> None:
        async with standing.alone("discord", "7"):
            raise AssertionError("another process has it")

    async with Standing(Names(locks)).alone("discord", "7"):
        serving = asyncio.create_task(serve())
        await until_it_stands_by(standing)
        serving.cancel()
        await asyncio.wait({serving})
        assert not standing.by("discord")
