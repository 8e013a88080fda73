"""A client with the bot's buttons and replies and nothing else, in a server with one channel."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord

from adapters.discord.address import Address, Kind
from adapters.discord.bot import Bot
from adapters.discord.buttons import CouncilButton
from adapters.discord.reply import DiscordReply
from bot.chat import Accepted, Mention, Person
from bot.chat import Channel as Place
from bot.conversation.app import App
from bot.council import Council, Question
from bot.llm import Provider
from bot.records import Case
from tests.fakes.council import CHAIRMAN, MEMBERS, running_app
from tests.fakes.discord.components import walk
from tests.fakes.discord_server import TOKEN, Channel, DiscordServer, Message, running_discord
from tests.fakes.provider import FakeProvider, wordy

TIME_SCALE = 0.001


class Host(Bot):
    """What replies and buttons need of the bot's client."""

    def __init__(self, app: App, server: DiscordServer, *, time_scale: float) -> None:
        self.server = server
        super().__init__(
            app,
            time_scale=time_scale,
            intents=discord.Intents.default(),
            guild_ready_timeout=0.01,
            allowed_mentions=discord.AllowedMentions.none(),
        )

    def hold(self) -> None:
        """These tests end only after what they started."""

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Not the library's five seconds."""

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        super().dispatch(event, *args, **kwargs)
        self.server.changed()

    async def setup_hook(self) -> None:
        self.add_dynamic_items(CouncilButton)

    def reply(self, case: Case) -> DiscordReply:
        return DiscordReply(case, self)


class Stage:
    """The bot online among people, and questions put to it."""

    def __init__(self, server: DiscordServer, app: App, *, time_scale: float) -> None:
        self.server, self.app, self.time_scale = server, app, time_scale
        self.guild = server.create_guild()
        self.channel = server.create_channel(self.guild)
        self.ada = server.create_user("Ada", self.guild)
        self.host = Host(app, server, time_scale=time_scale)
        app.platforms["discord"] = self.host
        self._asked = 0

    def question(
        self, channel: Channel | None = None, *, text: str = "Why?", kind: Kind = "open"
    ) -> tuple[Message, Mention]:
        """A message to the bot, and how the client hands it to the app."""
        channel = channel or self.channel
        message = self.server.mention(channel, self.ada, text)
        guild = channel.guild.id if channel.guild else None
        parent = channel.parent or channel
        mention = Mention(
            key=f"discord:{message.id}",
            channel=Place("discord", str(guild or ""), str(parent.id)),
            person=Person(str(self.ada.id)),
            text=text,
            address=Address(guild, channel.id, message.id, kind).to_json(),
            thread=str(message.id),
            direct=kind == "direct",
        )
        return message, mention

    async def case(
        self, channel: Channel | None = None, *, text: str = "Why?", kind: Kind = "open"
    ) -> Case:
        """A stored question that nobody deliberates."""
        _, mention = self.question(channel, text=text, kind=kind)
        self._asked += 1
        case = Case(
            question=Question(f"run{self._asked}", text, 1, self.app.now()),
            council=Council(MEMBERS, CHAIRMAN),
            platform="discord",
            workspace=mention.channel.workspace,
            channel=mention.channel.id,
            thread=mention.thread,
            asker=str(self.ada.id),
            mention=mention.key,
            address=mention.address,
        )
        assert await self.app.store.create(case)
        return case

    async def deliberated(
        self, channel: Channel | None = None, *, text: str = "Why?", kind: Kind = "open"
    ) -> tuple[str, list[Message]]:
        """The id of a whole deliberation, and the bot's posts about it."""
        message, mention = self.question(channel, text=text, kind=kind)
        accepted = await self.app.questions.accept(mention)
        assert isinstance(accepted, Accepted)
        await self.app.running.finished(accepted.id)
        await self.through()
        place = message.thread or message.channel
        return accepted.id, [m for m in self.server.said(place) if m.id > message.id]

    async def restrict(self, *names: str) -> None:
        """Take permissions in the channel away from the bot, and let it know."""
        denied = discord.Permissions(**dict.fromkeys(names, True))
        self.server.overwrite(self.channel, self.server.bot, deny=denied)

        await self.server.wait_for(lambda: not any(getattr(self.rights(), name) for name in names))

    def rights(self) -> discord.Permissions:
        """What the bot may do in the channel, as far as it knows."""
        known = self.host.get_channel(self.channel.id)
        assert isinstance(known, discord.TextChannel)
        return known.permissions_for(known.guild.me)

    def may_write(self) -> bool:
        return self.rights().send_messages_in_threads

    async def through(self) -> None:
        """Until all is done that goes on beside posts, as emoji to vote with are offered."""
        while tasks := set(self.host._tasks):
            await asyncio.wait(tasks)

    async def all_finished(self) -> None:
        for case in await self.app.store.unfinished("discord"):
            await self.app.running.finished(case.id)

    async def restart(self) -> None:
        """Another client in the place of this one, as after a restart of the process."""
        await self.leave()
        self.host = Host(self.app, self.server, time_scale=self.time_scale)
        self.app.platforms["discord"] = self.host
        await self.enter()

    async def enter(self) -> None:
        await self.host.login(TOKEN)
        self._running = asyncio.create_task(self.host.connect())
        await self.host.wait_until_ready()

    async def leave(self) -> None:
        await self.host.silence()
        await self.host.close()
        await self._running

    def thread(self) -> Channel:
        [thread] = self.server.threads(self.channel)
        return thread

    def posts(self) -> list[Message]:
        return self.server.said(self.thread())


@asynccontextmanager
async def stage(
    provider: Provider | None = None, *, time_scale: float = TIME_SCALE, **settings: Any
) -> AsyncIterator[Stage]:
    """`settings` are those of `running_app`."""
    async with (
        running_discord(time_scale=time_scale) as server,
        running_app(provider or FakeProvider(otherwise=wordy), **settings) as app,
    ):
        scene = Stage(server, app, time_scale=time_scale)
        await scene.enter()
        try:
            yield scene
        finally:
            await app.close()
            await scene.leave()


def buttons(message: Message) -> dict[str, str]:
    """Labels (or emoji) by custom_id; of a link by its address."""
    found = [c for c in walk(message.components) if c["type"] == 2]
    return {c.get("custom_id") or c["url"]: c.get("label") or c["emoji"]["name"] for c in found}
