"""The numbers in a server's words about a request that is too long."""

import re
from dataclasses import dataclass

from bot.models.reports import Report

_N = r"(\d{1,3}(?:,\d{3}){1,3}|\d{1,10})"

_LENGTH = re.compile(
    r"context[ _-]?(?:length|size|window|limit)|context_length|exceed_context|tokens_limit_reached"
    r"|maximum (?:prompt|input|sequence)"
    r"|(?:prompt|input|message|request)s? (?:body )?(?:is |are )?too (?:long|large)"
    r"|too many (?:input |prompt )?tokens|tokens? .{0,60}exceed|exceed.{0,80}tokens?\b"
    r"|reduce (?:the |your )?(?:length|message|prompt|input)|longer than the model"
    r"|max_?(?:completion_|new_|output_)?tokens`?'?\"? .{0,60}(?:<=|less than|at most|range|large|exceed)"
    r"|(?:<=|at most|allowed number of) \d* ?(?:completion|output)|max_?output_?tokens",
    re.IGNORECASE | re.DOTALL,
)

# `190000 + 20000 > 200000`: prompt, answer, context (Anthropic).
_SUM = re.compile(rf"{_N} \+ {_N} > {_N}")

_COMPLETION = (
    rf"at most {_N} (?:completion|output)",
    rf"> {_N}, which is the maximum allowed number of output",
    rf"range\D{{0,40}}1\D{{1,20}}{_N}",
    rf"max_\w{{0,12}}tokens .{{0,40}}less than or equal to {_N}",
    r"max_?(?:completion_|output_)?tokens\W{0,3} (?:must|should|cannot|can|may|is limited)(?! be at least)"
    rf"\D{{0,40}}{_N}",
)
_CONTEXT = (
    rf"`?inputs`? tokens \+ `?max_new_tokens`? must be <= {_N}",
    r"(?:context|prompt|input|sequence)[ _-]?(?:length|size|window|limit)"
    rf"(?:\W{{1,3}}(?:is|of|limit|only|at|most|for|this|the|model))*\W{{1,3}}{_N}",
    rf"{_N} (?:tokens? )?(?:maximum )?context",
    rf"> {_N} maximum",
    rf"\blimit(?: is| of)?:?\s?{_N}",
    rf"max(?:imum)? size:? {_N}",
    rf"maximum(?: number of)?(?: input| prompt)? tokens?(?: allowed)?\W{{0,3}}(?:is |of )?{_N}",
    rf"(?:cannot exceed|must be <=|must have less than|at most|up to) {_N}",
)
_PROMPT = (
    rf"{_N} (?:tokens )?(?:in|of|from) (?:the |your )?(?:input |text )?(?:messages|prompt|input)",
    rf"{_N} (?:input|prompt|`inputs`) ?tokens?",
    rf"{_N} `inputs`",
    rf"messages resulted in {_N}",
    rf"(?:prompt|input) (?:contains|is too long:?|has|\() ?{_N}",
    rf"request \({_N} tokens?\) exceeds",
    rf"token count(?: of)? \(?{_N}",
    rf"(?:request contains|received) {_N}",
)
_TOTAL = (rf"requested(?: about)? {_N}", rf"current length is {_N}", rf"requested: {_N}")


# A smaller number in such words is of something else.
_LEAST_COMPLETION = 16


def _compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


_COMPLETIONS, _CONTEXTS = _compiled(_COMPLETION), _compiled(_CONTEXT)
_PROMPTS, _TOTALS = _compiled(_PROMPT), _compiled(_TOTAL)


@dataclass(frozen=True, slots=True)
class Lengths:
    """In tokens, 0 where nobody said: what prompt and answer hold together, what the prompt has, the
    most that an answer may have."""

    context: int = 0
    prompt: int = 0
    completion: int = 0


def speaks_of_length(report: Report) -> bool:
    """Whether an error says that a request, or the answer that it asks for, is too long."""
    return bool(report.context_tokens or _LENGTH.search(report.text))


def lengths_in(report: Report, asked: int) -> Lengths:
    """What an error tells of lengths; `asked` is the answer's length that was asked for."""
    words = report.words
    if found := _SUM.search(words):
        return Lengths(context=_number(found[3]), prompt=_number(found[1]))
    completion = _first(_COMPLETIONS, words)
    completion -= f"{completion} (exclusive)" in words
    if not report.context_tokens and completion >= _LEAST_COMPLETION:
        return Lengths(completion=completion)
    context = report.context_tokens or _first(_CONTEXTS, words)
    prompt = report.prompt_tokens or _first(_PROMPTS, words)
    if not prompt and (total := _first(_TOTALS, words)) > asked:
        prompt = total - asked
    return Lengths(context, prompt)


def _first(patterns: tuple[re.Pattern[str], ...], words: str) -> int:
    for pattern in patterns:
        if found := pattern.search(words):
            return _number(found[1])
    return 0


def _number(text: str) -> int:
    return int(text.replace(",", ""))
