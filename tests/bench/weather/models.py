"""Models under a weather: how long each takes, what it writes, and what it bills.

A text is about as long as its prompt asks for, in the product's own words. Knows no council but by
its prompts.
"""

import asyncio
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.errors import ModelFailed, Spent
from bot.llm import Completion, ModelInfo, Request
from bot.protocol.prompts import RANKING_MARKER
from tests.bench.weather.draws import (
    PROMPT_TOKENS_PER_SECOND,
    QUEUE_SECONDS,
    TEMPERS,
    Climate,
    Weather,
    seen_worth,
    weather,
    words,
)
from tests.fakes.provider import labels_shown
from tests.world.models import PRICES

CHARS_A_TOKEN, TOKENS_A_WORD, WORDS_A_SENTENCE = 4, 4 / 3, 20
# What a model writes that is told no number.
UNASKED_WORDS = 300
PIECE_SECONDS = 1.0
PROSE = "It depends on who runs it, how often it changes and what that costs. " * 400
CHARS_A_WORD = 5.5

_COUNTS = {word: n for n, word in enumerate(["zero", "one", "two", "three", "four", "five", "six"])}
_ASKED = re.compile(r"(?:(\w+)(?: to |-|–))?([\w,]+) (words|sentences)\b", re.IGNORECASE)
_MATERIAL = re.compile(r"^(=== [0-9a-f]{16} ===)$.*?^\1$", re.DOTALL | re.MULTILINE)
_CASE = re.compile(r"in case (\d+)\?")


def question_text(number: int) -> str:
    return f"Which of the two ways is the better one in case {number}?"


def answer_mark(number: int, model: str) -> str:
    """What an answer is known by; tells nobody else who wrote it."""
    return f"k{number}m{list(PRICES).index(model)}z"


def verdict_mark(number: int) -> str:
    """The last word of a whole verdict."""
    return f"v{number}z"


def words_asked(request: Request) -> float | None:
    """The most words that the prompt asks for in one go, of each answer where it says each; `None`
    where it gives no number. What people and models wrote asks for nothing."""
    prompt = "\n\n".join(message.content for message in request.messages)
    asked = [
        _amount(found) * (len(labels_shown(request)) if "each" in sentence else 1)
        for sentence in re.split(r"(?<=[.:;])\s", _MATERIAL.sub("", prompt))
        for found in _ASKED.finditer(sentence)
    ]
    return max(asked, default=0) or None


def _amount(found: "re.Match[str]") -> float:
    low, high, unit = found[1], found[2], found[3].lower()
    numbers = [number for word in (low, high) if word and (number := _number(word)) is not None]
    mean = sum(numbers) / len(numbers) if numbers else 0.0
    return mean * (WORDS_A_SENTENCE if unit == "sentences" else 1)


def _number(word: str) -> int | None:
    plain = word.replace(",", "")
    return int(plain) if plain.isdecimal() else _COUNTS.get(word.lower())


@dataclass(frozen=True, slots=True)
class Bill:
    """One request: what came of it, and what it costs. `attempt` counts from 0 within its call."""

    question: int
    stage: str
    round: int
    model: str
    attempt: int
    ended: str
    prompt_tokens: int
    completion_tokens: int
    micros: int


class Models:
    """A `Provider` that tells afterwards what a request cost. `asked_words` is by stage, in the place of what prompts ask for."""

    def __init__(self, climate: Climate, asked_words: Mapping[str, float] | None = None) -> None:
        self.climate = climate
        self.bills: list[Bill] = []
        self._asked_words = asked_words or {}
        self._attempts: Counter[tuple[int, str, str]] = Counter()
        self._spent: dict[str, Spent] = {}

    def stored_body(self, request: Request) -> bytes | None:
        return None

    async def models(self) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(id, id, 400_000, 16_000, *price, created=1) for id, price in PRICES.items()
        )

    async def billed(self, model: str, generation_id: str) -> Spent | None:
        return self._spent[generation_id]

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        number, stage = question_of(request), request.tag.split("/")[1]
        key = number, stage, request.model
        attempt = self._attempts[key]
        self._attempts[key] += 1
        return await self.attempt(request, attempt, on_text or _unheard)

    async def attempt(
        self, request: Request, attempt: int, on_text: Callable[[str], None]
    ) -> Completion:
        """The so manyth request of its call, from 0."""
        working = _Working(self, request, attempt)
        try:
            completion = await working.work(on_text)
        except BaseException as error:
            self._book(working, getattr(error, "kind", "cancelled"))
            raise
        self._book(working, "whole")
        return completion

    def _book(self, working: "_Working", ended: str) -> None:
        bill = working.bill(ended)
        self.bills.append(bill)
        self._spent[working.id] = Spent(bill.prompt_tokens, bill.completion_tokens, bill.micros)

    def weather_of(self, request: Request, attempt: int) -> Weather:
        stage = request.tag.split("/")[1]
        return weather(self.climate, request.model, stage, question_of(request), attempt)

    def text(self, request: Request) -> str:
        number, stage = question_of(request), request.tag.split("/")[1]
        asked = self._asked_words.get(stage) or words_asked(request) or UNASKED_WORDS
        count = words(self.climate, request.model, stage, number, asked)
        prose = PROSE[: round(count * CHARS_A_WORD)]
        if stage == "answer":
            return f"The way of {answer_mark(number, request.model)} is better. {prose}"
        if stage == "review":
            places = enumerate(self._ranking(request, number), 1)
            return f"{prose}\n\n{RANKING_MARKER}\n" + "\n".join(
                f"{n}. Answer {x}" for n, x in places
            )
        return f"**The first way is the better one.** {prose} That is {verdict_mark(number)}."

    def _ranking(self, request: Request, number: int) -> list[str]:
        """Labels by how good each answer looks."""
        marks = {answer_mark(number, model): model for model in PRICES}
        material = request.messages[-1].content
        looks = {}
        for label in labels_shown(request):
            shown = material.split(f"\nAnswer {label}\n", 1)[1]
            found = re.search(r"\bk\d+m\d+z\b", shown)
            assert found, f"no mark in answer {label}"
            looks[label] = seen_worth(self.climate, request.model, marks[found[0]], number)
        return sorted(looks, key=lambda label: -looks[label])


def question_of(request: Request) -> int:
    found = _CASE.search(request.messages[-1].content)
    assert found, "a question of another kind"
    return int(found[1])


def _unheard(piece: str) -> None:
    pass


class _Working:
    """One request being worked on."""

    def __init__(self, models: Models, request: Request, attempt: int) -> None:
        self._models, self._request, self._attempt = models, request, attempt
        self._weather = models.weather_of(request, attempt)
        self._written = 0.0  # tokens of text
        self._thought = 0.0
        self._read = False
        self.id = f"{request.tag}/{request.model}/{attempt}"

    async def work(self, on_text: Callable[[str], None]) -> Completion:
        now, request = self._weather, self._request
        reads = self._prompt_tokens / PROMPT_TOKENS_PER_SECOND + QUEUE_SECONDS * now.slowness
        await asyncio.sleep(QUEUE_SECONDS)
        request.named(self.id)
        if now.trouble == "limited":
            raise ModelFailed(
                "rate_limited",
                "too many.",
                retryable=True,
                retry_after_seconds=now.retry_after_seconds,
            )
        if now.trouble == "hung":
            await asyncio.Event().wait()
        self._read = True
        await self._think(reads + now.first_seconds, on_text)
        if now.trouble == "ill":
            self._read, self._thought = False, 0.0  # nothing came, nothing is billed
            raise ModelFailed("server_error", "it is ill.", retryable=True)
        return await self._write(self._models.text(request), on_text)

    async def _think(self, seconds: float, on_text: Callable[[str], None]) -> None:
        now = self._weather
        if now.trouble == "ill":
            seconds *= now.fails_at
        shows = TEMPERS[self._request.model].shows_thoughts
        steps = max(1, math.ceil(seconds / 2)) if shows else 1
        for step in range(steps):
            await asyncio.sleep(seconds / steps)
            self._thought = min(
                now.thought_tokens * (step + 1) / steps, self._request.max_completion_tokens / 3
            )
            if shows:
                on_text("")

    async def _write(self, text: str, on_text: Callable[[str], None]) -> Completion:
        now, request = self._weather, self._request
        room = request.max_completion_tokens - self._thought
        tokens = len(text) / CHARS_A_WORD * TOKENS_A_WORD
        whole = tokens <= room
        if not whole:
            text, tokens = text[: round(len(text) * room / tokens)], room
        seconds = now.writing_seconds(tokens)
        count = max(1, min(60, round(seconds / (PIECE_SECONDS * now.slowness))))
        ends = [round(len(text) * (n + 1) / count) for n in range(count)]
        for n, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
            await asyncio.sleep(seconds / count)
            if now.trouble == "torn" and (n + 1) / count >= now.fails_at:
                raise ModelFailed(
                    "unreachable",
                    "the connection broke.",
                    retryable=True,
                    began=True,
                    written_bytes=start,
                )
            self._written = tokens * (n + 1) / count
            on_text(text[start:end])
        spent = self._spent()
        reason = "stop" if whole else "length"
        return Completion(
            text, reason, spent.prompt_tokens, spent.completion_tokens, spent.cost_micros, self.id
        )

    @property
    def _prompt_tokens(self) -> int:
        return sum(len(message.content) for message in self._request.messages) // CHARS_A_TOKEN

    def _spent(self) -> Spent:
        prompt = self._prompt_tokens if self._read else 0
        completion = round(self._written + self._thought)
        into, out = PRICES[self._request.model]
        return Spent(prompt, completion, math.ceil(prompt * into + completion * out))

    def bill(self, ended: str) -> Bill:
        spent = self._spent()
        _, stage, round, _ = self._request.tag.split("/")
        return Bill(
            question_of(self._request),
            stage,
            int(round),
            self._request.model,
            self._attempt,
            ended,
            spent.prompt_tokens,
            spent.completion_tokens,
            spent.cost_micros or 0,
        )
