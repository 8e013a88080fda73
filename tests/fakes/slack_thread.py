"""The bot's replies on Slack and nothing else, in a channel with one person."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from adapters.slack.address import Address
from adapters.slack.bot import Bot
from adapters.slack.reply import SlackReply
from adapters.slack.web import Web
from bot.chat import Accepted, Mention, Person
from bot.chat import Channel as Place
from bot.conversation.app import App
from bot.council import Council, Question
from bot.llm import Provider
from bot.records import Case
from tests.fakes.council import CHAIRMAN, MEMBERS, running_app
from tests.fakes.provider import FakeProvider
from tests.fakes.slack_server import BOT_TOKEN, Channel, Message, SlackServer, running_slack

TIME_SCALE = 0.001


class Stage:
    """The bot among people, and questions put to it."""

    def __init__(self, server: SlackServer, app: App, *, time_scale: float) -> None:
        self.server, self.app = server, app
        self.channel = server.create_channel()
        self.ada = server.create_user("ada", self.channel)
        self.web = Web(BOT_TOKEN, api_url=server.api_url, time_scale=time_scale)
        self.bot = Bot(app, self.web, time_scale=time_scale)
        app.platforms["slack"] = self
        self._asked = 0

    def reply(self, case: Case) -> SlackReply:
        return SlackReply(case, self.bot)

    def question(
        self, channel: Channel | None = None, *, text: str = "Why?", thread_ts: str | None = None
    ) -> tuple[Message, Mention]:
        """A message to the bot, and how the client hands it to the app."""
        channel = channel or self.channel
        message = self.server.mention(channel, self.ada, text, thread_ts)
        root = message.thread_ts or message.ts
        team = self.server.team.id
        mention = Mention(
            key=f"slack:{team}:{channel.id}:{message.ts}",
            channel=Place("slack", team, channel.id),
            person=Person(self.ada.id),
            text=text,
            address=Address(team, channel.id, root, message.ts).to_json(),
            thread=root,
            direct=channel.kind == "im",
        )
        return message, mention

    async def case(
        self, channel: Channel | None = None, *, text: str = "Why?", thread_ts: str | None = None
    ) -> Case:
        """A stored question that nobody deliberates."""
        _, mention = self.question(channel, text=text, thread_ts=thread_ts)
        self._asked += 1
        case = Case(
            question=Question(f"run{self._asked}", text, 1, self.app.now()),
            council=Council(MEMBERS, CHAIRMAN),
            platform="slack",
            workspace=mention.channel.workspace,
            channel=mention.channel.id,
            thread=mention.thread,
            asker=self.ada.id,
            mention=mention.key,
            address=mention.address,
        )
        assert await self.app.store.create(case)
        return case

    async def deliberated(
        self, channel: Channel | None = None, *, text: str = "Why?", thread_ts: str | None = None
    ) -> tuple[str, list[Message]]:
        """The id of a whole deliberation, and the bot's posts about it."""
        message, mention = self.question(channel, text=text, thread_ts=thread_ts)
        accepted = await self.app.questions.accept(mention)
        assert isinstance(accepted, Accepted)
        await self.app.running.finished(accepted.id)
        await self.through()
        said = self.server.said(message.channel, mention.thread)
        return accepted.id, [m for m in said if m.ts > message.ts]

    async def through(self) -> None:
        """Until all is done that goes on beside posts, as emoji to vote with are offered."""
        while tasks := set(self.bot._tasks):
            await asyncio.wait(tasks)

    def said(self, case: Case) -> list[Message]:
        """The bot's posts in the thread of a question."""
        return self.server.said(self.server.world.channels[case.channel or ""], case.thread)


@asynccontextmanager
async def stage(
    provider: Provider | None = None, *, time_scale: float = TIME_SCALE, **settings: Any
) -> AsyncIterator[Stage]:
    """`settings` are those of `running_app`."""
    async with (
        running_slack(time_scale=time_scale) as server,
        running_app(provider or FakeProvider(), **settings) as app,
    ):
        scene = Stage(server, app, time_scale=time_scale)
        try:
            yield scene
        finally:
            await app.close()
            await scene.bot.silence()
            await scene.web.close()


def texts(message: Message) -> list[str]:
    """What stands in the message's sections, notes and Markdown, folds opened."""
    return list(_texts(message.blocks))


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
