"""How people in a terminal spell the emoji that they vote with: as such, or by name."""

_NAMES = {
    "👍": ("+1", "thumbsup"),
    "👎": ("-1", "thumbsdown"),
    "🏆": ("trophy", "best"),
    "🚫": ("no_entry_sign", "none"),
    "🔍": ("mag", "mag_right"),
}
_EMOJI = {name: emoji for emoji, names in _NAMES.items() for name in names}


def names_of(emoji: str) -> tuple[str, ...]:
    return _NAMES.get(emoji, ())


def emoji_of(text: str) -> str:
    """The emoji of this name, with or without colons; any other text stays as it is."""
    return _EMOJI.get(text.strip(":").lower(), text)
