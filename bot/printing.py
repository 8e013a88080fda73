"""The one way in which the program prints: lines for people, and JSON for other programs."""

import json
import logging
import sys
from collections.abc import Callable
from typing import TextIO

from bot.cleaning import harmless, json_escaped


def tell(line: object, stream: TextIO | None = None) -> None:
    """Print a line at once, on standard output unless told otherwise; nothing in it steers."""
    print(harmless(str(line)), file=stream or sys.stdout, flush=True)


def note(line: object) -> None:
    """A line for whoever waits, beside the output: on standard error."""
    tell(_written(str(line), logging.INFO), sys.stderr)


def complain(line: object) -> None:
    """Likewise, of why the program ends without what it was started for."""
    tell(_written(str(line), logging.ERROR), sys.stderr)


def as_it_is(text: str, level: int) -> str:
    return text


def write_notes(written: Callable[[str, int], str]) -> None:
    """How notes are written from now on, where other programs read them along with the log."""
    global _written
    _written = written


_written: Callable[[str, int], str] = as_it_is


def tell_json(value: object, *, indent: int | None = None) -> None:
    """A value as JSON on standard output, as it is: what would steer a terminal is escaped."""
    sys.stdout.write(json_escaped(json.dumps(value, ensure_ascii=False, indent=indent)) + "\n")
