"""`/council trial`: where the channel's blind trial stands, or what came of it; begins and ends one."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.desk import Command, Desk, Option, settings_of
from bot.conversation.settings_commands import change
from bot.conversation.trials import counted_in_steps, finding, number_after
from bot.document import Document, Text
from bot.errors import InvalidInput
from bot.language import N_, _
from bot.records import EndedTrial
from bot.texts import TRIAL_NEEDS_VOTES

if TYPE_CHECKING:
    from bot.analysis.trial import Trial


async def _trial(desk: Desk, rest: str) -> Document:
    """What holds now; `on` and `off` change the setting."""
    match rest.lower():
        case "":
            return await _told(desk)
        case "on" | "off" as word:
            said = await change(desk, "trial", lambda now: word)
            return said if word == "off" else await _told(desk)
        case _:
            raise InvalidInput(
                _("Write `/council trial`, `/council trial on` or `/council trial off`.")
            )


async def _told(desk: Desk) -> Document:
    here = desk.channel
    over = await desk.store.trial_over(here.platform, here.id)
    settings = await settings_of(desk)
    number = number_after(over)
    found, told_of = await counted_in_steps(desk.store, here, number)
    if settings.trial:
        saves_usd = await desk.saves_usd(here)
        page = await asyncio.to_thread(_under_way, found, told_of, saves_usd, number)
        return page if settings.reveal == "after_vote" else _hindered(page, settings.reveal)
    return await asyncio.to_thread(_off, over, found, told_of)


def _under_way(found: "Trial", told_of: "Trial", saves_usd: float | None, number: int) -> Document:
    from bot.pages.trial import under_way_page

    return under_way_page(found, told_of, saves_usd, number=number)


def _hindered(page: Document, reveal: str) -> Document:
    """Nobody can compare meanwhile."""
    heading, *others = page.blocks
    return replace(page, blocks=(heading, Text(_(TRIAL_NEEDS_VOTES, reveal=reveal)), *others))


def _off(over: EndedTrial | None, found: "Trial", told_of: "Trial") -> Document:
    from bot.pages.trial import none_page, over_page, stopped_page

    if found.choices:
        return stopped_page(found, told_of)
    return over_page(finding(over.result), number=over.number) if over else none_page()


COMMANDS = (
    Command(
        "trial [on|off]",
        N_("Whether people prefer verdicts to the best member's answers, blind"),
        _trial,
        (
            Option(
                "action",
                N_("Begin a trial or end it; without it you hear how it stands"),
                choices=("on", "off"),
            ),
        ),
        slow=True,
    ),
)
