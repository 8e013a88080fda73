"""Another process that shares a server's database, and wants a name there if it is told to."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bot.store.server import Server

_LIVE = """
import asyncio, sys
from bot.store.postgres_database import PostgresDatabase
from bot.store.server import read_server

async def have(presence, name):
    while True:
        async with presence.sole(name) as lost:
            print("has", name, flush=True)
            await lost.wait()
            print("lost", name, flush=True)

async def main():
    url, idle, *names = sys.argv[1:]
    database = await PostgresDatabase.open(
        read_server(url), holder="a test", idle_seconds=float(idle), time_scale=0.1
    )
    print(database.presence.number, flush=True)
    tasks = [asyncio.create_task(have(database.presence, name)) for name in names]
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()
    await database.close()

asyncio.run(main())
"""


class Living:
    """Made by `living`."""

    def __init__(self, process: asyncio.subprocess.Process, number: int) -> None:
        self._process = process
        self.number = number

    async def says(self) -> str:
        """Its next line: "has" and a name, or "lost" and one."""
        assert self._process.stdout
        return (await self._process.stdout.readline()).decode().strip()

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    async def leave(self) -> None:
        await self._process.communicate(b"")
        assert self._process.returncode == 0


@asynccontextmanager
async def living(server: Server, *names: str, idle_seconds: float = 15) -> AsyncIterator[Living]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _LIVE, server.url, str(idle_seconds), *names),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout
    try:
        yield Living(process, int(await process.stdout.readline()))
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
