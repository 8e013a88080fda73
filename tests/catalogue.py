"""The list of all messages, as translators get it: without line numbers, which move too often.

`python -m tests.catalogue` writes `bot/locale/council.pot` anew, and brings the file of each
language up to date: new messages are added, untranslated, and what no code says any more goes.
"""

import ast
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

from bot.language import ENGLISH, LANGUAGES, LOCALE

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = LOCALE / "council.pot"

# What gettext's own tools refuse to do without.
HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n{more}\n'


def extracted() -> Catalog:
    """Babel's own search misses what is said inside of an f-string, or of another message."""
    catalogue = Catalog()
    for package in ("bot", "adapters"):
        for file in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(ast.Name("_" | "N_"), [ast.Constant(str(text)), *_]):
                        catalogue.add(text)
                    case ast.Call(ast.Name("n_"), [ast.Constant(one), ast.Constant(many), *_]):
                        catalogue.add((str(one), str(many)))
    for message in catalogue:  # a percent sign is none of a format of ours
        message.flags.discard("python-format")
    return catalogue


def template() -> str:
    return _written(extracted(), "")


def file_of(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "council.po"


def translated(language: str) -> Catalog:
    """What is written of the language so far."""
    file = file_of(language)
    if not file.exists():
        return Catalog(locale=language)
    with file.open("rb") as written:
        return read_po(written, locale=language)


def renewed(language: str) -> str:
    """Every message of today, with its translation where there is one."""
    known, catalogue = translated(language), extracted()
    for message in catalogue:
        before = known.get(message.id) if message.id else None
        # A sentence that came to have a plural, or lost it, is to be translated again.
        if before and before.id == message.id:
            message.string = before.string
    catalogue.locale = known.locale
    forms = get_plural(language)
    plurals = f'"Language: {language}\\n"\n"Plural-Forms: {forms.plural_forms}\\n"\n'
    return _written(catalogue, plurals)


def _written(catalogue: Catalog, more: str) -> str:
    file = BytesIO()
    write_po(file, catalogue, omit_header=True, no_location=True, sort_output=True)
    return HEADER.format(more=more) + file.getvalue().decode()


if __name__ == "__main__":
    TEMPLATE.write_text(template(), encoding="utf-8")
    for language in LANGUAGES:
        if language != ENGLISH:
            file_of(language).parent.mkdir(parents=True, exist_ok=True)
            file_of(language).write_text(renewed(language), encoding="utf-8")
