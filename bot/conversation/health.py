"""Whether everything works in a channel, for whoever asks there.

It tells of its own channel alone: nobody learns here what others ask or spend. Pure.
"""

from collections.abc import Iterator

from bot.document import Document, Heading, Text
from bot.models.catalogue import Catalogue
from bot.settings import Settings


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
