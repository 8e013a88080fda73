"""Whether what was booked is what a model server billed, and whether a budget holds, where replies
fail, are empty, torn, repeated, hedged, without usage or without a price.

Over HTTP against a server that keeps its own bill, a harsher one than most: it charges for what it
sent however that ended, and for the whole answer where the client left.
"""

import asyncio
import logging
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.council import Council, Question
from bot.models.catalogue import Catalogue
from bot.models.http import Endpoint, HttpProvider
from bot.protocol.calls import Caller
from bot.protocol.modes import deliberate
from bot.protocol.patience import Patience
from bot.records import Attempt, Case
from bot.store.spending import ALL
from bot.store.store import Store
from tests.bench.deliberations import no_history
from tests.fakes.model_server import PRICE, ModelServer, Received

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
COUNCIL = Council(("lab/a", "lab/b", "lab/c", "lab/router"), "lab/e")
MODELS = (*COUNCIL.members, COUNCIL.chairman)
# A router has no price of its own; what it hands a request to stays below the assumed one.
ROUTER_PRICE, UNKNOWN_PRICE = (4.0, 20.0), (5.0, 25.0)
# Of all requests, in percent; the rest goes well.
MIX: Sequence[tuple[int, dict[str, Any]]] = (
    (4, {"do": "empty"}),
    (2, {"do": "empty", "usage": False}),
    (4, {"do": "cut"}),
    (3, {"do": "cut", "after": 10_000}),
    (2, {"do": "no_end"}),
    (4, {"do": "ok", "usage": False}),
    (4, {"do": "ok", "cost": ""}),
    (2, {"do": "empty", "cost": ""}),
    (2, {"do": "all_reasoning"}),
    (2, {"do": "refusal"}),
    (3, {"do": "truncated"}),
    (2, {"do": "content_filter"}),
    (3, {"do": "rate_limited"}),
    (3, {"do": "status"}),
    (2, {"do": "stream_error"}),
    (1, {"do": "garbage"}),
    (1, {"do": "body_error"}),
    (1, {"do": "hang"}),
    (1, {"do": "stall"}),
    (1, {"do": "cut", "reasoning": "reasoning"}),
)
TIME_SCALE = 0.01
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums in micro-dollars. `told_` are those of requests whose usage the client was sent."""

    questions: int
    with_verdict: int
    requests: int
    refused_calls: int
    told_requests: int
    told_billed: int
    told_booked: int
    billed: int
    booked: int
    budget: int

    def __str__(self) -> str:
        return (
            f"{self.questions} questions, {self.with_verdict} with a verdict, {self.requests} "
            f"requests, {self.refused_calls} calls without money; usage told of "
            f"{self.told_requests}: billed {self.told_billed / 1e6:.6f} USD, booked "
            f"{self.told_booked / 1e6:.6f}; of all: billed {self.billed / 1e6:.6f}, booked "
            f"{self.booked / 1e6:.6f}, budget {self.budget / 1e6:.2f}"
        )


async def run(*, quick: bool) -> None:
    for name in ("stamina", "aiohttp.server"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    count = 100 if quick else 1_000
    for share, words in ((2.0, "a budget with room"), (0.5, "a budget that does not last")):
        print(f"{words}: {await figures(count, budget=round(count * 20_000 * share))}")


async def figures(count: int, *, budget: int, seed: int = 0) -> Figures:
    mix = [{**behaviour, "probability": percent / 100} for percent, behaviour in MIX]
    with tempfile.TemporaryDirectory() as folder:
        async with ModelServer(
            behaviours={model: {"mix": mix} for model in MODELS},
            prices={"lab/router": ROUTER_PRICE},
            entries=[_entry(model) for model in MODELS],
            openrouter=True,
            seed=seed,
        ) as server:
            store = await Store.open(Path(folder) / "money.db", holder="money")
            try:
                answered = await _deliberate(server, store, count, {ALL: budget})
                attempts = {f"q{n}": await store.attempts(f"q{n}") for n in range(count)}
                calls = [call for n in range(count) for call in await store.calls(f"q{n}")]
                booked = await store.spent(NOW.date())
            finally:
                await store.close()
        told = paired(server.requests, attempts)
    return Figures(
        questions=count,
        with_verdict=answered,
        requests=len(server.requests),
        refused_calls=sum(
            call.failure is not None and call.failure.kind == "no_credit" for call in calls
        ),
        told_requests=len(told),
        told_billed=sum(request.bill_micros for request, _ in told),
        told_booked=sum(attempt.counted_micros for _, attempt in told),
        billed=sum(request.bill_micros for request in server.requests),
        booked=booked,
        budget=budget,
    )


def _entry(model: str) -> dict[str, Any]:
    price = ("-1", "-1") if model == "lab/router" else tuple(f"{usd / 1e6:.9f}" for usd in PRICE)
    return {"id": model, "pricing": dict(zip(("prompt", "completion"), price, strict=True))}


def paired(
    requests: Sequence[Received], attempts: Mapping[str, tuple[Attempt, ...]]
) -> list[tuple[Received, Attempt]]:
    """The requests whose usage was told, each with its row: within a call both come in order.

    Of a hedged call the order is unknown. What was cancelled heard nothing of its usage, and tokens
    of a model without a price are no sum.
    """
    received: dict[str, list[Received]] = defaultdict(list)
    for request in requests:
        received[request.call].append(request)
    rows: dict[str, list[Attempt]] = defaultdict(list)
    for id, several in attempts.items():
        for attempt in several:
            rows[f"{id}/{attempt.stage}/{attempt.round}/{attempt.seat}"].append(attempt)
    pairs = []
    for call, mine in received.items():
        if any(attempt.hedge for attempt in rows[call]):
            continue
        # A row without a request was cancelled before it could be sent: it is the last.
        pairs += [
            (request, row)
            for request, row in zip(mine, rows[call], strict=False)
            if request.told and request.outcome != "left" and not _is_unheard(row)
        ]
    return pairs


def _is_unheard(row: Attempt) -> bool:
    cancelled = row.failure is None and row.completion_tokens == 0
    return cancelled or row.cost_micros is None


async def _deliberate(server: ModelServer, store: Store, count: int, limits: dict[str, int]) -> int:
    """How many got a verdict."""
    provider = HttpProvider([Endpoint("", server.url, server.key, openrouter=True)])
    catalogue = Catalogue(provider, store, unknown_price=UNKNOWN_PRICE)
    await catalogue.load()
    # Whatever is silent is given up within seconds here, and nothing else is.
    patience = replace(Patience().scaled(TIME_SCALE), silence=1.0, chairman=1.0)
    caller = Caller(provider, catalogue, patience, no_history, now=lambda: NOW)
    numbers = iter(range(count))
    answered = 0

    async def work() -> None:
        nonlocal answered
        for n in numbers:
            question = Question(f"q{n}", "Is a monolith right?", n, NOW)
            await store.create(Case(question=question, council=COUNCIL, platform="cli"))
            journal = await store.begin(question.id, limits)
            result = await deliberate(question, COUNCIL, caller, journal=journal)
            answered += result.answered

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
    finally:
        await provider.aclose()
    return answered
