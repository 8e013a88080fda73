"""People's answers to a question that is being served: waited for before anybody is asked.

Who may add one, and what they are told, is known in `bot.conversation.people`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.chat import HEADLINE
from bot.conversation.loops import within
from bot.conversation.showing import TICK_SECONDS, Showing
from bot.council import Question
from bot.pages import presenter
from bot.records import Case
from bot.store.store import Store


class Gathering:
    """Of one case, which is here as it is by now. It `is_open` while people are waited for."""

    def __init__(
        self,
        case: Case,
        *,
        store: Store,
        showing: Showing,
        now: Callable[[], datetime],
        time_scale: float,
    ) -> None:
        self.case = case
        self._store = store
        self._showing = showing
        self._now = now
        self._time_scale = time_scale
        self._news = asyncio.Event()
        self._is_stopped = False
        # From the moment on at which the case is taken in: a script says at once what there is to say.
        self.is_open = case.status == "running" and case.council.wait > 0

    async def wait(self) -> None:
        """Until it closes, saying when that is."""
        try:
            while (now := self._now()) < (until := self._closes_at()) and not self._is_stopped:
                count = len(await self._store.people(self.case.id))
                page = presenter.gathering(self.case.question, count, until, now)
                self._showing.update({HEADLINE: page})
                left = (until - now).total_seconds()
                await within(min(left, TICK_SECONDS * self._time_scale), self._news.wait())
                self._news.clear()
        finally:
            self.is_open = False

    async def end(self) -> None:
        """Wait no longer."""
        case = self.case
        waited = self._now() - case.question.asked_at
        seconds = int(waited.total_seconds() / self._time_scale)
        await self._store.end_wait(case.id, seconds)
        self.case = replace(case, council=replace(case.council, wait=seconds))
        self._news.set()

    def answered(self) -> None:
        """One more is there."""
        self._news.set()

    def stop(self) -> None:
        """Wait no longer, and take nothing in."""
        self._is_stopped = True
        self._news.set()

    def _closes_at(self) -> datetime:
        return closes_at(self.case, self._time_scale)


def closes_at(case: Case, time_scale: float) -> datetime:
    """When people are waited for no more."""
    return case.question.asked_at + timedelta(seconds=case.council.wait * time_scale)


def paused_until(question: Question, moment: datetime) -> Question:
    """The question whose time counts from then on."""
    if moment <= question.asked_at:
        return question
    later = ((max(start, moment), max(end, moment)) for start, end in question.pauses)
    return replace(question, pauses=((question.asked_at, moment), *later))
