"""A section of a review as the items of its list, however it is laid out: lines, JSON, YAML, XML.

Pure; knows neither which labels exist nor what the items say.
"""

import json
import re
from collections.abc import Sequence

from bot.protocol.ballot_lines import parse_line
from bot.protocol.ballot_words import PLACE

READ_LINES = 200

_LETTER = re.compile(r"(?<![^\W_])[A-Za-z](?![^\W_])")

# In "1. Answer B, clear. 2. Answer A, thin." the second item.
_NEXT_ITEM = re.compile(
    r"(?<=[;,.)、，]) {1,3}(?=\d{1,2}[.)] {0,2}(?:[^\W\d_]{1,12} ?)?[A-Za-z](?![A-Za-z0-9]))"
)
_PLACE_ALONE = re.compile(
    rf"\s*+(?:[-*•]\s\s*+)?(?:(?i:{PLACE})\s?[:=]?\s?)?\#?\d{{1,2}}\s?[.):,]?\s*",
    re.VERBOSE,
)
_KEY_OF_PLACE = re.compile(r"rank|place|position|순위", re.I)
_KEY_OF_ORDER = re.compile(r"rank|order|순위|places", re.I)


def items(section: str) -> list[str]:
    """One line for each item: of the JSON that begins a line, if there is any, else as written."""
    return _json_items(section) or line_items(section)


def line_items(text: str) -> list[str]:
    """The lines that are not blank, a numbered item each."""
    lines = [line for line in _NEXT_ITEM.sub("\n", text).split("\n") if line.strip()]
    return _with_their_places(lines[: 2 * READ_LINES])


def _with_their_places(lines: Sequence[str]) -> list[str]:
    """A place on a line of its own joins the answer that it belongs to, before it or behind it."""
    alone = [bool(_PLACE_ALONE.fullmatch(line)) for line in lines]
    if not any(alone):
        return list(lines)
    first = alone.index(True)
    answer_first = first > 0 and _is_an_answer(lines[first - 1])
    joined: list[str] = []
    for n, line in enumerate(lines):
        if alone[n] and answer_first and joined and _is_an_answer(joined[-1]):
            joined[-1] += f": {_digits(line)}"
        elif n and alone[n - 1] and not answer_first and _is_an_answer(line):
            joined[-1] = f"{_digits(lines[n - 1])}. {line.strip(' -*•')}"
        else:
            joined.append(line)
    return joined


def _digits(line: str) -> str:
    return re.sub(r"\D", "", line)


def _is_an_answer(line: str) -> bool:
    parsed = parse_line(line)
    return bool(parsed and parsed.style != "number" and len(parsed.places) == 1)


def _json_items(section: str) -> list[str]:
    """A ranking in JSON as the lines of a numbered list; empty if there is none."""
    start = re.search(r"^[^\S\n]*(?=[\[{])", section, re.MULTILINE)
    if not start:
        return []
    try:
        value, _ = json.JSONDecoder().raw_decode(section, start.end())
        lines = _as_lines(value)
        return lines if any(map(_LETTER.search, lines)) else []
    except (ValueError, RecursionError):
        return []


def _as_lines(value: object) -> list[str]:
    if isinstance(value, list):
        return [_as_line(place, each) for place, each in enumerate(value, start=1)]
    if not isinstance(value, dict):
        return []
    for key, inner in value.items():
        if _KEY_OF_ORDER.search(key) and isinstance(inner, list | dict):
            return _as_lines(inner)
    # Either the places are the keys, or the labels are.
    return [_of_key(key, inner) for key, inner in value.items()]


def _of_key(key: str, inner: object) -> str:
    if isinstance(inner, int | float):
        return f"- {key}: {inner}"
    if isinstance(inner, str) and parse_line(f"- {key}: {inner}") and _LETTER.search(key):
        return f"- {key}: {inner}".replace("\n", " ")
    if isinstance(inner, dict) and _LETTER.search(key):
        numbers = [n for name, n in inner.items() if _KEY_OF_PLACE.search(name)]
        return f"- {key}: {numbers[0]}" if numbers else ""
    return _as_line(key, inner)


def _as_line(place: int | str, value: object) -> str:
    if isinstance(value, list):
        value = " = ".join(map(str, value))
    if isinstance(value, dict):
        numbers = [n for key, n in value.items() if _KEY_OF_PLACE.search(key)]
        texts = [each for each in value.values() if isinstance(each, str) and parse_line(each)]
        place, value = (numbers or [place])[0], (texts or [""])[0]
    return f"{place}. {value}".replace("\n", " ")
