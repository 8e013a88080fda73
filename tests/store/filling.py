"""Rows of any kind that a file's tables take, by what the schema says of them: also of tables to come."""

import sqlite3
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

# Words that some column has to be one of.
_OF_A_KIND = ("running", "finished", "stopped", "adopted", "discarded")
_TEXTS = (
    *(
        "",
        " ",
        "a",
        "A",
        "á",
        "결론 👩‍🔬",
        "\0",
        "a\0\ufdd0\ufdd00b",
        "\ufdd0",
        "\ufdd01",
        "\U0010ffff\ufffe",
    ),
    *(
        "\\N",
        "\\.",
        "\\",
        "a\tb\r\nc\vd",
        "'\"%s?$1",
        '{"a": [1, null]}',
        "NULL",
        "\x1b[31m",
        "\u202e\x7f\x85",
    ),
)
_NUMBERS = (0, 1, -1, 7, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63))
_FLOATS = (
    0.1,
    -0.0,
    1 / 3,
    5e-324,
    -1.7976931348623157e308,
    1e22,
    float("inf"),
    float("-inf"),
    12.0,
)
_TRIES = 2_000


def fill(path: Path, random: Random, *, rows: int = 12) -> None:
    """Add so many rows to each table, or as many as it takes."""
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA foreign_keys = ON")
        tables = [name for (name,) in file.execute(_TABLES)]
        for name in sorted(tables, key=lambda name: len(_references(file, name))):
            _fill(file, name, random, rows)
    file.close()


_TABLES = (
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
)


class Column(NamedTuple):
    name: str
    kind: str
    may_be_null: bool
    refers_to: tuple[str, str] | None  # a table and its column
    is_indexed: bool


def _fill(file: sqlite3.Connection, table: str, random: Random, rows: int) -> None:
    columns = _columns(file, table)
    marks = ", ".join("?" * len(columns))
    for _ in range(_TRIES):
        values = [_value(file, column, random) for column in columns]
        rows -= file.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", values).rowcount
        if rows == 0:
            return


def _columns(file: sqlite3.Connection, table: str) -> list[Column]:
    references, indexed = _references(file, table), _indexed(file, table)
    return [
        Column(name, kind, not required and not key, references.get(name), name in indexed)
        for _, name, kind, required, _, key in file.execute(f"PRAGMA table_info({table})")
    ]


def _value(file: sqlite3.Connection, column: Column, random: Random) -> Any:
    if column.may_be_null and random.random() < 0.3:
        return None
    if column.refers_to:
        table, name = column.refers_to
        return random.choice(file.execute(f"SELECT {name} FROM {table}").fetchall())[0]
    if column.kind == "INTEGER":
        large = random.randrange(1, 2**40)
        return large if column.name == "number" else random.choice((*_NUMBERS, large, large))
    if column.kind == "REAL":
        return random.choice((*_FLOATS, random.uniform(-1e3, 1e3)))
    if column.kind == "BLOB":
        return random.randbytes(random.choice((0, 1, 300, 70_000)))
    return _text(random, is_short=column.is_indexed)


def _text(random: Random, *, is_short: bool) -> str:
    if random.random() < 0.3:
        return random.choice(_OF_A_KIND)
    text = "".join(random.choices((*_TEXTS, "word", "말"), k=random.randrange(1, 8)))
    return text if is_short or random.random() < 0.8 else text * 5_000


def _references(file: sqlite3.Connection, table: str) -> dict[str, tuple[str, str]]:
    rows = file.execute(f"PRAGMA foreign_key_list({table})")
    return {column: (other, theirs) for _, _, other, column, theirs, *_ in rows}


def _indexed(file: sqlite3.Connection, table: str) -> set[str]:
    """What is in an index may not be long in PostgreSQL."""
    indexes = file.execute(f"PRAGMA index_list({table})").fetchall()
    return {
        column
        for _, index, *_ in indexes
        for *_, column in file.execute(f"PRAGMA index_info({index})").fetchall()
    }
