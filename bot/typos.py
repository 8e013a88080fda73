"""What somebody may have meant by a word that is none of those there are. Pure."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from bot.language import _, either

# So much of what was typed is looked at, and so many words are offered.
_TYPED_CHARS, _OFFERED = 100, 2


def did_you_mean(typed: str, words: Iterable[str]) -> str:
    """` Did you mean x or y?`, to follow a sentence; "" where no word is like it."""
    typed = typed.strip().lower()[:_TYPED_CHARS]
    return question([f"`{word}`" for word in get_close_matches(typed, list(words), _OFFERED)])


def closest(typed: str, words: Iterable[str], *, likeness: float = 0.6) -> str:
    """The word most like it, from this `likeness` (0 to 1) on; "" where none is."""
    return next(iter(get_close_matches(typed[:_TYPED_CHARS], list(words), 1, likeness)), "")


def question(close: Sequence[str]) -> str:
    """` Did you mean x or y?` about these; "" where there are none."""
    return _(" Did you mean {close}?", close=either(close)) if close else ""
