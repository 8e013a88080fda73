"""The list of all messages, as translators get it: without line numbers, which move too often.

`python -m tests.catalogue` writes `bot/locale/council.pot` anew.
"""

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from bot.language import LOCALE

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = LOCALE / "council.pot"

# What gettext's own tools refuse to do without.
HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def extracted() -> Catalog:
    catalogue = Catalog()
    for package in ("bot", "adapters"):
        for _, _, message, _, _ in extract_from_dir(
            ROOT / package,
            method_map=[("**.py", "python")],
            keywords={"_": None, "N_": None, "n_": (1, 2)},
        ):
            catalogue.add(message)
    return catalogue


def template() -> str:
    file = BytesIO()
    write_po(file, extracted(), omit_header=True, no_location=True, sort_output=True)
    return HEADER + file.getvalue().decode()


if __name__ == "__main__":
    TEMPLATE.write_text(template(), encoding="utf-8")
