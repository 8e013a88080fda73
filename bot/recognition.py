"""Whether a question is nearly the same as another, told without keeping the words of either.

A question becomes signs, one for each pair of neighbouring words: hashes under a key, so that they
tell nothing to whoever lacks it. Pure.
"""

import re
import unicodedata
from collections.abc import Set
from hashlib import blake2b
from itertools import pairwise

# So many of the signs of either question are those of both.
SAME_QUESTION = 0.8

_PUNCTUATION = ".,;:!?…\"'()[]{}*_`~“”‘’«»"
# Before the sign of a pair with a number in it.
_NUMBER = "#"
_SIGN_BYTES = 6


def signs(question: str, key: str) -> tuple[str, ...]:
    """In no order that tells of the question's; never empty."""
    secret = key.encode()[:64]
    return tuple(sorted({_sign(pair, secret) for pair in _pairs(question)}))


def alike(one: Set[str], other: Set[str]) -> bool:
    """Numbers make a question another one."""
    if any(sign.startswith(_NUMBER) for sign in one ^ other):
        return False
    return len(one & other) >= SAME_QUESTION * len(one | other)


def _pairs(question: str) -> set[tuple[str, str]]:
    """The pairs of neighbouring words, the edges among them."""
    plain = unicodedata.normalize("NFKC", question).casefold()
    # Only what closes or quotes a word goes: C++ and C# are two languages.
    words = [bare for word in plain.split() if (bare := word.strip(_PUNCTUATION))]
    return set(pairwise(["", *(words or [plain]), ""]))


def _sign(pair: tuple[str, str], secret: bytes) -> str:
    text = "\n".join(pair)
    digest = blake2b(text.encode(errors="replace"), digest_size=_SIGN_BYTES, key=secret).hexdigest()
    return f"{_NUMBER}{digest}" if re.search(r"\d", text) else digest
