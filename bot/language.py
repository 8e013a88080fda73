"""In which language the bot speaks: every sentence of it is a message that gettext looks up.

The message id is the English sentence, so that English needs no file; of every other language the
repository has the sentences in `locale/`, which are made ready when the first one is needed. A
sentence is made in the language that is spoken where it is made: `speak` says it for a task and what
that task begins, `speaking` for a block. A constant is marked with `N_` and made where it is used.
`python -m tests.catalogue` brings the list of all messages, and each language's, up to date.

Numbers, dates and lists are written as the language does it, by Unicode's CLDR, which Babel has.

Prompts to models, log lines, words of commands and names in files for other programs are no
sentences of the bot.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Any, Literal

LOCALE = Path(__file__).parent / "locale"
ENGLISH = "en"
# What the bot speaks, each as a person calls it who reads it.
LANGUAGES: Mapping[str, str] = {ENGLISH: "English", "ko": "한국어"}

# Where CLDR has it from: dates and lists as they are written in these sentences.
_REGIONS: Mapping[str, str] = {ENGLISH: "en_GB", "ko": "ko_KR"}
_NUMBER = re.compile(r"[+-]?[\d,]+(?:\.(?P<digits>\d+))?%?")

_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence to be made later: as text it is in the language of whoever asks for it."""

    english: str

    def __str__(self) -> str:
        return _(self)


def _(message: str | Message, /, **values: object) -> str:
    """The message in the language that is spoken here, its `{name}`s filled in as `str.format` does.

    The values are data: braces in them mean nothing.
    """
    english = message.english if isinstance(message, Message) else message
    return _said(_catalogue(_language.get()).gettext(english), english, values)


def n_(one: str, many: str, n: int, /, **values: object) -> str:
    """The same for one thing or many of them, of which `{n}` is the number."""
    found = _catalogue(_language.get()).ngettext(one, many, n)
    return _said(found, one if n == 1 else many, {"n": n, **values})


def N_(message: str) -> Message:  # gettext's usual name for this
    """Marks a constant, to be made by `_` or `str` where it is shown."""
    return Message(message)


# --- Which language


def speak(language: str) -> None:
    """Make sentences in this language from here on, in this task and in those that it begins."""
    _language.set(language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Inside, sentences are made in this language, in English where it has none of its own."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def spoken() -> str:
    """The language that sentences are made in here."""
    return _language.get()


def language_for(locale: str) -> str:
    """What the bot speaks to whoever has this locale, such as `ko`, `en-US` or `ko_KR.UTF-8`: English
    to whoever reads a language that it does not know. Of whom no locale is known, ``, is spoken to
    as everybody is here."""
    language = re.split(r"[-_.@]", locale)[0].lower()
    if not language:
        return spoken()
    return language if language in LANGUAGES else ENGLISH


def locale_of_process(environment: Mapping[str, str]) -> str:
    """The one that its messages are to be in, as POSIX has it; "" where nobody chose one."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    return next(filter(None, (environment.get(name, "") for name in names)), "")


# --- Numbers, dates, lists


def number(value: float, spec: str) -> str:
    """As `format` makes it, with the marks of the language that is spoken here."""
    text = format(value, spec)
    found = _NUMBER.fullmatch(text)
    if _language.get() == ENGLISH or found is None:
        return text  # `format` writes English
    from babel.numbers import format_decimal

    digits = len(found["digits"] or "")
    pattern = ("#,##0" if "," in spec else "0") + ("." + "0" * digits if digits else "")
    exact = Decimal(text.replace(",", "").rstrip("%"))
    if text.endswith("%"):
        pattern, exact = pattern + "%", exact / 100
    if "+" in spec:
        pattern = f"+{pattern};-{pattern}"
    return format_decimal(exact, format=pattern, locale=_region())


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return _joined(words, "standard")


def either(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return _joined(words, "or")


def _joined(words: Sequence[str], style: Literal["standard", "or"]) -> str:
    from babel.lists import format_list

    return format_list(list(words), style=style, locale=_region())


def day(at: date) -> str:
    """`9 May 2026`."""
    return days(at, at)


def days(first: date, last: date) -> str:
    """`1 Mar - 9 May 2026`, or `9 May 2026` where that is one day."""
    from babel.dates import format_interval

    return format_interval(first, last, skeleton="yMMMd", locale=_region())


def weekday(at: date) -> str:
    from babel.dates import format_date

    return format_date(at, "EEEE", locale=_region())


def _region() -> str:
    language = _language.get()
    return _REGIONS.get(language, _REGIONS[ENGLISH])


# --- The sentences


class _Filling(Formatter):
    """What `str.format` does, with numbers as the language has them."""

    def format_field(self, value: Any, format_spec: str) -> str:
        is_number = isinstance(value, int | float) and format_spec
        return number(value, format_spec) if is_number else format(value, format_spec)


_FILLING = _Filling()


class _Sentence(str):
    """One in another language, which log lines have in `english`."""

    __slots__ = ("english",)

    english: str


def _said(sentence: str, english: str, values: Mapping[str, object]) -> str:
    if _language.get() == ENGLISH:
        return english.format(**values)  # what every redraw does
    text = _Sentence(_filled(sentence, values))
    text.english = english.format(**{name: in_english(each) for name, each in values.items()})
    return text


def _filled(sentence: str, values: Mapping[str, object]) -> str:
    return _FILLING.vformat(sentence, (), values)


def in_english(value: object) -> object:
    """A sentence of the bot in English, also where an error says it; all else as it is."""
    if isinstance(value, Exception) and len(value.args) == 1:
        [said] = value.args
        return said.english if isinstance(said, _Sentence) else value
    return value.english if isinstance(value, _Sentence | Message) else value


@cache
def _catalogue(language: str) -> NullTranslations:
    """From what translators write, so that there is no other file which might say something else."""
    file = LOCALE / language / "LC_MESSAGES" / "council.po"
    if language == ENGLISH or not file.exists():
        return NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    ready = BytesIO()
    with file.open("rb") as written:
        write_mo(ready, read_po(written, locale=language))
    ready.seek(0)
    return GNUTranslations(ready)
