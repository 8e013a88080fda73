"""Read the ballot out of a review: tolerant of how it is written, strict about what counts.

Reviewers are asked to end with a marker and a numbered list, and then do as they like. Lists
(numbered, bulleted, bare, in a table), chains (`A > B = C`), comma lists and JSON are read, behind
the last marker. Without any marker only what can be nothing else counts: a chain or a numbered
list of every label and nothing more, at the very end. Prose that mentions labels is no ballot.

Pure; knows no prompt, and nothing of the council but its labels, which are single capital letters.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.ballot_lines import Line, Style, from_chain, parse_line
from bot.council import Ranking

# A ranking stands at the end, and is short. What lies beyond is not looked at, which bounds the
# time that any text can take.
READ_CHARS = 10_000
READ_LINES = 200


def parse_ranking(text: str, labels: Collection[str], *, complete: bool = True) -> Ranking | None:
    """The order a reviewer gave, best first; `None` if the text holds no ballot.

    Total on any text. Labels that no answer has are skipped and a label counts where it is placed
    first, so the result partitions a subset of `labels`, never the empty one. `complete` is False
    where the review was cut off: then only a ranking of every label counts.
    """
    ranking = _find(_plain(text[-READ_CHARS:]), frozenset(labels))
    if not ranking or (not complete and _size(ranking) < len(labels)):
        return None
    return ranking


# Where the ranking stands.

_MARKER = re.compile(
    r"""
    (?<!/) # a closing tag
    (?: (?P<final> \b(?:final|overall)[ _-]{1,3}(?:rankings?|rank\ order|order|ranks?)\b
      | 최종\ ?순위 | 最终排[名序] | 最終(?:順位|ランキング) | \branking\ final\b
      | \bclassement\ final\b | \bclasificación\ final\b | \bclassificação\ final\b
      | \bendgültige\ (?:rangliste|rangfolge|reihenfolge)\b | \bитоговый\ рейтинг\b )
    | \branking\b | \brankings\b | (?<!\d)순위 | 排名 | 順位 | ランキング | \bclassement\b
      | \bclasificación\b | \bclassificação\b | \brangliste\b | \brangfolge\b | \bрейтинг\b )
    """,
    re.IGNORECASE | re.VERBOSE,
)
# One of them is in every marker.
_MARKER_WORDS = (
    *("rank", "order", "순위", "排", "順位", "ランキング", "classement", "clasific", "classific"),
    *("rangliste", "rangfolge", "reihenfolge", "рейтинг"),
)
# What may stand between a marker and the ranking. "Ranking rationale:" is none.
_AFTER_MARKER = re.compile(
    r"""
    (?: [^\w\n:>]{0,4} (?: (?:of|the|all|answers?|responses?|from|best|worst|to|first|last|is|are
      |as|follows|would|be|by|in|order|my|these)\b | 는 | 은 | 다음과 | 같습니다 ) ){0,12}
    (?: (?P<announced> [^\w\n:]{0,6}: | [^\w\n.:]{0,8}$ )
      | (?= [^\w\n.]{1,6} (?:(?:answer|response)\ )? \w (?!\w) ) )
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
_HEADING = re.compile(r"[\W_]*(?:\d{1,2}[.)])?[^\w:]*$")
_LEAD_IN = re.compile(r"[^:.|\d]{0,60}$")
_WORST_FIRST = re.compile(r"\b(?:worst|least|lowest)\W{1,3}(?:\w+\W{1,2})?(?:to|first)\b", re.I)


def _find(text: str, labels: frozenset[str]) -> Ranking:
    end = len(text)
    for start, begin, decisive in reversed(list(_markers(text))):
        if ranking := _behind_marker(text[start:begin], text[begin:end], labels):
            return ranking
        if decisive:
            return ()
        end = start
    return _closing(_lines(text), labels)


def _markers(text: str) -> Iterator[tuple[int, int, bool]]:
    """Where each marker starts, where the ranking behind it begins, and whether it is decisive:
    an announcement on a line of its own, behind which the ranking must stand."""
    for found in _marked(text):
        after = _AFTER_MARKER.match(text, found.end())
        line_start = text.rfind("\n", 0, found.start()) + 1
        before = text[max(line_start, found.start() - 80) : found.start()]
        heading = bool(_HEADING.match(before))
        # In mid-sentence only the full words will do; `"ranking":` is a key of JSON.
        if after and (found["final"] or heading or before.endswith('"') or _LEAD_IN.match(before)):
            decisive = bool(found["final"] and heading and after["announced"])
            yield found.start(), after.end(), decisive


def _marked(text: str) -> Iterator[re.Match[str]]:
    # Most lines hold no marker, and looking for plain words costs a tenth of the pattern.
    start = 0
    for line in text.split("\n"):
        lowered = line.lower()
        if any(word in lowered for word in _MARKER_WORDS):
            yield from _MARKER.finditer(text, start, start + len(line))
        start += len(line) + 1


def _behind_marker(marker: str, section: str, labels: frozenset[str]) -> Ranking:
    """The fullest ranking of the section; of several full ones the last without comments."""
    lines = _json_lines(section) or _lines(section)
    best: _Reading | None = None
    for reading in _readings(lines, labels) or _readings(map(from_chain, lines), labels):
        restated = reading.bare and _size(reading.ranking) == len(labels)
        if not best or restated or _size(reading.ranking) > _size(best.ranking):
            best = reading
    if not best:
        return ()
    if _WORST_FIRST.search("\n".join([marker, *lines[:2]])) and not best.counts_down:
        return best.ranking[::-1]
    return best.ranking


def _closing(lines: Sequence[str], labels: frozenset[str]) -> Ranking:
    """Without any marker: the last lines, if they rank every label and say nothing else."""
    tail: list[str] = []
    for line in reversed(lines[-READ_LINES:]):
        last = line if tail else re.sub(r"^[^:]{1,60}:\s", "", line)
        parsed = parse_line(last)
        if not (parsed and parsed.bare and (parsed.ordered or parsed.style == "number")):
            break
        tail.append(last)
        if len(parsed.places) > 1:
            break
    for reading in _readings(tail[::-1], labels):
        if _size(reading.ranking) == len(labels) > 1:
            return reading.ranking
    return ()


# From lines to rankings.


@dataclass(frozen=True, slots=True)
class _Reading:
    ranking: Ranking
    bare: bool
    counts_down: bool


def _readings(lines: Iterable[str], labels: frozenset[str]) -> list[_Reading]:
    """Every ranking that the lines hold, in the order in which they begin.

    A list keeps the style it began with: the bullets under a numbered item are comments.
    """
    found: list[list[Line]] = []
    under_way: dict[tuple[Style, int], list[Line]] = {}
    for line in islice(lines, READ_LINES):
        parsed = parse_line(line)
        if not parsed:
            continue
        if len(parsed.places) > 1:
            found.append([parsed])
            continue
        key = parsed.style, parsed.indent // 2
        if key in under_way and not _starts_over(under_way[key], parsed):
            under_way[key].append(parsed)
        else:
            under_way[key] = [parsed]
            found.append(under_way[key])
    readings = [_reading(each, labels) for each in found]
    return [reading for reading in readings if reading.ranking]


def _starts_over(items: Sequence[Line], item: Line) -> bool:
    """1, 2, 3, 1 is a second list; 1, 1, 2 is a tie."""
    first, last, new = (each.places[0].number for each in (items[0], items[-1], item))
    return first is not None and new == first != last


def _reading(lines: Sequence[Line], labels: frozenset[str]) -> _Reading:
    places = [place for line in lines for place in line.places]
    numbers = [place.number for place in places if place.number is not None]
    ordered = [place.letters for place in places]
    if len(numbers) == len(places):
        if lines[0].style == "number" or (min(numbers) == 1 and max(numbers) <= len(labels)):
            ordered = [
                tuple(c for place in places if place.number == number for c in place.letters)
                for number in sorted(set(numbers))
            ]
        elif numbers != sorted(numbers, reverse=True):
            # Points behind each answer, in no order: guessing what they mean is not reading.
            ordered = []
    counts_down = len(set(numbers)) > 1 and numbers == sorted(numbers, reverse=True)
    return _Reading(_known_once(ordered, labels), all(line.bare for line in lines), counts_down)


def _known_once(places: Iterable[Sequence[str]], labels: frozenset[str]) -> Ranking:
    left = set(labels)
    ranking = []
    for place in places:
        tied = tuple(label for label in dict.fromkeys(place) if label in left)
        left.difference_update(tied)
        if tied:
            ranking.append(tied)
    return tuple(ranking)


def _size(ranking: Ranking) -> int:
    return sum(map(len, ranking))


# From text to lines.

# In "1. Answer B, clear. 2. Answer A, thin." the second item.
_NEXT_ITEM = re.compile(r"(?<=[;,.)]) {1,3}(?=\d{1,2}[.)] {0,2}(?:\w{1,12} )?[A-Za-z](?!\w))")
_KEY_OF_PLACE = re.compile(r"rank|place|position|순위", re.I)
_KEY_OF_ORDER = re.compile(r"rank|order|순위", re.I)


def _lines(text: str) -> list[str]:
    """The lines that are not blank, a numbered item each."""
    return [line for line in _NEXT_ITEM.sub("\n", text).split("\n") if line.strip()]


def _json_lines(section: str) -> list[str]:
    """A ranking in JSON as the lines of a numbered list; empty if there is none."""
    start = re.search(r"^[^\S\n]*(?=[\[{])", section, re.MULTILINE)
    if not start:
        return []
    try:
        value, _ = json.JSONDecoder().raw_decode(section, start.end())
        return _as_lines(value)
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
    return [
        f"- {key}: {inner}" if isinstance(inner, int) else _as_line(key, inner)
        for key, inner in value.items()
    ]


def _as_line(place: int | str, value: object) -> str:
    if isinstance(value, list):
        value = " = ".join(map(str, value))
    if isinstance(value, dict):
        numbers = [n for key, n in value.items() if _KEY_OF_PLACE.search(key)]
        texts = [each for each in value.values() if isinstance(each, str) and parse_line(each)]
        place, value = (numbers or [place])[0], (texts or [""])[0]
    return f"{place}. {value}".replace("\n", " ")


# Full-width forms as ASCII, circled numbers as list numbers, and no control characters.
_FORMS = (
    {0xFF01 + i: 0x21 + i for i in range(94)}
    | {0x2460 + i: f"{i + 1}. " for i in range(20)}
    | {0x3000: " ", 0xA0: " ", 0x200B: None, 0xFE0F: None, 0x3002: "."}
)


def _plain(text: str) -> str:
    """Without emphasis and typographic variants; one `\n` a line."""
    text = "\n".join(text.translate(_FORMS).splitlines())
    for written, plain in (("**", ""), ("__", ""), ("`", ""), ("&gt;", ">"), ("&lt;", "<")):
        text = text.replace(written, plain)
    return text
