"""Reading what an OpenAI-compatible server sends back: streams, whole bodies, errors, usage.

Everything here is a stranger's: sizes are capped, whatever is malformed reads as absent, and no
message of an error holds a key or names a model. Asks for nothing itself.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import httpx

from bot.errors import Kind, ModelFailed, Spent
from bot.llm import Completion

# No honest event, body or answer comes near this; whatever does would only fill the memory.
LIMIT_BYTES = 8 * 1024 * 1024
SAID_LIMIT_CHARS = 200

# The aiohttp transport lets a few of aiohttp's own exceptions through.
TRANSPORT_ERRORS = (httpx.HTTPError, httpx.StreamError, aiohttp.ClientError)

_ADVICE: dict[Kind, str] = {
    "rate_limited": "the provider takes no more requests right now; try again in a while.",
    "no_credit": "the account has no credit left; add some or raise its limit at the provider.",
    "unauthorised": "the provider does not accept the key; check it.",
    "unknown_model": "the provider has no such model; pick another one.",
    "timed_out": "the provider gave up waiting for the model; try again.",
    "refused": "the provider refused to answer this; put the question differently.",
    "empty": "the model gave an empty answer; try again.",
    "cut_off": "the connection broke before the answer was complete; try again.",
    "server_error": "the provider has a fault of its own; try again later.",
    "unreachable": "the provider cannot be reached; check its address and the network.",
}
_ALL_REASONING = (
    "the model spent the whole token limit on reasoning and wrote no answer; lower its effort."
)
_NOT_TAKEN = "the provider does not take this request."
UNREADABLE = "the provider sent something that is no answer; try again later."
_TOO_LONG = "the provider sent more than any answer can hold."


async def read_completion(response: httpx.Response, answer: "Incoming") -> None:
    """Feed a response into the answer. Raises `ModelFailed` for whatever is not a whole answer."""
    if response.status_code != 200:
        content = as_dict(as_json(await read_whole(response)))
        raise http_failure(response.status_code, content, response.headers, answer.saying)
    answer.headers = response.headers
    try:
        await _read_answer(response, answer)
    except ModelFailed as error:
        error.spent, error.began = answer.spent(), answer.began
        raise


async def _read_answer(response: httpx.Response, answer: "Incoming") -> None:
    try:
        if "json" in response.headers.get("Content-Type", ""):
            answer.take(await read_whole(response))
            answer.ended = True
        else:
            await _read_events(response, answer)
    except TRANSPORT_ERRORS as error:
        # What comes after the finish reason is the bill: an answer is worth more than that.
        if not answer.ended:
            raise failed("cut_off", retryable=True) from error
    if not answer.ended:
        raise failed("cut_off", retryable=True)


async def _read_events(response: httpx.Response, answer: "Incoming") -> None:
    events = EventReader()
    async for chunk in response.aiter_bytes():
        answer.began = True
        for data in events.feed(chunk):
            if data == b"[DONE]":
                answer.ended = True
                return
            answer.take(data)
    for data in events.end():
        if data == b"[DONE]":
            answer.ended = True
        elif as_json(data) is not None:  # else torn: the stream was cut within it
            answer.take(data)


async def read_whole(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LIMIT_BYTES:
            raise failed("server_error", advice=_TOO_LONG)
    return bytes(body)


class Incoming:
    """What has arrived so far. `ended` once the provider said that the text is complete."""

    def __init__(self, saying: "Saying", on_text: Callable[[str], None]) -> None:
        self.saying = saying
        self.headers = httpx.Headers()
        self.ended = False
        self.began = False
        self._reported = False
        self._on_text = on_text
        self._pieces: list[str] = []
        self._size = 0
        self._finish_reason = ""
        self._refused = False
        self._prompt_tokens = 0
        self._completion_tokens = 0
        self._cost_micros: int | None = None
        self._id = ""

    def take(self, data: bytes) -> None:
        """One event of a stream, or the whole body of an answer that is none."""
        chunk = as_json(data)
        if not isinstance(chunk, dict):
            raise failed("server_error", retryable=True, unusable=True, advice=UNREADABLE)
        if chunk.get("error"):
            self.began &= bool(self._id)  # said first, it is a refusal
            raise _in_band_failure(chunk, self.saying)
        self._id = self._id or str(chunk.get("id") or "")
        self.began = True
        if usage := as_dict(chunk.get("usage")):
            self._reported = True
            self._prompt_tokens = as_count(usage.get("prompt_tokens"))
            self._completion_tokens = as_count(usage.get("completion_tokens"))
            self._cost_micros = _micros(usage.get("cost"))
        for choice in as_list(chunk.get("choices"))[:1]:
            self._choice(as_dict(choice))

    def _choice(self, choice: dict[str, Any]) -> None:
        delta = as_dict(choice.get("delta") or choice.get("message"))
        # vLLM and LiteLLM changed the name of this field over time; OpenRouter adds details.
        if any(delta.get(name) for name in ("reasoning", "reasoning_content", "reasoning_details")):
            self._on_text("")
        content = delta.get("content")
        if isinstance(content, str) and content:
            self._size += len(content)
            if self._size > LIMIT_BYTES:
                raise failed("server_error", advice=_TOO_LONG)
            self._pieces.append(content)
            self._on_text(_whole(content))
        self._refused |= bool(delta.get("refusal"))
        if reason := choice.get("finish_reason"):
            if reason == "error":
                raise _in_band_failure(choice, self.saying)
            self._finish_reason = str(reason)
            self.ended = True

    def spent(self) -> Spent | None:
        """What the provider said it used, `None` where it said nothing."""
        cost = self._cost()
        if not self._reported and cost is None:
            return None
        return Spent(self._prompt_tokens, self._completion_tokens, cost)

    def _cost(self) -> int | None:
        if self._cost_micros is not None:
            return self._cost_micros
        return _micros(self.headers.get("x-litellm-response-cost"))

    def completion(self) -> Completion:
        """The whole answer. Raises `ModelFailed` where there is no text in it."""
        text = _whole("".join(self._pieces))
        if not text.strip():
            if self._refused or self._finish_reason == "content_filter":
                raise self._unusable("refused")
            if self._finish_reason == "length":
                raise self._unusable("cut_off", advice=_ALL_REASONING)
            raise self._unusable("empty", retryable=True)
        return Completion(
            text=text,
            finish_reason=self._finish_reason,
            prompt_tokens=self._prompt_tokens,
            completion_tokens=self._completion_tokens,
            cost_micros=self._cost(),
            generation_id=self.headers.get("X-Generation-Id") or self._id,
        )

    def _unusable(
        self, kind: Kind, *, retryable: bool = False, advice: str | None = None
    ) -> ModelFailed:
        error = failed(kind, retryable=retryable, unusable=True, advice=advice)
        error.spent, error.began = self.spent(), True
        return error


def _whole(text: str) -> str:
    """Characters that were cut into surrogates put together again; what is half a one, replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class EventReader:
    """Server-sent events out of bytes: `data` alone; comments (keep-alives) and fields are dropped.

    Lines end in LF or CRLF; a lone CR, which the standard also allows, no model server sends.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The events that this chunk completes. Raises `ModelFailed` where one is too long."""
        self._rest += chunk
        self._size += len(chunk)
        if self._size > LIMIT_BYTES:
            raise failed("server_error", advice=_TOO_LONG)
        if b"\n" not in chunk:
            return
        *lines, rest = self._rest.split(b"\n")
        self._rest = rest
        for line in lines:
            yield from self._line(bytes(line.removesuffix(b"\r")))

    def end(self) -> Iterator[bytes]:
        """What the stream ended in without a blank line."""
        yield from self.feed(b"\n\n")

    def _line(self, line: bytes) -> Iterator[bytes]:
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif not line:
            self._size = len(self._rest)
            if self._data:
                data, self._data = self._data, []
                yield b"\n".join(data)


@dataclass(frozen=True, slots=True)
class Saying:
    """Makes a provider's own words fit to show: short, printable, without keys and model names."""

    keys: tuple[str, ...] = field(repr=False)
    models: tuple[str, ...]

    def of(self, message: object) -> str:
        text = message if isinstance(message, str) else ""
        for key in self.keys:
            text = text.replace(key, "***")
        text = re.sub(r"(?<![A-Za-z0-9])sk-[\w*.-]+", "***", text)
        for model in self.models:
            text = re.sub(rf"(?<![\w-]){re.escape(model)}(?![\w-])", "this model", text)
        text = "".join(char if char.isprintable() else " " for char in text)
        text = " ".join(text.split())
        if len(text) > SAID_LIMIT_CHARS:
            text = text[: SAID_LIMIT_CHARS - 1] + "…"
        return text


def failed(
    kind: Kind,
    *,
    retryable: bool = False,
    said: str = "",
    advice: str | None = None,
    retry_after_seconds: float | None = None,
    unusable: bool = False,
) -> ModelFailed:
    message = advice or _ADVICE[kind]
    if said:
        message += f" It said: {said}"
    return ModelFailed(
        kind,
        message,
        retryable=retryable,
        retry_after_seconds=retry_after_seconds,
        unusable=unusable,
    )


def http_failure(
    status: int, content: dict[str, Any], headers: httpx.Headers, saying: Saying
) -> ModelFailed:
    retry_after = _retry_after(headers.get("Retry-After"), datetime.now(UTC))
    return _failure(status, content, retry_after, saying)


def _in_band_failure(content: dict[str, Any], saying: Saying) -> ModelFailed:
    """An error inside a response of status 200; its code stands in for the status."""
    code = as_dict(content.get("error")).get("code")
    status = int(str(code)) if re.fullmatch(r"[45]\d\d", str(code)) else 0
    return _failure(status or _STATUS_OF_CODE.get(str(code), 502), content, None, saying)


# OpenAI and its imitators name errors where OpenRouter numbers them.
_STATUS_OF_CODE = {"rate_limit_exceeded": 429, "insufficient_quota": 402, "model_not_found": 404}


def _failure(
    status: int, content: dict[str, Any], retry_after: float | None, saying: Saying
) -> ModelFailed:
    raw = content.get("error")
    error = as_dict(raw)
    metadata = as_dict(error.get("metadata"))
    message = error.get("message") or raw or content.get("message") or content.get("detail")
    if message == "Provider returned error":  # OpenRouter's; the provider's own words are beside it
        message = metadata.get("raw") or message
    if retry_after is None and (seconds := as_count(metadata.get("retry_after_seconds"))):
        retry_after = float(seconds)  # OpenRouter hands an upstream's word on here
    kind, retryable = _kind(status, str(error.get("code")), str(message), metadata, retry_after)
    return failed(
        kind,
        retryable=retryable or as_dict(error.get("availability")).get("retryable") is True,
        said=saying.of(message),
        advice=_NOT_TAKEN if kind == "server_error" and status < 500 else None,
        retry_after_seconds=retry_after,
    )


_UNKNOWN_MODEL = re.compile(
    r"invalid model|not a valid model|unknown model|model_not_found"
    r"|model\b.{0,120}\b(not found|not exist|no such)",
    re.IGNORECASE | re.DOTALL,
)


def _kind(
    status: int, code: str, message: str, metadata: dict[str, Any], retry_after: float | None
) -> tuple[Kind, bool]:
    """What an error means, and whether the same request may succeed later."""
    match status:
        case 401:
            return "unauthorised", False
        case 402:
            # Many paid requests at once fill OpenRouter's in-flight budget; that one empties again.
            waits = metadata.get("limit_source") == "openrouter_in_flight_budget"
            return ("rate_limited", True) if waits and retry_after is not None else _NO_CREDIT
        case 403:
            return _kind_of_403(message, metadata), False
        case 404:
            return "unknown_model", False
        case 400 if code == "model_not_found" or _UNKNOWN_MODEL.search(message):
            return "unknown_model", False
        case 400 if "No connected db" in message:  # LiteLLM's words for a wrong key
            return "unauthorised", False
        case 400 if code in ("content_filter", "content_policy_violation"):  # Azure, OpenAI
            return "refused", False
        case 429 if code == "insufficient_quota":  # OpenAI: the account is empty
            return _NO_CREDIT
        case 429:
            return "rate_limited", True
        case 408 | 504 | 524:
            return "timed_out", True
    return "server_error", status >= 500


_NO_CREDIT: tuple[Kind, bool] = ("no_credit", False)


def _kind_of_403(message: str, metadata: dict[str, Any]) -> Kind:
    """OpenRouter answers 403 to a flagged question, a spent budget and a key without the right."""
    if metadata.get("limit_source"):
        return "no_credit"
    told = f"{message} {metadata.get('error_type')}".lower()
    flagged = "reasons" in metadata or "flagged_input" in metadata
    if flagged or any(word in told for word in ("moderation", "flagged", "guardrail", "policy")):
        return "refused"
    return "unauthorised"


def _retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds from a Retry-After header, given in seconds or as an HTTP date."""
    if value is None:
        return None
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value.strip()):
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())


def _micros(usd: object) -> int | None:
    dollars = as_decimal(usd)
    if dollars is None:
        return None
    return int((dollars * 1_000_000).quantize(Decimal(1), ROUND_HALF_UP))


def as_decimal(value: object) -> Decimal | None:
    """A sum of money, `None` for whatever is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number < 1_000_000 else None


def as_json(data: bytes) -> Any:
    """`None` for whatever is no JSON."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def as_dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def as_count(value: object) -> int:
    """A number of something; 0 for whatever is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0
    return max(0, int(value))
