"""Writes that share a commit, whatever database they are made in."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable
from functools import partial

import psycopg
import pytest

from bot.errors import StoreFailed
from bot.store.postgres_database import PostgresDatabase
from bot.store.server import Server
from bot.store.sqlite_database import SqliteDatabase
from bot.store.transactions import Check, Database, Do, Many, Statement, Transaction, change


@pytest.fixture
async def database(anywhere: str | Server) -> AsyncIterator[Database]:
    database: Database = (
        await PostgresDatabase.open(anywhere, holder="a test")
        if isinstance(anywhere, Server)
        else await SqliteDatabase.open(anywhere, holder="a test")
    )
    yield database
    await database.close()


async def set_note(database: Database, key: str, value: str) -> int:
    sql = "INSERT INTO notes (key, value) VALUES (?, ?)"
    return await database.write(lambda: change(sql, (key, value)))


async def test_a_refused_write_does_not_fail_those_beside_it(database: Database) -> None:
    keys = ["a", "b", "a", "c"]
    async with asyncio.TaskGroup() as group:
        writes = [group.create_task(_outcome(set_note(database, key, "x"))) for key in keys]
    assert [write.result() for write in writes] == [1, 1, "refused", 1]
    assert await database.read("SELECT key FROM notes ORDER BY key") == [("a",), ("b",), ("c",)]


async def _outcome(write: Awaitable[int]) -> int | str:
    try:
        return await write
    except StoreFailed:
        return "refused"


async def test_a_write_that_raises_is_undone_and_raises_at_its_caller(
    database: Database,
) -> None:
    def half() -> Transaction[None]:
        yield Statement("INSERT INTO notes VALUES ('half', 'done')")
        raise LookupError("changed its mind")

    with pytest.raises(LookupError, match="changed its mind"):
        await database.write(half)
    assert await database.read("SELECT * FROM notes") == []


async def test_a_statement_that_fails_is_named_without_its_values(database: Database) -> None:
    await set_note(database, "a", "x")
    with pytest.raises(StoreFailed) as caught:
        await set_note(database, "a", "secret")
    cause = caught.value.__cause__
    assert isinstance(cause, sqlite3.IntegrityError | psycopg.IntegrityError)
    assert cause.__notes__ == ["INSERT INTO notes (key, value) VALUES (?, ?)"]
    assert "secret" not in f"{caught.value}{cause}{caught.value.__context__}"


async def test_a_text_larger_than_what_a_connection_takes_at_once_is_kept(
    database: Database,
) -> None:
    await set_note(database, "a", "x" * 20_000_000)
    assert await database.read("SELECT length(value) FROM notes") == [(20_000_000,)]


async def test_writes_are_made_in_the_order_of_their_calls(database: Database) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(50):
            group.create_task(add_line(database, str(number)))
    assert await lines(database) == list(map(str, range(50)))


async def test_a_write_whose_caller_is_cancelled_is_made_all_the_same(
    database: Database,
) -> None:
    started = asyncio.Event()

    async def write() -> None:
        started.set()
        await add_line(database, "paid for")

    task = asyncio.create_task(write())
    await started.wait()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    await add_line(database, "next")
    assert await lines(database) == ["paid for", "next"]


async def test_a_write_sees_those_before_it_and_what_it_wrote(database: Database) -> None:
    """Also of its own commit, and whether or not it looked at what came of them."""

    def counted() -> Transaction[int]:
        yield Many("INSERT INTO feed (deliberation, what) VALUES (?, ?)", [("x", "a"), ("x", "b")])
        ((count,),) = yield Statement("SELECT count(*) FROM feed")
        return int(count)

    async with asyncio.TaskGroup() as group:
        writes = [group.create_task(database.write(counted)) for _ in range(5)]
    assert [write.result() for write in writes] == [2, 4, 6, 8, 10]


async def test_one_of_many_that_fails_undoes_its_write_and_no_other(database: Database) -> None:
    def twice() -> Transaction[int]:
        yield Many("INSERT INTO notes VALUES (?, 'x')", [("one",), ("two",), ("one",)])
        return 3

    async with asyncio.TaskGroup() as group:
        before = group.create_task(set_note(database, "before", "x"))
        failing = group.create_task(_outcome(database.write(twice)))
        after = group.create_task(set_note(database, "one", "x"))
    assert [before.result(), failing.result(), after.result()] == [1, "refused", 1]
    assert await database.read("SELECT key FROM notes ORDER BY key") == [("before",), ("one",)]


async def test_what_has_to_hold_and_does_not_undoes_its_write_and_no_other(
    database: Database,
) -> None:
    """Also what it told behind that, before anybody knew."""

    def checked(key: str, needs: str) -> Transaction[int]:
        asked = "SELECT 1 FROM notes WHERE key = ?"
        yield Check(asked, (needs,), lambda: LookupError(f"{needs} is missing"))
        yield Do("INSERT INTO notes VALUES (?, 'x')", (key,))
        return len(key)

    async with asyncio.TaskGroup() as group:
        first = group.create_task(set_note(database, "first", "x"))
        second = group.create_task(database.write(lambda: checked("second", "first")))
        refused = group.create_task(_refused(database.write(lambda: checked("third", "nothing"))))
        needy = group.create_task(_refused(database.write(lambda: checked("fourth", "third"))))
        last = group.create_task(database.write(lambda: checked("last", "second")))
    assert [first.result(), second.result(), last.result()] == [1, 6, 4]
    assert [refused.result(), needy.result()] == ["nothing is missing", "third is missing"]
    rows = await database.read("SELECT key FROM notes ORDER BY key")
    assert rows == [("first",), ("last",), ("second",)]
    assert await _refused(database.write(lambda: checked("alone", "nothing")))
    assert len(await database.read("SELECT key FROM notes")) == 3


async def test_what_stood_behind_a_statement_that_failed_can_be_made_later(
    database: Database,
) -> None:
    later = "INSERT INTO notes (value, key) VALUES (?, ?)"

    def failing() -> Transaction[int]:
        yield Do("INSERT INTO notes VALUES (?, ?)", ("a", "y"))
        yield Do(later, ("y", "b"))
        return 1

    await set_note(database, "a", "x")
    assert await _outcome(database.write(failing)) == "refused"
    assert await database.write(lambda: change(later, ("z", "c"))) == 1
    rows = await database.read("SELECT key, value FROM notes ORDER BY key")
    assert rows == [("a", "x"), ("c", "z")]


async def _refused(write: Awaitable[int]) -> str:
    try:
        return str(await write)
    except LookupError as error:
        return str(error)


async def test_a_write_that_is_refused_before_it_changed_anything_costs_others_nothing(
    database: Database,
) -> None:
    begun: list[str] = []

    def careful(key: str, most: int) -> Transaction[int]:
        begun.append(key)
        ((count,),) = yield Statement("SELECT count(*) FROM notes")
        if count >= most:
            raise LookupError("there are enough")
        return (yield from change("INSERT INTO notes VALUES (?, 'x')", (key,)))

    async with asyncio.TaskGroup() as group:
        for key in ("a", "b", "c"):
            group.create_task(_refused(database.write(partial(careful, key, 2))))
    assert begun == ["a", "b", "c"]
    assert await database.read("SELECT key FROM notes ORDER BY key") == [("a",), ("b",)]


async def test_rows_can_be_asked_for_before_any_of_them_is_looked_at(database: Database) -> None:
    await set_note(database, "a", "x")

    def asked() -> Transaction[list[int]]:
        before = yield Statement("SELECT key, value FROM notes")
        changed = yield Statement("UPDATE notes SET value = 'y'")
        yield Do("INSERT INTO notes VALUES ('b', 'z')")
        after = yield Statement("SELECT key, value FROM notes ORDER BY key")
        assert after[1] == ("b", "z")
        assert [*after, *before] == [("a", "y"), ("b", "z"), ("a", "x")]
        return [len(before), changed.rowcount, len(after)]

    assert await database.write(asked) == [1, 1, 2]


async def test_how_many_rows_a_statement_changed_is_known(database: Database) -> None:
    await set_note(database, "a", "x")
    await set_note(database, "b", "x")
    update = "UPDATE notes SET value = ?"
    assert await database.write(lambda: change(update, ("y",))) == 2
    assert await database.write(lambda: change(f"{update} WHERE key = ?", ("y", "c"))) == 0


async def test_texts_sort_by_their_code_points(database: Database) -> None:
    words = ["a", "B", "ä", "_", "Z", "\U0010ffff", "z", "-"]
    for word in words:
        await set_note(database, word, "x")
    rows = await database.read("SELECT key FROM notes ORDER BY key")
    assert [key for (key,) in rows] == sorted(words)


@pytest.mark.parametrize(
    "text", ["\0", "\ufdd0", "\ufdd0\0\ufdd01", "\ufdd00", "%s ? %% '", "\U0001f3c6"]
)
async def test_any_text_comes_back_and_is_found(database: Database, text: str) -> None:
    await set_note(database, text, f"a{text}b")
    rows = await database.read("SELECT key, value FROM notes WHERE key = ?", (text,))
    assert rows == [(text, f"a{text}b")]


async def test_sums_are_whole_numbers_means_are_not_and_bytes_are_bytes(database: Database) -> None:
    await database.write(
        lambda: change(
            "INSERT INTO spending (day, scope, spent_micros) VALUES ('a', 'x', ?), ('b', 'x', ?)",
            (2**60, 1),
        )
    )
    ((total,),) = await database.read("SELECT sum(spent_micros) FROM spending")
    assert (total, type(total)) == (2**60 + 1, int)
    ((mean,),) = await database.read(
        "SELECT avg(spent_micros) FROM spending WHERE spent_micros < 9"
    )
    assert (mean, type(mean)) == (1.0, float)
    await database.write(
        lambda: change("INSERT INTO publications VALUES ('p', 'c', ?, NULL)", (b"\0\xff",))
    )
    assert await database.read("SELECT rows FROM publications") == [(b"\0\xff",)]


async def test_a_closed_database_says_so(database: Database) -> None:
    await database.close()
    await database.close()
    with pytest.raises(StoreFailed, match="is closed"):
        await set_note(database, "a", "x")
    with pytest.raises(StoreFailed, match="is closed"):
        await database.read("SELECT 1")


async def add_line(database: Database, what: str) -> int:
    sql = "INSERT INTO feed (deliberation, what) VALUES ('one', ?)"
    return await database.write(lambda: change(sql, (what,)))


async def lines(database: Database) -> list[str]:
    """In the order in which they were made."""
    rows = await database.read("SELECT what FROM feed ORDER BY number")
    return [what for (what,) in rows]
