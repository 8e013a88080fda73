"""What people said in a thread goes along with a question on Slack, where a channel wants that."""

from bot.chat import Person
from tests.fakes.council_on_slack import Place
from tests.fakes.provider import FakeProvider
from tests.fakes.slack_server import Message

ADMIN = Person("boss", admin=True)


async def set_here(place: Place, words: str) -> None:
    await place.app.command(await place.client.place(place.channel.id), ADMIN, f"set {words}")


async def further(place: Place, provider: FakeProvider, root: Message) -> tuple[str, Message]:
    """What members are told with a further question in the thread, and its headline."""
    question = place.server.mention(place.channel, place.ada, "And now?", root.ts)
    said = await place.answered(question)
    await place.delivered()
    headline = next(post for post in said if post.ts > question.ts)
    return provider.asked("answer")[-1].messages[-1].content, headline


async def test_what_people_said_goes_along_without_their_names(
    place: Place, provider: FakeProvider
) -> None:
    await set_here(place, "context thread")
    root = place.server.mention(place.channel, place.ada, "Why?")
    await place.answered(root)
    bob = place.server.create_user("bobby", place.channel)
    robo = place.server.create_user("robo", place.channel, bot=True)
    place.server.post(place.channel, bob, "I would rather not.", root.ts)
    place.server.post(place.channel, robo, "Deployed.", root.ts)
    place.server.post(place.channel, bob, "Me neither!", root.ts)
    told, headline = await further(place, provider, root)

    assert told.index("I would rather not.") < told.index("Me neither!")
    assert "bobby" not in told
    assert "Deployed." not in told
    assert told.count("Why?") == 1
    assert "The council read the last 2 messages of people here." in headline.shown


async def test_in_a_thread_of_people_the_first_question_knows_what_they_said_once(
    place: Place, provider: FakeProvider
) -> None:
    await set_here(place, "context thread")
    bob = place.server.create_user("bobby", place.channel)
    root = place.server.post(place.channel, bob, "Tea or coffee?")
    place.server.post(place.channel, bob, "Or juice?", root.ts)
    told, _ = await further(place, provider, root)

    assert told.count("Tea or coffee?") == 1
    assert told.count("Or juice?") == 1


async def test_by_itself_nothing_that_people_said_goes_along(
    place: Place, provider: FakeProvider
) -> None:
    root = place.server.mention(place.channel, place.ada, "Why?")
    await place.answered(root)
    place.server.post(place.channel, place.ada, "I would rather not.", root.ts)
    told, _ = await further(place, provider, root)

    assert "I would rather not." not in told


async def test_the_last_twenty_of_a_long_thread_go_along(
    place: Place, provider: FakeProvider
) -> None:
    await set_here(place, "context thread")
    root = place.server.mention(place.channel, place.ada, "Why?")
    await place.answered(root)
    for n in range(1, 261):
        place.server.post(place.channel, place.ada, f"Message number {n}.", root.ts)
    told, _ = await further(place, provider, root)

    assert "Message number 240." not in told
    assert "Message number 241." in told
    assert "Message number 260." in told


async def test_a_right_that_is_missing_is_named(place: Place, provider: FakeProvider) -> None:
    await set_here(place, "context thread")
    root = place.server.mention(place.channel, place.ada, "Why?")
    await place.answered(root)
    place.server.post(place.channel, place.ada, "I would rather not.", root.ts)
    place.server.refuse("conversations.replies", "missing_scope")
    told, headline = await further(place, provider, root)

    assert "I would rather not." not in told
    assert "The last messages of this thread could not be read." in headline.shown
    assert "The app lacks the permission" in headline.shown
