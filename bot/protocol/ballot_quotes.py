"""What of a review is its author's own: rankings that it quotes are not. Pure."""

import re

from bot.protocol.ballot_text import APART
from bot.protocol.ballot_words import FINAL, MARKER, NOT_OWN

IS_NOT_OWN = re.compile(NOT_OWN, re.IGNORECASE | re.VERBOSE)
IS_MARKER = re.compile(rf"(?<!/)(?:(?P<final>{FINAL})|{MARKER})", re.IGNORECASE | re.VERBOSE)
_QUOTED = re.compile(
    r"""
    "(?=\S)[^"\n]{1,600}" | '(?<!\w')(?=\S)[^'\n]{1,600}'(?!\w) | `[^`\n]{1,600}` | ~~[^~\n]{1,600}~~
    | “[^”]{1,1500}” | «[^»]{1,1500}» | „[^“”]{1,1500}[“”] | 「[^」]{1,1500}」 | 『[^』]{1,1500}』
    | "(?=[\W_]{0,4}(?i:final|overall)\W)[^"]{1,1500}"
    """,
    re.VERBOSE,
)
_STRUCK = re.compile(r"~~[^~\n]{1,600}~~")
_LETTER = re.compile(r"(?<![^\W_])[A-Za-z](?![^\W_])")
_PROSE = re.compile(r"[^\W\d_]{3,}")


def unquoted(text: str) -> str:
    """Without quoted rankings and markers, so that what is left is the reviewer's own."""

    def left(span: re.Match[str]) -> str:
        content = span[0].strip("\"'`~“”«»„「」『』")
        found = IS_MARKER.search(content)
        if found and _LETTER.search(content, found.end()):
            return '""'
        if len(_LETTER.findall(content)) > 1:
            line = text[text.rfind("\n", 0, span.start()) + 1 : span.start()][-200:]
            *_, behind = IS_MARKER.split(line)
            if _PROSE.search(behind or "") or span[0].startswith("~~"):
                return '""'
        return span[0]

    return _QUOTED.sub(left, text).replace("`", "")


def as_own(text: str) -> str:
    """The text with what stands in quotes and fences at its end, unless it is another's."""
    lines = _STRUCK.sub("", text).split("\n")
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    start = end
    while start and (lines[start - 1].startswith(APART) or not lines[start - 1].strip()):
        start -= 1
    lead = lines[start - 1] if start else ""
    if start == end:
        last = lines[end - 1] if end else ""
        return "" if _PROSE.match(last.strip()) else "\n".join(lines).replace("`", "")
    if IS_NOT_OWN.search(lead[-200:]) or (lead.rstrip().endswith(":") and _names_an_answer(lead)):
        return ""
    return "\n".join(lines[:end]).replace(APART, "").replace("`", "")


def _names_an_answer(line: str) -> bool:
    return bool(re.search(r"\b(?:answer|response)\s\w\b", line[-200:], re.IGNORECASE))
