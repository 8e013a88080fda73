"""Buttons under the posts: what a click shows, to whom, and that it works for years."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from discord import Permissions

from adapters.discord.pages import offer_view
from bot.chat import Channel as Place
from bot.chat import Person
from bot.document import Document, Text
from bot.errors import ModelFailed, StoreFailed
from tests.adapters.discord.test_render import is_within
from tests.adapters.discord.test_reply import LIVE, emoji, long_answer, long_winded
from tests.fakes.council import running_app
from tests.fakes.discord.components import walk
from tests.fakes.discord.interactions import Interaction
from tests.fakes.discord_server import ChannelType, Message
from tests.fakes.discord_thread import Stage, buttons, stage
from tests.fakes.provider import FakeProvider, wordy
from tests.fakes.watched import eventually

FORGOTTEN = "This deliberation is no longer stored."


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    async with stage() as scene:
        yield scene


async def press(scene: Stage, post: Message, label: str, user: Any = None) -> Interaction:
    [custom_id] = [id for id, shown in buttons(post).items() if shown == label]
    return await scene.server.click(user or scene.ada, post, custom_id)


async def read_all(scene: Stage, post: Message, label: str) -> str:
    """Everything that turning the pages shows."""
    clicked = await press(scene, post, label)
    texts = [clicked.text]
    while clicked.original and "Next" in buttons(clicked.original).values():
        clicked = await press(scene, clicked.original, "Next")
        texts.append(clicked.text)
    return "\n".join(texts)


def answer_post(posts: list[Message], label: str = "B") -> Message:
    return next(
        post for post in posts if post.text.startswith((f"**{label} · ", f"**{label}** · "))
    )


# Reading


async def test_read_shows_the_whole_answer_to_the_clicker_alone(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    clicked = await press(scene, answer_post(posts), "Read")
    assert clicked.text.startswith("### Answer B\nThe answer from seat ")
    assert clicked.ephemeral


async def test_two_people_read_different_answers(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    bob = scene.server.create_user("Bob", scene.guild)
    before = [post.frames for post in posts]
    first = await press(scene, answer_post(posts, "A"), "Read")
    second = await press(scene, answer_post(posts, "C"), "Read", bob)
    assert (first.text[:13], second.text[:13]) == ("### Answer A\n", "### Answer C\n")
    assert [post.frames for post in posts] == before


async def test_details_show_how_the_ranking_came_about(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    clicked = await press(scene, posts[-1], "How they ranked")
    assert clicked.text.startswith("### Ranking: A, then B, C\n")
    assert "- Reviewer A: A › B › C" in clicked.text
    assert "7 calls." in clicked.text
    assert clicked.ephemeral


async def test_every_page_of_a_long_answer_and_verdict_can_be_read() -> None:
    async with stage(FakeProvider(otherwise=long_winded)) as scene:
        _, posts = await scene.deliberated()
        answer = await read_all(scene, answer_post(posts), "Read")
        verdict = await read_all(scene, posts[0], "Read more")
        assert any(is_within(long_answer(seat), answer) for seat in (0, 1, 2))
        assert is_within(long_answer(9), verdict)
        assert scene.server.rejections == []


async def test_a_page_leads_back(scene: Stage) -> None:
    async with stage(FakeProvider(otherwise=long_winded)) as scene:
        _, posts = await scene.deliberated()
        first = await press(scene, posts[0], "Read more")
        assert first.original is not None
        text = first.text
        second = await press(scene, first.original, "Next")
        assert second.original is first.original
        assert second.text != text
        assert (await press(scene, second.original, "Prev")).text == text


async def test_read_more_of_a_draft_asks_for_patience(scene: Stage) -> None:
    case = await scene.case()
    draft = Document((Text("A sentence. " * 500),), state="live")
    await scene.host.reply(case).show("headline", draft)
    clicked = await press(scene, scene.posts()[0], "Read more")
    assert clicked.text == "The verdict is still being written."


async def test_an_answer_can_be_read_while_the_others_are_awaited() -> None:
    waiting = asyncio.Event()
    async with stage(FakeProvider({("answer", 2): [waiting]}, otherwise=wordy)) as scene:
        _, mention = scene.question()
        await scene.app.questions.accept(mention)
        readable: list[Message] = []

        def is_readable() -> bool:
            posts = scene.posts() if scene.server.threads(scene.channel) else []
            readable[:] = [post for post in posts if "Read" in buttons(post).values()]
            return bool(readable)

        await scene.server.wait_for(is_readable)
        clicked = await press(scene, readable[0], "Read")
        assert "The answer from seat" in clicked.text
        waiting.set()


# Beside an opened answer


async def opened(scene: Stage, posts: list[Message], label: str = "B") -> Message:
    """The private page of an answer."""
    clicked = await press(scene, answer_post(posts, label), "Read")
    assert clicked.original
    return clicked.original


async def test_one_goes_on_from_answer_to_answer_on_one_page(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    page = await opened(scene, posts)
    assert list(buttons(page).values()) == [
        "👍",
        "👎",
        "🏆",
        "◀ A",
        "C ▶",
        "Ask only B",
    ]
    await press(scene, page, "C ▶")
    assert page.text.startswith("### Answer C\n")
    assert list(buttons(page).values()) == ["👍", "👎", "🏆", "◀ B", "Ask only C"]
    await press(scene, page, "◀ B")
    assert page.text.startswith("### Answer B\n")


async def test_what_stands_in_no_row_is_behind_a_button() -> None:
    refused = ModelFailed("refused", "it will not do that.")
    async with stage(FakeProvider({("answer", 1): [refused]}, otherwise=wordy)) as scene:
        _, posts = await scene.deliberated()
        page = (await press(scene, posts[0], "⋯")).original
        assert page
        assert list(buttons(page).values()) == ["Ask again", "Follow up", "Names", "Transcript"]
        asked = await press(scene, page, "Names")
        assert asked.original
        assert "Vote first" in buttons(asked.original).values()


async def test_a_member_without_an_answer_is_passed_over() -> None:
    refused = ModelFailed("refused", "it will not do that.")
    async with stage(FakeProvider({("answer", 1): [refused]}, otherwise=wordy)) as scene:
        _, posts = await scene.deliberated()
        answers = [post for post in posts if any(":read:answer" in id for id in buttons(post))]
        first, last = sorted(answers, key=lambda post: post.text)
        page = (await press(scene, first, "Read")).original
        assert page
        [onward] = [label for label in buttons(page).values() if "▶" in label or "◀" in label]
        await press(scene, page, onward)
        assert page.text.removeprefix("### Answer ")[0] == last.text[2]


async def test_one_votes_where_one_reads(scene: Stage) -> None:
    run, posts = await scene.deliberated()
    page = await opened(scene, posts)
    clicked = await press(scene, page, "👍")
    assert clicked.original is page
    assert page.text.endswith("\n-# Your vote: 👍")
    await press(scene, page, "🏆")
    assert page.text.endswith("\n-# Your vote: 🏆")
    assert await votes(scene, run) == [("B", "accept"), ("B", "best")]
    await press(scene, page, "🏆")
    await press(scene, page, "👍")
    assert "Your vote" not in page.text
    assert await votes(scene, run) == []


async def test_a_vote_by_button_outlives_what_is_read_of_the_reactions(scene: Stage) -> None:
    run, posts = await scene.deliberated()
    page = await opened(scene, posts)
    await press(scene, page, "👎")
    answer = answer_post(posts)
    await scene.app.voting.reconcile("discord", f"{answer.channel.id}/{answer.id}", set())
    assert await votes(scene, run) == [("B", "reject")]


async def test_a_vote_that_a_reaction_gave_is_taken_back_as_a_reaction(scene: Stage) -> None:
    run, posts = await scene.deliberated()
    answer = answer_post(posts)
    post_id = f"{answer.channel.id}/{answer.id}"
    assert await scene.app.voting.react("discord", post_id, Person(str(scene.ada.id)), "👍")
    page = await opened(scene, posts)
    assert page.text.endswith("\n-# Your vote: 👍")
    refused = await press(scene, page, "👍")
    assert refused.text.startswith("You gave this vote with a reaction.")
    assert await votes(scene, run) == [("B", "accept")]


async def test_others_votes_are_nobodys_business(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    await press(scene, await opened(scene, posts), "👍")
    bob = scene.server.create_user("Bob", scene.guild)
    clicked = await press(scene, answer_post(posts), "Read", bob)
    assert "Your vote" not in clicked.text


async def test_a_vote_on_a_long_answer_stays_on_its_page() -> None:
    async with stage(FakeProvider(otherwise=long_winded)) as scene:
        _, posts = await scene.deliberated()
        page = await opened(scene, posts)
        await press(scene, page, "Next")
        text = page.text
        await press(scene, page, "👍")
        assert page.text == f"{text}\n-# Your vote: 👍"
        assert scene.server.rejections == []


# For years


async def test_a_button_works_after_a_restart(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    await scene.restart()
    clicked = await press(scene, answer_post(posts), "Read")
    assert "The answer from seat" in clicked.text


async def test_no_view_is_kept_for_a_button(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    await press(scene, answer_post(posts), "Read")
    await press(scene, posts[0], "Names")
    assert scene.host.persistent_views == []


async def test_a_run_that_is_no_longer_stored_is_told(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    async with running_app(FakeProvider()) as other:
        scene.host.app = other
        clicked = await press(scene, answer_post(posts), "Read")
    assert clicked.text.startswith(FORGOTTEN)
    assert clicked.ephemeral


async def test_a_button_of_another_version_is_told(scene: Stage) -> None:
    case = await scene.case()
    await scene.host.reply(case).show("headline", LIVE)
    [post] = scene.posts()
    rename(post, f"c1:{case.id}:stop", f"c1:{case.id}:dance:twice")
    clicked = await scene.server.click(scene.ada, post, f"c1:{case.id}:dance:twice")
    assert clicked.text.startswith("This button is from another version")


def rename(post: Message, old: str, new: str) -> None:
    for component in walk(post.components):
        if component.get("custom_id") == old:
            component["custom_id"] = new


async def test_somebody_who_is_not_where_the_run_is_reads_nothing(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    elsewhere = scene.server.create_channel(scene.guild, "elsewhere")
    case = await scene.case(elsewhere)
    await scene.host.reply(case).show("headline", LIVE)
    [thread] = scene.server.threads(elsewhere)
    [post] = scene.server.said(thread)
    [read] = [id for id in buttons(answer_post(posts)) if ":read:" in id]
    rename(post, f"c1:{case.id}:stop", read)
    clicked = await scene.server.click(scene.ada, post, read)
    assert clicked.text == "You cannot see the channel that this belongs to."


async def test_what_was_asked_in_a_private_thread_is_read_there_alone(scene: Stage) -> None:
    server = scene.server
    secret = server.world.open_thread(
        scene.channel, scene.ada, "secret", ChannelType.PRIVATE_THREAD, server.world.new_id()
    )
    secret.thread_members.add(server.bot.id)
    _, asked = scene.question(secret, kind="here")
    await scene.app.questions.accept(replace(asked, thread=str(secret.id)))
    await scene.all_finished()
    read = next(id for post in server.said(secret) for id in buttons(post) if ":read:" in id)
    [there] = [post for post in server.said(secret) if read in buttons(post)]
    _, posts = await scene.deliberated()
    [open_read] = [id for id in buttons(answer_post(posts)) if ":read:" in id]
    rename(answer_post(posts), open_read, read)

    clicked = await server.click(scene.ada, answer_post(posts), read)

    assert clicked.text == "You cannot see the channel that this belongs to."
    assert "The answer from seat" in (await server.click(scene.ada, there, read)).text


@pytest.mark.parametrize("committed", [False, True])
async def test_a_lost_acknowledgement_shows_the_answer_once(
    scene: Stage, committed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    _, posts = await scene.deliberated()
    scene.server.cut("POST", "/callback", committed=committed)
    clicked = await press(scene, answer_post(posts), "Read")
    assert "The answer from seat" in clicked.text
    assert clicked.followups == []
    await scene.server.wait_for(lambda: len(scene.server.sent("POST", "/callback")) == 2)
    await press(scene, posts[-1], "How they ranked")  # by then the first click is dealt with
    assert caplog.records == []


async def test_in_direct_messages_buttons_work(scene: Stage) -> None:
    direct = scene.server.direct(scene.ada)
    scene.app.admission.allowed = frozenset({str(scene.ada.id)})
    _, posts = await scene.deliberated(direct, kind="direct")
    clicked = await press(scene, answer_post(posts), "Read")
    assert "The answer from seat" in clicked.text


# Stopping


async def running(scene: Stage) -> Message:
    """The headline of a deliberation that waits for an answer."""
    _, mention = scene.question()
    await scene.app.questions.accept(mention)
    await scene.server.wait_for(
        lambda: scene.server.threads(scene.channel) and len(scene.posts()) == 3
    )
    return scene.posts()[0]


@pytest.fixture
async def stuck() -> AsyncIterator[Stage]:
    async with stage(FakeProvider({("answer", 2): [asyncio.Event()]})) as scene:
        yield scene


async def test_the_asker_can_stop_a_run(stuck: Stage) -> None:
    headline = await running(stuck)
    clicked = await press(stuck, headline, "Stop")
    assert clicked.text == "Stopping. What is finished stays."
    await stuck.server.wait_for(lambda: headline.text.startswith("## Stopped"))
    assert list(buttons(headline).values()) == ["Go on", "Ask again"]


async def test_others_cannot_stop_a_run(stuck: Stage) -> None:
    headline = await running(stuck)
    bob = stuck.server.create_user("Bob", stuck.guild)
    clicked = await press(stuck, headline, "Stop", bob)
    assert clicked.text.startswith("Only the person who asked")


async def test_who_manages_the_server_can_stop_a_run(stuck: Stage) -> None:
    headline = await running(stuck)
    bob = stuck.server.create_user("Bob", stuck.guild)
    stuck.server.create_role(stuck.guild, "admins", Permissions(manage_guild=True), bob)
    clicked = await press(stuck, headline, "Stop", bob)
    assert clicked.text == "Stopping. What is finished stays."


# Names


async def test_who_has_not_voted_is_asked_before_names_are_shown(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    asked = await press(scene, posts[0], "Names")
    assert "lab/" not in asked.text
    assert asked.original is not None
    assert list(buttons(asked.original).values()) == [
        "Show names (my votes here stop counting)",
        "Vote first",
    ]


async def test_names_can_be_shown_without_a_vote(scene: Stage) -> None:
    run, posts = await scene.deliberated()
    asked = await press(scene, posts[0], "Names")
    assert asked.original is not None
    shown = await press(scene, asked.original, "Show names (my votes here stop counting)")
    assert "was written by" in shown.text
    assert shown.ephemeral
    assert await scene.app.store.revealed(run, str(scene.ada.id))


async def test_voting_first_reveals_nothing_yet(scene: Stage) -> None:
    run, posts = await scene.deliberated()
    asked = await press(scene, posts[0], "Names")
    assert asked.original is not None
    later = await press(scene, asked.original, "Vote first")
    assert later.text.startswith("Vote on the answers, then press *Names* again.")
    assert buttons(asked.original) == {}
    assert not await scene.app.store.revealed(run, str(scene.ada.id))


async def test_who_has_voted_sees_the_names_at_once(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    answer = answer_post(posts)
    post_id = f"{answer.channel.id}/{answer.id}"
    assert await scene.app.voting.react("discord", post_id, Person(str(scene.ada.id)), "👍")
    shown = await press(scene, posts[0], "Names")
    assert "was written by" in shown.text


# Votes


async def votes(scene: Stage, run: str) -> list[tuple[str, str]]:
    return [(each.target, each.value) for each in await scene.app.store.reactions(run)]


async def test_a_vote_button_votes_and_takes_the_vote_back(scene: Stage) -> None:
    await scene.restrict("add_reactions")
    run, posts = await scene.deliberated()
    given = await press(scene, answer_post(posts), "Best")
    assert given.text == "Your vote is recorded: 🏆 on B. Press again to undo."
    assert await votes(scene, run) == [("B", "best")]
    taken = await press(scene, answer_post(posts), "Best")
    assert taken.text == "Your vote is taken back: 🏆 on B."
    assert await votes(scene, run) == []


async def test_the_verdict_and_the_ranking_have_vote_buttons_of_their_own(scene: Stage) -> None:
    await scene.restrict("add_reactions")
    run, posts = await scene.deliberated()
    first = await press(scene, posts[0], "Not")
    second = await press(scene, posts[-1], "None of these")
    assert first.text.startswith("Your vote is recorded: 👎 on the verdict.")
    assert second.text.startswith("Your vote is recorded: 🚫 on ranking.")
    assert await votes(scene, run) == [("verdict", "reject"), ("none", "none")]
    assert emoji(posts[0]) == []


# Going on


async def offer(scene: Stage, text: str, label: str | None) -> tuple[str, Message]:
    """A person's reply to an answer, and the offer under it."""
    run, posts = await scene.deliberated()
    reply = scene.server.reply(answer_post(posts), scene.ada, text)
    place = Place("discord", str(scene.guild.id), str(scene.channel.id))
    offered = await scene.app.actions.offered(place, run, label)
    page = offer_view(offered, reply.id)
    sent = await scene.host.send(scene.thread().id, page, nonce="offer", reference=reply.id)
    return run, scene.server.world.messages[sent.id]


def asked(scene: Stage) -> list[str]:
    """The questions that members were asked, without the first."""
    assert isinstance(scene.app.provider, FakeProvider)
    requests = scene.app.provider.asked("answer")[3:]
    return [request.messages[-1].content for request in requests]


async def test_an_offer_puts_the_reply_to_the_council(scene: Stage) -> None:
    _, post = await offer(scene, "And at night?", None)
    clicked = await press(scene, post, "Ask the council (price unknown)")
    assert post.text == "The question was put to the council."
    assert clicked.original is post
    await scene.all_finished()
    assert len(asked(scene)) == 3
    assert all("And at night?" in question for question in asked(scene))


async def test_an_offer_can_ask_one_member_alone(scene: Stage) -> None:
    _, post = await offer(scene, "And at night?", "B")
    await press(scene, post, "Ask only B (price unknown)")
    await scene.all_finished()
    assert len(asked(scene)) == 1


async def test_an_offer_is_taken_up_once(scene: Stage) -> None:
    _, post = await offer(scene, "And at night?", None)
    [custom_id] = buttons(post)
    bob = scene.server.create_user("Bob", scene.guild)
    async with asyncio.TaskGroup() as at_once:
        at_once.create_task(scene.server.click(bob, post, custom_id))
        at_once.create_task(scene.server.click(scene.ada, post, custom_id))
    await scene.all_finished()
    assert len(asked(scene)) == 3


async def test_an_offer_about_a_deleted_reply_says_so(scene: Stage) -> None:
    _, post = await offer(scene, "And at night?", None)
    [reply] = [m for m in scene.server.messages(scene.thread()) if m.content == "And at night?"]
    scene.server.delete_message(reply)
    clicked = await press(scene, post, "Ask the council (price unknown)")
    assert clicked.text == "The message to answer is gone, or hidden from the bot."
    assert clicked.ephemeral


async def test_an_offer_about_hidden_text_gives_a_hint(scene: Stage) -> None:
    _, post = await offer(scene, "And at night?", None)
    [reply] = [m for m in scene.server.messages(scene.thread()) if m.content == "And at night?"]
    reply.content = ""
    clicked = await press(scene, post, "Ask the council (price unknown)")
    assert clicked.text.startswith("Discord hides the text")


async def test_an_offer_in_a_thread_that_is_locked_by_now_pays_nothing(scene: Stage) -> None:
    _, post = await offer(scene, "And at night?", None)
    scene.server.lock(scene.thread())
    clicked = await press(scene, post, "Ask the council (price unknown)")
    assert "This thread is locked" in clicked.text
    assert clicked.ephemeral
    await scene.all_finished()
    assert asked(scene) == []


async def test_an_offer_that_is_refused_says_why(scene: Stage) -> None:
    _, post = await offer(scene, "And at night?", None)
    scene.app.admission.allowed = frozenset({"nobody"})
    clicked = await press(scene, post, "Ask the council (price unknown)")
    assert clicked.text.startswith("The council is not enabled here.")
    assert "Ask the council (price unknown)" in buttons(post).values()


# Where it may not be used


LABELS = {"Read": 1, "How they ranked": -1, "Names": 0}


@pytest.mark.parametrize("label", LABELS)
async def test_a_button_in_a_server_that_is_no_longer_allowed_is_refused(
    scene: Stage, label: str
) -> None:
    _, posts = await scene.deliberated()
    scene.app.admission.allowed = frozenset({"somewhere else"})
    clicked = await press(scene, posts[LABELS[label]], label)
    assert clicked.text.startswith("The council is not enabled here.")
    assert clicked.ephemeral


async def test_a_vote_by_button_in_a_server_that_is_no_longer_allowed_is_refused(
    scene: Stage,
) -> None:
    await scene.restrict("add_reactions")
    run, posts = await scene.deliberated()
    scene.app.admission.allowed = frozenset({"somewhere else"})
    clicked = await press(scene, answer_post(posts), "Best")
    assert clicked.text.startswith("The council is not enabled here.")
    assert await scene.app.store.reactions(run) == ()


async def test_anybody_may_read_what_somebody_listed_asked(scene: Stage) -> None:
    scene.app.admission.allowed = frozenset({str(scene.ada.id)})
    _, posts = await scene.deliberated()
    bob = scene.server.create_user("Bob", scene.guild)
    clicked = await press(scene, answer_post(posts), "Read", bob)
    assert "The answer from seat" in clicked.text


async def test_a_run_can_be_stopped_where_the_council_is_no_longer_allowed() -> None:
    provider = FakeProvider({("answer", 1): [asyncio.Event()]})
    async with stage(provider) as scene:
        _, mention = scene.question()
        await scene.app.questions.accept(mention)
        headline = await scene.server.wait_for(
            lambda: scene.server.threads(scene.channel) and scene.posts() and scene.posts()[0]
        )
        assert headline
        scene.app.admission.allowed = frozenset({"somewhere else"})
        assert "Stopping" in (await press(scene, headline, "Stop")).text
        await scene.all_finished()


# Delivered too late


@pytest.mark.parametrize("label", LABELS)
async def test_a_click_that_comes_too_late_takes_a_line(
    scene: Stage, caplog: pytest.LogCaptureFixture, label: str
) -> None:
    _, posts = await scene.deliberated()
    scene.server.interactions.late_seconds = 5
    index = LABELS[label]
    [custom_id] = [id for id, shown in buttons(posts[index]).items() if shown == label]
    await scene.server.click(scene.ada, posts[index], custom_id, timeout_seconds=0.01)
    scene.server.interactions.late_seconds = 0

    async def logged() -> list[logging.LogRecord]:
        return caplog.records

    await eventually(logged)
    await press(scene, posts[1], "Read")
    [record] = caplog.records
    assert "10062" in record.getMessage()
    assert record.exc_info is None


@pytest.mark.parametrize("error", [StoreFailed("/home/me/council.db is full"), ZeroDivisionError()])
async def test_a_click_that_fails_is_not_met_with_silence(
    scene: Stage, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    _, posts = await scene.deliberated()

    async def failing(id: str) -> None:
        raise error

    scene.app.store.case = failing  # type: ignore[method-assign]
    clicked = await press(scene, posts[1], "Read")
    assert clicked.text == "Something went wrong here. It has been logged."
    assert clicked.ephemeral
    [record] = caplog.records
    assert bool(record.exc_info) is isinstance(error, ZeroDivisionError)


# One member alone


async def test_an_opened_answer_leads_to_a_form_that_offers_its_author_first(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    opened = await press(scene, answer_post(posts), "Read")
    assert opened.original
    form = await press(scene, opened.original, "Ask only B")
    assert form.modal
    _text, whom = [label["component"] for label in form.modal["components"]]
    assert [option["value"] for option in whom["options"]] == ["B", "council", "A", "C"]

    await scene.server.submit_modal(form, {"text": "And at night?", "whom": ["B"]})
    await scene.all_finished()

    assert len(asked(scene)) == 1
    assert scene.posts()[-2].text.startswith("**2B · The answer from seat")
