"""Reactions as votes: taken, taken back, and made what stands on a platform.

What a reaction means is known in `bot.emoji`; the platform says who reacted with what.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any

from bot import emoji as reactions
from bot.chat import QUESTION, RANKING, Person, answer_key, channel_of
from bot.conversation.budget import SettingsOf
from bot.conversation.locks import Locks
from bot.conversation.persistence import Surely
from bot.conversation.revealing import may_know_names
from bot.errors import InvalidInput, Undeliverable
from bot.language import N_, _
from bot.protocol.outcome import answers, settled
from bot.protocol.ranking import labels_of
from bot.records import PlatformName, Post, Reaction, ReactionValue
from bot.store.store import Store
from bot.votes import VERDICT, standing_votes

logger = logging.getLogger(__name__)

NO_VOTE = N_("Nobody votes on this.")
OWN_ANSWER = N_("This answer is your own: your votes on it do not count.")
MAY_CHANGE = N_("This is still being written and may change. Vote once it stands.")
BY_REACTION = N_(
    "You gave this vote with a reaction. Take that away under the answer, and the vote goes with it."
)

# (person, emoji) for every reaction that stands on a platform.
Standing = Collection[tuple[str, str]]


async def _at_once() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Voting:
    store: Store
    settings: SettingsOf
    now: Callable[[], datetime]

    async def react(self, platform: PlatformName, post_id: str, person: Person, emoji: str) -> bool:
        """Take a reaction as a vote; whether it is one: on one's own answer none is."""
        found = await self._vote(platform, post_id, emoji)
        if found is None:
            return False
        post, target, value = found
        if await self._author(post, target) == person.id:
            return False
        await self.store.react(await self._reaction(post, target, value, person))
        return True

    async def unreact(
        self, platform: PlatformName, post_id: str, person: Person, emoji: str
    ) -> bool:
        """Take a vote back; whether the emoji is one. Raises `InvalidInput` where it was not given."""
        found = await self._vote(platform, post_id, emoji)
        if found is None:
            return False
        post, target, value = found
        given = await self.store.reactions(post.deliberation)
        if (person.id, target, value) not in {(r.person, r.target, r.value) for r in given}:
            raise InvalidInput(_("There is no {emoji} of yours.", emoji=emoji))
        await self.store.unreact(post.deliberation, target, person.id, value)
        return True

    async def pressed(self, post: Post, person: Person, value: ReactionValue) -> bool:
        """Give a vote by a button, or take it back where it counts already; whether it does now.

        Raises `InvalidInput` for one that a reaction gave, which only the person can take away.
        """
        target = votable(post)
        if target is None:
            raise InvalidInput(_(NO_VOTE))
        if await self._is_missing(post, target):
            raise InvalidInput(_(NO_VOTE if target == VERDICT else MAY_CHANGE))
        if await self._author(post, target) == person.id:
            raise InvalidInput(_(OWN_ANSWER))
        run, id = post.deliberation, person.id
        given = [each for each in await self.store.reactions(run) if each.person == id]
        counts = any((v.target, v.value) == (target, value) for v in standing_votes(given))
        same = [each for each in given if (each.target, each.value) == (target, value)]
        if counts and not all(each.by_button for each in same):
            raise InvalidInput(_(BY_REACTION))
        # Given anew, it is the latest, which counts.
        await self.store.unreact(run, target, id, value)
        if not counts:
            given_now = await self._reaction(post, target, value, person)
            await self.store.react(replace(given_now, by_button=True))
        return not counts

    async def reconcile(self, platform: PlatformName, post_id: str, standing: Standing) -> None:
        """Make what stands on the platform the reactions of this post: none of them counts before
        what it is about is there to stay, and each that still stands then does."""
        post = await self.post(platform, post_id)
        target = votable(post) if post else None
        if post is None or target is None or await self._is_missing(post, target):
            return
        author = await self._author(post, target)
        values = {
            (person, value)
            for person, emoji in standing
            if person != author and (value := reactions.value(post.key, emoji))
        }
        seen = await self._reaction(post, target, "accept", Person(""))
        await self.store.reconcile(
            post.deliberation,
            target,
            values,
            seen.at,
            blind=seen.blind,
            ranking_shown=seen.ranking_shown,
            place=seen.place,
        )

    async def post(self, platform: PlatformName, post_id: str) -> Post | None:
        """What the bot posted there, as far as it is written down."""
        return await self.store.post_by_id(platform, post_id)

    async def is_early(self, platform: PlatformName, post_id: str) -> bool:
        """Whether what the post is about is not there to stay as yet, so that no vote counts."""
        post = await self.post(platform, post_id)
        target = votable(post) if post else None
        if post is None or target in {None, VERDICT}:
            return False
        return await self._is_missing(post, target)

    async def is_own(self, platform: PlatformName, post_id: str, person: Person) -> bool:
        """Whether the post is an answer that this person wrote."""
        post = await self.post(platform, post_id)
        target = votable(post) if post else None
        if post is None or target is None:
            return False
        return await self._author(post, target) == person.id

    async def same(self, post: Post) -> tuple[Post, ...]:
        """The posts that stand and are voted on as one, the first of them first: two where the
        verdict is a post of its own."""
        posts = await self.store.posts(post.deliberation)
        there = [each for each in posts if each.post_id and not each.deleted]
        return tuple(each for each in there if votable(each) == votable(post))

    async def deleted(self, platform: PlatformName, post_id: str) -> None:
        """The post is gone, so it is never posted again."""
        await self.store.mark_deleted(platform, post_id)

    async def _vote(
        self, platform: PlatformName, post_id: str, emoji: str
    ) -> tuple[Post, str, ReactionValue] | None:
        post = await self.post(platform, post_id)
        target, value = (votable(post), reactions.value(post.key, emoji)) if post else (None, None)
        if not (post and target and value) or await self._is_missing(post, target):
            return None
        return post, target, value

    async def _is_missing(self, post: Post, label: str) -> bool:
        """Whether its answer is yet being written, or may be written anew: who votes on that has not
        read what will stand there. Or whether nothing was decided."""
        case = await self.store.case(post.deliberation)
        if case and case.result and label == VERDICT:
            return not case.result.has_verdict
        if case is None or case.status != "running" or post.key != answer_key(label):
            return False
        calls = await self.store.calls(case.id)
        given = [each.label for each in answers(case.question, case.council, calls)]
        return label not in given or not settled(case.council, calls)

    async def _author(self, post: Post, label: str) -> str | None:
        """The person whose own answer it is, `None` where it is a model's: they cannot vote on it."""
        case = await self.store.case(post.deliberation)
        if case is None or case.council.seating is None:
            return None
        seats = await self.store.people(case.id)
        labels = labels_of(case.question, case.council)
        own = {labels.get(seat): person for person, seat in seats.items() if seat is not None}
        return own.get(label)

    async def _reaction(
        self, post: Post, target: str, value: ReactionValue, person: Person
    ) -> Reaction:
        case = await self.store.case(post.deliberation)
        is_blind = case is None or not (
            (await self.settings(channel_of(case))).reveal == "always"
            or await may_know_names(self.store, case, person.id)
        )
        posts = await self.store.posts(post.deliberation)
        there = [each.key for each in posts if each.post_id and each.part == 0]
        keys = [key for key in there if key != QUESTION]
        return Reaction(
            deliberation=post.deliberation,
            target=target,
            person=person.id,
            value=value,
            at=self.now(),
            blind=is_blind,
            ranking_shown=RANKING in keys,
            place=keys.index(post.key) if post.key in keys else None,
        )


def votable(post: Post) -> str | None:
    """What is voted on there; a long post is voted on by its first part."""
    return None if post.part else reactions.target(post.key)


@dataclass(slots=True)
class Readings:
    """Reads the reactions of a platform's posts, the events of one post in their order.

    One reading serves all who wait for it. `standing` reads; `None` is a post whose votes stand
    nowhere on the platform. `surely` tries until the platform is there, and raises `Undeliverable`
    where it refuses. `closer` is told whose sign to look closer stands under a verdict. `room` waits for
    as long as its limits want.
    """

    voting: Voting
    platform: PlatformName
    standing: Callable[[Post], Awaitable[Standing | None]]
    surely: Surely
    closer: Callable[[Post, str], Awaitable[None]]
    room: Callable[[], Awaitable[None]] = _at_once
    _lock: Locks = field(default_factory=Locks)
    # Posts that somebody waits to read again.
    _due: set[str] = field(default_factory=set)
    # Why votes cannot be read, said once.
    _problem: str = ""

    async def added(self, post_id: str, person: Person, emoji: str) -> bool:
        """Take one reaction as a vote, whether it is one, without a reading."""
        async with self._lock(post_id):
            return await self.voting.react(self.platform, post_id, person, emoji)

    async def changed(self, post_id: str, *, known_within: Sequence[float] = ()) -> None:
        """Read the post again. `known_within` are pauses in seconds, for a post that may not be
        written down yet."""
        if post_id in self._due:
            return
        self._due.add(post_id)
        try:
            if post := await self._known(post_id, known_within):
                await self.read(post)
        finally:
            self._due.discard(post_id)

    async def read(self, post: Post, turns: AbstractAsyncContextManager[Any] | None = None) -> None:
        """Make what stands on the platform the votes of this post, each try in its turn."""
        reading = post

        async def standing(each: Post) -> Standing | None:
            nonlocal reading
            reading = each
            await self.room()
            # What comes from here on needs another reading.
            self._due.discard(each.post_id or "")
            return await self.standing(each)

        try:
            await self.surely(partial(self._read, post, standing, turns or nullcontext()))
            self._problem = ""
        except Undeliverable as error:
            if error.gone and reading.post_id:
                await self.voting.deleted(self.platform, reading.post_id)
                if reading != post:
                    await self.read(post, turns)
            elif str(error) != self._problem:
                self._problem = str(error)
                logger.warning("the votes on %s cannot be read: %s", post.post_id, error)

    async def _read(
        self,
        post: Post,
        standing: Callable[[Post], Awaitable[Standing | None]],
        turn: AbstractAsyncContextManager[Any],
    ) -> None:
        if post.post_id is None or votable(post) is None:
            return
        posts = await self.voting.same(post)
        if not posts:
            return
        async with turn, self._lock(posts[0].post_id or ""):
            found = [await standing(each) for each in posts]
            known = [each for each in found if each is not None]
            together = frozenset(chain.from_iterable(known))
            if known:
                await self.voting.reconcile(self.platform, post.post_id, together)
        for person, emoji in sorted(together):
            if reactions.looks_closer(post.key, emoji):
                await self.closer(post, person)

    async def _known(self, post_id: str, pauses: Sequence[float]) -> Post | None:
        for seconds in (0.0, *pauses):
            await asyncio.sleep(seconds)
            if post := await self.voting.post(self.platform, post_id):
                return post
        return None
