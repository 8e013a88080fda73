"""Who is at which deliberation, and what processes that share a database tell each other of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.allowance import Key
from bot.bills import Bill
from bot.council import Council, Question
from bot.errors import Superseded
from bot.records import Case, Dispatched, Stop, Told, Wish
from bot.store.journal import Journal
from bot.store.server import Server
from bot.store.spending import ALL
from bot.store.store import Store
from tests.fakes.channel import finished_case

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = date(2026, 11, 20)
STOP = Wish("stop", Stop("person", NOW, "ann"))
# What the processes of these tests are called.
GATEWAY, WORKER, OTHER = 11, 12, 13

NOTHING = Told(0, (), None, over=True)


def case(id: str) -> Case:
    council = Council(("lab/a", "lab/b"), "lab/c")
    return Case(Question(id, "Which?", 7, NOW), council, "slack", None, "general", asker="ann")


def be(store: Store, process: int) -> Store:
    """From now on it is that process that asks."""
    store._database.process = process
    return store


@pytest.fixture
async def store(anywhere: str | Path | Server) -> AsyncIterator[Store]:
    store = await Store.open(anywhere, holder="a test")
    await store.create(case("one"))
    yield be(store, WORKER)
    await store.close()


async def dispatched(store: Store, id: str = "one") -> None:
    await store.dispatch(id, {ALL: 5_000_000, "person:slack:ann": 70}, names=True)


async def asked(journal: Journal, micros: int = 900) -> int:
    grant = await journal.attempt_started(
        "answer", 0, 0, model="lab/a", at=NOW, reserved_micros=micros
    )
    return grant.n


async def answered(journal: Journal, n: int, bill: Bill) -> None:
    await journal.attempt_finished(
        *("answer", 0, 0, n),
        at=NOW + timedelta(seconds=1),
        failure=None,
        bill=bill,
        generation_id=None,
        first_text_seconds=None,
    )


async def short_lived(store: Store) -> int:
    counts = [
        await store._database.read(f"SELECT count(*) FROM {table}")
        for table in ("work", "progress", "drafts", "wishes")
    ]
    return sum(count for ((count,),) in counts)


# Taking


async def test_what_was_dispatched_goes_to_one_of_those_who_take_it(store: Store) -> None:
    assert await store.take("one") is None
    await dispatched(store)
    assert await store.is_dispatched("one")
    assert await store.open_work() == ("one",)
    taken = await asyncio.gather(*(be(store, n).take("one") for n in (WORKER, OTHER)))
    assert sorted(taken, key=str) == [
        Dispatched({ALL: 5_000_000, "person:slack:ann": 70}, names=True),
        None,
    ]
    assert await store.open_work() == ()
    assert len(await store.held_work()) == 1


async def test_dispatched_again_it_stays_with_whoever_has_it(store: Store) -> None:
    await dispatched(store)
    await store.take("one")
    await store.dispatch("one", {}, names=False)
    assert await store.held_work() == {"one": WORKER}
    await store.release("one")
    taken = await store.take("one")
    assert taken is not None
    assert taken.names


async def test_nothing_is_dispatched_that_does_not_run(store: Store) -> None:
    await store.create(finished_case(1))
    await dispatched(store, finished_case(1).id)
    await dispatched(store, "unknown")
    assert await short_lived(store) == 0


async def test_what_was_stopped_before_anybody_took_it_is_not_taken(store: Store) -> None:
    await dispatched(store)
    await (await be(store, GATEWAY).begin("one")).stop(Stop("person", NOW))
    assert await store.take("one") is None
    assert await store.open_work() == ()


async def test_what_is_open_is_told_in_the_order_in_which_it_was_asked(store: Store) -> None:
    await store.create(case("two"))
    await store.create(case("three"))
    for id in ("three", "one", "two"):
        await dispatched(store, id)
    assert await store.open_work() == ("one", "two", "three")


# Leases


async def test_a_journal_is_its_process_s_until_that_lets_it_go(store: Store) -> None:
    await store.begin("one")
    assert await store.held_work() == {"one": WORKER}
    await be(store, OTHER).release("one")
    assert await store.held_work() == {"one": WORKER}
    await be(store, WORKER).release("one")
    assert await short_lived(store) == 0


async def test_one_that_is_prepared_and_dispatched_is_taken_once_it_is_let_go(store: Store) -> None:
    journal = await be(store, GATEWAY).begin("one")
    await journal.decide("number", "1")
    await dispatched(store)
    assert await be(store, WORKER).take("one") is None
    await journal.release()
    assert await store.take("one") is not None
    with pytest.raises(Superseded):
        await journal.decide("late", "1")


async def test_what_is_released_while_it_runs_others_may_take(store: Store) -> None:
    await dispatched(store)
    await store.take("one")
    journal = await store.begin("one")
    await asked(journal)
    await journal.publish(["a"], "b")
    await journal.release()
    assert await store.spent(TODAY) == 900  # it may have been billed
    assert await store.open_work() == ("one",)
    assert (await store.progress("one", 0, 0)).events == ((1, "a"),)


async def test_a_run_that_was_taken_over_lets_nothing_go_of_the_next(store: Store) -> None:
    late = await store.begin("one")
    journal = await store.begin("one")
    await late.release()
    assert await store.held_work() == {"one": WORKER}
    await journal.decide("a", "b")


async def test_a_lease_is_broken_once_and_the_dead_one_s_money_booked_once(store: Store) -> None:
    await dispatched(store)
    await store.take("one")
    zombie = await store.begin("one")
    n = await asked(zombie)
    await zombie.publish(["a"], None)
    be(store, OTHER)
    for _ in range(2):
        await asyncio.gather(*(store.break_lease("one", WORKER) for _ in range(3)))
    assert await store.spent(TODAY) == 900
    with pytest.raises(Superseded):
        await answered(zombie, n, Bill(1, 1, 500, 500))
    with pytest.raises(Superseded):
        await zombie.publish(["b"], "late")
    assert await store.spent(TODAY) == 900
    assert await store.open_work() == ("one",)

    assert await store.take("one") is not None
    await store.begin("one")
    await store.break_lease("one", WORKER)
    assert await store.held_work() == {"one": OTHER}
    assert await store.spent(TODAY) == 900


async def test_a_broken_lease_of_what_nobody_else_can_do_is_gone(store: Store) -> None:
    await store.begin("one")
    await be(store, OTHER).break_lease("one", WORKER)
    assert await short_lived(store) == 0
    found = await store.case("one")
    assert found is not None
    assert found.status == "running"


async def test_a_verdict_whose_checks_nobody_goes_on_with_keeps_no_money(store: Store) -> None:
    ended = finished_case(2)
    running = replace(ended, status="running", result=None)
    assert ended.result
    shares: dict[Key, int] = {("answer", 0, 0): 300, ("audit", 0, 0): 200}
    await store.create(running, shares=shares, limits={ALL: 1_000})
    await dispatched(store, ended.id)
    await store.take(ended.id)
    journal = await store.begin(ended.id, {ALL: 1_000})
    await journal.finish_unchecked(ended.result)
    day = ended.question.asked_at.date()
    assert (await store.account(day, ALL)).reserved_micros > 0
    await be(store, OTHER).break_lease(ended.id, WORKER)
    assert (await store.account(day, ALL)).reserved_micros == 0
    assert await short_lived(store) == 0
    with pytest.raises(Superseded):
        await journal.amend(ended.result)


# What is told


async def test_events_are_told_once_and_in_order(store: Store) -> None:
    journal = await store.begin("one")
    assert await store.progress("one", 0, 0) == Told(0, (), None, over=False)
    await journal.publish(["a", "b"], None)
    told = await store.progress("one", 0, 0)
    assert (told.events, told.draft) == (((1, "a"), (2, "b")), None)
    await journal.publish(["c"], "The answer\0 is")
    more = await store.progress("one", 2, told.token)
    assert more == Told(told.token, ((3, "c"),), "The answer\0 is", over=False)
    await journal.publish([], "")
    assert await store.progress("one", 3, told.token) == Told(told.token, (), "", over=False)


async def test_a_new_run_tells_from_the_beginning(store: Store) -> None:
    first = await store.begin("one")
    await first.publish(["a", "b"], "draft")
    old = await store.progress("one", 0, 0)
    second = await store.begin("one")
    assert await store.progress("one", 2, old.token) == Told(old.token, (), "draft", over=False)
    await second.publish(["c"], None)
    told = await store.progress("one", 2, old.token)
    assert told.token > old.token
    assert (told.events, told.draft) == (((1, "c"),), None)


async def test_a_draft_alone_is_of_its_run_too(store: Store) -> None:
    await (await store.begin("one")).publish(["a"], "first")
    old = await store.progress("one", 0, 0)
    await (await store.begin("one")).publish([], "second")
    told = await store.progress("one", 1, old.token)
    assert told.token > old.token
    assert (told.events, told.draft) == ((), "second")


async def test_it_is_over_once_nobody_is_at_it(store: Store) -> None:
    await dispatched(store)
    await store.take("one")
    journal = await store.begin("one")
    await journal.publish(["a"], "draft")
    await journal.stop(Stop("person", NOW))
    told = await store.progress("one", 0, 0)
    assert not told.over
    await journal.release()
    assert await store.progress("one", 1, told.token) == Told(told.token, (), "draft", over=True)
    assert await store.progress("unknown", 0, 0) == NOTHING


# What is wished


async def test_a_wish_is_heard_once_and_its_number_is_no_other_s(store: Store) -> None:
    await store.begin("one")
    assert await be(store, GATEWAY).wish("one", STOP) == 1
    assert await store.wish("one", Wish("people")) == 2
    assert await store.wishes("one") == ((1, STOP), (2, Wish("people")))
    await store.heard("one", 1)
    await store.heard("one", 2)
    assert await store.wishes("one") == ()
    assert await store.wish("one", Wish("enough")) == 3
    assert await store.wishes("one") == ((3, Wish("enough")),)


async def test_nothing_is_wished_of_what_is_over(store: Store) -> None:
    await store.create(finished_case(1))
    assert await store.wish(finished_case(1).id, STOP) == 0
    assert await store.wish("unknown", STOP) == 0
    assert await short_lived(store) == 0


# What is left


async def _told_much(store: Store) -> Journal:
    await dispatched(store)
    await store.take("one")
    journal = await store.begin("one")
    await journal.publish(["a"], "draft")
    await store.wish("one", STOP)
    assert await short_lived(store) == 4
    return journal


async def test_what_is_forgotten_leaves_nothing_but_what_it_may_have_cost(store: Store) -> None:
    journal = await _told_much(store)
    n = await asked(journal)
    await be(store, OTHER).forget_person("ann")
    assert await short_lived(store) == 0
    assert await store.spent(TODAY) == 900
    with pytest.raises(Superseded):
        await answered(journal, n, Bill(1, 1, 500, 500))
    assert await store.spent(TODAY) == 900


async def test_what_is_too_old_leaves_nothing_but_what_it_may_have_cost(store: Store) -> None:
    journal = await _told_much(store)
    n = await asked(journal)
    await be(store, OTHER).expire(NOW + timedelta(days=1), NOW + timedelta(days=31))
    assert await short_lived(store) == 0
    assert await store.spent(TODAY) == 900
    with pytest.raises(Superseded):
        await answered(journal, n, Bill(1, 1, 500, 500))


async def test_what_has_ended_leaves_nothing_once_its_end_is_shown(store: Store) -> None:
    journal = await _told_much(store)
    await journal.stop(Stop("person", NOW))
    await store.release("one")
    told = await store.progress("one", 0, 0)
    assert (told.events, told.draft, told.over) == (((1, "a"),), "draft", True)
    await store.delivered("one")
    assert await short_lived(store) == 0


async def test_what_is_not_over_yet_is_told_on_although_somebody_took_its_end_for_shown(
    store: Store,
) -> None:
    await _told_much(store)
    await store.delivered("one")
    assert await short_lived(store) == 4


async def test_what_is_recalled_nobody_is_at_or_takes(store: Store) -> None:
    journal = await _told_much(store)
    await be(store, GATEWAY).recall("one")
    assert await short_lived(store) == 0
    assert await be(store, OTHER).take("one") is None
    with pytest.raises(Superseded):
        await journal.require()
    with pytest.raises(Superseded):
        await journal.publish(["b"], None)
    await dispatched(store)
    assert await store.take("one") is not None


async def test_recalling_what_nobody_dispatched_disturbs_nobody(store: Store) -> None:
    await store.recall("one")
    journal = await store.begin("one")
    await store.recall("unknown")
    await journal.decide("number", "1")


async def test_a_journal_that_is_looked_at_is_taken_from_nobody(store: Store) -> None:
    journal = await store.begin("one")
    await journal.decide("number", "2")
    look = await store.look("one")
    assert look.decision("number") == "2"
    with pytest.raises(Superseded):
        await look.decide("title", "1")
    await look.release()
    await journal.decide("title", "1")
    assert await store.is_worked_on("one")


async def test_a_late_answer_of_a_person_is_taken_back_once_it_is_over(store: Store) -> None:
    await store.keep_answer("one", "bob", "Both.", shares={}, limits={})
    await store.keep_answer("one", "eve", "Neither.", shares={}, limits={})
    await store.drop_late_answer("one", "bob")
    assert set(await store.people("one")) == {"bob", "eve"}
    await (await store.begin("one")).stop(Stop("person", NOW))
    await store.drop_late_answer("one", "bob")
    assert set(await store.people("one")) == {"eve"}


async def test_those_without_a_seat_are_dropped_by_the_run_alone(store: Store) -> None:
    old = await store.begin("one")
    await store.keep_answer("one", "bob", "Both.", shares={}, limits={})
    journal = await store.begin("one")
    with pytest.raises(Superseded):
        await old.drop_unseated()
    assert set(await store.people("one")) == {"bob"}
    await journal.drop_unseated()
    assert await store.people("one") == {}


async def test_what_somebody_goes_on_with_begins_with_nothing(store: Store) -> None:
    journal = await _told_much(store)
    await journal.stop(Stop("person", NOW))
    assert await store.go_on("one", "bob", NOW) is not None
    assert await short_lived(store) == 0


async def test_a_file_has_no_other_processes(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "council.db")
    await store.create(case("one"))
    journal = await store.begin("one")
    await journal.stop(Stop("person", NOW))
    await journal.release()
    assert await short_lived(store) == 0
    await store.close()
