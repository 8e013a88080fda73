"""A local Discord, and a bot on it."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.discord.listener import Place, online
from tests.fakes.discord_server import DiscordServer, running_discord


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with running_discord(time_scale=0.01) as server:
        yield server


@pytest.fixture
async def place(server: DiscordServer) -> AsyncIterator[Place]:
    place = Place(server)
    async with online(server, place.bot):
        yield place
