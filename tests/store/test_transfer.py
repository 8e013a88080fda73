"""A file's database copied into a server's: whole, or not there."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from bot.errors import StoreFailed, StoreLocked, StoreUnreachable
from bot.store.postgres_database import PostgresDatabase
from bot.store.postgres_transfer import open_target
from bot.store.server import Server
from bot.store.store import Store
from bot.store.tally import Tally
from bot.store.transfer import Progress, Transferred, transfer
from tests.fakes.channel import finished_case
from tests.fakes.postgres import PASSWORD, Postgres, connected
from tests.store.filling import fill
from tests.store.holding import held

Rows = dict[str, list[str]]


@pytest.fixture
def server(postgres: Postgres) -> Server:
    return postgres.emptied()


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A file with something in every table."""
    path = tmp_path / "council.db"
    await (await Store.open(path)).close()
    fill(path, Random(7))
    return path


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.transfer.BATCH_ROWS", 5)
    monkeypatch.setattr("bot.store.sqlite_transfer.BATCH_BYTES", 50_000)
    monkeypatch.setattr("bot.store.postgres_transfer.BATCH_ROWS", 5)


async def copied(path: Path, server: Server) -> Transferred:
    return await transfer(path, server, lambda _: None)


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    file = sqlite3.connect(path)
    try:
        with file:
            yield file
    finally:
        file.close()


def in_file(path: Path) -> Rows:
    """What each table holds, its rows told by their columns' names and in no order."""
    with opened(path) as file:
        names = [
            name for (name,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        return {name: _told(file.execute(f"SELECT * FROM {name}")) for name in names}


async def on_server(server: Server) -> Rows:
    """The same, as whoever uses the database reads it."""
    with connected(server) as connection:
        names = connection.execute(
            "SELECT table_name, string_agg(column_name, ', ') FROM information_schema.columns"
            " WHERE table_schema = 'council' AND column_name <> 'rowid' AND table_name <> 'schema_version'"
            " GROUP BY table_name"
        ).fetchall()
    database = await PostgresDatabase.open_for_reading(server)
    try:
        return {
            name: sorted(
                repr(dict(sorted(zip(columns.split(", "), row, strict=True))))
                for row in await database.read(f"SELECT {columns} FROM {name}")
            )
            for name, columns in names
        }
    finally:
        await database.close()


def _told(cursor: sqlite3.Cursor) -> list[str]:
    names = [name for name, *_ in cursor.description]
    return sorted(repr(dict(sorted(zip(names, row, strict=True)))) for row in cursor)


class Ended(Exception):
    """As a kill does: nothing is done any more."""


def ending_after(batches: int) -> Callable[[Progress], None]:
    left = batches

    def tell(step: Progress) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Ended

    return tell


# Nothing is lost


@pytest.mark.parametrize("seed", range(3))
async def test_every_row_of_every_table_comes_over_as_it_is(
    server: Server, tmp_path: Path, seed: int
) -> None:
    path = tmp_path / "any.db"
    await (await Store.open(path)).close()
    fill(path, Random(seed), rows=40)
    before = in_file(path)
    assert [
        name for name, rows in before.items() if len(rows) < 10 and name != "schema_version"
    ] == []

    done = await copied(path, server)

    assert done == Transferred(sum(map(len, before.values())), False, ())
    assert await on_server(server) == before
    assert in_file(path) == before


async def test_what_came_first_stays_before_what_came_next(path: Path, server: Server) -> None:
    await copied(path, server)
    with opened(path) as file, connected(server) as connection:
        ordered = _columns_named(connection, "rowid")
        assert len(ordered) >= 3
        for table, _ in ordered:
            sql = f"SELECT deliberation FROM {table} ORDER BY rowid"
            expected = [
                (id.replace("\ufdd0", "\ufdd01").replace("\0", "\ufdd00"),)
                for (id,) in file.execute(sql)
            ]
            assert connection.execute(sql.encode()).fetchall() == expected


async def test_whatever_is_added_is_numbered_behind_it(path: Path, server: Server) -> None:
    await copied(path, server)
    with opened(path) as file, connected(server) as connection:
        counted = _columns_named(connection, "rowid") + _columns_named(connection, "number")
        counters = 0
        for table, column in counted:
            sql = "SELECT nextval(pg_get_serial_sequence(%s, %s))"
            ((following,),) = connection.execute(sql, (table, column)).fetchall()
            if following is not None:
                ((largest,),) = file.execute(f"SELECT max({column}) FROM {table}")
                assert (table, following) == (table, largest + 1)
                counters += 1
        assert counters >= 7


def _columns_named(connection: psycopg.Connection, name: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'council' AND column_name = %s",
        (name,),
    ).fetchall()


async def test_a_copy_fires_no_trigger_and_leaves_each_as_it_is(path: Path, server: Server) -> None:
    await copied(path, server)
    with connected(server) as connection:
        sql = "SELECT DISTINCT tgenabled::TEXT FROM pg_trigger WHERE NOT tgisinternal"
        assert connection.execute(sql).fetchall() == [("O",)]


async def test_a_council_goes_on_where_the_file_s_was(tmp_path: Path, server: Server) -> None:
    store = await Store.open(tmp_path / "council.db")
    case = finished_case(1, text="**Rust.**")
    await store.create(case)
    await store.close()

    await copied(tmp_path / "council.db", server)

    store = await Store.open(server)
    assert await store.case(case.id) == case
    await store.create(finished_case(2, text="**Go.**"))
    newest = await store.newest()
    assert newest
    assert newest.id == finished_case(2).id
    await store.close()


# Broken off and gone on with


async def test_a_copy_goes_on_from_wherever_it_was_broken_off(path: Path, server: Server) -> None:
    before = in_file(path)
    broken_off = 0
    while await _is_broken_off(path, server, 1 + 9 * broken_off):
        broken_off += 1
        for read_only in (False, True):
            with pytest.raises(StoreFailed, match="part of a copy of a file"):
                await Store.open(server, read_only=read_only)
    assert broken_off > 10
    assert await on_server(server) == before


async def _is_broken_off(path: Path, server: Server, batches: int) -> bool:
    try:
        return bool((await transfer(path, server, ending_after(batches))).differing)
    except Ended:
        return True


async def test_what_was_copied_is_not_copied_again(path: Path, server: Server) -> None:
    with pytest.raises(Ended):
        await transfer(path, server, ending_after(30))
    first = _written_by(server, "deliberations")
    await copied(path, server)
    assert len(first) == len(in_file(path)["deliberations"])
    assert _written_by(server, "deliberations") == first


def _written_by(server: Server, table: str) -> list[tuple[Any, ...]]:
    """The transaction that each row is of."""
    with connected(server) as connection:
        return connection.execute(
            f"SELECT number, xmin FROM {table} ORDER BY number".encode()
        ).fetchall()


async def test_a_server_that_ends_meanwhile_costs_nothing_that_was_copied(
    path: Path, server: Server, postgres: Postgres
) -> None:
    batches = 0

    def crash(step: Progress) -> None:
        nonlocal batches
        batches += 1
        if batches == 20:
            postgres.end(signal.SIGQUIT)

    with pytest.raises(StoreUnreachable) as lost:
        await transfer(path, server, crash)
    postgres.start()
    assert PASSWORD not in str(lost.value)
    await copied(path, server)
    assert await on_server(server) == in_file(path)


async def test_a_disk_that_is_full_is_a_sentence_and_then_it_goes_on(
    path: Path, server: Server
) -> None:
    with pytest.raises(Ended):
        await transfer(path, server, ending_after(1))
    with connected(server) as connection:
        connection.execute(_FULL_DISK)
        connection.execute("ALTER TABLE calls ADD CONSTRAINT room CHECK (full_disk())")
        with pytest.raises(StoreFailed, match=r"disk of the database .* is full"):
            await copied(path, server)
        connection.execute("ALTER TABLE calls DROP CONSTRAINT room")
        connection.execute("DROP FUNCTION full_disk")
    await copied(path, server)
    assert await on_server(server) == in_file(path)


_FULL_DISK = """
CREATE FUNCTION full_disk() RETURNS BOOLEAN LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'disk_full';
END $$
"""


@pytest.mark.sampled(8)
@pytest.mark.parametrize("batches", [1, 20, 60, 100])
@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO feed (deliberation, what) VALUES ('new', 'asked')",
        "UPDATE deliberations SET delivered = 1 - delivered WHERE number = (SELECT min(number) FROM deliberations)",
        "DELETE FROM deliberations WHERE number = (SELECT max(number) FROM deliberations)",
        "DELETE FROM reactions WHERE rowid = 3",
        "UPDATE settings SET version = 99 WHERE rowid = 1",
        "DELETE FROM notes WHERE key <> 'event_secret'",
    ],
)
async def test_what_was_written_between_two_tries_is_copied(
    path: Path, server: Server, batches: int, change: str
) -> None:
    with pytest.raises(Ended):
        await transfer(path, server, ending_after(batches))
    with opened(path) as file:
        file.execute("PRAGMA foreign_keys = ON")
        assert file.execute(change).rowcount
    with opened(path) as file:
        file.execute("VACUUM")  # which numbers rows anew
    assert not (await copied(path, server)).differing
    assert await on_server(server) == in_file(path)


# Compared


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("calls", "UPDATE calls SET model = model || ' ' WHERE ctid = (SELECT min(ctid) FROM calls)"),
        ("attempts", "UPDATE attempts SET body = body || '\\x00' WHERE number = (SELECT max(number) FROM attempts WHERE body IS NOT NULL)"),
        ("attempts", "UPDATE attempts SET text_seconds = text_seconds * 1.0000000000000002 WHERE number = (SELECT max(number) FROM attempts WHERE text_seconds BETWEEN 0.05 AND 1e5)"),
        ("held", "UPDATE held SET thread = '' WHERE ctid = (SELECT min(ctid) FROM held WHERE thread IS NULL)"),
        ("feed", "DELETE FROM feed WHERE number = (SELECT min(number) FROM feed)"),
        ("seen_events", "INSERT INTO seen_events VALUES ('somebody else''s', '2026')"),
        ("posts", "UPDATE posts SET rowid = 1000 WHERE rowid = 1"),
        ("people", "UPDATE people SET answer = other.answer FROM people AS other WHERE people.answer <> other.answer"),
    ],
)  # fmt: skip
async def test_a_table_that_is_not_the_same_is_named_and_copied_anew(
    path: Path, server: Server, table: str, change: str
) -> None:
    def tamper(step: Progress) -> None:
        if step.doing == "copying" and step.done == step.of:
            with connected(server) as connection:
                assert connection.execute(change.encode()).rowcount

    assert (await transfer(path, server, tamper)).differing == (table,)
    with pytest.raises(StoreFailed, match="part of a copy of a file"):
        await Store.open(server)

    assert not (await copied(path, server)).differing
    assert await on_server(server) == in_file(path)


async def test_a_copy_that_is_there_is_compared_and_left_alone(path: Path, server: Server) -> None:
    first = await copied(path, server)
    written = _written_by(server, "feed")
    again = await copied(path, server)
    assert (again.rows, again.was_there, again.differing) == (first.rows, True, ())
    assert _written_by(server, "feed") == written
    with opened(path) as file:
        file.execute("DELETE FROM lessons")
    with pytest.raises(StoreFailed, match="one of the two was used: lessons differ"):
        await copied(path, server)


def test_a_sum_is_of_the_rows_and_not_of_their_order() -> None:
    rows: list[Any] = [
        (1, "a"),
        (2, None),
        (2, ""),
        (2, b""),
        (2, 0),
        (2, 0.0),
        (2, -0.0),
        ("2", 0),
    ]
    sums = [Tally().plus([row]) for row in rows]
    assert len(set(sums)) == len(rows)
    assert Tally().plus(rows) == Tally().plus(rows[4:]).plus(rows[:4])
    assert Tally().plus(rows) != Tally().plus([*rows, rows[0]])


# Refused


async def test_a_file_in_use_is_refused_with_who_uses_it(tmp_path: Path, server: Server) -> None:
    path = tmp_path / "used.db"
    async with held(str(path)):
        with pytest.raises(StoreLocked, match="in use by council serve, process"):
            await copied(path, server)


async def test_a_server_s_database_in_use_is_refused_with_who_uses_it(
    path: Path, server: Server
) -> None:
    async with held(server.url):
        with pytest.raises(
            StoreLocked, match=r"in use by council serve, process .* copy into another"
        ):
            await copied(path, server)


async def test_nobody_else_opens_either_meanwhile(path: Path, server: Server) -> None:
    """A process of its own, since the copy leaves this one no turn between its steps."""
    found: list[str] = []

    def look(step: Progress) -> None:
        if not found and step.done > 100:
            for place in (str(path), server.url):
                done = subprocess.run(
                    [sys.executable, "-c", _OPEN, place], capture_output=True, text=True, check=True
                )
                found.append(done.stdout)
            with (
                pytest.raises(StoreLocked, match="in use by council migrate, process"),
                open_target(server),
            ):
                pass

    await transfer(path, server, look)
    of_file, of_server = found
    assert "in use by council migrate, process" in of_file
    assert "part of a copy of a file" in of_server


_OPEN = """
import asyncio, sys
from bot.errors import StoreFailed
from bot.store.server import is_server, read_server
from bot.store.store import Store

[place] = sys.argv[1:]
try:
    asyncio.run(Store.open(read_server(place) if is_server(place) else place))
except StoreFailed as error:
    print(error)
"""


async def test_an_empty_start_of_a_council_is_no_obstacle(path: Path, server: Server) -> None:
    store = await Store.open(server)
    await store.set_note("retention", "30")
    await store.close()
    await copied(path, server)
    assert await on_server(server) == in_file(path)


async def test_a_database_with_questions_is_refused_and_left_alone(
    path: Path, server: Server
) -> None:
    store = await Store.open(server)
    await store.create(finished_case(1, text="**Rust.**"))
    await store.close()
    before = await on_server(server)
    with pytest.raises(StoreFailed, match=r"is not empty, .* Name an empty one"):
        await copied(path, server)
    assert await on_server(server) == before


async def test_half_a_copy_of_another_file_is_refused_and_left_alone(
    path: Path, server: Server, tmp_path: Path
) -> None:
    with pytest.raises(Ended):
        await transfer(path, server, ending_after(20))
    other = tmp_path / "other.db"
    await (await Store.open(other)).close()
    with pytest.raises(StoreFailed, match="part of a copy of another file"):
        await copied(other, server)
    await copied(path, server)
    assert await on_server(server) == in_file(path)


async def test_a_file_that_is_not_there_is_not_made(tmp_path: Path, server: Server) -> None:
    with pytest.raises(StoreFailed, match=r"There is no database .*council\.db yet"):
        await copied(tmp_path / "council.db", server)
    assert not (tmp_path / "council.db").exists()


async def test_a_newer_database_is_refused(path: Path, server: Server) -> None:
    with connected(server) as connection:
        connection.execute("UPDATE schema_version SET version = version + 900")
        with pytest.raises(StoreFailed, match=r"has version 9\d\d, .*Upgrade Council"):
            await copied(path, server)
        connection.execute("UPDATE schema_version SET version = version - 900")


async def test_a_text_that_is_none_is_refused_with_its_place_and_not_quoted(
    path: Path, server: Server
) -> None:
    with opened(path) as file:
        file.execute("UPDATE calls SET model = CAST(x'7365637265ff74' AS TEXT) WHERE rowid = 7")
    with pytest.raises(StoreFailed, match="no UTF-8") as refused:
        await copied(path, server)
    assert "calls.model of the row with the rowid 7." in str(refused.value)
    assert "secre" not in str(refused.value)
    with opened(path) as file:
        file.execute("UPDATE calls SET model = 'lab/a' WHERE rowid = 7")
    await copied(path, server)
    assert await on_server(server) == in_file(path)


async def test_a_row_that_a_server_does_not_take_is_named_and_not_quoted(
    path: Path, server: Server
) -> None:
    with opened(path) as file:
        file.execute(
            "INSERT INTO accounts (deliberation, term, day, scope) SELECT id, 1, '2026', ?"
            " FROM deliberations LIMIT 1",
            (Random(1).randbytes(9_000).hex(),),
        )
    with pytest.raises(StoreFailed, match=r"table accounts .*ProgramLimitExceeded") as refused:
        await copied(path, server)
    assert len(str(refused.value)) < 1_000
    with opened(path) as file:
        file.execute("DELETE FROM accounts WHERE length(scope) > 9000")
    await copied(path, server)
    assert await on_server(server) == in_file(path)


async def test_what_another_program_keeps_in_the_file_is_left_out_and_named(
    path: Path, server: Server
) -> None:
    with opened(path) as file:
        file.execute("CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY)")
    assert (await copied(path, server)).left_out == ("_litestream_seq",)
