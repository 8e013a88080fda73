"""What was said in earlier chats, in a file for its owner only."""

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit.history import FileHistory

logger = logging.getLogger(__name__)


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
