"""`council reflect`: a reflection on a channel's criteria from the command line, to its end."""

import argparse
import json
import sys
from typing import cast

from adapters.discord.address import is_private
from bot.chat import Channel, Person
from bot.conversation.app import App
from bot.conversation.reflect_commands import proposed_of
from bot.errors import InvalidInput
from bot.language import N_, _
from bot.pages.prices import dollars_at_least
from bot.pages.reflecting import proposed_json, proposed_page
from bot.pages.reflection import Outcome, outcome_page
from bot.printing import note, tell_json
from bot.program.compose import open_app
from bot.program.config import Config
from bot.program.consent import agreed
from bot.program.process import DONE
from bot.program.reading import show
from bot.records import Case, PlatformName
from bot.store.encoding import decode, encode

# The chat of a terminal.
_TERMINAL = Channel("terminal", "", "terminal")
_NOT_BEGUN = N_("Nothing was begun.")


async def reflect(options: argparse.Namespace, config: Config) -> int:
    async with open_app(config, "reflect") as app:
        app.reflections.is_private = _is_private
        channel = await _channel(app, options.channel)
        found = await _gone_on(app, channel) or await _begun(app, channel, options)
    if found is None:
        return DONE
    if options.json:
        tell_json(json.loads(encode(Outcome, found)), indent=2)
        return DONE
    show(outcome_page(found))
    if found.reflected:
        note(
            _(
                "To adopt or discard them, write `/council reflect` in the channel, or in `council` for "
                "the terminal's."
            )
        )
    return DONE


def _is_private(case: Case) -> bool:
    """Whether it may have been asked in a private thread: nobody is connected who could be asked where
    the address does not say."""
    return case.platform == "discord" and is_private(case.address) is not False


async def _channel(app: App, id: str | None) -> Channel:
    """Raises `InvalidInput` where nothing was ever asked there."""
    if id is None:
        return _TERMINAL
    place = await app.store.place_of_channel(id)
    if place is None:
        raise InvalidInput(_("Nothing was asked in a channel {channel}.", channel=id))
    platform, workspace = place
    return Channel(cast(PlatformName, platform), workspace, id)


async def _gone_on(app: App, channel: Channel) -> Outcome | None:
    """What came of the one that an earlier run left under way there, if any did."""
    id = (await app.store.reflection(channel.platform, channel.id)).under_way
    if id is None:
        return None
    if id in await app.store.others_work():
        raise InvalidInput(_("A reflection is under way here already."))
    note(_("Going on where an earlier run was interrupted."))
    await app.reflections.resume(channel.platform)
    return await _outcome(app, channel)


async def _begun(app: App, channel: Channel, options: argparse.Namespace) -> Outcome | None:
    budget = None if options.budget is None else round(options.budget * 1e6)
    plan = await app.reflections.plan(channel, budget)
    proposed = proposed_of(plan, app.retention_days)
    if not options.json:
        show(proposed_page(proposed))
    if not proposed.can_begin or not (options.yes or await _agreed(plan.most_micros)):
        if options.json:
            tell_json({"plan": proposed_json(proposed)}, indent=2)
        note(_(_NOT_BEGUN))
        return None
    if not await app.reflections.begin(channel, Person("", admin=True), plan):
        raise InvalidInput(_("A reflection is under way here already."))
    return await _outcome(app, channel)


async def _agreed(micros: int) -> bool:
    """Who is not there to be asked says so beforehand."""
    if not sys.stdin.isatty():
        note(_("To begin without being asked, add --yes."))
        return False
    return await agreed(_("That costs at most ${usd}.", usd=dollars_at_least(micros)))


async def _outcome(app: App, channel: Channel) -> Outcome | None:
    """Once it is over; `None` where it ended without any. Whoever interrupts this leaves it to be gone
    on with."""
    here = channel.platform, channel.id
    before = await app.store.reflection(*here)
    if before.under_way:
        await app.reflections.finished(before.under_way)
    last = await app.store.reflection(*here)
    if last.under_way:
        raise InvalidInput(_("It could not be ended now: give the command again."))
    return decode(Outcome, last.result) if last.result else None
