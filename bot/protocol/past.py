"""How much of its thread goes along with a follow-up: the newest of it whole, the rest in short. Pure.

Every prompt of a run has it, so it has to fit the smallest context that is asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.council import Earlier, Past
from bot.protocol.shortening import BYTES_PER_TOKEN, common_limit, shortened, size

# The rest of a context is for the question, the answers to it and what is to be written.
_PART = 4
# Taken of a model that no list knows: more than local servers are started with, where nobody says
# otherwise, is nothing that may be counted on.
UNKNOWN_CONTEXT_TOKENS = 8_192

# So many messages of people go along where a channel wants that.
MESSAGES = 20
# Of what people said in the thread; a message of usual length stays whole.
_SAID_BYTES = 8_000

# Headings and fences around a question and its verdict.
_FRAME_BYTES = 250


@dataclass(frozen=True, slots=True)
class Split:
    """So many of the oldest turns are `folded` into a recap; `summed` of them are in one already."""

    folded: int = 0
    summed: int = 0


def room(contexts: Iterable[int | None]) -> int:
    """How many bytes of a thread go along, where prompts have to fit contexts of so many tokens."""
    smallest = min(context or UNKNOWN_CONTEXT_TOKENS for context in contexts)
    return int(smallest / _PART * BYTES_PER_TOKEN)


def bytes_of(turn: Earlier) -> int:
    return size(turn.question) + size(turn.verdict) + _FRAME_BYTES


def split(sizes: Sequence[int], recaps: Mapping[int, int], room: int) -> Split:
    """Which of a thread's turns, of these sizes and oldest first, have to go in short.

    `recaps` are the sizes of those there are, by how many of the oldest turns they sum up. Once one
    has to be written, it sums up so many that the next few questions need none.
    """
    if sum(sizes) <= room:
        return Split()
    for count in sorted(recaps):
        if 0 < count < len(sizes) and recaps[count] + sum(sizes[count:]) <= room:
            return Split(count, count)
    folded = 0
    while folded < len(sizes) - 1 and sum(sizes[folded:]) > room // 2:
        folded += 1
    return Split(folded, max((count for count in recaps if 0 < count <= folded), default=0))


def past(whole: Sequence[Earlier], recap: str, folded: int, room: int) -> Past:
    """What goes along, none of it longer than there is room for."""
    known = Past(tuple(whole), cut_recap(recap, room), folded)
    texts = [text for turn in whole for text in (turn.question, turn.verdict)]
    left = room - size(known.recap) - _FRAME_BYTES * len(whole)
    if sum(map(size, texts)) <= left:
        return known
    return replace(known, limit=common_limit(texts, left))


def cut_recap(recap: str, room: int) -> str:
    """A recap is a part of what goes along, whatever was written."""
    limit = common_limit([recap], room // _PART)
    return shortened(recap, limit)


def cut_said(texts: Sequence[str], room: int) -> tuple[str, ...]:
    """What people said, long messages shortened."""
    limit = common_limit(texts, _said_room(room))
    return tuple(shortened(text, limit) for text in texts)


def said_bytes(room: int) -> int:
    """The most that it takes of a prompt."""
    return _said_room(room) + MESSAGES * _FRAME_BYTES


def _said_room(room: int) -> int:
    return min(_SAID_BYTES, room // _PART)
