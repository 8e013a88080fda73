"""The gateway: sessions, heartbeats, resumption, and everything that can go wrong with a socket.

Events are queued per session, so a session that lost its socket can resume and miss nothing.
Close codes and opcodes: Discord's API documentation, "Gateway Opcodes and Close Codes".
"""

import asyncio
import importlib
import json
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import WSMsgType, web

from tests.fakes.discord import payloads
from tests.fakes.discord.refusals import Json
from tests.fakes.discord.state import Guild
from tests.fakes.discord.world import GUILDS, MESSAGE_CONTENT, PRIVILEGED, Event, World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, RESUME = 0, 1, 2, 3, 6
RECONNECT, MEMBERS, INVALID_SESSION, HELLO, ACK = 7, 8, 9, 10, 11

UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, AUTHENTICATION_FAILED = 4001, 4002, 4003, 4004
ALREADY_AUTHENTICATED, INVALID_SEQUENCE, RATE_LIMITED = 4005, 4007, 4008
INVALID_VERSION, INVALID_INTENTS, DISALLOWED_INTENTS = 4012, 4013, 4014

ALL_INTENTS = (1 << 26) - 1
SENDS_PER_MINUTE = 120


@dataclass(slots=True, eq=False)
class Session:
    id: str
    intents: int
    sent: list[Json] = field(default_factory=list)
    """Every dispatch, numbered; what a resume replays."""
    connection: "Connection | None" = None

    def push(self, name: str, body: Json) -> None:
        self.sent.append({"op": DISPATCH, "t": name, "s": len(self.sent) + 1, "d": body})
        if self.connection is not None:
            self.connection.send(self.sent[-1])


class _Compressor(Protocol):
    def __call__(self, payload: bytes) -> bytes: ...


@dataclass(slots=True, eq=False)
class Connection:
    """A socket. What it is told is written by one task, so the order is the order of telling."""

    socket: web.WebSocketResponse
    request: web.Request
    compress: _Compressor | None
    queue: "asyncio.Queue[Json | int]" = field(default_factory=asyncio.Queue)
    session: Session | None = None
    sends: list[float] = field(default_factory=list)

    def send(self, payload: Json) -> None:
        self.queue.put_nowait(payload)

    def close(self, code: int) -> None:
        """Close after everything queued before."""
        self.queue.put_nowait(code)

    def drop(self) -> None:
        """Lose the socket without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()

    async def write(self) -> None:
        while True:
            payload = await self.queue.get()
            if isinstance(payload, int):
                await self.socket.close(code=payload)
                return
            raw = json.dumps(payload).encode()
            if self.socket.closed:
                return
            if self.compress is None:
                await self.socket.send_str(raw.decode())
            else:
                await self.socket.send_bytes(self.compress(raw))


@dataclass(slots=True)
class Heartbeats:
    """How regular the client's heart is; delays are measured beyond the interval asked for."""

    interval_seconds: float = 41.25
    count: int = 0
    missed: int = 0
    """Whole intervals that passed without the heartbeat due in them."""
    largest_delay_seconds: float = 0.0
    _last: float | None = None

    def beat(self) -> None:
        now = time.monotonic()
        if self._last is not None:
            self._late_by(now - self._last - self.interval_seconds)
        self._last = now
        self.count += 1

    def stop(self) -> None:
        if self._last is not None:
            self._late_by(time.monotonic() - self._last - self.interval_seconds)
        self._last = None

    def _late_by(self, seconds: float) -> None:
        self.largest_delay_seconds = max(self.largest_delay_seconds, seconds)
        self.missed += max(0, int(seconds // self.interval_seconds))


@dataclass(slots=True)
class Gateway:
    world: World
    token: str
    changed: Callable[[], None]
    allowed_privileged: int = 0
    refuse_connections: int = 0
    """How many of the next connections are answered 503 instead of upgraded."""
    late_servers: set[int] = field(default_factory=set)
    """Ids of servers whose data a new session does not get before `announce`."""
    heartbeats: Heartbeats = field(default_factory=Heartbeats)
    sessions: dict[str, Session] = field(default_factory=dict)
    connections: list[Connection] = field(default_factory=list)
    identifies: list[Json] = field(default_factory=list)
    resumes: list[Json] = field(default_factory=list)
    client_closes: list[int | None] = field(default_factory=list)
    server_closes: list[int] = field(default_factory=list)

    @property
    def online(self) -> bool:
        """Whether the bot has an identified session on a living socket."""
        return any(session.connection is not None for session in self.sessions.values())

    def dispatch(self, event: Event) -> None:
        for session in self.sessions.values():
            if event.intent == 0 or session.intents & event.intent:
                session.push(event.name, event.payload(bool(session.intents & MESSAGE_CONTENT)))
        self.changed()

    def announce(self, guild: Guild) -> None:
        """Send the data of a server that came too late to be waited for."""
        self.late_servers.discard(guild.id)
        for session in self.sessions.values():
            session.push("GUILD_CREATE", _available(guild, self.world))

    def push_raw(self, name: str, body: Json) -> None:
        """Dispatch anything, also what makes a client's parser raise."""
        for session in self.sessions.values():
            session.push(name, body)

    def drop(self) -> None:
        """Cut every socket; the sessions can be resumed."""
        for connection in list(self.connections):
            connection.drop()

    def close(self, code: int) -> None:
        if code == AUTHENTICATION_FAILED:
            self.token = ""  # it was reset: whoever comes back is refused, too
        for connection in list(self.connections):
            self._close(connection, code)

    def reconnect(self) -> None:
        """Ask the client to come back and resume (opcode 7)."""
        for connection in list(self.connections):
            connection.send({"op": RECONNECT, "d": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """Opcode 9; the session is forgotten unless it may be resumed."""
        for connection in list(self.connections):
            connection.send({"op": INVALID_SESSION, "d": resumable})
        if not resumable:
            self.forget_sessions()

    def forget_sessions(self) -> None:
        """The next resume finds nothing, as after an outage on Discord's side."""
        self.sessions.clear()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self.refuse_connections:
            self.refuse_connections -= 1
            return web.Response(status=503)
        socket = web.WebSocketResponse(max_msg_size=4096, autoping=True, timeout=1.0)
        await socket.prepare(request)
        connection = Connection(socket, request, _compressor(request.query.get("compress")))
        self.connections.append(connection)
        if request.query.get("v") != "10" or request.query.get("encoding") != "json":
            self._close(connection, INVALID_VERSION)
        interval = int(self.heartbeats.interval_seconds * 1000)
        connection.send({"op": HELLO, "d": {"heartbeat_interval": interval}})
        writer = asyncio.create_task(_quietly(connection.write()))
        try:
            await self._listen(connection)
        finally:
            writer.cancel()
            self._lost(connection)
        return socket

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type != WSMsgType.TEXT:
                return
            self._receive(connection, str(message.data))
            self.changed()

    def _lost(self, connection: Connection) -> None:
        code = connection.socket.close_code
        self.connections.remove(connection)
        self.client_closes.append(code)
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            self.heartbeats.stop()
            # Only a clean goodbye ends the session; discord.py says 4000 and stays resumable.
            if code in (1000, 1001):
                self.sessions.pop(session.id, None)
        self.changed()

    def _receive(self, connection: Connection, raw: str) -> None:
        now = time.monotonic()
        connection.sends = [at for at in connection.sends if at > now - 60] + [now]
        if len(connection.sends) > SENDS_PER_MINUTE:
            self._close(connection, RATE_LIMITED)
            return
        try:
            message = json.loads(raw)
        except ValueError:
            self._close(connection, DECODE_ERROR)
            return
        match message["op"]:
            case 1:
                self.heartbeats.beat()
                connection.send({"op": ACK})
            case 2:
                self._identify(connection, message["d"])
            case 6:
                self._resume(connection, message["d"])
            case 3 | 4 | 8:
                if connection.session is None:
                    self._close(connection, NOT_AUTHENTICATED)
            case _:
                self._close(connection, UNKNOWN_OPCODE)

    def _identify(self, connection: Connection, body: Json) -> None:
        self.identifies.append(body)
        intents = body.get("intents", -1)
        if connection.session is not None:
            self._close(connection, ALREADY_AUTHENTICATED)
        elif body.get("token") != self.token:
            self._close(connection, AUTHENTICATION_FAILED)
        elif not 0 <= intents <= ALL_INTENTS or "properties" not in body:
            self._close(connection, INVALID_INTENTS)
        elif intents & PRIVILEGED & ~self.allowed_privileged:
            self._close(connection, DISALLOWED_INTENTS)
        else:
            self._open(connection, intents, body.get("shard", [0, 1]))

    def _open(self, connection: Connection, intents: int, shard: list[int]) -> None:
        session = Session(f"session-{self.world.new_id()}", intents, connection=connection)
        self.sessions[session.id] = session
        connection.session = session
        world = self.world
        guilds = [guild for guild in world.guilds.values() if world.bot.id in guild.members]
        address = world.base_url.replace("http", "ws", 1) + "/resume"
        session.push(
            "READY",
            {
                "v": 10,
                "user": payloads.user(world.bot),
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
                "session_id": session.id,
                "resume_gateway_url": address,
                "shard": shard,
                "application": {"id": str(world.bot.id), "flags": 0},
            },
        )
        if intents & GUILDS:
            for guild in guilds:
                if guild.id not in self.late_servers:
                    session.push("GUILD_CREATE", _available(guild, world))

    def _resume(self, connection: Connection, body: Json) -> None:
        self.resumes.append(body)
        session = self.sessions.get(str(body.get("session_id")))
        if body.get("token") != self.token:
            self._close(connection, AUTHENTICATION_FAILED)
        elif session is None:
            connection.send({"op": INVALID_SESSION, "d": False})
        elif not isinstance(body.get("seq"), int) or body["seq"] > len(session.sent):
            self._close(connection, INVALID_SEQUENCE)
        else:
            connection.session = session
            for payload in session.sent[body["seq"] :]:
                connection.send(payload)
            session.connection = connection
            session.push("RESUMED", {})

    def _close(self, connection: Connection, code: int) -> None:
        self.server_closes.append(code)
        connection.close(code)


def _available(guild: Guild, world: World) -> Json:
    return payloads.guild(guild, world) | {"unavailable": False}


async def _quietly(writing: Awaitable[None]) -> None:
    try:
        await writing
    except ConnectionError:
        pass  # the client went away; the listener says so


def _compressor(name: str | None) -> _Compressor | None:
    """One stream per connection, each payload flushed; zstd where Python brings it (3.14)."""
    if name is None:
        return None
    if name == "zlib-stream":
        stream = zlib.compressobj()
        return lambda raw: stream.compress(raw) + stream.flush(zlib.Z_SYNC_FLUSH)
    zstd = importlib.import_module("compression.zstd")
    compressor = zstd.ZstdCompressor()
    return lambda raw: bytes(compressor.compress(raw, zstd.ZstdCompressor.FLUSH_BLOCK))
