"""A PostgreSQL server in memory, in the place of the driver's connections: what it keeps outlives every
process, and connections to it break at any moment.

Real are the store's code from batches to sessions, with its threads (`strands`), and what it tells the
server. Of the server there are: transactions with their numbers, also after a crash, which gives those of
what was lost once more; savepoints, pipelines and errors that are told late; advisory locks and how long
they are waited for; bells; timeouts of idle connections; connections that are lost before a commit
arrives, while it is made and before its answer, noticed at once or much later on either side; restarts.

Left out: PostgreSQL's own reading of SQL. Statements are run by SQLite on the same tables, which are strict
about what is in a column, not about what is compared; in no order but one that is asked for. Two
transactions that write at once, which the one lock forbids, are an error here. There are no isolation
levels, no deadlocks, no plans, no replication, no disk that is full, and no files in which something that
was deleted could be found. The store's own tests have a real server for all of those.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from psycopg import errors

from bot.store import postgres_database, postgres_line, postgres_session
from bot.store.postgres_migrations import NAMESPACE
from bot.store.postgres_session import LOCKS, WRITING
from bot.store.server import Server
from tests.world import postgres_libpq, postgres_threads, strands
from tests.world.loop import Life, WorldLoop
from tests.world.postgres_backend import Backend, Key, Message
from tests.world.postgres_wire import Connection

_SOCKET = {
    "socketpair": postgres_threads.socketpair,
    "fromfd": postgres_threads.Line,
    "AF_INET": 0,
    "SOCK_STREAM": 0,
    "SHUT_RDWR": 0,
    "gethostname": lambda: "a machine",
}
_TABLES = """
CREATE TABLE pg_locks (locktype, database, classid, objid, objsubid, pid, granted, mode);
CREATE TABLE pg_stat_activity (pid, datname, application_name, backend_type, backend_start);
CREATE TABLE pg_database (oid, datname);
CREATE TABLE pg_class (oid, relname, relnamespace, relkind);
CREATE TABLE pg_tables (schemaname, tablename);
CREATE TABLE pg_stat_database (datname, checksum_failures);
INSERT INTO pg_database VALUES (1, 'council');
INSERT INTO pg_stat_database VALUES ('council', 0);
"""


class PostgresServer:
    """In the place of the `Disk`; `kill` is called where a process ends in the middle of a commit."""

    def __init__(self, loop: WorldLoop, folder: Path, kill: Callable[[Life], None]) -> None:
        self.loop = loop
        self.kill = kill
        self.place = Server("postgresql://council:secret@postgres.world/council")
        self.faults = 0.0  # the share of what is sent that something happens to
        self.kills = 0.0  # the share of commits in which the process ends
        self.seconds = 0.0005  # that something takes to get there
        self.slow = 0.0  # the share of commits that take their time
        self.troubles: list[float] = []
        self.patience_seconds = 200.0
        self.tell: Callable[[str], None] = lambda what: None
        self.refused: Callable[[str], None] = lambda what: None
        self.is_up = True
        self.statuses: dict[int, str] = {}
        self.catalogue = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._caller: Backend | None = None
        self._path = folder / "server.db"
        self._backends: dict[int, Backend] = {}
        self._pid = 100
        self._number = 700
        self._furnish()

    # As a disk has it

    @property
    def address(self) -> str:
        return self.place.url

    def ended(self, life: Life) -> None:
        """The process is no more, as it wanted."""
        for backend in [*self._backends.values()]:
            if backend.client.life is life:
                backend.client.hang_up(after=0.001)

    def left(self, life: Life, *, power_lost: bool) -> None:
        """The process is no more: its connections end, at once or when the server comes to notice."""
        if power_lost:
            self.trouble("its connections stay for a while")
        for backend in [*self._backends.values()]:
            if backend.client.life is life:
                seconds = self.loop.random.uniform(0, 60) if power_lost else 0.001
                backend.client.hang_up(after=seconds)

    def rows(self, sql: str, *parameters: Any) -> list[Any]:
        """What is committed, read beside the program."""
        if not self._path.exists():
            return []
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()

    def where(self, word: str) -> list[str]:
        """In which columns this stands."""
        found = []
        for (table,) in self.rows("SELECT name FROM sqlite_schema WHERE type = 'table'"):
            for row in self.rows(f"SELECT * FROM {table}"):
                found += [f"{table}: {value}"[:300] for value in row if word in str(value)]
        return found

    def holds(self, word: bytes) -> list[str]:
        return self.where(word.decode())

    @contextmanager
    def installed(self) -> Iterator[None]:
        self.loop.beside = strands.run_in
        with ExitStack() as stack:
            for place, name, value in self._instead():
                stack.callback(setattr, place, name, getattr(place, name))
                setattr(place, name, value)
            try:
                yield
            finally:
                for strand in [*self.loop.strands]:
                    strand.end()
                for backend in [*self._backends.values()]:
                    backend.end()
                self.catalogue.close()

    def _instead(self) -> Iterator[tuple[Any, str, Any]]:
        """What is here in the place of the driver, of threads and of sockets."""

        class Pool(strands.Pool):
            loop = self.loop

        class Thread(postgres_threads.Thread):
            loop = self.loop

        class Selector(postgres_threads.Selector):
            loop = self.loop

        sockets = SimpleNamespace(**_SOCKET)
        yield postgres_session, "connect", self.connect
        yield postgres_session, "os", SimpleNamespace(getpid=lambda: 1)
        yield postgres_session, "socket", sockets
        yield postgres_line, "Transformer", postgres_libpq.Values
        yield postgres_line, "error_from_result", postgres_libpq.error_from_result
        yield postgres_line, "generators", postgres_libpq.generators
        yield postgres_database, "ThreadPoolExecutor", Pool
        if find_spec("bot.store.postgres_presence"):
            presence = import_module("bot.store.postgres_presence")
            selectors = SimpleNamespace(DefaultSelector=Selector, EVENT_READ=1)
            yield presence, "Thread", Thread
            yield presence, "socket", sockets
            yield presence, "selectors", selectors
            yield presence, "monotonic", self.loop.time
            yield presence, "SystemRandom", lambda: self.loop.random

    # Connections

    def connect(self, conninfo: str, **options: Any) -> Connection:
        """In a strand, which waits for it. As `psycopg.connect`."""
        connection = Connection(self, autocommit=options["autocommit"])
        connection.greet(options.get("application_name", ""))
        return connection

    def accept(self, client: Connection, name: str) -> Backend:
        self._pid += 1
        backend = self._backends[self._pid] = Backend(self, self._pid, name, client)
        return backend

    def answer(self, backend: Backend, done: Sequence[Message]) -> None:
        backend.client.answer(done)

    def forget(self, backend: Backend) -> None:
        self._backends.pop(backend.pid, None)
        self.granted()

    def terminate(self, backend: Backend) -> None:
        """By the server: the other end is told, if anybody is there."""
        if self.loop.random.random() < 0.5:
            backend.finish_commit()
        backend.end()
        backend.client.lose(errors.AdminShutdown("terminating connection"))

    def restart(self, *, crash: bool, seconds: float) -> None:
        """Whoever is connected loses it, and nobody connects for so long."""
        self.trouble("the server crashes" if crash else "the server restarts")
        self.is_up = False
        lost = [backend.number for backend in self._backends.values() if backend.number]
        for backend in [*self._backends.values()]:
            self.terminate(backend)
        if crash and lost and self.loop.random.random() < 0.7:
            # Nothing of theirs was written to the log, so that nobody knows that they were given.
            self._number = min(lost) - 1
            for number in [n for n in self.statuses if n > self._number]:
                if self.statuses[number] == "committed":
                    self._number = number
            for number in [n for n in self.statuses if n > self._number]:
                del self.statuses[number]
        self.loop.call_later(seconds, self._come_back)

    def _come_back(self) -> None:
        self.is_up = True

    def trouble(self, what: str) -> None:
        self.troubles.append(self.loop.time())
        self.tell(what)

    def commit_seconds(self) -> float:
        random = self.loop.random
        if random.random() >= self.slow:
            return 0.0
        self.troubles.append(self.loop.time())
        return random.choice((0.05, 0.5, 4.0, 20.0))

    # Transactions and locks

    def engine(self) -> sqlite3.Connection:
        made = sqlite3.connect(
            self._path,
            isolation_level=None,
            timeout=0,
            check_same_thread=False,
            cached_statements=512,
        )
        for pragma in ("journal_mode = WAL", "synchronous = OFF", "foreign_keys = ON"):
            made.execute(f"PRAGMA {pragma}")
        made.execute("PRAGMA case_sensitive_like = ON")
        if self.loop.random.random() < 0.5:
            made.execute("PRAGMA reverse_unordered_selects = ON")
        return made

    def next_number(self) -> int:
        self._number += 1
        self.statuses[self._number] = "in progress"
        return self._number

    def is_free(self, backend: Backend, key: Key, shared: bool) -> bool:
        return all(
            other is backend or held != key or (shared and is_shared)
            for other in self._backends.values()
            for held, is_shared, _ in other.held
        )

    def is_written(self) -> bool:
        return any(
            key == (LOCKS, WRITING) for each in self._backends.values() for key, _, _ in each.held
        )

    def committed(self, backend: Backend, bells: Sequence[tuple[str, str]]) -> None:
        self.loop.note(f"commit {backend.pid}")
        self.ring(bells)
        self.granted()

    def granted(self) -> None:
        """A lock may be free."""
        for backend in self._backends.values():
            if backend.waits_for:
                self.loop.call_soon(backend.go_on)

    def ring(self, bells: Sequence[tuple[str, str]]) -> None:
        for backend in self._backends.values():
            heard = [bell for bell in bells if bell[0] in backend.channels]
            if heard:
                backend.client.notify(heard)

    # The catalogue

    def look_up(self, backend: Backend, sql: str, given: Sequence[Any]) -> list[tuple[Any, ...]]:
        self._caller = backend
        if "pg_locks" in sql or "pg_stat_activity" in sql:
            self._list_backends()
        if "pg_class" in sql or "pg_tables" in sql:
            self._list_tables(backend)
        if "pg_xact_status" in sql and int(given[0]) > self._number:
            raise errors.InvalidParameterValue(f"transaction ID {given[0]} is in the future")
        return self.catalogue.execute(sql, given).fetchall()

    def _list_backends(self) -> None:
        write = self.catalogue.execute
        write("DELETE FROM pg_locks")
        write("DELETE FROM pg_stat_activity")
        for each in self._backends.values():
            write(
                "INSERT INTO pg_stat_activity VALUES (?, 'council', ?, 'client backend', ?)",
                (each.pid, each.name, each.since),
            )
            for key, shared, _ in each.held:
                pair = key if len(key) == 2 else (0, key[0])
                mode = "ShareLock" if shared else "ExclusiveLock"
                write(
                    "INSERT INTO pg_locks VALUES ('advisory', 1, ?, ?, ?, ?, 1, ?)",
                    (*pair, len(key), each.pid, mode),
                )

    def _list_tables(self, backend: Backend) -> None:
        self.catalogue.execute("DELETE FROM pg_class")
        self.catalogue.execute("DELETE FROM pg_tables")
        for (name,) in backend.tables():
            self.catalogue.execute("INSERT INTO pg_class VALUES (1, ?, ?, 'r')", (name, NAMESPACE))
            self.catalogue.execute("INSERT INTO pg_tables VALUES (?, ?)", (NAMESPACE, name))

    def _furnish(self) -> None:
        self.catalogue.executescript(_TABLES)
        for name, arguments, function in (
            ("current_database", 0, lambda: "council"),
            ("current_setting", 1, lambda name: self._of_caller(name)),
            ("set_config", 3, lambda name, value, local: value),
            ("hashtext", 1, lambda text: text),
            ("to_regclass", 1, lambda name: self._of_table(name)),
            ("to_regnamespace", 1, lambda name: name),
            ("pg_total_relation_size", 1, lambda oid: 8192),
            ("pg_backend_pid", 0, lambda: self._called().pid),
            ("pg_current_xact_id", 0, lambda: self._called().take_number()),
            ("pg_xact_status", 1, self._status),
            ("pg_notify", 2, lambda channel, what: self._called().ring(channel, what)),
            ("pg_terminate_backend", -1, self._terminated),
        ):
            self.catalogue.create_function(name, arguments, function)

    def _called(self) -> Backend:
        assert self._caller
        return self._caller

    def _of_caller(self, name: str) -> str:
        return self._called().name if name == "application_name" else "on"

    def _of_table(self, name: str) -> str | None:
        plain = name.rpartition(".")[2]
        return plain if (plain,) in self._called().tables() else None

    def _status(self, number: str) -> str | None:
        return self.statuses.get(int(number))

    def _terminated(self, pid: int, milliseconds: int = 0) -> int:
        backend = self._backends.get(pid)
        if backend:
            self.terminate(backend)
        return int(backend is not None)
