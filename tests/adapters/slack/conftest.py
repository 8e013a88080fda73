"""The local Slack, what the models there say, and the bot online in a channel of it."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.council_on_slack import Place
from tests.fakes.provider import FakeProvider
from tests.fakes.slack_server import SlackServer, running_slack


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with running_slack(time_scale=0.01, deadline_scale=1) as server:
        yield server


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
async def place(server: SlackServer, provider: FakeProvider) -> AsyncIterator[Place]:
    async with Place(server).online(provider) as place:
        yield place
