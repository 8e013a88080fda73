"""What each channel was last told of its statistics: opaque text, kept compressed."""

import zlib

from bot.records import PlatformName
from bot.store.transactions import Tables


class Publications(Tables):
    async def publication(
        self, platform: PlatformName, channel: str
    ) -> tuple[str | None, str | None]:
        """The rows, and what is told of the reviewers."""
        found = await self._database.read(
            "SELECT rows, reviewers FROM publications WHERE platform = ? AND channel = ?",
            (platform, channel),
        )
        if not found:
            return None, None
        rows, reviewers = (each and zlib.decompress(each).decode() for each in found[0])
        return rows, reviewers

    async def published_reviewers(self, platform: PlatformName, channel: str) -> str | None:
        """What is told of the reviewers alone: the rows are much more."""
        found = await self._database.read(
            "SELECT reviewers FROM publications WHERE platform = ? AND channel = ?",
            (platform, channel),
        )
        return zlib.decompress(found[0][0]).decode() if found and found[0][0] else None

    async def publish(
        self, platform: PlatformName, channel: str, rows: str, reviewers: str
    ) -> None:
        """Nothing of a channel that was forgotten while it was counted."""
        place = (platform, channel)
        await self._change(
            "INSERT INTO publications (platform, channel, rows, reviewers) SELECT ?, ?, ?, ? "
            "WHERE EXISTS (SELECT 1 FROM deliberations WHERE platform = ? AND channel = ?) "
            "ON CONFLICT (platform, channel) DO UPDATE "
            "SET rows = excluded.rows, reviewers = excluded.reviewers",
            (*place, *(zlib.compress(each.encode()) for each in (rows, reviewers)), *place),
        )
