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

    async def publish(
        self, platform: PlatformName, channel: str, rows: str, reviewers: str
    ) -> None:
        await self._change(
            "INSERT INTO publications (platform, channel, rows, reviewers) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (platform, channel) DO UPDATE "
            "SET rows = excluded.rows, reviewers = excluded.reviewers",
            (platform, channel, *(zlib.compress(each.encode()) for each in (rows, reviewers))),
        )
