"""The store's file and its transactions: opening, locking, migrating, committing together."""

import asyncio
import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiosqlite
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.council import Council, Earlier, Past, Question
from bot.errors import SettingsChanged, StoreFailed, StoreLocked
from bot.llm import ModelInfo
from bot.records import Case, PlatformName, Post, SettingsChange, Stop, StoredSettings
from bot.store import migrations
from bot.store.server import Server
from bot.store.sqlite_database import SqliteDatabase
from bot.store.store import Store
from bot.store.transactions import Statement, Transaction, change
from tests.store.holding import held

NOW = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
COUNCIL = Council(("lab/a", "lab/b"), "lab/c", criteria="Be right.")
HEADER_BYTES = 100


def case(id: str = "one", **changes: object) -> Case:
    question = Question(
        id, "Which is the best?", 7, NOW, "quoted", Past((Earlier("Before?", "Yes."),))
    )
    values: dict[str, object] = {"platform": "discord", "channel": "general", **changes}
    return Case(question, COUNCIL, **values)  # type: ignore[arg-type] # each test names its fields


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "council.db"


@pytest.fixture
async def store(anywhere: str | Path | Server) -> AsyncIterator[Store]:
    store = await Store.open(anywhere, holder="a test")
    yield store
    await store.close()


@pytest.fixture
async def database(path: Path) -> AsyncIterator[SqliteDatabase]:
    database = await SqliteDatabase.open(str(path), holder="a test")
    yield database
    await database.close()


@pytest.fixture
async def holder(path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process with the database open for writing."""
    async with held(str(path)) as process:
        yield process


async def set_note(database: SqliteDatabase, key: str, value: str) -> int:
    sql = "INSERT INTO notes (key, value) VALUES (?, ?)"
    return await database.write(lambda: change(sql, (key, value)))


async def rows(connection: aiosqlite.Connection, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await connection.execute_fetchall(sql)]


# Opening


async def test_what_was_written_is_there_after_reopening(path: Path) -> None:
    first = await Store.open(path, holder="a test")
    await first.create(case(thread="t", asker="ann", mention="m", address='{"to": 1}'))
    await first.close()
    second = await Store.open(path, holder="a test")
    found = await second.case("one")
    await second.close()
    assert found == case(thread="t", asker="ann", mention="m", address='{"to": 1}')


async def test_its_files_are_for_their_owner_alone(path: Path) -> None:
    umask = os.umask(0)
    try:
        store = await Store.open(path, holder="a test")
        await store.set_note("a", "b")
        modes = {
            file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.glob("council*")
        }
        await store.close()
    finally:
        os.umask(umask)
    assert modes == {
        "council.db": 0o600,
        "council.db-wal": 0o600,
        "council.db-shm": 0o600,
        "council.db.lock": 0o600,
    }


async def test_a_second_writer_is_told_who_holds_the_database(
    path: Path, holder: asyncio.subprocess.Process
) -> None:
    with pytest.raises(StoreLocked) as refused:
        await Store.open(path, holder="council ask")
    assert str(refused.value) == (
        f"The database {path} is in use by council serve, process {holder.pid}. "
        "Stop that one first, or set COUNCIL_DATABASE to another file."
    )


async def test_the_holder_named_is_the_last_one(path: Path) -> None:
    await (await Store.open(path, holder="council bench of a long name")).close()
    store = await Store.open(path, holder="chat")
    with pytest.raises(StoreLocked, match=rf"in use by chat, process {os.getpid()}\."):
        await Store.open(path, holder="council ask")
    await store.close()


async def test_a_killed_holder_holds_nothing(
    path: Path, holder: asyncio.subprocess.Process
) -> None:
    holder.kill()
    await holder.wait()
    store = await Store.open(path, holder="council ask")
    assert await store.note("holder") == "here"
    await store.close()


async def test_a_refused_writer_leaves_the_name_of_the_holder(
    path: Path, holder: asyncio.subprocess.Process
) -> None:
    for _ in range(2):
        with pytest.raises(StoreLocked, match=f"council serve, process {holder.pid}"):
            await Store.open(path, holder="council ask")


async def test_files_that_others_could_read_become_their_owners_alone(path: Path) -> None:
    await (await Store.open(path, holder="a test")).close()
    path.chmod(0o644)
    path.with_name("council.db-wal").touch()
    path.with_name("council.db-wal").chmod(0o644)
    store = await Store.open(path, holder="a test")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.glob("council*")}
    await store.close()
    assert set(modes.values()) == {0o600}


@pytest.mark.usefixtures("holder")
async def test_a_reader_opens_beside_a_writer(path: Path) -> None:
    reader = await Store.open(path, holder="council stats", read_only=True)
    assert await reader.note("holder") == "here"
    await reader.close()


async def test_a_reader_sees_what_is_written_after_it_opened(path: Path) -> None:
    writer = await Store.open(path, holder="a test")
    reader = await Store.open(path, read_only=True)
    await writer.create(case())
    assert await reader.case("one") == case()
    await reader.close()
    await writer.close()


async def test_a_reader_opens_where_nobody_writes(path: Path) -> None:
    await (await Store.open(path, holder="a test")).close()
    reader = await Store.open(path, read_only=True)
    assert await reader.case("one") is None
    await reader.close()


async def test_a_reader_cannot_write(path: Path) -> None:
    await (await Store.open(path, holder="a test")).close()
    reader = await Store.open(path, read_only=True)
    with pytest.raises(StoreFailed, match="open for reading only"):
        await reader.set_note("a", "b")
    await reader.close()


async def test_a_reader_says_that_there_is_no_database_yet(path: Path) -> None:
    with pytest.raises(StoreFailed, match=r"There is no database .*council\.db yet"):
        await Store.open(path, read_only=True)
    assert not path.exists()


async def test_a_missing_folder_is_named(path: Path) -> None:
    with pytest.raises(StoreFailed, match=f"There is no folder {path} for the database"):
        await Store.open(path / "council.db", holder="a test")


@pytest.mark.skipif(sys.platform != "linux", reason="/proc takes no files, not even from root")
async def test_a_folder_that_takes_no_files_is_a_sentence() -> None:
    with pytest.raises(StoreFailed, match=r"/proc/council.db cannot be written\. Check the perm"):
        await Store.open("/proc/council.db", holder="a test")


async def test_a_folder_in_place_of_the_file_is_a_sentence(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StoreFailed, match="cannot be written"):
        await Store.open(path, holder="a test")
    with pytest.raises(StoreFailed, match="cannot be read"):
        await Store.open(path, read_only=True)


async def test_a_file_of_another_kind_is_refused_and_left_alone(path: Path) -> None:
    path.write_text("Dear diary, " * 1000)
    with pytest.raises(StoreFailed, match="is not a SQLite database"):
        await Store.open(path, holder="a test")
    assert path.read_text() == "Dear diary, " * 1000


async def test_a_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE customers (name TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreFailed, match="is a database of another program"):
        await Store.open(path, holder="a test")
    assert path.read_bytes() == before


async def test_a_text_that_is_none_is_refused_and_not_quoted(path: Path) -> None:
    store = await Store.open(path)
    await store.set_note("key", "a value")
    with sqlite3.connect(path) as other:
        other.execute("UPDATE notes SET value = CAST(x'7365637265ff74' AS TEXT)")
    other.close()
    with pytest.raises(StoreFailed, match="Could not decode to UTF-8") as refused:
        await store.note("key")
    assert "secre" not in str(refused.value)
    await store.close()


async def test_a_damaged_database_is_a_sentence(path: Path) -> None:
    store = await Store.open(path, holder="a test")
    await store.close()
    content = path.read_bytes()
    path.write_bytes(content[:HEADER_BYTES] + b"\xff" * (len(content) - HEADER_BYTES))
    with pytest.raises(StoreFailed, match=r"is damaged\. Restore a backup"):
        await Store.open(path, holder="a test")


async def test_a_newer_database_is_refused_with_both_versions(path: Path) -> None:
    await (await Store.open(path, holder="a test")).close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 999")
    newer.close()
    with pytest.raises(StoreFailed, match=r"has version 999, .* up to \d+\. Upgrade Council"):
        await Store.open(path, holder="a test")
    with pytest.raises(StoreFailed, match=r"has version 999, .* up to \d+\. Upgrade Council"):
        await Store.open(path, read_only=True)


async def test_a_refused_database_is_not_kept_locked(path: Path) -> None:
    path.write_text("Dear diary, " * 1000)
    with pytest.raises(StoreFailed):
        await Store.open(path, holder="a test")
    path.unlink()
    store = await Store.open(path, holder="a test")
    await store.close()


async def test_a_closed_store_says_so(path: Path) -> None:
    store = await Store.open(path, holder="a test")
    await store.close()
    await store.close()
    with pytest.raises(StoreFailed, match="is closed"):
        await store.set_note("a", "b")
    with pytest.raises(StoreFailed, match="is closed"):
        await store.note("a")


# Migrations


async def test_a_database_of_version_1_is_read_today(path: Path) -> None:
    """As version 1 wrote it, in literal SQL: later migrations must keep this readable."""
    old = sqlite3.connect(path)
    old.executescript((migrations.SCHEMA / "0001_council.sql").read_text())
    old.execute("PRAGMA user_version = 1")
    old.execute(
        "INSERT INTO deliberations (id, platform, channel, address, asked_at, question, council,"
        " status) VALUES ('one', 'discord', 'general', '', '2026-11-20T12:00:00.123456+00:00',"
        """ '{"id":"one","text":"Which is the best?","seed":7,"""
        """"asked_at":"2026-11-20T12:00:00.123456Z","quoted":"quoted","""
        """"earlier":{"question":"Before?","verdict":"Yes."}}',"""
        """ '{"members":["lab/a","lab/b"],"chairman":"lab/c","criteria":"Be right."}',"""
        " 'running')"
    )
    old.execute("INSERT INTO notes VALUES ('a', 'b')")
    old.commit()
    old.close()
    store = await Store.open(path, holder="a test")
    assert await store.case("one") == replace(case(), question=replace(case().question, past=None))
    assert await store.note("a") == "b"
    await store.close()


async def test_only_missing_steps_are_run_and_counted(tmp_path: Path) -> None:
    schema = tmp_path / "schema"
    shutil.copytree(migrations.SCHEMA, schema)
    number = len(list(schema.iterdir())) + 1
    async with aiosqlite.connect(tmp_path / "x.db", isolation_level=None) as connection:
        await migrations.migrate(connection, "x.db", schema=schema)
        await connection.execute_fetchall("INSERT INTO notes VALUES ('kept', 'yes')")
        step = schema / f"{number:04}_more.sql"
        step.write_text("ALTER TABLE notes ADD COLUMN more TEXT DEFAULT 'new';")
        await migrations.migrate(connection, "x.db", schema=schema)
        await migrations.migrate(connection, "x.db", schema=schema)
        assert await rows(connection, "SELECT * FROM notes") == [("kept", "yes", "new")]
        assert await rows(connection, "PRAGMA user_version") == [(number,)]


async def test_a_step_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    schema = tmp_path / "schema"
    shutil.copytree(migrations.SCHEMA, schema)
    number = len(list(schema.iterdir()))
    (schema / f"{number + 1:04}_bad.sql").write_text(
        "ALTER TABLE notes ADD COLUMN more TEXT; INSERT INTO nowhere VALUES (1);"
    )
    async with aiosqlite.connect(tmp_path / "x.db", isolation_level=None) as connection:
        with pytest.raises(sqlite3.OperationalError, match="no such table: nowhere"):
            await migrations.migrate(connection, "x.db", schema=schema)
        assert await rows(connection, "PRAGMA user_version") == [(number,)]
        assert await rows(connection, "SELECT * FROM notes") == []
        await connection.execute_fetchall("INSERT INTO notes VALUES ('of two', 'columns')")


# Committing together


async def test_lists_may_be_longer_than_a_statement_takes_parameters(store: Store) -> None:
    assert await store.summary_texts([str(number) for number in range(70_000)]) == {}


async def test_writes_that_wait_share_a_commit(database: SqliteDatabase, path: Path) -> None:
    wal = path.with_name("council.db-wal")
    before = wal.stat().st_size
    async with asyncio.TaskGroup() as group:
        for number in range(500):
            group.create_task(set_note(database, str(number), "x"))
    # Each commit of its own would append at least one page of 4,096 bytes per write.
    assert wal.stat().st_size - before < 100 * 4_096


class Stumbles:
    """A write that meets an error of SQLite's so many times."""

    def __init__(self, code: int, times: int) -> None:
        self.code, self.times = code, times

    def __call__(self) -> Transaction[None]:
        yield Statement("INSERT INTO notes VALUES ('stumbled', 'x')")
        if self.times:
            self.times -= 1
            error = sqlite3.OperationalError("a fault of the disk")
            error.sqlite_errorcode = self.code
            raise error


PASSING = [
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_BUSY_SNAPSHOT,
]


@pytest.mark.parametrize("code", PASSING)
async def test_a_write_that_meets_a_passing_fault_is_made_again(
    database: SqliteDatabase, code: int
) -> None:
    database.pauses = (0.0, 0.0, 0.0)
    async with asyncio.TaskGroup() as group:
        group.create_task(set_note(database, "before", "x"))
        group.create_task(database.write(Stumbles(code, 3)))
        group.create_task(set_note(database, "after", "x"))
    assert await database.read("SELECT key FROM notes ORDER BY rowid") == [
        ("before",),
        ("stumbled",),
        ("after",),
    ]


async def test_a_fault_that_does_not_pass_is_told_where_strangers_read_without_the_path(
    database: SqliteDatabase, path: Path
) -> None:
    database.pauses = (0.0,)
    for code in (*PASSING, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_READONLY):
        with pytest.raises(StoreFailed) as caught:
            await database.write(Stumbles(code, 2))
        assert str(path) in str(caught.value)
        assert str(path.parent) not in caught.value.public
        assert "Try again" in caught.value.public
    await set_note(database, "later", "x")


async def test_after_waiting_in_vain_nobody_waits_as_long_again(database: SqliteDatabase) -> None:
    database.pauses = (0.0,) * 5
    for tries in (6, 2, 2):
        stumbles = Stumbles(sqlite3.SQLITE_FULL, 100)
        with pytest.raises(StoreFailed):
            await database.write(stumbles)
        assert 100 - stumbles.times == tries
    await set_note(database, "room again", "x")
    stumbles = Stumbles(sqlite3.SQLITE_FULL, 5)
    await database.write(stumbles)
    assert stumbles.times == 0


async def test_a_lock_of_another_program_is_waited_for(
    database: SqliteDatabase, path: Path
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await database.read("PRAGMA busy_timeout = 0")
    database.pauses = (0.01,) * 1_000
    waiting = asyncio.create_task(set_note(database, "waiting", "x"))
    await asyncio.wait({waiting}, timeout=0.05)
    assert not waiting.done()
    other.close()
    assert await waiting == 1


async def test_a_full_disk_fails_every_write_of_the_commit_and_none_later(
    database: SqliteDatabase,
) -> None:
    database.pauses = (0.0, 0.0)
    ((pages,),) = await database.read("PRAGMA page_count")
    await database.read(f"PRAGMA max_page_count = {pages}")
    async with asyncio.TaskGroup() as group:
        small = group.create_task(_failure(set_note(database, "small", "x")))
        large = group.create_task(_failure(set_note(database, "large", "x" * 100_000)))
    sentence = r"The disk with the database .* is full\. Make room and try again\."
    for failure in (small.result(), large.result()):
        with pytest.raises(StoreFailed, match=sentence):
            raise failure
    await database.read(f"PRAGMA max_page_count = {pages + 1_000}")
    await set_note(database, "later", "x")
    assert await database.read("SELECT key FROM notes") == [("later",)]


async def _failure(write: Awaitable[int]) -> StoreFailed:
    with pytest.raises(StoreFailed) as caught:
        await write
    return caught.value


async def test_closing_commits_what_waits(path: Path) -> None:
    store = await Store.open(path, holder="a test")
    async with asyncio.TaskGroup() as group:
        group.create_task(store.set_note("first", "x"))
        for _ in range(3):
            await asyncio.sleep(0)  # the first is being committed, the second will wait
        group.create_task(store.set_note("second", "x"))
        group.create_task(store.close())
    reader = await Store.open(path, read_only=True)
    assert [await reader.note("first"), await reader.note("second")] == ["x", "x"]
    await reader.close()


# Cases


async def test_a_repeated_mention_is_refused_and_nothing_written(store: Store) -> None:
    assert await store.create(case("one", mention="event 1")) is True
    assert await store.create(case("two", mention="event 1")) is False
    assert await store.create(case("one", mention="event 2")) is False
    assert await store.case("two") is None
    assert await store.create(case("three")) is True
    assert await store.create(case("four")) is True


async def test_unfinished_cases_come_oldest_first_and_by_platform(store: Store) -> None:
    for id, platform in [("b", "slack"), ("a", "slack"), ("c", "discord")]:
        await store.create(case(id, platform=platform))
    assert [c.id for c in await store.unfinished("slack")] == ["b", "a"]


async def test_the_newest_running_case_of_the_same_question_and_mode_is_found(
    store: Store,
) -> None:
    for id in ("old", "new"):
        await store.create(case(id, platform="cli"))

    async def found(
        text: str = "Which is the best?",
        *,
        platform: PlatformName = "cli",
        mode: str = "council",
        since: datetime = NOW,
        quoted: str = "quoted",
    ) -> str | None:
        case = await store.unfinished_question(platform, text, mode, since, quoted=quoted)
        return case.question.id if case else None

    assert await found() == "new"
    assert await found(mode="other") is None
    assert await found(quoted="") is None
    assert await found("Another?") is None
    assert await found(platform="slack") is None
    assert await found(since=NOW + timedelta(microseconds=1)) is None


async def test_a_case_is_found_by_its_mention(store: Store) -> None:
    await store.create(case("one", mention="event 1"))
    assert await store.case_of_mention("event 1") == case("one", mention="event 1")
    assert await store.case_of_mention("event 2") is None


async def test_active_places_are_told_once(store: Store) -> None:
    for id, thread in [("a", "t"), ("b", "t"), ("c", None)]:
        await store.create(case(id, thread=thread))
    await store.create(case("d", platform="slack", workspace="team"))
    await store.create(case("e", channel=None))
    assert set(await store.active_places("discord", NOW)) == {
        ("", "general", "t"),
        ("", "general", None),
    }
    assert await store.active_places("slack", NOW) == (("team", "general", None),)
    assert await store.active_places("discord", NOW + timedelta(seconds=1)) == ()


@given(st.text())
def test_any_text_that_can_be_shown_survives(text: str) -> None:
    asked = Case(Question("one", text, 1, NOW), COUNCIL, "terminal", address=text)

    async def through_the_store() -> Case | None:
        store = await Store.open(":memory:", holder="a test")
        try:
            await store.create(asked)
            return await store.case("one")
        finally:
            await store.close()

    assert asyncio.run(through_the_store()) == asked


# Posts


async def test_a_claimed_post_is_recognised_and_not_claimed_again(store: Store) -> None:
    await store.create(case())
    assert await store.claim_post("one", "discord", "headline", 0) == Post(
        "one", "headline", 0, "discord"
    )
    await store.confirm_post("one", "headline", 0, "123", "digest")
    known = Post("one", "headline", 0, "discord", "123", "digest")
    assert await store.claim_post("one", "discord", "headline", 0) == known
    assert await store.posts("one") == (known,)
    assert await store.post_by_id("discord", "123") == known
    assert await store.post_by_id("slack", "123") is None


async def test_a_deleted_post_stays_deleted(store: Store) -> None:
    await store.create(case())
    await store.claim_post("one", "discord", "answer:A", 1)
    await store.confirm_post("one", "answer:A", 1, "5", "old")
    await store.mark_deleted("discord", "5")
    await store.confirm_post("one", "answer:A", 1, "5", "new")
    assert await store.posts("one") == (
        Post("one", "answer:A", 1, "discord", "5", "new", deleted=True),
    )


async def test_recent_posts_are_first_parts_that_are_there(store: Store) -> None:
    await store.create(case())
    for number, (key, part) in enumerate([("headline", 0), ("answer:A", 0), ("answer:A", 1)]):
        await store.claim_post("one", "discord", key, part)
        await store.confirm_post("one", key, part, str(number), None)
    await store.claim_post("one", "discord", "ranking", 0)
    await store.mark_deleted("discord", "0")
    assert await store.recent_posts("discord", NOW) == (Post("one", "answer:A", 0, "discord", "1"),)
    assert await store.recent_posts("discord", NOW + timedelta(seconds=1)) == ()
    assert await store.recent_posts("slack", NOW) == ()


async def test_posts_belong_to_a_deliberation(store: Store) -> None:
    with pytest.raises(StoreFailed):
        await store.claim_post("nobody's", "discord", "headline", 0)


# Settings


async def _save(store: Store, seen: int, values: dict[str, str], who: str = "ann") -> None:
    await store.save_settings(
        *("slack", "team", "general"),
        seen_version=seen,
        values=values,
        person=who,
        at=NOW,
        what=f"{who} was here",
    )


async def test_a_channel_that_changed_nothing_has_version_0(store: Store) -> None:
    assert await store.settings("slack", "team", "general") == StoredSettings(0, {})


async def test_a_change_replaces_the_values_and_counts_up(store: Store) -> None:
    await _save(store, 0, {"mode": "fast", "criteria": "Schönheit 🏆"})
    await _save(store, 1, {"criteria": "Schönheit 🏆"})
    assert await store.settings("slack", "team", "general") == StoredSettings(
        2, {"criteria": "Schönheit 🏆"}
    )
    assert await store.settings("slack", "team", "random") == StoredSettings(0, {})
    assert await store.settings("slack", None, "general") == StoredSettings(0, {})


async def test_of_two_changes_at_once_the_second_is_refused_and_not_audited(store: Store) -> None:
    outcomes: list[str] = []

    async def change(who: str) -> None:
        try:
            await _save(store, 0, {"mode": who}, who)
        except SettingsChanged as error:
            outcomes.append(str(error))

    async with asyncio.TaskGroup() as group:
        group.create_task(change("ann"))
        group.create_task(change("bob"))
    assert outcomes == [
        "Somebody else changed this channel's settings in the meantime. "
        "Look at them again and repeat your change."
    ]
    assert await store.settings("slack", "team", "general") == StoredSettings(1, {"mode": "ann"})
    assert await store.audit("slack", "team", "general") == (
        SettingsChange(1, {"mode": "ann"}, "ann", NOW, "ann was here"),
    )


async def test_the_audit_is_newest_first_and_limited(store: Store) -> None:
    for version in range(3):
        await _save(store, version, {"mode": str(version)})
    changes = await store.audit("slack", "team", "general", limit=2)
    assert [change.version for change in changes] == [3, 2]


# Notes


async def test_an_event_outlives_the_question_it_brought_without_saying_what_it_was(
    store: Store, path: Path
) -> None:
    assert await store.create(case("one", mention="event-1"))
    assert not await store.create(case("again", mention="event-1"))
    await store.refuse("event-2", NOW)
    assert [await store.taken(f"event-{n}") for n in (1, 2, 3)] == [True, False, False]
    assert [await store.handled(f"event-{n}") for n in (1, 2, 3)] == [True, True, False]

    await store.forget_deliberation("one")

    assert await store.taken("event-1")
    assert not await store.create(case("again", mention="event-1"))
    files = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    assert b"event-1" not in files


async def test_an_event_of_long_ago_is_dropped(store: Store) -> None:
    await store.refuse("old", NOW)
    await store.refuse("new", NOW + timedelta(days=40))
    await store.drop_old_events(NOW + timedelta(days=40))
    assert [await store.handled(each) for each in ("old", "new")] == [False, True]


async def test_no_more_events_are_kept_than_so_many(store: Store) -> None:
    for n in range(5):
        await store.refuse(f"event-{n}", NOW + timedelta(seconds=n))
    await store.seen("slack:joined:C1", NOW)
    await store.drop_old_events(NOW, most=9)
    assert await store.handled("event-0")
    await store.drop_old_events(NOW, most=2)
    assert [await store.handled(f"event-{n}") for n in range(5)] == [False] * 3 + [True] * 2
    assert not await store.seen("slack:joined:C1", NOW)


async def test_of_what_was_heard_only_the_places_that_were_joined_are_kept(store: Store) -> None:
    for key in ("slack:event:Ev1", "slack:joined:C1", "discord:joined:42", "message:7:answered"):
        await store.seen(key, NOW)
    await store.drop_old_events(NOW + timedelta(days=31))
    heard = ("slack:event:Ev1", "slack:joined:C1", "discord:joined:42", "message:7:answered")
    assert [await store.seen(key, NOW) for key in heard] == [True, False, False, True]


async def test_old_lines_of_the_journal_go_and_the_next_are_counted_on(store: Store) -> None:
    for id in ("one", "two"):
        await store.create(case(id))
        await (await store.begin(id)).stop(Stop("person", NOW, "ann"))
    lines, cursor = await store.journal_since(0)
    assert len(lines) == 2
    assert cursor == await store.journal_end()
    await store.drop_old_lines(datetime.now(UTC))
    assert len((await store.journal_since(0))[0]) == 2

    await store.drop_old_lines(datetime.now(UTC) + timedelta(days=31))

    assert [line.deliberation for line in (await store.journal_since(0))[0]] == ["two"]
    await store.create(case("three"))
    await (await store.begin("three")).stop(Stop("person", NOW, "ann"))
    assert [line.deliberation for line in (await store.journal_since(cursor))[0]] == ["three"]


async def test_no_more_lines_of_the_journal_are_kept_than_so_many(store: Store) -> None:
    for n in range(4):
        await store.create(case(str(n)))
        await (await store.begin(str(n))).stop(Stop("person", NOW, "ann"))
    await store.drop_old_lines(datetime.now(UTC), most=9)
    assert len((await store.journal_since(0))[0]) == 4
    await store.drop_old_lines(datetime.now(UTC), most=2)
    assert [line.deliberation for line in (await store.journal_since(0))[0]] == ["2", "3"]


async def test_an_event_that_cannot_be_noted_is_new_once_all_the_same(store: Store) -> None:
    await store.close()
    assert [await store.seen("event", NOW) for _ in range(3)] == [True, False, False]


async def test_an_event_is_new_once(store: Store) -> None:
    assert await store.seen("event", NOW) is True
    assert await store.seen("event", NOW) is False
    assert await store.seen("another", NOW) is True


async def test_a_note_is_replaced(store: Store) -> None:
    assert await store.note("run") is None
    await store.set_note("run", "1")
    await store.set_note("run", "2")
    assert await store.note("run") == "2"


async def test_the_catalogue_of_an_endpoint_is_replaced_as_a_whole(store: Store) -> None:
    new = (ModelInfo("lab/b", "B", 128_000, None, 0.25, 1.5, 1_700_000_000),)
    assert await store.cached_models("default") is None
    await store.save_models("default", [ModelInfo("lab/a")], NOW)
    await store.save_models("default", new, NOW + timedelta(hours=1))
    assert await store.cached_models("default") == (new, NOW + timedelta(hours=1))
    assert await store.cached_models("ollama") is None
