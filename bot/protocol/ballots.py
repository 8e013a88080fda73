"""Read the ballot out of a review: tolerant of how it is written, strict about what counts.

Reviewers are asked to end with a marker and a numbered list, and then do as they like. The text is
made plain (`ballot_text`), what it quotes is taken out, and behind the last marker that is the
reviewer's own, lists, tables, chains (`A > B = C`), JSON and YAML are read. Without a marker only
what can be nothing else counts: a ranking of every label at the very end. Prose that mentions
labels is no ballot, and where two fair readers could differ there is none.

Pure; knows no prompt, and nothing of the council but its labels, which are single capital letters.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.council import Ranking
from bot.protocol.ballot_items import READ_LINES, items, line_items
from bot.protocol.ballot_lines import Line, Style, from_chain, parse_line
from bot.protocol.ballot_quotes import IS_MARKER, IS_NOT_OWN, as_own, unquoted
from bot.protocol.ballot_sentences import said_order
from bot.protocol.ballot_text import APART, plain_text
from bot.protocol.ballot_words import (
    BEST_FIRST,
    LAST,
    MARKER_WORDS,
    WORST_FIRST,
)


def parse_ranking(text: str, labels: Collection[str], *, complete: bool = True) -> Ranking | None:
    """The order a reviewer gave, best first; `None` if the text holds no ballot.

    Total on any text. Labels that no answer has are skipped and a label counts where it is placed
    first, so the result partitions a subset of `labels`, never the empty one. `complete` is False
    where the review was cut off: then only a ranking of every label counts.
    """
    known = frozenset(labels)
    written = plain_text(text)
    found = _find(unquoted(written), known)
    if found is None:
        # Nothing stands outside of quotes and fences: some models put all they say into one.
        found = _find(as_own(written), known)
    if not found or (not complete and _size(found) < len(known)):
        return None
    return found


# Where the ranking stands.

_FROM_AN_ANSWER = re.compile(r"\b(?:in|from|by|of)\s(?:answer|response)\s\w\W{0,3}$", re.IGNORECASE)
# What may stand between a marker and the ranking. "Ranking rationale:" is none.
_AFTER_MARKER = re.compile(
    r"""
    (?: [^\w\n:>]{0,4} (?: (?:of|the|all|answers?|responses?|from|best|worst|to|first|last|is|are
      |as|follows|would|be|by|in|order|my|these|weakest|strongest|lowest|highest|quality|ascending
      |descending|reverse|reversed|place)\b | 는 | 은 | 다음과 | 같습니다 ) ){0,12}
    (?: (?P<announced> [^\w\n:]{0,6}: | [^\w\n.:]{0,8}$ )
      | (?= [^\w\n.]{1,6} (?:(?:answer|response)\ )? \w (?!\w) ) )
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
_HEADING = re.compile(r"[\W_]*(?:\d{1,2}[.)])?[^\w:]*$")
_LEAD_IN = re.compile(r"[^:.|\d]{0,60}$")
# A key of JSON, YAML or XML that is no marker in prose.
_KEY = re.compile(
    r"""(?:(?<=")|^\s*)(?:ranks|final_?order|order|positions|places|placements)(?="?\s?:)"?""", re.M
)
_WORST_FIRST = re.compile(WORST_FIRST, re.IGNORECASE | re.VERBOSE)
_BEST_FIRST = re.compile(BEST_FIRST, re.IGNORECASE | re.VERBOSE)


@dataclass(frozen=True, slots=True)
class _Marker:
    """`start` is where what belongs to it begins, `begin` where the ranking does. Behind a decisive
    one, an announcement on a line of its own, the ranking must stand."""

    start: int
    begin: int
    decisive: bool
    own: bool


def _find(text: str, labels: frozenset[str]) -> Ranking | None:
    """The ranking; empty where one is announced and not given, `None` where there is no sign."""
    end = len(text)
    partial: Ranking = ()
    markers = list(_markers(text))
    decisive = False
    for marker in reversed(markers):
        if marker.own:
            ranking = _behind_marker(text, marker, end, labels)
            if _size(ranking) == len(labels):
                return ranking
            partial = partial or ranking
            if marker.decisive and not partial:
                return ()
            decisive = decisive or marker.decisive
        end = marker.start
    if not decisive and (ranking := _closing(text[:end], labels)):
        return ranking
    return partial or None


def _markers(text: str) -> Iterator[_Marker]:
    for found in _marked(text):
        after = _AFTER_MARKER.match(text, found.end())
        line_start = text.rfind("\n", 0, found.start()) + 1
        before = text[max(line_start, found.start() - 160) : found.start()]
        heading = bool(_HEADING.match(before[-80:]))
        final = found.groupdict().get("final")
        # In mid-sentence only the full words will do; `"ranking":` is a key of JSON.
        if not after or not (
            final or heading or before.endswith('"') or _LEAD_IN.match(before[-80:])
        ):
            continue
        yield _Marker(
            line_start if heading else found.start(),
            after.end(),
            bool(final and heading and after["announced"]),
            not before.startswith(APART)
            and not text.startswith(APART, line_start)
            and not IS_NOT_OWN.search(before)
            and not _is_led_to(text, line_start),
        )


def _is_led_to(text: str, line_start: int) -> bool:
    """Whether the line before says that what follows is another's: `Answer B says:`."""
    lead = text[max(line_start - 200, 0) : line_start].rstrip().rpartition("\n")[2].rstrip(" *_")
    if not lead.endswith(":") or IS_MARKER.search(lead):
        return False
    lead = re.split(r"[.!?。]\s", lead)[-1]
    return bool(IS_NOT_OWN.search(lead) or _FROM_AN_ANSWER.search(lead))


def _marked(text: str) -> Iterator[re.Match[str]]:
    # Most lines hold no marker, and looking for plain words costs a tenth of the pattern.
    start = 0
    for line in text.split("\n"):
        lowered = line.lower()
        if any(word in lowered for word in MARKER_WORDS):
            yield from IS_MARKER.finditer(text, start, start + len(line))
        if ":" in line and (key := _KEY.search(line)):
            yield from _KEY.finditer(text, start + key.start(), start + len(line))
        start += len(line) + 1


def _behind_marker(text: str, marker: _Marker, end: int, labels: frozenset[str]) -> Ranking:
    """The fullest ranking of the section; of several full ones the last without comments."""
    section = text[marker.begin : end]
    *_, lead = ["", *filter(str.strip, text[max(marker.start - 160, 0) : marker.start].split("\n"))]
    announced = f"{lead}\n{text[marker.start : marker.begin]}"
    for lines in _own_blocks(section):
        best: _Reading | None = None
        for reading in _readings(lines, labels) or _readings(map(from_chain, lines), labels):
            restated = reading.bare and _size(reading.ranking) == len(labels)
            if not best or restated or _size(reading.ranking) > _size(best.ranking):
                best = reading
        if best:
            return _turned(best, "\n".join([announced, *lines[:2], *lines[-1:]]))
        said_so = [_LEADING.sub("", line) for line in lines[:3]]
        if said_so != lines[:3] and (found := _readings(said_so, labels)):
            return found[0].ranking
        if said := said_order("\n".join(lines), labels):
            return said
    return ()


# `I would rank them C, A, D, B`
_LEADING = re.compile(
    r"\s*(?:(?:the|my|our|order|ranking|rank|is|are|as|follows|i|we|would|will|put|say|them|it|answers"
    r"|i['’]d|i['’]ll|thus|so|therefore)\b[\s,:]{0,3}){1,10}",
    re.IGNORECASE,
)


def _own_blocks(section: str) -> Iterator[list[str]]:
    """The lines outside of quotes and fences, then those inside, unless they are another's."""
    lines = section.split("\n")
    outside = "\n".join(line for line in lines if not line.startswith(APART))
    first = next((n for n, line in enumerate(lines) if line.startswith(APART)), len(lines))
    lead = next((line for line in reversed(lines[:first]) if line.strip()), "")
    inside = "\n".join(line.removeprefix(APART) for line in lines[first:])
    yield items(outside)
    if not IS_NOT_OWN.search(lead[-200:]):
        yield items(inside)


def _turned(reading: "_Reading", around: str) -> Ranking:
    """Best first, also where the list says that it is not; empty where it says both."""
    if not (_WORST_FIRST.search(around) or reading.says_worst_first) or reading.counts_down:
        return reading.ranking
    if reading.sign.startswith("<"):
        return reading.ranking
    if _BEST_FIRST.search(around) or reading.sign.startswith(">"):
        return ()
    return reading.ranking[::-1]


def _closing(text: str, labels: frozenset[str]) -> Ranking:
    """Without any marker: the last lines, if they rank every label and say nothing else."""
    lines = [line for line in text.split("\n") if not line.startswith(APART)]
    while lines and (not re.search(r"\w", lines[-1]) or IS_NOT_OWN.search(lines[-1][:300])):
        del lines[-1]
    lines = line_items("\n".join(lines[-READ_LINES:]))
    tail: list[str] = []
    for line in reversed(lines):
        parsed = _ranking_alone(line)
        if not parsed and not tail:
            line = re.sub(r"^[^:]{1,60}:\s", "", line)
            parsed = _ranking_alone(line)
        if not parsed:
            break
        tail.append(line)
        if len(parsed.places) > 1:
            break
    for reading in _readings(tail[::-1], labels):
        if _size(reading.ranking) == len(labels) > 1:
            return _turned(reading, "\n".join(lines[-len(tail) - 1 :]))
    return said_order("\n".join(lines[-3:]), labels)


def _ranking_alone(line: str) -> Line | None:
    parsed = parse_line(line)
    return parsed if parsed and parsed.bare and (parsed.sign or parsed.style == "number") else None


# From lines to rankings.


@dataclass(frozen=True, slots=True)
class _Reading:
    ranking: Ranking
    bare: bool
    counts_down: bool
    sign: str
    says_worst_first: bool


def _readings(lines: Iterable[str], labels: frozenset[str]) -> list[_Reading]:
    """Every ranking that the lines hold, in the order in which they begin.

    A list keeps the style it began with: the bullets under a numbered item are comments.
    """
    found: list[list[tuple[str, Line]]] = []
    under_way: dict[tuple[Style, int], list[tuple[str, Line]]] = {}
    for line in islice(lines, READ_LINES):
        parsed = parse_line(line)
        if not parsed:
            continue
        if len(parsed.places) > 1:
            found.append([(line, parsed)])
            continue
        key = parsed.style, parsed.indent // 2
        if key in under_way and not _starts_over([each for _, each in under_way[key]], parsed):
            under_way[key].append((line, parsed))
        else:
            under_way[key] = [(line, parsed)]
            found.append(under_way[key])
    readings = [_reading(each, labels) for each in found]
    return [reading for reading in readings if reading.ranking]


def _starts_over(items: Sequence[Line], item: Line) -> bool:
    """1, 2, 3, 1 is a second list; 1, 1, 2 is a tie."""
    first, last, new = (each.places[0].number for each in (items[0], items[-1], item))
    return first is not None and new == first != last


def _reading(written: Sequence[tuple[str, Line]], labels: frozenset[str]) -> _Reading:
    lines = [line for _, line in written]
    places = [place for line in lines for place in line.places]
    points = [line.points for line in lines if line.points is not None]
    if points != sorted(points, reverse=True):
        # Points that rise down a list contradict it.
        places = []
    ordered = _ordered([(place.number, place.letters) for place in places], labels, lines[0].style)
    numbers = [place.number for place in places if place.number is not None]
    counts_down = len(set(numbers)) > 1 and numbers == sorted(numbers, reverse=True)
    first, last = written[0][0].lower(), written[-1][0].lower()
    return _Reading(
        _known_once(ordered, labels),
        all(line.bare for line in lines),
        counts_down,
        lines[0].sign,
        len(written) > 1 and "worst" in first and "best" in last and "worst" not in last,
    )


def _ordered(
    places: Sequence[tuple[int | None, Sequence[str]]], labels: frozenset[str], style: Style
) -> list[tuple[str, ...]]:
    """The places in order; empty where their numbers are none that a ranking could have."""
    full = _until_full(places, labels)
    if not full or any(not letters for _, letters in full):
        return []
    numbers = [number for number, _ in full if number is not None]
    if len(numbers) != len(full):
        return [tuple(letters) for _, letters in full]
    if style == "number" or (min(numbers) == 1 and max({*numbers} - {LAST}) <= len(labels)):
        if not _are_places(zip(numbers, (letters for _, letters in full), strict=True)):
            return []
    elif numbers == sorted(numbers, reverse=True):
        numbers = [-number for number in numbers]  # points, the most first
    else:
        # Points behind each answer, in no order: guessing what they mean is not reading.
        return []
    return [
        tuple(
            c
            for number, (_, letters) in zip(numbers, full, strict=True)
            if number == n
            for c in letters
        )
        for n in sorted(set(numbers))
    ]


def _until_full(
    places: Sequence[tuple[int | None, Sequence[str]]], labels: frozenset[str]
) -> Sequence[tuple[int | None, Sequence[str]]]:
    """The places up to the one that gives the last label its place: what follows is no part."""
    left = set(labels)
    for n, (_, letters) in enumerate(places):
        left.difference_update(letters)
        if not left and n + 1 < len(places) and not places[n + 1][1]:
            return places[: n + 1]
    return places


def _are_places(written: Iterable[tuple[int, Sequence[str]]]) -> bool:
    """Whether these numbers, each with the letters on its line, run from 1 on without a gap, but for ties.

    After a tie people go on with the next number (1, 2, 2, 3) or leave out as many (1, 2, 2, 4).
    """
    sharing: dict[int, set[str]] = {}
    for number, letters in written:
        sharing.setdefault(number, set()).update(letters)
    taken = 0
    for nth, number in enumerate(sorted(sharing), start=1):
        if number not in {taken + 1, nth, LAST} or nth == 1 != number:
            return False
        taken += len(sharing[number])
    return True


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
