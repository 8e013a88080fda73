"""What happens while the bot is away, or its session is lost, is made up for once it is back."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import discord
import pytest

from bot.chat import Channel as Here
from bot.chat import Person
from bot.conversation.budget import Rules
from tests.fakes.council_on_discord import Place
from tests.fakes.discord_server import Channel, DiscordServer, Message
from tests.fakes.provider import FakeProvider, stage_and_seat
from tests.fakes.watched import eventually


@pytest.fixture
async def place(server: DiscordServer, tmp_path: Path) -> Place:
    """A channel that the bot has answered in before; it is offline now."""
    place = Place(server, database=str(tmp_path / "council.db"))
    async with place.online():
        await place.answered(server.mention(place.channel, place.ada, "The first one"))
        await place.delivered()
    await server.wait_for(lambda: not server.gateway.online)
    return place


async def asked(place: Place) -> list[str]:
    return [case.question.text async for case in place.app.store.cases()]


async def settled(place: Place) -> None:
    """Until a last question is answered: everything that came before it was handled."""
    await place.answered(place.server.mention(place.channel, place.ada, "the last one"))


async def caught_up(place: Place) -> None:
    """Until the votes on the oldest post were read, which is the last thing to be caught up with."""
    (thread, *_) = place.server.threads(place.channel)
    path = f"/channels/{thread.id}/messages/{place.server.said(thread)[0].id}"

    def read() -> bool:
        requests = place.server.requests[place.requests_before :]
        return any((request.method, request.path) == ("GET", path) for request in requests)

    await place.server.wait_for(read)


async def standing(place: Place) -> set[tuple[str, str]]:
    """Target and value of every reaction that counts."""
    (case, *_) = [case async for case in place.app.store.cases()]
    return {(r.target, r.value) for r in await place.app.store.reactions(case.id)}


def answer(place: Place, label: str) -> Message:
    (thread, *_) = place.server.threads(place.channel)
    return next(
        post
        for post in place.server.said(thread)
        if post.text.startswith((f"**{label} · ", f"**{label}** · "))
    )


async def test_a_mention_missed_while_offline_is_answered_once(place: Place) -> None:
    missed = place.server.mention(place.channel, place.ada, "Anybody there?")
    async with place.online():
        await place.answered(missed)
    async with place.online():
        await settled(place)
        assert await asked(place) == ["The first one", "Anybody there?", "the last one"]
    assert len(place.server.threads(place.channel)) == 3


async def test_what_was_refused_or_forgotten_is_not_missed(place: Place) -> None:
    server = place.server
    bob = server.create_user("Bob", place.guild)
    async with place.online():
        await place.answered(server.mention(place.channel, bob, "Forget this"))
        await place.delivered()
        here = Here("discord", str(place.guild.id), str(place.channel.id))
        await place.app.command(here, Person(str(bob.id)), "forget me")
        await place.app.command(here, Person("boss", admin=True), "pause")
        server.mention(place.channel, place.ada, "While it is paused")
        await server.wait_for(lambda: "paused in this channel" in str(server.said(place.channel)))
        await place.app.command(here, Person("boss", admin=True), "resume")
    async with place.online():
        await settled(place)
        assert await asked(place) == ["The first one", "the last one"]


async def test_a_mention_of_a_lost_session_is_answered_once(place: Place) -> None:
    server = place.server
    async with place.online():
        server.gateway.invalidate()
        missed = server.mention(place.channel, place.ada, "Anybody there?")
        await place.answered(missed)
        await settled(place)
        assert await asked(place) == ["The first one", "Anybody there?", "the last one"]
    assert len(server.gateway.resumes) == 0


async def test_a_resumed_session_has_missed_nothing_and_looks_for_nothing(place: Place) -> None:
    server = place.server
    async with place.online():
        await caught_up(place)
        looked = len(server.sent("GET", r"/messages$"))
        server.gateway.drop()
        await server.wait_for(lambda: not server.gateway.online)
        await place.answered(server.mention(place.channel, place.ada, "In between?"))
        assert len(server.gateway.resumes) == 1
        assert len(server.sent("GET", r"/messages$")) == looked


async def test_a_missed_mention_in_a_thread_is_answered_there(place: Place) -> None:
    (thread,) = place.server.threads(place.channel)
    place.server.mention(thread, place.ada, "And then?")
    async with place.online():
        await place.server.wait_for(lambda: len(place.server.said(thread)) == 10)
    assert len(place.server.threads(place.channel)) == 1


async def test_a_direct_message_missed_while_offline_is_answered(
    server: DiscordServer, tmp_path: Path
) -> None:
    place = Place(server, database=str(tmp_path / "council.db"))
    rules = Rules(allowed=frozenset({str(place.ada.id)}))
    direct = server.direct(place.ada)
    async with place.online(rules=rules):
        server.post(direct, place.ada, "The first one")
        await server.wait_for(lambda: place.verdict(direct))
        await place.delivered()
    server.post(direct, place.ada, "Anybody there?")
    async with place.online(rules=rules):
        await server.wait_for(lambda: len(server.said(direct)) == 10)
        assert await asked(place) == ["The first one", "Anybody there?"]


async def test_a_mention_missed_among_many_messages_is_answered(place: Place) -> None:
    for n in range(130):
        place.server.post(place.channel, place.ada, f"chatter {n}")
    missed = place.server.mention(place.channel, place.ada, "Anybody there?")
    async with place.online():
        await place.answered(missed)


async def test_a_mention_older_than_a_quarter_of_an_hour_is_let_go(place: Place) -> None:
    place.server.mention(place.channel, place.ada, "Long ago", age_seconds=16 * 60)
    async with place.online():
        await settled(place)
        assert await asked(place) == ["The first one", "the last one"]


async def test_a_reply_missed_while_offline_still_gets_its_offer(place: Place) -> None:
    post = answer(place, "A")
    reply = place.server.reply(post, place.ada, "I doubt that.")
    async with place.online():
        await place.server.wait_for(lambda: said_in_reply(place, reply))
    # By now Discord has forgotten the nonce under which the offer was sent.
    place.server.world.advance(400)
    async with place.online():
        await settled(place)
    said = [m for m in place.server.said(post.channel) if m.reference is reply]
    assert len(said) == 1


def said_in_reply(place: Place, message: Message) -> Message | None:
    said = place.server.said(message.channel)
    return next((each for each in said if each.reference is message), None)


async def test_where_nothing_was_written_lately_nothing_is_read(place: Place) -> None:
    server = place.server
    quiet = server.create_channel(place.guild, "quiet")
    async with place.online():
        await place.answered(server.mention(quiet, place.ada, "A while ago", age_seconds=3600))
        await place.delivered()
    async with place.online():
        await place.answered(server.mention(place.channel, place.ada, "the last one"))
        await caught_up(place)
    assert server.sent("GET", f"/channels/{quiet.id}/messages$") == []
    assert server.sent("GET", f"/channels/{place.channel.id}/messages$")


async def test_votes_given_and_taken_back_while_offline_count(place: Place) -> None:
    server = place.server
    server.react(place.ada, answer(place, "A"), "👍")
    server.react(place.ada, answer(place, "B"), "🏆", burst=True)
    async with place.online():

        async def both() -> bool:
            return await standing(place) == {("A", "accept"), ("B", "best")}

        assert await eventually(both)
    await server.wait_for(lambda: not server.gateway.online)
    server.unreact(place.ada, answer(place, "A"), "👍")
    async with place.online():

        async def one() -> bool:
            return await standing(place) == {("B", "best")}

        assert await eventually(one)


async def test_a_post_deleted_while_offline_is_known_as_deleted(place: Place) -> None:
    post = answer(place, "A")
    place.server.delete_message(post)
    async with place.online():

        async def deleted() -> bool:
            found = await place.app.store.post_by_id("discord", f"{post.channel.id}/{post.id}")
            return bool(found and found.deleted)

        assert await eventually(deleted)


async def test_votes_by_button_outlive_a_restart(server: DiscordServer, tmp_path: Path) -> None:
    """They stand nowhere on Discord, so nothing read there may take their place."""
    place = Place(server, database=str(tmp_path / "council.db"))
    deny(place, place.channel)
    async with place.online():
        await place.answered(server.mention(place.channel, place.ada, "The first one"))
        post = answer(place, "A")
        run = next(iter([case.id async for case in place.app.store.cases()]))
        await server.click(place.ada, post, f"c1:{run}:vote:answer:A:accept")
        assert await standing(place) == {("A", "accept")}
    async with place.online():
        await caught_up(place)
        await settled(place)
        assert await standing(place) == {("A", "accept")}


def deny(place: Place, channel: Channel) -> None:
    place.server.overwrite(channel, place.server.bot, deny=discord.Permissions(add_reactions=True))


async def test_an_unfinished_deliberation_goes_on_where_it_was(place: Place) -> None:
    server = place.server
    async with place.online(FakeProvider({("answer", 1): [asyncio.Event()]})):
        question = server.mention(place.channel, place.ada, "Interrupted?")
        await server.wait_for(lambda: question.thread and len(server.said(question.thread)) == 3)
    provider = FakeProvider()
    async with place.online(provider):
        posts = await place.answered(question)
    assert len(posts) == 5
    assert [stage_and_seat(request) for request in provider.asked("answer")] == [("answer", 1)]


async def test_a_channel_that_is_gone_holds_nothing_up(place: Place) -> None:
    server = place.server
    other = server.create_channel(place.guild, "other")
    async with place.online():
        await place.answered(server.mention(other, place.ada, "Over here"))
    del server.world.channels[other.id]
    missed = server.mention(place.channel, place.ada, "Anybody there?")
    async with place.online():
        await place.answered(missed)


# Each place by itself


@dataclass
class Missed:
    """Two channels, in each of which something was asked before the bot went offline."""

    place: Place
    channels: list[Channel]
    questions: list[Message]

    async def all_answered(self) -> None:
        for question in self.questions:
            await self.place.answered(question)


@pytest.fixture
async def missed(server: DiscordServer, tmp_path: Path) -> Missed:
    """While the bot is away, a mention in each channel and a vote on the newest answer."""
    place = Place(server, database=str(tmp_path / "council.db"))
    channels = [place.channel, server.create_channel(place.guild, "second")]
    async with place.online():
        for channel in channels:
            await place.answered(server.mention(channel, place.ada, "The first one"))
        await place.delivered()
    await server.wait_for(lambda: not server.gateway.online)
    server.react(place.ada, answer(place, "A"), "👍")
    questions = [server.mention(channel, place.ada, "Anybody there?") for channel in channels]
    return Missed(place, channels, questions)


async def counted(place: Place) -> bool:
    async def one() -> bool:
        return await standing(place) == {("A", "accept")}

    return await eventually(one)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    "trouble", ["cut", "cut for a while", "503", "banned", "a page for an answer", "forbidden"]
)
async def test_trouble_in_one_place_keeps_no_other_from_being_caught_up(
    missed: Missed, which: int, trouble: str
) -> None:
    server, path = missed.place.server, f"/channels/{missed.channels[which].id}/messages$"
    match trouble:
        case "cut":
            server.cut("GET", path)
        case "cut for a while":
            server.cut("GET", path, times=5)
        case "503":
            server.fail("GET", path, 503, times=2)
        case "banned":
            server.ban("GET", path, 1)
        case "a page for an answer":
            server.fail("GET", path, 200)
        case _:
            server.refuse("GET", path, 50001)
            missed.questions.pop(which)
    async with missed.place.online():
        await missed.all_answered()
        assert await counted(missed.place)


async def test_trouble_with_one_post_keeps_no_other_vote_from_being_read(missed: Missed) -> None:
    server = missed.place.server
    for post in server.said(server.threads(missed.channels[1])[0]):
        server.cut("GET", f"/messages/{post.id}$", times=3)
    server.react(missed.place.ada, answer(missed.place, "B"), "👎")
    async with missed.place.online():

        async def both() -> bool:
            return await standing(missed.place) == {("A", "accept"), ("B", "reject")}

        assert await eventually(both)
        await server.wait_for(lambda: not server.faults.ordered)


async def test_an_outage_while_a_mention_is_taken_up_loses_no_other(missed: Missed) -> None:
    """Its message is fetched again for what it replies to, and Discord does not answer."""
    server, place = missed.place.server, missed.place
    said = server.mention(place.channel, place.ada, "A third one", reply_to=missed.questions[0])
    server.world.references_left_out = True
    server.cut("GET", f"/messages/{missed.questions[0].id}$", times=2)
    async with place.online():
        await place.answered(said)
        await missed.all_answered()


async def test_a_server_that_is_announced_late_is_caught_up_then(missed: Missed) -> None:
    server, place = missed.place.server, missed.place
    late = server.create_guild("late")
    channel = server.create_channel(late)
    bob = server.create_user("Bob", late)
    async with place.online():
        await missed.all_answered()
        await place.answered(server.mention(channel, bob, "The first one"))
        await place.delivered()
    await server.wait_for(lambda: not server.gateway.online)
    server.gateway.late_servers.add(late.id)
    question = server.mention(channel, bob, "Anybody there?")
    async with place.online():
        await caught_up(place)
        assert question.thread is None
        server.gateway.announce(late)
        await place.answered(question)
    assert len(server.threads(channel)) == 2
