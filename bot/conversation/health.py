"""Whether everything works: what checks find, and the page of a channel for whoever asks there.

The page tells of its own channel alone: nobody learns there what others ask or spend. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.document import Document, Heading, Text
from bot.models.catalogue import Catalogue
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """`ok` is None where something cannot be checked, or is worth knowing but no fault."""

    ok: bool | None
    text: str

    def __str__(self) -> str:
        return f"{ {True: '✓', False: '✗', None: '·'}[self.ok] } {self.text}"


def health(
    settings: Settings, catalogue: Catalogue, *, under_way: int, spent_micros: int
) -> Document:
    lines = _lines(settings, catalogue, under_way, spent_micros)
    return Document((Heading("Health"), Text("\n".join(f"- {line}" for line in lines))))


def _lines(
    settings: Settings, catalogue: Catalogue, under_way: int, spent_micros: int
) -> Iterator[str]:
    yield f"Deliberations under way here: {under_way}."
    if catalogue.known:
        for model in (*settings.members, settings.chairman):
            if catalogue.missing(model):
                yield f"⚠ The model {model} is not in the catalogue."
    else:
        yield "⚠ The list of models could not be loaded; ids are not checked."
    limit = settings.budget_usd
    of = "no limit of its own" if limit is None else f"of ${limit:.2f}"
    yield f"Spent in this channel today: ${spent_micros / 1e6:.4f} ({of})."
    if settings.paused:
        yield "⚠ The council is paused here."
