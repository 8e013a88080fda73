"""Which way imports point and what they need, what a quick command loads, what tests reach."""

import ast
import asyncio
import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from bot import __version__

ROOT = Path(__file__).resolve().parent.parent
# What sees the council and the platforms at once.
COMPOSITION_ROOT = {"bot.__main__"} | {
    f"bot.program.{name}" for name in ("cli", "consent", "doctor", "reading", "reflect", "serve")
}
# What platforms share; it speaks Markdown and knows none of them.
SHARED = {"adapters.text"}

# What is run rather than imported.
TOOLS = {
    "cyclonedx-bom",
    "hatchling",
    "import-linter",
    "mypy",
    "pre-commit",
    "pytest-asyncio",
    "pytest-timeout",
    "pytest-xdist",
    "ruff",
}

# Slow to import, and of no use to somebody who asks for help.
HEAVY = {
    "aiohttp",
    "asyncio",
    "discord",
    "httpx",
    "matplotlib",
    "numpy",
    "pydantic",
    "rich",
    "slack_bolt",
}


def test_the_version_is_that_of_the_package() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert pyproject["project"]["version"] == __version__


def modules(package: str) -> dict[str, Path]:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
        for file in files
    }


def imports(file: Path) -> Iterator[str]:
    """Every module that a file names in an import, also inside functions and for types only."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from (f"{module}.{alias.name}" for alias in names)


def platform(module: str) -> str:
    return ".".join(module.split(".")[:2])


def test_the_council_knows_no_platform() -> None:
    found = {
        (module, name)
        for module, file in modules("bot").items()
        if module not in COMPOSITION_ROOT
        for name in imports(file)
        if name.split(".")[0] in {"adapters", "discord", "slack_bolt", "slack_sdk"}
    }
    assert found == set()


def test_platforms_know_nothing_of_each_other() -> None:
    found = {
        (module, name)
        for module, file in modules("adapters").items()
        for name in imports(file)
        if name.startswith("adapters.") and platform(name) not in {platform(module), *SHARED}
    }
    assert found == set()


def test_what_platforms_share_knows_none_of_them() -> None:
    found = {
        (module, name)
        for module, file in modules("adapters").items()
        if platform(module) in SHARED
        for name in imports(file)
        if name.startswith("adapters.") and platform(name) not in SHARED
    }
    assert found == set()


@pytest.mark.parametrize("package", ["bot", "adapters"])
def test_imports_name_the_whole_path(package: str) -> None:
    """The tests above do not read relative imports."""
    relative = {
        module
        for module, file in modules(package).items()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    }
    assert relative == set()


def arrows(package: str) -> dict[str, set[str]]:
    """The modules of the package that each of them imports, for types only, too."""
    known = modules(package)
    return {
        module: {name if name in known else name.rpartition(".")[0] for name in imports(file)}
        & (known.keys() - {module})
        for module, file in known.items()
    }


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """One of the circles among these imports, the first module of it twice; empty without any."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


@pytest.mark.parametrize("package", ["bot", "adapters"])
def test_imports_go_in_no_circle(package: str) -> None:
    assert circle(arrows(package)) == []


def distribution(name: str) -> str:
    """A distribution's name as PyPI compares it, without the versions that may stand behind."""
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=!~ ;\[]", name)[0]).lower()


def declared() -> tuple[set[str], set[str]]:
    """What the program requires, or has as an extra, and what developing it does beside."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    programs = [*project["project"]["dependencies"], *(name for extra in extras for name in extra)]
    groups = programs, project["dependency-groups"]["dev"]
    required, beside = ({distribution(each) for each in group} for group in groups)
    return required, beside


def imported(*packages: str) -> set[str]:
    """The distributions whose modules these packages import themselves."""
    names = {
        name.split(".")[0]
        for package in packages
        for file in modules(package).values()
        for name in imports(file)
    }
    known = packages_distributions()
    foreign = names - sys.stdlib_module_names - {"bot", "adapters", "tests"}
    return {distribution(each) for name in foreign for each in known[name]}


def test_the_program_declares_what_it_imports_and_nothing_else() -> None:
    required, _ = declared()
    assert required == imported("bot", "adapters")


def test_tests_import_what_is_declared_and_every_oracle_is_used() -> None:
    required, beside = declared()
    assert imported("tests") <= required | beside
    assert beside - imported("tests") == TOOLS


def named_paths() -> set[str]:
    """The files and folders of the project that CONTRIBUTING names."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return set(re.findall(r"`((?:\.ci|bot|adapters|tests)/[\w./-]*)`", text))


def test_contributors_are_sent_to_places_that_exist() -> None:
    assert {name for name in named_paths() if not (ROOT / name).exists()} == set()


def test_the_map_shows_every_room() -> None:
    rooms = {
        f"{file.parent.relative_to(ROOT)}/"
        for package in ("bot", "adapters")
        for file in (ROOT / package).glob("*/__init__.py")
    }
    assert rooms - named_paths() == set()


def test_nothing_is_mocked() -> None:
    found = {
        module
        for module, file in modules("tests").items()
        for name in imports(file)
        if name.startswith("unittest")
    }
    assert found == set()


def test_help_loads_neither_platforms_nor_numbers() -> None:
    code = (
        "import sys\n"
        "from bot.program.cli import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "except SystemExit as end:\n"
        "    print('exit:', end.code)\n"
        f"print('loaded:', sorted({HEAVY} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == ["exit: 0", "loaded: []"]


def test_a_chat_with_simulated_models_loads_no_http() -> None:
    code = (
        "import sys\n"
        "import adapters.terminal.client, bot.program.compose\n"
        "print('loaded:', sorted({'aiohttp', 'httpx'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.com"])
def test_no_test_reaches_another_machine(host: str, reached_for: list[str]) -> None:
    with pytest.raises(OSError, match=re.escape(host)):
        socket.create_connection((host, 80), timeout=1)
    assert reached_for == [host]
    reached_for.clear()


async def test_no_coroutine_reaches_another_machine(reached_for: list[str]) -> None:
    with pytest.raises(OSError, match=r"a test tried to reach 192\.0\.2\.1"):
        await asyncio.open_connection("192.0.2.1", 80)
    assert reached_for == ["192.0.2.1"]
    reached_for.clear()


def test_a_database_in_a_file_loads_no_driver_of_a_server() -> None:
    code = (
        "import asyncio, sys\n"
        "from bot.store.store import Store\n"
        "async def main():\n"
        "    await (await Store.open('council.db')).close()\n"
        "asyncio.run(main())\n"
        "print('loaded:', sorted(name for name in sys.modules if 'postgres' in name or 'psycopg' in name))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_without_its_driver_a_server_is_refused_with_the_command_that_installs_it() -> None:
    code = (
        "import asyncio, sys\n"
        "sys.modules['psycopg'] = None\n"
        "from bot.errors import StoreFailed\n"
        "from bot.store.server import Server\n"
        "from bot.store.store import Store\n"
        "try:\n"
        "    asyncio.run(Store.open(Server('postgresql://db.example/council')))\n"
        "except StoreFailed as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith(
        f"server is not installed. Install it with: python3 -m pip --python {sys.prefix} "
        f"install --require-hashes -r {ROOT}/requirements-scale.lock"
    )
