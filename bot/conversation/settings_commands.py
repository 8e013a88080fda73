"""`/council` about a channel's council: what is shown of it, and how its settings are changed.

What a person may change and how a setting is written is known here, how it is stored is not.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from bot import seats
from bot import settings as channel_settings
from bot.conversation.desk import (
    Command,
    Desk,
    Option,
    Run,
    first_word,
    is_administrator,
    may_change,
    settings_of,
    stored_and_settings,
    words,
)
from bot.conversation.offers import answer_usd, question_usd
from bot.criteria import PRESETS
from bot.document import Document, Note, Text
from bot.errors import BotError, InvalidForm, InvalidInput
from bot.language import N_, _, listed
from bot.models.catalogue import Catalogue
from bot.modes import MODES
from bot.pages.costs import budget_lines
from bot.pages.settings import (
    Change,
    Prices,
    council_page,
    members_page,
    models_page,
    remarked,
    setting_page,
    settings_page,
)
from bot.settings import RESERVED, SETTINGS, Settings
from bot.store.encoding import decode
from bot.texts import OUT_OF_DATE, TRIAL_NEEDS_VOTES
from bot.typos import did_you_mean

NAMES = tuple(SETTINGS)

# What comes of the members of now, by the word for it.
CHANGES: Mapping[str, Callable[[Sequence[str], Sequence[str]], Sequence[str]]] = {
    "add": seats.added,
    "remove": seats.removed,
    "set": lambda members, models: seats.replaced(models),
}


_REFLECTED = N_("A reflection on the criteria is over: `/council reflect` says what came of it.")


async def _show(desk: Desk, rest: str) -> Document:
    """Who is seated; with `all`, every setting."""
    if rest.lower() not in ("", "all"):
        raise InvalidInput(_("Write `/council show` or `/council show all`."))
    stored, settings = await stored_and_settings(desk)
    remarks = await _remarks(desk, settings)
    if rest:
        return settings_page(settings, stored.values, remarks=remarks)
    change = Change(desk.catalogue.to_seat()) if await may_change(desk) else None
    prices = prices_of(desk.catalogue, settings)
    page = council_page(settings, stored.values, prices, change, remarks=remarks)
    here = desk.channel.platform, desk.channel.id
    if is_administrator(desk) and (await desk.store.reflection(*here)).waits:
        return replace(page, blocks=(*page.blocks, Note(_(_REFLECTED))))
    return page


def prices_of(catalogue: Catalogue, settings: Settings) -> Prices:
    question = question_usd(catalogue, channel_settings.council_of(settings))
    return Prices(question, partial(answer_usd, catalogue), catalogue.price_in_full)


async def pressed(desk: Desk, name: str, value: str = "") -> Document:
    """The council's page after one of its buttons was pressed, or a `value` selected there.

    Raises `InvalidInput`; then nothing was changed.
    """
    await desk.admission.require(desk.channel, desk.person)
    match name.split(":"):
        case ["settings", "all"]:
            return await _show(desk, "all")
        case ["members", "add", *model] if model:
            said = await _members(desk, f"add {':'.join(model)}")
        case ["members", "add"]:
            said = await _members(desk, f"add {value}")
        case ["members", "remove", *model]:
            said = await _members(desk, f"remove {':'.join(model)}")
        case ["chairman" | "mode" as setting]:
            said = await change(desk, setting, lambda now: value)
        case ["form", setting] if setting in channel_settings.FORM:
            text = value.strip() or channel_settings.FORM[setting].empty
            said = await change(desk, setting, lambda now: text)
        case _:
            raise InvalidInput(_(OUT_OF_DATE))
    page = await _show(desk, "")
    changed = [Note(each.text) for each in said.blocks if isinstance(each, Text | Note)]
    return replace(page, blocks=(*page.blocks, *changed))


async def _members(desk: Desk, rest: str) -> Document:
    """`add`, `remove` or `set`, and models; without any of them the members of now."""
    if not rest:
        return members_page(await settings_of(desk), desk.catalogue.price_in_full)
    action, *models = words(rest) or [""]
    new = CHANGES.get(action.lower())
    if new is None:
        raise InvalidInput(
            _(
                "Write `/council members add MODEL`, `remove MODEL` or `set MODEL ...`.{hint}",
                hint=did_you_mean(action, CHANGES),
            )
        )
    return await change(desk, "members", lambda now: ", ".join(new(now.members, models)))


async def _models(desk: Desk, rest: str) -> Document:
    """Models that match, with prices."""
    found = desk.catalogue.search(rest)
    if not desk.catalogue.known:
        raise InvalidInput(
            _("The list of models could not be loaded. Any id can be set, unchecked.")
        )
    if not found:
        raise InvalidInput(
            _(
                "No model matches `{searched}`.{hint} Try a vendor or a part of a name.",
                searched=rest,
                hint=desk.catalogue.did_you_mean(rest, mark="`"),
            )
        )
    return models_page((model.id for model in found), desk.catalogue.price_label)


def _one(name: str) -> Run:
    """Shows the setting, or changes it to what was written."""

    async def run(desk: Desk, rest: str) -> Document:
        if not rest:
            return await _explained(desk, name)
        return await change(desk, name, lambda now: rest)

    return run


async def _explained(desk: Desk, name: str) -> Document:
    settings = await settings_of(desk)
    remarks = await _remarks(desk, settings)
    return setting_page(settings, desk.defaults, name, remarks=remarks)


async def _remarks(desk: Desk, settings: Settings) -> Mapping[str, str]:
    """Of `weights`, how many pairs there are for them, as long as these are too few: as they were
    published, since a count of now would tell of single votes."""
    told = await desk.store.published_reviewers(desk.channel.platform, desk.channel.id)
    if told is None or settings.weights == "off":
        return {}
    remark = await asyncio.to_thread(_pairs_so_far, told)
    return {"weights": remark} if remark else {}


def _pairs_so_far(told: str) -> str:
    """ "" where there are enough."""
    from bot.analysis.reviewers import Reviewers
    from bot.analysis.weights import PAIRS_MIN

    found = decode(Reviewers, told)
    if found.learned:
        return ""
    return _("{pairs} of {least} pairs so far", pairs=found.equal.pairs, least=PAIRS_MIN)


async def _budget(desk: Desk, rest: str) -> Document:
    """Like any setting; without a value also what each budget has left."""
    page = await _one("budget")(desk, rest)
    if rest:
        return page
    left = budget_lines(await desk.budgets(desk.channel, desk.person))
    return replace(page, blocks=(*page.blocks, *left))


async def _set(desk: Desk, rest: str) -> Document:
    """`NAME VALUE`, `NAME=VALUE` or `NAME = VALUE`; a name alone is told about."""
    first, others = first_word(rest)
    name, __, joined = first.partition("=")
    name, value = name.lower(), f"{joined} {others.removeprefix('=')}".strip()
    if not name:
        raise InvalidInput(
            _(
                "Write `/council set NAME VALUE`. Settings: {settings}.",
                settings=", ".join(SETTINGS),
            )
        )
    if not value:
        return await _explained(desk, name)
    return await change(desk, name, lambda now: value)


def _silence(paused: str) -> Run:
    async def run(desk: Desk, rest: str) -> Document:
        return await change(desk, "paused", lambda now: paused)

    return run


async def _reset(desk: Desk, rest: str) -> Document:
    stored, __ = await stored_and_settings(desk)
    names = words(rest.lower())
    await require_right(desk, names or list(stored.values))
    values: Mapping[str, str] = {} if not names else stored.values
    for name in names:
        values = channel_settings.without(values, name)
    values = _seated_once(desk, values)
    which = ", ".join(names)
    await save(desk, stored.version, values, f"reset {which or 'everything'}")
    return Document((Text(_back_at_the_default(which)),))


def _back_at_the_default(names: str) -> str:
    if not names:
        return _("Back at the default: everything.")
    return _("Back at the default: {names}.", names=names)


async def change(desk: Desk, name: str, new: Callable[[Settings], str]) -> Document:
    """Change one setting, from what holds now, and say what it is then."""
    await require_right(desk, [name])
    stored, before = await stored_and_settings(desk)
    values = _changed(desk, stored.values, name, new(before))
    is_over = name == "members" and values.get("audition") != stored.values.get("audition")
    names = [name, "audition"] if is_over else [name]
    lines, warnings = await _keep(desk, stored.version, values, names)
    return Document((*map(Text, lines), *warnings))


async def fill_in(desk: Desk, form: Mapping[str, str], *, seen_version: int) -> Document:
    """Change what a form says, all of it or nothing; what it leaves as it was is not stored.

    `form` are texts by the setting's name, `seen_version` is what the person saw when it opened.
    Raises `InvalidForm`, and other errors that are about no field.
    """
    await desk.admission.require(desk.channel, desk.person)
    await require_right(desk)
    stored, before = await stored_and_settings(desk)
    values, problems = stored.values, {}
    for name, text in form.items():
        try:
            values = _filled(desk, before, values, name, text)
        except BotError as error:
            problems[name] = error.public
    if problems:
        raise InvalidForm(problems)
    changed = [name for name in form if values.get(name) != stored.values.get(name)]
    if not changed:
        return Document((Text(_("Nothing was changed.")),))
    await require_right(desk, changed)
    lines, warnings = await _keep(desk, seen_version, values, changed)
    return Document((Text("\n".join(f"- {line}" for line in lines)), *warnings))


def _filled(
    desk: Desk, before: Settings, values: Mapping[str, str], name: str, text: str
) -> Mapping[str, str]:
    setting = SETTINGS[name]
    is_default = text.strip().lower() == "default"
    if not is_default and setting.parse(text) == getattr(before, setting.field):
        return values
    return _changed(desk, values, name, text)


def _changed(desk: Desk, values: Mapping[str, str], name: str, text: str) -> Mapping[str, str]:
    """With one setting changed; a model that takes a seat has to be in the catalogue."""
    before = channel_settings.resolve(values, desk.defaults)
    values = channel_settings.change(values, name, text)
    settings = channel_settings.resolve(values, desk.defaults)
    if name == "members":
        require_known(desk.catalogue, [m for m in settings.members if m not in before.members])
        values = _seated_once(desk, values)
    if name == "chairman":
        require_known(desk.catalogue, [settings.chairman])
    if name == "audition" and settings.audition:
        _require_free(before, settings)
        require_known(desk.catalogue, [settings.audition])
    if name == "trial" and settings.trial:
        _require_hidden(settings)
    return values


def _require_hidden(settings: Settings) -> None:
    """Refuse a trial where nobody could choose blind, or where names stay hidden. Raises `InvalidInput`."""
    if settings.reveal != "after_vote":
        raise InvalidInput(_(TRIAL_NEEDS_VOTES, reveal=settings.reveal))


def _seated_once(desk: Desk, values: Mapping[str, str]) -> Mapping[str, str]:
    """A model that is a member is on audition no more, nor once it is none again."""
    settings = channel_settings.resolve(values, desk.defaults)
    is_both = settings.audition in settings.members
    return channel_settings.without(values, "audition") if is_both else values


def _require_free(before: Settings, after: Settings) -> None:
    """Refuse an audition that tells nothing, and a second one. Raises `InvalidInput`."""
    model = after.audition
    if before.auditioning:
        raise InvalidInput(
            _(
                "`{model}` is on audition here already, and there is one at a time. `/council audition` "
                "says how it goes, `/council audition stop` ends it.",
                model=before.auditioning,
            )
        )
    if model in after.members:
        raise InvalidInput(_("`{model}` is a member already.", model=model))
    if after.reveal == "always":
        raise InvalidInput(
            _(
                "An audition is blind, and here everybody sees the names: `reveal` is `always`. An "
                "administrator can change that: `/council set reveal after_vote`."
            )
        )


async def _keep(
    desk: Desk, seen_version: int, values: Mapping[str, str], names: Sequence[str]
) -> tuple[list[str], list[Note]]:
    """Store the settings of these names; a line for what each is now, and what to think of."""
    settings = channel_settings.resolve(values, desk.defaults)
    shown = {name: channel_settings.shown(settings, name) for name in names}
    what = "; ".join(f"{name} = {text}" for name, text in shown.items())
    await save(desk, seen_version, values, what)
    remarks = await _remarks(desk, settings)
    lines = [
        remarked(
            _(
                "**{setting}** is now: {value}",
                setting=name,
                value=channel_settings.at_length(settings, name),
            ),
            remarks.get(name),
        )
        for name in names
    ]
    return lines, [note for name in names for note in _warnings(desk.catalogue, settings, name)]


async def save(desk: Desk, seen_version: int, values: Mapping[str, str], what: str) -> None:
    await desk.store.save_settings(
        desk.channel.platform,
        desk.channel.workspace,
        desk.channel.id,
        seen_version=seen_version,
        values=values,
        person=desk.person.id,
        at=desk.now(),
        what=what,
    )


async def require_right(desk: Desk, names: Sequence[str] = ()) -> None:
    """Raises `InvalidInput` where the person may not change these settings."""
    if not await may_change(desk):
        raise InvalidInput(
            _(
                "Only administrators can change this channel's council. They can let everybody "
                "do it: `/council set changers anyone`."
            )
        )
    reserved = [name for name in names if name in RESERVED]
    if reserved and not is_administrator(desk):
        words = listed(reserved)
        raise InvalidInput(_("Only administrators can change {settings} here.", settings=words))


def require_known(catalogue: Catalogue, models: Sequence[str]) -> None:
    """Refuse ids that the catalogue does not list. Without a list nothing can be checked."""
    for model in models:
        if catalogue.missing(model):
            hint = catalogue.did_you_mean(model, mark="`")
            raise InvalidInput(
                _(
                    "There is no model `{model}`.{hint} `/council models SEARCH` finds one.",
                    model=model,
                    hint=hint,
                )
            )


def _warnings(catalogue: Catalogue, settings: Settings, name: str) -> list[Note]:
    warnings = []
    if name == "members" and len(settings.members) == 1:
        warnings.append(
            _("With one member there is nothing to rank: its answer will be the verdict.")
        )
    if name == "reveal" and settings.trial and settings.reveal != "after_vote":
        warnings.append(_(TRIAL_NEEDS_VOTES, reveal=settings.reveal))
    if name in ("members", "web") and settings.web:
        warnings += _without_search(catalogue, settings.members)
    return [Note(warning) for warning in warnings]


def _without_search(catalogue: Catalogue, members: Sequence[str]) -> list[str]:
    """Who cannot search the web, in a sentence, if anybody cannot."""
    unable = [m for m in dict.fromkeys(members) if catalogue.price(m).search is None]
    if not unable:
        return []
    if len(unable) == len(set(members)):
        return [
            _(
                "Nobody here can search the web: the members' model servers have no search. OpenRouter "
                "has one, but not within one region, and not where COUNCIL_ZDR is on."
            )
        ]
    models = ", ".join(f"`{model}`" for model in unable)
    return [_("These cannot search the web, and answer without: {models}.", models=models)]


async def models_like(desk: Desk, given: Mapping[str, object], typed: str) -> list[tuple[str, str]]:
    return _priced(desk, [model.id for model in desk.catalogue.search(typed)])


async def _members_like(
    desk: Desk, given: Mapping[str, object], typed: str
) -> list[tuple[str, str]]:
    """Of several models the last is completed; only seated ones can be removed."""
    before, comma, last = typed.rpartition(",")
    if given.get("action") == "remove":
        seated = (await settings_of(desk)).members
        ids = [id for id in dict.fromkeys(seated) if last.strip().lower() in id.lower()]
    else:
        ids = [model.id for model in desk.catalogue.search(last)]
    return _priced(desk, ids, f"{before}{comma} " if comma else "")


async def _criteria_like(
    desk: Desk, given: Mapping[str, object], typed: str
) -> list[tuple[str, str]]:
    """Names of presets with their texts."""
    found = typed.strip().lower()
    return [(name, f"{name} · {text}") for name, text in PRESETS.items() if found in name]


def _priced(desk: Desk, ids: Sequence[str], before: str = "") -> list[tuple[str, str]]:
    price = desk.catalogue.price_label
    return [(before + id, f"{before}{id} · {price(id)}") for id in ids]


COMMANDS = (
    Command(
        "show [all]",
        N_("This channel's council and settings"),
        _show,
        (Option("all", N_("Every setting, too"), "flag"),),
    ),
    Command(
        "members [add|remove|set MODEL ...]",
        N_("Who answers and reviews"),
        _members,
        (
            Option(
                "action",
                N_("What to do; without it the members are listed"),
                choices=tuple(CHANGES),
            ),
            Option("model", N_("One or more models, separated by commas"), complete=_members_like),
        ),
    ),
    Command(
        "chairman [MODEL]",
        N_("Who writes the verdict"),
        _one("chairman"),
        (Option("model", N_("The model; without it the chairman is named"), complete=models_like),),
    ),
    Command(
        "models [SEARCH]",
        N_("Models that can be seated, with prices"),
        _models,
        (Option("search", N_("Parts of a name, like claude or mistral large")),),
    ),
    Command(
        "criteria [NAME|TEXT|clear]",
        N_("What reviewers judge by"),
        _one("criteria"),
        (Option("text", N_("The criteria; without them a form opens"), complete=_criteria_like),),
        at_length=lambda: _(
            "what reviewers judge by: {names}, or your own text", names=", ".join(PRESETS)
        ),
    ),
    Command(
        "mode [NAME]",
        N_("How the council comes to its verdict"),
        _one("mode"),
        (
            Option(
                "name",
                N_("Its name; without it the one of now is told"),
                choices=tuple(MODES),
                meanings=MODES,
            ),
        ),
    ),
    Command(
        "budget [USD|default]",
        N_("What this channel may spend a day"),
        _budget,
        (Option("usd", N_("US dollars, or unlimited, or default")),),
    ),
    Command(
        "set NAME [VALUE]",
        N_("Change any setting"),
        _set,
        (
            Option("name", N_("The setting"), required=True, choices=NAMES),
            Option(
                "value", N_("Its value; without it what it can be; default takes a change back")
            ),
        ),
        at_length=lambda: _("change any setting: {names}", names=", ".join(NAMES)),
    ),
    Command(
        "reset [NAME]",
        N_("Back to the default"),
        _reset,
        (Option("name", N_("The setting; without it everything"), choices=NAMES),),
    ),
)

SILENCE = (
    Command("pause", N_("Silence the council here"), _silence("on")),
    Command("resume", N_("End the silence"), _silence("off")),
)
