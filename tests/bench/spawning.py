"""Processes of the program, many of them, each forked from one that has loaded everything already.

Loading takes a second of processor, which is most of what a process costs that is killed soon.

    python -m tests.bench.spawning      one job a line on standard input; on standard output what came of it
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

from tests.fakes.discord_server import discord_py_pointed_at
from tests.fakes.processes import ROOT

MODULES = (
    "bot.program.cli",
    "bot.program.serve",
    "bot.program.work",
    "bot.program.compose",
    "bot.conversation.app",
    "bot.store.postgres_jobs",
    "bot.store.postgres_presence",
    "adapters.discord.client",
    "adapters.discord.supervisor",
    "tests.fakes.discord_server",
)


class Spawned:
    """One process. What it says on standard error goes to a file."""

    def __init__(self, pid: int, err: Path, over: asyncio.Event) -> None:
        self.pid = pid
        self._err = err
        self._over = over

    @property
    def lives(self) -> bool:
        return not self._over.is_set()

    @property
    def said(self) -> str:
        return self._err.read_text(errors="replace")

    def send(self, number: signal.Signals) -> None:
        """Nothing where it has ended."""
        if self.lives:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def ended(self) -> None:
        await self._over.wait()


class Spawning:
    """Made by `spawning`."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._numbers = count()
        self._pids: dict[int, asyncio.Future[int]] = {}
        self._overs: dict[int, asyncio.Event] = {}

    async def start(
        self, *words: str, environment: Mapping[str, str], discord: str | None = None
    ) -> Spawned:
        """`council WORDS` in the current folder; on the local Discord at this URL, if there is one."""
        assert self._process.stdin
        number = next(self._numbers)
        err = Path.cwd() / f"err-{self._process.pid}-{number}"
        err.touch()
        job = {
            "number": number,
            "words": words,
            "environment": dict(environment),
            "discord": discord,
            "folder": str(Path.cwd()),
            "err": str(err),
        }
        self._pids[number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        pid = await self._pids[number]
        return Spawned(pid, err, self._over(pid))

    def _over(self, pid: int) -> asyncio.Event:
        return self._overs.setdefault(pid, asyncio.Event())

    async def listen(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            match json.loads(line):
                case {"number": number, "pid": pid}:
                    self._pids[number].set_result(pid)
                case {"over": pid}:
                    self._over(pid).set()


@asynccontextmanager
async def spawning() -> AsyncIterator[Spawning]:
    """Whoever was started in it ends with it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.bench.spawning"),
        env={"PYTHONPATH": str(ROOT), **kept},
        stdin=PIPE,
        stdout=PIPE,
    )
    assert process.stdin
    spawning = Spawning(process)
    listening = asyncio.create_task(spawning.listen())
    try:
        yield spawning
    finally:
        process.stdin.close()
        await listening
        await process.wait()


def main() -> None:
    for module in MODULES:
        import_module(module)
    children: set[int] = set()

    def reap(*_: object) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)[0]) > 0:
                children.discard(ended)
                _tell({"over": ended})

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, reap)
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(_child(job))
        children.add(child)
        _tell({"number": job["number"], "pid": child})
    for child in tuple(children):
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def _tell(what: Mapping[str, int]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def _child(job: Mapping[str, Any]) -> int:
    """Never returns by an exception: the loop of the process that forked would go on in it."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.clear()
        os.environ.update(job["environment"])
        os.chdir(job["folder"])
        with Path(os.devnull).open("r+b") as nothing, Path(job["err"]).open("ab") as err:
            for file, descriptor in ((nothing, 0), (nothing, 1), (err, 2)):
                os.dup2(file.fileno(), descriptor)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # as at a start
        return _council(job["words"], job["discord"])
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 70
    finally:
        sys.stderr.flush()


def _council(words: Sequence[str], discord: str | None) -> int:
    from bot.program.cli import main as council

    try:
        if discord is None:
            return council(words)
        with discord_py_pointed_at(discord):
            return council(words)
    except SystemExit as ended:  # what argparse ends in
        return int(ended.code or 0)


if __name__ == "__main__":
    main()
