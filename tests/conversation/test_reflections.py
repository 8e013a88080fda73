"""Reflections of a channel: begun within its budgets, gone on with after a kill, and what is left."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.allowance import MARGIN
from bot.chat import Person
from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.conversation.faults import FAILED_STARTS
from bot.conversation.reflections import Plan
from bot.conversation.statistics import Statistics
from bot.pages.reflection import Outcome
from bot.records import Case
from bot.store.encoding import decode
from bot.store.spending import OverBudget
from tests.conversation.room import ADMIN, ANN, CHANNEL, Room, running
from tests.fakes.postgres import Postgres
from tests.fakes.reflecting import ASKERS, NEW, PAST, QUESTIONS, Reviewers, half_way, remember
from tests.fakes.watched import eventually
from tests.pages.telling import words


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with running(Reviewers()) as app:
        await remember(app.store, CHANNEL)
        yield app


async def reflect(app: App) -> Outcome:
    plan = await app.reflections.plan(CHANNEL)
    assert await app.reflections.begin(CHANNEL, ADMIN, plan)
    return await outcome(app)


async def outcome(app: App) -> Outcome:
    here = CHANNEL.platform, CHANNEL.id
    if id := (await app.store.reflection(*here)).under_way:
        await app.reflections.finished(id)
    last = await app.store.reflection(*here)
    assert last.result
    assert not last.under_way
    return decode(Outcome, last.result)


async def test_better_criteria_are_found_and_recommended(app: App) -> None:
    found = (await reflect(app)).reflected

    assert found
    assert found.criteria == NEW
    assert found.compared.recommendation == "adopt"
    assert found.compared.rows >= 30
    assert found.compared.tries == 1
    assert (found.compared.old, found.compared.new) == (0, 1)


async def test_what_was_learned_from_is_not_tried_on(app: App) -> None:
    plan = await app.reflections.plan(CHANNEL)
    learned = {PAST[app_case.question.text][0] for app_case in _cases(plan, plan.gathered.learn)}
    tested = {PAST[app_case.question.text][0] for app_case in _cases(plan, plan.gathered.test)}
    await reflect(app)

    again = await app.reflections.plan(CHANNEL)

    assert learned
    assert not {n % ASKERS for n in learned} & {n % ASKERS for n in tested}
    assert await app.store.learned_before("discord", CHANNEL.id) == set(plan.gathered.learn)
    assert not set(plan.gathered.learn) & set(again.gathered.test)


def _cases(plan: Plan, ids: tuple[str, ...]) -> list[Case]:
    return [plan.gathered.readable[id].case for id in ids]


@pytest.mark.parametrize("dies_at", [1, 2, 40, 150])
async def test_a_kill_pays_nothing_twice(tmp_path: Path, dies_at: int) -> None:
    dying, living = Reviewers(dies_at), Reviewers()
    database = str(tmp_path / "council.db")
    async with running(dying, database=database) as app:
        await half_way(app, CHANNEL, ADMIN, dying)

    async with running(living, database=database) as app:
        await app.reflections.resume("discord")
        found = await outcome(app)

    assert found.reflected
    assert found.reflected.compared.recommendation == "adopt"
    assert not dying.paid.keys() & living.paid.keys()
    assert set((dying.paid + living.paid).values()) == {1}


async def test_there_is_one_at_a_time_in_a_channel(app: App) -> None:
    plan = await app.reflections.plan(CHANNEL)

    assert await app.reflections.begin(CHANNEL, ADMIN, plan)
    assert not await app.reflections.begin(CHANNEL, ADMIN, plan)


async def test_one_that_was_stopped_leaves_what_came_of_the_last(app: App) -> None:
    first = await reflect(app)
    assert await app.reflections.begin(CHANNEL, ADMIN, await app.reflections.plan(CHANNEL))

    assert await app.reflections.stop(CHANNEL)

    last = await app.store.reflection("discord", CHANNEL.id)
    assert (last.under_way, last.tries) == (None, 1)
    assert last.result
    assert decode(Outcome, last.result) == first
    assert not await app.reflections.stop(CHANNEL)


async def test_its_journal_is_no_question(app: App) -> None:
    rows = await app.statistics().rows("discord", CHANNEL.id)
    await reflect(app)

    assert await app.statistics().rows("discord", CHANNEL.id) == rows
    assert await app.store.unfinished("discord") == ()
    assert len(await app.store.asked_in("discord", CHANNEL.id)) == QUESTIONS
    assert await app.store.asked_by(ADMIN.id) == ()
    assert len([case async for case in app.store.cases(channel=CHANNEL.id)]) == QUESTIONS


async def test_no_review_of_a_question_is_kept(app: App) -> None:
    plan = await app.reflections.plan(CHANNEL)
    assert await app.reflections.begin(CHANNEL, ADMIN, plan)
    id = (await app.store.reflection("discord", CHANNEL.id)).under_way
    assert id
    await outcome(app)

    calls = await app.store.calls(id)

    assert len(calls) > QUESTIONS
    assert {call.text for call in calls} == {""}


async def test_a_question_forgotten_meanwhile_ends_it() -> None:
    dying = Reviewers(dies_at=40)
    async with running(dying) as app:
        plan = await half_way(app, CHANNEL, ADMIN, dying)

        async with app.reflections.aside([plan.gathered.test[-1]]):
            await app.store.forget_deliberation(plan.gathered.test[-1])

        last = await app.store.reflection("discord", CHANNEL.id)
        assert (last.under_way, last.result) == (None, None)
        # What is learned from once, is not tried on, whatever came of it.
        assert await app.store.learned_before("discord", CHANNEL.id) == set(plan.gathered.learn)


async def test_a_channel_that_is_forgotten_has_none(app: App) -> None:
    await reflect(app)

    assert await app.store.forget_channel("discord", CHANNEL.id) == QUESTIONS

    last = await app.store.reflection("discord", CHANNEL.id)
    assert (last.tries, last.result) == (0, None)
    assert await app.store.learned_before("discord", CHANNEL.id) == frozenset()


async def test_whoever_began_it_is_forgotten_and_it_is_not(app: App) -> None:
    found = await reflect(app)

    assert await app.store.forget_person(ADMIN.id) == 0

    assert await outcome(app) == found


async def test_it_keeps_the_budgets() -> None:
    async with running(Reviewers(), rules=Rules(daily_budget_micros=1)) as app:
        await remember(app.store, CHANNEL)
        plan = await app.reflections.plan(CHANNEL)
        with pytest.raises(OverBudget):
            await app.reflections.begin(CHANNEL, ADMIN, plan)
        assert (await app.store.reflection("discord", CHANNEL.id)).under_way is None


async def test_a_smaller_budget_has_room_for_fewer_rows(app: App) -> None:
    whole = await app.reflections.plan(CHANNEL)

    less = await app.reflections.plan(CHANNEL, whole.most_micros // 2)

    assert MARGIN in whole.shares
    assert 0 < less.rows < whole.rows
    assert less.most_micros <= whole.most_micros // 2


async def say(app: App, text: str, person: Person = ADMIN) -> str:
    return words(await app.command(CHANNEL, person, text))


async def test_it_says_first_what_it_would_do_and_begins_when_pressed(app: App) -> None:
    page = await app.command(CHANNEL, ADMIN, "reflect")

    (button,) = page.buttons
    assert "45 questions are rated here" in words(page)
    assert "30 others are reviewed again, twice." in words(page)
    assert app.provider.requests == []  # type: ignore[attr-defined]

    page = await app.pressed(CHANNEL, ADMIN, button.name)
    assert "A reflection is under way here" in words(page)
    await app.pressed(CHANNEL, ADMIN, button.name)
    await outcome(app)
    await app.pressed(CHANNEL, ADMIN, button.name)
    await outcome(app)
    assert len(app.provider.asked("proposal")) == 1  # type: ignore[attr-defined]
    page = await app.command(CHANNEL, ADMIN, "reflect")
    assert [each.label for each in page.buttons] == ["Adopt", "Discard"]

    assert "hold from now on" in await say(app, "reflect adopt")

    settings = await app.settings(CHANNEL)
    (change,) = await app.store.audit(CHANNEL.platform, CHANNEL.workspace, CHANNEL.id)
    assert settings.criteria == NEW
    assert change.what.startswith("criteria = reflect: adopt +100.0 (+9")
    assert "no proposed criteria" in await say(app, "reflect adopt")
    await say(app, "reset criteria")
    assert (await app.settings(CHANNEL)).criteria == ""


async def test_criteria_that_changed_meanwhile_are_not_replaced(app: App) -> None:
    await reflect(app)
    await say(app, "set criteria Short ones first.")

    assert "The criteria were changed since" in await say(app, "reflect adopt")

    assert (await app.settings(CHANNEL)).criteria == "Short ones first."
    assert "Discarded" in await say(app, "reflect discard")


async def test_nobody_else_may(app: App) -> None:
    for text in ("reflect", "reflect begin 999999999 0", "reflect stop", "reflect adopt"):
        assert "Only administrators can" in await say(app, text, ANN)
    await say(app, "set changers anyone")
    assert "Only administrators can" in await say(app, "reflect begin 999999999 0", ANN)
    assert (await app.store.reflection("discord", CHANNEL.id)).under_way is None


async def test_a_budget_without_room_says_what_it_takes(app: App) -> None:
    assert "has room for 0 of them" in await say(app, "reflect 0.00")
    assert "Write `/council reflect`" in await say(app, "reflect a lot")


async def test_a_paused_channel_reflects_on_nothing(app: App) -> None:
    await say(app, "pause")

    assert "paused here" in await say(app, "reflect begin 999999999 0")


async def test_a_channel_with_few_votes_is_told_how_many_more() -> None:
    async with running(Reviewers()) as app:
        assert "about 45 more are needed" in await say(app, "reflect")


async def test_texts_that_expire_meanwhile_end_it() -> None:
    dying = Reviewers(dies_at=40)
    async with running(dying) as app:
        plan = await half_way(app, CHANNEL, ADMIN, dying)
        first = min(case.question.asked_at for _, case in PAST.values())

        async with app.reflections.aside(plan.gathered.test):
            assert await app.store.expire(first + timedelta(hours=12), app.now())

        last = await app.store.reflection("discord", CHANNEL.id)
        assert (last.under_way, last.result) == (None, None)
        assert app.reflections.under_way == frozenset()
        left = await app.reflections.plan(CHANNEL)
        assert left.gathered.rated == QUESTIONS
        assert len(left.gathered.readable) == QUESTIONS - 12


async def test_buttons_of_an_old_page_decide_nothing_about_a_newer_proposal(app: App) -> None:
    await reflect(app)
    old = (await app.command(CHANNEL, ADMIN, "reflect")).buttons
    await reflect(app)

    for button in old:
        page = await app.pressed(CHANNEL, ADMIN, button.name)
        assert "Another reflection came since" in words(page)

    assert (await app.settings(CHANNEL)).criteria == ""
    adopt, _ = (await app.command(CHANNEL, ADMIN, "reflect")).buttons
    assert "hold from now on" in words(await app.pressed(CHANNEL, ADMIN, adopt.name))


@pytest.mark.parametrize(
    ("how", "done"),
    [("adopt", "The proposed criteria hold from now on"), ("discard", "Discarded.")],
)
async def test_of_two_who_decide_the_first_does(app: App, how: str, done: str) -> None:
    await reflect(app)
    buttons = (await app.command(CHANNEL, ADMIN, "reflect")).buttons
    name = next(each.name for each in buttons if how in each.name)
    both = [app.pressed(CHANNEL, person, name) for person in (ADMIN, Person("zoe", admin=True))]

    told = sorted(words(page).startswith(done) for page in await asyncio.gather(*both))

    assert told == [False, True]
    for button in buttons:
        assert "no proposed criteria" in words(await app.pressed(CHANNEL, ADMIN, button.name))


async def test_two_who_begin_at_once_begin_one(app: App) -> None:
    (button,) = (await app.command(CHANNEL, ADMIN, "reflect")).buttons
    both = [app.pressed(CHANNEL, each, button.name) for each in (ADMIN, Person("zoe", admin=True))]

    told = [words(page) for page in await asyncio.gather(*both)]
    await outcome(app)

    assert all("is under way here" in each for each in told)
    assert len(app.provider.asked("proposal")) == 1  # type: ignore[attr-defined]


async def test_where_it_stands_is_told_beside_settings_and_health(app: App) -> None:
    over, running = (
        "`/council reflect` says what came of it",
        "A reflection on the criteria is under",
    )
    assert await app.reflections.begin(CHANNEL, ADMIN, await app.reflections.plan(CHANNEL))
    assert running in await say(app, "health")
    assert over not in await say(app, "")
    await outcome(app)

    assert running not in await say(app, "health")
    assert over in await say(app, "")
    assert over not in await say(app, "", ANN)
    await say(app, "reflect discard")
    assert over not in await say(app, "")


HOSTILE = (
    "begin:-1:0",
    "begin:٣:0",
    "begin:²:0",
    "begin:1e9:0",
    "begin:9999999999999999999999:0",
    "begin:1000000:-1",
    "begin::",
    "begin:1000000:0:0; DROP TABLE reflections",
    "adopt:",
    "adopt:9",
    "adopt:-1",
    "adopt:1\n",
    "discard:x",
)


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_no_button_says_is_refused(app: App, name: str) -> None:
    for person in (ADMIN, ANN):
        await app.pressed(CHANNEL, person, f"reflect:{name}")

    last = await app.store.reflection("discord", CHANNEL.id)
    assert (last.under_way, last.decided) == (None, None)
    assert (await app.settings(CHANNEL)).criteria == ""
    assert app.provider.requests == []  # type: ignore[attr-defined]


class Secretive(Room):
    """Some see less of a channel than others."""

    private: frozenset[str] = frozenset()

    def is_private(self, case: Case) -> bool:
        return case.id in self.private


async def test_what_was_asked_in_a_private_thread_is_not_read(app: App) -> None:
    secretive = Secretive(app)
    app.platforms["discord"] = secretive
    before = await app.reflections.plan(CHANNEL)
    secretive.private = frozenset(before.gathered.learn[:2])

    found = (await app.reflections.plan(CHANNEL)).gathered

    assert (found.rated, len(found.readable)) == (QUESTIONS, QUESTIONS - 2)
    assert not secretive.private & {*found.learn, *found.test}


async def test_what_one_person_voted_is_tried_on_nobody_else() -> None:
    async with running(Reviewers()) as app:
        await remember(app.store, CHANNEL, voter="ann")

        assert "More than half of the votes are one person's" in await say(app, "reflect")
        assert not (await app.command(CHANNEL, ADMIN, "reflect")).buttons


async def test_nothing_takes_up_what_is_being_stopped() -> None:
    hanging = Reviewers(dies_at=40)
    async with running(hanging) as app:
        await half_way(app, CHANNEL, ADMIN, hanging)
        (id,) = app.reflections.under_way
        asked = len(hanging.requests)

        stopping = asyncio.create_task(app.reflections.stop(CHANNEL))
        while not stopping.done():
            await app.reflections.sweep(["discord"])

        assert await stopping
        await app.reflections.finished(id)
        assert app.reflections.under_way == frozenset()
        assert len(hanging.requests) == asked


async def test_what_another_process_is_at_is_taken_from_it_once_it_lives_no_more(
    postgres: Postgres,
) -> None:
    server = postgres.emptied()
    dying, living = Reviewers(dies_at=2), Reviewers()
    async with running(living, database=server) as other:
        async with running(dying, database=server) as app:
            await half_way(app, CHANNEL, ADMIN, dying)
            await other.reflections.sweep(["discord"])
            assert other.reflections.under_way == frozenset()
            await app.store.close()

        async def is_taken() -> bool:
            await other.reflections.sweep(["discord"])
            return bool(other.reflections.under_way)

        await eventually(is_taken)
        assert (await outcome(other)).reflected
    assert not dying.paid.keys() & living.paid.keys()


async def test_one_that_fails_at_the_bots_own_fault_is_not_begun_for_ever(app: App) -> None:
    assert await app.reflections.begin(CHANNEL, ADMIN, await app.reflections.plan(CHANNEL))
    await app.reflections.let_go()
    app.reflections.statistics = broken

    for _ in range(FAILED_STARTS):
        await app.reflections.resume("discord")
        id = (await app.store.reflection("discord", CHANNEL.id)).under_way
        assert id
        await app.reflections.finished(id)

    last = await app.store.reflection("discord", CHANNEL.id)
    assert (last.under_way, last.tries) == (None, 0)
    assert "not at a model's fault" in await say(app, "reflect")
    app.reflections.statistics = app.statistics
    assert "30 others are reviewed again" in await say(app, "reflect")


def broken() -> Statistics:
    raise ZeroDivisionError
