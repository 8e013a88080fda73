"""What people do on Slack reaches the council; what is not meant for it does not."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.council_on_slack import Place
from tests.fakes.provider import FakeProvider
from tests.fakes.slack_server import SlackServer, running_slack


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with running_slack(time_scale=0.01, deadline_scale=1) as server:
        yield server


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
async def place(server: SlackServer, provider: FakeProvider) -> AsyncIterator[Place]:
    async with Place(server).online(provider) as place:
        yield place


async def asked(place: Place) -> list[str]:
    """The questions that were finished, as they are kept."""
    return [case.question.text async for case in place.app.store.cases()]


async def settled(place: Place) -> None:
    """Until a last question is answered: everything that came before it was handled."""
    await place.answered(place.server.mention(place.channel, place.ada, "the last one"))
    await place.delivered()


async def test_a_mention_becomes_a_thread_with_the_verdict_on_top(place: Place) -> None:
    question = place.server.mention(place.channel, place.ada, "Why is the sky blue?")
    posts = await place.answered(question)
    assert len(posts) == 5
    assert "Yes" in posts[0].text
    assert place.server.rejections == []
