"""Statements on their way to PostgreSQL, and what came back of them.

They go out together once somebody has to know what came of one: a round trip costs some ten times the
statement (0.5 ms against 0.06 ms, measured on one machine), and so does what the driver does for a cursor.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

from psycopg import Connection, generators
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from bot.store.postgres_session import BELLS
from bot.store.presence import LOST
from bot.store.transactions import Check, Do, Many, Ring, Rows, Statement, Step

# Statements that the server keeps ready; of lists there are as many as there are lengths.
_MOST_PREPARED = 1_000

_Kind = tuple[str, tuple[int, ...]]  # a statement, and the types of its parameters
_Outcome = Callable[[PGresult], None]


class _Sent(NamedTuple):
    sql: str
    came: _Outcome | None


class Line:
    """Of one connection, while it is `busy`, and used by one thread at a time."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._server = connection.pgconn
        self._values = Transformer(connection)
        self._names = count()
        self._prepared: dict[_Kind, bytes] = {}
        self._preparing: list[_Kind] = []  # on their way
        self._sent: list[_Sent] = []
        self._checks = 0
        self.error: Exception | None = None  # what `wait` raised last

    @contextmanager
    def busy(self) -> Iterator[None]:
        """The connection is this line's. Whatever is on its way at the end is dropped with it."""
        self._server.enter_pipeline_mode()
        try:
            yield
            self.wait()
        finally:
            if self._sent:
                self._sent = []
                self.connection.close()
            if not self.connection.closed:
                self._server.exit_pipeline_mode()

    def rows(self, step: Step) -> Rows:
        """Sent, and waited for where somebody looks."""
        match step:
            case Statement():
                rows = Rows(wait=self.wait)
                self._send(*step, came=lambda result: self._fill(rows, result))
                return rows
            case Check():
                self._checks += 1
                self._send(step.sql, step.parameters, came=lambda result: _check(step, result))
            case Do():
                self._send(*step)
            case Many():
                for parameters in step.parameters:
                    self._send(step.sql, parameters)
            case Ring():
                self._send(*_rung(step))
        return Rows()

    def wait(self) -> None:
        """For all that was sent. Raises what the first that failed did, and where that was a statement,
        those behind it were not made."""
        try:
            if self._sent:
                self._hear()
        except Exception as error:
            self.error = error
            raise

    def wait_for_checks(self) -> None:
        """Where there are any on their way: what fails otherwise undoes what was sent behind it."""
        if self._checks:
            self.wait()

    def _hear(self) -> None:
        self._server.pipeline_sync()
        results = self.connection.wait(_results(self.connection, len(self._sent)))
        sent, self._sent, self._checks = self._sent, [], 0
        preparing, self._preparing = self._preparing, []
        for each, result in zip(sent, results, strict=True):
            if result.status == ExecStatus.FATAL_ERROR:
                for kind in preparing:  # nobody knows which of them the server has
                    self._prepared.pop(kind, None)
                error = error_from_result(result, self.connection.info.encoding)
                error.add_note(each.sql)  # the traceback knows only this line
                raise error
            if each.came:
                each.came(result)

    def _send(self, sql: str, parameters: Sequence[Any], *, came: _Outcome | None = None) -> None:
        if not parameters:
            self._server.send_query_params(_numbered(sql).encode(), None)
            self._sent.append(_Sent(sql, came))
            return
        values = self._values.dump_sequence(parameters, [PyFormat.AUTO] * len(parameters))
        formats = self._values.formats
        kind = sql, self._values.types or ()
        name = self._prepared.get(kind) or self._prepare(kind)
        self._server.send_query_prepared(name, values, formats)
        self._sent.append(_Sent(sql, came))

    def _prepare(self, kind: _Kind) -> bytes:
        if len(self._prepared) == _MOST_PREPARED:
            oldest = self._prepared.pop(next(iter(self._prepared)))
            self._server.send_query_params(b"DEALLOCATE " + oldest, None)
            self._sent.append(_Sent("DEALLOCATE", None))
        name, (sql, types) = f"line_{next(self._names)}".encode(), kind
        self._server.send_prepare(name, _numbered(sql).encode(), types)
        self._sent.append(_Sent(sql, None))
        self._prepared[kind] = name
        self._preparing.append(kind)
        return name

    def _fill(self, rows: Rows, result: PGresult) -> None:
        self._values.set_pgresult(result)
        rows.fill(self._values.load_rows(0, result.ntuples, tuple), result.command_tuples or 0)


def _check(check: Check, result: PGresult) -> None:
    if not result.ntuples:
        raise check.otherwise()


def _rung(ring: Ring) -> Do:
    payload = f"{ring.bell} {ring.what}"
    # Of so many bytes PostgreSQL carries none. Whoever hears this looks everywhere.
    if len(payload.encode()) >= 8_000:
        payload = f"{LOST} "
    return Do("SELECT pg_notify(?, ?)", (BELLS, payload))


def _results(connection: Connection, many: int) -> PQGen[list[PGresult]]:
    """Of so many statements, and of the sync after them."""
    yield from generators.send(connection.pgconn)
    results = []
    for _ in range(many):
        results += yield from generators.fetch_many(connection.pgconn)
    yield from generators.fetch_many(connection.pgconn)
    return results


@lru_cache(_MOST_PREPARED)
def _numbered(sql: str) -> str:
    """A statement as the server takes it. No text in one has a question mark."""
    first, *rest = sql.split("?")
    return first + "".join(f"${n}{part}" for n, part in enumerate(rest, 1))
