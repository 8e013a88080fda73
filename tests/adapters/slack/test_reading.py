"""What belongs to a question on Slack reaches the models; what cannot be read is said."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from adapters.slack.files import attached as files_of
from adapters.slack.files import fetch
from bot.conversation.budget import Rules
from bot.council import Attached
from bot.errors import Unreadable
from tests.fakes.council_on_slack import Place
from tests.fakes.pictures import picture
from tests.fakes.provider import FakeProvider, images
from tests.fakes.slack.building import section
from tests.fakes.slack_server import Message, SlackServer, User
from tests.fakes.watched import eventually

Shape = dict[str, Any]

WORDS = "Tea beats coffee by far."


def prompts(provider: FakeProvider) -> list[str]:
    """What was asked, as each member read it."""
    found = [request.messages[-1].content for request in provider.asked("answer")]
    assert found
    return found


async def read(place: Place, provider: FakeProvider, question: Message) -> str:
    """What a member was asked, once everything about the question is there."""
    await place.answered(question)
    await place.delivered()
    return provider.asked("answer")[-1].messages[-1].content


def is_fenced(words: str, prompt: str) -> bool:
    """Whether the words stand between two lines that are the same and no words of theirs."""
    before, _, after = prompt.partition(words)
    fences = {line for line in before.split("\n") if line} & set(after.split("\n"))
    return any(re.search("[0-9a-f]{8}", fence) for fence in fences)


# Forwards, and the words of apps


async def test_a_forwarded_message_is_read_with_the_question(
    place: Place, provider: FakeProvider
) -> None:
    server = place.server
    original = server.post(place.channel, place.ada, WORDS)
    asked = f"<@{server.bot.id}> is this right?"
    prompt = await read(place, provider, server.forward(place.channel, place.ada, original, asked))
    assert is_fenced(WORDS, prompt)
    assert "Question:\nis this right?" in prompt
    assert "ada" not in prompt


def as_attachment() -> Shape:
    return {"text": "", "attachments": [{"color": "good", "text": WORDS, "fallback": "Tea!"}]}


def as_blocks() -> Shape:
    return {"text": "", "blocks": [section(WORDS)]}


def as_text() -> Shape:
    return {"text": WORDS}


@pytest.mark.parametrize("shape", [as_attachment, as_blocks, as_text])
@pytest.mark.parametrize("typed", ["what now?", ""])
async def test_the_post_of_an_app_is_material(
    place: Place,
    provider: FakeProvider,
    shape: Callable[[], Shape],
    typed: str,
) -> None:
    server = place.server
    robo = server.create_user("robo", place.channel, bot=True)
    root = server.post(place.channel, robo, **shape())
    prompt = await read(place, provider, server.mention(place.channel, place.ada, typed, root.ts))
    assert is_fenced(WORDS, prompt)
    assert f"Question:\n{typed or 'Answer this message'}" in prompt


@pytest.mark.parametrize("shape", [as_attachment, as_blocks, as_text])
async def test_the_message_menu_reads_the_post_of_an_app(
    place: Place, provider: FakeProvider, shape: Callable[[], Shape]
) -> None:
    server = place.server
    robo = server.create_user("robo", place.channel, bot=True)
    root = server.post(place.channel, robo, **shape())
    await server.shortcut(place.ada, "ask_council", root)
    assert is_fenced(WORDS, await read(place, provider, root))


async def test_the_message_menu_reads_a_forward(place: Place, provider: FakeProvider) -> None:
    server = place.server
    original = server.post(place.channel, place.ada, WORDS)
    forward = server.forward(place.channel, place.ada, original, "Look")
    await server.shortcut(place.ada, "ask_council", forward)
    prompt = await read(place, provider, forward)
    assert is_fenced(WORDS, prompt)
    assert "Question:\nLook" in prompt


async def test_a_forward_alone_in_a_direct_message_is_answered(
    place: Place, provider: FakeProvider
) -> None:
    server = place.server
    original = server.post(place.channel, place.ada, WORDS)
    forward = server.forward(server.direct(place.ada), place.ada, original)
    assert is_fenced(WORDS, await read(place, provider, forward))


# Files


async def said_in_the_headline(place: Place, question: Message) -> list[str]:
    """What the headline said when it was posted, before anything was paid, and at the end."""
    headline, *_ = await place.answered(question)
    await place.delivered()
    return [str(headline.frames[0].blocks), str(headline.frames[-1].blocks)]


async def test_attached_files_are_read_and_named(place: Place, provider: FakeProvider) -> None:
    server = place.server
    words = f"<@{server.bot.id}> summarise this"
    root = server.post(place.channel, place.ada, "Notes", files={"notes.txt": b"Grass: red."})
    asked = server.post(place.channel, place.ada, words, root.ts, files={"paper.pdf": b"%PDF"})
    first, last = await said_in_the_headline(place, asked)
    assert "The council first reads the attached files: `notes.txt`, `paper.pdf`." in first
    assert "The council read the attached file along with the question: `notes.txt`." in last
    assert "`paper.pdf` was not read. What it holds is not what its name says." in last
    assert all("Grass: red." in prompt for prompt in prompts(provider))


async def test_files_of_what_is_forwarded_are_read(place: Place, provider: FakeProvider) -> None:
    server = place.server
    along = {"notes.md": b"Grass: red."}
    original = server.post(place.channel, place.ada, "The sky is green.", files=along)
    words = f"<@{server.bot.id}> is that right?"
    asked = server.forward(place.channel, place.ada, original, words)
    _, last = await said_in_the_headline(place, asked)
    assert "along with the question: `notes.md`." in last
    for prompt in prompts(provider):
        assert "Grass: red." in prompt
        assert "The sky is green." in prompt


async def test_images_of_a_message_and_of_what_is_forwarded_are_shown_to_all(
    place: Place, provider: FakeProvider
) -> None:
    server = place.server
    along = {"image.png": picture()}
    original = server.post(place.channel, place.ada, "Look", files=along)
    words = f"<@{server.bot.id}> what is it?"
    asked = server.forward(place.channel, place.ada, original, words)
    _, last = await said_in_the_headline(place, asked)
    assert "The council was shown the attached image: `image.png`." in last
    assert provider.requests
    assert all(len(images(request)) == 1 for request in provider.requests)


async def test_images_that_slack_withholds_are_said(place: Place, provider: FakeProvider) -> None:
    server = place.server
    server.withdraw("files:read")
    words = f"<@{server.bot.id}> what is it?"
    asked = server.post(place.channel, place.ada, words, files={"image.png": picture()})
    _, last = await said_in_the_headline(place, asked)
    assert "Without the scope files:read no attached file is read." in last
    assert not any(images(request) for request in provider.requests)


def test_what_slack_does_not_have_is_said() -> None:
    shown = files_of({"files": [{"name": "drive.txt", "is_external": True, "url_private": "x"}]})
    assert shown == (Attached("drive.txt", "", why="It is not on Slack, only a link to it."),)
    withheld = files_of({"files": [{"name": "a.txt", "file_access": "check_file_info"}]})
    assert withheld == (Attached("a.txt", "", why="Slack does not hand it to the bot."),)


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/files-pri/T-F/a", "https://files.slack.com.evil.example/a", "file:///a"],
)
async def test_the_token_goes_nowhere_else(place: Place, address: str) -> None:
    with pytest.raises(Unreadable, match="fetches no files from"):
        await fetch(place.client.web, Attached("a", address))


async def test_a_file_alone_is_what_is_asked(place: Place, provider: FakeProvider) -> None:
    server = place.server
    files = {"message.txt": b"Why is the sky green?"}
    asked = server.post(place.channel, place.ada, f"<@{server.bot.id}>", files=files)
    await place.answered(asked)
    assert all("Why is the sky green?" in prompt for prompt in prompts(provider))


@pytest.mark.parametrize("name", ["notes.txt", "notes.html"])
async def test_without_the_permission_to_read_files_that_is_said(place: Place, name: str) -> None:
    server = place.server
    server.withdraw("files:read")
    words = f"<@{server.bot.id}> summarise this"
    asked = server.post(place.channel, place.ada, words, files={name: b"Grass: red."})
    _, last = await said_in_the_headline(place, asked)
    assert "Without the scope files:read no attached file is read." in last
    assert "install the app again" in last


# Permissions


@pytest.mark.parametrize("text", ["what now?", ""])
async def test_without_the_permission_to_read_threads_that_is_said(place: Place, text: str) -> None:
    server = place.server
    server.withdraw("channels:history")
    root = server.post(place.channel, place.ada, WORDS)
    asked = server.mention(place.channel, place.ada, text, root.ts)
    if not text:
        assert "channels:history" in await place.whispered("Write the question")
        return
    for state in await said_in_the_headline(place, asked):
        assert "channels:history" in state
        assert "OAuth & Permissions" in state.replace("&amp;", "&")
        assert "install the app again" in state


async def test_a_thread_that_slack_does_not_show_is_said(place: Place) -> None:
    server = place.server
    root = server.post(place.channel, place.ada, WORDS)
    server.refuse("conversations.replies", "something_new")
    asked = server.mention(place.channel, place.ada, "what now?", root.ts)
    for state in await said_in_the_headline(place, asked):
        assert "could not be read" in state
        assert "something_new" in state


async def test_without_the_permission_to_know_people_that_is_said_once_a_day(
    place: Place,
) -> None:
    server = place.server
    server.withdraw("users:read")
    first = server.mention(place.channel, place.ada, f"What of <@{place.ada.id}>?")
    for state in await said_in_the_headline(place, first):
        assert "users:read" in state
        assert "install the app again" in state
    second = server.mention(place.channel, place.ada, "And now?")
    for state in await said_in_the_headline(place, second):
        assert "users:read" not in state
    asked = [case.question.text async for case in place.app.store.cases()]
    assert "What of @somebody?" in asked


async def test_without_the_permission_to_know_people_nobody_unknown_changes_anything(
    place: Place,
) -> None:
    server = place.server
    boss = server.create_user("boss", place.channel, admin=True)
    server.withdraw("users:read")
    await server.slash(boss, place.channel, "/council", "criteria brevity")
    assert "users:read" in await place.whispered("Only administrators")
    await server.slash(boss, place.channel, "/council", "show")
    await place.whispered("This channel's council")
    await server.slash(place.channel.creator, place.channel, "/council", "set changers anyone")
    await place.whispered("is now: anyone")
    await server.slash(boss, place.channel, "/council", "criteria brevity")
    await place.whispered("not enabled here")
    await server.slash(place.channel.creator, place.channel, "/council", "criteria brevity")
    await place.whispered("brevity")


async def test_without_the_permission_to_know_people_votes_count(place: Place) -> None:
    server = place.server
    server.withdraw("users:read")
    headline, *_ = await place.answered(server.mention(place.channel, place.ada, "Why?"))
    await place.delivered()
    server.react(place.ada, place.channel, headline.ts, "+1")
    (case,) = [case async for case in place.app.store.cases()]

    async def voted() -> bool:
        return bool(await place.app.store.reactions(case.id))

    assert await eventually(voted)


async def test_whatever_slack_refuses_to_say_of_people_is_said(place: Place) -> None:
    server = place.server
    server.refuse("users.info", "something_new", times=1)
    asked = server.mention(place.channel, place.ada, "Why?")
    for state in await said_in_the_headline(place, asked):
        assert "who anybody is" in state
        assert "something_new" in state


async def test_what_fails_otherwise_is_answered_all_the_same(place: Place) -> None:
    place.server.refuse("users.info", "invalid_auth")
    place.server.mention(place.channel, place.ada, "Why?")
    await place.whispered("Something went wrong")


@pytest.mark.parametrize("missing", ["channels:history", "users:read", "reactions:read"])
async def test_missing_permissions_are_logged_at_the_start(
    server: SlackServer, missing: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.withdraw(missing)
    async with Place(server).online():
        pass
    (line,) = [r.getMessage() for r in caplog.records if missing in r.getMessage()]
    assert "install the app again" in line


# Organisations


def grid(server: SlackServer) -> User:
    """Ada is of a sister workspace."""
    server.team.enterprise = "E0HOME"
    sister = server.create_team("sister", enterprise="E0HOME")
    shared = server.create_channel("shared", shared_with=[sister])
    return server.create_user("sis", shared, team=sister)


def shared(server: SlackServer, user: User) -> Callable[[str], Message]:
    channel = next(c for c in server.world.channels.values() if user.id in c.members)
    return lambda text: server.mention(channel, user, text)


async def test_people_of_the_same_organisation_are_answered(server: SlackServer) -> None:
    asker = grid(server)
    async with Place(server).online() as place:
        await place.answered(shared(server, asker)("May I?"))


async def test_people_of_the_same_organisation_are_answered_without_their_names(
    server: SlackServer,
) -> None:
    asker = grid(server)
    server.withdraw("users:read")
    async with Place(server).online() as place:
        await place.answered(shared(server, asker)("May I?"))


@pytest.mark.parametrize("theirs", ["E0OTHER", ""])
@pytest.mark.parametrize("ours", ["E0HOME", ""])
async def test_people_of_another_organisation_are_not_heard_and_change_nothing(
    server: SlackServer, theirs: str, ours: str
) -> None:
    server.team.enterprise = ours
    partner = server.create_team("partner", enterprise=theirs)
    channel = server.create_channel("ext", shared_with=[partner])
    eve = server.create_user("eve", channel, team=partner, admin=True)
    place = Place(server)
    async with place.online(rules=Rules()):
        server.mention(channel, eve, "May I?")
        await server.slash(eve, channel, "/council", "criteria evil")
        await place.whispered("not enabled here")
        await place.answered(server.mention(place.channel, place.ada, "The last one"))
        assert server.said(channel) == []


async def test_an_administrator_of_a_sister_workspace_is_none_here(server: SlackServer) -> None:
    asker = grid(server)
    asker.admin = True
    channel = next(c for c in server.world.channels.values() if asker.id in c.members)
    async with Place(server).online() as place:
        await server.slash(asker, channel, "/council", "criteria brevity")
        await place.whispered("Only administrators")
