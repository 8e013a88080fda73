"""What holds for every test: no network but the loopback, and nothing of the developer's own.

A test starts in a folder with an empty `.env`, so that a checkout's is never read, with none of the
program's variables set and with a home of its own. Processes that it starts inherit this, but not
the guard on the network.
"""

import gc
import os
import signal
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests.databases import is_besides, variants_besides

if TYPE_CHECKING:
    from tests.fakes.postgres import Postgres

ROOT = Path(__file__).resolve().parent.parent
VARIABLES = ("COUNCIL_", "OPENROUTER_", "DISCORD_", "SLACK_")

_reached_for: list[str] = []


class OutsideNetwork(OSError):
    """Something tried to reach another machine than this one."""


def _is_outside(host: object) -> bool:
    if host in {None, "", "localhost", b"localhost"}:
        return False
    try:
        return not ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return True  # a name, and looking it up is already a use of the network


def _stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    match event, arguments:
        case ("socket.connect" | "socket.sendto" | "socket.sendmsg", (_, (host, *_))):
            pass
        case ("socket.getaddrinfo" | "socket.gethostbyname", (host, *_)):
            pass
        case _:
            return  # anything else, a Unix socket's path among it
    if _is_outside(host):
        _reached_for.append(str(host))
        raise OutsideNetwork(f"a test tried to reach {host}")


# Below every library: an audit hook sees what the socket module is about to do, and can stop it.
sys.addaudithook(_stay_here)


# Whoever starts this in the background of a shell may have it ignore the key that interrupts: so would
# every process that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Much of the time is waiting, so more of them than cores; one file is done before they have started.
WORKERS = 3


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    return WORKERS if all(Path(word).is_dir() for word in config.args) else 0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="every variant of what is else sampled")
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="what the stories are told on: files and a few on a server, or all on a server",
    )


def pytest_configure(config: pytest.Config) -> None:
    examples = 150 if config.getoption("full") else 25
    # How long an example takes says more about the machine than about the program.
    unhurried = [HealthCheck.too_slow]
    settings.register_profile(
        "ours", deadline=None, max_examples=examples, suppress_health_check=unhurried
    )
    settings.load_profile("ours")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of a test marked `sampled(n)` n variants are run, the same ones each time, on each database."""
    variants = defaultdict[str, list[pytest.Item]](list)
    for item in items:
        if _most(item) is not None and not config.getoption("full"):
            variants[f"{item.nodeid.partition('[')[0]}{is_besides(item) or ''}"].append(item)
    left: list[pytest.Item] = []
    for name, found in variants.items():
        left += Random(name).sample(found, max(len(found) - (_most(found[0]) or 0), 0))
    items[:] = [item for item in items if item not in left]
    config.hook.pytest_deselected(items=left)


def _most(item: pytest.Item) -> int | None:
    """How many of its variants are run, where that is not all."""
    sampled = item.get_closest_marker("sampled")
    return min([*(sampled.args if sampled else ()), *variants_besides(item)], default=None)


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    """Whether everything is asked for, however long it takes."""
    return bool(pytestconfig.getoption("full"))


@pytest.fixture(autouse=True, scope="module")
def earlier_modules_left_alone() -> None:
    """What earlier modules left is not searched for garbage again and again: in a process with
    thousands of tests that stops the local servers for long enough to meet limits of their own."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def reached_for() -> Iterator[list[str]]:
    """The hosts outside that this test tried to reach; the test fails if there are any left."""
    _reached_for.clear()
    yield _reached_for
    assert not _reached_for, "a test stays on this machine"


@pytest.fixture(scope="session")
def postgres() -> Iterator["Postgres"]:
    """A server of PostgreSQL for all tests of this process."""
    from tests.fakes.postgres import Refused, programs, running

    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    with ExitStack() as until_the_end:
        try:
            server = until_the_end.enter_context(running(found))
        except Refused as refused:
            pytest.skip(f"PostgreSQL cannot be started here: {refused}")
        yield server


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests: libraries keep caches there that are slow to make."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def clean_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: Path) -> None:
    for name in os.environ:
        if name.startswith(VARIABLES):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # `python -m bot` from any folder
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").touch()  # so that the checkout's is not looked for
