"""Threads, permissions and reactions on the local Discord, seen through the unmodified discord.py."""

import io
from typing import Any

import discord
import pytest
from discord import Permissions

from tests.fakes.discord.listener import Place, online, view_of
from tests.fakes.discord_server import ChannelType, DiscordServer, Impossible

# Threads


async def test_a_message_has_one_thread(place: Place) -> None:
    question = place.server.mention(place.channel, place.ada, "why?")
    path = f"/channels/{place.channel.id}/messages/{question.id}/threads"
    await place.raw("POST", path, {"name": "why?"})
    assert await place.refused("POST", path, {"name": "why?"}) == 160004
    fetched = await place.bot.fetch_channel(question.id)
    assert isinstance(fetched, discord.Thread)
    assert fetched.parent_id == place.channel.id


async def test_thread_names_have_1_to_100_characters(place: Place) -> None:
    question = place.server.mention(place.channel, place.ada, "why?")
    path = f"/channels/{place.channel.id}/messages/{question.id}/threads"
    assert await place.refused("POST", path, {"name": "x" * 101}) == 50035
    assert await place.refused("POST", path, {"name": ""}) == 50035
    wrong_age = {"name": "x", "auto_archive_duration": 90}
    assert await place.refused("POST", path, wrong_age) == 50035


async def test_threads_grow_only_in_text_and_announcement_channels(place: Place) -> None:
    server, ada = place.server, place.ada
    voice = server.create_channel(place.guild, "talk", ChannelType.VOICE)
    direct, news = server.direct(ada), server.create_channel(place.guild, "n", ChannelType.NEWS)

    def path(channel: Any) -> str:
        return f"/channels/{channel.id}/messages/{server.mention(channel, ada, 'x').id}/threads"

    assert await place.refused("POST", path(voice), {"name": "x"}) == 50024
    assert await place.refused("POST", path(direct), {"name": "x"}) == 50003
    assert (await place.raw("POST", path(news), {"name": "x"}))["type"] == ChannelType.NEWS_THREAD


async def test_the_starter_of_a_thread_is_announced_inside_it(place: Place) -> None:
    place.server.world.repeat_thread_source = True
    question = place.server.mention(place.channel, place.ada, "why?")
    await (await place.heard("why?")).create_thread(name="x")
    await place.server.wait_for(lambda: len(place.bot.heard) == 3)
    first, starter, again = place.bot.heard
    assert (first.id, again.id) == (question.id, question.id)
    assert starter.type is discord.MessageType.thread_starter_message
    assert not starter.is_system()


async def test_active_threads_have_a_limit(place: Place) -> None:
    place.server.world.active_thread_limit = 0
    question = place.server.mention(place.channel, place.ada, "why?")
    path = f"/channels/{place.channel.id}/messages/{question.id}/threads"
    assert await place.refused("POST", path, {"name": "x"}) == 160006


async def test_sending_reopens_an_archived_thread_but_editing_does_not(place: Place) -> None:
    server = place.server
    thread = server.create_thread(place.ada, place.channel, "talk")
    sent = await place.here(thread).send("x")
    server.archive(thread)
    with pytest.raises(discord.HTTPException) as refused:
        await sent.edit(content="y")
    assert refused.value.code == 50083
    with pytest.raises(discord.HTTPException) as refused:
        await sent.add_reaction("👍")
    assert refused.value.code == 50083
    with pytest.raises(Impossible):
        server.react(place.ada, server.said(thread)[0], "👍")
    await place.here(thread).send("z")
    assert not thread.archived


async def test_a_locked_thread_takes_no_messages(place: Place) -> None:
    thread = place.server.create_thread(place.ada, place.channel, "talk")
    place.server.archive(thread, locked=True)
    path = f"/channels/{thread.id}/messages"
    assert await place.refused("POST", path, {"content": "x"}) == 50083


async def test_a_forum_post_is_a_thread_with_its_first_message(place: Place) -> None:
    forum = place.server.create_channel(place.guild, "ideas", ChannelType.FORUM)
    channel = await place.bot.fetch_channel(forum.id)
    assert isinstance(channel, discord.ForumChannel)
    thread, message = await channel.create_thread(name="idea", view=view_of("x"))
    assert thread.id == message.id
    assert await place.refused("POST", f"/channels/{forum.id}/messages", {"content": "x"}) == 50024


async def test_a_thread_without_a_message_leaves_a_notice(place: Place) -> None:
    channel = place.bot.get_channel(place.channel.id)
    assert isinstance(channel, discord.TextChannel)
    thread = await channel.create_thread(name="talk", type=discord.ChannelType.public_thread)
    await thread.add_user(discord.Object(place.ada.id))
    assert {member.id for member in await thread.fetch_members()} >= {place.ada.id}
    (notice,) = place.server.messages(place.channel)
    assert notice.thread is place.server.threads(place.channel)[0]


# Permissions


async def test_a_hidden_channel_neither_answers_nor_speaks(place: Place) -> None:
    server = place.server
    server.overwrite(place.channel, place.guild, deny=Permissions(view_channel=True))
    assert await place.refused("GET", f"/channels/{place.channel.id}") == 50001
    server.overwrite(place.channel, place.ada, allow=Permissions(view_channel=True))
    server.mention(place.channel, place.ada, "unheard")
    other = server.create_channel(place.guild, "other")
    server.mention(other, place.ada, "heard")
    await place.heard("heard")
    assert [message.channel.id for message in place.bot.heard] == [other.id]


async def test_sending_in_threads_is_a_permission_of_its_own(place: Place) -> None:
    server = place.server
    thread = server.create_thread(place.ada, place.channel, "talk")
    server.overwrite(place.channel, server.bot, deny=Permissions(send_messages=True))
    body = {"content": "x"}
    await place.raw("POST", f"/channels/{thread.id}/messages", body)
    assert await place.refused("POST", f"/channels/{place.channel.id}/messages", body) == 50013
    server.overwrite(place.channel, server.bot, deny=Permissions(send_messages_in_threads=True))
    await place.raw("POST", f"/channels/{place.channel.id}/messages", body)
    assert await place.refused("POST", f"/channels/{thread.id}/messages", body) == 50013


async def test_files_embeds_and_threads_need_their_permissions(place: Place) -> None:
    server = place.server
    question = server.mention(place.channel, place.ada, "why?")
    denied = Permissions(attach_files=True, embed_links=True, create_public_threads=True)
    server.overwrite(place.channel, server.bot, deny=denied)
    here = f"/channels/{place.channel.id}/messages"
    with pytest.raises(discord.Forbidden):
        await place.here().send(file=discord.File(io.BytesIO(b"x"), "x.md"))
    assert await place.refused("POST", here, {"embeds": [{"title": "x"}]}) == 50013
    assert await place.refused("POST", f"{here}/{question.id}/threads", {"name": "x"}) == 50013


async def test_only_a_new_emoji_needs_the_right_to_add_reactions(place: Place) -> None:
    server = place.server
    message = server.post(place.channel, place.ada, "x")
    server.react(place.ada, message, "👍")
    server.overwrite(place.channel, server.bot, deny=Permissions(add_reactions=True))
    partial = place.here().get_partial_message(message.id)
    await partial.add_reaction("👍")
    with pytest.raises(discord.Forbidden):
        await partial.add_reaction("👎")


async def test_typing_needs_the_right_to_send(place: Place) -> None:
    server = place.server
    async with place.here().typing():
        assert server.world.typing == [place.channel]
    server.overwrite(place.channel, server.bot, deny=Permissions(send_messages=True))
    with pytest.raises(discord.Forbidden):
        await place.here().typing()


async def test_a_person_may_refuse_direct_messages(place: Place) -> None:
    user = await place.bot.fetch_user(place.ada.id)
    await user.send("hello")
    assert [m.text for m in place.server.said(place.server.direct(place.ada))] == ["hello"]
    place.ada.accepts_dms = False
    with pytest.raises(discord.Forbidden) as refused:
        await user.send("hello")
    assert refused.value.code == 50007


# Reactions


async def test_super_reactions_are_listed_apart(place: Place) -> None:
    server = place.server
    bob = server.create_user("Bob", place.guild)
    message = server.post(place.channel, place.ada, "x")
    server.react(place.ada, message, "👍")
    server.react(bob, message, "👍", burst=True)
    first, second = await server.wait_for(lambda: _two(place.bot.named("raw_reaction_add")))
    assert (first.burst, second.burst) == (False, True)
    assert first.member.id == place.ada.id
    assert first.message_author_id == place.ada.id
    (reaction,) = (await place.here().fetch_message(message.id)).reactions
    assert (reaction.count, reaction.normal_count, reaction.burst_count) == (2, 1, 1)
    assert [user.id async for user in reaction.users()] == [place.ada.id]
    burst = discord.enums.ReactionType.burst
    assert [user.id async for user in reaction.users(type=burst)] == [bob.id]


def _two(found: list[Any]) -> list[Any]:
    return found if len(found) == 2 else []


async def test_the_people_behind_a_reaction_come_in_pages(place: Place) -> None:
    server = place.server
    message = server.post(place.channel, place.ada, "x")
    people = [server.create_user(f"user {n}", place.guild) for n in range(101)]
    for person in people:
        server.react(person, message, "🏆")
    (reaction,) = (await place.here().fetch_message(message.id)).reactions
    found = [user.id async for user in reaction.users()]
    assert sorted(found) == [person.id for person in people]
    assert len(server.sent("GET", "/reactions/")) == 2


async def test_reactions_taken_away_are_reported(place: Place) -> None:
    server, ada = place.server, place.ada
    message = server.post(place.channel, ada, "x")
    for emoji in ("👍", "👎", "🏆"):
        server.react(ada, message, emoji)
    server.unreact(ada, message, "👍")
    server.clear(message, "👎")
    server.clear(message)
    await server.wait_for(lambda: place.bot.named("raw_reaction_clear"))
    (removed,) = place.bot.named("raw_reaction_remove")
    assert (removed.user_id, removed.member) == (ada.id, None)
    (emoji_cleared,) = place.bot.named("raw_reaction_clear_emoji")
    assert str(emoji_cleared.emoji) == "👎"
    assert message.reactions == {}


async def test_a_message_takes_twenty_emoji_and_only_real_ones(place: Place) -> None:
    message = place.server.post(place.channel, place.ada, "x")
    for code in range(0x1F600, 0x1F600 + 20):
        place.server.react(place.ada, message, chr(code))
    path = f"/channels/{place.channel.id}/messages/{message.id}/reactions"
    assert await place.refused("PUT", f"{path}/%F0%9F%91%8D/@me") == 30010
    assert await place.refused("PUT", f"{path}/thumbsup/@me") == 10014
    assert await place.refused("PUT", f"{path}/party:123/@me") == 10014


async def test_custom_emoji_are_known_by_their_id(place: Place) -> None:
    server = place.server
    emoji = server.create_emoji(place.guild, "party")
    message = server.post(place.channel, place.ada, "x")
    server.react(place.ada, message, emoji)
    (event,) = await server.wait_for(lambda: place.bot.named("raw_reaction_add"))
    assert f"{event.emoji.name}:{event.emoji.id}" == emoji
    await place.here().get_partial_message(message.id).add_reaction(emoji)
    assert len(message.reactions) == 1


async def test_a_variation_selector_makes_no_other_emoji(place: Place) -> None:
    message = place.server.post(place.channel, place.ada, "x")
    place.server.react(place.ada, message, "❤")
    await place.here().get_partial_message(message.id).add_reaction("❤️")
    assert len(message.reactions) == 1


@pytest.mark.parametrize(
    "hidden", ["`<@{}>` ?", "``a ` <@{}>`` ?", "```\n<@{}>\n``` ?", r"\<@{}> ?"]
)
async def test_a_mention_in_code_or_behind_a_backslash_is_none(place: Place, hidden: str) -> None:
    server = place.server
    message = server.post(place.channel, place.ada, hidden.format(server.bot.id))
    await place.heard("")
    assert message.mentions.users == ()


async def test_a_forward_carries_what_it_forwards_and_no_author(place: Place) -> None:
    server = place.server
    original = server.post(place.channel, place.ada, "The sky is green.", files={"a.txt": b"x"})
    server.forward(server.direct(place.ada), place.ada, original)

    def found() -> discord.Message | None:
        return next((m for m in place.bot.heard if m.message_snapshots), None)

    forward = await server.wait_for(found)
    assert forward
    (snapshot,) = forward.message_snapshots
    assert (forward.content, snapshot.content) == ("", "The sky is green.")
    assert [file.filename for file in snapshot.attachments] == ["a.txt"]
    assert forward.reference
    assert forward.reference.resolved is None


async def test_a_reply_may_come_without_the_message_replied_to(place: Place) -> None:
    server = place.server
    original = server.post(place.channel, place.ada, "The sky is green.")
    server.world.references_left_out = True
    server.mention(place.channel, place.ada, "Is it?", reply_to=original)
    heard = await place.heard("Is it?")
    assert heard.reference
    assert (heard.reference.message_id, heard.reference.resolved) == (original.id, None)


# What servers, Discord and what stands before it refuse


async def test_a_refused_word_is_refused_in_names_sends_and_edits(place: Place) -> None:
    server = place.server
    sent = await place.here().send(view=view_of("fine"))
    server.world.refused_words["darn"] = 240000
    question = server.mention(place.channel, place.ada, "why?")
    here, body = f"/channels/{place.channel.id}/messages", {"content": "darn it"}
    assert await place.refused("POST", f"{here}/{question.id}/threads", {"name": "darn"}) == 50035
    assert await place.refused("POST", here, body) == 240000
    with pytest.raises(discord.HTTPException) as refused:
        await sent.edit(view=view_of("darn it"))
    assert refused.value.code == 240000
    assert server.said(place.channel)[0].text == "fine"


async def test_a_ban_is_a_page_and_a_wait(place: Place) -> None:
    place.server.ban("GET", "/users/@me", 4)
    with pytest.raises(discord.HTTPException) as banned:
        await place.raw("GET", "/users/@me")
    assert banned.value.status == 429
    assert banned.value.response.headers["Retry-After"] == "4"
    assert banned.value.text.startswith("<!DOCTYPE html>")


async def test_a_locked_thread_takes_messages_of_moderators_only(place: Place) -> None:
    thread = place.server.create_thread(place.ada, place.channel, "mine", "hello")
    place.server.lock(thread)
    body = {"content": "hello"}
    assert await place.refused("POST", f"/channels/{thread.id}/messages", body) == 160005


async def test_a_server_may_be_announced_late(server: DiscordServer) -> None:
    place = Place(server)
    server.gateway.late_servers.add(place.guild.id)
    async with online(server, place.bot) as bot:
        assert [guild.unavailable for guild in bot.guilds] == [True]
        server.gateway.announce(place.guild)
        await server.wait_for(lambda: bot.named("guild_available"))
        assert [guild.name for guild in bot.guilds] == ["Guild"]
