"""What `council migrate` takes: `python -m tests.bench.migrate [DELIBERATIONS]`.

Deliberations of nine calls and their requests, with texts of two thousand characters that no database
makes shorter, copied to a server on this machine (without fsync).
"""

import asyncio
import resource
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from bot.store.store import Store
from bot.store.transfer import Progress, transfer
from tests.bench.store import deliberation
from tests.fakes.postgres import connected, programs, running

_AT_ONCE = 500
# What is copied of the first, under another id.
_TABLES = ("deliberations", "calls", "attempts", "decisions", "feed", "accounts")


async def fill(path: Path, count: int) -> None:
    store = await Store.open(path, holder="bench")
    await deliberation(store, "bench")
    await store.close()
    with sqlite3.connect(path) as file:
        for start in range(1, count, _AT_ONCE):
            for table in _TABLES:
                file.execute(_again(file, table), (start, min(start + _AT_ONCE, count)))
    file.close()


def _again(file: sqlite3.Connection, table: str) -> str:
    """The rows of the first deliberation, once for each number from one to another."""
    names = [
        name for _, name, *_ in file.execute(f"PRAGMA table_info({table})") if name != "number"
    ]
    made = {
        "id": "id || '-' || up",
        "deliberation": "deliberation || '-' || up",
        "text": "hex(randomblob(1000))",
    }
    values = ", ".join(made.get(name, name) for name in names)
    which = "id" if table == "deliberations" else "deliberation"
    return (
        "WITH RECURSIVE count (up) AS (SELECT ? UNION ALL SELECT up + 1 FROM count WHERE up + 1 < ?)"
        f" INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM count, {table}"
        f" WHERE {which} = 'bench'"
    )


async def main(count: int) -> None:
    found = programs()
    assert found, "PostgreSQL is not installed"
    with tempfile.TemporaryDirectory() as folder, running(found) as postgres:
        path, server = Path(folder, "council.db"), postgres.create()
        await fill(path, count)
        megabytes = path.stat().st_size / 1e6
        began: dict[str, float] = {}

        def tell(step: Progress) -> None:
            began.setdefault(step.doing, time.perf_counter())

        start, cpu = time.perf_counter(), time.process_time()
        done = await transfer(path, server, tell)
        end, cpu = time.perf_counter(), time.process_time() - cpu
        assert not done.differing
        copying, comparing = began["comparing"] - start, end - began["comparing"]
        with connected(server) as connection:
            ((size,),) = connection.execute(
                "SELECT pg_database_size(current_database())"
            ).fetchall()
    print(f"{count} deliberations, {done.rows} rows, a file of {megabytes:.0f} MB")
    print(f"copied in {copying:.1f} s, {done.rows / copying:.0f} rows/s")
    print(
        f"compared in {comparing:.1f} s, {done.rows / comparing:.0f} rows/s; {cpu:.1f} s CPU here"
    )
    print(f"on the server {size / 1e6:.0f} MB; at most {_peak_mb()} MB of memory here")


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else 50_000))
