"""What is taken from the queue of a server's database: by `council worker`, and by `council serve`.

Imports no platform: whatever needs one was done before a deliberation waits here.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NoReturn

from bot.errors import InvalidConfiguration
from bot.language import _, n_
from bot.store.server import Server

if TYPE_CHECKING:
    from bot.conversation.app import App
    from bot.program.config import Config
    from bot.store.postgres_jobs import Jobs

logger = logging.getLogger(__name__)

KEEP_UP_SECONDS = 60
SWEEP_SECONDS = 5
TIDY_SECONDS = 600


async def worker(config: "Config") -> NoReturn:
    """Until it is cancelled."""
    from bot.conversation.loops import forever
    from bot.program.compose import open_app, open_queue
    from bot.program.health_port import health_port

    require_shared(config, "worker")
    async with (
        open_queue(config, "worker") as queue,
        open_app(config, "worker", queue) as app,
        health_port(config, app, ()),
        swept(app, queue),
        taking(app, queue, config.worker_at_once),
    ):
        logger.info("%s", _deliberated(config))
        if config.rehearsal:
            logger.warning("%s", _simulated())
        await forever(
            "the list of models is not refreshed",
            app.catalogue.load,
            pause_seconds=KEEP_UP_SECONDS * app.time_scale,
        )


def require_shared(config: "Config", command: str) -> None:
    """Raises `InvalidConfiguration` where the database is one process's own."""
    if not isinstance(config.database, Server):
        problem = _(
            "`council {command}` needs a database that several processes may share: set COUNCIL_DATABASE to "
            "postgresql://USER:PASSWORD@HOST/DATABASE.",
            command=command,
        )
        raise InvalidConfiguration([problem])


def _deliberated(config: "Config") -> str:
    return n_(
        "Deliberating what is asked elsewhere, {n} question at once.",
        "Deliberating what is asked elsewhere, {n} questions at once.",
        config.worker_at_once,
    )


def _simulated() -> str:
    """Questions of a gateway that has a key would all fail here, and say that nobody knows their models."""
    return _(
        "No real model is set here, so simulated members alone can answer. For the others set what "
        "`council serve` has: OPENROUTER_API_KEY, COUNCIL_MODEL_URL or COUNCIL_ENDPOINTS."
    )


@asynccontextmanager
async def taking(app: "App", queue: "Jobs | None", at_once: int) -> AsyncIterator[None]:
    """Deliberate what waits, so many at once and none at 0; whoever ends leaves what is under way to others, at once."""
    from bot.conversation.loops import ended

    working = app.working
    if queue is None or working is None or not at_once:
        yield
        return
    task = asyncio.create_task(queue.work(working.deliberate, at_once=at_once), name="queue")
    try:
        yield
    finally:
        # First, so that nothing is taken that nobody begins.
        leaving = asyncio.create_task(working.let_go())
        await ended({task})
        await leaving


@asynccontextmanager
async def swept(app: "App", queue: "Jobs | None") -> AsyncIterator[None]:
    """See to it that nothing waits for somebody who lives no more, where there is a queue."""
    from bot.conversation.loops import ended, forever

    working = app.working
    if queue is None or working is None:
        yield
        return
    pause = SWEEP_SECONDS * app.time_scale
    loops = [
        forever("what waits is not looked for", working.sweep, pause_seconds=pause),
        forever("nobody looks for workers", _Watch(app, queue).turn, pause_seconds=pause),
        forever("old jobs are kept", queue.tidy, pause_seconds=TIDY_SECONDS * app.time_scale),
    ]
    tasks = {asyncio.create_task(loop) for loop in loops}
    try:
        yield
    finally:
        await ended(tasks)


class _Watch:
    """Whether anybody takes what waits."""

    def __init__(self, app: "App", queue: "Jobs") -> None:
        self._app, self._queue = app, queue
        self._waited: frozenset[str] = frozenset()
        self._told = False

    async def turn(self) -> None:
        """Say once that nobody does, until somebody does again."""
        waiting = frozenset(await self._app.store.open_work())
        if waiting & self._waited and not await self._queue.workers():
            if not self._told:
                logger.warning("%s", nobody_takes(len(waiting)))
            self._told = True
        elif not waiting:
            self._told = False
        self._waited = waiting


def nobody_takes(count: int) -> str:
    return n_(
        "{n} question waits for a worker, and none lives: start `council worker`, or `council serve` "
        "without --no-work.",
        "{n} questions wait for a worker, and none lives: start `council worker`, or `council serve` "
        "without --no-work.",
        count,
    )
