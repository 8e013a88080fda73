"""Reactions as they stand, and who has seen the names.

Until a person's own reveal all of their reactions change freely. The reveal copies the blind ones
as non-blind ones; from then on only those copies change, and the blind ones stay as they were.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from bot.records import Reaction, ReactionValue
from bot.store.encoding import decode_time, encode_time
from bot.store.transactions import Do, Many, Row, Statement, Tables, Transaction, change, lists

_COLUMNS = "deliberation, target, person, value, at, blind, ranking_shown, place, by_button"
_INSERT = (
    f"INSERT INTO reactions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_DELETE = (
    "DELETE FROM reactions "
    "WHERE deliberation = ? AND target = ? AND person = ? AND value = ? AND blind = ?"
)


class Reactions(Tables):
    async def react(self, reaction: Reaction) -> None:
        """A reaction was given. One that stands already keeps its time and flags."""

        def write() -> Transaction[None]:
            revealed = yield from _revealed(reaction.deliberation)
            yield Do(_INSERT, _columns(reaction, revealed))

        await self._database.write(write)

    async def unreact(
        self, deliberation: str, target: str, person: str, value: ReactionValue
    ) -> None:
        """A reaction was taken away."""

        def write() -> Transaction[None]:
            revealed = yield from _revealed(deliberation)
            kinds = (0,) if person in revealed else (0, 1)
            yield Many(_DELETE, [(deliberation, target, person, value, blind) for blind in kinds])

        await self._database.write(write)

    async def reconcile(
        self,
        deliberation: str,
        target: str,
        standing: Collection[tuple[str, ReactionValue]],
        at: datetime,
        *,
        blind: bool = True,
        ranking_shown: bool = True,
        place: int | None = None,
    ) -> None:
        """Make (person, value) pairs, read from the platform, the reactions of this target.

        Those that stood before keep their time and flags, the rest of the arguments are for the
        new ones: the same time for all of them, since their order is unknown. What a button gave
        stays, since the platform does not tell of it.
        """

        def write() -> Transaction[None]:
            revealed = yield from _revealed(deliberation)
            rows = yield Statement(
                "SELECT person, value, blind, by_button FROM reactions "
                "WHERE deliberation = ? AND target = ?",
                (deliberation, target),
            )
            stored = [row for row in rows if not (row[2] and row[0] in revealed)]
            gone = [row[:3] for row in stored if row[:2] not in standing and not row[3]]
            new = [
                Reaction(deliberation, target, person, value, at, blind, ranking_shown, place)
                for person, value in set(standing) - {row[:2] for row in stored}
            ]
            yield Many(_DELETE, [(deliberation, target, *row) for row in gone])
            yield Many(_INSERT, [_columns(reaction, revealed) for reaction in new])

        await self._database.write(write)

    async def reactions(self, deliberation: str) -> tuple[Reaction, ...]:
        """Oldest first."""
        rows = await self._database.read(
            f"SELECT {_COLUMNS} FROM reactions WHERE deliberation = ? ORDER BY at, rowid",
            (deliberation,),
        )
        return tuple(map(_reaction, rows))

    async def reactions_to(self, deliberations: Sequence[str]) -> dict[str, list[Reaction]]:
        """By deliberation, where there are any; oldest first."""
        found: defaultdict[str, list[Reaction]] = defaultdict(list)
        for marks, part in lists(deliberations):
            rows = await self._database.read(
                f"SELECT {_COLUMNS} FROM reactions WHERE deliberation IN ({marks}) ORDER BY at, rowid",
                part,
            )
            for each in map(_reaction, rows):
                found[each.deliberation].append(each)
        return dict(found)

    async def reveal(self, deliberation: str, person: str, at: datetime) -> None:
        """This person sees the names from now on."""

        def write() -> Transaction[None]:
            first = yield from change(
                "INSERT INTO reveals (deliberation, person, at) VALUES (?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (deliberation, person, encode_time(at)),
            )
            if first:
                yield Do(
                    f"INSERT INTO reactions ({_COLUMNS}) "
                    "SELECT deliberation, target, person, value, at, 0, ranking_shown, place, by_button "
                    "FROM reactions WHERE deliberation = ? AND person = ? AND blind = 1 "
                    "ON CONFLICT DO NOTHING",
                    (deliberation, person),
                )

        await self._database.write(write)

    async def revealed(self, deliberation: str, person: str) -> bool:
        rows = await self._database.read(
            "SELECT 1 FROM reveals WHERE deliberation = ? AND person = ?", (deliberation, person)
        )
        return bool(rows)


def _revealed(deliberation: str) -> Transaction[set[str]]:
    rows = yield Statement("SELECT person FROM reveals WHERE deliberation = ?", (deliberation,))
    return {person for (person,) in rows}


def _columns(reaction: Reaction, revealed: set[str]) -> Row:
    return (
        reaction.deliberation,
        reaction.target,
        reaction.person,
        reaction.value,
        encode_time(reaction.at),
        int(reaction.blind and reaction.person not in revealed),
        int(reaction.ranking_shown),
        reaction.place,
        int(reaction.by_button),
    )


def _reaction(row: Row) -> Reaction:
    deliberation, target, person, value, at, blind, ranking_shown, place, by_button = row
    return Reaction(
        deliberation,
        target,
        person,
        value,
        decode_time(at),
        bool(blind),
        bool(ranking_shown),
        place,
        bool(by_button),
    )
