"""What a model server tells of an error, in whatever shape: codes, words, a field, a time to wait.

What servers say is a stranger's: it is cut before any pattern reads it. What it means is not known
here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from bot.models.gate import as_count, as_dict, as_json, as_list, as_text, words_of

# What is read of an error's text at all.
WORDS_LIMIT_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Report:
    """An error as a server told it.

    `code` holds every code, type and status in it, in lower case, `words` everything it says, cut to
    `WORDS_LIMIT_CHARS`, `message` the part to show. `field` is the field of the request that it
    names, "" for none; `is_json` whether the server spoke the protocol at all, `is_page` whether it
    sent a page for people. `context_tokens` and `prompt_tokens` are 0 where it gave no number apart; `in_flight`, `spent`, `flagged` and `passes`
    are OpenRouter's marks.
    """

    status: int
    code: str = ""
    message: str = ""
    words: str = ""
    field: str = ""
    wait_seconds: float | None = None
    context_tokens: int = 0
    prompt_tokens: int = 0
    is_json: bool = True
    is_page: bool = False
    in_flight: bool = False
    spent: bool = False
    flagged: bool = False
    passes: bool = False

    @property
    def text(self) -> str:
        """Codes and words in one, for patterns."""
        return f"{self.code} {self.words}"


def report_of(status: int, body: bytes, headers: Mapping[str, str]) -> Report:
    """An error's body with its status: JSON in any of the known shapes, or plain words."""
    content = as_json(body)
    if isinstance(content, list | dict):
        return read_report(status, content, _header_wait(headers))
    text = as_text(body[: 4 * WORDS_LIMIT_CHARS].decode("utf-8", "replace"), WORDS_LIMIT_CHARS)
    if text.lstrip("\ufeff \t\r\n").startswith("error:"):  # llama.cpp's, outside a stream
        inner = as_json(text.partition("error:")[2].encode())
        if isinstance(inner, dict):
            return read_report(status, {"error": inner}, _header_wait(headers))
    page = is_page(body)
    shown = "" if page else text
    return Report(
        status,
        message=shown,
        words=shown,
        wait_seconds=_header_wait(headers) or _wait_in_words(shown),
        is_json=False,
        is_page=page,
    )


def is_page(body: bytes) -> bool:
    """Whether it is a page for people (or XML), which says nothing worth showing."""
    return body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def is_error(content: dict[str, Any]) -> bool:
    """Whether a JSON object of a successful response reports an error."""
    if content.get("error") or content.get("object") == "error" or content.get("type") == "error":
        return True
    if as_count(as_dict(content.get("base_resp")).get("status_code")):
        return True
    silent = not any(content.get(name) for name in ("choices", "usage", "id"))
    return silent and any(content.get(name) for name in ("message", "detail", "errors", "code"))


def read_report(status: int, content: Any, wait_seconds: float | None = None) -> Report:
    """An error's JSON; `wait_seconds` is what a header said already."""
    if isinstance(content, list):
        content = next((one for one in content if isinstance(one, dict)), {})
    error = _inner(content)
    metadata = as_dict(error.get("metadata"))
    message = _message(content, error, metadata)
    words = words_of([message, error, content], WORDS_LIMIT_CHARS)
    codes = [one.get(name) for one in (error, content) for name in ("code", "type", "status")]
    codes.append(metadata.get("error_type"))
    if wait_seconds is None:
        wait_seconds = _body_wait(error, metadata, words)
    source = metadata.get("limit_source")
    return Report(
        status=status,
        code=" ".join(str(code)[:60] for code in codes if isinstance(code, str | int)).lower(),
        message=message,
        words=words,
        field=_field(content, error),
        wait_seconds=wait_seconds,
        context_tokens=as_count(error.get("n_ctx")),
        prompt_tokens=as_count(error.get("n_prompt_tokens")),
        in_flight=source == _IN_FLIGHT,
        spent=status in (402, 403) and bool(source) and source != _IN_FLIGHT,
        flagged="reasons" in metadata or "flagged_input" in metadata,
        passes=as_dict(error.get("availability")).get("retryable") is True,
    )


_IN_FLIGHT = "openrouter_in_flight_budget"


def _inner(content: dict[str, Any]) -> dict[str, Any]:
    """The object that describes the error: within `error`, or the body itself."""
    for name in ("error", "errors", "message", "base_resp"):
        inner = content.get(name)
        if isinstance(inner, list):
            inner = next((one for one in inner if isinstance(one, dict)), None)
        if isinstance(inner, dict):
            return inner
    return content


def _message(content: dict[str, Any], error: dict[str, Any], metadata: dict[str, Any]) -> str:
    """The sentence to show. A gateway's own is passed over for the one that it hands on."""
    message: object = error.get("message") or error.get("error")
    if message == "Provider returned error":  # OpenRouter's; the provider's own words are beside it
        message = metadata.get("raw") or message
    message = message or error.get("detail") or error.get("msg") or content.get("error")
    message = message or error.get("status_msg")
    message = message or content.get("message") or content.get("detail")
    text = words_of(message, WORDS_LIMIT_CHARS)
    if text.startswith(("{", "[")):  # an upstream's whole body, handed on as a text
        inner = as_json(text.encode())
        if isinstance(inner, list | dict):
            return words_of(inner, WORDS_LIMIT_CHARS)
    return text


def _field(content: dict[str, Any], error: dict[str, Any]) -> str:
    """The field of the request that the error is about, by its last name: `param`, `loc`, `field`."""
    if isinstance(error.get("param"), str):
        return as_text(error["param"], 100)
    for one in (content, error):
        for problem in [*as_list(one.get("detail")), *as_list(one.get("details"))]:
            problem = as_dict(problem)
            names = [name for name in as_list(problem.get("loc")) if isinstance(name, str)]
            if names:
                return as_text(names[-1], 100)
            for violation in as_list(problem.get("fieldViolations")):
                if named := as_text(as_dict(violation).get("field"), 100):
                    return named
    return ""


# --- how long to wait

# No server that means it asks for more than a day.
_WAIT_LIMIT_SECONDS = 86_400.0
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:ms|h|m|s))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_TRY_AGAIN = re.compile(
    r"(?:try again|retry|wait)\b[a-z ]{0,30}?\s(\d{1,6}(?:\.\d{1,9})?)\s?(ms|milliseconds|s|seconds?|m|minutes?)\b"
    r"|(?:try again|retry|wait)\b[a-z ]{0,30}?\s((?:\d{1,6}(?:\.\d{1,9})?(?:ms|h|m|s)){1,4})\b"
)


def _header_wait(headers: Mapping[str, str]) -> float | None:
    milliseconds = headers.get("retry-after-ms", "")  # OpenAI's and Azure's, the exacter one
    if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", milliseconds):
        return float(milliseconds) / 1000
    return _wait(headers.get("Retry-After"), datetime.now(UTC))


def _body_wait(error: dict[str, Any], metadata: dict[str, Any], words: str) -> float | None:
    """OpenRouter hands an upstream's word on in its metadata; Google gives details of a kind."""
    now = datetime.now(UTC)
    details = [as_dict(detail).get("retryDelay") for detail in as_list(error.get("details"))[:50]]
    named = [error.get(name) for name in ("retry_after", "retry_after_seconds", "retryDelay")]
    for value in (metadata.get("retry_after_seconds"), *details, *named):
        if isinstance(value, int | float) and (seconds := as_count(value)):
            return min(float(seconds), _WAIT_LIMIT_SECONDS)
        if isinstance(value, str) and (wait := _wait(value[:40], now)) is not None:
            return wait
    return _wait_in_words(words)


def _wait_in_words(words: str) -> float | None:
    found = _TRY_AGAIN.search(words.lower())
    if not found:
        return None
    if found[3]:
        return _wait(found[3], datetime.now(UTC))
    unit = "ms" if found[2].startswith(("ms", "milli")) else found[2][0]
    return min(float(found[1]) * _UNITS[unit], _WAIT_LIMIT_SECONDS)


def _wait(value: str | None, now: datetime) -> float | None:
    """Seconds from a Retry-After, given in seconds, as `1m30s` or as an HTTP date."""
    if value is None:
        return None
    value = value.strip().lower()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value):
        return min(float(value), _WAIT_LIMIT_SECONDS)
    if len(value) < 40 and _DURATION.fullmatch(value.replace(" ", "")):
        parts = _PART.findall(value)
        seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
        return min(seconds, _WAIT_LIMIT_SECONDS)
    try:
        at = parsedate_to_datetime(value)
        seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
        return min(max(0.0, seconds), _WAIT_LIMIT_SECONDS)
    except (ValueError, OverflowError):
        return None
