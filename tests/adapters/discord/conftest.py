"""The local Discord, what the models there say, and the bot online in a channel of it."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.council_on_discord import Place
from tests.fakes.discord_server import DiscordServer, running_discord
from tests.fakes.provider import FakeProvider


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with running_discord(time_scale=0.01) as server:
        yield server


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
async def place(server: DiscordServer, provider: FakeProvider) -> AsyncIterator[Place]:
    async with Place(server).online(provider) as place:
        yield place
