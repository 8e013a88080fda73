"""One question served: whoever deliberates it does, and its posts are kept at the newest state.

Everything shown can be derived from the journal again, so running a case a second time, in another
process even, brings the same posts up to date and asks only for what is missing.

Whatever goes wrong, "answered": every question that was taken in ends with its verdict, the
apology, or the word that it was stopped, under its headline, with each answer and the ranking.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot import texts
from bot.chat import HEADLINE, QUESTION, FewEdits, Reply, TellsAsker, is_answer
from bot.conversation.board import Board
from bot.conversation.deliberating import Deliberator, Keep
from bot.conversation.exhibits import expected
from bot.conversation.gathering import Gathering
from bot.conversation.loops import ended, surviving, within
from bot.conversation.posts import last_posts, posts, put_back, together
from bot.conversation.showing import TICK_SECONDS, Showing
from bot.council import Deliberation
from bot.document import Document
from bot.errors import BotError
from bot.language import _
from bot.pages.asked import asked
from bot.pages.live import Pace
from bot.protocol.events import Event, Progress
from bot.records import Case, Stop, StopCause
from bot.store.people import NotKept
from bot.store.store import Store
from bot.votes import tally

logger = logging.getLogger(__name__)


class Serving:
    """One case being served. `run` serves it; `stop` ends it early and keeps what is paid."""

    def __init__(
        self,
        case: Case,
        *,
        deliberator: Deliberator,
        store: Store,
        reply: Reply,
        name: Callable[[str | None], Awaitable[str]],
        now: Callable[[], datetime],
        time_scale: float = 1.0,
    ) -> None:
        """`name` says how people are called there."""
        self._name = name
        self._now = now
        self._deliberator = deliberator
        self._store = store
        self._reply = reply
        self._time_scale = time_scale
        as_posted = partial(put_back, store, case)
        self._showing = Showing(reply, case.id, as_posted, time_scale=time_scale)
        self.gathering = Gathering(
            case, store=store, showing=self._showing, now=now, time_scale=time_scale
        )
        self._stopping = asyncio.Event()
        self._stop: Stop | None = None

    @property
    def case(self) -> Case:
        return self.gathering.case

    async def gather(self) -> None:
        """Wait for answers of people, as long as the question wants, saying until when. Nothing is
        asked meanwhile, and nobody's turn is held."""
        if not self.gathering.is_open:
            return
        try:
            await self._show_question()
            await self.gathering.wait()
        except BaseException:
            await self._showing.close()
            raise

    async def take(
        self, turn: asyncio.Lock | asyncio.Semaphore, headline: Callable[[], Document]
    ) -> bool:
        """Wait for a turn, showing what is waited for; False where the run was stopped meanwhile."""
        if self._stopping.is_set():
            return False
        if not turn.locked():
            return await turn.acquire()
        waiting = asyncio.create_task(turn.acquire())
        stopping = asyncio.create_task(self._stopping.wait())
        pause = TICK_SECONDS * self._time_scale
        try:
            await self._show_question()
            while not (waiting.done() or stopping.done()):
                self._showing.update({HEADLINE: headline()})
                await asyncio.wait(
                    {waiting, stopping}, timeout=pause, return_when=asyncio.FIRST_COMPLETED
                )
        except BaseException:
            await ended({waiting, stopping})
            if not waiting.cancelled():
                turn.release()
            await self._showing.close()
            raise
        await ended({waiting, stopping})
        return not waiting.cancelled()

    async def run(self, limits: Mapping[str, int]) -> Deliberation | None:
        """The deliberation, once each post was tried; `None` where it was stopped. Raises
        `StoreFailed`.

        A reply that cannot be posted stops nothing that somebody may yet see: what was paid for is
        in the journal, and `deliver` waits until it is shown.
        """
        try:
            posts = await self._store.posts(self.case.id)
            self._showing.seen |= any(post.post_id for post in posts)
            await self._show_question()
            result = None
            if self.case.status == "stopped":
                await self._show_stopped()
            else:
                result = await self._deliberate(limits)
            if result is None and self._showing.unseen and await self._told():
                await self._showing.abandon()
        except BaseException:
            await self._showing.close()
            raise
        if self._showing.complete:
            await self.deliver()
        return result

    async def deliver(self) -> None:
        """Wait until every post is there, or can be nowhere."""
        try:
            await self._showing.delivered()
        except BaseException:
            await self._showing.close()
            raise
        await self._store.delivered(self.case.id)

    async def tried(self) -> None:
        """Wait until each post of a run that is over was tried."""
        await self._showing.tried()

    def stop(self, cause: StopCause, person: str | None = None, refusal: str = "") -> None:
        """End it early, as `Stop` has it. What comes first is told, unless it is forgotten."""
        stop = Stop(cause, self._now(), person, refusal)
        if self._stop is None or cause == "forgotten":
            self._stop = stop
        self._stopping.set()
        self.gathering.stop()
        self._deliberator.stop(stop)

    async def enough(self) -> bool:
        """Wait for people no longer; or buy nothing more but a verdict of what there is. False where
        its mode, or the moment, knows no such end."""
        if self.gathering.is_open:
            await self.gathering.end()
            return True
        return await self._deliberator.enough()

    @property
    def takes_answers(self) -> bool:
        """Whether people may add theirs now."""
        return not self.case.question.is_about_answers and self._deliberator.takes_answers

    async def answered(self, person: str, keep: Keep) -> NotKept | None:
        """Take in a person's answer, as `Deliberator.answered` does."""
        not_kept = await self._deliberator.answered(person, keep)
        self.gathering.answered()
        return not_kept

    async def _show_question(self) -> None:
        """Where a button put it, everybody has to see what was asked, and by whom."""
        origin = self.case.question.origin
        if origin and not self._showing.has(QUESTION):
            name = await self._name(self.case.writer)
            self._showing.update({QUESTION: asked(self.case.question, origin, name)})

    async def _deliberate(self, limits: Mapping[str, int]) -> Deliberation | None:
        usual = await self._store.usual_seconds(self.case)
        board = await self._deliberator.begin(self.case, limits)
        try:
            if (board.progress.question.unread or expected(self.case)) and not self._showing.seen:
                # Said before anything is paid, so that the asker can stop it.
                self._showing.update(posts(board.progress))
                await self.between_stages()
            end = await self._ended(board, usual)
        finally:
            with surviving(f"deliberation {self.case.id} is not left to others yet"):
                await self._deliberator.leave()
        if isinstance(end, BaseException):
            raise end
        return None if isinstance(end, Stop) else end

    async def _ended(
        self, board: Board, usual: float | None
    ) -> Deliberation | Stop | BaseException:
        """How it ends, and what comes of it until then is drawn."""
        drawing = asyncio.create_task(self._draw(board, usual))
        try:
            end = await self._deliberator.run(self)
            if isinstance(end, Stop):
                name = await self._name(end.person)
                # It may be forgotten since.
                stop = self._stop if self._stop and self._stop.cause == "forgotten" else end
                board.progress = replace(board.progress, stopped=stop, stopped_by=name)
            elif isinstance(end, BaseException):
                board.progress = replace(board.progress, fault=_words(end))
            # Told to stop rather than cancelled, so that no older edit lands after the last.
            board.end()
            await drawing
            await self._showing.settled()
            return end
        finally:
            await ended({drawing})

    def happened(self, event: Event) -> None:
        """The board is drawn."""

    async def opened(self) -> None:
        await self._showing.begun()

    async def unread(self, progress: Progress) -> None:
        self._showing.update(posts(progress))
        await self._showing.settled()

    async def between_stages(self) -> None:
        """Buy nothing more for a thread of which nobody can see anything, or that is gone."""
        await self._showing.begun()
        # What is finished already costs nothing more: it stays owed.
        is_lost = self._showing.unseen or self._showing.homeless
        if is_lost and self.case.status == "running":
            self.stop("unseen", refusal=self._showing.refusal)
            await asyncio.sleep(0)  # where the cancellation arrives

    async def _draw(self, board: Board, usual: float | None) -> None:
        """Hand the newest state over until the end, and let the clock run where there is none."""
        interval, drawn = self._reply.interval_seconds, None
        have_places = await self._have_places()
        tick = max(interval, TICK_SECONDS * self._time_scale)
        while True:
            await within(tick, board.changed())
            over, progress = board.over.is_set(), board.progress
            if not have_places:
                progress = together(progress)
            pace = Pace(progress.question.seconds_until(self._now()), usual)
            votes = await self._store.reactions(self.case.id) if progress.finished else ()
            self._showing.update(posts(progress, drawn, pace=pace, tally=tally(votes)))
            drawn = progress
            if over:
                self._showing.end()
                return
            await within(interval, board.due())

    async def _have_places(self) -> bool:
        """Whether answers have their places in the thread before they are there: each is edited
        once."""
        posts = await self._store.posts(self.case.id)
        if not isinstance(self._reply, FewEdits) or any(is_answer(post.key) for post in posts):
            return True
        return self._reply.may_promise(len(self.case.council.members))

    async def _show_stopped(self) -> None:
        """Bring the posts of a run that was stopped before to what they should have shown."""
        name = await self._name(self.case.stop.person if self.case.stop else None)
        self._showing.update(await last_posts(self.case, self._store, stopped_by=name))
        self._showing.end()
        await self._showing.settled()

    async def _told(self) -> bool:
        """Tell the asker in private why there is no reply, where the platform can."""
        if not isinstance(self._reply, TellsAsker):
            return False
        try:
            await self._reply.tell_asker(texts.unseen(self._showing.refusal))
        except Exception as error:
            logger.warning("deliberation %s: the asker could not be told: %s", self.case.id, error)
            return False
        return True


def _words(fault: BaseException) -> str:
    return fault.public if isinstance(fault, BotError) else _(texts.FAULT)
