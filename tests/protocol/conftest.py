from collections.abc import AsyncIterator

import pytest

from tests.fakes.jumping_clock import jumping_clock


@pytest.fixture
async def own_time() -> AsyncIterator[None]:
    """No timer is late, and none is waited for."""
    with jumping_clock():
        yield
