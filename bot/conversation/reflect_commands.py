"""`/council reflect`: has better criteria proposed and tried, tells what came of it, and adopts them.

Administrators may do so: it costs money, and reads what was asked. Nothing is adopted but by one of
them.
"""

from typing import TYPE_CHECKING

from bot import settings as channel_settings
from bot.conversation.desk import (
    Command,
    Desk,
    Option,
    first_word,
    is_administrator,
    settings_of,
    stored_and_settings,
)
from bot.document import Document, Text
from bot.errors import InvalidInput
from bot.language import N_, _
from bot.store.encoding import decode
from bot.store.reflections import SPLIT
from bot.store.spending import OverBudget

if TYPE_CHECKING:
    from bot.conversation.reflections import Plan
    from bot.pages.reflecting import Proposed
    from bot.pages.reflection import Reflected
    from bot.records import LastReflection

_HOW = N_(
    "Write `/council reflect`, or with the most that it may cost in dollars: `/council reflect 2.50`."
)
_UNDER_WAY = N_("A reflection is under way here already.")
_OTHER = N_("Another reflection came since: `/council reflect` says what it would do now.")
_CAME_SINCE = N_("Another reflection came since: `/council reflect` shows what it proposes.")
_NONE = N_("There are no proposed criteria to decide about here.")


async def _reflect(desk: Desk, rest: str) -> Document:
    """Where it stands; or, with the most that it may cost, what it would do for that."""
    if not is_administrator(desk):
        raise InvalidInput(_("Only administrators can have the criteria reflected on here."))
    word, more = first_word(rest.lower())
    match word:
        case "":
            return await _told(desk)
        case "begin":
            return await _begun(desk, *_pressed(more))
        case "stop":
            return await _stopped(desk)
        case "adopt":
            return await _adopted(desk, more)
        case "discard":
            return await _discarded(desk, more)
        case "again":
            return await _planned(desk, None)
    return await _planned(desk, round(_usd(word) * 1e6))


async def _told(desk: Desk) -> Document:
    from bot.pages.reflection import Outcome, outcome_page

    last = await _last(desk)
    if last.under_way:
        return await _under_way(desk, last.under_way)
    if last.result and last.decided is None:
        found = decode(Outcome, last.result)
        if found.reflected:
            return outcome_page(found)
        # Said once: there is nothing to decide.
        await _discard(desk, last)
        return outcome_page(found)
    return await _planned(desk, None)


async def _under_way(desk: Desk, id: str) -> Document:
    from bot.analysis.reflection import Split
    from bot.pages.reflecting import under_way_page

    split = decode(Split, await desk.store.decision(id, SPLIT) or '{"learn":[],"test":[]}')
    rows = {(call.round - 1) // 2 for call in await desk.store.calls(id) if call.stage == "review"}
    # Of the last one, reviews are missing.
    return under_way_page(max(len(rows) - 1, 0), len(split.test))


async def _planned(desk: Desk, budget_micros: int | None) -> Document:
    from bot.pages.reflecting import proposed_page

    plan = await desk.reflections.plan(desk.channel, budget_micros)
    return proposed_page(proposed_of(plan, desk.reflections.keeps_days))


async def _begun(desk: Desk, budget_micros: int, tries: int) -> Document:
    from bot.pages.reflecting import proposed_page, under_way_page

    if (await settings_of(desk)).paused:
        raise InvalidInput(_("The council is paused here: `/council resume` ends that."))
    if (await _last(desk)).under_way:
        raise InvalidInput(_(_UNDER_WAY))
    plan = await desk.reflections.plan(desk.channel, budget_micros)
    if plan.tries != tries:
        raise InvalidInput(_(_OTHER))
    proposed = proposed_of(plan, desk.reflections.keeps_days)
    if not proposed.can_begin:
        return proposed_page(proposed)
    try:
        is_first = await desk.reflections.begin(desk.channel, desk.person, plan)
    except OverBudget as over:
        raise InvalidInput(await desk.reflections.refusal(over)) from over
    if not is_first:
        raise InvalidInput(_(_UNDER_WAY))
    return under_way_page(0, plan.rows)


async def _stopped(desk: Desk) -> Document:
    if not await desk.reflections.stop(desk.channel):
        raise InvalidInput(_("No reflection is under way here."))
    return Document((Text(_("The reflection is stopped. The criteria stay as they are.")),))


async def _adopted(desk: Desk, shown: str) -> Document:
    """Through the channel's settings, with what was known of it in their history. Raises
    `InvalidInput` where the criteria are others by now."""
    last = await _last(desk)
    found = _reflected(last, shown)
    stored, settings = await stored_and_settings(desk)
    if settings.criteria != found.before:
        raise InvalidInput(
            _(
                "The criteria were changed since: what was compared is not what holds now. "
                "`/council reflect again` compares anew."
            )
        )
    values = channel_settings.change(stored.values, "criteria", found.criteria)
    here = desk.channel
    assert last.ended_at
    is_adopted = await desk.store.adopt_reflection(
        (here.platform, here.workspace, here.id),
        last.ended_at,
        seen_version=stored.version,
        values=values,
        person=desk.person.id,
        at=desk.now(),
        what=_audited(found),
    )
    if not is_adopted:
        raise InvalidInput(_(_NONE))
    version = stored.version + 1
    said = _(
        "The proposed criteria hold from now on. `/council audit restore {before}` brings those of "
        "before back.",
        before=stored.version,
    )
    if not stored.version:
        said = _(
            "The proposed criteria hold from now on, as version {version} of this channel's settings. "
            "`/council reset criteria` brings those of before back.",
            version=version,
        )
    return Document((Text(said),))


async def _discarded(desk: Desk, shown: str) -> Document:
    last = await _last(desk)
    _reflected(last, shown)
    if not await _discard(desk, last):
        raise InvalidInput(_(_NONE))
    return Document((Text(_("Discarded. The criteria stay as they are.")),))


async def _discard(desk: Desk, last: "LastReflection") -> bool:
    here = desk.channel
    return last.ended_at is not None and await desk.store.discard_reflection(
        here.platform, here.id, last.ended_at
    )


async def _last(desk: Desk) -> "LastReflection":
    return await desk.store.reflection(desk.channel.platform, desk.channel.id)


def _reflected(last: "LastReflection", shown: str) -> "Reflected":
    """What is there to decide about; where a button says which try was `shown` with it, that one. Raises
    `InvalidInput`."""
    from bot.pages.reflection import Outcome

    found = decode(Outcome, last.result).reflected if last.result else None
    if found is None or last.decided:
        raise InvalidInput(_(_NONE))
    if shown and shown != str(found.compared.tries):
        raise InvalidInput(_(_CAME_SINCE))
    return found


def _audited(found: "Reflected") -> str:
    """As the history of settings has it, whatever is spoken."""
    compared = found.compared
    gain = compared.gain
    known = (
        f" {100 * gain.value:+.1f} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"
        if gain
        else ""
    )
    return f"criteria = reflect: {compared.recommendation}{known}, n = {compared.rows}"


def proposed_of(plan: "Plan", keeps_days: int | None) -> "Proposed":
    """As a page tells it."""
    from bot.analysis.reflection import is_of_one_person
    from bot.pages.reflecting import Proposed

    found = plan.gathered
    return Proposed(
        rated=found.rated,
        readable=len(found.readable),
        learn=len(found.learn),
        test=plan.rows,
        testable=len(found.test),
        askers=len({each.asker for each in plan.judged}),
        of_one_person=is_of_one_person([each.people for each in plan.judged]),
        lately=plan.lately,
        keeps_days=keeps_days,
        most_micros=plan.most_micros,
        least_micros=plan.least_micros,
        tries=plan.tries,
        is_assumed=plan.is_assumed,
    )


def _usd(word: str) -> float:
    """Raises `InvalidInput`."""
    try:
        usd = float(word.lstrip("$"))
    except ValueError:
        usd = -1
    if not 0 <= usd < 1_000_000:
        raise InvalidInput(_(_HOW))
    return usd


def _pressed(more: str) -> tuple[int, int]:
    """What a button says: the most that it may cost, and how many tries were before. Raises
    `InvalidInput`."""
    micros, _space, tries = more.partition(" ")
    if not all(each.isascii() and each.isdecimal() and len(each) < 16 for each in (micros, tries)):
        raise InvalidInput(_(_HOW))
    return int(micros), int(tries)


COMMANDS = (
    Command(
        "reflect [USD|again|stop|adopt|discard]",
        N_("Have better criteria proposed from votes, and tried"),
        _reflect,
        (
            Option(
                "action",
                N_(
                    "What it may cost at most, or again, stop, adopt, discard; without it, where it stands"
                ),
            ),
        ),
        slow=True,
    ),
)
