"""Bytes of a response: unpacked within limits, and cut into server-sent events.

Knows nothing of what the events mean.
"""

import re
import zlib

import aiohttp
import httpx

from bot.errors import ModelFailed
from bot.models.failures import TOO_LONG, UNREADABLE, failed

# No honest event or body comes near this; whatever does would only fill the memory.
LIMIT_BYTES = 8 * 1024 * 1024

# The aiohttp transport lets a few of aiohttp's own exceptions through, and httpx those about the
# place of a redirect, which it reads whether that is followed or not.
TRANSPORT_ERRORS = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, aiohttp.ClientError)


class Unpacker:
    """A body's bytes as they were before compression, of which there was to be none.

    Raises `ModelFailed` as soon as more than `limit_bytes` would come out: a few kilobytes can be
    packed from a terabyte.
    """

    def __init__(self, response: httpx.Response, limit_bytes: int) -> None:
        self._left = limit_bytes
        packing = response.headers.get("Content-Encoding", "identity").strip().lower()
        self._inflate = None
        if packing in ("gzip", "x-gzip", "deflate"):
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
        elif packing not in ("", "identity"):
            raise failed("server_error", unusable=True, advice=UNREADABLE)

    def feed(self, raw: bytes) -> bytes:
        if self._inflate:
            try:
                raw = self._inflate.decompress(raw, self._left + 1)
            except zlib.error as error:
                raise failed("server_error", retryable=True, advice=UNREADABLE) from error
        self._left -= len(raw)
        if self._left < 0:
            raise failed("server_error", unusable=True, advice=TOO_LONG)
        return raw


async def read_whole(response: httpx.Response, limit_bytes: int = LIMIT_BYTES) -> bytes:
    """The body. Raises `ModelFailed` where it is longer than the limit."""
    unpacker, body = Unpacker(response, limit_bytes), bytearray()
    async for raw in response.aiter_raw():
        body += unpacker.feed(raw)
    return bytes(body)


async def read_start(response: httpx.Response, limit_bytes: int) -> bytes:
    """The first bytes of a body of which no more is wanted, or as many as came."""
    unpacker, body = Unpacker(response, LIMIT_BYTES), bytearray()
    try:
        async for raw in response.aiter_raw():
            body += unpacker.feed(raw)
            if len(body) >= limit_bytes:
                break
    except (*TRANSPORT_ERRORS, ModelFailed):
        pass  # the status says what happened; the words are an addition
    return bytes(body[:limit_bytes])


class EventReader:
    """Server-sent events out of bytes: `data` alone; comments (keep-alives) and fields are dropped.

    Lines end in LF or CRLF; a lone CR, which the standard also allows, no model server sends. An
    `error` field, which the standard does not know and llama.cpp sends, is an event `{"error": ...}`.
    `seen` is whether anything so far was part of such a stream at all.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self.seen = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The events that this chunk completes. Raises `ModelFailed` where one is too long."""
        self._size += len(chunk)
        if self._size > LIMIT_BYTES:
            raise failed("server_error", unusable=True, advice=TOO_LONG)
        if b"\n" not in chunk:
            self._rest += chunk
            return []
        if self._rest:
            chunk = bytes(self._rest + chunk)
        *lines, rest = chunk.split(b"\n")
        self._rest = bytearray(rest)
        events: list[bytes] = []
        for line in lines:
            self._line(line.removesuffix(b"\r"), events)
        return events

    def end(self) -> list[bytes]:
        """What the stream ended in without a blank line."""
        return self.feed(b"\n\n")

    def _line(self, line: bytes, events: list[bytes]) -> None:
        if line.startswith(b"data:"):
            content = line[5:].removeprefix(b" ")
            if self._data and _is_whole(self._data[-1]) and content.startswith((b"{", b"[DONE]")):
                self._line(b"", events)  # some servers end an event with its line
            self._data.append(content)
        elif not line:
            self._size = len(self._rest)
            if self._data:
                events.append(b"\n".join(self._data))
                self._data = []
                self.seen = True
        elif line.startswith(b"error:"):
            self._data.append(b'{"error":%b}' % line[6:])
        elif line.startswith((b":", b"event:", b"id:", b"retry:")):
            self.seen = True


def is_done(data: bytes) -> bool:
    """Whether an event is the mark behind the last one."""
    return data.strip(b' \t\r\n"').upper() == b"[DONE]"


def is_idle(data: bytes) -> bool:
    """Whether an event has nothing in it, or only keeps a connection alive."""
    return bool(_IDLE.fullmatch(data[:100]))


_IDLE = re.compile(
    rb"\s*(?:null|\[\s*\]|\{\s*\}|\"?(?:ping|pong|keep-?alive|heartbeat)\"?"
    rb"|\{\s*\"type\"\s*:\s*\"(?:ping|keep-?alive|heartbeat)\".{0,60})?\s*",
    re.IGNORECASE,
)


def _is_whole(data: bytes) -> bool:
    return data.startswith(b"{") and data.rstrip().endswith(b"}")
