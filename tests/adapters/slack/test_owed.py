"""Posts that Slack refuses for a while are owed; what nobody can see is not bought."""

import asyncio
from pathlib import Path

import pytest

from tests.fakes.council_on_slack import Place
from tests.fakes.provider import FakeProvider
from tests.fakes.slack_server import Message, SlackServer
from tests.fakes.watched import eventually


@pytest.fixture
def place(server: SlackServer, tmp_path: Path) -> Place:
    return Place(server, database=str(tmp_path / "council.db"))


async def under_way(place: Place, question: Message) -> Message:
    """The headline, once two answers stand below it."""
    said = place.server.said
    await place.server.wait_for(lambda: len(said(place.channel, question.ts)) == 3)
    return said(place.channel, question.ts)[0]


async def owed(place: Place, error: str) -> None:
    """Until the models are through, and their verdict was refused more than once."""

    async def done() -> bool:
        return any([case.result async for case in place.app.store.cases()])

    await eventually(done)
    server, before = place.server, len(place.server.rejections)

    def tried_again() -> bool:
        new = [each for each in server.rejections[before:] if each.error == error]
        return [each.method for each in new].count("chat.update") > 2

    await server.wait_for(tried_again)


def is_whole(place: Place, question: Message) -> bool:
    said = place.server.said(place.channel, question.ts)
    return len(said) == 5 and "Yes." in said[0].shown


async def test_a_token_that_was_revoked_meanwhile_costs_no_post(place: Place) -> None:
    server, last = place.server, asyncio.Event()
    async with place.online(FakeProvider({("answer", 1): [last]})):
        question = server.mention(place.channel, place.ada, "Why?")
        headline = await under_way(place, question)
        server.revoke()
        last.set()
        await owed(place, "token_revoked")
    assert "reviews · verdict" in headline.shown
    server.restore()
    provider = FakeProvider()
    async with place.online(provider):
        await server.wait_for(lambda: is_whole(place, question))
        await place.delivered()
    assert provider.requests == []
    assert "Yes." in headline.shown
    assert [ping.target for ping in server.pings] == [place.ada.id]


async def test_a_channel_that_was_archived_meanwhile_costs_no_post(place: Place) -> None:
    server, last = place.server, asyncio.Event()
    async with place.online(FakeProvider({("answer", 1): [last]})):
        question = server.mention(place.channel, place.ada, "Why?")
        headline = await under_way(place, question)
        server.archive(place.channel)
        last.set()
        await owed(place, "is_archived")
        server.unarchive(place.channel)
        await server.wait_for(lambda: is_whole(place, question))
        await place.delivered()
    assert "Yes." in headline.shown
    assert [ping.target for ping in server.pings] == [place.ada.id]


async def test_nothing_more_is_bought_where_nothing_can_be_posted(place: Place) -> None:
    server, provider = place.server, FakeProvider()
    place.channel.restriction = "restricted_action"
    async with place.online(provider):
        server.mention(place.channel, place.ada, "Why?")
        direct = server.direct(place.ada)
        await server.wait_for(lambda: server.said(direct))
        [told] = server.said(direct)
        await place.delivered()
    assert "Posting is restricted here" in told.shown
    assert len(provider.asked("answer")) == 3
    assert provider.asked("review") == provider.asked("verdict") == []
    assert server.said(place.channel) == []


async def test_a_channel_that_was_deleted_is_let_go(place: Place) -> None:
    server, last = place.server, asyncio.Event()
    async with place.online(FakeProvider({("answer", 1): [last]})):
        question = server.mention(place.channel, place.ada, "Why?")
        await under_way(place, question)
        del server.world.channels[place.channel.id]
        last.set()
        await place.delivered()


@pytest.mark.parametrize("error", ["user_not_in_channel", "is_archived"])
async def test_what_was_refused_is_told_in_direct_messages_where_nothing_else_is_taken(
    place: Place, error: str
) -> None:
    server, provider = place.server, FakeProvider()
    async with place.online(provider):
        server.refuse("chat.postEphemeral", error)
        server.mention(place.channel, place.ada, "")
        await place.said(server.direct(place.ada), "Write the question")
    assert provider.requests == []
