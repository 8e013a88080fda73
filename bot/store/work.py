"""Who is at which deliberation, and what processes that share a database tell each other of it.

That somebody is at one is a lease: it is theirs until they release it, or until they live no more and
another process breaks it. Everything here is short-lived, and gone once the deliberation is over and its
end is shown.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence

from bot.records import Dispatched, Told, Wish
from bot.store import spending
from bot.store.encoding import decode, encode
from bot.store.presence import PROGRESS, WISHES, WORK, Presence
from bot.store.transactions import Do, Many, Ring, Statement, Tables, Transaction

# So long a busy server takes to see that a process is gone.
MOMENT_SECONDS = 0.5


class Work(Tables):
    async def dispatch(self, id: str, limits: Mapping[str, int], *, names: bool) -> None:
        """Have any process take it that wants to, once nobody is at it any more. Nothing where that was
        said before, or it does not run."""

        def write() -> Transaction[None]:
            yield Do(
                "INSERT INTO work (deliberation, limits, names) SELECT id, ?, ? FROM deliberations"
                " WHERE id = ? AND status = 'running' ON CONFLICT (deliberation) DO UPDATE SET"
                " limits = excluded.limits, names = excluded.names WHERE work.limits IS NULL",
                (json.dumps(dict(limits), separators=(",", ":")), int(names), id),
            )
            yield Ring(WORK, id)

        await self._database.write(write)

    async def is_dispatched(self, id: str) -> bool:
        rows = await self._database.read(
            "SELECT 1 FROM work WHERE deliberation = ? AND limits IS NOT NULL", (id,)
        )
        return bool(rows)

    async def take(self, id: str) -> Dispatched | None:
        """Be at it from now on. `None`, nothing written, where it does not run, was not dispatched, or
        somebody is at it."""

        def write() -> Transaction[Dispatched | None]:
            rows = yield Statement(
                "UPDATE work SET process = ? WHERE deliberation = ? AND process IS NULL"
                " AND limits IS NOT NULL AND EXISTS (SELECT 1 FROM deliberations"
                " WHERE id = work.deliberation AND status = 'running') RETURNING limits, names",
                (self._database.process, id),
            )
            if not rows:
                return None
            ((limits, names),) = rows
            return Dispatched(json.loads(limits), bool(names))

        return await self._database.write(write)

    async def release(self, id: str) -> None:
        """This process is at it no more, and no journal of it can write. Others may take it where it
        runs and was dispatched; of one that is over nothing here is left."""

        process = self._database.process
        await self._database.write(lambda: let_go(id, process))

    async def recall(self, id: str) -> None:
        """Nobody is at it any more, and nobody may take it until it is dispatched again."""

        def write() -> Transaction[None]:
            rows = yield Statement(
                "UPDATE deliberations SET token = token + 1 WHERE id = ?"
                " AND id IN (SELECT deliberation FROM work) RETURNING id",
                (id,),
            )
            if rows:
                yield from spending.book(id)
                yield from nothing_left(id)
                yield Ring(WISHES, id)

        await self._database.write(write)

    async def open_work(self) -> tuple[str, ...]:
        """What may be taken, the oldest first."""
        rows = await self._database.read(
            "SELECT id FROM work JOIN deliberations ON id = deliberation WHERE process IS NULL"
            " AND limits IS NOT NULL AND status = 'running' ORDER BY number"
        )
        return tuple(id for (id,) in rows)

    async def held_work(self) -> Mapping[str, int]:
        """Which process is at which deliberation."""
        rows = await self._database.read(
            "SELECT deliberation, process FROM work WHERE process IS NOT NULL"
        )
        return dict(rows)

    async def others_work(self) -> frozenset[str]:
        """What other processes are at, of those that live."""
        presence = self._database.presence
        if presence is None:
            return frozenset()
        found = await self._held_by_others(presence)
        if found:  # maybe by one that was killed this very moment
            await asyncio.sleep(MOMENT_SECONDS)
            found = await self._held_by_others(presence)
        return found

    async def _held_by_others(self, presence: Presence) -> frozenset[str]:
        others = await presence.living() - {presence.number}
        held = await self.held_work()
        return frozenset(id for id, process in held.items() if process in others)

    async def is_worked_on(self, id: str) -> bool:
        """Whether somebody is at it."""
        rows = await self._database.read(
            "SELECT 1 FROM work WHERE deliberation = ? AND process IS NOT NULL", (id,)
        )
        return bool(rows)

    async def break_lease(self, id: str, process: int) -> None:
        """The same as `release`, of a process that lives no more. Nothing where it is at it no more."""
        await self._database.write(lambda: let_go(id, process))

    async def wish(self, id: str, wish: Wish) -> int:
        """Tell whoever is at it. The wish's number, which no other of this run has; 0, and nothing
        written, where it is over."""

        def write() -> Transaction[int]:
            rows = yield Statement(
                "INSERT INTO wishes (deliberation, n, wish) SELECT id, coalesce((SELECT max(n)"
                " FROM wishes WHERE deliberation = id), 0) + 1, ? FROM deliberations"
                " WHERE id = ? AND (status = 'running' OR id IN (SELECT deliberation FROM work))"
                " RETURNING n",
                (encode(Wish, wish), id),
            )
            yield Ring(WISHES, id)
            return int(rows[0][0]) if rows else 0

        return await self._database.write(write)

    async def wishes(self, id: str) -> tuple[tuple[int, Wish], ...]:
        """Those that nobody has heard so far, by number."""
        rows = await self._database.read(
            "SELECT n, wish FROM wishes WHERE deliberation = ? AND wish IS NOT NULL ORDER BY n",
            (id,),
        )
        return tuple((n, decode(Wish, wish)) for n, wish in rows)

    async def heard(self, id: str, n: int) -> None:
        """The wish of this number was heard, whatever came of it."""

        def write() -> Transaction[None]:
            # The row stays: its number is nobody else's.
            yield Do("UPDATE wishes SET wish = NULL WHERE deliberation = ? AND n = ?", (id, n))
            yield Ring(PROGRESS, id)

        await self._database.write(write)

    async def progress(self, id: str, after: int, token: int) -> Told:
        """What the newest run told after that event of that run; all of it where that is another. All
        of it is looked at in one moment."""
        (state, *events) = await self._database.read(_TOLD, (id, id, after, token)) or (_GONE,)
        _, run, draft, is_over = state
        return Told(run, tuple((n, event) for n, _, event, _ in events), draft, bool(is_over))


_GONE = 0, 0, None, 1
_TOLD = (
    "SELECT 0, coalesce((SELECT max(token) FROM progress WHERE deliberation = id), drafts.token, 0),"
    " drafts.text, CASE WHEN status = 'running' OR process IS NOT NULL THEN 0 ELSE 1 END"
    " FROM deliberations LEFT JOIN work ON work.deliberation = id"
    " LEFT JOIN drafts ON drafts.deliberation = id WHERE id = ?"
    " UNION ALL SELECT n, token, event, 0 FROM progress"
    " WHERE deliberation = ? AND (n > ? OR token <> ?) ORDER BY 1"
)

_WORKED_WITH, _TOLD_BY_IT = ("work", "wishes"), ("progress", "drafts")


def leased(deliberation: str, process: int) -> Do:
    """This process is at it from now on, whoever was before. That others may take it later stays."""
    return Do(
        "INSERT INTO work (deliberation, process) VALUES (?, ?)"
        " ON CONFLICT (deliberation) DO UPDATE SET process = excluded.process",
        (deliberation, process),
    )


def let_go(deliberation: str, process: int | None) -> Transaction[None]:
    """This process is at it no more: what it has under way is booked at its most, and it cannot write.
    Of one that runs and was dispatched others are told; nobody goes on with the checks of a verdict."""
    rows = yield Statement(
        "UPDATE deliberations SET token = token + 1 WHERE id = ?"
        " AND id IN (SELECT deliberation FROM work WHERE process = ?) RETURNING status",
        (deliberation, process),
    )
    for (status,) in rows:
        yield from spending.book(deliberation)
        if status == "running":
            yield Do("DELETE FROM work WHERE deliberation = ? AND limits IS NULL", (deliberation,))
            yield Do("UPDATE work SET process = NULL WHERE deliberation = ?", (deliberation,))
            yield Ring(WORK, deliberation)
        else:
            yield from spending.give_up_checks(deliberation)
            yield from nobody_at(deliberation)
        yield Ring(PROGRESS, deliberation)


def told(
    deliberation: str, token: int, events: Sequence[tuple[int, str]], draft: str | None
) -> Transaction[None]:
    """What happens in the run of this token, for `progress`; what those before it told is gone."""
    for table in ("progress", "drafts"):
        yield Do(
            f"DELETE FROM {table} WHERE deliberation = ? AND token <> ?", (deliberation, token)
        )
    yield Many(
        "INSERT INTO progress (deliberation, token, n, event) VALUES (?, ?, ?, ?)",
        [(deliberation, token, n, event) for n, event in events],
    )
    if draft is not None:
        yield Do(
            "INSERT INTO drafts (deliberation, token, text) VALUES (?, ?, ?)"
            " ON CONFLICT (deliberation) DO UPDATE SET text = excluded.text",
            (deliberation, token, draft),
        )
    yield Ring(PROGRESS, deliberation)


def nothing_left(deliberation: str) -> Transaction[None]:
    """Of what is short-lived."""
    yield from nobody_at(deliberation)
    yield from nothing_told(deliberation)


def nobody_at(deliberation: str) -> Transaction[None]:
    """From now on: nothing is wished any more. What happened can still be read."""
    for table in _WORKED_WITH:
        yield Do(f"DELETE FROM {table} WHERE deliberation = ?", (deliberation,))


def nothing_told(deliberation: str) -> Transaction[None]:
    """For the end, once that is shown."""
    for table in _TOLD_BY_IT:
        yield Do(f"DELETE FROM {table} WHERE deliberation = ?", (deliberation,))
