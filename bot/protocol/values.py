"""The value that an answer gives to a closed question: a number, a choice, yes or no, a short text.

Read tolerantly: it may be marked ("Final answer: ...", boxed), stand on a line of its own, in bold
or at the very beginning, with a currency, a unit or separators of thousands. Counted strictly: where
a text names several, or nothing but prose, it gives none, for then it can be compared with no
other. Pure, and cheap on any text.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations
from typing import TypeVar

from bot.council import ValueKind
from bot.protocol.amounts import NUMBER, Amount, amount
from bot.protocol.units import MAY_BE, OF_OTHERS, SCALES, UNITS

K = TypeVar("K")

# A value stands at one end of a text; what lies between is not looked at, which bounds the time.
_HEAD_CHARS, _TAIL_CHARS = 1_000, 4_000
_TEXT_CHARS, _TEXT_WORDS = 60, 6
_MARKERS_MAX = 50

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
    r"[!?;](?=[\s\"'”*)]|$)(?!\s?=)|[。！\n]|(?<=[^\s.])\.(?=[\s\"'”*)]|$)"
    # "5. März" goes on.
    r"(?!\s(?:Jan(?:uar)?|Feb(?:ruar)?|März|Apr(?:il)?|Mai|Juni?|Juli?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Okt(?:ober)?|Nov(?:ember)?|Dez(?:ember)?)\b)"
    r"|,?\s+(?:because|since|as|so|which|given|where)\b|(?<=\S)\s+\(|\s[–—-]\s(?![\d.])",
    re.IGNORECASE,
)
_QUOTES = ('""', "''", "``", "“”", "„“", "«»", "»«", "「」", "『』")
_SEVERAL = re.compile(r"\b(?:or|oder|ou|either|yes and no)\b|또는|或", re.IGNORECASE)
_AND_ANOTHER = re.compile(r"\s*\((?:and|or|und|oder|et|ou)\b", re.IGNORECASE)
# "C# or C++", a path, a list: the same only to the letter.
_CODE = re.compile(r"[\[\](){}<>=_|/#+]")
_SPAN = re.compile(r"\s*\*{0,2}`([^`\n]{1,60})`\*{0,2}\s*[.]?\s*")
# "Answer:" and one line in a fence.
_FENCED = re.compile(
    r"(:[*_ \t]*\n\s*)(```|~~~)[^\n`]{0,20}\n[ \t]*([^\n`]{1,60}?)[ \t]*\n[ \t]*\2[ \t]*(?=\n|\Z)"
)
_LATEX = {"times": "×", "cdot": "·", "pm": "±", "pi": "π", "circ": "°", "approx": "≈"}
_COPULA = re.compile(r"(?<=[^\W\d])(?:입니다|이에요|예요|です|である)\Z")
# Of versions 3.1 and 3.10 are two.
_OF_VERSIONS = re.compile(
    r"\bversion|\b(?:release|latest|newest|upgrade|python|node|ubuntu|debian|kernel|postgres\w*)\b"
    r"|버전|バージョン|版本",
    re.IGNORECASE,
)
# With the sign that asks, if it does.
_SENTENCE = re.compile(r"([^.?!。？！\n]+)([?？]?)")
# "Yes" says this and that to a question that is asked in the negative.
_NEGATIVE = re.compile(
    r"(?<!or )\b(?:not|cannot|never|nicht|kein\w*|ne|\w+n['’]t)\b|\bn['’]|않|없|아니(?!요|오)|아닌|안\s|못\s?하|ない|ません"
    r"|¿no\b",
    re.IGNORECASE,
)
_YES = (
    "yes yep yeah correct ja richtig oui sí si да 네 넵 예 그렇습니다 맞습니다 맞아요 是 是的 对 はい ええ そうです "
    "sim tak evet"
)
_NO = "no nope nah nein non нет 아니요 아니오 아뇨 아닙니다 不 不是 不对 没有 いいえ 違います não nie hayır"
_WORDS: Mapping[str, tuple[ValueKind, str]] = {
    **dict.fromkeys(_YES.split(), ("yes_no", "yes")),
    **dict.fromkeys(_NO.split(), ("yes_no", "no")),
    "true": ("text", "true"),
    "false": ("text", "false"),
}
_OPENING = re.compile(r"([^\W\d_]{1,10})(?=\s?[!:;]|[,.。，！、]|\s[-–—]\s|$)")
_SAID_AGAIN = re.compile(r"(?<=[\s,.;:!–—-])([^\W\d_]{1,10})(?=[,.!;。]|$)")
# A yes under a condition is not the one without.
_CONDITION = re.compile(
    r"\s*[,–—-]?\s*(?:but\s+)?(?:only|if|unless|provided|as long as|nur|wenn|falls|sofern|seulement|sauf)\b",
    re.IGNORECASE,
)
_LETTER = re.compile(
    r"(?:(?:option|choice|answer|antwort|réponse|respuesta|opción)\s+)?(?P<open>\()?(?P<letter>[A-Z])"
    r"(?:[).:,]|(?(open)(?!)|(?:$|번|입니다|です|\s[-–—]\s)))",
    re.IGNORECASE,
)
_AND_LETTER = re.compile(
    r"\)?\s*(?:,\s*(?:and|or)?|and\b|or\b|und\b|oder\b|et\b|[/&+])\s*\(?([A-Z])(?![^\W_]|['’])",
    re.IGNORECASE,
)
# What a question offers to choose from: "(A)" or "A)", and at the start of a line "A." or "A:".
_OFFERED = re.compile(r"^[ \t>*+-]*([A-Z])[.:)]\s|(?<=[\s(])([A-Z])\)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Value:
    """Equal ones are the same answer. `text` is how one of them was written.

    `amount` is what a number was read from; `letters` are those of a number or text as it was written,
    and only they count beside one that `is_output` of a program.
    """

    kind: ValueKind
    form: Fraction | str
    unit: str = ""
    text: str = field(default="", compare=False)
    amount: Amount | None = field(default=None, compare=False)
    letters: str = field(default="", compare=False)
    is_output: bool = field(default=False, compare=False)


def values(question: str, answers: Mapping[K, str]) -> dict[K, Value]:
    """What the answers give, by their labels, as far as it can be compared: all of one kind, that of
    most. Equal values are written alike. An answer that gives none is left out.

    Where the question offers choices, only these count; where it asks in the negative, yes and no are
    nothing to compare. A number without a unit stands for one with the unit that the others name, if
    that is one; what may be a share stands for no percentage, and what may be another's number, read
    otherwise, is left out."""
    choices = offered(question)
    read = {label: value(text, choices=choices) for label, text in answers.items()}
    given = {label: each for label, each in read.items() if each}
    if not given:
        return {}
    kinds = Counter(each.kind for each in given.values())
    kind = min(kinds, key=lambda kind: (-kinds[kind], kind))
    if kind == "yes_no" and _asks_in_the_negative(question):
        return {}
    given = {label: each for label, each in given.items() if each.kind == kind}
    if any(each.is_output for each in given.values()) or _OF_VERSIONS.search(question):
        given = {
            label: replace(each, form=each.letters or each.form) for label, each in given.items()
        }
    elif kind == "number":
        given = _clear(_told_apart(given))
    first: dict[Value, Value] = {}
    return {label: first.setdefault(each, each) for label, each in given.items()}


def _asks_in_the_negative(question: str) -> bool:
    return any(_NEGATIVE.search(asked[1]) for asked in _SENTENCE.finditer(question) if asked[2])


def _told_apart(given: Mapping[K, Value]) -> dict[K, Value]:
    """With what tells equal numbers apart as their unit: that, or what they count."""
    units = {each.unit for each in given.values()} - {""}
    given = {label: _meant(each, units) for label, each in given.items()}
    units = {each.unit for each in given.values()} - {""}
    found = {label: _in_units(each, units) for label, each in given.items()}
    by_number: defaultdict[Value, list[K]] = defaultdict(list)
    for label, each in found.items():
        by_number[each].append(label)
    for labels in by_number.values():
        if any(_differ(found[one], found[other]) for one, other in combinations(labels, 2)):
            found |= {label: replace(found[label], unit=_said_of(found[label])) for label in labels}
    return found


def _meant(value: Value, units: Collection[str]) -> Value:
    """With the unit of which it is so many, where others name one of those that it may be."""
    meant = [(unit, times) for unit, times in MAY_BE.get(value.unit, {}).items() if unit in units]
    if len(meant) != 1 or value.amount is None:
        return value
    ((unit, times),) = meant
    number = value.amount.number * times
    return replace(value, unit=unit, form=number, amount=replace(value.amount, number=number))


def _in_units(value: Value, units: Collection[str]) -> Value:
    """Its unit only where others have another one, and then that of which they are so many.

    Beside percentages 0.5 may be a half, and beside units what is counted is none of them."""
    amount = value.amount
    if amount is None:
        return value
    if amount.of and units and not value.unit:
        return replace(value, unit=_said_of(value))
    if len(units) < 2:
        is_share = "%" in units and not value.unit and 0 < abs(amount.number) <= 1
        return replace(value, unit="share" if is_share else "")
    unit, times = OF_OTHERS.get(value.unit, (value.unit, 1))
    return replace(value, unit=unit, form=amount.number * times)


def _said_of(value: Value) -> str:
    amount = value.amount
    return " ".join(filter(None, (value.unit, amount.of, amount.rate))) if amount else value.unit


def _differ(one: Value, other: Value) -> bool:
    """Whether they count different things, or for each of different ones."""
    a, b = one.amount, other.amount
    if a is None or b is None:
        return False
    counted, also = set(a.of.split()), set(b.of.split())
    is_same = counted <= also or also <= counted
    return not is_same or bool(a.rate and b.rate and a.rate != b.rate)


def _clear(given: Mapping[K, Value]) -> dict[K, Value]:
    """Without what, with its separator read otherwise, would be the same as another; unless it is the
    same as one that can be read in one way only."""
    every = set(given.values())
    certain = {each for each in given.values() if _otherwise(each) is None}
    return {
        label: each
        for label, each in given.items()
        if each in certain or _otherwise(each) not in every
    }


def _otherwise(value: Value) -> Value | None:
    other = value.amount.otherwise if value.amount else None
    return None if other is None else replace(value, form=other)


def offered(question: str) -> frozenset[str]:
    """The letters that a question offers to choose from."""
    letters = {first or other for first, other in _OFFERED.findall(question)}
    return frozenset(letters if len(letters) > 1 else ())


def value(text: str, *, choices: Collection[str] = ()) -> Value | None:
    """What one answer gives; `None` where it is none, or more than one."""
    if output := _OUTPUT.match(text[:_HEAD_CHARS]):
        return _output(output["line"], choices)
    plain = _plain(text)
    if span := _SPAN.fullmatch(plain):
        return _output(span[1], choices)
    for sort in (*_SORTS, *_READ_BESIDE):
        if marked := [each for each in sort.finditer(plain) if _is_said(plain, each)]:
            if len(marked) > _MARKERS_MAX:
                return None
            return _only(_read(_said(plain, each), plain, choices) for each in marked)
    alone = [each for each in _unmarked(plain, choices) if each]
    if alone or choices:
        return _only(alone)
    return None if _APART.search(text) else _text(plain.strip())


def _only(read: Iterable[Value | None]) -> Value | None:
    """The one that all of them are."""
    different = list(dict.fromkeys(read))
    return different[0] if len(different) == 1 else None


def _plain(text: str) -> str:
    """The ends of it, without what is quoted or fenced, and without LaTeX around numbers."""
    if len(text) > _HEAD_CHARS + _TAIL_CHARS:
        text = f"{text[:_HEAD_CHARS]}\n\n{text[-_TAIL_CHARS:]}"
    text = re.sub("[\u00a0\u2009\u202f]", " ", text).replace("−", "-")
    text = re.sub("[Ａ-Ｚａ-ｚ０-９]", lambda m: unicodedata.normalize("NFKC", m[0]), text)
    text = _APART.sub("", _FENCED.sub(r"\1`\3`", text))
    if "\\" in text:
        text = re.sub(r"\\d?frac\{([^{}]*)\}\{([^{}]*)\}", r" \1/\2", text)
        text = re.sub(r"\\(?:text|mathrm|mathbf)\{([^{}]*)\}", r" \1", text)
        text = re.sub(r"\\sqrt\{(\w{1,9})\}", r"√\1", text)
        text = re.sub(r"\\(times|cdot|pm|pi|circ|approx)(?![a-z])", lambda m: _LATEX[m[1]], text)
        text = text.replace("^°", "°").replace("^{°}", "°")
        text = re.sub(r"\\([$%])", r"\1", re.sub(r"\\[,;! ()\[\]]", "", text))
    return text.replace("{,}", ",")


def _is_said(text: str, marker: re.Match[str]) -> bool:
    """Whether the marker's sentence, up to it, makes the answer its author's own."""
    before = text[max(marker.start() - 80, 0) : marker.start()]
    before = re.split(r"[.!?:;\n]", before)[-1]
    return not (
        _NOT_SAID.search(before) or _ASKED.search(before) or _NEGATED.match(text, marker.end())
    )


def _said(text: str, marker: re.Match[str]) -> str:
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


def _unmarked(text: str, choices: Collection[str]) -> Iterator[Value | None]:
    """What stands on a line of its own at an end, in the only bold there is, or begins the text."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return
    yield _word(_bare(lines[0]))
    if choices:
        yield from (_letter(_bare(line), choices) for line in lines)
    yield from (_alone(line, text, choices) for line in dict.fromkeys((lines[0], lines[-1])))
    bold = list(_BOLD.finditer(text))
    if len({each[1] for each in bold}) == 1 and _alone(bold[0][1], text, choices):
        behind = text[bold[0].end() :].partition("\n")[0]
        yield _letter(_bare(bold[0][1]), choices) or _number(_cut(bold[0][1] + behind), text)


def _read(said: str, context: str, choices: Collection[str]) -> Value | None:
    """A value where one is expected."""
    if span := _SPAN.fullmatch(said):
        return _output(span[1], choices)
    words = _bare(_cut(said))
    if choices:
        return _letter(words, choices) or _letter(_bare(said), choices) if words else None
    return _word(_bare(said)) or _number(words, context) or _text(_cut(said).strip())


def _cut(said: str) -> str:
    """Without reasons and remarks; "" where a remark names another value."""
    end = _END.search(said)
    if end is None:
        return said
    return "" if _AND_ANOTHER.match(said, end.start()) else said[: end.start()]


def _alone(line: str, context: str, choices: Collection[str]) -> Value | None:
    """A value where anything might stand: nothing but a number, with its unit, or a letter."""
    if span := _SPAN.fullmatch(line):
        return _output(span[1], choices)
    line = _bare(line)
    if choices:
        return _letter(line, choices)
    words = re.sub(r"[\d\s.,/$€£¥₩₹%°'’+-]", "", line).lower()
    return _number(line, context) if not words or words in UNITS or words in SCALES else None


def _output(line: str, choices: Collection[str]) -> Value | None:
    """What a program prints is the same only to the letter, unless it is one word for yes."""
    if choices:
        return _letter(line, choices)
    if NUMBER.fullmatch(line) and (read := _number(line, line)):
        return replace(read, letters=line, is_output=True)
    if line.isalpha() and (word := _word(line)):
        return replace(word, is_output=word.kind == "text", letters=line)
    return Value("text", line, text=line, letters=line, is_output=True)


def _word(said: str) -> Value | None:
    said = said.replace("**", "")
    found = _OPENING.match(said)
    known = _WORDS.get(found[1].lower()) if found else None
    if found is None or known is None:
        return None
    again = _SAID_AGAIN.findall(said.partition("\n")[0][found.end(1) : found.end(1) + 200])
    is_taken_back = any(_WORDS.get(each.lower(), known) != known for each in again)
    if is_taken_back or _CONDITION.match(said, found.end(1)):
        return None
    is_text = known[0] == "text"
    return Value(*known, text=known[1], letters=found[1] if is_text else "")


def _letter(said: str, choices: Collection[str]) -> Value | None:
    found = _LETTER.match(said)
    letter = found["letter"].upper() if found else None
    if found is None or letter is None or letter not in choices:
        return None
    another = _AND_LETTER.match(said, found.end("letter"))
    if another and another[1].upper() in choices:
        return None
    return Value("choice", letter, text=letter)


def _number(said: str, context: str) -> Value | None:
    """A number, what is counted, and nothing else that is one."""
    read = None if _SEVERAL.search(said) else amount(said, context)
    if read is None:
        return None
    return Value("number", read.number, read.unit, read.text, read, read.digits)


def _text(said: str) -> Value | None:
    if span := _SPAN.fullmatch(said):
        return _output(span[1], ())
    letters = said.strip(" \t*")
    said = _bare(_COPULA.sub("", _bare(said)))
    words = unicodedata.normalize("NFC", said.casefold()).split()
    if words and words[0] in {"the", "a", "an"}:
        words = words[1:]
    is_short = 0 < len(words) <= _TEXT_WORDS and len(said) <= _TEXT_CHARS
    if not is_short or words[0] == "not" or re.search(r"[*\\]|[\^_]\{", said):
        return None
    if _END.search(said) or _SEVERAL.search(said) or not re.search(r"\w", said):
        return None
    is_code = bool(_CODE.search(said))
    form = said if is_code else " ".join(words)
    return Value("text", form, text=said, letters=letters, is_output=is_code)


def _bare(text: str) -> str:
    """Without what markup and punctuation stand around it."""
    text = re.sub(r"\A\s*(?:#+\s+|[:_]\s+)", "", text)
    for _layer in range(3):
        text = re.sub(r"(?<=[^\s.,])[.,。]\Z", "", text.strip(" \t*")).strip(" \t*")
        if text[:1] == "$" and text[-1:] == "$" != text:
            text = text[1:-1]
        for sign in "`\"'_":
            if text.count(sign) == 1:
                text = text.strip(sign)
        if len(text) > 2 and text[0] + text[-1] in _QUOTES and text[0] not in text[1:-1]:
            text = text[1:-1]
    return text
