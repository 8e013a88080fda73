"""What happens in a thread on Slack once its verdict is there: asked again, and voted on later."""

from collections.abc import AsyncIterator

import pytest

from bot.chat import Person
from bot.conversation.presses import Press, Told
from tests.fakes.council_on_slack import Place
from tests.fakes.slack_server import Message, running_slack
from tests.fakes.watched import eventually


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    slack = running_slack(time_scale=0.01, deadline_scale=1)
    async with slack as server, Place(server).online() as place:
        yield place


async def asked(place: Place) -> tuple[Message, str]:
    """A question whose posts are all there, and its run."""
    question = place.server.mention(place.channel, place.ada, "Why is the sky blue?")
    await place.answered(question)
    await place.delivered()
    [case] = [case async for case in place.app.store.cases()]
    return question, case.id


async def test_a_question_asked_again_names_who_asks_and_pings_them_alone(place: Place) -> None:
    server = place.server
    question, id = await asked(place)
    before, pings = len(server.said(place.channel, question.ts)), len(server.pings)
    bob = server.create_user("bob", place.channel)
    told = await place.app.actions.press(
        Press(Person(bob.id), id, ("again",), sees=lambda case: case.channel == place.channel.id)
    )
    assert isinstance(told, Told)
    await server.wait_for(lambda: len(server.pings) > pings)
    await place.delivered()

    posts = server.said(place.channel, question.ts)[before:]
    assert "bob asks again" in posts[0].text
    assert "Why is the sky blue?" in posts[0].text
    assert f"<@{bob.id}>" not in str(posts[0].blocks)
    [ping] = server.pings[pings:]
    assert ping.message.ts == posts[-1].ts
    assert f"<@{bob.id}>" in str(ping.message.blocks)
    assert server.rejections == []


async def test_a_later_vote_posts_nothing_and_pings_nobody(place: Place) -> None:
    server = place.server
    question, id = await asked(place)
    before, pings = len(server.said(place.channel, question.ts)), len(server.pings)
    post = next(p for p in await place.app.store.posts(id) if p.key == "answer:A" and p.post_id)
    assert post.post_id
    server.react(place.ada, place.channel, post.post_id.partition("/")[2], "trophy")

    async def voted() -> bool:
        return bool(await place.app.store.reactions(id))

    await eventually(voted)
    await place.app.recounts.turn()
    assert await place.app.store.recounts("slack", 10) == ()
    assert "🏆" in str(server.said(place.channel, question.ts)[-1].blocks)
    assert len(server.said(place.channel, question.ts)) == before
    assert len(server.pings) == pings

    ranking = server.said(place.channel, question.ts)[-1]
    server.delete(ranking)
    server.unreact(place.ada, place.channel, post.post_id.partition("/")[2], "trophy")

    async def taken_back() -> bool:
        return not await place.app.store.reactions(id)

    await eventually(taken_back)
    await place.app.recounts.turn()
    server.react(place.ada, place.channel, post.post_id.partition("/")[2], "trophy")
    await eventually(voted)
    await place.app.recounts.turn()
    assert len(server.said(place.channel, question.ts)) == before - 1
    # What was deleted is tried once.
    assert [each.error for each in server.rejections] in ([], ["message_not_found"])
