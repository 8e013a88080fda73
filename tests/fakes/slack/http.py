"""One call to the local Web API, from socket to answer: log, authorise, limit, fail, handle.

Handlers are plain functions from a `Call` to JSON; nothing else runs while one does.
"""

import asyncio
import json
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

from tests.fakes.slack.faults import Fault, Faults
from tests.fakes.slack.limits import Limits, Tier, TooMany
from tests.fakes.slack.refusals import Json, Refusal
from tests.fakes.slack.state import Channel

TokenKind = Literal["bot", "app", "none"]
# Accepted everywhere and without effect here.
_COMMON = frozenset({"token", "team_id"})


@dataclass(frozen=True, slots=True)
class Call:
    """A call as a handler sees it."""

    arguments: Json
    check_scope: Callable[..., None]

    def text(self, name: str) -> str | None:
        value = self.arguments.get(name)
        return None if value is None else str(value)

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise Refusal("invalid_arguments", [f"missing required field: {name}"])
        return value

    def flag(self, name: str) -> bool:
        return str(self.arguments.get(name, "")).lower() in ("1", "true", "t")

    def number(self, name: str, default: int, low: int, high: int, error: str) -> int:
        value = self.text(name)
        if value is None:
            return default
        if not value.isdecimal() or not low <= int(value) <= high:
            raise Refusal(error)
        return int(value)

    def json(self, name: str, error: str) -> Any:
        """A structure, as such or as a string of JSON; None where it is absent."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise Refusal(error) from None

    def scope_of(self, channel: Channel, verb: str) -> None:
        """Require the scope for this kind of conversation, such as `groups:history`."""
        kinds = {"public": "channels", "private": "groups", "im": "im", "mpim": "mpim"}
        self.check_scope(f"{kinds[channel.kind]}:{verb}")


Handler = Callable[[Call], Json]


@dataclass(frozen=True, slots=True)
class Method:
    """`arguments` are all it takes; `scopes` are needed in full."""

    name: str
    handler: Handler
    tier: Tier
    arguments: frozenset[str]
    scopes: tuple[str, ...] = ()
    token: TokenKind = "bot"


def method(
    name: str,
    handler: Handler,
    tier: Tier,
    arguments: str = "",
    scopes: tuple[str, ...] = (),
    token: TokenKind = "bot",
) -> Method:
    """`arguments` separated by spaces."""
    return Method(name, handler, tier, frozenset(arguments.split()), scopes, token)


@dataclass(slots=True, eq=False)
class Request:
    """A line of the log. `status` None: not answered yet, or the connection was cut."""

    at: float
    method: str
    arguments: Json
    limit: str
    """What it counts against."""
    status: int | None = None
    answer: Json | None = None
    committed: bool = False


@dataclass(frozen=True, slots=True)
class Rejection:
    method: str
    error: str
    arguments: Json
    answer: Json


@dataclass(slots=True)
class Desk:
    """Serves methods and keeps the books."""

    bot_token: str
    app_token: str
    scopes: frozenset[str]
    limits: Limits
    faults: Faults
    changed: Callable[[], None]
    token_error: str = ""
    """What every call with the bot's token meets, such as `token_revoked`."""
    requests: list[Request] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    unknown_methods: list[str] = field(default_factory=list)
    unknown_arguments: list[str] = field(default_factory=list)
    """Slack ignores these without a word, so a typo in a name goes unnoticed there."""
    _methods: dict[str, Method] = field(default_factory=dict)

    def add(self, methods: tuple[Method, ...]) -> None:
        self._methods |= {each.name: each for each in methods}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        entry = Request(time.monotonic(), name, {}, name)
        self.requests.append(entry)
        try:
            entry.arguments = await _read(request)
            found = self._find(name)
            self._authorise(request, entry, found)
        except Refusal as refusal:
            return self._refuse(entry, refusal)
        if found.tier == "post":
            entry.limit = f"{name}:{entry.arguments.get('channel')}"
        too_many = self.limits.take(entry.limit, found.tier)
        if too_many is not None:
            return self._too_many(entry, too_many)
        fault = self.faults.take(name)
        if fault is not None and fault.delay_seconds:
            fault.reached.set()
            self.changed()
            await asyncio.sleep(fault.delay_seconds)
            fault = None
        if fault is not None and not fault.committed:
            return await self._fail(request, entry, fault)
        response = self._handle(found, entry)
        if fault is None:
            return response
        return await self._fail(request, entry, fault, response)

    def _find(self, name: str) -> Method:
        if name not in self._methods:
            self.unknown_methods.append(name)
            raise Refusal("unknown_method", req_method=name)
        return self._methods[name]

    def _authorise(self, request: web.Request, entry: Request, found: Method) -> None:
        token = entry.arguments.pop("token", None)
        bearer = request.headers.get("Authorization", "")
        if bearer.startswith("Bearer "):
            token = bearer.removeprefix("Bearer ")
        unknown = entry.arguments.keys() - found.arguments - _COMMON
        self.unknown_arguments += [f"{found.name} {name}" for name in sorted(unknown)]
        if found.token == "none":
            return
        if not token:
            raise Refusal("not_authed")
        if token not in (self.bot_token, self.app_token):
            raise Refusal("invalid_auth")
        if token != (self.bot_token if found.token == "bot" else self.app_token):
            raise Refusal("not_allowed_token_type")
        if token == self.bot_token and self.token_error:
            raise Refusal(self.token_error)
        if found.token == "bot":
            self.check_scope(*found.scopes)

    def check_scope(self, *needed: str) -> None:
        missing = [scope for scope in needed if scope not in self.scopes]
        if missing:
            provided = ",".join(sorted(self.scopes))
            raise Refusal("missing_scope", needed=",".join(missing), provided=provided)

    def _handle(self, found: Method, entry: Request) -> web.Response:
        try:
            answer = found.handler(Call(entry.arguments, self.check_scope))
        except Refusal as refusal:
            return self._refuse(entry, refusal)
        entry.committed = True
        entry.status, entry.answer = 200, {"ok": True, **answer}
        self.changed()
        return self._json(entry.answer)

    async def _fail(
        self,
        request: web.Request,
        entry: Request,
        fault: Fault,
        response: web.Response | None = None,
    ) -> web.StreamResponse:
        if fault.gate is not None:
            assert response is not None
            fault.reached.set()
            self.changed()
            await fault.gate.wait()
            return response
        answer = self._failure(request, entry, fault)
        fault.reached.set()
        self.changed()
        return answer

    def _failure(self, request: web.Request, entry: Request, fault: Fault) -> web.Response:
        if fault.retry_after_seconds is not None:
            seconds = fault.retry_after_seconds
            return self._too_many(entry, self.limits.refuse(entry.limit, seconds))
        if fault.error:
            return self._refuse(entry, Refusal(fault.error))
        entry.status = fault.status
        if fault.status is None:
            reset(request)
            return web.Response()  # goes nowhere: the socket is gone
        # As from a proxy in front of the API: no JSON.
        return web.Response(status=fault.status, text="upstream connect error")

    def _refuse(self, entry: Request, refusal: Refusal) -> web.Response:
        entry.status, entry.answer = 200, refusal.body
        self.rejections.append(
            Rejection(entry.method, refusal.error, entry.arguments, refusal.body)
        )
        self.changed()
        return self._json(refusal.body)

    def _too_many(self, entry: Request, refusal: TooMany) -> web.Response:
        entry.status, entry.answer = 429, {"ok": False, "error": "ratelimited"}
        self.changed()
        headers = {"Retry-After": str(refusal.retry_after_seconds)}
        return self._json(entry.answer, 429, headers)

    def _json(
        self, body: Json, status: int = 200, headers: dict[str, str] | None = None
    ) -> web.Response:
        scopes = {"X-OAuth-Scopes": ",".join(sorted(self.scopes))}
        return web.json_response(body, status=status, headers=scopes | (headers or {}))


async def _read(request: web.Request) -> Json:
    """Arguments from the address, a form and a JSON body, the latter winning."""
    arguments: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise Refusal("invalid_json") from None
        if not isinstance(body, dict):
            raise Refusal("json_not_object")
        return arguments | body
    return arguments | dict(await request.post())


def reset(request: web.Request) -> None:
    """Cut the connection so that the client sees ECONNRESET, not a clean end."""
    transport = request.transport
    assert transport is not None
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
