"""A question that will cost far more than usual waits for its asker to agree, and costs nothing before."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.chat import Accepted, Agreed, Held, Mention, Person, Refused, Repeated
from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.conversation.presses import Ask, Form, Press, Told
from bot.conversation.questions import NOT_WAITING
from bot.document import Button, Document, Note, Text
from bot.errors import InvalidInput
from bot.llm import ModelInfo
from bot.store.spending import channel_scope
from tests.conversation import room
from tests.conversation.room import (
    ADMIN,
    ANN,
    BOB,
    CHANNEL,
    Clock,
    accepted,
    case_of,
    mention,
    served,
    set_here,
    words,
)
from tests.fakes import databases
from tests.fakes.council import CHAIRMAN, MEMBERS
from tests.fakes.provider import FakeProvider

# 8,000 characters, so that each of eight calls reads 1,500 tokens more than usual, at 2 dollars per
# million: $0.024, beside the usual 7 micro-dollars a call.
LONG = "Is this all right? " + "word " * 1_596
ASKED, ASKED_ALREADY = "The question was put to the council.", "This was asked already."
PRICE = "**This question will cost about $0.024.** Here one usually costs less than $0.0001."


class Priced(FakeProvider):
    """With prices in dollars per million tokens."""

    async def models(self) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(id, id, prompt_usd_per_million=2, completion_usd_per_million=8)
            for id in (*MEMBERS, CHAIRMAN)
        )


def running(**options: Any) -> AbstractAsyncContextManager[App]:
    return room.running(Priced(), **options)


async def with_past(app: App, questions: int = 5) -> None:
    """A channel in which that many were asked."""
    for _ in range(questions):
        await served(app)


async def held(app: App, asked: Mention | None = None) -> Held:
    taken = await app.questions.accept(asked or mention(LONG))
    assert isinstance(taken, Held), taken
    return taken


async def press(app: App, name: str, person: Person = ANN) -> Told | Ask:
    pressed = await app.actions.press(
        Press(person, "-", tuple(name.split(":")), sees=lambda case: True, channel=CHANNEL)
    )
    assert isinstance(pressed, Told | Ask), pressed
    return pressed


async def told(app: App, name: str, person: Person = ANN) -> str:
    pressed = await press(app, name, person)
    assert isinstance(pressed, Told)
    return words(pressed.document)


def requests(app: App) -> int:
    assert isinstance(app.provider, FakeProvider)
    return len(app.provider.requests)


# --- when


async def test_a_question_that_costs_far_more_than_usual_waits_with_its_price() -> None:
    async with running() as app:
        await with_past(app)
        before = requests(app)

        waiting = await held(app)

        assert waiting.document == Document(
            (
                Text(PRICE),
                Note("Nothing is asked or paid before you press *Go*. It waits until 13:00 UTC."),
            ),
            buttons=(
                Button(f"go:{waiting.id}", "Go", primary=True),
                Button(f"cancel:{waiting.id}", "Cancel"),
            ),
        )
        assert requests(app) == before
        assert await app.store.case(waiting.id) is None
        assert app.running.cases == []


async def test_what_costs_as_usual_is_asked_at_once() -> None:
    async with running() as app:
        await with_past(app, 6)


async def test_a_mode_that_asks_far_more_waits_and_one_that_asks_less_does_not() -> None:
    async with running() as app:
        await with_past(app)
        assert "about $0.38" in (await held(app, mention("/deep Is it right?"))).price
        await served(app, mention("/quick Is it right?"))


async def test_where_too_few_were_asked_nobody_knows_what_is_usual() -> None:
    async with running() as app:
        await with_past(app, 4)
        await served(app, mention(LONG))


async def test_a_channel_may_do_without() -> None:
    async with running() as app:
        await set_here(app, "ask_first off")
        await with_past(app)
        await served(app, mention(LONG))


async def test_one_member_alone_is_never_asked_about_so_that_no_price_says_who_it_is() -> None:
    async with running() as app:
        await with_past(app)
        await set_here(app, "members lab/a")
        await served(app, mention(LONG))


async def test_questions_to_one_member_alone_do_not_count_as_usual() -> None:
    async with running() as app:
        await with_past(app, 4)
        council = (await case_of(app, await served(app))).council
        alone = replace(council, members=("lab/a",), chairman="lab/a")
        for n in range(9):
            taken = await app.questions.accept(mention(f"Only one, {n}?"), council=alone)
            assert isinstance(taken, Accepted)
            await app.running.finished(taken.id)

        assert (await held(app)).price == PRICE


# --- Go


async def test_go_has_it_asked_under_the_id_that_it_waited_under() -> None:
    async with running() as app:
        await with_past(app)
        waiting = await held(app, mention(LONG, key="event", thread="thread"))

        assert await told(app, f"go:{waiting.id}") == ASKED

        await app.running.finished(waiting.id)
        case = await case_of(app, waiting.id)
        assert (case.status, case.question.text) == ("finished", LONG.strip())
        assert (case.mention, case.thread, case.asker) == ("event", "thread", "ann")
        assert await app.store.held(waiting.id) is None


async def test_money_is_set_aside_with_go_and_not_before() -> None:
    async with running(rules=Rules(daily_budget_micros=50_000_000)) as app:
        await with_past(app)
        day, scope = app.now().date(), channel_scope("discord", "channel")
        before = await app.store.account(day, scope)
        waiting = await held(app)
        assert await app.store.account(day, scope) == before

        await press(app, f"go:{waiting.id}")

        assert (await app.store.account(day, scope)).reserved_micros > before.reserved_micros
        await app.running.finished(waiting.id)


async def test_pressed_twice_at_once_it_is_asked_once() -> None:
    async with running() as app:
        await with_past(app)
        waiting = await held(app)

        both = await asyncio.gather(*(told(app, f"go:{waiting.id}") for _ in range(2)))

        assert sorted(both) == [ASKED, ASKED_ALREADY]
        assert [case.id for case in app.running.cases] == [waiting.id]
        await app.running.finished(waiting.id)
        assert await told(app, f"go:{waiting.id}") == ASKED_ALREADY


@pytest.mark.parametrize("name", ["go", "cancel"])
async def test_only_whoever_asked_decides(name: str) -> None:
    async with running() as app:
        await with_past(app)
        waiting = await held(app)
        for other in (BOB, ADMIN):
            said = await told(app, f"{name}:{waiting.id}", other)
            assert said == "Only the person who asked can say whether it is asked."
        assert await app.store.held(waiting.id)


async def test_rights_are_looked_at_again_with_go() -> None:
    rules = Rules(admins=frozenset({"root"}))
    async with running(rules=rules) as app:
        await with_past(app)
        waiting = await held(app)
        await app.command(CHANNEL, Person("root"), "disallow")

        assert "not enabled here" in await told(app, f"go:{waiting.id}")

        assert await app.store.case(waiting.id) is None
        await app.command(CHANNEL, Person("root"), "allow")
        assert await told(app, f"go:{waiting.id}") == ASKED


async def test_a_paused_channel_stays_silent_after_go() -> None:
    async with running() as app:
        await with_past(app)
        waiting = await held(app)
        await app.command(CHANNEL, ADMIN, "pause")
        assert "paused" in await told(app, f"go:{waiting.id}")
        assert await app.store.held(waiting.id)


async def test_go_works_after_a_restart(tmp_path: Path) -> None:
    database = str(tmp_path / "council.db")
    async with running(database=database) as app:
        await with_past(app)
        waiting = await held(app)
    async with running(database=database) as app:
        app.clock = Clock()
        assert await told(app, f"go:{waiting.id}") == ASKED
        await app.running.finished(waiting.id)
        assert (await case_of(app, waiting.id)).status == "finished"


async def test_what_is_heard_again_waits_once_and_asks_again_whoever_was_not_told() -> None:
    async with running() as app:
        await with_past(app)
        first = await held(app, mention(LONG, key="event"))
        again = await held(app, mention(LONG, key="event"))
        assert again.id == first.id
        assert not await app.store.handled("event")
        assert [each.id for each in await app.questions.waiting("discord")] == [first.id]


async def test_whoever_is_reminded_agrees_to_what_was_held_and_pays_nothing_twice() -> None:
    async with running() as app:
        compared = await served(app, mention(f"/compare {LONG}", thread="thread"))
        await with_past(app)
        again = await app.sequels.heard(mention("again, all of you", thread="thread"))
        assert isinstance(again, Held)
        [waiting] = await app.questions.waiting("discord")

        reminded = await app.questions.remind(waiting)

        assert isinstance(reminded, Held)
        before = requests(app)
        assert await told(app, f"go:{reminded.id}") == ASKED
        await app.running.finished(reminded.id)
        assert (await case_of(app, reminded.id)).question.grows == compared
        assert requests(app) - before == 5  # the reviews and the verdict


async def test_what_is_dearer_than_was_agreed_to_is_asked_about_once_more() -> None:
    async with running() as app:
        await with_past(app)
        waiting = await held(app)
        await set_here(app, "members lab/a, lab/b, lab/c, lab/a, lab/b, lab/c")

        pressed = await press(app, f"go:{waiting.id}")

        assert isinstance(pressed, Told)
        assert pressed.instead
        dearer, _note = pressed.document.blocks
        assert isinstance(dearer, Text)
        assert dearer.text.startswith("**This question will cost about $0.042.**")
        assert pressed.document.buttons[0].name == f"go:{waiting.id}"
        assert await told(app, f"go:{waiting.id}") == ASKED


# --- money


async def test_nobody_is_asked_about_a_price_that_no_budget_could_pay() -> None:
    async with running(rules=Rules(daily_budget_micros=3_000_000)) as app:
        await with_past(app)
        await set_here(app, "budget 0.1")
        taken = await app.questions.accept(mention(LONG))
        assert isinstance(taken, Refused)
        assert not isinstance(taken, Held)
        assert "of this channel's $0.10 a day is left" in words(taken.document)
        assert await app.questions.waiting("discord") == ()


async def test_a_budget_that_was_spent_meanwhile_refuses_with_numbers_and_it_waits_on() -> None:
    async with running(rules=Rules(daily_budget_micros=50_000_000)) as app:
        await with_past(app)
        waiting = await held(app)
        await set_here(app, "budget 0.1")
        assert "of this channel's $0.10 a day is left" in await told(app, f"go:{waiting.id}")
        await set_here(app, "budget 20")
        assert await told(app, f"go:{waiting.id}") == ASKED


# --- not asked


@pytest.mark.both_databases
async def test_what_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    async with running(database=str(tmp_path / "council.db")) as app:
        await with_past(app)
        waiting = await held(app, mention(f"{LONG} canary-of-mine", key="event"))

        said = await told(app, f"cancel:{waiting.id}")

        assert said == "Cancelled. Nothing was asked, and nothing paid."
        await app.running.sweep()
        assert not databases.holds(tmp_path / "council.db", b"canary-of-mine")
        assert await app.store.case(waiting.id) is None
        assert await told(app, f"go:{waiting.id}") == NOT_WAITING.english
        # Nobody looks for it as a mention that was missed.
        assert await app.store.handled("event")


@pytest.mark.both_databases
async def test_it_waits_an_hour_and_then_says_so(tmp_path: Path) -> None:
    async with running(database=str(tmp_path / "council.db")) as app:
        await with_past(app)
        waiting = await held(app, mention(f"{LONG} canary-of-mine"))
        assert databases.holds(tmp_path / "council.db", b"canary-of-mine")
        clock = app.clock
        assert isinstance(clock, Clock)
        clock.move(3_599)
        assert await app.store.held(waiting.id)
        clock.move(1)

        assert await told(app, f"go:{waiting.id}") == NOT_WAITING.english

        await app.expire()
        await app.running.sweep()
        assert not databases.holds(tmp_path / "council.db", b"canary-of-mine")


async def test_whoever_deletes_the_question_has_it_wait_no_more() -> None:
    async with running() as app:
        await with_past(app)
        waiting = await held(app, mention(LONG, key="event"))
        await app.running.question_deleted("event")
        assert await told(app, f"go:{waiting.id}") == NOT_WAITING.english


async def test_of_one_person_five_wait_at_most() -> None:
    async with running() as app:
        await with_past(app)
        ids = []
        for n in range(7):
            assert isinstance(app.clock, Clock)
            app.clock.move(1)
            ids.append((await held(app, mention(f"{LONG} {n}"))).id)
        other = await held(app, mention(LONG, person=BOB))
        left = [each.id for each in await app.questions.waiting("discord")]
        assert left == [*ids[2:], other.id]


# --- forgotten


@pytest.mark.parametrize("what", ["me", "channel"])
async def test_what_waits_is_forgotten_with_everything_else(what: str) -> None:
    async with running() as app:
        await with_past(app)
        waiting = await held(app)
        by = ANN if what == "me" else ADMIN
        await app.command(CHANNEL, by, f"forget {what}")
        assert await app.store.held(waiting.id) is None


async def test_what_waits_and_quotes_what_is_forgotten_goes_with_it() -> None:
    async with running() as app:
        await with_past(app)
        said = "A rather long sentence of Bob's that will be forgotten in a moment."
        await served(app, mention(said, person=BOB))
        quoting = await held(app, replace(mention(LONG), quoted=f"> {said}"))
        other = await held(app, replace(mention(LONG), quoted="Something else altogether."))
        await app.command(CHANNEL, BOB, "forget me")
        assert await app.store.held(quoting.id) is None
        assert await app.store.held(other.id)


# --- by buttons and commands


async def test_a_command_posts_nothing_before_go_and_then_asks_at_that_price() -> None:
    async with running() as app:
        await with_past(app)
        waiting = await app.questions.before_posting(mention(LONG, key="command"))
        assert isinstance(waiting, Held)

        asking = await press(app, f"go:{waiting.id}")

        agreed = Agreed(waiting.id, 24_056)
        assert asking == Ask(LONG, agreed, Document((Text(ASKED),)))
        posted = await app.questions.accept(mention(LONG, key="root"), agreed=agreed)
        assert posted == Accepted(waiting.id)
        assert await told(app, f"go:{waiting.id}") == ASKED_ALREADY
        await app.running.finished(waiting.id)


async def test_a_command_that_may_be_posted_is_not_held() -> None:
    async with running() as app:
        await with_past(app)
        assert await app.questions.before_posting(mention("Is it right?")) is None
        assert await app.questions.waiting("discord") == ()


async def test_asking_the_same_again_asks_about_its_price() -> None:
    async with running() as app:
        id = await served(app, mention(LONG))
        await with_past(app)
        again = Press(BOB, id, ("again",), sees=lambda case: True, channel=CHANNEL)
        pressed = await app.actions.press(again)
        assert isinstance(pressed, Told)
        assert [button.label for button in pressed.document.buttons] == ["Go", "Cancel"]
        assert await told(app, pressed.document.buttons[0].name, BOB) == ASKED


async def test_a_follow_up_in_a_form_asks_about_its_price() -> None:
    async with running() as app:
        id = await served(app, mention(thread="thread"))
        await with_past(app)
        form = await app.actions.press(Press(BOB, id, ("follow",), sees=lambda case: True))
        assert isinstance(form, Form)
        sent = Press(BOB, id, tuple(form.name.split(":")), sees=lambda case: True)
        waiting = await app.actions.submit(sent, LONG, "council")
        assert isinstance(waiting, Held)
        assert await told(app, f"go:{waiting.id}", BOB) == ASKED
        await app.running.finished(waiting.id)
        case = await case_of(app, waiting.id)
        assert case.question.origin
        assert case.question.origin.earlier == id


async def test_a_button_that_was_pressed_nowhere_decides_nothing() -> None:
    async with running() as app:
        with pytest.raises(InvalidInput):
            await app.questions.go("none", "discord", ANN)
        nowhere = Press(ANN, "-", ("go", "none"), sees=lambda case: True)
        pressed = await app.actions.press(nowhere)
        assert isinstance(pressed, Told)
        assert "another version" in words(pressed.document)


async def test_a_question_in_the_same_place_is_accepted_beside_one_that_waits() -> None:
    async with running() as app:
        await with_past(app)
        waiting = await held(app)
        await accepted(app, mention("And this?"))
        assert await app.questions.accept(mention(LONG, key="x")) != Repeated()
        assert await app.store.held(waiting.id)
