"""The queue on a server: what is said to wait is taken, whoever dies, and whoever starts again."""

import asyncio
import logging
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import psycopg
import pytest

from bot.errors import StoreFailed
from bot.store.postgres_jobs import NAMESPACE, Jobs
from bot.store.server import Server
from tests.fakes.postgres import PASSWORD, Postgres
from tests.fakes.watched import Watched, eventually

TIME_SCALE = 0.01


@pytest.fixture
def server(postgres: Postgres) -> Server:
    return postgres.emptied()


@pytest.fixture
async def jobs(server: Server) -> AsyncIterator[Jobs]:
    async with Jobs.open(server, holder="a test", time_scale=TIME_SCALE) as jobs:
        yield jobs


class Deliberations(Watched):
    """Of which each lasts until it is let go on; those of a letter that has an error raise it."""

    def __init__(self, **errors: Exception) -> None:
        super().__init__()
        self.begun: list[str] = []
        self.done: list[str] = []
        self.cancelled: list[str] = []
        self.under_way: Counter[str] = Counter()
        self.go_on = asyncio.Event()
        self._errors = errors

    async def __call__(self, id: str) -> None:
        self.begun.append(id)
        self.under_way[id] += 1
        self.changed()
        try:
            if id in self._errors:
                raise self._errors[id]
            await self.go_on.wait()
            self.done.append(id)
        except asyncio.CancelledError:
            self.cancelled.append(id)
            raise
        finally:
            self.under_way[id] -= 1
            self.changed()


@asynccontextmanager
async def at_work(
    jobs: Jobs, deliberate: Callable[[str], Awaitable[None]], *, at_once: int = 10
) -> AsyncIterator[None]:
    working = asyncio.create_task(jobs.work(deliberate, at_once=at_once))
    try:
        yield
    finally:
        working.cancel()
        await asyncio.wait({working})
        assert working.cancelled()


def look(server: Server, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"SET search_path = {NAMESPACE}".encode())
        return connection.execute(sql.encode()).fetchall()


async def left(server: Server, count: int = 0) -> bool:
    jobs = await asyncio.to_thread(look, server, "SELECT id FROM procrastinate_jobs")
    return len(jobs) == count


async def test_what_is_said_to_wait_is_deliberated_and_leaves_nothing(
    jobs: Jobs, server: Server
) -> None:
    deliberations = Deliberations()
    deliberations.go_on.set()
    await jobs.defer("before")
    async with at_work(jobs, deliberations):
        await deliberations.wait_for(lambda: deliberations.done == ["before"])
        await jobs.defer("a 'quoted' (id)")
        await deliberations.wait_for(lambda: len(deliberations.done) == 2)
        await eventually(partial(left, server))
    assert deliberations.done == ["before", "a 'quoted' (id)"]


async def test_what_waits_is_said_once_and_what_is_under_way_may_be_said_again(
    jobs: Jobs, server: Server
) -> None:
    deliberations = Deliberations()
    for _ in range(3):
        await jobs.defer("one")
    assert await left(server, 1)
    async with at_work(jobs, deliberations):
        await deliberations.wait_for(lambda: deliberations.begun == ["one"])
        await jobs.defer("one")
        await deliberations.wait_for(lambda: deliberations.begun == ["one", "one"])
        deliberations.go_on.set()
        await eventually(partial(left, server))
    assert deliberations.done == ["one", "one"]


async def test_no_more_are_deliberated_at_once_than_was_said(jobs: Jobs) -> None:
    deliberations = Deliberations()
    for id in "abcdef":
        await jobs.defer(id)
    most = 0

    async def counted(id: str) -> None:
        nonlocal most
        most = max(most, deliberations.under_way.total() + 1)
        await deliberations(id)

    async with at_work(jobs, counted, at_once=2):
        await deliberations.wait_for(lambda: len(deliberations.begun) == 2)
        deliberations.go_on.set()
        await deliberations.wait_for(lambda: len(deliberations.done) == 6)
    assert most == 2
    assert deliberations.done == list("abcdef")


async def test_who_ends_gives_up_what_is_under_way_at_once(jobs: Jobs, server: Server) -> None:
    deliberations = Deliberations()
    await jobs.defer("one")
    async with at_work(jobs, deliberations):
        await deliberations.wait_for(lambda: deliberations.begun)
    assert deliberations.cancelled == ["one"]
    assert await left(server)
    # Somebody else is sent the same, and takes it.
    await jobs.defer("one")
    async with at_work(jobs, deliberations):
        deliberations.go_on.set()
        await deliberations.wait_for(lambda: deliberations.done == ["one"])


async def test_an_error_ends_one_alone_and_is_logged(
    jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    deliberations = Deliberations(a=StoreFailed("no room"), b=RuntimeError("a fault"))
    deliberations.go_on.set()
    async with at_work(jobs, deliberations, at_once=1):
        for id in "abc":
            await jobs.defer(id)
        await deliberations.wait_for(lambda: deliberations.done == ["c"])
    assert [
        (each.levelname, each.getMessage(), bool(each.exc_info)) for each in caplog.records
    ] == [
        ("WARNING", "a is not deliberated here: no room", False),
        ("ERROR", "b is not deliberated here", True),
    ]


async def test_daily_business_is_no_line_of_the_log(
    jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    deliberations = Deliberations()
    deliberations.go_on.set()
    async with at_work(jobs, deliberations):
        await jobs.defer("one")
        await deliberations.wait_for(lambda: deliberations.done)
    assert caplog.records == []


# Whoever dies

_WORKER = """
import asyncio, sys
from bot.store.postgres_jobs import Jobs
from bot.store.server import read_server

async def deliberate(id):
    print(id, flush=True)
    await asyncio.Event().wait()

async def main():
    async with Jobs.open(read_server(sys.argv[1]), time_scale=0.01) as jobs:
        await jobs.work(deliberate, at_once=5)

asyncio.run(main())
"""


@pytest.fixture
async def other(server: Server) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker in a process of its own, which never comes to an end with what it takes."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _WORKER, server.url),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    yield process
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def test_what_a_killed_worker_had_is_no_hindrance_and_is_tidied(
    jobs: Jobs, server: Server, other: asyncio.subprocess.Process
) -> None:
    assert other.stdout
    await jobs.defer("one")
    assert await other.stdout.readline() == b"one\n"
    other.kill()
    await other.wait()
    deliberations = Deliberations()
    deliberations.go_on.set()
    async with at_work(jobs, deliberations):
        await jobs.defer("one")
        await deliberations.wait_for(lambda: deliberations.done == ["one"])
        await eventually(partial(left, server, 1))
        await jobs.tidy()
        assert await left(server, 1)  # who knows whether that one lives
        sql = "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '11 minutes'"
        look(server, f"{sql} WHERE id = (SELECT worker_id FROM procrastinate_jobs) RETURNING id")
        await jobs.tidy()
        assert await left(server)
        # Who lives is none of those.
        await jobs.defer("two")
        await deliberations.wait_for(lambda: deliberations.done == ["one", "two"])


async def test_two_workers_share_what_waits(jobs: Jobs, other: asyncio.subprocess.Process) -> None:
    assert other.stdout
    deliberations = Deliberations()
    for n in range(10):
        await jobs.defer(str(n))
    async with at_work(jobs, deliberations, at_once=5):
        await deliberations.wait_for(lambda: len(deliberations.begun) == 5)
        theirs = [(await other.stdout.readline()).decode().strip() for _ in range(5)]
    assert sorted([*theirs, *deliberations.begun]) == [str(n) for n in range(10)]


# A server that is away


async def test_work_goes_on_over_a_server_that_starts_again(
    jobs: Jobs, server: Server, postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    """What is under way beside it, what is sent afterwards as before."""
    deliberations = Deliberations()
    async with at_work(jobs, deliberations):
        await jobs.defer("before")
        await deliberations.wait_for(lambda: deliberations.begun == ["before"])
        postgres.end(signal.SIGQUIT)
        await jobs.defer("meanwhile")  # which nobody hears
        postgres.start()
        await jobs.defer("after")
        await deliberations.wait_for(lambda: "after" in deliberations.begun)
        assert deliberations.cancelled == []
        deliberations.go_on.set()
        await eventually(partial(left, server))
    assert deliberations.done[0] == "before"
    assert {each.levelname for each in caplog.records} <= {"WARNING", "INFO"}
    assert not any(each.exc_info for each in caplog.records)
    assert "Workers are told later of what waits." in caplog.text
    assert PASSWORD not in caplog.text


async def test_who_ends_while_the_server_is_away_ends(
    jobs: Jobs, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs._pool, "timeout", 0.1)
    deliberations = Deliberations()
    try:
        async with at_work(jobs, deliberations):
            await jobs.defer("one")
            await deliberations.wait_for(lambda: deliberations.begun)
            postgres.end(signal.SIGQUIT)
        assert deliberations.cancelled == ["one"]
    finally:
        postgres.start()


async def test_few_connections_are_taken(jobs: Jobs, server: Server) -> None:
    """One to send; one or two more, one of which listens, to work."""
    sql = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'a test%'"
    deliberations = Deliberations()
    deliberations.go_on.set()
    await asyncio.gather(*(jobs.defer(str(n)) for n in range(50)))
    assert len(look(server, sql)) <= 2
    async with at_work(jobs, deliberations, at_once=50):
        await deliberations.wait_for(lambda: len(deliberations.done) == 50)
        assert len(look(server, sql)) <= 3


# Its tables


async def test_who_start_at_once_make_the_tables_once(postgres: Postgres) -> None:
    server = postgres.create()

    async def sent(id: str) -> None:
        async with Jobs.open(server) as jobs:
            await jobs.defer(id)

    await asyncio.gather(*(sent(id) for id in "abcd"))
    found = look(server, "SELECT args->>'id' FROM procrastinate_jobs ORDER BY 1")
    assert found == [("a",), ("b",), ("c",), ("d",)]


async def test_tables_of_another_version_are_made_anew(postgres: Postgres) -> None:
    server = postgres.create()
    async with Jobs.open(server) as jobs:
        await jobs.defer("old")
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("COMMENT ON SCHEMA council_jobs IS 'council:0'")
        connection.execute("DROP FUNCTION council_jobs.procrastinate_register_worker_v1")
    deliberations = Deliberations()
    deliberations.go_on.set()
    async with Jobs.open(server, time_scale=TIME_SCALE) as jobs, at_work(jobs, deliberations):
        await jobs.defer("new")
        await deliberations.wait_for(lambda: deliberations.done == ["new"])


async def test_a_worker_survives_tables_that_are_made_anew_under_it(
    jobs: Jobs, server: Server
) -> None:
    deliberations = Deliberations()
    deliberations.go_on.set()
    async with at_work(jobs, deliberations):
        await jobs.defer("old")
        await deliberations.wait_for(lambda: deliberations.done == ["old"])
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("COMMENT ON SCHEMA council_jobs IS 'council:0'")
        async with Jobs.open(server) as other:
            await other.defer("new")
            await deliberations.wait_for(lambda: "new" in deliberations.done)


async def test_a_schema_of_another_program_is_refused_and_left_alone(postgres: Postgres) -> None:
    server = postgres.create()
    with psycopg.connect(server.url, autocommit=True) as other:
        other.execute("CREATE SCHEMA council_jobs")
        other.execute("CREATE TABLE council_jobs.customers (name TEXT)")
        with pytest.raises(StoreFailed, match="a schema council_jobs of another program"):
            async with Jobs.open(server):
                pass
        tables = other.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'council_jobs'")
        assert tables.fetchall() == [("customers",)]
