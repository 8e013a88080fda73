"""One connection to PostgreSQL, for one thread: made when it is first needed, and again once it was lost.

Knows how values cross over; nothing of transactions.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import lru_cache

from psycopg import Connection, Error, InterfaceError, ProgrammingError, connect
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumperUnknown, TextLoader

from bot.errors import StoreFailed
from bot.language import _
from bot.store import postgres_migrations
from bot.store.server import Server

# The first number of Council's advisory locks, and the second of the one that every commit takes.
LOCKS, WRITING = 1131307884, 1

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
    "SELECT pg_backend_pid(), (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()),"
    " set_config('search_path', %s, false),"
    " set_config('default_transaction_isolation', 'read committed', false),"
    " set_config('statement_timeout', '0', false),"
    " set_config('lock_timeout', '5s', false),"
    " set_config('idle_in_transaction_session_timeout', '15s', false),"
    " set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
    " WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)"
)
# Within some milliseconds.
_END = (
    "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
    " WHERE pid = %s AND backend_start = %s"
)
# Since this version a server lets go of whoever is silent.
_OLDEST = 14

Prepare = Callable[[Connection], None]

# PostgreSQL keeps no zero byte, which models may write all the same: it is kept as two characters,
# of which the first is one that Unicode leaves to programs, and so is that one itself.
_SIGN = "\ufdd0"


class _Put(StrDumperUnknown):
    def dump(self, obj: str) -> Buffer | None:
        if "\0" in obj or _SIGN in obj:
            obj = obj.replace(_SIGN, f"{_SIGN}1").replace("\0", f"{_SIGN}0")
        return obj.encode()


class _Got(TextLoader):
    def load(self, data: Buffer) -> str | bytes:
        text = super().load(data)
        if isinstance(text, str) and _SIGN in text:
            return text.replace(f"{_SIGN}0", "\0").replace(f"{_SIGN}1", _SIGN)
        return text


class _Number(Loader):
    """What a sum or a mean of whole numbers is, as SQLite gives it."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data)
        return int(text) if b"." not in text else float(text)


class Session:
    """`prepare` is called with each new connection before anything else is done with it. Of one that
    was lost the server knows that it is over by then."""

    def __init__(self, server: Server, holder: str, prepare: Prepare) -> None:
        self._server = server
        self._conninfo = conninfo(server)
        self._name = listed(holder)
        self._prepare = prepare
        self._connection: Connection | None = None
        self._before: tuple[int, datetime] | None = None
        self._ended = False

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

    def cut(self) -> None:
        """From any thread: whoever waits for an answer gets none."""
        connection = self._connection
        with suppress(Error, OSError):
            if connection is not None:
                with socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as line:
                    line.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """The same for good: it connects no more."""
        self._ended = True
        self.cut()

    def _connect(self) -> Connection:
        if self._ended:
            raise InterfaceError("closed")
        connection = connect(self._conninfo, autocommit=True, application_name=self._name)
        try:
            self._check(connection)
            connection.adapters.register_dumper(str, _Put)
            connection.adapters.register_loader("text", _Got)
            connection.adapters.register_dumper(int, Int8Dumper)
            connection.adapters.register_loader("numeric", _Number)
            connection.prepared_max = 1_000  # more than there are statements
            ((pid, since, *_rest),) = connection.execute(_SET, (postgres_migrations.NAMESPACE,))
            if self._before is not None:  # nobody may have told the server
                connection.execute(_END, self._before)
            self._prepare(connection)
            self._before = pid, since
        except BaseException:
            connection.close()
            raise
        return connection

    def _check(self, connection: Connection) -> None:
        version = connection.info.server_version // 10_000
        if version < _OLDEST:
            raise StoreFailed(
                _(
                    "The server of the database {path} is PostgreSQL {version}, and Council needs "
                    "{oldest} or newer. Upgrade the server, or set COUNCIL_DATABASE to another database.",
                    path=self._server,
                    version=version,
                    oldest=_OLDEST,
                )
            )
        if connection.info.parameter_status("server_encoding") != "UTF8":
            raise StoreFailed(
                _(
                    "The database in COUNCIL_DATABASE does not hold UTF-8: create one with "
                    "createdb --encoding=UTF8 --template=template0."
                )
            )


@lru_cache(1_000)
def portable(sql: str) -> str:
    """A statement as the driver takes it. No text in one has a question mark."""
    return sql.replace("%", "%%").replace("?", "%s")


def listed(holder: str) -> str:
    """As a server lists the connections of this process."""
    name = f"{holder}, process {os.getpid()} on {socket.gethostname()}"
    return name.encode()[:_NAME_BYTES].decode(errors="ignore")


def conninfo(server: Server) -> str:
    """Raises `StoreFailed` without what the driver says, which quotes the password."""
    try:
        given = conninfo_to_dict(server.url)
        ours = {name: value for name, value in _DEFAULTS.items() if name not in given}
        return make_conninfo(server.url, **ours, client_encoding="utf8")
    except ProgrammingError:
        raise StoreFailed(
            _(
                "The address of the database {path} cannot be read: look at its port, and at what stands "
                "behind the question mark.",
                path=server,
            )
        ) from None
