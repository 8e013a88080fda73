"""`/council` as text, the same on every platform: words in, a Document out.

Adapters turn their own controls (subcommands, modals) into these words. What a person may change
and how a setting is written is known here; how a platform shows the answer is not.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot import settings as channel_settings
from bot.chat import Channel, Person
from bot.conversation.admission import Admission
from bot.document import Block, Document, Heading, Note, Table, Text
from bot.errors import BotError, InvalidForm, InvalidInput
from bot.models.catalogue import Catalogue
from bot.records import Case, Place
from bot.settings import SETTINGS, Settings
from bot.store.store import Store

if TYPE_CHECKING:
    from bot.conversation.statistics import Statistics

HELP = (
    ("show", "this channel's council and settings"),
    ("members [add|remove|set MODEL ...]", "who answers and reviews"),
    ("chairman [MODEL]", "who writes the verdict"),
    ("models [SEARCH]", "models that can be seated, with prices"),
    ("criteria [TEXT|clear]", "what reviewers judge by"),
    ("mode [NAME]", "the protocol"),
    ("budget [USD|default]", "this channel's budget a day"),
    ("set NAME VALUE", "any setting: " + ", ".join(SETTINGS)),
    ("reset [NAME]", "back to the default"),
    ("ask QUESTION", "put a question to the council"),
    ("stats [details]", "which models serve best here, and whether the council helps"),
    ("ceiling", "how much picking the best answer could gain here"),
    ("suggest [SEATS]", "members by what was accepted here; changes nothing"),
    ("export", "every deliberation of this channel, for administrators"),
    ("forget me|channel", "delete your questions and votes, or all of this channel's"),
    ("health", "whether everything works here"),
    ("allow | disallow", "say that the council may be used in this server: for its operators"),
    ("pause | resume", "silence the council here, or end the silence"),
    ("help", "this list"),
)

# What nobody is refused: to be forgotten, and what has a rule of its own.
FOR_ALL = frozenset({"forget me", "allow", "disallow"})

# Money, rights and names stay with administrators, whoever else may change settings.
RESERVED = frozenset({"budget", "reveal", "paused", "changers"})

WELCOME = Document(
    (
        Heading("The council is here"),
        Text(
            "Mention me with a question. Several language models answer it, review each other's "
            "answers without knowing who wrote them, and a chairman writes one verdict."
        ),
        Note("`/council show` tells who is seated, `/council help` what can be changed."),
    )
)


@dataclass(frozen=True, slots=True)
class Command:
    """`/council NAME REST`; the name is lower-case, `show` where nothing was typed."""

    name: str
    rest: str = ""

    @property
    def words(self) -> list[str]:
        return self.rest.replace(",", " ").split()


def parse(text: str) -> Command:
    """The command in what was typed after `/council`."""
    name, rest = _first_word(text)
    return Command(name.lower() or "show", rest)


def _first_word(text: str) -> tuple[str, str]:
    """The first word, and what follows the space or the end of the line behind it."""
    name, *rest = text.split(maxsplit=1) or [""]
    return name, "".join(rest).strip()


@dataclass(frozen=True, slots=True)
class Desk:
    """What commands work with."""

    store: Store
    catalogue: Catalogue
    defaults: Settings
    admins: frozenset[str]
    health: Callable[[Channel], Awaitable[Document]]
    statistics: Callable[[], "Statistics"]
    admission: Admission
    is_private: Callable[[Case], bool]
    aside: Callable[[Sequence[Place]], AbstractAsyncContextManager[None]]
    now: Callable[[], datetime]


async def run(desk: Desk, channel: Channel, person: Person, command: Command) -> Document:
    """Do it and say what was done. Raises `InvalidInput`; then nothing was changed."""
    match command.name:
        case "show":
            return await _show(desk, channel)
        case "members":
            return await _members(desk, channel, person, command.words)
        case "models":
            return _models(desk.catalogue, command.rest)
        case "chairman" | "criteria" | "mode" | "budget" if not command.rest:
            return await _show_one(desk, channel, command.name)
        case "chairman" | "criteria" | "mode" | "budget":
            return await _set(desk, channel, person, command.name, command.rest)
        case "set":
            name, value = _name_and_value(command.rest)
            return await _set_any(desk, channel, person, name, value)
        case "reset":
            return await _reset(desk, channel, person, command.words)
        case "pause" | "resume":
            paused = "on" if command.name == "pause" else "off"
            return await _set(desk, channel, person, "paused", paused)
        case "allow" | "disallow":
            await desk.admission.say(channel, person, command.name)
            may = "may" if command.name == "allow" else "may not"
            return Document((Text(f"The council {may} be used in this server from now on."),))
        case "health":
            return await desk.health(channel)
        case "stats" | "ceiling" | "suggest" | "export" | "forget":
            # Imported late: numbers take a while to load, and most processes ask for none.
            from bot.conversation import records_commands

            return await records_commands.run(desk, channel, person, command)
        case "help":
            return help_page()
        case _:
            return help_page(f"There is no `/council {command.name}`.")


def help_page(first: str = "") -> Document:
    """Every command in a line."""
    lines = "\n".join(f"- `/council {usage}` {text}" for usage, text in HELP)
    blocks: list[Block] = [Note(first)] if first else []
    return Document((*blocks, Heading("Council"), Text(lines)))


def _name_and_value(text: str) -> tuple[str, str]:
    """`NAME VALUE`, `NAME=VALUE` or `NAME = VALUE`."""
    name, value = _first_word(text)
    name, _, joined = name.partition("=")
    return name.lower(), f"{joined} {value.removeprefix('=')}".strip()


async def settings_of(desk: Desk, channel: Channel) -> Settings:
    """The channel's settings, what it never changed taken from the defaults."""
    stored = await desk.store.settings(channel.platform, channel.workspace, channel.id)
    return channel_settings.resolve(stored.values, desk.defaults)


def is_administrator(desk: Desk, person: Person) -> bool:
    return person.admin or person.id in desk.admins


async def may_change(desk: Desk, channel: Channel, person: Person) -> bool:
    settings = await settings_of(desk, channel)
    anyone = settings.changers == "anyone" and not person.guest
    return is_administrator(desk, person) or anyone


async def _show(desk: Desk, channel: Channel) -> Document:
    stored = await desk.store.settings(channel.platform, channel.workspace, channel.id)
    settings = channel_settings.resolve(stored.values, desk.defaults)
    seats = [
        (str(n), model, desk.catalogue.price_label(model))
        for n, model in enumerate(settings.members, start=1)
    ]
    seats.append(("chair", settings.chairman, desk.catalogue.price_label(settings.chairman)))
    rows = tuple(
        (name, channel_settings.shown(settings, name), "" if name in stored.values else "default")
        for name in SETTINGS
        if name not in {"members", "chairman"}
    )
    return Document(
        (
            Heading("This channel's council"),
            Table(("Seat", "Model", "Price"), tuple(seats)),
            Table(("Setting", "Value", ""), rows),
            Note(
                "Change it: `/council members add MODEL`, `/council set NAME VALUE`; `/council help`"
            ),
        )
    )


async def _show_one(desk: Desk, channel: Channel, name: str) -> Document:
    settings = await settings_of(desk, channel)
    value = channel_settings.shown(settings, name)
    return Document((Text(f"**{name}**: {value}"), Note(SETTINGS[name].description)))


async def _members(desk: Desk, channel: Channel, person: Person, words: Sequence[str]) -> Document:
    """`add`, `remove` or `set`, and models; without any of them the members of now."""
    settings = await settings_of(desk, channel)
    if not words:
        seated = "\n".join(
            f"{n}. `{model}` · {desk.catalogue.price_label(model)}"
            for n, model in enumerate(settings.members, start=1)
        )
        return Document((Heading("Members"), Text(seated)))
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


def _models(catalogue: Catalogue, words: str) -> Document:
    """Models that match, with prices."""
    found = catalogue.search(words)
    if not catalogue.known:
        raise InvalidInput("The list of models could not be loaded. Any id can be set, unchecked.")
    if not found:
        raise InvalidInput(f"No model matches `{words}`. Try a vendor or a part of a name.")
    rows = tuple((model.id, catalogue.price_label(model.id)) for model in found)
    return Document((Heading("Models"), Table(("Model", "Price"), rows)))


async def _set_any(desk: Desk, channel: Channel, person: Person, name: str, value: str) -> Document:
    if not name:
        raise InvalidInput(f"Write `/council set NAME VALUE`. Settings: {', '.join(SETTINGS)}.")
    if not value:
        raise InvalidInput(f"Write `/council set {name} VALUE`; `default` takes a change back.")
    return await _set(desk, channel, person, name, value)


async def _set(desk: Desk, channel: Channel, person: Person, name: str, text: str) -> Document:
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


async def _reset(desk: Desk, channel: Channel, person: Person, names: Sequence[str]) -> Document:
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
