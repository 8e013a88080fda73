"""Posts on Slack: that they come once, in time, whole, and whom they notify."""

import asyncio
import logging
import re
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack import render
from adapters.slack.limits import RESERVED_UPDATES, TIER_3, Allowance
from bot.chat import Accepted, Person
from bot.document import Detail, Document, Heading, Letter, Note, Text
from bot.errors import StoreFailed, Undeliverable
from bot.llm import Request as Asked
from bot.records import Case
from tests.adapters.slack.test_mrkdwn import HOSTILE, visible
from tests.adapters.slack.test_render import LONG_ANSWER, letters, shown
from tests.fakes.jumping_clock import jumping_clock
from tests.fakes.provider import FakeProvider, sensible, stage_and_seat
from tests.fakes.slack.mentions import scan
from tests.fakes.slack_server import Message, SlackServer
from tests.fakes.slack_thread import Stage, stage, texts
from tests.fakes.watched import PATIENCE_SECONDS
from tests.world.loop import WorldLoop

LIVE = Document((Heading("The council is deliberating"), Note("Stage 1 of 3")), state="live")
LATER = Document((Heading("The council is deliberating"), Note("Stage 2 of 3")), state="live")
VERDICT = Document((Text("**Yes.**"), Note("👍 good verdict · 👎 not")))
ANSWER = Document(
    (Detail("Answer B · 4 characters", (Text("Yes."),)), Note("👍 good enough")), votable=True
)
RANKING = Document(
    (Text("**Yes.**"), Detail("Ranking", (Note("9 calls"),)), Note("Vote")), votable=True
)
GIANT = Document(
    (Detail("Answer A", (Text("word " * 6_000),)), Note("👍 good enough")), votable=True
)

POST = "chat.postMessage"


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    async with stage() as scene:
        yield scene


@pytest.fixture(autouse=True)
def quiet_retries(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "stamina")


def everything(messages: list[Message]) -> str:
    return shown([message.blocks for message in messages])


def calls(server: SlackServer) -> list[str]:
    return [request.method for request in server.requests]


# The thread


async def test_a_deliberation_is_a_headline_an_answer_each_and_the_ranking(scene: Stage) -> None:
    id, posts = await scene.deliberated()
    keys = [post.key for post in await scene.app.store.posts(id)]
    assert (keys[0], keys[-1]) == ("headline", "ranking")
    assert sorted(keys[1:-1]) == ["answer:A", "answer:B", "answer:C"]
    assert [post.blocks[0]["type"] for post in posts] == [
        "markdown",
        "section",
        "section",
        "section",
        "section",
    ]
    assert scene.server.rejections == []
    assert scene.server.rate_limited == []


async def test_the_headline_is_there_at_once_and_becomes_the_verdict(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    first, *_, last = posts[0].frames
    assert first.blocks[0]["text"].startswith("**Answers 0 of 3** · reviews · verdict")
    assert last.blocks[0] | {"block_id": ""} == {
        "type": "markdown",
        "text": "### Yes.\n\nBecause the answers say so.",
        "block_id": "",
    }


async def test_the_ranking_alone_pings_and_only_the_asker(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    assert [(ping.message, ping.target) for ping in scene.server.pings] == [
        (posts[-1], scene.ada.id)
    ]


async def test_the_ranking_leads_back_to_the_headline(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    address = f"/archives/{scene.channel.id}/p{posts[0].ts.replace('.', '')}"
    assert address in "".join(texts(posts[-1]))
    assert not any(link.disguised for link in scene.server.links)


async def test_letters_of_the_verdict_lead_to_answers(scene: Stage) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    letters = (Letter("A", "answer:A", "A"), Letter("B", "answer:B", "B"))
    verdict = Document((Heading("Yes."), Text("So they say (A, B).")), letters=letters)
    await reply.show("headline", LIVE)
    await reply.show("answer:B", ANSWER)
    await reply.show("headline", verdict)
    headline, answer = scene.said(case)
    assert f"(A, [B]({scene.server.url}/archives/" in headline.blocks[0]["text"]
    assert f"/p{answer.ts.replace('.', '')}?" in headline.blocks[0]["text"]
    assert not any(link.disguised for link in scene.server.links)


async def test_a_verdict_that_was_fast_gets_its_links_with_the_last_answer(scene: Stage) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    letters = (Letter("A", "answer:A", "A"), Letter("B", "answer:B", "B"))
    verdict = Document((Heading("Yes."), Text("So they say (A, B).")), letters=letters)
    await reply.show("headline", verdict)
    await reply.show("answer:B", ANSWER)
    [headline, _] = scene.said(case)
    assert "(A, B)" in headline.blocks[0]["text"]
    await reply.show("answer:A", ANSWER)
    await scene.through()
    assert re.search(r"\(\[A\]\(http.*\), \[B\]\(http", headline.blocks[0]["text"])
    assert len(headline.frames) == 2


async def test_posts_unfurl_nothing_and_say_what_they_are(scene: Stage) -> None:
    case = await scene.case()
    await scene.reply(case).show("answer:B", ANSWER)
    [post] = scene.said(case)
    assert (post.unfurl_links, post.unfurl_media) == (False, False)
    payload = {"run": case.id, "key": "answer:B", "part": 0}
    assert post.metadata == {"event_type": "council_run", "event_payload": payload}


async def test_an_answer_takes_the_place_of_what_told_of_it(scene: Stage) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    await reply.show("answer:B", Document((Note("○ **B** is writing …"),), state="live"))
    [post] = scene.said(case)
    assert [block["type"] for block in post.blocks] == ["context"]
    assert post.reactions == {}
    await reply.show("answer:B", ANSWER)
    [post] = scene.said(case)
    assert [block["type"] for block in post.blocks] == ["container", "context"]
    await scene.through()
    assert set(post.reactions) == {"+1", "-1", "trophy"}
    payload = {"run": case.id, "key": "answer:B", "part": 0}
    assert post.metadata == {"event_type": "council_run", "event_payload": payload}


async def test_a_question_in_a_thread_is_answered_in_that_thread(scene: Stage) -> None:
    root = scene.server.post(scene.channel, scene.ada, "an old story")
    _, posts = await scene.deliberated(thread_ts=root.ts)
    assert {post.thread_ts for post in posts} == {root.ts}
    assert len(posts) == 5


async def test_what_is_shown_already_is_not_sent_again(scene: Stage) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    sent = len(scene.server.requests)
    await reply.show("headline", LIVE)
    await reply.show("headline", LATER)
    assert [r.method for r in scene.server.requests[sent:]] == ["chat.update"]
    assert [len(post.frames) for post in scene.said(case)] == [2]


# Votes


async def test_every_post_offers_what_it_listens_to(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    assert [list(post.reactions) for post in posts] == [
        ["+1", "-1"],
        ["+1", "-1", "trophy"],
        ["+1", "-1", "trophy"],
        ["+1", "-1", "trophy"],
        ["no_entry_sign"],
    ]


async def test_a_headline_under_way_offers_no_vote(scene: Stage) -> None:
    case = await scene.case()
    await scene.reply(case).show("headline", LIVE)
    assert [list(post.reactions) for post in scene.said(case)] == [[]]


async def test_near_the_limit_posts_go_without_emoji(scene: Stage) -> None:
    scene.web.reactions = Allowance(1, 60)
    case = await scene.case()
    await scene.reply(case).show("answer:B", ANSWER)
    await scene.through()
    assert [list(post.reactions) for post in scene.said(case)] == [["+1"]]


async def test_emoji_that_are_there_already_do_no_harm(scene: Stage) -> None:
    case = await scene.case()
    await scene.reply(case).show("answer:B", ANSWER)
    await scene.through()
    await scene.reply(case).show("answer:B", ANSWER)
    await scene.through()
    assert [list(post.reactions) for post in scene.said(case)] == [["+1", "-1", "trophy"]]


# The status


async def test_the_thread_says_that_the_bot_is_busy_until_the_verdict(scene: Stage) -> None:
    case = await scene.case()
    assert case.thread
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    assert scene.server.status(scene.channel, case.thread) == "is deliberating …"
    await reply.show("answer:B", ANSWER)
    assert scene.server.status(scene.channel, case.thread) == "is deliberating …"
    await reply.show("headline", VERDICT)
    assert scene.server.status(scene.channel, case.thread) is None


async def test_the_status_is_renewed_before_it_expires() -> None:
    async with stage(time_scale=0.01) as scene:
        case = await scene.case()
        assert case.thread
        await scene.reply(case).show("headline", LIVE)
        statuses = scene.server.world.statuses[scene.channel.id, case.thread]
        await scene.server.wait_for(lambda: len(statuses) == 2)
        assert [status.ended for status in statuses] == ["replaced", ""]


async def test_a_headline_that_is_refused_leaves_no_status(scene: Stage) -> None:
    case = await scene.case()
    assert case.thread
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    scene.server.refuse("chat.update", "something_new")
    with pytest.raises(Undeliverable):
        await reply.show("headline", VERDICT)
    assert scene.server.status(scene.channel, case.thread) is None


@pytest.mark.parametrize("lost", [True, False])
async def test_where_nothing_may_be_edited_the_verdict_replaces_the_progress(
    scene: Stage, lost: bool
) -> None:
    scene.server.world.edit_window_closed = True
    case = await scene.case()
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    with pytest.raises(Undeliverable, match="edit_window_closed"):
        await reply.show("headline", LATER)
    if lost:
        scene.server.cut(POST, committed=True)
    await reply.show("headline", VERDICT)
    await scene.reply(case).show("headline", VERDICT)
    [post] = scene.said(case)
    assert "Yes." in post.shown


async def test_where_nothing_may_be_edited_no_second_ranking_notifies_the_asker(
    scene: Stage,
) -> None:
    scene.server.world.edit_window_closed = True
    case = await scene.case()
    await scene.reply(case).show("ranking", RANKING, ping=True)
    counted = replace(RANKING, blocks=(*RANKING.blocks, Note("👍 1")))
    await scene.reply(case).show("ranking", counted, ping=True)
    assert len(scene.said(case)) == 1
    assert [ping.target for ping in scene.server.pings] == [case.asker]


async def test_without_a_status_everything_else_works(scene: Stage) -> None:
    scene.server.refuse("assistant.threads.setStatus", "feature_disabled", times=2)
    case = await scene.case()
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    await reply.show("headline", VERDICT)
    assert texts(scene.said(case)[0])[0] == "**Yes.**"


# Once


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("fault", ["cut", "503", "internal_error"])
async def test_a_post_whose_answer_is_lost_comes_once(
    scene: Stage, fault: str, committed: bool
) -> None:
    case = await scene.case()
    match fault:
        case "cut":
            scene.server.cut(POST, committed=committed)
        case "503":
            scene.server.fail(POST, 503, committed=committed)
        case _:
            scene.server.refuse(POST, fault, committed=committed)
    await scene.reply(case).show("answer:B", ANSWER)
    [post] = scene.said(case)
    await scene.through()
    assert list(post.reactions) == ["+1", "-1", "trophy"]
    assert calls(scene.server).count(POST) == (1 if committed else 2)


async def test_answers_lost_several_times_over_make_one_post(scene: Stage) -> None:
    scene.server.cut(POST, times=2)
    scene.server.cut(POST, committed=True)
    scene.server.fail("conversations.replies", 503, times=2)
    case = await scene.case()
    await scene.reply(case).show("answer:B", ANSWER)
    assert len(scene.said(case)) == 1


@pytest.mark.parametrize("document", [VERDICT, GIANT])
async def test_a_post_that_can_be_looked_for_only_later_comes_once(
    scene: Stage, document: Document
) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    scene.server.withdraw("channels:history")
    method = "files.completeUploadExternal" if document is GIANT else POST
    scene.server.cut(method, committed=True)
    for _ in range(2):
        with pytest.raises(Undeliverable, match="channels:history"):
            await reply.show("answer:B", document)
    scene.server.desk.scopes = scene.server.desk.scopes | {"channels:history"}
    await reply.show("answer:B", document)
    assert len(scene.said(case)) == (2 if document is GIANT else 1)


async def test_a_post_that_could_not_be_noted_comes_once(
    scene: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await scene.case()
    reply = scene.reply(case)

    async def full(*arguments: Any) -> None:
        raise StoreFailed("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(scene.app.store, "confirm_post", full)
        with pytest.raises(StoreFailed):
            await reply.show("answer:B", ANSWER)
    await reply.show("answer:B", ANSWER)
    assert len(scene.said(case)) == 1


@pytest.mark.parametrize("committed", [True, False])
async def test_an_update_whose_answer_is_lost_is_made_all_the_same(
    scene: Stage, committed: bool
) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    scene.server.cut("chat.update", committed=committed)
    await reply.show("headline", VERDICT)
    [post] = scene.said(case)
    assert texts(post)[0] == "**Yes.**"


async def killed(scene: Stage, case: Case, key: str, document: Document) -> None:
    """A process that dies when its post is made, before it can say so in the outbox."""
    held = scene.server.hold(POST)
    showing = asyncio.create_task(scene.reply(case).show(key, document))
    await held.reached.wait()
    showing.cancel()
    await asyncio.wait({showing})
    assert held.gate
    held.gate.set()


async def test_a_post_that_a_dead_process_made_is_adopted(scene: Stage) -> None:
    case = await scene.case()
    await killed(scene, case, "headline", LIVE)
    [before] = await scene.app.store.posts(case.id)
    await scene.reply(case).show("headline", LATER)
    [post] = scene.said(case)
    [after] = await scene.app.store.posts(case.id)
    assert (before.post_id, after.post_id) == (None, f"{scene.channel.id}/{post.ts}")
    assert texts(post)[1] == "Stage 2 of 3"


async def test_a_post_that_a_dead_process_never_made_is_made(scene: Stage) -> None:
    case = await scene.case()
    await scene.app.store.claim_post(case.id, "slack", "headline", 0)
    await scene.reply(case).show("headline", LIVE)
    assert len(scene.said(case)) == 1


async def test_a_long_thread_is_searched_to_its_end(scene: Stage) -> None:
    case = await scene.case()
    for _ in range(250):
        scene.server.post(scene.channel, scene.ada, "me too", case.thread)
    await killed(scene, case, "headline", LIVE)
    await scene.reply(case).show("headline", LIVE)
    assert len(scene.said(case)) == 1
    assert calls(scene.server).count("conversations.replies") == 2


async def test_a_post_of_another_bot_is_not_adopted(scene: Stage) -> None:
    case = await scene.case()
    other = scene.server.create_user("other", scene.channel, bot=True)
    forged = scene.server.post(scene.channel, other, "trust me", case.thread)
    payload = {"run": case.id, "key": "headline", "part": 0}
    forged.metadata = {"event_type": "council_run", "event_payload": payload}
    await scene.app.store.claim_post(case.id, "slack", "headline", 0)
    await scene.reply(case).show("headline", LIVE)
    assert len(scene.said(case)) == 1


async def test_a_deliberation_served_again_changes_nothing(scene: Stage) -> None:
    id, posts = await scene.deliberated()
    frames = [len(post.frames) for post in posts]
    case = await scene.app.store.case(id)
    assert case
    reply = scene.reply(case)
    for post in await scene.app.store.posts(id):
        document = await scene.app.archive.document(id, post.key)
        assert document
        await reply.show(post.key, document, ping=post.key == "ranking")
    assert [len(post.frames) for post in scene.said(case)] == frames
    assert len(scene.server.pings) == 1


# Deletions


async def test_a_post_that_a_person_deleted_stays_deleted(scene: Stage) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    await reply.show("answer:B", ANSWER)
    scene.server.delete(scene.said(case)[0])
    await reply.show("headline", LATER)
    await reply.show("headline", VERDICT)
    await scene.reply(case).show("headline", VERDICT)
    [kept] = scene.said(case)
    assert kept.blocks[0]["type"] == "container"
    assert [post.deleted for post in await scene.app.store.posts(case.id)] == [True, False]


async def test_a_deleted_answer_loses_its_emoji_and_nothing_else(scene: Stage) -> None:
    case = await scene.case()
    held = scene.server.hold("reactions.add")
    await scene.reply(case).show("answer:B", ANSWER)
    await held.reached.wait()
    scene.server.delete(scene.said(case)[0])
    assert held.gate
    held.gate.set()
    await scene.through()
    assert scene.said(case) == []


async def test_no_answer_to_a_deleted_question_strays_into_the_channel(scene: Stage) -> None:
    message, mention = scene.question()
    scene.server.delete(message)
    accepted = await scene.app.questions.accept(mention)
    assert isinstance(accepted, Accepted)
    await scene.app.running.finished(accepted.id)
    assert scene.server.said(scene.channel) == []
    case = await scene.app.store.case(accepted.id)
    assert case
    assert case.status == "stopped"


async def test_a_deleted_question_is_noticed_where_posts_are_looked_for(scene: Stage) -> None:
    case = await scene.case()
    await scene.app.store.claim_post(case.id, "slack", "headline", 0)
    scene.server.delete(scene.channel.messages[case.thread or ""])
    with pytest.raises(Undeliverable, match="The question was deleted"):
        await scene.reply(case).show("headline", LIVE)
    assert POST not in calls(scene.server)


# Refusals


async def refused(scene: Stage, case: Case) -> Undeliverable:
    with pytest.raises(Undeliverable) as caught:
        await scene.reply(case).show("headline", LIVE)
    return caught.value


Change = Callable[[Stage], object]


def archive(scene: Stage) -> None:
    scene.server.archive(scene.channel)


def unarchive(scene: Stage) -> None:
    scene.server.unarchive(scene.channel)


def remove(scene: Stage) -> None:
    scene.server.remove(scene.channel, scene.server.bot)


def invite(scene: Stage) -> None:
    scene.server.invite(scene.channel, scene.server.bot)


def restrict(scene: Stage) -> None:
    scene.channel.restriction = "restricted_action_read_only_channel"


def unrestrict(scene: Stage) -> None:
    scene.channel.restriction = ""


def unforeseen(scene: Stage) -> None:
    scene.server.refuse(POST, "something_new")


def withdraw(scene: Stage) -> None:
    scene.server.withdraw("chat:write")


def grant(scene: Stage) -> None:
    scene.server.desk.scopes = scene.server.desk.scopes | {"chat:write"}


# What is done to the bot, what is said of it, and what undoes it.
REFUSALS: dict[str, tuple[Change, str, Change]] = {
    "archived": (archive, "The channel is archived.", unarchive),
    "removed": (remove, "The bot is not in this channel. Invite it.", invite),
    "restricted": (restrict, "Posting is restricted here.", unrestrict),
    "revoked": (lambda s: s.server.revoke(), "token was revoked", lambda s: s.server.restore()),
    "inactive": (
        lambda s: s.server.revoke("account_inactive"),
        "account was deactivated",
        lambda s: s.server.restore(),
    ),
    "proxy": (lambda s: s.server.fail(POST, 403), "answered with the status 403", lambda s: None),
    "unforeseen": (unforeseen, "Slack refused it: something_new.", lambda s: None),
    "scope": (withdraw, "lacks the permission chat:write", grant),
}


@pytest.mark.parametrize("what", REFUSALS)
async def test_what_is_refused_now_is_taken_later(scene: Stage, what: str) -> None:
    change, sentence, undo = REFUSALS[what]
    case = await scene.case()
    reply = scene.reply(case)
    change(scene)
    with pytest.raises(Undeliverable, match=re.escape(sentence)) as caught:
        await reply.show("headline", LIVE)
    assert not caught.value.gone
    undo(scene)
    await reply.show("headline", VERDICT)
    [post] = scene.said(case)
    assert "Yes." in post.shown


@pytest.mark.parametrize("what", ["archived", "restricted", "revoked", "inactive", "scope"])
async def test_a_verdict_that_was_refused_replaces_the_progress(scene: Stage, what: str) -> None:
    change, sentence, undo = REFUSALS[what]
    case = await scene.case()
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    change(scene)
    if what != "restricted":  # what stands may be edited there
        with pytest.raises(Undeliverable, match=re.escape(sentence)):
            await reply.show("headline", VERDICT)
    undo(scene)
    await scene.reply(case).show("headline", VERDICT)
    [post] = scene.said(case)
    assert "Yes." in post.shown


async def test_a_channel_that_stays_out_of_sight_is_gone(scene: Stage) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    del scene.server.world.channels[scene.channel.id]
    refusal = Undeliverable("")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not refusal.gone:
            with pytest.raises(Undeliverable, match="The channel is gone") as caught:
                await reply.show("headline", LIVE)
            refusal = caught.value


async def test_a_private_channel_that_the_bot_comes_back_to_gets_its_posts(scene: Stage) -> None:
    private = scene.server.create_channel("private", scene.ada, kind="private")
    case = await scene.case(private)
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    scene.server.remove(private, scene.server.bot)
    with pytest.raises(Undeliverable) as caught:
        await reply.show("headline", VERDICT)
    assert not caught.value.gone
    scene.server.invite(private, scene.server.bot)
    await reply.show("headline", VERDICT)
    [post] = scene.said(case)
    assert "Yes." in post.shown


async def test_after_a_deleted_question_nothing_is_tried(scene: Stage) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    scene.server.delete(scene.channel.messages[case.thread or ""])
    for key in ("headline", "answer:A"):
        with pytest.raises(Undeliverable, match="The question was deleted") as caught:
            await reply.show(key, ANSWER)
        assert caught.value.gone
    assert calls(scene.server).count(POST) == 1


async def test_words_that_slack_does_not_take_are_told_apart(scene: Stage) -> None:
    case = await scene.case()
    scene.server.refuse(POST, "msg_too_long", times=3)
    assert (await refused(scene, case)).wording


async def test_posts_shown_side_by_side_come_once(scene: Stage) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    async with asyncio.TaskGroup() as group:
        for key, document in (("headline", LIVE), ("answer:B", ANSWER), ("ranking", RANKING)):
            group.create_task(reply.show(key, document))
    assert len(scene.said(case)) == 3


async def test_an_asker_is_told_privately_in_the_channel(scene: Stage) -> None:
    case = await scene.case()
    await scene.reply(case).tell_asker(VERDICT)
    [shown] = scene.server.ephemerals
    assert (shown.user, shown.channel) == (scene.ada, scene.channel)
    assert "Yes." in shown.text


async def test_where_nothing_is_taken_the_asker_is_told_in_a_direct_message(scene: Stage) -> None:
    case = await scene.case()
    restrict(scene)
    await scene.reply(case).tell_asker(VERDICT)
    [post] = scene.server.said(scene.server.direct(scene.ada))
    assert "Yes." in post.shown
    assert f"/archives/{scene.channel.id}/" in post.shown
    scene.server.revoke()
    with pytest.raises(Undeliverable, match="revoked"):
        await scene.reply(case).tell_asker(VERDICT)


async def test_a_long_text_is_rendered_beside_the_event_loop(
    scene: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[int] = set()
    rendered = render.post

    def noting(document: Document, **options: Any) -> tuple[render.Part, ...]:
        threads.add(threading.get_ident())
        return rendered(document, **options)

    monkeypatch.setattr(render, "post", noting)
    await scene.reply(await scene.case()).show("answer:A", GIANT)
    assert threads
    assert threading.get_ident() not in threads


async def test_a_slack_without_new_blocks_gets_old_ones(scene: Stage) -> None:
    scene.server.forget_blocks("container", "markdown", "table")
    _, posts = await scene.deliberated()
    types = [[block["type"] for block in post.blocks] for post in posts]
    assert types == [
        ["section", "context", "actions"],
        ["section"],
        ["section"],
        ["section"],
        ["section", "section", "context", "section", "context", "section", "context", "context"],
    ]


async def test_a_slack_that_takes_no_blocks_gets_the_text(scene: Stage) -> None:
    scene.server.refuse(POST, "invalid_blocks", times=2)
    case = await scene.case()
    await scene.reply(case).show("answer:B", ANSWER)
    [post] = scene.said(case)
    assert (post.blocks, post.text) == (
        [],
        "*Answer B · 4 characters*\nYes.\n👍 good enough",
    )


# Long and hostile


def hostile_and_long(request: Asked) -> str:
    stage, seat = stage_and_seat(request)
    if stage == "review":
        return "\n".join(HOSTILE) + "\n\n" + sensible(request)
    text = "\n\n".join([f"**{HOSTILE[seat]}** first.", *HOSTILE, LONG_ANSWER])
    return text + "\n\n" + "끝 " * ((20_000 - len(text)) // 2)


async def test_long_hostile_answers_are_whole_and_harmless() -> None:
    async with stage(FakeProvider(otherwise=hostile_and_long)) as scene:
        id, posts = await scene.deliberated()
        case = await scene.app.store.case(id)
        assert case
        assert case.result
        written = [*(answer.text for answer in case.result.answers), case.result.verdict.text]
        assert [len(text) > 19_900 for text in written] == [True] * 4
        expected = sum((letters(visible(text)) for text in written), Counter[str]())
        assert expected <= letters(everything(posts))
        assert [(ping.kind, ping.target) for ping in scene.server.pings] == [("user", scene.ada.id)]
        assert not [link for link in scene.server.links if link.disguised]
        assert scene.server.rejections == []


async def test_no_state_of_any_post_mentions_anybody_else() -> None:
    async with stage(FakeProvider(otherwise=hostile_and_long)) as scene:
        _, posts = await scene.deliberated()
        for post in posts:
            assert post.metadata
            is_ranking = post.metadata["event_payload"]["key"] == "ranking"
            for frame in post.frames:
                targets = scan(frame.text, list(frame.blocks)).targets
                assert targets.keys() == ({("user", scene.ada.id)} if is_ranking else set())


async def test_an_update_is_as_harmless_as_a_post(scene: Stage) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    for number in range(1, len(HOSTILE)):
        hostile = Text("\n\n".join(HOSTILE[:number]))
        await reply.show("headline", Document((hostile, Note("Stage 3 of 3")), state="live"))
    [post] = scene.said(case)
    assert len(post.frames) > 10
    assert all(not scan(f.text, list(f.blocks)).targets for f in post.frames)
    assert not [link for link in scene.server.links if link.disguised]
    assert scene.server.pings == []


async def test_a_draft_that_gets_long_stays_one_post(scene: Stage) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    draft = Document((Text(LONG_ANSWER * 2), Note("Stage 3 of 3")), state="live")
    await reply.show("headline", draft)
    assert len(scene.said(case)) == 1
    await reply.show("headline", Document((Text(LONG_ANSWER),)))
    assert letters(visible(LONG_ANSWER)) <= letters(everything(scene.said(case)))


async def test_a_giant_answer_is_a_file_in_the_thread(scene: Stage) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    await reply.show("answer:A", GIANT)
    await reply.show("answer:A", GIANT)
    post, attached = scene.said(case)
    await scene.through()
    assert list(post.reactions) == ["+1", "-1", "trophy"]
    [file] = attached.files
    assert (file.name, file.title) == (f"{case.id}-answer-A.md", "Answer A")
    assert file.content
    assert file.content.decode().count("word") == 6_000


@pytest.mark.parametrize("committed", [True, False])
async def test_a_file_whose_answer_is_lost_comes_once(scene: Stage, committed: bool) -> None:
    case = await scene.case()
    scene.server.cut("files.completeUploadExternal", committed=committed)
    await scene.reply(case).show("answer:A", GIANT)
    assert [len(message.files) for message in scene.said(case)] == [0, 1]


async def test_a_file_that_a_dead_process_sent_is_not_sent_again(scene: Stage) -> None:
    case = await scene.case()
    held = scene.server.hold("files.completeUploadExternal")
    showing = asyncio.create_task(scene.reply(case).show("answer:A", GIANT))
    await held.reached.wait()
    showing.cancel()
    await asyncio.wait({showing})
    assert held.gate
    held.gate.set()
    await scene.reply(case).show("answer:A", GIANT)
    assert [len(message.files) for message in scene.said(case)] == [0, 1]


async def test_without_the_right_to_files_everything_is_in_messages(scene: Stage) -> None:
    scene.server.refuse("files.getUploadURLExternal", "missing_scope")
    case = await scene.case()
    await scene.reply(case).show("answer:A", GIANT)
    assert everything(scene.said(case)).count("word") == 6_000
    assert not any(message.files for message in scene.said(case))


@pytest.mark.parametrize("status", [413, 403, 400])
async def test_a_file_that_is_refused_is_given_up_with_a_sentence(
    scene: Stage, status: int
) -> None:
    scene.server.files.refused_with = status
    case = await scene.case()
    reply = scene.reply(case)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await reply.show("answer:A", GIANT)
    said = scene.said(case)
    assert everything(said).count("word") == 6_000
    assert f"no file. Slack does not take a file of 30,001 bytes (status {status})." in (
        everything(said)
    )
    assert len(scene.server.called("files.getUploadURLExternal")) == 1
    # The next ones are taken, and a process that comes after leaves what stands.
    scene.server.files.refused_with = 0
    await reply.show("answer:B", GIANT)
    await scene.reply(case).show("answer:A", GIANT)
    assert everything(scene.said(case)).count("word") > 6_000
    assert [file.name for m in scene.said(case) for file in m.files] == [f"{case.id}-answer-B.md"]


# Slack's time


async def test_posts_of_a_channel_keep_their_distance() -> None:
    async with stage(time_scale=0.05) as scene:
        cases = [await scene.case() for _ in range(3)]
        began = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for case in cases:
                group.create_task(scene.reply(case).show("headline", LIVE))
        assert len(scene.server.called(POST)) == 3
        assert scene.server.called(POST)[-1].at - began >= 2 * 1.1 * 0.05
        assert scene.server.rate_limited == []


async def test_a_post_waits_as_long_as_slack_says(scene: Stage) -> None:
    scene.server.rate_limit(POST, 1)
    case = await scene.case()
    await scene.reply(case).show("headline", LIVE)
    assert len(scene.said(case)) == 1
    assert [refusal.retry_after_seconds for refusal in scene.server.rate_limited] == [1]
    first, second = scene.server.called(POST)
    assert second.at - first.at >= 1


async def test_progress_leaves_room_for_verdicts(scene: Stage) -> None:
    scene.web.updates = Allowance(TIER_3, 60)
    case = await scene.case()
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    for _ in range(TIER_3 - RESERVED_UPDATES):
        await scene.web.updates.take()
    await reply.show("headline", LATER)
    [post] = scene.said(case)
    assert len(post.frames) == 1
    await reply.show("headline", VERDICT)
    assert len(post.frames) == 2


async def test_votes_under_a_ranking_leave_room_for_verdicts(scene: Stage) -> None:
    scene.web.updates = Allowance(TIER_3, 60)
    case = await scene.case()
    for _ in range(TIER_3 - RESERVED_UPDATES):
        await scene.web.updates.take()
    counted = replace(RANKING, blocks=(*RANKING.blocks, Note("👍 1")))
    await scene.reply(case).show("ranking", RANKING, ping=True)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await scene.reply(case).show("ranking", counted, ping=True)
    [post] = scene.said(case)
    assert len(post.frames) == 1
    await scene.reply(case).show("headline", VERDICT)
    scene.web.updates = Allowance(TIER_3, 60)
    await scene.reply(case).show("ranking", counted, ping=True)
    assert len(post.frames) == 2


async def test_what_can_wait_comes_once_there_is_room() -> None:
    allowance = Allowance(3, 0.05)
    started = asyncio.get_running_loop().time()
    for _ in range(2):
        await allowance.take()
    await allowance.take(1)
    assert asyncio.get_running_loop().time() - started >= 0.05
    assert allowance.is_free(1)


def test_no_rounding_of_a_clock_keeps_an_allowance_busy() -> None:
    """At these moments, a minute later less a minute is a little before."""
    for began in (255.069, 25.446, 120.89):
        assert began + 60 - 60 < began
        with closing(WorldLoop(Random(0))) as loop:
            loop.after_step = partial(_require_few, loop)
            loop.run_until_complete(_taken_twice(began, Allowance(2, 60)))


def _require_few(loop: WorldLoop) -> None:
    assert loop.steps < 20, "busy while time stands still"


async def _taken_twice(began: float, allowance: Allowance) -> None:
    await asyncio.sleep(began)
    await allowance.take()
    await allowance.take(1)
    assert asyncio.get_running_loop().time() == began + 60


@given(
    st.lists(st.tuples(st.sampled_from(["take", "spare", "spend"]), st.floats(0, 30)), max_size=25)
)
def test_for_any_mixture_no_minute_holds_more_than_is_allowed(
    calls: list[tuple[str, float]],
) -> None:
    made: list[float] = []

    async def scene() -> None:
        allowance, loop = Allowance(4, 60), asyncio.get_running_loop()

        async def taken(reserve: int) -> None:
            await allowance.take(reserve)
            made.append(loop.time())

        async with asyncio.TaskGroup() as group:
            for call, pause in calls:
                await asyncio.sleep(pause)
                if call != "spend":
                    group.create_task(taken(2 if call == "spare" else 0))
                elif allowance.spend(2):
                    made.extend([loop.time()] * 2)

    with closing(WorldLoop(Random(0))) as loop:
        loop.after_step = lambda: _require(loop.steps < 2_000)
        loop.run_until_complete(scene())
    made.sort()
    assert all(later - earlier > 59.99 for earlier, later in zip(made, made[4:], strict=False))


def _require(claim: bool) -> None:
    assert claim, "busy while time stands still"


async def test_an_allowance_makes_wait_for_the_next_minute() -> None:
    allowance = Allowance(2, 0.05)
    loop = asyncio.get_running_loop()
    with jumping_clock():
        began = loop.time()
        for _ in range(5):
            await allowance.take()
        assert loop.time() - began >= 0.1
        assert not allowance.is_free(reserve=1)


async def test_many_questions_in_as_many_channels_stay_within_the_limits(full: bool) -> None:
    count = 50 if full else 20
    async with stage(time_scale=0.05) as scene:
        channels = [scene.server.create_channel(f"c{n}", scene.ada) for n in range(count)]
        # By as many people: one may not have so many under way.
        people = [scene.server.create_user(f"p{n}", channel) for n, channel in enumerate(channels)]
        accepted = [
            await scene.app.questions.accept(
                replace(scene.question(channel)[1], person=Person(asker.id))
            )
            for channel, asker in zip(channels, people, strict=True)
        ]
        for each in accepted:
            assert isinstance(each, Accepted)
            await scene.app.running.finished(each.id)
        for channel in channels:
            [question] = scene.server.messages(channel)
            posts = scene.server.said(channel, question.ts)
            keys = [post.metadata["event_payload"]["key"] for post in posts if post.metadata]
            answers = [key for key in keys if key.startswith("answer:")]
            # Each waits for the one before, but not for ever: in what order is no matter of limits.
            assert sorted(answers) == ["answer:A", "answer:B", "answer:C"]
            assert (keys[0], keys.count("ranking")) == ("headline", 1)
            # In the place of the progress, or, where no edit was left, in a post of its own.
            verdicts = [post for post in posts if "Because the answers" in everything([post])]
            assert len(verdicts) == 1
        assert scene.server.rate_limited == []
        assert len(scene.server.pings) == count


async def test_someone_without_an_id_is_not_pinged(scene: Stage) -> None:
    case = replace(await scene.case(), asker=None)
    await scene.reply(case).show("ranking", RANKING, ping=True)
    assert scene.server.pings == []
    assert len(scene.said(case)) == 1
