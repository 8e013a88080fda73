"""The store: everything the program remembers, in one file of SQLite or a database of PostgreSQL."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from os import PathLike, close, fspath, unlink
from os.path import getsize
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bot.council import Call, Stage
from bot.errors import StoreFailed
from bot.language import _
from bot.store import files, spending
from bot.store.auditions import Auditions
from bot.store.cases import Cases
from bot.store.channels import Channels
from bot.store.events import Events, secret
from bot.store.exhibits import Exhibits
from bot.store.feed import Feed
from bot.store.held import Held
from bot.store.journal import Journal, decision, finished_call, finished_calls
from bot.store.notes import Notes
from bot.store.people import People
from bot.store.posts import Posts
from bot.store.presence import Presence
from bot.store.publications import Publications
from bot.store.reactions import Reactions
from bot.store.recaps import Recaps
from bot.store.redactions import Redactions
from bot.store.reflections import Reflections
from bot.store.removal import Removal
from bot.store.removals import Removals
from bot.store.retention import Retention
from bot.store.server import Server
from bot.store.spending import Spending
from bot.store.sqlite_database import SqliteDatabase, check_copy
from bot.store.summaries import Summaries
from bot.store.transactions import Database
from bot.store.trials import Trials
from bot.store.work import Work

if TYPE_CHECKING:
    from bot.store.postgres_database import PostgresDatabase
    from bot.store.postgres_jobs import Jobs


class Store(
    Cases,
    Posts,
    Reactions,
    Channels,
    Spending,
    Notes,
    Events,
    Exhibits,
    Feed,
    Recaps,
    Held,
    People,
    Redactions,
    Removal,
    Removals,
    Retention,
    Summaries,
    Publications,
    Auditions,
    Reflections,
    Trials,
    Work,
):
    """Made by `open`; `close` it. Every method may raise `StoreFailed`."""

    @classmethod
    async def open(
        cls,
        path: str | PathLike[str] | Server,
        *,
        holder: str = "council",
        read_only: bool = False,
        time_scale: float = 1.0,
    ) -> Self:
        """Open a file, made and brought up to date as needed, or ":memory:"; or a server's database.

        `holder` names the command for whoever finds the database in use ("council serve"). Raises
        `StoreLocked` where another process writes to a file. With `read_only` it opens beside that
        process, and every write raises `StoreFailed`. A server's database many processes write to at
        once, and what one that ended left under way is booked when its leases are broken
        (`Work.break_lease`) rather than here. `time_scale` multiplies the pauses after which
        a write that failed is made again.
        """
        if read_only:
            return cls(await _open_for_reading(path))
        database = await _open(path, holder, time_scale)
        now = datetime.now(UTC)
        if database.presence is None:
            await database.write(spending.book_all)
        await database.write(secret)
        store = cls(database)
        await store.erase()
        await store.drop_old_events(now)
        await store.drop_old_lines(now)
        await store.drop_old_sums(now)
        return store

    @property
    def presence(self) -> Presence | None:
        """Among the processes that share the database; `None` where there are no others, or it only
        reads."""
        return self._database.presence

    async def close(self) -> None:
        """Commits what waits. Closing again does nothing."""
        await self._database.close()

    async def damage(self) -> str:
        """What is wrong with the file, as SQLite says it; empty where nothing is."""
        return await self._database.damage()

    async def size_bytes(self) -> int:
        """On the disk, with the log where that is the file's own."""
        return await self._database.size_bytes()

    async def backup(self, target: str | PathLike[str]) -> None:
        """Copy everything into a new file, for its owner only. Raises `StoreFailed`."""
        files.reserve(fspath(target))
        try:
            await self._database.backup(fspath(target))
        except BaseException:
            unlink(target)  # half a copy is none, and keeps its name from the next
            raise

    @classmethod
    async def restore(
        cls, path: str | PathLike[str], copy: str | PathLike[str], before: str
    ) -> bool:
        """Put a copy that `backup` made in the place of a database that nobody uses.

        Returns whether there was a database, which is then kept as `before`. Raises `StoreLocked`
        where a process writes to it, and `StoreFailed`; then nothing is changed.
        """
        await check_copy(fspath(copy))
        lock = files.prepare(fspath(path), "council restore")
        try:
            files.swap(fspath(path), fspath(copy), before)
        finally:
            close(lock)
        if getsize(before):
            return True
        files.remove(before)  # there was none: the lock made it
        return False

    async def begin(self, id: str, limits: Mapping[str, int] | None = None) -> Journal:
        """Start or resume a deliberation: from now on no earlier `Journal` of it can write.

        `limits` are micro-dollars by scope (`spending.ALL`, `spending.channel_scope`), for the day
        of its question.
        """
        return await Journal.begin(self._database, id, limits or {})

    async def look(self, id: str) -> Journal:
        """The journal as it is now, taken over from nobody: it can write nothing."""
        return await Journal.look(self._database, id)

    async def decision(self, id: str, name: str) -> str | None:
        """What the journal of a deliberation says was decided; `None` where nothing was."""
        return await decision(self._database, id, name)

    async def call(self, id: str, stage: Stage, round: int, seat: int) -> Call | None:
        """One of them, once it is finished."""
        return await finished_call(self._database, id, (stage, round, seat))

    async def calls(self, id: str) -> tuple[Call, ...]:
        """The finished calls of a deliberation, which may still be under way."""
        return await finished_calls(self._database, id)


async def _open(path: str | PathLike[str] | Server, holder: str, time_scale: float) -> Database:
    if isinstance(path, Server):
        return await _postgres().open(path, holder=holder, time_scale=time_scale)
    return await SqliteDatabase.open(fspath(path), holder=holder, time_scale=time_scale)


async def _open_for_reading(path: str | PathLike[str] | Server) -> Database:
    if isinstance(path, Server):
        return await _postgres().open_for_reading(path)
    return await SqliteDatabase.open_for_reading(fspath(path))


# As it is locked, where the program is run from a checkout.
_LOCK = Path(__file__).resolve().parents[2] / "requirements-scale.lock"
_UNLOCKED = " ".join(("'psycopg[binary]'", "psycopg-pool", "procrastinate"))
_DRIVER = f"--require-hashes -r {_LOCK}" if _LOCK.exists() else _UNLOCKED


def _postgres() -> "type[PostgresDatabase]":
    """Late, since few need its driver. Raises `StoreFailed` where that is not installed."""
    with installed():
        from bot.store.postgres_database import PostgresDatabase
    return PostgresDatabase


def jobs() -> "type[Jobs]":
    """The queue of a server's database; late, as `_postgres`."""
    with installed():
        from bot.store.postgres_jobs import Jobs
    return Jobs


@contextmanager
def installed() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise StoreFailed(
            _(
                "The driver for databases on a PostgreSQL server is not installed. Install it with: "
                "{command}",
                command=f"python3 -m pip --python {sys.prefix} install {_DRIVER}",
            )
        ) from error
