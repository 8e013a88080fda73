"""Files of this machine, for those who ask on it."""

import asyncio
from pathlib import Path

from bot.council import Attached
from bot.errors import InvalidInput, Unreadable
from bot.evidence.files import FILE_LIMIT_BYTES
from bot.language import _


def attached(path: Path) -> Attached:
    """The file as it goes along with a question. Raises `InvalidInput` where there is none."""
    try:
        path = path.expanduser().resolve()
        if not path.is_file():
            raise InvalidInput(_("There is no file {path}.", path=path))
        return Attached(path.name, str(path), path.stat().st_size)
    except (OSError, RuntimeError) as error:
        raise InvalidInput(_("{path} cannot be read: {error}", path=path, error=error)) from error


async def fetch(file: Attached) -> bytes:
    """What is in it, not much more than may be. Raises `Unreadable`."""
    try:
        return await asyncio.to_thread(_read, Path(file.source))
    except OSError as error:
        raise Unreadable(_("It cannot be opened: {why}.", why=error.strerror)) from error


def _read(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(FILE_LIMIT_BYTES + 1)
