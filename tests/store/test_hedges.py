"""The share of all spending that second requests may take."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bills import Bill
from bot.council import Council, Failure, Question
from bot.records import Case, Tempo
from bot.store.hedges import HedgesSpent, Requests, share_with_one_more
from bot.store.journal import Journal
from bot.store.server import Server
from bot.store.store import Store

NOW = datetime(2026, 11, 24, tzinfo=UTC)
COUNTS = st.integers(0, 500)


@st.composite
def requests(draw: st.DrawFn) -> Requests:
    sent = draw(COUNTS)
    ended = draw(st.integers(0, sent))
    model, hedge = draw(st.sampled_from("ab")), draw(st.sampled_from([0, 1]))
    return Requests(model, hedge, sent, ended, draw(st.integers(0, 10_000)) if ended else 0)


@given(st.lists(requests(), max_size=6), st.sampled_from("abc"))
def test_it_is_a_share(sent: list[Requests], model: str) -> None:
    assert 0 <= share_with_one_more(sent, model) <= 1


@pytest.mark.parametrize(
    ("sent", "share"),
    [
        ([], 1.0),
        ([Requests("a", 0, 99, 99, 9_900)], 0.01),
        ([Requests("a", 0, 98, 98, 9_800), Requests("a", 1, 1, 1, 100)], 0.02),
        ([Requests("a", 0, 98, 98, 9_800), Requests("a", 1, 1, 0, 0)], 0.02),
        ([Requests("a", 0, 98, 49, 4_900), Requests("a", 1, 1, 0, 0)], 0.02),
        ([Requests("a", 0, 9, 9, 900), Requests("b", 0, 9, 9, 9_000)], 0.01),
        ([Requests("a", 0, 99, 0, 0)], 0.01),
        ([Requests("a", 0, 99, 99, 0)], 0.01),
        ([Requests("b", 0, 99, 99, 9_900)], 0.01),
        ([Requests("a", 0, 99, 99, 9_900), Requests("a", 1, 0, 0, 0)], 0.01),
    ],
    ids=[
        "nothing was sent",
        "none so far",
        "one has ended",
        "one is under way",
        "half of all are under way",
        "another model costs ten times as much",
        "nothing has ended",
        "nothing costs",
        "a new model",
        "those that failed and cost nothing",
    ],
)
def test_what_second_requests_take_with_one_more(sent: list[Requests], share: float) -> None:
    assert share_with_one_more(sent, "a") == pytest.approx(share)


@pytest.fixture
async def store(anywhere: str | Path | Server) -> AsyncIterator[Store]:
    store = await Store.open(anywhere, holder="tests")
    for id in ("one", "two"):
        question = Question(id=id, text="Why?", seed=1, asked_at=NOW)
        council = Council(("lab/a",), "lab/a")
        await store.create(Case(question=question, council=council, platform="cli"))
    yield store
    await store.close()


async def send(journal: Journal, *, share: float | None = None) -> int:
    grant = await journal.attempt_started(
        *("answer", 0, 0), model="lab/a", at=NOW, reserved_micros=0, hedge_share=share
    )
    return grant.n


async def end(
    journal: Journal,
    n: int,
    *,
    micros: int,
    failure: Failure | None = None,
    tempo: Tempo | None = None,
) -> None:
    await journal.attempt_finished(
        *("answer", 0, 0, n),
        at=NOW,
        failure=failure,
        bill=Bill(10, 10, micros, micros, micros),
        generation_id=None,
        first_text_seconds=1.0,
        tempo=tempo,
    )


async def test_a_second_request_counts_over_all_deliberations(store: Store) -> None:
    one, two = await store.begin("one"), await store.begin("two")
    for _ in range(18):
        await end(one, await send(one), micros=100)
    await end(one, await send(one, share=0.05), micros=100)

    with pytest.raises(HedgesSpent):
        await send(two, share=0.05)
    for _ in range(20):
        await end(two, await send(two), micros=100)
    await send(two, share=0.05)

    rows = [*await store.attempts("one"), *await store.attempts("two")]
    assert sum(row.hedge for row in rows) == 2


async def test_the_first_may_always_go_and_the_next_may_not(store: Store) -> None:
    journal = await store.begin("one")
    await send(journal)

    await send(journal, share=0.01)

    with pytest.raises(HedgesSpent):
        await send(journal, share=0.05)
    assert [row.hedge for row in await store.attempts("one")] == [False, True]


async def test_one_that_was_refused_and_cost_nothing_takes_nothing(store: Store) -> None:
    journal = await store.begin("one")
    await send(journal)
    refused = Failure("rate_limited", "not now.")
    await end(journal, await send(journal, share=0.05), micros=0, failure=refused)

    await send(journal, share=0.05)

    assert [row.hedge for row in await store.attempts("one")] == [False, True, True]


async def test_a_run_goes_on_behind_a_request_that_was_not_granted(store: Store) -> None:
    journal = await store.begin("one")
    await send(journal)
    await send(journal, share=0.05)
    with pytest.raises(HedgesSpent):
        await send(journal, share=0.05)
    await send(journal)

    resumed = await store.begin("one")
    await send(resumed)

    numbers = [row.n for row in await store.attempts("one")]
    assert numbers == sorted({*numbers})


async def test_how_requests_wrote_is_read_by_model_and_stage_newest_first(store: Store) -> None:
    journal = await store.begin("one")
    tempos = [Tempo(0.5, 2.5, 900, True), Tempo(1.5, 0.25, 40, False)]
    for tempo in tempos:
        await end(journal, await send(journal), micros=0, tempo=tempo)
    await end(journal, await send(journal), micros=0)

    assert await store.recent_tempos("lab/a", "answer") == tuple(reversed(tempos))
    assert await store.recent_tempos("lab/a", "answer", limit=1) == (tempos[1],)
    assert await store.recent_tempos("lab/a", "review") == ()
    assert await store.recent_tempos("lab/b", "answer") == ()
