"""The disk under the database: SQLite without its thread, writes that fail, and what a process that
was killed, or lost its power, leaves behind.

Knows no table. `Disk.installed` puts it in the place of the driver's parts.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiosqlite.core

from bot.store import sqlite_database
from tests.world.loop import LIFE, Killed, Life, WorldLoop

FULL, BUSY, FAULTY = sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR

# A statement or two is so rarely met that most of a world's runs see none of it.
_FAULTS = (FULL, FULL, BUSY, FAULTY)


class Disk:
    """`kill` is called where a process ends in the middle of a commit."""

    def __init__(self, loop: WorldLoop, folder: Path, kill: Callable[[Life], None]) -> None:
        self.loop = loop
        self.kill = kill
        self.path = folder / "0.db"
        self.faults = 0.0  # the share of commits that fail
        self.kills = 0.0  # the share of commits in which the process ends
        self.troubles: list[float] = []  # when a write failed
        # The longest that a failed write is tried again, and what may wait behind it.
        self.patience_seconds = 80.0
        self.synced = 0  # bytes of the log that a loss of power leaves
        self._folder = folder
        self._images = 0
        self._statements_left = -1
        self._ends_here = False

    @property
    def place(self) -> Path:
        return self.path

    @property
    def address(self) -> str:
        return str(self.path)

    def ended(self, life: Life) -> None:
        """The process is no more, as it wanted: nothing to do."""

    def left(self, life: Life, *, power_lost: bool) -> None:
        """Go on from what the process left: as it lies there, or as far as it was synced."""
        before = self.path
        self._images += 1
        self.path = self._folder / f"{self._images}.db"
        for suffix in ("", "-wal"):
            if os.path.exists(f"{before}{suffix}"):
                shutil.copyfile(f"{before}{suffix}", f"{self.path}{suffix}")
        log = f"{self.path}-wal"
        if power_lost and os.path.exists(log) and self.synced < os.path.getsize(log):
            os.truncate(log, self.synced)

    def holds(self, word: bytes) -> list[str]:
        """In which of the database's files this is found."""
        files = [Path(f"{self.path}{suffix}") for suffix in ("", "-wal")]
        return [file.suffix for file in files if file.exists() and word in file.read_bytes()]

    def rows(self, sql: str, *parameters: Any) -> list[Any]:
        """What is committed, read beside the program."""
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()

    def where(self, word: str) -> list[str]:
        """In which columns this stands; nowhere means in a page that is free, or in the log."""
        found = []
        for (table,) in self.rows("SELECT name FROM sqlite_schema WHERE type = 'table'"):
            for row in self.rows(f"SELECT * FROM {table}"):
                found += [f"{table}: {value}"[:300] for value in row if word in str(value)]
        return found

    @contextmanager
    def installed(self) -> Iterator[None]:
        core: Any = aiosqlite.core
        driver: Any = sqlite_database
        before = core.SimpleQueue, core.Thread, driver.GroupCommit
        disk = self

        class Commit(_Commit):
            _disk = disk

        class Queue(_Inline):
            _loop = disk.loop

        core.SimpleQueue, core.Thread, driver.GroupCommit = Queue, _NoThread, Commit
        try:
            yield
        finally:
            core.SimpleQueue, core.Thread, driver.GroupCommit = before

    # A commit

    def begin_commit(self) -> None:
        draw = self.loop.random.random()
        self._ends_here = draw < self.kills
        fails = draw < self.kills + self.faults
        self._statements_left = self.loop.random.randrange(1, 12) if fails else -1

    def end_commit(self) -> None:
        self._statements_left = -1

    def statement(self) -> None:
        """Before each statement of a commit."""
        if self._statements_left < 0:
            return
        self._statements_left -= 1
        if self._statements_left > 0:
            return
        self._statements_left = -1
        life = LIFE.get()
        if self._ends_here and life is not None and not life.dead:
            self.kill(life)
            raise Killed
        self.troubles.append(self.loop.time())
        error = sqlite3.OperationalError("a fault of this world")
        error.sqlite_errorcode = self.loop.random.choice(_FAULTS)
        raise error


class _Commit(sqlite_database.GroupCommit):
    """A connection whose commits may fail at any statement."""

    _disk: Disk
    _syncs: bool | None = None

    def commit(self) -> None:
        disk = self._disk
        life = LIFE.get()
        if life is not None and life.dead:
            super().commit()  # of files that nobody looks at any more
            return
        disk.begin_commit()
        try:
            super().commit()
        finally:
            disk.end_commit()
        if self._syncs is None:
            ((level,),) = sqlite3.Connection.execute(self, "PRAGMA synchronous").fetchall()
            self._syncs = level >= 2  # FULL: the log is synced at every commit
        if self._syncs:
            log = f"{disk.path}-wal"
            disk.synced = os.path.getsize(log) if os.path.exists(log) else 0
        disk.loop.note(f"commit {self.total_changes}")

    def execute(self, *args: Any) -> sqlite3.Cursor:
        self._disk.statement()
        return super().execute(*args)

    def executemany(self, *args: Any) -> sqlite3.Cursor:
        self._disk.statement()
        return super().executemany(*args)


class _Inline:
    """The queue to SQLite's thread, without the thread."""

    _loop: WorldLoop

    def put_nowait(self, item: tuple[Any, Callable[[], Any]]) -> None:
        future, function = item
        try:
            result = function()
        except Killed:
            return
        except BaseException as error:
            if future:
                self._later(aiosqlite.core.set_exception, future, error)
        else:
            if future:
                self._later(aiosqlite.core.set_result, future, result)

    def _later(self, tell: Callable[..., None], *args: Any) -> None:
        if self._loop.random.random() < 0.7:
            self._loop.call_soon(tell, *args)
        else:
            self._loop.call_later(self._loop.random.random() / 50, tell, *args)


class _NoThread:
    def __init__(self, **_: Any) -> None:
        pass

    def start(self) -> None:
        pass
