"""One call, made safely: its rows in the journal, its retries and its deadline.

A call ends as a value, answered or failed, and is committed before anybody uses it. What is asked,
and what comes of the answer, is not known here; how one request goes, `attempts` knows.

Whatever goes wrong, "asked once": no call whose answer was kept is asked again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime

import stamina

from bot.allowance import Key
from bot.bills import Prices, Usage
from bot.council import Call, Council, Failure, Question, Stage
from bot.errors import ModelFailed
from bot.language import _
from bot.llm import Completion, Provider, Request
from bot.protocol.attempts import Attempts, History, Tempos, Usages
from bot.protocol.listening import Asking, OnText
from bot.protocol.patience import Deadline, Patience
from bot.records import Tempo
from bot.store.journal import Journal
from bot.store.spending import NoRoom

# For what may pass by itself: faults of the connection or the server, limits, torn streams.
ATTEMPTS = 5
# Of replies that came whole and were no answer: the next is likely to be none either, and is paid.
UNUSABLE_ATTEMPTS = 2


async def _no_history(model: str) -> tuple[float, ...]:
    return ()


async def _no_tempos(model: str, stage: Stage) -> tuple[Tempo, ...]:
    return ()


async def _nothing_used(model: str) -> tuple[Usage, ...]:
    return ()


async def _no_price(
    question: Question, council: Council, place: str | None, stage: Stage, round: int
) -> Mapping[Key, int]:
    return {}


# What the calls of a stage will take, by their keys, where the question was asked in this place.
Priced = Callable[[Question, Council, str | None, Stage, int], Awaitable[Mapping[Key, int]]]

# The same request with less in it, for a model that refused it for its length or its images; `None`
# where nothing more can be left out.
Otherwise = Callable[[ModelFailed], Awaitable[Request | None]]


class Caller:
    """Makes calls; one for the process, because it remembers how fast each model usually is.

    `history` are seconds to a first sign of work, `whole` to a request's end, `used` is what requests
    used, `tempos` how they wrote in a stage, `priced` what one will take.
    """

    def __init__(
        self,
        provider: Provider,
        prices: Prices,
        patience: Patience,
        history: History,
        *,
        whole: History = _no_history,
        used: Usages = _nothing_used,
        tempos: Tempos = _no_tempos,
        priced: Priced = _no_price,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.patience = patience
        self.prices = prices
        self.priced = priced
        self.now = now
        self._provider = provider
        self._attempts = Attempts(
            provider,
            prices,
            patience,
            first=history,
            whole=whole,
            used=used,
            tempos=tempos,
            now=lambda: self.now(),
        )

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
        otherwise: Otherwise | None = None,
    ) -> Call:
        """Ask until there is an answer, a final failure, or the deadline; then commit.

        A prompt that is too long, or has images for who sees none, is asked again as `otherwise` gives it.

        A call that the journal holds already is returned as it was, and nothing is sent.
        """
        if finished := journal.finished(stage, round, seat):
            return finished
        request = replace(request, max_price=self.prices.max_price(request.model))
        if body := journal.stored_body(stage, round, seat):
            tokens = journal.stored_tokens(stage, round, seat) or request.max_completion_tokens
            request = replace(request, body=body, max_completion_tokens=tokens)
        else:
            request = replace(request, body=self._provider.stored_body(request))
        asking = Asking(request, stage, round, seat, journal, on_text)
        await self._attempts.begin_call(request.model, stage)
        started_at = self.now()
        failure = None
        try:
            async with deadline.timeout():
                await self._fitted(asking, deadline, otherwise)
        except asyncio.CancelledError:
            if asking.completion:  # it is paid for, so its row is written all the same
                await journal.finish_call(self._finished(asking, started_at, None))
            raise
        except ModelFailed as error:
            failure = _failure(asking, error)
        except TimeoutError:
            if asking.completion is None:
                none = asking.no_room
                late = asking.last_failure or _late(deadline)
                failure = _failure(asking, none) if none else late
        call = self._finished(asking, started_at, failure)
        await journal.finish_call(call)
        return call

    def patient(self, factor: float) -> "Caller":
        """The same, with what it learns of models, but so many times as patient."""
        other = copy(self)
        other.patience = self.patience.scaled(factor)
        other._attempts = self._attempts.patient(other.patience)
        return other

    async def chairman_seconds(self, model: str, effort: str) -> float:
        """How long a chairman is left alone with its verdict: by its own history, if it has one."""
        return await self._attempts.chairman_seconds(model, effort)

    def _finished(self, asking: Asking, started_at: datetime, failure: Failure | None) -> Call:
        """The call with what all its requests took."""
        completion = asking.completion
        paid = asking.journal.paid(*asking.key)
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
            prompt_tokens=paid.prompt_tokens,
            completion_tokens=paid.completion_tokens,
            cost_micros=paid.cost_micros,
        )
        if completion is None:
            return call
        return replace(
            call,
            text=completion.text,
            first_text_at=call.first_text_at or call.finished_at,
            finish_reason=completion.finish_reason,
            sources=completion.sources,
        )

    async def _fitted(
        self, asking: Asking, deadline: Deadline, otherwise: Otherwise | None
    ) -> Completion:
        while True:
            try:
                return await self._retried(asking, deadline)
            except ModelFailed as error:
                other = await otherwise(error) if otherwise else None
                if other is None:
                    raise
            asking.request = replace(other, body=self._provider.stored_body(other))

    async def _retried(self, asking: Asking, deadline: Deadline) -> Completion:
        async for attempt in stamina.retry_context(
            on=lambda error: self._worth_retrying(error, asking, deadline),
            attempts=ATTEMPTS,
            timeout=None,
            wait_initial=self.patience.backoff_first,
            wait_max=self.patience.backoff_longest,
            wait_jitter=self.patience.backoff_first,
        ):
            with attempt:
                return await self._with_room(asking)
        raise AssertionError("stamina re-raises the last error")

    async def _with_room(self, asking: Asking) -> Completion:
        """Where money is short, what others may give back is waited for, as long as for a provider."""
        clock = asyncio.get_running_loop()
        until = clock.time() + self.patience.retry_after_longest
        while True:
            try:
                return await self._attempts.attempt(asking)
            except NoRoom as none:
                if not none.may_come or clock.time() >= until:
                    raise
                asking.no_room = none
            await asyncio.sleep(self.patience.backoff_first)
            asking.no_room = None

    def _worth_retrying(self, error: Exception, asking: Asking, deadline: Deadline) -> bool | float:
        """Whether what failed may pass; where the provider said when, after how many seconds."""
        if not isinstance(error, ModelFailed) or not error.retryable:
            return False
        asking.last_failure = Failure(error.kind, str(error))
        asking.unusable += error.unusable
        if asking.unusable >= UNUSABLE_ATTEMPTS:
            return False
        wait = error.retry_after_seconds
        if wait is None:
            return True
        # Waiting past the deadline would only hide the reason behind a time-out.
        left = deadline.at - asyncio.get_running_loop().time()
        return wait if wait < min(left, self.patience.retry_after_longest) else False


def _late(deadline: Deadline) -> Failure:
    if deadline.is_enough:
        return Failure("not_waited_for", _("somebody had enough before it was complete."))
    return Failure("timed_out", _("no complete answer before the deadline."))


def _failure(asking: Asking, error: ModelFailed) -> Failure:
    """What a call ends with; where money was short, what it would have been tried again for."""
    if not isinstance(error, NoRoom) or asking.last_failure is None:
        return Failure(error.kind, str(error))
    kind, message = asking.last_failure.kind, asking.last_failure.message
    return Failure(
        kind, _("{failure} It was not asked again: {reason}", failure=message, reason=error)
    )
