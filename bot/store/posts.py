"""The outbox: which posts exist, so that after a crash the same post is recognised, not repeated."""

from datetime import datetime

from bot.records import Post
from bot.store.encoding import encode_time
from bot.store.transactions import Do, Row, Statement, Tables, Transaction

_COLUMNS = "deliberation, key, part, platform, post_id, digest, deleted"

_CONFIRM = (
    "UPDATE posts SET post_id = ?, digest = ? WHERE deliberation = ? AND key = ? AND part = ?"
)


class Posts(Tables):
    async def posts(self, deliberation: str) -> tuple[Post, ...]:
        """In the order in which they were claimed."""
        rows = await self._database.read(
            f"SELECT {_COLUMNS} FROM posts WHERE deliberation = ? ORDER BY rowid", (deliberation,)
        )
        return tuple(map(_post, rows))

    async def claim_post(self, deliberation: str, platform: str, key: str, part: int) -> Post:
        """Announce a post before it is sent; the one there is where it was announced before."""

        def write() -> Transaction[Post]:
            yield Do(
                "INSERT INTO posts (deliberation, platform, key, part) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (deliberation, platform, key, part),
            )
            (row,) = yield Statement(
                f"SELECT {_COLUMNS} FROM posts WHERE deliberation = ? AND key = ? AND part = ?",
                (deliberation, key, part),
            )
            return _post(row)

        return await self._database.write(write)

    async def confirm_post(
        self, deliberation: str, key: str, part: int, post_id: str, digest: str | None
    ) -> None:
        """The post is on the platform under `post_id` and shows what `digest` tells."""
        await self._change(_CONFIRM, (post_id, digest, deliberation, key, part))

    async def replace_post(self, post: Post, post_id: str, digest: str) -> None:
        """The same, in the place of this one, which is to be removed."""

        def write() -> Transaction[None]:
            yield Do(
                "INSERT INTO removals (platform, post_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (post.platform, post.post_id),
            )
            yield Do(_CONFIRM, (post_id, digest, post.deliberation, post.key, post.part))

        await self._database.write(write)

    async def post_by_id(self, platform: str, post_id: str) -> Post | None:
        rows = await self._database.read(
            f"SELECT {_COLUMNS} FROM posts WHERE platform = ? AND post_id = ? "
            "ORDER BY rowid LIMIT 1",
            (platform, post_id),
        )
        return _post(rows[0]) if rows else None

    async def recent_posts(self, platform: str, since: datetime) -> tuple[Post, ...]:
        """The first part of every confirmed post of deliberations asked since then, oldest first."""
        rows = await self._database.read(
            f"SELECT {', '.join('posts.' + name for name in _COLUMNS.split(', '))} FROM posts "
            "JOIN deliberations ON deliberations.id = posts.deliberation "
            "WHERE posts.platform = ? AND part = 0 AND post_id IS NOT NULL AND deleted = 0 "
            "AND asked_at >= ? ORDER BY posts.rowid",
            (platform, encode_time(since)),
        )
        return tuple(map(_post, rows))

    async def mark_deleted(self, platform: str, post_id: str) -> None:
        """A person deleted the post, so it is never posted again."""
        await self._change(
            "UPDATE posts SET deleted = 1 WHERE platform = ? AND post_id = ?",
            (platform, post_id),
        )


def _post(row: Row) -> Post:
    deliberation, key, part, platform, post_id, digest, deleted = row
    return Post(deliberation, key, part, platform, post_id, digest, bool(deleted))
