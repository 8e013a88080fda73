"""Models over HTTP: any OpenAI-compatible endpoint, OpenRouter among them, several at once.

One call is one request that a server works on. One that it takes on other terms only is put
right at once, which costs nothing. Retries, hedges and deadlines belong to the caller; what comes
back is read in `incoming`, and what the words mean is not known here.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote

import httpx

from bot.errors import InvalidConfiguration, ModelFailed, Spent
from bot.language import N_, _
from bot.llm import Completion, ModelInfo, Request
from bot.models.connection import CONNECT_SECONDS, CONNECT_SECONDS_AT_LEAST, pool, unreachable
from bot.models.event_stream import TRANSPORT_ERRORS, read_start, read_whole
from bot.models.failures import (
    UNREADABLE,
    WRONG_ADDRESS,
    Saying,
    ServerFailed,
    failed,
    failure_of,
)
from bot.models.gate import as_count, as_dict, as_json, as_text
from bot.models.images import is_about_images, with_images
from bot.models.incoming import Incoming, micros_of
from bot.models.model_lists import LIST_LIMIT_BYTES, PAGES, entries_of, model_info, next_page
from bot.models.reports import is_page, report_of
from bot.models.searching import SEARCH_USD
from bot.models.terms import CAREFUL, KnownTerms, Routing, Terms
from bot.models.wire import GATHER_SECONDS, USAGE_SECONDS, Traffic, read_completion

logger = logging.getLogger(__name__)

# OpenRouter asks applications for an address and a title; the title is what it shows.
_OPENROUTER_HEADERS = {"HTTP-Referer": "https://council.example", "X-OpenRouter-Title": "Council"}

# The same key, body and header within the TTL (a day at most) is answered again without a bill.
# Source: openrouter.ai/docs, "Response caching".
_CACHE_HEADERS = {"X-OpenRouter-Cache": "true", "X-OpenRouter-Cache-TTL": "86400"}
_NO_KEY = N_("the server wants a key; set COUNCIL_MODEL_KEY.")
_NO_KEY_OF = N_(
    "the endpoint {name} wants a key; write ;key=NAME behind its address in COUNCIL_ENDPOINTS, "
    "where NAME is a variable that holds it."
)
_NO_ENDPOINT = N_("no endpoint is configured for this model; set one up or pick another model.")
# Terms for one request that are tried: a server may refuse a field, a role and a length in turn.
_TERMS_TRIED = 8
_REDIRECTS = 3
# Hosts that keep what they are sent within a region. Source: openrouter.ai/docs, "In-Region Routing".
_REGIONS = ".openrouter.ai"
_BIG_LIST_BYTES = 512 * 1024
_ERROR_LIMIT_BYTES = 64 * 1024


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
        place = _("The endpoint {name}", name=self.name) if self.name else _("The default endpoint")
        problems = []
        if not _is_plain_url(self.url):
            problems.append(
                _("{place} needs a plain URL like https://host/v1, and its key apart.", place=place)
            )
        # A header cannot carry anything else, and the error about it would show the key.
        if self.key is not None and not re.fullmatch(r"[!-~]+", self.key):
            problems.append(
                _(
                    "{place} has a key with spaces or special characters; copy it again.",
                    place=place,
                )
            )
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
    endpoint goes whole to the default one. `routing` is for OpenRouter: under its `zdr` nothing is
    asked to be kept for a repeat either. `client` stands in for the usual pool and is closed with it.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        *,
        routing: Routing = CAREFUL,
        time_scale: float = 1.0,
        usage_seconds: float = USAGE_SECONDS,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self._endpoints = {endpoint.name: endpoint for endpoint in endpoints}
        self._keys = tuple(endpoint.key for endpoint in endpoints if endpoint.key)
        self._zdr = routing.zdr
        self._traffic = Traffic(
            usage_seconds=usage_seconds, gather_seconds=GATHER_SECONDS * time_scale
        )
        self._known = KnownTerms(routing)
        self._moved: set[str] = set()
        self._client = client or pool(max(CONNECT_SECONDS * time_scale, CONNECT_SECONDS_AT_LEAST))

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The names of the endpoints, "" the default one."""
        return tuple(self._endpoints)

    def url(self, name: str) -> str:
        return self._endpoints[name].url

    def know(self, name: str, models: Iterable[ModelInfo]) -> None:
        """Ask an endpoint's models for no more than its list, read now or before, says they hold."""
        self._known.list(name, models)

    def stored_body(self, request: Request) -> bytes | None:
        endpoint, model = self._route(request.model)
        # Under zdr no answer is kept for a repeat, so there is nothing that the body could find.
        keeps = endpoint is not None and endpoint.openrouter and not self._zdr
        if endpoint is None or not keeps:
            return None
        terms = self._terms(endpoint, model)
        return terms.body(model, self._searching(request)) if terms.cacheable else None

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        endpoint, model = self._route(request.model)
        if endpoint is None:
            raise ModelFailed("unknown_model", _(_NO_ENDPOINT))
        request = self._searching(request)
        saying = Saying(self._keys, _names(request.model, model))
        terms = self._terms(endpoint, model)
        body = request.body or terms.body(model, request)
        refusal: ModelFailed = failed("server_error")
        for tried in range(_TERMS_TRIED):
            if tried:
                request.resent()
            answer = Incoming(
                saying,
                on_text or (lambda piece: None),
                max_completion_tokens=request.max_completion_tokens,
                thinking=terms.thinking,
                searching=terms.searches(request),
            )
            try:
                headers = self._headers(endpoint, cached=terms.cacheable)
                sent = with_images(body, request.images)
                return await self._ask(endpoint, sent, answer, headers, request.named)
            except ServerFailed as error:
                if answer.began:
                    raise
                if _is_unseeing(error, request):
                    error.unseeing, error.retryable = True, False
                    raise
                if body != (known := terms.body(model, request)) and request.messages:
                    body = known  # what was stored is of older terms
                    continue
                adapted = terms.adapted(error.report, request)
                if adapted is None:
                    told = terms.too_long(error.report, request, saying)
                    raise told or _keyless(error, endpoint, saying) or error from error
                terms, body, refusal = adapted, adapted.body(model, request), error
            finally:
                if answer.began:
                    kept = replace(terms, thinking=answer.begins_in_thought)
                    self._known.keep(endpoint.name, model, kept)
        raise refusal

    def search_usd(self, model: str) -> float | None:
        """Under zdr none: a search engine keeps what it is asked by terms of its own; and none within
        one region, which nothing is to leave. Source: openrouter.ai/docs, "Server Tools", privacy, and
        "In-Region Routing"."""
        endpoint, _ = self._route(model)
        if endpoint is None or not endpoint.openrouter or self._zdr:
            return None
        return None if httpx.URL(endpoint.url).host.endswith(_REGIONS) else SEARCH_USD

    def _searching(self, request: Request) -> Request:
        """The same, without what its server has not."""
        has_search = self.search_usd(request.model) is not None
        return request if has_search else replace(request, searches=0)

    async def billed(self, model: str, generation_id: str) -> Spent | None:
        """Source: openrouter.ai/docs, "Get a generation"."""
        endpoint, _ = self._route(model)
        if endpoint is None or not endpoint.openrouter:
            return None
        address = f"{_address(endpoint, 'generation')}?id={quote(generation_id, safe='')}"
        async with self._open("GET", endpoint, address, self._headers(endpoint)) as response:
            body = await read_start(response, _ERROR_LIMIT_BYTES)
            if not response.is_success:
                report = report_of(response.status_code, body, response.headers)
                raise failure_of(report, Saying(self._keys, ()))
        told = as_dict(as_dict(as_json(body)).get("data"))
        prompt, completion = (
            as_count(told.get(f"native_tokens_{part}")) for part in ("prompt", "completion")
        )
        return Spent(prompt, completion, micros_of(told.get("total_cost")))

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
        for __ in range(PAGES):
            if address is None:
                break
            page = await self._page(endpoint, address)
            # Some lists have a hundred thousand entries, and the loop has others to serve.
            found += await asyncio.to_thread(_models_in, page, name, today)
            address = next_page(address, page)
        self.know(name, found)
        return tuple(found)

    async def aclose(self) -> None:
        await self._client.aclose()

    def _route(self, model: str) -> tuple[Endpoint | None, str]:
        prefix, _, rest = model.partition("/")
        if prefix and rest and prefix in self._endpoints:
            return self._endpoints[prefix], rest
        return self._endpoints.get(""), model

    def _terms(self, endpoint: Endpoint, model: str) -> Terms:
        return self._known.of(endpoint.name, model, openrouter=endpoint.openrouter)

    def _headers(self, endpoint: Endpoint, *, cached: bool = True) -> dict[str, str]:
        # Small events gain nothing from compression, and what is packed may be a bomb.
        headers = {"Accept-Encoding": "identity"}
        if endpoint.key:
            headers["Authorization"] = f"Bearer {endpoint.key}"
        if endpoint.openrouter:
            headers |= _OPENROUTER_HEADERS
            if cached and not self._zdr:
                headers |= _CACHE_HEADERS
        return headers

    async def _ask(
        self,
        endpoint: Endpoint,
        body: bytes,
        answer: Incoming,
        headers: dict[str, str],
        named: Callable[[str], None],
    ) -> Completion:
        address = _address(endpoint, "chat/completions")
        headers["Content-Type"] = "application/json"
        async with self._open("POST", endpoint, address, headers, body) as response:
            if endpoint.openrouter and response.is_success:
                named(as_text(response.headers.get("X-Generation-Id"), 200))
            return await read_completion(response, answer, self._traffic)

    @asynccontextmanager
    async def _open(
        self,
        method: Literal["GET", "POST"],
        endpoint: Endpoint,
        address: str,
        headers: dict[str, str],
        body: bytes | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """One response, redirects within its host followed. Raises `ModelFailed` for any other."""
        try:
            for __ in range(_REDIRECTS):
                async with self._client.stream(
                    method, address, content=body, headers=headers
                ) as response:
                    if not response.has_redirect_location:
                        yield response
                        return
                    address = self._moved_to(endpoint, address, response.headers["Location"])
        except TRANSPORT_ERRORS as error:
            raise unreachable(error) from error
        raise failed("unreachable", advice=WRONG_ADDRESS)

    def _moved_to(self, endpoint: Endpoint, address: str, location: str) -> str:
        """Where a redirect leads. Raises `ModelFailed` where the key must not go along."""
        try:
            here, there = httpx.URL(address), httpx.URL(address).join(location[:2_000])
        except httpx.InvalidURL:
            raise failed("unreachable", advice=WRONG_ADDRESS) from None
        place = Saying(self._keys, ()).of(
            f"{there.scheme}://{there.netloc.decode('ascii', 'replace')}"
        )
        if not _is_same_host(here, there):
            raise failed(
                "unreachable",
                advice=_(
                    "the endpoint sends its callers on to {place}, which is another host "
                    "and gets no key from here; if that is right, set the endpoint's "
                    "address to it.",
                    place=place,
                ),
            )
        if endpoint.name not in self._moved:
            self._moved.add(endpoint.name)
            logger.warning(
                "%s sends every request on to %s; set its address to that.",
                f"The endpoint {endpoint.name}" if endpoint.name else "The default endpoint",
                place,
            )
        return str(there)

    async def _page(self, endpoint: Endpoint, address: str) -> object:
        async with self._open("GET", endpoint, address, self._headers(endpoint)) as response:
            if not response.is_success:
                start = await read_start(response, _ERROR_LIMIT_BYTES)
                saying = Saying(self._keys, ())
                error = failure_of(report_of(response.status_code, start, response.headers), saying)
                raise _keyless(error, endpoint, saying) or error
            body = await read_whole(response, LIST_LIMIT_BYTES)
        big = len(body) > _BIG_LIST_BYTES
        content: object = await asyncio.to_thread(as_json, body) if big else as_json(body)
        if entries_of(content) is None:
            if is_page(body):
                raise failed("unreachable", advice=WRONG_ADDRESS)
            raise failed("server_error", advice=UNREADABLE)
        return content


def _keyless(error: ServerFailed, endpoint: Endpoint, saying: Saying) -> ModelFailed | None:
    """What a refused key means where there is none."""
    if error.kind != "unauthorised" or endpoint.key or error.report.is_page:
        return None
    advice = _(_NO_KEY_OF, name=endpoint.name) if endpoint.name else _(_NO_KEY)
    return failed("unauthorised", advice=advice, said=saying.of(error.report.message))


def _is_unseeing(error: ServerFailed, request: Request) -> bool:
    """Whether it was refused for its images; what no model is to see is no matter of eyes."""
    is_refused = error.kind == "refused"
    return bool(request.images) and not is_refused and is_about_images(error.report)


def _models_in(page: object, endpoint: str, today: str) -> list[ModelInfo]:
    models = (model_info(as_dict(entry), endpoint, today) for entry in entries_of(page) or ())
    return [model for model in models if model]


def _is_same_host(here: httpx.URL, there: httpx.URL) -> bool:
    """Whether a key may follow: the same server, or the same over TLS."""
    if here.host != there.host or there.userinfo:
        return False
    if (here.scheme, here.port) == (there.scheme, there.port):
        return True
    return (here.scheme, there.scheme) == ("http", "https") and here.port is there.port is None


def _names(asked: str, sent: str) -> tuple[str, ...]:
    """What a provider may call a model, the longest first. "a" alone would also be an article."""
    short = sent.rpartition("/")[2]
    return asked, sent, *([short] if len(short) > 3 else [])


def _address(endpoint: Endpoint, path: str) -> str:
    return f"{endpoint.url.rstrip('/')}/{path}"
