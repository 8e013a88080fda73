"""Whether everything works: what checks find, and the page of a channel for whoever asks there.

The page tells of its own channel alone: nobody learns there what others ask or spend. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.document import Document, Heading, Text
from bot.language import N_, _
from bot.models.catalogue import Catalogue
from bot.settings import Settings, council_of

NOT_LISTED = N_("⚠ The model {model} is not in the catalogue.")


@dataclass(frozen=True, slots=True)
class Finding:
    """`ok` is None where something cannot be checked, or is worth knowing but no fault."""

    ok: bool | None
    text: str

    def __str__(self) -> str:
        return f"{ {True: '✓', False: '✗', None: '·'}[self.ok] } {self.text}"


def health(
    settings: Settings,
    catalogue: Catalogue,
    *,
    under_way: int,
    is_reflecting: bool,
    spent_micros: int,
    refusal: str,
) -> Document:
    """`refusal` is what somebody who asks now is told, "" where the question is taken."""
    lines = list(_lines(settings, catalogue, under_way, spent_micros, refusal))
    if is_reflecting:
        lines.insert(1, _("A reflection on the criteria is under way here."))
    return Document((Heading(_("Health")), Text("\n".join(f"- {line}" for line in lines))))


def _lines(
    settings: Settings, catalogue: Catalogue, under_way: int, spent_micros: int, refusal: str
) -> Iterator[str]:
    yield _("Deliberations under way here: {count}.", count=under_way)
    if catalogue.known:
        for model in (*council_of(settings).members, settings.chairman):
            if catalogue.missing(model):
                yield _(NOT_LISTED, model=model)
    else:
        yield _("⚠ The list of models could not be loaded; ids are not checked.")
    yield _spent(spent_micros / 1e6, settings.budget_usd)
    if refusal:
        yield f"⚠ {refusal}"
    if settings.paused:
        yield _("⚠ The council is paused here.")


def _spent(usd: float, limit: float | None) -> str:
    if limit is None:
        return _("Spent in this channel today: ${usd:.4f} (no limit of its own).", usd=usd)
    return _("Spent in this channel today: ${usd:.4f} (of ${limit:.2f}).", usd=usd, limit=limit)
