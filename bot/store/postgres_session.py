"""One connection to PostgreSQL, for one thread: made when it is first needed, and again once it was lost.

Knows how values cross over, and who may write; nothing of transactions.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache

from psycopg import Connection, Error, ProgrammingError, connect
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import LockNotAvailable
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumperUnknown, TextLoader

from bot.errors import StoreFailed, StoreLocked
from bot.language import _
from bot.store import postgres_migrations
from bot.store.server import UNREADABLE, Server

# The first number of Council's advisory locks, and the second of each.
LOCKS, WRITER, WRITING = 1131307884, 1, 2

# The channel on which processes hear each other.
BELLS = "council"

# What the URL may say otherwise. A connection that nobody answers on is given up within half a minute.
_DEFAULTS = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
# Of so many bytes PostgreSQL keeps of the name that it lists a connection under.
_NAME_BYTES = 63

# `off` would lose what was told to be kept when the server loses its power.
_SET = (
    "SELECT set_config('search_path', %s, false),"
    " set_config('default_transaction_isolation', 'read committed', false),"
    " set_config('statement_timeout', '0', false),"
    " set_config('lock_timeout', '5s', false),"
    " set_config('idle_in_transaction_session_timeout', '60s', false),"
    " set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
    " WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)"
)
_HOLDER = (
    "FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_END = (
    f"SELECT pg_terminate_backend(pid) {_HOLDER} AND pid = %s"
    " AND application_name = current_setting('application_name')"
)


Prepare = Callable[[Connection, int | None], None]


# PostgreSQL keeps no zero byte, which models may write all the same: it is kept as two characters,
# of which the first is one that Unicode leaves to programs, and so is that one itself.
_SIGN = "\ufdd0"


class _Put(StrDumperUnknown):
    def dump(self, obj: str) -> Buffer | None:
        if "\0" in obj or _SIGN in obj:
            obj = obj.replace(_SIGN, f"{_SIGN}1").replace("\0", f"{_SIGN}0")
        return super().dump(obj)


class _Got(TextLoader):
    def load(self, data: Buffer) -> str | bytes:
        text = super().load(data)
        if isinstance(text, str) and _SIGN in text:
            return text.replace(f"{_SIGN}0", "\0").replace(f"{_SIGN}1", _SIGN)
        return text


class _Whole(Loader):
    """What a sum of whole numbers is."""

    def load(self, data: Buffer) -> int:
        return int(bytes(data))


class Session:
    """`prepare` is called with each new connection before anything else is done with it, and with the
    server's process for the one before."""

    def __init__(self, server: Server, holder: str, prepare: Prepare) -> None:
        self._conninfo = conninfo(server)
        self._name = listed(holder)
        self._prepare = prepare
        self._connection: Connection | None = None
        self._before: int | None = None

    def connection(self) -> Connection:
        """Raises `psycopg.Error`, and whatever `prepare` raises."""
        if self._connection is None or self._connection.closed:
            self._connection = None
            self._connection = self._connect()
        return self._connection

    def undo(self) -> None:
        """Whatever is under way; where that cannot be said any more, the next use connects anew."""
        try:
            if self._connection is not None:
                self._connection.rollback()
        except Error:
            self.close()

    def close(self) -> None:
        if self._connection is not None:
            with suppress(Error):
                self._connection.close()
        self._connection = None

    def _connect(self) -> Connection:
        connection = connect(self._conninfo, autocommit=True, application_name=self._name)
        try:
            if connection.info.parameter_status("server_encoding") != "UTF8":
                raise StoreFailed(
                    _(
                        "The database in COUNCIL_DATABASE does not hold UTF-8: create one with "
                        "createdb --encoding=UTF8 --template=template0."
                    )
                )
            connection.adapters.register_dumper(str, _Put)
            connection.adapters.register_loader("text", _Got)
            connection.adapters.register_dumper(int, Int8Dumper)
            connection.adapters.register_loader("numeric", _Whole)
            connection.prepared_max = 1_000  # more than there are statements
            connection.execute(_SET, (postgres_migrations.NAMESPACE,))
            self._prepare(connection, self._before)
            self._before = connection.info.backend_pid
        except BaseException:
            connection.close()
            raise
        return connection


@lru_cache(1_000)
def portable(sql: str) -> str:
    """A statement as the driver takes it. No text in one has a question mark."""
    return sql.replace("%", "%%").replace("?", "%s")


def listed(holder: str) -> str:
    """As a server lists the connections of this process."""
    name = f"{holder}, process {os.getpid()} on {socket.gethostname()}"
    return name.encode()[:_NAME_BYTES].decode(errors="ignore")


def be_the_writer(connection: Connection, server: Server, before: int | None) -> None:
    """For as long as the connection lasts. Raises `StoreLocked`, naming who is.

    `before` is the server's process for a connection of ours that was lost: it may still be at it.
    """
    if before is not None:
        connection.execute(_END, (LOCKS, WRITER, before))
    try:
        # Whoever was killed a moment ago is noticed within this time.
        connection.execute("SET lock_timeout = '2s'")
        connection.execute("SELECT pg_advisory_lock(%s, %s)", (str(LOCKS), str(WRITER)))
        connection.execute("SET lock_timeout = '5s'")
    except LockNotAvailable:
        holder = connection.execute(
            f"SELECT application_name {_HOLDER}", (LOCKS, WRITER)
        ).fetchone()
        raise StoreLocked(
            _(
                "The database {database} is in use by {holder}. Stop that one first, or "
                "set COUNCIL_DATABASE to another database.",
                database=server,
                holder=(holder and holder[0]) or _("another process"),
            )
        ) from None


def conninfo(server: Server) -> str:
    """Raises `StoreFailed` without what the driver says, which quotes the password."""
    try:
        given = conninfo_to_dict(server.url)
        ours = {name: value for name, value in _DEFAULTS.items() if name not in given}
        return make_conninfo(server.url, **ours, client_encoding="utf8")
    except ProgrammingError:
        raise StoreFailed(_(UNREADABLE)) from None
