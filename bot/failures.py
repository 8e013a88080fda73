"""Which kind of failure it is that a model server reports, and how a person is told.

Decided here alone, from the status, the codes and the words, in whatever shape they come. What
servers say is a stranger's: it is cut before any pattern reads it, and no message of an error holds
a key or names a model.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from bot.errors import Kind, ModelFailed
from bot.gate import as_count, as_dict, as_json, as_list, as_text, words_of

# What is read of an error's text at all, and what is shown of it.
WORDS_LIMIT_CHARS = 2_000
SAID_LIMIT_CHARS = 200

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
_NOT_TAKEN = "the provider does not take this request."
UNREADABLE = "the provider sent something that is no answer; try again later."
TOO_LONG = "the provider sent more than any answer can hold."
WRONG_ADDRESS = (
    "nothing at this address answers as a model server; check the endpoint's address, which ends "
    "like https://host/v1."
)
_FIREWALL = (
    "a firewall before the provider turned the request away; check the endpoint's address, and "
    "whether this machine may call it."
)
# OpenRouter leaves out every provider that stores prompts: the request says so, and the account's
# settings may narrow it further. Source: openrouter.ai/docs, "Provider routing".
_DATA_POLICY = (
    "no provider of this model keeps to the data policy: the council asks for providers that do not "
    "store prompts (`data_collection: deny`), and the account's own settings at "
    "openrouter.ai/settings/privacy may exclude more; loosen those or pick another model."
)


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


class ServerFailed(ModelFailed):
    """A failure that a server reported, with its report for whoever can put the request right."""

    report: Report


def failed(
    kind: Kind,
    *,
    retryable: bool = False,
    said: str = "",
    advice: str | None = None,
    retry_after_seconds: float | None = None,
    unusable: bool = False,
    context_tokens: int | None = None,
    prompt_tokens: int = 0,
) -> ModelFailed:
    return ModelFailed(
        kind,
        _sentence(kind, advice, said),
        retryable=retryable,
        retry_after_seconds=retry_after_seconds,
        unusable=unusable,
        context_tokens=context_tokens,
        prompt_tokens=prompt_tokens,
    )


def _sentence(kind: Kind, advice: str | None, said: str) -> str:
    return f"{advice or _ADVICE[kind]} It said: {said}" if said else advice or _ADVICE[kind]


def failure_of(report: Report, saying: "Saying") -> ServerFailed:
    """The failure that a report means."""
    kind, retryable = _kind(report)
    error = ServerFailed(
        kind,
        _sentence(kind, _advice(report, kind), saying.of(report.message)),
        retryable=retryable or report.passes,
        retry_after_seconds=report.wait_seconds,
    )
    error.report = report
    return error


def _advice(report: Report, kind: Kind) -> str | None:
    if kind == "unreachable":
        return WRONG_ADDRESS
    if report.status == 403 and report.is_page:
        return _FIREWALL
    if kind == "unknown_model" and "data policy" in report.words.lower():
        return _DATA_POLICY
    if kind == "server_error" and report.status < 500:
        named = re.sub(r"[^\w.-]", "", report.field)[:60]
        return f"the provider does not take this request's `{named}`." if named else _NOT_TAKEN
    return None


# --- the kind

# Words decide where they are plain: servers and the gateways before them disagree on statuses.
# Checked in this order; each says whether the same request may succeed later.
_WORDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "no_credit",
        re.compile(
            r"insufficient[ _](?:quota|credits?|balance|funds)|(?:no|any|enough|of) credits?\b"
            r"|not enough (?:balance|funds)|(?:credit|account) balance|top up your|\barrearage\b"
            r"|billing[ _](?:hard[ _])?(?:limit|not[ _]active)|payment[ _]required|spending limit"
            r"|exceeded your (?:current|monthly) quota"
        ),
    ),
    (
        "refused",
        re.compile(
            r"content[ _-]?(?:filter|policy|management)|policy[ _]violation|usage (?:guidelines|polic)"
            r"|\bmoderation\b|\bflagged\b|\bguardrails?\b|data_inspection_failed|prohibited_content"
            r"|inappropriate content|violates? .{0,60}(?:guidelines|polic)|responsible ai"
            r"|safety (?:system|filter|check)"
        ),
    ),
    (
        "unauthorised",
        re.compile(
            r"api[ _-]?key (?:is )?(?:not valid|invalid|expired|not found|missing)"
            r"|invalid[ _-](?:x-)?api[ _-]?key"
            r"|(?:incorrect|invalid|wrong|missing|no|unknown|expired) (?:\w+ )?"
            r"(?:api[ _-]?key|auth(?:entication|orization)?\b|credentials|(?:access|bearer) token)"
            r"|api_key_invalid|authentication[ _]?(?:error|failed|fails|required)|\bunauthenticated\b"
            r"|no connected db"  # LiteLLM's words for a wrong key
        ),
    ),
    (
        "unknown_model",
        re.compile(
            r"invalid model|not a valid model|unknown model|model[ _]not[ _](?:found|exist)"
            r"|\bmodel\b.{0,120}\b(?:not found|not exist|no such|not supported on|decommissioned)"
            r"|no endpoints found",
            re.DOTALL,
        ),
    ),
)
_WRONG_PATH = re.compile(
    r"page not found|invalid url|unexpected endpoint|cannot (?:post|get) /|no (?:such )?route"
    r"|method not allowed|unknown request url"
)
_RATE_WORDS = re.compile(r"rate[ _-]?limit|too many requests|resource[ _]exhausted|throttl")


def _kind(report: Report) -> tuple[Kind, bool]:
    """What an error means, and whether the same request may succeed later."""
    status, text = report.status, report.text.lower()
    if report.in_flight and report.wait_seconds is not None:
        # Many paid requests at once fill OpenRouter's in-flight budget; that one empties again.
        return "rate_limited", True
    if report.spent:
        return "no_credit", False
    if report.flagged:
        return "refused", False
    if status == 401:
        return "unauthorised", False
    # A quota with a time to wait is one that fills up again.
    if status == 429 and (report.wait_seconds is not None or not _WORDS[0][1].search(text)):
        return "rate_limited", True
    if "data policy" in text:
        return "unknown_model", False
    if status < 500 and _is_wrong_path(report, text):
        return "unreachable", False
    for kind, words in _WORDS:
        if words.search(text) and (kind != "unknown_model" or status < 500):
            return kind, False
    return _kind_of_status(report, text)


def _is_wrong_path(report: Report, text: str) -> bool:
    """A web server that has no such page, or a framework's answer to a path it does not know."""
    if report.status in (404, 405, 410) and not report.is_json:
        return not _WORDS[-1][1].search(text)
    return report.message.lower().strip(" .") == "not found" or bool(_WRONG_PATH.search(text))


def _kind_of_status(report: Report, text: str) -> tuple[Kind, bool]:
    match report.status:
        case 402:
            return "no_credit", False
        case 403:
            return ("refused" if "policy" in text else "unauthorised"), False
        case 404:
            return "unknown_model", False
        case 408 | 504 | 524:
            return "timed_out", True
        case status if status < 500 and status != 413 and _RATE_WORDS.search(text):
            return "rate_limited", True
    return "server_error", report.status >= 500


# --- reading a report


def report_of(status: int, body: bytes, headers: Mapping[str, str]) -> Report:
    """An error's body with its status: JSON in any of the known shapes, or plain words."""
    content = as_json(body)
    if isinstance(content, list | dict):
        return _report(status, content, _header_wait(headers))
    text = as_text(body[: 4 * WORDS_LIMIT_CHARS].decode("utf-8", "replace"), WORDS_LIMIT_CHARS)
    if text.lstrip("\ufeff \t\r\n").startswith("error:"):  # llama.cpp's, outside a stream
        inner = as_json(text.partition("error:")[2].encode())
        if isinstance(inner, dict):
            return _report(status, {"error": inner}, _header_wait(headers))
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
    silent = not any(content.get(name) for name in ("choices", "usage", "id"))
    return silent and any(content.get(name) for name in ("message", "detail", "errors", "code"))


def report_in_band(content: dict[str, Any]) -> Report:
    """An error inside a response of status 200; its code stands in for the status."""
    report = _report(0, content, None)
    code = next(iter(re.findall(r"\b[45]\d\d\b", report.code)), "")
    status = int(code) if code else _status_of_name(report)
    return _report(status, content, report.wait_seconds)


def _status_of_name(report: Report) -> int:
    """OpenAI and its imitators name errors where OpenRouter numbers them."""
    for name, status in (
        ("rate_limit", 429),
        ("insufficient_quota", 402),
        ("model_not_found", 404),
        ("invalid_request", 400),
        ("exceed_context_size", 400),
        ("context_length", 400),
    ):
        if name in report.code:
            return status
    return 404 if _is_wrong_path(report, report.text.lower()) else 502


def _report(status: int, content: Any, wait_seconds: float | None) -> Report:
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
    for name in ("error", "errors", "message"):
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


@dataclass(frozen=True, slots=True)
class Saying:
    """Makes a provider's own words fit to show: short, printable, without keys and model names."""

    keys: tuple[str, ...] = field(repr=False)
    models: tuple[str, ...]

    def of(self, message: str) -> str:
        text = message[:WORDS_LIMIT_CHARS]
        for key in self.keys:
            text = text.replace(key, "***")
        if len(message) >= WORDS_LIMIT_CHARS:  # its end may be the beginning of a key
            text = text[: -max((len(key) for key in self.keys), default=1)]
        text = re.sub(r"(?<![A-Za-z0-9])sk-[\w*.-]+", "***", text)
        for model in self.models:
            text = re.sub(rf"(?<![\w-]){re.escape(model)}(?![\w-])", "this model", text)
        text = "".join(char if char.isprintable() else " " for char in text)
        text = " ".join(text.split())
        if len(text) > SAID_LIMIT_CHARS:
            text = text[: SAID_LIMIT_CHARS - 1] + "…"
        return text
