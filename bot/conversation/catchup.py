"""What went by unheard: unfinished questions, missed mentions, votes given meanwhile.

Each place and each post is seen to by itself: one that a platform does not hand out for now is
tried again, and keeps no other waiting.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeVar

from bot.conversation.app import App
from bot.conversation.loops import surviving
from bot.conversation.persistence import Surely
from bot.conversation.voting import Readings
from bot.errors import Undeliverable
from bot.language import speaking, spoken
from bot.records import PlatformName, Post

logger = logging.getLogger(__name__)

# Nobody waits for an answer to an older mention any more.
MISSED = timedelta(minutes=15)
# Where something was asked since then, a mention may have been missed.
ACTIVE, THREADS_ACTIVE = timedelta(days=30), timedelta(days=1)
VOTES = timedelta(days=7)
# Before each try, where what failed is nothing that anybody foresaw, such as a page in the place of
# the platform's answer.
PAUSES_SECONDS = (0.0, 2.0, 10.0, 60.0)

PlaceT = TypeVar("PlaceT")
MessageT = TypeVar("MessageT")


@dataclass(frozen=True, slots=True)
class Active:
    """Where questions were asked before: (workspace, channel), and (channel, thread) lately."""

    channels: tuple[tuple[str, str], ...]
    threads: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Heard(Generic[PlaceT, MessageT]):
    """How a platform tells what was said while nobody listened.

    `places` says where mentions may have been missed, `messages` what was written there since a
    time, oldest first, each with the key of its event; `take` answers one that speaks to the bot.
    Of all places `at_once` are read: the rest of the platform's limits is for the answers.
    """

    platform: PlatformName
    places: Callable[[Active], Iterable[PlaceT]]
    messages: Callable[[PlaceT, datetime], Awaitable[Sequence[tuple[str, MessageT]]]]
    take: Callable[[MessageT], Awaitable[None]]
    surely: Surely
    at_once: int


async def catch_up(app: App, heard: Heard[Any, Any], readings: Readings) -> None:
    """What people wait for comes first."""
    if resumed := await app.running.resume(heard.platform):
        logger.info("%s: going on with %d unfinished deliberations", heard.platform, resumed)
    posts = await app.store.recent_posts(heard.platform, app.now() - VOTES)
    catching = _CatchingUp(app, heard)
    async with asyncio.TaskGroup() as group:
        await catching.begin(group)
        for post in reversed(posts):
            group.create_task(catching.votes(post, readings))


async def missed_mentions(app: App, heard: Heard[Any, Any]) -> None:
    async with asyncio.TaskGroup() as group:
        await _CatchingUp(app, heard).begin(group)


class _CatchingUp(Generic[PlaceT, MessageT]):
    def __init__(self, app: App, heard: Heard[PlaceT, MessageT]) -> None:
        self._app = app
        self._heard = heard
        self._since = app.now() - MISSED
        self._turns = asyncio.Semaphore(heard.at_once)
        # One permission is missing for many places.
        self._told: set[str] = set()

    async def begin(self, group: asyncio.TaskGroup) -> None:
        """Look for missed mentions place by place."""
        store, now, platform = self._app.store, self._app.now(), self._heard.platform
        found = await store.active_places(platform, now - ACTIVE)
        lately = await store.active_places(platform, now - THREADS_ACTIVE)
        channels = dict.fromkeys((workspace, channel) for workspace, channel, _ in found)
        threads = tuple((channel, thread) for _, channel, thread in lately if thread)
        for place in self._heard.places(Active(tuple(channels), threads)):
            group.create_task(self.mentions(place))

    async def mentions(self, place: PlaceT) -> None:
        async def turn() -> None:
            for key, message in await self._messages(place):
                # A refused question, or one that was forgotten, is not missed.
                if not await self._app.store.handled(key):
                    with speaking(spoken()):  # whoever wrote the one before reads another
                        await self._heard.take(message)

        await self._repeatedly(f"{place}: missed mentions cannot be looked for", turn)

    async def votes(self, post: Post, readings: Readings) -> None:
        turn = partial(readings.read, post, self._turns)
        await self._repeatedly(f"the votes on {post.post_id} cannot be read", turn)

    async def _repeatedly(self, trouble: str, turn: Callable[[], Awaitable[None]]) -> None:
        """Whatever happens to it happens to no other."""
        for pause in PAUSES_SECONDS:
            await asyncio.sleep(pause * self._app.time_scale)
            with surviving(trouble):
                await turn()
                return

    async def _messages(self, place: PlaceT) -> Sequence[tuple[str, MessageT]]:
        async def read() -> Sequence[tuple[str, MessageT]]:
            async with self._turns:
                return await self._heard.messages(place, self._since)

        try:
            return await self._heard.surely(read)
        except Undeliverable as error:
            if str(error) not in self._told:
                logger.warning("%s: missed mentions cannot be looked for: %s", place, error)
            self._told.add(str(error))
            return ()
