"""Emoji as votes: which reaction on which post means what. Knows no platform's spelling."""

import re

from bot.chat import HEADLINE, RANKING, VERDICT
from bot.records import ReactionValue

# What each post listens to. A trophy on the verdict or a thumb on the ranking means nothing.
_ANSWER: dict[str, ReactionValue] = {"👍": "accept", "👎": "reject", "🏆": "best"}
_VERDICT: dict[str, ReactionValue] = {"👍": "accept", "👎": "reject"}
_RANKING: dict[str, ReactionValue] = {"🚫": "none"}
_OFFERED = {HEADLINE: _VERDICT, VERDICT: _VERDICT, RANKING: _RANKING}

# Skin tones and the emoji presentation selector change the look, not the meaning.
_LOOKS = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f]")


# On a quick verdict: the whole council is to look at it.
GLASS = "🔍"
_GLASSES = frozenset({GLASS, "🔎"})


def looks_closer(key: str, emoji: str) -> bool:
    """Whether the emoji says so on the post of this key."""
    return key in {HEADLINE, VERDICT} and _LOOKS.sub("", emoji) in _GLASSES


def target(key: str) -> str | None:
    """What a reaction on the post of this key is about: a label, `verdict`, `none`, or nothing."""
    if key in {HEADLINE, VERDICT}:
        return "verdict"
    if key == RANKING:
        return "none"
    name, _, label = key.partition(":")
    return label if name == "answer" else None


def part_name(key: str) -> str:
    """How people call the post of this key: `A`, `verdict`, `ranking`."""
    return {"verdict": "verdict", "none": "ranking"}.get(target(key) or "", target(key) or "")


def value(key: str, emoji: str) -> ReactionValue | None:
    """What the emoji says there; `None` where it says nothing."""
    return _OFFERED.get(key, _ANSWER).get(_LOOKS.sub("", emoji))


def is_heard(key: str, emoji: str) -> bool:
    """Whether it says anything there."""
    return value(key, emoji) is not None or looks_closer(key, emoji)


def offered(key: str) -> tuple[str, ...]:
    """The emoji that the post of this key listens to, in the order of the legend."""
    return tuple(_OFFERED.get(key, _ANSWER))
