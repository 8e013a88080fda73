"""How many questions still get a verdict, and every member's answer, where attempts keep failing.

Over HTTP with everything scaled down by the same factor, so that only the models' own time is gone.
"""

import asyncio
import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.council import Council, Deliberation, Question
from bot.models.http import Endpoint, HttpProvider
from bot.protocol.calls import Caller
from bot.protocol.modes import deliberate
from bot.protocol.patience import Patience
from bot.records import Case
from bot.store.store import Store
from tests.bench.deliberations import no_history
from tests.fakes.model_server import ModelServer
from tests.fakes.prices import FreeOfCharge

COUNCIL = Council(("lab/a", "lab/b", "lab/c", "lab/d"), "lab/e")
# Of all attempts, in percent; all of them may go well when they are repeated.
FAULTS = {"rate_limited": 4, "status": 3, "cut": 2, "hang": 1, "empty": 1}
# Slow enough, and few enough, that a busy machine is not taken for a slow model.
TIME_SCALE = 0.05
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Figures:
    questions: int
    with_verdict: int
    complete: int
    by_chairman: int
    requests: int
    failed_requests: int

    def __str__(self) -> str:
        failed = self.failed_requests / self.requests
        return (
            f"{self.questions} questions, {failed:.1%} of {self.requests} requests failing: "
            f"{self.with_verdict / self.questions:.2%} got a verdict, "
            f"{self.complete / self.questions:.2%} every member's answer, "
            f"{self.by_chairman / self.questions:.2%} the chairman's own verdict"
        )


async def run(*, quick: bool) -> None:
    # Each retry, and each client that leaves, is one of thousands here.
    for name in ("stamina", "aiohttp.server"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    print(await figures(300 if quick else 1_000))


async def figures(count: int, *, seed: int = 0) -> Figures:
    mix = [{"do": do, "probability": percent / 100} for do, percent in FAULTS.items()]
    behaviours = {model: {"mix": mix} for model in (*COUNCIL.members, COUNCIL.chairman)}
    with tempfile.TemporaryDirectory() as folder:
        async with ModelServer(behaviours=behaviours, seed=seed) as server:
            results = await _deliberate(server, Path(folder) / "faults.db", count)
            outcomes = [request.outcome for request in server.requests]
    return Figures(
        questions=count,
        with_verdict=sum(result.answered for result in results),
        complete=sum(not result.degraded for result in results),
        by_chairman=sum(
            result.verdict.written_by == COUNCIL.chairman and result.verdict.fallback is None
            for result in results
        ),
        requests=len(outcomes),
        failed_requests=sum(outcome in FAULTS or outcome == "left" for outcome in outcomes),
    )


async def _deliberate(server: ModelServer, database: Path, count: int) -> Sequence[Deliberation]:
    provider = HttpProvider([Endpoint("", server.url, server.key)], time_scale=TIME_SCALE)
    store = await Store.open(database, holder="faults")
    caller = Caller(provider, FreeOfCharge(), Patience().scaled(TIME_SCALE), no_history)
    numbers = iter(range(count))
    results: list[Deliberation] = []

    async def work() -> None:
        for n in numbers:
            question = Question(f"q{n}", "Is a monolith right?", n, datetime.now(UTC))
            await store.create(Case(question=question, council=COUNCIL, platform="cli"))
            journal = await store.begin(question.id)
            results.append(await deliberate(question, COUNCIL, caller, journal=journal))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
    finally:
        await store.close()
        await provider.aclose()
    return results
