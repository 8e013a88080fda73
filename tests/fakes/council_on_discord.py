"""The whole adapter in this process, online on the local Discord, over scripted models."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from adapters.discord import supervisor
from adapters.discord.client import CouncilClient
from bot.conversation.app import App
from bot.llm import Provider
from bot.store.server import Server
from tests.fakes.council import running_app
from tests.fakes.discord_server import TOKEN, Channel, DiscordServer, Guild, Message, User
from tests.fakes.provider import FakeProvider, wordy
from tests.fakes.watched import eventually

# Shrinks every pause of the program, as COUNCIL_TIME_SCALE does.
TIME_SCALE = 0.01


@dataclass(slots=True)
class Place:
    """A server with one channel and one person, and what the council does there."""

    server: DiscordServer
    database: str | Server = ":memory:"
    time_scale: float = TIME_SCALE
    guild: Guild = field(init=False)
    channel: Channel = field(init=False)
    ada: User = field(init=False)
    app: App = field(init=False)
    requests_before: int = 0
    """How many the server had seen when the bot last came online."""

    def __post_init__(self) -> None:
        self.guild = self.server.create_guild()
        self.channel = self.server.create_channel(self.guild)
        self.ada = self.server.create_user("Ada", self.guild)

    @property
    def client(self) -> CouncilClient:
        client = self.app.platforms["discord"]
        assert isinstance(client, CouncilClient)
        return client

    @asynccontextmanager
    async def online(
        self, provider: Provider | None = None, **settings: Any
    ) -> AsyncIterator["Place"]:
        """The bot, from its first READY to its orderly end. `settings` are those of `running_app`."""
        self.requests_before = len(self.server.requests)
        async with running_app(
            provider or FakeProvider(otherwise=wordy),
            database=self.database,
            time_scale=self.time_scale,
            **settings,
        ) as self.app:
            running = asyncio.create_task(
                supervisor.run(self.app, TOKEN, time_scale=self.time_scale), name="the bot"
            )
            try:
                await self.server.wait_for(lambda: running.done() or self.server.gateway.online)
                if running.done():
                    running.result()
                await self.client.wait_until_ready()
                yield self
            finally:
                running.cancel()
                await asyncio.wait({running})

    def verdict(self, where: Channel) -> Message | None:
        """The bot's first post there, once the ranking has told the asker that it is final."""
        told = [ping for ping in self.server.pings if ping.message.channel is where and ping.users]
        own = [ping for ping in told if ping.message.author is self.server.bot]
        return self.server.said(where)[0] if own else None

    async def answered(self, question: Message) -> list[Message]:
        """Everything that the bot wrote in the question's thread, once all of it is there."""

        def thread() -> Channel | None:
            thread = question.thread
            return thread if thread and self.verdict(thread) else None

        found = await self.server.wait_for(thread)
        assert found
        return self.server.said(found)

    async def delivered(self) -> None:
        """Until nothing is left to be done for any question."""

        async def nothing() -> bool:
            return not await self.app.store.unfinished("discord")

        await eventually(nothing)

    async def said(self, channel: Channel, words: str) -> Message:
        def found() -> Message | None:
            return next((m for m in self.server.said(channel) if words in m.text), None)

        message = await self.server.wait_for(found)
        assert message
        return message
