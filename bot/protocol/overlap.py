"""How many of a text's words another text has, whatever its script. Pure.

Words alone: that two texts share them says that they speak of the same, not that they agree.
"""

from collections.abc import Set

import regex

# Of a word so many characters tell what it is about; endings do not.
_STEM = 5
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
# Written without spaces: two signs at a time stand for a word.
_DENSE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Khmer}\p{Lao}]")


def words(text: str) -> frozenset[str]:
    """The words that carry a text: numbers, and whatever is longer than most words of grammar."""
    found: set[str] = set()
    for word in set(_WORD.findall(text.casefold())):
        if _DENSE.search(word):
            found |= {word[at : at + 2] for at in range(max(len(word) - 1, 1))}
        elif len(word) > 3 or any(map(str.isdigit, word)):
            found.add(word[:_STEM])
    return frozenset(found)


def shared(some: Set[str], others: Set[str]) -> float:
    """How much of `some` is among the others, 0 to 1; 1 where there is none."""
    return len(some & others) / len(some) if some else 1.0
