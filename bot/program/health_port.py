"""What whoever runs `council serve` asks it over HTTP, from this machine only.

`/healthz`: the process does its work. `/readyz`: questions can be answered now, or why not.
`/metrics`: numbers for Prometheus. None of it tells an id, a name of a person, or a text.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.conversation.app import App
from bot.conversation.loops import ended, forever
from bot.errors import InvalidConfiguration
from bot.language import _
from bot.program.config import Config
from bot.program.metrics import Metrics
from bot.program.readiness import Readiness
from bot.records import PlatformName

HOST = "127.0.0.1"
_LOOK_SECONDS = 60
# Whoever asks while the program ends is not waited for.
_LEAVE_SECONDS = 1.0


@asynccontextmanager
async def health_port(
    config: Config, app: App, platforms: Sequence[PlatformName]
) -> AsyncIterator[None]:
    """Answering, where a port is set. Raises `InvalidConfiguration` where that cannot be had."""
    if config.health_port is None:
        yield
        return
    readiness = Readiness(app, platforms)
    metrics = Metrics(app, await app.store.journal_end())
    runner = web.AppRunner(
        _application(readiness, metrics), access_log=None, shutdown_timeout=_LEAVE_SECONDS
    )
    await runner.setup()
    probing = asyncio.create_task(
        forever(
            "the chairman is not looked at",
            readiness.turn,
            pause_seconds=_LOOK_SECONDS * app.time_scale,
        )
    )
    try:
        await _listen(runner, config.health_port)
        yield
    finally:
        await ended({probing})
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        # asyncio's own words repeat the address.
        reason = os.strerror(error.errno) if error.errno else str(error)
        problem = _(
            "COUNCIL_HEALTH_PORT {port} cannot be used: {reason}.", port=port, reason=reason
        )
        raise InvalidConfiguration([problem]) from error


def _application(readiness: Readiness, metrics: Metrics) -> web.Application:
    async def healthy(request: web.Request) -> web.Response:
        return web.json_response({"healthy": True})

    async def ready(request: web.Request) -> web.Response:
        findings = await readiness.findings()
        is_ready = all(finding.ok is not False for finding in findings.values())
        told = {name: {"ok": found.ok, "text": found.text} for name, found in findings.items()}
        page = {"ready": is_ready, **told}
        return web.json_response(page, status=200 if is_ready else 503)

    async def measured(request: web.Request) -> web.Response:
        return web.Response(
            body=await metrics.page(), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    application = web.Application()
    application.add_routes(
        [
            web.get("/healthz", healthy),
            web.get("/readyz", ready),
            web.get("/metrics", measured),
        ]
    )
    return application
