"""What the store costs per deliberation: `python -m tests.bench.store`.

Nine calls, each with its request and the deliberation's few decisions, without any model: first
alone, one after the other, then 500 at once.
"""

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bot.bills import Bill
from bot.council import Call, Council, Question, Stage
from bot.records import Case, Stop
from bot.store.journal import Journal
from bot.store.store import Store

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
COUNCIL = Council(("lab/a", "lab/b", "lab/c", "lab/d"), "lab/e")
TEXT = "Two thousand characters of an answer. " * 53
LIMITS = {"all": 10**12}


async def deliberation(store: Store, id: str) -> None:
    question = Question(id, "How much does it cost?", 1, NOW)
    await store.create(Case(question, COUNCIL, "discord", "server", "channel", "thread", "person"))
    journal = await store.begin(id, LIMITS)
    await journal.decide("earlier", "null")
    await stage(journal, "answer", range(4))
    await stage(journal, "review", range(4))
    await journal.decide("early_stop", "{}")
    await stage(journal, "verdict", (4,))
    await journal.stop(Stop("person", NOW, "person"))


async def stage(journal: Journal, name: Stage, seats: "range | tuple[int, ...]") -> None:
    async with asyncio.TaskGroup() as group:
        for seat in seats:
            group.create_task(call(journal, name, seat))


async def call(journal: Journal, stage: Stage, seat: int) -> None:
    model = COUNCIL.model(seat)
    grant = await journal.attempt_started(stage, 0, seat, model=model, at=NOW, reserved_micros=900)
    await journal.attempt_finished(
        *(stage, 0, seat, grant.n),
        at=NOW,
        failure=None,
        bill=Bill(400, 500, 800, 800),
        generation_id="gen-1",
        first_text_seconds=0.8,
    )
    await journal.finish_call(Call(stage, 0, seat, model, NOW, NOW, NOW, TEXT))


async def measure(title: str, *, count: int, together: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(Path(folder, "council.db"), holder="bench")
        await deliberation(store, "warm-up")
        cpu, wall = time.process_time(), time.perf_counter()
        for start in range(0, count, together):
            async with asyncio.TaskGroup() as group:
                for number in range(start, start + together):
                    group.create_task(deliberation(store, f"bench-{number}"))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        await store.close()
    print(f"{title}: {cpu / count * 1e3:.2f} ms CPU, {wall / count * 1e3:.2f} ms wall each")


async def main() -> None:
    await measure("alone", count=100, together=1)
    await measure("500 at once", count=500, together=500)


if __name__ == "__main__":
    asyncio.run(main())
