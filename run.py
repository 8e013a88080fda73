"""Set up `.venv` from the hash-locked requirements, then run `council WORDS`, or the tests.

Needs only Python 3.11 and pip. Standard library only, and no import of the project, so that it
works before anything is installed; the second run needs no network.
"""

from __future__ import annotations  # an older Python has to get as far as the check of its version

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PROGRAM_LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
# Where the environment waits while another one is made in its place.
BEFORE = ROOT / ".venv.before"
STAMP = VENV / "installed-locks"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

# Where an environment's Python runs this, perhaps one without pip, its base makes ours.
MAKER = getattr(sys, "_base_executable", None) or sys.executable

# Debian splits off what `venv` and `pip` need.
PACKAGES = "on Debian and Ubuntu: apt install python3-pip python3-venv"

# What pip writes, in the order in which one fault hides another, and what it comes from.
CAUSES = (
    ("DO NOT MATCH THE HASHES", "what was downloaded is not what the lock file names"),
    ("No space left on device", "the disk is full"),
    ("CERTIFICATE_VERIFY_FAILED", "the package index's certificate is not trusted here"),
    ("ProxyError", "the proxy cannot be used (HTTPS_PROXY, or pip's own setting)"),
    ("establish a new connection", "the package index cannot be reached: is there a network?"),
    ("timed out", "the package index did not answer in time"),
    ("Permission denied", f"{VENV.name} cannot be written"),
    ("No matching distribution", "the package index has no such package for this Python"),
    ("Failed to build", "a package has no ready-made build for this Python and system"),
    ("metadata-generation-failed", "a package has no ready-made build for this Python and system"),
)


def main(words: list[str]) -> int:
    # Checked at run time too: pyproject's requires-python is not read by `python3 run.py`.
    if sys.version_info < (3, 11):  # noqa: UP036 - the reader's Python may be older than ours
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"Council needs Python 3.11 or newer; this is {found}.", file=sys.stderr)
        return 2
    testing = words[:1] == ["test"]
    lock = ROOT / "requirements-dev.lock" if testing else PROGRAM_LOCK
    if not install(lock):
        return 2
    module = ["pytest", *words[1:]] if testing else ["bot", *words]
    # The project is run from the checkout, so it is found whatever the caller's folder is.
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    command = [str(PYTHON), "-m", *module]
    if testing:
        os.chdir(ROOT)
    if os.name == "nt":  # Windows has no exec that keeps the console
        return subprocess.call(command, env=environment)
    return os.execve(command[0], command, environment)  # signals reach Council itself


def install(lock: Path) -> bool:
    """Bring `.venv` to the state of `lock`; True when it is there.

    One that works is used whatever Python starts it. The stamp names the locks installed last. The
    development lock holds everything that the other one does, so installing it satisfies both.
    """
    wanted = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (lock, PROGRAM_LOCK)}
    why = _unusable()
    if not why and wanted <= set(STAMP.read_text().splitlines() if STAMP.exists() else ()):
        return True
    why = why or _foreign()
    if why and VENV.exists():
        print(f"{VENV.name} has to be replaced: {why}.", file=sys.stderr)
    print(f"Setting up {VENV.name} from {lock.name} (once; about a minute) ...", file=sys.stderr)
    cause = _lacking() or (_replace(lock) if why else _add(lock))
    if cause:
        print(
            f"\nThe set-up failed: {cause}.\nThen run the same command again.",
            file=sys.stderr,
        )
        return False
    STAMP.write_text("\n".join(sorted(wanted)) + "\n")
    return True


def _unusable() -> str:
    """Why the environment cannot run the program, "" where it can."""
    if not PYTHON.exists():
        return "its Python is gone"
    # A Python of another minor version finds none of what was installed for the old one.
    probe = "import sys, ssl, sqlite3, pathlib; print(*sys.version_info[:2], sep='.')"
    done = subprocess.run([str(PYTHON), "-I", "-c", probe], capture_output=True, text=True)
    if done.returncode != 0:
        return "its Python does not work any more"
    found = done.stdout.strip()
    made_for = _made_by().get("version", "")
    return "" if f"{made_for}.".startswith(f"{found}.") else f"its Python is {found} by now"


def _foreign() -> str:
    """Who made the environment if it was not this Python, which must not write over it then."""
    made_by = _made_by()
    version = ".".join(map(str, sys.version_info[:3]))
    here = os.path.realpath(MAKER)
    if (made_by.get("version"), made_by.get("executable")) == (version, here):
        return ""
    return f"it was made by Python {made_by.get('version')}, and this is {version} ({here})"


def _made_by() -> dict[str, str]:
    # Written by `venv`: "executable = /usr/bin/python3.11", "version = 3.11.2".
    try:
        lines = (VENV / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    made_by = {key.strip(): value.strip() for key, _, value in (s.partition("=") for s in lines)}
    return {"version": made_by.get("version_info", "unknown")} | made_by  # as uv calls it


def _lacking() -> str:
    """What this Python lacks for a set-up, "" where it has everything."""
    probe = "import ssl, venv, pip; print(pip.__version__)"
    done = subprocess.run([MAKER, "-c", probe], capture_output=True, text=True)
    if done.returncode != 0:
        *_, error = done.stderr.strip().splitlines() or [f"code {done.returncode}"]
        return f"{MAKER} cannot make an environment ({error}); {PACKAGES}"
    # The first pip that can install into another environment, an externally managed Python's too.
    pip = done.stdout.strip()
    if tuple(map(int, pip.split(".")[:2])) < (22, 3):
        return f"pip 22.3 or newer is needed and {MAKER} has {pip}; {PACKAGES}"
    return ""


def _replace(lock: Path) -> str:
    """Make the environment anew; where that fails, the one before is back. Returns the cause."""
    _remove(BEFORE)
    if VENV.exists() or VENV.is_symlink():
        VENV.rename(BEFORE)
    done = False
    try:
        # --without-pip: Debian splits ensurepip off, and this machine's pip can do it.
        cause = _run(MAKER, "-m", "venv", "--without-pip", str(VENV)) or _add(lock)
        done = not cause
    finally:
        if not done and (BEFORE.exists() or BEFORE.is_symlink()):
            _remove(VENV)
            BEFORE.rename(VENV)
    _remove(BEFORE)
    return cause


def _add(lock: Path) -> str:
    return _run(
        *(MAKER, "-m", "pip", "--python", str(VENV), "install", "--quiet"),
        # The lock has everything; what packages say they need, or warn of, is settled by it.
        *("--disable-pip-version-check", "--no-deps", "--require-hashes", "-r", str(lock)),
    )


def _run(*command: str) -> str:
    """Run it, and show what it says. Returns why it failed, "" where it did not."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    print(done.stdout, end="", file=sys.stderr)
    if done.returncode == 0:
        return ""
    named = (cause for words, cause in CAUSES if words in done.stdout)
    return next(
        named, f"`{' '.join(command[1:4])} ...` ended with code {done.returncode}, see above"
    )


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on where it was.", file=sys.stderr)
        sys.exit(130)
