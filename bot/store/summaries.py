"""What the statistics keep of each finished deliberation: a JSON text, made anew when votes change.

The database itself drops a text when a reaction to its deliberation comes or goes (triggers in
schema/0002), and the text goes with its deliberation.
"""

from collections.abc import Iterable, Sequence

from bot.records import PlatformName, Summary
from bot.store.transactions import Many, Tables, Transaction, equal, lists


class Summaries(Tables):
    async def summaries(
        self, *, platform: PlatformName | None = None, channel: str | None = None
    ) -> tuple[Summary, ...]:
        """Of the finished deliberations of a channel, or of all, in the order they were asked."""
        where, values = equal(platform=platform, channel=channel)
        rows = await self._database.read(
            "SELECT id, min(number) OVER (PARTITION BY platform, coalesce(workspace, ''),"
            " coalesce(channel, ''), thread IS NULL, coalesce(thread, id)), revision"
            f" FROM deliberations JOIN summaries ON deliberation = id WHERE {where} ORDER BY number",
            values,
        )
        return tuple(Summary(*row) for row in rows)

    async def revisions(self, platform: PlatformName, channel: str) -> tuple[int, int]:
        """How many finished deliberations a channel has, and how often they changed in all."""
        [(count, changes)] = await self._database.read(
            "SELECT count(*), coalesce(sum(revision), 0) FROM summaries "
            "JOIN deliberations ON deliberation = id WHERE platform = ? AND channel = ?",
            (platform, channel),
        )
        return count, changes

    async def summary_texts(
        self, ids: Sequence[str], *, emptied: Sequence[str] = ()
    ) -> dict[str, str | None]:
        """`None` where one has to be made first. Of the lists that `emptied` names comes nothing."""
        texts: dict[str, str | None] = {}
        value = "value"
        for _ in emptied:
            value = f"json_replace({value}, ?, json('[]'))"
        paths = [f"$.{name}" for name in emptied]
        for marks, part in lists(ids):
            rows = await self._database.read(
                f"SELECT deliberation, {value} FROM summaries WHERE deliberation IN ({marks})",
                (*paths, *part),
            )
            texts.update(rows)
        return texts

    async def missing_summaries(self, limit: int) -> tuple[tuple[str, int], ...]:
        """Deliberations without a text, and their revisions."""
        rows = await self._database.read(
            "SELECT deliberation, revision FROM summaries WHERE value IS NULL LIMIT ?", (limit,)
        )
        return tuple(rows)

    async def recounts(self, platform: PlatformName, limit: int) -> tuple[tuple[str, int], ...]:
        """Deliberations whose posted ranking shows older votes, and their revisions; the newest
        first."""
        rows = await self._database.read(
            "SELECT deliberation, revision FROM summaries JOIN deliberations ON id = deliberation "
            "WHERE shown <> revision AND delivered = 1 AND expired_at IS NULL AND platform = ? "
            "ORDER BY number DESC LIMIT ?",
            (platform, limit),
        )
        return tuple(rows)

    async def recounted(self, id: str, revision: int) -> None:
        """The ranking shows the votes of this revision."""
        await self._change("UPDATE summaries SET shown = ? WHERE deliberation = ?", (revision, id))

    async def keep_summaries(self, made: Iterable[tuple[str, int, str]]) -> None:
        """Deliberation, revision and text. Where votes changed meanwhile nothing is kept."""
        texts = [(text, id, revision) for id, revision, text in made]

        def write() -> Transaction[None]:
            yield Many(
                "UPDATE summaries SET value = ? WHERE deliberation = ? AND revision = ?", texts
            )

        await self._database.write(write)
