"""Which kind of failure it is that a model server reports, and how a person is told.

Decided here alone, from the status, the codes and the words of a report. No message of an error
holds a key or names a model.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from bot.cleaning import shortened
from bot.errors import Kind, ModelFailed
from bot.language import N_, Message, _
from bot.models.reports import WORDS_LIMIT_CHARS, Report, read_report

SAID_LIMIT_CHARS = 200

_ADVICE: dict[Kind, Message] = {
    "rate_limited": N_("the provider takes no more requests right now; try again in a while."),
    "no_credit": N_("the account has no credit left; add some or raise its limit at the provider."),
    "unauthorised": N_("the provider does not accept the key; check it."),
    "unknown_model": N_("the provider has no such model; pick another one."),
    "timed_out": N_("the provider gave up waiting for the model; try again."),
    "refused": N_("the provider refused to answer this; put the question differently."),
    "empty": N_("the model gave an empty answer; try again."),
    "cut_off": N_("the connection broke before the answer was complete; try again."),
    "server_error": N_("the provider has a fault of its own; try again later."),
    "unreachable": N_("the provider cannot be reached; check its address and the network."),
}
_NOT_TAKEN = N_("the provider does not take this request.")
UNREADABLE = N_("the provider sent something that is no answer; try again later.")
TOO_LONG = N_("the provider sent more than any answer can hold.")
WRONG_ADDRESS = N_(
    "nothing at this address answers as a model server; check the endpoint's address, "
    "which ends like https://host/v1."
)
_FIREWALL = N_(
    "a firewall before the provider turned the request away; check the endpoint's address, "
    "and whether this machine may call it."
)
# OpenRouter leaves out every provider that stores prompts: the request says so, and the account's
# settings may narrow it further. Source: openrouter.ai/docs, "Provider routing".
_DATA_POLICY = N_(
    "no provider of this model keeps to the data policy: the council asks for providers "
    "that do not store prompts (`data_collection: deny`), and the account's own settings "
    "at openrouter.ai/settings/privacy may exclude more; loosen those or pick another "
    "model."
)


class ServerFailed(ModelFailed):
    """A failure that a server reported, with its report for whoever can put the request right."""

    report: Report


def failed(
    kind: Kind,
    *,
    retryable: bool = False,
    said: str = "",
    advice: str | Message | None = None,
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


def _sentence(kind: Kind, advice: str | Message | None, said: str) -> str:
    words = str(advice or _ADVICE[kind])
    return _("{advice} It said: {said}", advice=words, said=said) if said else words


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


def _advice(report: Report, kind: Kind) -> str | Message | None:
    if kind == "unreachable":
        return WRONG_ADDRESS
    if report.status == 403 and report.is_page:
        return _FIREWALL
    if kind == "unknown_model" and "data policy" in report.words.lower():
        return _DATA_POLICY
    if kind == "server_error" and report.status < 500:
        named = re.sub(r"[^\w.-]", "", report.field)[:60]
        if not named:
            return _NOT_TAKEN
        return _("the provider does not take this request's `{named}`.", named=named)
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


# --- errors inside successful responses


def report_in_band(content: dict[str, Any]) -> Report:
    """An error inside a response of status 200; its code stands in for the status."""
    report = read_report(0, content)
    code = next(iter(re.findall(r"\b[45]\d\d\b", report.code)), "")
    status = int(code) if code else _status_of_name(report)
    return read_report(status, content, report.wait_seconds)


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
            text = re.sub(_naming(model), _this_model, text)
        text = "".join(char if char.isprintable() else " " for char in text)
        return shortened(" ".join(text.split()), SAID_LIMIT_CHARS)


def _naming(model: str) -> str:
    """Finds the model's name with the words and signs that go with it: "The model `m:latest`"."""
    said = (
        r"(?P<said>(?i:\b(?:(?:the|your|requested|specified|selected|given)\s+)*model\s+"
        r"(?:(?:id|name)\s+)?))?"
    )
    return rf"{said}[\"'`]?(?<![\w-]){re.escape(model)}(?::[\w.-]+)?(?![\w-])[\"'`]?"


def _this_model(found: re.Match[str]) -> str:
    words = "this model"  # amid the provider's own, which are English
    return words.capitalize() if (found["said"] or "")[:1].isupper() else words
