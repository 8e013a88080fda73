"""Processes that tests start and end: the model server, and the program itself."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.fakes import databases
from tests.fakes.watched import eventually

ROOT = Path(__file__).parents[2]
KEY = "sk-lab-0123456789abcdef"


@asynccontextmanager
async def model_server(folder: Path, *options: str) -> AsyncIterator[str]:
    """A model server in a process of its own, for as long as the block lasts; its URL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.fakes.model_server", "--port-file", str(folder / "port"), *options),
        cwd=ROOT,
        stdout=PIPE,
    )
    assert process.stdout
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        await end(process)
        await process.stdout.read()  # to its end: until then the pipe is open


async def council(
    *words: str,
    environment: Mapping[str, str],
    stdin: str | None = None,
    module: Sequence[str] = ("-m", "bot"),
) -> Process:
    """`council WORDS`, started in the test's folder, so that a checkout's `.env` is not read.

    The environment is these variables and what Python needs.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *module,
        *words,
        env={"PYTHONPATH": str(ROOT), **kept, **databases.variables(environment)},
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    assert process.stdin
    if stdin is not None:
        process.stdin.write(stdin.encode())
    process.stdin.close()
    return process


async def run(
    *words: str, environment: Mapping[str, str], stdin: str | None = None
) -> tuple[int, str, str]:
    """`council WORDS` to its end: exit code, standard output, standard error."""
    process = await council(*words, environment=environment, stdin=stdin)
    assert process.stdout
    assert process.stderr
    try:
        out, err = await asyncio.gather(process.stdout.read(), process.stderr.read())
        return await process.wait(), out.decode(), err.decode()
    finally:
        await end(process, signal.SIGKILL)


async def end(process: Process, number: signal.Signals = signal.SIGTERM) -> None:
    if process.returncode is None:
        process.send_signal(number)
    await process.wait()


class Program:
    """`council serve`, started; what it says on standard error is read as it comes."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.said = ""
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self.process.stderr
        async for line in self.process.stderr:
            self.said += line.decode()

    async def ended(self) -> tuple[int, str]:
        await self._listening
        return await self.process.wait(), self.said

    async def told_to_end(self) -> tuple[int, str]:
        """In order, unless it has ended by itself."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def kill(self) -> None:
        self.process.kill()
        await self.ended()


async def until_said(program: Program, words: str) -> None:
    """Until the program has written these on standard error."""

    async def said() -> bool:
        return words in program.said

    await eventually(said)


def rows(sql: str) -> list[tuple[Any, ...]]:
    """From the database in the test's folder, beside whatever is using it."""
    return databases.rows("council.db", sql)


async def delivered() -> None:
    """Until the program has written down that nothing is left to do."""

    async def nothing() -> bool:
        return not rows("SELECT 1 FROM deliberations WHERE delivered = 0")

    await eventually(nothing)
