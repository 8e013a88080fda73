"""The value that an answer gives to a closed question: a number, a choice, yes or no, a short text.

Read tolerantly: it may be marked ("Final answer: ...", boxed), stand on a line of its own, in bold
or at the very beginning, with a currency, a unit or separators of thousands. Counted strictly: where
a text names several, or nothing but prose, it gives none, for then it can be compared with no
other. Pure, and cheap on any text.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from bot.council import ValueKind
from bot.protocol.amounts import NUMBER, Amount, amount
from bot.protocol.markers import MARKERS_MAX, markers, said_behind
from bot.protocol.units import SCALES, UNITS

# A value stands at one end of a text; what lies between is not looked at, which bounds the time.
_HEAD_CHARS, _TAIL_CHARS = 1_000, 4_000
_TEXT_CHARS, _TEXT_WORDS = 60, 6

# What is fenced or quoted.
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
    r"\s*[,，、–—-]?\s*(?:(?:but|aber|mais|pero)\s+)?"
    r"(?:only|if|unless|provided|assuming|except|mostly|usually|in most cases|as long as"
    r"|nur|wenn|falls|sofern|außer|meistens|seulement|sauf|si|à condition|s[oó]lo|salvo|siempre que)\b"
    r"|\s*[,，、]\s*(?:但是?)?(?:如果|只要|除非|只有)"
    r"|[^.。\n]{0,40}(?:경우에만|때에?만|なら|場合|限り)",
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
    if marked := markers(plain):
        if len(marked) > MARKERS_MAX:
            return None
        return _only(_read(said_behind(plain, each), plain, choices) for each in marked)
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
