"""Personal data and secrets in a text, replaced by placeholders and put back. Pure.

Finds e-mail addresses, phone numbers, card numbers, IBANs and the keys of well-known services, in
time linear in the text. A placeholder (`EMAIL-K3F9X`) is drawn at random, so that it tells nothing of
what it stands for.

Whatever goes wrong, "hidden": what a channel hides reaches no model.
"""

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Literal, NamedTuple, TypeVar, cast

import phonenumbers
from stdnum import iban, luhn

T = TypeVar("T")
Kind = Literal["EMAIL", "PHONE", "CARD", "IBAN", "KEY"]

# Without what is taken for another: no 0, 1, I, L, O.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LENGTH = 5
_PLACEHOLDER = re.compile(rf"\b(?:EMAIL|PHONE|CARD|IBAN|KEY)-[{_LETTERS}]{{{_LENGTH}}}\b")

# RFC 5321, 4.5.3.1: the longest that there may be before and behind the sign.
_LOCAL_CHARS, _DOMAIN_CHARS = 64, 255
_LOCAL_REVERSED = re.compile(r"[\w.+%&'-]*[\w+%&'-]")
_DOMAIN = re.compile(r"(?:[\w-]+\.)+[\w-]*\w")

# With the country's prefix; with a trunk prefix; in the groups of North America. Those of other
# countries without any prefix look like any other number.
_INTERNATIONAL = re.compile(r"(?<![\w+])(?:\+|00)\d(?:[ ().\-/]{0,2}\d){6,16}(?!\d)")
_TRUNK = re.compile(
    r"(?<![\w.,+-])(?:\(0\d{1,4}\)|0\d{1,5})[ /.-]{0,2}\d{2,9}(?:[ .-]\d{2,8}){0,4}(?![\d.,]\d|\d)"
)
_GROUPED = re.compile(r"(?<![\w.+-])(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])\d{3}[ .-]\d{4}(?![\w-])")
_NATIONAL_DIGITS = range(9, 13)
_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?!\d)")

# As they are printed: in one, or in groups of three or more.
_CARD = re.compile(r"(?<!\d)\d{3,19}(?:[ -]\d{3,6})*(?!\d)")
_CARD_DIGITS = range(13, 20)
_IBAN = re.compile(
    r"(?<![^\W_])[A-Z]{2}\d{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?)(?![^\W_])",
    re.IGNORECASE | re.ASCII,
)
_VALUES = {ord(letter): str(int(letter, 36)) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"sk-[\w-]{16,}"  # OpenAI, OpenRouter, Anthropic and others
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}"  # Amazon
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{22,}|glpat-[\w-]{20,}"
    r"|xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}"  # Slack
    r"|AIza[\w-]{30,}|ya29\.[\w-]{20,}"  # Google
    r"|[rsp]k_(?:live|test)_\w{16,}|whsec_\w{16,}"  # Stripe
    r"|hf_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}|gsk_\w{20,}"
    r"|xai-\w{30,}|pplx-\w{30,}|r8_\w{30,}|dop_v1_\w{30,}|SG\.[\w-]{16,}\.[\w-]{30,}"
    r"|https://hooks\.slack\.com/services/[\w/]{20,}"
    r"|https://discord(?:app)?\.com/api/webhooks/\d{1,20}/[\w-]{20,}"
    r"|[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}"  # Discord
    r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"  # a JSON Web Token
    r")"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[\s\S]{0,8000}?-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
    r"|(?:\s{1,4}[\w+/=]{16,}){1,200})"  # broken off
)
# What is written with other signs for the same: spaces at which no line breaks, dashes, full-width
# letters, the digits of Arabic, Persian and Hindi. One for one, so that places stay.
_PLAIN = {
    **dict.fromkeys([0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " "),
    **dict.fromkeys([*range(0x2010, 0x2016), 0x2212], "-"),
    **{code: chr(code - 0xFF01 + ord("!")) for code in range(0xFF01, 0xFF5F)},
    **{zero + n: str(n) for zero in (0x660, 0x6F0, 0x966) for n in range(10)},
}
# The delimiter of a prompt, which may happen to be all digits.
_FENCE = re.compile(r"^=== [0-9a-f]{16} ===$", re.MULTILINE)


class Found(NamedTuple):
    start: int
    end: int
    kind: Kind


def find(text: str) -> list[Found]:
    """What stands in the text, in its order, nothing overlapping: of two the earlier, then the
    longer one."""
    text = text.translate(_PLAIN)
    spans = sorted(_candidates(text), key=lambda found: (found.start, -found.end))
    spared = [match.span() for match in _FENCE.finditer(text)]
    kept: list[Found] = []
    for found in spans:
        if kept and found.start < kept[-1].end:
            continue
        while spared and spared[0][1] <= found.start:
            spared.pop(0)
        if not (spared and spared[0][0] < found.end):
            kept.append(found)
    return kept


def masked(text: str) -> str:
    """The text with the kind alone in the place of each: nothing can be put back."""
    return _replaced(text, lambda found: found.kind)


class Redaction:
    """Placeholders by what they stand for: the same for the same. `known` are those of before, by
    placeholder."""

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self._placeholders = {original: name for name, original in (known or {}).items()}

    @property
    def originals(self) -> dict[str, str]:
        """By placeholder."""
        return {name: original for original, name in self._placeholders.items()}

    def hide(self, text: str) -> str:
        return _replaced(
            text, lambda found: self._placeholder(text[found.start : found.end], found)
        )

    def _placeholder(self, original: str, found: Found) -> str:
        if original not in self._placeholders:
            letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
            self._placeholders[original] = f"{found.kind}-{letters}"
        return self._placeholders[original]


def placeholders(text: str) -> list[str]:
    """Those that stand in a text."""
    return _PLACEHOLDER.findall(text)


def put_back(value: T, originals: Mapping[str, str]) -> T:
    """The value with every text in it, however deep, as it was before placeholders took its
    place."""
    if not originals:
        return value
    return cast(T, _put_back(value, originals))


def _put_back(value: Any, originals: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: originals.get(found[0], found[0]), value)
    if isinstance(value, tuple):
        parts = (_put_back(each, originals) for each in value)
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.init]
        return replace(value, **{n: _put_back(getattr(value, n), originals) for n in names})
    return value


def _replaced(text: str, placeholder: Callable[[Found], str]) -> str:
    pieces, at = [], 0
    for found in find(text):
        pieces += [text[at : found.start], placeholder(found)]
        at = found.end
    return "".join((*pieces, text[at:]))


def _candidates(text: str) -> Iterator[Found]:
    yield from _emails(text)
    yield from _phones(text)
    yield from _cards(text)
    yield from _ibans(text)
    for match in _KEY.finditer(text):
        yield Found(*match.span(), "KEY")


def _emails(text: str) -> Iterator[Found]:
    at = text.find("@")
    while at >= 0:
        before = text[max(at - _LOCAL_CHARS, 0) : at][::-1]
        local = _LOCAL_REVERSED.match(before)
        domain = _DOMAIN.match(text, at + 1, at + 1 + _DOMAIN_CHARS)
        if local and domain:
            yield Found(at - local.end(), domain.end(), "EMAIL")
        at = text.find("@", at + 1)


def _phones(text: str) -> Iterator[Found]:
    for match in _INTERNATIONAL.finditer(text):
        if _is_possible(match[0]):
            yield Found(*match.span(), "PHONE")
    for match in _TRUNK.finditer(text):
        digits = sum(map(str.isdigit, match[0]))
        if digits in _NATIONAL_DIGITS and not _DATE.match(match[0]):
            yield Found(*match.span(), "PHONE")
    for match in _GROUPED.finditer(text):
        yield Found(*match.span(), "PHONE")


def _is_possible(written: str) -> bool:
    """Whether some country has numbers of that length."""
    dialled = f"+{written[2:]}" if written.startswith("00") else written
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(dialled))
    except phonenumbers.NumberParseException:
        return False


def _cards(text: str) -> Iterator[Found]:
    for run in _CARD.finditer(text):
        groups = list(re.finditer(r"\d+", run[0]))
        first = 0
        while first < len(groups):
            last = _end_of_card(groups, first)
            if last is None:
                first += 1
                continue
            start = run.start()
            yield Found(start + groups[first].start(), start + groups[last].end(), "CARD")
            first = last + 1


def _end_of_card(groups: list[re.Match[str]], first: int) -> int | None:
    """The group that a card number ends with which begins with this one."""
    digits = ""
    for last in range(first, len(groups)):
        digits += groups[last][0]
        if len(digits) >= _CARD_DIGITS.stop:
            return None
        if len(digits) in _CARD_DIGITS and luhn.is_valid(digits):
            return last
    return None


def _ibans(text: str) -> Iterator[Found]:
    at = 0
    while match := _IBAN.search(text, at):
        end = next(filter(lambda end: _is_iban(text[match.start() : end]), _ends(match)), None)
        if end is None:
            at = match.start() + 4
            continue
        yield Found(match.start(), end, "IBAN")
        at = end


def _ends(match: re.Match[str]) -> Iterable[int]:
    """Where it may end: the last group may be a word behind it."""
    spaces = [match.start() + n for n, letter in enumerate(match[0]) if letter == " "]
    return reversed([*spaces[2:], match.end()])


def _is_iban(written: str) -> bool:
    compact = written.replace(" ", "").upper()
    number = int((compact[4:] + compact[:4]).translate(_VALUES))
    # Cheap, and true of one in a hundred; the library knows each country's form.
    return number % 97 == 1 and bool(iban.is_valid(compact, check_country=False))
