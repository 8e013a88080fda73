"""The outbox: every post is claimed before it is sent and confirmed after, so that it comes once.

Where nobody heard whether a post was made (its answer was lost, the process ended, the store was
full) it is in doubt, and is looked for before it is sent. Knows no platform: an adapter says how
one is sent, edited and found. What cannot be sent is tried again by whoever shows it.

Whatever goes wrong, "one of each post": no post of a run stands twice, and none comes again that a
person deleted.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import partial

from bot import emoji as reactions
from bot.chat import TRIAL, is_answer
from bot.conversation.persistence import Doubt, Line
from bot.records import PlatformName, Post
from bot.store.store import Store

logger = logging.getLogger(__name__)


class Edited(Enum):
    DONE = auto()
    DELETED = auto()  # by a person, who wants it to stay so
    FROZEN = auto()  # nobody may edit it: another has to take its place


async def _unchanging(_: str) -> Edited:
    return Edited.DONE


@dataclass(frozen=True, slots=True)
class Sending:
    """One message or file as it should be; each call is one request, which may be repeated.

    Ids are the platform's. `digest` is equal where the same is shown. `find` overlooks the post of
    the id it is given. `edit` is for what may change, `remove` for platforms that freeze posts.
    """

    digest: str
    send: Callable[[], Awaitable[str]]
    find: Callable[[str], Awaitable[str | None]]
    edit: Callable[[str], Awaitable[Edited]] = _unchanging
    remove: Callable[[str], Awaitable[None]] | None = None


class Outbox:
    """The posts of one run; `rests_on` is the one whose answers it has instead of its own."""

    def __init__(
        self, store: Store, run: str, platform: PlatformName, line: Line, *, rests_on: str = ""
    ) -> None:
        self._store = store
        self._run = run
        self._rests_on = rests_on
        self._platform = platform
        self._line = line
        self._beginning = asyncio.Lock()
        self._has_begun = False
        # All of it stood there once: what stands is edited, and nothing is posted any more.
        self._is_over = False
        self._doubts: defaultdict[tuple[str, int], Doubt] = defaultdict(Doubt)
        self._seeded: set[str] = set()

    async def posts(self) -> tuple[Post, ...]:
        return await self._store.posts(self._run)

    async def all(self) -> tuple[Post, ...]:
        """And those of the run that it rests on."""
        before = await self._store.posts(self._rests_on) if self._rests_on else ()
        own = await self.posts()
        return (*(post for post in before if is_answer(post.key)), *own)

    async def first(self, key: str) -> str | None:
        """The id of the first post under this key; `None` where there is none (any more)."""
        for post in await self.all():
            if (post.key, post.part) == (key, 0) and not post.deleted:
                return post.post_id
        return None

    def is_in_doubt(self, key: str, part: int) -> bool:
        return self._doubts[key, part].stands

    async def show(self, key: str, part: int, sending: Sending) -> str | None:
        """Post it or bring it up to date; its id, `None` where a person deleted it, or where it
        never stood there and the run is over: what comes later posts nothing.

        Raises what the line does not wait for.
        """
        await self._begin()
        if self._is_over and key != TRIAL and not await self._stands(key, part):
            return None
        post = await self._store.claim_post(self._run, self._platform, key, part)
        if post.deleted:
            return None
        id = post.post_id or await self._adopted(key, part, sending)
        if id is None:
            id = await self._sent(key, part, sending)
        elif post.digest == sending.digest:
            return id
        else:
            match await self._line.persistently(partial(sending.edit, id)):
                case Edited.DELETED:
                    await self._store.mark_deleted(self._platform, id)
                    return None
                case Edited.FROZEN if self._is_over:
                    return id
                case Edited.FROZEN:
                    return await self._replaced(replace(post, post_id=id), sending, id)
        await self._confirm(key, part, id, sending.digest)
        return id

    async def seed(self, key: str, react: Callable[[str], Awaitable[bool]]) -> None:
        """Offer the emoji to vote with: after the post, since it can do without them.

        `react` adds one, or says that there is no room for more.
        """
        if key in self._seeded or self._is_over:
            return
        self._seeded.add(key)
        for emoji in reactions.offered(key):
            try:
                if not await self._line.persistently(partial(react, emoji)):
                    return
            except self._line.refusals as error:
                # The post is gone, or has too many emoji: people may still vote where it is not.
                logger.debug("no more reactions on %s: %s", key, error)
                return

    async def _begin(self) -> None:
        """What earlier processes did not confirm is in doubt."""
        async with self._beginning:  # before any post of this process is claimed
            for post in () if self._has_begun else await self.posts():
                self._doubts[post.key, post.part].stands = post.post_id is None
            if not self._has_begun:
                self._is_over = await self._store.is_delivered(self._run)
            self._has_begun = True

    async def _stands(self, key: str, part: int) -> bool:
        return any(
            (post.key, post.part) == (key, part) and post.post_id for post in await self.posts()
        )

    async def _adopted(self, key: str, part: int, sending: Sending) -> str | None:
        """The post of an earlier try that nobody heard of."""
        doubt = self._doubts[key, part]
        if not doubt.stands:
            return None
        id = await self._line.persistently(partial(sending.find, ""))
        if id is not None:
            await self._confirm(key, part, id, None)
        doubt.stands = False
        return id

    async def _sent(self, key: str, part: int, sending: Sending, besides: str = "") -> str:
        look = partial(sending.find, besides)
        return await self._line.once(sending.send, look, self._doubts[key, part])

    async def _replaced(self, post: Post, sending: Sending, old: str) -> str:
        """A new post in the place of one that nobody may edit, which is removed now or later."""
        id = await self._line.persistently(partial(sending.find, old))
        id = id or await self._sent(post.key, post.part, sending, old)
        await self._store.replace_post(post, id, sending.digest)
        self._doubts[post.key, post.part].stands = False
        if sending.remove:
            try:
                await self._line.persistently(partial(sending.remove, old))
            except self._line.refusals as error:
                logger.debug("%s: an older %s is removed later: %s", self._run, post.key, error)
            else:
                await self._store.removed(self._platform, old)
        return id

    async def _confirm(self, key: str, part: int, id: str, digest: str | None) -> None:
        await self._store.confirm_post(self._run, key, part, id, digest)
        self._doubts[key, part].stands = False
