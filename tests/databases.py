"""Which database a test is told on: files of SQLite, or a server's. For the `conftest.py` of a folder.

Every test is told on files. On a server are besides told those marked `both_databases`, and of the others a few
variants of a few, the same ones each time; all of them with `--full`. With `--database=postgresql` all are told
there and nowhere else. A test that is `sqlite_only` says why.
"""

from collections.abc import Iterator
from zlib import crc32

import pytest

# Of so many tests one is told on a server, too, in so many of its variants.
ONE_OF, VARIANTS = 200, 2


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    config = metafunc.config
    if config.getoption("database") == "sqlite" and _on_both(metafunc.definition, config):
        metafunc.parametrize("told_on", ["sqlite", "postgresql"], indirect=True)


def _on_both(test: pytest.Item, config: pytest.Config) -> bool:
    if test.get_closest_marker("sqlite_only"):
        return False
    is_one = crc32(test.nodeid.encode()) % ONE_OF == 0
    return bool(is_one or test.get_closest_marker("both_databases") or config.getoption("full"))


@pytest.fixture(autouse=True)
def told_on(request: pytest.FixtureRequest) -> Iterator[str]:
    """`sqlite` or `postgresql`."""
    kind: str = getattr(request, "param", request.config.getoption("database"))
    if kind == "sqlite":
        yield kind
        return
    if only := request.node.get_closest_marker("sqlite_only"):
        pytest.skip(f"on files only: {only.args[0]}")
    from tests.fakes import databases

    with databases.told_on(request.getfixturevalue("postgres")):
        yield kind


def is_besides(item: pytest.Item) -> bool:
    """Whether it is told on files, too."""
    call = getattr(item, "callspec", None)
    return call is not None and call.params.get("told_on") == "postgresql"


def variants_besides(item: pytest.Item) -> list[int]:
    """At most so many of those, where that is said."""
    both = item.get_closest_marker("both_databases")
    return [] if not is_besides(item) else list(both.args) if both else [VARIANTS]
