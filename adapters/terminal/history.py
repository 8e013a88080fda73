"""What was said in earlier chats, in a file for its owner only."""

import logging
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from prompt_toolkit.history import FileHistory

logger = logging.getLogger(__name__)

# Before the lines of each entry stands when it was typed.
_AT = "# "


class History(FileHistory):
    """A file that cannot be read or written costs the history, never the chat."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self._file = file

    def load_history_strings(self) -> Iterable[str]:
        try:
            return list(super().load_history_strings())
        except OSError as error:
            logger.warning("the history %s cannot be read: %s", self._file, error.strerror)
            return []

    def store_string(self, string: str) -> None:
        try:
            os.close(os.open(self._file, os.O_CREAT | os.O_APPEND, mode=0o600))
            super().store_string(string)
        except OSError as error:
            logger.warning("the history %s cannot be written: %s", self._file, error.strerror)

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)
        self._loaded_strings.clear()


def drop_old(file: Path, before: datetime) -> None:
    """Take out what was typed before then; `before` has a time zone."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        kept, is_old = [], False
        for line in lines:
            if line.startswith(_AT):
                is_old = _time(line) < before
            if not is_old:
                kept.append(line)
        if kept != lines:
            file.write_text("".join(kept), encoding="utf-8")
    except FileNotFoundError:
        pass
    except OSError as error:
        logger.warning("the history %s cannot be cleared: %s", file, error.strerror)


def _time(line: str) -> datetime:
    """When an entry was typed, as the library writes it: this machine's time, without its zone."""
    try:
        return datetime.fromisoformat(line.removeprefix(_AT).strip()).astimezone()
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)  # by another program, which may keep it
