"""What belongs to a question on Discord is read as far as Discord shows it, and else named."""

import pytest

from adapters.discord import files
from adapters.discord.reading import mentions_typed
from bot.conversation.budget import Rules
from tests.fakes.council_on_discord import Place
from tests.fakes.discord_server import DiscordServer, Flag, Message, running_discord
from tests.fakes.pictures import film, picture
from tests.fakes.provider import FakeProvider, images


def questions(provider: FakeProvider) -> set[str]:
    """What was asked, as the members read it."""
    return {request.messages[-1].content for request in provider.asked("answer")}


async def asked(place: Place) -> list[str]:
    """The questions that were finished, as they are kept."""
    return [case.question.text async for case in place.app.store.cases()]


UNREAD = "The message replied to could not be read"


def first_frame(posts: list[Message]) -> str:
    """The headline as it first stood, before anybody was asked for a review."""
    return posts[0].frames[0]


@pytest.mark.parametrize("left_out", [False, True])
async def test_a_hidden_message_replied_to_is_said_to_be_unread(
    place: Place, provider: FakeProvider, left_out: bool
) -> None:
    place.server.world.references_left_out = left_out
    bob = place.server.create_user("Bob", place.guild)
    hidden = place.server.post(place.channel, bob, "The sky is green.")
    posts = await place.answered(
        place.server.mention(place.channel, place.ada, "Is that right?", reply_to=hidden)
    )
    assert UNREAD in first_frame(posts)
    assert UNREAD in posts[0].text
    assert all("green" not in text for text in questions(provider))


@pytest.mark.parametrize("left_out", [False, True])
async def test_a_message_replied_to_is_fetched_where_the_application_may_read_it(
    provider: FakeProvider, left_out: bool
) -> None:
    """The gateway goes by what the bot subscribed to, a request by the application's setting."""
    async with (
        running_discord(time_scale=0.01, message_content=True) as server,
        Place(server).online(provider) as place,
    ):
        server.world.references_left_out = left_out
        said = server.post(place.channel, place.ada, "The sky is green.")
        question = server.mention(place.channel, place.ada, "Is that right?", reply_to=said)
        posts = await place.answered(question)
        assert UNREAD not in first_frame(posts)
        prompt, *_ = questions(provider)
        assert "The sky is green." in prompt


@pytest.mark.parametrize("gone", ["deleted", "unreadable"])
async def test_a_message_replied_to_that_cannot_be_fetched_is_said_to_be_unread(
    place: Place, gone: str
) -> None:
    server = place.server
    said = server.mention(place.channel, place.ada, "The sky is green.")
    await place.answered(said)
    server.world.references_left_out = True
    if gone == "deleted":
        server.delete_message(said)
    else:
        server.refuse("GET", f"/messages/{said.id}$", 50001)
    question = server.mention(place.channel, place.ada, "Is that right?", reply_to=said)
    assert UNREAD in first_frame(await place.answered(question))


async def test_an_outage_does_not_keep_a_message_replied_to_from_being_read(
    place: Place, provider: FakeProvider
) -> None:
    server = place.server
    said = server.mention(place.channel, place.ada, "The sky is green.")
    await place.answered(said)
    server.world.references_left_out = True
    server.cut("GET", f"/messages/{said.id}$")
    question = server.mention(place.channel, place.ada, "Is that right?", reply_to=said)
    await place.answered(question)
    assert any("green" in text for text in questions(provider) if "that right" in text)


@pytest.mark.parametrize("told", [True, False])
async def test_a_forward_that_is_replied_to_is_read_or_said_to_be_unread(
    place: Place, provider: FakeProvider, told: bool
) -> None:
    server = place.server
    server.world.forwards_reveal_content = told
    original = server.post(place.channel, place.ada, "The sky is green.")
    forward = server.forward(place.channel, place.ada, original)
    question = server.mention(place.channel, place.ada, "Is that right?", reply_to=forward)
    posts = await place.answered(question)
    prompt, *_ = questions(provider)
    assert ("The sky is green." in prompt) is told
    assert (UNREAD in first_frame(posts)) is not told


async def test_files_of_a_forward_that_is_replied_to_are_read(
    place: Place, provider: FakeProvider
) -> None:
    server = place.server
    server.world.forwards_reveal_content = True
    along = {"notes.md": b"Grass: red."}
    original = server.post(place.channel, place.ada, "The sky is green.", files=along)
    forward = server.forward(place.channel, place.ada, original)
    question = server.mention(place.channel, place.ada, "Is that right?", reply_to=forward)
    headline, *_ = await place.answered(question)
    await place.delivered()
    assert all("Grass: red." in prompt for prompt in questions(provider))
    assert "`notes.md`" in headline.text


async def test_what_a_bot_shows_in_an_embed_or_components_is_read(server: DiscordServer) -> None:
    provider = FakeProvider()
    async with (
        running_discord(time_scale=0.01, message_content=True) as server,
        Place(server).online(provider) as place,
    ):
        other = server.create_user("Weather", place.guild, bot=True)
        report = server.post(place.channel, other, "")
        report.embeds = [
            {"type": "rich", "title": "Report", "fields": [{"name": "Sky", "value": "green"}]}
        ]
        report.flags |= Flag.V2
        inner = {"type": 17, "components": [{"type": 10, "content": "Wind from the west"}]}
        report.components = [inner]
        await place.answered(
            server.mention(place.channel, place.ada, "Is that right?", reply_to=report)
        )
        prompt, *_ = questions(provider)
        for words in ("Report", "Sky", "green", "Wind from the west"):
            assert words in prompt


async def test_attached_files_are_read_by_every_member_and_named(
    place: Place, provider: FakeProvider
) -> None:
    server = place.server
    notes = {"notes.md": b"Grass: red."}
    replied = server.mention(place.channel, place.ada, "My notes", files=notes)
    await place.answered(replied)
    provider.requests.clear()
    server.downloads.clear()
    question = server.mention(
        place.channel,
        place.ada,
        "Is that right?",
        reply_to=replied,
        files={"message.txt": b"The sky is green.", "a.zip": b"PK\x03\x04"},
    )
    headline, *_ = await place.answered(question)
    await place.delivered()
    assert len(questions(provider)) == 3
    for prompt in questions(provider):
        assert "The sky is green." in prompt
        assert "Grass: red." in prompt
    assert "`message.txt`, `notes.md`" in headline.text
    assert "`a.zip` was not read." in headline.text
    assert len(server.downloads) == 3


async def test_images_of_a_message_and_of_what_it_replies_to_are_shown_to_all(
    place: Place, provider: FakeProvider
) -> None:
    server = place.server
    server.world.forwards_reveal_content = True
    original = server.post(place.channel, place.ada, "Look", files={"image.png": picture()})
    forward = server.forward(place.channel, place.ada, original)
    question = server.mention(
        place.channel,
        place.ada,
        "Are these alike?",
        reply_to=forward,
        files={"image.png": film()},
    )
    headline, *_ = await place.answered(question)
    await place.delivered()
    assert {len(set(images(request))) for request in provider.requests} == {2}
    assert "was shown the attached images: `image.png`, `image.png`." in headline.text
    assert len(server.downloads) == 2


async def test_a_broken_image_alone_is_said_and_nothing_asked(
    place: Place, provider: FakeProvider
) -> None:
    server = place.server
    torn = {"image.png": picture()[:60]}
    question = server.mention(place.channel, place.ada, "", files=torn)
    thread = await server.wait_for(lambda: question.thread)
    assert thread
    headline = await place.said(thread, "Nothing that came along could be read")
    assert "`image.png` was not read. It is damaged." in headline.text
    assert provider.requests == []


async def test_a_file_alone_is_what_is_asked(place: Place, provider: FakeProvider) -> None:
    asked = {"message.txt": b"Why is the sky green?"}
    await place.answered(place.server.mention(place.channel, place.ada, "", files=asked))
    assert all("Why is the sky green?" in prompt for prompt in questions(provider))


async def test_a_file_that_stands_elsewhere_is_not_fetched(
    place: Place, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ORIGINS", frozenset({"https://cdn.discordapp.com"}))
    notes = {"notes.md": b"Grass: red."}
    question = place.server.mention(place.channel, place.ada, "Is that right?", files=notes)
    headline, *_ = await place.answered(question)
    assert "fetches no files from" in headline.text
    assert place.server.downloads == []


async def test_what_is_unread_is_said_before_anybody_is_asked(
    place: Place, provider: FakeProvider
) -> None:
    held = place.server.hold("POST", r"/channels/\d+/messages$")
    asked = {"message.txt": b"The sky is green."}
    question = place.server.mention(place.channel, place.ada, "Is that right?", files=asked)
    await held.reached.wait()
    assert question.thread
    (headline,) = place.server.said(question.thread)
    assert "`message.txt`" in headline.text
    assert "Answers 0 of 3" in headline.text
    assert "Stop" in str(headline.components)
    assert provider.requests == []
    assert held.gate
    held.gate.set()
    await place.answered(question)


async def test_where_that_cannot_be_said_nobody_is_asked(
    place: Place, provider: FakeProvider
) -> None:
    refused = [
        place.server.refuse("POST", path, 50013, times=100)
        for path in (r"/threads$", f"^/channels/{place.channel.id}/messages$")
    ]
    question = place.server.mention(
        place.channel, place.ada, "Is that right?", files={"message.txt": b"Green."}
    )
    await place.said(place.server.direct(place.ada), "could not post its reply")
    assert question.thread is None
    assert provider.requests == []
    for fault in refused:
        place.server.faults.ordered.remove(fault)


async def test_a_file_of_the_message_replied_to_is_said_to_be_unread(place: Place) -> None:
    server = place.server
    unreadable = {"sky.png": b"\x89PNG", "sea.pdf": b"y"}
    said = server.mention(place.channel, place.ada, "Look", files=unreadable)
    await place.answered(said)
    question = server.mention(place.channel, place.ada, "Is that right?", reply_to=said)
    headline, *_ = await place.answered(question)
    assert "first reads the attached files: `sky.png`, `sea.pdf`" in headline.frames[0]
    await place.delivered()
    assert "`sky.png` was not read." in headline.text
    assert "`sea.pdf` was not read." in headline.text
    assert UNREAD not in headline.text


async def test_where_a_file_alone_cannot_be_read_nothing_is_asked(
    place: Place, provider: FakeProvider
) -> None:
    server = place.server
    question = server.mention(place.channel, place.ada, "", files={"photo.png": b"\x89PNG"})
    thread = await server.wait_for(lambda: question.thread)
    assert thread
    headline = await place.said(thread, "Nothing that came along could be read")
    await place.delivered()
    assert "`photo.png` was not read." in headline.text
    assert provider.requests == []


@pytest.mark.parametrize("what", ["hidden message", "hidden forward"])
async def test_where_nothing_can_be_read_nothing_is_asked(
    place: Place, provider: FakeProvider, what: str
) -> None:
    server = place.server
    server.world.forwards_reveal_content = False
    hidden = server.post(place.channel, server.create_user("Bob", place.guild), "Green.")
    said = hidden if what == "hidden message" else server.forward(place.channel, place.ada, hidden)
    question = server.mention(place.channel, place.ada, "", reply_to=said)
    hint = await place.said(place.channel, UNREAD)
    assert hint.reference is question
    assert "Write the question behind the mention" in hint.text
    assert provider.requests == []


async def test_a_forward_in_a_direct_message_is_the_question(server: DiscordServer) -> None:
    place = Place(server)
    async with place.online(rules=Rules(allowed=frozenset({str(place.ada.id)}))):
        original = server.post(place.channel, place.ada, "Is the sky <@1> green?")
        direct = server.direct(place.ada)
        server.forward(direct, place.ada, original)
        await server.wait_for(lambda: place.verdict(direct))
        assert await asked(place) == ["Is the sky @somebody green?"]


async def test_a_reply_to_a_forward_in_a_direct_message_knows_it(server: DiscordServer) -> None:
    place, provider = Place(server), FakeProvider()
    async with place.online(provider, rules=Rules(allowed=frozenset({str(place.ada.id)}))):
        direct = server.direct(place.ada)
        forward = server.forward(
            direct, place.ada, server.post(place.channel, place.ada, "The sky is green.")
        )
        await server.wait_for(lambda: place.verdict(direct))
        server.reply(forward, place.ada, "Is that right?")
        await server.wait_for(lambda: len(server.said(direct)) == 10)
        assert any("The sky is green." in t for t in questions(provider) if "that right" in t)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("<@1> and <@!2>", {1, 2}),
        ("`<@1>` <@2>", {2}),
        ("`` ` <@1> `` <@2>", {2}),
        ("```py\n<@1>\n``` <@2>", {2}),
        ("` never closed <@1>", {1}),
        ("``` never closed ` <@1> ` <@2>", {2}),
        (r"\<@1> <@2>", {2}),
        (r"\` <@1> `<@2>`", {1}),
        (r"`\` <@1> `", {1}),
        ("<@&1> <#2> <@3", set()),
        ("", set()),
    ],
)
def test_mentions_are_typed_outside_code_alone(text: str, typed: set[int]) -> None:
    assert mentions_typed(text) == typed
