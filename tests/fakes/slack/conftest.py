"""A local Slack, and a bot on it."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.slack.listener import Bot, Place, online
from tests.fakes.slack_server import SlackServer, running_slack


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with running_slack(time_scale=0.01, deadline_scale=1.0) as server:
        yield server


@pytest.fixture
async def place(server: SlackServer) -> Place:
    """Without a socket: for the Web API alone."""
    return Place(server, Bot(server))


@pytest.fixture
async def live(server: SlackServer) -> AsyncIterator[Place]:
    async with online(server) as bot:
        yield Place(server, bot)
