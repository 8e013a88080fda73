"""What `/council stats` takes in a busy channel: `python -m tests.bench.stats [--quick]`.

Ten thousand deliberations of four members, one in two rated. The first answer of a process reads
all that is kept, the next ones what changed; the picture is drawn each time.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

from bot.chat import Channel, Person
from bot.conversation.app import App
from bot.pages import picture as plots
from bot.program.process import collect_seldom
from tests.fakes.channel import finished_case, rate, reaction
from tests.fakes.council import running_app
from tests.fakes.provider import FakeProvider

HERE, ANN = Channel("discord", "server", "general"), Person("ann")
TEXT = "Two thousand characters of an answer. " * 53

T = TypeVar("T")


async def run(count: int) -> None:
    collect_seldom()  # as every process of the program does
    with tempfile.TemporaryDirectory() as folder:
        database = str(Path(folder, "council.db"))
        async with running_app(FakeProvider(), database=database) as app:
            await fill(app, count)
            seconds, made = await timed(app.statistics().keep_up())
            print(
                f"{made} deliberations read once and kept: {seconds:.2f} s, beside everything else"
            )
        async with running_app(FakeProvider(), database=database) as app:
            seconds, _ = await timed(asyncio.to_thread(plots.load))
            print(f"loaded when serve starts: {seconds:.2f} s")
            await timed_stats(app, "the first answer of a process")
            await timed_stats(app, "the next")
            case = finished_case(0, text=TEXT)
            await app.store.react(reaction(case, "A", "accept", "bob"))
            await timed_stats(app, "after a vote")
            await app.store.create(finished_case(count, text=TEXT))
            await timed_stats(app, "after a question")


async def fill(app: App, count: int) -> None:
    for start in range(0, count, 100):
        async with asyncio.TaskGroup() as group:
            for number in range(start, start + 100):
                group.create_task(ask(app, number))


async def ask(app: App, number: int) -> None:
    case = finished_case(number, text=TEXT, asker=f"person-{number % 97}", seed=number)
    await app.store.create(case)
    if number % 2:
        await rate(app.store, case, best="lab/b" if number % 3 else "lab/a")


async def timed_stats(app: App, title: str) -> None:
    seconds, _ = await timed(app.command(HERE, ANN, "stats"))
    print(f"/council stats, {title}: {seconds:.2f} s")


async def timed(work: Awaitable[T]) -> tuple[float, T]:
    began = time.perf_counter()
    result = await work
    return time.perf_counter() - began, result


if __name__ == "__main__":
    asyncio.run(run(1_000 if "--quick" in sys.argv else 10_000))
