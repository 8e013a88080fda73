"""What an endpoint's model takes: learned from its list and its refusals, kept while the process runs.

Servers that speak the same protocol differ in the fields and roles they know, and in how much fits.
A refusal says so before any work is done, so that the request can be put right and asked again.
"""

import json
import math
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from bot.bills import FOUND_CHARS, FOUND_PAGES, USUAL_IMAGE_TOKENS
from bot.errors import ModelFailed
from bot.language import _
from bot.llm import Message, ModelInfo, Request
from bot.models.failures import Saying, failed
from bot.models.images import content_of
from bot.models.lengths import Lengths, lengths_in, speaks_of_length
from bot.models.reports import Report
from bot.models.searching import search_fields

# A shorter answer than this helps nobody.
LEAST_TOKENS = 256
# Prose takes about four bytes a token, code and most other scripts about three.
BYTES_PER_TOKEN = 3.0
# Roles and the template around messages become tokens too.
_TEMPLATE_TOKENS = 32

_MARGIN_TOKENS = 8
_LEARNED_SECONDS = 86_400

# Key, money, rights, haste: on any terms the request would be refused.
_NOT_ABOUT_TERMS = (401, 402, 403, 408, 429)
_LIMIT_FIELDS = ("max_completion_tokens", "max_tokens")
# What a request can do without, and how servers and their libraries spell it.
_OPTIONAL = {
    "max_completion_tokens": re.compile(r"max[ _-]?completion[ _-]?tokens", re.IGNORECASE),
    "max_tokens": re.compile(r"max[ _-]?tokens", re.IGNORECASE),
    "stream_options": re.compile(r"stream[ _-]?options|include[ _-]?usage", re.IGNORECASE),
    "reasoning_effort": re.compile(r"reasoning|\bthinking\b", re.IGNORECASE),
    "reasoning": re.compile(r"reasoning|\bthinking\b", re.IGNORECASE),
    "session_id": re.compile(r"session[ _-]?id", re.IGNORECASE),
    "metadata": re.compile(r"\bmetadata\b", re.IGNORECASE),
    # Who takes none is asked without a search.
    "tools": re.compile(r"\btools?\b(?! ?call)", re.IGNORECASE),
    "stream": re.compile(r"\bstream(?:ing)?\b(?![ _-]?options)", re.IGNORECASE),
}
_OBJECTION = re.compile(
    r"un(?:known|supported|expected|recogni[sz]ed)|extraneous|extra[ _](?:inputs|forbidden)|no attribute"
    r"|not (?:be )?(?:a )?(?:supported|permitted|allowed|recogni[sz]ed|known|valid|enabled|available)"
    r"|does(?: not|n't) support|cannot find field|must be verified|no endpoints found that support",
    re.IGNORECASE,
)
_SYSTEM = re.compile(
    r"system[ _](?:role|message|prompt|instruction)s?\b|role\b.{0,60}\bsystem\b|\bsystem\b.{0,30}\brole\b"
    r"|developer instruction|roles must alternate|only user and assistant"
    r"|\brole\b.{0,40}'user' or 'assistant'",
    re.IGNORECASE | re.DOTALL,
)

# What may be forbidden to a key or in a region, and is no reason to answer nothing.
_SEARCH = re.compile(r"web[ _-]?search|\b(?:tools?|plugins?|region|regional)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Routing:
    """Which providers OpenRouter may hand prompts to: whether only those that keep nothing (zero
    data retention), and whether those that store or train on them. Source: openrouter.ai/docs,
    "Provider Routing"."""

    zdr: bool = False
    data_collection: Literal["deny", "allow"] = "deny"

    def of(self, request: Request) -> dict[str, object]:
        """For one request: none that asks more than its `max_price`, in US dollars per million
        tokens."""
        routing: dict[str, object] = {"data_collection": self.data_collection}
        if self.zdr:
            routing["zdr"] = True
        if request.max_price:
            prompt, completion = request.max_price
            routing["max_price"] = {"prompt": prompt, "completion": completion}
        return routing


CAREFUL = Routing()


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms one model of one endpoint takes requests.

    `system` is whether that role is taken, `thinking` whether answers begin within a thought,
    `guessed` whether the context is a guess that has not proved right yet. Of the numbers of tokens 0 is unknown: `context_tokens` holds prompt and answer together,
    `completion_tokens` the answer.
    """

    openrouter: bool = False
    routing: Routing = CAREFUL
    left_out: frozenset[str] = frozenset()
    system: bool = True
    thinking: bool = False
    guessed: bool = False
    context_tokens: int = 0
    completion_tokens: int = 0
    bytes_per_token: float = BYTES_PER_TOKEN

    @property
    def cacheable(self) -> bool:
        """Whether a body tells its call from every other one, so that no answer serves for two."""
        return "metadata" not in self.left_out

    @property
    def limit_field(self) -> str:
        """The field that caps the answer; no request goes without one, because it caps the price."""
        return next((name for name in _LIMIT_FIELDS if name not in self.left_out), "")

    def cap(self, request: Request) -> int:
        """The most tokens to ask for: as many as wanted, or as fit beside the prompt."""
        cap = request.max_completion_tokens
        if self.completion_tokens:
            cap = min(cap, self.completion_tokens)
        if self.context_tokens:
            fits = self.context_tokens - self._prompt_tokens(request)
            cap = min(cap, max(fits, LEAST_TOKENS))
        return cap

    def searches(self, request: Request) -> bool:
        """Whether the model may search the web for it."""
        return self.openrouter and request.searches > 0 and "tools" not in self.left_out

    def body(self, model: str, request: Request) -> bytes:
        """The same bytes for the same request: a repeat hits OpenRouter's cache by them."""
        body: dict[str, object] = {
            "model": model,
            "messages": self._messages(request),
            self.limit_field: self.cap(request),
            "stream": True,
            # Ollama, vLLM and LiteLLM report no usage of a stream without it.
            "stream_options": {"include_usage": True},
        }
        if self.openrouter:
            body["provider"] = self.routing.of(request)
            body["session_id"] = request.tag.partition("/")[0]
            body["metadata"] = {"call": request.tag}
            if self.searches(request):
                body |= search_fields(request.searches)
            if request.effort:
                body["reasoning"] = {"effort": request.effort}
        elif request.effort:
            body["reasoning_effort"] = request.effort
        if "stream" in self.left_out:
            body |= {"stream": False}
            del body["stream_options"]
        body = {n: value for n, value in body.items() if n == "stream" or n not in self.left_out}
        text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        # Half of a surrogate pair, which chats do send, has no place in UTF-8.
        return text.encode("utf-8", "replace")

    def adapted(self, report: Report, request: Request) -> "Terms | None":
        """The terms that a refusal asks for; `None` where it asks for nothing that can be done."""
        if report.status == 403 and self.searches(request) and _SEARCH.search(report.text):
            return replace(self, left_out=self.left_out | {"tools"})
        if report.status in _NOT_ABOUT_TERMS:
            return None
        length = _is_about_length(report)
        found = lengths_in(report, self.cap(request))
        if length and (found.context or found.completion):
            return self._fitted(found, request)
        if self.system and not length and _has_system(request) and _SYSTEM.search(report.text):
            return replace(self, system=False)
        if (name := self._refused(report, plainly=length)) is not None:
            changed = replace(self, left_out=self.left_out | {name})
            return changed if changed.limit_field else None
        return self._guessed(request) if length else None

    def too_long(self, report: Report, request: Request, saying: Saying) -> ModelFailed | None:
        """The failure of a request whose prompt alone is too long; `None` for any other."""
        if report.status in _NOT_ABOUT_TERMS or not _is_about_length(report):
            return None
        found = lengths_in(report, self.cap(request))
        holds = _(" of {tokens:,} tokens", tokens=found.context) if found.context else ""
        return failed(
            "server_error",
            advice=_(
                "the request is longer than this model's context{holds}; ask for less, or "
                "pick a model with a larger one.",
                holds=holds,
            ),
            said=saying.of(report.message),
            context_tokens=found.context,
            prompt_tokens=found.prompt,
        )

    def _messages(self, request: Request) -> list[dict[str, object]]:
        messages = request.messages
        if not self.system:
            told = [message.content for message in messages if message.role == "system"]
            first, *others = [message for message in messages if message.role != "system"]
            folded = "\n\n".join([*told, first.content])
            messages = (Message("user", folded, first.images), *others)
        return [{"role": message.role, "content": content_of(message)} for message in messages]

    def _prompt_tokens(self, request: Request) -> int:
        images = USUAL_IMAGE_TOKENS * len(request.images)
        # What searches bring up is read before the answer is written.
        size = _size(request) + request.searches * FOUND_PAGES * FOUND_CHARS
        return math.ceil(size / self.bytes_per_token) + images + _TEMPLATE_TOKENS

    def _refused(self, report: Report, *, plainly: bool) -> str | None:
        """The field that a refusal is about, if the request can go without it.

        `plainly` asks for words that object to the field as such: a limit may also be too high.
        """
        sent = [name for name in self._sent() if name not in self.left_out]
        objects = bool(_OBJECTION.search(report.text))
        named = re.findall(r"\w+", report.field)
        if not plainly and self._wants_max_tokens(report, named):
            return "max_completion_tokens"
        if not plainly or objects:
            for name in sent:
                if name in named:
                    return name
        if named and not objects:
            return None
        if not objects and (plainly or report.status not in (400, 404, 422, 501)):
            return None
        places = {name: _OPTIONAL[name].search(report.words) for name in sent}
        found = {name: place.start() for name, place in places.items() if place}
        return min(found, key=lambda name: found[name]) if found else None

    def _wants_max_tokens(self, report: Report, named: list[str]) -> bool:
        if self.limit_field != "max_completion_tokens":
            return False
        missing = re.search(r"\bmax_tokens\b.{0,40}(?:required|missing)", report.words)
        return bool("max_tokens" in named or missing)

    def _sent(self) -> list[str]:
        effort = "reasoning" if self.openrouter else "reasoning_effort"
        marks = ["session_id", "metadata", "tools"] if self.openrouter else []
        return [self.limit_field, "stream_options", effort, "stream", *marks]

    def _fitted(self, found: Lengths, request: Request) -> "Terms | None":
        """With room for the prompt beside the answer, by the refusal's numbers."""
        asked = self.cap(request)
        if found.completion:
            fitted = replace(self, completion_tokens=max(found.completion, 1))
        elif found.prompt:
            if found.context - found.prompt < LEAST_TOKENS + _MARGIN_TOKENS:
                return None
            fitted = replace(self, context_tokens=found.context)
            fitted = _denser(fitted, request, found.prompt + _MARGIN_TOKENS)
        else:
            fitted = replace(self, context_tokens=found.context)
            if fitted.cap(request) >= asked:  # the prompt has more tokens than it looks
                fitted = _denser(fitted, request, found.context - asked // 2)
        return fitted if fitted.cap(request) < asked else None

    def _guessed(self, request: Request) -> "Terms | None":
        """For a server that says how much is too much in no number: a quarter, once."""
        asked = self.cap(request)
        if self.guessed or asked < 4 * LEAST_TOKENS:
            return None
        context = self._prompt_tokens(request) + asked // 4
        return replace(self, context_tokens=context, guessed=True)


def _denser(terms: Terms, request: Request, prompt_tokens: int) -> Terms:
    """The terms under which this request's prompt counts as that long."""
    ratio = _size(request) / max(1, prompt_tokens)
    return replace(terms, bytes_per_token=ratio)


def _is_about_length(report: Report) -> bool:
    return report.status == 413 or speaks_of_length(report)


def _has_system(request: Request) -> bool:
    return any(message.role == "system" for message in request.messages)


def _size(request: Request) -> int:
    return sum(len(message.content.encode("utf-8", "replace")) for message in request.messages)


class KnownTerms:
    """The terms of all models, by endpoint and model as the endpoint writes it.

    What a refusal taught is forgotten after a day: servers are set up anew, and limits raised.
    """

    def __init__(
        self, routing: Routing = CAREFUL, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._routing = routing
        self._now = now
        self._learned: dict[tuple[str, str], tuple[Terms, float]] = {}
        self._listed: dict[tuple[str, str], tuple[int, int]] = {}

    def of(self, endpoint: str, model: str, *, openrouter: bool) -> Terms:
        terms, at = self._learned.get((endpoint, model), (Terms(), self._now()))
        if self._now() - at > _LEARNED_SECONDS:
            terms = Terms()
        context, completion = self._sizes(endpoint, model)
        return replace(
            terms,
            openrouter=openrouter,
            routing=self._routing,
            context_tokens=terms.context_tokens or context,
            completion_tokens=terms.completion_tokens or completion,
        )

    def keep(self, endpoint: str, model: str, terms: Terms) -> None:
        """Remember the terms on which a request was taken."""
        learned = replace(terms, guessed=False)
        if self.of(endpoint, model, openrouter=terms.openrouter) != learned:
            self._learned[endpoint, model] = learned, self._now()

    def list(self, endpoint: str, models: Iterable[ModelInfo]) -> None:
        """Remember the sizes that an endpoint's list tells."""
        prefix = f"{endpoint}/" if endpoint else ""
        for model in models:
            sizes = model.context_tokens or 0, model.max_completion_tokens or 0
            # Smaller ones are placeholders; no refusal would ever correct them upwards.
            context, completion = (size if size >= 2 * LEAST_TOKENS else 0 for size in sizes)
            self._listed[endpoint, model.id.removeprefix(prefix)] = context, completion

    def _sizes(self, endpoint: str, model: str) -> tuple[int, int]:
        """Those of the model that this one is a variant of, where it is not listed itself."""
        for name in (model, model.rpartition(":")[0], f"{model}:latest"):
            if sizes := self._listed.get((endpoint, name)):
                return sizes
        return 0, 0
