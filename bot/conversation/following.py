"""One question that a worker deliberates, followed from here by what that tells of itself, or has told.

What takes the question's platform is done here, before any worker may take it: what people said in
the thread and what came along is read, and stands in the journal.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from bot.conversation.along import Along, Begun, begun_with
from bot.conversation.bells import FIRST_LOOK_SECONDS, Bell, Bells
from bot.conversation.board import Board
from bot.conversation.deliberating import Keep, Watching, may_end_early
from bot.conversation.jobs import Jobs
from bot.conversation.loops import ended, surviving
from bot.conversation.posts import as_ended
from bot.conversation.seen import Seen
from bot.conversation.stopping import Stopping
from bot.conversation.titles import Titles
from bot.council import Deliberation, Question
from bot.errors import Superseded
from bot.language import _
from bot.records import Case, Stop, Wish
from bot.store.people import NotKept
from bot.store.presence import PROGRESS
from bot.store.store import Store
from bot.texts import FORGOTTEN

# How long whoever is at it has to hear what is wanted; to stop it, it is then taken from them.
HEARING_SECONDS = 10.0


class Following:
    """A `Deliberator` of what is deliberated elsewhere, be it in this process or another."""

    def __init__(
        self,
        id: str,
        *,
        store: Store,
        along: Along,
        titles: Titles,
        jobs: Jobs,
        bells: Bells,
        now: Callable[[], datetime],
        time_scale: float = 1.0,
    ) -> None:
        self._id = id
        self._store = store
        self._along = along
        self._titles = titles
        self._jobs = jobs
        self._bells = bells
        self._now = now
        self._time_scale = time_scale
        self._limits: Mapping[str, int] = {}
        self._begun: Begun | None = None
        self._seen: Seen | None = None
        self._stopping = Stopping(now)
        self._is_elsewhere = False  # whoever takes it may be at it
        self._is_named = self._is_enough = False
        self._waits_at = 0.0  # from when on it is worth saying that nobody takes it
        self._door = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self, case: Case, limits: Mapping[str, int]) -> Board:
        self._limits = limits
        is_dispatched = await self._store.is_dispatched(self._id)
        told = await self._store.progress(self._id, 0, 0)
        if is_dispatched or told.over:
            journal = await self._store.look(self._id)
            self._has_left()
        else:
            journal = await self._store.begin(self._id, limits)
        self._begun = await begun_with(journal, case, self._store, self._time_scale)
        self._seen = Seen(self._begun.board)
        self._seen.see(told)
        return self._begun.board

    async def run(self, watching: Watching) -> Deliberation | Stop | BaseException:
        assert self._begun, "it is begun first"
        reading = self._along.read(self._begun, watching, self._stopping.stop)
        try:
            if self._is_elsewhere:
                with suppress(Superseded):  # all of it is read, but for what is forgotten since
                    await reading
            else:
                end = await self._stopping.done(reading, self._begun.journal)
                if not isinstance(end, Question):
                    return end
                await self._hand_over(self._begun)
            return await self._followed(self._begun, watching)
        finally:
            await ended(self._tasks)

    def stop(self, stop: Stop) -> None:
        before = self._stopping.why
        self._stopping.stop(stop)
        if self._is_elsewhere and self._stopping.why is not before:
            self._have_stopped(stop)

    async def enough(self) -> bool:
        if self._is_enough or not (self._is_elsewhere and self._begun):
            return False
        if not may_end_early(self._begun.board.progress):
            return False
        self._is_enough = bool(await self._store.wish(self._id, Wish("enough")))
        return self._is_enough

    @property
    def takes_answers(self) -> bool:
        if self._stopping.why:
            return False
        progress = self._begun.board.progress if self._begun else None
        if progress is None or not progress.labels:
            return True
        members = {label for label, seat in progress.labels if seat < len(progress.council.members)}
        has_missing = not members.issubset({*progress.answers, *progress.failures})
        return has_missing and not progress.answers_ended

    async def answered(self, person: str, keep: Keep) -> NotKept | None:
        async with self._door:
            if not self.takes_answers:
                return "late"
            if not_kept := await keep():
                return not_kept
            if self._is_elsewhere:
                with self._bells.heard(PROGRESS, self._id) as bell:
                    await self._is_heard(Wish("people"), bell)
                await self._store.drop_late_answer(self._id, person)
            return None if person in await self._store.people(self._id) else "late"

    async def leave(self) -> None:
        if self._begun:
            await self._begun.journal.release()

    async def _hand_over(self, begun: Begun) -> None:
        """From now on others may take it."""
        async with self._door:
            names = self._titles.names(begun.case) is not None
            await self._store.dispatch(self._id, self._limits, names=names)
            await begun.journal.release()
            self._has_left()
        await self._jobs.defer(self._id)

    def _has_left(self) -> None:
        self._is_elsewhere = True
        moment = FIRST_LOOK_SECONDS * self._time_scale
        self._waits_at = asyncio.get_running_loop().time() + moment
        if self._stopping.why:
            self._have_stopped(self._stopping.why)

    async def _followed(self, begun: Begun, watching: Watching) -> Deliberation | Stop:
        with self._bells.heard(PROGRESS, self._id) as bell:
            is_over = False
            while not is_over:
                with surviving(f"what happens in deliberation {self._id} is not seen"):
                    is_over = await self._look(begun)
                    await self._named(begun.case, watching)
                if not is_over:
                    if not begun.board.progress.finished:
                        await watching.between_stages()
                    await bell.wait()
        return await self._end(begun)

    async def _look(self, begun: Begun) -> bool:
        """Whether it is over."""
        assert self._seen, "it is begun first"
        told = await self._store.progress(self._id, self._seen.n, self._seen.token)
        self._seen.see(told)
        if not told.token and not told.over:
            await self._queued(begun.board)
        return told.over

    async def _queued(self, board: Board) -> None:
        """Say how many come first, where it waits for longer than a moment."""
        if asyncio.get_running_loop().time() < self._waits_at:
            return
        waiting = await self._store.open_work()
        if self._id in waiting:
            board.show(replace(board.progress, queued=waiting.index(self._id)))

    async def _named(self, case: Case, watching: Watching) -> None:
        """Once its title is written."""
        platform = None if self._is_named else self._titles.names(case)
        title = await self._titles.title(case) if platform else ""
        if platform and title:
            await watching.opened()
            platform.name_thread(case, title)
            self._is_named = True

    async def _end(self, begun: Begun) -> Deliberation | Stop:
        case = await self._store.case(self._id)
        if case is None:
            raise Superseded(_(FORGOTTEN))
        if case.result is None:
            return case.stop or Stop("person", self._now())
        if begun.board.progress.finished != case.result:  # some of it was not seen
            ended = as_ended(case, await self._store.calls(self._id))
            begun.board.show(replace(ended, question=begun.board.progress.question))
        return case.result

    def _have_stopped(self, stop: Stop) -> None:
        task = asyncio.create_task(self._stopped(stop), name=f"stop-{self._id}")
        self._tasks.add(task)

    async def _stopped(self, stop: Stop) -> None:
        """By whoever is at it, or else from here."""
        with self._bells.heard(PROGRESS, self._id) as bell:
            while True:
                with surviving(f"deliberation {self._id} is not stopped yet"):
                    if not await self._is_heard(Wish("stop", stop), bell):
                        journal = await self._store.begin(self._id, self._limits)
                        await journal.stop(stop)
                        await journal.release()
                    return
                await bell.wait()

    async def _is_heard(self, wish: Wish, bell: Bell) -> bool:
        """Once it is, or will not be: nobody is at it, or whoever is does not listen."""
        n = await self._store.wish(self._id, wish)
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARING_SECONDS * self._time_scale):
                while await self._store.is_worked_on(self._id):
                    if n not in dict(await self._store.wishes(self._id)):
                        return True
                    await bell.wait()
        return n not in dict(await self._store.wishes(self._id))
