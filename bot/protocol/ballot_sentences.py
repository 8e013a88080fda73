"""A ranking said in a sentence: `I would put C first, A second, D third and B last.`

Strict, since prose speaks of places for many reasons: every label has to be named once, each with a
place or behind a word that ranks it, in one sentence. Pure.
"""

import re
from collections.abc import Sequence

from bot.council import Ranking
from bot.protocol.ballot_words import ANSWER, LAST, NOT_OWN, ORDINALS, PLACE

_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|\n+")
_CLAUSE_END = re.compile(r"[,;、，]|\b(?:and|und|et|y|e)\b")
_ELSE = re.compile(
    rf"\b(?:if|were|unless|would\ have|could\ be|some(?:one|body)|others?)\b | {NOT_OWN}",
    re.IGNORECASE | re.VERBOSE,
)
# Without one of these "A then speaks of B over C" would rank.
_CUE = re.compile(
    r"\b(?:rank|order|prefer|place|put|best|go\ with|choose|pick|beats|outranks)|>|≻", re.I
)
_WORDS = {**ORDINALS, "best": 1, "top": 1, "worst": LAST, "weakest": LAST, "finally": LAST}
_NUMERALS = "一二三四五六七八九十"
_NEXT = (
    "then|followed by|next|after that|and finally|ahead of|over|beats|above|outranks|better than"
)
_TOKEN = re.compile(
    rf"""
      (?P<next> (?<!\w)(?:{_NEXT.replace(" ", "[ ]")}|>|≻|→)(?!\w) )
    | (?P<place> (?<![A-Za-zÀ-ɏ])(?:{"|".join(re.escape(w) for w in sorted(_WORDS, key=lambda w: (-len(w), w)))})
        | \d{{1,2}}(?:st|nd|rd|th)(?!\w) | \d{{1,2}}\s?[위位등名] | 第(?:[{_NUMERALS}]|\d{{1,2}})
        | (?:{PLACE})\s\d{{1,2}}(?!\w) )(?:-(?:best|place))?(?![A-Za-z])
    | (?:(?:{ANSWER})\s)? (?<![A-Za-z0-9'’])(?!I\s(?:would|will|can|do|am|have|rank|put|place|think|prefer|see|choose|find|rate)\b)(?P<label>(?-i:[A-Z]))(?![A-Za-z0-9'’])
    """,
    re.VERBOSE | re.IGNORECASE,
)


def said_order(text: str, labels: frozenset[str]) -> Ranking:
    """The order that the last sentence with a ranking gives to every label; empty if none does."""
    for sentence in reversed(_SENTENCE_END.split(text[-2_000:])[-6:]):
        if _ELSE.search(sentence):
            continue
        tokens = _tokens(sentence, labels)
        named = [text for kind, text in tokens if kind == "label"]
        if len(labels) > 1 and sorted(named) == sorted(labels):
            said = _in_clauses(sentence, labels) or _by_places(tokens)
            return said or (_in_turn(tokens) if _CUE.search(sentence) else ())
    return ()


def _tokens(text: str, labels: frozenset[str]) -> list[tuple[str, str]]:
    return [
        (kind, token[kind])
        for token in _TOKEN.finditer(text)
        if (kind := token.lastgroup or "") != "label" or token["label"] in labels
    ]


def _in_clauses(sentence: str, labels: frozenset[str]) -> Ranking:
    """`in first place C, second A, and B comes last`: a label and its place in each clause."""
    clauses = [dict(_tokens(each, labels)) for each in _CLAUSE_END.split(sentence)]
    placed = [each for each in clauses if each]
    if not all(each.keys() == {"label", "place"} for each in placed):
        return ()
    return _placed([(each["place"], each["label"]) for each in placed])


def _by_places(tokens: Sequence[tuple[str, str]]) -> Ranking:
    """`C first, A second`, or `first C, second A`: labels and places take turns."""
    kinds = [kind for kind, _ in tokens]
    if kinds == ["label", "place"] * (len(kinds) // 2):
        pairs = [(tokens[n + 1][1], tokens[n][1]) for n in range(0, len(tokens), 2)]
    elif kinds == ["place", "label"] * (len(kinds) // 2):
        pairs = [(tokens[n][1], tokens[n + 1][1]) for n in range(0, len(tokens), 2)]
    else:
        return ()
    return _placed(pairs)


def _placed(pairs: Sequence[tuple[str, str]]) -> Ranking:
    placed = sorted((_number(place), label) for place, label in pairs)
    numbers = [number for number, _ in placed]
    expected = list(range(1, len(numbers) + 1))
    if numbers == expected or ([*numbers[:-1], len(numbers)] == expected and numbers[-1] == LAST):
        return tuple((label,) for _, label in placed)
    return ()


def _in_turn(tokens: Sequence[tuple[str, str]]) -> Ranking:
    """`C is best, followed by A, then D and finally B`, `C over A over D over B`."""
    order = [text for kind, text in tokens if kind == "label"]
    between = [[]]  # type: list[list[tuple[str, str]]]
    for kind, text in tokens:
        if kind == "label":
            between.append([])
        else:
            between[-1].append((kind, text))
    best = [text for _, text in (*between[0], *between[1]) if _WORDS.get(text.lower()) == 1]
    ranked = all(
        any(kind == "next" or _number(text) == LAST for kind, text in gap) for gap in between[1:-1]
    )
    told_first = bool(best) and any(kind == "next" for gap in between[1:-1] for kind, _ in gap)
    others = [t for gap in between[2:] for kind, t in gap if kind == "place" and _number(t) != LAST]
    return tuple((label,) for label in order) if (ranked or told_first) and not others else ()


def _number(place: str) -> int:
    if digits := re.search(r"\d+", place):
        return int(digits[0])
    if place[0] == "第":
        return _NUMERALS.index(place[1]) + 1
    return _WORDS.get(place.lower(), 0)
