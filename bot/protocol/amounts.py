"""An amount as people write it: a number with its scale and unit, what is counted, and for each of what.

Read in several languages, and strictly: a bound, a range or a sum is none, and where a number may be
another one than it seems, that is said. Pure, and cheap on any text.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from bot.protocol.units import CURRENCIES, LETTER_SCALES, MONEY_SCALES, SCALES, UNITS

# A hyphen after a digit makes a range and no negative number.
NUMBER = re.compile(r"(?:(?<!\d)-)?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,3})?(?:\s*/\s*\d+)?")

_GROUPED = re.compile(
    r"(?<![\d.,])(?:[1-9]\d{0,2}(?:,\d{2,3})*,\d{3}(?!\d|,\d)"
    r"|\d{1,3}(?:[ '’]\d{3})+(?!\d)"
    r"|\d{1,3}(?:\.\d{3}){2,}(?!\d|\.\d)"
    r"|\d{1,3}(?:\.\d{3})+(?=,\d+(?!\d|,\d)))"
)
_DECIMAL_COMMA = re.compile(r"(?<![\d.,])(\d+),(\d+)(?!\d|,\d)")
# One separator before three digits: of thousands to some, of decimals to others.
_EITHER = re.compile(r"(?<![\d.,])([1-9]\d{0,2})([.,])(\d{3})(?!\d|[.,]\d)")
# How only those write who have a comma before decimals, and how only those who have a point.
_WITH_COMMA = re.compile(r"\d\.\d{3},\d|\d\.\d{3}\.\d{3}(?!\d|\.\d)|(?<![\d.,])0,\d")
_WITH_POINT = re.compile(r"\d,\d{3}\.\d|\d,\d{3},\d{3}(?!\d|,\d)|(?<![\d.,])0\.\d+(?!\d|\.\d)")

_ONE_SIGN = re.compile(r"(\d?)\s?([¼-¾⅐-⅞])")
_MIXED = re.compile(r"(?<![\d.,/])(\d{1,9})\s+(\d{1,9})/(\d{1,9})(?![\d/])")
# "1억 2천만", "3万5000"
_PART = re.compile(r"(\d[\d,]{0,12}(?:\.\d{1,9})?)\s?([천千백百]?)([조兆억億亿만万萬]?)")
_PARTS = re.compile(
    r"(?<![\d.,])(?:\d[\d,]{0,12}(?:\.\d{1,9})?\s?[천千백百]?[조兆억億亿만万萬]\s?){1,3}"
    r"\d{1,4}(?:(?![\d.,])\s?[천千백百]?[만万萬]?)(?![\d.])"
)
_RAISED = re.compile(r"(?<=[\d])[⁻⁰¹²³⁴-⁹]+")
_POWER_OF_TEN = re.compile(
    r"(?:(?<![\d.^])(\d+(?:\.\d+)?)\s?[×x*·]\s?)?(?<![\d.^])10\^\{?(-?\d{1,3})\}?(?!\d)"
)

_BEFORE = re.compile(
    r"(?:(?:about|approximately|approx\.|roughly|around|exactly|a total of|ca\.|circa|etwa|rund|environ"
    r"|약|約|[~≈=#]|[a-z]\s*=)\s*)*"
    r"(?P<minus>-|(?:minus|negative|moins|menos|마이너스)\s+)?\+?"
    r"(?:(?:US)?(?P<unit>[$€£¥₩₹]|USD|EUR|GBP)\s*)?(?=[-.\d])",
    re.IGNORECASE,
)


def _any_of(names: list[str]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


_SCALE = re.compile(
    rf"\s*(?:(?P<word>{_any_of([name for name in SCALES if name[0].isascii()])})\b\.?"
    rf"|(?P<sign>{_any_of([name for name in SCALES if not name[0].isascii()])}))",
    re.IGNORECASE,
)
_LETTER_SCALE = re.compile(r"(\s?)([kKMBmb])(?![^\W_])")
_WORD = re.compile(
    r"°\s?[CF]\b|[%$€£¥₩₹°¢‰]"
    r"|[^\W\d_]+(?:\^?[23](?!\d))?(?:\s?/\s?[^\W\d_]+(?:\^?[23](?!\d))?)?|[^\w\s]"
)
# Behind these it is no longer said of what.
_STOPS = (
    "a an the per of in each every for on at by and with to from after before is are will pro par por "
    "de je total altogether left if that this"
)
# mW are no MW, and Mb no MB.
_CAPITALS_TELL = re.compile(r"\Am(?=[A-KM-Z])|\A([KMGT])b(?=/|ps|\Z)")
_HALF_DAY = re.compile(r"\b([ap])\.\s?m\b\.?", re.IGNORECASE)
_TELLS_NOTHING = "chance probability old extra additional whole full us american different long"
_EXPONENTS = {"square": "2", "sq": "2", "cubic": "3"}
_QUALIFIERS = "celsius fahrenheit carrés carré cuadrados cubes cubos"
_RATE = re.compile(
    r"(?:(?P<each>\b(?:an?|each|every)\b)|\b(?:per|pro|par|por)\b|/)\s?([^\W\d_]+)", re.IGNORECASE
)
# A bound is not the number that it names.
_BOUND = re.compile(
    r"\b(?:at (?:least|most)|or (?:more|less|fewer|so)|plus|minimum|maximum|max|and (?:up|above|over|below)"
    r"|mindestens|höchstens|maximal|minimal|au (?:moins|plus)|como (?:mínimo|máximo))\b"
    r"|이상|이하|미만|초과|以上|以下|未満",
    re.IGNORECASE,
)
_PER_HUNDRED = re.compile(r"\bper ?cent\b|\bpour cent\b|\bpor ciento\b", re.IGNORECASE)
_ENDING = re.compile(r"(?:입니다|이에요|예요|이다|です|である|だ|(?<=.)[을를은는의])$")


@dataclass(frozen=True, slots=True)
class Amount:
    """`unit` is a known one; `of` is what is counted else, and `rate` for each of what; "" where nothing
    is said. `digits` are the number as it was written, and `text` is that with its unit. `otherwise`
    is the number that it may be as well."""

    number: Fraction
    unit: str
    of: str
    rate: str
    digits: str
    text: str
    otherwise: Fraction | None


def fraction(number: str) -> Fraction | None:
    """What `NUMBER` matched, exactly; `None` for what Python takes for none."""
    numerator, _, denominator = number.partition("/")
    try:
        return Fraction(numerator.strip()) / Fraction(denominator.strip() or 1)
    except (ValueError, ZeroDivisionError):  # thousands of digits are no number to Python
        return None


def amount(said: str, context: str) -> Amount | None:
    """The one that these words are; the text that they stand in may show how its author writes numbers."""
    with_comma, with_point = bool(_WITH_COMMA.search(context)), bool(_WITH_POINT.search(context))
    plain = _with_point(_spelled(said), reads_comma=with_comma and not with_point)
    before = _BEFORE.match(plain)
    found = NUMBER.match(plain, before.end()) if before else None
    number = fraction(found[0]) if found else None
    if before is None or found is None or number is None or ("/" in found[0] and number == 1):
        return None
    if re.match(r"0\d|\d{3}0['’]?s\b", plain[found.start() :]):
        return None  # a code, or the nineties
    scale, end = _scale(plain, found.end(), is_money=bool(before["unit"]))
    rest = plain[end:]
    if not _is_said_of(rest):
        return None
    unit, of, read = _unit(rest)
    if before["unit"]:
        unit, read = _name(before["unit"]), 0
    rate = _rate(rest)
    if unit and unit not in CURRENCIES and "/" not in unit and rate:
        unit, rate = f"{unit}/{rate}", ""
    number *= (-1 if before["minus"] else 1) * scale
    otherwise = None
    if with_comma == with_point and (either := _EITHER.search(said)):
        otherwise = number / 1000 if either[2] == "," else number * 1000
    digits = found[0] if scale == 1 and not before["minus"] else str(number)
    return Amount(number, unit, of, rate, digits, plain[: end + read].strip(), otherwise)


def _spelled(said: str) -> str:
    """With signs and powers written out: "3½" as 7/2, "10³" as 1e3."""
    said = re.sub(r"^–(?=\d)", "-", said)
    said = _ONE_SIGN.sub(
        lambda m: f"{m[1]} {unicodedata.normalize('NFKC', m[2]).replace('⁄', '/')}".strip(), said
    )
    said = _PARTS.sub(_together, _MIXED.sub(_sum, said))
    said = _RAISED.sub(lambda m: "^" + unicodedata.normalize("NFKC", m[0]).replace("−", "-"), said)
    return _POWER_OF_TEN.sub(lambda m: f"{m[1] or 1}e{m[2]}", _PER_HUNDRED.sub("%", said))


def _together(written: re.Match[str]) -> str:
    """The sum of its parts, where each is of a smaller scale than the one before."""
    total, before = Fraction(0), 0
    for digits, thousand, myriad in _PART.findall(written[0]):
        scale = SCALES.get(thousand, 1) * SCALES.get(myriad, 1)
        if 0 < before <= scale:
            return written[0]
        total, before = total + Fraction(digits.replace(",", "")) * scale, scale
    return str(total) if total.denominator == 1 else written[0]


def _sum(mixed: re.Match[str]) -> str:
    whole, over, under = (int(mixed[n]) for n in (1, 2, 3))
    return f"{whole * under + over}/{under}" if over < under else mixed[0]


def _with_point(said: str, *, reads_comma: bool) -> str:
    """Without separators of thousands, and with a point before decimals."""
    if reads_comma:
        said = _EITHER.sub(lambda m: m[1] + ("" if m[2] == "." else ".") + m[3], said)
    said = _GROUPED.sub(lambda m: re.sub(r"[, '’.]", "", m[0]), said)
    return _DECIMAL_COMMA.sub(r"\1.\2", said)


def _scale(text: str, end: int, *, is_money: bool) -> tuple[int, int]:
    """What the number is to be multiplied by, and where that ends: "mil millones" are two words."""
    scale = 1
    for _word in range(3):
        if not (found := _SCALE.match(text, end)):
            break
        scale, end = scale * SCALES[(found["word"] or found["sign"]).casefold()], found.end()
    letter = _LETTER_SCALE.match(text, end)
    known = MONEY_SCALES if is_money else LETTER_SCALES
    if scale == 1 and letter and letter[2] in known and (is_money or not letter[1]):
        return known[letter[2]], letter.end()
    return scale, end


def _is_said_of(rest: str) -> bool:
    """Whether what stands behind a number only says of what it is one."""
    if re.search(r"\d", re.sub(r"(?<=[^\W\d_])\^?[23](?!\d)", "", rest)) or _BOUND.search(rest):
        return False
    if re.match(r"\s*[-+*=×·<>^±~π√\\]|\s*/(?!\s?[^\W\d_])|_|\s*\.\s*\w|[\u0304\u0305]", rest):
        return False
    if re.search(r"[·⁻⁰¹⁴-⁹₀-₉]", rest):
        return False
    sticks = re.match(r"[a-z]+", rest, re.IGNORECASE)
    word = _WORD.match(rest)
    return not sticks or bool(word and _name(word[0]))


def _unit(rest: str) -> tuple[str, str, int]:
    """The known unit, or else what is counted, and how far the unit was read."""
    words: list[str] = []
    behind = _words(rest)
    for word, end in behind:
        if name := _name(word):
            following, further = next(behind, ("", end))
            if following in _QUALIFIERS.split():
                name = following if name == "°" else f"{name} {following}"
                end = further
            exponent = "".join(_EXPONENTS.get(each, "") for each in words)
            kind = [each for each in words if each not in (*_EXPONENTS, "more")]
            said = [following] if following not in ("", *_QUALIFIERS.split()) else []
            said += [word for word, _end in behind]
            return " ".join((*kind, name + exponent)), _of(said), end
        words.append(word)
    return "", _of(words), 0


def _of(words: list[str]) -> str:
    """What is counted; behind "more" it says no more of what."""
    return " ".join(_singular(word) for word in words if word != "more" or words[-1] == "more")


def _words(rest: str) -> Iterator[tuple[str, int]]:
    """Up to four that say of what the number is one, each with where it ends."""
    told = 0
    for found in _WORD.finditer(_HALF_DAY.sub(r"\1m", rest)):
        word = _ENDING.sub("", _CAPITALS_TELL.sub(_spelled_prefix, found[0]).casefold())
        if (
            word in _STOPS.split()
            or (len(word) == 1 and not (word.isalpha() or word in UNITS))
            or told == 4
        ):
            return
        if word and word not in _TELLS_NOTHING.split():
            told += 1
            yield word, found.end()


def _spelled_prefix(found: re.Match[str]) -> str:
    return f"{found[1]}bit" if found[1] else "milli"


def _name(word: str) -> str:
    """Of a unit, "" where it is not known."""
    word = unicodedata.normalize("NFKC", re.sub(r"[\s^]", "", _ENDING.sub("", word.casefold())))
    if word in UNITS:
        return UNITS[word]
    above, slash, below = word.partition("/")
    if slash:
        return f"{_name(above)}/{_name(below) or below}" if _name(above) else ""
    base = UNITS.get(word[:-1], "") if word[-1:] in ("2", "3") else ""
    return base + word[-1:] if base else ""


def _rate(rest: str) -> str:
    found = _RATE.search(rest)
    if not found:
        return ""
    name = _name(found[2])
    return name if name or found["each"] else found[2].casefold()


def _singular(word: str) -> str:
    return word[:-1] if word.isascii() and len(word) > 3 and word.endswith("s") else word
