"""Deliberations as they were told, event by event, for tests of what people read of them."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.council import Council, Deliberation, Question
from bot.document import Bars, Detail, Document, Heading, Image, Leaf, Note, Table, Text
from bot.errors import Kind, ModelFailed
from bot.llm import Request
from bot.protocol import ranking
from bot.protocol.calls import Caller
from bot.protocol.events import Event, Progress, advance
from bot.protocol.modes import deliberate
from bot.protocol.patience import Patience
from bot.records import Case
from bot.store.store import Store
from tests.fakes.prices import FreeOfCharge
from tests.fakes.provider import FakeProvider, Scripted, sensible

ASKED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
COUNCIL = Council(("acme/zeppelin-7", "globex/quokka-2", "initech/narwhal"), "hooli/ibex-9")
THREE = 3
PROVIDERS_WORDS = "upstream node 17 in Frankfurt is on fire"
ALL_HEARD = next(seed for seed in range(1_000) if ranking.never_stops_early(seed))
MAY_STOP = next(seed for seed in range(1_000) if not ranking.never_stops_early(seed))


def question(seed: int = ALL_HEARD) -> Question:
    return Question("q1", "Is a monolith right?", seed, ASKED_AT)


def failing(kind: Kind = "refused") -> ModelFailed:
    return ModelFailed(kind, PROVIDERS_WORDS)


@dataclass(frozen=True)
class Told:
    """A deliberation as it was told, event by event, and as it ended."""

    question: Question
    council: Council
    events: tuple[Event, ...]
    result: Deliberation

    def progress(self, events: Sequence[Event] | None = None) -> Progress:
        progress = Progress(self.question, self.council)
        for event in self.events if events is None else events:
            progress = advance(progress, event)
        return progress

    def before(self, kind: type[Event]) -> Progress:
        """The progress just before the first event of this kind."""
        kinds = [type(event) for event in self.events]
        return self.progress(self.events[: kinds.index(kind)])


def tell(
    script: Mapping[tuple[str, int], Sequence[Scripted]] | None = None,
    *,
    otherwise: Callable[[Request], Scripted] = sensible,
    council: Council = COUNCIL,
    asked: Question | None = None,
) -> Told:
    return asyncio.run(_tell(script or {}, otherwise, council, asked or question()))


async def _tell(
    script: Mapping[tuple[str, int], Sequence[Scripted]],
    otherwise: Callable[[Request], Scripted],
    council: Council,
    asked: Question,
) -> Told:
    ticks = (ASKED_AT + timedelta(seconds=13.37 * n) for n in range(1, 10_000))

    async def no_history(model: str) -> tuple[float, ...]:
        return ()

    provider = FakeProvider(script, otherwise=otherwise)
    caller = Caller(provider, FreeOfCharge(), Patience(), no_history, now=lambda: next(ticks))
    events: list[Event] = []
    store = await Store.open(":memory:", holder="tests")
    try:
        await store.create(Case(question=asked, council=council, platform="cli"))
        journal = await store.begin(asked.id)
        result = await deliberate(asked, council, caller, journal=journal, emit=events.append)
    finally:
        await store.close()
    return Told(asked, council, tuple(events), result)


def words(document: Document) -> str:
    return "\n".join(words_of(document.blocks))


def words_of(blocks: Sequence[Leaf | Detail]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Heading(text) | Text(text) | Note(text):
                yield text
            case Table(columns, rows):
                yield from (" ".join(cells) for cells in (columns, *rows))
            case Image(name, _, alt):
                yield from (name, alt)
            case Bars(bars):
                yield from (f"{bar.label} {bar.value} {bar.note}" for bar in bars)
            case Detail(title, inner, hint):
                yield from (title, hint)
                yield from words_of(inner)


def notes(document: Document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Note)]
