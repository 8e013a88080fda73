"""What stands behind the buttons of a finished thread: a follow-up's form, the transcript, once more."""

from collections.abc import AsyncIterator

import pytest
from discord import Permissions

from adapters.discord.page import Page, Row, button, custom_id
from tests.adapters.discord.test_reply import long_answer, long_winded, quoted
from tests.fakes.discord.components import walk
from tests.fakes.discord.interactions import Interaction
from tests.fakes.discord_server import Impossible, Message
from tests.fakes.discord_thread import Stage, stage
from tests.fakes.provider import FakeProvider


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    async with stage() as scene:
        yield scene


async def press(scene: Stage, run: str, name: str) -> Interaction:
    """A button of this name in the run's thread, pressed."""
    page = Page(Row(button(name, custom_id(run, name))))
    sent = await scene.host.send(scene.thread().id, page, nonce=f"{run[:8]}{name}")
    return await scene.server.click(scene.ada, sent.id, custom_id(run, name))


def asked(scene: Stage) -> list[str]:
    """The questions that members were asked, without the first."""
    assert isinstance(scene.app.provider, FakeProvider)
    return [each.messages[-1].content for each in scene.app.provider.asked("answer")[3:]]


async def posts_after(scene: Stage, words: str) -> list[Message]:
    """The bot's posts in the thread, from the one that says this on, once all is done."""
    await scene.all_finished()
    said = scene.posts()
    [first] = [n for n, post in enumerate(said) if words in post.text]
    return said[first:]


# A follow-up


async def test_a_follow_up_is_written_in_a_form_that_says_whom_it_goes_to(scene: Stage) -> None:
    run, _ = await scene.deliberated()
    opened = await press(scene, run, "follow")
    assert opened.modal
    assert opened.modal["title"] == "Ask a follow-up"
    text, whom = [label["component"] for label in opened.modal["components"]]
    assert (text["style"], text["required"], whom["required"]) == (2, True, True)
    assert [option["value"] for option in whom["options"]] == ["council", "A", "B", "C"]
    assert [bool(option.get("default")) for option in whom["options"]] == [True] + [False] * 3


async def test_a_follow_up_is_posted_and_answered_in_the_thread(scene: Stage) -> None:
    run, _ = await scene.deliberated()
    opened = await press(scene, run, "follow")
    sent = await scene.server.submit_modal(opened, {"text": "And *at night*?"})
    assert (sent.text, sent.ephemeral) == ("The question was put to the council.", True)
    question, headline, *answers, ranking = await posts_after(scene, "asks:")
    assert question.text == "**Somebody asks:**\n\nAnd *at night*?"
    assert headline.text.startswith(("**Yes.**", "## Yes."))
    assert len(answers) == 3
    assert ranking.content.startswith(f"<@{scene.ada.id}> **Yes.**")
    assert all("And *at night*?" in each for each in asked(scene))
    assert scene.server.rejections == []


async def test_a_follow_up_can_go_to_one_alone(scene: Stage) -> None:
    run, _ = await scene.deliberated()
    opened = await press(scene, run, "follow")
    await scene.server.submit_modal(opened, {"text": "Why so?", "whom": ["B"]})
    await scene.all_finished()
    assert len(asked(scene)) == 1


async def test_an_empty_form_cannot_be_sent_off(scene: Stage) -> None:
    run, _ = await scene.deliberated()
    opened = await press(scene, run, "follow")
    with pytest.raises(Impossible):
        await scene.server.submit_modal(opened, {"text": ""})


async def test_words_of_a_form_that_is_refused_are_handed_back(scene: Stage) -> None:
    run, _ = await scene.deliberated()
    opened = await press(scene, run, "follow")
    scene.app.admission.allowed = frozenset({"nobody"})
    sent = await scene.server.submit_modal(opened, {"text": "And\nat night?"})
    assert sent.text.startswith("The council is not enabled here.")
    assert sent.text.endswith("-# You wrote:\n> And\n> at night?")
    assert sent.ephemeral


async def test_in_a_locked_thread_nothing_is_asked(scene: Stage) -> None:
    run, _ = await scene.deliberated()
    opened = await press(scene, run, "follow")
    scene.server.lock(scene.thread())
    sent = await scene.server.submit_modal(opened, {"text": "And at night?"})
    assert "This thread is locked" in sent.text
    await scene.all_finished()
    assert asked(scene) == []


async def test_the_same_is_asked_once_more(scene: Stage) -> None:
    run, _ = await scene.deliberated()
    done = await press(scene, run, "again")
    assert done.text == "The question was put to the council."
    assert len(await posts_after(scene, "asks again:")) == 6
    assert len(asked(scene)) == 3


# The transcript


async def test_the_transcript_is_a_file_for_whoever_presses(scene: Stage) -> None:
    run, _ = await scene.deliberated(text="See [your bank](https://evil.example/x)?")
    got = await press(scene, run, "transcript")
    assert got.original
    assert got.ephemeral
    [(name, data)] = got.original.files().items()
    assert name == "transcript.md"
    assert "your bank (https://evil.example/x)" in data.decode()


async def test_long_answers_are_whole_in_the_transcript() -> None:
    async with stage(FakeProvider(otherwise=long_winded)) as scene:
        run, _ = await scene.deliberated()
        got = await press(scene, run, "transcript")
        assert got.original
        text = got.original.files()["transcript.md"].decode()
        assert len(long_answer(0)) > 20_000
        assert all(quoted(long_answer(seat))[2:] in text for seat in (0, 1, 2, 9))


async def test_without_the_right_to_attach_files_it_says_so(scene: Stage) -> None:
    run, _ = await scene.deliberated()
    await scene.restrict("attach_files")
    got = await press(scene, run, "transcript")
    assert "*Attach Files*" in got.text
    assert scene.server.rejections == []


# The channel's


async def test_checking_the_council_shows_its_page(scene: Stage) -> None:
    run, _ = await scene.deliberated()
    rights = Permissions(manage_guild=True)
    scene.server.create_role(scene.guild, "managers", rights, scene.ada)
    shown = await press(scene, run, "check")
    assert shown.original
    ids = [c["custom_id"] for c in walk(shown.original.components) if "custom_id" in c]
    [remove, *_] = [id for id in ids if "remove" in id]
    changed = await scene.server.click(scene.ada, shown.original, remove)
    assert changed.original is shown.original
    assert "is now:" in shown.original.text


async def test_a_pause_ends_where_it_is_told() -> None:
    async with stage() as scene:
        await scene.deliberated()
        rights = Permissions(manage_guild=True)
        scene.server.create_role(scene.guild, "managers", rights, scene.ada)
        place = scene.question()[1].channel
        await scene.app.store.save_settings(
            place.platform,
            place.workspace,
            place.id,
            seen_version=0,
            values={"paused": "on"},
            person="1",
            at=scene.app.now(),
            what="paused",
        )
        done = await press(scene, "-", "resume")
        assert "answers here again" in done.text
        assert not (await scene.app.settings(place)).paused
