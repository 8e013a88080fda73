"""Discord's rate limits: one bucket per route and channel, and the global one.

The numbers are what bots observe; the documentation says to read them from the headers. With
`time_scale` every period shrinks alike, so that tests meet the limits without waiting for them. No
second may hold more requests than the global limit, wherever it begins.
"""

import math
import time
from collections import deque
from dataclasses import dataclass, field

from tests.fakes.discord.refusals import Json

Headers = dict[str, str]


@dataclass(frozen=True, slots=True)
class Rate:
    limit: int
    seconds: float


# Per channel, in practice: sends 5 per 5 s, edits 5 per 5 s, reactions 1 per 0.25 s.
RATES = {
    "send": Rate(5, 5.0),
    "edit": Rate(5, 5.0),
    "reaction": Rate(1, 0.25),
    "webhook": Rate(5, 2.0),
    "other": Rate(20, 1.0),
}
GLOBAL = Rate(50, 1.0)


@dataclass(slots=True)
class TooMany:
    """One 429. `waited` turns True or False at the next request to the same bucket."""

    bucket: str
    retry_after_seconds: float
    at: float
    is_global: bool
    waited: bool | None = None


@dataclass(slots=True)
class _Window:
    ends: float = 0.0
    used: int = 0


@dataclass(slots=True)
class Limits:
    time_scale: float = 1.0
    refused: list[TooMany] = field(default_factory=list)
    _windows: dict[str, _Window] = field(default_factory=dict)
    _lately: deque[float] = field(default_factory=deque)

    def take(self, name: str, major: str, *, globally: bool) -> tuple[Headers, TooMany | None]:
        """Count one request to the bucket; the headers to answer with, and the refusal if any."""
        now = time.monotonic()
        key = f"{name}:{major}"
        self._judge_waiting(key, now)
        if globally and (refusal := self._refuse_globally(now)):
            return {}, refusal
        rate = RATES[name]
        refusal = self._refuse(key, rate, now)
        window = self._windows[key]
        # Who waits as long as they were told is not early.
        left = math.ceil(1000 * max(0.0, window.ends - now)) / 1000
        headers = {
            "X-RateLimit-Limit": str(rate.limit),
            "X-RateLimit-Remaining": str(rate.limit - window.used),
            "X-RateLimit-Reset": f"{time.time() + left:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": name,
        }
        return headers, refusal

    def _refuse_globally(self, now: float) -> TooMany | None:
        second = GLOBAL.seconds * self.time_scale
        while self._lately and self._lately[0] + second <= now:
            self._lately.popleft()
        if len(self._lately) < GLOBAL.limit:
            self._lately.append(now)
            return None
        refusal = TooMany("global", self._lately[0] + second - now, now, True)
        self.refused.append(refusal)
        return refusal

    def _refuse(self, key: str, rate: Rate, now: float) -> TooMany | None:
        window = self._windows.setdefault(key, _Window())
        if now >= window.ends:
            window.ends, window.used = now + rate.seconds * self.time_scale, 0
        if window.used < rate.limit:
            window.used += 1
            return None
        refusal = TooMany(key, window.ends - now, now, False)
        self.refused.append(refusal)
        return refusal

    def _judge_waiting(self, key: str, now: float) -> None:
        for refusal in self.refused:
            if refusal.waited is None and refusal.bucket in (key, "global"):
                # The client was told milliseconds, so it may be early by one.
                refusal.waited = now >= refusal.at + refusal.retry_after_seconds - 0.001


def answer(refusal: TooMany) -> tuple[Headers, Json]:
    """Headers and body of the 429. Without `Via`, clients take it for a ban by Cloudflare."""
    seconds = round(refusal.retry_after_seconds + 0.0005, 3)
    headers = {
        "Via": "1.1 google",
        "Retry-After": str(max(1, round(seconds + 0.5))),
        "X-RateLimit-Scope": "global" if refusal.is_global else "user",
    }
    if refusal.is_global:
        headers["X-RateLimit-Global"] = "true"
    message = "You are being rate limited."
    return headers, {"message": message, "retry_after": seconds, "global": refusal.is_global}
