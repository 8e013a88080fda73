"""One line of a ranking: which labels it places, side by side or in order, and how it is written.

Pure; knows neither which labels exist nor what stands on the lines around it.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from bot.protocol.ballot_words import ANSWER, LAST, ORDINALS, PLACE

# Twenty answers with a remark each fit; whatever follows is not looked at, to bound the time.
LINE_CHARS = 2_000

Style = Literal["number", "bullet", "bare"]


@dataclass(frozen=True, slots=True)
class Place:
    """Answers side by side on a line, with the number they were given; none, if it names none."""

    letters: tuple[str, ...]
    number: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line that ranks. `bare` has nothing but the ranking; `sign` is the first `>` or `<` of it,
    and `points` what it gives to a single answer."""

    style: Style
    indent: int
    places: tuple[Place, ...]
    bare: bool
    sign: str
    points: float | None


# Longer ones first: of two that begin alike the one that is meant.
_ORDINAL_WORDS = "|".join(
    re.escape(word) for word in sorted(ORDINALS, key=lambda word: (-len(word), word))
)
_LETTER = r"""
    (?: [B-HJ-Z] | (?:[AI](?!\s{1,3}[a-z]{2})|[a-z](?!\s{1,3}[A-Za-z]{2}))   # no article, no "I am"
      | [AI](?=\s{1,3}(?:are|equal\w*|share|ex|et|und|gleichauf)\b)
      | [A-Za-z](?=\s{1,3}(?:is|and|then|ties?|tied|followed|because|ex)\b) )
    (?!['’]?[A-Za-z0-9À-ɏ])
"""
_NAMED = rf"""
    (?i:{ANSWER}) [\s"'_:#<\[(-]{{0,4}} (?:[A-Z](?![A-Za-z0-9À-ɏ])|%s)
"""
_TOKEN = rf"""
      (?P<gap> [\s"'“”‘’「」\[\]{{}}()*_$|]+ )
    | (?P<better> \\succ\b | \\gt\b | >{{1,3}}=? | [≥≻≫⪰≽≿⊳▸⟶⟹➜➝⮕] | → | ⇒ | ➔ | ➡ | » | › | [=–-]{{1,2}}> )
    | (?P<worse> <{{1,3}}=? | [≤≺≪⪯≼≾⟵⟸] | ← )
    | (?P<tie> ={{1,3}} | ~ | ≈ | ≡ | / | & )
    | (?P<tied> \b(?i:tied?|ties|equal(?:ly)?|both|between|joint|ex[\s-]?(?:ae|æ)quo|à\ égalité|gleichauf
        |empat(?:e|ad[oa]s?)|pari\ merito)\b:?(?:\ with\b)? | 동점 | 공동 | 同点 | 並列?で? | 并列 | 同率 )
    | (?P<rank> (?:[:–—-]\s{{0,2}})? (?:\b(?i:{PLACE})[\s:#.="_]{{0,3}})?
        (?: \#?\d{{1,2}} (?![.,:]?\d|\s?[/%]) (?:-?(?:st|nd|rd|th|er|ère|re|e|ème|ª|[еяй])(?![\w])|순위|[위등位º°])?
          | (?<!\w)(?i:{_ORDINAL_WORDS})(?!\w) )
        (?:\.?\s{{0,2}}(?i:{PLACE})(?!\w))? ["'”)\]\\]? \s? [.):–—-]{{0,2}} )
    | (?P<comma> [,;、，] | \b(?i:then|followed\sby|next)\b )
    | (?P<and> \b(?i:and|und|et|y|и)\b | 그리고 )
    | (?P<label> (?!(?i:n/a)\b) (?: {_NAMED % _LETTER} | (?<![A-Za-z0-9À-ɏ]) {_LETTER} ) )
    | (?P<filler> \b(?i:is|are|the|best|answers?)\b )
"""
_MENTION = re.compile(rf"(?: {_NAMED % _LETTER}) | (?<!\w)[B-HJ-Z](?![\w'’])", re.VERBOSE)
_COMPARED = re.compile(r"\b(?:than|over|to|like|as|from|vs\.?|beats|unlike)\s*\W{0,3}$", re.I)
_CHAIN = re.compile(
    rf"(?: {_NAMED % _LETTER} | (?<![A-Za-z0-9À-ɏ]) {_LETTER} ) \s{{0,2}} (?:[>≻→]|\\succ\b|->)",
    re.VERBOSE,
)
# Letters and roman numerals before a label count the lines, as bullets do: `a) Answer B`.
_LINE_START = re.compile(
    rf"""
    (?P<indent> [\s>|]* ) (?: \#{{1,6}}\s+ )?
    (?P<bullet> [*•·▪◦+–—-]\s+
      | (?:[A-Za-z]|[IVX]{{1,4}}|[ivx]{{1,4}})[.)]\s{{1,3}}(?={_NAMED % _LETTER}|[A-Z]\s*$) )?
    """,
    re.VERBOSE,
)
_HEADS = {"best": "first: ", "worst": "last: "}
_HEAD = re.compile(r"^(best|worst)(?: answer| overall)?\s?[:.–—-]\s*(?=\w)", re.IGNORECASE)
# `A: 0.7`, `A (7/10)`, `A - 70 %`: points.
_POINTS = re.compile(
    r"^[\s:(=–—-]{1,4}(\d{1,3}(?:[.,]\d{1,3})?)\s?(?:/\s?\d{1,3}|%|points?\b|pts\b|점)?"
)
# Another label behind a sign that is not known.
_GOES_ON = re.compile(r"\s*[^\w\s.,:(]{1,3}\s*[A-Z](?!\w)")
_REMARK = re.compile(
    r"\((?!\s?(?:tie|동점|공동|#?\d{1,2}(?:st|nd|rd|th|위)?\s?\)|[A-Za-z](?:\s?[,;/=&~]\s?[A-Za-z]){0,20}\s?\)))[^()\n]{0,200}\)",
    re.I,
)
_REASON = re.compile(r"\s*(?:$|[^\w\s]|(?:because|since|for|with|as)\b)", re.I)
# "B입니다", "Bです": a sentence that says no more than that.
_COPULA = re.compile(r"^(?:입니다|이다|이에요|です|である)")
_LIST_ENDS = re.compile(r"\s*(?:$|[.(–—-])")


def parse_line(line: str) -> Line | None:
    """Read one line; `None` if it ranks nothing."""
    line = line[:LINE_CHARS]
    start = _LINE_START.match(line)
    assert start
    written = _HEAD.sub(lambda found: _HEADS[found[1].lower()], line[start.end() :])
    body = _REMARK.sub(" ", written)
    tokens, rest = _scan(body)
    kinds = {kind for kind, _ in tokens}
    style: Style = "bullet" if start["bullet"] else "bare"
    if tokens and tokens[0][0] == "rank":
        style = "number"

    places = _split(tokens, _splitting(style, kinds))
    if style == "number":
        places = (
            _without_remark(places, kinds, rest)
            or _sole_mention(tokens[0][1], written)
            or _no_mention(tokens[0][1])
        )
    elif not _is_said_alone(places, style, tokens, rest):
        return None
    if not places:
        return None
    if "worse" in kinds and "better" not in kinds:
        places.reverse()
    bare = body == written and not re.search(r"\w", _COPULA.sub("", rest))
    sign = next((text for kind, text in tokens if kind in {"better", "worse"}), "")
    points = _points(written, places) if style != "number" else None
    return Line(style, len(start["indent"]), tuple(places), bare, sign, points)


def _points(written: str, places: Sequence[Place]) -> float | None:
    """What a line gives its only answer, where that is no place."""
    label = _MENTION.search(written)
    if len(places) != 1 or places[0].number is not None or not label:
        return None
    found = _POINTS.match(written[label.end() :])
    return float(found[1].replace(",", ".")) if found else None


def from_chain(line: str) -> str:
    """The line from its first `A > B` on, empty without one: `I would say B > A > C`."""
    chain = _CHAIN.search(line)
    # A sign right before it links it to a label that could not be read.
    if not chain or re.search(
        r"[<>=≻→~-]\s{0,3}$", line[max(chain.start() - 5, 0) : chain.start()]
    ):
        return ""
    return line[chain.start() :]


@cache  # it takes as long as all other expressions here: who starts the program does not wait
def _token() -> "re.Pattern[str]":
    return re.compile(_TOKEN, re.VERBOSE)


def _scan(text: str) -> tuple[list[tuple[str, str]], str]:
    """The tokens as `(kind, text)` up to the first word that no ranking is made of, and the rest."""
    tokens = []
    at = 0
    token = _token()
    while found := token.match(text, at):
        at = found.end()
        if found.lastgroup and found.lastgroup != "gap":
            tokens.append((found.lastgroup, found[0]))
    return tokens, text[at:]


def _splitting(style: Style, kinds: Collection[str]) -> set[str]:
    """The kinds of token that end a place; what else stands between labels ties them."""
    if {"better", "worse"} & set(kinds):
        return {"better", "worse"}
    if style == "number":
        return {"rank"}
    if "tied" in kinds:
        return {"comma"} if {"and", "tie"} & set(kinds) else set()
    return {"comma", "and", "space"}


def _split(tokens: Sequence[tuple[str, str]], splitting: Collection[str]) -> list[Place]:
    places: list[Place] = []
    letters: list[str] = []
    number: int | None = None
    before = ""
    for kind, text in (*tokens, ("end", "")):
        beside = kind == "label" and before in {"label", "rank"} and "space" in splitting
        if letters and (kind in splitting or kind == "end" or beside):
            places.append(Place(tuple(letters), number))
            letters, number = [], None
        if kind == "label":
            letters.append(text[-1].upper())
        elif kind == "rank" and (letters or "rank" in splitting):
            number = _number(text)
        before = kind
    return places


def _number(rank: str) -> int:
    digits = re.search(r"\d+", rank)
    if digits:
        return int(digits[0])
    word = re.search(_ORDINAL_WORDS, rank, re.IGNORECASE)
    return ORDINALS.get(word[0].lower(), LAST) if word else LAST


def _without_remark(places: list[Place], kinds: Collection[str], rest: str) -> list[Place]:
    """`1. B, A is worse` places B alone."""
    if places and "comma" in kinds and re.match(r"\w", rest):
        places[-1] = Place(places[-1].letters[:1], places[-1].number)
    return places


def _sole_mention(rank: str, written: str) -> list[Place]:
    """`1. The clear winner: Answer B` places B, as long as it is the only one spoken of."""
    if rank.strip().isdigit():
        return []
    named = {
        found[0][-1].upper()
        for found in _MENTION.finditer(written)
        if not _COMPARED.search(written, max(0, found.start() - 12), found.start())
    }
    return [Place(tuple(named), _number(rank))] if len(named) == 1 else []


def _no_mention(rank: str) -> list[Place]:
    """A place that is given to nobody, if a list's number says so: `2. None of them`."""
    return [Place((), _number(rank))] if re.fullmatch(r"\s*#?\d{1,2}\s?[.):]\s*", rank) else []


def _is_said_alone(
    places: Sequence[Place], style: Style, tokens: Sequence[tuple[str, str]], rest: str
) -> bool:
    """Whether a line without number is a ranking and no sentence that begins with a label."""
    if {"better", "worse"} & {kind for kind, _ in tokens}:
        ends = bool(_REASON.match(rest)) or tokens[-1][0] in {"comma", "and"}
        return len(places) > 1 and ends and not _GOES_ON.match(rest)
    if len(places) > 1:
        return bool(_LIST_ENDS.match(rest))
    if _GOES_ON.match(rest):
        return False
    after_comma = style == "bullet" and bool(tokens) and tokens[-1][0] == "comma"
    return after_comma or bool(_REASON.match(rest))
