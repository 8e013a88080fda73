"""What has arrived so far of one answer: its text, how it ends and what it cost.

Reads events, or a whole body, by what they hold. Asks for nothing itself.
"""

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import httpx

from bot.errors import Kind, ModelFailed, Spent
from bot.language import N_, Message
from bot.llm import Completion, Source, ending_of
from bot.models.event_stream import (
    LIMIT_BYTES,
)
from bot.models.failures import (
    UNREADABLE,
    Saying,
    failed,
    failure_of,
    report_in_band,
)
from bot.models.gate import as_count, as_decimal, as_dict, as_json, as_list, as_text, mended
from bot.models.reports import is_error
from bot.models.searching import sources_in
from bot.models.thoughts import ThoughtFilter, begins_in_thought, without_thoughts

# Far more than any tokenizer's mean over a text; whoever writes more does not keep to the limit.
CHARS_PER_TOKEN = 8
_LEAST_LIMIT_CHARS = 2_000
_SOURCES_KEPT = 50
# Every token may come in an event of its own, reasoning included.
_BYTES_PER_TOKEN = 4_000
_ALL_REASONING = N_(
    "the model spent the whole token limit on reasoning and wrote no answer; lower its effort."
)
_UNENDED = N_("the model ended within its thoughts and wrote no answer; try again.")


class Incoming:
    """What has arrived so far of one answer.

    `ended` once the provider said that the text is complete, `settled` once it then reported its
    usage. `began` as soon as it may have worked for it: see `ModelFailed`.
    """

    def __init__(
        self,
        saying: Saying,
        on_text: Callable[[str], None],
        *,
        max_completion_tokens: int = 100_000,
        thinking: bool = False,
        searching: bool = False,
    ) -> None:
        self.saying = saying
        self.headers = httpx.Headers()
        self.ended = False
        self.settled = False
        self.began = False
        self.size = 0
        self.limit_bytes = LIMIT_BYTES + _BYTES_PER_TOKEN * max_completion_tokens
        self._limit = max(_LEAST_LIMIT_CHARS, CHARS_PER_TOKEN * max_completion_tokens)
        self._on_text = on_text
        self._filter = ThoughtFilter(thinking=thinking)
        self._pieces: list[str] = []
        self._index: object = None
        self._deltas = False
        self._finish_reason = ""
        self._refused = False
        self._worked = False
        self._unseen = False
        self._thinking = thinking
        self._searching = searching
        self._sources: dict[str, Source] = {}
        self._usage: dict[str, int] = {}
        self._cost_micros: int | None = None
        self._id = ""

    @property
    def full(self) -> bool:
        """Whether the model writes on beyond what it was asked to keep to."""
        return self.size >= self._limit

    def take(self, data: bytes) -> None:
        """One event of a stream, or the whole body of an answer that is none."""
        chunk = as_json(data)
        if not isinstance(chunk, dict):
            if self.ended or not data.strip():
                return
            raise failed("server_error", retryable=True, unusable=True, advice=UNREADABLE)
        choices = chunk.get("choices")
        if (not choices and is_error(chunk)) or chunk.get("error"):
            if self.ended:
                return
            self.told_with(chunk)
            # Said before anything else, it is a refusal that costs nothing.
            self.began &= self._worked or bool(self._usage)
            raise failure_of(report_in_band(chunk), self.saying)
        if not self._id:
            self._id = as_text(chunk.get("id"), 200)
        for choice in map(as_dict, as_list(choices)[:1_000]):
            # One was asked for; whatever a server sends beside it is of no use.
            index = choice.get("index") or 0
            if choice and self._index in (None, index):
                self._index = index
                self._choice(choice)
                break
        self._worked |= bool(choices)
        self.told_with(chunk)

    def told_with(self, chunk: dict[str, Any]) -> None:
        """Take what an event, or the report of a failure, says of usage."""
        usage = chunk.get("usage")
        if usage is None and "x_groq" in chunk:
            usage = as_dict(chunk["x_groq"]).get("usage")
        if usage:
            self._account(as_dict(usage))

    def _choice(self, choice: dict[str, Any]) -> None:
        delta, message = as_dict(choice.get("delta")), as_dict(choice.get("message"))
        self._look_at(delta or message)
        if self._searching:
            self._cite(delta.get("annotations") or message.get("annotations"))
        if content := delta.get("content") or choice.get("text"):
            text = self._words(content)
            if not (choice.get("finish_reason") and self._is_repeated(text)):
                self._deltas = True
                self._write(text)
        elif content := message.get("content"):
            self._write(self._news(self._words(content)))
        if reason := choice.get("finish_reason"):
            self._finish(reason, choice)
        if usage := choice.get("usage"):  # Moonshot's place for it
            self._account(as_dict(usage))

    def _look_at(self, delta: dict[str, Any]) -> None:
        """For signs of work that is no text, and of a refusal."""
        # vLLM and LiteLLM changed the name of this field over time; OpenRouter adds details.
        if (
            delta.get("reasoning")
            or delta.get("reasoning_content")
            or delta.get("reasoning_details")
            or delta.get("thinking")
            or (self._searching and delta.get("tool_calls"))
        ):
            self._unseen = True
            self._on_text("")
        if delta.get("refusal"):
            self._refused = True

    def _cite(self, annotations: object) -> None:
        """Sources come in any event, and some servers send them again and again."""
        for source in sources_in(annotations):
            if len(self._sources) < _SOURCES_KEPT or source.url in self._sources:
                before = self._sources.get(source.url, source)
                self._sources[source.url] = max(before, source, key=lambda each: each.chars)

    def _is_repeated(self, text: str) -> bool:
        """Whether a last piece is all pieces once more, as some streams end."""
        return len(self._pieces) > 1 and len(text) == self.size and text == "".join(self._pieces)

    def _news(self, message: str) -> str:
        """What a message in a stream adds: it holds all of the text so far, or the next piece."""
        if len(message) >= self.size and message.startswith("".join(self._pieces)):
            return message[self.size :]
        return "" if self._deltas else message

    def _words(self, content: object) -> str:
        return content if isinstance(content, str) else self._parts(content)

    def _parts(self, content: object) -> str:
        """Content in parts: the texts are the answer; a part of any other kind is a sign of work."""
        texts: list[str] = []
        for part in content if isinstance(content, list) else [content]:
            if isinstance(part, str):
                texts.append(part)
            elif as_dict(part).get("type", "text") in ("text", "output_text"):
                text = as_dict(part).get("text") or as_dict(part).get("content")
                text = as_dict(text).get("value") or text
                texts.append(text if isinstance(text, str) else "")
            else:
                self._refused |= as_dict(part).get("type") == "refusal"
                self._unseen = True
                self._on_text("")
        return "".join(texts)

    def _write(self, content: str) -> None:
        if self.size + len(content) > self._limit:
            content = content[: self._limit - self.size]
            self.ended, self._finish_reason = True, "length"
        if not content:
            return
        self.size += len(content)
        self._pieces.append(content)
        if not self._filter.passing:
            content = self._filter.feed(content)
            if not content and not self._filter.within:
                return
        self._on_text(content if content.isascii() else mended(content))

    def _finish(self, reason: object, choice: dict[str, Any]) -> None:
        reason = as_text(reason, 60).strip()
        if reason.lower() in ("", "null", "none") or self.full:
            return
        if self._searching and reason == "tool_calls":
            return  # the model goes on with what is found
        if reason == "error" and not self.ended:
            raise failure_of(report_in_band({"error": choice.get("error") or {}}), self.saying)
        self._finish_reason = reason
        self.ended = True

    def _account(self, usage: dict[str, Any]) -> None:
        """Usage may come in several reports, each with a part or with the sum so far; the last may be
        empty."""
        prompt = as_count(usage.get("prompt_tokens")) or as_count(usage.get("input_tokens"))
        written = as_count(usage.get("completion_tokens")) or as_count(usage.get("output_tokens"))
        # Gemini and xAI count thoughts in the total alone.
        written = max(written, as_count(usage.get("total_tokens")) - prompt if prompt else 0)
        # A later report with less in it takes nothing back: a budget holds by the most that was told.
        for name, count in (("prompt", prompt), ("completion", written)):
            if count:
                self._usage[name] = max(count, self._usage.get(name, 0))
        cost = _cost_of(usage)
        if cost is not None:
            self._cost_micros = max(cost, self._cost_micros or 0)
        if self.ended and (prompt or written or cost is not None):
            self.settled = True

    def spent(self) -> Spent | None:
        """What the provider said it used, `None` where it said nothing."""
        cost = self._cost()
        if not self._usage and cost is None:
            return None
        return Spent(self._usage.get("prompt", 0), self._usage.get("completion", 0), cost)

    def _cost(self) -> int | None:
        if self._cost_micros is not None:
            return self._cost_micros
        # The header of a stream is sent before the work: nothing in it means nothing.
        return micros_of(self.headers.get("x-litellm-response-cost")) or None

    def completion(self) -> Completion:
        """The whole answer. Raises `ModelFailed` where there is no text in it."""
        whole = self._text()
        text, unended = without_thoughts(whole)
        if self._thinking and ending_of(self._finish_reason) == "length" and text == whole:
            text, unended = "", True
        if not any(char.isprintable() and not char.isspace() for char in text):
            raise self._no_answer(unended=unended)
        spent = self.spent() or Spent(0, 0, None)
        return Completion(
            text=text,
            finish_reason=self._finish_reason,
            prompt_tokens=spent.prompt_tokens,
            completion_tokens=spent.completion_tokens,
            cost_micros=spent.cost_micros,
            generation_id=as_text(self.headers.get("X-Generation-Id"), 200) or self._id,
            written_bytes=self.written_bytes,
            sources=tuple(self._sources.values()) if self._searching else None,
        )

    @property
    def written_bytes(self) -> int | None:
        """Of all text, thoughts in it included. `None` where there were thoughts beside it: what is
        shown of these is often less than what is billed."""
        return None if self._unseen else len(self._text().encode())

    @property
    def begins_in_thought(self) -> bool:
        """Whether the prompt opens a thought: a whole answer shows it, another leaves it as known."""
        seen = begins_in_thought(self._text())
        whole = self.ended and ending_of(self._finish_reason) == "whole"
        return seen or (self._thinking and not whole)

    def _text(self) -> str:
        return mended("".join(self._pieces))

    def _no_answer(self, *, unended: bool) -> ModelFailed:
        ending = ending_of(self._finish_reason)
        if self._refused or ending == "refused":
            return _unusable("refused")
        if ending == "length":
            return _unusable("cut_off", advice=_ALL_REASONING)
        if unended:
            return _unusable("cut_off", retryable=True, advice=_UNENDED)
        if ending == "broken":
            return _unusable("server_error", retryable=True)
        return _unusable("empty", retryable=True)


def _unusable(kind: Kind, *, retryable: bool = False, advice: Message | None = None) -> ModelFailed:
    return failed(kind, retryable=retryable, unusable=True, advice=advice)


def _cost_of(usage: dict[str, Any]) -> int | None:
    """In micro-dollars. OpenRouter gives a sum; others an object with parts and their total."""
    cost = usage.get("cost")
    if usage.get("is_byok") is True:
        # With a key of one's own OpenRouter bills its fee, and the provider the work.
        # Source: openrouter.ai/docs, "Usage accounting".
        upstream = micros_of(as_dict(usage.get("cost_details")).get("upstream_inference_cost"))
        return (micros_of(cost) or 0) + upstream if upstream is not None else micros_of(cost)
    for value in (
        cost,
        as_dict(cost).get("total_cost"),
        as_dict(cost).get("total"),
        usage.get("total_cost"),
        usage.get("estimated_cost"),  # DeepInfra
    ):
        if (micros := micros_of(value)) is not None:
            return micros
    parts = [micros_of(part) for name, part in as_dict(cost).items() if _COST_PART.search(name)]
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


_COST_PART = re.compile(r"cost$|^(?:input|output|prompt|completion|request|reasoning)$")


def micros_of(usd: object) -> int | None:
    dollars = as_decimal(usd)
    if dollars is None:
        return None
    return int((dollars * 1_000_000).quantize(Decimal(1), ROUND_HALF_UP))
