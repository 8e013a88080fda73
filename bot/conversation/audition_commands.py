"""`/council audition`: has a model answer along, tells how that goes, and what came of it.

Who may change the members may do so, and sees nothing that others do not.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bot import settings as channel_settings
from bot.conversation.desk import Command, Desk, Option, first_word, may_change, settings_of
from bot.conversation.health import NOT_LISTED
from bot.conversation.offers import question_usd
from bot.conversation.records_commands import NAMES_SHOWN
from bot.conversation.settings_commands import change, models_like
from bot.document import Document, Note, Text
from bot.errors import InvalidInput
from bot.language import N_, _
from bot.settings import Settings
from bot.store.encoding import decode

if TYPE_CHECKING:
    from bot.analysis.publication import Published
    from bot.records import EndedAudition

_STOP, _LEAVE = "stop", "leave"
# As the setting has it.
_NONE = ("none", "default")


async def _audition(desk: Desk, rest: str) -> Document:
    """What holds now; with a model, its audition; with `stop`, the end of it, and with a model behind
    that, of no other's."""
    word, model = first_word(rest)
    if not word:
        return await _told(desk)
    if word.lower() in (_STOP, *_NONE):
        return await _stopped(desk, model)
    if word.lower() == _LEAVE:
        return _left()
    await change(desk, "audition", lambda now: rest)
    return await _begun(desk)


async def _begun(desk: Desk) -> Document:
    from bot.pages.audition import begun_page

    settings = await settings_of(desk)
    model = settings.auditioning
    return begun_page(model, _more_usd(desk, settings), desk.catalogue.price_in_full(model))


async def _stopped(desk: Desk, only: str) -> Document:
    """`only` may have spaces for colons, as a button's name comes apart."""
    model = (await settings_of(desk)).auditioning
    if not model:
        raise InvalidInput(_("No model is on audition here."))
    if only and only.replace(" ", ":") != model:
        raise InvalidInput(
            _(
                "Another model is on audition here by now: `{model}`. `/council audition` says how it "
                "goes, `/council audition stop` ends it.",
                model=model,
            )
        )
    await change(desk, "audition", lambda now: "none")
    return Document(
        (
            Text(_("The audition of **{model}** is stopped.", model=model)),
            Note(
                _(
                    "What was rated of it so far is kept: should its audition begin again, it goes on "
                    "from there."
                )
            ),
        )
    )


def _left() -> Document:
    from bot.pages.audition import left

    return left()


async def _told(desk: Desk) -> Document:
    here, settings = desk.channel, await settings_of(desk)
    if not settings.auditioning:
        over = await desk.store.audition(here.platform, here.id)
        return await _over(desk, settings, over)
    before = await desk.store.audition(here.platform, here.id, settings.auditioning)
    numbers, waiting = await desk.statistics().published(here.platform, here.id)
    page = await asyncio.to_thread(_under_way, desk, settings, numbers, waiting, before)
    if settings.reveal == "always":
        return replace(page, blocks=(*page.blocks, Note(_(NAMES_SHOWN))))
    return page


def _under_way(
    desk: Desk,
    settings: Settings,
    numbers: "Published",
    waiting: int,
    before: "EndedAudition | None",
) -> Document:
    from bot.analysis.audition import heard, ratings
    from bot.pages.audition import under_way_page
    from bot.pages.published import with_what_waits

    model = settings.auditioning
    rows = heard(numbers.rows, model, before.at if before else None)
    price = desk.catalogue.price_in_full(model)
    page = under_way_page(model, len(rows), ratings(rows), _more_usd(desk, settings), price)
    if desk.catalogue.missing(model):
        page = replace(page, blocks=(*page.blocks, Note(_(NOT_LISTED, model=model))))
    return with_what_waits(page, waiting)


async def _over(desk: Desk, settings: Settings, over: "EndedAudition | None") -> Document:
    from bot.analysis.audition import Audition
    from bot.pages.audition import ended_page, none_page

    if over is None:
        return none_page()
    return ended_page(
        decode(Audition, over.result),
        more_usd=_more_as_member_usd(desk, settings, over.model),
        is_seated=over.model in settings.members,
        may_change=await may_change(desk),
    )


def _more_usd(desk: Desk, settings: Settings) -> float | None:
    """About what a question costs more with the audition that there is."""
    return _difference(desk, replace(settings, audition=""), settings)


def _more_as_member_usd(desk: Desk, settings: Settings, model: str) -> float | None:
    return _difference(desk, settings, replace(settings, members=(*settings.members, model)))


def _difference(desk: Desk, one: Settings, other: Settings) -> float | None:
    before, after = (
        question_usd(desk.catalogue, channel_settings.council_of(each)) for each in (one, other)
    )
    return None if before is None or after is None else after - before


async def _like(desk: Desk, given: Mapping[str, object], typed: str) -> list[tuple[str, str]]:
    settings = await settings_of(desk)
    if model := settings.auditioning:
        ends = _("{stop} · ends the audition of {model}", stop=_STOP, model=model)
        return [(_STOP, ends)] if typed.strip().lower() in _STOP else []
    found = await models_like(desk, given, typed)
    return [each for each in found if each[0] not in settings.members]


COMMANDS = (
    Command(
        "audition [MODEL|stop]",
        N_("Have a model answer along, and hear what it would bring"),
        _audition,
        (
            Option(
                "model",
                N_("The model, or stop; without it you hear how it goes"),
                complete=_like,
            ),
        ),
        slow=True,
    ),
)
