"""What happens on Slack while the bot is away is made up for once it is back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.slack import supervisor
from bot.chat import Person
from tests.fakes.council_on_slack import Place
from tests.fakes.provider import FakeProvider, stage_and_seat
from tests.fakes.slack_server import Message, SlackServer, running_slack
from tests.fakes.watched import eventually


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    # Repeats of events come in no time: what is found here was looked for.
    async with running_slack(time_scale=0.01, deadline_scale=1) as server:
        yield server


@pytest.fixture
async def place(server: SlackServer, tmp_path: Path) -> Place:
    """A channel that the bot has answered in before; it is offline now."""
    place = Place(server, database=str(tmp_path / "council.db"))
    async with place.online():
        await place.answered(server.mention(place.channel, place.ada, "The first one"))
        await place.delivered()
    # Nothing that is said meanwhile will ever be told.
    server.courier.paused = True
    return place


def first(place: Place) -> Message:
    return next(m for m in place.server.messages(place.channel) if "The first one" in m.text)


def answer(place: Place, label: str) -> Message:
    said = place.server.said(place.channel, first(place).ts)
    return next(post for post in said if f"*{label}* · " in post.text)


async def asked(place: Place) -> list[str]:
    return [case.question.text async for case in place.app.store.cases()]


async def settled(place: Place) -> None:
    """Until a last question, which is among what is found, is answered."""
    last = place.server.mention(place.channel, place.ada, "the last one")
    await place.client.take(
        {
            "channel": place.channel.id,
            "user": place.ada.id,
            "ts": last.ts,
            "text": last.text,
            "team": place.server.team.id,
        }
    )
    await place.answered(last)


async def standing(place: Place) -> set[tuple[str, str]]:
    (case, *_) = [case async for case in place.app.store.cases()]
    return {(r.target, r.value) for r in await place.app.store.reactions(case.id)}


async def test_a_mention_missed_while_offline_is_answered_once(place: Place) -> None:
    missed = place.server.mention(place.channel, place.ada, "Anybody there?")
    async with place.online():
        await place.answered(missed)
        await place.delivered()
    async with place.online():
        await settled(place)
        assert await asked(place) == ["The first one", "Anybody there?", "the last one"]
    assert len(place.server.said(place.channel, missed.ts)) == 5


async def test_what_was_refused_is_not_missed(place: Place) -> None:
    server = place.server
    server.courier.paused = False
    async with place.online():
        here = await place.client.place(place.channel.id)
        await place.app.command(here, Person("boss", admin=True), "pause")
        server.mention(place.channel, place.ada, "While it is paused")
        await place.whispered("paused in this channel")
        await place.app.command(here, Person("boss", admin=True), "resume")
    server.courier.paused = True
    async with place.online():
        await settled(place)
        assert await asked(place) == ["The first one", "the last one"]


async def test_missed_mentions_are_answered_in_their_order(place: Place) -> None:
    place.server.mention(place.channel, place.ada, "One?")
    second = place.server.mention(place.channel, place.ada, "Two?")
    async with place.online():
        await place.answered(second)
        await place.delivered()
        assert await asked(place) == ["The first one", "One?", "Two?"]


async def test_somebody_of_unknown_language_is_not_spoken_to_as_the_one_before(
    place: Place,
) -> None:
    place.ada.locale = "ko-KR"
    place.server.mention(place.channel, place.ada, "One?")
    eve = place.server.create_user("eve", place.channel)
    eve.locale = ""
    second = place.server.mention(place.channel, eve, "Two?")
    async with place.online():
        await place.answered(second)
        spoken = {c.question.text: c.council.interface async for c in place.app.store.cases()}
    assert spoken == {"The first one": "en", "One?": "ko", "Two?": "en"}


async def test_a_missed_mention_in_a_thread_is_answered_there(place: Place) -> None:
    root = first(place)
    missed = place.server.mention(place.channel, place.ada, "And then?", root.ts)
    async with place.online():
        await place.answered(missed)
    assert len(place.server.said(place.channel, root.ts)) == 10


async def test_a_direct_message_missed_while_offline_is_answered(
    server: SlackServer, tmp_path: Path
) -> None:
    place = Place(server, database=str(tmp_path / "council.db"))
    async with place.online():
        await place.answered(server.direct_message(place.ada, "The first one"))
        await place.delivered()
    server.courier.paused = True
    missed = server.direct_message(place.ada, "Anybody there?")
    async with place.online():
        await place.answered(missed)


async def test_a_mention_older_than_a_quarter_of_an_hour_is_let_go(place: Place) -> None:
    place.server.mention(place.channel, place.ada, "Long ago", age_seconds=16 * 60)
    async with place.online():
        await settled(place)
        assert await asked(place) == ["The first one", "the last one"]


async def test_votes_given_and_taken_back_while_offline_count(place: Place) -> None:
    server = place.server
    server.react(place.ada, place.channel, answer(place, "A").ts, "+1")
    server.react(place.ada, place.channel, answer(place, "B").ts, "trophy")
    async with place.online():

        async def both() -> bool:
            return await standing(place) == {("A", "accept"), ("B", "best")}

        assert await eventually(both)
    server.unreact(place.ada, place.channel, answer(place, "A").ts, "+1")
    async with place.online():

        async def one() -> bool:
            return await standing(place) == {("B", "best")}

        assert await eventually(one)


async def test_a_post_deleted_while_offline_is_known_as_deleted(place: Place) -> None:
    post = answer(place, "A")
    place.server.delete(post)
    async with place.online():

        async def deleted() -> bool:
            found = await place.app.store.post_by_id("slack", f"{place.channel.id}/{post.ts}")
            return bool(found and found.deleted)

        assert await eventually(deleted)


async def test_an_unfinished_deliberation_goes_on_where_it_was(place: Place) -> None:
    server = place.server
    server.courier.resume()
    async with place.online(FakeProvider({("answer", 1): [asyncio.Event()]})):
        question = server.mention(place.channel, place.ada, "Interrupted?")
        await server.wait_for(lambda: len(server.said(place.channel, question.ts)) == 3)
    provider = FakeProvider()
    async with place.online(provider):
        posts = await place.answered(question)
    assert len(posts) == 5
    assert [stage_and_seat(request) for request in provider.asked("answer")] == [("answer", 1)]


async def test_a_channel_that_is_gone_holds_nothing_up(place: Place) -> None:
    server = place.server
    server.courier.resume()
    other = server.create_channel("aaa", place.ada)
    async with place.online():
        await place.answered(server.mention(other, place.ada, "Over here"))
        await place.delivered()
    server.courier.paused = True
    server.remove(other, server.bot)
    missed = server.mention(place.channel, place.ada, "Anybody there?")
    async with place.online():
        await place.answered(missed)


async def test_without_the_permission_to_read_that_is_said_once(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    server = place.server
    server.withdraw("channels:history")
    async with place.online():
        server.courier.paused = False
        await place.answered(server.mention(place.channel, place.ada, "Anybody there?"))
    lines = [r.getMessage() for r in caplog.records if "missed mentions" in r.getMessage()]
    assert len(lines) == 1
    assert "channels:history" in lines[0]


async def test_a_connection_that_stays_broken_is_replaced_and_caught_up_after(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK goes back to an address that was used up, for ever. One that stands is let be."""
    monkeypatch.setattr(supervisor, "BROKEN_SECONDS", 1.0)
    server = place.server
    handshakes = len(server.called("apps.connections.open")) + 1
    async with place.online():
        await place.answered(server.mention(place.channel, place.ada, "Are you there?"))
        assert len(server.called("apps.connections.open")) == handshakes
        server.refuse("apps.connections.open", "internal_error")
        server.socket_mode.cut()
        missed = server.mention(place.channel, place.ada, "Anybody there?")
        await place.answered(missed)
        assert len(server.called("apps.connections.open")) > handshakes
