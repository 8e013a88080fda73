"""Requests to Discord, spread so that the limit over all of them is not met.

discord.py learns the limits of each route from the answers and keeps to them. That of the whole
bot it only notices when it is exceeded, and by then everything under way is refused as well;
Discord locks out whoever is refused too often.
"""

from types import SimpleNamespace

import aiohttp

from bot.conversation.turns import Spaced, Turns

# Discord allows 50 a second, interactions aside. Requests catch up with each other on their way,
# so they are sent at even distances, and fewer of them.
# Source: "Rate Limits" of Discord's API documentation.
PER_SECOND = 40
_UNLIMITED = ("/interactions/", "/webhooks/")
# While so many wait to be sent, nothing more is made ready: what is worth more may come meanwhile.
_READY = 4


class Pace:
    def __init__(self, *, time_scale: float) -> None:
        self._distance = time_scale / PER_SECOND
        self._spaced = Spaced(self._distance)
        self._waiting = 0

    def turns(self) -> Turns:
        """Of what is to be shown, to be taken before it is made ready to be sent."""
        return Turns(lambda _: self._distance, is_free=lambda _: self._waiting < _READY)

    async def wait(self) -> None:
        """Until this request may be sent: first come, first served."""
        self._waiting += 1
        try:
            await self._spaced.wait()
        finally:
            self._waiting -= 1

    def trace(self) -> aiohttp.TraceConfig:
        """For the library's `http_trace`: each request waits for its turn before it is sent."""
        config = aiohttp.TraceConfig()
        config.on_request_start.append(self._request_starts)
        return config

    async def _request_starts(
        self,
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        request: aiohttp.TraceRequestStartParams,
    ) -> None:
        path = request.url.path
        if "/api/" in path and not any(part in path for part in _UNLIMITED):
            await self.wait()
