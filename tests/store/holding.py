"""Another process that has a database open for writing."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_HOLD = """
import asyncio, sys
from bot.store.server import is_server, read_server
from bot.store.store import Store

async def main():
    [place] = sys.argv[1:]
    store = await Store.open(read_server(place) if is_server(place) else place, holder="council serve")
    await store.set_note("holder", "here")
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await store.close()

asyncio.run(main())
"""


@asynccontextmanager
async def held(place: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process, once it has the file or the server's database of this address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _HOLD, place),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    yield process
    await process.communicate(b"")
