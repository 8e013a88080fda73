"""A file's tables, read whole and in the order in which their rows came, for a copy elsewhere."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bot.errors import StoreFailed
from bot.language import _
from bot.store import files
from bot.store.events import identity_of, secret
from bot.store.sqlite_database import SqliteDatabase, failed
from bot.store.tally import BATCH_BYTES, BATCH_ROWS, size_bytes
from bot.store.transactions import Row


class Source:
    """An open file that nobody writes to meanwhile. Made by `open_source`.

    `identity` tells this database from every other, and is the same for each copy of it.
    """

    def __init__(self, path: str, identity: str, connection: sqlite3.Connection) -> None:
        self.path = path
        self.identity = identity
        self._connection = connection

    def tables(self) -> dict[str, frozenset[str]]:
        """The names of its tables, and of those that each refers to."""
        names = self._connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
            " ESCAPE '\\' ORDER BY name"
        ).fetchall()
        return {
            name: frozenset(
                row[2]
                for row in self._connection.execute(f"PRAGMA foreign_key_list({_quoted(name)})")
            )
            for (name,) in names
        }

    def columns(self, table: str) -> tuple[str, ...]:
        rows = self._connection.execute(f"PRAGMA table_info({_quoted(table)})")
        return tuple(name for _number, name, *_rest in rows)

    def count(self, table: str) -> int:
        ((count,),) = self._connection.execute(f"SELECT count(*) FROM {_quoted(table)}")
        return int(count)

    def reader(self, table: str, columns: Sequence[str]) -> "Reader":
        """From the first row on; every table has a column `rowid`, named or not."""
        return Reader(self, table, self._select(table, columns))

    def not_text(self, table: str) -> StoreFailed:
        """What to say of the first text that is none: SQLite keeps whatever it is given."""
        kinds = self._connection.execute(f"PRAGMA table_info({_quoted(table)})")
        texts = [name for _number, name, kind, *_rest in kinds if kind == "TEXT"]
        self._connection.text_factory = bytes
        for row, *values in self._select(table, ("rowid", *texts)):
            for column, value in zip(texts, values, strict=True):
                if not _is_text(value):
                    return StoreFailed(
                        _(
                            "{path} holds a text that is no UTF-8, which no server keeps: {table}.{column} "
                            "of the row with the rowid {row}. Correct it there with the program sqlite3, "
                            "then start the same command again.",
                            path=self.path,
                            table=table,
                            column=column,
                            row=row,
                        )
                    )
        raise AssertionError("whoever asks has met one")

    def _select(self, table: str, columns: Sequence[str]) -> sqlite3.Cursor:
        listed = ", ".join(map(_quoted, columns))
        return self._connection.execute(f"SELECT {listed} FROM {_quoted(table)} ORDER BY rowid")


class Reader:
    """Where one is in a table."""

    def __init__(self, source: Source, table: str, rows: sqlite3.Cursor) -> None:
        self._source = source
        self._table = table
        self._rows = rows

    def read(self, most: int = BATCH_ROWS) -> Sequence[Row]:
        """The next rows, up to so many and so much; none at the end. Raises `StoreFailed`."""
        rows: list[Row] = []
        size = 0
        while len(rows) < most and size < BATCH_BYTES:
            try:
                row = self._rows.fetchone()
            except UnicodeDecodeError:
                raise self._source.not_text(self._table) from None
            if row is None:
                break
            rows.append(row)
            size += size_bytes(row)
        return rows


def uncopyable(path: str, table: str, columns: Sequence[str], row: Row, why: object) -> StoreFailed:
    """`row` is one that cannot be copied: its question is named where it belongs to one."""
    found = dict(zip(columns, row, strict=True))
    question = found.get("id") if table == "deliberations" else found.get("deliberation")
    if question is None:
        return StoreFailed(
            _(
                "A row of the table {table} in {path} cannot be copied: {why}. Correct it there with "
                "the program sqlite3, then start the same command again.",
                table=table,
                path=path,
                why=why,
            )
        )
    return StoreFailed(
        _(
            "A row of the table {table} in {path}, of the deliberation {id}, cannot be copied: {why}. "
            "Correct it there with the program sqlite3, or delete the question with `council forget "
            "--id {id}`, then start the same command again.",
            table=table,
            path=path,
            id=question,
            why=why,
        )
    )


@asynccontextmanager
async def open_source(path: str) -> AsyncIterator[Source]:
    """Lock the file and bring it up to date as every start does; nothing else is written to it.

    Raises `StoreLocked` where another process writes to it, and `StoreFailed`.
    """
    files.check_readable(path)
    database = await SqliteDatabase.open(path, holder="council migrate")
    try:
        key = await database.write(secret)
        connection = sqlite3.connect(files.uri(path, "ro"), uri=True, isolation_level=None)
        try:
            connection.text_factory = bytes.decode  # what is none is quoted by the default's error
            connection.execute("BEGIN")  # whatever others write to it, it is read as of now
            yield Source(path, identity_of(key), connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise failed(path, error) from error
    finally:
        await database.close()


def _is_text(value: bytes | None) -> bool:
    try:
        return value is None or isinstance(value.decode(), str)
    except UnicodeDecodeError:
        return False


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
