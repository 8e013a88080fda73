"""Where a text says that its answer follows: "Final answer: ...", "####", a box. Pure."""

import re

# In a text that has more of them nothing is read.
MARKERS_MAX = 50

# What says that the answer follows. The later sorts may also be said of a step on the way: where
# there is any of an earlier one, it decides alone.
_SORTS = [
    re.compile(each, re.IGNORECASE)
    for each in (
        r"####|\\boxed\{",
        r"final answer[\s:*_]{0,5}(?:is\b)?",
        r"the answer is|answer:|정답(?:은|:)?|답(?:은|:)",
    )
]
MARKED = re.compile("|".join(sort.pattern for sort in _SORTS), re.IGNORECASE)
# The same in other languages, and what a program prints. Benches do not grade by them.
_READ_BESIDE = [
    re.compile(each, re.IGNORECASE)
    for each in (
        r"(?:endgültige antwort|réponse finale|respuesta final|최종 답변?|最終(?:的な)?(?:回答|答え)|最终答案)"
        r"[\s:：*_]{0,5}(?:(?:ist|lautet|est|es)\b|은|는|は|是)?",
        r"die antwort (?:ist|lautet)|antwort\s?:|la réponse est|réponse\s?:|la respuesta es|respuesta\s?:"
        r"|答え(?:は|[:：])|答案(?:是|[:：])",
        r"(?:\boutput(?: is|:)|\bprints?|\breturns?)\s{1,3}(?=\*{0,2}`[^`\n]{1,60}`)",
    )
]
# Before a marker, in its sentence: it is not said, or somebody else says it.
_NOT_SAID = re.compile(
    r"\bnot\b|n't\b|\b(?:if|whether|unless|instead|wrong|disagree|claim|sa[iy]|suppose)"
    r"|\b(?:nicht|pas|wenn|falls|ob|falsch|sagt|behaupte|si|fausse|dit|dice|falsa)\b",
    re.IGNORECASE,
)
# Right behind a marker.
_NEGATED = re.compile(r"\s*(?:not|nicht|pas)\b|n't\b", re.IGNORECASE)
# "how soon the answer is needed"
_ASKED = re.compile(r"\b(?:how\s+\w{1,20}|what|when|where|why)\s+\Z", re.IGNORECASE)


def markers(text: str) -> list[re.Match[str]]:
    """Those that count: of the first sort of which the text says any as its own."""
    for sort in (*_SORTS, *_READ_BESIDE):
        if found := [each for each in sort.finditer(text) if _is_said(text, each)]:
            return found
    return []


def said_behind(text: str, marker: re.Match[str]) -> str:
    """What follows a marker: on its line, or on the next that has anything."""
    behind = text[marker.end() : marker.end() + 400]
    if not marker[0].endswith("{"):
        return re.sub(r"\A(?:[\s:：*]|_(?=\s))+", "", behind).partition("\n")[0]
    depth = 1
    for at, sign in enumerate(behind):
        depth += (sign == "{") - (sign == "}")
        if not depth:
            return behind[:at]
    return ""


def _is_said(text: str, marker: re.Match[str]) -> bool:
    """Whether the marker's sentence, up to it, makes the answer its author's own."""
    before = text[max(marker.start() - 80, 0) : marker.start()]
    before = re.split(r"[.!?:;\n]", before)[-1]
    return not (
        _NOT_SAID.search(before) or _ASKED.search(before) or _NEGATED.match(text, marker.end())
    )
