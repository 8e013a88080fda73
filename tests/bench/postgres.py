"""What a database on a server takes: `python -m tests.bench.postgres [--quick]`.

The writes of deliberations without any model, as `tests.bench.store` makes them, on a file of SQLite and on
a PostgreSQL of its own that syncs each commit to the disk; then by several processes at once. Whoever
writes and the server share this machine's processors. Prints figures and ratios; judges nothing.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from statistics import median
from subprocess import PIPE
from typing import NamedTuple

from bot.store.server import Server, is_server, read_server
from bot.store.store import Store
from tests.bench.store import deliberation
from tests.fakes.postgres import DURABLE, Postgres, programs, running

CALLS = 9
AT_ONCE = (1, 20, 200)
PROCESSES = (1, 2, 4)
EACH = 50


class Rate(NamedTuple):
    """Of deliberations: how many a second, and the milliseconds of processor that one took."""

    per_second: float
    ours: float
    servers: float

    def __str__(self) -> str:
        servers = f" and {self.servers:.1f} ms of the server's" if self.servers else ""
        return f"{self.per_second:.0f}/s, {self.ours:.1f} ms of processor{servers} each"


async def run(*, quick: bool) -> None:
    found = programs()
    if found is None:
        print("PostgreSQL is not installed: nothing measured")
        return
    seconds, rounds, many = (0.5, 1, AT_ONCE[:-1]) if quick else (5.0, 3, AT_ONCE)
    print(f"{os.cpu_count()} processors, for whoever writes and for the server")
    with running(found, DURABLE) as postgres, tempfile.TemporaryDirectory() as folder:
        print(f"one fsync on this disk: {fsync_ms(Path(folder)):.2f} ms")
        for at_once in (1, 20):
            await round_trips(postgres, at_once)
        for at_once in many:
            files, servers = [], []
            for n in range(rounds):
                files.append(await measured([f"{folder}/{at_once}-{n}.db"], at_once, seconds))
                places = [postgres.create().url]
                servers.append(await measured(places, at_once, seconds, postgres))
            file, server = _median(files), _median(servers)
            ratio = server.per_second / file.per_second
            print(f"{at_once} at once: SQLite {file}; PostgreSQL {server}: {ratio:.2f} of it")
        rates: dict[int, list[Rate]] = {n: [] for n in (PROCESSES[:2] if quick else PROCESSES)}
        for _ in range(rounds):
            for processes, of_these in rates.items():
                places = [postgres.create().url] * processes
                of_these.append(await measured(places, EACH, seconds, postgres))
        for processes, of_these in rates.items():
            rate, alone = _median(of_these), _median(rates[1])
            ratio = rate.per_second / alone.per_second
            print(f"{processes} writing, {EACH} at once each: {rate}: {ratio:.2f} of one")


def _median(rates: Sequence[Rate]) -> Rate:
    return sorted(rates)[len(rates) // 2]


def fsync_ms(folder: Path) -> float:
    times = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(50):
            file.write(b"x" * 8_192)
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return median(times) * 1e3


async def measured(
    places: Sequence[str], at_once: int, seconds: float, postgres: Postgres | None = None
) -> Rate:
    """One process writes to each of these places, which may be the same, for so many seconds."""
    words = ("-m", "tests.bench.postgres", "--at-once", str(at_once), "--seconds", str(seconds))
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, *words, "--write", place, stdin=PIPE, stdout=PIPE
        )
        for place in places
    ]
    lines = []
    for process in processes:
        assert process.stdout
        await process.stdout.readline()  # it is ready
    before, began = postgres.cpu_seconds() if postgres else 0.0, time.perf_counter()
    for process in processes:
        assert process.stdin
        process.stdin.write(b"begin\n")
    for process in processes:
        assert process.stdout
        lines.append(json.loads(await process.stdout.readline()))
    wall = time.perf_counter() - began
    server = postgres.cpu_seconds() - before if postgres else 0.0
    for process in processes:
        await process.communicate(b"")
    done = sum(line["done"] for line in lines)
    cpu = sum(line["cpu"] for line in lines)
    return Rate(done / wall, cpu / done * 1e3, server / done * 1e3)


async def write(place: str, at_once: int, seconds: float) -> None:
    """What one of those processes does: so many deliberations at any time, each to its end."""
    store = await Store.open(read_server(place) if is_server(place) else place, holder="bench")
    numbers = count()
    await _deliberate(store, next(numbers))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    cpu, end = time.process_time(), time.perf_counter() + seconds
    warmed_up = next(numbers)

    async def go_on() -> None:
        while time.perf_counter() < end:
            await _deliberate(store, next(numbers))

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(go_on())
    done = next(numbers) - warmed_up - 1
    print(json.dumps({"done": done, "cpu": time.process_time() - cpu}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)  # what ends now, nobody could measure any more
    await store.close()


async def _deliberate(store: Store, number: int) -> None:
    await deliberation(store, f"{os.getpid()}-{number}")


async def round_trips(postgres: Postgres, at_once: int) -> None:
    """What goes over the wire: whoever writes waits for the server at each sync."""
    sent: Counter[bytes] = Counter()
    server = postgres.create()
    async with counting(postgres.port, sent) as port:
        url = server.url.replace(f":{postgres.port}/", f":{port}/")
        store = await Store.open(Server(url), holder="bench")
        await deliberation(store, "warm-up")
        sent.clear()
        async with asyncio.TaskGroup() as group:
            for number in range(at_once):
                group.create_task(deliberation(store, f"counted-{number}"))
        waits = sum(sent[kind] for kind in (b"S", b"H", b"Q")) / at_once
        statements = sum(sent[kind] for kind in (b"E", b"Q")) / at_once
        await store.close()
    print(
        f"{at_once} at once: {waits:.0f} round trips and {statements:.0f} statements each, "
        f"{waits / CALLS:.1f} round trips a call"
    )


@asynccontextmanager
async def counting(to: int, sent: Counter[bytes]) -> AsyncIterator[int]:
    """A port that leads to the server's. What kinds of messages clients send is counted."""
    ends: set[asyncio.Task[None]] = set()

    async def take(client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        ends.add(task)
        server, there = await asyncio.open_connection("127.0.0.1", to)
        answers = asyncio.create_task(_passed_on(server, back))
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await _pass_one(client, there, sent)
        there.close()
        await answers

    listening = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        await asyncio.gather(*ends)


async def _pass_one(
    client: asyncio.StreamReader, there: asyncio.StreamWriter, sent: Counter[bytes]
) -> None:
    """Those that begin a connection have no kind, but the length alone, which is below 16 MB."""
    # Source: postgresql.org, "Message Formats".
    kind = await client.readexactly(1)
    length = kind + await client.readexactly(3) if kind == b"\0" else await client.readexactly(4)
    body = await client.readexactly(int.from_bytes(length, "big") - 4)
    there.write(length + body if kind == b"\0" else kind + length + body)
    sent[kind] += 1


async def _passed_on(server: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
    while data := await server.read(65_536):
        back.write(data)
    back.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.postgres")
    parser.add_argument("--quick", action="store_true", help="smaller numbers, for CI")
    parser.add_argument("--write", metavar="PLACE", help=argparse.SUPPRESS)
    parser.add_argument("--at-once", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=1.0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        asyncio.run(write(given.write, given.at_once, given.seconds))
    else:
        asyncio.run(run(quick=given.quick))


if __name__ == "__main__":
    main()
