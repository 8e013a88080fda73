"""A file's database copied into a server's, table by table, until both add up to the same.

Rows go over in batches, in the order in which they came. With each batch the server notes how many rows
of the table are there, and their sum. Whoever goes on with a copy adds up as many of the file's: where that is
the same sum, the copy goes on behind them; else, since the file was written to meanwhile, the table is copied
anew, and whatever refers to it. In the end what the server has is read back whole.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from graphlib import TopologicalSorter
from os import PathLike, fspath
from typing import TYPE_CHECKING, Literal, NamedTuple

from bot.errors import StoreFailed
from bot.language import _, listed
from bot.store.server import Server
from bot.store.sqlite_transfer import Reader, Source, open_source, uncopyable
from bot.store.store import installed
from bot.store.tally import BATCH_ROWS, RowRefused, Tally

if TYPE_CHECKING:
    from bot.store.postgres_transfer import Target


class Progress(NamedTuple):
    """How many rows of all were copied, or compared after that."""

    doing: Literal["copying", "comparing"]
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class Transferred:
    """`differing` are the tables that did not come out alike: the next copy makes them anew."""

    rows: int
    was_there: bool
    left_out: tuple[str, ...]  # tables and columns that are none of ours
    differing: tuple[str, ...] = ()


async def transfer(
    path: str | PathLike[str], server: Server, tell: Callable[[Progress], None]
) -> Transferred:
    """Copy what is in the file, or go on with a copy that was broken off at any moment.

    The file is brought up to date as every start does, and nobody else writes to it meanwhile; no council opens the
    other before all is there. Raises `StoreLocked` where somebody uses one of them, and `StoreFailed`.
    """
    with installed():
        from bot.store.postgres_transfer import open_target
    async with open_source(fspath(path)) as source:
        with open_target(server) as target:
            return await _Transfer(source, target, tell).made()


class _Transfer:
    def __init__(self, source: Source, target: "Target", tell: Callable[[Progress], None]) -> None:
        self._source = source
        self._target = target
        self._tell = tell
        self._refers = source.tables()
        self._there: dict[str, Tally] = {}
        self._progress = Progress("copying", 0, 0)

    async def made(self) -> Transferred:
        there = self._target.begin(self._source.identity)
        tables = self._ordered(self._target.tables())
        rows = sum(map(self._source.count, tables))
        if there is None:
            self._progress = Progress("comparing", 0, 2 * rows)
            sums = {table: await self._read(self._reader(table)) for table in tables}
        else:
            self._progress = Progress("copying", 0, rows)
            self._there |= there
            sums = {table: await self._copied(table) for table in tables}
            self._progress = Progress("comparing", 0, rows)
        differing = await self._finished(sums, is_new=there is not None)
        return Transferred(rows, there is None, self._left_out(tables), differing)

    async def _finished(self, sums: Mapping[str, Tally], *, is_new: bool) -> tuple[str, ...]:
        """The tables that do not add up to these sums, which are empty then."""
        with self._target.held_still():
            differing = [table for table in sums if await self._read_back(table) != sums[table]]
            if not is_new:
                self._require_none(differing)
            elif differing:
                self._empty(differing)
            else:
                self._target.complete()
        return tuple(differing)

    async def _copied(self, table: str) -> Tally:
        """What the file's table adds up to; then the server's has the same rows."""
        reader = self._reader(table)
        tally = await self._read(reader, self._there[table].rows)
        if tally != self._there[table]:
            await self._go_on(-tally.rows)
            self._empty([table])
            reader, tally = self._reader(table), Tally()
        while rows := reader.read():
            tally = tally.plus(rows)
            try:
                self._target.add(table, rows, tally)
            except RowRefused as refused:
                columns = self._target.columns(table)
                raise uncopyable(
                    self._source.path, table, columns, refused.row, refused.why
                ) from None
            await self._go_on(len(rows))
        return tally

    async def _read(self, reader: Reader, most: int | None = None) -> Tally:
        """What the next rows add up to: so many, or all of them."""
        tally = Tally()
        while rows := reader.read(
            BATCH_ROWS if most is None else min(BATCH_ROWS, most - tally.rows)
        ):
            tally = tally.plus(rows)
            await self._go_on(len(rows))
        return tally

    async def _read_back(self, table: str) -> Tally:
        tally = Tally()
        with closing(self._target.batches(table)) as batches:
            for rows in batches:
                tally = tally.plus(rows)
                await self._go_on(len(rows))
        return tally

    async def _go_on(self, rows: int) -> None:
        done = self._progress.done + rows
        self._progress = self._progress._replace(done=done)
        self._tell(self._progress._replace(done=min(done, self._progress.of)))
        await asyncio.sleep(0)  # an interrupt ends it here

    def _reader(self, table: str) -> Reader:
        return self._source.reader(table, self._target.columns(table))

    def _empty(self, tables: Sequence[str]) -> None:
        """And all that refer to them."""
        found = set(tables)
        while more := {name for name, refers in self._refers.items() if refers & found} - found:
            found |= more
        self._target.empty(sorted(found & self._there.keys()))
        self._there |= dict.fromkeys(found, Tally())

    def _ordered(self, known: Sequence[str]) -> tuple[str, ...]:
        """Whatever a table refers to comes before it."""
        graph = {name: refers - {name} for name, refers in self._refers.items() if name in known}
        return tuple(TopologicalSorter(graph).static_order())

    def _left_out(self, tables: Sequence[str]) -> tuple[str, ...]:
        others = sorted(self._refers.keys() - {*tables})
        columns = (
            f"{table}.{column}"
            for table in tables
            for column in self._source.columns(table)
            if column not in self._target.columns(table)
        )
        return (*others, *columns)

    def _require_none(self, differing: Sequence[str]) -> None:
        """Of a copy that was finished."""
        if differing:
            raise StoreFailed(
                _(
                    "A copy of {path} was finished before, and since then one of the two was used: "
                    "{tables} differ. Copy into an empty database to copy it again.",
                    path=self._source.path,
                    tables=listed(differing),
                )
            )
