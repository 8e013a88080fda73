"""What goes along with a question, read once: what came with it, and what its thread knew."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.conversation.board import Board
from bot.conversation.exhibits import ABOUT_FILES, Exhibits
from bot.conversation.gathering import closes_at, paused_until
from bot.conversation.threads import Threads
from bot.council import Question
from bot.protocol.events import Progress
from bot.records import Case, Stop
from bot.store.journal import Journal
from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class Begun:
    """What one run knows from its begin on."""

    case: Case
    question: Question
    journal: Journal
    board: Board


async def begun_with(journal: Journal, case: Case, store: Store, time_scale: float) -> Begun:
    question = await _numbered(case, store, journal)
    question = paused_until(question, closes_at(case, time_scale))
    board = Board(question, case.council, await store.calls(case.id))
    return Begun(case, question, journal, board)


class Showing(Protocol):
    async def unread(self, progress: Progress) -> None:
        """Say what of the question could not be read, before anything is paid."""


@dataclass(frozen=True, slots=True)
class Along:
    threads: Threads
    exhibits: Exhibits
    now: Callable[[], datetime]

    async def read(self, begun: Begun, showing: Showing, stop: Callable[[Stop], None]) -> Question:
        """The question with all of it. What could not be read is said before anything is paid."""
        case, journal, board = begun.case, begun.journal, begun.board
        earlier = await self.threads.known(case, journal)
        question = await self.exhibits.told(case, begun.question, journal, earlier)
        board.read(question)
        if any(exhibit.why for exhibit in question.exhibits) and not journal.requests:
            if question.text == ABOUT_FILES and not any(e.is_read for e in question.exhibits):
                stop(Stop("unread", self.now()))
                await asyncio.sleep(0)  # where the cancellation arrives
            await showing.unread(board.progress)
        question = await self.threads.told(case, question, journal)
        board.read(question)
        return question


async def _numbered(case: Case, store: Store, journal: Journal) -> Question:
    """The question with its number in its thread, which stays so."""
    question = await store.numbered(case)
    if question.number > 1 and journal.decision("number") is None:
        await journal.decide("number", str(question.number))
    return question
