"""`council serve` on Slack: the whole way, many at once, killed anywhere, cut off, beside Discord."""

import asyncio
import signal
import sqlite3
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import processes
from tests.fakes.slack_server import (
    APP_TOKEN,
    BOT_TOKEN,
    Channel,
    Message,
    SlackServer,
    User,
    running_slack,
)

MEMBERS = ("lab/a", "lab/b", "lab/c")
CHAIRMAN = "lab/d"
# The headline, an answer of each member, the ranking.
POSTS = 5


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with running_slack(time_scale=0.05, deadline_scale=1) as server:
        yield server


class Program:
    """`council serve`, started; what it says on standard error is read as it comes."""

    def __init__(self, process: Process) -> None:
        assert process.stderr
        self.process = process
        self._err = asyncio.create_task(process.stderr.read())

    async def ended(self) -> tuple[int, str]:
        err = (await self._err).decode()
        return await self.process.wait(), err

    async def kill(self) -> None:
        self.process.kill()
        await self.ended()


def environment(server: SlackServer, **more: str) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_API_URL": f"{server.url}/api",
        "COUNCIL_TIME_SCALE": "0.05",
        "COUNCIL_DATABASE": str(Path("council.db").resolve()),
        **more,
    }


@asynccontextmanager
async def serving(
    server: SlackServer, *, module: tuple[str, ...] = ("-m", "bot"), **more: str
) -> AsyncIterator[Program]:
    """The program, online, until it is told to end; which it does in order."""
    process = await processes.council(
        "serve", environment=environment(server, **more), module=module
    )
    program = Program(process)
    try:
        await server.wait_for(lambda: server.socket_mode.open, 20)
        yield program
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await program.ended()
    await server.wait_for(lambda: not server.socket_mode.open)


class Room:
    """A channel with one person."""

    def __init__(self, server: SlackServer) -> None:
        self.server = server
        self.channel: Channel = server.create_channel()
        self.ada: User = server.create_user("ada", self.channel)

    def ask(self, text: str = "Why is the sky blue?") -> Message:
        return self.server.mention(self.channel, self.ada, text)


def is_complete(server: SlackServer, question: Message) -> bool:
    """Whether the asker was told that the verdict is there."""
    return any(ping.message.thread_ts == question.ts for ping in server.pings)


async def posts(server: SlackServer, question: Message, seconds: float = 20) -> list[Message]:
    await server.wait_for(lambda: is_complete(server, question), seconds)
    return server.said(question.channel, question.ts)


# --- The whole way


async def test_two_tokens_are_all_it_takes(server: SlackServer) -> None:
    room = Room(server)
    async with serving(server) as program:
        question = room.ask()
        headline, *answers, ranking = await posts(server, question)
        await delivered()
        program.process.send_signal(signal.SIGTERM)
        code, err = await program.ended()
    assert (code, err.count("Traceback"), err.count("WARNING")) == (130, 0, 0), err
    assert "The council is deliberating" in headline.frames[0].text
    assert len(answers) == 4
    assert ["Answer" in answer.text for answer in answers] == [True] * 4
    assert "Ranking" in ranking.text
    (ping,) = server.pings
    assert (ping.message, ping.target) == (ranking, room.ada.id)
    assert server.said(room.channel) == []
    assert server.rejections == []
    assert server.rate_limited == []
    assert [delivery.state for delivery in server.deliveries if delivery.type == "app_mention"] == [
        "acknowledged"
    ]


# --- Killed


def rows(sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect("council.db")
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


async def delivered() -> None:
    """Until the program has written down that nothing is left to do."""
    async with asyncio.timeout(10):
        while await asyncio.to_thread(rows, "SELECT 1 FROM deliberations WHERE delivered = 0"):
            pass
