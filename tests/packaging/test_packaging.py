"""What is delivered: the same bytes each time, with a list of what is in it, and as little power as can be."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.program.cli import _parser, _serve, _worker
from bot.program.config import VARIABLES, load
from bot.store.server import Server
from tests.fakes.processes import ROOT
from tests.packaging.dockerfile import instructions

PINNED = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^ ;\\]+)", re.MULTILINE)


def wheel(folder: Path, *, modified_at: int, umask: int) -> bytes:
    """Built from a copy of this checkout."""
    folder.mkdir()
    for name in ("bot", "adapters"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, folder)
    for path in folder.rglob("*"):
        os.utime(path, (modified_at, modified_at))
        if path.is_file():
            path.chmod(0o666 & ~umask)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"],
        cwd=folder,
        env=os.environ | {"SOURCE_DATE_EPOCH": "1790000000", "TZ": f"UTC{umask % 7}"},
        check=True,
        capture_output=True,
    )
    (file,) = (folder / "dist").iterdir()
    return file.read_bytes()


def test_the_wheel_is_the_same_wherever_and_whenever_it_is_built(tmp_path: Path) -> None:
    one = wheel(tmp_path / "one", modified_at=1_700_000_000, umask=0o022)
    two = wheel(tmp_path / "two", modified_at=1_780_000_000, umask=0o077)
    assert one == two


def test_the_bill_of_materials_lists_every_locked_package_with_its_hashes(tmp_path: Path) -> None:
    (command,) = re.findall(r"-m (cyclonedx_py .*?)\n(?!    )", build_script(), re.DOTALL)
    words = command.replace("\\\n", " ").split()
    words[words.index("--output-file") + 1] = str(tmp_path / "out.json")
    subprocess.run(
        [sys.executable, "-W", "ignore::UserWarning", "-m", *words],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    told = json.loads((tmp_path / "out.json").read_text())
    locked = PINNED.findall((ROOT / "requirements.lock").read_text())
    assert told["bomFormat"] == "CycloneDX"
    assert told["metadata"]["component"]["name"] == "council"
    assert len(locked) > 40
    assert sorted((each["name"], each["version"]) for each in told["components"]) == sorted(locked)
    for component in told["components"]:
        assert component["externalReferences"][0]["hashes"][0]["alg"] == "SHA-256"


def build_script() -> str:
    return (ROOT / ".ci" / "build").read_text()


def compose() -> dict[str, Any]:
    council: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"][
        "council"
    ]
    return council


def test_the_container_has_no_powers_and_no_root_to_write_to() -> None:
    council, image = compose(), dict(instructions(ROOT / "Dockerfile"))
    assert image["USER"] == "council"
    assert council["read_only"] is True
    assert council["cap_drop"] == ["ALL"]
    assert council["security_opt"] == ["no-new-privileges:true"]
    assert council["tmpfs"] == ["/tmp"]
    assert image["VOLUME"] == council["volumes"][0].partition(":")[2] == "/data"
    assert "bot.program.healthy" in image["HEALTHCHECK"]
    assert "privileged" not in council


def test_a_container_waits_where_a_person_has_to_mend_something() -> None:
    """`restart` knows no exit code that it leaves alone: a program that ends is started again."""
    command = [sys.executable, *compose()["command"][1:]]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as program:
        assert program.stderr
        said = [program.stderr.readline() for _ in range(3)]
        assert "No platform has a token" in said[1]
        assert said[2] == "Nothing is served until that is mended; then start it again.\n"
        assert program.poll() is None
        program.send_signal(signal.SIGTERM)
        assert program.wait() == 130
        assert program.stderr.read() == ""


PASSWORD = "0123456789abcdef"


def of_scale(service: str) -> dict[str, Any]:
    """A service of `compose.scale.yaml`, with the one variable that it asks for."""
    text = (ROOT / "compose.scale.yaml").read_text()
    given = re.sub(r"\$\{POSTGRES_PASSWORD:\?[^}]+\}", PASSWORD, text)
    assert "${" not in given
    found: dict[str, Any] = yaml.safe_load(given)["services"][service]
    return found


def test_gateway_and_workers_share_the_one_database_and_nobody_else_knows_its_password() -> None:
    database = of_scale("db")["environment"]
    assert database["POSTGRES_PASSWORD"] == PASSWORD
    name, user = database["POSTGRES_DB"], database["POSTGRES_USER"]
    for service in ("gateway", "worker"):
        config = load(of_scale(service)["environment"])
        assert config.database == Server(f"postgresql://{user}:{PASSWORD}@db/{name}")
        assert config.warnings == ()
        assert of_scale(service)["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert PASSWORD not in (ROOT / "compose.scale.yaml").read_text()


def test_each_of_several_processes_is_started_as_the_program_knows_it() -> None:
    parser, _ = _parser()
    gateway = parser.parse_args(of_scale("gateway")["command"][3:])
    assert (gateway.run, gateway.no_work, gateway.stay) == (_serve, True, True)
    worker = parser.parse_args(of_scale("worker")["command"][3:])
    assert (worker.run, worker.stay) == (_worker, True)
    assert of_scale("worker")["deploy"] == {"replicas": 3}


def test_a_worker_is_given_no_token_of_a_platform() -> None:
    tokens = {name for name in VARIABLES if name.startswith(("DISCORD_", "SLACK_"))}
    given = of_scale("worker")["environment"]
    assert {name for name in tokens if name in given and not given[name]} == tokens - {
        "SLACK_API_URL"
    }


@pytest.mark.parametrize("service", ["gateway", "worker"])
def test_each_of_several_containers_has_no_more_powers_than_the_one(service: str) -> None:
    one, of_several = compose(), of_scale(service)
    for what in (
        "read_only",
        "tmpfs",
        "cap_drop",
        "security_opt",
        "init",
        "restart",
        "stop_grace_period",
    ):
        assert (what, of_several[what]) == (what, one[what])
    assert "volumes" not in of_several


def unit() -> RawConfigParser:
    parser = RawConfigParser(strict=False)
    parser.read(ROOT / "docs" / "council.service")
    return parser


def test_the_unit_starts_what_is_installed_and_leaves_alone_what_a_person_has_to_mend() -> None:
    service = unit()["Service"]
    assert service["ExecStart"].endswith("/.venv/bin/python -m bot serve")
    assert service["Restart"] == "on-failure"
    assert service["RestartPreventExitStatus"] == "2"
    assert service["SuccessExitStatus"] == "130"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze")
def test_systemd_finds_little_to_object_to_in_the_unit() -> None:
    done = subprocess.run(
        [
            *("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20"),
            ROOT / "docs" / "council.service",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
