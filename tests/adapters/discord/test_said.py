"""What people said in a thread goes along with a question on Discord, where a channel wants that."""

from collections.abc import AsyncIterator

import pytest

from bot.chat import Channel as Here
from bot.chat import Person
from tests.fakes.council_on_discord import Place
from tests.fakes.discord_server import Channel, Message, running_discord
from tests.fakes.discord_thread import buttons
from tests.fakes.provider import FakeProvider

ADMIN = Person("boss", admin=True)


@pytest.fixture
async def open_place(provider: FakeProvider) -> AsyncIterator[Place]:
    """On a Discord that lets the bot read what others write."""
    async with (
        running_discord(time_scale=0.01, message_content=True) as server,
        Place(server).online(provider) as place,
    ):
        yield place


async def set_here(place: Place, words: str) -> None:
    here = Here("discord", str(place.guild.id), str(place.channel.id))
    await place.app.command(here, ADMIN, f"set {words}")


async def thread_of(place: Place, *said: str) -> Channel:
    """A thread with a question that is answered, and what people said below."""
    question = place.server.mention(place.channel, place.ada, "Why?")
    [first, *_] = await place.answered(question)
    await place.delivered()
    bob = place.server.create_user("Bobby", place.guild)
    for text in said:
        place.server.post(first.channel, bob, text)
    return first.channel


async def further(place: Place, provider: FakeProvider, thread: Channel) -> tuple[str, Message]:
    """What members are told with a further question there, and its headline."""
    before = len(place.server.said(thread))
    place.server.mention(thread, place.ada, "And now?")
    await place.server.wait_for(lambda: len(place.server.said(thread)) == before + 5)
    await place.delivered()
    return provider.asked("answer")[-1].messages[-1].content, place.server.said(thread)[before]


async def test_what_people_said_goes_along_without_their_names(
    open_place: Place, provider: FakeProvider
) -> None:
    await set_here(open_place, "context thread")
    thread = await thread_of(open_place, "I would rather not.", "Me neither!")
    told, headline = await further(open_place, provider, thread)

    assert told.index("I would rather not.") < told.index("Me neither!")
    assert "What people last said in this thread, oldest first:" in told
    assert "Bobby" not in told
    # The council's own posts, and its questions, stand there as such and no second time.
    assert told.count("The answer from seat") == 0
    assert told.count("Why?") == 1
    assert "The council read the last 2 messages of people here." in headline.text


async def test_by_itself_nothing_that_people_said_goes_along(
    open_place: Place, provider: FakeProvider
) -> None:
    thread = await thread_of(open_place, "I would rather not.")
    told, headline = await further(open_place, provider, thread)

    assert "I would rather not." not in told
    assert "messages of people" not in headline.text


async def test_only_the_last_twenty_messages_go_along(
    open_place: Place, provider: FakeProvider
) -> None:
    await set_here(open_place, "context thread")
    thread = await thread_of(open_place, *(f"Message number {n}." for n in range(1, 26)))
    told, _ = await further(open_place, provider, thread)

    assert "Message number 5." not in told
    assert "Message number 6." in told
    assert "Message number 25." in told


async def test_a_form_in_the_thread_reads_it_too(open_place: Place, provider: FakeProvider) -> None:
    await set_here(open_place, "context thread")
    thread = await thread_of(open_place, "I would rather not.")
    before = len(open_place.server.said(thread))
    headline = open_place.server.said(thread)[0]
    [button] = [id for id in buttons(headline) if id.endswith(":follow")]
    form = await open_place.server.click(open_place.ada, headline, button)
    await open_place.server.submit_modal(form, {"text": "And now?"})
    await open_place.server.wait_for(lambda: len(open_place.server.said(thread)) == before + 6)

    assert "I would rather not." in provider.asked("answer")[-1].messages[-1].content


async def test_where_discord_hides_messages_the_headline_says_how_to_change_that(
    place: Place, provider: FakeProvider
) -> None:
    await set_here(place, "context thread")
    thread = await thread_of(place, "I would rather not.", "Me neither!")
    told, headline = await further(place, provider, thread)

    assert "I would rather not." not in told
    assert "Discord hides 2 messages of this thread from the bot." in headline.text
    assert "Message Content Intent" in headline.text


async def test_personal_data_in_the_thread_is_hidden_from_models(
    open_place: Place, provider: FakeProvider
) -> None:
    await set_here(open_place, "context thread")
    await set_here(open_place, "redact on")
    thread = await thread_of(open_place, "Write to ann@example.org, please.")
    told, _ = await further(open_place, provider, thread)

    assert "please." in told
    assert "ann@example.org" not in told


async def test_what_was_said_is_kept_no_longer_than_the_question_needs_it(
    open_place: Place, provider: FakeProvider
) -> None:
    await set_here(open_place, "context thread")
    thread = await thread_of(open_place, "I would rather not.")
    await further(open_place, provider, thread)
    [*_, last] = [case.id async for case in open_place.app.store.cases()]

    assert await open_place.app.store.decision(last, "said") == "{}"


async def test_a_thread_that_cannot_be_read_costs_no_answer(
    open_place: Place, provider: FakeProvider
) -> None:
    await set_here(open_place, "context thread")
    thread = await thread_of(open_place, "I would rather not.")
    open_place.server.refuse("GET", r"/messages$", 50001)
    told, headline = await further(open_place, provider, thread)

    assert "I would rather not." not in told
    assert "The last messages of this thread could not be read" in headline.text
