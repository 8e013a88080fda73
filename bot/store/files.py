"""The database's file on the disk: there, private, locked, or a sentence that says why not."""

import os
import shutil
from pathlib import Path

from filelock import lock_descriptor

from bot.errors import StoreFailed, StoreLocked
from bot.language import _
from bot.privacy import keep_private
from bot.store import migrations

# In the lock file, behind the one byte that Windows keeps from everybody but its holder.
_NAME_AT, _NAME_LIMIT_BYTES = 1, 200

# The database, and what SQLite keeps beside it.
_FILES = ("", "-wal", "-shm")


def uri(path: str, mode: str) -> str:
    return f"{Path(path).absolute().as_uri()}?mode={mode}"


def prepare(path: str, holder: str) -> int:
    """Lock the database and see that its file exists, for its owner's eyes only.

    SQLite gives the files beside it (`-wal`, `-shm`) the same permissions. Returns the descriptor
    that holds the lock. Raises `StoreLocked`, naming the holder, and `StoreFailed`.
    """
    _check_folder(path)
    try:
        descriptor = _lock(path, holder)
    except OSError as error:
        raise _unusable(path, _("written")) from error
    try:
        _create(path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def reserve(path: str) -> None:
    """Make a new file, for its owner's eyes only. Raises `StoreFailed`, where there is one, too."""
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise StoreFailed(
            _("There is no folder {folder}. Make it, or name a file elsewhere.", folder=folder)
        )
    if Path(path).is_dir():
        raise StoreFailed(_("{path} is a folder. Name a new file in it.", path=path))
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise StoreFailed(_("{path} exists already. Name a new file.", path=path)) from error
    except OSError as error:
        raise StoreFailed(
            _("{path} cannot be written: {error}.", path=path, error=error.strerror)
        ) from error


def swap(path: str, copy: str, before: str) -> None:
    """Put a copy in the place of the database, which is kept as `before`. The lock is held.

    Broken off at any moment, it leaves the old one under one of the two names, and can be done again.
    """
    fresh = f"{path}.restoring"
    Path(fresh).unlink(missing_ok=True)
    reserve(fresh)
    try:
        with open(copy, "rb") as source, open(fresh, "wb") as target:
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(target.fileno())
        # The log goes along: what it holds belongs to the old one.
        for suffix in _FILES:
            if Path(path + suffix).exists():
                os.replace(path + suffix, before + suffix)
        os.replace(fresh, path)
    except OSError as error:
        Path(fresh).unlink(missing_ok=True)  # half a copy, on a disk that may be full
        raise _unusable(path, _("written")) from error


def remove(path: str) -> None:
    for suffix in _FILES:
        Path(path + suffix).unlink(missing_ok=True)


def size_bytes(path: str) -> int:
    """Of the database with its log."""
    there = (Path(path + suffix) for suffix in ("", "-wal"))
    return sum(file.stat().st_size for file in there if file.exists())


def check_readable(path: str) -> None:
    """Raises `StoreFailed`."""
    _check_folder(path)
    if not Path(path).exists():
        raise migrations.missing(path)
    _check_access(path, os.R_OK, _("read"))


def _create(path: str) -> None:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        _check_access(path, os.R_OK | os.W_OK, _("written"))
        for suffix in _FILES:
            keep_private(path + suffix)
    except OSError as error:
        raise _unusable(path, _("written")) from error


def _check_access(path: str, access: int, done: str) -> None:
    # Not by opening it: closing any descriptor of the file drops the locks that SQLite holds on it
    # in this process (sqlite.org, "How To Corrupt An SQLite Database File", 2.2).
    if not (Path(path).is_file() and os.access(path, access)):
        raise _unusable(path, done)


def _lock(database: str, holder: str) -> int:
    """Returns the descriptor that holds the lock. Raises `StoreLocked`, and `OSError` where the
    lock file cannot be made.

    Closing the descriptor, or the end of the process however it comes, gives the lock back. The
    lock file itself stays: removing it would let two processes lock two files of one name.
    """
    descriptor = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not lock_descriptor(descriptor, blocking=False):
            raise StoreLocked(
                _(
                    "The database {database} is in use by {holder}. Stop that one first, or "
                    "set COUNCIL_DATABASE to another file.",
                    database=database,
                    holder=_holder(descriptor),
                )
            )
        _name_holder(descriptor, f"{holder}, process {os.getpid()}")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _holder(descriptor: int) -> str:
    os.lseek(descriptor, _NAME_AT, os.SEEK_SET)
    return os.read(descriptor, _NAME_LIMIT_BYTES).decode(errors="replace") or _("another process")


def _name_holder(descriptor: int, name: str) -> None:
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, _NAME_AT, os.SEEK_SET)
    os.write(descriptor, name.encode())


def _check_folder(path: str) -> None:
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise StoreFailed(
            _(
                "There is no folder {folder} for the database. Make it, or set COUNCIL_DATABASE.",
                folder=folder,
            )
        )


def _unusable(path: str, done: str) -> StoreFailed:
    return StoreFailed(
        _(
            "The database {path} cannot be {done}. Check the permissions of the file, its "
            "folder and its disk, or set COUNCIL_DATABASE to another file.",
            path=path,
            done=done,
        )
    )
