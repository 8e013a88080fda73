"""What somebody says to a run in its thread that is no question: an exact, small grammar. Pure.

`redo: GUIDANCE` wants its verdict written anew, `again, all of you` the whole council on its
question. Whatever else is said there is a question.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Redo:
    guidance: str


@dataclass(frozen=True, slots=True)
class AllOfYou:
    pass


Wish = Redo | AllOfYou

_REDO = re.compile(r"redo\s*(?::\s*(?P<guidance>.*))?", re.IGNORECASE | re.DOTALL)
_AGAIN = re.compile(r"again|again\s*,?\s*all\s+of\s+you|all\s+of\s+you", re.IGNORECASE)


def wish(text: str) -> Wish | None:
    """Total on any text; `None` for a question."""
    text = text.strip()
    if found := _REDO.fullmatch(text):
        return Redo((found["guidance"] or "").strip())
    return AllOfYou() if _AGAIN.fullmatch(text.rstrip(" .!")) else None
