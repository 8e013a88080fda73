"""PostgreSQL: reads beside each other, and writes that share a commit, one after the other.

Every commit begins with the one lock that all who write here take, in whatever process, so that a
transaction sees all of those before it, as SQLite's do; nothing waits for two locks, so nothing waits
for ever.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from psycopg import Connection, Error, sql

from bot.errors import StoreFailed
from bot.language import _
from bot.store import postgres_migrations
from bot.store.batches import UNUSABLE, Batches, Write
from bot.store.postgres_commits import Commits
from bot.store.postgres_errors import failed, may_pass
from bot.store.postgres_presence import IDLE_SECONDS, PostgresPresence
from bot.store.postgres_session import Prepare, Session, portable
from bot.store.server import Server
from bot.store.transactions import Row, Transaction

# What the driver says repeats values.
logging.getLogger("psycopg").setLevel(logging.CRITICAL)

T = TypeVar("T")

_READERS = 4
_READS_AGAIN = 6

# A table up to this size is written anew within a second or two; a larger one is not held for as long.
_REWRITTEN_BYTES = 256 * 1024 * 1024


class PostgresDatabase(Batches):
    """A server's database, as `Database` says. Made by `open`; `close` it."""

    presence: PostgresPresence | None = None
    # Whoever closes it waits no longer for a server that answers nothing.
    patience_seconds = 10.0

    def __init__(self, server: Server, holder: str, *, time_scale: float = 1.0) -> None:
        self._server = server
        self._holder = holder
        self._writer = Session(server, holder, self._migrate)
        self._commits = Commits(self._writer)
        self._writing = ThreadPoolExecutor(1, "store-writes")
        self._reading = ThreadPoolExecutor(_READERS, "store-reads")
        self._of_thread = threading.local()
        self._sessions: list[Session] = [self._writer]
        super().__init__(str(server), time_scale=time_scale)

    @classmethod
    async def open(
        cls,
        server: Server,
        *,
        holder: str,
        time_scale: float = 1.0,
        idle_seconds: float = IDLE_SECONDS,
    ) -> "PostgresDatabase":
        """Open for reading and writing, beside others that do, creating and migrating as needed. Raises
        `StoreFailed`."""
        database = cls(server, holder, time_scale=time_scale)
        await database._connected(_run(database._writing, database._commits.connect))
        database.presence = PostgresPresence(
            *(server, holder, database.read, database._renumbered),
            idle_seconds=idle_seconds,
            time_scale=time_scale,
        )
        await database._connected(database.presence.start())
        return database

    @classmethod
    async def open_for_reading(cls, server: Server) -> "PostgresDatabase":
        """Open beside whoever writes. Raises `StoreFailed`."""
        database = _ReadOnly(server, "council")
        await database._connected(_run(database._reading, database._check))
        return database

    async def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        for pause in (*self.pauses[:_READS_AGAIN], None):
            self._require_open()
            try:
                return await _run(self._reading, lambda: self._fetch(sql, parameters))
            except Error as error:
                if pause is None or not may_pass(error):
                    raise failed(self._server, error) from None
                await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")

    async def size_bytes(self) -> int:
        ((size,),) = await self.read(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
            " WHERE relnamespace = to_regnamespace(?) AND relkind = 'r'",
            (postgres_migrations.NAMESPACE,),
        )
        return int(size)

    async def damage(self) -> str:
        rows = await self.read(
            "SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()"
        )
        count = rows[0][0] if rows else None
        return f"pg_stat_database.checksum_failures: {count}" if count else ""

    async def backup(self, target: str) -> None:
        raise StoreFailed(
            _(
                "A database on a server is copied by its own tools: pg_dump --format=custom "
                '--schema=council --file={file} "$COUNCIL_DATABASE", and pg_restore puts it back.',
                file=target,
            )
        )

    async def rewrite(self) -> None:
        """Tables that are not too large; of others the room of what was deleted is used again."""
        self._require_open()
        try:
            await asyncio.to_thread(self._vacuum)
        except Error as error:
            raise failed(self._server, error) from None

    async def empty_log(self, brief: Collection[str]) -> bool:
        """The server's log is the server's: it overwrites it in time. Its tables hold what was deleted
        until they are written anew."""
        self._require_open()
        try:
            await asyncio.to_thread(self._vacuum, brief)
        except Error as error:
            raise failed(self._server, error) from None
        return True

    async def _make(self, batch: Sequence[Write[Any]]) -> None:
        await _run(self._writing, lambda: self._commits.make(batch))

    async def close(self) -> None:
        giving_up = asyncio.get_running_loop().call_later(self.patience_seconds, self._give_up)
        try:
            await super().close()
        finally:
            giving_up.cancel()

    async def _disconnect(self) -> None:
        if self.presence is not None:
            await self.presence.close()
        await asyncio.to_thread(self._end)

    def _give_up(self) -> None:
        for session in self._sessions:
            session.end()

    def _may_pass(self, error: Exception | None) -> bool:
        return may_pass(error)

    def _told(self, error: Exception) -> Exception:
        return failed(self._server, error) if isinstance(error, Error) else error

    async def _connected(self, connecting: Awaitable[None]) -> None:
        try:
            await connecting
        except BaseException as error:
            await self.close()
            if isinstance(error, Error):
                raise failed(self._server, error) from None
            raise

    def _migrate(self, connection: Connection) -> None:
        postgres_migrations.migrate(connection, self._server)

    def _renumbered(self, number: int) -> None:
        self.process = number

    # In threads of readers

    def _fetch(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        session: Session | None = getattr(self._of_thread, "session", None)
        if session is None:
            session = self._of_thread.session = self._session(_only_read)
        connection = session.connection()
        try:
            return connection.execute(portable(sql), tuple(parameters)).fetchall()
        except Error as error:
            error.add_note(sql)  # the traceback knows only this line
            raise

    def _session(self, prepare: Prepare) -> Session:
        session = Session(self._server, self._holder, prepare)
        self._sessions.append(session)
        return session

    def _check(self) -> None:
        session = self._session(_only_read)
        try:
            postgres_migrations.check_current(session.connection(), self._server)
        finally:
            session.close()

    # In a thread of its own

    def _vacuum(self, names: Collection[str] | None = None) -> None:
        """Each table, or those of these names."""
        session = self._session(lambda connection: None)
        try:
            connection = session.connection()
            # Whoever comes behind this waits as long.
            connection.execute("SET lock_timeout = '500ms'")
            tables = connection.execute(
                "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
                " WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r' ORDER BY relname",
                (postgres_migrations.NAMESPACE,),
            ).fetchall()
            for name, size in tables:
                if names is not None and name not in names:
                    continue
                how = sql.SQL("VACUUM (FULL) {}" if size <= _REWRITTEN_BYTES else "VACUUM {}")
                connection.execute(how.format(sql.Identifier(name)))
        finally:
            session.close()

    def _end(self) -> None:
        for threads in (self._writing, self._reading):
            threads.shutdown(cancel_futures=True)
        for session in self._sessions:
            session.close()


class _ReadOnly(PostgresDatabase):
    """Beside whoever writes."""

    async def write(self, begin: Callable[[], Transaction[T]]) -> T:
        self._require_open()
        raise StoreFailed(
            _("The database {path} is open for reading only.", path=self._server),
            public=_(UNUSABLE),
        )


async def _run(threads: ThreadPoolExecutor, function: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, function)


def _only_read(connection: Connection) -> None:
    connection.execute("SET default_transaction_read_only = on")
