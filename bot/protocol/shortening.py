"""Texts that are too long for whom they are meant, cut in the middle, visibly. Pure.

An answer far longer than the others costs every reviewer more than it is worth, and one that does
not fit a model's context costs its whole review. Beginning and end are kept: a conclusion stands at
either.
"""

from bisect import bisect_right
from collections.abc import Sequence
from statistics import median

# So many times the median is far longer; short answers differ by more without costing anything.
FAR_LONGER = 3
ALWAYS_WHOLE_CHARS = 3_000

# Of a critique the chairman reads so much for each answer, twice what is asked for; in characters,
# since not every script has words.
CRITIQUE_CHARS = 300

# Where a server tells neither how many tokens a prompt has nor how many it takes: English has four
# bytes a token, most other scripts three, and counted with less, what is called fitting fits. Four
# thousand tokens are what local servers are started with where nobody says otherwise.
BYTES_PER_TOKEN = 2.5
USUAL_CONTEXT_TOKENS = 4_096

# Less of an answer than this is not worth a judgement.
LEAST_CHARS = 200

# A mark in the text and a line behind it.
_MARKS_BYTES = 250


def reading_limit(texts: Sequence[str]) -> int | None:
    """How many characters of each text reviewers read; `None` where none is far longer than most."""
    if not texts:
        return None
    limit = max(int(FAR_LONGER * median(map(len, texts))), ALWAYS_WHOLE_CHARS)
    return limit if max(map(len, texts)) > limit else None


def fitting_limit(
    texts: Sequence[str], prompt: str, *, context_tokens: int, prompt_tokens: int
) -> int | None:
    """How many characters of each text may stay in a prompt that is too long, the longest cut first.

    A quarter of the context is left for what is to be written. `prompt_tokens` is the prompt as the
    server counted it; 0 is not known, for either number. `None` where hardly anything would be left.
    """
    context = context_tokens or USUAL_CONTEXT_TOKENS
    whole = size(prompt)
    # A tenth less than counted, since not every part of a text has as many tokens.
    per_token = 0.9 * whole / prompt_tokens if prompt_tokens else BYTES_PER_TOKEN
    rest = whole - sum(map(size, texts)) + _MARKS_BYTES * len(texts)
    limit = common_limit(texts, int(context * 3 / 4 * per_token) - rest)
    return limit if limit >= min(LEAST_CHARS, max(map(len, texts), default=0)) else None


def common_limit(texts: Sequence[str], most_bytes: int) -> int:
    """How many characters of each text have so many bytes together at most."""
    longest = max(map(len, texts), default=0)
    return bisect_right(
        range(1, longest + 1),
        most_bytes,
        key=lambda limit: sum(size(text[:limit]) for text in texts),
    )


def size(text: str) -> int:
    """In bytes, which follow tokens more closely over scripts than characters do."""
    return len(text.encode("utf-8", "replace"))


def shortened(text: str, limit: int | None) -> str:
    """At most `limit` characters of the text and a mark where the rest was; whole without one."""
    if limit is None or len(text) <= limit:
        return text
    tail = limit // 3
    left_out = f"[... {len(text) - limit:,} characters left out here ...]"
    return f"{text[: limit - tail]}\n\n{left_out}\n\n{text[len(text) - tail :]}"
