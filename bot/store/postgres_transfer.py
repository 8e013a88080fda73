"""A server's database, filled with the rows of a file's: until all of them are there no council opens it.

How far each table is stands in a table `transfer` beside them, which goes when everything is there.
"""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager

from psycopg import Connection, Error, Rollback, sql
from psycopg.errors import DataError, IntegrityError, ProgramLimitExceeded

from bot.errors import StoreFailed, StoreLocked
from bot.language import _
from bot.store import postgres_migrations
from bot.store.events import identity_of
from bot.store.postgres_errors import failed
from bot.store.postgres_migrations import NAMESPACE
from bot.store.postgres_presence import NUMBERS
from bot.store.postgres_session import LOCKS, Session
from bot.store.server import Server
from bot.store.tally import BATCH_BYTES, BATCH_ROWS, RowRefused, Tally, size_bytes
from bot.store.transactions import Row

# The second number of the lock that whoever copies holds.
_COPYING = 3
# Of somebody who was killed a moment ago it is not known at once.
_PATIENCE_SECONDS, _PAUSE_SECONDS = 3.0, 0.1

# What a start alone leaves in an empty database.
_OF_A_START = frozenset({"catalogue", "commits", "notes"})

_USERS = (
    "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    f" AND (classid = {LOCKS} AND objid = {_COPYING} OR classid = {NUMBERS}) LIMIT 1"
)
_COLUMNS = (
    "SELECT attname, CASE typbasetype WHEN 0 THEN atttypid ELSE typbasetype END"
    " FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid"
    " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
)
_COUNTERS = (
    "SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
    " WHERE relnamespace = to_regnamespace(%s) AND attidentity <> '' AND NOT attisdropped"
)
_TRIGGERED = "SELECT 1 FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal LIMIT 1"


class Target:
    """Made by `open_target`."""

    def __init__(self, server: Server, connection: Connection) -> None:
        self._server = server
        self._connection = connection

    def begin(self, identity: str) -> Mapping[str, Tally] | None:
        """What is there, by table, of a copy of the database of this identity that was broken off or is
        begun now. `None` where one was finished.

        Raises `StoreFailed` where there is anything else; then nothing is changed.
        """
        with self._connection.transaction():
            postgres_migrations.migrate_part(self._connection, self._server)
            if not postgres_migrations.is_part(self._connection):
                if self._is_filled():
                    self._require_copy(identity)
                    return None
                self._create()
            return self._begun(identity)

    def tables(self) -> tuple[str, ...]:
        rows = self._connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename", (NAMESPACE,)
        )
        ours = {"schema_version", postgres_migrations.PART}
        return tuple(name for (name,) in rows if name not in ours)

    def columns(self, table: str) -> tuple[str, ...]:
        return tuple(name for name, _kind in self._columns(table))

    def add(self, table: str, rows: Sequence[Row], tally: Tally) -> None:
        """Of all the columns; `tally` is of the table with these. All of it or nothing is done.

        Raises `RowRefused` where one of them cannot be kept.
        """
        try:
            with self._connection.transaction():
                self._copy(table, rows)
                self._connection.execute(
                    "UPDATE transfer SET rows = %s, digest = %s WHERE name = %s",
                    (tally.rows, f"{tally.digest:x}", table),
                )
        except (DataError, IntegrityError, ProgramLimitExceeded) as error:
            raise self._refused(table, rows) or error from None

    def batches(self, table: str) -> Generator[Sequence[Row], None, None]:
        """Every row, in whichever order they come."""
        columns = self._columns(table)
        rows: list[Row] = []
        size = 0
        statement = sql.SQL("COPY {} TO STDOUT").format(_listed(table, columns))
        with self._connection.cursor().copy(statement) as copy:
            copy.set_types([kind for _name, kind in columns])
            for row in copy.rows():
                rows.append(row)
                size += size_bytes(row)
                if len(rows) == BATCH_ROWS or size > BATCH_BYTES:
                    yield rows
                    rows, size = [], 0
        if rows:
            yield rows

    def empty(self, tables: Sequence[str]) -> None:
        """Together with these, whatever refers to one of them has to be emptied."""
        with self._connection.transaction():
            names = sql.SQL(", ").join(map(sql.Identifier, tables))
            self._connection.execute(sql.SQL("TRUNCATE {}").format(names))
            self._connection.execute(
                "UPDATE transfer SET rows = 0, digest = '0' WHERE name = ANY(%s)", (list(tables),)
            )

    @contextmanager
    def held_still(self) -> Iterator[None]:
        """Nobody writes for as long, and all that is done meanwhile is done at its end, or nothing."""
        with self._connection.transaction():
            names = sql.SQL(", ").join(map(sql.Identifier, self.tables()))
            self._connection.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(names))
            yield

    def complete(self) -> None:
        """Open it to councils: what they add is numbered behind what is there."""
        for table, column in self._connection.execute(_COUNTERS, (NAMESPACE,)).fetchall():
            self._connection.execute(
                sql.SQL("SELECT setval(pg_get_serial_sequence({}, {}), max({})) FROM {}").format(
                    table, column, sql.Identifier(column), sql.Identifier(table)
                )
            )
        names = sql.SQL(", ").join(map(sql.Identifier, self.tables()))
        self._connection.execute(sql.SQL("ANALYZE {}").format(names))
        self._connection.execute("DROP TABLE transfer")

    def _is_filled(self) -> bool:
        for name in sorted({*self.tables()} - _OF_A_START):
            statement = sql.SQL("SELECT EXISTS (SELECT 1 FROM {})").format(sql.Identifier(name))
            ((found,),) = self._connection.execute(statement)
            if found:
                return True
        return False

    def _require_copy(self, identity: str) -> None:
        rows = self._connection.execute("SELECT value FROM notes WHERE key = 'event_secret'")
        if [identity_of(key) for (key,) in rows] != [identity]:
            raise StoreFailed(
                _(
                    "The database {path} is not empty, and what is in it is of no copy of this file. "
                    "Name an empty one.",
                    path=self._server,
                )
            )

    def _create(self) -> None:
        for name in sorted(_OF_A_START):
            self._connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
        self._connection.execute(
            "CREATE TABLE transfer (name CTEXT PRIMARY KEY, source CTEXT NOT NULL,"
            " rows BIGINT NOT NULL DEFAULT 0, digest CTEXT NOT NULL DEFAULT '0')"
        )

    def _begun(self, identity: str) -> Mapping[str, Tally]:
        for name in self.tables():
            self._connection.execute(
                "INSERT INTO transfer (name, source) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                (name, identity),
            )
        rows = self._connection.execute(
            "SELECT name, source, rows, digest FROM transfer"
        ).fetchall()
        if {source for _name, source, *_rest in rows} != {identity}:
            raise StoreFailed(
                _(
                    "The database {path} holds a part of a copy of another file. Finish that one, or "
                    "name an empty database.",
                    path=self._server,
                )
            )
        return {name: Tally(count, int(digest, 16)) for name, _source, count, digest in rows}

    def _columns(self, table: str) -> list[tuple[str, int]]:
        return self._connection.execute(_COLUMNS, (table,)).fetchall()

    def _copy(self, table: str, rows: Sequence[Row]) -> None:
        name = sql.Identifier(table)
        # What they would add is among the rows to come.
        triggered = self._connection.execute(_TRIGGERED, (table,)).fetchone()
        if triggered:
            self._connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))
        statement = sql.SQL("COPY {} FROM STDIN").format(_listed(table, self._columns(table)))
        with self._connection.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
        if triggered:
            self._connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(name))

    def _refused(self, table: str, rows: Sequence[Row]) -> RowRefused | None:
        """The first of these that is not taken, if one by itself is not."""
        for row in rows:
            try:
                with self._connection.transaction():
                    self._copy(table, [row])
                    raise Rollback
            except (DataError, IntegrityError, ProgramLimitExceeded) as error:
                return RowRefused(row, type(error).__name__)
        return None


@contextmanager
def open_target(server: Server) -> Iterator[Target]:
    """Raises `StoreLocked` where a council or another copy is at it, and `StoreFailed`, also for
    whatever goes wrong with it meanwhile."""
    session = Session(server, "council migrate", lambda connection: _prepare(connection, server))
    try:
        yield Target(server, session.connection())
    except Error as error:
        raise failed(server, error) from None
    finally:
        session.close()


def _prepare(connection: Connection, server: Server) -> None:
    # As many digits as tell a float from every other, and as much time as the file takes to be read.
    connection.execute("SET extra_float_digits = 1")
    connection.execute("SET idle_session_timeout = 0")
    until = time.monotonic() + _PATIENCE_SECONDS
    while holder := _holder(connection):
        if time.monotonic() > until:
            raise StoreLocked(
                _(
                    "The database {database} is in use by {holder}. Stop that one first, or copy into "
                    "another database.",
                    database=server,
                    holder=holder,
                )
            )
        time.sleep(_PAUSE_SECONDS)


def _holder(connection: Connection) -> str:
    """Who else is at it; "" where nobody is, and nobody else will copy for as long as we are connected."""
    found = connection.execute(_USERS).fetchone()
    if found:
        return found[0] or _("another process")
    ((is_ours,),) = connection.execute(
        "SELECT pg_try_advisory_lock(%s, %s)", (str(LOCKS), str(_COPYING))
    )
    return "" if is_ours else _("another process")


def _listed(table: str, columns: Sequence[tuple[str, int]]) -> sql.Composed:
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _kind in columns)
    return sql.SQL("{} ({})").format(sql.Identifier(table), names)
