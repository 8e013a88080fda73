"""Small things the program remembers: the models an endpoint has, facts by name."""

from collections.abc import Sequence
from datetime import datetime

from bot.llm import ModelInfo
from bot.store.encoding import decode, decode_time, encode, encode_time
from bot.store.transactions import Tables


class Notes(Tables):
    async def save_models(self, endpoint: str, models: Sequence[ModelInfo], at: datetime) -> None:
        await self._change(
            "INSERT INTO catalogue (endpoint, models, at) VALUES (?, ?, ?) "
            "ON CONFLICT (endpoint) DO UPDATE SET models = excluded.models, at = excluded.at",
            (endpoint, encode(tuple[ModelInfo, ...], tuple(models)), encode_time(at)),
        )

    async def cached_models(self, endpoint: str) -> tuple[tuple[ModelInfo, ...], datetime] | None:
        """The models last saved for this endpoint, and when that was."""
        rows = await self._database.read(
            "SELECT models, at FROM catalogue WHERE endpoint = ?", (endpoint,)
        )
        if not rows:
            return None
        return decode(tuple[ModelInfo, ...], rows[0][0]), decode_time(rows[0][1])

    async def note(self, key: str) -> str | None:
        rows = await self._database.read("SELECT value FROM notes WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    async def set_note(self, key: str, value: str) -> None:
        await self._change(
            "INSERT INTO notes (key, value) VALUES (?, ?) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )
