"""`council serve` in a process of its own, on either platform, with people who ask it something."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

from tests.fakes import processes
from tests.fakes.discord_server import (
    TOKEN,
    URL_VARIABLE,
    Channel,
    DiscordServer,
    Message,
    Ping,
    running_discord,
)
from tests.fakes.processes import Program
from tests.fakes.slack_server import APP_TOKEN, BOT_TOKEN, SlackServer, running_slack
from tests.fakes.slack_server import Message as SlackMessage
from tests.fakes.slack_server import Ping as SlackPing

# Four members answer in a rehearsal: the headline, their answers, the ranking.
POSTS = 6


class Served(ABC):
    """A local server, one person in one channel of it, and the program once it is started."""

    server: Any
    module: tuple[str, ...] = ("-m", "bot")
    holdable: ClassVar[Mapping[str, tuple[str, ...]]]
    """What its answer can be kept from: the words for the server's `hold`."""

    @property
    @abstractmethod
    def variables(self) -> dict[str, str]: ...

    @property
    @abstractmethod
    def online(self) -> bool: ...

    @abstractmethod
    def ask(self, text: str = "Why is the sky blue?") -> Any:
        """The question, mentioned in the channel."""

    @abstractmethod
    def said(self, question: Any) -> list[Any]:
        """What the bot wrote in the question's thread so far."""

    @abstractmethod
    def told(self, question: Any) -> bool:
        """Whether the asker was told, by a ping, that everything is there."""

    @abstractmethod
    def only_answered(self, question: Any) -> bool:
        """Whether there is one thread, the question's, and nothing of the bot beside it."""

    @abstractmethod
    def posted(self) -> int:
        """How many posts the server took or was asked to take."""

    @property
    @abstractmethod
    def pings(self) -> Sequence[Any]:
        """Those by the bot."""

    @abstractmethod
    def refused(self) -> set[int | str]:
        """Why the server refused what it did."""

    @asynccontextmanager
    async def serving(self, **more: str) -> AsyncIterator[Program]:
        """The program, online, until it is told to end; which it does in order."""
        program = await self.start(**more)
        try:
            try:
                await self.server.wait_for(lambda: self.online)
            except TimeoutError:
                raise AssertionError(await program.told_to_end()) from None
            yield program
        finally:
            await program.told_to_end()
        await self.server.wait_for(lambda: not self.online)

    async def start(self, *words: str, **more: str) -> Program:
        """`council serve`, or these words."""
        environment = {
            "COUNCIL_TIME_SCALE": "0.05",
            "COUNCIL_DATABASE": str(Path("council.db").resolve()),
            **self.variables,
            **more,
        }
        return Program(
            await processes.council(
                *(words or ("serve",)), environment=environment, module=self.module
            )
        )

    async def posts(self, question: Any) -> list[Any]:
        """Everything that the bot wrote in the question's thread, once all of it is there."""
        await self.server.wait_for(lambda: self.told(question))
        return self.said(question)

    def hold(self, what: str) -> Any:
        return self.server.hold(*self.holdable[what])


class OnDiscord(Served):
    module = ("-m", "tests.fakes.discord_subprocess")
    holdable: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "thread": ("POST", "/threads$"),
        "post": ("POST", r"/channels/\d+/messages$"),
        "update": ("PATCH", r"/messages/\d+$"),
        "seed": ("PUT", "/reactions/"),
    }

    def __init__(self, server: DiscordServer) -> None:
        self.server: DiscordServer = server
        guild = server.create_guild()
        self.channel: Channel = server.create_channel(guild)
        self.ada = server.create_user("Ada", guild)

    @property
    def variables(self) -> dict[str, str]:
        return {"DISCORD_TOKEN": TOKEN, URL_VARIABLE: self.server.url}

    @property
    def online(self) -> bool:
        return self.server.gateway.online

    def ask(self, text: str = "Why is the sky blue?") -> Message:
        return self.server.mention(self.channel, self.ada, text)

    def said(self, question: Message) -> list[Message]:
        return self.server.said(question.thread) if question.thread else []

    def told(self, question: Message) -> bool:
        told = [ping.message.channel for ping in self.pings if self.ada in ping.users]
        return question.thread in told

    def only_answered(self, question: Message) -> bool:
        threads = self.server.threads(self.channel)
        return [thread.id for thread in threads] == [question.id]

    def posted(self) -> int:
        return len(self.server.sent(*self.holdable["post"]))

    @property
    def pings(self) -> list[Ping]:
        return [ping for ping in self.server.pings if ping.message.author is self.server.bot]

    def refused(self) -> set[int | str]:
        return {refusal.code for refusal in self.server.rejections}


class OnSlack(Served):
    holdable: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "post": ("chat.postMessage",),
        "update": ("chat.update",),
        "seed": ("reactions.add",),
    }

    def __init__(self, server: SlackServer) -> None:
        self.server: SlackServer = server
        self.channel = server.create_channel()
        self.ada = server.create_user("ada", self.channel)

    @property
    def variables(self) -> dict[str, str]:
        api_url = f"{self.server.url}/api"
        tokens = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
        return {**tokens, "SLACK_API_URL": api_url}

    @property
    def online(self) -> bool:
        return bool(self.server.socket_mode.open)

    def ask(self, text: str = "Why is the sky blue?") -> SlackMessage:
        return self.server.mention(self.channel, self.ada, text)

    def said(self, question: SlackMessage) -> list[SlackMessage]:
        return self.server.said(question.channel, question.ts)

    def told(self, question: SlackMessage) -> bool:
        told = [ping.message.thread_ts for ping in self.pings if ping.target == self.ada.id]
        return question.ts in told

    def only_answered(self, question: SlackMessage) -> bool:
        return not self.server.said(self.channel)

    def posted(self) -> int:
        return len(self.server.called("chat.postMessage"))

    @property
    def pings(self) -> list[SlackPing]:
        return self.server.pings

    def refused(self) -> set[int | str]:
        return {refusal.error for refusal in self.server.rejections}


@asynccontextmanager
async def running_platform(platform: str) -> AsyncIterator[Served]:
    """A local Discord or Slack, by name, on which nothing is served yet."""
    if platform == "discord":
        async with running_discord(time_scale=0.05) as discord:
            yield OnDiscord(discord)
    else:
        async with running_slack(time_scale=0.05, deadline_scale=1) as slack:
            yield OnSlack(slack)
