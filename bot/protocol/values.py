"""The value that an answer gives to a closed question: a number, a choice, yes or no, a short text.

Read tolerantly: it may be marked ("Final answer: ...", boxed), stand on a line of its own, in bold
or at the very beginning, with a currency, a unit or separators of thousands. Counted strictly: where
a text names several, or nothing but prose, it gives none, for then it can be compared with no
other. Pure, and cheap on any text.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TypeVar

from bot.council import ValueKind

K = TypeVar("K")

# A value stands at one end of a text; what lies between is not looked at, which bounds the time.
_HEAD_CHARS, _TAIL_CHARS = 1_000, 4_000
_TEXT_CHARS, _TEXT_WORDS = 60, 6

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
# Before a marker, in its sentence: it is not said, or somebody else says it.
_NOT_SAID = re.compile(
    r"\bnot\b|n't\b|\b(?:if|whether|unless|instead|wrong|disagree|claim|sa[iy]|suppose)",
    re.IGNORECASE,
)
# "how soon the answer is needed"
_ASKED = re.compile(r"\b(?:how\s+\w{1,20}|what|when|where|why)\s+\Z", re.IGNORECASE)
# A hyphen after a digit makes a range and no negative number.
NUMBER = re.compile(r"(?:(?<!\d)-)?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,3})?(?:\s*/\s*\d+)?")

_APART = re.compile(
    r"^[ \t]*(?P<sign>```|~~~).*?(?:^[ \t]*(?P=sign)|\Z)|^[ \t]*>[^\n]*", re.M | re.S
)
# A text that is one short line of output in a fence, at most behind words that end in a colon.
_OUTPUT = re.compile(
    r"\A\s*(?:[^\n`]{1,200}:[ \t]*\n\s*)?(?P<sign>```|~~~)[^\n`]{0,20}\n[ \t]*(?P<line>[^\n]{1,60}?)[ \t]*\n"
    r"[ \t]*(?P=sign)\s*\Z"
)
_BOLD = re.compile(r"\*\*([^*\n]{1,80})\*\*")
# What ends the words that give the answer: the sentence's end, its reason, a remark.
_END = re.compile(
    r"[!?;。！\n]|\.(?!\d)|,?\s+(?:because|since|as|so|which|given|where)\b|(?<=\S)\s+\(|\s[–—]\s|\s-\s",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"\b(?:or|oder|ou|either|yes and no)\b|또는|或", re.IGNORECASE)
_THOUSANDS = re.compile(r"(?<![\d.])\d{1,3}(?:(?:,\d{2,3})*,\d{3}|(?:[ ]\d{3})+)(?!\d)")
_DECIMAL_COMMA = re.compile(r"(?<![\d.,])(\d+),(\d{1,2}|\d{4,})(?![\d,])")
_BEFORE = re.compile(
    r"(?:(?:about|approximately|approx\.|roughly|around|exactly|a total of|[~≈=#]|[a-z]\s*=)\s*)*"
    r"(?:(?P<minus>-?)(?P<unit>(?:US)?\$|[€£¥₩]|USD|EUR)\s*)?(?=[-.\d])",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"\s*(?P<scale>thousand|million|billion|trillion)?\s*(?P<unit>[^\W\d]+|[%$€£¥₩°])?"
)
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
# Units that make the same number another amount; any other word behind a number only says of what.
_UNITS = {
    name: names.split()[0]
    for names in (
        "$ us$ usd dollar dollars", "€ eur euro euros", "£ gbp pound pounds", "¥ jpy yen", "₩ krw won",
        "cent cents", "% percent", "° degree degrees",
        "km kilometer kilometers kilometre kilometres", "m meter meters metre metres",
        "cm centimeter centimeters", "mm millimeter millimeters", "mile miles mi", "foot feet ft",
        "inch inches", "yard yards", "kg kilogram kilograms", "g gram grams", "mg", "lb lbs",
        "ounce ounces oz", "ton tons", "l liter liters litre litres", "ml", "gallon gallons",
        "second seconds s", "minute minutes min", "hour hours h", "day days", "week weeks",
        "month months", "year years", "dozen dozens", "kb", "mb", "gb", "tb", "ms", "k",
    )
    for name in names.split()
}  # fmt: skip
_YES = "yes yep ja oui sí si да 네 넵 예 是 はい sim tak evet"
_NO = "no nope nein non нет 아니요 아니오 아뇨 아닙니다 不 不是 いいえ não nie hayır"
_WORDS: Mapping[str, tuple[ValueKind, str]] = {
    **dict.fromkeys(_YES.split(), ("yes_no", "yes")),
    **dict.fromkeys(_NO.split(), ("yes_no", "no")),
    "true": ("text", "true"),
    "false": ("text", "false"),
}
_OPENING = re.compile(r"([^\W\d_]{1,10})(?=[,.!:;。，！]|\s[-–—]\s|$)")
_LETTER = re.compile(
    r"(?:(?:option|choice|answer)\s+)?(?P<open>\()?(?P<letter>[A-Z])(?:[).:,]|(?(open)(?!)|$))",
    re.IGNORECASE,
)
# What a question offers to choose from: "(A)" or "A)", and at the start of a line "A." or "A:".
_OFFERED = re.compile(r"^[ \t>*+-]*([A-Z])[.:)]\s|(?<=[\s(])([A-Z])\)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Value:
    """Equal ones are the same answer. `text` is how one of them was written."""

    kind: ValueKind
    form: Fraction | str
    unit: str = ""
    text: str = field(default="", compare=False)


def values(question: str, answers: Mapping[K, str]) -> dict[K, Value]:
    """What the answers give, by their labels, as far as it can be compared: all of one kind, that of
    most. Equal values are written alike. An answer that gives none is left out.

    Where the question offers choices, only these count. A number without a unit stands for one with
    the unit that the others name, if that is one; what may be a share stands for no percentage."""
    choices = offered(question)
    read = {label: value(text, choices=choices) for label, text in answers.items()}
    given = {label: each for label, each in read.items() if each}
    if not given:
        return {}
    [(kind, _n)] = Counter(each.kind for each in given.values()).most_common(1)
    given = {label: each for label, each in given.items() if each.kind == kind}
    units = {each.unit for each in given.values()} - {""}
    if len(units) < 2:
        given = {label: replace(each, unit=_alike(each, units)) for label, each in given.items()}
    first: dict[Value, Value] = {}
    return {label: first.setdefault(each, each) for label, each in given.items()}


def _alike(value: Value, units: Collection[str]) -> str:
    """What is left of its unit where all name the same, if any: beside percentages 0.5 may be a half."""
    may_be_share = "%" in units and not value.unit and isinstance(value.form, Fraction)
    return "share" if may_be_share and 0 < abs(Fraction(value.form)) <= 1 else ""


def offered(question: str) -> frozenset[str]:
    """The letters that a question offers to choose from."""
    letters = {first or other for first, other in _OFFERED.findall(question)}
    return frozenset(letters if len(letters) > 1 else ())


def value(text: str, *, choices: Collection[str] = ()) -> Value | None:
    """What one answer gives; `None` where it is none, or more than one."""
    if output := _OUTPUT.match(text[:_HEAD_CHARS]):
        return _output(output["line"], choices)
    plain = _plain(text)
    for sort in _SORTS:
        if marked := [each for each in sort.finditer(plain) if _is_said(plain, each)]:
            return _only(_read(_said(plain, each), choices) for each in marked)
    alone = [each for each in _unmarked(plain, choices) if each]
    return _only(alone) if alone or choices else _text(_bare(plain))


def fraction(number: str) -> Fraction | None:
    """What `NUMBER` matched, exactly; `None` for what Python takes for none."""
    numerator, _, denominator = number.partition("/")
    try:
        return Fraction(numerator.strip()) / Fraction(denominator.strip() or 1)
    except (ValueError, ZeroDivisionError):  # thousands of digits are no number to Python
        return None


def _only(read: Iterable[Value | None]) -> Value | None:
    """The one that all of them are."""
    different = list(dict.fromkeys(read))
    return different[0] if len(different) == 1 else None


def _plain(text: str) -> str:
    """The ends of it, without what is quoted or fenced, and without LaTeX around numbers."""
    if len(text) > _HEAD_CHARS + _TAIL_CHARS:
        text = f"{text[:_HEAD_CHARS]}\n\n{text[-_TAIL_CHARS:]}"
    text = _APART.sub("", text.replace("\u00a0", " ").replace("\u202f", " ").replace("−", "-"))
    if "\\" in text:
        text = re.sub(r"\\d?frac\{([^{}]*)\}\{([^{}]*)\}", r"\1/\2", text)
        text = re.sub(r"\\(?:text|mathrm|mathbf)\{([^{}]*)\}", r" \1", text)
        text = re.sub(r"\\([$%])", r"\1", re.sub(r"\\[,;! ()\[\]]", "", text))
    return text.replace("{,}", ",")


def _is_said(text: str, marker: re.Match[str]) -> bool:
    """Whether the marker's sentence, up to it, makes the answer its author's own."""
    before = text[max(marker.start() - 80, 0) : marker.start()]
    before = re.split(r"[.!?:;\n]", before)[-1]
    said = before + text[marker.end() : marker.end() + 5]
    return not (_NOT_SAID.search(said) or _ASKED.search(before))


def _said(text: str, marker: re.Match[str]) -> str:
    """What follows a marker: on its line, or on the next that has anything."""
    behind = text[marker.end() : marker.end() + 400]
    if not marker[0].endswith("{"):
        return behind.lstrip(" \t\n:*_`").partition("\n")[0]
    depth = 1
    for at, sign in enumerate(behind):
        depth += (sign == "{") - (sign == "}")
        if not depth:
            return behind[:at]
    return ""


def _unmarked(text: str, choices: Collection[str]) -> Iterator[Value | None]:
    """What stands on a line of its own at an end, in the only bold there is, or begins the text."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return
    yield _word(_bare(lines[0]))
    if choices:
        yield from (_letter(_bare(line), choices) for line in lines)
    yield from (_alone(line, choices) for line in dict.fromkeys((lines[0], lines[-1])))
    bold = set(_BOLD.findall(text))
    if len(bold) == 1:
        yield _alone(bold.pop(), choices)


def _read(said: str, choices: Collection[str]) -> Value | None:
    """A value where one is expected."""
    said = _bare(said)
    if choices:
        return _letter(_bare(_END.split(said)[0]), choices) or _letter(said, choices)
    words = _bare(_END.split(said)[0])
    return _word(said) or _number(words) or _text(words)


def _alone(line: str, choices: Collection[str]) -> Value | None:
    """A value where anything might stand: nothing but a number, with its unit, or a letter."""
    line = _bare(line)
    if choices:
        return _letter(line, choices)
    words = re.sub(r"[\d\s.,/$€£¥₩%°-]", "", line).lower()
    return _number(line) if not words or words in _UNITS else None


def _output(line: str, choices: Collection[str]) -> Value | None:
    """What a program prints is the same only to the letter, unless it is a number or one word for yes."""
    read = _alone(line, choices) or (_word(line) if line.isalpha() else None)
    return read if read or choices else Value("text", line, text=line)


def _word(said: str) -> Value | None:
    found = _OPENING.match(said)
    known = _WORDS.get(found[1].lower()) if found else None
    return Value(*known, text=known[1]) if known else None


def _letter(said: str, choices: Collection[str]) -> Value | None:
    found = _LETTER.match(said)
    letter = found["letter"].upper() if found else None
    return Value("choice", letter, text=letter) if letter and letter in choices else None


def _number(said: str) -> Value | None:
    """A number, what is counted, and nothing else that is one."""
    said = _DECIMAL_COMMA.sub(r"\1.\2", _THOUSANDS.sub(lambda m: re.sub("[, ]", "", m[0]), said))
    before = _BEFORE.match(said)
    found = NUMBER.match(said, before.end()) if before else None
    number = fraction(found[0]) if found else None
    if before is None or found is None or number is None:
        return None
    behind = _BEHIND.match(said, found.end())
    assert behind  # it matches nothing, too
    rest = re.sub(r"^\^?[23²³]", "", said[behind.end() :])
    if re.search(r"\d", rest) or re.match(r"\s*[-+*/^=×·²³<>]", rest) or _SEVERAL.search(said):
        return None
    number *= (-1 if before["minus"] else 1) * _SCALES.get(behind["scale"] or "", 1)
    unit = _UNITS.get((before["unit"] or behind["unit"] or "").lower(), "")
    end = behind.end() if unit or behind["scale"] else found.end()
    return Value("number", number, unit, said[:end].strip())


def _text(said: str) -> Value | None:
    words = said.casefold().split()
    if words and words[0] in {"the", "a", "an"}:
        words = words[1:]
    is_short = 0 < len(words) <= _TEXT_WORDS and len(said) <= _TEXT_CHARS
    if not is_short or words[0] == "not" or re.search(r"[*\\{}]", said):
        return None
    if _END.search(said) or _SEVERAL.search(said) or not re.search(r"\w", said):
        return None
    return Value("text", " ".join(words), text=said)


def _bare(text: str) -> str:
    """Without what markup and punctuation stand around it."""
    return text.strip(" \t#*_`\"'“”:").removesuffix("$").rstrip(" .,*_`\"'“”")
