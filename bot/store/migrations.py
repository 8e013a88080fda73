"""The schema of the database, step by step: numbered files, each run once in one transaction."""

from pathlib import Path

import aiosqlite

from bot.errors import StoreFailed
from bot.language import _

SCHEMA = Path(__file__).with_name("schema")
_APPLICATION_ID = 1131307884


async def check(connection: aiosqlite.Connection, path: str, *, schema: Path = SCHEMA) -> int:
    """The database's version, 0 for an empty one. Changes nothing.

    Raises `StoreFailed` for another program's database and for one from a newer Council.
    """
    version = await _pragma(connection, "user_version")
    newest = len(_steps(schema))
    if await _pragma(connection, "application_id") != _APPLICATION_ID and await _used(connection):
        raise StoreFailed(
            _(
                "{path} is a database of another program. Set COUNCIL_DATABASE to another file.",
                path=path,
            )
        )
    if version > newest:
        raise StoreFailed(
            _(
                "The database {path} has version {version}, and this Council knows versions up "
                "to {newest}. Upgrade Council, or set COUNCIL_DATABASE to another file.",
                path=path,
                version=version,
                newest=newest,
            )
        )
    return version


async def check_current(connection: aiosqlite.Connection, path: str) -> None:
    """For readers, who cannot migrate: raises `StoreFailed` unless the version is the newest."""
    version = await check(connection, path)
    newest = len(_steps(SCHEMA))
    if version < newest:
        raise outdated(path, version, newest)


def outdated(path: object, version: int, newest: int) -> StoreFailed:
    return StoreFailed(
        _(
            "The database {path} has version {version}, and reading it needs version "
            "{newest}. Start a command that writes, such as council serve, once: it "
            "upgrades the database.",
            path=path,
            version=version,
            newest=newest,
        )
    )


def missing(path: object) -> StoreFailed:
    return StoreFailed(
        _(
            "There is no database {path} yet. Ask a question first, or set COUNCIL_DATABASE.",
            path=path,
        )
    )


async def migrate(connection: aiosqlite.Connection, path: str, *, schema: Path = SCHEMA) -> None:
    """Bring the database to the newest version. A step that fails leaves the one before."""
    version = await check(connection, path, schema=schema)
    for number, step in enumerate(_steps(schema)[version:], start=version + 1):
        sql = step.read_text(encoding="utf-8")
        try:
            await connection.executescript(
                f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA user_version = {number};\nCOMMIT;"
            )
        except BaseException:
            if connection.in_transaction:
                await connection.execute_fetchall("ROLLBACK")
            raise


def _steps(schema: Path) -> tuple[Path, ...]:
    steps = tuple(sorted(schema.glob("[0-9][0-9][0-9][0-9]_*.sql")))
    numbers = [int(step.name[:4]) for step in steps]
    assert numbers == list(range(1, len(steps) + 1)), f"gap or repeat in {numbers}"
    return steps


async def _pragma(connection: aiosqlite.Connection, name: str) -> int:
    ((value,),) = await connection.execute_fetchall(f"PRAGMA {name}")
    return int(value)


async def _used(connection: aiosqlite.Connection) -> bool:
    return bool(list(await connection.execute_fetchall("SELECT 1 FROM sqlite_schema LIMIT 1")))
