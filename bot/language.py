"""In which language the bot speaks: every sentence of it is a message that gettext looks up.

The message id is the English sentence, so that English needs no file. A sentence is made in the
language that holds where it is made, which `speaking` says; a constant is marked with `N_` and
made where it is used. `python -m tests.catalogue` writes the list of all messages.

Prompts to models, log lines, words of commands and names in files for other programs are no
sentences of the bot.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
ENGLISH = "en"

_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence to be made later: as text it is in the language of whoever asks for it."""

    english: str

    def __str__(self) -> str:
        return _(self)


def _(message: str | Message, /, **values: object) -> str:
    """The message in the language that holds here, its `{name}`s filled in as `str.format` does.

    The values are data: braces in them mean nothing.
    """
    english = message.english if isinstance(message, Message) else message
    return _catalogue(_language.get()).gettext(english).format(**values)


def n_(one: str, many: str, n: int, /, **values: object) -> str:
    """The same for one thing or many of them, of which `{n}` is the number."""
    return _catalogue(_language.get()).ngettext(one, many, n).format(n=n, **values)


def N_(message: str) -> Message:  # gettext's usual name for this
    """Marks a constant, to be made by `_` or `str` where it is shown."""
    return Message(message)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Inside, sentences are made in this language, in English where it has none of its own."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


@cache
def _catalogue(language: str) -> NullTranslations:
    if language == ENGLISH:
        return NullTranslations()
    return translation("council", LOCALE, [language], fallback=True)
