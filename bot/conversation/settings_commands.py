"""`/council` about a channel's council: what is shown of it, and how its settings are changed.

What a person may change and how a setting is written is known here, how it is stored is not.
"""

from collections.abc import Callable, Mapping, Sequence

from bot import settings as channel_settings
from bot.chat import Channel, Person
from bot.conversation.desk import Desk, first_word, is_administrator, may_change, settings_of
from bot.document import Document, Note, Text
from bot.errors import BotError, InvalidForm, InvalidInput
from bot.models.catalogue import Catalogue
from bot.pages.settings import council_page, members_page, models_page, setting_page
from bot.settings import SETTINGS, Settings

# Money, rights and names stay with administrators, whoever else may change settings.
RESERVED = frozenset({"budget", "reveal", "paused", "changers"})


def name_and_value(text: str) -> tuple[str, str]:
    """`NAME VALUE`, `NAME=VALUE` or `NAME = VALUE`."""
    name, value = first_word(text)
    name, _, joined = name.partition("=")
    return name.lower(), f"{joined} {value.removeprefix('=')}".strip()


async def show(desk: Desk, channel: Channel) -> Document:
    stored = await desk.store.settings(channel.platform, channel.workspace, channel.id)
    settings = channel_settings.resolve(stored.values, desk.defaults)
    return council_page(settings, stored.values, desk.catalogue.price_label)


async def show_one(desk: Desk, channel: Channel, name: str) -> Document:
    return setting_page(await settings_of(desk, channel), name)


async def members(desk: Desk, channel: Channel, person: Person, words: Sequence[str]) -> Document:
    """`add`, `remove` or `set`, and models; without any of them the members of now."""
    settings = await settings_of(desk, channel)
    if not words:
        return members_page(settings, desk.catalogue.price_label)
    action, models = words[0].lower(), words[1:]
    changes: dict[str, Callable[[Settings], Sequence[str]]] = {
        "add": lambda now: channel_settings.added(now.members, models),
        "remove": lambda now: channel_settings.removed(now.members, models),
        "set": lambda now: channel_settings.replaced(models),
    }
    if action not in changes:
        raise InvalidInput("Write `/council members add MODEL`, `remove MODEL` or `set MODEL ...`.")
    return await _change(
        desk, channel, person, "members", lambda now: ", ".join(changes[action](now))
    )


def models(catalogue: Catalogue, words: str) -> Document:
    """Models that match, with prices."""
    found = catalogue.search(words)
    if not catalogue.known:
        raise InvalidInput("The list of models could not be loaded. Any id can be set, unchecked.")
    if not found:
        raise InvalidInput(f"No model matches `{words}`. Try a vendor or a part of a name.")
    return models_page((model.id for model in found), catalogue.price_label)


async def set_any(desk: Desk, channel: Channel, person: Person, name: str, value: str) -> Document:
    if not name:
        raise InvalidInput(f"Write `/council set NAME VALUE`. Settings: {', '.join(SETTINGS)}.")
    if not value:
        raise InvalidInput(f"Write `/council set {name} VALUE`; `default` takes a change back.")
    return await set_(desk, channel, person, name, value)


async def set_(desk: Desk, channel: Channel, person: Person, name: str, text: str) -> Document:
    return await _change(desk, channel, person, name, lambda now: text)


async def _change(
    desk: Desk, channel: Channel, person: Person, name: str, new: Callable[[Settings], str]
) -> Document:
    """Change one setting, from what holds now, and say what it is then."""
    await _require_right(desk, channel, person, [name])
    stored = await desk.store.settings(channel.platform, channel.workspace, channel.id)
    before = channel_settings.resolve(stored.values, desk.defaults)
    values = channel_settings.change(stored.values, name, new(before))
    settings = channel_settings.resolve(values, desk.defaults)
    if name == "members":
        _known(desk.catalogue, [m for m in settings.members if m not in before.members])
    if name == "chairman":
        _known(desk.catalogue, [settings.chairman])
    shown = channel_settings.shown(settings, name)
    await _save(desk, channel, person, stored.version, values, f"{name} = {shown}")
    return Document((Text(f"**{name}** is now: {shown}"), *_warnings(settings, name)))


async def fill_in(
    desk: Desk, channel: Channel, person: Person, form: Mapping[str, str], *, seen_version: int
) -> Document:
    """Change what a form says, all of it or nothing; what it leaves as it was is not stored.

    `form` are texts by the setting's name, `seen_version` is what the person saw when it opened.
    Raises `InvalidForm`, and other errors that are about no field.
    """
    await _require_right(desk, channel, person)
    stored = await desk.store.settings(channel.platform, channel.workspace, channel.id)
    before = channel_settings.resolve(stored.values, desk.defaults)
    values, problems = stored.values, {}
    for name, text in form.items():
        try:
            values = _filled(desk, before, values, name, text)
        except BotError as error:
            problems[name] = error.public
    if problems:
        raise InvalidForm(problems)
    settings = channel_settings.resolve(values, desk.defaults)
    changed = [name for name in form if values.get(name) != stored.values.get(name)]
    shown = [f"{name} = {channel_settings.shown(settings, name)}" for name in changed]
    if not changed:
        return Document((Text("Nothing was changed."),))
    await _require_right(desk, channel, person, changed)
    await _save(desk, channel, person, seen_version, values, "; ".join(shown))
    lines = [f"**{name}** is now: {channel_settings.shown(settings, name)}" for name in changed]
    warnings = [warning for name in changed for warning in _warnings(settings, name)]
    return Document((Text("\n".join(f"- {line}" for line in lines)), *warnings))


def _filled(
    desk: Desk, before: Settings, values: Mapping[str, str], name: str, text: str
) -> Mapping[str, str]:
    setting = SETTINGS[name]
    is_default = text.strip().lower() == "default"
    if not is_default and setting.parse(text) == getattr(before, setting.field):
        return values
    values = channel_settings.change(values, name, text)
    settings = channel_settings.resolve(values, desk.defaults)
    if name == "members":
        _known(desk.catalogue, [m for m in settings.members if m not in before.members])
    if name == "chairman":
        _known(desk.catalogue, [settings.chairman])
    return values


async def reset(desk: Desk, channel: Channel, person: Person, names: Sequence[str]) -> Document:
    stored = await desk.store.settings(channel.platform, channel.workspace, channel.id)
    names = [name.lower() for name in names]
    await _require_right(desk, channel, person, names or list(stored.values))
    values: Mapping[str, str] = {} if not names else stored.values
    for name in names:
        values = channel_settings.without(values, name)
    what = ", ".join(names) or "everything"
    await _save(desk, channel, person, stored.version, values, f"reset {what}")
    return Document((Text(f"Back at the default: {what}."),))


async def _save(
    desk: Desk,
    channel: Channel,
    person: Person,
    seen_version: int,
    values: Mapping[str, str],
    what: str,
) -> None:
    await desk.store.save_settings(
        channel.platform,
        channel.workspace,
        channel.id,
        seen_version=seen_version,
        values=values,
        person=person.id,
        at=desk.now(),
        what=what,
    )


async def _require_right(
    desk: Desk, channel: Channel, person: Person, names: Sequence[str] = ()
) -> None:
    """Raises `InvalidInput` where the person may not change these settings."""
    await desk.admission.require(channel, person)
    if not await may_change(desk, channel, person):
        raise InvalidInput(
            "Only administrators can change this channel's council. They can let everybody do it: "
            "`/council set changers anyone`."
        )
    reserved = [name for name in names if name in RESERVED]
    if reserved and not is_administrator(desk, person):
        raise InvalidInput(f"Only administrators can change {' and '.join(reserved)} here.")


def _known(catalogue: Catalogue, models: Sequence[str]) -> None:
    """Refuse ids that the catalogue does not list. Without a list nothing can be checked."""
    for model in models:
        if catalogue.missing(model):
            hint = catalogue.did_you_mean(model, mark="`")
            raise InvalidInput(
                f"There is no model `{model}`.{hint} `/council models SEARCH` finds one."
            )


def _warnings(settings: Settings, name: str) -> list[Note]:
    if name == "members" and len(settings.members) == 1:
        return [Note("With one member there is nothing to rank: its answer will be the verdict.")]
    return []
