"""Posts on Discord: where they go, that they come once, and whom they notify."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from discord import Permissions
from discord.ui import TextDisplay
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.page import Page
from adapters.discord.reply import DiscordReply
from bot.chat import Accepted
from bot.document import Button, Detail, Document, Heading, Letter, Note, Text
from bot.errors import ModelFailed, Undeliverable
from bot.llm import Request
from bot.records import Case
from tests.fakes.discord.components import walk
from tests.fakes.discord.http import Request as Sent
from tests.fakes.discord_server import ChannelType, Fault, Message
from tests.fakes.discord_thread import TIME_SCALE, Stage, buttons, stage
from tests.fakes.provider import FakeProvider, sensible, stage_and_seat

LIVE = Document(
    (Heading("The council is deliberating"), Note("Stage 1 of 3")),
    state="live",
    buttons=(Button("stop", "Stop"),),
)
LATER = Document((Heading("The council is deliberating"), Note("Stage 2 of 3")), state="live")
ANSWER = Document(
    (Detail("Answer B · 4 characters", (Text("Yes."),)), Note("👍 good enough")), votable=True
)
RANKING = Document(
    (Text("**Yes.**"), Detail("Ranking", (Note("9 calls"),)), Note("Vote")), votable=True
)

SENDS = r"^/channels/\d+/messages$"
EDITS = r"^/channels/\d+/messages/\d+$"


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    async with stage() as scene:
        yield scene


@pytest.fixture(autouse=True)
def quiet_retries(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "stamina")


async def shown(scene: Stage, case: Case, document: Document = LIVE) -> DiscordReply:
    reply = scene.host.reply(case)
    await reply.show("headline", document)
    return reply


def messages_sent(scene: Stage) -> list[Sent]:
    return scene.server.sent("POST", SENDS) + scene.server.sent("PATCH", EDITS)


# Where


async def test_the_first_post_opens_a_thread_from_the_mention(scene: Stage) -> None:
    message, mention = scene.question(text="Why is the *sky*\nblue?")
    case = replace(await scene.case(text="Why is the *sky*\nblue?"), address=mention.address)
    await shown(scene, case)
    assert (scene.thread().id, scene.thread().name) == (message.id, "Why is the *sky* blue?")
    assert [post.text for post in scene.posts()] == [
        "## The council is deliberating\n-# Stage 1 of 3"
    ]


async def test_a_thread_that_is_there_already_is_used(scene: Stage) -> None:
    case = await scene.case()
    [question] = scene.server.messages(scene.channel)
    scene.server.create_thread(scene.ada, scene.channel, "mine", about=question)
    await shown(scene, case)
    assert len(scene.posts()) == 1
    assert scene.thread().name == "mine"


@pytest.mark.parametrize("missing", ["create_public_threads", "send_messages_in_threads"])
async def test_without_the_right_to_a_thread_the_mention_is_answered_in_place(
    scene: Stage, missing: str
) -> None:
    case = await scene.case()
    await scene.restrict(missing)
    await shown(scene, case)
    [question, post] = scene.server.messages(scene.channel)
    assert post.reference is question
    assert scene.server.pings == []


async def test_where_no_more_threads_fit_the_mention_is_answered_in_place(scene: Stage) -> None:
    scene.server.world.active_thread_limit = 0
    await shown(scene, await scene.case())
    [question, post] = scene.server.messages(scene.channel)
    assert post.reference is question


@pytest.mark.parametrize("code", [50035, 200001, 240000])
async def test_a_thread_whose_name_is_refused_gets_a_neutral_one(scene: Stage, code: int) -> None:
    scene.server.refuse("POST", r"/threads$", code)
    await shown(scene, await scene.case(text="What is a darn?"))
    assert scene.thread().name == "Council"
    assert len(scene.posts()) == 1


async def test_a_refused_word_in_the_question_is_left_out_of_the_name(scene: Stage) -> None:
    scene.server.world.refused_words["darn"] = 50035
    await shown(scene, await scene.case(text="What is a darn?"))
    assert scene.thread().name == "Council"


@pytest.mark.parametrize("code", [50035, 50024, 50013, 160006])
async def test_a_thread_that_is_refused_under_any_name_leaves_a_plain_reply(
    scene: Stage, code: int
) -> None:
    scene.server.refuse("POST", r"/threads$", code, times=2)
    await shown(scene, await scene.case())
    [question, post] = scene.server.messages(scene.channel)
    assert post.reference is question
    scene.server.faults.ordered.clear()


async def test_in_an_announcement_channel_there_is_a_thread(scene: Stage) -> None:
    channel = scene.server.create_channel(scene.guild, "news", ChannelType.NEWS)
    await shown(scene, await scene.case(channel))
    [thread] = scene.server.threads(channel)
    assert len(scene.server.said(thread)) == 1


async def test_in_a_thread_the_headline_answers_the_mention(scene: Stage) -> None:
    thread = scene.server.create_thread(scene.ada, scene.channel, "mine", "hello")
    reply = await shown(scene, await scene.case(thread, kind="here"))
    await reply.show("answer:B", ANSWER)
    question = scene.server.messages(thread)[-3]
    assert [post.reference for post in scene.server.said(thread)] == [question, None]


async def test_a_direct_message_is_answered_there(scene: Stage) -> None:
    direct = scene.server.direct(scene.ada)
    await shown(scene, await scene.case(direct, kind="direct"))
    assert len(scene.server.said(direct)) == 1


async def test_without_the_history_the_reply_refers_to_nothing(scene: Stage) -> None:
    thread = scene.server.create_thread(scene.ada, scene.channel, "mine", "hello")
    await scene.restrict("read_message_history")
    await shown(scene, await scene.case(thread, kind="here"))
    assert [post.reference for post in scene.server.said(thread)] == [None]


async def test_a_later_process_posts_where_the_first_did(scene: Stage) -> None:
    case = await scene.case()
    await shown(scene, case)
    scene.server.world.active_thread_limit = 0
    await scene.host.reply(case).show("answer:B", ANSWER)
    assert len(scene.posts()) == 2


# Once


async def test_a_post_is_edited_in_place(scene: Stage) -> None:
    reply = await shown(scene, await scene.case())
    await reply.show("headline", LATER)
    [post] = scene.posts()
    assert post.frames == [
        "## The council is deliberating\n-# Stage 1 of 3",
        "## The council is deliberating\n-# Stage 2 of 3",
    ]


async def test_a_verdict_leads_to_a_post_that_came_after_it(scene: Stage) -> None:
    verdict = Document((Text("It is simple (B)."),), letters=(Letter("B", "answer:B", "B"),))
    reply = await shown(scene, await scene.case(), verdict)
    await reply.show("answer:B", ANSWER)
    answer = scene.posts()[1]
    link = f"https://discord.com/channels/{scene.guild.id}/{scene.thread().id}/{answer.id}"
    await scene.server.wait_for(lambda: scene.posts()[0].text == f"It is simple ([B]({link})).")
    await reply.show("answer:B", replace(ANSWER, state="degraded"))
    assert len(scene.server.sent("PATCH", EDITS)) == 1


async def test_the_same_state_is_not_sent_again(scene: Stage) -> None:
    reply = await shown(scene, await scene.case())
    await reply.show("headline", LIVE)
    assert scene.server.sent("PATCH") == []


async def test_a_later_process_edits_the_same_post(scene: Stage) -> None:
    case = await scene.case()
    await shown(scene, case)
    await shown(scene, case, LATER)
    [post] = scene.posts()
    assert post.text.endswith("Stage 2 of 3")


# Once at most where it was posted: on a busy machine it is then looked for instead of sent again.
@pytest.mark.parametrize(("committed", "times"), [(False, 2), (True, 1)])
async def test_a_cut_connection_makes_one_post(scene: Stage, committed: bool, times: int) -> None:
    scene.server.cut("POST", SENDS, committed=committed, times=times)
    await shown(scene, await scene.case())
    assert len(scene.posts()) == 1
    assert {sent.body["nonce"] for sent in scene.server.sent("POST", SENDS)} == {
        scene.posts()[0].nonce
    }


@pytest.mark.parametrize(("committed", "times"), [(False, 3), (True, 1)])
async def test_an_unavailable_discord_makes_one_post(
    scene: Stage, committed: bool, times: int
) -> None:
    scene.server.fail("POST", SENDS, 503, committed=committed, times=times)
    await shown(scene, await scene.case())
    assert len(scene.posts()) == 1
    assert len(scene.server.sent("POST", SENDS)) in {times + 1, times + 1 - committed}


async def test_a_gateway_error_after_the_commit_makes_one_post(scene: Stage) -> None:
    scene.server.fail("POST", SENDS, 502, committed=True)
    await shown(scene, await scene.case())
    assert len(scene.posts()) == 1


async def test_an_outage_while_the_thread_is_opened_opens_one(scene: Stage) -> None:
    scene.server.cut("POST", r"/threads$", committed=True)
    await shown(scene, await scene.case())
    assert len(scene.posts()) == 1


async def test_an_edit_is_tried_until_it_arrives(scene: Stage) -> None:
    reply = await shown(scene, await scene.case())
    scene.server.cut("PATCH", EDITS)
    scene.server.fail("PATCH", EDITS, 503)
    await reply.show("headline", LATER)
    assert scene.posts()[0].text.endswith("Stage 2 of 3")


async def crash_while_sending(
    scene: Stage, case: Case, key: str = "headline", document: Document = LIVE
) -> None:
    """The post is on Discord, and the process ends before it hears of it."""
    answer = scene.server.hold("POST", SENDS)
    sending = asyncio.create_task(scene.host.reply(case).show(key, document))
    await answer.reached.wait()
    sending.cancel()
    await asyncio.wait({sending})
    assert answer.gate is not None
    answer.gate.set()


async def test_a_post_sent_before_a_crash_is_recognised(scene: Stage) -> None:
    case = await scene.case()
    await crash_while_sending(scene, case)
    await shown(scene, case, LATER)
    [post] = scene.posts()
    assert post.text.endswith("Stage 2 of 3")


async def test_a_post_is_found_again_when_its_nonce_is_forgotten(scene: Stage) -> None:
    case = await scene.case()
    await shown(scene, case)
    await crash_while_sending(scene, case, "answer:B", ANSWER)
    scene.server.world.advance(3600)
    await scene.host.reply(case).show("answer:B", ANSWER)
    [headline, answer] = scene.posts()
    assert headline.text.startswith("## The council")
    assert answer.text.startswith("**Answer B")


async def test_a_post_is_found_again_after_an_outage_longer_than_the_nonce(scene: Stage) -> None:
    # The first try arrives; Discord answers nothing for longer than it remembers nonces.
    case = await scene.case()
    scene.server.cut("POST", SENDS, committed=True)
    outage = scene.server.fail("POST", SENDS, 503, times=1_000)
    showing = asyncio.create_task(shown(scene, case))
    await outage.reached.wait()
    scene.server.world.advance(3600)
    await showing
    scene.server.faults.ordered.remove(outage)
    assert len(scene.posts()) == 1


async def test_a_ranking_sent_before_a_crash_is_found_again_and_pings_once(scene: Stage) -> None:
    case = await scene.case()
    await shown(scene, case)
    await crash_while_sending(scene, case, "ranking", RANKING)
    scene.server.world.advance(3600)
    await scene.host.reply(case).show("ranking", RANKING, ping=True)
    assert len(scene.posts()) == 2


async def test_a_ranking_of_an_earlier_version_is_left_in_its_form(scene: Stage) -> None:
    case = await scene.case()
    reply = await shown(scene, case)
    old = await scene.host.send(scene.thread().id, Page(TextDisplay("**Yes.**")), nonce="old")
    await scene.app.store.claim_post(case.id, "discord", "ranking", 0)
    id = f"{scene.thread().id}/{old.id}"
    await scene.app.store.confirm_post(case.id, "ranking", 0, id, "another digest")
    await reply.show("ranking", RANKING)
    assert [post.text for post in scene.posts()][1:] == ["**Yes.**"]


async def test_words_that_are_refused_in_the_ranking_are_told_as_such(scene: Stage) -> None:
    reply = await shown(scene, await scene.case())
    await reply.show("ranking", RANKING)
    scene.server.refuse("PATCH", EDITS, 50035)
    with pytest.raises(Undeliverable) as refused:
        await reply.show("ranking", replace(RANKING, blocks=(Text("**No.**"),)))
    assert refused.value.wording


async def test_a_post_that_a_person_deleted_stays_deleted(scene: Stage) -> None:
    case = await scene.case()
    reply = await shown(scene, case)
    scene.server.delete_message(scene.posts()[0])
    await reply.show("headline", LATER)
    await shown(scene, case, LATER)
    assert scene.posts() == []
    [post] = await scene.app.store.posts(case.id)
    assert post.deleted
    assert len(scene.server.sent("PATCH", EDITS)) == 1


# Refused for good


async def test_an_archived_thread_is_reopened_for_an_edit(scene: Stage) -> None:
    reply = await shown(scene, await scene.case())
    scene.server.archive(scene.thread())
    await reply.show("headline", LATER)
    assert scene.posts()[0].text.endswith("Stage 2 of 3")


async def test_a_locked_thread_is_left_alone(scene: Stage) -> None:
    reply = await shown(scene, await scene.case())
    scene.server.archive(scene.thread(), locked=True)
    with pytest.raises(Undeliverable):
        await reply.show("headline", LATER)


async def test_no_right_to_write_is_no_end(scene: Stage) -> None:
    """Once it may, it opens the thread that it could not open before."""
    await scene.restrict("send_messages", "send_messages_in_threads")
    reply = scene.host.reply(await scene.case())
    for state in (LIVE, LATER):
        with pytest.raises(Undeliverable, match="Give it Send Messages") as refused:
            await reply.show("headline", state)
        assert (refused.value.gone, refused.value.wording) == (False, False)
    scene.server.overwrite(scene.channel, scene.server.bot)
    await scene.server.wait_for(scene.may_write)
    await reply.show("headline", LATER)
    assert [post.text[-12:] for post in scene.posts()] == ["Stage 2 of 3"]


@pytest.mark.parametrize(
    ("code", "gone", "wording"),
    [
        (10003, True, False),
        (10004, True, False),
        (50001, False, False),
        (50013, False, False),
        (50035, False, True),
        (200000, False, True),
        (240000, False, True),
    ],
)
async def test_a_refusal_says_whether_the_place_is_gone_or_the_words_are_wrong(
    scene: Stage, code: int, gone: bool, wording: bool
) -> None:
    reply = await shown(scene, await scene.case())
    scene.server.refuse("PATCH", EDITS, code)
    with pytest.raises(Undeliverable) as refused:
        await reply.show("headline", LATER)
    assert (refused.value.gone, refused.value.wording) == (gone, wording)
    assert not str(refused.value).endswith("..")
    await reply.show("headline", LATER)
    assert scene.posts()[0].text.endswith("Stage 2 of 3")


async def test_a_page_of_a_proxy_is_in_no_refusal(scene: Stage) -> None:
    reply = await shown(scene, await scene.case())
    page = "<html>\n<p>blocked</p>\n</html>"
    scene.server.faults.order(Fault("PATCH", EDITS, 403, page=page))
    with pytest.raises(Undeliverable, match="403 Forbidden") as refused:
        await reply.show("headline", LATER)
    assert "html" not in str(refused.value)


async def test_a_deleted_thread_takes_no_more_posts(scene: Stage) -> None:
    reply = await shown(scene, await scene.case())
    del scene.server.world.channels[scene.thread().id]
    with pytest.raises(Undeliverable, match="was deleted") as refused:
        await reply.show("answer:B", ANSWER)
    assert refused.value.gone


async def test_a_question_that_was_deleted_is_not_answered(scene: Stage) -> None:
    case = await scene.case()
    scene.server.delete_message(scene.server.messages(scene.channel)[0])
    with pytest.raises(Undeliverable) as refused:
        await shown(scene, case)
    assert refused.value.gone
    assert scene.server.said(scene.channel) == []


# The asker alone


async def test_the_asker_is_told_in_a_direct_message_where_nothing_can_be_shown(
    scene: Stage,
) -> None:
    case = await scene.case()
    await scene.host.reply(case).tell_asker(Document((Text("It could not be posted."),)))
    [told] = scene.server.said(scene.server.direct(scene.ada))
    [question] = scene.server.messages(scene.channel)
    assert told.text.startswith("It could not be posted.")
    assert told.text.endswith(f"/channels/{scene.guild.id}/{scene.channel.id}/{question.id}")


async def test_an_asker_who_takes_no_direct_messages_finds_a_sign(scene: Stage) -> None:
    scene.ada.accepts_dms = False
    case = await scene.case()
    await scene.host.reply(case).tell_asker(Document((Text("Sorry."),)))
    [question] = scene.server.messages(scene.channel)
    assert emoji(question) == ["🔇"]
    await scene.restrict("add_reactions")
    with pytest.raises(Undeliverable):
        await scene.host.reply(await scene.case()).tell_asker(Document((Text("Sorry."),)))


async def test_what_cannot_be_shown_at_all_buys_no_reviews_and_is_told_the_asker() -> None:
    provider = FakeProvider()
    async with stage(provider) as scene:
        scene.server.refuse("POST", f"^/channels/{scene.channel.id}/messages$", 50013, times=100)
        scene.server.refuse("POST", r"/threads$", 50013, times=100)
        _, mention = scene.question()
        accepted = await scene.app.questions.accept(mention)
        assert isinstance(accepted, Accepted)
        await scene.app.running.finished(accepted.id)
        assert provider.asked("review") == []
        [told] = scene.server.said(scene.server.direct(scene.ada))
        assert "may not write here" in told.text
        scene.server.faults.ordered.clear()


# Whom it notifies


async def test_only_the_ranking_pings_and_only_the_asker(scene: Stage) -> None:
    await scene.deliberated()
    [ping] = scene.server.pings
    assert (ping.users, ping.roles, ping.everyone, ping.by) == ((scene.ada,), (), False, "create")
    assert [post.silent for post in scene.posts()] == [True, True, True, True, False]


async def test_the_notification_says_the_verdicts_first_sentence(scene: Stage) -> None:
    await scene.deliberated()
    [ping] = scene.server.pings
    assert ping.push_text.splitlines()[0] == f"<@{scene.ada.id}> **Yes.**"


async def test_the_ranking_does_not_ping_again_when_it_is_edited(scene: Stage) -> None:
    reply = await shown(scene, await scene.case())
    await reply.show("ranking", RANKING, ping=True)
    await reply.show("ranking", Document((Text("**No.**"), *RANKING.blocks[1:])), ping=True)
    assert [ping.by for ping in scene.server.pings] == ["create"]
    assert "**No.**" in scene.posts()[1].text


async def test_every_send_and_edit_says_whom_it_may_mention(scene: Stage) -> None:
    reply = await shown(scene, await scene.case())
    await reply.show("headline", LATER)
    await reply.show("answer:B", ANSWER)
    await reply.show("ranking", RANKING, ping=True)
    allowed = [sent.body["allowed_mentions"] for sent in messages_sent(scene)]
    assert [mentions.get("parse") for mentions in allowed] == [[]] * 4
    assert [mentions.get("users", []) for mentions in allowed].count([scene.ada.id]) == 1


PEOPLE = st.sampled_from(
    ["@everyone", "@here", "<@{bob}>", "<@!{bob}>", "<@&{role}>", "<#{channel}>"]
)
MODEL_TEXT = st.lists(
    st.one_of(PEOPLE, st.sampled_from(["`", "```\n", "\n", "**", "[a](", ")", "\\", "> ", "x "])),
    max_size=12,
).map("".join)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def test_no_text_of_a_model_pings_anybody_but_the_asker(runner: asyncio.Runner) -> None:
    stages = stage()
    scene = runner.run(stages.__aenter__())
    bob = scene.server.create_user("Bob", scene.guild)
    # The bot may mention everyone here, so only what it sends holds the models back.
    rights = Permissions.all()
    role = scene.server.create_role(scene.guild, "loud", rights, bob, scene.server.bot)

    async def show(text: str, then: str) -> None:
        case = await scene.case()
        reply = await shown(scene, case, Document((Text(text), Note(text))))
        await reply.show("headline", Document((Text(then),)))
        await reply.show("answer:B", Document((Detail(text, (Text(text),)),)))
        await reply.show("answer:B", Document((Detail(then, (Text(then),)),)))
        await reply.show("ranking", Document((Text(text), Detail(then, ()))), ping=True)
        await reply.show("ranking", Document((Text(then), Detail(text, ()))), ping=True)

    @given(MODEL_TEXT, MODEL_TEXT)
    def everything(text: str, then: str) -> None:
        names = {"bob": bob.id, "role": role.id, "channel": scene.channel.id}
        scene.server.pings.clear()
        runner.run(show(text.format(**names), then.format(**names)))
        assert [(ping.users, ping.roles, ping.everyone) for ping in scene.server.pings] == [
            ((scene.ada,), (), False)
        ]

    everything()
    runner.run(stages.__aexit__(None, None, None))


# Voting


def emoji(message: Message) -> list[str]:
    return [reaction.name for reaction in message.reactions.values()]


async def test_posts_are_seeded_with_the_emoji_to_vote_with(scene: Stage) -> None:
    await scene.deliberated()
    headline, *answers, ranking = scene.posts()
    assert emoji(headline) == ["👍", "👎"]
    assert [emoji(answer) for answer in answers] == [["👍", "👎", "🏆"]] * 3
    assert emoji(ranking) == ["🚫"]


async def test_a_live_headline_is_not_voted_on(scene: Stage) -> None:
    await shown(scene, await scene.case())
    assert scene.server.sent("PUT") == []


async def test_an_apology_is_not_voted_on() -> None:
    refused = ModelFailed("refused", "it will not do that.")
    async with stage(FakeProvider(otherwise=lambda request: refused)) as scene:
        await scene.deliberated()
        headline, *answers = scene.posts()
        assert headline.text.startswith("## No verdict")
        assert [emoji(post) for post in (headline, *answers)] == [[]] * 4


async def test_without_the_right_to_react_there_are_vote_buttons(scene: Stage) -> None:
    await scene.restrict("add_reactions")
    run, posts = await scene.deliberated()
    headline, answer, *_, ranking = posts
    votes = [id for id in buttons(headline) if ":vote:" in id]
    assert votes == [f"c1:{run}:vote:headline:{v}" for v in ("accept", "reject")]
    assert len(buttons(answer)) == 4
    assert buttons(ranking)[f"c1:{run}:vote:ranking:none"] == "None of these"
    assert scene.server.sent("PUT") == []


async def test_seeds_that_got_lost_in_a_crash_are_given_later(scene: Stage) -> None:
    case = await scene.case()
    scene.server.hold("PUT", "reactions")
    fault = scene.server.faults.ordered[0]
    await scene.host.reply(case).show("answer:B", ANSWER)
    await fault.reached.wait()
    await scene.restart()
    assert fault.gate is not None
    fault.gate.set()
    await scene.host.reply(case).show("answer:B", ANSWER)
    await scene.through()
    assert [emoji(post) for post in scene.posts()] == [["👍", "👎", "🏆"]]


async def test_a_post_full_of_other_emoji_is_left_without_seeds(scene: Stage) -> None:
    case = await scene.case()
    first = scene.server.hold("PUT", "reactions")
    await scene.host.reply(case).show("answer:B", ANSWER)
    await first.reached.wait()
    [post] = scene.posts()
    for number in range(19):
        scene.server.react(scene.ada, post, chr(0x1F400 + number))
    assert first.gate is not None
    first.gate.set()
    await scene.through()
    assert emoji(post)[0] == "👍"
    assert len(post.reactions) == 20


# The whole


async def test_a_deliberation_is_a_thread_of_headline_answers_and_ranking(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    headline, *answers, ranking = posts
    assert headline.text.splitlines()[0] == "## Yes."
    assert [" ".join(answer.text.split()[:4]) for answer in answers] == [
        "**A · The answer",
        "**B · The answer",
        "**C · The answer",
    ]
    assert ranking.content.splitlines()[0] == f"<@{scene.ada.id}> **Yes.**"
    link = f"https://discord.com/channels/{scene.guild.id}/{scene.thread().id}/{headline.id}"
    assert buttons(ranking)[link] == "Go to verdict"
    assert scene.server.rejections == []
    assert scene.server.unknown_routes == []


async def test_the_headline_can_be_stopped_only_while_it_is_live(scene: Stage) -> None:
    _, posts = await scene.deliberated()
    sends = [sent.body["components"] for sent in messages_sent(scene)]
    assert any(c.get("label") == "Stop" for c in walk(sends[0]))
    assert "Stop" not in buttons(posts[0]).values()


async def test_the_ids_of_the_posts_are_in_the_store(scene: Stage) -> None:
    run, posts = await scene.deliberated()
    stored = [post.post_id for post in await scene.app.store.posts(run)]
    assert stored == [f"{scene.thread().id}/{post.id}" for post in posts]


def long_answer(seat: int) -> str:
    part = (
        f"## 제목 {seat}\n\n한국어로 된 문장입니다. 👩‍👩‍👧 Some *English*, too.\n\n```python\n"
        + "\n".join(f"line_{n} = '🎉'" for n in range(40))
        + "\n```\n\n| 열 | n |\n|---|---|\n| 가나 | 1 |\n\n"
    )
    return (part * 31).strip()


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def long_winded(request: Request) -> str:
    name, seat = stage_and_seat(request)
    if name == "answer":
        return long_answer(seat)
    return sensible(request) if name == "review" else "**Yes.** " + long_answer(9)


async def test_long_answers_are_accepted() -> None:
    async with stage(FakeProvider(otherwise=long_winded)) as scene:
        await scene.deliberated()
        assert len(long_answer(0)) > 20_000
        assert scene.server.rejections == []


async def test_redraws_are_two_seconds_apart(scene: Stage) -> None:
    assert scene.host.reply(await scene.case()).interval_seconds == 2.0 * TIME_SCALE
