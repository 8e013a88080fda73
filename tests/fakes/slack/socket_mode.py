"""Socket Mode: envelopes to one of up to ten sockets, acknowledgements, and sockets that go away.

Source: Slack's "Using Socket Mode"; what the documentation leaves open is as slack_sdk expects it.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from tests.fakes.slack.delivery import Acknowledged, Failed, Kind, Outcome, Retry
from tests.fakes.slack.payloads import APP_ID
from tests.fakes.slack.refusals import Json

MOST_CONNECTIONS = 10

Goodbye = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]


@dataclass(slots=True, eq=False)
class Connection:
    """A socket. What it is told is written by one task, so the order is the order of telling."""

    number: int
    socket: web.WebSocketResponse
    request: web.Request
    queue: "asyncio.Queue[Json | None]" = field(default_factory=asyncio.Queue)
    leaving: bool = False
    """Told to go: nothing new is sent here."""
    mute: bool = False
    """Neither answers nor delivers, like a socket whose network is gone."""
    received: int = 0
    pings: int = 0
    close_code: int | None = None

    def send(self, payload: Json) -> None:
        if not self.mute:
            self.queue.put_nowait(payload)

    def close(self) -> None:
        """Close after everything queued before."""
        self.queue.put_nowait(None)

    def cut(self) -> None:
        """Lose the socket without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()

    async def write(self) -> None:
        try:
            while (payload := await self.queue.get()) is not None:
                await self.socket.send_str(json.dumps(payload))
            await self.socket.close(code=WSCloseCode.GOING_AWAY)
        except ConnectionError:
            pass  # the client went away; the listener says so


@dataclass(slots=True, eq=False)
class Envelope:
    id: str
    wants_answer: bool
    connection: Connection
    sent_at: float
    answered: "asyncio.Future[Json | None]"
    acknowledged: bool = False


@dataclass(slots=True)
class SocketMode:
    changed: Callable[[], None]
    violations: list[str]
    refuse_connections: int = 0
    """How many of the next sockets are answered 503 instead of opened."""
    connections: list[Connection] = field(default_factory=list)
    """Open ones."""
    past: list[Connection] = field(default_factory=list)
    envelopes: dict[str, Envelope] = field(default_factory=dict)
    _tickets: set[str] = field(default_factory=set)
    _turn: int = 0

    @property
    def open(self) -> list[Connection]:
        """Those an event may go to."""
        return [c for c in self.connections if not c.leaving and not c.socket.closed]

    def new_url(self, base_url: str) -> str:
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return f"{base_url.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id={APP_ID}"

    # The scenario's side

    def say_goodbye(self, reason: Goodbye = "refresh_requested") -> None:
        """Ask every socket to reconnect; Slack closes those that have not after a while."""
        for connection in self.open:
            connection.leaving = True
            connection.send({"type": "disconnect", "reason": reason, "debug_info": {"host": "x"}})

    def close(self) -> None:
        """Close every socket in an orderly way."""
        for connection in list(self.connections):
            connection.close()

    def cut(self) -> None:
        """Reset every socket."""
        for connection in list(self.connections):
            connection.cut()

    def mute(self) -> None:
        """The sockets look open and are dead: nothing is delivered, read or answered."""
        for connection in self.connections:
            connection.mute = True

    # Delivery

    async def send(
        self, kind: Kind, body: Json, retry: Retry, *, wants_answer: bool, seconds: float
    ) -> Outcome:
        connection = self._next()
        if connection is None:
            await asyncio.sleep(seconds)
            return Failed("timeout")
        envelope = Envelope(
            str(uuid.uuid4()),
            wants_answer,
            connection,
            time.monotonic(),
            asyncio.get_running_loop().create_future(),
        )
        self.envelopes[envelope.id] = envelope
        payload: Json = {
            "envelope_id": envelope.id,
            "payload": body,
            "type": kind,
            "accepts_response_payload": wants_answer,
        }
        if kind == "events_api":
            payload |= {"retry_attempt": retry.number, "retry_reason": retry.reason}
        connection.received += 1
        connection.send(payload)
        try:
            async with asyncio.timeout(seconds):
                answer = await envelope.answered
        except TimeoutError:
            return Failed("timeout")
        return Acknowledged(time.monotonic() - envelope.sent_at, answer)

    def _next(self) -> Connection | None:
        """Sockets take turns."""
        choice = self.open
        self._turn += 1
        return choice[self._turn % len(choice)] if choice else None

    # The app's side

    async def serve(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if self.refuse_connections:
            self.refuse_connections -= 1
            return web.Response(status=503)
        if ticket not in self._tickets:
            return web.Response(status=403, text="not_authed")
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse(autoping=False, timeout=1.0)
        await socket.prepare(request)
        connection = Connection(len(self.connections) + len(self.past), socket, request)
        self.connections.append(connection)
        writer = asyncio.get_running_loop().create_task(connection.write())
        self._greet(connection)
        try:
            await self._listen(connection)
        finally:
            writer.cancel()
            connection.close_code = socket.close_code
            self.connections.remove(connection)
            self.past.append(connection)
            self.changed()
        return socket

    def _greet(self, connection: Connection) -> None:
        if len(self.open) > MOST_CONNECTIONS:
            connection.leaving = True
            connection.send({"type": "disconnect", "reason": "too_many_websockets"})
            connection.close()
            return
        connection.send(
            {
                "type": "hello",
                "num_connections": len(self.open),
                "debug_info": {"host": "applink-local", "approximate_connection_time": 18060},
                "connection_info": {"app_id": APP_ID},
            }
        )
        self.changed()

    async def _listen(self, connection: Connection) -> None:
        while True:
            message = await connection.socket.receive()
            if connection.mute and not connection.socket.closed:
                continue
            if not await self._take(connection, message):
                return
            self.changed()

    async def _take(self, connection: Connection, message: WSMessage) -> bool:
        """False when the socket is over."""
        match message.type:
            case WSMsgType.PING:
                connection.pings += 1
                await connection.socket.pong(message.data)
            case WSMsgType.PONG:
                pass
            case WSMsgType.TEXT:
                self._acknowledge(json.loads(message.data))
            case _:
                return False
        return True

    def _acknowledge(self, message: dict[str, Any]) -> None:
        envelope = self.envelopes.get(message.get("envelope_id", ""))
        payload = message.get("payload")
        if envelope is None:
            self.violations.append(f"acknowledged an unknown envelope: {message}")
            return
        if envelope.acknowledged:
            self.violations.append(f"acknowledged twice: {message}")
        if payload and not envelope.wants_answer:
            self.violations.append(f"answered where no answer is read: {payload}")
        envelope.acknowledged = True
        if not envelope.answered.done():
            envelope.answered.set_result(payload)
