"""The gate for what servers send: values out of JSON, each within its bounds or absent.

Whatever is malformed, senseless or without measure reads as absent, so that nothing further in has
to doubt a number or a character.
"""

import json
import math
from decimal import Decimal, InvalidOperation
from typing import Any

# More than any count of tokens, bytes or seconds that is meant, and small enough to be added up in
# 64 bits a million times.
COUNT_LIMIT = 10**12


def as_json(data: bytes) -> Any:
    """`None` for whatever is no JSON; bytes that are no UTF-8 are replaced one by one. A number that
    is longer than Python reads is absent, and takes nothing else along."""
    try:
        return _plain_json(data) if data.startswith(b"{") else json.loads(data)
    except UnicodeDecodeError:
        return as_json(data.decode("utf-8", "replace").encode())
    except (json.JSONDecodeError, RecursionError):
        return None
    except ValueError:
        return json.loads(data, parse_int=lambda digits: int(digits) if len(digits) < 40 else None)


def _plain_json(data: bytes) -> Any:
    """What `json.loads` makes of it, for what nearly every event is: UTF-8, no blanks around it. To
    look for other encodings and blanks takes as long as to read the event."""
    try:
        text = data.decode()
        value, end = _DECODER.raw_decode(text)
        if end == len(text):
            return value
    except ValueError:
        pass
    return json.loads(data)


_DECODER = json.JSONDecoder()


def as_dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def as_text(value: object, limit_chars: int) -> str:
    """A text in characters that can be stored and sent, cut to the limit."""
    return mended(value[:limit_chars]) if isinstance(value, str) else ""


def mended(text: str) -> str:
    """Characters that were cut into surrogates put together again; what is half a one, replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def as_count(value: object) -> int:
    """A number of something; 0 for whatever is none."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    if not 0 <= value <= COUNT_LIMIT:  # neither NaN nor an infinity passes
        return 0
    return int(value)


def as_decimal(value: object) -> Decimal | None:
    """A sum of money, `None` for whatever is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and value >= 1_000_000:  # before it is spelled out, at any length
        return None
    try:
        number = Decimal(str(value)[:100].strip().removeprefix("$"))
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() and 0 <= number < 1_000_000 else None


def words_of(value: object, limit_chars: int) -> str:
    """What a server says, in whatever shape: a text, or the texts in lists and objects, joined."""
    texts: list[str] = []
    left = limit_chars
    pending = [value]
    while pending and left > 0:
        one = pending.pop()
        if isinstance(one, dict):
            pending.extend(reversed(list(one.values())[:50]))
        elif isinstance(one, list):
            pending.extend(reversed(one[:50]))
        elif isinstance(one, str) and one.strip():
            texts.append(as_text(one.strip(), left))
            left -= len(texts[-1])
    return " ".join(texts)
