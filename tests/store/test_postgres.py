"""What a database on a server has besides: many who write, connections that are lost, and its tables."""

import asyncio
import logging
import re
import signal
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psycopg
import pytest

from bot.bills import Bill
from bot.council import Council, Question
from bot.errors import StoreFailed, StoreUnreachable
from bot.records import Case
from bot.store import migrations, postgres_migrations
from bot.store.batches import Write
from bot.store.postgres_commits import Commits
from bot.store.postgres_database import PostgresDatabase
from bot.store.postgres_session import LOCKS, WRITING, Session
from bot.store.server import Server, is_server, read_server
from bot.store.store import Store
from bot.store.transactions import Statement, Transaction, change
from tests.fakes.cable import Cable, cable
from tests.fakes.postgres import EMPTIED, PASSWORD, Postgres, connected
from tests.fakes.watched import eventually
from tests.store.holding import held
from tests.store.tables import of_file, of_server

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def server(postgres: Postgres) -> Server:
    return postgres.emptied()


@pytest.fixture
async def database(server: Server) -> AsyncIterator[PostgresDatabase]:
    database = await PostgresDatabase.open(server, holder="a test", time_scale=0.01)
    yield database
    await database.close()


@pytest.fixture
async def holder(server: Server) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process with the database open for writing."""
    async with held(server.url) as process:
        yield process


@pytest.fixture
async def laid(postgres: Postgres) -> AsyncIterator[Cable]:
    async with cable(postgres.port) as laid:
        yield laid


@pytest.fixture
async def far(server: Server, laid: Cable, postgres: Postgres) -> AsyncIterator[PostgresDatabase]:
    """The database at the end of a cable."""
    url = server.url.replace(f":{postgres.port}/", f":{laid.port}/")
    database = await PostgresDatabase.open(Server(url), holder="a test", time_scale=0.01)
    yield database
    await database.close()


_ADDED = "INSERT INTO feed (deliberation, what) VALUES ('one', ?)"


async def add_line(database: PostgresDatabase, what: str) -> int:
    return await database.write(lambda: change(_ADDED, (what,)))


def _commits(server: Server) -> Commits:
    return Commits(Session(server, "a test", lambda *_: None))


async def lines(database: PostgresDatabase) -> list[str]:
    rows = await database.read("SELECT what FROM feed ORDER BY number")
    return [what for (what,) in rows]


# The address


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:secret@db.example/council",
        "postgres://db.example:5433/council",
        "postgresql://ann:se%2Fcr%40et@[::1]:5432/council?sslmode=require",
        "postgresql:///council?host=/run/postgresql",
    ],
)
def test_an_address_is_told_without_who_and_how(url: str) -> None:
    assert is_server(url)
    told = f"{read_server(url)} {read_server(url)!r}"
    assert not re.search("ann|se(%2F)?cr|sslmode", told)
    assert "council" in told


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:se@cret@db.example/council",
        "postgresql://ann:se/cr@et@db.example/council",
        "postgresql://ann:se#cret@db.example/council",
        "postgresql://ann:se?cret@db.example/council",
        "postgresql://ann:se cret@db.example/council",
        "postgresql:///council",
        "mysql://db.example/council",
        "POSTGRESQL://ann:secret@db.example/council",
        "postgresql+psycopg://ann:secret@db.example/council",
        "postgresql:/ann:secret@db.example/council",
        " postgresql://ann:secret@db.example/council",
        "host=db.example user=ann password=secret dbname=council",
    ],
)
def test_a_password_that_would_be_taken_for_something_else_is_refused(url: str) -> None:
    assert is_server(url)
    with pytest.raises(ValueError):  # noqa: PT011 - its text is the caller's
        read_server(url)


@pytest.mark.parametrize("path", ["council.db", "/srv/a@b/council.db", "C:/council.db", ":memory:"])
def test_a_path_is_no_address(path: str) -> None:
    assert not is_server(path)


# Who may write


async def test_two_processes_write_beside_each_other(
    server: Server, holder: asyncio.subprocess.Process
) -> None:
    store = await Store.open(server, holder="council ask")
    assert await store.note("holder") == "here"
    await store.set_note("holder", "here, too")
    assert await store.note("holder") == "here, too"
    assert holder.returncode is None
    await store.close()


async def test_what_others_have_under_way_is_left_alone_by_whoever_opens_it(server: Server) -> None:
    one = await Store.open(server)
    await one.create(Case(Question("one", "Why?", 7, NOW), Council(("a",), "a"), "cli"))
    journal = await one.begin("one")
    grant = await journal.attempt_started("answer", 0, 0, model="a", at=NOW, reserved_micros=900)
    await (await Store.open(server)).close()
    assert await one.spent(NOW.date()) == 0
    await journal.attempt_finished(
        *("answer", 0, 0, grant.n),
        at=NOW,
        failure=None,
        bill=Bill(1, 1, 500, 500),
        generation_id=None,
        first_text_seconds=None,
    )
    assert await one.spent(NOW.date()) == 500
    await one.close()


async def test_who_has_closed_it_can_open_it_again_at_once(server: Server) -> None:
    for _ in range(5):
        await (await Store.open(server, holder="council doctor")).close()


@pytest.mark.usefixtures("holder")
async def test_a_reader_opens_beside_a_writer_and_cannot_write(server: Server) -> None:
    reader = await Store.open(server, read_only=True)
    assert await reader.note("holder") == "here"
    with pytest.raises(StoreFailed, match="open for reading only"):
        await reader.set_note("a", "b")
    await reader.close()


async def test_not_even_a_read_writes(database: PostgresDatabase) -> None:
    with pytest.raises(StoreFailed):
        await database.read("DELETE FROM notes")


async def test_a_write_waits_for_another_that_writes(
    database: PostgresDatabase, postgres: Postgres
) -> None:
    with postgres.connect(EMPTIED) as other, other.transaction():
        other.execute(f"SELECT pg_advisory_xact_lock({LOCKS}, {WRITING})")
        waiting = asyncio.create_task(add_line(database, "second"))
        await eventually(partial(_waits, other))
        other.execute("INSERT INTO feed (deliberation, what) VALUES ('one', 'first')")
        assert not waiting.done()
    await waiting
    assert await lines(database) == ["first", "second"]


async def _waits(connection: psycopg.Connection) -> bool:
    found = connection.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
    return found.fetchone() is not None


async def test_a_server_keeps_no_more_statements_ready_than_it_should(
    database: PostgresDatabase,
) -> None:
    """Of lists there are as many as there are lengths."""

    def of_every_length() -> Transaction[list[int]]:
        found = []
        for length in (*range(1, 1_100), 1):
            marks = ", ".join("?" * length)
            sql = f"SELECT count(*) FROM notes WHERE key IN ({marks})"
            found.append((yield Statement(sql, ["a"] * length)))
        found.append((yield Statement("SELECT count(*) FROM pg_prepared_statements")))
        return [count for ((count,),) in found]

    *counts, ready = await database.write(of_every_length)
    assert counts == [0] * 1_100
    assert 900 < ready <= 1_000


# Connections that are lost


@pytest.mark.parametrize("how", ["sent", "answered"])
async def test_a_commit_on_a_cable_that_is_cut_is_made_once(
    far: PostgresDatabase, laid: Cable, how: str
) -> None:
    await add_line(far, "before")
    laid.cut_when(b"COMMIT", how)  # type: ignore[arg-type] # each of the two
    async with asyncio.TaskGroup() as group:
        for n in range(3):
            group.create_task(add_line(far, str(n)))
    assert laid.cuts == 1
    await add_line(far, "after")
    assert await lines(far) == ["before", "0", "1", "2", "after"]


async def test_what_a_crash_of_the_server_lost_is_made_again_whoever_commits_first(
    server: Server, laid: Cable, postgres: Postgres
) -> None:
    url = server.url.replace(f":{postgres.port}/", f":{laid.port}/")
    lost, other = (_commits(Server(each)) for each in (url, server.url))
    write = Write(lambda: change(_ADDED, ("lost",)))
    batch = [write]
    await asyncio.to_thread(lost.make, [Write(lambda: change(_ADDED, ("before",)))])
    laid.cut_when(b"COMMIT", "sent")
    await asyncio.to_thread(lost.make, batch)
    assert write.error is not None
    postgres.end(signal.SIGQUIT)
    postgres.start()
    await asyncio.to_thread(other.make, [Write(lambda: change(_ADDED, ("other",)))])
    await asyncio.to_thread(lost.make, batch)
    assert write.error is None
    with connected(server) as beside:
        rows = beside.execute("SELECT what FROM feed ORDER BY number").fetchall()
    assert [what for (what,) in rows] == ["before", "other", "lost"]
    lost.close()
    other.close()


async def test_what_a_write_of_a_lost_commit_raised_it_raises_all_the_same(
    far: PostgresDatabase, laid: Cable
) -> None:
    laid.cut_when(b"COMMIT", "answered")
    note = "INSERT INTO notes (key, value) VALUES ('a', 'x')"
    first = asyncio.create_task(far.write(lambda: change(note)))
    second = asyncio.create_task(far.write(lambda: change(note)))
    assert await first == 1
    with pytest.raises(StoreFailed, match="refused what was asked of it"):
        await second
    assert laid.cuts == 1


async def test_a_cable_that_is_cut_between_writes_is_not_noticed(
    far: PostgresDatabase, laid: Cable
) -> None:
    await add_line(far, "before")
    laid.cut()
    await add_line(far, "after")
    laid.cut()
    assert await lines(far) == ["before", "after"]


async def test_a_connection_that_the_server_still_keeps_holds_nothing_up(
    far: PostgresDatabase, laid: Cable, server: Server
) -> None:
    """In the middle of a transaction, whose lock everybody needs."""
    await add_line(far, "before")
    laid.cut_when(b"INSERT", "unnoticed")
    other = await PostgresDatabase.open(server, holder="another")
    await add_line(far, "after")
    assert laid.cuts == 1
    await add_line(other, "from elsewhere")
    assert await lines(far) == ["before", "after", "from elsewhere"]
    await other.close()


async def test_writes_and_reads_wait_for_a_server_that_starts_again(
    database: PostgresDatabase, postgres: Postgres
) -> None:
    database.pauses = (0.05,) * 1_000
    await add_line(database, "before")
    postgres.end(signal.SIGQUIT)
    waiting = asyncio.create_task(add_line(database, "after"))
    postgres.start()
    await waiting
    assert await lines(database) == ["before", "after"]


async def test_a_server_that_is_gone_is_a_sentence_without_the_password(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    gone = Server(re.sub(r":\d+/", ":1/", server.url))
    with pytest.raises(
        StoreUnreachable, match=r"127\.0\.0\.1:1/council_emptied .*refused"
    ) as refused:
        await Store.open(gone)
    wrong = Server(server.url.replace("%2Fword", "%2Fwords"))
    with pytest.raises(StoreFailed, match="password authentication failed") as denied:
        await Store.open(wrong)
    assert not isinstance(denied.value, StoreUnreachable)
    for each in (refused.value, denied.value):
        assert PASSWORD not in f"{each} {each!r} {each.__cause__} {each.__context__}"
        assert "127.0.0.1" not in each.public
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize(
    ("there", "elsewhere", "words"),
    [
        ("/council_emptied", "/nowhere", 'database "nowhere" does not exist'),
        ("council:", "nobody:", "password authentication failed"),
        ("p%40ss%2Fword", "", "no password supplied"),
        ("/council_emptied", "/council_emptied?sslmode=require", "does not support SSL"),
    ],
)
async def test_whom_a_server_turns_away_is_told_what_to_correct(
    server: Server, there: str, elsewhere: str, words: str
) -> None:
    with pytest.raises(StoreFailed, match=f"lets nobody in .*{words}.*Correct") as denied:
        await Store.open(Server(server.url.replace(there, elsewhere)))
    assert not isinstance(denied.value, StoreUnreachable)


# Its tables


async def test_a_reader_says_that_there_is_no_database_yet(postgres: Postgres) -> None:
    with pytest.raises(StoreFailed, match=r"There is no database .* yet"):
        await Store.open(postgres.create(), read_only=True)


async def test_a_schema_of_another_program_is_refused_and_left_alone(postgres: Postgres) -> None:
    server = postgres.create()
    with psycopg.connect(server.url, autocommit=True) as other:
        other.execute("CREATE SCHEMA council")
        other.execute("CREATE TABLE council.customers (name TEXT)")
        with pytest.raises(StoreFailed, match="a schema council of another program"):
            await Store.open(server)
        tables = other.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'council'")
        assert tables.fetchall() == [("customers",)]


async def test_a_newer_database_is_refused_with_both_versions(postgres: Postgres) -> None:
    server = postgres.create()
    await (await Store.open(server)).close()
    with psycopg.connect(server.url, autocommit=True) as other:
        other.execute("UPDATE council.schema_version SET version = 999")
    for read_only in (False, True):
        with pytest.raises(StoreFailed, match=r"has version 999, .* up to \d+\. Upgrade Council"):
            await Store.open(server, read_only=read_only)


async def test_two_that_start_at_once_make_the_tables_once(postgres: Postgres) -> None:
    server = postgres.create()
    with postgres.connect(server.url.rpartition("/")[2]) as one:
        await asyncio.gather(
            *(asyncio.to_thread(_migrated, server) for _ in range(4)),
        )
        assert one.execute("SELECT count(*) FROM schema_version").fetchall() == [(1,)]


def _migrated(server: Server) -> None:
    with psycopg.connect(
        server.url, autocommit=True, options="-c search_path=council"
    ) as connection:
        postgres_migrations.migrate(connection, server)


def test_every_step_is_written_for_both() -> None:
    ours, theirs = (
        [int(step.name[:4]) for step in sorted(folder.glob("*.sql"))]
        for folder in (postgres_migrations.SCHEMA, migrations.SCHEMA)
    )
    assert ours == list(range(ours[0], theirs[-1] + 1))


async def test_both_have_the_same_tables(
    server: Server, postgres: Postgres, tmp_path: Path
) -> None:
    await (await Store.open(tmp_path / "council.db")).close()
    with sqlite3.connect(tmp_path / "council.db") as file, postgres.connect(EMPTIED) as other:
        assert of_server(other) == of_file(file)


# Erasing


async def test_what_was_forgotten_is_in_no_file_of_a_table(
    server: Server, postgres: Postgres
) -> None:
    store = await Store.open(server)
    for id, text in (("one", "pineapple"), ("two", "olives")):
        question = Question(id, f"Is {text} a fruit?", 7, NOW)
        await store.create(Case(question, Council(("lab/a",), "lab/a"), "discord", "general"))
    await postgres.checkpoint()
    assert postgres.holds(b"pineapple")
    await store.forget_deliberation("one")
    assert await store.erase()
    await store.close()
    await postgres.checkpoint()
    assert postgres.holds(b"olives")
    assert not postgres.holds(b"pineapple")


async def test_a_table_that_somebody_holds_is_written_anew_later(
    server: Server, postgres: Postgres
) -> None:
    store = await Store.open(server)
    await store.create(Case(Question("one", "pineapple", 7, NOW), Council(("a",), "a"), "cli"))
    with postgres.connect(EMPTIED) as other, other.transaction():
        other.execute("LOCK TABLE calls IN ACCESS SHARE MODE")
        await store.forget_deliberation("one")
        assert not await store.erase()
    assert await store.erase()
    await store.close()
