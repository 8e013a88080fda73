"""Files read: text, code, Markdown and tables as they are, PDF and Word documents as their text.

Each by a process of its own (`bot.evidence.worker`), which has no secret and may die: what a file
does to whatever reads it, it does to nothing else.

Whatever goes wrong, "refused": a file that cannot be read is told of in a sentence, in time.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath

from bot.errors import Unreadable
from bot.evidence.worker import Limits, Problem
from bot.language import N_, Message, _

# Of one file; no chat's text comes near it.
FILE_LIMIT_BYTES = 10_000_000
# By the clock; the process itself has less by its own.
READ_SECONDS = 30.0

_WORKER = Path(__file__).with_name("worker.py")
# Of the environment only what a process cannot begin without: no secret goes along.
_ENVIRONMENT = ("SYSTEMROOT", "LD_LIBRARY_PATH")
# As JSON a character takes up to two escapes of six.
_JSON_BYTES, _FRAME_BYTES = 12, 1_000
_PIECE_BYTES = 65_536

_PROBLEMS: Mapping[Problem, Message] = {
    "empty": N_("It is empty."),
    "kind": N_("Text, code, Markdown, CSV, PDF and Word documents (.docx) can be read."),
    "disguised": N_("What it holds is not what its name says."),
    "password": N_("It is protected by a password."),
    "pages": N_("It has {n:,} pages, and the limit is {pages:,}. Send those that matter."),
    "unpacked": N_("Too much is packed in it."),
    "wordless": N_("It holds no text, only pictures perhaps."),
    "broken": N_("It is damaged."),
}
_DIED = N_("Reading it took too much time or memory.")


@dataclass(frozen=True, slots=True)
class Read:
    """What a file says; there may be `more` of it."""

    text: str
    more: bool = False


def too_large() -> Unreadable:
    megabytes = FILE_LIMIT_BYTES // 1_000_000
    return Unreadable(_("It is larger than {megabytes} MB.", megabytes=megabytes))


async def read_file(
    data: bytes, name: str, *, limits: Limits | None = None, seconds: float = READ_SECONDS
) -> Read:
    """The text of a file. Raises `Unreadable`."""
    if len(data) > FILE_LIMIT_BYTES:
        raise too_large()
    limits = limits or Limits()
    said = await _said_of(data, PurePath(name).suffix.lower(), limits, seconds)
    try:
        found = json.loads(said)
    except ValueError:
        raise Unreadable(_(_DIED)) from None
    if problem := found.get("problem"):
        raise Unreadable(_(_PROBLEMS[problem], n=found["n"], pages=limits.pages))
    return Read(found["text"].replace("\0", ""), found["more"])


async def _said_of(data: bytes, ending: str, limits: Limits, seconds: float) -> bytes:
    """What the process says of it; nothing where it died."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-B", str(_WORKER), ending, json.dumps(asdict(limits))),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
    )
    try:
        async with asyncio.timeout(seconds):
            said = await _answer(process, data, _JSON_BYTES * limits.chars + _FRAME_BYTES)
            await process.wait()
            return said
    except TimeoutError:
        return b""
    finally:
        if process.returncode is None:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    # Until what it said is taken from the pipe, its end is not noticed.
    while process.stdout and await process.stdout.read(_PIECE_BYTES):
        pass
    await process.wait()


async def _answer(process: asyncio.subprocess.Process, data: bytes, limit_bytes: int) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(data)
        await process.stdin.drain()
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it died; what it said until then is nothing whole
    said = b""
    while len(said) <= limit_bytes and (piece := await process.stdout.read(_PIECE_BYTES)):
        said += piece
    return said
