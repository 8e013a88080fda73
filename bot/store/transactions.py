"""What is written, told as statements of SQL: a driver of some database runs them.

A write is a function that returns a generator of statements:

    def renamed(old: str, new: str) -> Transaction[int]:
        rows = yield Statement("UPDATE notes SET key = ? WHERE key = ?", (new, old))
        return rows.rowcount

The driver makes the generator anew for each try, so that it may count on nothing but what its
statements gave, and runs it in one transaction. What it returns is the value of the write; what it
raises undoes this write and no other. A statement that fails ends it.

Rows are waited for once somebody looks at them. So a write asks for all that it needs before it looks at
any of it, and what is only to be done is a `Do`, what has to hold a `Check`: nobody waits for these.

The SQL is what SQLite and PostgreSQL both read, `?` standing for a parameter: an upsert names its
key and qualifies the column it changes, yes and no are 1 and 0 (a condition that is stored or added
up is a CASE), a query in FROM has a name, what stands beside sums is grouped by, and a list is
written out by `lists`. Where rows came in an order that no column tells, `rowid` does: PostgreSQL's
tables have it as a column.
"""

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar, overload

from bot.store.presence import Presence

T = TypeVar("T")
Row = tuple[Any, ...]

# SQLite takes 32,766 parameters (sqlite.org, "Implementation Limits"), PostgreSQL 65,535.
_LIST = 10_000


class Statement(NamedTuple):
    sql: str
    parameters: Sequence[Any] = ()


class Do(NamedTuple):
    """A statement whose outcome nobody looks at; it gives no rows. A driver may send it along with
    the next one."""

    sql: str
    parameters: Sequence[Any] = ()


class Check(NamedTuple):
    """A query that has to find a row. Where it finds none, the write is undone and raises this."""

    sql: str
    parameters: Sequence[Any]
    otherwise: Callable[[], Exception]


class Many(NamedTuple):
    """A `Do`, made once for each of these parameters."""

    sql: str
    parameters: Sequence[Sequence[Any]]


class Ring(NamedTuple):
    """A bell that other processes hear once the transaction stands; it gives no rows. In a file there
    are no others."""

    bell: str
    what: str


class Rows(Sequence[Row]):
    """What a statement gave, and how many rows it changed. Where `wait` is given, it is called before
    anybody looks, and fills it."""

    __slots__ = ("_changed", "_rows", "_wait")

    def __init__(
        self,
        rows: Sequence[Row] = (),
        changed: int = 0,
        *,
        wait: Callable[[], None] | None = None,
    ) -> None:
        self._rows, self._changed, self._wait = rows, changed, wait

    def fill(self, rows: Sequence[Row], changed: int) -> None:
        self._rows, self._changed, self._wait = rows, changed, None

    @property
    def rowcount(self) -> int:
        self._look()
        return self._changed

    def __len__(self) -> int:
        return len(self._look())

    def __iter__(self) -> Iterator[Row]:
        return iter(self._look())

    @overload
    def __getitem__(self, which: int) -> Row: ...
    @overload
    def __getitem__(self, which: slice) -> Sequence[Row]: ...
    def __getitem__(self, which: int | slice) -> Row | Sequence[Row]:
        return self._look()[which]

    def _look(self) -> Sequence[Row]:
        if self._wait:
            self._wait()
        return self._rows


Step = Statement | Do | Check | Many | Ring
Transaction = Generator[Step, Rows, T]


def done(step: Step) -> Transaction[None]:
    """It alone."""
    yield step


def change(sql: str, parameters: Sequence[Any] = ()) -> Transaction[int]:
    """One statement; the value is how many rows it changed."""
    rows = yield Statement(sql, parameters)
    return rows.rowcount


def equal(**columns: str | None) -> tuple[str, tuple[str, ...]]:
    """The condition that columns have these values, and the values; `None` is any value."""
    asked = {name: value for name, value in columns.items() if value is not None}
    return " AND ".join(f"{name} = ?" for name in asked) or "TRUE", tuple(asked.values())


def lists(values: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Values as `IN (...)` takes them: marks, and what these stand for."""
    for start in range(0, len(values), _LIST):
        part = values[start : start + _LIST]
        yield ", ".join("?" * len(part)), part


class Database(Protocol):
    """What runs them. Every method may raise `StoreFailed`. `process` is this one's number among those
    that share the database; `None` where there are no others, or it only reads."""

    process: int | None

    @property
    def presence(self) -> Presence | None:
        """The same of its presence among them."""

    async def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """What is committed."""

    async def write(self, begin: Callable[[], Transaction[T]]) -> T:
        """Make a write, in the order of the calls, and return its value after the commit.

        A write whose caller is cancelled is made all the same.
        """

    async def size_bytes(self) -> int:
        """On the disk."""

    async def damage(self) -> str:
        """The first thing that is wrong with what is stored, or nothing."""

    async def backup(self, target: str) -> None:
        """Copy everything committed so far into an empty file, while others go on."""

    async def rewrite(self) -> None:
        """Write everything anew, so that what was deleted is in no page of it."""

    async def empty_log(self, brief: Collection[str]) -> bool:
        """Leave nothing deleted in the log either, nor in the tables `brief`, whose rows are there for
        a short while. False where somebody who reads needs it."""

    async def close(self) -> None:
        """Commit what waits, then close. Reads and writes after this raise `StoreFailed`."""


class Tables:
    """A subject of the store: methods over the few tables that belong to it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def _change(self, sql: str, parameters: Sequence[Any]) -> int:
        """Write one statement; returns how many rows it changed."""
        return await self._database.write(lambda: change(sql, parameters))
