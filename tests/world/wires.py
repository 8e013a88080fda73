"""The network: requests go to the strict local servers without a socket, and some never arrive, or
their answers do not.

`Wires.installed` puts it in the place of aiohttp's sessions, which every library here uses.
"""

import asyncio
import errno
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from tests.fakes.discord.http import API, Call, Request, Route
from tests.fakes.discord.refusals import Refusal
from tests.fakes.discord_server import DiscordServer
from tests.fakes.slack import http as slack_http
from tests.fakes.slack.refusals import Refusal as SlackRefusal
from tests.fakes.slack_server import SlackServer
from tests.world.loop import LIFE, WorldLoop

SLACK, DISCORD = "slack.world", "discord.com"


class Answer:
    """As much of aiohttp's response as the libraries look at."""

    def __init__(self, made: web.Response) -> None:
        self.status = made.status
        self.reason = made.reason or ""
        self.headers: CIMultiDict[str] = CIMultiDict(made.headers)
        self.content_type = made.content_type
        body = made.body
        self._body = bytes(body) if isinstance(body, bytes | bytearray) else b""

    async def read(self) -> bytes:
        return self._body

    async def text(self, encoding: str | None = None) -> str:
        return self._body.decode(encoding or "utf-8", "replace")

    async def json(self, **_: Any) -> Any:
        if self.content_type != "application/json":
            raise aiohttp.ContentTypeError(SimpleNamespace(real_url=URL("x:")), ())  # type: ignore[arg-type]
        return json.loads(self._body)

    def raise_for_status(self) -> None:
        if self.status >= 400:
            info: Any = SimpleNamespace(real_url=URL("x:"))
            raise aiohttp.ClientResponseError(info, (), status=self.status)


class Wires:
    """`trouble` is the share of requests that something happens to; `seen` is told of every message
    that was posted or edited: the platform's name, its channel and the message."""

    def __init__(self, loop: WorldLoop, slack: SlackServer, discord: DiscordServer) -> None:
        self.loop = loop
        self.slack = slack
        self.discord = discord
        self.trouble = 0.0
        self.seconds = 0.05  # that a request takes to get there
        self.away: set[str] = set()  # hosts that nobody reaches
        self.seen: Callable[[str, str, Any], None] = lambda platform, kind, message: None
        self.lost: list[float] = []  # when an answer was lost, or nobody was there
        self._routes = [(route, _pattern(route.path)) for route in discord.routes]

    @contextmanager
    def installed(self) -> Iterator[None]:
        wires = self

        class Session(_Session):
            _wires = wires

        before = aiohttp.ClientSession
        everywhere: Any = aiohttp
        everywhere.ClientSession = Session
        try:
            yield
        finally:
            everywhere.ClientSession = before

    async def send(self, method: str, url: str, sent: dict[str, Any]) -> Answer:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _require_life()
        await self._travel()
        draw = self.loop.random.random()
        if host in self.away:
            self.lost.append(self.loop.time())
        if host in self.away or draw < self.trouble * 0.35:
            raise _broken(self.loop.random.random())
        if draw < self.trouble * 0.5:
            return Answer(web.Response(status=503, text="upstream connect error"))
        if draw < self.trouble * 0.6:
            await asyncio.sleep(self.loop.random.uniform(1, 40))
        _require_life()
        made = (
            self._on_discord(method, parts, sent)
            if host == DISCORD
            else await self._on_slack(method, parts, sent)
        )
        self.loop.note(f"{method} {parts.path} {made.status}")
        await self._travel()
        if self.trouble * 0.6 <= draw < self.trouble:
            self.lost.append(self.loop.time())
            if draw < self.trouble * 0.8:
                return Answer(web.Response(status=502, text="bad gateway"))
            raise _broken(self.loop.random.random())
        return Answer(made)

    async def _travel(self) -> None:
        await asyncio.sleep(min(10.0, self.loop.random.expovariate(1 / self.seconds)))
        _require_life()

    # Discord

    def _on_discord(self, method: str, parts: Any, sent: dict[str, Any]) -> web.Response:
        desk: Any = self.discord.desk
        path = parts.path.removeprefix(API)
        query = dict(parse_qsl(parts.query)) | {
            name: str(value) for name, value in dict(sent.get("params") or {}).items()
        }
        body, files = _discord_body(sent)
        for route, pattern in self._routes:
            if route.method == method and (found := pattern.fullmatch(path)):
                break
        else:
            raise AssertionError(f"no such route on Discord: {method} {path}")
        params = {name: unquote(value) for name, value in found.groupdict().items()}
        names = tuple(name for name, _ in files.values())
        entry = Request(self.loop.time(), method, path, query, body, names)
        headers, too_many = desk._limit(SimpleNamespace(match_info=params), route)
        if too_many is not None:
            return desk._too_many(entry, too_many, headers)  # type: ignore[no-any-return]
        made: web.Response = desk._handle(route, entry, Call(params, query, body, files), headers)
        if entry.committed and "/messages" in route.path and isinstance(entry.answer, dict):
            message = self.discord.world.messages.get(int(entry.answer.get("id", 0)))
            if message is not None and method in ("POST", "PATCH"):
                self.seen("discord", "post" if method == "POST" else "edit", message)
        return made

    # Slack

    async def _on_slack(self, method: str, parts: Any, sent: dict[str, Any]) -> web.Response:
        path: str = parts.path
        if path.startswith("/api/"):
            return self._slack_method(path.removeprefix("/api/"), sent)
        body = sent.get("data") or b""
        if sent.get("json") is not None:
            body = json.dumps(sent["json"])
        raw = body if isinstance(body, bytes) else str(body).encode()
        last = path.rpartition("/")[2]

        async def read() -> bytes:
            return raw

        async def text() -> str:
            return raw.decode()

        request: Any = SimpleNamespace(match_info={"id": last, "key": last}, read=read, text=text)
        if path.startswith("/response/"):
            made = await self.slack.interactions.respond(request)
        elif path.startswith("/upload/"):
            made = await self.slack.files.upload(request)
        else:
            raise AssertionError(f"no such address on Slack: {method} {path}")
        assert isinstance(made, web.Response)
        return made

    def _slack_method(self, name: str, sent: dict[str, Any]) -> web.Response:
        desk: Any = self.slack.desk
        arguments: dict[str, Any] = {}
        for part in ("params", "data", "json"):
            arguments |= dict(sent.get(part) or {})
        entry = slack_http.Request(self.loop.time(), name, arguments, name)
        headers = CIMultiDict(sent.get("headers") or {})
        try:
            found = desk._find(name)
            desk._authorise(SimpleNamespace(headers=headers), entry, found)
        except SlackRefusal as refusal:
            return desk._refuse(entry, refusal)  # type: ignore[no-any-return]
        if found.tier == "post":
            entry.limit = f"{name}:{arguments.get('channel')}"
        too_many = desk.limits.take(entry.limit, found.tier)
        if too_many is not None:
            return desk._too_many(entry, too_many)  # type: ignore[no-any-return]
        made: web.Response = desk._handle(found, entry)
        if entry.committed and name in ("chat.postMessage", "chat.update") and entry.answer:
            channel = self.slack.world.channels[entry.answer["channel"]]
            message = channel.messages[entry.answer["ts"]]
            self.seen("slack", "post" if name == "chat.postMessage" else "edit", message)
        return made


class _Session:
    """Stands in for `aiohttp.ClientSession`."""

    _wires: Wires
    closed = False

    def __init__(self, *_: Any, trace_configs: Any = None, **__: Any) -> None:
        self._traces = list(trace_configs or ())
        for trace in self._traces:
            trace.freeze()

    def request(self, method: str, url: Any, **sent: Any) -> "_Sending":
        return _Sending(self, method, str(url), sent)

    def post(self, url: Any, **sent: Any) -> "_Sending":
        return self.request("POST", url, **sent)

    def get(self, url: Any, **sent: Any) -> "_Sending":
        return self.request("GET", url, **sent)

    async def send(self, method: str, url: str, sent: dict[str, Any]) -> Answer:
        for trace in self._traces:
            about = aiohttp.TraceRequestStartParams(method, URL(url), CIMultiDict())
            await trace.on_request_start.send(self, trace.trace_config_ctx(), about)
        return await self._wires.send(method, url, sent)

    async def close(self) -> None:
        self.closed = True

    async def __aenter__(self) -> "_Session":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class _Sending:
    def __init__(self, session: _Session, method: str, url: str, sent: dict[str, Any]) -> None:
        self._session, self._method, self._url, self._sent = session, method, url, sent

    async def __aenter__(self) -> Answer:
        return await self._session.send(self._method, self._url, self._sent)

    async def __aexit__(self, *_: object) -> None:
        pass

    def __await__(self) -> Any:
        return self.__aenter__().__await__()


def _require_life() -> None:
    """What a process that is dead sends goes nowhere."""
    life = LIFE.get()
    if life is not None and life.dead:
        raise asyncio.CancelledError


def _broken(draw: float) -> Exception:
    if draw < 0.3:
        return ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
    if draw < 0.6:
        return TimeoutError()
    return aiohttp.ServerDisconnectedError()


def _pattern(path: str) -> "re.Pattern[str]":
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))


def _discord_body(sent: dict[str, Any]) -> tuple[Any, dict[int, tuple[str, bytes]]]:
    data = sent.get("data")
    files: dict[int, tuple[str, bytes]] = {}
    if isinstance(data, aiohttp.FormData):
        body = None
        for options, _, value in data._fields:
            name = options["name"]
            if name == "payload_json":
                body = json.loads(value)
            elif numbered := re.fullmatch(r"files\[(\d+)\]", name):
                content = value.read() if hasattr(value, "read") else value
                files[int(numbered[1])] = (options.get("filename", "unknown"), bytes(content))
            else:
                raise Refusal(50035, {"_errors": [{"code": "UNKNOWN_PART", "message": name}]})
        return body, files
    if sent.get("json") is not None:
        return sent["json"], files
    return (json.loads(data) if data else None), files


__all__ = ["DISCORD", "SLACK", "Answer", "Route", "Wires"]
