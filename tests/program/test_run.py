"""`python3 run.py` on a machine that has Python and pip and nothing else, offline."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parents[2] / "run.py"
# The Python that the environment of the tests was made from: that environment has no pip.
PYTHON = Path(sys.base_prefix) / ("python.exe" if os.name == "nt" else "bin/python3")
SETTING_UP = "Setting up .venv from"


def new(folder: Path) -> Path:
    """A checkout whose program prints its words, with nothing to install."""
    (folder / "bot").mkdir(parents=True)
    (folder / "bot" / "__init__.py").write_text("")
    shutil.copy(RUN, folder)
    (folder / "requirements.lock").write_text("")
    (folder / "bot" / "__main__.py").write_text("import sys\nprint('council', *sys.argv[1:])\n")
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return new(tmp_path / "checkout")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = new(tmp_path_factory.mktemp("made") / "checkout")
    assert run(folder).returncode == 0
    return folder


@pytest.fixture
def ready(made: Path, tmp_path: Path) -> Path:
    """A checkout with its environment, as the first run left it."""
    return Path(shutil.copytree(made, tmp_path / "checkout", symlinks=True))


def run(checkout: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    offline = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    return subprocess.run(
        [PYTHON, checkout / "run.py", *words],
        capture_output=True,
        text=True,
        env=os.environ | offline | variables,
        cwd=checkout.parent,
        check=False,
    )


def changed_lock(checkout: Path, text: str = "# changed\n") -> None:
    (checkout / "requirements.lock").write_text(text)


def made_by_another_python(checkout: Path) -> None:
    """As `venv` of another Python of the same version would have written it."""
    file = checkout / ".venv" / "pyvenv.cfg"
    lines = file.read_text().splitlines()
    kept = [line for line in lines if not line.startswith("executable")]
    file.write_text("\n".join([*kept, "executable = /opt/other/bin/python3"]) + "\n")


def broken(checkout: Path) -> None:
    """Its Python starts, but not the part of it that was linked with other libraries."""
    modules = next((checkout / ".venv" / "lib").glob("python3.*/site-packages"))
    (modules / "mixed.pth").write_text("import sys; sys.modules['_ssl'] = None\n")


def wheel(folder: Path) -> Path:
    """A package in a file: `import greeting`, and a need of its own that no lock names."""
    path = folder / "greeting-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("greeting.py", "words = 'good day'\n")
        archive.writestr(
            "greeting-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\nRequires-Dist: manners[please]\n",
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


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interrupted_set_up_ends_in_a_sentence_and_is_made_up_for(checkout: Path) -> None:
    with subprocess.Popen(
        [PYTHON, checkout / "run.py", "ask"], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        assert process.stderr.readline().startswith(SETTING_UP)
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "\nStopped. The same command goes on where it was.\n"
    assert process.returncode == 130
    assert run(checkout, "ask").stdout == "council ask\n"


def test_the_second_run_installs_nothing(ready: Path) -> None:
    done = run(ready, "again")
    assert (done.returncode, done.stdout, done.stderr) == (0, "council again\n", "")


def test_a_changed_lock_is_installed_with_the_hash_it_names(ready: Path, tmp_path: Path) -> None:
    package = wheel(tmp_path)
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    (ready / "requirements.lock").write_text(
        f"greeting @ {package.as_uri()} --hash=sha256:{digest}\n"
    )
    (ready / "bot" / "__main__.py").write_text("import greeting\nprint(greeting.words)\n")
    done = run(ready)
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


def test_an_environment_that_works_is_used_whatever_python_starts_it(ready: Path) -> None:
    made_by_another_python(ready)
    done = run(ready, "ask")
    assert (done.returncode, done.stdout, done.stderr) == (0, "council ask\n", "")


def test_an_environment_of_another_python_is_only_ever_replaced_whole(ready: Path) -> None:
    left = ready / ".venv" / "left-from-before"
    left.touch()
    made_by_another_python(ready)
    changed_lock(ready)
    done = run(ready, "ask")
    assert ".venv has to be replaced: it was made by Python 3." in done.stderr
    assert (done.returncode, done.stdout) == (0, "council ask\n")
    assert not left.exists()
    assert not (ready / ".venv.before").exists()


def test_the_environment_of_this_python_is_added_to(ready: Path) -> None:
    left = ready / ".venv" / "left-from-before"
    left.touch()
    changed_lock(ready)
    done = run(ready, "ask")
    assert (done.returncode, left.exists(), "replaced" in done.stderr) == (0, True, False)


@pytest.mark.parametrize(
    ("hurt", "said"),
    [
        (broken, "its Python does not work any more"),
        (lambda checkout: (checkout / ".venv/bin/python").unlink(), "its Python is gone"),
        (
            lambda checkout: (checkout / ".venv/pyvenv.cfg").write_text("version = 3.9.1\n"),
            "its Python is 3.",
        ),
    ],
    ids=["mixed", "gone", "upgraded"],
)
def test_a_broken_environment_is_replaced_by_one_that_works(
    ready: Path, hurt: Callable[[Path], object], said: str
) -> None:
    hurt(ready)
    done = run(ready, "ask")
    assert f".venv has to be replaced: {said}" in done.stderr
    assert (done.returncode, done.stdout) == (0, "council ask\n")
    assert run(ready, "ask").stderr == ""


def test_a_set_up_that_fails_leaves_the_environment_that_was_there(ready: Path) -> None:
    made_by_another_python(ready)
    changed_lock(ready, f"greeting==1.0 --hash=sha256:{'0' * 64}\n")
    failed = run(ready, "ask")
    assert failed.returncode == 2
    assert not (ready / ".venv.before").exists()
    changed_lock(ready, "")
    done = run(ready, "ask")
    assert (done.returncode, done.stdout, done.stderr) == (0, "council ask\n", "")


def test_a_failed_set_up_names_what_this_python_lacks(checkout: Path, tmp_path: Path) -> None:
    """Modules that a Linux distribution splits off, or that a Python was built without."""
    for module in ("ssl", "venv", "pip"):
        folder = tmp_path / f"without-{module}"
        folder.mkdir()
        (folder / f"{module}.py").write_text("raise ImportError('it was left out')\n")
        done = run(checkout, PYTHONPATH=str(folder))
        assert (done.returncode, done.stdout) == (2, "")
        assert "cannot make an environment (ImportError: it was left out); on" in done.stderr
        assert "network" not in done.stderr


def test_an_environment_without_pip_can_start_it_too(ready: Path) -> None:
    changed_lock(ready)
    inside = ready / ".venv" / "bin" / "python"
    done = subprocess.run(
        [inside, ready / "run.py", "ask"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull},
    )
    assert (done.returncode, done.stdout) == (0, "council ask\n")


def test_a_failed_set_up_names_a_pip_that_is_too_old(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "pip.py").write_text("__version__ = '20.3.4'\n")
    done = run(checkout, PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert "pip 22.3 or newer is needed and " in done.stderr
    assert " has 20.3.4; on Debian" in done.stderr


def test_a_failed_set_up_names_what_stood_between_it_and_the_packages(checkout: Path) -> None:
    changed_lock(checkout, f"greeting==1.0 --hash=sha256:{'0' * 64}\n")
    here = {"PIP_NO_INDEX": "0", "PIP_RETRIES": "1", "PIP_INDEX_URL": "http://127.0.0.1:1/"}
    causes = {
        "the package index cannot be reached: is there a network?": here,
        "the proxy cannot be used": here | {"PIP_PROXY": "http://127.0.0.1:1/"},
        "the package index has no such package for this Python": {},
    }
    for cause, variables in causes.items():
        done = run(checkout, **variables)
        assert done.returncode == 2
        assert f"The set-up failed: {cause}" in done.stderr
        assert "pip 22.3" not in done.stderr
