"""The journal of a deliberation, what it costs, and what others can read of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.allowance import MARGIN, SUCCESSOR, Key
from bot.bills import Bill
from bot.council import (
    Agreement,
    Answer,
    Call,
    Council,
    Deliberation,
    Failure,
    MemberResult,
    Question,
    Review,
    Stage,
    Standing,
    Timings,
    Verdict,
)
from bot.errors import ModelFailed, StoreFailed, Superseded
from bot.llm import Source
from bot.program.watch import watch
from bot.records import Attempt, Case, Stop
from bot.store.encoding import decode, encode
from bot.store.hedges import HedgesSpent
from bot.store.journal import Asked, Journal
from bot.store.server import Server
from bot.store.spending import channel_scope
from bot.store.store import Store

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
STOP = Stop("person", NOW, "ann")
TODAY = date(2026, 11, 20)
GENERAL = channel_scope("slack", "general")
CALL = Call(
    stage="answer",
    round=0,
    seat=1,
    model="lab/b",
    started_at=NOW,
    finished_at=NOW + timedelta(seconds=2.5),
    first_text_at=NOW + timedelta(seconds=1),
    text="Grüße 🏆\0\u2028end",
    finish_reason="stop",
    prompt_tokens=10,
    completion_tokens=20,
    cost_micros=33,
    sources=(Source("https://a.example/1", 20), Source("https://a.example/2")),
)


def case(id: str, channel: str | None = "general", thread: str | None = None) -> Case:
    question = Question(id, "Which is the best?", 7, NOW)
    return Case(question, Council(("lab/a", "lab/b"), "lab/c"), "slack", None, channel, thread)


def result(id: str) -> Deliberation:
    return Deliberation(
        id=id,
        question="Which is the best?",
        mode="council",
        seed=7,
        degraded=True,
        members=(
            MemberResult("A", "lab/b", "answered", None, 1),
            MemberResult("B", "lab/a", "failed", "timed_out: it was late", 0),
        ),
        answers=(Answer("A", "lab/b", "The first.", 2.5, 10, 20, 0.000033, 1, 1, "stop"),),
        reviews=(
            Review("lab/b", "A", ("B", "A"), (("A",), ("B", "C")), True, "Fine.", 1.5, None, 1),
        ),
        standings=(Standing("A", "lab/b", 0.1 + 0.2, 1, 1), Standing("B", "lab/a", None, 0, 0)),
        agreement=Agreement(None, 1.0, False),
        verdict=Verdict(
            "**A.** 🏆", None, "top_answer", Failure("refused", "it would not"), None, 1
        ),
        timings=Timings(2.5, 2.5, 4.0, 4.0, 4.0),
        calls=3,
        prompt_tokens=10,
        completion_tokens=20,
        cost_usd=0.000033,
        cost_known=True,
        chairman="lab/c",
    )


@pytest.fixture
async def store(anywhere: str | Path | Server) -> AsyncIterator[Store]:
    store = await Store.open(anywhere, holder="a test")
    await store.create(case("one"))
    yield store
    await store.close()


@pytest.fixture
async def journal(store: Store) -> Journal:
    return await store.begin("one")


async def start(
    journal: Journal,
    stage: Stage = "answer",
    seat: int = 1,
    *,
    reserved: int = 0,
    body: bytes | None = None,
    hedge: bool = False,
    at: datetime = NOW,
) -> int:
    grant = await journal.attempt_started(
        *(stage, 0, seat),
        model="lab/b",
        at=at,
        reserved_micros=reserved,
        asked=Asked(body=body),
        hedge_share=1.0 if hedge else None,
    )
    return grant.n


async def end(
    journal: Journal,
    n: int,
    *,
    cost: int | None = None,
    failure: Failure | None = None,
    first_text_seconds: float | None = None,
    at: datetime = NOW,
) -> None:
    await journal.attempt_finished(
        *("answer", 0, 1, n),
        at=at,
        failure=failure,
        bill=Bill(10, 20, cost, cost or 0),
        generation_id="gen-1",
        first_text_seconds=first_text_seconds,
    )


# Resuming


async def test_a_finished_call_is_there_for_the_next_run(store: Store, journal: Journal) -> None:
    failed = replace(
        CALL, seat=0, first_text_at=None, text=None, failure=Failure("empty", "it said nothing")
    )
    await journal.finish_call(CALL)
    await journal.finish_call(failed)
    assert journal.finished("answer", 0, 1) == CALL
    resumed = await store.begin("one")
    assert resumed.finished("answer", 0, 1) == CALL
    assert resumed.finished("answer", 0, 0) == failed
    assert resumed.finished("answer", 1, 1) is None
    assert set(resumed.calls) == {CALL, failed}


async def test_a_call_has_one_final_row(store: Store, journal: Journal) -> None:
    await journal.finish_call(CALL)
    with pytest.raises(StoreFailed):
        await journal.finish_call(replace(CALL, text="Something else."))
    assert journal.finished("answer", 0, 1) == CALL
    assert (await store.begin("one")).calls == (CALL,)


async def test_the_body_of_an_unfinished_call_is_kept_for_its_repeat(
    store: Store, journal: Journal
) -> None:
    await start(journal, body=b'{"exact": "bytes"}')
    resumed = await store.begin("one")
    assert resumed.stored_body("answer", 0, 1) == b'{"exact": "bytes"}'
    assert resumed.stored_body("answer", 0, 0) is None


async def test_the_body_of_a_finished_call_is_forgotten(store: Store, journal: Journal) -> None:
    await start(journal, body=b"1")
    await start(journal, body=b"2", hedge=True)
    await journal.finish_call(CALL)
    assert journal.stored_body("answer", 0, 1) is None
    assert (await store.begin("one")).stored_body("answer", 0, 1) is None


async def test_attempts_count_on_within_their_call_after_a_restart(
    store: Store, journal: Journal
) -> None:
    assert [await start(journal), await start(journal), await start(journal, seat=0)] == [1, 2, 1]
    resumed = await store.begin("one")
    assert resumed.requests == 3
    assert await start(resumed) == 3
    assert resumed.requests == 4


async def test_requests_sent_at_once_have_numbers_of_their_own(journal: Journal) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(start(journal)) for _ in range(5)]
    assert [task.result() for task in tasks] == [1, 2, 3, 4, 5]


async def test_money_that_is_booked_meanwhile_counts_in_all_of_an_account_or_nowhere(
    store: Store, journal: Journal
) -> None:
    numbers = [await start(journal) for _ in range(20)]
    before = await store.account(TODAY, GENERAL)
    for n in numbers:
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(store.account(TODAY, GENERAL))
            group.create_task(end(journal, n, cost=33))
        assert looking.result() == before


async def test_a_decision_is_taken_once_and_kept(store: Store, journal: Journal) -> None:
    assert journal.decision("early_stop") is None
    await journal.decide("early_stop", '["A"]')
    with pytest.raises(StoreFailed):
        await journal.decide("early_stop", '["B"]')
    assert journal.decision("early_stop") == '["A"]'
    assert (await store.begin("one")).decision("early_stop") == '["A"]'


async def test_only_the_newest_run_may_write(store: Store, journal: Journal) -> None:
    n = await start(journal)
    newer = await store.begin("one")
    for write in (
        lambda: start(journal),
        lambda: end(journal, n, cost=5),
        lambda: journal.finish_call(CALL),
        lambda: journal.decide("a", "b"),
        lambda: journal.finish(result("one")),
        lambda: journal.stop(STOP),
    ):
        with pytest.raises(Superseded, match="Another run has taken this deliberation over"):
            await write()
    assert newer.requests == 1
    assert (await store.begin("one")).calls == ()
    assert await store.spent(TODAY) == 0
    assert [c.status for c in await store.unfinished("slack")] == ["running"]


async def test_a_run_is_superseded_in_its_own_deliberation_only(
    store: Store, journal: Journal
) -> None:
    await store.create(case("two"))
    await store.begin("two")
    await journal.finish_call(CALL)


async def test_an_unknown_deliberation_is_a_sentence(store: Store) -> None:
    with pytest.raises(StoreFailed, match="There is no deliberation nobody's in this database"):
        await store.begin("nobody's")


async def test_readers_see_finished_calls_without_taking_over(
    store: Store, journal: Journal
) -> None:
    await journal.finish_call(CALL)
    assert await store.calls("one") == (CALL,)
    assert await store.calls("two") == ()
    await journal.finish_call(replace(CALL, seat=0))


# Ending


async def test_a_finished_deliberation_is_read_back_as_it_was(
    store: Store, journal: Journal
) -> None:
    await journal.finish(result("one"))
    assert await store.case("one") == replace(case("one"), status="finished", result=result("one"))


async def test_a_finished_case_is_taken_up_again_until_it_is_delivered(
    store: Store, journal: Journal
) -> None:
    await journal.finish(result("one"))
    assert [c.id for c in await store.unfinished("slack")] == ["one"]
    assert await store.unfinished_question("slack", "Which is the best?", "council", NOW) is None
    await store.delivered("one")
    assert await store.unfinished("slack") == ()


async def test_a_stopped_deliberation_is_owed_until_it_is_delivered(
    store: Store, journal: Journal
) -> None:
    await journal.finish_call(CALL)
    await journal.stop(STOP)
    stopped = replace(case("one"), status="stopped", stop=STOP)
    assert await store.unfinished("slack") == (stopped,)
    await store.delivered("one")
    assert await store.unfinished("slack") == ()
    assert await store.case("one") == stopped


async def test_a_follow_up_finds_the_answered_questions_of_its_thread(store: Store) -> None:
    threads = {"a": "t", "b": "t", "c": "u", "d": "t", "e": "t"}
    for id, thread in threads.items():
        await store.create(case(id, thread=thread))
    for id in ("b", "a", "c"):
        await (await store.begin(id)).finish(result(id))
    await (await store.begin("e")).finish(replace(result("e"), answers=()))

    found = await store.turns("slack", "general", "t")

    assert [turn.id for turn in found] == ["a", "b"]
    assert found[0].verdict == result("a").verdict.text
    assert await store.turns_of(["b", "a", "d"]) == found
    assert await store.turns("slack", "random", "t") == ()
    assert await store.turns("slack", "general", None) == ()


async def test_decisions_taken_together_are_all_kept_or_none(journal: Journal) -> None:
    await journal.decide("b", "2")
    with pytest.raises(StoreFailed):
        await journal.decide_all({"a": "1", "b": "2"})
    assert (journal.decision("a"), journal.decision("b")) == (None, "2")

    await journal.decide_all({"c": "3", "d": "4"})
    assert (journal.decision("c"), journal.decision("d")) == ("3", "4")


async def test_finished_cases_are_read_oldest_first_over_many_pages(store: Store) -> None:
    for number in range(250):
        await store.create(case(f"{number}"))
        await (await store.begin(f"{number}")).finish(result(f"{number}"))
    assert [c.id async for c in store.cases()] == [str(number) for number in range(250)]


async def test_finished_cases_are_chosen_by_place_and_time(store: Store) -> None:
    later = NOW + timedelta(days=1)
    await store.create(case("a"))
    await store.create(case("b", channel="random"))
    asked_later = case("c")
    await store.create(replace(asked_later, question=replace(asked_later.question, asked_at=later)))
    for id in "abc":
        await (await store.begin(id)).finish(result(id))
    assert [c.id async for c in store.cases(channel="general")] == ["a", "c"]
    assert [c.id async for c in store.cases(channel="general", since=later)] == ["c"]
    assert [c.id async for c in store.cases(platform="discord")] == []


# Money


async def test_what_a_request_cost_is_spent_in_all_and_in_its_channel(
    store: Store, journal: Journal
) -> None:
    await end(journal, await start(journal, reserved=900), cost=400)
    await end(journal, await start(journal, reserved=900), cost=None)
    assert await store.spent(TODAY) == 400
    assert await store.spent(TODAY, GENERAL) == 400
    assert await store.spent(TODAY, channel_scope("slack", "random")) == 0
    assert await store.spent(TODAY + timedelta(days=1)) == 0


async def test_money_belongs_to_the_day_of_its_question(store: Store, journal: Journal) -> None:
    tomorrow = datetime(2026, 11, 21, tzinfo=UTC)
    n = await start(journal, reserved=9, at=tomorrow)
    await end(journal, n, cost=5, at=tomorrow)
    assert await store.spent(TODAY) == 5
    assert await store.spent(TODAY + timedelta(days=1)) == 0


async def test_a_request_reported_twice_is_paid_once(store: Store, journal: Journal) -> None:
    n = await start(journal, reserved=9)
    await end(journal, n, cost=5)
    await end(journal, n, cost=5)
    assert await store.spent(TODAY) == 5


async def test_a_full_budget_is_a_sentence_and_leaves_no_row(store: Store) -> None:
    journal = await store.begin("one", {"all": 5_000_000})
    await end(journal, await start(journal, reserved=4_000_000), cost=3_900_000)
    with pytest.raises(ModelFailed) as refused:
        await start(journal, reserved=1_100_001)
    assert refused.value.kind == "no_credit"
    assert refused.value.retryable is False
    assert str(refused.value) == (
        "The daily budget of 5.00 USD has no room: 1.10 USD of it is left for this, and "
        "1.100001 USD is needed."
    )
    assert journal.requests == 1
    assert len(await store.attempts("one")) == 1
    await start(journal, reserved=1_100_000)


async def test_the_budget_of_a_channel_is_its_own(store: Store) -> None:
    await store.create(case("two", channel="random"))
    general = await store.begin("one", {"all": 100, GENERAL: 10})
    random = await store.begin("two", {"all": 100, channel_scope("slack", "random"): 10})
    await start(general, reserved=10)
    with pytest.raises(ModelFailed, match=r"This channel's daily budget of 0\.00001 USD"):
        await start(general, reserved=1)
    await start(random, reserved=10)


async def test_a_budget_starts_afresh_at_midnight(store: Store) -> None:
    journal = await store.begin("one", {"all": 10})
    await start(journal, reserved=10)
    with pytest.raises(ModelFailed):
        await start(journal, reserved=1)
    tomorrow = case("two")
    question = replace(tomorrow.question, asked_at=NOW + timedelta(days=1))
    await store.create(replace(tomorrow, question=question))
    await start(await store.begin("two", {"all": 10}), reserved=10)


async def left(store: Store, limits: dict[str, int]) -> int | None:
    return (await store.left(TODAY, limits)).left_micros


async def test_a_verdict_that_may_be_begun_again_has_money_for_it_or_is_not(store: Store) -> None:
    shares: dict[Key, int] = {("review", 0, 0): 20, ("verdict", 0, 2): 10, SUCCESSOR: 4}
    limits = {"all": 49}
    await store.create(case("two"), shares=shares, limits=limits)
    journal = await store.begin("two", limits)
    assert await left(store, limits) == 15

    assert await journal.set_restart_aside()
    assert await left(store, limits) == 5
    assert await journal.set_restart_aside()  # again, after a kill
    assert await left(store, limits) == 5

    lowered = await store.begin("two", {"all": 34})
    assert await lowered.set_restart_aside()  # what the run has it keeps
    await store.create(case("three"), shares={("verdict", 0, 2): 3, SUCCESSOR: 0}, limits=limits)
    other = await store.begin("three", limits)
    assert not await other.set_restart_aside()
    assert await left(store, limits) == 2


async def test_a_second_request_leaves_money_for_a_retry_or_is_not_sent(store: Store) -> None:
    shares: dict[Key, int] = {("answer", 0, 0): 10, MARGIN: 12}
    limits = {"all": 32}
    await store.create(case("two"), shares=shares, limits=limits)
    short = await store.begin("two", {"all": 31})
    await start(short, seat=0, reserved=10)
    with pytest.raises(HedgesSpent):
        await start(short, seat=0, reserved=10, hedge=True)
    assert len(await store.attempts("two")) == 1

    journal = await store.begin("two", limits)
    assert await store.spent(TODAY) == 10
    with pytest.raises(HedgesSpent):
        await start(journal, seat=0, reserved=11, hedge=True)
    await start(journal, seat=0, reserved=10, hedge=True)


async def test_reviews_keep_their_money_beside_a_verdict_that_was_begun_early(
    store: Store,
) -> None:
    shares: dict[Key, int] = {("review", 0, 0): 20, ("verdict", 0, 2): 10}
    limits = {"all": 30}
    await store.create(case("two"), shares=shares, limits=limits)
    journal = await store.begin("two", limits)
    await journal.decide("early_verdict", "{}")

    await start(journal, stage="verdict", seat=2, reserved=10)
    with pytest.raises(ModelFailed):
        await start(journal, stage="verdict", seat=2, reserved=1)
    await start(journal, stage="review", seat=0, reserved=10)
    # Nobody waits for reviews any more: what is left for them is for others.
    await journal.decide("early_stop", "{}")
    await start(journal, stage="verdict", seat=2, reserved=10)


async def test_models_that_cost_nothing_need_no_budget(store: Store) -> None:
    journal = await store.begin("one", {"all": 0})
    await start(journal, reserved=0)


async def test_what_an_earlier_run_left_under_way_counts_as_spent(store: Store) -> None:
    limits = {"all": 15}
    await start(await store.begin("one", limits), reserved=10)
    again = await store.begin("one", limits)
    assert await store.spent(TODAY) == await store.spent(TODAY, GENERAL) == 10
    with pytest.raises(ModelFailed):
        await start(again, reserved=6)
    await start(again, reserved=5)


def test_a_result_from_before_there_were_modes_is_read() -> None:
    """Without the keys that came with them."""
    written = json.loads(encode(Deliberation, result("one")))
    of_modes = ("escalated", "not_asked", "vote", "rounds", "changes", "claims", "left_out")
    for key in (*of_modes, "unsupported", "evidence"):
        del written[key]
    del written["verdict"]["label"], written["agreement"]["same_answer"]
    del written["agreement"]["accepted_when_like_this"]
    for each in written["standings"]:
        del each["weighted_score"]
    for each in written["reviews"]:
        del each["weight"]

    assert decode(Deliberation, json.dumps(written)) == result("one")


async def test_what_a_dead_process_left_under_way_counts_as_spent(tmp_path: Path) -> None:
    first = await Store.open(tmp_path / "council.db", holder="a test")
    await first.create(case("one"))
    await start(await first.begin("one"), reserved=10)
    await first.close()
    second = await Store.open(tmp_path / "council.db", holder="a test")
    assert await second.spent(TODAY) == 10
    await second.begin("one")
    assert await second.spent(TODAY) == 10
    await second.close()


async def test_what_a_dead_process_left_under_way_is_booked_once(tmp_path: Path) -> None:
    """However often the program starts and the deliberation is taken over after it."""
    path = tmp_path / "council.db"
    store = await Store.open(path, holder="a test")
    await store.create(case("one"))
    journal = await store.begin("one", {"all": 100})
    await end(journal, await start(journal, reserved=9), cost=4)
    await start(journal, reserved=30)
    await store.close()
    for _ in range(3):
        store = await Store.open(path, holder="a test")
        await store.begin("one", {"all": 100})
        resumed = await store.begin("one", {"all": 100})
        counted = [attempt.counted_micros for attempt in await store.attempts("one")]
        assert (await store.spent(TODAY), counted) == (34, [4, 30])
        assert resumed.paid("answer", 0, 1) == Bill(10, 20, 4, 34)
        await store.close()


async def test_every_limit_of_a_run_counts_what_the_run_spends(store: Store) -> None:
    await store.create(case("two", channel="random"))
    limits = {"person:ann": 10}
    journal = await store.begin("one", limits)
    await end(journal, await start(journal, reserved=9), cost=4)
    assert await store.spent(TODAY, "person:ann") == 4
    elsewhere = await store.begin("two", limits)
    with pytest.raises(ModelFailed):
        await start(elsewhere, reserved=7)
    await start(elsewhere, reserved=6)


@given(
    limit=st.integers(0, 100),
    prices=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 100)), max_size=12),
)
def test_requests_at_once_never_pass_a_limit_together(
    limit: int, prices: list[tuple[int, int]]
) -> None:
    """Each request costs up to what was reserved for it, in percent."""

    async def ask(journal: Journal, seat: int, reserved: int, percent: int) -> int:
        try:
            n = await start(journal, seat=seat, reserved=reserved)
        except ModelFailed:
            return 0
        await journal.attempt_finished(
            *("answer", 0, seat, n),
            at=NOW,
            failure=None,
            bill=Bill(counted_micros=reserved * percent // 100),
            generation_id=None,
            first_text_seconds=None,
        )
        return reserved * percent // 100

    async def spend(limits: Mapping[str, int]) -> tuple[int, int]:
        store = await Store.open(":memory:", holder="a test")
        try:
            await store.create(case("one"))
            journal = await store.begin("one", limits)
            async with asyncio.TaskGroup() as group:
                asked = [
                    group.create_task(ask(journal, seat, *price))
                    for seat, price in enumerate(prices)
                ]
            return sum(task.result() for task in asked), await store.spent(TODAY)
        finally:
            await store.close()

    paid, spent = asyncio.run(spend({"all": limit}))
    assert paid == spent <= limit


async def test_reservations_at_once_never_pass_a_limit_together(store: Store) -> None:
    journal = await store.begin("one", {"all": 35})
    outcomes: list[str] = []

    async def reserve() -> None:
        try:
            await start(journal, reserved=10)
            outcomes.append("sent")
        except ModelFailed:
            outcomes.append("refused")

    async with asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(reserve())
    assert outcomes == ["sent", "sent", "sent", "refused", "refused", "refused"]


# What others read


async def test_attempts_tell_how_each_request_went(store: Store, journal: Journal) -> None:
    late = Failure("timed_out", "it was late")
    await end(journal, await start(journal), failure=late)
    await start(journal, hedge=True)
    await end(journal, 2, cost=5, first_text_seconds=0.75)
    await start(journal)
    assert await store.attempts("one") == (
        Attempt("answer", 0, 1, 1, "lab/b", False, NOW, NOW, late, 10, 20, None, "gen-1", None, 0),
        Attempt("answer", 0, 1, 2, "lab/b", True, NOW, NOW, None, 10, 20, 5, "gen-1", 0.75, 5),
        Attempt("answer", 0, 1, 3, "lab/b", False, NOW, None, None, 0, 0, None, None, None, 0),
    )


async def test_how_long_whole_replies_took_is_known_by_model(
    store: Store, journal: Journal
) -> None:
    for seconds, cost in ((2.0, 5), (3.5, 9), (1.0, 7)):
        n = await start(journal, at=NOW)
        at = NOW + timedelta(seconds=seconds)
        await end(journal, n, at=at, cost=cost, first_text_seconds=0.5)
    late = Failure("timed_out", "it took too long.")
    await end(journal, await start(journal), failure=late, cost=8, first_text_seconds=9.0)
    await start(journal)
    assert await store.recent_seconds("lab/b") == pytest.approx((1.0, 3.5, 2.0), abs=0.001)
    assert await store.recent_seconds("lab/a") == ()


async def test_recent_first_texts_of_a_model_are_newest_first(
    store: Store, journal: Journal
) -> None:
    for seconds in (1.0, None, 2.0, 3.0):
        await end(journal, await start(journal), first_text_seconds=seconds)
    assert await store.recent_first_text_seconds("lab/b", limit=2) == (3.0, 2.0)
    assert await store.recent_first_text_seconds("lab/a") == ()


async def test_a_stop_that_comes_too_late_changes_nothing(store: Store, journal: Journal) -> None:
    await journal.finish(result("one"))

    await journal.stop(STOP)

    found = await store.case("one")
    assert found is not None
    assert (found.status, found.result) == ("finished", result("one"))


async def test_another_process_can_follow_what_happens(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "council.db", holder="a test")
    await store.create(case("one"))
    journal = await store.begin("one")
    reader = await Store.open(tmp_path / "council.db", read_only=True)
    n = await start(journal)
    lines, cursor = await reader.journal_since(0)
    assert [(line.what, line.seat, line.n, line.model) for line in lines] == [
        ("attempt_started", 1, 1, "lab/b")
    ]
    await end(journal, n, failure=Failure("empty", "it said nothing"))
    await journal.finish_call(CALL)
    await journal.finish(result("one"))
    await store.create(case("two"))
    await (await store.begin("two")).stop(STOP)
    lines, cursor = await reader.journal_since(cursor)
    assert [(line.what, line.stage, line.kind) for line in lines] == [
        ("attempt_finished", "answer", "empty"),
        ("call_finished", "answer", None),
        ("finished", None, None),
        ("stopped", None, None),
    ]
    assert (lines[1].seconds, lines[1].tokens, lines[1].cost_micros) == (2.5, 30, 33)
    assert await reader.journal_since(cursor) == ((), cursor)
    await reader.close()
    await store.close()


async def test_the_journal_of_others_comes_in_pages(store: Store, journal: Journal) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(1_200):
            group.create_task(start(journal))
    cursor, sizes = 0, []
    while True:
        lines, cursor = await store.journal_since(cursor)
        if not lines:
            break
        sizes.append(len(lines))
    assert sizes == [1_000, 200]


async def test_a_long_journal_is_told_from_its_newest_lines(
    store: Store, journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(1_200):
            group.create_task(start(journal))
    told: list[str] = []
    await watch(store, since=None, follow=False, tell=told.append)
    assert len(told) == 1_000
    assert told[0].endswith("asked again (request 201)")
    assert "newest 1000 lines; --since" in capsys.readouterr().err
