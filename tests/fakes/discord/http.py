"""One request to the local Discord, from socket to answer: log, authorise, limit, fail, handle.

Handlers are plain functions from a `Call` to JSON; nothing else runs while one does.
"""

import asyncio
import json
import re
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from tests.fakes.discord.faults import Fault, Faults
from tests.fakes.discord.limits import Limits, TooMany, answer
from tests.fakes.discord.messages import REQUEST_LIMIT_BYTES, Files
from tests.fakes.discord.refusals import Form, Json, Refusal

API = "/api/v10"


@dataclass(frozen=True, slots=True)
class Call:
    """A request as a handler sees it."""

    params: dict[str, str]
    query: dict[str, str]
    body: Any
    files: Files

    def id(self, name: str) -> int:
        """A snowflake from the path; 50035 if it is none."""
        value = self.params[name]
        if not value.isdecimal():
            form = Form()
            form.add((name,), "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
            form.refuse()
        return int(value)

    @property
    def fields(self) -> Json:
        """The body as an object; 50109 if it is none."""
        if not isinstance(self.body, dict):
            raise Refusal(50109)
        return self.body


Handler = Callable[[Call], Json | list[Json] | None]


@dataclass(frozen=True, slots=True)
class Route:
    """`major` names the path's parameters that have buckets of their own."""

    method: str
    path: str
    handler: Handler
    bucket: str = "other"
    major: tuple[str, ...] = ()
    token: bool = True
    """Whether the bot's token is asked for, and the request counts towards the global limit."""


@dataclass(slots=True, eq=False)
class Request:
    """A line of the log. `status` None: not answered yet, or the connection was cut."""

    at: float
    method: str
    path: str
    query: dict[str, str]
    body: Any
    files: tuple[str, ...]
    status: int | None = None
    answer: Any = None
    committed: bool = False


@dataclass(frozen=True, slots=True)
class Rejection:
    method: str
    path: str
    status: int
    code: int
    body: Json


@dataclass(slots=True)
class Desk:
    """Serves routes and keeps the books."""

    token: str
    limits: Limits
    faults: Faults
    changed: Callable[[], None]
    requests: list[Request] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    unknown_routes: list[str] = field(default_factory=list)

    def add(self, app: web.Application, routes: tuple[Route, ...]) -> None:
        for route in routes:
            app.router.add_route(route.method, API + route.path, self._serving(route))

    def add_unknown(self, app: web.Application) -> None:
        """To be called last: everything no route takes is answered 404 and remembered."""
        app.router.add_route("*", "/{tail:.*}", self._unknown)

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        self.unknown_routes.append(f"{request.method} {request.path}")
        self.changed()
        return _json(404, {"message": "404: Not Found", "code": 0}, {})

    def _serving(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            return await self._serve(request, route)

        return serve

    async def _serve(self, request: web.Request, route: Route) -> web.StreamResponse:
        query = dict(request.query)
        path = request.path.removeprefix(API)
        entry = Request(time.monotonic(), request.method, path, query, None, ())
        self.requests.append(entry)
        try:
            entry.body, files = await _read(request)
        except Refusal as refusal:
            return self._refuse(entry, refusal, {})
        entry.files = tuple(name for name, _ in files.values())
        if route.token and request.headers.get("Authorization") != f"Bot {self.token}":
            return self._refuse(entry, Refusal(0), {})
        headers, too_many = self._limit(request, route)
        if too_many is not None:
            return self._too_many(entry, too_many, headers)
        fault = self.faults.take(request.method, path)
        if fault is not None and not fault.committed:
            return await self._fail(request, entry, fault)
        if fault is not None and fault.delay_seconds:
            fault.reached.set()
            await asyncio.sleep(fault.delay_seconds)
        call = Call(dict(request.match_info), query, entry.body, files)
        response = self._handle(route, entry, call, headers)
        if fault is None or fault.delay_seconds:
            return response
        return await self._fail(request, entry, fault, response)

    def _limit(self, request: web.Request, route: Route) -> tuple[dict[str, str], TooMany | None]:
        if route.bucket == "none":
            return {}, None
        major = "+".join(request.match_info[name] for name in route.major)
        return self.limits.take(route.bucket, major, globally=route.token)

    def _handle(
        self, route: Route, entry: Request, call: Call, headers: dict[str, str]
    ) -> web.Response:
        try:
            found = route.handler(call)
        except Refusal as refusal:
            return self._refuse(entry, refusal, headers)
        entry.committed = True
        entry.status, entry.answer = (204 if found is None else 200), found
        self.changed()
        return _json(entry.status, found, headers)

    async def _fail(
        self,
        request: web.Request,
        entry: Request,
        fault: Fault,
        response: web.Response | None = None,
    ) -> web.StreamResponse:
        fault.reached.set()
        self.changed()
        if fault.gate is not None:
            await fault.gate.wait()
            assert response is not None
            return response
        if fault.refusal is not None:
            return self._refuse(entry, fault.refusal, {})
        entry.status = fault.status
        self.changed()
        if fault.status is None:
            _reset(request)
            return web.Response()  # goes nowhere: the socket is gone
        # As from a proxy in front of the API: no JSON.
        kind = "text/html" if fault.page.startswith("<") else "text/plain"
        return web.Response(
            status=fault.status, text=fault.page, content_type=kind, headers=fault.headers
        )

    def _refuse(self, entry: Request, refusal: Refusal, headers: dict[str, str]) -> web.Response:
        entry.status, entry.answer = refusal.status, refusal.body
        code = refusal.body["code"]
        self.rejections.append(
            Rejection(entry.method, entry.path, refusal.status, code, refusal.body)
        )
        self.changed()
        return _json(refusal.status, refusal.body, headers)

    def _too_many(self, entry: Request, refusal: TooMany, headers: dict[str, str]) -> web.Response:
        more, body = answer(refusal)
        entry.status, entry.answer = 429, body
        self.changed()
        return _json(429, body, headers | more)


def _json(status: int, body: Any, headers: dict[str, str]) -> web.Response:
    """JSON with the bare content type: with a charset in it, discord.py does not parse it."""
    if body is None:
        return web.Response(status=204, headers=headers)
    content = json.dumps(body).encode()
    return web.Response(
        status=status, body=content, headers=headers | {"Content-Type": "application/json"}
    )


async def _read(request: web.Request) -> tuple[Any, Files]:
    if (request.content_length or 0) > REQUEST_LIMIT_BYTES + 1024 * 1024:
        raise Refusal(40005)
    if request.content_type == "multipart/form-data":
        return await _read_parts(request)
    raw = await request.read()
    try:
        return (json.loads(raw) if raw else None), {}
    except ValueError:
        raise Refusal(50109) from None


async def _read_parts(request: web.Request) -> tuple[Any, Files]:
    body: Any = None
    files: Files = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        name = part.name or ""
        numbered = re.fullmatch(r"files\[(\d+)\]", name)
        content = bytes(await part.read(decode=True))
        if name == "payload_json":
            body = json.loads(content)
        elif numbered:
            files[int(numbered[1])] = (part.filename or "unknown", content)
        else:
            raise Refusal(50035, {"_errors": [{"code": "UNKNOWN_PART", "message": name}]})
    return body, files


def _reset(request: web.Request) -> None:
    """Cut the connection so that the client sees ECONNRESET, not a clean end."""
    transport = request.transport
    assert transport is not None
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
