"""A review as plain lines: every way of writing a list made one, and what is quoted told apart.

Typographic variants, look-alike letters, HTML, XML, LaTeX, and places in the words of languages
without spaces become ASCII and `1. `. Pure; knows neither markers nor which labels there are.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import count, groupby, repeat

from bot.cleaning import harmless
from bot.protocol.folding import LATIN

# A ranking stands at the end, and is short. What lies beyond is not looked at, which bounds the
# time that any text can take.
READ_CHARS = 10_000

# Begins a line of a block quote or a fence; of private use, and taken out of what models write.
APART = "\ue001"

_FENCE = re.compile(r"(?:\s*>)*\s*(?P<sign>`{3,}|~{3,})(?P<info>[^`]*)$")
_QUOTE = re.compile(r"(?:\s{0,3}>)++\s?(?![=>-])")


def plain_text(text: str) -> str:
    """The last lines of a review; those in quotes and fences begin with `APART`."""
    regions = [
        (apart, "\n".join(line for _, line in lines))
        for apart, lines in groupby(_last(_told_apart(text)), key=lambda each: each[0])
    ]
    lines = (
        APART + line if apart else line
        for apart, region in regions
        for line in _plain(region).split("\n")
    )
    return "\n".join(lines)[-READ_CHARS:]


def _told_apart(text: str) -> Iterator[tuple[bool, str]]:
    """Whether a line stands in a quote or a fence, and the line without their signs. A fence that a
    quote opened ends with the quote, whatever the text quoted left open."""
    fence, is_quoted = "", False
    text = harmless(text).replace(APART, "").replace("&gt;", ">").replace("&lt;", "<")
    for line in text.splitlines():
        in_quote = line.lstrip().startswith(">")
        if is_quoted and not in_quote:
            fence, is_quoted = "", False
        found = _FENCE.match(line)
        if found and (not fence or (found["sign"].startswith(fence) and not found["info"].strip())):
            fence, is_quoted = ("", False) if fence else (found["sign"], in_quote)
            continue
        quote = _QUOTE.match(line)
        yield bool(fence or quote), line[quote.end() :] if quote else line


def _last(lines: Iterator[tuple[bool, str]]) -> list[tuple[bool, str]]:
    kept, room = [], READ_CHARS
    for apart, line in reversed(list(lines)):
        if room <= 0:
            break
        kept.append((apart, line[-room:]))
        room -= len(line) + 1
    return kept[::-1]


def _plain(text: str) -> str:
    if not text.isascii():
        text = _in_ascii(text)
    if "\\" in text:
        text = _without_latex(text)
    if "<" in text:
        text = _without_tags(text)
    for sign in ("**", "__", "`"):
        text = text.replace(sign, "")
    if not text.isascii():
        text = _COUNTED.sub(_counted, text)
    text = _DASHED.sub(lambda chain: re.sub(r"[ ]?[-–—][ ]?", ", ", chain[0]), text)
    return "\n".join(map(_with_plain_places, text.split("\n")))


# --- Characters

_CIRCLED = ((0x2460, 20), (0x24F5, 10), (0x2776, 10), (0x2780, 10), (0x278A, 10), (0x2488, 20))
# Numbers in circles as numbers of a list, letters in squares as letters, keycaps as digits.
_FORMS = {
    **{chr(first + n): f"{n + 1}. " for first, count in _CIRCLED for n in range(count)},
    **{chr(0x1F170 + n): chr(0x41 + n) for n in range(26)},
    **{chr(0x1F150 + n): chr(0x41 + n) for n in range(26)},
    **{chr(0x1F1E6 + n): chr(0x41 + n) for n in range(26)},
    **dict.fromkeys("\u200b\u200e\u200f\u061c\u2060\ufe0e\ufe0f", ""),
    **{"\u20e3": " ", "🥇": "1. ", "🥈": "2. ", "🥉": "3. ", "🔟": "10"},
    **{"º": "°", "ª": "°", "№": "No. ", "。": "."},
    # Their compatibility form is a sigma.
    **{alike: LATIN[alike] for alike in "Ϲϲ"},
}
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_DIGIT = re.compile(r"[^\D0-9]")

# A word with a letter that is not ASCII.
_WORD = re.compile(r"(?<![^\W\d_])[A-Za-z]*+[^\W\d_A-Za-z][^\W\d_]*+")


def _in_ascii(text: str) -> str:
    """The text with forms, digits and words in ASCII, as far as they are alike."""
    text = _NOT_ASCII.sub(lambda form: _FORMS.get(form[0], form[0]), text)
    text = unicodedata.normalize("NFKC", text)[-READ_CHARS:]
    text = _DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text)
    return _WORD.sub(_folded, text)


def _folded(word: re.Match[str]) -> str:
    """A word with the Latin letters that it seems to have; one in another script as it is.

    A capital on its own is taken for a label, unless a word of its script goes on behind it.
    """
    letters = word[0]
    if len(letters) == 1:
        behind = word.string[word.end() : word.end() + 3]
        goes_on = behind[:1] == " " and behind[1:].isalpha() and behind[1:].islower()
        named = word.string[max(word.start() - 2, 0) : word.start()][:1].isalpha()
        latin = LATIN.get(letters, "")
        return latin if latin.isupper() and (named or not goes_on) else letters
    folded = "".join(LATIN.get(letter, letter) for letter in letters)
    return folded if folded.isascii() and re.search("[A-Za-z]", letters) else letters


# --- LaTeX

_WRAPPER = re.compile(
    r"\\(?:text(?:bf|it|rm|sf|tt)?|math(?:bf|rm|it|sf|cal|bb)|operatorname|boxed|emph|underline)"
    r"\s{0,2}\{([^{}]{0,400})\}"
)
_COMMANDS = (
    (re.compile(r"\\(?:succ(?:eq|curlyeq|sim)?|gg?(?:eq?)?|gt|(?:long)?rightarrow|to)(?![a-z])", re.I), " > "),
    (re.compile(r"\\(?:prec(?:eq|curlyeq|sim)?|ll?(?:eq?)?|lt|(?:long)?leftarrow)(?![a-z])", re.I), " < "),
    (re.compile(r"\\(?:sim(?:eq)?|approx|equiv|cong|thickapprox)(?![a-z])"), " = "),
    (re.compile(r"\\(?:q?quad|[,;:! ]|[()\[\]]|displaystyle|left|right)(?![a-z])"), " "),
    (re.compile(r"\\\\"), "\n"),
    (re.compile(r"\\(?=[.)(_#*\-])"), ""),
)  # fmt: skip
_LIST_SIGNS = re.compile(r"\\(?:(begin|end)\{(enumerate|itemize)\}|item\b(?:\[([^\]\n]{0,20})\])?)")


def _without_latex(text: str) -> str:
    for _ in range(3):
        text = _WRAPPER.sub(r"\1", text)
    for command, plain in _COMMANDS:
        text = command.sub(plain, text)
    numbers: list[int | None] = []

    def listed(sign: re.Match[str]) -> str:
        if sign[1] == "begin":
            numbers.append(0 if sign[2] == "enumerate" else None)
        elif sign[1] == "end":
            numbers[-1:] = []
        elif sign[3]:
            return f"\n{sign[3]} "
        elif numbers and numbers[-1] is not None:
            numbers[-1] += 1
            return f"\n{numbers[-1]}. "
        else:
            return "\n- "
        return "\n"

    return _LIST_SIGNS.sub(listed, text).replace("$", " ")


# --- HTML and XML

# No possessive group: until Python 3.11.5 one with a choice in it matches too little.
_COMMENT = re.compile(r"<!--[^-]*+(?:-(?!->)[^-]*+)*-->")
# An element of one capital letter is a label in brackets.
_TAG = re.compile(r"<(/)?([A-Za-z][\w:-]{0,40}|\d{1,2})((?:\s[^<>]{0,200})?)/?>")
_ATTRIBUTE = re.compile(
    r"""([\w:-]{1,20})\s{0,2}=\s{0,2}(?:"([^"]*)"|'([^']*)'|([^\s"'/]{1,40}))"""
)
_OF_PLACE = frozenset(
    {"rank", "position", "pos", "place", "order", "value", "n", "number", "index"}
)
_OF_LABEL = frozenset({"label", "id", "answer", "name", "letter", "response", "ref", "candidate"})
_WITHIN_A_LINE = frozenset(
    {"b", "i", "u", "s", "em", "strong", "span", "code", "mark", "a", "sub", "sup", "small", "font", "td", "th"}
)  # fmt: skip
_OF_ONE_PLACE = re.compile(
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|winner|last)$", re.I
)


def _without_tags(text: str) -> str:
    """Every element that is no mere emphasis on a line of its own, with its place before it."""
    lists: list[Iterator[int | None]] = []

    def shown(tag: re.Match[str]) -> str:
        closing, name, attributes = tag[1], tag[2], _attributes(tag[3])
        if len(name) == 1 and name.isupper():
            return " " if closing else f" {name} "
        name = name.lower()
        if name.isdecimal():
            return "\n" if closing else f"\n{name}. "
        if name in {"blockquote", "q", "cite"} or re.match(r"(?:answer|response)[_-]?\w$", name):
            return "”\n" if closing else "\n“"
        if name in {"ol", "ul"}:
            if closing:
                lists[-1:] = []
            else:
                lists.append(_numbers(name, tag, attributes))
            return "\n"
        if closing:
            return " " if name in _WITHIN_A_LINE else "\n"
        if name == "li":
            number = next(lists[-1], None) if lists else None
            value = attributes.get("value", "")
            number = int(value) if value.isdecimal() and len(value) < 4 else number
            return "\n- " if number is None else f"\n{number}. "
        if name in {"td", "th"}:
            return " | "
        return "" if name in _WITHIN_A_LINE else "\n" + _said_by(name, attributes)

    # Behind the last end of a comment each beginning would be followed to the end of the text.
    ended, end, rest = text.rpartition("-->")
    return _TAG.sub(shown, _COMMENT.sub("", ended + end) + rest)


def _numbers(name: str, tag: re.Match[str], attributes: dict[str, str]) -> Iterator[int | None]:
    """The numbers that a browser gives to the items of this list."""
    if name == "ul":
        return repeat(None)
    end = tag.string.find("</ol", tag.end())
    down = re.search(r"\sreversed\b", tag[3])
    items = tag.string.count("<li", tag.end(), end if end > 0 else len(tag.string))
    start = attributes.get("start", "")
    first = int(start) if start.isdecimal() and len(start) < 4 else items if down else 1
    return count(first, -1 if down else 1)


def _attributes(written: str) -> dict[str, str]:
    found = _ATTRIBUTE.findall(written)
    return {name.lower(): double or single or bare for name, double, single, bare in found}


def _said_by(name: str, attributes: dict[str, str]) -> str:
    """What the element itself says: `rank="1"`, `id="C"`, or `first` by its name."""
    places = [value for key, value in attributes.items() if key in _OF_PLACE]
    labels = [value for key, value in attributes.items() if key in _OF_LABEL]
    if _OF_ONE_PLACE.match(name):
        return f"{name}: "
    if re.search(r"ranking|order|\brank\w*$", name) and not places:
        return f"{name}: " if name != "rank" else ""
    return "".join([*(f"{place}. " for place in places[:1]), *(f"{each} " for each in labels[:1])])


# --- Places

_NUMERALS = "一二三四五六七八九十"
_KOREAN = ("첫", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열")
_KOREAN_ALONE = ("첫째", "둘째", "셋째", "넷째", "다섯째", "여섯째", "일곱째", "여덟째")
# 第1位, 第一名, 1位は, 1위는, 첫 번째, 둘째: a place with its particle.
_COUNTED = re.compile(
    rf"""
    (?<![A-Za-z])(?<![A-Za-z][를을은는이가をはが])(?<![A-Za-z][를을은는이가]\ )
    (?: 第\s?(?P<ordinal>[{_NUMERALS}]|\d{{1,2}}) \s?(?:名次|名|位|等|号|番目|番|个|個)?
      | (?P<place>[{_NUMERALS}]|(?<![\d.])\d{{1,2}}) \s?(?:位|等(?!しい)|番目|순위|위|등(?!급))
      | (?P<korean>{"|".join(_KOREAN_ALONE)}|(?:{"|".join(_KOREAN)}|한)\s?번째) )
    (?:로는|으로|에는|는|은|가|이|로|에|は|が|に|为|為|是)? \s?[:、,.)]?\s{{0,2}}
    (?=[\s"'「『(]{{0,3}}(?:[^\W\d_]{{1,12}}[\s:]{{0,2}})?[A-Za-z](?![A-Za-z]))
    """,
    re.VERBOSE,
)


def _counted(found: re.Match[str]) -> str:
    written = found["ordinal"] or found["place"] or found["korean"]
    if written.isdecimal():
        number = int(written)
    elif written in _KOREAN_ALONE:
        number = _KOREAN_ALONE.index(written) + 1
    elif written in _NUMERALS:
        number = _NUMERALS.index(written) + 1
    else:
        stem = written.removesuffix("번째").strip()
        number = _KOREAN.index(stem) + 1 if stem in _KOREAN else 1
    before = found.string[max(found.start() - 1, 0) : found.start()]
    return f"{number}. " if not before or before.isspace() else f" {number}. "


_TOGETHER = ("joint", "shared", "tied", "equal", "공동", "동률", "并列", "並列", "同率")
_JOINT = re.compile(
    r"(?:\b(?:joint|shared|tied|equal)[ -](?:for |at )?|(?:공동|동률|并列|並列|同率) ?)"
    r"(?=\d{1,2}(?:[.:)]|st|nd|rd|th)|first|second|third|fourth)",
    re.IGNORECASE,
)
# `C - A - D - B`
_DASHED = re.compile(r"[A-Z](?<![A-Za-z0-9][A-Z])(?: ?[-–—] ?[A-Z]){2,19}(?![A-Za-z0-9])")
# `2=.`, `=2.`, `T2.`, `T-2:`, `Joint 2nd:`, `2/3.`, `2-3)`: a place that is shared.
_ANY_DIGIT = re.compile("[0-9]")
_TIED_PLACE = re.compile(
    r"""
    (?: (?<![^\n;,.]) | (?<=[;,.]\ ) ) ([ \t|*-]{0,6})
    (?: (?: (?:joint|joint-|tied|equal|shared|=)[ ]{0,2}(?:for[ ]|at[ ])?|T-?|=[ ]?|ex\ aequo\s)
        (?P<second>\d{1,2})
      | (?P<first>\d{1,2})[ ]?(?:=|T\b|\(t(?:ied?)?\)|[.,]5|\.?[ ]?[/&–-][ ]?\d{1,2}|[ ](?:and|und|to|bis)[ ]\d{1,2}) )
    (?:st|nd|rd|th)?=? [ ]? (?:place)? [ ]? (?:[.):]+|(?<=\=)[ ](?=(?-i:[A-Z](?![a-z]))))
    """,
    re.VERBOSE | re.IGNORECASE,
)


def _with_plain_places(line: str) -> str:
    """The line with places that are shared written like others. Most lines have no place."""
    lowered = line.lower()
    if any(word in lowered for word in _TOGETHER):
        line = _JOINT.sub("", line)
    return _TIED_PLACE.sub(_shared, line) if _ANY_DIGIT.search(line) else line


def _shared(place: re.Match[str]) -> str:
    return f"{place[1]}{place['first'] or place['second']}. "
