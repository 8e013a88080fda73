"""What a deliberation costs beside its models: alone with models that take no time, then many at
once, in this process and over HTTP.

The model server is a process on the same machine and takes part of its processors.
"""

import asyncio
import gc
import os
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median

from bot.conversation.board import Board
from bot.council import Council, Question
from bot.llm import Completion, Provider, Request
from bot.program.process import collect_seldom
from bot.protocol.calls import Caller
from bot.protocol.modes import deliberate
from bot.protocol.patience import Patience
from bot.protocol.ranking import never_stops_early
from bot.records import Case
from bot.store.store import Store
from tests.fakes.prices import FreeOfCharge
from tests.fakes.processes import KEY, model_server
from tests.fakes.provider import FakeProvider, sensible

COUNCIL = Council(("lab/a", "lab/b", "lab/c", "lab/d"), "lab/e")
# All four reviewers are heard, so that there are nine calls.
SEEDS = [seed for seed in range(20_000) if never_stops_early(seed)]
CALL_SECONDS = 1.0
STAGES = ("answer", "review")
PROSE = "It depends on who runs it and how often it changes. " * 38 + "\n"


class SlowProvider(FakeProvider):
    """Sensible texts of 2,000 characters in four pieces. A call takes 0.5 to 1.5 s, drawn by its
    tag, since no two models of the world answer at the same instant."""

    def seconds(self, tag: str) -> float:
        return CALL_SECONDS * (0.5 + Random(tag).random())

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        text = PROSE + sensible(request)
        pieces = [text[start : start + 500] for start in range(0, len(text), 500)]
        for piece in pieces:
            await asyncio.sleep(self.seconds(request.tag) / len(pieces))
            if on_text:
                on_text(piece)
        return Completion(text, "stop", 100, 500, 7)

    def ideal(self, count: int) -> float:
        """How long the slowest of so many deliberations takes by its calls alone."""

        def one(n: int) -> float:
            stages = [[f"bench{n}/{stage}/0/{seat}" for seat in range(4)] for stage in STAGES]
            verdict = self.seconds(f"bench{n}/verdict/0/4")
            return sum(max(map(self.seconds, tags)) for tags in stages) + verdict

        return max(map(one, range(count)))


async def no_history(model: str) -> tuple[float, ...]:
    return ()


async def run(*, quick: bool) -> None:
    collect_seldom()
    await alone(30 if quick else 200)
    count = 100 if quick else 500
    provider = SlowProvider()
    await at_once("in process", provider, count, ideal=provider.ideal(count))
    await over_http(count)


async def alone(times: int) -> None:
    """One after the other, models that answer at once, a store on disk."""
    wall, cpu = [], []
    async with _store() as store:
        caller = Caller(FakeProvider(), FreeOfCharge(), Patience(), no_history)
        for n in range(times):
            began, cpu_began = time.perf_counter(), time.process_time()
            await _deliberate(store, caller, n)
            wall.append(time.perf_counter() - began)
            cpu.append(time.process_time() - cpu_began)
    print(
        f"one deliberation, nine calls, models that take no time: {median(wall) * 1e3:.1f} ms wall, "
        f"{median(cpu) * 1e3:.1f} ms CPU (median of {times})"
    )


async def at_once(name: str, provider: Provider, count: int, *, ideal: float) -> None:
    """All asked at the same instant. `ideal` is the seconds that the models alone take."""
    caller = Caller(provider, FreeOfCharge(), Patience(), no_history)
    gc.collect()
    async with _store() as store:
        stalls = asyncio.create_task(_watch_stalls())
        cpu_began = time.process_time()
        wall = await _seconds(store, caller, range(count))
        cpu = time.process_time() - cpu_began
        stalls.cancel()
    print(
        f"{count} at once, {name}: {wall:.2f} s, models alone {ideal:.2f} s (overhead "
        f"{wall - ideal:.2f} s), {cpu / count * 1e3:.1f} ms CPU each, longest stall of the event "
        f"loop {_stall * 1e3:.0f} ms, peak memory {_peak_mb():.0f} MB"
    )


async def over_http(count: int) -> None:
    """The same against a model server in a process of its own."""
    from bot.models.http import Endpoint, HttpProvider

    with tempfile.TemporaryDirectory() as folder:
        async with model_server(Path(folder), "--chunk-delay", "0.05") as url:
            provider = HttpProvider([Endpoint("", url, KEY)])
            try:
                async with _store() as store:
                    caller = Caller(provider, FreeOfCharge(), Patience(), no_history)
                    alone = await _seconds(store, caller, range(1))
                await at_once("over HTTP", provider, count, ideal=alone)
            finally:
                await provider.aclose()


async def _seconds(store: Store, caller: Caller, numbers: range) -> float:
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for n in numbers:
            group.create_task(_deliberate(store, caller, n))
    return time.perf_counter() - began


async def _deliberate(store: Store, caller: Caller, n: int) -> None:
    question = Question(f"bench{n}", "Is a monolith right?", SEEDS[n], datetime.now(UTC))
    await store.create(Case(question=question, council=COUNCIL, platform="cli"))
    journal = await store.begin(question.id)
    board = Board(question, COUNCIL, ())
    result = await deliberate(question, COUNCIL, caller, journal=journal, emit=board.emit)
    assert result.calls >= 9  # where the machine is slow, a model that is slow, too, is hedged
    assert len(result.answers) == 4


@asynccontextmanager
async def _store() -> AsyncIterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(Path(folder) / "bench.db", holder="bench")
        try:
            yield store
        finally:
            await store.close()


_stall = 0.0


async def _watch_stalls() -> None:
    """Wakes every 5 ms and remembers the longest delay."""
    global _stall
    _stall = 0.0
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        _stall = max(_stall, time.perf_counter() - began - 0.005)


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if os.uname().sysname == "Darwin" else 1024)
