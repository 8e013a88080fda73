"""`council WORDS` on a terminal: what a person sees, and what they type when they see it."""

import asyncio
import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.fakes import databases
from tests.fakes.processes import ROOT

# Makes the terminal on its standard input its own, so that a key there sends a signal; what runs in
# the background inherits signals that are ignored, and a shell in a terminal does not.
_CHILD = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, "-m", "bot", *sys.argv[1:]])
"""
# A program that waits for a key nobody will press is ended; a busy machine is no failure.
SILENCE_SECONDS = 120

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-_])")


@dataclass(frozen=True, slots=True)
class Seen:
    """How it ended, and everything that came to the screen; `text` is without escape codes."""

    code: int
    screen: str

    @property
    def text(self) -> str:
        return _ESCAPES.sub("", self.screen).replace("\r\n", "\n")


async def seen(
    *words: str,
    environment: Mapping[str, str],
    typed: Sequence[tuple[str, str]] = (),
    columns: int = 100,
) -> Seen:
    """Run to the end. `typed` are pairs: once the first has come to the screen, the second is typed."""
    return await asyncio.to_thread(_seen, words, environment, typed, columns)


def _seen(
    words: Sequence[str],
    environment: Mapping[str, str],
    typed: Sequence[tuple[str, str]],
    columns: int,
) -> Seen:
    screen, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    needed = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-c", _CHILD, *words],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        env={
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
            **needed,
            **databases.variables(environment),
        },
    )
    os.close(terminal)
    shown, waiting = b"", list(typed)
    try:
        while chunk := _read(screen):
            shown += chunk
            while waiting and waiting[0][0].encode() in shown:
                os.write(screen, waiting.pop(0)[1].encode())
        return Seen(process.wait(), shown.decode())
    finally:
        process.kill()
        process.wait()
        os.close(screen)


def _read(screen: int) -> bytes:
    """What comes next, empty at the end, which Linux tells by an error."""
    if not select.select([screen], [], [], SILENCE_SECONDS)[0]:
        raise TimeoutError(f"nothing new came to the screen for {SILENCE_SECONDS} s")
    try:
        return os.read(screen, 65_536)
    except OSError:
        return b""
