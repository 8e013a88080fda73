"""What a deliberation under way looks like now, for whoever draws it."""

import asyncio
from collections.abc import Collection
from dataclasses import replace

from bot.council import Call, Council, Question
from bot.protocol import outcome
from bot.protocol.events import Event, Progress, advance


class Board:
    """The newest progress of one deliberation, and a bell that rings when it changes."""

    def __init__(self, question: Question, council: Council, calls: Collection[Call]) -> None:
        """`calls` were finished by an earlier run, whose past is emitted again."""
        known = {answer.label: answer for answer in outcome.answers(question, council, calls)}
        self.progress = Progress(question, council, answers=known)
        self.over = asyncio.Event()
        self._changed, self._due = asyncio.Event(), asyncio.Event()

    def read(self, question: Question) -> None:
        """The question with all that goes along with it."""
        self.progress = replace(self.progress, question=question)
        self._changed.set()

    def emit(self, event: Event) -> None:
        self.show(advance(self.progress, event))

    def show(self, progress: Progress) -> None:
        before, self.progress = self.progress, progress
        self._changed.set()
        if self.progress.finished and not before.finished:
            self._due.set()

    def end(self) -> None:
        """No further event will come."""
        self.over.set()
        self._changed.set()
        self._due.set()

    async def changed(self) -> None:
        await self._changed.wait()
        self._changed.clear()

    async def due(self) -> None:
        """What is to be shown at once: the verdict, which may yet be checked, and the end."""
        await self._due.wait()
        self._due.clear()
