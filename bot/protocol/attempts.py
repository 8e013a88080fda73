"""One attempt at a call: a request, its hedge, its silence and its bill.

A request is over when it is answered or failed; how often to ask again is decided in `calls`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from bot import bills
from bot.bills import Bill, Price, Prices, Usage
from bot.council import Failure
from bot.errors import ModelFailed, Spent
from bot.language import N_, _
from bot.llm import Completion, Provider, Request
from bot.protocol.listening import Asking, Listener, Racer, takes_lead
from bot.store.journal import Asked, Grant

logger = logging.getLogger(__name__)

# Where money is short, a request asks for less. What a call was promised is always sent, down to the
# fewest tokens that servers take (platform.openai.com/docs, "max_output_tokens"); once it failed,
# only what holds a few sentences is worth its prompt a second time.
LEAST_TOKENS, LEAST_AGAIN = 16, 128
# A hedge pays twice for one call, so it stays rare however slow a provider is.
HEDGE_SHARE = 0.05
# A model with this many samples is judged by them, of which the newest are kept.
_ENOUGH = 20
_SAMPLES = 200
# A model told to reason harder is silent for longer.
_EFFORTS = {"high": 2.0}

_SILENT = N_("it showed no sign of work for too long.")
_FAULT = N_("its reply could not be read; try again, or pick another model.")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds; `scaled` applies COUNCIL_TIME_SCALE to every one of them.

    A silence is the time without any sign of work from a model; keep-alives are none. `silence`
    and `chairman` hold for a model without a history of its own: reasoning models that hide their
    thoughts show no sign for minutes. Nothing but a silence, or the stage's own end, ends a request
    at work, up to `longest`, past which no model writes and only a hostile server goes on.
    """

    answers: float = 150
    reviews: float = 120
    silence: float = 300
    chairman: float = 600
    chairman_floor: float = 180
    longest: float = 3_600
    hedge_floor: float = 15
    hedge_unknown: float = 60
    backoff_first: float = 1
    backoff_longest: float = 20
    retry_after_longest: float = 180
    draft: float = 0.25

    def scaled(self, factor: float) -> "Patience":
        return Patience(**{f.name: getattr(self, f.name) * factor for f in fields(self)})


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


# The newest samples of a model in seconds, newest first; and what its newest requests used.
History = Callable[[str], Awaitable[tuple[float, ...]]]
Usages = Callable[[str], Awaitable[tuple[Usage, ...]]]


@dataclass(slots=True)
class Pace:
    """What is known of a model: seconds to its first sign of work and to its end, and what its
    requests used as its provider told."""

    first: deque[float] = field(default_factory=lambda: deque(maxlen=_SAMPLES))
    whole: deque[float] = field(default_factory=lambda: deque(maxlen=_SAMPLES))
    used: deque[Usage] = field(default_factory=lambda: deque(maxlen=_SAMPLES))


@dataclass(frozen=True, slots=True)
class Cap:
    """How a request's cost is bounded: by the size of its prompt and the tokens that it asks for."""

    price: Price
    prompt_bytes: int
    prompt_tokens: int
    dearest_micros: int

    def micros(self, tokens: int) -> int:
        return max(self.price.most(self.prompt_tokens, tokens), self.dearest_micros)

    def tokens(self, micros: int, wanted: int) -> int:
        """How many may be asked for that cost no more."""
        fit = self.price.tokens(micros, self.prompt_tokens)
        return wanted if fit is None else min(fit, wanted)


class Attempts:
    """Makes attempts; one for the process, because it remembers the pace of each model."""

    def __init__(
        self,
        provider: Provider,
        prices: Prices,
        patience: Patience,
        *,
        first: History,
        whole: History,
        used: Usages,
        now: Callable[[], datetime],
    ) -> None:
        self._provider = provider
        self._prices = prices
        self._patience = patience
        self._histories = first, whole
        self._used = used
        self._now = now
        self._paces: dict[str, Pace] = {}
        self._reading = asyncio.Lock()
        self._calls = 0
        self._hedges = 0

    async def begin_call(self, model: str) -> None:
        """Before the first attempt at a call."""
        self._calls += 1
        await self._get_to_know(model)

    async def chairman_seconds(self, model: str, effort: str) -> float:
        """How long a chairman writes before somebody else is asked beside it."""
        await self._get_to_know(model)
        whole = self._paces[model].whole
        if len(whole) < _ENOUGH:
            return self._patience.chairman * _EFFORTS.get(effort, 1)
        return _three_times_p95(whole, at_least=self._patience.chairman_floor)

    async def attempt(self, asking: Asking) -> Completion:
        """One request; where it stays silent for too long, a second beside it.

        The first to show a sign of work goes on alone. Where one fails, the other is waited for.
        """
        leader: asyncio.Future[Racer] = asyncio.get_running_loop().create_future()
        racers = [asyncio.create_task(self._request(asking, leader, hedge=False))]
        try:
            await asyncio.wait(
                _either(racers, leader),
                timeout=self._hedge_after(asking.request.model),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not racers[0].done() and not leader.done() and self._may_hedge():
                self._hedges += 1
                racers.append(asyncio.create_task(self._request(asking, leader, hedge=True)))
            return await _winner(racers, leader)
        finally:
            for racer in racers:
                if not racer.cancelling():  # a second time would cut its last row off
                    racer.cancel()
            await asyncio.wait(racers)
            for racer in racers:
                if not racer.cancelled():
                    racer.exception()  # looked at, so that asyncio does not report it as forgotten

    async def _request(
        self, asking: Asking, leader: "asyncio.Future[Racer]", *, hedge: bool
    ) -> Completion:
        """One request, with its row before it is sent and after it ended."""
        request, journal = asking.request, asking.journal
        pace = self._paces[request.model]
        cap = self._cap(asking, pace)
        starting = asyncio.create_task(self._start(asking, cap, hedge=hedge))
        listener = Listener(
            asking,
            leader,
            silence_seconds=self._silence(asking),
            draft_seconds=self._patience.draft,
            now=self._now,
        )
        failure, bill, generation_id = None, bills.NOTHING, ""
        grant = Grant(0, 0, 0, None)  # none yet
        try:
            # A row that is being written is written to its end, so that it can be closed below.
            grant = await asyncio.shield(starting)
            # What it stays at where it is cancelled unheard.
            bill = self._estimated(cap, grant, 0, None)
            sent = replace(request, max_completion_tokens=grant.tokens, body=grant.body)
            listener.begin()
            completion = await self._complete(
                replace(sent, resent=listener.resend, named=listener.name), listener
            )
            asking.completion, generation_id = completion, completion.generation_id
            heard = len(completion.text.encode("utf-8", "replace"))
            bill = self._estimated(cap, grant, heard, completion.written_bytes)
            if completion.spent:
                bill = self._told(cap, pace, completion.spent)
            takes_lead(leader)
            pace.whole.append(listener.seconds)
            return completion
        except asyncio.CancelledError:
            if listener.heard_bytes:
                bill = self._estimated(cap, grant, listener.heard_bytes, listener.written_bytes)
            raise
        except ModelFailed as error:
            failure, bill = Failure(error.kind, str(error)), bills.NOTHING
            if error.spent:
                bill = self._told(cap, pace, error.spent)
            elif error.began:
                bill = self._estimated(cap, grant, listener.heard_bytes, error.written_bytes)
            raise
        finally:
            listener.close()
            if listener.first_seconds is not None:
                pace.first.append(listener.first_seconds)
            await journal.attempt_finished(
                *asking.key,
                (await starting).n,
                at=self._now(),
                failure=failure,
                bill=bill,
                generation_id=generation_id or listener.generation_id,
                first_text_seconds=listener.first_seconds,
                requests=listener.requests,
            )

    async def _complete(self, request: Request, listener: Listener) -> Completion:
        """Raises `ModelFailed` alone: whatever else a provider raises is a failure of its own."""
        try:
            async with asyncio.timeout(listener.silence_seconds) as listener.silence:
                return await self._provider.complete(request, listener.hear)
        except ModelFailed:
            raise
        except TimeoutError:
            # A request that is given up is no connection fault: it is worth one more.
            raise ModelFailed(
                "timed_out",
                _(_SILENT),
                retryable=True,
                unusable=True,
                began=True,
                written_bytes=listener.written_bytes,
            ) from None
        except Exception as error:
            logger.exception("the provider of %s failed in an unforeseen way", request.model)
            raise ModelFailed(
                "server_error", _(_FAULT), retryable=True, unusable=True, began=True
            ) from error

    def _cap(self, asking: Asking, pace: Pace) -> Cap:
        price = self._prices.price(asking.request.model)
        size = len(asking.prompt.encode("utf-8", "replace"))
        tokens = bills.prompt_tokens(size, bills.density(pace.used))
        return Cap(price, size, tokens, bills.dearest(price, pace.used))

    async def _start(self, asking: Asking, cap: Cap, *, hedge: bool) -> Grant:
        """Write a request's row and set its money aside. A hedge is only sent whole: it is the first
        that is done without where money is short."""
        request = asking.request
        wanted = request.max_completion_tokens
        least = wanted if hedge else LEAST_AGAIN if asking.last_failure else LEAST_TOKENS

        def shrunk(micros: int) -> Asked:
            tokens = cap.tokens(micros, wanted)
            smaller = replace(request, max_completion_tokens=tokens, body=None)
            return Asked(cap.prompt_bytes, tokens, self._provider.stored_body(smaller))

        return await asking.journal.attempt_started(
            *asking.key,
            model=request.model,
            at=self._now(),
            reserved_micros=cap.micros(wanted),
            least_micros=cap.micros(min(wanted, least)),
            asked=Asked(cap.prompt_bytes, wanted, request.body),
            shrunk=shrunk,
            hedge=hedge,
        )

    def _estimated(self, cap: Cap, grant: Grant, heard: int, most: int | None) -> Bill:
        return bills.estimated(
            cap.price, cap.prompt_bytes, heard, most_bytes=most, most=grant.micros
        )

    def _told(self, cap: Cap, pace: Pace, spent: Spent) -> Bill:
        bill = bills.told(cap.price, spent)
        if cap.prompt_bytes:
            tokens = spent.prompt_tokens, spent.completion_tokens
            pace.used.append(Usage(cap.prompt_bytes, *tokens, spent.cost_micros))
        return bill

    async def _get_to_know(self, model: str) -> None:
        """Read a model's history, once; of calls at the same time, none goes ahead without it."""
        if model in self._paces:
            return
        async with self._reading:
            if model not in self._paces:
                pace = Pace()
                pace.used.extendleft(await self._used(model))
                for samples, history in zip((pace.first, pace.whole), self._histories, strict=True):
                    samples.extendleft(await history(model))
                self._paces[model] = pace

    def _silence(self, asking: Asking) -> float:
        """A history makes this longer and never shorter: it may be of easier questions."""
        patience, first = self._patience, self._paces[asking.request.model].first
        usual = patience.silence
        if asking.stage == "verdict":
            usual = max(usual, patience.chairman)
        usual *= _EFFORTS.get(asking.request.effort, 1)
        return _three_times_p95(first, at_least=usual) if len(first) >= _ENOUGH else usual

    def _hedge_after(self, model: str) -> float:
        first = self._paces[model].first
        if len(first) < _ENOUGH:
            return self._patience.hedge_unknown
        return _three_times_p95(first, at_least=self._patience.hedge_floor)

    def _may_hedge(self) -> bool:
        return self._hedges + 1 <= max(1.0, HEDGE_SHARE * self._calls)


def _three_times_p95(seconds: Collection[float], *, at_least: float) -> float:
    # Asked for at every request, and mostly no sample is long enough to matter.
    if 3 * max(seconds) <= at_least:
        return at_least
    return max(at_least, 3 * sorted(seconds)[int(0.95 * (len(seconds) - 1))])


def _either(racers: Iterable[Racer], leader: "asyncio.Future[Racer]") -> "set[asyncio.Future[Any]]":
    return {*racers, leader}


async def _winner(racers: list[Racer], leader: "asyncio.Future[Racer]") -> Completion:
    """The leader's result; the first request's failure where all failed in silence."""
    pending = set(racers)
    while pending and not leader.done():
        await asyncio.wait(_either(pending, leader), return_when=asyncio.FIRST_COMPLETED)
        pending = {racer for racer in pending if not racer.done()}
    winner = leader.result() if leader.done() else racers[0]
    for racer in racers:
        if racer is not winner:
            racer.cancel()
    return await winner
