"""What the buttons under a verdict do on the local Slack: forms, files, and plain presses."""

import pytest

from adapters.slack.render import document_messages
from bot.chat import Person
from bot.document import Button, Document, Text
from bot.records import Case
from bot.texts import FORGOTTEN
from tests.fakes.council_on_slack import Place
from tests.fakes.provider import FakeProvider
from tests.fakes.slack.state import ChannelKind
from tests.fakes.slack_server import Message, SlackServer, View
from tests.fakes.watched import eventually

BOSS = Person("U0BOSS", admin=True)


async def cases(place: Place) -> list[Case]:
    return [case async for case in place.app.store.cases()]


async def answered(place: Place) -> tuple[Message, str]:
    """A question with its verdict, and the run."""
    question = place.server.mention(place.channel, place.ada, "Why is the sky blue?")
    await place.answered(question)
    await place.delivered()
    [case] = await cases(place)
    return question, case.id


async def pressed(place: Place, question: Message, run: str, name: str) -> None:
    """Press a button of this name under a post of the bot's in the thread."""
    shown = Document((Text("x"),), buttons=(Button(name, name),))
    [message] = document_messages(shown, run=run)
    posted = await place.client.web.post(place.channel.id, message, thread=question.ts)
    answer = await place.server.click(place.ada, place.channel, posted.ts, name)
    assert answer.acknowledged


async def form(place: Place) -> tuple[Message, str, View]:
    question, run = await answered(place)
    await pressed(place, question, run, "follow")
    await place.server.wait_for(lambda: place.server.open_views)
    return question, run, place.server.open_views[-1]


async def test_a_follow_up_is_written_in_a_form_and_asked_before_everybody(
    place: Place, provider: FakeProvider
) -> None:
    question, run, view = await form(place)
    assert len(view.body["title"]["text"]) <= 24
    answer = await place.server.submit_view(place.ada, view, {"text": "And <!channel> at night?"})
    assert answer.action == "close"
    posted = await place.said(place.channel, "*ada asks:*", question.ts)
    assert "And &lt;!channel&gt; at night?" in posted.text
    await place.delivered()
    first, second = await cases(place)
    assert (first.id, second.question.text) == (run, "And <!channel> at night?")
    assert second.thread == question.ts
    assert [ping.target for ping in place.server.pings] == [place.ada.id] * 2


async def test_one_member_alone_can_be_asked(place: Place, provider: FakeProvider) -> None:
    _, _, view = await form(place)
    before = len(provider.requests)
    await place.server.submit_view(place.ada, view, {"text": "Sure?", "whom": "A"})
    await place.delivered()
    assert len(provider.requests) - before == 1


async def test_what_is_refused_is_said_in_the_form(place: Place, provider: FakeProvider) -> None:
    _, _, view = await form(place)
    await place.app.command(await place.client.place(place.channel.id), BOSS, "pause")
    before = len(provider.requests)
    answer = await place.server.submit_view(place.ada, view, {"text": "And then?"})
    assert answer.action == "errors"
    assert "paused" in view.errors["text"]
    assert "`" not in view.errors["text"]
    assert view.open
    assert len(provider.requests) == before


async def test_a_question_without_words_is_refused_in_the_form(
    place: Place, provider: FakeProvider
) -> None:
    _, _, view = await form(place)
    before = len(provider.requests)
    await place.server.submit_view(place.ada, view, {"text": " \u200b "})
    assert "question" in view.errors["text"]
    assert len(provider.requests) == before


async def test_a_form_whose_sender_slack_does_not_name_says_why(place: Place) -> None:
    _, _, view = await form(place)
    place.server.refuse("users.info", "invalid_auth")
    await place.server.submit_view(place.ada, view, {"text": "And then?"})
    assert "token" in view.errors["text"]


@pytest.mark.parametrize("name", ["follow", "form:criteria"])
async def test_a_form_sent_from_outside_of_its_private_channel_changes_nothing(
    place: Place, provider: FakeProvider, name: str
) -> None:
    place.channel = place.server.create_channel(
        "secret", place.ada, kind="private", creator=place.ada
    )
    question, run = await answered(place)
    await pressed(place, question, run, name)
    await place.server.wait_for(lambda: place.server.open_views)
    view, requests = place.server.open_views[-1], len(provider.requests)

    place.server.remove(place.channel, place.ada)
    values = {"text": "And then?"} if name == "follow" else {"criteria": "Mine"}
    await place.server.submit_view(place.ada, view, values)

    assert "cannot see the channel" in " ".join(view.errors.values())
    assert len(provider.requests) == requests
    here = await place.client.place(place.channel.id)
    assert not (await place.app.settings(here)).criteria
    place.server.invite(place.channel, place.ada)
    await place.server.submit_view(place.ada, view, values)
    assert not view.open


@pytest.mark.parametrize("scope", ["groups:read", "channels:read"])
async def test_a_form_is_taken_where_slack_does_not_say_who_is_where(
    place: Place, scope: str
) -> None:
    kind: ChannelKind = "private" if scope == "groups:read" else "public"
    place.channel = place.server.create_channel("other", place.ada, kind=kind)
    _, _, view = await form(place)
    place.server.withdraw(scope)
    await place.server.submit_view(place.ada, view, {"text": "And then?"})
    assert not view.open


async def test_a_form_that_does_not_open_is_told(place: Place) -> None:
    question, run = await answered(place)
    place.server.refuse("views.open", "expired_trigger_id")
    await pressed(place, question, run, "follow")
    await place.whispered("Press once more")


async def test_the_same_can_be_asked_again(place: Place) -> None:
    question, run = await answered(place)
    await pressed(place, question, run, "again")
    await place.said(place.channel, "asks again", question.ts)
    await place.delivered()
    assert [case.question.text for case in await cases(place)] == ["Why is the sky blue?"] * 2


async def test_the_transcript_is_a_file_in_direct_messages(place: Place) -> None:
    question, run = await answered(place)
    await pressed(place, question, run, "transcript")
    await place.whispered("in our direct messages")
    [message] = place.server.said(place.server.direct(place.ada))
    [file] = message.files
    assert file.name == f"{run}-transcript.md"
    assert b"Why is the sky blue?" in (file.content or b"")


async def test_without_the_right_to_files_the_transcript_is_whispered(place: Place) -> None:
    question, run = await answered(place)
    place.server.withdraw("files:write")
    await pressed(place, question, run, "transcript")
    assert "Why is the sky blue?" in await place.whispered("files:write")


async def test_the_council_can_be_looked_at_and_changed_from_below_a_post(place: Place) -> None:
    question, run = await answered(place)
    place.ada.admin = True
    await pressed(place, question, run, "check")
    await place.whispered("This channel's council")
    [page] = place.server.ephemerals
    await place.server.click(place.ada, place.channel, page.ts, "members:remove:lab/c")
    await place.server.wait_for(lambda: "members" in page.text and "lab/c" not in page.text)


async def test_a_paused_council_is_resumed_by_those_who_may(place: Place) -> None:
    question, _ = await answered(place)
    here = await place.client.place(place.channel.id)
    await place.app.command(here, BOSS, "pause")
    await pressed(place, question, "-", "resume")
    await place.whispered("Only administrators")
    assert (await place.app.settings(here)).paused
    place.ada.admin = True
    await pressed(place, question, "-", "resume")
    await place.server.wait_for(
        lambda: any("answers here" in m.text for m in place.server.said(place.channel, question.ts))
    )
    assert not (await place.app.settings(here)).paused


# Whoever left


async def a_page(place: Place) -> str:
    """One with a button that belongs to no run."""
    shown = Document((Text("x"),), buttons=(Button("settings:all", "x"),))
    [message] = document_messages(shown)
    return (await place.client.web.post(place.channel.id, message)).ts


@pytest.mark.parametrize("kind", ["private", "public"])
async def test_a_crowd_of_clicks_asks_slack_once_who_sees_the_channel(
    server: SlackServer, kind: ChannelKind
) -> None:
    async with Place(server, time_scale=1).online() as place:
        place.channel = server.create_channel("other", place.ada, kind=kind)
        crowd = [server.create_user(f"one{n}", place.channel) for n in range(30)]
        shown = Document((Text("x"),), buttons=(Button("reveal", "x"),))
        [message] = document_messages(shown, run="forgotten")
        post = await place.client.web.post(place.channel.id, message)
        for person in crowd:
            await server.click(person, place.channel, post.ts, "reveal")
        await server.wait_for(lambda: len(server.ephemerals) == len(crowd))
        assert {each.text for each in server.ephemerals} == {str(FORGOTTEN)}
        assert len(server.called("conversations.info")) == 1
        assert len(server.called("conversations.members")) == (kind == "private")


async def test_who_left_a_private_channel_presses_nothing_once_that_is_known(
    place: Place,
) -> None:
    place.channel = place.server.create_channel("secret", place.ada, kind="private")
    page = await a_page(place)
    await place.server.click(place.ada, place.channel, page, "settings:all")
    await place.whispered("All settings")
    place.server.remove(place.channel, place.ada)

    async def refused() -> bool:
        before = len(place.server.ephemerals)
        await place.server.click_left_open(place.ada, place.channel, page, "settings:all")
        await place.server.wait_for(lambda: len(place.server.ephemerals) > before)
        return "cannot see the channel" in place.server.ephemerals[-1].text

    await eventually(refused)
    place.server.invite(place.channel, place.ada)
    before = len(place.server.ephemerals)
    await place.server.click(place.ada, place.channel, page, "settings:all")
    await place.server.wait_for(lambda: len(place.server.ephemerals) > before)
    assert "All settings" in place.server.ephemerals[-1].text


async def test_a_button_is_heard_where_slack_does_not_say_who_is_where(place: Place) -> None:
    place.channel = place.server.create_channel("secret", place.ada, kind="private")
    page = await a_page(place)
    place.server.withdraw("groups:read")
    await place.server.click(place.ada, place.channel, page, "settings:all")
    await place.whispered("All settings")


async def test_a_button_whose_presser_slack_does_not_place_says_why(place: Place) -> None:
    page = await a_page(place)
    place.server.refuse("conversations.info", "invalid_auth")
    await place.server.click(place.ada, place.channel, page, "settings:all")
    await place.whispered("token")
