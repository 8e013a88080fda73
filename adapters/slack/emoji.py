"""How Slack spells the emoji that people vote with, and look closer."""

import re

_NAMES = {"👍": "+1", "👎": "-1", "🏆": "trophy", "🚫": "no_entry_sign"}
_EMOJI = {name: emoji for emoji, name in _NAMES.items()} | {
    "thumbsup": "👍",
    "thumbsdown": "👎",
    "mag": "🔍",
    "mag_right": "🔎",
}

_SKIN_TONE = re.compile(r"::skin-tone-\d$")


def name_of(emoji: str) -> str:
    """The name under which the bot adds it."""
    return _NAMES[emoji]


def emoji_of(name: str) -> str | None:
    """The emoji of a reaction by its name, in any skin; `None` for one that says nothing here."""
    return _EMOJI.get(_SKIN_TONE.sub("", name))
