"""Models over HTTP: any OpenAI-compatible endpoint, OpenRouter among them, several at once.

One call is one request. Retries, hedges and deadlines belong to the caller; what comes back is read
in `completions`, and what the words mean is not known here.
"""

import asyncio
import json
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from httpx_aiohttp import HttpxAiohttpClient

from bot.completions import (
    TRANSPORT_ERRORS,
    UNREADABLE,
    Incoming,
    Saying,
    as_count,
    as_decimal,
    as_dict,
    as_json,
    as_list,
    failed,
    http_failure,
    read_completion,
    read_whole,
)
from bot.errors import InvalidConfiguration, ModelFailed
from bot.llm import Completion, ModelInfo, Request

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 10.0

# OpenRouter asks applications for an address and a title; the title is what it shows.
_OPENROUTER_HEADERS = {"HTTP-Referer": "https://council.example", "X-OpenRouter-Title": "Council"}

# The same key, body and header within the TTL (a day at most) is answered again without a bill.
# Source: openrouter.ai/docs, "Response caching".
_CACHE_HEADERS = {"X-OpenRouter-Cache": "true", "X-OpenRouter-Cache-TTL": "86400"}
_NO_ENDPOINT = "no endpoint is configured for this model; set one up or pick another model."


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server. `name` is the prefix of its models' ids, "" for the default endpoint.

    `openrouter` endpoints get OpenRouter's own fields and headers; strict servers answer 400 to
    those. Raises `InvalidConfiguration` where the URL or the key cannot be used.
    """

    name: str
    url: str
    key: str | None = field(default=None, repr=False)
    openrouter: bool = False

    def __post_init__(self) -> None:
        place = f"The endpoint {self.name}" if self.name else "The default endpoint"
        problems = []
        if not _is_plain_url(self.url):
            problems.append(f"{place} needs a plain URL like https://host/v1, and its key apart.")
        # A header cannot carry anything else, and the error about it would show the key.
        if self.key is not None and not re.fullmatch(r"[!-~]+", self.key):
            problems.append(f"{place} has a key with spaces or special characters; copy it again.")
        if problems:
            raise InvalidConfiguration(problems)


def _is_plain_url(text: str) -> bool:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return False
    extras = url.userinfo or url.query or url.fragment
    return (
        url.scheme in ("http", "https")
        and bool(url.host)
        and (url.port or 1) < 2**16
        and not extras
    )


class HttpProvider:
    """All endpoints behind one `llm.Provider`, on one connection pool for the process.

    `ollama/llama3` goes to the endpoint named `ollama` as `llama3`; an id whose prefix is no
    endpoint goes whole to the default one. Under `zdr` (zero data retention) nothing is asked to be
    kept for a repeat. `client` stands in for the usual pool and is closed with it.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        *,
        zdr: bool = False,
        time_scale: float = 1.0,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self._endpoints = {endpoint.name: endpoint for endpoint in endpoints}
        self._keys = tuple(endpoint.key for endpoint in endpoints if endpoint.key)
        self._zdr = zdr
        self._client = client or _client(CONNECT_SECONDS * time_scale)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The names of the endpoints, "" the default one."""
        return tuple(self._endpoints)

    def url(self, name: str) -> str:
        return self._endpoints[name].url

    def stored_body(self, request: Request) -> bytes | None:
        endpoint, model = self._route(request.model)
        # Under zdr no answer is kept for a repeat, so there is nothing that the body could find.
        keeps = endpoint is not None and endpoint.openrouter and not self._zdr
        return _body(endpoint, model, request) if endpoint and keeps else None

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        endpoint, model = self._route(request.model)
        if endpoint is None:
            raise ModelFailed("unknown_model", _NO_ENDPOINT)
        saying = Saying(self._keys, _names(request.model, model))
        answer = Incoming(saying, on_text or (lambda piece: None))
        try:
            async with self._client.stream(
                "POST",
                _address(endpoint, "chat/completions"),
                content=request.body or _body(endpoint, model, request),
                headers={**self._headers(endpoint), "Content-Type": "application/json"},
            ) as response:
                await read_completion(response, answer)
        except TRANSPORT_ERRORS as error:
            raise failed("unreachable", retryable=True) from error
        return answer.completion()

    async def models(self) -> tuple[ModelInfo, ...]:
        """The lists of all endpoints in one. An endpoint that gives none is left out; raises
        `ModelFailed` where none gives one."""
        lists: dict[str, tuple[ModelInfo, ...]] = {}
        failures: list[ModelFailed] = []

        async def read(name: str) -> None:
            try:
                lists[name] = await self.models_of(name)
            except ModelFailed as error:
                logger.warning("No list of models from the endpoint %r: %s", name, error)
                failures.append(error)

        async with asyncio.TaskGroup() as group:
            for name in self._endpoints:
                group.create_task(read(name))
        if failures and not lists:
            raise failures[0]
        return tuple(model for name in self._endpoints for model in lists.get(name, ()))

    async def models_of(self, name: str) -> tuple[ModelInfo, ...]:
        """The list of one endpoint, ids with its prefix. Raises `ModelFailed`."""
        endpoint = self._endpoints[name]
        address: str | None = _address(endpoint, "models")
        found: list[ModelInfo] = []
        today = datetime.now(UTC).date().isoformat()
        for _ in range(_PAGES):
            if address is None:
                break
            page = await self._page(endpoint, address)
            for entry in as_list(page.get("data")):
                if model := _model_info(as_dict(entry), name, today):
                    found.append(model)
            address = _next_page(address, page)
        return tuple(found)

    async def aclose(self) -> None:
        await self._client.aclose()

    def _route(self, model: str) -> tuple[Endpoint | None, str]:
        prefix, _, rest = model.partition("/")
        if prefix and rest and prefix in self._endpoints:
            return self._endpoints[prefix], rest
        return self._endpoints.get(""), model

    def _headers(self, endpoint: Endpoint) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
        if endpoint.openrouter:
            headers |= _OPENROUTER_HEADERS
            if not self._zdr:
                headers |= _CACHE_HEADERS
        return headers

    async def _page(self, endpoint: Endpoint, address: str) -> dict[str, Any]:
        saying = Saying(self._keys, ())
        try:
            async with self._client.stream(
                "GET", address, headers=self._headers(endpoint)
            ) as response:
                body = await read_whole(response)
        except TRANSPORT_ERRORS as error:
            raise failed("unreachable", retryable=True) from error
        content = as_json(body)
        if response.status_code != 200:
            raise http_failure(response.status_code, as_dict(content), response.headers, saying)
        if not isinstance(content, dict) or not isinstance(content.get("data"), list):
            raise failed("server_error", advice=UNREADABLE)
        return content


def _names(asked: str, sent: str) -> tuple[str, ...]:
    """What a provider may call a model, the longest first. "a" alone would also be an article."""
    short = sent.rpartition("/")[2]
    return asked, sent, *([short] if len(short) > 3 else [])


def _client(connect_seconds: float) -> httpx.AsyncClient:
    """A pool without limits of its own: how long and how much is asked, others decide.

    aiohttp beneath httpx costs half the CPU of httpx's own transport per streamed chunk
    (tests/bench/transports.py). To it 0 connections means no limit, and None a limit of 100.
    """
    return HttpxAiohttpClient(
        timeout=httpx.Timeout(None, connect=connect_seconds),
        limits=httpx.Limits(max_connections=0, keepalive_expiry=30),
        trust_env=True,
    )


def _address(endpoint: Endpoint, path: str) -> str:
    return f"{endpoint.url.rstrip('/')}/{path}"


def _body(endpoint: Endpoint, model: str, request: Request) -> bytes:
    """The same bytes for the same request: a repeat hits OpenRouter's cache by them."""
    body: dict[str, object] = {
        "model": model,
        "messages": [
            {"role": message.role, "content": message.content} for message in request.messages
        ],
        "max_completion_tokens": request.max_completion_tokens,
        "stream": True,
        # Ollama, vLLM and LiteLLM report no usage of a stream without it.
        "stream_options": {"include_usage": True},
    }
    if endpoint.openrouter:
        body["provider"] = {"data_collection": "deny"}
        body["session_id"] = request.tag.partition("/")[0]
        body["metadata"] = {"call": request.tag}
        if request.effort:
            body["reasoning"] = {"effort": request.effort}
    elif request.effort:
        body["reasoning_effort"] = request.effort
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    # Half of a surrogate pair, which chats do send, has no place in UTF-8.
    return text.encode("utf-8", "replace")


# OpenRouter lists up to 500 models a page; twenty pages are more than all models there are.
_PAGES = 20


def _next_page(address: str, page: dict[str, Any]) -> str | None:
    following = as_dict(page.get("links")).get("next")
    if not isinstance(following, str):
        return None
    try:
        here, there = httpx.URL(address), httpx.URL(address).join(following)
    except httpx.InvalidURL:
        return None
    # The key goes along with the request, so it goes nowhere else.
    same_place = (here.scheme, here.netloc) == (there.scheme, there.netloc)
    return str(there) if same_place and there != here else None


def _model_info(entry: dict[str, Any], endpoint: str, today: str) -> ModelInfo | None:
    """One entry of a list; `None` for one that is malformed, writes no text, or has expired."""
    model = entry.get("id")
    if not isinstance(model, str) or not model:
        return None
    outputs = as_dict(entry.get("architecture")).get("output_modalities")
    if isinstance(outputs, list) and "text" not in outputs:
        return None
    expires = entry.get("expiration_date")
    if isinstance(expires, str) and expires[:10] < today:
        return None
    pricing = as_dict(entry.get("pricing"))
    name = entry.get("name")
    return ModelInfo(
        id=f"{endpoint}/{model}" if endpoint else model,
        name=name if isinstance(name, str) else "",
        context_tokens=as_count(entry.get("context_length")) or None,
        max_completion_tokens=as_count(
            as_dict(entry.get("top_provider")).get("max_completion_tokens")
        )
        or None,
        prompt_usd_per_million=_usd_per_million(pricing.get("prompt")),
        completion_usd_per_million=_usd_per_million(pricing.get("completion")),
        created=as_count(entry.get("created")),
    )


def _usd_per_million(per_token: object) -> float | None:
    """OpenRouter gives dollars per token as a string; its routers, whose price varies, "-1"."""
    price = as_decimal(per_token)
    return None if price is None else float(price * 1_000_000)
