"""How events and interactions reach the app: one attempt at a time, repeated as Slack repeats.

An event not acknowledged in time is sent again at once, a minute later and five minutes after
that; then it is lost. An interaction is sent once: the person sees that the app did not answer.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tests.fakes.slack.refusals import Json

ACK_SECONDS = 3.0
RETRY_PAUSES_SECONDS = (0.0, 60.0, 300.0)

Kind = Literal["events_api", "slash_commands", "interactive"]


@dataclass(frozen=True, slots=True)
class Retry:
    """The headers or envelope fields of an attempt; number 0 is the first delivery."""

    number: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """`payload` is what the app sent along with the acknowledgement, if anything."""

    after_seconds: float
    payload: Json | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    reason: str
    retry: bool = True


Outcome = Acknowledged | Failed


class Transport(Protocol):
    async def send(
        self, kind: Kind, body: Json, retry: Retry, *, wants_answer: bool, seconds: float
    ) -> Outcome:
        """One attempt; an answer is waited for `seconds`."""
        ...


@dataclass(slots=True, eq=False)
class Attempt:
    retry: Retry
    at: float
    outcome: Outcome | None = None


@dataclass(slots=True, eq=False)
class Delivery:
    """One event on its way. `done` once it was acknowledged or given up."""

    body: Json
    attempts: list[Attempt] = field(default_factory=list)
    state: Literal["pending", "acknowledged", "lost"] = "pending"

    @property
    def ack_seconds(self) -> float | None:
        """How long the app took, counted from the attempt it acknowledged."""
        outcome = self.attempts[-1].outcome if self.attempts else None
        return outcome.after_seconds if isinstance(outcome, Acknowledged) else None

    @property
    def type(self) -> str:
        return str(self.body["event"]["type"])

    @property
    def event_id(self) -> str:
        return str(self.body["event_id"])


@dataclass(slots=True)
class Courier:
    transport: Transport
    time_scale: float
    deadline_scale: float
    changed: Callable[[], None]
    deliveries: list[Delivery] = field(default_factory=list)
    paused: bool = False
    """Whether new events are kept from the app, as if Slack were behind."""
    _held: list[Delivery] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def ack_seconds(self) -> float:
        return ACK_SECONDS * self.deadline_scale

    def dispatch(self, body: Json) -> None:
        """Deliver an event; returns at once."""
        delivery = Delivery(body)
        self.deliveries.append(delivery)
        if self.paused:
            self._held.append(delivery)
        else:
            self._start(delivery)

    def repeat(self, delivery: Delivery) -> None:
        """Deliver an event once more although it was acknowledged, as now and then happens."""
        self._start(delivery)

    def resume(self) -> None:
        self.paused = False
        held, self._held = self._held, []
        for delivery in held:
            self._start(delivery)

    async def interact(self, kind: Kind, body: Json, *, wants_answer: bool) -> Outcome:
        outcome = await self.transport.send(
            kind, body, Retry(), wants_answer=wants_answer, seconds=self.ack_seconds
        )
        self.changed()
        return outcome

    async def stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _start(self, delivery: Delivery) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        outcome = await self._attempt(delivery, Retry())
        for number, pause in enumerate(RETRY_PAUSES_SECONDS, start=1):
            if isinstance(outcome, Acknowledged) or not outcome.retry:
                break
            await asyncio.sleep(pause * self.time_scale)
            outcome = await self._attempt(delivery, Retry(number, outcome.reason))
        delivery.state = "acknowledged" if isinstance(outcome, Acknowledged) else "lost"
        self.changed()

    async def _attempt(self, delivery: Delivery, retry: Retry) -> Outcome:
        attempt = Attempt(retry, time.monotonic())
        delivery.attempts.append(attempt)
        self.changed()
        attempt.outcome = await self.transport.send(
            "events_api", delivery.body, retry, wants_answer=False, seconds=self.ack_seconds
        )
        self.changed()
        return attempt.outcome
