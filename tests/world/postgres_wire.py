"""A program's end of a connection to the server, with as much of psycopg's as the store uses.

What is sent may never arrive, its answer may be lost, and either side may learn of that much later.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context, copy_context
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from psycopg import Notify, OperationalError, errors, sql

from bot.store import postgres_migrations
from tests.world import strands
from tests.world.loop import LIFE, Killed, Life
from tests.world.postgres_backend import Backend, Message
from tests.world.postgres_libpq import Libpq

if TYPE_CHECKING:
    from tests.world.postgres_server import PostgresServer

_TEXT = 25  # the number of PostgreSQL's type
_UNNOTICED_SECONDS = 25.0  # `tcp_user_timeout`, as sessions set it
_AT_MOST = 2**63
# Of what goes wrong, that which is most worth seeing.
_COMMITS = 5.0


class Cursor:
    """What came of a statement, once it is there."""

    def __init__(self, connection: "Connection", message: Message) -> None:
        self._connection = connection
        self._message = message
        self._position = 0

    @property
    def description(self) -> Any:
        return ["a column"] if self._message.arrived and self._message.is_query else None

    @property
    def rowcount(self) -> int:
        return self._message.count if self._message.arrived else -1

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows = self._rows()[self._position :]
        self._position += len(rows)
        return rows

    def fetchone(self) -> tuple[Any, ...] | None:
        rows = self._rows()[self._position :]
        self._position += len(rows[:1])
        return rows[0] if rows else None

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.fetchall())

    def _rows(self) -> list[tuple[Any, ...]]:
        if not self._message.arrived:
            self._connection.hear()
        if self._message.error is not None or not self._message.is_query:
            raise errors.ProgrammingError("the last operation didn't produce records")
        return [tuple(map(self._connection.got, row)) for row in self._message.rows]


class Connection:
    """Made by `PostgresServer.connect`, in a strand."""

    def __init__(self, server: "PostgresServer", *, autocommit: bool) -> None:
        assert autocommit, "transactions are begun by those who need one"
        self.server = server
        self.life: Life | None = LIFE.get()
        self.adapters = self
        self.info: Any = None
        self.pgconn = Libpq(self)
        self.prepared_max: int | None = None
        self._backend: Backend
        self._context: Context = copy_context()
        self._dumpers: dict[type, Any] = {}
        self._loaders: dict[str, Any] = {}
        self._queue: list[Message] = []  # not sent so far
        self._expected: deque[Message] = deque()  # sent, and not looked at
        self._bells: deque[Notify] = deque()
        self.waiting: strands.Strand | None = None
        self._lost: Exception | None = None
        self._deaf = False  # what the server says does not arrive any more
        self._cut = False  # nor does what is said to it
        self._there = self._back = 0.0  # when the last of each direction arrives
        self.closed = False

    def greet(self, name: str) -> None:
        server = self.server
        self._pause(self._travel())
        is_lost = server.loop.random.random() < server.faults
        if is_lost:
            server.trouble("a connection is not made")
        if is_lost or not server.is_up:
            raise OperationalError("connection refused")
        self._backend = server.accept(self, name)
        self.info = SimpleNamespace(
            backend_pid=self._backend.pid,
            server_version=150_000,
            encoding="utf-8",
            parameter_status={"server_encoding": "UTF8", "server_version": "15.0"}.get,
        )
        self._pause(self._travel())

    # As psycopg has it

    def execute(self, query: Any, parameters: Sequence[Any] | None = None) -> Cursor:
        self._require()
        message = Message(*self._portable(query, parameters))
        self._queue.append(message)
        cursor = Cursor(self, message)
        self.sync()
        return cursor

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.execute("BEGIN")
        try:
            yield
        except Killed:
            raise
        except Exception:
            if self._lost is None and not self.closed:
                self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    def rollback(self) -> None:
        self._require()
        if self._backend.in_transaction:
            self.execute("ROLLBACK")

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.hang_up(after=self._travel())

    def fileno(self) -> "Connection":
        """Whoever asks for its number wants to wait for it, or to cut it."""
        return self

    def is_ready(self) -> bool:
        return bool(self._bells or self._lost)

    def cut(self) -> None:
        """Here and now, by somebody who is not in its thread."""
        if not self.closed:
            self._deaf = self._cut = True
            self.hang_up(after=0.0)
            self._end(errors.OperationalError("the connection was cut"))

    def notifies(self, *, timeout: float | None = None, stop_after: int = 0) -> Iterator[Notify]:
        """Those that are there, and that come within so many seconds."""
        loop, count = self.server.loop, 0
        until = None if timeout is None else loop.time() + timeout
        while not (stop_after and count >= stop_after):
            if self._bells:
                count += 1
                yield self._bells.popleft()
                continue
            self._require()
            if until is not None and loop.time() >= until:
                return
            self._pause(None if until is None else until - loop.time())

    def wait(self, work: Iterator[Any]) -> Any:
        """What it returns. Whenever it has to wait, until something has come."""
        while True:
            try:
                next(work)
            except StopIteration as end:
                return end.value
            self._require()
            self._pause(None)

    def register_dumper(self, kind: type, dumper: Any) -> None:
        self._dumpers[kind] = dumper

    def register_loader(self, kind: str, loader: Any) -> None:
        self._loaders[kind] = loader

    # Values

    def _portable(self, query: Any, given: Sequence[Any] | None) -> tuple[str, list[Any]]:
        if isinstance(query, bytes):
            return _step(query) or query.decode(), []
        text = query.as_string(None) if isinstance(query, sql.Composable) else str(query)
        text = text.strip()
        if "?" in text:
            raise errors.SyntaxError(f"a question mark in {text}")
        if given is None:
            return text, []
        if text.replace("%%", "").count("%s") != len(given):
            raise errors.ProgrammingError(f"{len(given)} parameters for {text}")
        if any(sign not in "%s" for _, sign in _after_percents(text)):
            raise errors.ProgrammingError(f"only '%s' are allowed as placeholders: {text}")
        return text.replace("%s", "?").replace("%%", "%"), [self.put(each) for each in given]

    def put(self, value: Any) -> Any:
        if isinstance(value, str):
            dumper = self._dumpers.get(str)
            text: bytes = bytes(dumper(str).dump(value)) if dumper else value.encode()
            if b"\0" in text:
                raise errors.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
            return text.decode()
        if isinstance(value, bool):
            raise errors.DatatypeMismatch("a number's column takes no boolean")
        if isinstance(value, int) and not -_AT_MOST <= value < _AT_MOST:
            raise errors.NumericValueOutOfRange("bigint out of range")
        if value is None or isinstance(value, int | float | bytes):
            return value
        raise errors.ProgrammingError(f"cannot adapt type {type(value)}")

    def got(self, value: Any) -> Any:
        loader = self._loaders.get("text")
        if loader and isinstance(value, str):
            return loader(_TEXT).load(value.encode())
        return value

    # The way there and back

    @property
    def is_expecting(self) -> bool:
        return bool(self._queue or self._expected)

    def post(self, message: Message) -> None:
        """Send it some time, and look at what comes back later."""
        self._require()
        self._queue.append(message)

    def next_of_pipeline(self) -> Message | None:
        """The next that came back, if it did."""
        if not self._expected[0].arrived:
            return None
        return self._expected.popleft()

    def sync(self) -> None:
        """Send what waits, and look at all that comes back. Raises the first that went wrong."""
        self._queue.append(Message(""))
        self.hear()

    def hear(self) -> None:
        self._require()
        self.flush()
        first: Exception | None = None
        while self._expected:
            message = self._expected[0]
            while not message.arrived:
                self._require()
                self._pause(None)
            self._expected.popleft()
            first = first or message.error
        if first is not None:
            raise first.with_traceback(None)

    def flush(self) -> None:
        sent, self._queue = self._queue, []
        self._expected.extend(sent)
        if not sent:
            return
        server, random = self.server, self.server.loop.random
        commits = any(each.sql == "COMMIT" for each in sent)
        if commits and self.life and random.random() < server.kills:
            if random.random() < 0.5:
                self._deliver(sent)
            server.kill(self.life)
            raise Killed
        if self._cut:
            return
        if random.random() >= server.faults * (_COMMITS if commits else 1.0):
            self._deliver(sent)
        else:
            self._go_wrong(sent)

    def _go_wrong(self, sent: list[Message]) -> None:
        server, random = self.server, self.server.loop.random
        kind = random.choice(("nothing", "some", "all", "all", "answer", "ended", "slow"))
        server.trouble(f"connection {self._backend.pid}: {kind} of {len(sent)} arrives")
        gone = errors.OperationalError("server closed the connection unexpectedly")
        notices = random.choice((0.0, 0.0, _UNNOTICED_SECONDS))
        match kind:
            case "nothing" | "some":
                self._deliver(sent[: random.randrange(len(sent))] if kind == "some" else [])
            case "all":
                self._deliver(sent)
            case "answer":
                self._deaf = self._cut = True
                self._deliver(sent)
                server.loop.call_later(self._travel() + notices, self.lose, gone)
                self.hang_up(after=random.uniform(30, 300))  # the server keeps its end
                return
            case "ended":
                server.loop.call_soon(server.terminate, self._backend)
                return
            case _:
                server.loop.call_later(random.uniform(0.5, 12), self._deliver, sent)
                self._there = server.loop.time() + 12.0
                return
        self._deaf = self._cut = True
        self.hang_up(after=random.choice((0.0, 0.0, 3.0, 20.0)))
        server.loop.call_later(notices, self.lose, gone)

    def _deliver(self, sent: Sequence[Message | None], *, after: float = 0.0) -> None:
        loop = self.server.loop
        # One connection keeps their order; what is due at the same moment has none.
        self._there = max(self._there + 1e-6, loop.time() + after + self._travel())
        _outside(loop.call_at, self._there, self._backend.receive, [*sent])

    def hang_up(self, *, after: float) -> None:
        """What is on its way still arrives."""
        if self.info is not None:
            self._deliver([None], after=after)

    # From the server

    def answer(self, done: Sequence[Message]) -> None:
        if not self._deaf:
            self._come(self._arrive, done)

    def notify(self, bells: Sequence[tuple[str, str]]) -> None:
        if not self._deaf:
            self._come(self._ring, bells)

    def lose(self, error: Exception) -> None:
        self._deaf = True
        self._come(self._end, error)

    def _come(self, how: Any, what: Any) -> None:
        loop = self.server.loop
        self._back = max(self._back + 1e-6, loop.time() + self._travel())
        loop.call_at(self._back, how, what, context=self._context.copy())

    def _arrive(self, done: Sequence[Message]) -> None:
        for message in done:
            message.arrived = True
        self._wake()

    def _ring(self, bells: Sequence[tuple[str, str]]) -> None:
        self._bells.extend(Notify(channel, what, 0) for channel, what in bells)
        self._wake()

    def _end(self, error: Exception) -> None:
        self._lost = self._lost or error
        self._wake()

    def _wake(self) -> None:
        if self.waiting is not None:
            self.waiting.wake()

    # Here

    def _require(self) -> None:
        if self.closed:
            raise OperationalError("the connection is closed")
        if self._lost is not None:
            self.closed = True
            raise self._lost.with_traceback(None)

    def _pause(self, seconds: float | None) -> None:
        self.waiting = strands.here()
        assert self.waiting, "only threads wait for a server"
        try:
            self.waiting.pause(seconds)
        finally:
            self.waiting = None

    def _travel(self) -> float:
        return min(1.0, self.server.loop.random.expovariate(1 / self.server.seconds))


def _outside(call: Any, *args: Any) -> None:
    """In nobody's life: what is on the wire outlives who sent it."""
    call(*args, context=Context())


def _after_percents(text: str) -> Iterator[tuple[int, str]]:
    place = text.find("%")
    while place >= 0:
        yield place, text[place + 1 : place + 2]
        place = text.find("%", place + 2)


def _step(script: bytes) -> str:
    """A step of the schema, by its number; "" for what is none."""
    for number, file in postgres_migrations._steps(postgres_migrations.SCHEMA).items():
        if file.read_bytes() == script:
            return f"-- step {number}"
    return ""
