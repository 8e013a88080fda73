"""Follow-ups written in a form, and the same question once more: asked once, said in the thread."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat import Channel, Mention, Person, Refused
from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.conversation.presses import Form, Press, Told
from bot.council import Alone
from bot.document import Document, Table, Text
from bot.errors import InvalidInput, ModelFailed
from bot.llm import ModelInfo
from bot.records import Case
from bot.texts import ELSEWHERE as ANOTHER_CHANNEL
from bot.texts import EXPIRED, FORGOTTEN
from tests.conversation.room import (
    ADMIN,
    ANN,
    BOB,
    CHANNEL,
    Held,
    Room,
    accepted,
    case_of,
    mention,
    pressed,
    running,
    served,
    words,
)
from tests.fakes import databases
from tests.fakes.council import CHAIRMAN, MEMBERS
from tests.fakes.provider import FakeProvider

ASKED = "The question was put to the council."
ASKED_ALREADY = "This was asked already."
RUNNING = "The verdict is still being written."
PAUSED = (
    "⏸ **The council is paused in this channel.** Somebody paused it today. "
    "Administrators can end that: `/council resume`."
)


def room_of(app: App) -> Room:
    room = app.platforms["discord"]
    assert isinstance(room, Room)
    return room


def a_press(id: str, person: Person, *what: str, sees: bool = True, address: str = "") -> Press:
    async def there() -> str:
        return address

    return Press(person, id, what, sees=lambda case: sees, address=there)


async def form_of(app: App, id: str, person: Person = BOB) -> Form:
    form = await app.actions.press(a_press(id, person, "follow"))
    assert isinstance(form, Form), form
    return form


async def sent(
    app: App, form: Form, text: str, whom: str = "council", person: Person = BOB
) -> Document:
    """What comes of a form that was accepted, or was before."""
    told = await app.actions.submit(a_press(form.run, person, *form.name.split(":")), text, whom)
    assert isinstance(told, Told), told
    return told.document


async def refused(
    app: App, form: Form, text: str, whom: str = "council", person: Person = BOB
) -> str:
    told = await app.actions.submit(a_press(form.run, person, *form.name.split(":")), text, whom)
    assert isinstance(told, Refused), told
    return words(told.document)


async def newest(app: App) -> Case:
    """The run that was begun last, once it is over."""
    [case] = app.running.cases
    await app.running.finished(case.id)
    return await case_of(app, case.id)


async def shown(app: App, id: str, key: str) -> str:
    """The first words of a post."""
    block = room_of(app).documents[id, key].blocks[0]
    assert isinstance(block, Text)
    return block.text


# --- names


async def test_the_name_of_one_member_alone_waits_for_a_vote_on_its_councils_answers() -> None:
    async with running() as app:
        id = await served(app, mention(thread="thread"))
        await sent(app, await form_of(app, id), "Why?", "B")
        alone = await newest(app)
        assert await app.voting.react("discord", f"{alone.id}/answer:B", BOB, "👍")

        assert words(await pressed(app, alone.id, BOB, "reveal")).startswith("You have not voted")

        assert await app.voting.react("discord", f"{id}/answer:B", BOB, "👍")
        assert isinstance((await pressed(app, alone.id, BOB, "reveal")).blocks[0], Table)
        assert await app.store.revealed(id, "bob")


async def test_whoever_saw_the_councils_names_votes_on_none_of_its_members_blind() -> None:
    async with running() as app:
        id = await served(app, mention(thread="thread"))
        await sent(app, await form_of(app, id), "Why?", "B")
        alone = await newest(app)
        await pressed(app, id, BOB, "names")

        assert await app.voting.react("discord", f"{alone.id}/answer:B", BOB, "👍")

        assert [each.blind for each in await app.store.reactions(alone.id)] == [False]


# --- a follow-up


async def test_a_follow_up_is_a_question_of_its_own_that_its_thread_shows_first() -> None:
    async with running() as app:
        id = await served(app, mention(thread="thread"))
        form = await form_of(app, id)
        assert words(await sent(app, form, "  And now?  ")) == ASKED
        case = await newest(app)

        assert (case.question.text, case.asker, case.thread) == ("And now?", "bob", "thread")
        assert (case.channel, case.status) == ("channel", "finished")
        assert room_of(app).keys(case.id)[:2] == ["question", "headline"]
        assert await shown(app, case.id, "question") == "**Bob asks:**\n\nAnd now?"


async def test_a_name_steers_no_markdown_and_who_has_none_is_somebody() -> None:
    async with running() as app:
        id = await served(app)
        await sent(app, await form_of(app, id), "And now?", person=ANN)
        ann = await newest(app)
        await sent(app, await form_of(app, id), "And then?", person=ADMIN)
        eve = await newest(app)

        assert await shown(app, ann.id, "question") == "**Ann\\_ asks:**\n\nAnd now?"
        assert await shown(app, eve.id, "question") == "**Somebody asks:**\n\nAnd then?"


async def test_what_is_asked_can_be_read_again() -> None:
    async with running() as app:
        id = await served(app)
        await sent(app, await form_of(app, id), "And now?")
        case = await newest(app)

        assert await app.archive.document(case.id, "question") == Document(
            (Text("**Bob asks:**\n\nAnd now?"),)
        )
        assert await app.archive.document(id, "question") is None


async def test_a_follow_up_builds_on_the_verdict_that_it_was_asked_under() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        id = await served(app, mention("Is it the first?", thread="thread"))
        await served(app, mention("Is it the second?", thread="thread"))
        provider.requests.clear()
        await sent(app, await form_of(app, id), "And now?")
        await newest(app)

        prompt = provider.asked("answer")[0].messages[-1].content
        assert "Is it the first?" in prompt
        assert "Is it the second?" not in prompt


class Priced(FakeProvider):
    """Members at these US dollars per million tokens of what they write."""

    def __init__(self, usd: tuple[float, ...]) -> None:
        super().__init__()
        self._usd = dict(zip((*MEMBERS, CHAIRMAN), (*usd, 0.0), strict=True))

    async def models(self) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(id=id, prompt_usd_per_million=0.0, completion_usd_per_million=usd)
            for id, usd in self._usd.items()
        )


async def test_a_form_offers_the_council_and_each_answer_for_one_price() -> None:
    async with running(Priced((1.0, 10.0, 5.0))) as app:
        id = await served(app)
        form = await form_of(app, id)

        # Six calls of the members, one of the chairman, and one of the cheapest that checks the
        # verdict: 600 tokens each.
        assert form.whom == (
            ("The council (about $0.020)", "council"),
            ("Only A (about $0.006)", "A"),
            ("Only B (about $0.006)", "B"),
            ("Only C (about $0.006)", "C"),
        )
        assert max(map(len, (form.text, form.whom_label))) <= 45
        assert len(form.title) <= 24


async def test_only_those_who_answered_can_be_asked_alone() -> None:
    failing = {("answer", 1): [ModelFailed("refused", "No.")]}
    async with running(FakeProvider(failing)) as app:
        id = await served(app)
        case = await case_of(app, id)
        assert case.result
        [failed] = [m.label for m in case.result.members if m.model == MEMBERS[1]]

        assert failed not in [value for _, value in (await form_of(app, id)).whom]


async def test_a_council_of_one_is_offered_once() -> None:
    async with running() as app:
        await app.command(CHANNEL, ADMIN, f"members set {MEMBERS[0]}")
        id = await served(app)

        assert [value for _, value in (await form_of(app, id)).whom] == ["council"]


async def test_one_member_alone_reads_its_own_answer_and_is_named_by_its_letter() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        id = await served(app)
        first = await case_of(app, id)
        assert first.result
        [model] = [m.model for m in first.result.members if m.label == "B"]
        [answer] = [a.text for a in first.result.answers if a.label == "B"]
        provider.requests.clear()
        await sent(app, await form_of(app, id), "Why?", "B")
        case = await newest(app)

        assert {request.model for request in provider.requests} == {model}
        assert answer in provider.requests[0].messages[-1].content
        assert await shown(app, case.id, "question") == "**Bob asks only B:**\n\nWhy?"


async def test_the_answer_of_one_alone_stands_under_its_own_letter() -> None:
    async with running() as app:
        id = await served(app, mention(thread="thread"))
        await sent(app, await form_of(app, id), "Why?", "C")
        case = await newest(app)
        assert case.result
        assert [answer.label for answer in case.result.answers] == ["C"]
        assert [member.label for member in case.result.members] == ["C"]
        assert "answer:C" in room_of(app).keys(case.id)

        again = await app.actions.press(a_press(case.id, BOB, "again"))
        assert isinstance(again, Told)
        repeated = await newest(app)
        assert repeated.result
        assert [answer.label for answer in repeated.result.answers] == ["C"]
        assert repeated.council == case.council


async def test_who_was_asked_alone_can_be_asked_on_alone_for_the_same_price() -> None:
    async with running(Priced((1.0, 10.0, 5.0))) as app:
        id = await served(app, mention(thread="thread"))
        await sent(app, await form_of(app, id), "Why?", "B")
        alone = await newest(app)
        whom = (await form_of(app, alone.id)).whom

        assert whom[1:] == (("Only 2B (about $0.006)", "B"),)
        await sent(app, await form_of(app, alone.id), "And then?", "B")
        assert (await newest(app)).council.members == alone.council.members


async def test_a_form_that_was_opened_at_an_answer_offers_its_author_first() -> None:
    async with running() as app:
        id = await served(app)
        form = await app.actions.press(a_press(id, BOB, "follow", "B"))
        assert isinstance(form, Form)
        assert [value for _, value in form.whom] == ["B", "council", "A", "C"]


async def test_what_is_missing_in_a_budget_says_nothing_of_who_is_asked_alone(
    tmp_path: Path,
) -> None:
    database = str(tmp_path / "council.db")
    async with running(Priced((1.0, 10.0, 5.0)), database=database) as app:
        id = await served(app)
    poor = Rules(daily_budget_micros=1_000)
    async with running(Priced((1.0, 10.0, 5.0)), database=database, rules=poor) as app:
        told = {await refused(app, await _opened(app, id, label), "Why?", label) for label in "ABC"}

    # 6,000 tokens at ten dollars per million, and as much for asking again.
    assert len(told) == 1
    assert told.pop().startswith("About $0.06 is needed;")


async def _opened(app: App, id: str, label: str) -> Form:
    """A form from before the budget was spent."""
    return Form(id, f"follow:{label}", "", "", "")


async def test_who_is_asked_alone_is_reserved_for_by_its_own_thread_and_released() -> None:
    rules = Rules(daily_budget_micros=100_000_000)
    async with running(Priced((1.0, 10.0, 5.0)), rules=rules) as app:
        id = await served(app)
        await sent(app, await form_of(app, id), "Why?", "B")
        await newest(app)
        left = await app.store.account(app.now().date(), "all")

    assert left.reserved_micros == 0


async def test_an_answer_whose_text_is_erased_can_be_asked_about_by_nobody() -> None:
    async with running() as app:
        id = await expired(app, mention(thread="t"))
        asked = replace(mention("Why?", thread="t"), alone=Alone(id, "B"))
        taken = await app.questions.accept(asked)
        assert isinstance(taken, Refused)
        assert await app.actions.answer_at("discord", f"{id}/answer:B") is None


async def test_the_answers_of_a_threads_later_question_carry_its_number() -> None:
    async with running() as app:
        await served(app, mention("Is it the first?", thread="thread"))
        id = await served(app, mention("Is it the second?", thread="thread"))
        form = await form_of(app, id)
        assert [said.partition(" (")[0] for said, _ in form.whom[1:]] == [
            "Only 2A",
            "Only 2B",
            "Only 2C",
        ]
        await sent(app, form, "Why?", "B")

        assert (
            await shown(app, (await newest(app)).id, "question") == "**Bob asks only 2B:**\n\nWhy?"
        )


async def test_a_form_sent_off_twice_asks_once() -> None:
    async with running() as app:
        id = await served(app)
        form = await form_of(app, id)
        first = await sent(app, form, "And now?")
        assert words(first) == ASKED
        await newest(app)

        assert words(await sent(app, form, "And now?")) == ASKED_ALREADY
        assert app.running.cases == []


async def test_a_form_sent_off_twice_at_once_asks_once() -> None:
    async with running() as app:
        form = await form_of(app, await served(app))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(sent(app, form, "And now?")) for _ in range(3)]

        assert sorted(words(task.result()) for task in tasks) == [ASKED, *[ASKED_ALREADY] * 2]
        assert len(app.running.cases) == 1


async def test_each_form_asks() -> None:
    async with running(Held("now")) as app:
        id = await served(app)
        await sent(app, await form_of(app, id), "And now?")
        await sent(app, await form_of(app, id), "And now?")

        assert len(app.running.cases) == 2


async def test_a_follow_up_goes_where_its_form_was_sent_off() -> None:
    async with running() as app:
        id = await served(app)
        form = await form_of(app, id)
        press = a_press(id, BOB, *form.name.split(":"), address="there")
        await app.actions.submit(press, "And now?", "council")

        assert (await newest(app)).address == "there"


async def test_where_the_bot_cannot_write_nothing_is_asked() -> None:
    async def nowhere() -> str:
        raise InvalidInput("This thread is locked.")

    async with running() as app:
        id = await served(app)
        form = await form_of(app, id)
        press = replace(a_press(id, BOB, *form.name.split(":")), address=nowhere)
        told = await app.actions.submit(press, "And now?", "council")

        assert told == Refused(Document((Text("This thread is locked."),)))
        assert app.running.cases == []


# --- where nothing may be asked


async def test_where_nothing_may_be_asked_no_form_opens() -> None:
    async with running() as app:
        id = await served(app)
        await app.command(CHANNEL, ADMIN, "pause")

        assert words(await pressed(app, id, BOB, "follow")) == PAUSED


async def test_what_is_refused_when_it_is_sent_off_is_posted_nowhere() -> None:
    async with running() as app:
        id = await served(app)
        form = await form_of(app, id)
        await app.command(CHANNEL, ADMIN, "pause")
        before = list(room_of(app).shown)

        assert await refused(app, form, "And now?") == PAUSED
        assert room_of(app).shown == before

        await app.command(CHANNEL, ADMIN, "resume")
        assert words(await sent(app, form, "And now?")) == ASKED


@pytest.mark.parametrize("text", ["", "  \n", "​"])
async def test_an_empty_follow_up_is_refused(text: str) -> None:
    async with running() as app:
        form = await form_of(app, await served(app))

        assert (
            await refused(app, form, text)
            == "The question is empty. Write what the council should answer."
        )


@pytest.mark.parametrize("button", ["follow", "again"])
async def test_while_the_verdict_is_written_nothing_follows(button: str) -> None:
    async with running(Held("it")) as app:
        id = await accepted(app, mention())

        assert words(await pressed(app, id, BOB, button)) == RUNNING


@pytest.mark.parametrize("button", ["follow", "again", "check", "transcript"])
async def test_a_forgotten_run_says_so(button: str) -> None:
    async with running() as app:
        id = await served(app)
        await app.command(CHANNEL, ANN, "forget me")

        assert words(await pressed(app, id, BOB, button)) == str(FORGOTTEN)


async def test_a_form_of_a_run_that_was_forgotten_meanwhile_asks_nothing() -> None:
    async with running() as app:
        id = await served(app)
        form = await form_of(app, id)
        await app.command(CHANNEL, ANN, "forget me")

        assert await refused(app, form, "And now?") == str(FORGOTTEN)


@pytest.mark.parametrize("button", ["follow", "again", "check", "transcript"])
async def test_whoever_does_not_see_the_channel_learns_nothing(button: str) -> None:
    async with running() as app:
        id = await served(app)
        told = await app.actions.press(a_press(id, BOB, button, sees=False))

        assert isinstance(told, Told)
        assert words(told.document) == str(ANOTHER_CHANNEL)


@pytest.mark.parametrize("button", ["follow", "again", "check"])
async def test_who_may_read_and_not_ask_is_refused(button: str) -> None:
    async with running(rules=Rules(allowed=frozenset({"ann"}))) as app:
        id = await served(app)

        assert words(await pressed(app, id, BOB, button)).startswith("The council is not enabled")
        assert app.running.cases == []


async def test_a_guest_sends_no_form_off() -> None:
    slack = Channel("slack", "workspace", "C1")
    async with running() as app:
        id = await served(app, mention(channel=slack))
        form = await form_of(app, id)

        told = await refused(app, form, "And now?", person=Person("zed", guest=True))
        assert told.startswith("The council is not enabled")


@pytest.mark.parametrize("what", [("follow",), ("follow", "x", "y"), ("again",), ("names",)])
async def test_what_is_no_form_is_not_sent_off(what: tuple[str, ...]) -> None:
    async with running() as app:
        id = await served(app)
        told = await app.actions.submit(a_press(id, BOB, *what), "And now?", "council")

        assert isinstance(told, Refused)
        assert words(told.document).startswith("This button is from another version")
        assert app.running.cases == []


async def test_nobody_is_asked_who_did_not_sit_in_the_council() -> None:
    async with running() as app:
        form = await form_of(app, await served(app))

        assert (await refused(app, form, "And now?", "Z")).startswith("This button is from")


async def test_where_the_member_of_an_offer_is_unknown_nobody_is_asked() -> None:
    async def question(id: str) -> Mention:
        return mention()

    async with running() as app:
        id = await served(app)
        press = replace(a_press(id, BOB, "alone", "Z", "message"), question=question)
        told = await app.actions.press(press)

        assert isinstance(told, Told)
        assert words(told.document).startswith("This button is from another version")
        assert app.running.cases == []


# --- the same once more


async def test_the_same_question_is_asked_again_by_whoever_presses() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        asked = replace(
            mention("Is it right?", thread="thread"), quoted="A quote.", unread=("No file.",)
        )
        id = await served(app, asked)
        first = [request.messages[-1].content for request in provider.asked("answer")]
        provider.requests.clear()
        assert words(await pressed(app, id, BOB, "again")) == ASKED
        case = await newest(app)

        assert (case.question.text, case.question.quoted) == ("Is it right?", "A quote.")
        assert case.question.unread == ("No file.",)
        assert (case.asker, case.thread, case.status) == ("bob", "thread", "finished")
        assert case.id != id
        assert await shown(app, case.id, "question") == "**Bob asks again:** Is it right?"
        assert "The verdict was" not in first[0]
        assert len(provider.asked("answer")) == 3


async def test_a_long_question_is_only_reminded_of() -> None:
    async with running() as app:
        id = await served(app, mention("word " * 100))
        await pressed(app, id, BOB, "again")
        case = await newest(app)

        assert await shown(app, case.id, "question") == (
            "**Bob asks again:** " + ("word " * 30).strip()[:149] + "…"
        )


async def test_again_knows_what_was_known_the_first_time() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        await served(app, mention("Is it the first?", thread="thread"))
        id = await served(app, mention("Is it the second?", thread="thread"))
        await served(app, mention("Is it the third?", thread="thread"))
        provider.requests.clear()
        await pressed(app, id, BOB, "again")
        case = await newest(app)

        prompt = provider.asked("answer")[0].messages[-1].content
        assert "Is it the first?" in prompt
        assert "Is it the third?" not in prompt

        provider.requests.clear()
        await pressed(app, case.id, BOB, "again")
        await newest(app)
        assert "Is it the first?" in provider.asked("answer")[0].messages[-1].content


async def test_a_question_that_knew_nothing_knows_nothing_again() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        id = await served(app, mention("Is it the first?", thread="thread"))
        provider.requests.clear()
        await pressed(app, id, BOB, "again")
        await newest(app)

        assert "Earlier in this thread" not in provider.asked("answer")[0].messages[-1].content


async def test_each_run_is_asked_again_once() -> None:
    async with running() as app:
        id = await served(app)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(pressed(app, id, each, "again")) for each in (ANN, BOB)]
        assert sorted(words(task.result()) for task in tasks) == [ASKED, ASKED_ALREADY]
        case = await newest(app)
        assert words(await pressed(app, id, ANN, "again")) == ASKED_ALREADY

        assert words(await pressed(app, case.id, ANN, "again")) == ASKED


async def test_where_nothing_may_be_asked_nothing_is_asked_again() -> None:
    async with running() as app:
        id = await served(app)
        await app.command(CHANNEL, ADMIN, "pause")
        assert words(await pressed(app, id, BOB, "again")) == PAUSED

        await app.command(CHANNEL, ADMIN, "resume")
        assert words(await pressed(app, id, BOB, "again")) == ASKED


async def test_a_stopped_question_can_be_asked_again() -> None:
    provider = Held("it")
    async with running(provider) as app:
        id = await accepted(app, mention())
        await provider.until_asked("it")
        await pressed(app, id, ANN, "stop")
        await app.running.finished(id)
        provider.release()
        await pressed(app, id, BOB, "again")

        assert (await newest(app)).status == "finished"


async def test_again_asks_the_council_of_now() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        id = await served(app)
        await app.command(CHANNEL, ADMIN, f"members remove {MEMBERS[0]}")
        provider.requests.clear()
        await pressed(app, id, BOB, "again")
        case = await newest(app)

        assert case.council.members == MEMBERS[1:]


async def test_again_takes_the_words_as_they_are() -> None:
    """Those behind a mode may begin like another."""
    async with running() as app:
        id = await served(app, mention("/council /etc is full, why?"))
        await pressed(app, id, BOB, "again")

        assert (await newest(app)).question.text == "/etc is full, why?"


async def test_one_member_that_was_asked_alone_is_asked_alone_again() -> None:
    async with running() as app:
        id = await served(app)
        await sent(app, await form_of(app, id), "Why?", "B")
        alone = await newest(app)
        await pressed(app, alone.id, BOB, "again")
        case = await newest(app)

        assert case.council == alone.council
        assert await shown(app, case.id, "question") == "**Bob asks B again:** Why?"


# --- restarts, deleting and forgetting


async def test_a_follow_up_left_by_one_process_is_finished_and_shown_by_the_next(
    tmp_path: Path,
) -> None:
    database = str(tmp_path / "council.db")
    provider = Held("now")
    async with running(provider, database=database) as app:
        id = await served(app)
        form = await form_of(app, id)
        await sent(app, form, "And now?")
        await provider.until_asked("now")
        [left] = app.running.cases
    async with running(database=database) as app:
        assert await app.running.resume("discord") == 1
        await app.running.finished(left.id)

        assert (await case_of(app, left.id)).status == "finished"
        assert await shown(app, left.id, "question") == "**Bob asks:**\n\nAnd now?"
        assert words(await sent(app, form, "And now?")) == ASKED_ALREADY
        assert words(await pressed(app, id, BOB, "again")) == ASKED


async def test_a_follow_up_that_waits_for_its_thread_shows_what_was_asked() -> None:
    provider = Held("second")
    async with running(provider) as app:
        id = await served(app, mention("Is it the first?", thread="thread"))
        await accepted(app, mention("Is it the second?", thread="thread"))
        await sent(app, await form_of(app, id), "And now?")
        [_, case] = app.running.cases
        room = room_of(app)
        await room.until_shown(case.id, "headline")

        assert room.keys(case.id) == ["question", "headline"]


async def test_deleting_the_posted_question_stops_its_run() -> None:
    provider = Held("now")
    async with running(provider) as app:
        id = await served(app)
        await sent(app, await form_of(app, id), "And now?")
        [case] = app.running.cases
        await room_of(app).until_shown(case.id, "question")
        await app.running.message_deleted("discord", f"{case.id}/question", "discord:unknown")
        await app.running.finished(case.id)

        assert (await case_of(app, case.id)).status == "stopped"


async def test_the_posted_question_moves_no_answer_in_its_thread() -> None:
    async with running() as app:
        id = await served(app)
        await sent(app, await form_of(app, id), "And now?")
        case = await newest(app)
        await app.voting.react("discord", f"{case.id}/answer:A", BOB, "👍")

        [given] = await app.store.reactions(case.id)
        posts = [post.key for post in await app.store.posts(case.id)]
        assert posts[:2] == ["question", "headline"]
        assert given.place == posts.index("answer:A") - 1


async def test_whoever_is_forgotten_is_forgotten_where_others_asked_their_words_again(
    tmp_path: Path,
) -> None:
    database = tmp_path / "council.db"
    async with running(database=str(database)) as app:
        id = await served(app, mention("Is xylophone right?"))
        await pressed(app, id, BOB, "again")
        second = await newest(app)
        await pressed(app, second.id, ADMIN, "again")
        third = await newest(app)
        follow = await served(app, mention("Is it mine?", person=BOB))
        await app.command(CHANNEL, ANN, "forget me")

        assert [await app.store.case(each) for each in (id, second.id, third.id)] == [None] * 3
        assert await app.store.case(follow)
    assert not databases.holds(database, b"xylophone")


async def test_an_old_database_knows_no_buttons_questions(tmp_path: Path) -> None:
    database = tmp_path / "council.db"
    async with running(database=str(database)) as app:
        id = await served(app)
    [(question,)] = databases.rows(database, "SELECT question FROM deliberations")
    older = json.loads(question)
    del older["origin"]
    databases.rows(database, "UPDATE deliberations SET question = ?", (json.dumps(older),))
    async with running(database=str(database)) as app:
        assert (await case_of(app, id)).question.origin is None
        assert words(await pressed(app, id, BOB, "again")) == ASKED


async def expired(app: App, asked: Mention | None = None) -> str:
    """The id of a run whose texts are erased."""
    id = await served(app, asked)
    app.retention_days = 30
    there = app.clock()
    app.clock = lambda: there + timedelta(days=31)
    await app.expire()
    app.clock = lambda: there
    return id


async def test_what_is_erased_for_its_age_is_said_to_be() -> None:
    async with running() as app:
        id = await expired(app, mention("How tall is it?", thread="t"))
        for what in (("transcript",), ("follow",), ("again",)):
            assert words(await pressed(app, id, ANN, *what)) == str(EXPIRED), what
        with pytest.raises(InvalidInput, match="erased for its age"):
            await app.actions.part(a_press(id, ANN), "answer:A")
        assert await app.archive.posted("discord", f"{id}/headline") is None
        assert words(await pressed(app, id, ANN, "vote", "answer", "A", "accept")).startswith(
            "Your vote is recorded"
        )
        await app.recounts.turn()
        assert await app.store.reactions(id)


async def test_a_question_in_a_thread_whose_texts_are_gone_is_asked_without_them() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        before = await expired(app, mention("How tall is it?", thread="t"))
        assert not await app.questions.knows_thread("discord", CHANNEL.id, "t", "no key")
        provider.requests.clear()
        id = await served(app, mention("And how wide?", thread="t"))
    assert id != before
    assert provider.requests
    sent = [message.content for each in provider.requests for message in each.messages]
    assert not any("Earlier in this thread" in content for content in sent)
