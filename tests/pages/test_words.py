"""No page says a word that the catalogue does not know: what is shown in another language shows it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from gettext import NullTranslations

import pytest

from bot import language
from bot.analysis.publication import Published
from bot.analysis.report import ceiling, peers_of, report
from bot.analysis.rows import Row
from bot.document import Document, Entry, Heading, Image, Note, Select, Table, Text
from bot.pages import published
from bot.pages.ceiling import curve, diagnostics, rules
from bot.pages.settings import (
    Change,
    Prices,
    council_page,
    members_page,
    models_page,
    setting_page,
    settings_page,
)
from bot.settings import SETTINGS, Settings, shown
from tests.fakes.rows import ballot, make_row


class Bracketed(NullTranslations):
    """A language of English in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, one: str, many: str, n: int) -> str:
        return f"⟦{one if n == 1 else many}⟧"


@pytest.fixture(autouse=True)
def bracketed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In the place of Korean: what is said in English is looked up nowhere."""
    monkeypatch.setattr(language, "_catalogue", lambda _: Bracketed())
    with language.speaking("ko"):
        yield


def rows(count: int, *, rated: bool = True) -> list[Row]:
    return [
        make_row(
            str(n),
            asker=f"person-{n % 5}",
            accepted=[n % 3 == 0, n % 2 == 0, n % 7 == 0] if rated else [None, None, None],
            best="b" if rated else None,
            verdict=n % 4 > 0 if rated else None,
            scores=(0.2, 0.9, 0.4),
            ballots=[ballot("a", "b>ca"), ballot("b", "b>ac"), ballot("c", "b>c>a")],
        )
        for n in range(count)
    ]


def told(of: list[Row]) -> Iterator[Document]:
    here = Published(report=report(of, peers_of(of)), rows=tuple(of))
    yield published.stats(here, 1)
    yield published.details(here, 2)
    if len(of) >= 60:
        yield published.gain(here, 0)
        limits, _period = ceiling(of)
        yield Document((diagnostics(limits), rules(limits), curve(limits)))
        yield published.suggestion(here, 3, seats=2, seated=["a"], missing=lambda model: False)


def outside(text: str) -> str:
    """What stands in no bracket and in no code."""
    while "⟦" in text:
        text, before = re.sub(r"⟦[^⟦⟧]*⟧", "", text), text
        assert text != before, text
    return re.sub(r"`[^`]*`", "", text)


def texts(document: Document) -> Iterator[str]:
    for block in document.blocks:
        match block:
            case Text(text) | Note(text) | Heading(text):
                yield from text.split("\n")
            case Table(columns, cells):
                yield from (cell for row in (columns, *cells) for cell in row)
            case Entry(text, note):
                yield from (text, note)
            case Select(placeholder=placeholder):
                yield placeholder
            case Image(alt=alt):
                yield alt
            case _:
                raise AssertionError(block)


def unknown(document: Document) -> list[str]:
    """The words of a page that no catalogue would translate."""
    return [text for text in texts(document) if re.search(r"[^\W\d_]{2}", outside(text))]


@pytest.mark.parametrize("of", [rows(0), rows(3), rows(3, rated=False), rows(60)])
def test_every_word_of_the_statistics_is_a_message(of: list[Row]) -> None:
    for document in told(of):
        assert unknown(document) == []


def test_every_word_about_a_council_is_a_message() -> None:
    settings = Settings(members=("a", "b"), chairman="c")
    paused = replace(settings, paused=True, budget_usd=2.0, changers="anyone", reveal="never")
    values = {shown(settings, name) for name in SETTINGS} | set(SETTINGS)
    for document in (
        council_page(settings, {"language"}, Prices(0.1, lambda _: None), Change(["a", "d"])),
        council_page(paused, {"budget"}, Prices(None, lambda _: 0.01), None),
        settings_page(settings, {"budget"}),
        members_page(settings, lambda model: ""),
        models_page(["a", "b"], lambda model: ""),
    ):
        assert set(unknown(document)) <= values
    assert unknown(setting_page(settings, settings, "members")) == ["**members**: a, b"]
