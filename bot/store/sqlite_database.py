"""One SQLite connection in a thread of its own: single reads, and writes that share a commit.

Knows files, transactions and what can go wrong with them, but no table.

Whatever goes wrong, "whole": the database is undamaged.
"""

import asyncio
import os
import re
import sqlite3
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import aiosqlite

from bot.errors import StoreFailed
from bot.language import N_, _
from bot.store import files, migrations
from bot.store.batches import UNUSABLE, Batches, Write
from bot.store.transactions import Check, Many, Ring, Row, Rows, Step, Transaction

T = TypeVar("T")

MEMORY = ":memory:"

_READS_AGAIN = 4

# How long a statement waits for another program's lock.
_BUSY_MILLISECONDS = 5_000

# A reader's transaction takes milliseconds, as a rule.
_READERS_PATIENCE = (0.01, 0.05, 0.1, 0.25, 0.5)


def _make(connection: sqlite3.Connection, write: Write[Any]) -> None:
    """In SQLite's thread, inside the transaction of the batch."""
    write.error = None
    connection.execute("SAVEPOINT one_write")
    try:
        write.value = _run(connection, write.begin())
    except sqlite3.OperationalError:
        raise  # such as a full disk, which ends the transaction for all
    except Exception as error:
        connection.execute("ROLLBACK TO one_write")
        write.error = error
    connection.execute("RELEASE one_write")


def _run(connection: sqlite3.Connection, transaction: Transaction[T]) -> T:
    try:
        statement = next(transaction)
        while True:
            statement = transaction.send(_rows(connection, statement))
    except StopIteration as end:
        value: T = end.value
        return value


def _rows(connection: sqlite3.Connection, statement: Step) -> Rows:
    if isinstance(statement, Ring):
        return Rows()
    try:
        if isinstance(statement, Many):
            cursor = connection.executemany(*statement)
        else:
            cursor = connection.execute(statement.sql, statement.parameters)
        rows = cursor.fetchall()
    except sqlite3.Error as error:
        error.add_note(statement.sql)  # the traceback knows only this line
        raise
    if isinstance(statement, Check) and not rows:
        raise statement.otherwise()
    return Rows(rows, cursor.rowcount)


class GroupCommit(sqlite3.Connection):
    """A connection whose `commit` makes every write of `batch` in one transaction.

    aiosqlite sends each statement to its thread and back, which costs some forty times the
    statement (88 µs against 2 µs, measured). This way a whole batch crosses over once.
    """

    def __init__(self, batch: list[Write[Any]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._batch = batch

    def commit(self) -> None:
        """Never raises: what went wrong is in the writes."""
        try:
            self.execute("BEGIN IMMEDIATE")
            for write in self._batch:
                _make(self, write)
            self.execute("COMMIT")
        except Exception as error:
            with suppress(sqlite3.Error):  # SQLite has rolled back by itself after some errors
                if self.in_transaction:
                    self.execute("ROLLBACK")
            for write in self._batch:
                write.error = error


class SqliteDatabase(Batches):
    """An open file, as `Database` says. Made by `open`; `close` it."""

    def __init__(
        self,
        path: str,
        connection: aiosqlite.Connection,
        batch: list[Write[Any]],
        *,
        lock: int | None = None,
        time_scale: float = 1.0,
    ) -> None:
        super().__init__(path, time_scale=time_scale)
        self._path = path
        self._connection = connection
        self._batch = batch  # of the connection, too
        self._lock = lock

    @classmethod
    async def open(cls, path: str, *, holder: str, time_scale: float = 1.0) -> "SqliteDatabase":
        """Open for reading and writing, creating and migrating as needed.

        Raises `StoreLocked` where another process writes to it, and `StoreFailed`.
        """
        lock = None if path == MEMORY else files.prepare(path, holder)
        batch: list[Write[Any]] = []
        try:
            connection = await _connect(path, "rw", batch)
        except BaseException:
            _release(lock)
            raise
        return cls(path, connection, batch, lock=lock, time_scale=time_scale)

    @classmethod
    async def open_for_reading(cls, path: str) -> "SqliteDatabase":
        """Open beside whoever writes. Raises `StoreFailed`."""
        files.check_readable(path)
        batch: list[Write[Any]] = []
        return _ReadOnly(path, await _connect(path, "ro", batch), batch)

    async def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        for pause in (*self.pauses[:_READS_AGAIN], None):
            self._require_open()
            try:
                rows = await self._connection.execute_fetchall(sql, parameters)
            except sqlite3.Error as error:
                if pause is None or not self._may_pass(error):
                    raise failed(self._path, error) from error
                await asyncio.sleep(pause)
            else:
                return [tuple(row) for row in rows]
        raise AssertionError("the last try returns or raises")

    async def size_bytes(self) -> int:
        return files.size_bytes(self._path)

    async def damage(self) -> str:
        try:
            ((found,), *_) = await self.read("PRAGMA quick_check(1)")
        except StoreFailed as error:
            return str(error.__cause__)
        return "" if found == "ok" else str(found)

    async def backup(self, target: str) -> None:
        self._require_open()
        try:
            await self._connection.execute_fetchall("VACUUM INTO ?", (target,))
        except sqlite3.Error as error:
            raise failed(target, error) from error

    async def rewrite(self) -> None:
        """The whole file, through the log: `PRAGMA secure_delete` alone leaves copies that moving
        rows between pages made."""
        await self.read("VACUUM")

    async def empty_log(self, brief: Collection[str]) -> bool:
        """Move everything committed into the file and cut the log (`-wal`) to nothing.

        What was deleted from `brief` was overwritten when it was (`PRAGMA secure_delete`). False where a reader still needs the log, after waiting for a moment.
        """
        for seconds in _READERS_PATIENCE:
            # Waiting inside SQLite would hold up every other write.
            await self.read("PRAGMA busy_timeout = 0")
            try:
                ((busy, *_),) = await self.read("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                await self.read(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
            if not busy:
                return True
            await asyncio.sleep(seconds)
        return False

    async def _make(self, batch: Sequence[Write[Any]]) -> None:
        self._batch[:] = batch
        await self._connection.commit()

    async def _disconnect(self) -> None:
        try:
            await self._connection.close()
        finally:
            _release(self._lock)

    def _may_pass(self, error: Exception | None) -> bool:
        return isinstance(error, sqlite3.OperationalError) and _kind(error) in _PASSING

    def _told(self, error: Exception) -> Exception:
        return failed(self._path, error) if isinstance(error, sqlite3.Error) else error


class _ReadOnly(SqliteDatabase):
    """Beside whoever writes."""

    async def write(self, begin: Callable[[], Transaction[T]]) -> T:
        self._require_open()
        raise StoreFailed(
            _("The database {path} is open for reading only.", path=self._path),
            public=_(UNUSABLE),
        )


async def check_copy(path: str) -> None:
    """Raises `StoreFailed` unless this file is a whole database of ours, of this version or older."""
    if not os.path.isfile(path):
        raise StoreFailed(
            _("There is no file {path}. Name a copy that `council backup` made.", path=path)
        )
    files.check_readable(path)
    try:
        connection = await aiosqlite.connect(files.uri(path, "ro"), uri=True)
        try:
            version = await migrations.check(connection, path)
            ((found,), *_rest) = await connection.execute_fetchall("PRAGMA quick_check(1)")
        finally:
            await connection.close()
    except sqlite3.OperationalError as error:
        raise failed(path, error) from error
    except sqlite3.DatabaseError as error:
        raise _no_copy(path) from error
    if not version or found != "ok":
        raise _no_copy(path)


def _no_copy(path: str) -> StoreFailed:
    return StoreFailed(_("{path} is no whole copy of a database: use another one.", path=path))


async def _connect(path: str, mode: str, batch: list[Write[Any]]) -> aiosqlite.Connection:
    target = path if path == MEMORY else files.uri(path, mode)
    try:
        connection = await _opened(target, batch)
        try:
            if mode == "ro":
                await migrations.check_current(connection, path)
            else:
                await migrations.check(connection, path)
                await connection.execute_fetchall("PRAGMA journal_mode = WAL")
                await connection.execute_fetchall("PRAGMA synchronous = FULL")
                await connection.execute_fetchall("PRAGMA foreign_keys = ON")
                # What somebody asked to be forgotten must not stay in free pages.
                await connection.execute_fetchall("PRAGMA secure_delete = ON")
                await migrations.migrate(connection, path)
        except BaseException:
            await connection.close()
            raise
    except sqlite3.Error as error:
        raise failed(path, error) from error
    return connection


async def _opened(target: str, batch: list[Write[Any]]) -> aiosqlite.Connection:
    """Whoever is cancelled meanwhile goes on with that once it is closed again: the thread of the
    connection would stumble over an event loop that is no more."""
    opening = asyncio.ensure_future(
        aiosqlite.connect(
            target, uri=True, isolation_level=None, factory=partial(GroupCommit, batch)
        )
    )
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        with suppress(sqlite3.Error):
            await (await opening).close()
        raise


def _release(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)


_SENTENCES = {
    sqlite3.SQLITE_NOTADB: N_(
        "{path} is not a SQLite database. Set COUNCIL_DATABASE to another file."
    ),
    sqlite3.SQLITE_CORRUPT: N_(
        "The database {path} is damaged. Restore a backup, or set COUNCIL_DATABASE to another file."
    ),
    sqlite3.SQLITE_FULL: N_("The disk with the database {path} is full. Make room and try again."),
    sqlite3.SQLITE_READONLY: N_(
        "The database {path} cannot be written. Check the permissions of the file, its "
        "folder and its disk."
    ),
    sqlite3.SQLITE_CANTOPEN: N_(
        "The database {path} cannot be opened. Check the permissions of the file and its folder."
    ),
    sqlite3.SQLITE_IOERR: N_(
        "The disk with the database {path} cannot be read or written ({error})."
    ),
    sqlite3.SQLITE_BUSY: N_(
        "The database {path} is held by another program. Close that program and try again."
    ),
}
_REFUSED = N_("The database {path} refused what was asked of it ({error}).")

# Where a text is no UTF-8, all of it.
_QUOTED = re.compile(" with text .*", re.DOTALL)

_PUBLIC = {
    sqlite3.SQLITE_FULL: N_(
        "The disk of the bot's database is full. Try again once there is room; the bot's "
        "log tells its operator more."
    ),
}

# What may pass while others wait: no room, another program's lock, a disk that stumbled.
_PASSING = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR})


def failed(path: str, error: sqlite3.Error) -> StoreFailed:
    """The error in words a person can act on."""
    code = _kind(error)
    translated = StoreFailed(
        _(_SENTENCES.get(code, _REFUSED), path=path, error=_QUOTED.sub("", str(error))),
        public=_(_PUBLIC.get(code, UNUSABLE)),
    )
    translated.__cause__ = error
    return translated


def _kind(error: sqlite3.Error) -> int:
    # The low byte is the kind of the error, the rest its detail (sqlite.org, "Result codes").
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF
