"""The process: its exit codes, signals and streams, what it logs, and how it looks for garbage.

Imports no event loop before there is one: `council --help` has to be quick.

Whatever goes wrong, "quiet log": what people and models wrote is in no line of the log.
"""

import gc
import io
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Awaitable
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING

from bot.cleaning import harmless, json_escaped
from bot.language import ENGLISH, LANGUAGES, _, in_english
from bot.printing import as_it_is, note, write_notes

if TYPE_CHECKING:
    import asyncio

# Exit codes of the contract; 130 is the shell's own for an interrupted program.
DONE, NO_ANSWER, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


# Service managers kill after ten seconds at the earliest.
END_SECONDS = 9.0


def event_loop() -> "asyncio.AbstractEventLoop":
    """uvloop's where it installs, which is everywhere but on Windows: there a chunk that a model
    streams costs a third less (`python -m tests.bench.streaming`)."""
    import asyncio

    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def until_interrupted(command: Awaitable[int], *, end_seconds: float = END_SECONDS) -> int:
    """SIGTERM ends a command as Ctrl-C does: in order, and resumable; after so long in any case."""
    import asyncio

    task = asyncio.current_task()
    assert task is not None
    terminated = False

    def terminate() -> None:
        nonlocal terminated
        if not terminated:
            end_at_the_latest(end_seconds)
        terminated = True
        task.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
    try:
        return await command
    except asyncio.CancelledError:
        if terminated:
            raise KeyboardInterrupt from None
        raise


def until_signalled(why: str) -> int:
    """Say why, and do nothing until somebody ends the process. Returns its exit code."""
    # A signal that is blocked until it is waited for would be taken by another thread meanwhile.
    heard, hearing = socket.socketpair()
    hearing.setblocking(False)
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: None)
    signal.set_wakeup_fd(hearing.fileno())
    note(why)
    heard.recv(1)
    return INTERRUPTED


def end_at_the_latest(seconds: float) -> None:
    """End the process after this time whatever it does then: the store survives that, as it does a
    kill, and nothing paid is lost. In a thread, for an event loop that does not turn any more."""

    # A thread would say it in no particular language.
    unfinished = _("Not everything ended in time. The next start goes on where it was.")

    def end() -> None:
        note(unfinished)
        os._exit(INTERRUPTED)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def never_fail_for_a_character() -> None:
    """What a stream cannot read or write is replaced: half a character, an emoji in Latin-1."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def readable(language: str) -> str:
    """The language; English where the output would be question marks in it."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                LANGUAGES[language].encode(stream.encoding)
    except UnicodeEncodeError:
        return ENGLISH
    return language


def drop_output() -> None:
    """Keep Python from trying once more, at its exit, to write what could not be written."""
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def configure(level: int, *, json: bool) -> None:
    """Send what the program logs, from this level up, to standard error.

    Libraries start at WARNING: some of them log at INFO what people wrote.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_in_english)
    handler.setFormatter(JsonLines() if json else Lines(_TEXT, "%H:%M:%S"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    write_notes(_json_note if json else as_it_is)
    # It warns of every retry, which the journal knows better and nobody has to fix.
    logging.getLogger("stamina").setLevel(logging.ERROR)
    for name in ("bot", "adapters"):
        logging.getLogger(name).setLevel(level)
    # As lines of the log: a library's may come as late as at the end.
    logging.captureWarnings(True)
    sys.excepthook = _crashed


def _in_english(record: logging.LogRecord) -> bool:
    """Whoever runs the bot reads one language, whatever was spoken where something went wrong."""
    record.msg = in_english(record.msg)
    if isinstance(record.args, tuple):
        record.args = tuple(map(in_english, record.args))
    return True


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A line like every other, for whoever reads them as JSON."""
    logging.getLogger().critical("Council crashed", exc_info=(kind, error, trace))


_TEXT = "%(asctime)s %(levelname)s %(message)s"


class Lines(logging.Formatter):
    """Text in which nothing that came from outside steers a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return harmless(super().format(record))


# What every record has; whatever else one has was given as `extra`.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object a line, with what the record was given besides its message."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _USUAL}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json_escaped(json.dumps(line, ensure_ascii=False, default=str))


def _json_note(text: str, level: int) -> str:
    """What is told to people, as a line like those of the log."""
    name = logging.getLevelName(level)
    said = {"name": "council", "levelno": level, "levelname": name, "msg": text.strip()}
    return JsonLines().format(logging.makeLogRecord(said))


def collect_seldom() -> None:
    """Look for cycles seldom, and never among what is loaded now. Once, when a process is set up.

    At Python's own thresholds a collection at 500 deliberations at once stops the event loop for up
    to 0.25 s, and they add up to a second; at these for 0.07 s (`python -m tests.bench`). Almost
    everything here is freed by its reference count.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 20)
