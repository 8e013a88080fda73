"""`python3 run.py` on a machine that has Python and pip and nothing else, offline."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parent.parent / "run.py"
# The Python that the environment of the tests was made from: that environment has no pip.
PYTHON = Path(sys.base_prefix) / ("python.exe" if os.name == "nt" else "bin/python3")
SETTING_UP = "Setting up .venv from"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose program prints its words, with nothing to install."""
    folder = tmp_path / "checkout"
    (folder / "bot").mkdir(parents=True)
    (folder / "bot" / "__init__.py").write_text("")
    shutil.copy(RUN, folder)
    (folder / "requirements.lock").write_text("")
    (folder / "bot" / "__main__.py").write_text("import sys\nprint('council', *sys.argv[1:])\n")
    return folder


def run(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    offline = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    return subprocess.run(
        [PYTHON, checkout / "run.py", *words],
        capture_output=True,
        text=True,
        env=os.environ | offline,
        check=False,
    )


def wheel(folder: Path) -> Path:
    """A package in a file: `import greeting` and nothing more."""
    path = folder / "greeting-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("greeting.py", "words = 'good day'\n")
        archive.writestr(
            "greeting-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
        )
        archive.writestr(
            "greeting-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("greeting-1.0.dist-info/RECORD", "")
    return path


def test_the_first_run_sets_up_and_then_runs_the_words(checkout: Path) -> None:
    done = run(checkout, "ask", "why?")
    assert SETTING_UP in done.stderr
    assert (done.returncode, done.stdout) == (0, "council ask why?\n")


def test_the_second_run_installs_nothing(checkout: Path) -> None:
    run(checkout)
    done = run(checkout, "again")
    assert (done.returncode, done.stdout, done.stderr) == (0, "council again\n", "")


def test_a_changed_lock_is_installed_with_the_hash_it_names(checkout: Path, tmp_path: Path) -> None:
    run(checkout)
    package = wheel(tmp_path)
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    (checkout / "requirements.lock").write_text(
        f"greeting @ {package.as_uri()} --hash=sha256:{digest}\n"
    )
    (checkout / "bot" / "__main__.py").write_text("import greeting\nprint(greeting.words)\n")
    done = run(checkout)
    assert SETTING_UP in done.stderr
    assert (done.returncode, done.stdout) == (0, "good day\n")


def test_a_package_with_another_hash_stops_the_set_up_each_time(
    checkout: Path, tmp_path: Path
) -> None:
    (checkout / "requirements.lock").write_text(
        f"greeting @ {wheel(tmp_path).as_uri()} --hash=sha256:{'0' * 64}\n"
    )
    for _ in range(2):
        done = run(checkout, "ask")
        assert (done.returncode, done.stdout) == (2, "")
        assert "DO NOT MATCH THE HASHES" in done.stderr
        assert "The set-up failed" in done.stderr
        assert "Then run the same command again." in done.stderr


def test_the_tests_are_run_from_their_own_lock(checkout: Path) -> None:
    (checkout / "requirements-dev.lock").write_text("")
    (checkout / "pytest.py").write_text("import os, sys\nprint(os.getcwd(), *sys.argv[1:])\n")
    done = run(checkout, "test", "-k", "name")
    assert "from requirements-dev.lock" in done.stderr
    assert (done.returncode, done.stdout) == (0, f"{checkout} -k name\n")


def test_the_development_environment_serves_the_program_too(checkout: Path) -> None:
    (checkout / "requirements-dev.lock").write_text("# more than the other\n")
    (checkout / "pytest.py").write_text("")
    run(checkout, "test")
    done = run(checkout, "ask")
    assert (done.stdout, done.stderr) == ("council ask\n", "")
