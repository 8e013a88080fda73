"""Files with what people asked, for their owner's eyes only."""

import logging
import os
from pathlib import Path

logger = logging.getLogger(__name__)

_OWN = 0o600


def make_private(path: Path) -> None:
    """See that the file exists, and is its owner's alone. Raises `OSError` where it cannot."""
    path.touch(mode=_OWN)
    keep_private(path)


def keep_private(path: str | os.PathLike[str]) -> None:
    """Take from a file that exists whatever others may do with it."""
    file = Path(path)
    try:
        if file.stat().st_mode & 0o077:
            file.chmod(_OWN)
    except FileNotFoundError:
        pass
    except OSError as error:
        logger.warning("others of this machine may read %s: %s", file, error.strerror)
