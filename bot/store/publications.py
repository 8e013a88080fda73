"""What each channel was last told of its statistics: opaque text, kept compressed."""

import zlib

from bot.records import PlatformName
from bot.store.transactions import Tables


class Publications(Tables):
    async def publication(self, platform: PlatformName, channel: str) -> str | None:
        rows = await self._database.read(
            "SELECT rows FROM publications WHERE platform = ? AND channel = ?", (platform, channel)
        )
        return zlib.decompress(rows[0][0]).decode() if rows else None

    async def publish(self, platform: PlatformName, channel: str, text: str) -> None:
        await self._change(
            "INSERT INTO publications (platform, channel, rows) VALUES (?, ?, ?) "
            "ON CONFLICT (platform, channel) DO UPDATE SET rows = excluded.rows",
            (platform, channel, zlib.compress(text.encode())),
        )
