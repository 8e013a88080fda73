"""Events of a deliberation as text and back, for whoever follows it from another process.

A `VerdictText` is none of them: what is written of a verdict so far is told as a whole, as the draft.
"""

from collections.abc import Mapping
from typing import get_args

from bot.protocol.events import Event, VerdictText
from bot.store.encoding import decode, encode

_KINDS: Mapping[str, type[Event]] = {
    kind.__name__: kind for kind in get_args(Event) if kind is not VerdictText
}


def text_of(event: Event) -> str:
    """Its name, and what it says as JSON."""
    kind = type(event)
    return f"{kind.__name__} {encode(_KINDS[kind.__name__], event)}"


def event_of(text: str) -> Event:
    """Raises `ValueError` for what another version wrote."""
    name, _, said = text.partition(" ")
    if name not in _KINDS:
        raise ValueError(f"there is no event {name!r}")
    return decode(_KINDS[name], said)
