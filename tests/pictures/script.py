"""What the council in the pictures is asked, what each model writes, and how long all of it takes.

The texts are Markdown files in `words/`, one folder for each question. Nobody's models wrote them:
makers and models are invented, so that no picture says anything about a real one.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.llm import Completion, ModelInfo, Provider, Request, Source
from bot.models.http import Endpoint, HttpProvider
from tests.fakes.model_server import Behaviour, ModelServer
from tests.fakes.provider import stage_and_seat

WORDS = Path(__file__).parent / "words"
LABELS = "ABCD"

MEMBERS = ("northlight/heron-3", "alder/finch-large", "basalt/orca-2.5", "quarry/lynx-mini")
CHAIRMAN = "meridian/ibis-4"
ON_AUDITION = "tidewater/tern-5"
# The cheapest member.
AUDITOR = MEMBERS[3]
# What it calls a thread whose question is too long for a name.
TITLE = "Where feature flags live"
# US dollars per million tokens of prompt and completion.
PRICES = {
    MEMBERS[0]: (1.25, 10.0),
    MEMBERS[1]: (2.0, 12.0),
    MEMBERS[2]: (3.0, 15.0),
    MEMBERS[3]: (0.3, 0.5),
    CHAIRMAN: (5.0, 25.0),
    ON_AUDITION: (1.0, 6.0),
}

# Deals the labels A to D in the order of the seats and waits for every reviewer, so that it does not
# matter which call comes back first.
SEED = 72

STARTED = datetime(2026, 11, 20, 10, 38, tzinfo=UTC)
# Since the question, by stage.
FINISHED_SECONDS = {
    "answer": 9.0,
    "revision": 12.0,
    "review": 15.0,
    "verdict": 21.0,
    "audit": 24.0,
}


@dataclass(frozen=True, slots=True)
class Script:
    """A question, with answers and reviews in the order of the labels, and between them what each
    makes of its answer in a debate."""

    question: str
    answers: tuple[str, ...]
    reviews: tuple[str, ...]
    verdict: str
    audit: str
    revisions: tuple[str, ...] = ()

    @classmethod
    def read(cls, name: str) -> "Script":
        def words(part: str) -> str:
            return (WORDS / name / f"{part}.md").read_text(encoding="utf-8").strip()

        return cls(
            words("question"),
            tuple(words(f"answer-{label}") for label in LABELS),
            tuple(words(f"review-{label}") for label in LABELS),
            words("verdict"),
            words("audit"),
        )

    @classmethod
    def closed(cls, mode: str, *minutes: int, verdict: str = "") -> "Script":
        """A question with a number for an answer, and what each member makes it."""
        answers = tuple(
            "From 14:10 to 17:10 are three hours, which is 180 minutes. The rest, up to 17:45, I "
            f"count by itself and add to that.\n\nFinal answer: {number} minutes"
            for number in minutes
        )
        asked = "A train leaves at 14:10 and arrives at 17:45. How many minutes does it take?"
        return cls(f"/{mode} {asked}", answers, ("",) * len(answers), verdict, "")

    def compared(self) -> "Script":
        return replace(self, question=f"/compare {self.question}")

    def debated(self, *changed: str, mode: str = "debate") -> "Script":
        """In a debate, in which the members with these labels change their answers."""

        def words(label: str) -> str:
            folder = WORDS / "flags"
            return (folder / f"revision-{label}.md").read_text(encoding="utf-8").strip()

        revisions = tuple(words(x) if x in changed else "KEPT" for x in LABELS)
        return replace(self, question=f"/{mode} {self.question}", revisions=revisions)

    def lengthened(self, chars: int) -> "Script":
        """With a verdict and a first answer of about so many characters."""
        first, *others = self.answers
        return replace(
            self,
            answers=(_lengthened(first, chars), *others),
            verdict=_lengthened(self.verdict.partition("\n\nDissent:")[0], chars),
        )


def _lengthened(text: str, chars: int) -> str:
    paragraph = (
        "When a flag is read, the cache answers first; only an entry older than ten seconds is "
        "fetched again, and only by one process at a time. What the others see meanwhile is the "
        "value from before, which is right for all but the first seconds after a switch."
    )
    parts, length = [text], len(text)
    while length < chars:
        parts.append(f"## Step {len(parts)}: what happens in process {len(parts)}\n\n{paragraph}")
        length += len(parts[-1]) + 2
    return "\n\n".join(parts)


@dataclass(slots=True)
class Clock:
    """Stands still but for what the script says about the time that calls take."""

    now: datetime = STARTED
    asked_at: datetime = STARTED

    def __call__(self) -> datetime:
        return self.now

    def ask(self) -> None:
        """A question is asked a minute after whatever was last."""
        self.asked_at = self.now = self.now + timedelta(minutes=1)

    def finish(self, stage: str) -> None:
        self.now = max(self.now, self.asked_at + timedelta(seconds=FINISHED_SECONDS[stage]))


@dataclass(slots=True)
class Models:
    """The models on their local server, and the clock that they move.

    Their searches of the web have `found` these. A call (stage, seat) in `held` waits for its event, and the chairman for `all_posted`: real ones
    take so long that everything else is posted by then.
    """

    provider: Provider
    clock: Clock
    held: Mapping[tuple[str, int], asyncio.Event] = field(default_factory=dict)
    all_posted: Callable[[], Awaitable[None]] | None = None
    found: Sequence[Source] = ()

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        stage, seat = stage_and_seat(request)
        if stage == "title":
            return Completion(TITLE, "stop")
        if gate := self.held.get((stage, seat)):
            await gate.wait()
        if stage == "verdict" and self.all_posted:
            await self.all_posted()
        try:
            done = await self.provider.complete(request, on_text)
            return replace(done, sources=tuple(self.found)) if stage == "answer" else done
        finally:
            self.clock.finish(stage)

    async def models(self) -> tuple[ModelInfo, ...]:
        return await self.provider.models()

    def stored_body(self, request: Request) -> bytes | None:
        return self.provider.stored_body(request)


def _behaviours(scripts: Sequence[Script], fails: Mapping[str, str]) -> dict[str, list[Behaviour]]:
    """What each model does at its first, second, ... call; those in `fails` do that, always."""
    found = {
        model: [
            Behaviour(text=text)
            for script in scripts
            for text in (
                script.answers[seat],
                *script.revisions[seat : seat + 1],
                script.reviews[seat],
                *([script.audit] if model == AUDITOR else []),
            )
        ]
        for seat, model in enumerate(MEMBERS)
    }
    found[CHAIRMAN] = [Behaviour(text=script.verdict) for script in scripts]
    return found | {model: [Behaviour(do)] for model, do in fails.items()}  # type: ignore[arg-type]  # checked in __post_init__


@asynccontextmanager
async def models(
    *scripts: Script,
    fails: Mapping[str, str] | None = None,
    held: Sequence[tuple[str, int]] = (),
    besides: Sequence[str] = (),
    seeing: Sequence[str] | None = None,
    found: Sequence[Source] = (),
) -> AsyncIterator[Models]:
    """Models that play these scripts one after the other; others are listed `besides`. Those that are
    `seeing` take images, `None` for all."""
    behaviours = _behaviours(scripts, fails or {})
    names = (*MEMBERS, CHAIRMAN, *besides)
    async with ModelServer(
        behaviours=behaviours, models=names, prices=PRICES, openrouter=True, seeing=seeing
    ) as server:
        http = HttpProvider([Endpoint("", server.url, server.key, openrouter=True)])
        try:
            yield Models(http, Clock(), {call: asyncio.Event() for call in held}, found=found)
        finally:
            await http.aclose()
