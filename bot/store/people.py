"""Answers of people to a question: whose, and as long as nobody has read them, what they say."""

from collections.abc import Mapping
from typing import Literal

from bot.council import PEOPLE_MAX
from bot.store import spending
from bot.store.transactions import Statement, Tables, Transaction

# Why an answer was not kept: its question is over, the person's answer was read already, there are as
# many as may be, or a budget has no room for what they make longer.
NotKept = Literal["over", "read", "full", "no_room"]


class People(Tables):
    async def keep_answer(
        self,
        id: str,
        person: str,
        text: str,
        *,
        day: str,
        shares: spending.Shares,
        limits: Mapping[str, int],
    ) -> NotKept | None:
        """Keep what a person answers until it gets a seat, in the place of what they said before, and
        set aside what the run takes with it: these `shares`."""

        def write() -> Transaction[NotKept | None]:
            if not (
                yield Statement(
                    "SELECT 1 FROM deliberations "
                    "WHERE id = ? AND status = 'running' AND expired_at IS NULL",
                    (id,),
                )
            ):
                return "over"
            rows = yield Statement("SELECT person, seat FROM people WHERE deliberation = ?", (id,))
            seats: dict[str, int | None] = dict(rows)
            if seats.get(person) is not None:
                return "read"
            if person not in seats and len(seats) >= PEOPLE_MAX:
                return "full"
            if not (yield from spending.raise_shares(id, day, limits, shares)):
                return "no_room"
            yield Statement(
                "INSERT INTO people (deliberation, person, answer, number) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (deliberation, person) DO UPDATE SET answer = excluded.answer",
                (id, person, text, len(seats)),
            )
            return None

        return await self._database.write(write)

    async def unseated(self, id: str) -> Mapping[str, str]:
        """What people answered whose answers have no seat so far, by person, the first first."""
        rows = await self._database.read(
            "SELECT person, answer FROM people WHERE deliberation = ? AND seat IS NULL "
            "ORDER BY number, person",
            (id,),
        )
        return dict(rows)

    async def people(self, id: str) -> Mapping[str, int | None]:
        """Who answered, and the seat of each, `None` for one that has none so far."""
        rows = await self._database.read(
            "SELECT person, seat FROM people WHERE deliberation = ? ORDER BY number, person", (id,)
        )
        return dict(rows)


def taken_over(id: str, earlier: str) -> Statement:
    """For the transaction that stores a case with the answers of an earlier one."""
    return Statement(
        "INSERT INTO people (deliberation, person, answer, number, seat) "
        "SELECT ?, person, '', number, seat FROM people WHERE deliberation = ? AND seat IS NOT NULL",
        (id, earlier),
    )
