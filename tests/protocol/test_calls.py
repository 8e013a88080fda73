"""One call: its retries, its hedge, its deadline, its money and its rows in the journal."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from bot.bills import ENOUGH, NOTHING, Price
from bot.council import Call, Council, Question, Stage
from bot.errors import ModelFailed, Spent
from bot.llm import Completion, Image, Message, ModelInfo, Request
from bot.protocol.calls import Caller
from bot.protocol.patience import Deadline, Patience
from bot.records import Account, Attempt, Case, Stop, Tempo
from bot.rehearsal.simulated import Rehearsal
from bot.store.spending import ALL
from bot.store.store import Store
from tests.fakes.prices import FreeOfCharge

pytestmark = pytest.mark.usefixtures("own_time")

DAY = datetime(2026, 11, 24, tzinfo=UTC)
RESERVED = 1_000
ANSWER = Completion("The answer.", "stop", 100, 20, cost_micros=7, generation_id="gen-1")
REQUEST = Request("lab/a", (Message("user", "Why?"),), 100, "one/answer/0/0")

OnText = Callable[[str], None]
Step = Callable[[OnText], Awaitable[Completion]]

# Waits that a test may have to sit out are short, all others never end within one.
PATIENCE = replace(Patience(), backoff_first=0.001, backoff_longest=0.001)
# For one request: a wait before the next outlasts the deadline.
ONCE = replace(Patience(), backoff_first=1_000, backoff_longest=1_000)


class Model:
    """Does these steps, one for each request, in order."""

    def __init__(self, *steps: Step, body: bytes | None = None) -> None:
        self._steps = list(steps)
        self._body = body
        self.requests: list[Request] = []
        self.asked_at: list[float] = []
        self.asked = asyncio.Event()

    def stored_body(self, request: Request) -> bytes | None:
        return self._body

    async def complete(self, request: Request, on_text: OnText | None = None) -> Completion:
        self.requests.append(request)
        self.asked_at.append(asyncio.get_running_loop().time())
        self.asked.set()
        assert on_text is not None
        return await self._steps.pop(0)(on_text)

    async def models(self) -> tuple[ModelInfo, ...]:
        return ()


def answers(completion: Completion = ANSWER) -> Step:
    async def step(on_text: OnText) -> Completion:
        on_text(completion.text)
        return completion

    return step


def fails(
    kind: str,
    *,
    after: str | None = None,
    retryable: bool = True,
    retry_after: float | None = None,
    unusable: bool = False,
    spent: Spent | None = None,
    began: bool = False,
    written: int | None = None,
) -> Step:
    async def step(on_text: OnText) -> Completion:
        if after is not None:
            on_text(after)
        raise ModelFailed(
            kind,  # type: ignore[arg-type]  # a KIND, from the test
            "not now.",
            retryable=retryable,
            retry_after_seconds=retry_after,
            unusable=unusable,
            spent=spent,
            began=began,
            written_bytes=written,
        )

    return step


def raises(error: Exception) -> Step:
    async def step(on_text: OnText) -> Completion:
        raise error

    return step


def hangs(until: asyncio.Event | None = None, *, sign: str | None = None) -> Step:
    async def step(on_text: OnText) -> Completion:
        if sign is not None:
            on_text(sign)
        await (until or asyncio.Event()).wait()
        on_text(ANSWER.text)
        return ANSWER

    return step


class Prices(FreeOfCharge):
    """REQUEST reserves `RESERVED`."""

    def price(self, model: str) -> Price:
        return Price(0, 10, known=False)


class Priced(FreeOfCharge):
    """Ten a token of the prompt and a hundred a token more: REQUEST reserves 10,680."""

    def price(self, model: str) -> Price:
        return Price(10, 100)


class Unpriced(FreeOfCharge):
    """The same, assumed: the catalogue knows no price."""

    def price(self, model: str) -> Price:
        return Price(10, 100, known=False)


@dataclass
class Bench:
    """A deliberation of one call, which can be made again."""

    store: Store
    history: tuple[float, ...] = ()
    tempos: tuple[Tempo, ...] = ()
    limits: dict[str, int] = field(default_factory=dict)
    prices: FreeOfCharge = field(default_factory=Prices)
    texts: list[str] = field(default_factory=list)

    async def call(
        self,
        model: Model | Rehearsal,
        *,
        patience: Patience = PATIENCE,
        deadline: float = 1_000,
        request: Request = REQUEST,
    ) -> Call:
        journal = await self.store.begin("one", self.limits)
        return await self.caller(model, patience).call(
            request,
            "answer",
            0,
            journal=journal,
            deadline=Deadline(deadline),
            on_text=lambda draft: self.texts.append(draft.text),
        )

    def caller(self, model: Model | Rehearsal, patience: Patience) -> Caller:
        async def history(model: str) -> tuple[float, ...]:
            return self.history

        async def tempos(model: str, stage: Stage) -> tuple[Tempo, ...]:
            return self.tempos

        return Caller(model, self.prices, patience, history, tempos=tempos, now=lambda: DAY)

    async def attempts(self) -> list[Attempt]:
        return list(await self.store.attempts("one"))

    async def spent(self) -> int:
        return await self.store.spent(DAY.date())

    async def account(self) -> Account:
        """What budgets tell of the deliberation, once it is over."""
        journal = await self.store.begin("one", self.limits)
        await journal.stop(Stop("person", DAY))
        return await self.store.account(DAY.date(), ALL)

    async def is_free(self) -> bool:
        """Whether nothing is reserved: a limit of what was spent and one request more is kept."""
        await self.store.create(case("other"))
        journal = await self.store.begin("other", {ALL: await self.spent() + RESERVED})
        try:
            await journal.attempt_started(
                "answer", 0, 0, model="lab/a", at=DAY, reserved_micros=RESERVED
            )
        except ModelFailed:
            return False
        return True


def case(id: str) -> Case:
    question = Question(id=id, text="Why?", seed=1, asked_at=DAY)
    return Case(question=question, council=Council(("lab/a",), "lab/a"), platform="cli")


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    store = await Store.open(":memory:", holder="tests")
    await store.create(case("one"))
    yield Bench(store)
    await store.close()


async def test_an_answer_is_returned_and_journaled_with_what_it_took(bench: Bench) -> None:
    call = await bench.call(Model(answers()))

    assert (call.text, call.failure, call.finish_reason) == ("The answer.", None, "stop")
    assert (call.prompt_tokens, call.completion_tokens, call.cost_micros) == (100, 20, 7)
    assert await bench.store.calls("one") == (call,)
    [attempt] = await bench.attempts()
    assert (attempt.n, attempt.hedge, attempt.failure) == (1, False, None)
    assert (attempt.prompt_tokens, attempt.completion_tokens, attempt.cost_micros) == (100, 20, 7)
    assert attempt.generation_id == "gen-1"
    assert attempt.finished_at == DAY


async def test_the_row_of_a_request_is_there_before_it_is_sent(bench: Bench) -> None:
    rows_when_sent: list[Attempt] = []

    async def looks_at_the_journal(on_text: OnText) -> Completion:
        rows_when_sent.extend(await bench.attempts())
        return ANSWER

    await bench.call(Model(looks_at_the_journal))

    assert [(row.n, row.finished_at) for row in rows_when_sent] == [(1, None)]


# --- retries


async def test_a_passing_failure_is_tried_again_and_every_attempt_has_a_row(bench: Bench) -> None:
    call = await bench.call(Model(fails("server_error"), fails("empty"), answers()))

    assert call.text == "The answer."
    rows = await bench.attempts()
    kinds = [row.failure.kind if row.failure else None for row in rows]
    assert kinds == ["server_error", "empty", None]
    assert [row.n for row in rows] == [1, 2, 3]
    assert all(row.finished_at for row in rows)


async def test_it_gives_up_after_five_attempts_and_keeps_the_reason(bench: Bench) -> None:
    model = Model(*[fails("server_error")] * 5)

    call = await bench.call(model)

    assert (len(model.requests), call.text) == (5, None)
    assert str(call.failure) == "server_error: not now."


@pytest.mark.parametrize("kind", ["empty", "refused", "server_error", "cut_off"])
async def test_a_reply_that_came_whole_and_is_no_answer_is_asked_for_once_more(
    bench: Bench, kind: str
) -> None:
    model = Model(*[fails(kind, unusable=True)] * 2)

    call = await bench.call(model)

    assert len(model.requests) == 2
    assert str(call.failure) == f"{kind}: not now."


async def test_unusable_replies_are_counted_beside_failures_that_may_pass(bench: Bench) -> None:
    passing, unusable = fails("server_error"), fails("empty", unusable=True)
    model = Model(passing, unusable, passing, unusable)

    call = await bench.call(model)

    assert len(model.requests) == 4
    assert str(call.failure) == "empty: not now."


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no number"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "half"),
        OSError(9, "bad"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_else_a_provider_raises_is_a_failed_call(
    bench: Bench, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    call = await bench.call(Model(raises(error), raises(error)))

    assert call.failure is not None
    assert call.failure.kind == "server_error"
    assert str(error) not in call.failure.message
    assert "Traceback" in caplog.text
    # Nobody knows whether it was billed.
    assert await bench.spent() == 2 * RESERVED
    assert await bench.is_free()


async def test_what_is_final_is_asked_once(bench: Bench) -> None:
    model = Model(fails("no_credit", retryable=False))

    call = await bench.call(model)

    assert len(model.requests) == 1
    assert str(call.failure) == "no_credit: not now."


async def test_retry_after_is_waited_for_as_sent(bench: Bench) -> None:
    model = Model(fails("rate_limited", retry_after=0.15), answers())

    call = await bench.call(model)

    first, second = model.asked_at
    assert second - first >= 0.15
    assert call.text == "The answer."


async def test_a_retry_after_beyond_the_deadline_fails_at_once_naming_the_limit(
    bench: Bench,
) -> None:
    model = Model(fails("rate_limited", retry_after=1_001))

    call = await bench.call(model, deadline=1_000)

    assert len(model.requests) == 1
    assert str(call.failure) == "rate_limited: not now."


async def test_the_text_of_a_retried_stream_starts_anew(bench: Bench) -> None:
    await bench.call(Model(fails("cut_off", after="The ans"), answers()))

    assert bench.texts == ["The ans", "The answer."]


# --- drafts


async def test_many_small_pieces_take_linear_time_and_none_is_lost(bench: Bench) -> None:
    """A million characters in 250,000 pieces, as a model server sends them."""
    pieces = 250_000

    async def writes(on_text: OnText) -> Completion:
        for _ in range(pieces):
            on_text("word")
        return replace(ANSWER, text="word" * pieces)

    began = time.process_time()
    call = await bench.call(Model(writes))

    assert time.process_time() - began <= 1
    assert call.text == "word" * pieces
    assert bench.texts[-1] == call.text
    assert len(bench.texts) < 100


async def test_a_draft_is_told_at_its_first_piece_and_after_its_last(bench: Bench) -> None:
    told = asyncio.Event()

    async def writes_and_thinks(on_text: OnText) -> Completion:
        for piece in ("The", " ans", "wer"):
            on_text(piece)
        await told.wait()
        on_text(".")
        return ANSWER

    class Texts(list[str]):
        def append(self, text: str) -> None:
            super().append(text)
            if text == "The answer":
                told.set()

    bench.texts = Texts()
    await bench.call(Model(writes_and_thinks), patience=replace(PATIENCE, draft=0.001))

    assert (bench.texts[0], bench.texts[-1]) == ("The", "The answer.")


# --- silence and deadline


async def test_a_request_that_shows_no_sign_of_work_is_given_up_and_repeated(bench: Bench) -> None:
    call = await bench.call(Model(hangs(), answers()), patience=replace(PATIENCE, silence=0.02))

    assert call.text == "The answer."
    silent, _ = await bench.attempts()
    assert str(silent.failure) == "timed_out: it showed no sign of work for too long."


async def test_a_request_that_falls_silent_midway_is_given_up_and_repeated(bench: Bench) -> None:
    model = Model(hangs(sign="The ans"), answers())

    call = await bench.call(model, patience=replace(PATIENCE, silence=0.02))

    assert call.text == "The answer."
    assert [bool(row.failure) for row in await bench.attempts()] == [True, False]


async def test_a_model_at_work_is_not_silent_however_long_it_takes(bench: Bench) -> None:
    slow = Rehearsal(time_scale=0.2)
    request = replace(REQUEST, model="rehearsal/thorough")
    began = asyncio.get_running_loop().time()

    call = await bench.call(slow, request=request, patience=replace(PATIENCE, silence=0.5))

    assert asyncio.get_running_loop().time() - began > 0.5
    assert call.failure is None
    assert len(await bench.attempts()) == 1


async def test_silence_is_given_up_twice_at_most(bench: Bench) -> None:
    model = Model(hangs(), hangs())

    call = await bench.call(model, patience=replace(PATIENCE, silence=0.02))

    assert len(model.requests) == 2
    assert str(call.failure) == "timed_out: it showed no sign of work for too long."


def thinks(seconds: float) -> Step:
    async def step(on_text: OnText) -> Completion:
        await asyncio.sleep(seconds)  # the model's own pace
        return ANSWER

    return step


@pytest.mark.parametrize(
    ("history", "stage", "effort", "requests"),
    [
        ((), "answer", "", 2),
        ((), "answer", "high", 1),
        ((), "verdict", "", 1),
        ((0.0001,) * 20, "answer", "", 2),
        ((0.0001,) * 20, "verdict", "", 1),
        ((0.05,) * 20, "answer", "", 1),
        ((500.0,) * 19, "answer", "", 2),
    ],
    ids=["unknown", "effort", "chairman", "quick", "quick chairman", "slow", "too few samples"],
)
async def test_how_long_a_model_may_be_silent_goes_by_stage_effort_and_its_own_history(
    bench: Bench, history: tuple[float, ...], stage: Stage, effort: str, requests: int
) -> None:
    """A quick history makes nobody less patient: it may be of easier questions."""

    async def known(model: str) -> tuple[float, ...]:
        return history

    model = Model(thinks(0.09), answers())
    patience = replace(PATIENCE, silence=0.06, chairman=0.5, hedge_unknown=100, hedge_floor=100)
    caller = Caller(model, Prices(), patience, known)
    journal = await bench.store.begin("one")
    request = replace(REQUEST, effort=effort)

    call = await caller.call(request, stage, 0, journal=journal, deadline=Deadline(1_000))

    assert call.text == "The answer."
    assert len(model.requests) == requests


def test_nobody_without_a_history_is_cut_off_before_a_reasoning_model_begins() -> None:
    patience = Patience()

    assert patience.silence >= 300
    assert patience.chairman >= 600
    assert patience.scaled(0.5).chairman == patience.chairman / 2


@pytest.mark.parametrize(
    ("whole", "effort", "seconds"),
    [
        ((), "", 600),
        ((), "high", 1_200),
        ((40.0,) * 19, "", 600),
        ((10.0,) * 20, "", 180),
        ((100.0,) * 20, "high", 300),
        ((190.0,) * 19 + (5_000.0,), "", 570),
    ],
    ids=["unknown", "effort", "few", "quick", "known", "one outlier"],
)
async def test_how_long_a_chairman_is_left_alone_goes_by_its_own_history(
    whole: tuple[float, ...], effort: str, seconds: float
) -> None:
    async def history(model: str) -> tuple[float, ...]:
        return whole

    caller = Caller(Model(), Prices(), Patience(), no_history, whole=history)

    assert await caller.chairman_seconds("lab/a", effort) == seconds


async def test_after_the_deadline_the_call_is_a_time_out_and_its_request_is_closed(
    bench: Bench,
) -> None:
    call = await bench.call(Model(hangs()), deadline=0.02)

    assert str(call.failure) == "timed_out: no complete answer before the deadline."
    [row] = await bench.attempts()
    assert row.finished_at == DAY


async def test_at_the_deadline_the_reason_of_the_failure_before_it_is_kept(bench: Bench) -> None:
    patience = replace(PATIENCE, backoff_first=1_000, backoff_longest=1_000)

    call = await bench.call(Model(fails("server_error")), patience=patience, deadline=0.05)

    assert str(call.failure) == "server_error: not now."


async def test_a_deadline_brought_forward_ends_a_call_under_way(bench: Bench) -> None:
    model, deadline = Model(hangs()), Deadline(1_000)
    caller = Caller(model, Prices(), PATIENCE, no_history)
    journal = await bench.store.begin("one")
    task = asyncio.create_task(
        caller.call(REQUEST, "answer", 0, journal=journal, deadline=deadline)
    )
    await model.asked.wait()

    deadline.give_up()

    assert str((await task).failure) == "timed_out: no complete answer before the deadline."


async def test_a_deadline_brought_forward_before_the_call_begins_holds(bench: Bench) -> None:
    deadline = Deadline(1_000)
    caller = Caller(Model(hangs()), Prices(), PATIENCE, no_history)
    journal = await bench.store.begin("one")

    deadline.give_up()
    call = await caller.call(REQUEST, "answer", 0, journal=journal, deadline=deadline)

    assert str(call.failure) == "timed_out: no complete answer before the deadline."
    assert [row.finished_at is None for row in await bench.attempts()] == [False]


# --- hedges

QUICK_HEDGE = replace(PATIENCE, hedge_unknown=0.01)
# Of a model that usually writes its 400 characters within two hundredths of a second.
QUICK = (Tempo(0.01, 0.01, 400, True),) * 20
AT_ONCE = replace(PATIENCE, hedge_floor=0.001, hedge_unknown=1_000)
LONGER = replace(ANSWER, text="The answer, " * 33 + "whole.")


async def test_the_first_to_be_complete_wins_and_the_loser_is_closed(bench: Bench) -> None:
    model = Model(hangs(), answers())

    call = await bench.call(model, patience=QUICK_HEDGE)

    assert call.text == "The answer."
    first, second = await bench.attempts()
    assert (first.hedge, first.finished_at, first.completion_tokens) == (False, DAY, 0)
    assert (second.hedge, second.finished_at, second.completion_tokens) == (True, DAY, 20)


@pytest.mark.parametrize("sign", ["", "The ans"], ids=["thoughts", "text"])
async def test_a_request_that_stops_midway_loses_to_one_that_is_complete(
    bench: Bench, sign: str
) -> None:
    call = await bench.call(Model(hangs(sign=sign), answers()), patience=QUICK_HEDGE)

    assert call.text == "The answer."
    assert [row.completion_tokens for row in await bench.attempts()] == [0, 20]


async def test_the_first_request_wins_where_it_is_complete_before_its_hedge(bench: Bench) -> None:
    hedged = asyncio.Event()

    async def begins_and_hangs(on_text: OnText) -> Completion:
        on_text("The hedge began.")
        hedged.set()
        return await hangs()(on_text)

    call = await bench.call(Model(hangs(hedged), begins_and_hangs), patience=QUICK_HEDGE)

    assert call.text == "The answer."
    assert [row.completion_tokens for row in await bench.attempts()] == [20, 0]


async def test_what_is_complete_ends_the_other_before_that_is_written_down(bench: Bench) -> None:
    """Else both might be answered in full, and be paid."""
    answered = asyncio.Event()

    async def answers_first(on_text: OnText) -> Completion:
        answered.set()
        return ANSWER

    await bench.call(Model(hangs(answered), answers_first), patience=QUICK_HEDGE)

    assert [row.completion_tokens for row in await bench.attempts()] == [0, 20]


def writes(piece: str, times: int, every: float) -> Step:
    async def step(on_text: OnText) -> Completion:
        for _ in range(times):
            on_text(piece)
            await asyncio.sleep(every)  # the model's own pace
        return replace(ANSWER, text=piece * times)

    return step


async def test_a_model_without_a_history_is_left_alone_while_it_works(bench: Bench) -> None:
    model = Model(writes("word ", 20, 0.01))

    await bench.call(model, patience=replace(PATIENCE, hedge_unknown=0.1))

    assert len(model.requests) == 1


async def test_a_request_that_goes_as_usual_is_left_alone(bench: Bench) -> None:
    bench.tempos = (Tempo(0.01, 1.0, 100, True),) * 20
    model = Model(writes("word ", 20, 0.01))

    await bench.call(model, patience=AT_ONCE)

    assert len(model.requests) == 1


async def test_a_request_without_text_is_hedged_once_another_would_be_complete_sooner(
    bench: Bench,
) -> None:
    bench.tempos = QUICK
    model = Model(hangs(), answers())

    call = await bench.call(model, patience=AT_ONCE)

    assert call.text == "The answer."
    first, second = model.asked_at
    assert second - first >= 0.01


async def test_a_request_that_writes_too_slowly_is_hedged_while_it_writes(bench: Bench) -> None:
    bench.tempos = QUICK
    model = Model(writes("word ", 1_000, 0.01), answers(LONGER))

    call = await bench.call(model, patience=AT_ONCE)

    assert call.text == LONGER.text
    assert len(model.requests) == 2


async def test_no_hedge_goes_out_before_the_floor(bench: Bench) -> None:
    bench.tempos = QUICK
    model = Model(hangs(), answers())

    await bench.call(model, patience=replace(PATIENCE, hedge_floor=0.2))

    first, second = model.asked_at
    assert second - first >= 0.2


async def test_with_fewer_than_ten_samples_the_hedge_comes_after_a_fixed_silence(
    bench: Bench,
) -> None:
    bench.tempos = QUICK[:9]
    model = Model(hangs(), answers())

    await bench.call(model, patience=replace(AT_ONCE, hedge_unknown=0.1))

    first, second = model.asked_at
    assert second - first >= 0.1


async def test_what_a_model_does_now_is_added_to_its_history(bench: Bench) -> None:
    """Nine requests are not enough to know it by; with one more they are."""
    bench.tempos = (Tempo(0.01, 0.01, 11, True),) * 9
    model = Model(answers(), hangs(), answers())
    caller = bench.caller(model, AT_ONCE)
    journal = await bench.store.begin("one")

    for seat in (0, 1):
        await caller.call(REQUEST, "answer", seat, journal=journal, deadline=Deadline(1_000))

    assert len(model.requests) == 3


async def test_no_call_goes_ahead_while_its_models_history_is_read(bench: Bench) -> None:
    """Two seats of one model are asked at the same time: neither may think that it is unknown."""
    read = asyncio.Event()

    async def tempos(model: str, stage: Stage) -> tuple[Tempo, ...]:
        await read.wait()
        return QUICK

    model = Model(answers(), answers())
    caller = Caller(model, Prices(), PATIENCE, no_history, tempos=tempos)
    journal = await bench.store.begin("one")
    async with asyncio.TaskGroup() as group:
        for seat in (0, 1):
            deadline = Deadline(1_000)
            group.create_task(
                caller.call(REQUEST, "answer", seat, journal=journal, deadline=deadline)
            )
        for _ in range(20):
            await asyncio.sleep(0)
        assert model.requests == []
        read.set()

    assert len(model.requests) == 2


async def test_where_the_hedge_fails_the_first_request_is_waited_for(bench: Bench) -> None:
    go_on = asyncio.Event()

    async def breaks(on_text: OnText) -> Completion:
        go_on.set()
        raise ModelFailed("server_error", "broken.", retryable=True)

    patience = replace(QUICK_HEDGE, backoff_first=1_000)
    call = await bench.call(Model(hangs(go_on), breaks), patience=patience)

    assert call.text == "The answer."


async def test_a_hedge_that_tears_at_its_last_word_loses_no_answer(bench: Bench) -> None:
    go_on = asyncio.Event()

    async def tears(on_text: OnText) -> Completion:
        on_text("The hedge's whole answ")
        go_on.set()
        raise ModelFailed("cut_off", "torn.", retryable=True, began=True, written_bytes=22)

    patience = replace(QUICK_HEDGE, backoff_first=1_000)
    call = await bench.call(Model(hangs(go_on), tears), patience=patience)

    assert call.text == "The answer."
    assert [str(row.failure) for row in await bench.attempts()] == ["None", "cut_off: torn."]


async def test_a_hedge_that_fails_is_sent_again_after_the_wait_that_it_was_told(
    bench: Bench,
) -> None:
    model = Model(hangs(), fails("rate_limited", retry_after=0.15), answers())

    call = await bench.call(model, patience=QUICK_HEDGE)

    assert call.text == "The answer."
    _, second, third = model.asked_at
    assert third - second >= 0.15


@pytest.mark.parametrize(
    ("failure", "sent"),
    [(fails("server_error"), 4), (fails("no_credit", retryable=False), 2)],
    ids=["may pass", "final"],
)
async def test_hedges_that_fail_are_not_sent_for_ever(
    bench: Bench, failure: Step, sent: int
) -> None:
    model = Model(hangs(), *[failure] * 10)

    await bench.call(model, patience=QUICK_HEDGE, deadline=0.2)

    assert len(model.requests) == sent


async def test_of_two_that_are_complete_at_once_one_is_the_answer_and_both_are_booked(
    bench: Bench,
) -> None:
    both = asyncio.Event()

    async def hedge(on_text: OnText) -> Completion:
        both.set()  # from here on both are ready to run
        await asyncio.sleep(0)
        on_text("The other answer.")
        return replace(ANSWER, text="The other answer.")

    call = await bench.call(Model(hangs(both), hedge), patience=QUICK_HEDGE)

    assert call.text == "The answer."
    assert bench.texts[-1] == "The answer."
    rows = await bench.attempts()
    assert [row.finished_at for row in rows] == [DAY, DAY]
    assert await bench.is_free()


async def test_a_hedge_that_is_answered_with_nothing_leaves_the_first_request_going(
    bench: Bench,
) -> None:
    go_on, empties = asyncio.Event(), 0

    async def empty(on_text: OnText) -> Completion:
        nonlocal empties
        empties += 1
        if empties == 3:
            go_on.set()
        raise ModelFailed("empty", "nothing in it.", retryable=True, unusable=True, began=True)

    model = Model(hangs(go_on), *[empty] * 10)
    call = await bench.call(model, patience=QUICK_HEDGE)

    assert (call.text, call.failure) == ("The answer.", None)
    assert len(model.requests) == 4


async def test_where_both_fail_the_first_requests_failure_decides(bench: Bench) -> None:
    broken = asyncio.Event()

    async def fails_after_the_hedge(on_text: OnText) -> Completion:
        await broken.wait()
        raise ModelFailed("server_error", "not now.", retryable=True)

    async def has_no_money(on_text: OnText) -> Completion:
        broken.set()
        raise ModelFailed("no_credit", "spent.")

    model = Model(fails_after_the_hedge, has_no_money, answers())

    call = await bench.call(model, patience=QUICK_HEDGE)

    assert call.text == "The answer."


async def test_readers_follow_one_request_until_another_is_complete(bench: Bench) -> None:
    class Texts(list[str]):
        told = asyncio.Event()

        def append(self, text: str) -> None:
            super().append(text)
            self.told.set()

    async def writes_more_than_is_shown(on_text: OnText) -> Completion:
        await bench.texts.told.wait()  # type: ignore[attr-defined]  # set below
        on_text("The answer of the hedge")
        on_text(".")
        return replace(ANSWER, text="The answer of the hedge.")

    bench.texts = Texts()
    patience = replace(QUICK_HEDGE, draft=0.001)
    await bench.call(Model(hangs(sign="The ans"), writes_more_than_is_shown), patience=patience)

    assert bench.texts == ["The ans", "The answer of the hedge."]


async def test_what_readers_see_becomes_no_less_before_it_is_whole(bench: Bench) -> None:
    """The request shown tears; the other one has less so far, and is shown once it has more."""
    hedged, torn = asyncio.Event(), asyncio.Event()

    async def tears(on_text: OnText) -> Completion:
        on_text("A long begi")
        await hedged.wait()
        torn.set()
        raise ModelFailed("cut_off", "torn.", retryable=True, began=True)

    async def writes_less(on_text: OnText) -> Completion:
        on_text("The")
        hedged.set()
        await torn.wait()
        for piece in (" ans", "wer, ", "whole."):
            await asyncio.sleep(0.01)  # the model's own pace
            on_text(piece)
        return replace(ANSWER, text="The answer, whole.")

    patience = replace(QUICK_HEDGE, draft=0.001)
    await bench.call(Model(tears, writes_less), patience=patience)

    assert bench.texts == ["A long begi", "The answer, ", "The answer, whole."]


async def test_an_answer_shorter_than_what_was_shown_is_told_when_it_is_whole(
    bench: Bench,
) -> None:
    await bench.call(Model(hangs(sign="A long beginning of one"), answers()), patience=QUICK_HEDGE)

    assert bench.texts == ["A long beginning of one", "The answer."]


async def test_at_most_one_request_in_twenty_is_a_hedge_where_nothing_costs(bench: Bench) -> None:
    bench.prices = FreeOfCharge()
    free = replace(ANSWER, cost_micros=0)
    model = Model(*[hangs(), answers(free)] * 200)
    patience = replace(PATIENCE, hedge_unknown=0.001, hedge_floor=0.001, silence=0.02)
    caller = bench.caller(model, patience)
    journal = await bench.store.begin("one")

    for seat in range(100):
        await caller.call(REQUEST, "answer", seat, journal=journal, deadline=Deadline(1_000))

    rows = await bench.attempts()
    assert 2 <= sum(row.hedge for row in rows) <= 0.05 * len(rows)


async def test_a_silent_request_makes_room_for_the_next_where_none_may_be_paid_beside_it(
    bench: Bench,
) -> None:
    bench.tempos = QUICK
    model = Model(hangs(), answers(), hangs(), answers())
    caller = bench.caller(model, AT_ONCE)
    journal = await bench.store.begin("one")

    for seat in (0, 1):
        call = await caller.call(REQUEST, "answer", seat, journal=journal, deadline=Deadline(1_000))
        assert call.text == "The answer."

    rows = await bench.attempts()
    assert [row.hedge for row in rows] == [False, True, False, False]
    assert str(rows[2].failure) == "timed_out: it showed no sign of work for too long."


async def test_a_model_that_thinks_longer_than_ever_before_is_not_given_up_again_and_again(
    bench: Bench,
) -> None:
    bench.tempos = QUICK
    model = Model(hangs(), answers(), hangs(), thinks(0.5))
    caller = bench.caller(model, AT_ONCE)
    journal = await bench.store.begin("one")

    for seat in (0, 1):
        call = await caller.call(REQUEST, "answer", seat, journal=journal, deadline=Deadline(1_000))
        assert call.text == "The answer."

    assert [row.hedge for row in await bench.attempts()] == [False, True, False, False]


# --- money


@pytest.mark.parametrize(
    ("steps", "spent"),
    [
        ([answers()], 7),
        ([answers(replace(ANSWER, cost_micros=None))], 200),
        ([fails("refused", retryable=False)], 0),
        ([fails("server_error"), answers()], 7),
    ],
    ids=["known cost", "assumed cost", "failure", "retry"],
)
async def test_what_was_reserved_becomes_what_it_cost(
    bench: Bench, steps: list[Step], spent: int
) -> None:
    await bench.call(Model(*steps))

    assert await bench.spent() == spent
    assert await bench.is_free()


USED = Spent(100, 20, None)
UNTOLD = Completion("0123456789", "stop", written_bytes=10)


@pytest.mark.parametrize(
    ("step", "told", "estimated", "counted"),
    [
        (answers(replace(ANSWER, cost_micros=9)), 9, 0, 9),
        (answers(replace(ANSWER, cost_micros=None)), 3_000, 0, 3_000),
        (answers(UNTOLD), 0, 310, 1_680),
        (fails("empty", spent=replace(USED, cost_micros=40_000)), 40_000, 0, 40_000),
        (fails("empty", spent=USED), 3_000, 0, 3_000),
        (fails("cut_off", spent=USED, after="0123456789"), 3_000, 0, 3_000),
        (answers(replace(UNTOLD, written_bytes=None)), 0, 310, 10_680),
        (fails("cut_off", after="0123456789", began=True, written=10), 0, 310, 1_680),
        (fails("empty", began=True, written=0), 0, 10, 680),
        (fails("cut_off", after="x" * 1_000, began=True, written=1_000), 0, 10_680, 10_680),
        (fails("cut_off", began=True), 0, 10, 10_680),
        (fails("rate_limited"), 0, 0, 0),
        (fails("refused"), 0, 0, 0),
    ],
    ids=[
        "answered, a sum told",
        "answered, tokens told",
        "answered, nothing told",
        "failed, a sum told",
        "failed, tokens told",
        "torn after usage",
        "answered, with thoughts that nobody counted",
        "torn",
        "empty, nothing told",
        "more than can be billed",
        "torn within thoughts that nobody counted",
        "refused before a byte",
        "declined before a byte",
    ],
)
@pytest.mark.parametrize("priced", [True, False], ids=["price known", "price assumed"])
async def test_what_a_request_used_is_booked_however_it_ended(
    bench: Bench, step: Step, told: int, estimated: int, counted: int, priced: bool
) -> None:
    """Tokens that nobody told are four bytes each where people read it; limits count a token a
    byte, the most that they can be. The rest is released."""
    bench.prices = Priced() if priced else Unpriced()

    await bench.call(Model(step), deadline=0.1, patience=ONCE)

    [attempt] = await bench.attempts()
    account = await bench.account()
    summed = told in (9, 40_000)  # a sum of the provider's own needs no price
    if priced or summed:
        assert (account.told_micros, account.estimated_micros) == (told, estimated)
        assert attempt.cost_micros == told + estimated
        assert account.assumed_micros == 0
    else:
        assert account.assumed_micros == told + estimated
        assert not attempt.cost_micros
    assert attempt.counted_micros == counted
    assert await bench.spent() == counted
    assert account.reserved_micros == counted - told - estimated
    assert await bench.is_free()


async def test_a_request_says_the_price_that_is_assumed(bench: Bench) -> None:
    class Router(Unpriced):
        def max_price(self, model: str) -> tuple[float, float] | None:
            return 10.0, 100.0

    bench.prices, model = Router(), Model(answers())

    await bench.call(model)

    assert [request.max_price for request in model.requests] == [(10.0, 100.0)]


async def test_a_call_costs_what_all_its_requests_did(bench: Bench) -> None:
    spent = Spent(100, 20, 7)

    call = await bench.call(Model(fails("empty", spent=spent), fails("cut_off"), answers()))

    assert (call.prompt_tokens, call.completion_tokens, call.cost_micros) == (200, 40, 14)
    assert await bench.spent() == 14


async def test_a_failed_call_keeps_what_its_requests_cost(bench: Bench) -> None:
    empty = fails("empty", unusable=True, spent=Spent(100, 0, 7))

    call = await bench.call(Model(empty, empty))

    assert call.text is None
    assert (call.prompt_tokens, call.cost_micros) == (200, 14)


async def test_a_provider_that_bills_more_than_its_list_says_passes_no_budget_again(
    bench: Bench,
) -> None:
    """The list says that it is free."""
    bench.prices, bench.limits = FreeOfCharge(), {ALL: 50_000}
    model = Model(*[fails("empty", unusable=True, spent=Spent(100, 0, 40_000))] * 2)

    call = await bench.call(model)

    assert len(model.requests) == 1
    assert call.failure is not None
    assert call.failure.kind == "empty"  # why it would have been asked once more
    assert await bench.spent() == 40_000


async def test_a_cancelled_request_counts_at_its_most(bench: Bench) -> None:
    model = Model(hangs())
    task = asyncio.create_task(bench.call(model))
    await model.asked.wait()

    task.cancel()
    await asyncio.wait({task})

    assert await bench.spent() == RESERVED
    assert await bench.is_free()
    [row] = await bench.attempts()
    assert row.finished_at == DAY
    assert await bench.store.calls("one") == ()


@pytest.mark.parametrize(
    ("sign", "counted"),
    [("0123456789", 1_680), ("", 10_680), (None, 10_680)],
    ids=["text", "thoughts", "nothing"],
)
@pytest.mark.parametrize("how", ["cancelled", "given up in silence"])
async def test_what_is_broken_off_here_counts_by_its_text_or_at_its_most(
    bench: Bench, sign: str | None, counted: int, how: str
) -> None:
    bench.prices = Priced()
    heard = asyncio.Event()

    async def writes_no_further(on_text: OnText) -> Completion:
        if sign is not None:
            on_text(sign)
        heard.set()
        return await hangs()(on_text)

    model = Model(writes_no_further)
    patience = replace(ONCE, silence=0.02) if how != "cancelled" else ONCE
    task = asyncio.create_task(bench.call(model, patience=patience, deadline=0.5))
    await heard.wait()
    if how == "cancelled":
        task.cancel()
    await asyncio.wait({task})

    assert await bench.spent() == counted
    assert await bench.is_free()


async def test_an_answer_that_came_before_the_cancellation_is_kept(bench: Bench) -> None:
    async def answers_as_the_program_ends(on_text: OnText) -> Completion:
        task.cancel()  # arrives at the next wait, which is for the request's row
        return ANSWER

    task = asyncio.create_task(bench.call(Model(answers_as_the_program_ends)))
    await asyncio.wait({task})

    assert task.cancelled()
    [call] = await bench.store.calls("one")
    assert (call.text, call.cost_micros) == ("The answer.", 7)
    assert await bench.spent() == 7


async def test_a_call_cancelled_before_its_request_is_sent_costs_nothing(bench: Bench) -> None:
    model = Model(answers())

    call = await bench.call(model, deadline=0)

    assert str(call.failure) == "timed_out: no complete answer before the deadline."
    assert model.requests == []
    assert await bench.spent() == 0
    assert await bench.is_free()


async def test_a_hedge_beaten_before_it_is_sent_costs_nothing(bench: Bench) -> None:
    hedged = asyncio.Event()

    class Watched(Prices):
        asked = 0

        def price(self, model: str) -> Price:
            self.asked += 1
            if self.asked == 2:
                hedged.set()
            return super().price(model)

    model = Model(hangs(hedged))
    caller = Caller(model, Watched(), QUICK_HEDGE, no_history, now=lambda: DAY)
    journal = await bench.store.begin("one")

    call = await caller.call(REQUEST, "answer", 0, journal=journal, deadline=Deadline(1_000))

    assert call.text == "The answer."
    assert [(row.hedge, row.finished_at) for row in await bench.attempts()] == [
        (False, DAY),
        (True, DAY),
    ]
    assert await bench.spent() == 7
    assert await bench.is_free()


async def test_a_budget_without_room_fails_the_call_before_anything_is_sent(bench: Bench) -> None:
    bench.limits = {ALL: 1}
    model = Model()

    call = await bench.call(model)

    assert model.requests == []
    assert call.failure is not None
    assert call.failure.kind == "no_credit"


async def test_a_call_cancelled_while_the_budget_refuses_it_leaves_no_error_unheard(
    bench: Bench,
) -> None:
    unheard: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: unheard.append(context))

    calling: set[asyncio.Task[Call]] = set()

    class Cancelling(Prices):
        def price(self, model: str) -> Price:
            loop.call_soon(calling.pop().cancel)
            return super().price(model)

    bench.prices, bench.limits = Cancelling(), {ALL: RESERVED - 1}
    calling.add(asyncio.create_task(bench.call(Model())))
    ended, _ = await asyncio.wait(calling)

    assert ended.pop().cancelled()
    gc.collect()
    assert unheard == []


async def test_a_hedge_without_room_in_the_budget_does_not_hurt_the_call(bench: Bench) -> None:
    bench.limits = {ALL: RESERVED}
    model = Model(hangs(), answers())

    call = await bench.call(model, patience=replace(QUICK_HEDGE, silence=0.1))

    # The silent request counts at its most, so that the retry has no room either.
    assert call.failure is not None
    assert len(model.requests) == 1
    assert [str(row.failure) for row in await bench.attempts()] == [
        "timed_out: it showed no sign of work for too long."
    ]


async def test_a_hedge_is_not_sent_where_it_might_be_cut_off(bench: Bench) -> None:
    """One that may write less would be complete sooner, and cut off."""
    bench.prices, bench.limits = Priced(), {ALL: 10_680 + 680 + 99 * 100}
    model = Model(hangs(), answers())

    await bench.call(model, patience=QUICK_HEDGE, deadline=0.1)

    assert [request.max_completion_tokens for request in model.requests] == [100]


async def test_a_retry_without_room_waits_for_what_another_run_gives_back(bench: Bench) -> None:
    least = 680 + 16 * 100
    bench.prices, bench.limits = Priced(), {ALL: 2 * least}
    await bench.store.create(case("other"))
    other = await bench.store.begin("other", bench.limits)
    holds = await other.attempt_started(
        "answer", 0, 0, model="lab/a", at=DAY, reserved_micros=least
    )
    giving_back: list[asyncio.Task[None]] = []

    async def fails_first(on_text: OnText) -> Completion:
        asyncio.get_running_loop().call_later(
            0.05, lambda: giving_back.append(asyncio.create_task(ended()))
        )
        raise ModelFailed("cut_off", "not now.", retryable=True, began=True)

    async def ended() -> None:
        await other.attempt_finished(
            *("answer", 0, 0, holds.n),
            at=DAY,
            failure=None,
            bill=NOTHING,
            generation_id=None,
            first_text_seconds=None,
        )

    model = Model(fails_first, answers())
    call = await bench.call(model)

    assert (call.text, len(model.requests)) == ("The answer.", 2)
    assert await bench.spent() <= bench.limits[ALL]


async def test_a_retry_that_no_money_can_come_back_for_says_so_at_once(bench: Bench) -> None:
    bench.prices, bench.limits = Priced(), {ALL: 680 + 40 * 100}
    model = Model(fails("cut_off", began=True))

    call = await bench.call(model)

    assert call.failure is not None
    assert call.failure.kind == "cut_off"
    assert call.failure.message.startswith(
        "not now. It was not asked again: The daily budget of 0.00468 USD has no room: "
    )


# --- the journal


async def test_a_call_in_the_journal_is_returned_and_nothing_is_sent(bench: Bench) -> None:
    first = await bench.call(Model(answers()))
    silent = Model()

    again = await bench.call(silent)

    assert again == first
    assert silent.requests == []
    assert len(await bench.attempts()) == 1


async def test_a_failure_in_the_journal_is_final(bench: Bench) -> None:
    first = await bench.call(Model(fails("refused", retryable=False)))
    silent = Model()

    assert await bench.call(silent) == first
    assert silent.requests == []


async def test_an_unfinished_call_is_sent_again_byte_for_byte(bench: Bench) -> None:
    dying = Model(hangs(), body=b'{"the": "first"}')
    task = asyncio.create_task(bench.call(dying))
    await dying.asked.wait()
    task.cancel()
    await asyncio.wait({task})
    resumed = Model(answers(), body=b'{"another": "version"}')

    await bench.call(resumed)

    assert [request.body for request in resumed.requests] == [b'{"the": "first"}']
    assert [row.n for row in await bench.attempts()] == [1, 2]


async def test_a_retry_sends_the_same_bytes(bench: Bench) -> None:
    model = Model(fails("cut_off"), answers(), body=b"{}")

    await bench.call(model)

    assert [request.body for request in model.requests] == [b"{}", b"{}"]


async def no_history(model: str) -> tuple[float, ...]:
    return ()


# --- where money is short


async def test_a_request_asks_for_as_many_tokens_as_there_is_money_for(bench: Bench) -> None:
    bench.prices, bench.limits = Priced(), {ALL: 680 + 40 * 100}
    model = Model(answers())

    call = await bench.call(model)

    assert call.text == "The answer."
    assert [request.max_completion_tokens for request in model.requests] == [40]


async def test_a_request_of_which_too_little_would_be_left_is_not_sent(bench: Bench) -> None:
    bench.prices, bench.limits = Priced(), {ALL: 680 + 15 * 100}
    model = Model()

    call = await bench.call(model)

    assert call.failure is not None
    assert str(call.failure) == (
        "no_credit: The daily budget of 0.00218 USD has no room: 0.00218 USD of it is left for "
        "this, and 0.00228 USD is needed."
    )


async def test_images_that_take_little_say_nothing_of_what_a_text_takes(bench: Bench) -> None:
    """Of one more text as much is set aside as it may take at most: a token a byte."""
    bench.prices = Priced()
    shown = Message("user", "Why?", images=(Image("image/png", b"small"),))
    little = Completion("Yes.", "stop", 300, 20, cost_micros=7)
    caller = bench.caller(Model(*[answers(little)] * ENOUGH), PATIENCE)
    journal = await bench.store.begin("one", {ALL: 20 * 7 + 150_000})

    async def asked(seat: int, message: Message) -> Call:
        request = replace(REQUEST, messages=(message,))
        deadline = Deadline(1_000)
        return await caller.call(request, "answer", seat, journal=journal, deadline=deadline)

    for seat in range(ENOUGH):
        assert (await asked(seat, shown)).text
    refused = await asked(ENOUGH, Message("user", "?" * 20_000))
    assert refused.failure
    assert refused.failure.kind == "no_credit"
    assert await bench.store.usual(None, "lab/a") == ()


async def test_what_was_asked_with_fewer_tokens_is_asked_again_with_the_same_bytes(
    bench: Bench,
) -> None:
    bench.prices, bench.limits = Priced(), {ALL: 680 + 40 * 100}
    first = Model(hangs(), body=b"fewer")
    call = asyncio.create_task(bench.call(first))
    await first.asked.wait()
    bench.limits = {}
    again = Model(answers(), body=b"more")

    await bench.call(again)
    call.cancel()
    await asyncio.wait({call})

    [request] = again.requests
    assert (request.body, request.max_completion_tokens) == (b"fewer", 40)
