"""What people do on Discord reaches the council; what is not meant for it does not."""

import asyncio

import discord
import pytest

from bot.conversation.budget import Rules
from bot.errors import StoreFailed
from tests.fakes.council_on_discord import Place
from tests.fakes.discord.state import Mentions
from tests.fakes.discord.world import system_message
from tests.fakes.discord_server import (
    Channel,
    ChannelType,
    DiscordServer,
    Message,
    MessageType,
    running_discord,
)
from tests.fakes.provider import FakeProvider, wordy
from tests.fakes.watched import eventually


@pytest.fixture
async def provider() -> FakeProvider:
    return FakeProvider(otherwise=wordy)


def questions(provider: FakeProvider) -> set[str]:
    """What was asked, as the members read it."""
    return {request.messages[-1].content for request in provider.asked("answer")}


async def asked(place: Place) -> list[str]:
    """The questions that were finished, as they are kept."""
    return [case.question.text async for case in place.app.store.cases()]


async def settled(place: Place) -> None:
    """Until a last question is answered: everything that came before it was handled."""
    last = place.server.mention(place.channel, place.ada, "the last one")
    await place.answered(last)


# Questions


async def test_a_mention_becomes_a_thread_with_the_verdict_on_top(place: Place) -> None:
    question = place.server.mention(place.channel, place.ada, "Why is the sky blue?")
    posts = await place.answered(question)
    assert [thread.id for thread in place.server.threads(place.channel)] == [question.id]
    assert posts[0].text.startswith("## Yes.")
    assert len(posts) == 5
    assert place.server.rejections == []


async def test_the_managed_role_is_a_mention_of_the_bot(server: DiscordServer) -> None:
    server.world.role_mentions_reveal_content = True
    async with Place(server).online() as place:
        question = server.mention_role(place.channel, place.ada, "By the role?")
        await place.answered(question)
        assert await asked(place) == ["By the role?"]


async def test_a_mention_without_text_gets_a_hint(place: Place) -> None:
    """Whether a role's mention reveals the text is undocumented; here it does not."""
    question = place.server.mention_role(place.channel, place.ada, "By the role?")
    hint = await place.said(place.channel, "hides the text")
    assert hint.reference is question


async def test_a_hidden_mention_is_read_where_the_application_may_read_it() -> None:
    async with (
        running_discord(time_scale=0.01, message_content=True) as server,
        Place(server).online() as place,
    ):
        await place.answered(server.mention_role(place.channel, place.ada, "By the role?"))
        assert await asked(place) == ["By the role?"]


@pytest.mark.parametrize("error", [StoreFailed("/home/me/council.db is full"), ZeroDivisionError()])
async def test_a_message_that_cannot_be_taken_up_is_not_met_with_silence(
    place: Place, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    posts = await place.answered(place.server.mention(place.channel, place.ada, "Why?"))
    await place.delivered()

    async def failing(platform: str, post_id: str) -> None:
        raise error

    place.app.store.post_by_id = failing  # type: ignore[method-assign]
    reply = place.server.reply(posts[1], place.ada, "I doubt that.")
    hint = await place.server.wait_for(lambda: said_in_reply(place, reply))
    assert hint
    assert "could not be taken up" in hint.text
    assert "council.db" not in hint.text
    told = [r for r in caplog.records if "could not be taken up" in r.getMessage()]
    assert [bool(record.exc_info) for record in told] == [isinstance(error, ZeroDivisionError)]


async def test_a_mention_that_is_edited_in_counts_once(place: Place) -> None:
    message = place.server.post(place.channel, place.ada, "What about this?")
    place.server.edit(message, f"<@{place.server.bot.id}> What about this?")
    place.server.edit(message, f"<@{place.server.bot.id}> What about that?")
    await place.answered(message)
    await settled(place)
    first, *others = await asked(place)
    assert first in {"What about this?", "What about that?"}  # whichever is heard first
    assert others == ["the last one"]


async def test_a_mention_edited_into_an_old_message_is_none(place: Place) -> None:
    old = place.server.post(place.channel, place.ada, "Old", age_seconds=700)
    place.server.edit(old, f"<@{place.server.bot.id}> Old")
    await settled(place)
    assert await asked(place) == ["the last one"]


async def test_the_preview_of_a_link_asks_nothing(place: Place) -> None:
    question = place.server.mention(place.channel, place.ada, "Is https://example.invalid fine?")
    await place.answered(question)
    place.server.unfurl(question)
    await settled(place)
    assert len(await asked(place)) == 2


async def test_a_direct_message_needs_no_mention(server: DiscordServer) -> None:
    place = Place(server)
    async with place.online(rules=Rules(allowed=frozenset({str(place.ada.id)}))):
        direct = server.direct(place.ada)
        server.post(direct, place.ada, "Just between us?")
        await server.wait_for(lambda: place.verdict(direct))
        assert await asked(place) == ["Just between us?"]
        assert len(server.said(direct)) == 5


async def test_a_direct_message_of_somebody_not_listed_is_refused(place: Place) -> None:
    direct = place.server.direct(place.ada)
    place.server.post(direct, place.ada, "Just between us?")
    refusal = await place.said(direct, "not enabled here")
    assert refusal.silent


async def test_a_forum_post_is_answered_within_it(place: Place) -> None:
    forum = place.server.create_channel(place.guild, "forum", ChannelType.FORUM)
    words = f"<@{place.server.bot.id}> Which one?"
    post = place.server.create_thread(place.ada, forum, "Which", words)
    await place.server.wait_for(lambda: place.verdict(post))
    (case,) = [case async for case in place.app.store.cases()]
    assert (case.channel, case.thread) == (str(forum.id), str(post.id))


async def test_a_mention_in_a_thread_is_answered_there_and_knows_what_was_said(
    place: Place, provider: FakeProvider
) -> None:
    first = place.server.mention(place.channel, place.ada, "Why is the sky blue?")
    await place.answered(first)
    thread = first.thread
    assert thread
    place.server.mention(thread, place.ada, "And at night?")
    await place.server.wait_for(lambda: len(place.server.said(thread)) == 10)
    assert len(place.server.threads(place.channel)) == 1
    assert any("Why is the sky blue?" in text for text in questions(provider) if "night" in text)


async def test_where_no_thread_can_be_the_answer_is_a_plain_reply(place: Place) -> None:
    voice = place.server.create_channel(place.guild, "voice", ChannelType.VOICE)
    question = place.server.mention(voice, place.ada, "Can you hear me?")
    headline = await place.server.wait_for(lambda: place.verdict(voice))
    assert headline
    assert headline.reference is question


async def test_nothing_is_paid_where_the_bot_may_not_write(
    place: Place, provider: FakeProvider
) -> None:
    mute = place.server.create_channel(place.guild, "mute")
    rights = discord.Permissions(send_messages=True, send_messages_in_threads=True)
    place.server.overwrite(mute, place.server.bot, deny=rights)
    place.server.mention(mute, place.ada, "Can you speak?")
    await settled(place)
    assert len(provider.asked("answer")) == 3


def locked_thread(place: Place) -> Channel:
    thread = place.server.create_thread(place.ada, place.channel, "mine", "hello")
    place.server.lock(thread)
    return thread


async def test_in_a_locked_thread_nothing_is_paid_and_a_reaction_says_so(
    place: Place, provider: FakeProvider
) -> None:
    question = place.server.mention(locked_thread(place), place.ada, "Can you speak?")
    await place.server.wait_for(lambda: question.reactions)
    await settled(place)
    assert [reaction.name for reaction in question.reactions.values()] == ["🔇"]
    assert len(provider.asked("answer")) == 3


async def test_a_locked_thread_is_known_as_such_though_nobody_told_of_it(
    server: DiscordServer, provider: FakeProvider
) -> None:
    """Of archived threads Discord tells nothing at the start, and a moderator's message reopens one."""
    place = Place(server)
    thread = locked_thread(place)
    thread.archived = True
    async with place.online(provider):
        thread.archived = False
        question = server.mention(thread, place.ada, "Can you speak?")
        await server.wait_for(lambda: question.reactions)
        await settled(place)
        assert len(provider.asked("answer")) == 3
        assert await asked(place) == ["the last one"]


@pytest.mark.parametrize("code", [50083, 50013, 90001])
async def test_where_no_reaction_can_be_either_the_asker_is_told(
    place: Place, provider: FakeProvider, code: int
) -> None:
    place.server.refuse("PUT", "reactions", code)
    thread = locked_thread(place)
    question = place.server.mention(thread, place.ada, "Can you speak?")
    told = await place.said(place.server.direct(place.ada), "locked")
    assert f"{thread.id}/{question.id}" in told.text
    place.server.repeat(question)
    await settled(place)
    assert len(place.server.said(place.server.direct(place.ada))) == 1
    assert len(provider.asked("answer")) == 3


async def test_where_nothing_can_be_said_at_all_nothing_breaks(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.server.refuse("PUT", "reactions", 50013)
    place.ada.accepts_dms = False
    place.server.mention(locked_thread(place), place.ada, "Can you speak?")
    await settled(place)
    assert [record for record in caplog.records if record.exc_info] == []


async def test_who_may_manage_threads_answers_in_a_locked_one(server: DiscordServer) -> None:
    place = Place(server)
    rights = discord.Permissions(manage_threads=True)
    server.create_role(place.guild, "moderators", rights, server.bot)
    async with place.online():
        thread = locked_thread(place)
        server.mention(thread, place.ada, "Can you speak?")
        await server.wait_for(lambda: place.verdict(thread))


@pytest.mark.parametrize("kind", ["bot", "webhook", "nobody"])
async def test_what_no_person_says_to_the_bot_is_ignored(place: Place, kind: str) -> None:
    server, words = place.server, f"<@{place.server.bot.id}> Loop?"
    match kind:
        case "bot":
            server.post(place.channel, server.create_user("B", place.guild, bot=True), words)
        case "webhook":
            server.post(place.channel, server.create_user("Hook"), words, webhook=True)
        case _:
            server.post(place.channel, place.ada, "Loop? @everyone")
    await settled(place)
    assert await asked(place) == ["the last one"]


async def test_a_message_that_is_delivered_twice_is_answered_once(
    server: DiscordServer, place: Place
) -> None:
    server.world.repeat_thread_source = True
    question = server.mention(place.channel, place.ada, "Once?")
    server.repeat(question)
    await place.answered(question)
    server.repeat(question)
    await settled(place)
    assert await asked(place) == ["Once?", "the last one"]
    assert len(server.threads(place.channel)) == 2


async def test_a_repeat_of_an_answered_question_is_not_even_refused(place: Place) -> None:
    question = place.server.mention(place.channel, place.ada, "Once?")
    await place.answered(question)
    await place.delivered()
    place.app.admission.allowed = frozenset({"somewhere else"})
    place.server.repeat(question)
    later = place.server.mention(place.channel, place.ada, "Not any more?")
    refusal = await place.said(place.channel, "not enabled here")
    assert refusal.reference is later
    assert len(place.server.said(place.channel)) == 1


async def test_a_preview_does_not_ask_again_what_was_refused(place: Place) -> None:
    place.app.admission.allowed = frozenset({"somewhere else"})
    refused = place.server.mention(place.channel, place.ada, "Is https://example.invalid fine?")
    await place.said(place.channel, "not enabled here")
    place.app.admission.allowed = frozenset()
    place.server.unfurl(refused)
    await settled(place)
    assert await asked(place) == ["the last one"]


async def test_a_notice_of_discords_own_asks_nothing(server: DiscordServer) -> None:
    place = Place(server)
    async with place.online(rules=Rules(allowed=frozenset({str(place.ada.id)}))):
        direct = server.direct(place.ada)
        notice = system_message(server.world, direct, place.ada, MessageType.PINNED, None)
        notice.content = "Ada pinned a message"
        server.world.post(notice)
        server.post(direct, place.ada, "A question?")
        await server.wait_for(lambda: place.verdict(direct))
        assert await asked(place) == ["A question?"]


@pytest.mark.parametrize("nothing", ["", "\u200b"])
async def test_an_empty_question_is_refused_once(place: Place, nothing: str) -> None:
    message = place.server.mention(place.channel, place.ada, nothing)
    place.server.repeat(message)
    await place.said(place.channel, "What should the council answer?")
    await settled(place)
    assert len(place.server.said(place.channel)) == 1


async def test_only_the_leading_mention_is_taken_away(place: Place) -> None:
    server, bob = place.server, place.server.create_user("Bob", place.guild)
    other = server.create_channel(place.guild, "weather")
    words = f"is <@{bob.id}> right in <#{other.id}>, <@{server.bot.id}>? <:sun:123456789012345678>"
    await place.answered(server.mention(place.channel, place.ada, words))
    assert await asked(place) == ["is @Bob right in #weather, @Council? :sun:"]


# Replies


async def test_a_reply_with_a_typed_mention_carries_the_message_without_its_author(
    place: Place, provider: FakeProvider
) -> None:
    bob = place.server.create_user("Bobby", place.guild)
    # The bot can read what mentions it, the rest is hidden: here the bot was addressed, too.
    said = place.server.mention(place.channel, bob, "The sky is green.")
    await place.answered(said)
    question = place.server.mention(place.channel, place.ada, "Is that so?", reply_to=said)
    await place.answered(question)
    prompt, *_ = {text for text in questions(provider) if "Is that so?" in text}
    assert "The sky is green." in prompt
    assert "Bobby" not in prompt


@pytest.mark.parametrize("nothing", ["", "\u200b"])
async def test_a_bare_mention_in_a_reply_asks_about_the_message(place: Place, nothing: str) -> None:
    said = place.server.mention(place.channel, place.ada, "Is the sky green?")
    await place.answered(said)
    again = place.server.mention(place.channel, place.ada, nothing, reply_to=said)
    await place.answered(again)
    assert await asked(place) == ["Is the sky green?", "Is the sky green?"]


async def test_a_mention_that_replies_to_an_answer_asks_its_author_alone(
    place: Place, provider: FakeProvider
) -> None:
    posts = await place.answered(place.server.mention(place.channel, place.ada, "Why?"))
    answer = next(post for post in posts if post.text.startswith("**C · "))
    calls = len(provider.requests)
    place.server.mention(answer.channel, place.ada, "Really?", reply_to=answer)
    await place.server.wait_for(lambda: len(place.server.said(answer.channel)) == 8)
    [request] = provider.requests[calls:]
    assert "The question is about what you answered before:" in request.messages[-1].content
    assert "The answer from seat" in request.messages[-1].content
    *_, headline, written, _ranking = place.server.said(answer.channel)
    assert written.text.startswith("**2C · ")
    assert "Only C was asked, with its earlier answer." in headline.text


async def test_a_mode_that_is_named_in_such_a_reply_asks_the_whole_council(
    place: Place, provider: FakeProvider
) -> None:
    posts = await place.answered(place.server.mention(place.channel, place.ada, "Why?"))
    answer = next(post for post in posts if post.text.startswith("**C · "))
    place.server.mention(answer.channel, place.ada, "/council Really?", reply_to=answer)
    await place.server.wait_for(lambda: len(place.server.said(answer.channel)) == 10)
    assert len(provider.asked("answer")) == 6


async def test_a_mention_that_replies_to_a_verdict_carries_the_whole_of_it(
    place: Place, provider: FakeProvider
) -> None:
    posts = await place.answered(place.server.mention(place.channel, place.ada, "Why?"))
    place.server.mention(posts[0].channel, place.ada, "Really?", reply_to=posts[0])
    await place.server.wait_for(lambda: len(place.server.said(posts[0].channel)) == 10)
    prompt, *_ = {text for text in questions(provider) if "Really?" in text}
    assert "The question is about this message:" in prompt


async def test_a_reply_that_merely_pings_starts_nothing_and_offers(
    place: Place, provider: FakeProvider
) -> None:
    posts = await place.answered(place.server.mention(place.channel, place.ada, "Why?"))
    calls = len(provider.requests)
    answer = next(post for post in posts if post.text.startswith("**B · "))
    reply = place.server.reply(answer, place.ada, "I doubt that.")
    offer = await place.server.wait_for(lambda: said_in_reply(place, reply))
    assert offer
    assert "Ask only B" in str(offer.components)
    assert len(provider.requests) == calls


async def test_a_reply_that_does_not_say_to_what_is_offered_and_not_paid(
    place: Place, provider: FakeProvider
) -> None:
    posts = await place.answered(place.server.mention(place.channel, place.ada, "Why?"))
    calls = len(provider.requests)
    answer = next(post for post in posts if post.text.startswith("**B · "))
    place.server.world.references_left_out = True
    reply = place.server.reply(answer, place.ada, "I doubt that.")
    offer = await place.server.wait_for(lambda: said_in_reply(place, reply))
    assert offer
    assert "Ask only B" in str(offer.components)
    assert len(provider.requests) == calls


@pytest.mark.parametrize("left_out", [False, True])
async def test_a_reply_in_a_direct_message_is_offered_and_not_paid(
    server: DiscordServer, left_out: bool
) -> None:
    place, provider = Place(server), FakeProvider()
    async with place.online(provider, rules=Rules(allowed=frozenset({str(place.ada.id)}))):
        direct = server.direct(place.ada)
        server.post(direct, place.ada, "Why?")
        headline = await server.wait_for(lambda: place.verdict(direct))
        assert headline
        calls = len(provider.requests)
        server.world.references_left_out = left_out
        reply = server.reply(headline, place.ada, "I doubt that.", ping=False)
        offer = await server.wait_for(lambda: said_in_reply(place, reply))
        assert offer
        assert "Ask the council" in str(offer.components)
        assert len(provider.requests) == calls


async def test_a_mention_that_discord_counts_though_it_is_code_asks_and_offers_nothing(
    place: Place,
) -> None:
    message = place.server.post(place.channel, place.ada, f"Try `<@{place.server.bot.id}>`")
    message.mentions = Mentions((place.server.bot,))
    place.server.repeat(message)
    await settled(place)
    assert await asked(place) == ["the last one"]
    assert place.server.said(place.channel) == []


async def test_no_offer_is_made_where_the_council_is_not_allowed(place: Place) -> None:
    posts = await place.answered(place.server.mention(place.channel, place.ada, "Why?"))
    place.app.admission.allowed = frozenset({"somewhere else"})
    reply = place.server.reply(posts[1], place.ada, "I doubt that.")
    refusal = await place.server.wait_for(lambda: said_in_reply(place, reply))
    assert refusal
    assert "not enabled here" in refusal.text


@pytest.mark.parametrize(
    "words",
    [
        "What does `<@{}>` do?",
        "``Use ` <@{}>``",
        "```\nping <@{}>\n```\nlike that",
        r"\<@{}> is how it is written",
        "`<@!{}>`",
        "a ` b ```<@{}>```",
    ],
)
async def test_a_mention_in_code_or_behind_a_backslash_is_not_typed(
    place: Place, provider: FakeProvider, words: str
) -> None:
    posts = await place.answered(place.server.mention(place.channel, place.ada, "Why?"))
    calls = len(provider.requests)
    reply = place.server.reply(posts[1], place.ada, words.format(place.server.bot.id))
    offer = await place.server.wait_for(lambda: said_in_reply(place, reply))
    assert offer
    assert "Ask only" in str(offer.components)
    assert len(provider.requests) == calls


async def test_a_mention_beside_code_is_typed(place: Place) -> None:
    posts = await place.answered(place.server.mention(place.channel, place.ada, "Why?"))
    words = "Is `a ` right, <@{}>? And `` this ` ``"
    place.server.reply(posts[0], place.ada, words.format(place.server.bot.id))
    await place.server.wait_for(lambda: len(place.server.said(posts[1].channel)) == 10)


async def test_a_reply_without_a_ping_is_none_of_the_bots_business(place: Place) -> None:
    posts = await place.answered(place.server.mention(place.channel, place.ada, "Why?"))
    quiet = place.server.reply(posts[0], place.ada, "Look at this", ping=False)
    await settled(place)
    assert said_in_reply(place, quiet) is None


def said_in_reply(place: Place, message: Message) -> Message | None:
    said = place.server.said(message.channel)
    return next((each for each in said if each.reference is message), None)


# What people delete


async def test_deleting_the_question_stops_its_run(server: DiscordServer) -> None:
    provider = FakeProvider({("answer", 1): [asyncio.Event()]})
    async with Place(server).online(provider) as place:
        question = server.mention(place.channel, place.ada, "Why?")
        await server.wait_for(lambda: question.thread and len(server.said(question.thread)) == 3)
        assert question.thread
        server.delete_message(question)
        await place.said(question.thread, "Stopped")
        assert provider.asked("review") == []


@pytest.mark.parametrize("gone", ["thread", "channel"])
async def test_deleting_the_place_of_a_question_stops_its_run(
    server: DiscordServer, gone: str
) -> None:
    """In a person's own thread, which has another id than the question."""
    provider = FakeProvider({("answer", 1): [asyncio.Event()]})
    async with Place(server).online(provider) as place:
        thread = server.create_thread(place.ada, place.channel, "mine", "hello")
        question = server.mention(thread, place.ada, "Why?")
        await server.wait_for(lambda: len(server.said(thread)) == 3)
        if gone == "thread":
            server.delete_thread(thread)
        else:
            server.delete_channel(place.channel)

        async def stopped() -> bool:
            case = await place.app.store.case_of_mention(f"discord:{question.id}")
            return bool(case and case.status == "stopped")

        assert await eventually(stopped)
        assert provider.asked("review") == []


async def test_leaving_the_server_stops_its_runs(server: DiscordServer) -> None:
    provider = FakeProvider({("answer", 1): [asyncio.Event()]})
    async with Place(server).online(provider) as place:
        question = server.mention(place.channel, place.ada, "Why?")
        await server.wait_for(lambda: question.thread and len(server.said(question.thread)) == 3)
        server.remove_bot(place.guild)

        async def stopped() -> bool:
            case = await place.app.store.case_of_mention(f"discord:{question.id}")
            return bool(case and case.status == "stopped")

        assert await eventually(stopped)


async def test_a_place_that_turns_out_to_be_gone_buys_nothing_more(server: DiscordServer) -> None:
    """Its deletion was never told, as while the connection is lost."""
    one, other = asyncio.Event(), asyncio.Event()
    provider = FakeProvider({("answer", 1): [one], ("answer", 2): [other]})
    async with Place(server).online(provider) as place:
        question = server.mention(place.channel, place.ada, "Why?")
        await server.wait_for(lambda: question.thread and len(server.said(question.thread)) == 2)
        assert question.thread
        headline, _ = server.said(question.thread)
        del server.world.channels[question.thread.id]
        one.set()
        path = f"/messages/{headline.id}$"
        await server.wait_for(lambda: [r for r in server.sent("PATCH", path) if r.status == 404])
        other.set()

        async def stopped() -> bool:
            case = await place.app.store.case_of_mention(f"discord:{question.id}")
            return bool(case and case.status != "running")

        assert await eventually(stopped)
        assert provider.asked("review") == []


async def test_deleting_the_thread_stops_its_run(server: DiscordServer) -> None:
    provider = FakeProvider({("answer", 1): [asyncio.Event()]})
    async with Place(server).online(provider) as place:
        question = server.mention(place.channel, place.ada, "Why?")
        await server.wait_for(lambda: question.thread and len(server.said(question.thread)) == 3)
        assert question.thread
        server.delete_thread(question.thread)

        async def stopped() -> bool:
            case = await place.app.store.case_of_mention(f"discord:{question.id}")
            return bool(case and case.status == "stopped")

        assert await eventually(stopped)


async def test_a_deleted_post_is_known_as_deleted(place: Place) -> None:
    posts = await place.answered(place.server.mention(place.channel, place.ada, "Why?"))
    place.server.delete_message(posts[1])
    post_id = f"{posts[1].channel.id}/{posts[1].id}"

    async def deleted() -> bool:
        post = await place.app.store.post_by_id("discord", post_id)
        return bool(post and post.deleted)

    assert await eventually(deleted)


# Votes


async def votes(place: Place) -> set[tuple[str, str, str]]:
    """Person, target and value of every reaction that counts."""
    (case,) = [case async for case in place.app.store.cases()]
    found = await place.app.store.reactions(case.id)
    return {(place.server.world.users[int(r.person)].name, r.target, r.value) for r in found}


async def voted(place: Place, *expected: tuple[str, str, str]) -> bool:
    async def equal() -> bool:
        return await votes(place) == set(expected)

    return await eventually(equal)


@pytest.fixture
async def posts(place: Place) -> list[Message]:
    return await place.answered(place.server.mention(place.channel, place.ada, "Why?"))


def post(posts: list[Message], words: str) -> Message:
    return next(post for post in posts if words in post.text)


async def test_reactions_are_votes_and_their_removal_takes_them_back(
    place: Place, posts: list[Message]
) -> None:
    server, answer = place.server, post(posts, "**A · ")
    server.react(place.ada, answer, "👍")
    assert await voted(place, ("Ada", "A", "accept"))
    server.react(place.ada, answer, "🏆")
    assert await voted(place, ("Ada", "A", "accept"), ("Ada", "A", "best"))
    server.unreact(place.ada, answer, "👍")
    assert await voted(place, ("Ada", "A", "best"))
    server.react(place.ada, posts[0], "👎")
    server.react(place.ada, posts[-1], "🚫")
    assert await voted(
        place, ("Ada", "A", "best"), ("Ada", "verdict", "reject"), ("Ada", "none", "none")
    )


async def test_a_super_reaction_counts_and_outlives_the_normal_one(
    place: Place, posts: list[Message]
) -> None:
    answer = post(posts, "**A · ")
    place.server.react(place.ada, answer, "👍")
    place.server.react(place.ada, answer, "👍", burst=True)
    place.server.react(place.ada, answer, "👎")
    assert await voted(place, ("Ada", "A", "accept"), ("Ada", "A", "reject"))
    place.server.unreact(place.ada, answer, "👍")
    place.server.unreact(place.ada, answer, "👎")
    assert await voted(place, ("Ada", "A", "accept"))
    place.server.unreact(place.ada, answer, "👍", burst=True)
    assert await voted(place)


async def test_skin_tones_are_the_same_vote(place: Place, posts: list[Message]) -> None:
    answer = post(posts, "**B · ")
    place.server.react(place.ada, answer, "👍🏽")
    assert await voted(place, ("Ada", "B", "accept"))


@pytest.mark.parametrize("trouble", ["cut", "503", "banned"])
async def test_a_vote_taken_back_during_an_outage_is_taken_back(
    place: Place, posts: list[Message], caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    server, answer = place.server, post(posts, "**A · ")
    server.react(place.ada, answer, "👍")
    assert await voted(place, ("Ada", "A", "accept"))
    path = f"/messages/{answer.id}$"
    match trouble:
        case "cut":
            server.cut("GET", path, times=4)
        case "503":
            server.fail("GET", path, 503, times=2)
        case _:
            server.ban("GET", path, 1)
    server.unreact(place.ada, answer, "👍")
    assert await voted(place)
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize("emoji", [None, "👍"])
async def test_what_a_moderator_clears_is_gone(
    place: Place, posts: list[Message], emoji: str | None
) -> None:
    answer = post(posts, "**A · ")
    place.server.react(place.ada, answer, "👍")
    assert await voted(place, ("Ada", "A", "accept"))
    place.server.clear(answer, emoji)
    assert await voted(place)


async def test_bots_and_seeds_never_count(place: Place, posts: list[Message]) -> None:
    bob = place.server.create_user("Bob", place.guild, bot=True)
    answer = post(posts, "**A · ")
    await place.server.wait_for(lambda: len(answer.reactions) == 3)
    place.server.react(bob, answer, "👍")
    place.server.react(place.ada, answer, "👎")
    assert await voted(place, ("Ada", "A", "reject"))
    # A removal has everything on the message read again: the bot's 👍 is still there.
    place.server.unreact(place.ada, answer, "👎")
    assert await voted(place)


async def test_a_vote_counts_before_the_bot_knows_that_its_post_arrived(place: Place) -> None:
    server = place.server
    held = server.hold("POST", r"/channels/\d+/messages$")
    question = server.mention(place.channel, place.ada, "Why?")
    await held.reached.wait()
    assert question.thread
    (headline,) = server.said(question.thread)
    server.react(place.ada, headline, "👍")
    # Heard by the bot before it hears that the post arrived: what came in between was answered.
    await place.answered(server.mention(place.channel, place.ada, "And this?"))
    assert held.gate
    held.gate.set()
    await place.answered(question)
    case = await place.app.store.case_of_mention(f"discord:{question.id}")
    assert case

    async def counted() -> list[str]:
        return [reaction.value for reaction in await place.app.store.reactions(case.id)]

    assert await eventually(counted) == ["accept"]


async def test_votes_in_direct_messages_count(server: DiscordServer) -> None:
    place = Place(server)
    async with place.online(rules=Rules(allowed=frozenset({str(place.ada.id)}))):
        direct = server.direct(place.ada)
        server.post(direct, place.ada, "Why?")
        headline = await server.wait_for(lambda: place.verdict(direct))
        assert headline
        server.react(place.ada, headline, "👍")
        assert await voted(place, ("Ada", "verdict", "accept"))
        server.unreact(place.ada, headline, "👍")
        assert await voted(place)


# Newly added


async def test_a_new_server_is_welcomed_once(place: Place) -> None:
    guild = place.server.create_guild("new", bot_permissions=None)
    channel = place.server.create_channel(guild)
    place.server.invite_bot(guild)
    await place.said(channel, "The council is here")
    place.server.remove_bot(guild)
    place.server.invite_bot(guild)
    await settled(place)
    assert len(place.server.said(channel)) == 1


async def test_a_new_server_that_nobody_allowed_is_told_how(server: DiscordServer) -> None:
    server.world.public = True
    async with Place(server).online() as place:
        guild = server.create_guild("new", bot_permissions=None)
        channel = server.create_channel(guild)
        server.invite_bot(guild)
        await place.said(channel, "/council allow")


async def test_nothing_the_bot_sends_pings_by_its_text(place: Place) -> None:
    everyone = f"@everyone <@{place.ada.id}> <@&{place.guild.id}>"
    place.server.mention(place.channel, place.ada, everyone)
    await settled(place)
    for ping in place.server.pings:
        if ping.message.author is place.server.bot:
            assert (ping.everyone, ping.roles, ping.users) == (False, (), (place.ada,))


async def test_no_privileged_intent_is_asked_for(place: Place) -> None:
    (identify,) = place.server.gateway.identifies
    intents = discord.Intents._from_value(identify["intents"])
    privileged = (intents.members, intents.presences, intents.message_content)
    assert privileged == (False, False, False)
