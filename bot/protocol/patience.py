"""How long to wait for models, and when a call has to end."""

import asyncio
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds; `scaled` applies COUNCIL_TIME_SCALE to every one of them.

    A silence is the time without any sign of work from a model; keep-alives are none. `silence`
    and `chairman` hold for a model without a history of its own: reasoning models that hide their
    thoughts show no sign for minutes. Nothing but a silence, or the stage's own end, ends a request
    at work, up to `longest`, past which no model writes and only a hostile server goes on.
    """

    answers: float = 150
    reviews: float = 120
    audit: float = 90
    silence: float = 300
    chairman: float = 600
    chairman_floor: float = 180
    longest: float = 3_600
    hedge_floor: float = 2
    hedge_unknown: float = 60
    backoff_first: float = 1
    backoff_longest: float = 20
    retry_after_longest: float = 180
    draft: float = 0.25
    title: float = 10

    def scaled(self, factor: float) -> "Patience":
        return Patience(**{f.name: getattr(self, f.name) * factor for f in fields(self)})


class Deadline:
    """A call's deadline, counted from now. Its stage may bring it forward at any time, and so may a
    person: `is_enough` says that this came first."""

    def __init__(self, seconds: float) -> None:
        self.is_enough = False
        self._is_over = False
        self.at = asyncio.get_running_loop().time() + seconds
        self._timeout: asyncio.Timeout | None = None

    def timeout(self) -> asyncio.Timeout:
        """For the call's `async with`, once."""
        self._timeout = asyncio.timeout_at(self.at)
        return self._timeout

    def enough(self) -> None:
        """Give up because nobody waits any longer."""
        self.is_enough |= not self._is_over
        self.give_up()

    def give_up(self) -> None:
        self._is_over = True
        self.at = asyncio.get_running_loop().time()
        try:
            if self._timeout:
                self._timeout.reschedule(self.at)
        except RuntimeError:
            pass  # the call is over already
