"""Every sentence is there in every language, says the same, and fits where a platform shows it."""

import ast
import re
from collections.abc import Iterator
from string import Formatter

import pytest
from babel.messages.catalog import Message as Entry

from adapters.discord.forms import COUNCIL_HERE
from bot.conversation.actions import VOTE_CHOICES
from bot.conversation.commands import COMMANDS
from bot.language import ENGLISH, LANGUAGES, _, _catalogue, speaking, spoken
from bot.settings import FORM, PRESET_LABEL, SETTINGS
from tests.catalogue import extracted, file_of, renewed, translated
from tests.test_language import calls, files, literal, name, tree

OTHERS = [language for language in LANGUAGES if language != ENGLISH]

# What is typed, or shown as code, is the same in every language.
CODE = re.compile(r"`[^`]*`")
# Emoji, and Discord's small print.
MARKS = re.compile(r"\*\*|^-# |[👍👎🏆🚫🔍⚠⏸⚖✓✗]", re.MULTILINE)


def entries(language: str) -> Iterator[tuple[str, str, Entry]]:
    """Each translation beside the English that it says; of a plural, the one of many."""
    for entry in translated(language):
        if isinstance(entry.id, str):
            if entry.id:
                yield entry.id, str(entry.string), entry
        else:
            yield entry.id[1], forms(entry)[-1], entry


def forms(entry: Entry) -> tuple[str, ...]:
    assert isinstance(entry.string, tuple)
    return entry.string


def fields(sentence: str) -> list[tuple[str, str | None, str | None]]:
    """Placeholders with how their values are written."""
    found = Formatter().parse(sentence)
    return sorted((field, spec, how) for _text, field, spec, how in found if field is not None)


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated(language: str) -> None:
    lacking = [english for english, said, _entry in entries(language) if not said]
    assert lacking == [], "say them in bot/locale, after `python -m tests.catalogue`"


@pytest.mark.parametrize("language", OTHERS)
def test_every_translation_is_of_a_message_that_the_code_says(language: str) -> None:
    """In the form that `python -m tests.catalogue` writes; none is a guess that waits for somebody."""
    assert file_of(language).read_text(encoding="utf-8") == renewed(language)
    assert [entry.id for _english, _said, entry in entries(language) if entry.fuzzy] == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_placeholder_is_the_same_in_every_language(language: str) -> None:
    for english, said, entry in entries(language):
        if isinstance(entry.id, str):
            assert fields(said) == fields(english), english
        else:  # the one of several forms may leave the number out, or name it
            assert set(fields(said)) | {("n", "", None)} == set(fields(english)) | {
                ("n", "", None)
            }, english


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_typed_stays_and_space_around_a_sentence_does_too(language: str) -> None:
    for english, said, _entry in entries(language):
        assert sorted(CODE.findall(said)) == sorted(CODE.findall(english)), english
        assert sorted(MARKS.findall(said)) == sorted(MARKS.findall(english)), english
        around = re.compile(r"^(\s*).*?(\s*)$", re.DOTALL)
        assert around.sub(r"\1|\2", said) == around.sub(r"\1|\2", english), english
        assert said == said.replace("\u200b", ""), english


def test_korean_has_no_particle_that_depends_on_a_value_nobody_knows() -> None:
    """`{name}을` is wrong behind every other name; behind a closing mark, too."""
    depends = re.compile(r"\}[`*\"')]*(?:을|를|이|가|은|는|과|와|으로|로)(?=[\s.,]|$)")
    found = [said for _english, said, _entry in entries("ko") if depends.search(said)]
    assert found == []


def test_no_sentence_is_said_both_with_a_plural_and_without() -> None:
    """gettext keeps one of the two."""
    catalogue = extracted()
    for file in files():
        for call in calls(file):
            message = literal(call.args[0])
            if message is not None:
                found = catalogue.get(message)
                assert found, message
                assert found.pluralizable == (name(call) == "n_"), message


@pytest.mark.parametrize("language", OTHERS)
def test_a_plural_has_the_forms_of_its_language(language: str) -> None:
    with speaking(language):
        assert _("Health") != "Health"
    found = {len(forms(entry)) for _e, _s, entry in entries(language) if entry.pluralizable}
    assert found == {translated(language).num_plurals}


# --- What fits where


def said_in(node: ast.AST) -> Iterator[str]:
    """The messages that are made below a node."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and ast.unparse(each.func) in {"_", "N_", "n_"}:
            yield from (text for arg in each.args[:2] if (text := literal(arg)))


def limited() -> Iterator[tuple[str, int]]:
    """Messages that stand where a platform takes so many characters.

    Source: docs.slack.dev, "Block Kit" and "Views"; Discord's API documentation, "Component
    Reference", "Modal" and "Application Commands".
    """
    places: dict[str, list[tuple[int | str, int]]] = {
        "Button": [(1, 75)],
        "Select": [(1, 100), (3, 75)],
        "Form": [("title", 24), ("text", 45), ("hint", 100), ("send", 24), ("whom_label", 45)],
        "Detail": [("button", 75)],
    }
    for file in files():
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Call):
                given: dict[int | str | None, ast.expr] = {}
                given |= dict(enumerate(node.args))
                given |= {keyword.arg: keyword.value for keyword in node.keywords}
                for place, limit in places.get(name(node), ()):
                    if place in given:
                        yield from ((text, limit) for text in said_in(given[place]))
            elif isinstance(node, ast.Dict) and file.startswith("adapters/slack"):
                for key, value in zip(node.keys, node.values, strict=True):
                    if key and literal(key) in {"title", "submit", "close"}:
                        yield from ((text, 24) for text in said_in(value))
    for command in COMMANDS.values():
        yield command.description.english, 100
        yield from ((option.description.english, 100) for option in command.options)
    for setting, asked in FORM.items():
        yield SETTINGS[setting].label.english, 45
        yield (asked.hint or SETTINGS[setting].description).english, 100
    for label, _what in VOTE_CHOICES:
        yield label.english, 75
    yield COUNCIL_HERE.english, 24
    yield PRESET_LABEL.english, 45


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_sentence_fits_where_it_stands(language: str) -> None:
    """Values of placeholders not counted, which are cut where they are too long."""
    found = sorted(set(limited()))
    assert len(found) > 80
    with speaking(language):
        said = [(without_values(english), limit) for english, limit in found]
    assert [(text, len(text)) for text, limit in said if len(text) > limit] == []


def without_values(english: str) -> str:
    """As it is said here."""
    found = _catalogue(spoken()).gettext(english)
    return "".join(text for text, _field, _spec, _how in Formatter().parse(found))
