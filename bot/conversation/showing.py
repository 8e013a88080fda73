"""Keeps the posts of one thread at their newest state, whatever the platform does meanwhile.

Each post has a task of its own, so that one which fails holds up no other. A post that cannot be
shown is owed: it is tried again, with growing pauses, until it is there or its place is gone.
Knows no platform, no council and no store.

Whatever goes wrong, "pinged once": nobody is notified but the asker, once, by the ranking.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot.chat import HEADLINE, QUESTION, RANKING, Reply
from bot.conversation.loops import ended, within
from bot.conversation.turns import TakesTurns, Turn, Worth
from bot.document import Document, Heading, Text
from bot.errors import BotError, Owed, Undeliverable
from bot.language import N_, _

logger = logging.getLogger(__name__)

# How long an owed post rests before it is tried again: doubled each time, up to the longest.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0

# How often a post is redrawn where nothing happens but that time passes.
TICK_SECONDS = 5.0

# How long a post waits for the one before it in the thread, and the end of a run for its posts.
PATIENCE_SECONDS = 60.0

_UNSHOWN = {
    QUESTION: N_("The question cannot be shown here"),
    HEADLINE: N_("The verdict cannot be shown here"),
    RANKING: N_("The ranking cannot be shown here"),
}
_ANSWER_UNSHOWN = N_("The answer cannot be shown here")


AsPosted = Callable[[Document], Awaitable[Document]]


async def _as_it_is(document: Document) -> Document:
    return document


class _Post:
    """One post: what it should show, and what became of it so far."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.wanted = Document()
        self.version = self.shown = 0  # which state is wanted, which is there
        # Shown in the place of what is wanted, whose words the platform refuses.
        self.excuse: Document | None = None
        self.gone = False
        self.reopened = 0  # how often the thread had been open again by then
        self.refused = False  # at the last try, by the platform
        self.words = ""  # of the last failure, so that the log tells each once
        self.changed = asyncio.Event()
        self.ended = asyncio.Event()  # no newer state follows
        self.tried = asyncio.Event()  # for the first time
        self.idle = asyncio.Event()  # in its newest state
        self.worth = Worth.BESIDES
        self.turn: Turn | None = None  # that it waits for

    def want(self, document: Document) -> None:
        self.wanted, self.excuse = document, None
        self.version += 1
        self.idle.clear()
        self.changed.set()

    def end(self) -> None:
        self.ended.set()
        self.changed.set()
        if not self.stands:
            self.idle.clear()

    @property
    def stands(self) -> bool:
        return self.gone or self.shown == self.version

    def hurry(self, worth: Worth) -> None:
        """Show it in a turn of this worth."""
        self.worth = worth
        if self.turn:
            self.turn.hurry(worth)


class Showing:
    """The posts of one run. `update` says what they should show; `end`, that nothing follows."""

    def __init__(
        self, reply: Reply, run: str, as_posted: AsPosted = _as_it_is, *, time_scale: float = 1.0
    ) -> None:
        """`as_posted` makes of a document what is posted of it."""
        self._as_posted = as_posted
        self.seen = False  # whether anything of this run was ever shown
        self.refusal = ""  # the platform's reason not to take the headline
        self._reply = reply
        self._run = run
        self._time_scale = time_scale
        self._patience = PATIENCE_SECONDS * time_scale
        self._posts: dict[str, _Post] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._begun = asyncio.Event()
        self._reopened = 0

    @property
    def unseen(self) -> bool:
        """The platform refused the headline, and nothing of the run was ever shown."""
        return bool(self.refusal) and not self.seen

    @property
    def homeless(self) -> bool:
        """The place of the headline is gone, and with it that of all others."""
        return HEADLINE in self._posts and self._posts[HEADLINE].gone

    @property
    def complete(self) -> bool:
        """Every post shows its last state, or its place is gone."""
        return all(post.stands for post in self._posts.values())

    def has(self, key: str) -> bool:
        """Whether a post is to stand under this key."""
        return key in self._posts

    def update(self, posts: Mapping[str, Document]) -> None:
        """Bring these posts to new states. New ones appear in this order as far as they can be
        shown."""
        for key, document in posts.items():
            post = self._posts.get(key)
            if post is None:
                before = next(reversed(self._posts.values()), None)
                post = self._posts[key] = _Post(key)
                keeping = self._keep(post, before)
                self._tasks.append(asyncio.create_task(keeping, name=f"{self._run} {key}"))
            elif document == post.wanted:
                continue
            post.want(document)
        self._hurry()

    def _hurry(self) -> None:
        """A post that others wait for to come first is worth as much as they are."""
        worth = Worth.BESIDES
        for post in reversed(self._posts.values()):
            own = _worth(post)
            worth = own if post.tried.is_set() else min(own, worth)
            post.hurry(worth)

    def end(self) -> None:
        """No further state will come."""
        for post in self._posts.values():
            post.end()

    async def begun(self) -> None:
        """Wait, but not for ever, until the platform has taken or refused the headline."""
        await within(self._patience, self._begun.wait())

    async def tried(self) -> None:
        """Wait until each post was tried in its newest state."""
        for post in self._posts.values():
            await post.idle.wait()

    async def settled(self) -> None:
        """The same, but not for ever: what is not there then is owed."""
        await within(self._patience, self.tried())

    async def delivered(self) -> None:
        """Wait until every post shows its last state, or its place is gone."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def abandon(self) -> None:
        """Nothing is owed any more."""
        for post in self._posts.values():
            post.gone = True
        await self.close()

    async def close(self) -> None:
        await ended(self._tasks)

    async def _keep(self, post: _Post, before: _Post | None) -> None:
        if before:
            await within(self._patience, before.tried.wait())
        if post.key == RANKING and HEADLINE in self._posts:
            # Who is notified finds the verdict there.
            await within(self._patience, self._posts[HEADLINE].idle.wait())
        pause = FIRST_PAUSE_SECONDS
        while not (post.stands and post.ended.is_set()):
            if post.stands:
                await post.changed.wait()
                post.changed.clear()
                continue
            if self._is_behind(post):
                post.idle.set()
                await asyncio.sleep(FIRST_PAUSE_SECONDS * self._time_scale)
                continue
            is_its_turn = await self._turn(post)
            version, ended = post.version, post.ended.is_set()
            if is_its_turn:
                await self._show(post)
            post.tried.set()
            if post.key == HEADLINE:
                self._begun.set()
            if (post.version, post.ended.is_set()) == (version, ended):
                post.idle.set()
            if post.stands:
                pause = FIRST_PAUSE_SECONDS
                continue
            # The last state is tried at once, any other after the pause.
            end = asyncio.Event() if ended else post.ended
            await within(pause * self._time_scale, end.wait())
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        post.idle.set()

    async def _turn(self, post: _Post) -> bool:
        """Wait for the post's turn, which newer states may make come sooner. False where nobody can say
        when that is, such as a store that cannot be read for now."""
        if not isinstance(self._reply, TakesTurns):
            return True
        try:
            post.turn = await self._reply.turn(post.key, post.worth)
            post.turn.hurry(post.worth)  # it may be more by now
            await post.turn.come()
        except BotError as error:
            post.refused = False
            self._tell(post, error)
            return False
        finally:
            post.turn = None
        return True

    def _is_behind(self, post: _Post) -> bool:
        """Whether an earlier post was refused for the same reason, so that it asks for both until
        one is taken: platforms lock out whoever sends many requests that they refuse."""
        if post.reopened != self._reopened:
            return False
        for earlier in self._posts.values():
            if earlier is post:
                return False
            same = earlier.refused and post.refused and earlier.words == post.words
            if same and not earlier.stands:
                return True
        return False

    async def _show(self, post: _Post) -> None:
        """Try once to show what is wanted, or else to say why its words are not there."""
        version, document, post.reopened = post.version, post.wanted, self._reopened
        try:
            posted = await self._as_posted(post.excuse or document)
            await self._reply.show(post.key, posted, ping=post.key == RANKING)
        except Undeliverable as error:
            if post.key == HEADLINE:
                self.refusal = str(error)
            post.gone, post.refused = error.gone, True
            self._tell(post, error)
            if error.wording and not document.live and version == post.version:
                post.excuse = _excuse(post.key, document, error)
        except Owed:
            self.seen, post.words, post.refused = True, "", False
        except (Exception, asyncio.CancelledError) as error:
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and (task is None or task.cancelling()):
                raise
            # A library may let the end of one of its own tasks through, which ends nothing here.
            post.refused = False
            self._tell(post, error)
        else:
            self._reopened += post.refused
            self.seen, post.shown, post.words, post.refused = True, version, "", False

    def _tell(self, post: _Post, error: BaseException) -> None:
        """Once for each cause: it may be met again every minute."""
        expected = isinstance(error, BotError)
        words = str(error) if expected else f"{type(error).__name__}: {error}"
        if words == post.words:
            return
        post.words = words
        logger.warning(
            "deliberation %s: %s was not posted; %s. %s",
            self._run,
            post.key,
            "its place is gone" if post.gone else "it is tried again",
            words,
            exc_info=None if expected else error,
        )


def _worth(post: _Post) -> Worth:
    """What its newest state is worth."""
    if post.key == QUESTION:
        return Worth.OPENING
    if post.wanted.live:
        return Worth.OPENING if post.key == HEADLINE and not post.shown else Worth.LIVE
    if post.key == HEADLINE:
        return Worth.VERDICT
    return Worth.RANKING if post.key == RANKING else Worth.ANSWER


def _excuse(key: str, document: Document, refusal: Undeliverable) -> Document:
    what = _UNSHOWN.get(key, _ANSWER_UNSHOWN)
    elsewhere = _("The transcript has the whole text.")
    return replace(document, blocks=(Heading(_(what)), Text(f"{refusal} {elsewhere}")))
