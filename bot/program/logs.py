"""How log lines look: text for people, JSON for machines. What is logged is decided elsewhere."""

import json
import logging
import sys
from datetime import UTC, datetime

from bot.cleaning import harmless, json_escaped


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
