"""What the statistics keep of each finished deliberation: opaque text, made anew when votes change.

The database itself drops a text when a reaction to its deliberation comes or goes (triggers in
schema/0002), and the text goes with its deliberation.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable

from bot.records import Platform, Summary
from bot.store.sqlite_database import Tables


class Summaries(Tables):
    async def summaries(
        self, *, platform: Platform | None = None, channel: str | None = None
    ) -> tuple[Summary, ...]:
        """Of the finished deliberations of a channel, or of all, in the order they were asked."""
        places = {"platform": platform, "channel": channel}
        here = {name: value for name, value in places.items() if value is not None}
        where = " AND ".join(f"d.{name} = ?" for name in here) or "TRUE"
        rows = await self._database.read(
            "SELECT d.id, CASE WHEN d.thread IS NULL THEN d.id ELSE "
            "json_array(d.platform, d.workspace, d.channel, d.thread) END, s.revision "
            "FROM deliberations AS d JOIN summaries AS s ON s.deliberation = d.id "
            f"WHERE {where} ORDER BY d.number",
            tuple(here.values()),
        )
        return tuple(Summary(*row) for row in rows)

    async def summary_texts(self, ids: Collection[str]) -> dict[str, str | None]:
        """`None` where one has to be made first."""
        rows = await self._database.read(
            "SELECT deliberation, value FROM summaries "
            "WHERE deliberation IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
        )
        return dict(rows)

    async def missing_summaries(self, limit: int) -> tuple[tuple[str, int], ...]:
        """Deliberations without a text, and their revisions."""
        rows = await self._database.read(
            "SELECT deliberation, revision FROM summaries WHERE value IS NULL LIMIT ?", (limit,)
        )
        return tuple(rows)

    async def keep_summaries(self, made: Iterable[tuple[str, int, str]]) -> None:
        """Deliberation, revision and text. Where votes changed meanwhile nothing is kept."""
        texts = [(text, id, revision) for id, revision, text in made]

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "UPDATE summaries SET value = ? WHERE deliberation = ? AND revision = ?", texts
            )

        await self._database.write(write)
