"""The whole adapter in this process, online on the local Slack, over scripted models."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from adapters.slack import supervisor
from adapters.slack.client import SlackClient
from bot.conversation.app import App
from bot.llm import Provider
from bot.store.server import Server
from tests.fakes.council import running_app
from tests.fakes.provider import FakeProvider
from tests.fakes.slack_server import (
    APP_TOKEN,
    BOT_TOKEN,
    Channel,
    Message,
    SlackServer,
    User,
)
from tests.fakes.watched import eventually

# Shrinks every pause of the program, as COUNCIL_TIME_SCALE does.
TIME_SCALE = 0.01


@dataclass(slots=True)
class Place:
    """A channel with one person, and what the council does there."""

    server: SlackServer
    database: str | Server = ":memory:"
    time_scale: float = TIME_SCALE
    channel: Channel = field(init=False)
    ada: User = field(init=False)
    app: App = field(init=False)

    def __post_init__(self) -> None:
        self.channel = self.server.create_channel()
        self.ada = self.server.create_user("ada", self.channel)

    @property
    def client(self) -> SlackClient:
        client = self.app.platforms["slack"]
        assert isinstance(client, SlackClient)
        return client

    @asynccontextmanager
    async def online(
        self, provider: Provider | None = None, **settings: Any
    ) -> AsyncIterator["Place"]:
        """The bot, from its first connection to its orderly end. `settings` are those of `running_app`."""
        async with running_app(
            provider or FakeProvider(),
            database=self.database,
            time_scale=self.time_scale,
            **settings,
        ) as self.app:
            running = asyncio.create_task(
                supervisor.run(
                    self.app,
                    bot_token=BOT_TOKEN,
                    app_token=APP_TOKEN,
                    api_url=self.server.api_url,
                    time_scale=self.time_scale,
                ),
                name="the bot",
            )
            try:
                await self.server.wait_for(lambda: running.done() or self.server.socket_mode.open)
                if running.done():
                    running.result()
                yield self
            finally:
                running.cancel()
                await asyncio.wait({running})
        await self.server.wait_for(lambda: not self.server.socket_mode.open)

    def ranking(self, question: Message) -> Message | None:
        """The bot's post that told the asker that all is there."""
        root = question.thread_ts or question.ts
        told = [
            ping.message
            for ping in self.server.pings
            if ping.message.channel is question.channel
            and ping.message.thread_ts == root
            and ping.message.ts > question.ts
        ]
        return told[-1] if told else None

    async def answered(self, question: Message) -> list[Message]:
        """Everything that the bot wrote in the question's thread, once all of it is there."""
        await self.server.wait_for(lambda: self.ranking(question))
        root = question.thread_ts or question.ts
        return self.server.said(question.channel, root)

    async def delivered(self) -> None:
        """Until nothing is left to be done for any question."""

        async def nothing() -> bool:
            return not await self.app.store.unfinished("slack")

        await eventually(nothing)

    async def said(self, channel: Channel, words: str, thread: str | None = None) -> Message:
        def found() -> Message | None:
            said = self.server.said(channel, thread)
            return next((m for m in said if words in m.text), None)

        message = await self.server.wait_for(found)
        assert message
        return message

    async def whispered(self, words: str) -> str:
        """What somebody alone is told."""

        def found() -> str | None:
            texts = [ephemeral.text for ephemeral in self.server.ephemerals]
            return next((text for text in texts if words in text), None)

        text = await self.server.wait_for(found)
        assert text
        return text
