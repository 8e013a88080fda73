"""A server of a database that is not there yet is waited for, which is said once."""

import asyncio
import signal

import pytest

from bot.errors import StoreFailed
from bot.program import reaching
from bot.program.reaching import once_there
from bot.store.store import Store
from tests.fakes.postgres import Postgres


async def test_a_server_that_starts_later_is_waited_for(
    postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    server = postgres.emptied()
    tries: list[None] = []
    tried_again = asyncio.Event()

    async def reach() -> Store:
        tries.append(None)
        if len(tries) == 3:
            tried_again.set()
        return await Store.open(server)

    postgres.end(signal.SIGINT)
    waiting = asyncio.create_task(once_there(reach, time_scale=0.01))
    try:
        await tried_again.wait()
    finally:
        postgres.start()
    store = await waiting
    await store.set_note("a", "b")
    await store.close()
    told = [record for record in caplog.records if record.name == reaching.__name__]
    assert len(told) == 1
    assert "cannot be reached" in told[0].getMessage()


async def test_what_waiting_does_not_mend_is_not_waited_for() -> None:
    async def reach() -> None:
        raise StoreFailed("no")

    with pytest.raises(StoreFailed):
        await once_there(reach, time_scale=0.01)
