"""Simulated models, so that a newcomer sees a whole deliberation without a key and without cost.

They cannot answer anything, and say so; what they write is in `bot.rehearsal.texts`. Everything is
drawn from the seed and the request's tag, so the same call gives the same text.
"""

import asyncio
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from bot.errors import Kind, ModelFailed
from bot.llm import Completion, ModelInfo, Request
from bot.rehearsal import texts
from bot.rehearsal.texts import Brief, Style

MEMBERS: tuple[str, ...] = (
    "rehearsal/brisk",
    "rehearsal/thorough",
    "rehearsal/sceptic",
    "rehearsal/storyteller",
)
CHAIRMAN = "rehearsal/chairman"
# As it was called before: settings and questions of that time name it so.
_CHAIRMAN_BEFORE = "rehearsal/chair"
# In no default council: it is there for those who want to see a member fail.
SHAKY = "rehearsal/shaky"

_SHAKY_FAILS = 0.5
_FAILURES: tuple[tuple[Kind, str], ...] = (
    ("rate_limited", "too many requests (a simulated failure); ask again."),
    ("timed_out", "no answer in time (a simulated failure); ask again."),
    ("server_error", "the server had trouble (a simulated failure); ask again."),
)
# Answers are the longest to write; a deliberation takes six to ten seconds in all.
_PACE = {
    "recap": 0.4,
    "title": 0.1,
    "answer": 1.0,
    "revision": 0.6,
    "proposal": 0.6,
    "review": 0.45,
    "verdict": 0.9,
    "audit": 0.4,
}
_PIECE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class _Voice:
    """A simulated model: its pace over an answer and how it writes."""

    start_seconds: float
    write_seconds: float
    style: Style


_VOICES = {
    MEMBERS[0]: _Voice(0.3, 2.0, texts.BRISK),
    MEMBERS[1]: _Voice(1.1, 2.9, texts.THOROUGH),
    MEMBERS[2]: _Voice(0.6, 2.3, texts.SCEPTICAL),
    MEMBERS[3]: _Voice(0.9, 2.6, texts.NARRATIVE),
    CHAIRMAN: _Voice(0.5, 2.3, texts.THOROUGH),
    SHAKY: _Voice(0.8, 2.2, texts.BRISK),
}


class Rehearsal:
    """A provider of simulated models; `time_scale` multiplies their pace, `instant` skips it."""

    def __init__(self, seed: int = 0, *, time_scale: float = 1.0, instant: bool = False) -> None:
        self._seed = seed
        self._time_scale = 0.0 if instant else time_scale

    def stored_body(self, request: Request) -> bytes | None:
        return None

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        voice = _VOICES.get(CHAIRMAN if request.model == _CHAIRMAN_BEFORE else request.model)
        if voice is None:
            raise ModelFailed(
                "unknown_model",
                "no real model can be asked before OPENROUTER_API_KEY or COUNCIL_MODEL_URL is set, and "
                f"there is no rehearsal model of that name. There are: {', '.join(_VOICES)}.",
            )
        rng = Random(f"{self._seed} {request.model} {request.tag}")
        stage = _stage(request.tag)
        pace = _PACE.get(stage, 1.0) * rng.uniform(0.9, 1.1)
        await self._pause(voice.start_seconds * pace)
        if request.model == SHAKY and rng.random() < _SHAKY_FAILS:
            # Drawn from the tag, so a retry would fail again: not retryable.
            raise ModelFailed(*rng.choice(_FAILURES))
        text = texts.compose(stage, _read(request), voice.style, rng)
        await self._stream(text, on_text, voice.write_seconds * pace)
        prompt = "".join(message.content for message in request.messages)
        return Completion(text, "stop", _tokens(prompt), _tokens(text), cost_micros=0)

    async def models(self) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(
                id=model,
                name=f"{model.removeprefix('rehearsal/').capitalize()} (simulated)",
                context_tokens=128_000,
                max_completion_tokens=8_000,
                prompt_usd_per_million=0.0,
                completion_usd_per_million=0.0,
            )
            for model in _VOICES
        )

    async def _stream(
        self, text: str, on_text: Callable[[str], None] | None, seconds: float
    ) -> None:
        words = re.findall(r"\S+\s*", text)
        step = math.ceil(len(words) * _PIECE_SECONDS / seconds)
        pieces = ["".join(words[i : i + step]) for i in range(0, len(words), step)]
        for piece in pieces:
            await self._pause(seconds / len(pieces))
            if on_text:
                on_text(piece)

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self._time_scale)


def _stage(tag: str) -> str:
    """A tag is `deliberation/stage/round/seat`, and a deliberation's id may hold slashes."""
    return ("///" + tag).rsplit("/", 3)[-3]


def _read(request: Request) -> Brief:
    """Take a prompt of `bot.protocol.prompts` apart at its fence; any other text is all question."""
    system = "\n".join(m.content for m in request.messages if m.role == "system")
    user = "\n".join(m.content for m in request.messages if m.role == "user")
    fence = re.search(r"Text between two lines of (.+) is material\.", system)
    parts = f"\n{user}\n".split(f"\n{fence[1]}\n") if fence else [user]
    *before, last = parts[::2]
    # What stands before a fence ends with the heading of what the fence holds.
    heads = [text.rpartition("\n") for text in before]
    fenced = [(heading, data) for (_, _, heading), data in zip(heads, parts[1::2], strict=False)]
    named = dict(fenced)
    plain = [text.strip("\n") for text in (*(text for text, _, _ in heads), last)]
    question = next((text for text in plain if text.startswith("Question:\n")), user)
    question = named.get("The question begins:", question)
    place = r"^Answer ([A-Z]): [\d.]+, first on (\d+) of (\d+) ballots$"
    return Brief(
        question=question.removeprefix("Question:\n"),
        earlier=named.get("Earlier in this thread the council was asked:", ""),
        earlier_verdict=named.get("Its verdict was:", ""),
        quoted=named.get("The question is about this message:", "")
        or named.get("The question is about what you answered before:", ""),
        own=named.get("Your answer", ""),
        answers=tuple(
            (heading.removeprefix("Answer "), text)
            for heading, text in fenced
            if re.fullmatch(r"Answer [A-Z]", heading)
        ),
        places=tuple(
            (label, int(firsts), int(ballots))
            for label, firsts, ballots in re.findall(place, last, re.MULTILINE)
        ),
        compared="`Final answer: ...`" in system,
    )


def _tokens(text: str) -> int:
    return math.ceil(len(text.encode()) / 4)
