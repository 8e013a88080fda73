"""Slack where more is to be shown than it takes: what goes first, and what becomes of the rest."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.slack.limits import RESERVED_UPDATES, TIER_3, Allowance
from adapters.slack.people import RESERVED_LOOKUPS
from adapters.slack.reply import SlackReply, post_id
from adapters.slack.voting import Votes
from bot.chat import Accepted, Person
from bot.conversation.turns import Turns, Worth
from bot.document import Document, Heading, Letter, Note, Text
from bot.errors import Owed
from bot.pages.exports import export
from bot.records import Case
from tests.fakes.provider import FakeProvider
from tests.fakes.slack_server import Message
from tests.fakes.slack_thread import Stage, stage
from tests.fakes.watched import eventually

LIVE = Document((Heading("The council is deliberating"), Note("Stage 1 of 3")), state="live")
LATER = Document((Heading("The council is deliberating"), Note("Stage 2 of 3")), state="live")
VERDICT = Document((Heading("Yes."), Text("Because the answers say so.")), votable=True)
ANSWER = Document((Text("**B** · Yes."),), votable=True)
RANKING = Document((Text("**Yes.**"), Note("Vote")), votable=True)
FAILED = Document((Heading("No verdict: none of the models could answer"),), state="failed")

POST, EDIT = "chat.postMessage", "chat.update"


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    """Where a minute is one, so that no edit is regained."""
    async with stage() as scene:
        scene.web.updates = Allowance(TIER_3, 60)
        yield scene


def crowd(scene: Stage) -> None:
    """Others take every edit of this minute."""
    assert scene.web.updates.spend(TIER_3)


def calm(scene: Stage) -> None:
    """A minute is over."""
    scene.web.updates = Allowance(TIER_3, 60)


async def crowded_out(scene: Stage, case: Case, ended: Document = VERDICT) -> SlackReply:
    """A question whose end found no edit left."""
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    crowd(scene)
    with pytest.raises(Owed):
        await reply.show("headline", ended)
    return reply


def shown(message: Message) -> str:
    return message.shown


async def test_a_verdict_for_which_no_edit_is_left_is_posted(scene: Stage) -> None:
    case = await scene.case()
    await crowded_out(scene, case)
    progress, verdict = scene.said(case)
    assert "The council is deliberating" in shown(progress)
    assert "Because the answers say so." in shown(verdict)
    await scene.through()
    assert list(verdict.reactions) == ["+1", "-1"]
    assert scene.server.called(EDIT) == []


async def test_the_progress_leads_to_that_verdict_as_soon_as_there_is_room(scene: Stage) -> None:
    case = await scene.case()
    reply = await crowded_out(scene, case)
    scene.web.updates = Allowance(RESERVED_UPDATES, 60)  # which are left for other verdicts
    with pytest.raises(Owed):
        await reply.show("headline", VERDICT)
    calm(scene)
    await reply.show("headline", VERDICT)
    progress, verdict = scene.said(case)
    assert f"/archives/{scene.channel.id}/p{verdict.ts.replace('.', '')}" in shown(progress)
    assert "Because the answers say so." not in shown(progress)
    assert [len(post.frames) for post in (progress, verdict)] == [2, 1]
    await reply.show("headline", VERDICT)
    assert len(scene.server.called(EDIT)) == 1


async def test_while_an_edit_is_left_the_verdict_takes_the_place_of_the_progress(
    scene: Stage,
) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    assert scene.web.updates.spend(TIER_3 - 1)
    await reply.show("headline", LATER)  # progress leaves it to the verdict
    await reply.show("headline", VERDICT)
    [post] = scene.said(case)
    assert len(post.frames) == 2
    assert "Because the answers say so." in shown(post)


async def test_a_verdict_leaves_the_edits_of_answers_that_have_a_place(scene: Stage) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    assert reply.may_promise(4)
    assert scene.web.updates.spend(TIER_3 - 4)
    assert not reply.may_promise(4)
    with pytest.raises(Owed):
        await reply.show("headline", VERDICT)
    assert scene.web.updates.spend(4)


async def test_a_promise_that_was_kept_takes_no_edit_from_verdicts(scene: Stage) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    assert reply.may_promise(1)
    await reply.show("answer:B", replace(LIVE, blocks=(Note("B is writing"),)))
    await reply.show("answer:B", ANSWER)
    assert scene.web.updates.spend(TIER_3 - 2)
    await reply.show("headline", VERDICT)
    headline, _ = scene.said(case)
    assert "Because the answers say so." in shown(headline)


async def test_an_answer_that_comes_while_the_verdict_is_posted_makes_no_second_one(
    scene: Stage,
) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    linked = replace(
        VERDICT,
        blocks=(Heading("Yes."), Text("So they say (B).")),
        letters=(Letter("B", "answer:B", "B"),),
    )
    await reply.show("headline", LIVE)
    crowd(scene)
    held = scene.server.hold(POST)
    showing = asyncio.create_task(reply.show("headline", linked))
    await held.reached.wait()
    await reply.show("answer:B", ANSWER)
    assert held.gate
    held.gate.set()
    await asyncio.wait({showing})
    assert isinstance(showing.exception(), Owed)
    assert [shown(post).count("So they say") for post in scene.said(case)] == [0, 1, 0]


async def test_an_apology_is_posted_as_well(scene: Stage) -> None:
    case = await scene.case()
    reply = await crowded_out(scene, case, FAILED)
    calm(scene)
    await reply.show("headline", FAILED)
    progress, apology = scene.said(case)
    assert "No verdict" in shown(apology)
    assert "How this ended stands further down" in shown(progress)


async def test_a_verdict_whose_progress_is_not_posted_yet_is_the_headline(scene: Stage) -> None:
    case = await scene.case()
    crowd(scene)
    await scene.reply(case).show("headline", VERDICT)
    [verdict] = scene.said(case)
    assert verdict.metadata is not None
    assert verdict.metadata["event_payload"]["key"] == "headline"


async def test_what_is_told_elsewhere_leads_to_the_posted_verdict(scene: Stage) -> None:
    case = await scene.case()
    reply = await crowded_out(scene, case)
    await reply.show("ranking", RANKING, ping=True)
    _, verdict, ranking = scene.said(case)
    assert f"/p{verdict.ts.replace('.', '')}" in shown(ranking)


async def test_a_posted_verdict_gets_its_links_once_its_answers_are_there(scene: Stage) -> None:
    case = await scene.case()
    linked = replace(
        VERDICT,
        blocks=(Heading("Yes."), Text("So they say (B).")),
        letters=(Letter("B", "answer:B", "B"),),
    )
    reply = await crowded_out(scene, case, linked)
    calm(scene)
    await reply.show("answer:B", ANSWER)
    await scene.through()
    progress, verdict, answer = scene.said(case)
    assert f"[B]({scene.server.url}/archives/" in verdict.blocks[0]["text"]
    assert f"/p{answer.ts.replace('.', '')}" in verdict.blocks[0]["text"]
    assert "The council is deliberating" in shown(progress)


async def test_while_slack_wants_no_more_posts_none_is_made_ready(scene: Stage) -> None:
    """The seconds that Slack says are real ones."""
    case, other = await scene.case(), await scene.case(scene.server.create_channel("x", scene.ada))
    scene.server.rate_limit(POST, 1)
    showing = asyncio.create_task(scene.reply(case).show("headline", LIVE))
    await scene.server.wait_for(lambda: scene.server.rate_limited)
    began = asyncio.get_running_loop().time()

    async def is_told() -> bool:
        return scene.web.posts._last > began

    await eventually(is_told)
    turn = await scene.reply(other).turn("headline", Worth.VERDICT)
    await turn.come()
    assert asyncio.get_running_loop().time() - began > 0.9
    await showing


# Kills and lost answers


async def test_another_process_goes_on_with_a_posted_verdict(scene: Stage) -> None:
    case = await scene.case()
    await crowded_out(scene, case)
    with pytest.raises(Owed):
        await scene.reply(case).show("headline", VERDICT)
    calm(scene)
    await scene.reply(case).show("headline", VERDICT)
    progress, _ = scene.said(case)
    assert "The verdict stands further down" in shown(progress)


async def test_a_verdict_that_was_claimed_and_never_sent_is_posted(scene: Stage) -> None:
    case = await scene.case()
    await scene.reply(case).show("headline", LIVE)
    await scene.app.store.claim_post(case.id, "slack", "verdict", 0)
    await scene.reply(case).show("headline", VERDICT)
    progress, verdict = scene.said(case)
    assert "Because the answers say so." in shown(verdict)
    assert "The verdict stands further down" in shown(progress)


async def test_a_verdict_that_was_sent_and_not_noted_comes_once(scene: Stage) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    crowd(scene)
    held = scene.server.hold(POST)
    showing = asyncio.create_task(reply.show("headline", VERDICT))
    await held.reached.wait()
    showing.cancel()
    await asyncio.wait({showing})
    assert held.gate
    held.gate.set()
    calm(scene)
    await scene.reply(case).show("headline", VERDICT)
    progress, verdict = scene.said(case)
    assert "Because the answers say so." in shown(verdict)
    assert "The verdict stands further down" in shown(progress)


@pytest.mark.parametrize("committed", [True, False])
async def test_a_posted_verdict_whose_answer_is_lost_comes_once(
    scene: Stage, committed: bool
) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    crowd(scene)
    scene.server.cut(POST, committed=committed)
    with pytest.raises(Owed):
        await reply.show("headline", VERDICT)
    assert len(scene.said(case)) == 2


async def test_an_edit_that_nobody_heard_of_is_not_made_up_for_by_a_post(scene: Stage) -> None:
    case = await scene.case()
    reply = scene.reply(case)
    await reply.show("headline", LIVE)
    scene.web.updates = Allowance(1, 0.05)
    scene.server.cut(EDIT, committed=True)
    await reply.show("headline", VERDICT)
    [post] = scene.said(case)
    assert "Because the answers say so." in shown(post)


async def test_a_posted_verdict_that_a_person_deleted_stays_deleted(scene: Stage) -> None:
    case = await scene.case()
    reply = await crowded_out(scene, case)
    _, verdict = scene.said(case)
    await scene.app.running.message_deleted("slack", post_id(scene.channel.id, verdict.ts), "")
    scene.server.delete(verdict)
    calm(scene)
    await reply.show("headline", VERDICT)
    await scene.reply(case).show("headline", VERDICT)
    [progress] = scene.said(case)
    assert shown(progress) == "The verdict stood further down in this thread, and was deleted."


async def test_an_edit_that_finds_the_posted_end_deleted_has_the_progress_say_so(
    scene: Stage,
) -> None:
    case = await scene.case()
    reply = await crowded_out(scene, case, FAILED)
    calm(scene)
    await reply.show("headline", FAILED)
    progress, apology = scene.said(case)
    scene.server.delete(apology)
    later = replace(FAILED, blocks=(*FAILED.blocks, Note("Tried twice")))
    await reply.show("headline", later)
    assert scene.said(case) == [progress]
    assert "How this ended stood further down" in shown(progress)


# What is known of both posts


async def test_votes_on_either_post_count_as_one(scene: Stage) -> None:
    case = await scene.case()
    await crowded_out(scene, case)
    await scene.through()
    progress, verdict = scene.said(case)
    bob = scene.server.create_user("bob", scene.channel)
    readings = Votes(scene.bot).readings

    async def read() -> set[tuple[str, str]]:
        for post in (verdict, progress):
            await readings.changed(post_id(scene.channel.id, post.ts))
        given = await scene.app.store.reactions(case.id)
        assert {each.target for each in given} <= {"verdict"}
        return {(each.person, each.value) for each in given}

    scene.server.react(scene.ada, scene.channel, progress.ts, "+1")
    scene.server.react(scene.ada, scene.channel, verdict.ts, "+1")
    scene.server.react(bob, scene.channel, verdict.ts, "-1")
    assert await read() == {(scene.ada.id, "accept"), (bob.id, "reject")}
    scene.server.unreact(scene.ada, scene.channel, verdict.ts, "+1")
    assert await read() == {(scene.ada.id, "accept"), (bob.id, "reject")}
    scene.server.unreact(scene.ada, scene.channel, progress.ts, "+1")
    assert await read() == {(bob.id, "reject")}


async def test_votes_on_one_post_are_read_where_the_other_is_gone(scene: Stage) -> None:
    case = await scene.case()
    await crowded_out(scene, case)
    progress, verdict = scene.said(case)
    scene.server.delete(progress)
    scene.server.react(scene.ada, scene.channel, verdict.ts, "+1")
    readings = Votes(scene.bot).readings
    await readings.changed(post_id(scene.channel.id, verdict.ts))
    [given] = await scene.app.store.reactions(case.id)
    assert (given.target, given.value) == ("verdict", "accept")
    deleted = {post.key: post.deleted for post in await scene.app.store.posts(case.id)}
    assert deleted == {"headline": True, "verdict": False}


# People


async def test_of_very_many_who_ask_slack_is_asked_together(scene: Stage) -> None:
    scene.web.people = Allowance(RESERVED_LOOKUPS + 2, 60)
    people = [scene.server.create_user(f"p{n}", scene.channel) for n in range(6)]
    guest = scene.server.create_user("gus", scene.channel, guest=True)
    asking = [await scene.bot.people.asker(each.id) for each in (*people, guest)]
    assert [each.guest for each in asking] == [False] * 6 + [True]
    assert len(scene.server.called("users.info")) == 2
    assert len(scene.server.called("users.list")) == 1


async def test_who_is_not_on_the_list_is_looked_up_all_the_same(scene: Stage) -> None:
    scene.web.people = Allowance(RESERVED_LOOKUPS, 60)
    guest = scene.server.create_user("gus", scene.channel, guest=True)
    scene.server.refuse("users.list", "missing_scope")
    assert (await scene.bot.people.asker(guest.id)).guest
    assert len(scene.server.called("users.info")) == 1


# Whole deliberations


async def test_a_crowded_deliberation_is_whole_and_forgotten_whole() -> None:
    async with stage() as scene:
        scene.web.updates = Allowance(TIER_3, 60)
        crowd(scene)
        message, mention = scene.question()
        accepted = await scene.app.questions.accept(mention)
        assert isinstance(accepted, Accepted)
        await scene.app.running.finished(accepted.id)
        case = await scene.app.store.case(accepted.id)
        assert case
        assert case.result
        keys = [post.key for post in await scene.app.store.posts(case.id)]
        assert sorted(keys) == [
            "answer:A",
            "answer:B",
            "answer:C",
            "headline",
            "ranking",
            "verdict",
        ]
        calm(scene)
        await scene.server.wait_for(
            lambda: "further down" in shown(scene.server.said(scene.channel, message.ts)[0])
        )
        posts = {post.key: post.post_id for post in await scene.app.store.posts(case.id)}
        exported = await export(scene.app.store, case)
        assert exported["posts"]["headline"] == posts["verdict"]
        assert set(exported["posts"]["answers"]) == {"A", "B", "C"}
        link = f"<https://lab.slack.com/archives/{scene.channel.id}/p{message.ts.replace('.', '')}>"
        await scene.app.command(mention.channel, Person(scene.ada.id), f"forget thread {link}")
        due = await scene.app.store.removals("slack", scene.app.now(), 10)
        assert set(due) == set(posts.values())


async def test_without_placeholders_answers_come_in_the_order_of_labels() -> None:
    """Whoever writes B is slow, and the order would tell."""
    slow = asyncio.Event()
    async with stage(FakeProvider({("answer", 1): [slow]})) as scene:
        assert scene.web.placeholders.spend(20)
        scene.web.placeholders = Allowance(2, 60)  # fewer than answers
        message, mention = scene.question()
        accepted = await scene.app.questions.accept(mention)
        assert isinstance(accepted, Accepted)

        def said() -> list[Message]:
            return scene.server.said(scene.channel, message.ts)

        await scene.server.wait_for(lambda: said() and "Answers 2 of 3" in shown(said()[0]))
        assert len(said()) == 1
        slow.set()
        await scene.app.running.finished(accepted.id)
        _, *answers, _ = said()
        assert [shown(each)[:10].count(label) for each, label in zip(answers, "ABC", strict=True)]
        labels = [
            each.metadata["event_payload"]["key"] for each in answers if each.metadata is not None
        ]
        assert labels == ["answer:A", "answer:B", "answer:C"]
        assert [len(each.frames) for each in answers] == [1, 1, 1]


async def test_progress_of_channels_is_shown_in_turn_where_there_is_little_room(
    scene: Stage,
) -> None:
    busy = [await scene.case() for _ in range(3)]
    quiet = await scene.case(scene.server.create_channel("quiet", scene.ada))
    replies = [scene.reply(case) for case in (*busy, quiet)]
    for reply in replies:
        await reply.show("headline", LIVE)
    crowd(scene)
    turns = [await reply.turn("headline", Worth.LIVE) for reply in replies]
    verdict = await replies[0].turn("headline", Worth.VERDICT)
    assert [turn.given.done() for turn in (*turns, verdict)] == [False] * 4 + [True]
    calm(scene)
    order: list[int] = []

    async def come(number: int) -> None:
        await turns[number].come()
        order.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(come(number))
    assert order == [0, 3, 1, 2]


async def test_an_opening_that_waits_becomes_worth_as_much_as_the_verdict(scene: Stage) -> None:
    """There is room for verdicts alone."""
    scene.web.posts = Turns(lambda worth: 0.0 if worth is Worth.VERDICT else 3_600.0)
    await scene.web.posts.take(("before",), Worth.VERDICT)
    reply, other = scene.reply(await scene.case()), scene.reply(await scene.case())
    answer = await other.turn("answer:A", Worth.ANSWER)
    opening = await reply.turn("headline", Worth.OPENING)
    assert not opening.given.done()
    opening.hurry(Worth.VERDICT)
    assert opening.given.done()
    assert not answer.given.done()
    await reply.show("headline", LIVE)
    assert (await reply.turn("headline", Worth.RANKING)).given.done()  # edits wait for no posts
