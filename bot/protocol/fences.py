"""What stands around whatever people or models wrote where a model is to judge it: a delimiter that
nobody could guess and no other prompt has, since whoever reads a prompt may write what another one
quotes.
"""

import re

from bot.protocol.folding import fold
from bot.protocol.ranking import draw
from bot.protocol.shortening import shortened

# Like the fence of any prompt, however spelled: nothing else looks like that. Possessive, and from
# the first of some signs on, so that many signs are read once.
_FENCE_LIKE = re.compile(r"(?<!=)={2,}+[^\S\n]*+[0-9a-f]{12,}+[^\S\n]*+=++", re.IGNORECASE)
# What folds to an equals sign or several; a text without any needs no folding.
_EQUALS = re.compile("[=＝﹦⁼₌⩵⩶]")


def fence(seed: int, stage: str, round: int, seat: int) -> str:
    """The delimiter of one prompt, a line of its own."""
    return f"=== {draw(seed, f'fence/{stage}/{round}/{seat}').getrandbits(64):016x} ==="


def fenced(text: str, fence: str, limit: int | None = None) -> str:
    """The material between two fences, and behind them, where no material can, what it lacks."""
    text = _without_fences(text)
    whole = f"{fence}\n{shortened(text, limit)}\n{fence}"
    if limit is None or len(text) <= limit:
        return whole
    return (
        f"{whole}\n(Shortened for you, not by its author: {len(text) - limit:,} of its "
        f"{len(text):,} characters are left out in the middle.)"
    )


def _without_fences(text: str) -> str:
    """The text without what could be taken for a fence: a member may repeat those it was shown."""
    if not _EQUALS.search(text):
        return text
    folded = fold(text)
    pieces, at = [], 0
    for found in _FENCE_LIKE.finditer(folded.text):
        start, end = folded.span(*found.span())
        pieces.append(text[at:start])
        at = end
    return "".join((*pieces, text[at:])) if at else text
