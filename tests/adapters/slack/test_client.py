"""What people do on Slack reaches the council; what is not meant for it does not."""

import asyncio

import pytest

from adapters.slack.packing import Message
from adapters.slack.render import document_messages
from bot.chat import Person
from bot.conversation.budget import Rules
from bot.document import Button, Document, Text
from bot.llm import Request
from tests.fakes.council_on_slack import Place
from tests.fakes.provider import FakeProvider, sensible
from tests.fakes.slack.building import a_button, in_actions
from tests.fakes.slack_server import Message as Posted
from tests.fakes.slack_server import SlackServer
from tests.fakes.watched import eventually

BOSS = Person("U0BOSS", admin=True)


async def asked(place: Place) -> list[str]:
    """The questions that were finished, as they are kept."""
    return [case.question.text async for case in place.app.store.cases()]


async def settled(place: Place) -> None:
    """Until a last question is answered: everything that came before it was handled."""
    await place.answered(place.server.mention(place.channel, place.ada, "the last one"))
    await place.delivered()


async def test_a_mention_becomes_a_thread_with_the_verdict_on_top(place: Place) -> None:
    question = place.server.mention(place.channel, place.ada, "Why is the sky blue?")
    posts = await place.answered(question)
    assert len(posts) == 5
    assert "Yes" in posts[0].text
    assert place.server.rejections == []


async def test_it_is_acknowledged_at_once(place: Place) -> None:
    """While Slack still owes the answer to the first thing that the bot asks it."""
    place.server.courier.deadline_scale = 100  # or it is sent again, and that acknowledged
    held = place.server.hold("users.info")
    question = place.server.mention(place.channel, place.ada, "Quick?")
    (delivery,) = place.server.deliveries
    await held.reached.wait()
    await place.server.wait_for(lambda: delivery.state == "acknowledged")
    assert len(place.server.called("users.info")) == 1  # it was not given up before
    assert held.gate
    held.gate.set()
    await place.answered(question)


async def test_every_event_that_the_manifest_subscribes_to_is_heard(place: Place) -> None:
    server = place.server
    (headline, *_) = await place.answered(server.mention(place.channel, place.ada, "Why?"))
    server.react(place.ada, place.channel, headline.ts, "tada")
    server.unreact(place.ada, place.channel, headline.ts, "tada")
    server.invite(place.channel, server.create_user("bob"))
    server.edit(server.direct_message(place.ada, "Just between us?"), "Or not?")
    await settled(place)
    await server.wait_for(lambda: all(each.state != "pending" for each in server.deliveries))
    assert {each.state for each in server.deliveries} == {"acknowledged"}
    heard = {each.type for each in server.deliveries} - {"message"}
    assert heard == server.world.manifest.events - {"message.im"}


async def test_a_mention_in_a_thread_is_answered_there_and_knows_what_was_said(
    place: Place, provider: FakeProvider
) -> None:
    first = place.server.mention(place.channel, place.ada, "Why is the sky blue?")
    await place.answered(first)
    follow_up = place.server.mention(place.channel, place.ada, "And at night?", first.ts)
    posts = await place.answered(follow_up)
    assert len(posts) == 10
    read = [request.messages[-1].content for request in provider.asked("answer")]
    assert all("Why is the sky blue?" in text for text in read if "And at night?" in text)


async def test_the_root_of_a_thread_goes_along_without_its_author(
    place: Place, provider: FakeProvider
) -> None:
    root = place.server.post(place.channel, place.ada, "Tea beats coffee, doesn't it?")
    await place.answered(place.server.mention(place.channel, place.ada, "True?", root.ts))
    read = provider.asked("answer")[0].messages[-1].content
    assert "Tea beats coffee" in read
    assert "ada" not in read
    (case,) = [case async for case in place.app.store.cases()]
    assert (case.question.text, case.thread) == ("True?", root.ts)


@pytest.mark.parametrize("nothing", ["", "\u200b"])
async def test_a_bare_mention_in_a_thread_means_its_root(place: Place, nothing: str) -> None:
    root = place.server.post(place.channel, place.ada, "Tea or coffee?")
    await place.answered(place.server.mention(place.channel, place.ada, nothing, root.ts))
    assert await asked(place) == ["Tea or coffee?"]


@pytest.mark.parametrize("nothing", ["", "\u200b"])
async def test_a_bare_mention_gets_a_hint(place: Place, nothing: str) -> None:
    message = place.server.mention(place.channel, place.ada, nothing)
    await place.whispered("Write the question behind the mention")
    assert place.server.said(place.channel, message.ts) == []


async def test_a_refusal_in_a_thread_is_whispered_there_with_its_button(place: Place) -> None:
    server = place.server
    root = server.post(place.channel, place.ada, "A story")
    await place.app.command(await place.client.place(place.channel.id), BOSS, "pause")
    server.mention(place.channel, place.ada, "Is it true?", root.ts)
    await place.whispered("paused")
    [told] = server.ephemerals
    assert (told.user, told.thread_ts) == (place.ada, root.ts)
    assert server.said(place.channel, root.ts) == []
    place.ada.admin = True
    await server.click(place.ada, place.channel, told.ts, "resume")
    await server.wait_for(lambda: "answers here again" in told.text)


async def test_names_and_links_reach_the_models_as_people_read_them(
    place: Place, provider: FakeProvider
) -> None:
    text = (
        f"Is <@{place.ada.id}> right about <https://docs.example/a?b=1&amp;c=2> &amp; &lt;tags&gt;?"
    )
    message = place.server.post(place.channel, place.ada, "later")
    message.text = f"<@{place.server.bot.id}> {text}"
    place.server.world.edit(message, place.ada)
    await place.answered(message)
    words = "Is @ada right about https://docs.example/a?b=1&c=2 & <tags>?"
    assert await asked(place) == [words]
    assert place.ada.id not in provider.asked("answer")[0].messages[-1].content


async def test_a_direct_message_needs_no_mention(place: Place) -> None:
    question = place.server.direct_message(place.ada, "Just between us?")
    posts = await place.answered(question)
    assert len(posts) == 5
    (case,) = [case async for case in place.app.store.cases()]
    assert case.channel == question.channel.id


async def test_what_is_typed_behind_me_is_heard(place: Place) -> None:
    direct = place.server.direct(place.ada)
    for channel, words in ((direct, "wonders"), (place.channel, f"asks <@{place.server.bot.id}>")):
        asked = place.server.post(channel, place.ada, f"{words} why", subtype="me_message")
        assert len(await place.answered(asked)) == 5


async def test_more_in_the_thread_of_a_direct_message_is_offered_first(
    place: Place, provider: FakeProvider
) -> None:
    question = place.server.direct_message(place.ada, "Just between us?")
    await place.answered(question)
    reply = place.server.direct_message(place.ada, "I doubt that.", question.ts)
    offer = await place.said(question.channel, "Shall the council", question.ts)
    assert len(provider.asked("answer")) == 3
    await place.server.click(place.ada, question.channel, offer.ts, f"ask:{reply.ts}")
    await place.server.wait_for(lambda: place.ranking(reply))
    assert await asked(place) == ["Just between us?", "I doubt that."]
    assert "put to the council" in offer.text


async def test_an_edited_mention_is_the_same_question(place: Place) -> None:
    message = place.server.mention(place.channel, place.ada, "What about this?")
    place.server.edit(message, f"<@{place.server.bot.id}> What about that?")
    await place.answered(message)
    await settled(place)
    first, *others = await asked(place)
    assert first in {"What about this?", "What about that?"}  # whichever is heard first
    assert others == ["the last one"]


async def test_a_mention_edited_in_late_asks_nothing(place: Place) -> None:
    old = place.server.post(place.channel, place.ada, "Old", age_seconds=700)
    place.server.edit(old, f"<@{place.server.bot.id}> Old")
    await settled(place)
    assert await asked(place) == ["the last one"]


async def test_an_event_that_is_repeated_counts_once(place: Place) -> None:
    question = place.server.mention(place.channel, place.ada, "Once?")
    await place.answered(question)
    (delivery,) = [each for each in place.server.deliveries if each.type == "app_mention"]
    place.server.courier.repeat(delivery)
    await settled(place)
    assert await asked(place) == ["Once?", "the last one"]
    assert len(place.server.said(place.channel, question.ts)) == 5


async def test_other_bots_are_not_answered(place: Place) -> None:
    bot = place.server.create_user("robo", place.channel, bot=True)
    place.server.mention(place.channel, bot, "Loop?")
    await settled(place)
    assert await asked(place) == ["the last one"]


@pytest.mark.parametrize("words", ["ask `{}` why", "how?\n```\n{} why\n```", "```{}``` and `{} x`"])
async def test_a_mention_that_is_shown_as_code_asks_nothing(place: Place, words: str) -> None:
    bot = f"<@{place.server.bot.id}>"
    place.server.post(place.channel, place.ada, words.replace("{}", bot))
    place.server.post(place.channel, place.ada, f"`{bot}` is what I meant, {bot}. So?")
    await settled(place)
    await place.delivered()
    assert set(await asked(place)) == {"`@council` is what I meant, @council. So?", "the last one"}


# Other organisations and guests


async def test_another_organisation_is_not_heard_unless_listed(server: SlackServer) -> None:
    partner = server.create_team("partner")
    shared = server.create_channel("shared", shared_with=[partner])
    eve = server.create_user("eve", shared, team=partner)
    bob = server.create_user("bob", shared, team=partner)
    place = Place(server)
    rules = Rules(allowed=frozenset({bob.id, server.team.id}))
    async with place.online(rules=rules):
        server.mention(shared, eve, "Hello from outside?")
        await place.answered(server.mention(shared, bob, "And from me?"))
        await settled(place)
        assert await asked(place) == ["And from me?", "the last one"]
    assert server.said(shared) == []


async def test_a_guest_asks_only_where_that_is_listed(server: SlackServer) -> None:
    place = Place(server)
    guest = server.create_user("gus", place.channel, guest=True)
    async with place.online():
        server.mention(place.channel, guest, "May I?")
        await place.whispered("not enabled here")
    async with place.online(rules=Rules(allowed=frozenset({guest.id, server.team.id}))):
        await place.answered(server.mention(place.channel, guest, "And now?"))
        assert await asked(place) == ["And now?"]


# Votes


async def votes(place: Place) -> set[tuple[str, str, str]]:
    found: set[tuple[str, str, str]] = set()
    async for case in place.app.store.cases():
        for each in await place.app.store.reactions(case.id):
            found.add((place.server.world.users[each.person].name, each.target, each.value))
    return found


def labelled(posts: list[Posted], label: str) -> Posted:
    return next(post for post in posts if f"*{label}* · " in post.text)


async def voted(place: Place, *expected: tuple[str, str, str]) -> None:
    async def done() -> bool:
        return await votes(place) == set(expected)

    await eventually(done)


async def test_reactions_are_votes_and_can_be_taken_back(place: Place) -> None:
    server = place.server
    question = server.mention(place.channel, place.ada, "Why?")
    headline, *answers, ranking = await place.answered(question)
    a = labelled(answers, "A")
    await place.delivered()
    server.react(place.ada, place.channel, a.ts, "+1::skin-tone-3")
    server.react(place.ada, place.channel, headline.ts, "thumbsdown")
    server.react(place.ada, place.channel, ranking.ts, "trophy")
    await voted(place, ("ada", "A", "accept"), ("ada", "verdict", "reject"))
    server.unreact(place.ada, place.channel, a.ts, "+1::skin-tone-3")
    await voted(place, ("ada", "verdict", "reject"))


async def test_bots_do_not_vote(place: Place) -> None:
    server = place.server
    bot = server.create_user("robo", place.channel, bot=True)
    posts = await place.answered(server.mention(place.channel, place.ada, "Why?"))
    a = labelled(posts, "A")
    await place.delivered()
    server.react(bot, place.channel, a.ts, "+1")
    server.react(place.ada, place.channel, a.ts, "trophy")
    await voted(place, ("ada", "A", "best"))


async def test_of_many_voters_all_count(place: Place) -> None:
    """An event's own list, and one that is not asked for in full, may be cut short."""
    server = place.server
    people = [server.create_user(f"p{n}", place.channel) for n in range(6)]
    posts = await place.answered(server.mention(place.channel, place.ada, "Why?"))
    a = labelled(posts, "A")
    await place.delivered()
    for person in people:
        server.react(person, place.channel, a.ts, "+1")
    await voted(place, *((f"p{n}", "A", "accept") for n in range(6)))


# Buttons


async def test_names_are_for_those_who_voted_or_choose_to_see_them(place: Place) -> None:
    server = place.server
    question = server.mention(place.channel, place.ada, "Why?")
    headline, *_ = await place.answered(question)
    await place.delivered()
    await server.click(place.ada, place.channel, headline.ts, "reveal")
    hint = await server.wait_for(lambda: server.ephemerals)
    assert "You have not voted here yet" in hint[-1].text
    assert hint[-1].thread_ts == question.ts
    await server.click(place.ada, place.channel, hint[-1].ts, "names")
    await place.whispered("The verdict was written by")
    assert [each.user for each in server.ephemerals] == [place.ada]
    assert not [m for m in server.said(place.channel, question.ts) if "lab/a" in str(m.blocks)]


async def test_an_offer_of_years_ago_is_taken_up(place: Place) -> None:
    question = place.server.direct_message(place.ada, "Between us?")
    await place.answered(question)
    reply = place.server.direct_message(place.ada, "I doubt that.", question.ts)
    await place.said(question.channel, "Shall the council", question.ts)
    button = a_button(action_id="ask", value=reply.ts)
    old = Message((in_actions(button),), "Shall we?")
    ts = (await place.client.web.post(question.channel.id, old, thread=question.ts)).ts
    await place.server.click(place.ada, question.channel, ts, "ask")
    await place.server.wait_for(lambda: place.ranking(reply))


async def test_what_stands_in_a_menu_behind_the_buttons_is_a_button_too(place: Place) -> None:
    posts = await place.answered(place.server.mention(place.channel, place.ada, "Why?"))
    run = posts[0].metadata["event_payload"]["run"] if posts[0].metadata else ""
    buttons = tuple(Button(name, name) for name in ("follow", "again", "stop", "reveal"))
    [shown] = document_messages(Document((Text("x"),), buttons=buttons), run=run)
    ts = (await place.client.web.post(place.channel.id, shown)).ts
    await place.server.click(place.ada, place.channel, ts, "more", f"{run}:stop")
    await place.whispered("over already")


async def test_a_button_of_another_version_is_told(place: Place) -> None:
    server = place.server
    headline, *_ = await place.answered(server.mention(place.channel, place.ada, "Why?"))
    old, *_ = [e for b in headline.blocks if b["type"] == "actions" for e in b["elements"]]
    old["action_id"] = "dance"
    await server.click(place.ada, place.channel, headline.ts, "dance")
    await place.whispered("This button is from another version")


async def test_stop_is_for_the_asker_and_administrators(server: SlackServer) -> None:
    hanging = asyncio.Event()
    provider = FakeProvider({("answer", 1): [hanging]})
    async with Place(server).online(provider) as place:
        bob = server.create_user("bob", place.channel)
        question = server.mention(place.channel, place.ada, "Forever?")
        await server.wait_for(lambda: len(server.said(place.channel, question.ts)) == 3)
        headline = server.said(place.channel, question.ts)[0]
        await server.click(bob, place.channel, headline.ts, "stop")
        await place.whispered("Only the person who asked")
        await server.click(place.ada, place.channel, headline.ts, "stop")
        await place.whispered("Stopping")
        await place.delivered()


async def test_a_new_channel_is_welcomed_once(place: Place) -> None:
    server = place.server
    channel = server.create_channel("new", place.ada, with_bot=False)
    server.invite(channel, server.bot, place.ada)
    await place.said(channel, "The council is here")
    server.remove(channel, server.bot)
    server.invite(channel, server.bot, place.ada)
    await settled(place)
    assert len(server.said(channel)) == 1


async def test_a_direct_message_deleted_before_the_first_reply_ends_its_run(
    server: SlackServer,
) -> None:
    provider = FakeProvider({("answer", 1): [asyncio.Event()]})
    async with Place(server).online(provider) as place:
        held = server.hold("chat.postMessage")
        question = server.direct_message(place.ada, "Never mind?")
        await held.reached.wait()
        server.delete(question)
        assert held.gate
        held.gate.set()
        await place.delivered()
    assert provider.asked("review") == []


async def test_a_deleted_direct_message_ends_its_run(server: SlackServer) -> None:
    provider = FakeProvider({("answer", 1): [asyncio.Event()]})
    async with Place(server).online(provider) as place:
        question = server.direct_message(place.ada, "Never mind?")
        await server.wait_for(lambda: len(server.said(question.channel, question.ts)) == 3)
        server.delete(question)
        await place.delivered()
    assert provider.asked("review") == []


# Hostile text


def hostile(request: Request) -> str:
    """What a model would write that wants to be heard by everybody."""
    calls = "<!channel> <!here> @everyone <@U0000000001> [docs.python.org](https://evil.example/x)"
    return f"{calls} {'long ' * 4_000}\n\n{sensible(request)}"


async def test_hostile_text_pings_nobody_and_hides_no_address(server: SlackServer) -> None:
    async with Place(server).online(FakeProvider(otherwise=hostile)) as place:
        question = server.mention(place.channel, place.ada, "<!channel> Who is heard?")
        await place.answered(question)
        await place.delivered()
    assert [(ping.kind, ping.target) for ping in server.pings] == [("user", place.ada.id)]
    assert [link for link in server.links if link.disguised] == []
    assert server.unfurled == []
    assert server.rejections == []


# Answers lost, connections renewed


async def test_what_slack_does_not_answer_is_said_once(place: Place) -> None:
    server = place.server
    server.cut("chat.postMessage", committed=True, times=2)
    server.fail("chat.postMessage", 503, committed=True)
    server.rate_limit("users.info")
    server.cut("reactions.get")
    question = server.mention(place.channel, place.ada, "Why?")
    posts = await place.answered(question)
    await place.delivered()
    server.react(place.ada, place.channel, labelled(posts, "A").ts, "+1")
    await voted(place, ("ada", "A", "accept"))
    assert len(server.said(place.channel, question.ts)) == 5
    assert len(server.pings) == 1


async def test_a_renewed_connection_misses_nothing(place: Place) -> None:
    server = place.server
    for n in range(2):
        server.socket_mode.say_goodbye()
        await place.answered(server.mention(place.channel, place.ada, f"Number {n}?"))
    await place.delivered()
    assert await asked(place) == ["Number 0?", "Number 1?"]


async def test_a_connection_that_cannot_be_renewed_is_a_line_in_the_log(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    async def told() -> bool:
        return "the connection to Slack broke: Something before Slack answered" in caplog.text

    server = place.server
    server.fail("apps.connections.open", 503)
    server.socket_mode.say_goodbye()
    await eventually(told)
    server.socket_mode.refuse_connections = 1
    server.socket_mode.close()
    await place.answered(server.mention(place.channel, place.ada, "Back again?"))
    assert "the connection to Slack broke: HTTP 503" in caplog.text
    assert "ticket" not in caplog.text
    assert [record for record in caplog.records if record.exc_info] == []
