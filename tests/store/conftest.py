"""The databases that the store is tested on."""

import pytest

from bot.store.server import Server


@pytest.fixture(params=["sqlite", "postgresql"])
def anywhere(request: pytest.FixtureRequest) -> str | Server:
    """An empty database, as `Store.open` takes it: whatever uses this holds on either."""
    if request.param == "sqlite":
        return ":memory:"
    server: Server = request.getfixturevalue("postgres").emptied()
    return server
