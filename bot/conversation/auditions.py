"""Auditions: a model answers along in a channel until it was rated often enough.

How often it was is asked when the next question comes, not when somebody votes: what changed with a
single vote would tell whose answer that was about. What counts is imported where it is used: it takes
a while to load, and most processes never need it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot import settings as channel_settings
from bot.chat import Channel
from bot.council import AUDITION_RATINGS
from bot.records import ITSELF, AuditionEnding, EndedAudition
from bot.settings import Settings
from bot.store.encoding import encode
from bot.store.store import Store

if TYPE_CHECKING:
    from bot.analysis.rows import Row
    from bot.conversation.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Auditions:
    store: Store
    statistics: Callable[[], "Statistics"]
    defaults: Settings
    now: Callable[[], datetime]

    async def due(self, channel: Channel) -> AuditionEnding | None:
        """How the audition of the channel ends; `None` where there is none, or it goes on."""
        stored = await self.store.settings(channel.platform, channel.workspace, channel.id)
        model = channel_settings.resolve(stored.values, self.defaults).auditioning
        if not model:
            return None
        rows = await self.statistics().rows(channel.platform, channel.id)
        before = await self.store.audition(channel.platform, channel.id, model)
        result = await asyncio.to_thread(_result, rows, model, before.at if before else None)
        if result is None:
            return None
        return AuditionEnding(
            EndedAudition(model, self.now(), result),
            stored.version,
            channel_settings.without(stored.values, "audition"),
            ITSELF,
            "audition = none",
        )


def _result(rows: "tuple[Row, ...]", model: str, since: datetime | None) -> str | None:
    """What came of it, `None` while its answers are not rated often enough."""
    from bot.analysis.audition import Audition, audition, heard, ratings

    found = heard(rows, model, since)
    if ratings(found) < AUDITION_RATINGS:
        return None
    return encode(Audition, audition(found, model))
