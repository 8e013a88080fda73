"""Scripted models that keep their own books: what was asked, what they answered, what they billed."""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from bot.errors import ModelFailed, Spent
from bot.llm import Completion, ModelInfo, Request
from tests.fakes.provider import labels_shown
from tests.world.loop import LIFE, Life, WorldLoop

# By their unlikely names, which nobody but the bot would write. US dollars per million tokens.
PRICES = {
    "lab/embervale-4": (2.0, 8.0),
    "lab/quartzmoor-2": (3.0, 15.0),
    "mill/tundrafox-9": (0.5, 1.5),
    "mill/harborlynx-7": (5.0, 25.0),
    "den/mistralope-1": (1.0, 4.0),
}
# Never a member.
NEWCOMER = list(PRICES)[-1]


def name_of(model: str) -> str:
    """The part of its id that nobody but the bot would write."""
    return model.partition("/")[2].partition("-")[0]


@dataclass(frozen=True, slots=True)
class Bill:
    """`told`: the program was handed this sum, and lived on for a moment."""

    tag: str
    micros: int
    told: bool
    at: float
    life: int


class Watching(Protocol):
    def asked(self, tag: str, read: Sequence[str]) -> None: ...
    def answered(self, tag: str) -> None: ...


class Models:
    """A `Provider`. `trouble` is the share of requests that go wrong."""

    def __init__(self, loop: WorldLoop, random: Random) -> None:
        self.loop = loop
        self.random = random
        self.watch: Watching
        self.trouble = 0.0
        self.seconds = 6.0
        self.bills: list[Bill] = []
        self._under_way: list[Life | None] = []
        self.pings = "@everyone @here <!channel>"  # what it would like to do, had it the right
        # Every word that only one run's models wrote, by the run.
        self.words: dict[str, list[str]] = {}
        # Of those in answers, whose they are.
        self.seats: dict[str, str] = {}
        self._count = 0

    def stored_body(self, request: Request) -> bytes | None:
        return request.tag.encode() if self.random.random() < 0.5 else None

    def is_busy(self) -> bool:
        return any(life is None or not life.dead for life in self._under_way)

    async def models(self) -> tuple[ModelInfo, ...]:
        await asyncio.sleep(self.random.random())
        return tuple(
            ModelInfo(id, id, 100_000, 4_000, *price, created=1) for id, price in PRICES.items()
        )

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        self.watch.asked(request.tag, [message.content for message in request.messages])
        self.loop.note(f"ask {request.tag}")
        life = LIFE.get()
        self._under_way.append(life)
        working = _Working(self, request)
        try:
            return await self._complete(request, on_text, working)
        except asyncio.CancelledError:
            working.bill(told=False)
            raise
        finally:
            self._under_way.remove(life)

    async def _complete(
        self, request: Request, on_text: Callable[[str], None] | None, working: "_Working"
    ) -> Completion:
        random = self.random
        await self._passes(random.expovariate(3))
        if random.random() < self.trouble:
            await self._fails(working, on_text)
        await self._passes(min(90.0, random.expovariate(1 / self.seconds)))
        text = self._text(request)
        third = len(text) // 3
        working.begin()
        for piece in (text[:third], text[third : 2 * third], text[2 * third :]):
            working.written += piece
            if on_text:
                on_text(piece)
            await self._passes(min(20.0, random.expovariate(2)))
        if random.random() < self.trouble / 2:
            working.bill(told=False)
            raise ModelFailed(
                "unreachable",
                "the connection broke.",
                retryable=True,
                began=True,
                written_bytes=len(text.encode()),
            )
        spent = working.bill(told=True)
        self.watch.answered(request.tag)
        return Completion(
            text, "stop", spent.prompt_tokens, spent.completion_tokens, spent.cost_micros, "gen"
        )

    async def _fails(self, working: "_Working", on_text: Callable[[str], None] | None) -> None:
        """Raises `ModelFailed`, or what no provider should; or only takes its time."""
        random = self.random
        match random.randrange(9):
            case 0:
                wait = random.choice((None, 1.0, 30.0))
                raise ModelFailed(
                    "rate_limited", "too many.", retryable=True, retry_after_seconds=wait
                )
            case 1:
                raise ModelFailed("server_error", "it is ill.", retryable=True)
            case 2:
                await self._passes(random.uniform(0, 20))
                raise ModelFailed("unreachable", "nobody is there.", retryable=True)
            case 3:
                raise ModelFailed("refused", "it will not.")
            case 4:
                raise ModelFailed("no_credit", "the account is empty.")
            case 5:
                working.begin()
                spent = working.bill(told=True)
                raise ModelFailed(
                    "empty", "nothing came.", retryable=True, unusable=True, spent=spent
                )
            case 6:
                if on_text:
                    on_text("")
                working.begin()
                await self._passes(random.uniform(60, 700))  # thoughts, or silence
            case 7:
                await self._passes(random.uniform(20, 400))
            case _:
                raise RuntimeError("a provider that is broken itself")

    async def _passes(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        life = LIFE.get()
        if life is not None and life.dead:
            raise asyncio.CancelledError

    def _text(self, request: Request) -> str:
        run, stage, _, seat = request.tag.split("/")
        self._count += 1
        word = f"zw{self._count}x{self.random.randrange(36**4):x}"
        self.words.setdefault(run, []).append(word)
        if stage in {"answer", "revision"}:
            self.seats[word] = seat
        if stage == "answer":
            value = self.random.choice(("", "", "\n\nFinal answer: yes", "\n\nFinal answer: no"))
            link = f"[a link](https://a.example/{word})"
            return f"The answer {word} of seat {seat}.\n\n{self.pings} {link}.{value}"
        if stage == "revision":
            kept = f"Once more {word}.\n\nKEPT"
            letter = self.random.choice(labels_shown(request))
            changed = f"Another answer {word}.\n\nCHANGED: {letter}"
            return self.random.choice(("KEPT", kept, changed))
        if stage == "review":
            labels = labels_shown(request)
            if self.random.random() < 0.1:
                return f"I cannot say, {word}."
            if self.random.random() < 0.5:
                labels.sort()
            places = "\n".join(f"{n}. Answer {x}" for n, x in enumerate(labels, 1))
            return f"All of them are fine, {word}.\n\nFINAL RANKING:\n{places}"
        why = self.random.choice(("Because the answers say so.", "So it is."))
        return f"**Yes, {word}.** {why}"


class _Working:
    """One request that a model works on, and its bill."""

    def __init__(self, models: Models, request: Request) -> None:
        self.written = ""
        self._models = models
        self._request = request
        self._began = False
        self._billed = False
        # Of what it may write, as much goes into thoughts that nobody sees.
        self._thoughts = int(models.random.random() ** 2 * request.max_completion_tokens)

    def begin(self) -> None:
        self._began = True

    def bill(self, *, told: bool) -> Spent:
        request = self._request
        prompt = sum(len(message.content) for message in request.messages) // 4
        completion = min(len(self.written) // 4 + self._thoughts, request.max_completion_tokens)
        prices = PRICES[request.model]
        micros = math.ceil(prompt * prices[0] + completion * prices[1])
        if self._began and not self._billed:
            self._billed = True
            life = LIFE.get()
            self._models.bills.append(
                Bill(
                    request.tag, micros, told, self._models.loop.time(), life.number if life else 0
                )
            )
        return Spent(prompt, completion, micros)
