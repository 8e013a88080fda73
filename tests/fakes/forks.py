"""The program run from outside, fast: a process that has imported it forks for every run.

A run may be ended by SIGKILL right before or right after its n-th commit, which is how tests come
between any two writes of the journal.

    python -m tests.fakes.forks      one job a line on standard input, one result a line back
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from tests.fakes import databases
from tests.fakes.model_server import ModelServer
from tests.fakes.processes import ROOT

KILLED = -signal.SIGKILL

MEMBERS = ("lab/a", "lab/b", "lab/c", "lab/d")
CHAIRMAN = "lab/e"


def environment(server: ModelServer, **more: str) -> dict[str, str]:
    """Four members and a chairman on this server, and a database in the current folder."""
    return {
        "COUNCIL_MODEL_URL": server.url,
        "COUNCIL_MODEL_KEY": server.key or "",
        "COUNCIL_MEMBERS": ",".join(MEMBERS),
        "COUNCIL_CHAIRMAN": CHAIRMAN,
        "COUNCIL_DATABASE": "council.db",
        **more,
    }


@dataclass(frozen=True, slots=True)
class Kill:
    """The n-th commit, from 1, and whether it is still made."""

    commit: int
    made: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended; `code` is negative where a signal ended it."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


class Program:
    """`council`, as often as wanted."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    async def run(
        self,
        *words: str,
        environment: Mapping[str, str],
        stdin: str = "",
        kill: Kill | None = None,
        file_limit_bytes: int | None = None,
    ) -> Ended:
        """`council WORDS` in the current folder, with these variables and what is needed to run."""
        needed = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        job = {
            "words": words,
            "environment": {**needed, **databases.variables(environment)},
            "folder": str(Path.cwd()),
            "stdin": stdin,
            "kill": asdict(kill) if kill else None,
            "file_limit_bytes": file_limit_bytes,
        }
        return Ended(**json.loads(await asyncio.to_thread(self._exchange, json.dumps(job))))

    def _exchange(self, line: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


@contextmanager
def program() -> Iterator[Program]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.forks"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Program(process)
    finally:
        process.communicate()


def main() -> None:
    for module in (
        "adapters.terminal.client",
        "bot.program.ask",
        "bot.bench.run",
        "bot.program.doctor",
    ):
        import_module(module)

    for line in sys.stdin:
        sys.stdout.write(json.dumps(_run(json.loads(line))) + "\n")
        sys.stdout.flush()


def _run(job: Mapping[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile("w+b") as out, tempfile.TemporaryFile("w+b") as err:
        child = os.fork()
        if child == 0:
            os._exit(_child(job, out, err))
        _, status = os.waitpid(child, 0)
        return {
            "code": os.waitstatus_to_exitcode(status),
            "out": _written(out),
            "err": _written(err),
        }


def _written(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _child(job: Mapping[str, Any], out: IO[bytes], err: IO[bytes]) -> int:
    """Never returns by an exception: the loop of the process that forked would go on in it."""
    try:
        os.environ.clear()
        os.environ.update(job["environment"])
        os.chdir(job["folder"])
        reading, writing = os.pipe()
        os.write(writing, job["stdin"].encode())
        os.close(writing)
        for descriptor, number in ((reading, 0), (out.fileno(), 1), (err.fileno(), 2)):
            os.dup2(descriptor, number)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # as at a start
        if job["file_limit_bytes"] is not None:
            _limit_files(job["file_limit_bytes"])
        if job["kill"]:
            _kill_at(Kill(**job["kill"]), job["words"][0])
        return _main(job["words"])
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 70
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _main(words: Sequence[str]) -> int:
    from bot.program.cli import main as council

    try:
        return council(words)
    except SystemExit as ended:  # what argparse ends in
        return int(ended.code or 0)


def _limit_files(limit_bytes: int) -> None:
    """What a full disk does to files that grow."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))


def _kill_at(kill: Kill, command: str) -> None:
    count = 0

    def counted(commit: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*args: Any, **more: Any) -> Any:
            nonlocal count
            count += 1
            if count == kill.commit and not kill.made:
                os.kill(os.getpid(), signal.SIGKILL)
            made = commit(*args, **more)
            if count == kill.commit and kill.made:
                os.kill(os.getpid(), signal.SIGKILL)
            return made

        return counting

    for commits, name in _commits(command):
        setattr(commits, name, counted(getattr(commits, name)))


def _commits(command: str) -> Iterator[tuple[type, str]]:
    """What a command makes its commits by."""
    if command == "migrate":
        from bot.store.postgres_transfer import Target

        yield Target, "add"
        yield Target, "complete"
    elif os.environ["COUNCIL_DATABASE"].startswith("postgresql:"):
        from bot.store.postgres_commits import Commits

        yield Commits, "make"
    else:
        from bot.store.sqlite_database import GroupCommit

        yield GroupCommit, "commit"


if __name__ == "__main__":
    main()
