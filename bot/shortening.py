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

# Tokens hold about four bytes of English and three of most other scripts; counted with two and a
# half, what is called fitting fits.
BYTES_PER_TOKEN = 2.5


def reading_limit(texts: Sequence[str]) -> int | None:
    """How many characters of each text reviewers read; `None` where none is far longer than most."""
    if not texts:
        return None
    limit = max(int(FAR_LONGER * median(map(len, texts))), ALWAYS_WHOLE_CHARS)
    return limit if max(map(len, texts)) > limit else None


def fitting_limit(texts: Sequence[str], tokens: int) -> int:
    """How many characters of each text fit into so many tokens together, the longest cut first."""

    def size(limit: int) -> int:
        return sum(len(text[:limit].encode("utf-8", "replace")) for text in texts)

    longest = max(map(len, texts), default=0)
    return bisect_right(range(1, longest + 1), tokens * BYTES_PER_TOKEN, key=size)


def shortened(text: str, limit: int | None) -> str:
    """At most `limit` characters of the text and a mark where the rest was; whole without one."""
    if limit is None or len(text) <= limit:
        return text
    tail = limit // 3
    left_out = f"[... {len(text) - limit:,} characters left out here ...]"
    return f"{text[: limit - tail]}\n\n{left_out}\n\n{text[len(text) - tail :]}"
