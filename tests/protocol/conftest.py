from collections.abc import AsyncIterator

import pytest

from bot.store.store import Store
from tests.fakes.jumping_clock import jumping_clock


@pytest.fixture
async def own_time() -> AsyncIterator[None]:
    """No timer is late, and none is waited for."""
    with jumping_clock():
        yield


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = await Store.open(":memory:", holder="tests")
    yield store
    await store.close()
