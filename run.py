"""Set up `.venv` from the hash-locked requirements, then run `council WORDS`, or the tests.

Needs only Python 3.11 and pip. Standard library only, and no import of the project, so that it
works before anything is installed; the second run needs no network.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def main(words: list[str]) -> int:
    # Checked at run time too: pyproject's requires-python is not read by `python3 run.py`.
    if sys.version_info < (3, 11):  # noqa: UP036 - the reader's Python may be older than ours
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"Council needs Python 3.11 or newer; this is {found}.", file=sys.stderr)
        return 2
    testing = words[:1] == ["test"]
    lock = ROOT / ("requirements-dev.lock" if testing else "requirements.lock")
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

    The stamp names the Python and the locks installed last. The development lock holds everything
    that the other one does, so installing it satisfies both.
    """
    stamp = VENV / "installed-locks"
    python = f"python {sys.version_info[0]}.{sys.version_info[1]}"
    locks = {lock, ROOT / "requirements.lock"}
    wanted = {python} | {hashlib.sha256(path.read_bytes()).hexdigest() for path in locks}
    installed = set(stamp.read_text().splitlines()) if stamp.exists() else set()
    if PYTHON.exists() and wanted <= installed:
        return True
    print(f"Setting up {VENV.name} from {lock.name} (once; about a minute) ...", file=sys.stderr)
    # --without-pip: Debian splits ensurepip off, and this machine's pip can install into any
    # environment, an externally managed Python's included (pip >= 22.3).
    clear = [] if python in installed else ["--clear"]
    pip_install = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    steps = (
        [sys.executable, "-m", "venv", "--without-pip", *clear, str(VENV)],
        [sys.executable, "-m", "pip", "--python", str(VENV), *pip_install, "-r", str(lock)],
    )
    for step in steps:
        if subprocess.call(step) != 0:
            print(
                f"\nThe set-up failed at: {' '.join(step[1:4])} ...\n"
                "Council needs pip 22.3 or newer (`python3 -m pip --version`; on Debian and "
                "Ubuntu: apt install python3-pip python3-venv) and, this one time, a network. "
                "Then run the same command again.",
                file=sys.stderr,
            )
            return False
    stamp.write_text("\n".join(sorted(wanted)) + "\n")
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
