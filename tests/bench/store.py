"""What the store costs per deliberation: `python -m tests.bench.store`.

Nine calls, each with its request, its money within two limits, and the deliberation's few decisions and
its result, without any model: first alone, one after the other, then 500 at once.
"""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot.allowance import MARGIN, SUCCESSOR, Key
from bot.bills import Bill
from bot.council import (
    Agreement,
    Answer,
    Call,
    Council,
    Deliberation,
    MemberResult,
    Question,
    Review,
    Stage,
    Standing,
    Timings,
    Verdict,
)
from bot.records import Case
from bot.store.journal import Asked, Journal
from bot.store.spending import channel_scope
from bot.store.store import Store

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
COUNCIL = Council(("lab/a", "lab/b", "lab/c", "lab/d"), "lab/e")
TEXT = "Two thousand characters of an answer. " * 53
LABELS = ("A", "B", "C", "D")
LIMITS = {"all": 10**12, channel_scope("discord", "channel"): 10**11}
ANSWERS: tuple[Key, ...] = tuple(("answer", 0, seat) for seat in range(4))
REVIEWS: tuple[Key, ...] = tuple(("review", 0, seat) for seat in range(4))
VERDICT: Key = ("verdict", 0, 4)
SHARES = {**dict.fromkeys((*ANSWERS, *REVIEWS, VERDICT, SUCCESSOR), 900), MARGIN: 3_600}
ASKED = Asked(8_000, 2_000, b"What is kept for a repeat. " * 300)


async def deliberation(store: Store, id: str) -> None:
    question = Question(id, "How much does it cost?", 1, NOW)
    case = Case(question, COUNCIL, "discord", "server", "channel", "thread", "person")
    await store.create(case, shares=SHARES, limits=LIMITS)
    journal = await store.begin(id, LIMITS)
    await journal.decide("earlier", "null")
    await stage(journal, ANSWERS)
    await stage(journal, REVIEWS)
    await journal.decide("early_stop", "{}")
    await stage(journal, (VERDICT,))
    await journal.finish(result(question))


async def stage(journal: Journal, calls: Sequence[Key]) -> None:
    async with asyncio.TaskGroup() as group:
        for each in calls:
            group.create_task(call(journal, *each))


async def call(journal: Journal, stage: Stage, round: int, seat: int) -> None:
    model = COUNCIL.model(seat)
    grant = await journal.attempt_started(
        *(stage, round, seat), model=model, at=NOW, reserved_micros=900, asked=ASKED
    )
    await journal.attempt_finished(
        *(stage, round, seat, grant.n),
        at=NOW,
        failure=None,
        bill=Bill(400, 500, 800, 800),
        generation_id="gen-1",
        first_text_seconds=0.8,
    )
    await journal.finish_call(Call(stage, round, seat, model, NOW, NOW, NOW, TEXT))


def result(question: Question) -> Deliberation:
    return Deliberation(
        id=question.id,
        question=question.text,
        mode="council",
        seed=question.seed,
        degraded=False,
        members=tuple(MemberResult(a, f"lab/{a}", "answered", None, 1) for a in LABELS),
        answers=tuple(
            Answer(a, f"lab/{a}", TEXT, 2.5, 400, 500, 0.0008, 1, 1, "stop") for a in LABELS
        ),
        reviews=tuple(
            Review(f"lab/{a}", a, LABELS, tuple((b,) for b in LABELS), True, TEXT, 1.5, None, 1)
            for a in LABELS
        ),
        standings=tuple(Standing(a, f"lab/{a}", 0.5, 1, 1) for a in LABELS),
        agreement=Agreement(None, 1.0, False),
        verdict=Verdict(TEXT, "lab/e", None, None, None, 1),
        timings=Timings(2.5, 2.5, 4.0, 4.0, 4.0),
        calls=9,
        prompt_tokens=3_600,
        completion_tokens=4_500,
        cost_usd=0.0072,
        cost_known=True,
        chairman=COUNCIL.chairman,
    )


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
