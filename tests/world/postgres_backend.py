"""A server's end of one connection: statements one after the other, its transaction, its locks.

The statements of the store are run by SQLite, on tables that it checks the types of; what is said to
PostgreSQL alone (settings, advisory locks, transactions' numbers, bells, the catalogue) is done here.
"""

import re
import sqlite3
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from psycopg import errors

from bot.store import migrations, postgres_migrations
from bot.store.postgres_session import LOCKS, WRITING

if TYPE_CHECKING:
    from tests.world.postgres_server import PostgresServer
    from tests.world.postgres_wire import Connection

_TIMEOUTS = ("lock_timeout", "idle_session_timeout", "idle_in_transaction_session_timeout")
_SET = re.compile(r"SET (\w+) (?:=|TO) '?([\w ]+)'?$")
_SET_CONFIG = re.compile(r"set_config\('(\w+)', '([\w ]*)', false\)")
_LOCK = re.compile(r"pg_(try_)?advisory_(xact_)?lock(_shared)?\(((?:[^()]|\([^()]*\))*)\)")
_UNLOCK = re.compile(r"pg_advisory_unlock(_shared)?\(((?:[^()]|\([^()]*\))*)\)")
_CATALOGUE = re.compile(r"\b(pg_\w+|to_reg\w+|current_database|current_setting|set_config)\b")
_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|WITH)\b")
# Every name is written as it is; SQLite would take an unknown one in quotes for a text.
_QUOTED = re.compile('"')
_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "": 0.001}

Key = tuple[Any, ...]


class NotLikeThis(Exception):
    """What no program of this house may do, whatever a server lets pass."""


class Message:
    """A statement on its way, and what came of it. `sql` is "" for the end of a group."""

    __slots__ = ("_slept", "arrived", "count", "error", "is_query", "parameters", "rows", "sql")

    def __init__(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        self.sql = sql
        self.parameters = parameters
        self.rows: list[tuple[Any, ...]] = []
        self.is_query = False
        self.count = -1
        self.error: Exception | None = None
        self.arrived = False
        self._slept = False


class Backend:
    """Made by `PostgresServer.accept`. `connection` is told of answers, and of its end."""

    def __init__(self, server: "PostgresServer", pid: int, name: str, client: "Connection") -> None:
        self.server = server
        self.pid = pid
        self.name = name
        self.client = client
        self.settings = dict.fromkeys(_TIMEOUTS, 0.0)
        self.held: list[tuple[Key, bool, bool]] = []  # a lock, whether shared, whether for long
        self.waits_for: tuple[Key, bool] | None = None
        self.channels: set[str] = set()
        self.number: int | None = None  # of its transaction, where it asked
        self.in_transaction = False
        self.gone = False
        self._failed = False  # the transaction, for all but its undoing
        self._begun = False  # in SQLite
        self._bells: dict[tuple[str, str], None] = {}
        self._inbox: deque[Message | None] = deque()
        self._done: list[Message] = []
        self._skips = False
        self._busy = False
        self.since = self._heard_at = server.loop.time()
        self._watched = False
        self._sqlite = server.engine()

    # From the wire

    def receive(self, messages: Sequence[Message | None]) -> None:
        """`None`: nobody is at the other end any more."""
        if not self.gone:
            self._inbox.extend(messages)
            self._heard_at = self.server.loop.time()
            if not self._busy:
                self.go_on()

    def go_on(self) -> None:
        self._busy = False
        while self._inbox and not self.gone:
            message = self._inbox[0]
            if message is None:
                self.end()
                return
            if message.sql and not self._skips and self._has_to_wait(message):
                self._busy = True
                break
            self._inbox.popleft()
            self._take(message)
        if self._done and not self.gone:
            done, self._done = self._done, []
            self.server.answer(self, done)
        self._watch()

    def finish_commit(self) -> None:
        """Whatever is to come: what is on its way to the disk is finished before."""
        message = self._inbox[0] if self._inbox else None
        if message and message.sql == "COMMIT" and message._slept:
            self._run(message)

    def end(self) -> None:
        """Whatever is under way is undone, and its locks are free."""
        if self.gone:
            return
        self.gone = True
        self.waits_for = None
        self._undo()
        self._sqlite.close()
        self.channels.clear()
        self.held.clear()
        self.server.forget(self)

    def tables(self) -> list[tuple[Any, ...]]:
        names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        return self._sqlite.execute(names).fetchall()

    # Waiting

    def _has_to_wait(self, message: Message) -> bool:
        """For a lock, until it has it or has waited too long; or for the disk, once."""
        if message.sql == "COMMIT" and not message._slept:
            message._slept = True
            seconds = self.server.commit_seconds()
            if seconds:
                self.server.loop.call_later(seconds, self.go_on)
            return bool(seconds)
        wanted = self._lock_of(message)
        if wanted is None or self.server.is_free(self, *wanted):
            self.waits_for = None
            return False
        if self.waits_for is None:
            self.waits_for = wanted
            if timeout := self.settings["lock_timeout"]:
                self.server.loop.call_later(timeout, self._waited, message)
        return True

    def _waited(self, message: Message) -> None:
        if self.waits_for is None or not self._inbox or self._inbox[0] is not message:
            return
        self.waits_for = None
        self._inbox.popleft()
        self._fail(message, errors.LockNotAvailable("canceling statement due to lock timeout"))
        self.go_on()

    def _watch(self) -> None:
        """As the server's own timeouts do, of which each ends the connection."""
        if self.gone or self._watched or not (limit := self._limit()):
            return
        self._watched = True
        due = max(self._heard_at + limit, self.server.loop.time() + 0.001)
        self.server.loop.call_at(due, self._look)

    def _look(self) -> None:
        self._watched = False
        limit = self._limit()
        is_idle = not self._busy and not self._inbox
        if limit and is_idle and self.server.loop.time() >= self._heard_at + limit:
            self.server.tell(f"backend {self.pid} is idle for too long")
            self.server.terminate(self)
        else:
            self._watch()

    def _limit(self) -> float:
        name = "idle_in_transaction_session_timeout" if self.in_transaction else _TIMEOUTS[1]
        return self.settings[name]

    # Statements

    def _take(self, message: Message) -> None:
        self._done.append(message)
        if not message.sql:
            self._skips = False
        elif self._skips:
            message.error = errors.PipelineAborted("pipeline aborted")
        else:
            try:
                self._run(message)
            except sqlite3.Error as error:
                self._fail(message, self._translated(error, message.sql))
            except errors.Error as error:
                self._fail(message, error)
            except NotLikeThis as error:
                self.server.refused(f"{error}: {message.sql}")
                self._fail(message, errors.InternalError(str(error)))

    def _fail(self, message: Message, error: Exception) -> None:
        message.error = error
        if message not in self._done:
            self._done.append(message)
        self._skips = True
        self._failed = self.in_transaction

    def _run(self, message: Message) -> None:
        sql = message.sql
        if sql in ("COMMIT", "ROLLBACK"):
            self._end_transaction(stands=sql == "COMMIT" and not self._failed)
        elif sql.startswith("ROLLBACK TO "):
            self._failed = False
            self._sqlite.execute(sql)
        elif self._failed:
            raise errors.InFailedSqlTransaction("current transaction is aborted")
        elif sql == "BEGIN":
            self.in_transaction = True
        elif sql.startswith(("SAVEPOINT ", "RELEASE ")):
            self._begin()
            self._sqlite.execute(sql)
        elif found := _SET.fullmatch(sql):
            self._set(found[1], found[2])
        elif sql.startswith("LISTEN "):
            self.channels.add(sql.removeprefix("LISTEN ").strip('"'))
        elif sql.startswith("VACUUM"):
            self._vacuum()
        elif sql.startswith(("CREATE SCHEMA", "DEALLOCATE ", "-- prepared")):
            pass
        elif sql.startswith("-- step "):
            self._step(int(sql.removeprefix("-- step ")))
        elif _CATALOGUE.search(sql):
            self._ask_the_catalogue(message)
        else:
            self._ask(message)

    def _begin(self) -> None:
        if self.in_transaction and not self._begun:
            self._begun = True
            # Of those who write, one has the lock; who only reads is in nobody's way.
            writes = any(key == (LOCKS, WRITING) for key, _, _ in self.held)
            self._sqlite.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    def _ask(self, message: Message) -> None:
        if _QUOTED.search(message.sql):
            raise errors.UndefinedColumn("a name in quotes, or a text in the wrong ones")
        if not self.in_transaction and _WRITES.match(message.sql):
            raise NotLikeThis("a write outside of a transaction")
        self._begin()
        cursor = self._sqlite.execute(message.sql, message.parameters)
        message.is_query = cursor.description is not None
        message.rows = cursor.fetchall()
        message.count = len(message.rows) if message.is_query else cursor.rowcount

    def _end_transaction(self, *, stands: bool) -> None:
        if not stands:
            self._undo()
        elif self._begun:
            self._sqlite.execute("COMMIT")
        if self.number is not None:
            self.server.statuses[self.number] = "committed" if stands else "aborted"
        bells = [*self._bells] if stands else []
        self._bells.clear()
        self.in_transaction = self._failed = self._begun = False
        self.number = None
        self.held = [each for each in self.held if each[2]]
        self.server.committed(self, bells)

    def _undo(self) -> None:
        if self._begun:
            self._sqlite.execute("ROLLBACK")
        if self.number is not None:
            self.server.statuses[self.number] = "aborted"
        self.in_transaction = self._failed = self._begun = False
        self.number = None
        self._bells.clear()
        self.held = [each for each in self.held if each[2]]

    def _translated(self, error: sqlite3.Error, sql: str) -> Exception:
        name, words = getattr(error, "sqlite_errorname", ""), str(error)
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            self.server.refused(f"two write at once, of which one has no lock: {sql}")
        return _kind(name, words)(words)

    # What is PostgreSQL's alone

    def _set(self, name: str, value: str) -> None:
        if name in self.settings:
            number, unit = re.fullmatch(r"(\d+) ?(\w*)", value).groups()  # type: ignore[union-attr]
            self.settings[name] = int(number) * _UNITS[unit]
        elif name == "default_transaction_read_only":
            self._sqlite.execute("PRAGMA query_only = ON")

    def _lock_of(self, message: Message) -> tuple[Key, bool] | None:
        found = _LOCK.search(message.sql)
        if found is None or found[1]:
            return None
        return self._key(message, found.start(), found[4]), bool(found[3])

    def _key(self, message: Message, start: int, arguments: str) -> Key:
        before = message.sql[:start].count("?")
        given = message.parameters[before : before + arguments.count("?")]
        arguments = arguments.replace("::bigint", "").replace("::int", "")
        (key,) = self.server.catalogue.execute(f"SELECT {arguments}", given).fetchall()
        return tuple(int(part) if str(part).lstrip("-").isdecimal() else part for part in key)

    def _ask_the_catalogue(self, message: Message) -> None:
        for name, value in _SET_CONFIG.findall(message.sql):
            self._set(name, value)
        sql, given = message.sql, list(message.parameters)
        while found := _LOCK.search(sql) or _UNLOCK.search(sql):
            arguments = found[found.lastindex or 0]
            before, marks = sql[: found.start()].count("?"), arguments.count("?")
            now = Message(sql, given)
            outcome = self._locked(found, self._key(now, found.start(), arguments))
            is_table = sql[: found.start()].rstrip().endswith("FROM")
            sql = (
                sql[: found.start()]
                + (f"(SELECT {outcome})" if is_table else outcome)
                + (sql[found.end() :])
            )
            del given[before : before + marks]
        sql = re.sub(r"::\w+", "", sql)
        message.rows = self.server.look_up(self, sql, given)
        message.is_query, message.count = True, len(message.rows)

    def _locked(self, found: "re.Match[str]", key: Key) -> str:
        if "unlock" in found[0]:
            mine = next((each for each in self.held if each[0] == key and each[2]), None)
            if mine:
                self.held.remove(mine)
                self.server.granted()
            return str(int(mine is not None))
        shared = bool(found[3])
        if not self.server.is_free(self, key, shared):
            return "0"
        self.held.append((key, shared, not found[2]))
        return "1" if found[1] else "''"

    def take_number(self) -> str:
        if not self.in_transaction:
            raise NotLikeThis("a number of a transaction that there is none of")
        if self.number is None:
            self.number = self.server.next_number()
        return str(self.number)

    def ring(self, channel: str, what: str) -> str:
        if not self.in_transaction:
            self.server.ring([(channel, what)])
        else:
            self._bells[channel, what] = None
        return ""

    def _vacuum(self) -> None:
        if self.in_transaction:
            raise errors.ActiveSqlTransaction("VACUUM cannot run inside a transaction block")
        if self.server.is_written():
            raise errors.LockNotAvailable("canceling statement due to lock timeout")

    def _step(self, number: int) -> None:
        """What SQLite's steps make, which a test compares with what PostgreSQL's do."""
        first = min(postgres_migrations._steps(postgres_migrations.SCHEMA))
        steps = migrations._steps(migrations.SCHEMA)
        self._begin()
        for step in steps[0 if number == first else number - 1 : number]:
            for statement in _statements(step.read_text(encoding="utf-8")):
                self._sqlite.execute(statement)


def _statements(script: str) -> list[str]:
    found, begun = [], ""
    for line in script.splitlines(keepends=True):
        begun += line
        if sqlite3.complete_statement(begun):
            found.append(begun)
            begun = ""
    return found


def _kind(name: str, words: str) -> type[errors.Error]:
    if name.startswith("SQLITE_CONSTRAINT"):
        kinds: dict[str, type[errors.Error]] = {
            "SQLITE_CONSTRAINT_FOREIGNKEY": errors.ForeignKeyViolation,
            "SQLITE_CONSTRAINT_NOTNULL": errors.NotNullViolation,
            "SQLITE_CONSTRAINT_CHECK": errors.CheckViolation,
            "SQLITE_CONSTRAINT_DATATYPE": errors.DatatypeMismatch,
        }
        return kinds.get(name, errors.UniqueViolation)
    if name == "SQLITE_READONLY":
        return errors.ReadOnlySqlTransaction
    if words.startswith("no such table"):
        return errors.UndefinedTable
    if words.startswith("no such column"):
        return errors.UndefinedColumn
    return errors.SyntaxError
