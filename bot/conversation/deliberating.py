"""One question deliberated in this process: its mode run, people seated, its end written down.

Knows no posts. Whoever shows them is told when to, and may say that nothing more is bought.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from bot.conversation.along import Along, Begun, begun_with
from bot.conversation.board import Board
from bot.conversation.loops import ended
from bot.conversation.redoing import redoing
from bot.conversation.stopping import Stopping
from bot.conversation.titles import Entitle
from bot.council import Deliberation
from bot.modes import STEPWISE
from bot.protocol.calls import Caller
from bot.protocol.conclusion import can_be_ranked
from bot.protocol.events import Event, Progress
from bot.protocol.modes import MODES
from bot.protocol.people import may_sit_down, sit_down
from bot.protocol.sitting import Sitting
from bot.records import Case, Stop
from bot.store.people import NotKept
from bot.store.spending import ENOUGH
from bot.store.store import Store

# Stores a person's answer; why not, where it does not.
Keep = Callable[[], Awaitable[NotKept | None]]


class Watching(Protocol):
    """Whoever shows a deliberation while it goes on."""

    async def opened(self) -> None:
        """Wait until there is something to see of it, or cannot be."""

    async def unread(self, progress: Progress) -> None:
        """Say what of the question could not be read, before anything is paid."""

    async def between_stages(self) -> None:
        """Stop it where nobody could see what is bought from here on."""

    def happened(self, event: Event) -> None:
        """The board shows it."""


class Deliberator(Protocol):
    """Whoever deliberates one case, in this process or elsewhere."""

    async def begin(self, case: Case, limits: Mapping[str, int]) -> Board:
        """What is known of it so far, and from `run` on whatever comes. As the case is by now."""

    async def run(self, watching: Watching) -> Deliberation | Stop | BaseException:
        """How it ends: with a verdict, stopped, or by a fault after which it can be gone on with.
        Raises `Superseded`, and `StoreFailed` where a stop cannot be written down."""

    async def leave(self) -> None:
        """Nothing more is done about it here. Once, in the end."""

    def stop(self, stop: Stop) -> None:
        """End it early. What comes first counts, unless it is forgotten."""

    async def enough(self) -> bool:
        """Buy nothing more but a verdict of what there is. False where its mode, or the moment,
        knows no such end."""

    @property
    def takes_answers(self) -> bool:
        """Whether people may add theirs now."""

    async def answered(self, person: str, keep: Keep) -> NotKept | None:
        """Take in this person's answer: it joins at once where members are asked already. Why it was
        not kept, `None` where it was."""


def may_end_early(progress: Progress) -> bool:
    """Whether there is something to rule on, and no verdict under way."""
    if progress.council.mode not in STEPWISE or progress.enough or progress.author is not None:
        return False
    return can_be_ranked(tuple(progress.answers.values()))


class Deliberating:
    """A `Deliberator` in this process."""

    def __init__(
        self,
        id: str,
        *,
        caller: Caller,
        store: Store,
        along: Along,
        entitle: Entitle,
        time_scale: float = 1.0,
    ) -> None:
        self._id = id
        self._caller = caller
        self._store = store
        self._along = along
        self._entitle = entitle
        self._time_scale = time_scale
        self._begun: Begun | None = None
        self._sitting: Sitting | None = None
        self._door = asyncio.Lock()  # until there is a sitting, which has its own
        self._stopping = Stopping(caller.now)

    async def begin(self, case: Case, limits: Mapping[str, int]) -> Board:
        return (await self.begun(case, limits)).board

    async def begun(self, case: Case, limits: Mapping[str, int]) -> Begun:
        """The same, and whatever else belongs to the run."""
        journal = await self._store.begin(case.id, limits)
        self._begun = await begun_with(journal, case, self._store, self._time_scale)
        return self._begun

    async def run(self, watching: Watching) -> Deliberation | Stop | BaseException:
        assert self._begun, "it is begun first"
        return await self._stopping.done(self._worked(self._begun, watching), self._begun.journal)

    async def leave(self) -> None:
        if self._begun:
            await self._begun.journal.release()

    def stop(self, stop: Stop) -> None:
        self._stopping.stop(stop)

    async def enough(self) -> bool:
        if self._begun is None or not may_end_early(self._begun.board.progress):
            return False
        if self._begun.journal.decision(ENOUGH):
            return False
        value = {"why": "person", "at": self._caller.now().isoformat()}
        await self._begun.journal.decide(ENOUGH, json.dumps(value))
        return True

    @property
    def takes_answers(self) -> bool:
        if self._stopping.why:
            return False
        return self._sitting is None or may_sit_down(self._sitting)

    async def answered(self, person: str, keep: Keep) -> NotKept | None:
        async with self._door:
            if (sitting := self._sitting) is None:
                return "late" if self._stopping.why else await keep()
        async with sitting.door:
            if not self.takes_answers:
                return "late"
            if not_kept := await keep():
                return not_kept
            await sit_down(sitting, await self._store.unseated(self._id))
            return None

    async def seat(self) -> None:
        """Whoever answered meanwhile by way of another process; for whom it is too late, nothing of
        theirs is kept. Those of before the members are asked sit down anyway."""
        if (sitting := self._sitting) is None:
            return
        async with sitting.door:
            await self._seated(sitting)

    async def _worked(self, begun: Begun, watching: Watching) -> Deliberation:
        """The deliberation itself, with what the question's thread knew; beside it the thread gets its
        name."""
        case, journal = begun.case, begun.journal

        def emit(event: Event) -> None:
            begun.board.emit(event)
            watching.happened(event)

        question = await self._along.read(begun, watching, self.stop)
        naming = asyncio.create_task(self._entitle(case, question, journal, opened=watching.opened))
        redo, mode = question.redo, MODES[case.council.mode]
        run = await redoing(self._store, redo) if redo else mode.run
        sitting = Sitting(
            question, case.council, self._caller, journal, emit, watching.between_stages
        )
        try:
            async with self._door, sitting.door:
                await self._seated(sitting)
                self._sitting = sitting
            return await run(sitting)
        finally:
            await ended({naming})

    async def _seated(self, sitting: Sitting) -> None:
        """For whoever holds the door."""
        texts = await self._store.unseated(self._id)
        if not texts or self._stopping.why:
            return  # whoever goes on with it sees to them
        if may_sit_down(sitting):
            await sit_down(sitting, texts)
        else:
            await sitting.journal.drop_unseated()
