"""A strict OpenAI-compatible server on a loopback socket, which plays a council and fails on demand.

It refuses what real servers refuse: a wrong key, malformed bodies, fields it does not know, models
it does not have. It tells the stages apart by their prompts, as a model would, and keeps a record
of every request, what became of it and whether it would have been billed.

    async with ModelServer(behaviours={"lab/a": "rate_limited"}) as server:
        ... server.url, server.key, server.requests

    python -m tests.fakes.model_server --port-file F --log LOG.jsonl [--behaviours JSON]

A behaviour is an object with the fields of `Behaviour`, or just its `do`. For each model, or for
`*` (all the others), `behaviours` holds one behaviour for every call, a list of them for the first,
second, ... call (the last one stays), or `{"mix": [...]}`: each call draws one by its `probability`
and goes well otherwise. Draws depend on the seed, the model and the number of the call alone.
"""

import argparse
import asyncio
import json
import re
import signal
import ssl
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, Literal, get_args

from aiohttp import web

from tests.fakes.refusals import BLIND, Refusal, Told, cap_of
from tests.fakes.seeing import images_of, problem_of_parts, text_of, tokens_of_images, words_in

Do = Literal[
    "ok",
    "unauthorised",
    "no_credit",
    "in_flight_budget",
    "moderated",
    "budget_spent",
    "unknown_model",
    "unknown_model_400",
    "rate_limited",
    "quota",
    "status",  # whatever `status` says, with `message`
    "body_error",  # an error in a 200 body that is no stream
    "stream_error",  # an error event after `after` pieces
    "finish_error",  # finish_reason "error" after `after` pieces
    "cut",  # the connection breaks after `after` pieces
    "no_end",  # the stream closes properly after `after` pieces, without [DONE] or finish_reason
    "no_done",  # complete, but without [DONE]
    "empty",
    "all_reasoning",  # finish_reason "length" before any text
    "truncated",  # finish_reason "length" after `after` pieces
    "content_filter",
    "refusal",
    "garbage",  # an event that is no JSON
    "hang",  # before the headers, until the client leaves
    "hang_alive",  # likewise, after headers and keep-alives
    "stall",  # likewise, after `after` pieces
    "json",  # a whole answer that is no stream
    "raw",  # `raw` as it stands, with `status` and `headers`, ended by `then`
]
Stage = Literal["answer", "revision", "review", "verdict"]

# US dollars per million tokens of prompt and completion.
PRICE = (1.25, 10.0)
# Of one web search by Exa. Source: openrouter.ai/docs, "Web Search", pricing.
SEARCH_MICROS = 7_000
_CHARS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`reasoning` names the field that reasoning comes in, "" for none. `cost` is `usage` (of the
    usage report), `header` (LiteLLM's), or "" for none. `status`, `message` and `code` replace
    those of an error; `retry_after` is sent as given. `delay` is in seconds, before each piece.
    `text` is sent whole, however few tokens were asked for: some servers know no limit.

    `annotations` are sent beside the text, as they stand, where a web search is among what is asked
    for: in an event of their own while the model writes, again and again as `repeated`, with its last
    word, or `late`: after that and before the usage. It searched so many times as `searches` says,
    for which the bill has a fee.

    `raw` are the writes of a body that the server sends without a look at it. After the last one it
    does what `then` says: ends the body, breaks the connection, leaves it open in silence, or keeps
    it `alive` with comments every few milliseconds, until the client leaves.
    """

    do: Do = "ok"
    text: str | None = None
    after: int = 3
    status: int = 500
    code: str | int | None = None
    message: str | None = None
    retry_after: str | None = None
    delay: float | None = None
    reasoning: Literal["", "reasoning", "reasoning_content"] = ""
    usage: bool = True
    cost: Literal["", "usage", "header"] = "usage"
    probability: float = 1.0
    annotations: Sequence[Any] = ()
    annotated: Literal["between", "repeated", "last", "late"] = "between"
    searches: int = 0
    raw: Sequence[str | bytes] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    then: Literal["end", "cut", "open", "alive"] = "end"

    def __post_init__(self) -> None:
        if self.do not in get_args(Do):
            raise ValueError(f"no such behaviour: {self.do}")


Script = Behaviour | str | Mapping[str, Any] | Sequence["Behaviour | str | Mapping[str, Any]"]


@dataclass(slots=True)
class Received:
    """One request. `outcome` is "" while it is under way, `hit` when the response cache answered,
    `left` when the client went away first, else the behaviour; `over` once nothing more comes of
    it. `billed` is what a provider would
    have charged for: whole answers, and those that the client left after the first piece.

    `bill_micros` is the bill of a harsher one, in micro-dollars: it charges for the prompt from the
    first byte of a response on, for what it sent however that ended, and for the whole answer where
    the client left, however early. `told` is whether the client was sent the usage.
    """

    n: int
    time: float
    model: str
    stage: Stage
    call: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    outcome: str = ""
    over: bool = False
    over_at: float = 0.0
    billed: bool = False
    bill_micros: int = 0
    told: bool = False

    @property
    def json(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.body)
        return body

    @property
    def body_sha256(self) -> str:
        return sha256(self.body).hexdigest()


class ModelServer:
    """`openrouter` adds OpenRouter's fields, keep-alives, prices and response cache; without it the
    server refuses those fields. `key` None checks no key. `page_size` splits the list of models.
    `quality` says how good each model's answers are, from 0 to 1; reviewers rank by it. `refusals`
    are the forms of a request that the server does not take (recorded as `refused_form`, never
    billed). `list_raw` is sent as the list of models, `redirect` instead of everything: a status and
    a place. With `tls` the server speaks that. `prices` are US dollars per million tokens of prompt
    and completion, for models that cost other than `PRICE`. Images are taken by the models that are
    `seeing`, `None` for all: OpenRouter's list says who that is, others refuse as `blind` has it. Models
    in `toolless` are served by nobody who takes tools.
    """

    def __init__(
        self,
        *,
        behaviours: Mapping[str, Script] | None = None,
        models: Sequence[str] = ("lab/a", "lab/b", "lab/c", "lab/d", "lab/e"),
        seed: int = 0,
        key: str | None = "sk-lab-0123456789abcdef",
        openrouter: bool = False,
        require_stream: bool = True,
        chunk_delay: float = 0.0,
        page_size: int = 500,
        quality: Mapping[str, float] | None = None,
        prices: Mapping[str, tuple[float, float]] | None = None,
        entries: Sequence[Mapping[str, Any]] | None = None,
        seeing: Sequence[str] | None = None,
        refusals: Sequence[Refusal] = (),
        blind: str = "vllm",
        list_raw: bytes | None = None,
        redirect: tuple[int, str] | None = None,
        tls: ssl.SSLContext | None = None,
        toolless: Sequence[str] = (),
        log: Path | None = None,
    ) -> None:
        self.requests: list[Received] = []
        self.refused: list[str] = []
        self.key = key
        self.openrouter = openrouter
        self.entries = entries
        self.seeing = seeing
        self.refusals = tuple(refusals)
        self.blind = blind
        self.list_raw = list_raw
        self.redirect = redirect
        self.redirected: list[Mapping[str, str]] = []
        self.list_requests = 0
        self._tls = tls
        self._toolless = frozenset(toolless)
        self._scripts = {
            model: _Script.read(script, seed, model) for model, script in (behaviours or {}).items()
        }
        self.models = tuple(dict.fromkeys((*models, *(m for m in self._scripts if m != "*"))))
        self._require_stream = require_stream
        self._chunk_delay = chunk_delay
        self._page_size = page_size
        self._quality = dict(quality or {})
        self._prices = dict(prices or {})
        self._log = log
        self._calls: Counter[str] = Counter()
        self._cache: dict[tuple[str, bytes], str] = {}
        self._closing = asyncio.Event()
        self._changed = asyncio.Condition()
        self._port = 0

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}/v1"

    @property
    def port(self) -> int:
        return self._port

    async def __aenter__(self) -> "ModelServer":
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_post("/v1/chat/completions", self._completions)
        app.router.add_get("/v1/models", self._models)
        if self.openrouter:
            app.router.add_get("/v1/generation", self._generation)
        app.router.add_route("*", "/old/{path:.*}", self._moved)
        self._runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=2048, ssl_context=self._tls)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        await self._runner.cleanup()

    async def until(self, claim: Callable[[], bool]) -> None:
        """Wait until something about the requests is true; it is looked at after each change."""
        async with self._changed:
            await self._changed.wait_for(claim)

    def asked(self, stage: Stage | None = None) -> list[str]:
        """The models asked, in order."""
        return [r.model for r in self.requests if stage in (None, r.stage)]

    async def _moved(self, request: web.Request) -> web.Response:
        """Under /old everything is somewhere else, by default under /v1."""
        self.redirected.append(request.headers)
        status, place = self.redirect or (308, "/v1/")
        return web.Response(status=status, headers={"Location": place + request.match_info["path"]})

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        if self._wrong_key(request):
            return self._refuse(401, "User not found.")
        raw = await request.read()
        try:
            body = json.loads(raw)
        except ValueError:
            return self._refuse(400, "The body is not JSON.")
        if problem := self._problem(request, body):
            return self._refuse(400, problem)
        received = Received(
            n=len(self.requests) + 1,
            time=time.time(),
            model=body["model"],
            stage=stage_of(body["messages"]),
            call=body.get("metadata", {}).get("call", ""),
            body=raw,
            headers=request.headers,
        )
        self.requests.append(received)
        await self._note(received, "received")
        try:
            response = await self._answer(request, received, body)
        except (asyncio.CancelledError, ConnectionError):
            received.bill_micros = self._most_micros(received, body)
            received.outcome = "left"
            raise
        finally:
            received.over, received.over_at = True, time.time()
            await self._note(received, "finished")
        return response

    async def _generation(self, request: web.Request) -> web.Response:
        """What a request cost, once it is over. Source: openrouter.ai/docs, "Get a generation"."""
        if self._wrong_key(request):
            return _error(401, "No auth credentials found")
        wanted = request.query.get("id", "")
        for received in self.requests:
            if f"gen-{received.n:06d}" == wanted and received.over:
                prompt, completion = tokens_of(received.body, "")
                data = {
                    "id": wanted,
                    "total_cost": received.bill_micros / 1e6,
                    "native_tokens_prompt": prompt,
                    "native_tokens_completion": completion,
                }
                return web.json_response({"data": data})
        return _error(404, f"Generation {wanted} not found")

    def _wrong_key(self, request: web.Request) -> bool:
        return self.key is not None and request.headers.get("Authorization") != f"Bearer {self.key}"

    def _refuse(self, status: int, message: str) -> web.Response:
        self.refused.append(message)
        return _error(status, message)

    def _problem(self, request: web.Request, body: Any) -> str:
        """What is wrong with a body, "" for nothing."""
        if request.content_type != "application/json":
            return "The content type is not application/json."
        if not isinstance(body, dict):
            return "The body is not an object."
        allowed = _FIELDS | (_OPENROUTER_FIELDS if self.openrouter else set())
        if unknown := sorted(body.keys() - allowed):
            return f"Unrecognized request argument supplied: {unknown[0]}"
        if not isinstance(body.get("model"), str) or not body["model"]:
            return "model is missing."
        if self._require_stream and body.get("stream") is not True:
            return "This server streams only."
        return (
            _problem_of_messages(body.get("messages"))
            or _problem_of_options(body)
            or _problem_of_cache(request)
        )

    async def _answer(
        self, request: web.Request, received: Received, body: dict[str, Any]
    ) -> web.StreamResponse:
        for told in (*(refusal.told(body) for refusal in self.refusals), self._blind(body)):
            if told:
                received.outcome = "refused_form"
                return web.json_response(told[1], status=told[0])
        cached = self._cache.get((request.headers.get("Authorization", ""), received.body))
        if self._wants_cache(request) and cached is not None:
            received.outcome = "hit"
            reply = _Reply(self, request, received, Behaviour(cost="usage"), cached, hit=True)
            return await reply.stream()
        behaviour = self._behaviour(received.model)
        if behaviour is None:
            received.outcome = "unknown_model"
            return _error(404, f"No endpoints found for {received.model}.")
        if self._is_too_dear(body):
            received.outcome = "too_dear"
            return _error(404, "No endpoints found that match your max price.")
        if "tools" in body and body["model"] in self._toolless:
            received.outcome = "no_tools"
            return _error(404, _NO_TOOLS)
        received.outcome = behaviour.do
        if failure := _refusal(behaviour, received.model):
            return failure
        if behaviour.do == "hang":
            await self._closing.wait()
            return _error(503, "Shutting down.")
        if behaviour.do == "raw":
            return await self._raw(request, behaviour)
        text, finish_reason = behaviour.text, "stop"
        if text is None:
            text, finish_reason = self._write(received, body)
        reply = _Reply(
            self, request, received, behaviour, text, finish_reason=finish_reason, hit=False
        )
        response = await (reply.whole() if behaviour.do == "json" else reply.stream())
        if self._wants_cache(request) and behaviour.do in ("ok", "no_done"):
            self._cache[(request.headers.get("Authorization", ""), received.body)] = text
        return response

    def _blind(self, body: dict[str, Any]) -> Told | None:
        """Of a request with images, to a model that sees none."""
        if not images_of(body["messages"]) or self.sees(body["model"]):
            return None
        return BLIND["openrouter" if self.openrouter else self.blind](body["model"])

    def sees(self, model: str) -> bool:
        return self.seeing is None or model in self.seeing

    async def _raw(self, request: web.Request, behaviour: Behaviour) -> web.StreamResponse:
        response = web.StreamResponse(status=behaviour.status, headers=behaviour.headers)
        if "Content-Type" not in response.headers:
            response.content_type = "text/event-stream"
        await response.prepare(request)
        for piece in behaviour.raw:
            data = piece.encode("utf-8", "surrogatepass") if isinstance(piece, str) else piece
            await response.write(data)
        match behaviour.then:
            case "cut":
                if request.transport is not None:
                    request.transport.close()
            case "open":
                await self._closing.wait()
            case "alive":
                while not self._closing.is_set():
                    await response.write(b": x\n\n")
                    await asyncio.sleep(0.005)
        return response

    def _wants_cache(self, request: web.Request) -> bool:
        return self.openrouter and request.headers.get("X-OpenRouter-Cache") == "true"

    def _behaviour(self, model: str) -> Behaviour | None:
        n = self._calls[model]
        self._calls[model] += 1
        script = self._scripts.get(model)
        if script is None:
            if model not in self.models:
                return None
            script = self._scripts.get("*", _Script((Behaviour(),), False, ""))
        return script.behaviour(n)

    def _write(self, received: Received, body: dict[str, Any]) -> tuple[str, str]:
        """What a model says, up to as many tokens as it may, and how it ended."""
        if received.stage == "review":
            text = write_review(body["messages"])
        elif received.stage == "revision":
            text = write_revision(body["messages"], self.quality(received.model))
        elif received.stage == "verdict":
            text = write_verdict(body["messages"])
        else:
            text = write_answer(received.model, self.quality(received.model))
        most = _CHARS_PER_TOKEN * cap_of(body)
        return text[:most], "stop" if len(text) <= most else "length"

    def price(self, model: str) -> tuple[float, float]:
        return self._prices.get(model, PRICE)

    def _most_micros(self, received: Received, body: dict[str, Any]) -> int:
        """A provider that goes on working when nobody listens writes what it would have written."""
        if received.outcome == "hit":
            return 0
        text, _ = self._write(received, body)
        return cost_micros(self.price(received.model), received.body, text)

    def fee_micros(self, received: Received, behaviour: Behaviour) -> int:
        return SEARCH_MICROS * behaviour.searches if "tools" in received.json else 0

    def _is_too_dear(self, body: dict[str, Any]) -> bool:
        most = body.get("provider", {}).get("max_price", {})
        names = ("prompt", "completion")
        asked = zip(self.price(body["model"]), names, strict=True)
        return any(price > most.get(name, price) for price, name in asked)

    def quality(self, model: str) -> float:
        return self._quality.get(model, int(sha256(model.encode()).hexdigest()[:6], 16) / 0xFFFFFF)

    async def _note(self, received: Received, event: str) -> None:
        async with self._changed:
            self._changed.notify_all()
        if self._log is None:
            return
        line = {
            "event": event,
            "n": received.n,
            "time": time.time(),
            "model": received.model,
            "stage": received.stage,
            "call": received.call,
            "body_sha256": received.body_sha256,
            "outcome": received.outcome,
            "billed": received.billed,
        }
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    async def _models(self, request: web.Request) -> web.Response:
        self.list_requests += 1
        if self._wrong_key(request):
            return self._refuse(401, "User not found.")
        if self.list_raw is not None:
            return web.Response(body=self.list_raw, content_type="application/json")
        entries = list(self.entries) if self.entries is not None else self._entries()
        offset = int(request.query.get("offset", "0"))
        page: dict[str, Any] = {
            "object": "list",
            "data": entries[offset : offset + self._page_size],
        }
        if offset + self._page_size < len(entries):
            page["links"] = {"next": f"{request.path}?offset={offset + self._page_size}"}
        return web.json_response(page)

    def _entries(self) -> list[Mapping[str, Any]]:
        if not self.openrouter:
            return [{"id": model, "object": "model", "owned_by": "lab"} for model in self.models]
        return [
            {
                "id": model,
                "name": f"Lab: {model.rpartition('/')[2].upper()}",
                "created": 1_760_000_000,
                "context_length": 128_000,
                "architecture": {
                    "input_modalities": ["text", *(["image"] if self.sees(model) else [])],
                    "output_modalities": ["text"],
                },
                "pricing": {
                    name: f"{usd / 1e6:.12f}"
                    for name, usd in zip(("prompt", "completion"), self.price(model), strict=True)
                },
                "top_provider": {"max_completion_tokens": 16_000},
                "supported_parameters": ["max_tokens", "reasoning"],
            }
            for model in self.models
        ]


@dataclass(frozen=True, slots=True)
class _Script:
    """Behaviours by the number of the call; a mix draws, else the last one stays."""

    behaviours: tuple[Behaviour, ...]
    mixed: bool
    seed: str

    @classmethod
    def read(cls, script: Any, seed: int, model: str) -> "_Script":
        mixed = isinstance(script, Mapping) and "mix" in script
        several = script["mix"] if mixed else script
        if isinstance(several, str | Behaviour | Mapping):
            several = [several]
        return cls(tuple(_behaviour(one) for one in several), mixed, f"{seed}/{model}")

    def behaviour(self, n: int) -> Behaviour:
        drawn = Random(f"{self.seed}/{n}").random()
        if not self.mixed:
            one = self.behaviours[min(n, len(self.behaviours) - 1)]
            return one if drawn < one.probability else Behaviour()
        for one in self.behaviours:
            drawn -= one.probability
            if drawn < 0:
                return one
        return Behaviour()


def _behaviour(value: Behaviour | str | Mapping[str, Any]) -> Behaviour:
    if isinstance(value, Behaviour):
        return value
    return Behaviour(do=value) if isinstance(value, str) else Behaviour(**value)  # type: ignore[arg-type]  # checked in __post_init__


_FIELDS = {
    "model",
    "messages",
    "stream",
    "stream_options",
    "max_completion_tokens",
    "max_tokens",
    "reasoning_effort",
    "temperature",
    "seed",
    "stop",
    "response_format",
}
_OPENROUTER_FIELDS = {"provider", "session_id", "metadata", "reasoning", "tools", "max_tool_calls"}
# Source: github.com/bobrware/bobrchat, issue 60, among many.
_NO_TOOLS = (
    "No endpoints found that support tool use. To learn more about provider routing, visit: "
    "https://openrouter.ai/docs/guides/routing/provider-selection"
)
_EFFORTS = ("max", "xhigh", "high", "medium", "low", "minimal", "none")


def _problem_of_messages(messages: Any) -> str:
    if not isinstance(messages, list) or not messages:
        return "messages is missing or empty."
    for message in messages:
        if not isinstance(message, dict) or message.keys() != {"role", "content"}:
            return "A message has a role and a content, nothing else."
        if message["role"] not in ("system", "user", "assistant"):
            return f"Invalid role: {message['role']}"
        if not words_in(message):
            return "A message's content is empty."
        if problem := problem_of_parts(message):
            return problem
    if messages[-1]["role"] != "user":
        return "The last message is not the user's."
    return ""


def _problem_of_options(body: dict[str, Any]) -> str:
    if "max_tokens" in body and "max_completion_tokens" in body:
        return "max_tokens and max_completion_tokens exclude each other."
    limit = body.get("max_completion_tokens", body.get("max_tokens"))
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        return "max_completion_tokens is missing."
    if "stream_options" in body and body.get("stream") is not True:
        return "stream_options goes with stream only."
    if body.get("stream_options", {"include_usage": True}) != {"include_usage": True}:
        return "stream_options is wrong."
    if body.get("reasoning_effort", "low") not in _EFFORTS:
        return "reasoning_effort is wrong."
    reasoning = body.get("reasoning", {"effort": "low"})
    if not isinstance(reasoning, dict) or reasoning.get("effort") not in _EFFORTS:
        return "reasoning is wrong."
    if problem := _problem_of_routing(body.get("provider", {})) or _problem_of_tools(body):
        return problem
    session = body.get("session_id", "-")
    if not isinstance(session, str) or not 0 < len(session) <= 256:
        return "session_id is wrong."
    metadata = body.get("metadata", {})
    if not isinstance(metadata, dict) or len(metadata) > 16:
        return "metadata is wrong."
    if any(not isinstance(value, str) or len(value) > 512 for value in metadata.values()):
        return "metadata holds something that is no short text."
    return ""


def _problem_of_tools(body: dict[str, Any]) -> str:
    """The web search that OpenRouter runs. Source: openrouter.ai/docs, "Web Search" among the server
    tools, and "Tool Call Limits"."""
    if "max_tool_calls" in body and body["max_tool_calls"] not in range(1, 31):
        return "max_tool_calls is wrong."
    tools = body.get("tools", [{"type": "openrouter:web_search"}])
    if not isinstance(tools, list) or not tools:
        return "tools is wrong."
    for tool in tools:
        if not isinstance(tool, dict) or tool.keys() - {"type", "parameters"}:
            return "A tool is wrong."
        if tool.get("type") != "openrouter:web_search":
            return "This server runs no such tool."
        known = {"engine": _ENGINES, "max_results": range(1, 26), "max_uses": range(1, 31)}
        known |= {"max_total_results": range(1, 1_000), "max_characters": range(1, 100_001)}
        for name, value in tool.get("parameters", {}).items():
            if isinstance(value, bool) or value not in known.get(name, ()):
                return f"tools.parameters.{name} is wrong."
    return ""


_ENGINES = ("auto", "native", "exa", "firecrawl", "parallel", "perplexity")


def _problem_of_routing(routing: Any) -> str:
    """Of OpenRouter's `provider`. Source: openrouter.ai/docs, "Provider Routing"."""
    known = {"data_collection", "max_price", "zdr", "require_parameters", "allow_fallbacks", "sort"}
    if not isinstance(routing, dict) or routing.keys() - known:
        return "provider is wrong."
    if routing.get("data_collection", "deny") not in ("allow", "deny"):
        return "provider.data_collection is wrong."
    prices = routing.get("max_price", {})
    if not isinstance(prices, dict) or prices.keys() - {"prompt", "completion", "request", "image"}:
        return "provider.max_price is wrong."
    if any(isinstance(p, bool) or not isinstance(p, int | float) or p < 0 for p in prices.values()):
        return "provider.max_price holds something that is no price."
    return ""


def _problem_of_cache(request: web.Request) -> str:
    if "X-OpenRouter-Cache" not in request.headers:
        return ""
    ttl = request.headers.get("X-OpenRouter-Cache-TTL", "300")
    return "" if ttl.isdecimal() and 1 <= int(ttl) <= 86_400 else "The cache's TTL is wrong."


def _error(
    status: int,
    message: str,
    *,
    code: str | int | None = None,
    metadata: Mapping[str, Any] | None = None,
    retry_after: str | None = None,
) -> web.Response:
    error: dict[str, Any] = {"code": status if code is None else code, "message": message}
    if metadata:
        error["metadata"] = metadata
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return web.json_response({"error": error}, status=status, headers=headers)


def _refusal(behaviour: Behaviour, model: str) -> web.Response | None:
    """The answer to a request that fails before any text; `None` for the other behaviours."""
    metadata: dict[str, Any] = {}
    retry_after = behaviour.retry_after
    match behaviour.do:
        case "unauthorised":
            status, message = 401, "User not found."
        case "no_credit":
            status, message = 402, "Insufficient credits. Add more."
            metadata = {"limit_source": "openrouter_credits"}
        case "in_flight_budget":
            status, message = 402, "Too many requests in flight for your balance."
            metadata = {"limit_source": "openrouter_in_flight_budget"}
            retry_after = retry_after or "1"
        case "moderated":
            status, message = 403, "Your input was flagged."
            metadata = {"reasons": ["violence"], "flagged_input": "...", "provider_name": "Lab"}
        case "budget_spent":
            status, message = 403, "Budget limit exceeded."
            metadata = {"limit_source": "openrouter_key_limit", "limit_usd": 1}
        case "unknown_model":
            status, message = 404, f"No endpoints found for {model}."
        case "unknown_model_400":
            status, message = 400, f"/chat/completions: Invalid model name passed in model={model}"
        case "rate_limited":
            status, message = 429, "Rate limit exceeded."
        case "quota":
            status, message = 429, "You exceeded your current quota."
            behaviour = Behaviour(code="insufficient_quota", message=behaviour.message)
        case "status":
            status, message = behaviour.status, "Something went wrong."
        case "body_error":
            metadata = {"raw": "upstream is overloaded", "provider_name": "Lab"}
            if retry_after:
                metadata["retry_after_seconds"] = int(retry_after)
            code = 502 if behaviour.code is None else behaviour.code
            message = behaviour.message or "Provider returned error"
            return _error(200, message, code=code, metadata=metadata)
        case _:
            return None
    return _error(
        status,
        behaviour.message or message,
        code=behaviour.code,
        metadata=metadata,
        retry_after=retry_after,
    )


class _Reply:
    """One answer on its way out."""

    def __init__(
        self,
        server: ModelServer,
        request: web.Request,
        received: Received,
        behaviour: Behaviour,
        text: str,
        *,
        finish_reason: str = "stop",
        hit: bool,
    ) -> None:
        self._server = server
        self._request = request
        self._received = received
        self._behaviour = behaviour
        self._hit = hit
        self._text = text
        self._finish_reason = finish_reason
        self._annotations = behaviour.annotations if "tools" in received.json else ()
        delay = behaviour.delay
        self._delay = server._chunk_delay if delay is None else delay
        self._id = f"gen-{received.n:06d}"
        self._headers = {"X-Generation-Id": self._id} if server.openrouter else {}
        if server._wants_cache(request):
            self._headers["X-OpenRouter-Cache-Status"] = "HIT" if hit else "MISS"
        if behaviour.cost == "header":
            self._headers["x-litellm-response-cost"] = f"{self._cost():.6f}"

    async def whole(self) -> web.Response:
        message: dict[str, Any] = {"role": "assistant", "content": self._text}
        if self._annotations:
            message["annotations"] = self._annotations
        if self._behaviour.reasoning:
            message[self._behaviour.reasoning] = "Hm."
        body = {"id": self._id, "object": "chat.completion", "model": self._received.model}
        choice = {"index": 0, "message": message, "finish_reason": self._finish_reason}
        self._received.billed = True
        self._charge()
        return web.json_response(
            {**body, "choices": [choice], **self._usage()}, headers=self._headers
        )

    async def stream(self) -> web.StreamResponse:
        self._response = web.StreamResponse(
            headers={**self._headers, "Content-Type": "text/event-stream", "Cache-Control": "no"}
        )
        await self._response.prepare(self._request)
        self._received.bill_micros = self._micros("")
        do = self._behaviour.do
        if self._server.openrouter or do == "hang_alive":
            await self._response.write(b": OPENROUTER PROCESSING\n\n" * 3)
        if do == "hang_alive":
            await self._server._closing.wait()
            return self._response
        if self._behaviour.reasoning or do == "all_reasoning":
            name = self._behaviour.reasoning or "reasoning"
            await self._delta({"role": "assistant", "content": "", name: "Hm, let me think."})
        if do == "all_reasoning":
            return await self._end("length", billed=True)
        if do == "content_filter":
            return await self._end("content_filter", billed=False)
        if do == "refusal":
            await self._delta({"refusal": "I can't help with that."})
            return await self._end("stop", billed=True)
        if do == "empty":
            return await self._end("stop", billed=False)
        return await self._pieces(do)

    async def _pieces(self, do: Do) -> web.StreamResponse:
        sent = ""
        broken = do in ("stream_error", "finish_error", "cut", "no_end", "truncated", "stall")
        for n, piece in enumerate(pieces_of(self._text)):
            if broken and n == self._behaviour.after:
                break
            if self._delay:
                await asyncio.sleep(self._delay)
            await self._delta({"content": piece})
            if self._annotations and self._behaviour.annotated == "repeated":
                await self._delta({"content": "", "annotations": self._annotations})
            sent += piece
            self._received.bill_micros = self._micros(sent)
            # From here on a client that leaves has had something to pay for.
            self._received.billed = not self._hit
        match do:
            case "stream_error":
                self._received.billed = False
                await self._event({**self._chunk({"content": ""}, "error"), **self._error()})
            case "finish_error":
                self._received.billed = False
                await self._event(self._chunk({}, "error"))
            case "garbage":
                self._received.billed = False
                await self._response.write(b"data: {torn\n\n")
            case "cut":
                self._received.billed = False
                transport = self._request.transport
                if transport is not None:
                    transport.close()  # sends what is buffered, but no end of the body
            case "no_end":
                self._received.billed = False
            case "stall":
                await self._server._closing.wait()
            case "truncated":
                return await self._end("length", billed=True)
            case "no_done":
                await self._event(self._chunk({}, self._finish_reason))
            case _:
                return await self._end(self._finish_reason, billed=not self._hit)
        return self._response

    def _error(self) -> dict[str, Any]:
        code = 502 if self._behaviour.code is None else self._behaviour.code
        message = self._behaviour.message or "Provider disconnected"
        return {"error": {"code": code, "message": message}}

    async def _end(self, finish_reason: str, *, billed: bool) -> web.StreamResponse:
        self._received.billed = billed
        annotated, cited = self._behaviour.annotated, {"annotations": self._annotations}
        if self._annotations and annotated == "between":
            await self._delta({"content": "", **cited})
        last = cited if self._annotations and annotated == "last" else {}
        await self._event(self._chunk(last, finish_reason))
        if self._annotations and annotated == "late":
            await self._delta({"role": "assistant", "content": "", **cited})
        if usage := self._usage():
            self._charge()
            await self._event({**self._chunk({}, None), "choices": [], **usage})
        await self._response.write(b"data: [DONE]\n\n")
        return self._response

    async def _delta(self, delta: dict[str, Any]) -> None:
        await self._event(self._chunk(delta, None))

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return {
            "id": self._id,
            "object": "chat.completion.chunk",
            "model": self._received.model,
            "choices": [choice],
        }

    async def _event(self, content: dict[str, Any]) -> None:
        data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        await self._response.write(b"data: " + data + b"\n\n")

    def _charge(self) -> None:
        """For the whole text, as the usage that goes along says."""
        self._received.bill_micros = self._micros(self._text)
        self._received.told = self._behaviour.usage

    def _usage(self) -> dict[str, Any]:
        if not self._behaviour.usage:
            return {}
        prompt, completion = (0, 0) if self._hit else self._tokens()
        usage: dict[str, Any] = {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }
        if self._behaviour.cost == "usage":
            usage["cost"] = self._cost()
        if "tools" in self._received.json:
            usage["server_tool_use"] = {"web_search_requests": self._behaviour.searches}
        return {"usage": usage}

    def _tokens(self) -> tuple[int, int]:
        return tokens_of(self._received.body, self._text)

    def _cost(self) -> float:
        return self._micros(self._text) / 1e6

    def _micros(self, text: str) -> int:
        if self._hit:
            return 0
        micros = cost_micros(self._server.price(self._received.model), self._received.body, text)
        return micros + self._server.fee_micros(self._received, self._behaviour)


def tokens_of(body: bytes, text: str) -> tuple[int, int]:
    messages = json.loads(body)["messages"]
    images = images_of(messages)
    prompt = (len(body) - sum(map(len, images))) // _CHARS_PER_TOKEN + tokens_of_images(images)
    return prompt, max(1, len(text) // _CHARS_PER_TOKEN)


def cost_micros(price: tuple[float, float], body: bytes, text: str) -> int:
    prompt, completion = tokens_of(body, text)
    return round(prompt * price[0] + completion * price[1])


def stage_of(messages: list[dict[str, Any]]) -> Stage:
    """A verdict is asked of a chairman; a revision shows one's own answer, and others with labels; a
    review shows these and asks for a ranking."""
    system = text_of(messages, {"system"})
    if not system:  # folded into what the user says, at its beginning
        system = words_in(messages[0]).partition("\n\n")[0]
    user = text_of(messages, {"user", "assistant"})
    if "chairman" in system.lower():
        return "verdict"
    if "\nYour answer\n" in user and labelled_answers(messages):
        return "revision"
    if labelled_answers(messages) and "FINAL RANKING:" in user + system:
        return "review"
    return "answer"


def labelled_answers(messages: list[dict[str, Any]]) -> dict[str, str]:
    """Label to text, in the order shown. A label stands alone on the line before its answer, which
    is fenced between two equal lines."""
    user = text_of(messages, {"user", "assistant"})
    found = re.findall(
        r"^Answer ([A-Z])\n([^\n]+)\n(.*?)\n\2$", user, flags=re.MULTILINE | re.DOTALL
    )
    return {label: text for label, _, text in found}


def write_answer(model: str, quality: float) -> str:
    """An answer that names nobody; the reviewers read its quality from the last sentence."""
    draw = Random(f"answer/{model}")
    opening = draw.choice(("In short, yes.", "It depends on the load.", "Probably not, and why:"))
    reason = draw.choice(
        (
            "Measure first, because the obvious cause is rarely the true one.",
            "Keep it simple until a number says otherwise.",
            "The naïve way – a single queue – is enough for most teams 🙂.",
        )
    )
    return f"{opening}\n\n{reason}\n\nI am sure of this to {round(quality * 1000)} in 1000."


def write_revision(messages: list[dict[str, Any]], quality: float) -> str:
    """A model that is surer than any other keeps its answer; the others follow the surest."""
    answers = labelled_answers(messages)
    surest = max(answers, key=lambda label: quality_of(answers[label]))
    if quality >= quality_of(answers[surest]):
        return "KEPT"
    sure = f"I am sure of this to {round(quality * 1000)} in 1000."
    return f"There is more to it than I said.\n\n{sure}\n\nCHANGED: {surest}"


def quality_of(text: str) -> float:
    """What a reviewer sees in an answer."""
    if stated := re.search(r"sure of this to (\d+) in 1000", text):
        return int(stated[1]) / 1000
    return int(sha256(text.encode()).hexdigest()[:6], 16) / 0xFFFFFF


def write_review(messages: list[dict[str, Any]]) -> str:
    answers = labelled_answers(messages)
    comments = [
        f"Answer {label} argues clearly and could say more about costs." for label in answers
    ]
    ranked = sorted(answers, key=lambda label: (-quality_of(answers[label]), answers[label]))
    lines = [f"{place}. Answer {label}" for place, label in enumerate(ranked, start=1)]
    return "\n".join(comments) + "\n\nFINAL RANKING:\n" + "\n".join(lines)


def write_verdict(messages: list[dict[str, Any]]) -> str:
    answers = labelled_answers(messages)
    best = max(answers, key=lambda label: quality_of(answers[label]), default="A")
    return (
        f"**Start with the simplest thing that can be measured, as Answer {best} says.**\n\n"
        "The answers agree on the direction and differ in the detail. Measure before changing "
        "anything, change one thing at a time, and stop when the number is good enough."
    )


def pieces_of(text: str) -> list[str]:
    """A text as a model sends it: a few words at a time."""
    return re.findall(r"\s*(?:\S+\s*){1,3}", text) or [text]


async def _serve(arguments: argparse.Namespace) -> None:
    server = ModelServer(
        behaviours=json.loads(arguments.behaviours),
        models=arguments.models.split(","),
        seed=arguments.seed,
        key=arguments.key,
        openrouter=arguments.openrouter,
        chunk_delay=arguments.chunk_delay,
        refusals=[Refusal(**one) for one in json.loads(arguments.refusals)],
        log=arguments.log,
    )
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with server:
        written = arguments.port_file.with_suffix(".part")
        written.write_text(str(server.port), encoding="ascii")
        written.replace(arguments.port_file)  # whoever waits for the file never reads half of it
        sys.stdout.write(
            f"{server.url}\n"
        )  # for whoever would rather read a line than watch a file
        sys.stdout.flush()
        await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--behaviours", default="{}", help="JSON, see the module's docstring")
    parser.add_argument("--refusals", default="[]", help="JSON, the fields of `Refusal` each")
    parser.add_argument("--models", default="lab/a,lab/b,lab/c,lab/d,lab/e")
    parser.add_argument("--key", default="sk-lab-0123456789abcdef")
    parser.add_argument("--openrouter", action="store_true")
    parser.add_argument("--chunk-delay", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
