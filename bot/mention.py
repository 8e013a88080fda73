"""One question served: the deliberation runs, and a pump keeps its posts at the newest state.

Everything shown can be derived from the journal again, so running a case a second time, in another
process even, brings the same posts up to date and asks only for what is missing.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot import presenter, texts
from bot.calls import Caller
from bot.chat import HEADLINE, RANKING, Reply, answer_key
from bot.council import Council, Deliberation, Earlier, Question
from bot.deliberation import deliberate
from bot.document import Document
from bot.errors import BotError, Superseded, Undeliverable
from bot.events import Event
from bot.store.journal import Journal
from bot.store.records import Case
from bot.store.sqlite import Store

logger = logging.getLogger(__name__)


class Board:
    """The newest progress of one deliberation, and a bell that rings when it changes."""

    def __init__(self, question: Question, council: Council) -> None:
        self.progress = presenter.Progress(question, council)
        self._changed = asyncio.Event()
        self._over = asyncio.Event()

    @property
    def over(self) -> bool:
        return self._over.is_set()

    def emit(self, event: Event) -> None:
        self.progress = presenter.advance(self.progress, event)
        self._changed.set()

    def end(self) -> None:
        """No further event will come."""
        self._over.set()
        self._changed.set()

    async def changed(self) -> presenter.Progress:
        await self._changed.wait()
        self._changed.clear()
        return self.progress

    async def rest(self, seconds: float) -> None:
        """Let time pass between two redraws, unless the end comes first."""
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            pass  # the usual case: time for the next redraw


class Serving:
    """One case being served. `run` serves it; `stop` ends it early and keeps what is paid."""

    def __init__(self, case: Case, *, caller: Caller, store: Store, reply: Reply) -> None:
        self.case = case
        self._caller = caller
        self._store = store
        self._reply = reply
        self._work: asyncio.Task[Deliberation] | None = None
        self._stopped = False

    async def run(self, limits: Mapping[str, int]) -> Deliberation | None:
        """The deliberation; `None` where somebody stopped it. Raises `StoreFailed`.

        A reply that cannot be posted stops nothing: what was paid for is in the journal.
        """
        id = self.case.question.id
        journal = await self._store.begin(id, limits)
        question = await _with_earlier(self.case, self._store, journal)
        board = Board(question, self.case.council)
        pump = asyncio.create_task(_keep_posted(board, self._reply, id))
        self._work = asyncio.create_task(
            deliberate(question, self.case.council, self._caller, journal=journal, emit=board.emit)
        )
        try:
            if self._stopped:  # while it waited for its turn
                self._work.cancel()
            await asyncio.wait({self._work})
            stopped = self._work.cancelled()
            fault = None if stopped else self._work.exception()
            if isinstance(fault, Superseded):
                raise fault  # the posts are another run's by now
            if stopped:
                await journal.stop()
            board.progress = replace(board.progress, stopped=stopped, fault=_words(fault))
            # Told to stop rather than cancelled, so that no older edit lands after the last.
            board.end()
            await pump
        finally:
            # Whatever ends this early, such as the process's end: the journal says where to go on.
            await _cancelled(self._work, pump)
        if fault:
            raise fault
        await self._store.delivered(id)
        return None if stopped else self._work.result()

    def stop(self) -> None:
        self._stopped = True
        if self._work:
            self._work.cancel()


def _words(fault: BaseException | None) -> str:
    if fault is None:
        return ""
    return str(fault) if isinstance(fault, BotError) else texts.FAULT


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def _with_earlier(case: Case, store: Store, journal: Journal) -> Question:
    """The question with what its thread knew when it was first served."""
    known = journal.decision("earlier")
    if known is None:
        before = await store.earlier(case.platform, case.channel, case.thread)
        earlier = before and before.result and [before.question.text, before.result.verdict.text]
        known = json.dumps(earlier or None)
        await journal.decide("earlier", known)
    earlier = json.loads(known)
    return replace(case.question, earlier=Earlier(*earlier)) if earlier else case.question


async def _keep_posted(board: Board, reply: Reply, id: str) -> None:
    shown: dict[str, Document] = {}
    while True:
        progress = await board.changed()
        over = board.over
        posts = _posts(progress)
        for key, document in posts.items():
            if shown.get(key) != document:
                shown[key] = document
                await _show(reply, id, key, document)
        if over:
            return
        await board.rest(reply.interval_seconds)


async def _show(reply: Reply, id: str, key: str, document: Document) -> None:
    try:
        await reply.show(key, document, ping=key == RANKING)
    except Undeliverable as error:
        logger.warning("deliberation %s: %s was not posted: %s", id, key, error)


def _posts(progress: presenter.Progress) -> dict[str, Document]:
    """Every post that should exist now, in the order of the thread."""
    posts = {HEADLINE: presenter.headline(progress)}
    for label, given in progress.answers.items():
        posts[answer_key(label)] = presenter.answer(given, progress.question, progress.council)
    if progress.finished and progress.finished.answered:
        posts[RANKING] = presenter.ranking(progress.finished)
    return posts
