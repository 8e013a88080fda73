"""What is seen of a deliberation under way elsewhere, from run to run, on the board that is drawn."""

import logging
from dataclasses import replace

from bot.conversation.board import Board
from bot.conversation.events_text import event_of
from bot.protocol.events import Progress, VerdictText, advance
from bot.records import Told

logger = logging.getLogger(__name__)


class Seen:
    """Of one deliberation. A run that goes on for another tells the past again: the board stays as it
    is until that has caught up."""

    def __init__(self, board: Board) -> None:
        self.token = self.n = 0  # up to which event of which run it was seen
        self._board = board
        self._first = self._newest = board.progress
        self._is_behind = False

    def see(self, told: Told) -> None:
        if told.token != self.token:
            self._is_behind = self.n > 0
            self.token, self.n, self._newest = told.token, 0, self._first
        for n, text in told.events:
            self.n = n
            self._happened(text)
        if draft := told.draft:
            self._newest = advance(self._newest, VerdictText(lambda: draft))
        shown = self._board.progress
        self._is_behind = self._is_behind and _reached(self._newest) < _reached(shown)
        if not self._is_behind and (told.events or told.draft):
            self._board.show(replace(self._newest, question=shown.question))

    def _happened(self, text: str) -> None:
        try:
            event = event_of(text)
        except ValueError as error:
            logger.warning("what a worker of another version tells is not shown: %s", error)
        else:
            self._newest = advance(self._newest, event)


def _reached(progress: Progress) -> tuple[int, ...]:
    """How far it has come, for comparison."""
    return (
        progress.finished is not None,
        progress.author is not None,
        progress.ranked,
        bool(progress.reviewers),
        progress.round,
        len(progress.reviewed) + len(progress.revised),
        len(progress.answers) + len(progress.failures),
        len(progress.labels),
        len(progress.draft.text) if progress.draft else 0,
    )
