"""What more workers bring, and what a question costs on its way: `python -m tests.bench.workers [--quick]`.

A gateway, workers and a PostgreSQL that syncs each commit to the disk, each real, on a local Discord and a
local model server, all on this machine: deliberations a second with one worker and with three, whose models
take seconds, and whose models answer at once; then how long after a mention the first request reaches a
model, beside the same with one process. Prints figures and ratios; judges nothing.
"""

import argparse
import asyncio
import logging
import os
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, chdir
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from tests.bench.fleet import CALLS, Fleet, question_of, running_fleet
from tests.fakes.postgres import DURABLE, Postgres, cpu_seconds, programs, running

WORKERS = (1, 3)
# Enough for a platform's limits to be no part of what is measured.
UNLIMITED = 0.05
# In which a text of the model server comes.
_PIECES = 15


class Rate(NamedTuple):
    """Of deliberations: how many a second, and the milliseconds of processor that one took, of each."""

    per_second: float
    gateway: float
    workers: float
    postgres: float
    here: float

    def __str__(self) -> str:
        return (
            f"{self.per_second:.2f} deliberations/s; ms of processor for each: gateway {self.gateway:.0f}, "
            f"workers {self.workers:.0f}, PostgreSQL {self.postgres:.0f}, the local Discord and models "
            f"{self.here:.0f}"
        )


async def run(postgres: Postgres, *, quick: bool) -> None:
    print(f"{os.cpu_count()} processors for all, load {os.getloadavg()[0]:.1f} before")
    seconds, at_once, rounds = (0.3, 2, 2) if quick else (3.0, 2, 3)
    compared(
        f"models take {seconds:.1f} s, {at_once} at once in a worker",
        [
            await rate(postgres, n, at_once * rounds * n, call_seconds=seconds, at_once=at_once)
            for n in WORKERS
        ],
    )
    count = 6 if quick else 60
    compared(
        "models answer at once",
        [await rate(postgres, n, count, call_seconds=0.0, at_once=10) for n in WORKERS],
    )
    await latencies(postgres, 3 if quick else 30)


def compared(what: str, rates: Sequence[Rate]) -> None:
    for workers, measured in zip(WORKERS, rates, strict=True):
        print(f"{what}, workers: {workers}: {measured}")
    one, most = rates[0], rates[-1]
    print(
        f"{what}: {WORKERS[-1]} workers are {most.per_second / one.per_second:.2f} of one",
        flush=True,
    )


async def rate(
    postgres: Postgres, workers: int, count: int, *, call_seconds: float, at_once: int
) -> Rate:
    """So many questions, asked together: from the first to the last verdict with all of its checks."""
    async with running_fleet(
        postgres,
        scale=1.0 if call_seconds else UNLIMITED,
        limits=UNLIMITED,
        chunk_delay=call_seconds / _PIECES,
    ) as fleet:
        await fleet.up(1, workers, worker={"COUNCIL_AT_ONCE": str(at_once)})
        gateway, *rest = [str(started.process.pid) for started in fleet.started]
        await _answered(fleet, workers)  # and everything is loaded

        def spent() -> tuple[float, ...]:
            working = sum(map(cpu_seconds, rest))
            return cpu_seconds(gateway), working, postgres.cpu_seconds(), time.process_time()

        before, began = spent(), time.time()
        await _answered(fleet, count)
        each = [(b - a) / count * 1e3 for a, b in zip(before, spent(), strict=True)]
        return Rate(count / (_last_over(fleet) - began), *each)


async def _answered(fleet: Fleet, count: int) -> None:
    questions = [fleet.ask() for _ in range(count)]
    await fleet.discord.wait_for(lambda: all(map(fleet.told, questions)), timeout_seconds=None)


def _last_over(fleet: Fleet) -> float:
    """When the last call of all had ended."""
    ((last,),) = fleet.rows("SELECT max(finished_at) FROM calls")
    return datetime.fromisoformat(last).timestamp()


async def latencies(postgres: Postgres, count: int) -> None:
    """From the mention to the first request to a model, one question at a time, the ways by turns."""
    async with AsyncExitStack() as stack:
        ways = {
            "serve, a file of SQLite": await stack.enter_async_context(_served(postgres, "file")),
            "serve, PostgreSQL": await stack.enter_async_context(_served(postgres, "server")),
            "gateway and worker, PostgreSQL": await stack.enter_async_context(_split(postgres)),
        }
        for fleet in ways.values():
            await _answered(fleet, 2)
        found: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(count):
            for way, fleet in ways.items():
                began = time.time()
                await _answered(fleet, 1)
                number = len(fleet.asked) - 1
                requests = [r.time for r in fleet.models.requests if question_of(r) == number]
                assert len(requests) >= CALLS
                found[way].append((min(requests) - began) * 1e3)
    for way, milliseconds in found.items():
        p95 = quantiles(milliseconds, n=20, method="inclusive")[-1]
        print(
            f"from a mention to the first request to a model, {way}: median {median(milliseconds):.0f} ms, "
            f"p95 {p95:.0f} ms (of {count})"
        )


@asynccontextmanager
async def _served(postgres: Postgres, where: str) -> AsyncIterator[Fleet]:
    """One process that does all."""
    async with running_fleet(postgres, scale=1.0, limits=UNLIMITED) as fleet:
        more = {"COUNCIL_DATABASE": str(Path("council.db").resolve())} if where == "file" else {}
        await fleet.connected(await fleet.start("gateway", "serve", **more))
        yield fleet


@asynccontextmanager
async def _split(postgres: Postgres) -> AsyncIterator[Fleet]:
    async with running_fleet(postgres, scale=1.0, limits=UNLIMITED) as fleet:
        await fleet.up(1, 1)
        yield fleet


def main() -> None:
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    parser = argparse.ArgumentParser(prog="python -m tests.bench.workers")
    parser.add_argument("--quick", action="store_true", help="smaller numbers")
    quick = parser.parse_args().quick
    found = programs()
    if found is None:
        print("PostgreSQL is not installed: nothing measured")
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        chdir(folder),
        running(found, DURABLE) as postgres,
    ):
        asyncio.run(run(postgres, quick=quick))


if __name__ == "__main__":
    main()
