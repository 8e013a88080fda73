"""Files read: text, code, Markdown and tables as they are, PDF and Word documents as their text, images
as models get them.

Each by a process of its own (`bot.evidence.worker`), which has no secret and may die: what a file
does to whatever reads it, it does to nothing else.

Whatever goes wrong, "refused": a file that cannot be read is told of in a sentence, in time.
"""

import asyncio
import base64
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Any

from bot.errors import Unreadable
from bot.evidence.worker import IMAGE, Limits, Problem
from bot.language import N_, Message, _
from bot.llm import Image

# Of one file; no chat's text comes near it.
FILE_LIMIT_BYTES = 10_000_000
# By the clock; the process itself has less by its own.
READ_SECONDS = 30.0

_WORKER = Path(__file__).with_name("worker.py")
# Of the environment only what a process cannot begin without: no secret goes along.
_ENVIRONMENT = ("SYSTEMROOT", "LD_LIBRARY_PATH")
# As JSON a character takes up to two escapes of six; base64 takes a third more than bytes do.
_JSON_BYTES, _BASE64, _FRAME_BYTES = 12, 4 / 3, 1_000
_PIECE_BYTES = 65_536
# RIFF holds sounds and films, too.
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")

_PROBLEMS: Mapping[Problem, Message] = {
    "empty": N_("It is empty."),
    "kind": N_(
        "Text, code, Markdown, CSV, PDF, Word documents (.docx) and images (PNG, JPEG, GIF, WebP) can "
        "be read."
    ),
    "disguised": N_("What it holds is not what its name says."),
    "password": N_("It is protected by a password."),
    "pages": N_("It has {n:,} pages, and the limit is {pages:,}. Send those that matter."),
    "unpacked": N_("Too much is packed in it."),
    "pixels": N_(
        "It has {n:,} million pixels, and the limit is {pixels:,} million. Send a smaller one, or the "
        "part of it that matters."
    ),
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
    limits = limits or Limits()
    most = _JSON_BYTES * limits.chars
    found = await _found_in(data, PurePath(name).suffix.lower(), limits, seconds, most)
    return Read(found["text"].replace("\0", ""), found["more"])


def is_image(data: bytes) -> bool:
    """Whether it begins as an image that models take, whatever its name says."""
    return data.startswith(_IMAGES) or (data.startswith(b"RIFF") and data[8:12] == b"WEBP")


async def read_image(
    data: bytes, *, limits: Limits | None = None, seconds: float = READ_SECONDS
) -> Image:
    """The image as every model gets it, made anew. Raises `Unreadable`."""
    limits = limits or Limits()
    most = int(_BASE64 * limits.image_bytes)
    found = await _found_in(data, IMAGE, limits, seconds, most)
    return Image(found["kind"], base64.b64decode(found["data"]))


async def _found_in(
    data: bytes, ending: str, limits: Limits, seconds: float, limit_bytes: int
) -> dict[str, Any]:
    """What the process found, as the script has it. Raises `Unreadable`."""
    if len(data) > FILE_LIMIT_BYTES:
        raise too_large()
    said = await _said_of(data, ending, limits, seconds, limit_bytes + _FRAME_BYTES)
    try:
        found: dict[str, Any] = json.loads(said)
    except ValueError:
        raise Unreadable(_(_DIED)) from None
    if problem := found.get("problem"):
        millions = limits.pixels // 1_000_000
        why = _(_PROBLEMS[problem], n=found["n"], pages=limits.pages, pixels=millions)
        raise Unreadable(why)
    return found


async def _said_of(
    data: bytes, ending: str, limits: Limits, seconds: float, limit_bytes: int
) -> bytes:
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
            said = await _answer(process, data, limit_bytes)
            await process.wait()
            return said
    except TimeoutError:
        return b""
    finally:
        if process.returncode is None:
            await _end(process)
        await _let_go(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    # Until what it said is taken from the pipe, its end is not noticed.
    while process.stdout and await process.stdout.read(_PIECE_BYTES):
        pass
    await process.wait()


async def _let_go(process: asyncio.subprocess.Process) -> None:
    """Close what it was written through, which else outlives it, as where it took not all of it."""
    assert process.stdin is not None
    process.stdin.close()
    with suppress(BrokenPipeError, ConnectionResetError):
        await process.stdin.wait_closed()


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
