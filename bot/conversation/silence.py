"""Why a channel is silent: who paused it, and when, as the history of its settings has it."""

from datetime import datetime
from itertools import takewhile

from bot.chat import Channel, Platforms
from bot.conversation.naming import name_of
from bot.document import Button, Document, Text
from bot.language import _, day, weekday
from bot.records import SettingsChange
from bot.store.store import Store

_CHANGES_LIMIT = 1_000


async def paused_page(
    store: Store, platforms: Platforms, channel: Channel, now: datetime
) -> Document:
    """What somebody is told who asks in a silent channel, with the button that ends it."""
    sentences = [_("⏸ **The council is paused in this channel.**")]
    if change := await _paused_by(store, channel):
        name = await name_of(platforms, channel, change.person)
        sentences.append(_paused(name or _("Somebody"), change.at, now))
    sentences.append(_("Administrators can end that: `/council resume`."))
    return Document((Text(" ".join(sentences)),), buttons=(Button("resume", _("Resume")),))


async def _paused_by(store: Store, channel: Channel) -> SettingsChange | None:
    """The change that paused it; `None` where no change did."""
    changes = await store.audit(
        channel.platform, channel.workspace, channel.id, limit=_CHANGES_LIMIT
    )
    silent = list(takewhile(lambda change: change.values.get("paused") == "on", changes))
    return silent[-1] if silent else None


def _paused(name: str, at: datetime, now: datetime) -> str:
    days = (now.date() - at.date()).days
    if days == 0:
        return _("{name} paused it today.", name=name)
    if days == 1:
        return _("{name} paused it yesterday.", name=name)
    when = weekday(at) if 0 < days < 7 else day(at.date())
    return _("{name} paused it on {day}.", name=name, day=when)
