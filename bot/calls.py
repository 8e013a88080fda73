"""One call, made safely: its rows in the journal, its retries, its hedge and its deadline.

A call ends as a value, answered or failed, and is committed before anybody uses it. What is asked,
and what comes of the answer, is not known here.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Protocol, cast

import stamina

from bot.council import Call, Failure, Stage
from bot.errors import ModelFailed
from bot.llm import Completion, Provider, Request
from bot.store.journal import Journal

logger = logging.getLogger(__name__)

OnText = Callable[[str], None]

# A hedge pays twice for one call, so it stays rare however slow a provider is.
HEDGE_SHARE = 0.05
_SAMPLES = 200


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds; `scaled` applies COUNCIL_TIME_SCALE to every one of them.

    A silence is the time without any sign of work from a model; keep-alives are none.
    """

    answers: float = 150
    reviews: float = 120
    verdict: float = 360
    call: float = 240
    chairman: float = 180
    silence: float = 120
    hedge_floor: float = 15
    hedge_unknown: float = 60
    backoff_first: float = 1
    backoff_longest: float = 20

    def scaled(self, factor: float) -> "Patience":
        return Patience(**{f.name: getattr(self, f.name) * factor for f in fields(self)})


ATTEMPTS = 5


class Prices(Protocol):
    """What calls cost by the catalogue, in micro-dollars."""

    def reserve_micros(self, model: str, prompt: str, max_completion_tokens: int) -> int:
        """The most that this request can cost; 0 where the price is unknown."""
        ...

    def cost_micros(self, model: str, prompt_tokens: int, completion_tokens: int) -> int | None:
        """What the tokens cost; `None` where the price is unknown."""
        ...


class Deadline:
    """A call's deadline, counted from now. Its stage may bring it forward at any time."""

    def __init__(self, seconds: float) -> None:
        self.at = asyncio.get_running_loop().time() + seconds
        self._timeout: asyncio.Timeout | None = None

    def timeout(self) -> asyncio.Timeout:
        """For the call's `async with`, once."""
        self._timeout = asyncio.timeout_at(self.at)
        return self._timeout

    def give_up(self) -> None:
        self.at = asyncio.get_running_loop().time()
        try:
            if self._timeout:
                self._timeout.reschedule(self.at)
        except RuntimeError:
            pass  # the call is over already


class Caller:
    """Makes calls; one for the process, because it remembers how fast each model usually starts."""

    def __init__(
        self,
        provider: Provider,
        prices: Prices,
        patience: Patience,
        history: Callable[[str], Awaitable[tuple[float, ...]]],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.patience = patience
        self.now = now
        self._provider = provider
        self._prices = prices
        self._history = history
        self._first_texts: dict[str, deque[float]] = {}
        self._calls = 0
        self._hedges = 0

    async def call(
        self,
        request: Request,
        stage: Stage,
        seat: int,
        *,
        journal: Journal,
        deadline: Deadline,
        round: int = 0,
        on_text: OnText | None = None,
    ) -> Call:
        """Ask until there is an answer, a final failure, or the deadline; then commit.

        A call that the journal holds already is returned as it was, and nothing is sent.
        """
        if finished := journal.finished(stage, round, seat):
            return finished
        body = journal.stored_body(stage, round, seat) or self._provider.stored_body(request)
        asking = _Asking(replace(request, body=body), stage, round, seat, journal, on_text)
        await self._load_history(request.model)
        self._calls += 1
        started_at = self.now()
        failure = None
        try:
            async with deadline.timeout():
                await self._retried(asking, deadline)
        except asyncio.CancelledError:
            if asking.completion:  # it is paid for, so its row is written all the same
                await journal.finish_call(self._finished(asking, started_at, None))
            raise
        except ModelFailed as error:
            failure = Failure(error.kind, str(error))
        except TimeoutError:
            if asking.completion is None:
                last = asking.last_failure
                failure = last or Failure("timed_out", "no complete answer before the deadline.")
        call = self._finished(asking, started_at, failure)
        await journal.finish_call(call)
        return call

    def _finished(
        self,
        asking: "_Asking",
        started_at: datetime,
        failure: Failure | None,
    ) -> Call:
        completion = asking.completion
        call = Call(
            stage=asking.stage,
            round=asking.round,
            seat=asking.seat,
            model=asking.request.model,
            started_at=started_at,
            finished_at=self.now(),
            first_text_at=asking.first_text_at,
            text=None,
            failure=failure,
        )
        if completion is None:
            return call
        return replace(
            call,
            text=completion.text,
            first_text_at=call.first_text_at or call.finished_at,
            finish_reason=completion.finish_reason,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=completion.completion_tokens,
            cost_micros=self._cost(asking.request.model, completion),
        )

    def _cost(self, model: str, completion: Completion) -> int | None:
        if completion.cost_micros is not None:
            return completion.cost_micros
        return self._prices.cost_micros(
            model, completion.prompt_tokens, completion.completion_tokens
        )

    async def _retried(self, asking: "_Asking", deadline: Deadline) -> Completion:
        def worth_retrying(error: Exception) -> bool | float:
            if not isinstance(error, ModelFailed) or not error.retryable:
                return False
            asking.last_failure = Failure(error.kind, str(error))
            if error.retry_after_seconds is None:
                return True
            # Waiting past the deadline would only hide the reason behind a time-out.
            left = deadline.at - asyncio.get_running_loop().time()
            return error.retry_after_seconds if error.retry_after_seconds < left else False

        async for attempt in stamina.retry_context(
            on=worth_retrying,
            attempts=ATTEMPTS,
            timeout=None,
            wait_initial=self.patience.backoff_first,
            wait_max=self.patience.backoff_longest,
            wait_jitter=self.patience.backoff_first,
        ):
            with attempt:
                return await self._hedged(asking)
        raise AssertionError("stamina re-raises the last error")

    async def _hedged(self, asking: "_Asking") -> Completion:
        """One attempt; where it stays silent for too long, a second beside it.

        The first to show a sign of work goes on alone. Where one fails, the other is waited for.
        """
        leader: asyncio.Future[_Racer] = asyncio.get_running_loop().create_future()
        racers = [asyncio.create_task(self._attempt(asking, leader, hedge=False))]
        try:
            await asyncio.wait(
                _either(racers, leader),
                timeout=self._hedge_after(asking.request.model),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not racers[0].done() and not leader.done() and self._may_hedge():
                self._hedges += 1
                racers.append(asyncio.create_task(self._attempt(asking, leader, hedge=True)))
            return await _winner(racers, leader)
        finally:
            for racer in racers:
                if not racer.cancelling():  # a second time would cut its last row off
                    racer.cancel()
            await asyncio.wait(racers)

    async def _attempt(
        self, asking: "_Asking", leader: "asyncio.Future[_Racer]", *, hedge: bool
    ) -> Completion:
        """One request, with its row before it is sent and after it ended."""
        request, journal = asking.request, asking.journal
        key = (asking.stage, asking.round, asking.seat)
        reserved = self._prices.reserve_micros(
            request.model,
            "".join(message.content for message in request.messages),
            request.max_completion_tokens,
        )
        starting = asyncio.create_task(
            journal.attempt_started(
                *key,
                model=request.model,
                at=self.now(),
                reserved_micros=reserved,
                body=request.body,
                hedge=hedge,
            )
        )
        completion, failure, first_text_seconds, heard_at = None, None, None, 0.0

        def heard(piece: str) -> None:
            nonlocal first_text_seconds, heard_at
            time = asyncio.get_running_loop().time()
            # Not at every piece: a timer costs more than reading one, and pieces come in hundreds.
            if time - heard_at > self.patience.silence / 100:
                heard_at = time
                silence.reschedule(time + self.patience.silence)
            if first_text_seconds is None:
                first_text_seconds = (self.now() - began).total_seconds()
                self._first_texts[request.model].append(first_text_seconds)
            if _leads(leader) and piece:
                asking.first_text_at = asking.first_text_at or self.now()
                asking.text += piece
                if asking.on_text:
                    asking.on_text(asking.text)

        cost: int | None = 0
        if not hedge:
            asking.text = ""
        try:
            # A row that is being written is written to its end, so that it can be closed below.
            await asyncio.shield(starting)
            began, heard_at = self.now(), asyncio.get_running_loop().time()
            # What a cancelled request cost is known to nobody: its reservation stays spent.
            cost = reserved
            async with asyncio.timeout(self.patience.silence) as silence:
                completion = await self._provider.complete(request, heard)
            asking.completion = completion
            cost = self._cost(request.model, completion)
            _leads(leader)
            return completion
        except TimeoutError:
            failure = Failure("timed_out", "it showed no sign of work for too long.")
            raise ModelFailed(failure.kind, failure.message, retryable=True) from None
        except ModelFailed as error:
            failure, cost = Failure(error.kind, str(error)), 0
            raise
        finally:
            await journal.attempt_finished(
                *key,
                await starting,
                at=self.now(),
                failure=failure,
                prompt_tokens=completion.prompt_tokens if completion else 0,
                completion_tokens=completion.completion_tokens if completion else 0,
                cost_micros=cost,
                generation_id=completion.generation_id if completion else "",
                first_text_seconds=first_text_seconds,
            )

    def _hedge_after(self, model: str) -> float:
        seconds = sorted(self._first_texts[model])
        if len(seconds) < 20:
            return self.patience.hedge_unknown
        p95 = seconds[int(0.95 * (len(seconds) - 1))]
        return max(self.patience.hedge_floor, 3 * p95)

    def _may_hedge(self) -> bool:
        return self._hedges + 1 <= max(1.0, HEDGE_SHARE * self._calls)

    async def _load_history(self, model: str) -> None:
        if model not in self._first_texts:
            self._first_texts[model] = deque(maxlen=_SAMPLES)
            newest_first = await self._history(model)
            self._first_texts[model].extend(reversed(newest_first))


@dataclass(slots=True)
class _Asking:
    """A call under way."""

    request: Request
    stage: Stage
    round: int
    seat: int
    journal: Journal
    on_text: OnText | None
    text: str = ""
    first_text_at: datetime | None = None
    last_failure: Failure | None = None
    completion: Completion | None = None


_Racer = asyncio.Task[Completion]


def _leads(leader: "asyncio.Future[_Racer]") -> bool:
    """Whether the running attempt is the first of its call to show a sign of work."""
    current = asyncio.current_task()
    if not leader.done():
        leader.set_result(cast(_Racer, current))
    return leader.result() is current


def _either(
    racers: Iterable[_Racer], leader: "asyncio.Future[_Racer]"
) -> "set[asyncio.Future[Any]]":
    return {*racers, leader}


async def _winner(racers: list[_Racer], leader: "asyncio.Future[_Racer]") -> Completion:
    """The leader's result; the first request's failure where all failed in silence."""
    pending = set(racers)
    while pending and not leader.done():
        await asyncio.wait(_either(pending, leader), return_when=asyncio.FIRST_COMPLETED)
        pending = {racer for racer in pending if not racer.done()}
    winner = leader.result() if leader.done() else racers[0]
    for racer in racers:
        if racer is not winner and not racer.cancel() and not racer.cancelled():
            racer.exception()  # looked at, so that asyncio does not report it as forgotten
    return await winner
