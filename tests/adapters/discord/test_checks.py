"""`council doctor` says what will not work on Discord before anybody meets it."""

import asyncio

import discord

from adapters.discord import checks
from adapters.discord.supervisor import FATAL, PUBLIC, REFUSED_TOKEN
from bot.conversation.health import Finding
from tests.fakes.discord_server import TOKEN, ChannelType, DiscordServer


async def found(token: str = TOKEN, *, is_listed: bool = False) -> list[Finding]:
    examined = checks.examine(token, is_listed=is_listed, time_scale=0.01)
    return [finding async for finding in examined]


async def test_a_server_where_all_is_well_takes_a_line(server: DiscordServer) -> None:
    guild = server.create_guild("Lab")
    server.create_channel(guild, "general")
    server.create_channel(guild, "forum", ChannelType.FORUM)
    assert [str(finding) for finding in await found()] == [
        "✓ Discord accepts the token: this is Council.",
        "✓ Lab: everything is permitted in 2 channels.",
    ]
    assert server.rejections == []


async def test_each_missing_permission_is_named_with_what_it_costs(server: DiscordServer) -> None:
    guild = server.create_guild("Lab")
    server.create_channel(guild, "general")
    muted, hidden = server.create_channel(guild, "muted"), server.create_channel(guild, "hidden")
    rights = discord.Permissions(send_messages_in_threads=True, add_reactions=True)
    server.overwrite(muted, server.bot, deny=rights)
    server.overwrite(hidden, server.bot, deny=discord.Permissions(view_channel=True))
    assert [str(finding) for finding in (await found())[1:]] == [
        "✓ Lab: everything is permitted in 1 channel.",
        "✗ Lab #muted: without Send Messages in Threads no answer can be posted in threads.",
        "· Lab #muted: without Add Reactions people vote with buttons instead of reactions.",
        "· Lab: 1 channel hidden from the bot (View Channel).",
    ]


async def test_a_bot_on_no_server_gets_the_link_that_invites_it(server: DiscordServer) -> None:
    _, finding = await found()
    assert f"client_id={server.bot.id}" in finding.text
    assert f"permissions={checks.PERMISSIONS.value}" in finding.text
    assert checks.PERMISSIONS.value == 309237763136


async def test_a_bot_that_anybody_can_invite_is_told_of(server: DiscordServer) -> None:
    server.world.public = True
    assert Finding(None, str(PUBLIC)) in await found()
    assert Finding(None, str(PUBLIC)) not in await found(is_listed=True)
    server.world.public = False
    assert Finding(None, str(PUBLIC)) not in await found()


async def test_a_refused_token_ends_the_checks(server: DiscordServer) -> None:
    assert await found("another.token") == [Finding(False, str(REFUSED_TOKEN))]


async def test_a_discord_that_cannot_be_reached_is_no_crash(server: DiscordServer) -> None:
    server.fail("GET", "/users/@me", 503)
    (finding,) = await found()
    assert finding.ok is False
    assert "cannot be reached" in finding.text


async def test_a_connection_refused_for_good_is_said_in_words(server: DiscordServer) -> None:
    checking = asyncio.create_task(found())
    await server.wait_for(lambda: server.gateway.connections)
    server.gateway.close(4013)
    assert (await checking)[-1] == Finding(False, str(FATAL[4013]))
