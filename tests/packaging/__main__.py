"""The program in the three ways that people get it, each asked the same question.

`python -m tests.packaging`, with pip and a network (or pip's cache): `python3 run.py` in this checkout,
the Dockerfile's own lines, and the wheel in an environment of its own. They have to start the same
program: the same version, the same exit code, the same JSON but for what time and chance decide.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.packaging.dockerfile import Image, build

ROOT = Path(__file__).resolve().parents[2]
# The Python that made the environment of the tests, which has no pip.
PYTHON = str(Path(sys.base_prefix) / "bin" / "python3")
QUESTION = "Which is the largest planet?"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        image = build(ROOT, folder / "image", PYTHON)
        (packages,) = image.root.glob("venv/lib/python3.*/site-packages")
        ways = {
            "python3 run.py": _checkout,
            "Dockerfile": _dockerfile(image),
            "wheel": _wheel(folder / "wheel", packages),
        }
        found = {way: smoke(run, folder / str(n)) for n, (way, run) in enumerate(ways.items())}
    first, *others = found.values()
    for way, what in found.items():
        print(f"{way}: {what['version']}, {what['shape']['answers']} answers")
    if all(other == first for other in others):
        return 0
    print("They are not the same program:", *found.values(), sep="\n")
    return 1


def smoke(run: Run, folder: Path) -> dict[str, Any]:
    """What is the same for everybody who asks the rehearsal models this question."""
    folder.mkdir()
    here = {"COUNCIL_DATABASE": str(folder / "council.db"), "COUNCIL_TIME_SCALE": "0.1"}
    version = run("--version", **here)
    asked = run("ask", QUESTION, "--json", "--id", "one", **here)
    again = run("ask", QUESTION, "--json", "--id", "one", **here)
    wrong = run("serve", **here)
    korean = run("serve", **here, LANG="ko_KR.UTF-8", PYTHONUTF8="1")
    told = json.loads(asked.stdout)
    assert (asked.returncode, again.returncode, wrong.returncode) == (0, 0, 2), asked.stderr
    assert json.loads(again.stdout) == told, "an answered question is not asked again"
    assert "No platform has a token" in wrong.stderr, wrong.stderr
    assert "토큰이 있는 플랫폼이 없습니다" in korean.stderr, korean.stderr
    assert told["verdict"]["text"]
    members = sorted(member["model"] for member in told["members"])  # seated at random
    shape = {"keys": sorted(told), "members": members, "answers": len(told["answers"])}
    return {"version": version.stdout.strip(), "shape": shape}


def _plain(variables: dict[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | variables


def _ran(words: list[str], variables: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    folder = Path(variables["COUNCIL_DATABASE"]).parent
    (folder / ".env").touch()  # so that none of this checkout's is read
    return subprocess.run(
        words, env=_plain(variables), cwd=folder, capture_output=True, text=True, check=False
    )


def _checkout(*words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return _ran([PYTHON, str(ROOT / "run.py"), *words], variables)


def _dockerfile(image: Image) -> Run:
    assert image.user == "council"
    assert [*image.command[:3]] == ["python", "-m", "bot"], image.command
    before = _files(image.root)
    checked = image.run(*image.health_check)
    assert checked.returncode == 1, "nothing runs yet"
    assert "/healthz does not answer" in checked.stderr, checked.stderr

    def run(*words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        done = image.run(*image.command[:3], *words, **variables)
        assert _files(image.root) == before, "the root is read-only in a container"
        return done

    return run


def _wheel(folder: Path, packages: Path) -> Run:
    """Installed alone; what it needs is looked for among the packages of the image."""
    subprocess.run([ROOT / ".ci" / "build"], check=True, stdout=subprocess.DEVNULL)
    (wheel,) = (ROOT / "dist").glob("*.whl")
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", str(folder)], check=True)
    (own,) = folder.glob("lib/python3.*/site-packages")
    (own / "image.pth").write_text(f"{packages}\n")
    pip = [PYTHON, "-m", "pip", "--python", str(folder / "bin" / "python")]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", wheel], check=True)
    subprocess.run([*pip, "check"], check=True)  # that the lock has all that the wheel names
    return lambda *words, **variables: _ran([str(folder / "bin" / "council"), *words], variables)


def _files(root: Path) -> dict[str, int]:
    files = (path for path in root.rglob("*") if not path.is_dir())
    return {str(path): path.lstat().st_mtime_ns for path in files}


if __name__ == "__main__":
    sys.exit(main())
