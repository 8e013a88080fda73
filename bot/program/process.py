"""The process: its exit codes, signals and streams, what it logs, and how it looks for garbage.

Imports no event loop before there is one: `council --help` has to be quick.
"""

import gc
import io
import json
import logging
import os
import signal
import sys
from collections.abc import Awaitable
from datetime import UTC, datetime

from bot.cleaning import harmless, json_escaped

# Exit codes of the contract; 130 is the shell's own for an interrupted program.
DONE, NO_ANSWER, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


async def until_interrupted(command: Awaitable[int]) -> int:
    """SIGTERM ends a command as Ctrl-C does: in order, and resumable."""
    import asyncio

    task = asyncio.current_task()
    assert task is not None
    terminated = False

    def terminate() -> None:
        nonlocal terminated
        terminated = True
        task.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
    try:
        return await command
    except asyncio.CancelledError:
        if terminated:
            raise KeyboardInterrupt from None
        raise


def never_fail_for_a_character() -> None:
    """What a stream cannot read or write is replaced: half a character, an emoji in Latin-1."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def drop_output() -> None:
    """Keep Python from trying once more, at its exit, to write what could not be written."""
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def configure(level: int, *, json: bool) -> None:
    """Send what the program logs, from this level up, to standard error.

    Libraries start at WARNING: some of them log at INFO what people wrote.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if json else Lines(_TEXT, "%H:%M:%S"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    # It warns of every retry, which the journal knows better and nobody has to fix.
    logging.getLogger("stamina").setLevel(logging.ERROR)
    for name in ("bot", "adapters"):
        logging.getLogger(name).setLevel(level)


_TEXT = "%(asctime)s %(levelname)s %(message)s"


class Lines(logging.Formatter):
    """Text in which nothing that came from outside steers a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return harmless(super().format(record))


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json_escaped(json.dumps(line, ensure_ascii=False))


def collect_seldom() -> None:
    """Look for cycles seldom, and never among what is loaded now. Once, when a process is set up.

    At Python's own thresholds a collection at 500 deliberations at once stops the event loop for up
    to 0.25 s, and they add up to a second; at these for 0.07 s (`python -m tests.bench`). Almost
    everything here is freed by its reference count.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 20)
