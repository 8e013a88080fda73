"""This process among those that share a database of PostgreSQL, on a connection and a thread of its own.

No election of our own making: a process lives as long as a session holds the advisory lock of its
number, and has a name as long as the same session holds that of the name. The server ends a session
that it has not heard from for some seconds: of a process that is frozen, or on a machine without power.
"""

import asyncio
import logging
import selectors
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from hashlib import blake2b
from random import SystemRandom
from threading import Thread
from time import monotonic
from typing import Any

from psycopg import Connection, Error, sql

from bot.errors import StoreFailed
from bot.store.postgres_errors import failed
from bot.store.postgres_session import BELLS, LOCKS, Session
from bot.store.presence import LOST, Hear
from bot.store.server import Server
from bot.store.transactions import Row

logger = logging.getLogger(__name__)

# The first numbers of the locks of processes, and of names.
NUMBERS, NAMES = LOCKS + 1, LOCKS + 2

# After so long without a word the server lets a session go. Pings are sent some four times as often.
IDLE_SECONDS = 15.0
_PINGS = 3.75

# Between two tries to have a name that another process has, and to connect again.
_ASKED_SECONDS = 1.0
_PAUSES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
# For the thread to end by itself.
_END_SECONDS = 2.0

_LIVING = (
    f"SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = {NUMBERS} AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)

Read = Callable[[str], Awaitable[list[Row]]]


class _Claim:
    """Of somebody here who wants a name, or has it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost = asyncio.Event()
        self.waited = False
        self.has = False

    def give(self) -> None:
        if not self.given.done():  # nobody waits any more
            self.given.set_result(None)


class PostgresPresence:
    """`start` it, and `close` it. `renumbered` is told of a new number on the event loop."""

    def __init__(
        self,
        server: Server,
        holder: str,
        read: Read,
        renumbered: Callable[[int], None],
        *,
        idle_seconds: float = IDLE_SECONDS,
        time_scale: float = 1.0,
    ) -> None:
        self.number = 0
        self._server = server
        self._session = Session(server, holder, self._enter)
        self._read = read
        self._renumbered = renumbered
        self._idle, self._ping = idle_seconds, idle_seconds / _PINGS
        self._asked = min(_ASKED_SECONDS * time_scale, self._ping)
        self._pauses = tuple(pause * time_scale for pause in _PAUSES)
        self._loop = asyncio.get_running_loop()
        self._started: asyncio.Future[None] = self._loop.create_future()
        self._listeners: list[Hear] = []
        self._claims: list[_Claim] = []
        self._unsure_at: asyncio.TimerHandle | None = None
        self._waker, self._wakes = socket.socketpair()
        self._waker.setblocking(False)
        self._wakes.setblocking(False)
        self._closing = False
        self._thread = Thread(target=self._live, name="store-presence", daemon=True)
        # Of the thread alone
        self._number = 0
        self._names: set[str] = set()

    async def start(self) -> None:
        """Be there. Raises `psycopg.Error` and `StoreFailed`."""
        self._thread.start()
        await self._started

    async def close(self) -> None:
        """Be there no more, also where the server answers nothing."""
        if self._closing:
            return
        self._closing = True
        self._wake()
        if self._thread.is_alive():
            await asyncio.to_thread(self._end)
        for end in (self._waker, self._wakes):
            end.close()
        self._unsure()
        for claim in self._claims:
            claim.given.cancel()
        if self._unsure_at:
            self._unsure_at.cancel()

    async def living(self) -> frozenset[int]:
        return frozenset(number for (number,) in await self._read(_LIVING))

    def listen(self, hear: Hear) -> None:
        self._listeners.append(hear)

    @asynccontextmanager
    async def sole(self, name: str) -> AsyncIterator[asyncio.Event]:
        while True:
            claim = _Claim(name)
            self._claims.append(claim)
            self._wake()
            try:
                await claim.given
                if claim.waited:
                    # Whoever had it before has noticed by then.
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._ping):
                            await claim.lost.wait()
                if not claim.lost.is_set():
                    yield claim.lost
                    return
            finally:
                self._claims.remove(claim)
                self._wake()

    # On the event loop, told by the thread

    def _entered(self, number: int) -> None:
        changed, self.number = number != self.number, number
        if changed:
            self._renumbered(number)
        if self._started.done():
            self._rung(LOST, "")
        else:
            self._started.set_result(None)

    def _failed(self, error: BaseException) -> None:
        if not self._started.done():
            self._started.set_exception(error)

    def _confirmed(self, sent: float) -> None:
        """The server has heard from this process at this moment or later."""
        if self._unsure_at:
            self._unsure_at.cancel()
        self._unsure_at = self._loop.call_later(
            max(sent + self._idle - monotonic(), 0), self._unsure
        )

    def _unsure(self) -> None:
        """Whatever this process has may be another's by now."""
        for claim in self._claims:
            if claim.given.done():
                claim.lost.set()
        self._session.cut()

    def _rung(self, bell: str, what: str) -> None:
        for hear in self._listeners:
            hear(bell, what)

    def _wake(self) -> None:
        with suppress(OSError):  # there is enough in it, or it is closed
            self._waker.send(b".")

    # In the thread

    def _live(self) -> None:
        failures = 0
        while not self._closing:
            try:
                connection = self._session.connection()
                failures = 0
                self._listen(connection)
            except (Error, StoreFailed, OSError) as error:  # the last: too many files are open
                self._session.close()
                self._names.clear()
                if not self._number:
                    self._tell(self._failed, error)
                    break
                self._tell(self._disconnected, error, failures)
                self._wait(self._pauses[min(failures, len(self._pauses) - 1)])
                failures += 1
        self._session.close()

    def _enter(self, connection: Connection) -> None:
        sent = monotonic()
        milliseconds = str(int(self._idle * 1000))
        connection.execute("SELECT set_config('idle_session_timeout', %s, false)", (milliseconds,))
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(BELLS)))
        number = self._number
        while not (number and _locked(connection, NUMBERS, number)):
            number = SystemRandom().randrange(1, 2**31)
        if self._number and number != self._number:
            logger.warning("this process was taken for another: its number is %d now", number)
        self._number = number
        self._tell(self._confirmed, sent)
        self._tell(self._entered, number)

    def _listen(self, connection: Connection) -> None:
        """Until the connection is lost."""
        while not self._closing:
            sent = monotonic()
            waiting = self._settle(connection)
            connection.execute("SELECT 1")
            self._tell(self._confirmed, sent)
            self._hear(connection, sent + (self._asked if waiting else self._ping))

    def _settle(self, connection: Connection) -> bool:
        """Have the names that are wanted here, and no others. Whether one is waited for."""
        claims = tuple(self._claims)
        for name in self._names - {claim.name for claim in claims}:
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", (str(NAMES), str(_key(name))))
            self._names.discard(name)
        taken = {claim.name for claim in claims if claim.has}
        for claim in claims:
            if claim.has:
                continue
            free = claim.name not in taken
            if free and (claim.name in self._names or _locked(connection, NAMES, _key(claim.name))):
                self._names.add(claim.name)
                taken.add(claim.name)
                claim.has = True
                self._tell(claim.give)
            else:
                claim.waited = True
        return any(not claim.has for claim in claims)

    def _hear(self, connection: Connection, until: float) -> None:
        """Until then, or until something is wanted of this thread."""
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ, connection)
            selector.register(self._wakes, selectors.EVENT_READ)
            while not self._closing:
                for note in connection.notifies(timeout=0):
                    bell, _, what = note.payload.partition(" ")
                    self._tell(self._rung, bell, what)
                ready = [key.data for key, _ in selector.select(max(until - monotonic(), 0))]
                if ready != [connection]:
                    break
        self._drain()

    def _disconnected(self, error: Exception, failures: int) -> None:
        """On the event loop."""
        self._unsure()
        if not failures and not self._closing:
            told = failed(self._server, error) if isinstance(error, Error) else error
            logger.warning("%s Tried again until it answers.", told)

    def _wait(self, seconds: float) -> None:
        """Or until something is wanted of this thread."""
        with suppress(OSError):  # nothing came, or it is closed
            self._wakes.settimeout(seconds)
            self._wakes.recv(1)
        self._drain()

    def _drain(self) -> None:
        with suppress(OSError):  # there is nothing more in it
            self._wakes.setblocking(False)
            while self._wakes.recv(4096):
                pass

    def _tell(self, hear: Callable[..., None], *values: Any) -> None:
        with suppress(RuntimeError):  # the event loop has ended
            self._loop.call_soon_threadsafe(hear, *values)

    # In a thread that closes it

    def _end(self) -> None:
        self._thread.join(_END_SECONDS)
        if self._thread.is_alive():
            self._session.end()
            self._thread.join(_END_SECONDS)


def _locked(connection: Connection, kind: int, key: int) -> bool:
    # As text: the driver's whole numbers are larger than the function's.
    ((locked,),) = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (str(kind), str(key)))
    return bool(locked)


def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big", signed=True)
