"""Taking out what people wrote, everywhere: their questions, the answers to them, their votes.

Rows of a deliberation go with it (foreign keys); the connection overwrites what it deletes
(`PRAGMA secure_delete`), and the log of changes is emptied afterwards. Money spent stays counted.
"""

import sqlite3

from bot.store.database import Tables

_DELIBERATION_FEED = (
    "DELETE FROM feed WHERE deliberation IN (SELECT id FROM deliberations WHERE {})"
)
_DELIBERATIONS = "DELETE FROM deliberations WHERE {}"


class Removal(Tables):
    async def forget_deliberation(self, id: str) -> int:
        """One question and all that came of it. How many there were: 0 or 1."""
        return await self._forget("id = ?", (id,))

    async def forget_channel(self, platform: str | None, channel: str) -> int:
        """Every question of a channel, its settings and their history. How many questions."""
        here = "channel = ? AND (? IS NULL OR platform = ?)"
        place = (channel, platform, platform)
        return await self._forget(
            here,
            place,
            [
                (f"DELETE FROM {table} WHERE {here}", place)
                for table in ("settings", "settings_audit")
            ],
        )

    async def forget_person(self, person: str) -> int:
        """A person's questions, and their votes on those of others. How many questions."""
        return await self._forget(
            "asker = ?",
            (person,),
            [
                ("DELETE FROM reactions WHERE person = ?", (person,)),
                ("DELETE FROM reveals WHERE person = ?", (person,)),
                ("UPDATE settings_audit SET person = '' WHERE person = ?", (person,)),
            ],
        )

    async def _forget(
        self,
        which: str,
        parameters: tuple[str | None, ...],
        more: list[tuple[str, tuple[str | None, ...]]] | None = None,
    ) -> int:
        def write(connection: sqlite3.Connection) -> int:
            for sql, values in more or []:
                connection.execute(sql, values)
            connection.execute(_DELIBERATION_FEED.format(which), parameters)
            return connection.execute(_DELIBERATIONS.format(which), parameters).rowcount

        forgotten = await self._database.write(write)
        await self._database.read("PRAGMA wal_checkpoint(TRUNCATE)")
        return forgotten
