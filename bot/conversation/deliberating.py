"""One question deliberated in this process: its journal begun, its mode run, its end written down.

Knows no posts. Whoever shows them is told when to, and may say that nothing more is bought.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.conversation.board import Board
from bot.conversation.exhibits import ABOUT_FILES, Exhibits
from bot.conversation.faults import is_given_up
from bot.conversation.gathering import closes_at, paused_until
from bot.conversation.loops import ended
from bot.conversation.redoing import redoing
from bot.conversation.threads import Threads
from bot.conversation.titles import Titles
from bot.council import Deliberation, Question
from bot.errors import Superseded
from bot.modes import STEPWISE
from bot.protocol.calls import Caller
from bot.protocol.conclusion import can_be_ranked
from bot.protocol.events import Progress
from bot.protocol.modes import MODES
from bot.protocol.people import may_sit_down, sit_down
from bot.protocol.sitting import Sitting
from bot.records import Case, Stop
from bot.store.journal import Journal
from bot.store.people import NotKept
from bot.store.spending import ENOUGH
from bot.store.store import Store


class Watching(Protocol):
    """Whoever shows a deliberation while it goes on."""

    async def opened(self) -> None:
        """Wait until there is something to see of it, or cannot be."""

    async def unread(self, progress: Progress) -> None:
        """Say what of the question could not be read, before anything is paid."""

    async def between_stages(self) -> None:
        """Stop it where nobody could see what is bought from here on."""


class Deliberator(Protocol):
    """Whoever deliberates one case, in this process or elsewhere."""

    async def begin(self, case: Case, limits: Mapping[str, int]) -> Board:
        """What is known of it so far, and from `run` on whatever comes. As the case is by now."""

    async def run(self, watching: Watching) -> Deliberation | Stop | BaseException:
        """How it ends: with a verdict, stopped, or by a fault after which it can be gone on with.
        Raises `Superseded`, and `StoreFailed` where a stop cannot be written down."""

    def stop(self, stop: Stop) -> None:
        """End it early. What comes first counts, unless it is forgotten."""

    async def enough(self) -> bool:
        """Buy nothing more but a verdict of what there is. False where its mode, or the moment,
        knows no such end."""

    @property
    def takes_answers(self) -> bool:
        """Whether people may add theirs now."""

    async def answered(self, keep: Callable[[], Awaitable[NotKept | None]]) -> NotKept | None:
        """Take in a person's answer that `keep` stores: it joins at once where members are asked
        already. Why it was not kept, `None` where it was."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """What one run knows from its begin on."""

    case: Case
    question: Question
    journal: Journal
    board: Board


class Deliberating:
    """A `Deliberator` in this process."""

    def __init__(
        self,
        id: str,
        *,
        caller: Caller,
        store: Store,
        threads: Threads,
        exhibits: Exhibits,
        titles: Titles,
        time_scale: float = 1.0,
    ) -> None:
        self._id = id
        self._caller = caller
        self._store = store
        self._threads = threads
        self._exhibits = exhibits
        self._titles = titles
        self._time_scale = time_scale
        self._begun: _Begun | None = None
        self._sitting: Sitting | None = None
        self._door = asyncio.Lock()  # until there is a sitting, which has its own
        self._work: asyncio.Task[Deliberation] | None = None
        self._stop: Stop | None = None

    async def begin(self, case: Case, limits: Mapping[str, int]) -> Board:
        journal = await self._store.begin(case.id, limits)
        question = await _numbered(case, self._store, journal)
        question = paused_until(question, closes_at(case, self._time_scale))
        board = Board(question, case.council, await self._store.calls(case.id))
        self._begun = _Begun(case, question, journal, board)
        return board

    async def run(self, watching: Watching) -> Deliberation | Stop | BaseException:
        assert self._begun, "it is begun first"
        self._work = asyncio.create_task(self._worked(self._begun, watching))
        try:
            if self._stop:  # while it waited for its turn
                self._work.cancel()
            await asyncio.wait({self._work})
            return await self._ended(self._work, self._begun.journal)
        finally:
            # Whatever ends this early, such as the process's end: the journal says where to go on.
            await ended({self._work})

    async def _ended(
        self, work: asyncio.Task[Deliberation], journal: Journal
    ) -> Deliberation | Stop | BaseException:
        if not work.cancelled():
            fault = work.exception()
            if isinstance(fault, Superseded):
                raise fault  # the posts are another run's by now
            if fault is None:
                return work.result()
            if not await is_given_up("deliberation", journal, fault):
                return fault
            self.stop(Stop("given_up", self._caller.now()))
        stop = self._stop or Stop("person", self._caller.now())
        await journal.stop(stop)
        return stop

    def stop(self, stop: Stop) -> None:
        if self._stop is None or stop.cause == "forgotten":
            self._stop = stop
        if self._work:
            self._work.cancel()

    async def enough(self) -> bool:
        if self._begun is None or self._begun.case.council.mode not in STEPWISE:
            return False
        journal, progress = self._begun.journal, self._begun.board.progress
        is_ruled = progress.author is not None or journal.decision(ENOUGH)
        if is_ruled or not can_be_ranked(tuple(progress.answers.values())):
            return False
        value = {"why": "person", "at": self._caller.now().isoformat()}
        await journal.decide(ENOUGH, json.dumps(value))
        return True

    @property
    def takes_answers(self) -> bool:
        return not self._stop and (self._sitting is None or may_sit_down(self._sitting))

    async def answered(self, keep: Callable[[], Awaitable[NotKept | None]]) -> NotKept | None:
        async with self._door:
            if (sitting := self._sitting) is None:
                return "late" if self._stop else await keep()
        async with sitting.door:
            if not self.takes_answers:
                return "late"
            if not_kept := await keep():
                return not_kept
            await sit_down(sitting, await self._store.unseated(self._id))
            return None

    async def _worked(self, begun: _Begun, watching: Watching) -> Deliberation:
        """The deliberation itself, with what the question's thread knew; beside it the thread gets its
        name."""
        case, journal, emit = begun.case, begun.journal, begun.board.emit
        question = await self._read(begun, watching)
        opened = watching.opened
        naming = asyncio.create_task(self._titles.give(case, question, journal, opened=opened))
        redo, mode = question.redo, MODES[case.council.mode]
        run = await redoing(self._store, redo) if redo else mode.run
        sitting = Sitting(
            question, case.council, self._caller, journal, emit, watching.between_stages
        )
        try:
            await self._seat(sitting)
            return await run(sitting)
        finally:
            await ended({naming})

    async def _read(self, begun: _Begun, watching: Watching) -> Question:
        """The question with all that goes along with it. What could not be read is said before
        anything is paid."""
        case, journal, board = begun.case, begun.journal, begun.board
        earlier = await self._threads.known(case, journal)
        question = await self._exhibits.told(case, begun.question, journal, earlier)
        board.read(question)
        if any(exhibit.why for exhibit in question.exhibits) and not journal.requests:
            if question.text == ABOUT_FILES and not any(e.is_read for e in question.exhibits):
                self.stop(Stop("unread", self._caller.now()))
                await asyncio.sleep(0)  # where the cancellation arrives
            await watching.unread(board.progress)
        question = await self._threads.told(case, question, journal)
        board.read(question)
        return question

    async def _seat(self, sitting: Sitting) -> None:
        """Those who answered before anybody was asked; from now on people sit down by themselves."""
        async with self._door, sitting.door:
            texts = await self._store.unseated(self._id)
            if texts and may_sit_down(sitting):
                await sit_down(sitting, texts)
            self._sitting = sitting


async def _numbered(case: Case, store: Store, journal: Journal) -> Question:
    """The question with its number in its thread, which stays so."""
    question = await store.numbered(case)
    if question.number > 1 and journal.decision("number") is None:
        await journal.decide("number", str(question.number))
    return question
