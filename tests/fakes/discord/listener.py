"""A plain discord.py client that keeps what it hears: the tests of the local Discord itself."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
from discord import app_commands, ui

from tests.fakes.discord_server import TOKEN, Channel, DiscordServer, Guild, User


class Pressed(ui.DynamicItem[ui.Button[ui.LayoutView]], template=r"c1:(?P<run>\w+):(?P<what>\w+)"):
    """A button that survives a restart, as the bot's are."""

    def __init__(self, run: str, what: str) -> None:
        super().__init__(ui.Button(label=f"Read {what}", custom_id=f"c1:{run}:{what}"))
        self.run, self.what = run, what

    @classmethod
    async def from_custom_id(
        cls, interaction: Any, item: Any, match: re.Match[str], /
    ) -> "Pressed":
        return cls(match["run"], match["what"])

    async def callback(self, interaction: discord.Interaction) -> Any:
        view = ui.LayoutView(timeout=None)
        view.add_item(ui.TextDisplay(f"answer {self.what} of {self.run}"))
        await interaction.response.send_message(view=view, ephemeral=True)


class Bot(discord.Client):
    """Keeps what it hears; the tests speak through it."""

    def __init__(self, server: DiscordServer, intents: discord.Intents | None = None) -> None:
        self.server = server
        super().__init__(
            intents=intents or discord.Intents.default(),
            guild_ready_timeout=0.01,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.tree = app_commands.CommandTree(self)
        self.events: list[tuple[str, Any]] = []
        self.running: asyncio.Task[None] | None = None
        """`start`, for tests in which it ends by itself."""
        self.add_dynamic_items(Pressed)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Not the library's five seconds before every identify but the first."""

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        # Called inside the library's except block; a listener's error is the test's error.
        raise

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        self.events.append((event, args[0] if args else None))
        super().dispatch(event, *args, **kwargs)
        self.server.changed()

    @property
    def heard(self) -> list[discord.Message]:
        return self.named("message")

    def named(self, event: str) -> list[Any]:
        return [argument for name, argument in self.events if name == event]


@asynccontextmanager
async def online(server: DiscordServer, bot: Bot | None = None) -> AsyncIterator[Bot]:
    """A bot that has seen every guild."""
    bot = bot or Bot(server)
    async with bot:
        bot.running = running = asyncio.create_task(bot.start(TOKEN))
        ready = asyncio.create_task(bot.wait_until_ready())
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            ready.cancel()
            await running
        yield bot
        if not running.done():
            await bot.close()
            await running


class Place:
    """A server with one channel and one person, and the bot online."""

    def __init__(self, server: DiscordServer, intents: discord.Intents | None = None) -> None:
        self.server = server
        self.guild: Guild = server.create_guild()
        self.channel: Channel = server.create_channel(self.guild)
        self.ada: User = server.create_user("Ada", self.guild)
        self.bot: Bot = Bot(server, intents)

    def here(self, channel: Channel | None = None) -> discord.PartialMessageable:
        return self.bot.get_partial_messageable((channel or self.channel).id)

    async def heard(self, text: str) -> discord.Message:
        def found() -> discord.Message | None:
            return next((m for m in self.bot.heard if text in m.content), None)

        message = await self.server.wait_for(found)
        assert message is not None
        return message

    async def raw(self, method: str, path: str, body: object = None) -> Any:
        """A request through the library's own client, past its checks of the arguments."""
        route = discord.http.Route(method, path)
        if body is None:
            return await self.bot.http.request(route)
        return await self.bot.http.request(route, json=body)

    async def refused(self, method: str, path: str, body: object = None) -> int:
        """The error code of a request that must fail."""
        try:
            await self.raw(method, path, body)
        except discord.HTTPException as error:
            return error.code
        raise AssertionError(f"{method} {path} was accepted")

    async def refused_body(self, body: object) -> str:
        """Every error code within the tree for a message that must be refused."""
        path = f"/channels/{self.channel.id}/messages"
        assert await self.refused("POST", path, body) == 50035
        errors = self.server.rejections[-1].body["errors"]
        return " ".join(re.findall(r"'code': '(\w+)'", str(errors)))


def view_of(*texts: str) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    for text in texts:
        view.add_item(ui.TextDisplay(text))
    return view
