"""Threads that are opened from a question which names them badly are renamed, once."""

import asyncio
from collections.abc import AsyncIterator

import discord
import pytest

from adapters.discord.render import NEUTRAL_NAME
from bot.chat import Channel as Here
from bot.chat import Person
from bot.llm import Request
from tests.fakes.council_on_discord import Place
from tests.fakes.discord_server import Channel, ChannelType, DiscordServer, Message
from tests.fakes.provider import FakeProvider, Scripted, stage_and_seat, wordy
from tests.fakes.watched import eventually

GREETING = "Hi all!\nWhich queue suits four people?"


class Titled(FakeProvider):
    """A verdict waits until `release`; a title comes at once."""

    def __init__(self) -> None:
        super().__init__(otherwise=self._reply)
        self.title: asyncio.Event | None = None
        self.verdict = asyncio.Event()

    def _reply(self, request: Request) -> Scripted:
        stage, _ = stage_and_seat(request)
        if stage == "title":
            is_held = self.title is not None and not self.title.is_set()
            return self.title if self.title and is_held else "A queue @everyone for <@1> four"
        return wordy(request) if stage != "verdict" or self.verdict.is_set() else self.verdict


@pytest.fixture
def provider() -> Titled:
    return Titled()


@pytest.fixture
async def place(server: DiscordServer, provider: Titled) -> AsyncIterator[Place]:
    async with Place(server).online(provider) as place:
        yield place


def renamed(place: Place) -> list[str]:
    """The names that threads were given after they were opened."""
    sent = place.server.sent("PATCH", r"/channels/\d+$")
    return [request.body["name"] for request in sent if "name" in request.body]


async def opened(place: Place, question: Message) -> Channel:
    thread = await place.server.wait_for(lambda: question.thread)
    assert thread
    return thread


async def test_a_thread_is_renamed_once(place: Place, provider: Titled) -> None:
    question = place.server.mention(place.channel, place.ada, GREETING)
    thread = await opened(place, question)
    assert thread.name == "Hi all! Which queue suits four people?"
    await place.server.wait_for(lambda: bool(renamed(place)))
    provider.verdict.set()
    await place.answered(question)
    await place.delivered()

    assert renamed(place) == ["A queue everyone for 1 four"]
    assert thread.name == "A queue everyone for 1 four"
    assert place.server.rejections == []


async def test_a_question_that_names_its_thread_keeps_its_words(
    place: Place, provider: Titled
) -> None:
    provider.verdict.set()
    question = place.server.mention(place.channel, place.ada, "Which queue suits four people?")
    await place.answered(question)
    await place.delivered()

    assert renamed(place) == []
    assert provider.asked("title") == []


async def test_a_name_that_a_person_gave_stays(place: Place, provider: Titled) -> None:
    provider.title = asyncio.Event()
    question = place.server.mention(place.channel, place.ada, GREETING)
    thread = await opened(place, question)
    await place.server.wait_for(lambda: bool(provider.asked("title")))
    place.server.rename(thread, "Ours")

    async def heard() -> bool:
        known = place.client.get_channel(thread.id)
        return isinstance(known, discord.Thread) and known.name == "Ours"

    await eventually(heard)
    provider.title.set()
    provider.verdict.set()
    await place.answered(question)
    await place.delivered()

    assert renamed(place) == []
    assert thread.name == "Ours"


async def test_a_title_that_a_server_refuses_leaves_the_old_name(
    place: Place, provider: Titled
) -> None:
    place.server.refuse("PATCH", r"/channels/\d+$", 200001)
    question = place.server.mention(place.channel, place.ada, GREETING)
    thread = await opened(place, question)
    await place.server.wait_for(lambda: bool(renamed(place)))
    provider.verdict.set()
    await place.answered(question)

    assert thread.name == "Hi all! Which queue suits four people?"


async def test_where_no_thread_can_be_opened_none_is_named(
    server: DiscordServer, provider: Titled
) -> None:
    async with Place(server).online(provider) as place:
        voice = server.create_channel(place.guild, "voice", ChannelType.VOICE)
        provider.verdict.set()
        server.mention(voice, place.ada, GREETING)
        await server.wait_for(lambda: place.verdict(voice))
        await place.delivered()

        assert provider.asked("title") == []
        assert renamed(place) == []


async def test_words_that_are_forgotten_stand_in_no_name(place: Place, provider: Titled) -> None:
    question = place.server.mention(place.channel, place.ada, GREETING)
    thread = await opened(place, question)
    await place.server.wait_for(lambda: bool(renamed(place)))
    provider.verdict.set()
    await place.answered(question)
    await place.delivered()
    here = Here("discord", str(place.guild.id), str(place.channel.id))
    await place.app.command(here, Person(str(place.ada.id)), "forget me")
    await place.app.removals.turn()

    assert thread.name == NEUTRAL_NAME
