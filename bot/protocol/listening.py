"""Hearing one request at work: its signs of life, what it has written, and whether it leads."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from bot.council import Failure, Stage
from bot.llm import Completion, Request
from bot.store.journal import Journal


class Draft:
    """What a model has written so far. Pieces are put together when somebody looks."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def add(self, piece: str) -> None:
        self._pieces.append(piece)

    @property
    def text(self) -> str:
        self._pieces[:] = ["".join(self._pieces)]
        return self._pieces[0]


# Told now and then that there is more to read, never at every piece.
OnText = Callable[[Draft], None]


@dataclass(slots=True)
class Asking:
    """A call under way."""

    request: Request
    stage: Stage
    round: int
    seat: int
    journal: Journal
    on_text: OnText | None
    first_text_at: datetime | None = None
    last_failure: Failure | None = None
    unusable: int = 0
    completion: Completion | None = None

    @property
    def key(self) -> tuple[Stage, int, int]:
        return self.stage, self.round, self.seat

    @property
    def prompt(self) -> str:
        return "".join(message.content for message in self.request.messages)


Racer = asyncio.Task[Completion]


class Listener:
    """Hears one request at work: every sign pushes its silence back, text goes into the draft."""

    def __init__(
        self,
        asking: Asking,
        leader: "asyncio.Future[Racer]",
        *,
        silence_seconds: float,
        draft_seconds: float,
        now: Callable[[], datetime],
    ) -> None:
        self.silence: asyncio.Timeout
        self.silence_seconds = silence_seconds
        self.first_seconds: float | None = None
        self.requests = 1
        self.generation_id = ""
        self._draft = Draft()
        self._thought = False
        self._asking = asking
        self._leader = leader
        self._draft_seconds = draft_seconds
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._began_at = self._heard_at = 0.0
        self._telling: asyncio.TimerHandle | None = None
        self._untold = False

    @property
    def seconds(self) -> float:
        return self._loop.time() - self._began_at

    @property
    def heard_bytes(self) -> int:
        """Of the text."""
        return len(self._draft.text.encode("utf-8", "replace"))

    @property
    def written_bytes(self) -> int | None:
        """The same; `None` where there is none, or were thoughts that nobody counted.

        A provider may write on for somebody who left. Counted a token a byte, this covers some four
        times the text that was heard.
        """
        return None if self._thought else self.heard_bytes or None

    def begin(self) -> None:
        self._began_at = self._heard_at = self._loop.time()

    def name(self, generation_id: str) -> None:
        self.generation_id = generation_id

    def resend(self) -> None:
        self.requests += 1

    def hear(self, piece: str) -> None:
        time = self._loop.time()
        # Not at every piece: a timer costs more than reading one, and pieces come in hundreds.
        if time - self._heard_at > self.silence_seconds / 100:
            self._heard_at = time
            self.silence.reschedule(time + self.silence_seconds)
        if self.first_seconds is None:
            self.first_seconds = time - self._began_at
        leads = takes_lead(self._leader)
        if not piece:
            self._thought = True
            return
        self._draft.add(piece)
        if not leads:
            return
        if self._asking.first_text_at is None:
            self._asking.first_text_at = self._now()
        if self._asking.on_text:
            self._untold = True
            if self._telling is None:
                self._tell(self._asking.on_text)

    def close(self) -> None:
        """Nothing more comes; what was heard last is told."""
        if self._telling:
            self._telling.cancel()
        if self._untold and self._asking.on_text:
            self._asking.on_text(self._draft)

    def _tell(self, on_text: OnText) -> None:
        self._untold = False
        on_text(self._draft)
        self._telling = self._loop.call_later(self._draft_seconds, self._tell_again, on_text)

    def _tell_again(self, on_text: OnText) -> None:
        self._telling = None
        if self._untold:
            self._tell(on_text)


def takes_lead(leader: "asyncio.Future[Racer]") -> bool:
    """Whether the running attempt is the first of its call to show a sign of work."""
    current = asyncio.current_task()
    if not leader.done():
        leader.set_result(cast(Racer, current))
    return leader.result() is current
