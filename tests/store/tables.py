"""What the tables of a database are, told alike for SQLite and PostgreSQL."""

import re
import sqlite3
from typing import Any, NamedTuple

import psycopg

_TYPES = {"INTEGER": "bigint", "TEXT": "ctext", "REAL": "double precision", "BLOB": "bytea"}


class Column(NamedTuple):
    kind: str
    required: bool
    default: str | None


class Table(NamedTuple):
    columns: dict[str, Column]
    key: tuple[str, ...]
    unique: frozenset[tuple[str, ...]]
    references: frozenset[tuple[str, str, str]]  # column, table, what a deletion does
    checks: frozenset[str]


class Schema(NamedTuple):
    tables: dict[str, Table]
    indexes: dict[str, tuple[str, tuple[str, ...], str]]  # table, columns, of which rows
    triggers: frozenset[str]


def of_file(file: sqlite3.Connection) -> Schema:
    rows = file.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    tables = {
        name: _table_of_file(file, name, sql)
        for kind, name, _, sql in rows
        if kind == "table" and not name.startswith("sqlite_")
    }
    indexes = {}
    for kind, name, table, sql in rows:
        if kind == "index" and sql:
            columns = tuple(each for _, _, each in file.execute(f"PRAGMA index_info({name})"))
            indexes[name] = table, columns, _plain(sql.partition(" WHERE ")[2])
    return Schema(tables, indexes, frozenset(n for kind, n, *_ in rows if kind == "trigger"))


def _table_of_file(file: sqlite3.Connection, name: str, sql: str) -> Table:
    info = file.execute(f"PRAGMA table_info({name})").fetchall()
    unique = [
        tuple(column for *_, column in file.execute(f"PRAGMA index_info({index})"))
        for _, index, _, origin, _ in file.execute(f"PRAGMA index_list({name})")
        if origin == "u"
    ]
    references = file.execute(f"PRAGMA foreign_key_list({name})").fetchall()
    return Table(
        {
            column: Column(_TYPES[kind], bool(required or place), _plain_default(default))
            for _, column, kind, required, default, place in info
        },
        tuple(row[1] for row in sorted(info, key=lambda row: row[5]) if row[5]),
        frozenset(unique),
        frozenset((row[3], row[2], row[6]) for row in references),
        frozenset(map(_plain, re.findall(r"CHECK \((.*)\)", sql))),
    )


def of_server(server: psycopg.Connection) -> Schema:
    """Without what PostgreSQL needs besides: the version, and the order in which rows came."""

    def rows(sql: str) -> list[Any]:
        return server.execute(sql.encode()).fetchall()

    names = [name for (name,) in rows(f"SELECT relname {_OURS} AND relkind = 'r'")]
    indexes = {}
    for name, table, sql in rows(
        "SELECT indexname, tablename, indexdef FROM pg_indexes WHERE schemaname = 'council'"
        " AND indexname NOT LIKE '%\\_key' AND indexname NOT LIKE '%\\_pkey'"
    ):
        found = re.search(r"USING \w+ \(([^)]*)\)(?: WHERE (.*))?", sql)
        assert found
        indexes[name] = table, tuple(found[1].split(", ")), _plain(found[2] or "")
    triggers = rows(
        f"SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN (SELECT oid {_OURS})"
    )
    return Schema(
        {name: _table_of_server(server, name) for name in names if name != "schema_version"},
        indexes,
        frozenset(name for (name,) in triggers),
    )


_OURS = "FROM pg_class WHERE relnamespace = to_regnamespace('council')"
_DELETES = {"a": "NO ACTION", "c": "CASCADE", "n": "SET NULL"}


def _table_of_server(server: psycopg.Connection, name: str) -> Table:
    columns = server.execute(
        "SELECT attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)"
        " FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
        (name,),
    ).fetchall()
    constraints = server.execute(
        "SELECT contype, ARRAY(SELECT attname::TEXT FROM unnest(conkey) WITH ORDINALITY AS k (n, place)"
        " JOIN pg_attribute ON attrelid = conrelid AND attnum = n ORDER BY place),"
        " confrelid::regclass::TEXT, confdeltype, pg_get_constraintdef(oid)"
        " FROM pg_constraint WHERE conrelid = %s::regclass",
        (name,),
    ).fetchall()

    def of(kind: str) -> list[tuple[Any, ...]]:
        return [tuple(row[1:]) for row in constraints if row[0] == kind]

    return Table(
        {
            column: Column(kind, required, _plain_default(default))
            for column, kind, required, default in columns
            if column != "rowid"
        },
        next(tuple(columns) for columns, *_ in of("p")),
        frozenset(tuple(columns) for columns, *_ in of("u")),
        frozenset((columns[0], table, _DELETES[how]) for columns, table, how, _ in of("f")),
        frozenset(_plain(sql.removeprefix("CHECK ")) for *_, sql in of("c")),
    )


def _plain_default(sql: str | None) -> str | None:
    if sql is None:
        return None
    return "now" if "now" in sql else _plain(sql)


def _plain(sql: str) -> str:
    """As both may write it: without brackets, types and line breaks."""
    sql = re.sub(r"::\w+(\[\])?", "", sql)
    sql = re.sub(r"= ANY \(ARRAY\[(.*?)\]\)", r"IN \1", re.sub(r"\s+", " ", sql))
    return re.sub(r"[()\s]", "", sql)
