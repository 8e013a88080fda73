"""One attempt at a call: a request, its hedge, its silence and its bill.

A request is over when it is answered or failed; how often to ask again is decided in `calls`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot import bills
from bot.bills import Bill, Price, Prices, Usage
from bot.council import Failure, Stage
from bot.errors import ModelFailed, Spent
from bot.language import N_, _
from bot.llm import Completion, Provider, Request
from bot.protocol import hedging
from bot.protocol.hedging import Usual
from bot.protocol.listening import Asking, Listener
from bot.protocol.patience import Patience
from bot.protocol.rivals import Rivals
from bot.records import Tempo
from bot.store.journal import Asked, Grant

logger = logging.getLogger(__name__)

# Where money is short, a request asks for less: down to what its call was promised, or, where that
# is more, to a few sentences; and never for fewer than servers take (platform.openai.com/docs,
# "max_output_tokens").
LEAST_TOKENS, ENOUGH_TOKENS = 16, 128
# A model with this many samples is judged by them, of which the newest are kept.
_ENOUGH = 20
_SAMPLES = 200
# A model told to reason harder is silent for longer.
_EFFORTS = {"high": 2.0}

_SILENT = N_("it showed no sign of work for too long.")
_FAULT = N_("its reply could not be read; try again, or pick another model.")


# The newest samples of a model in seconds, newest first; and what its newest requests used.
History = Callable[[str], Awaitable[tuple[float, ...]]]
Usages = Callable[[str], Awaitable[tuple[Usage, ...]]]
# How its newest requests in a stage wrote, newest first.
Tempos = Callable[[str, Stage], Awaitable[Sequence[Tempo]]]


@dataclass(slots=True)
class Pace:
    """What is known of a model: seconds to its first sign of work and to its end, and what its
    requests used as its provider told."""

    first: deque[float] = field(default_factory=lambda: deque(maxlen=_SAMPLES))
    whole: deque[float] = field(default_factory=lambda: deque(maxlen=_SAMPLES))
    used: deque[Usage] = field(default_factory=lambda: deque(maxlen=_SAMPLES))


class Writing:
    """How a model writes in a stage."""

    def __init__(self, tempos: Iterable[Tempo]) -> None:
        self._tempos = deque(tempos, maxlen=_SAMPLES)
        self._usual: Usual | None = None
        self._is_known = False

    def add(self, tempo: Tempo) -> None:
        self._tempos.append(tempo)
        self._is_known = False

    @property
    def usual(self) -> Usual | None:
        if not self._is_known:
            self._usual, self._is_known = hedging.usual(self._tempos), True
        return self._usual


@dataclass(frozen=True, slots=True)
class Cap:
    """How a request's cost is bounded: by the size of its prompt, its `images`, the tokens that it asks
    for and its `searches`. `prompt_bytes` and `prompt_tokens` hold the images, too."""

    price: Price
    prompt_bytes: int
    prompt_tokens: int
    dearest_micros: int
    searches: int = 0
    images: int = 0

    def micros(self, tokens: int) -> int:
        most = self.price.most(self.prompt_tokens, tokens, self.searches)
        return max(most, self.dearest_micros)

    def tokens(self, micros: int, wanted: int) -> int:
        """How many may be asked for that cost no more."""
        fit = self.price.tokens(micros, self.prompt_tokens, self.searches)
        return wanted if fit is None else min(fit, wanted)

    @property
    def telling_bytes(self) -> int:
        """The size of its prompt, where its usage will say what such a text takes: not where what was
        found or seen is counted with it."""
        return 0 if self.searches or self.images else self.prompt_bytes


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
        tempos: Tempos,
        now: Callable[[], datetime],
    ) -> None:
        self._provider = provider
        self._prices = prices
        self._patience = patience
        self._histories = first, whole
        self._used = used
        self._tempos = tempos
        self._now = now
        self._paces: dict[str, Pace] = {}
        self._writing: dict[tuple[str, Stage], Writing] = {}
        self._reading = asyncio.Lock()

    def patient(self, patience: Patience) -> "Attempts":
        """The same, with this patience: what one learns of models, the other knows."""
        other = copy(self)
        other._patience = patience
        return other

    async def begin_call(self, model: str, stage: Stage) -> None:
        """Before the first attempt at a call."""
        await self._get_to_know(model)
        async with self._reading:
            if (model, stage) not in self._writing:
                tempos = await self._tempos(model, stage)
                self._writing[model, stage] = Writing(reversed(tempos))

    async def chairman_seconds(self, model: str, effort: str) -> float:
        """How long a chairman writes before somebody else is asked beside it."""
        await self._get_to_know(model)
        whole = self._paces[model].whole
        if len(whole) < _ENOUGH:
            return self._patience.chairman * _EFFORTS.get(effort, 1)
        return _three_times_p95(whole, at_least=self._patience.chairman_floor)

    async def attempt(self, asking: Asking) -> Completion:
        """One request; beside it a second, where that would probably be complete sooner.

        The first to be complete is taken. Where one fails, the other is waited for.
        """
        rivals = Rivals(self._known(asking).usual, self._patience)
        self._enter(rivals, asking, None)
        try:
            while not rivals.is_over:
                if (share := rivals.hedge_share()) is not None:
                    self._enter(rivals, asking, share)
                await rivals.turn()
            return rivals.result()
        finally:
            await rivals.close()

    def _enter(self, rivals: Rivals, asking: Asking, hedge_share: float | None) -> None:
        listener = Listener(
            asking,
            silence_seconds=self._silence(asking),
            draft_seconds=self._patience.draft,
            now=self._now,
        )
        rivals.enter(self._request(asking, listener, rivals, hedge_share), listener)

    async def _request(
        self, asking: Asking, listener: Listener, rivals: Rivals, hedge_share: float | None
    ) -> Completion:
        """One request, with its row before it is sent and after it ended."""
        request, journal = asking.request, asking.journal
        pace = self._paces[request.model]
        cap = self._cap(asking, pace)
        starting = asyncio.create_task(self._start(asking, cap, hedge_share))
        failure, bill, generation_id = None, bills.NOTHING, ""
        whole = False
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
            rivals.is_won()
            listener.is_complete()
            asking.completion = asking.completion or completion
            whole, generation_id = True, completion.generation_id
            heard = len(completion.text.encode("utf-8", "replace"))
            bill = self._estimated(cap, grant, heard, completion.written_bytes)
            if completion.spent:
                bill = self._told(cap, pace, completion.spent)
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
            tempo = listener.tempo(whole=whole)
            if tempo:
                self._known(asking).add(tempo)
            await journal.attempt_finished(
                *asking.key,
                (await starting).n,
                at=self._now(),
                failure=failure,
                bill=bill,
                generation_id=generation_id or listener.generation_id,
                first_text_seconds=listener.first_seconds,
                requests=listener.requests,
                tempo=tempo,
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
                unusable=listener.seconds >= listener.silence_seconds,
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
        images = len(asking.request.images)
        tokens += bills.IMAGE_TOKENS * images
        size += bills.image_bytes(images)
        searches = price.searches(asking.request.searches)
        return Cap(price, size, tokens, bills.dearest(price, pace.used), searches, images)

    async def _start(self, asking: Asking, cap: Cap, hedge_share: float | None) -> Grant:
        """Write a request's row and set its money aside. A hedge is done without where there is no
        room for as much as this model wrote lately: it would be complete sooner, and cut off."""
        request = asking.request
        wanted, least = request.max_completion_tokens, LEAST_TOKENS
        if hedge_share is not None:
            used = self._paces[request.model].used
            least = max((usage.completion_tokens for usage in used), default=wanted)

        def shrunk(micros: int) -> Asked:
            tokens = cap.tokens(micros, wanted)
            smaller = replace(request, max_completion_tokens=tokens, body=None)
            return Asked(cap.telling_bytes, tokens, self._provider.stored_body(smaller))

        return await asking.journal.attempt_started(
            *asking.key,
            model=request.model,
            at=self._now(),
            reserved_micros=cap.micros(wanted),
            least_micros=cap.micros(min(wanted, least)),
            enough_micros=cap.micros(min(wanted, ENOUGH_TOKENS)),
            asked=Asked(cap.telling_bytes, wanted, request.body),
            shrunk=shrunk,
            hedge_share=hedge_share,
        )

    def _estimated(self, cap: Cap, grant: Grant, heard: int, most: int | None) -> Bill:
        return bills.estimated(
            cap.price,
            cap.prompt_bytes,
            heard,
            most_prompt_tokens=cap.prompt_tokens,
            most_bytes=None if cap.searches else most,
            most=grant.micros,
        )

    def _told(self, cap: Cap, pace: Pace, spent: Spent) -> Bill:
        bill = bills.told(cap.price, spent, searches=cap.searches)
        if cap.telling_bytes:
            tokens = spent.prompt_tokens, spent.completion_tokens
            pace.used.append(Usage(cap.telling_bytes, *tokens, spent.cost_micros))
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

    def _known(self, asking: Asking) -> Writing:
        return self._writing[asking.request.model, asking.stage]


def _three_times_p95(seconds: Collection[float], *, at_least: float) -> float:
    # Asked for at every request, and mostly no sample is long enough to matter.
    if 3 * max(seconds) <= at_least:
        return at_least
    return max(at_least, 3 * sorted(seconds)[int(0.95 * (len(seconds) - 1))])
