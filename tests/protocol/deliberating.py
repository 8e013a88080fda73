"""A question deliberated by scripted models, in whatever mode its council has, in a store in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.council import Council, Deliberation, Question
from bot.errors import ModelFailed
from bot.protocol.calls import Caller
from bot.protocol.events import Event
from bot.protocol.modes import deliberate
from bot.protocol.patience import Patience
from bot.records import Case
from bot.store.store import Store
from tests.fakes.prices import FreeOfCharge
from tests.fakes.provider import FakeProvider

ASKED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FOUR = Council(("lab/a", "lab/b", "lab/c", "lab/d"), "lab/chair")
LONG_ANSWERS = ["word " * 4_000, "word " * 200, "word " * 4_400, "word " * 3_600]
CHAIR = FOUR.chairman_seat

# Far shorter than a test's own limit, long enough for work that has to happen first.
IMPATIENT = Patience().scaled(0.002)


async def no_history(model: str) -> tuple[float, ...]:
    return ()


def final(kind: str = "refused") -> ModelFailed:
    return ModelFailed(kind, "it will not do that.")  # type: ignore[arg-type]  # a KIND, from a table


def passing(kind: str = "server_error") -> ModelFailed:
    return ModelFailed(kind, "not now.", retryable=True)  # type: ignore[arg-type]  # as above


def question(id: str = "q1", *, seed: int = 1, text: str = "Is a monolith right?") -> Question:
    return Question(id=id, text=text, seed=seed, asked_at=ASKED_AT)


@dataclass
class Run:
    """Everything about one deliberation that a test may want to look at."""

    deliberation: Deliberation
    provider: FakeProvider
    events: list[Event] = field(default_factory=list)


async def run(
    store: Store,
    provider: FakeProvider,
    *,
    council: Council = FOUR,
    asked: Question | None = None,
    patience: Patience = IMPATIENT,
    watch: Callable[[Event], None] = lambda event: None,
) -> Run:
    asked = asked or question()
    await store.create(Case(question=asked, council=council, platform="cli"))
    journal = await store.begin(asked.id)
    caller = Caller(provider, FreeOfCharge(), patience, no_history)
    events: list[Event] = []

    def emit(event: Event) -> None:
        events.append(event)
        watch(event)

    deliberation = await deliberate(asked, council, caller, journal=journal, emit=emit)
    assert provider.leftover == []
    return Run(deliberation, provider, events)
