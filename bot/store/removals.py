"""The bot's posts that are to be removed: their question was forgotten, or another post took their
place."""

from collections.abc import Iterable
from datetime import datetime

from bot.records import Place, PlatformName
from bot.store.encoding import encode_time
from bot.store.transactions import Tables, lists


class Removals(Tables):
    async def posts_to_remove(self) -> int:
        """How many are still to be removed, on whatever platform."""
        rows = await self._database.read("SELECT count(*) FROM removals")
        return int(rows[0][0])

    async def posts_in_doubt(self, places: Iterable[Place]) -> int:
        """How many posts of these questions were sent without anybody hearing whether they arrived,
        so that they have no id to be removed by."""
        count = 0
        for marks, part in lists([place.id for place in places]):
            rows = await self._database.read(
                f"SELECT count(*) FROM posts WHERE deliberation IN ({marks}) AND post_id IS NULL "
                "AND deleted = 0 AND platform IN ('discord', 'slack')",
                part,
            )
            count += int(rows[0][0])
        return count

    async def removals(self, platform: PlatformName, now: datetime, limit: int) -> tuple[str, ...]:
        """The ids of those that are due, the oldest first."""
        rows = await self._database.read(
            "SELECT post_id FROM removals WHERE platform = ? AND due <= ? ORDER BY number LIMIT ?",
            (platform, encode_time(now), limit),
        )
        return tuple(post_id for (post_id,) in rows)

    async def removed(self, platform: PlatformName, post_id: str) -> None:
        """It is gone."""
        await self._change(
            "DELETE FROM removals WHERE platform = ? AND post_id = ?", (platform, post_id)
        )

    async def put_off(
        self, platform: PlatformName, post_id: str, due: datetime, given_up: datetime
    ) -> bool:
        """Try it again then; where it was to be removed before `given_up`, never. Whether it is
        tried again."""
        kept = await self._change(
            "UPDATE removals SET due = ? WHERE platform = ? AND post_id = ? AND at >= ?",
            (encode_time(due), platform, post_id, encode_time(given_up)),
        )
        if not kept:
            await self.removed(platform, post_id)
        return bool(kept)

    async def has_posts_in(self, platform: PlatformName, place: str) -> bool:
        """Whether anything that is stored was posted there; `place` is how the ids begin."""
        rows = await self._database.read(
            "SELECT 1 FROM posts WHERE platform = ? AND post_id >= ? AND post_id < ? LIMIT 1",
            (platform, place, f"{place}\U0010ffff"),
        )
        return bool(rows)
