"""What workers take deliberations from: procrastinate's queue, in a schema of its own beside the store's.

A job is only a hint that a deliberation waits, and no more is lost with one than time: the rows of the
store are the truth. Knows none of them.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, LiteralString, NoReturn, TypeVar

from procrastinate import App, PsycopgConnector
from procrastinate.connector import Notify
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager
from psycopg import AsyncConnection, Connection, Error
from psycopg.errors import RaiseException
from psycopg_pool import AsyncConnectionPool

from bot.errors import BotError, StoreFailed
from bot.language import _
from bot.store.postgres_errors import failed, may_pass
from bot.store.postgres_session import Session, conninfo, listed
from bot.store.server import Server

logger = logging.getLogger(__name__)

# They tell of every job and of every connection that was lost, with all that led there.
for name in ("procrastinate", "psycopg.pool"):
    logging.getLogger(name).setLevel(logging.CRITICAL)

T = TypeVar("T")

NAMESPACE = "council_jobs"
_OURS = "council:"
_TASK = "deliberate"

# One to say what waits and to take it, a second where many do at once; who works has one more to listen.
_CONNECTIONS = 2
# A server that says nothing for so long is taken for gone: what is asked of it here takes milliseconds.
_ANSWER_SECONDS = 15.0
# So long whoever says that something waits is kept from what else there is to do.
_SOON_SECONDS = 2.0
# Bells may be missed.
_LOOK_SECONDS = 5.0
_PAUSES = (0.1, 0.25, 0.5, 1.0, 2.0)
# Who gave no sign of life for so long takes nothing more before it has registered again.
_STALLED_SECONDS = 600.0


class Jobs:
    """Made by `open`."""

    def __init__(
        self, server: Server, pool: AsyncConnectionPool[Any], *, time_scale: float
    ) -> None:
        self._server = server
        self._pool = pool
        self._time_scale = time_scale
        self._app = App(connector=_Connector(server))

    @classmethod
    @asynccontextmanager
    async def open(
        cls, server: Server, *, holder: str = "council", time_scale: float = 1.0
    ) -> "AsyncIterator[Jobs]":
        """Raises `StoreFailed`. Where the tables are of another version they are made anew: whatever
        waited is sent again."""
        await asyncio.to_thread(_make_tables, server, holder)
        pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
            conninfo(server),
            kwargs={"application_name": listed(holder)},
            min_size=1,
            max_size=_CONNECTIONS,
            open=False,
            configure=_configure,
            check=AsyncConnectionPool.check_connection,
            timeout=_ANSWER_SECONDS,
            # After that it is tried when somebody needs it, and not after ever longer pauses.
            reconnect_timeout=_ANSWER_SECONDS,
        )
        jobs = cls(server, pool, time_scale=time_scale)
        await pool.open()
        try:
            await jobs._app.open_async(pool)
            yield jobs
        finally:
            await pool.close()

    async def defer(self, id: str) -> None:
        """Say that a deliberation waits; saying it again while it does changes nothing. Where the
        server cannot hear it now, somebody has to say it again."""
        job = self._app.configure_task(_TASK, queueing_lock=id)
        try:
            async with asyncio.timeout(_SOON_SECONDS):
                await job.defer_async(id=id)
        # The library asserts that the server says it in English.
        except (AlreadyEnqueued, AssertionError):
            pass
        except (ConnectorException, TimeoutError) as error:
            logger.warning("%s Workers are told later of what waits.", self._told(error))

    async def work(self, deliberate: Callable[[str], Awaitable[None]], *, at_once: int) -> NoReturn:
        """Have what waits deliberated, so many at once, until cancelled: then each is, too.

        Goes on where a server was away; what is under way then goes on beside. An error in one is
        logged, and ends that one.
        """
        connector = _Patient(self._server, time_scale=self._time_scale)
        app = App(connector=connector)
        await app.open_async(self._pool)

        @app.task(name=_TASK)
        async def taken(id: str) -> None:
            try:
                await deliberate(id)
            except BotError as error:
                logger.warning("%s is not deliberated here: %s", id, error)
            except Exception:
                logger.exception("%s is not deliberated here", id)

        while True:
            worker = asyncio.create_task(
                app.run_worker_async(
                    concurrency=at_once,
                    delete_jobs="always",
                    fetch_job_polling_interval=_LOOK_SECONDS * self._time_scale,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=0,
                    stalled_worker_timeout=_STALLED_SECONDS,
                )
            )
            try:
                await asyncio.wait({worker})
            except asyncio.CancelledError:
                connector.give_up()
                await _ended(worker)
                raise
            if error := worker.exception():
                logger.warning("%s The queue is taken up again.", self._told(error))
            await asyncio.sleep(_LOOK_SECONDS * self._time_scale)

    async def workers(self) -> int:
        """How many live, or did so a moment ago. Raises `StoreFailed`."""
        try:
            (row,) = await self._app.connector.execute_query_all_async(
                "SELECT count(*) AS workers FROM procrastinate_workers"
                " WHERE last_heartbeat > now() - interval '30 seconds'"
            )
        except (ConnectorException, TimeoutError) as error:
            raise self._told(error) from None
        return int(row["workers"])

    async def tidy(self) -> None:
        """Remove what workers that live no more have left. Raises `StoreFailed`."""
        manager = self._app.job_manager
        try:
            for job in await manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_SECONDS):
                await manager.finish_job(job, Status.ABORTED, delete_job=True)
            await manager.prune_stalled_workers(_STALLED_SECONDS)
        except (ConnectorException, TimeoutError) as error:
            raise self._told(error) from None

    def _told(self, error: BaseException) -> StoreFailed:
        return _told(self._server, error)


class _Connector(PsycopgConnector):
    """Waits for no answer for ever."""

    def __init__(self, server: Server) -> None:
        super().__init__(configure=_configure)
        self._server = server

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        try:
            await self._answered(
                lambda: super(_Connector, self).execute_query_async(query, **arguments)
            )
        except ConnectorException as error:
            # A job that ends is gone already: an answer was lost, or somebody has tidied.
            if not isinstance(error.__cause__, RaiseException):
                raise

    async def execute_query_one_async(
        self, query: LiteralString, **arguments: Any
    ) -> dict[str, Any]:
        return await self._answered(
            lambda: super(_Connector, self).execute_query_one_async(query, **arguments)
        )

    async def execute_query_all_async(
        self, query: LiteralString, **arguments: Any
    ) -> list[dict[str, Any]]:
        return await self._answered(
            lambda: super(_Connector, self).execute_query_all_async(query, **arguments)
        )

    async def _answered(self, ask: Callable[[], Awaitable[T]]) -> T:
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await ask()


class _Patient(_Connector):
    """For a worker, which goes on where the server was away for a while: the library would end it."""

    def __init__(self, server: Server, *, time_scale: float) -> None:
        super().__init__(server)
        self._time_scale = time_scale
        self._waits = True
        self._is_away = False

    def give_up(self) -> None:
        """Ask nothing again from now on."""
        self._waits = False

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        listen = super().listen_notify
        await self._patiently(lambda: listen(on_notification, channels))

    async def _answered(self, ask: Callable[[], Awaitable[T]]) -> T:
        answered = super()._answered
        return await self._patiently(lambda: answered(ask))

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        tries = 0
        while True:
            try:
                answer = await ask()
            except (ConnectorException, TimeoutError) as error:
                if not (self._waits and _may_pass(error)):
                    raise
                self._tell(error)
            else:
                if self._is_away:
                    logger.info("The queue goes on.")
                self._is_away = False
                return answer
            await asyncio.sleep(_PAUSES[min(tries, len(_PAUSES) - 1)] * self._time_scale)
            tries += 1

    def _tell(self, error: Exception) -> None:
        """Once: everything here asks at the same time."""
        if not self._is_away:
            logger.warning("%s The queue goes on once it can.", _told(self._server, error))
        self._is_away = True


def _may_pass(error: Exception) -> bool:
    cause = error.__cause__
    return isinstance(error, TimeoutError) or (isinstance(cause, Error) and may_pass(cause))


def _told(server: Server, error: BaseException) -> StoreFailed:
    cause = error.__cause__
    if isinstance(cause, Error):
        return failed(server, cause)
    return StoreFailed(
        _(
            "The queue in the database {path} does not answer ({error}).",
            path=server,
            error=type(error).__name__,
        )
    )


async def _ended(worker: "asyncio.Task[None]") -> None:
    worker.cancel()
    await asyncio.wait({worker})
    with suppress(asyncio.CancelledError):
        worker.exception()  # nobody else needs to know


async def _configure(connection: AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)
    await connection.execute(
        "SELECT set_config('search_path', %s, false),"
        " set_config('statement_timeout', '10s', false)",
        (NAMESPACE,),
    )


def _make_tables(server: Server, holder: str) -> None:
    session = Session(server, holder, lambda connection: None)
    try:
        connection = session.connection()
        with connection.transaction():
            _make_them_anew(connection, server)
    except Error as error:
        raise failed(server, error) from None
    finally:
        session.close()


def _make_them_anew(connection: Connection, server: Server) -> None:
    """Where they are not those of this version: there is nothing in them to keep."""
    tables = SchemaManager.get_schema()
    version = f"{_OURS}{hashlib.sha256(tables.encode()).hexdigest()}"
    # Of two processes that start at once, one makes them.
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('council: jobs'))")
    ((is_there, found),) = connection.execute(
        "SELECT to_regnamespace(%s) IS NOT NULL,"
        " obj_description(to_regnamespace(%s), 'pg_namespace')",
        (NAMESPACE, NAMESPACE),
    )
    if found == version:
        return
    if is_there and not (found or "").startswith(_OURS):
        raise StoreFailed(
            _(
                "The database {path} has a schema {schema} of another program. Set "
                "COUNCIL_DATABASE to another database.",
                path=server,
                schema=NAMESPACE,
            )
        )
    connection.execute(f"DROP SCHEMA IF EXISTS {NAMESPACE} CASCADE")
    connection.execute(f"CREATE SCHEMA {NAMESPACE}")
    connection.execute(f"COMMENT ON SCHEMA {NAMESPACE} IS '{version}'")
    connection.execute("SELECT set_config('search_path', %s, true)", (NAMESPACE,))
    connection.execute(tables)
