"""The local Discord behaves as the real one is known to, seen through the unmodified discord.py."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import pytest
from discord import Permissions, app_commands, ui

from tests.fakes.discord_server import (
    TOKEN,
    Channel,
    ChannelType,
    DiscordServer,
    Flag,
    Guild,
    Impossible,
    Interaction,
    Message,
    User,
    running_discord,
)


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
        self.add_dynamic_items(Pressed)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        raise  # noqa: PLE0704 - inside the library's except block

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
        running = asyncio.create_task(bot.start(TOKEN))
        ready = asyncio.create_task(bot.wait_until_ready())
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            ready.cancel()
            await running
        yield bot
        await bot.close()
        await running


class Place:
    """A server with one channel and one person, and the bot online."""

    def __init__(self, server: DiscordServer) -> None:
        self.server = server
        self.guild: Guild = server.create_guild()
        self.channel: Channel = server.create_channel(self.guild)
        self.ada: User = server.create_user("Ada", self.guild)
        self.bot: Bot = Bot(server)

    def here(self, channel: Channel | None = None) -> discord.PartialMessageable:
        return self.bot.get_partial_messageable((channel or self.channel).id)

    async def heard(self, text: str) -> discord.Message:
        def found() -> discord.Message | None:
            return next((m for m in self.bot.heard if text in m.content), None)

        message = await self.server.wait_for(found)
        assert message is not None
        return message


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with running_discord(time_scale=0.01) as server:
        yield server


@pytest.fixture
async def place(server: DiscordServer) -> AsyncIterator[Place]:
    place = Place(server)
    async with online(server, place.bot):
        yield place


def view_of(*texts: str) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    for text in texts:
        view.add_item(ui.TextDisplay(text))
    return view


# The main path


async def test_a_mention_becomes_a_thread_with_a_v2_message_and_a_button(place: Place) -> None:
    server = place.server
    question = server.mention(place.channel, place.ada, "why?")
    heard = await place.heard("why?")
    thread = await heard.create_thread(name="why?")
    assert thread.id == question.id

    view = view_of("**Because.**")
    view.add_item(ui.Section("Answer A", accessory=Pressed("r1", "A")))
    sent = await thread.send(view=view)
    await sent.edit(view=view_of("**Because of light.**"), attachments=[])
    await sent.add_reaction("👍")

    here = server.threads(place.channel)[0]
    (message,) = server.said(here)
    assert message.frames == ["**Because.**\nAnswer A", "**Because of light.**"]
    assert list(message.reactions) == ["👍"]

    answer = await thread.send(view=ui.LayoutView(timeout=None).add_item(row()))
    pressed = await server.click(place.ada, answer.id, "c1:r1:A")
    assert pressed.text == "answer A of r1"
    assert pressed.ephemeral


def row() -> ui.ActionRow[ui.LayoutView]:
    actions: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    actions.add_item(Pressed("r1", "A"))
    return actions
