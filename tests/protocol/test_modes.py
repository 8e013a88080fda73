"""The modes beside that of the whole council, with scripted models and a store in memory."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.modes import MODES as MEANINGS
from bot.protocol.events import AnswerGiven, Event, MemberFailed, ReviewGiven
from bot.protocol.modes import MODES
from bot.store.store import Store
from tests.fakes.provider import FakeProvider, stage_and_seat
from tests.protocol.deliberating import FOUR, final, question, run


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = await Store.open(":memory:", holder="tests")
    yield store
    await store.close()


def test_every_mode_is_explained_in_a_line_that_forms_can_show() -> None:
    assert tuple(MEANINGS) == tuple(MODES)
    assert [name for name, does in MEANINGS.items() if len(str(does)) > 75] == []


# --- what holds in each


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("after", range(1, 9))
async def test_a_run_that_ends_anywhere_goes_on_and_pays_nothing_twice(
    store: Store, mode: str, after: int
) -> None:
    council = replace(FOUR, mode=mode)
    first, second = FakeProvider(), FakeProvider()
    seen = 0

    def die(event: Event) -> None:
        nonlocal seen
        seen += isinstance(event, AnswerGiven | ReviewGiven)
        if seen == after:
            dying.cancel()

    dying = asyncio.create_task(run(store, first, council=council, watch=die))
    await asyncio.wait({dying})
    paid = {(call.stage, call.round, call.seat) for call in await store.calls("q1")}

    resumed = await run(store, second, council=council)

    asked_again = {(*stage_and_seat(request), request.tag) for request in second.requests}
    assert not {(s, int(tag.split("/")[2]), seat) for s, seat, tag in asked_again} & paid
    calls = Counter((c.stage, c.round, c.seat) for c in await store.calls("q1"))
    assert set(calls.values()) == {1}
    whole = await run(store, FakeProvider(), council=council, asked=question("q2"))
    assert replace(resumed.deliberation.verdict, ballots=None) == replace(
        whole.deliberation.verdict, ballots=None
    )


@pytest.mark.parametrize("mode", MODES)
async def test_where_nobody_answers_there_is_an_apology(store: Store, mode: str) -> None:
    provider = FakeProvider(otherwise=lambda request: final())

    done = await run(store, provider, council=replace(FOUR, mode=mode))

    result = done.deliberation
    assert result.verdict.text.startswith("**Sorry, no member of the council could answer.**")
    assert (result.answered, result.has_verdict, result.degraded) == (False, False, True)
    assert len(result.members) == 4
    assert Counter(map(type, done.events))[MemberFailed] == 4
    assert {stage_and_seat(request)[0] for request in provider.requests} == {"answer"}


# --- compare


async def test_answers_that_people_compare_are_neither_reviewed_nor_judged(store: Store) -> None:
    done = await run(store, FakeProvider(), council=replace(FOUR, mode="compare"))

    result = done.deliberation
    assert [stage_and_seat(request)[0] for request in done.provider.requests] == ["answer"] * 4
    assert [answer.label for answer in result.answers] == ["A", "B", "C", "D"]
    assert (result.reviews, result.standings) == ((), ())
    assert result.verdict.text == (
        "There is no verdict: the answers stand side by side, and people say which is best."
    )
    assert (result.verdict.written_by, result.verdict.fallback, result.verdict.label) == (None,) * 3
    assert (result.mode, result.degraded, result.has_verdict) == ("compare", False, False)
    assert result.timings.verdict is not None


async def test_one_answer_to_compare_is_no_verdict_either(store: Store) -> None:
    script = {("answer", seat): [final()] for seat in range(3)}

    done = await run(store, FakeProvider(script), council=replace(FOUR, mode="compare"))

    assert len(done.deliberation.answers) == 1
    assert done.deliberation.degraded
    assert not done.deliberation.has_verdict
    assert done.deliberation.verdict.fallback is None
