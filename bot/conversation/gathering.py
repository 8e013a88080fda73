"""People's answers to a question that is being served: waited for before anybody is asked, and taken in
as long as answers are.

Who may add one, and what they are told, is known in `bot.conversation.people`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.chat import HEADLINE
from bot.conversation.loops import within
from bot.conversation.showing import TICK_SECONDS, Showing
from bot.council import Question
from bot.pages import presenter
from bot.protocol.people import may_sit_down, sit_down
from bot.protocol.sitting import Sitting
from bot.records import Case
from bot.store.people import NotKept
from bot.store.store import Store


class Gathering:
    """Of one case. It `is_open` while people are waited for, and `takes_answers` for longer."""

    def __init__(
        self,
        case: Case,
        *,
        store: Store,
        showing: Showing,
        now: Callable[[], datetime],
        time_scale: float,
    ) -> None:
        self._case = case
        self._store = store
        self._showing = showing
        self._now = now
        self._time_scale = time_scale
        self._wait_seconds = case.council.wait
        self._sitting: Sitting | None = None
        self._door = asyncio.Lock()  # until there is a sitting, which has its own
        self._news = asyncio.Event()
        self._is_stopped = False
        # From the moment on at which the case is taken in: a script says at once what there is to say.
        self.is_open = case.status == "running" and case.council.wait > 0

    @property
    def closes_at(self) -> datetime:
        """When people are waited for no more."""
        wait = timedelta(seconds=self._wait_seconds * self._time_scale)
        return self._case.question.asked_at + wait

    @property
    def takes_answers(self) -> bool:
        """Whether people may add theirs now."""
        if self._is_stopped or self._case.question.is_about_answers:
            return False
        return self._sitting is None or may_sit_down(self._sitting)

    async def wait(self) -> None:
        """Until it closes, saying when that is."""
        try:
            while (now := self._now()) < self.closes_at and not self._is_stopped:
                count = len(await self._store.people(self._case.id))
                page = presenter.gathering(self._case.question, count, self.closes_at, now)
                self._showing.update({HEADLINE: page})
                left = (self.closes_at - now).total_seconds()
                await within(min(left, TICK_SECONDS * self._time_scale), self._news.wait())
                self._news.clear()
        finally:
            self.is_open = False

    async def end(self) -> int:
        """Wait no longer; for how many seconds it was waited then."""
        waited = self._now() - self._case.question.asked_at
        seconds = int(waited.total_seconds() / self._time_scale)
        await self._store.end_wait(self._case.id, seconds)
        self._wait_seconds = seconds
        self._news.set()
        return seconds

    def stop(self) -> None:
        """Take in nothing more."""
        self._is_stopped = True
        self._news.set()

    async def answered(self, keep: Callable[[], Awaitable[NotKept | None]]) -> NotKept | None:
        """Take in a person's answer that `keep` stores: it joins at once where members are asked
        already. Why it was not kept, `None` where it was."""
        async with self._door:
            if (sitting := self._sitting) is None:
                if self._is_stopped:
                    return "late"
                not_kept = await keep()
                self._news.set()
                return not_kept
        async with sitting.door:
            if self._is_stopped or not may_sit_down(sitting):
                return "late"
            if not_kept := await keep():
                return not_kept
            await sit_down(sitting, await self._store.unseated(self._case.id))
            return None

    async def seat(self, sitting: Sitting) -> None:
        """Those who answered before anybody was asked; from now on people sit down by themselves."""
        async with self._door, sitting.door:
            texts = await self._store.unseated(self._case.id)
            if texts and may_sit_down(sitting):
                await sit_down(sitting, texts)
            self._sitting = sitting


def paused_until(question: Question, moment: datetime) -> Question:
    """The question whose time counts from then on."""
    if moment <= question.asked_at:
        return question
    later = ((max(start, moment), max(end, moment)) for start, end in question.pauses)
    return replace(question, pauses=((question.asked_at, moment), *later))
