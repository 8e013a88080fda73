"""Writes of one batch, made in one transaction of PostgreSQL.

Where the answer to a commit is lost, the row of this writer tells whether it stands. The transaction's own
number would not: after a crash of the server the numbers of what was lost are given to others.
"""

import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from psycopg import Connection, Error

from bot.store.batches import Write
from bot.store.postgres_errors import fails_all
from bot.store.postgres_line import Line
from bot.store.postgres_session import LOCKS, WRITING, Session
from bot.store.transactions import Check, Do, Statement, Step

_BEGIN = Do("BEGIN")
_ALONE = Do(f"SELECT pg_advisory_xact_lock({LOCKS}, {WRITING})")
_MARK = (
    "INSERT INTO commits (writer, number, at) VALUES (?, ?, ?)"
    " ON CONFLICT (writer) DO UPDATE SET number = excluded.number, at = excluded.at"
)
_MARKED = "SELECT 1 FROM commits WHERE writer = ? AND number = ?"
# Longer than anybody asks after a commit.
_KEPT_SECONDS = 7 * 86_400
_SAVEPOINT, _RELEASE = Do("SAVEPOINT one_write"), Do("RELEASE one_write")
_BACK, _COMMIT, _ROLLBACK = Do("ROLLBACK TO one_write"), Do("COMMIT"), Do("ROLLBACK")

Outcomes = Sequence[Exception | None]


class _Sent(NamedTuple):
    """A commit that was sent: nobody knows so far whether it stands."""

    number: int
    batch: Sequence[Write[Any]]
    outcomes: Outcomes


class Commits:
    """Used by one thread at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._line: Line | None = None
        self._writer = secrets.randbits(62)
        self._number = 0
        self._sent: _Sent | None = None

    def connect(self) -> None:
        """Raises what `Session.connection` does."""
        line = self._line_of(self._session.connection())
        with line.busy():
            _begin(line)
            line.rows(Do("DELETE FROM commits WHERE at < ?", (int(time.time()) - _KEPT_SECONDS,)))
            line.rows(_COMMIT)

    def close(self) -> None:
        self._session.close()

    def make(self, batch: Sequence[Write[Any]]) -> None:
        """Never raises: what went wrong is in the writes. Made again, it makes nothing twice."""
        try:
            line = self._line_of(self._session.connection())
            with line.busy():
                outcomes = self._arrived(line, batch) or self._made(line, batch)
            self._sent = None
        except Exception as error:
            self._session.undo()
            outcomes = [error] * len(batch)
        for write, outcome in zip(batch, outcomes, strict=True):
            write.error = outcome

    def _line_of(self, connection: Connection) -> Line:
        if self._line is None or self._line.connection is not connection:
            self._line = Line(connection)
        return self._line

    def _arrived(self, line: Line, batch: Sequence[Write[Any]]) -> Outcomes | None:
        """What came of this batch, if its commit arrived although the connection was lost."""
        if self._sent is None or self._sent.batch is not batch:
            return None
        _begin(line)  # waits for a server that is still at it
        stands = bool(line.rows(Statement(_MARKED, (self._writer, self._sent.number))))
        line.rows(_COMMIT)
        return self._sent.outcomes if stands else None

    def _made(self, line: Line, batch: Sequence[Write[Any]]) -> Outcomes:
        self._sent = None
        return self._all(line, batch) or self._each(line, batch)

    def _all(self, line: Line, batch: Sequence[Write[Any]]) -> Outcomes | None:
        """As it nearly always goes: nothing has to be undone. Where something has to, all of it is."""
        _begin(line)
        try:
            outcomes = [_refusal(line, write) for write in batch]
            self._commit(line, batch, outcomes)
        except Exception as error:
            if isinstance(error, Error) and fails_all(error):
                raise
            self._sent = None
            _drop(line)
            line.rows(_ROLLBACK)
            return [error] if len(batch) == 1 else None
        return outcomes

    def _each(self, line: Line, batch: Sequence[Write[Any]]) -> Outcomes:
        """So that one can be undone alone."""
        _begin(line)
        outcomes = [_outcome(line, write) for write in batch]
        self._commit(line, batch, outcomes)
        return outcomes

    def _commit(self, line: Line, batch: Sequence[Write[Any]], outcomes: Outcomes) -> None:
        line.wait_for_checks()
        self._number += 1
        line.rows(Do(_MARK, (self._writer, self._number, int(time.time()))))
        self._sent = _Sent(self._number, batch, outcomes)
        line.rows(_COMMIT)
        line.wait()


def _begin(line: Line) -> None:
    """All that commits has to wait for this."""
    line.rows(_BEGIN)
    line.rows(_ALONE)


def _refusal(line: Line, write: Write[Any]) -> Exception | None:
    """What it raised before it changed anything. Raises what needs more than that to be undone."""
    is_harmless = True
    transaction = write.begin()
    try:
        step = next(transaction)
        while True:
            is_harmless = is_harmless and _only_reads(step)
            step = transaction.send(line.rows(step))
    except StopIteration as end:
        write.value = end.value
    except Exception as error:
        if error is line.error or not is_harmless:
            raise
        return error
    return None


def _only_reads(step: Step) -> bool:
    return isinstance(step, Statement | Check) and step.sql.startswith("SELECT")


def _outcome(line: Line, write: Write[Any]) -> Exception | None:
    """Made within the transaction, or undone: then what it raised. Raises what ends the transaction."""
    line.rows(_SAVEPOINT)
    try:
        error = _refusal(line, write)
        line.wait()
    except Exception as raised:
        if isinstance(raised, Error) and fails_all(raised):
            raise
        _drop(line)
        line.rows(_BACK)
        error = raised
    line.rows(_RELEASE)
    return error


def _drop(line: Line) -> None:
    """Nobody asks any more what comes of what is on its way."""
    with suppress(Exception):
        line.wait()
