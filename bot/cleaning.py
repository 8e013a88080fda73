"""The one cleaner of what leaves: no text steers a terminal, turns its direction, or hides another.

Whatever models and people wrote passes here before it is shown on a platform, in a file, or in the
program's own output. What scripts and emoji need stays: joiners, variation selectors, marks of
direction, the flags of England, Scotland and Wales. Pure; knows no Markdown and no platform.
"""

import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def harmless(text: str) -> str:
    """`text` without what steers, turns or hides; idempotent. Line feeds and tabs stay.

    Half a character (a surrogate, which no output takes) becomes U+FFFD.
    """
    if text.isascii() and not _ASCII.search(text):
        return text
    text = _LINE_END.sub("\n", text.replace("\r\n", "\n"))
    # Most texts have neither, and to look for one character costs a tenth of the patterns.
    if _STEERS.search(text):
        text = _SEQUENCE.sub("", text)
    text = _HARMFUL.sub("", text)
    if _SPELLS.search(text):
        text = _SPELLING.sub(lambda found: found["kept"] or "", text)
    return _SURROGATE.sub(REPLACEMENT, _MARKS.sub(_mark, text))


def one_line(text: str) -> str:
    """The same on one line, with single spaces."""
    return " ".join(harmless(text).split())


def shortened(line: str, limit_chars: int) -> str:
    """So many characters at most, of which the last is `…` where some were left out."""
    return line if len(line) <= limit_chars else line[: limit_chars - 1].rstrip() + "…"


def json_escaped(encoded: str) -> str:
    """JSON in which what would steer a terminal is escaped, so that its reader loses nothing."""
    return _IN_JSON.sub(lambda found: _escape(found[0]), encoded)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n : n + 2].hex()}" for n in range(0, len(units), 2))


_ASCII = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LINE_END = re.compile("[\r\u2028\u2029]")
# CSI with its parameters; OSC, DCS and the like up to their terminator, another's beginning or the
# line's end, so that one that never ends costs no more than it is long.
# Source: ECMA-48, sections 5.4 and 5.6.
_STEERS = re.compile("[\x1b\x90\x98\x9b\x9d-\x9f]")
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f\n]*+(?:\x07|\x1b\\|\x9c)"
)
# C0 but tab and line feed, delete, C1; what overrides or isolates directions; format characters
# that are deprecated, invisible operators, or hide an annotation (Unicode 16, section 23).
_HARMFUL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u180e\u202a-\u202e\u2061-\u206f\ufeff\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a]"
)
_IN_JSON = re.compile("[\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")

# Tags and variation selectors can spell a text that nobody sees. What is kept of them: the tags of
# the flags that are recommended for interchange (UTS 51, annex C), and one selector behind what is
# seen, one of the supplementary ones behind an ideograph alone.
_SPELLS = re.compile("[\ufe00-\ufe0f\U000e0000-\U000e0fff]")
_SPELLING = re.compile(
    r"""
    (?P<kept> \U0001f3f4\U000e0067\U000e0062
        (?: \U000e0065\U000e006e\U000e0067 | \U000e0073\U000e0063\U000e0074
          | \U000e0077\U000e006c\U000e0073 ) \U000e007f
      | [\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff] [\ufe00-\ufe0f\U000e0100-\U000e01ef]
      | (?<![\s\ufe00-\ufe0f\u200b-\u200f\u061c\u2060\U000e0000-\U000e0fff]) (?<!^) [\ufe00-\ufe0f] )
    | [\ufe00-\ufe0f\U000e0000-\U000e0fff]
    """,
    re.VERBOSE,
)
# Joiners, spaces without width, marks of direction: seen only by their effect on what is around.
_MARKS = re.compile("[\u200b-\u200f\u061c\u2060]+")
_WORD_JOINER = "\u2060"


def _mark(found: re.Match[str]) -> str:
    """One at a time, and none in ASCII, where it can only make two texts look the same.

    The word joiner, by which adapters interrupt tokens, is in the way between letters alone.
    """
    text, start, end = found.string, *found.span()
    before, behind = text[max(start - 1, 0) : start], text[end : end + 1]
    around = before + behind
    if found[0].strip(_WORD_JOINER):
        pointless = around.isascii() and around.isprintable() and " " not in around
    else:
        pointless = around.isascii() and around.isalnum()
    return "" if before and behind and pointless else found[0][0]
