"""Slack's rate limits: a tier per method, and one message a second per channel.

Source: "Rate limits" of Slack's documentation. Where a minute begins it does not say, so that no
minute may hold more than the tier allows. With `time_scale` every period shrinks alike; the
Retry-After sent is whole seconds all the same, as on Slack, so at least one.
"""

import math
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Literal

Tier = Literal[2, 3, 4, "post", "special"]

PER_MINUTE: dict[Tier, int] = {2: 20, 3: 50, 4: 100, "special": 600}
POSTS_BURST, SECONDS_PER_POST = 3, 1.0


@dataclass(slots=True)
class TooMany:
    """One 429. `waited` turns True or False at the next call against the same limit."""

    limit: str
    retry_after_seconds: int
    at: float
    waited: bool | None = None


@dataclass(slots=True)
class Limits:
    time_scale: float = 1.0
    refused: list[TooMany] = field(default_factory=list)
    _calls: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    """When those of the last minute were made."""
    _posts: dict[str, float] = field(default_factory=dict)
    """When the channel's allowance is full again."""

    def take(self, key: str, tier: Tier) -> TooMany | None:
        """Count one call against `key`; the refusal if it is one too many."""
        now = time.monotonic()
        self._judge_waiting(key, now)
        wait = self._post(key, now) if tier == "post" else self._call(key, PER_MINUTE[tier], now)
        return self.refuse(key, max(1, math.ceil(wait))) if wait > 0 else None

    def refuse(self, key: str, seconds: int) -> TooMany:
        refusal = TooMany(key, seconds, time.monotonic())
        self.refused.append(refusal)
        return refusal

    def _judge_waiting(self, key: str, now: float) -> None:
        for refusal in self.refused:
            if refusal.waited is None and refusal.limit == key:
                refusal.waited = now >= refusal.at + refusal.retry_after_seconds

    def _call(self, key: str, limit: int, now: float) -> float:
        calls, minute = self._calls[key], 60 * self.time_scale
        while calls and calls[0] + minute <= now:
            calls.popleft()
        if len(calls) >= limit:
            return calls[0] + minute - now
        calls.append(now)
        return 0.0

    def _post(self, key: str, now: float) -> float:
        pace = SECONDS_PER_POST * self.time_scale
        full = max(self._posts.get(key, 0.0), now) + pace
        if full > now + POSTS_BURST * pace:
            return full - now - POSTS_BURST * pace
        self._posts[key] = full
        return 0.0
