"""The databases that a test names by a path: files, or databases of a server in their place.

A test says `council.db` or `:memory:` and means an empty database of its own. Where it is told on a server, each
name is one database there, for stores of this process and for processes that it starts alike.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from bot.store.postgres_session import LOCKS, WRITING
from bot.store.server import Server, is_server
from bot.store.store import Store
from tests.fakes.postgres import Postgres, connected

Name = str | PathLike[str]

_NAME = "COUNCIL_DATABASE"


class _OnServer:
    """A database for each name, made when it is first said."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres = postgres
        self._named: dict[Path, Server] = {}
        self._made: list[Server] = []

    def of(self, name: Name) -> Server:
        if fspath(name) == ":memory:":
            return self._new()
        path = Path(name).resolve()
        if path not in self._named:
            self._named[path] = self._new()
        return self._named[path]

    def copy(self, name: Name, target: Name) -> None:
        self.postgres.copy(self.of(name), self.of(target))

    def drop(self) -> None:
        for server in self._made:
            self.postgres.drop(server)

    def _new(self) -> Server:
        self._made.append(self.postgres.migrated())
        return self._made[-1]


_on_server: _OnServer | None = None


@contextmanager
def told_on(postgres: Postgres) -> Iterator[None]:
    """Every database that is named meanwhile is this server's; gone afterwards."""
    global _on_server
    opened = Store.open

    async def opened_there(path: Name | Server, **options: Any) -> Store:
        return await opened(place(path), **options)

    _on_server = _OnServer(postgres)
    Store.open = opened_there  # type: ignore[method-assign]
    try:
        yield
    finally:
        Store.open = opened  # type: ignore[method-assign]
        _on_server.drop()
        _on_server = None


def place(name: Name | Server) -> Name | Server:
    """What `Store.open` opens where a test says this."""
    return name if _on_server is None or isinstance(name, Server) else _on_server.of(name)


def variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Of a process, for which `COUNCIL_DATABASE` names the same database."""
    name = environment.get(_NAME, "")
    if _on_server is None or not name or is_server(name):
        return dict(environment)
    return {**environment, _NAME: _on_server.of(name).url}


def rows(name: Name, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """What one statement changes or finds, beside whoever uses the database."""
    if _on_server is None:
        with closing(sqlite3.connect(name)) as file, file:
            return file.execute(sql, parameters).fetchall()
    with closing(connected(_on_server.of(name))) as server:
        found = server.execute(sql.replace("?", "%s").encode(), parameters)
        return found.fetchall() if found.description else []


def refuse_inserts(name: Name, table: str, says: str) -> None:
    """From now on, with these words of the database's own."""
    if _on_server is None:
        rows(
            name,
            f"CREATE TRIGGER refused BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, '{says}'); END",
        )
        return
    raising = f"$$ BEGIN RAISE EXCEPTION '{says}'; END $$"
    rows(name, f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS {raising}")
    rows(name, f"CREATE TRIGGER refused BEFORE INSERT ON {table} EXECUTE FUNCTION refuse()")


@contextmanager
def held(name: Name) -> Iterator[None]:
    """By another program, which keeps everybody else from writing."""
    if _on_server is None:
        with closing(sqlite3.connect(name, isolation_level=None)) as file:
            file.execute("BEGIN IMMEDIATE")
            yield
        return
    with closing(connected(_on_server.of(name))) as server:
        server.execute("SELECT pg_advisory_lock(%s::int, %s::int)", (LOCKS, WRITING))
        yield


def copy(name: Name, target: Name) -> None:
    """What is committed, as a kill of whoever uses the database would leave it now."""
    if _on_server is None:
        with closing(sqlite3.connect(name)) as file, closing(sqlite3.connect(target)) as other:
            file.backup(other)
    else:
        _on_server.copy(name, target)


def holds(name: Name, word: bytes) -> bool:
    """Whether a file of the database has this in it; the log of a server's may for a while."""
    if _on_server is None:
        path = Path(name)
        return any(word in file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    with closing(connected(_on_server.of(name))) as server:
        server.execute("CHECKPOINT")
    return _on_server.postgres.holds(word)
