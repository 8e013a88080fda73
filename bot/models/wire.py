"""How a completion ends and what it cost, however it ended.

Reads what an OpenAI-compatible server sends back to one request, a stream or a whole body, by what
it is and not by its label. Asks for nothing itself.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx

from bot.errors import ModelFailed
from bot.llm import Completion
from bot.models.event_stream import (
    LIMIT_BYTES,
    TRANSPORT_ERRORS,
    EventReader,
    Unpacker,
    is_done,
    is_idle,
    read_start,
)
from bot.models.failures import (
    TOO_LONG,
    WRONG_ADDRESS,
    failed,
    failure_of,
    report_in_band,
)
from bot.models.gate import as_dict, as_json, as_list
from bot.models.incoming import Incoming
from bot.models.reports import is_error, is_page, report_of

# After its finish reason a stream owes its usage, which comes at once; after that only its end,
# without which the connection could not be used again.
USAGE_SECONDS = 1.0
_END_SHARE = 0.1

# To wake up for a piece costs more than to read it. Where so many answers are read at once that this
# adds up, each stream's pieces are let gather for a moment that nobody sees: drafts are shown anew
# after five times as long at the earliest.
MANY_ANSWERS, GATHER_SECONDS = 50, 0.05

# At a body that is under way, for whether it is whole already.
_LOOKS = 5
_TAIL_BYTES = 64
_ERROR_LIMIT_BYTES = 64 * 1024
_BLANK = b"\xef\xbb\xbf \t\r\n"  # a byte order mark among it


class Traffic:
    """The answers that are read at the same time. Times are in seconds."""

    def __init__(
        self, *, usage_seconds: float = USAGE_SECONDS, gather_seconds: float = GATHER_SECONDS
    ) -> None:
        self.usage_seconds = usage_seconds
        self._gather_seconds = gather_seconds
        self._answers = 0

    @contextmanager
    def another(self) -> Iterator[None]:
        self._answers += 1
        try:
            yield
        finally:
            self._answers -= 1

    async def gather(self) -> None:
        """Let more of a stream arrive before it is read on."""
        if self._answers > MANY_ANSWERS:
            await asyncio.sleep(self._gather_seconds)


async def read_completion(
    response: httpx.Response, answer: Incoming, traffic: Traffic
) -> Completion:
    """Read a response to its end. Raises `ModelFailed` for whatever is not a whole answer."""
    answer.headers = response.headers
    try:
        if not response.is_success:
            body = await read_start(response, _ERROR_LIMIT_BYTES)
            answer.told_with(as_dict(as_json(body)))
            answer.began = answer.spent() is not None
            raise failure_of(report_of(response.status_code, body, response.headers), answer.saying)
        with traffic.another():
            await _read_answer(response, answer, traffic)
        return answer.completion()
    except ModelFailed as error:
        error.spent, error.began = answer.spent(), answer.began
        error.written_bytes = answer.written_bytes
        raise


async def _read_answer(response: httpx.Response, answer: Incoming, traffic: Traffic) -> None:
    try:
        async with asyncio.timeout(None) as patience:
            await _read_body(response, answer, patience, traffic)
    except (TimeoutError, *TRANSPORT_ERRORS) as error:
        # What comes after the finish reason is the bill: an answer is worth more than that.
        if not answer.ended:
            raise failed("cut_off", retryable=True) from error
    if not answer.ended:
        raise failed("cut_off", retryable=True)


async def _read_body(
    response: httpx.Response, answer: Incoming, patience: asyncio.Timeout, traffic: Traffic
) -> None:
    """By what it is: labels are wrong too often."""
    unpacker = Unpacker(response, answer.limit_bytes)
    assert isinstance(response.stream, httpx.AsyncByteStream)
    # What `aiter_raw` passes on, at half its cost.
    chunks, start = aiter(response.stream), b""
    async for raw in chunks:
        start += unpacker.feed(raw)
        answer.began |= bool(start)
        start = start.lstrip(_BLANK)
        if start:
            break
    if start[:1] in (b"{", b"[", b"<"):
        await _read_whole(start, chunks, unpacker, answer)
    else:
        await _Stream(answer, patience, traffic).read(start, chunks, unpacker)


async def _read_whole(
    start: bytes, chunks: AsyncIterator[bytes], unpacker: Unpacker, answer: Incoming
) -> None:
    if is_page(start):
        answer.began = False
        raise failed("unreachable", unusable=True, advice=WRONG_ADDRESS)
    body = await _whole_body(start, chunks, unpacker)
    content = as_json(body)
    if isinstance(content, list):
        content = next((one for one in as_list(content) if isinstance(one, dict)), None)
        if content and is_error(content):
            answer.began = False
            raise failure_of(report_in_band(content), answer.saying)
    if content is None and body.rstrip(_BLANK).endswith(b"}"):
        for line in body.splitlines():  # events without the frame of a stream
            answer.take(line)
        return
    answer.take(body)
    answer.ended = True


async def _whole_body(start: bytes, chunks: AsyncIterator[bytes], unpacker: Unpacker) -> bytes:
    """A body to its end: that of the connection, or of the answer in it, whichever comes first."""
    body, looks = bytearray(start), _LOOKS
    while True:
        if looks and body[-_TAIL_BYTES:].rstrip(_BLANK).endswith(b"}"):
            looks -= 1
            if as_list(as_dict(as_json(bytes(body))).get("choices")):
                return bytes(body)
        raw = await anext(chunks, None)
        if raw is None:
            return bytes(body)
        body += unpacker.feed(raw)
        if len(body) > LIMIT_BYTES:
            raise failed("server_error", unusable=True, advice=TOO_LONG)


class _Stream:
    """Reads events until the answer is whole, and then no longer than its usage takes."""

    def __init__(self, answer: Incoming, patience: asyncio.Timeout, traffic: Traffic) -> None:
        self._answer = answer
        self._patience = patience
        self._traffic = traffic
        self._events = EventReader()
        self._waiting_since: tuple[int, bool] | None = None

    async def read(self, start: bytes, chunks: AsyncIterator[bytes], unpacker: Unpacker) -> None:
        answer = self._answer
        if self._take(start):
            return
        async for raw in chunks:
            if self._take(unpacker.feed(raw)):
                return
            if not answer.ended:
                await self._traffic.gather()
        for data in self._events.end():
            if is_done(data):
                answer.ended = True
            elif as_json(data) is not None and not is_idle(data):  # else torn: cut within it
                answer.take(data)
        if start and not self._events.seen:
            answer.began = False
            raise failed("unreachable", unusable=True, advice=WRONG_ADDRESS)

    def _take(self, chunk: bytes) -> bool:
        """Whether there is nothing more to wait for."""
        answer = self._answer
        for data in self._events.feed(chunk):
            if is_done(data):
                answer.ended = True
                return True
            if not is_idle(data):
                answer.take(data)
        if answer.ended:
            self._wait_no_longer()
            return answer.full
        return False

    def _wait_no_longer(self) -> None:
        """Counted from the last word, once more from the usage; keep-alives prolong nothing."""
        since = (self._answer.size, self._answer.settled)
        if since != self._waiting_since:
            self._waiting_since = since
            seconds = self._traffic.usage_seconds * (_END_SHARE if self._answer.settled else 1)
            self._patience.reschedule(asyncio.get_running_loop().time() + seconds)
