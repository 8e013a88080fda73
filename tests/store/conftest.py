"""The databases that the store is tested on."""

from pathlib import Path

import pytest

from bot.store.server import Server


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever is `anywhere` holds on either, but where a test looks into the file at `path`."""
    if "anywhere" in metafunc.fixturenames:
        both = ["sqlite"] if "path" in metafunc.fixturenames else ["sqlite", "postgresql"]
        metafunc.parametrize("anywhere", both, indirect=True)


@pytest.fixture
def anywhere(request: pytest.FixtureRequest) -> str | Path | Server:
    """An empty database, as `Store.open` takes it."""
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres").emptied()
        return server
    if "path" in request.fixturenames:
        path: Path = request.getfixturevalue("path")
        return path
    return ":memory:"
