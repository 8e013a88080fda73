"""Who changed a channel's council, what and when; and what held in one version of it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.cleaning import one_line, shortened
from bot.document import Document, Heading, Note, Text, literal
from bot.language import _
from bot.pages.settings import settings_table
from bot.records import ITSELF, SettingsChange
from bot.settings import Settings

# So much is told of a change: criteria may be a page.
_CHANGE_CHARS = 120


def audit_page(
    changes: Sequence[SettingsChange], names: Mapping[str, str], *, older: bool
) -> Document:
    """Newest first. `names` are CommonMark, by the person's id; `older` says that there are more."""
    if not changes:
        return Document((Text(_("Nobody changed this channel's council yet.")),))
    lines = "\n".join(_line(change, names[change.person]) for change in changes)
    notes = [Note(_("`/council audit N` shows version N, `/council audit restore N` has it back."))]
    if older:
        notes.insert(0, Note(_("Older versions can be shown and had back by their numbers, too.")))
    return Document((Heading(_("Who changed this channel's council")), Text(lines), *notes))


def version_page(change: SettingsChange, name: str, settings: Settings) -> Document:
    """`settings` are what held then, over today's defaults."""
    number = change.version
    told = _("Since {at} UTC, by {person}.", at=_at(change.at), person=_person(change, name))
    if name and change.person not in {"", ITSELF}:
        # Two people may be called the same; the platform's id tells them apart.
        told = f"{told} {_('Their id: {id}', id=literal(change.person))}"
    return Document(
        (
            Heading(_("Version {number} of this channel's settings", number=number)),
            Text(told),
            settings_table(settings, change.values),
            Note(_("`/council audit restore {number}` has it back.", number=number)),
        )
    )


def _line(change: SettingsChange, name: str) -> str:
    what = literal(shortened(one_line(change.what), _CHANGE_CHARS))
    return f"- **{change.version}** · {_at(change.at)} · {_person(change, name)} · {what}"


def _person(change: SettingsChange, name: str) -> str:
    return name or literal(one_line(change.person)) or _("somebody")


def _at(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
