"""Hearing one request at work: its signs of life, what it has written, and whether that is shown."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.council import Failure, Stage
from bot.llm import Completion, Request
from bot.protocol.hedging import Heard
from bot.records import Tempo
from bot.store.journal import Journal
from bot.store.spending import NoRoom


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
    """A call under way. Readers follow the text of one request, `shown`, until it ends; another takes
    its place once it has as much, so that what they see never becomes less before it is whole."""

    request: Request
    stage: Stage
    round: int
    seat: int
    journal: Journal
    on_text: OnText | None
    first_text_at: datetime | None = None
    last_failure: Failure | None = None
    no_room: NoRoom | None = None  # while it waits for money
    unusable: int = 0
    completion: Completion | None = None
    shown: "Listener | None" = None
    shown_chars: int = 0
    made_room: bool = False

    @property
    def key(self) -> tuple[Stage, int, int]:
        return self.stage, self.round, self.seat

    @property
    def prompt(self) -> str:
        return "".join(message.content for message in self.request.messages)


class Listener:
    """Hears one request at work: every sign pushes its silence back, text goes into the draft."""

    def __init__(
        self,
        asking: Asking,
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
        self.chars = 0
        self._draft = Draft()
        self._thought = False
        self._asking = asking
        self._draft_seconds = draft_seconds
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._began_at: float | None = None
        self._text_at: float | None = None
        self._heard_at = self._sign_at = 0.0
        self._telling: asyncio.TimerHandle | None = None
        self._untold = False

    @property
    def seconds(self) -> float:
        """Since it was sent; 0 while it waits for that."""
        return self._loop.time() - (self._loop.time() if self._began_at is None else self._began_at)

    @property
    def heard(self) -> Heard:
        time = self._loop.time()
        return Heard(
            sent=self.seconds,
            sign=None if self.first_seconds is None else time - self._sign_at,
            text=None if self._text_at is None else time - self._text_at,
            chars=self.chars,
        )

    def tempo(self, *, whole: bool) -> Tempo | None:
        """How it wrote until now; `None` where it did not."""
        heard = self.heard
        if heard.text is None:
            return None
        return Tempo(heard.sent - heard.text, heard.text, heard.chars, whole)

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
        time = self._sign_at = self._loop.time()
        # Not at every piece: a timer costs more than reading one, and pieces come in hundreds.
        if time - self._heard_at > self.silence_seconds / 100:
            self._heard_at = time
            self.silence.reschedule(time + self.silence_seconds)
        if self.first_seconds is None:
            self.first_seconds = self.seconds
        if not piece:
            self._thought = True
            return
        asking = self._asking
        if self._text_at is None:
            self._text_at = time
            asking.first_text_at = asking.first_text_at or self._now()
        self._draft.add(piece)
        self.chars += len(piece)
        if asking.on_text and self._is_shown():
            self._untold = True
            if self._telling is None:
                self._tell(asking.on_text)

    def is_complete(self) -> None:
        """Whatever was shown, this is the text."""
        asking = self._asking
        if asking.shown is not self:
            asking.shown = self
            self._untold = self.chars > 0

    def make_room(self) -> None:
        """Give up in silence, for a request that is sent in its place. Once in a call: where that is
        late as well, the question is a hard one, and to think about it is no fault."""
        if self._asking.made_room:
            return
        self._asking.made_room = True
        try:
            self.silence.reschedule(self._loop.time())
        except RuntimeError:
            pass  # it has ended just now

    def close(self) -> None:
        """Nothing more comes; what was heard last is told."""
        asking = self._asking
        if self._telling:
            self._telling.cancel()
        if asking.shown is not self:
            return
        asking.shown, asking.shown_chars = None, self.chars
        if self._untold and asking.on_text:
            asking.on_text(self._draft)

    def _is_shown(self) -> bool:
        asking = self._asking
        if asking.shown is None and self.chars > asking.shown_chars:
            asking.shown = self
        return asking.shown is self

    def _tell(self, on_text: OnText) -> None:
        self._untold = False
        on_text(self._draft)
        self._telling = self._loop.call_later(self._draft_seconds, self._tell_again, on_text)

    def _tell_again(self, on_text: OnText) -> None:
        self._telling = None
        if self._untold:
            self._tell(on_text)
