"""`/council audit`: who changed a channel's council and when, and any version of it brought back.

Whoever may change the council sees its history. Bringing a version back may change anything, money
and rights among it, so it is for administrators.
"""

from bot import settings as channel_settings
from bot.conversation.desk import (
    Command,
    Desk,
    Option,
    first_word,
    is_administrator,
    may_change,
    stored_and_settings,
)
from bot.conversation.settings_commands import require_known, save
from bot.document import Document, Text
from bot.errors import InvalidInput
from bot.language import N_, _
from bot.pages.audit import audit_page, version_page
from bot.records import ITSELF, SettingsChange

# As many changes as a person reads at once.
LISTED = 20

_VERSIONS_MAX = 1_000_000
_RESTORE = "restore"


async def _audit(desk: Desk, rest: str) -> Document:
    """The newest changes; with a number, that version; with `restore` and a number, it again."""
    first, number = first_word(rest.lower())
    if first == _RESTORE:
        return await _restore(desk, number)
    if not await may_change(desk):
        raise InvalidInput(
            _("Only those who may change this channel's council see who changed it.")
        )
    if not rest:
        return await _newest(desk)
    version = await _version(desk, rest)
    settings = channel_settings.resolve(version.values, desk.defaults)
    return version_page(version, await _name(desk, version.person), settings)


async def _name(desk: Desk, person: str) -> str:
    return _("the council itself") if person == ITSELF else await desk.name(person)


async def _newest(desk: Desk) -> Document:
    here = desk.channel
    changes = await desk.store.audit(here.platform, here.workspace, here.id, limit=LISTED + 1)
    people = {change.person for change in changes}
    names = {person: await _name(desk, person) for person in people}
    return audit_page(changes[:LISTED], names, older=len(changes) > LISTED)


async def _version(desk: Desk, number: str) -> SettingsChange:
    """Raises `InvalidInput`."""
    here = desk.channel
    if not (number.isascii() and number.isdecimal() and len(number) <= len(str(_VERSIONS_MAX))):
        raise InvalidInput(
            _(
                "Write `/council audit` (who changed what), `/council audit N` (what held in "
                "version N) or `/council audit restore N` (have it back)."
            )
        )
    found = await desk.store.settings_version(here.platform, here.workspace, here.id, int(number))
    if found is None:
        raise InvalidInput(
            _(
                "There is no version {number} of this channel's settings. `/council audit` lists "
                "them.",
                number=int(number),
            )
        )
    return found


async def _restore(desk: Desk, number: str) -> Document:
    """What the version changed holds again; what it left at the default follows that of today."""
    if not is_administrator(desk):
        raise InvalidInput(_("Only administrators can bring a version back."))
    version = await _version(desk, number)
    stored, before = await stored_and_settings(desk)
    if stored.values == version.values:
        return Document((Text(_("Nothing was changed.")),))
    settings = channel_settings.resolve(version.values, desk.defaults)
    seated = {*before.members, before.chairman}
    require_known(
        desk.catalogue,
        [
            m
            for m in (*channel_settings.council_of(settings).members, settings.chairman)
            if m not in seated
        ],
    )
    await save(desk, stored.version, version.values, f"restore {version.version}")
    said = _("Version {number} of this channel's settings holds again.", number=version.version)
    return Document((Text(said),))


COMMANDS = (
    Command(
        "audit [N|restore N]",
        N_("Who changed this channel's council, and any version back"),
        _audit,
        (
            Option(
                "action", N_("Have the version back; without it, it is shown"), choices=(_RESTORE,)
            ),
            Option(
                "version",
                N_("Its number; without it the changes are listed"),
                "number",
                most=_VERSIONS_MAX,
            ),
        ),
        slow=True,
    ),
)
