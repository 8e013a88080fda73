"""The local gateway loses, resumes, refuses and replays as the real one is known to."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

import discord
import pytest

from tests.fakes.discord.listener import Bot, Place, online
from tests.fakes.discord_server import (
    TOKEN,
    URL_VARIABLE,
    DiscordServer,
    discord_py_pointed_at,
)

# Sessions


async def test_what_happens_while_the_socket_is_lost_is_replayed_on_resume(place: Place) -> None:
    server = place.server
    server.gateway.drop()
    await server.wait_for(lambda: not server.gateway.online)
    server.mention(place.channel, place.ada, "in between")
    await place.heard("in between")
    assert len(server.gateway.resumes) == 1
    assert len(server.gateway.identifies) == 1
    assert place.bot.named("resumed")


async def test_a_client_resumes_when_it_is_asked_to_reconnect(place: Place) -> None:
    server = place.server
    server.gateway.reconnect()
    await server.wait_for(lambda: server.gateway.resumes)
    server.mention(place.channel, place.ada, "after")
    await place.heard("after")


async def test_a_lost_session_loses_its_events(place: Place) -> None:
    server = place.server
    server.gateway.invalidate()
    server.mention(place.channel, place.ada, "lost")
    await server.wait_for(lambda: len(server.gateway.identifies) == 2 and server.gateway.online)
    server.mention(place.channel, place.ada, "kept")
    await place.heard("kept")
    assert len(place.bot.heard) == 1
    assert [m.content async for m in place.here().history()] == [
        f"<@{server.bot.id}> kept",
        f"<@{server.bot.id}> lost",
    ]


async def test_a_forgotten_session_cannot_be_resumed(place: Place) -> None:
    server = place.server
    server.gateway.forget_sessions()
    server.gateway.drop()
    await server.wait_for(lambda: len(server.gateway.identifies) == 2)
    assert len(server.gateway.resumes) == 1


async def test_a_new_client_hears_nothing_of_the_time_before(server: DiscordServer) -> None:
    place = Place(server)
    question = server.mention(place.channel, place.ada, "early", age_seconds=60)
    async with online(server, place.bot):
        assert place.bot.heard == []
        (found,) = [m async for m in place.here().history()]
    assert found.id == question.id
    assert 59 < (discord.utils.utcnow() - found.created_at).total_seconds() < 90


async def test_a_closed_client_leaves_a_session_behind(server: DiscordServer) -> None:
    async with online(server):
        pass
    await server.wait_for(lambda: server.gateway.client_closes)
    # discord.py says goodbye with 4000, so for Discord the bot may yet come back.
    assert server.gateway.client_closes == [4000]
    assert len(server.gateway.sessions) == 1


# Refusals


async def test_a_refused_first_connection_kills_the_client(server: DiscordServer) -> None:
    server.gateway.refuse_connections = 1
    with pytest.raises(AttributeError, match="sequence"):
        await quickly_started(server)


async def test_an_event_no_parser_understands_ends_the_client(server: DiscordServer) -> None:
    bot = Bot(server)
    async with online(server, bot):
        server.gateway.push_raw("MESSAGE_CREATE", {})
        assert bot.running is not None
        with pytest.raises(KeyError):
            await bot.running


async def test_privileged_intents_must_be_granted(server: DiscordServer) -> None:
    with pytest.raises(discord.PrivilegedIntentsRequired):
        await quickly_started(server, discord.Intents.all())
    assert server.gateway.server_closes == [4014]


@pytest.mark.parametrize("code", [4004, 4010, 4011, 4012, 4013])
async def test_fatal_close_codes_end_the_client(server: DiscordServer, code: int) -> None:
    async with online(server) as bot:
        server.gateway.close(code)
        assert bot.running is not None
        with pytest.raises(discord.ConnectionClosed) as closed:
            await bot.running
    assert closed.value.code == code


async def test_a_bad_token_is_refused_by_the_gateway_too(server: DiscordServer) -> None:
    async with Bot(server) as bot:
        await bot.login(TOKEN)
        bot.http.token = "another"
        with pytest.raises(discord.ConnectionClosed) as closed:
            await bot.connect()
    assert closed.value.code == 4004


async def quickly_started(server: DiscordServer, intents: discord.Intents | None = None) -> None:
    async with Bot(server, intents) as bot:
        await bot.start(TOKEN)


# Events


async def test_events_arrive_only_with_their_intents(server: DiscordServer) -> None:
    place = Place(server, discord.Intents(guilds=True, guild_messages=True))
    async with online(server, place.bot):
        message = server.post(place.channel, place.ada, "x")
        server.react(place.ada, message, "👍")
        server.post(server.direct(place.ada), place.ada, "direct")
        server.mention(place.channel, place.ada, "last")
        await place.heard("last")
    assert place.bot.named("raw_reaction_add") == []
    assert len(place.bot.heard) == 2


async def test_a_message_may_be_delivered_twice(place: Place) -> None:
    question = place.server.mention(place.channel, place.ada, "why?")
    place.server.repeat(question)
    await place.server.wait_for(lambda: len(place.bot.heard) == 2)
    assert {message.id for message in place.bot.heard} == {question.id}


async def test_bots_and_webhooks_are_marked_as_such(place: Place) -> None:
    server = place.server
    other = server.create_user("Other bot", place.guild, bot=True)
    server.mention(place.channel, other, "from a bot")
    words = f"<@{server.bot.id}> from a webhook"
    server.post(place.channel, server.create_user("Hook"), words, webhook=True)
    assert (await place.heard("from a bot")).author.bot
    assert (await place.heard("from a webhook")).webhook_id is not None


async def test_a_deleted_message_is_reported(place: Place) -> None:
    question = place.server.mention(place.channel, place.ada, "why?")
    place.server.delete_message(question)
    (event,) = await place.server.wait_for(lambda: place.bot.named("raw_message_delete"))
    assert event.message_id == question.id


async def test_an_invitation_is_a_join_with_a_managed_role(place: Place) -> None:
    guild = place.server.create_guild("new", bot_permissions=None)
    place.server.create_channel(guild)
    place.server.invite_bot(guild)
    (joined,) = await place.server.wait_for(lambda: place.bot.named("guild_join"))
    assert joined.self_role.id == place.server.managed_role(guild).id
    assert len(joined.text_channels) == 1
    place.server.remove_bot(guild)
    (left,) = await place.server.wait_for(lambda: place.bot.named("guild_remove"))
    assert left.id == guild.id


async def test_permissions_are_the_same_on_both_sides(place: Place) -> None:
    server = place.server
    server.overwrite(
        place.channel, place.guild, deny=discord.Permissions(send_messages=True, embed_links=True)
    )
    server.overwrite(
        place.channel,
        server.managed_role(place.guild),
        allow=discord.Permissions(send_messages=True),
        deny=discord.Permissions(add_reactions=True),
    )
    await server.wait_for(lambda: len(place.bot.named("guild_channel_update")) == 2)
    channel = place.bot.get_channel(place.channel.id)
    assert isinstance(channel, discord.TextChannel)
    ours = place.channel.permissions(server.bot)
    theirs = channel.permissions_for(channel.guild.me)
    names = ("send_messages", "embed_links", "add_reactions", "send_messages_in_threads")
    assert [getattr(ours, name) for name in names] == [True, False, False, True]
    assert [getattr(theirs, name) for name in names] == [True, False, False, True]


# Heartbeats


async def test_heartbeats_come_at_the_interval_asked_for(server: DiscordServer) -> None:
    server.gateway.heartbeats.interval_seconds = 0.05
    async with online(server):
        await server.wait_for(lambda: server.gateway.heartbeats.count >= 4)


async def test_a_heartbeat_that_does_not_come_is_missed(server: DiscordServer) -> None:
    heart = server.gateway.heartbeats
    async with online(server):
        # As if the interval had been far shorter than the time that passed.
        heart.interval_seconds = 0.000_001
        heart.beat()
    assert heart.missed > 1
    assert heart.largest_delay_seconds > 0


# Processes

BOT = """
import os
import discord
from tests.fakes.discord_server import TOKEN, URL_VARIABLE, discord_py_pointed_at

class Bot(discord.Client):
    async def on_message(self, message):
        if message.author != self.user:
            await message.channel.send("heard " + message.content.split()[-1])

with discord_py_pointed_at(os.environ[URL_VARIABLE]):
    Bot(intents=discord.Intents.default()).run(TOKEN, log_handler=None)
"""


async def test_a_killed_process_can_be_replaced(server: DiscordServer) -> None:
    place = Place(server)
    async with process(server):
        server.mention(place.channel, place.ada, "one")
        await server.wait_for(lambda: len(server.said(place.channel)) == 1)
    await server.wait_for(lambda: not server.gateway.online)
    server.mention(place.channel, place.ada, "two")
    async with process(server):
        server.mention(place.channel, place.ada, "three")
        await server.wait_for(lambda: len(server.said(place.channel)) == 2)
    assert [m.text for m in server.said(place.channel)] == ["heard one", "heard three"]


@contextlib.asynccontextmanager
async def process(server: DiscordServer) -> AsyncIterator[None]:
    """A bot of its own, online; killed without warning at the end."""
    known = len(server.gateway.identifies)
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BOT, env={URL_VARIABLE: server.url, "PYTHONPATH": ":".join(sys.path)}
    )
    try:
        await server.wait_for(lambda: len(server.gateway.identifies) > known)
        await server.wait_for(lambda: server.gateway.online)
        yield
    finally:
        started.kill()
        await started.wait()


def test_discord_py_is_pointed_back_afterwards() -> None:
    before = discord.http.Route.BASE
    with discord_py_pointed_at("http://127.0.0.1:1"):
        assert discord.http.Route.BASE == "http://127.0.0.1:1/api/v10"
    assert discord.http.Route.BASE == before == "https://discord.com/api/v10"
