"""Application commands: what may be registered, and what people may then send.

Source of the rules: Discord's API documentation, "Application Commands".
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.discord.http import Call, Route
from tests.fakes.discord.refusals import (
    Check,
    Form,
    Json,
    Path,
    Refusal,
    anything,
    boolean,
    items,
    number,
    one_of,
    shape,
    text,
)
from tests.fakes.discord.world import World

SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, NUMBER = 1, 2, 3, 4, 5, 10
_COUNT_LIMITS = {SLASH: 100, USER_MENU: 15, MESSAGE_MENU: 15}
_TOTAL_LIMIT_CHARS = 8000
_CREATES_PER_DAY = 200

# Source: "Locales" of the API documentation.
_LOCALES = re.findall(
    r"\S+",
    "id da de en-GB en-US es-ES es-419 fr hr it lt hu nl no pl pt-BR ro fi sv-SE vi tr cs el bg "
    "ru uk hi th zh-CN ja zh-TW ko",
)

_CHOICE = shape({"name": text(1, 100), "value": anything}, {"name_localizations": anything})


@dataclass(slots=True)
class Commands:
    world: World
    registered: dict[int | None, list[Json]] = field(default_factory=dict)
    """By guild; None holds the global ones."""
    syncs: int = 0
    creates: int = 0

    def routes(self) -> tuple[Route, ...]:
        everywhere = "/applications/{application_id}/commands"
        guild = "/applications/{application_id}/guilds/{guild_id}/commands"
        return (
            Route("GET", everywhere, self.get),
            Route("PUT", everywhere, self.put),
            Route("GET", guild, self.get, major=("guild_id",)),
            Route("PUT", guild, self.put, major=("guild_id",)),
        )

    def get(self, call: Call) -> list[Json]:
        return self.registered.get(self._place(call), [])

    def put(self, call: Call) -> list[Json]:
        place = self._place(call)
        if not isinstance(call.body, list):
            raise Refusal(50109)
        check_commands(call.body)
        known = {(c["type"], c["name"]): c for c in self.registered.get(place, [])}
        new = [c for c in call.body if (c.get("type", SLASH), c["name"]) not in known]
        self.creates += len(new)
        if self.creates > _CREATES_PER_DAY:
            raise Refusal(30034)
        self.registered[place] = [self._stored(command, known, place) for command in call.body]
        self.syncs += 1
        return self.registered[place]

    def find(self, guild_id: int | None, kind: int, name: str) -> Json | None:
        """A server's own command before the global one of the same name."""
        for place in (guild_id, None):
            for command in self.registered.get(place, []):
                if command["type"] == kind and command["name"] == name:
                    return command
        return None

    def _place(self, call: Call) -> int | None:
        if call.id("application_id") != self.world.bot.id:
            raise Refusal(50001)
        if "guild_id" not in call.params:
            return None
        guild = self.world.guilds.get(call.id("guild_id"))
        if guild is None or self.world.bot.id not in guild.members:
            raise Refusal(50001)
        return guild.id

    def _stored(self, command: Json, known: dict[tuple[int, str], Json], place: int | None) -> Json:
        kind = command.get("type", SLASH)
        before = known.get((kind, command["name"]))
        stored = {"description": "", "options": []} | command
        stored |= {
            "id": before["id"] if before else str(self.world.new_id()),
            "type": kind,
            "application_id": str(self.world.bot.id),
            "version": str(self.world.new_id()),
        }
        if place is not None:
            stored["guild_id"] = str(place)
        return stored


def check_commands(commands: list[Any]) -> None:
    """Refuse a whole set of commands with everything that is wrong with it."""
    form = Form()
    for index, command in enumerate(commands):
        _command(form, (index,), command)
    form.refuse()
    keys = [(command.get("type", SLASH), command["name"]) for command in commands]
    for kind, limit in _COUNT_LIMITS.items():
        if sum(key[0] == kind for key in keys) > limit:
            raise Refusal(30032)
    for index, key in enumerate(keys):
        if key in keys[:index]:
            sentence = "Application command names must be unique"
            form.add((index,), "APPLICATION_COMMANDS_DUPLICATE_NAME", sentence)
    form.refuse()


def typed(
    command: Json, words: list[str], values: Mapping[str, object], focused: str | None
) -> Json:
    """The data of an interaction; ValueError for what the client would not send."""
    options: list[Json] = command["options"]
    data: Json = {"id": command["id"], "name": command["name"], "type": SLASH}
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    node = data
    for word in words:
        found = next((o for o in options if o["name"] == word and o["type"] in (1, 2)), None)
        if found is None:
            offered = [option["name"] for option in options]
            raise ValueError(f"/{command['name']} has no {word!r}; there are {offered}")
        node["options"] = [{"name": word, "type": found["type"]}]
        node, options = node["options"][0], found.get("options") or []
    if any(option["type"] in (SUBCOMMAND, GROUP) for option in options):
        raise ValueError(f"a subcommand of {[option['name'] for option in options]} is needed")
    node["options"] = _arguments(options, dict(values), focused)
    return data


def _arguments(options: list[Json], values: dict[str, object], focused: str | None) -> list[Json]:
    sent = []
    for option in options:
        name = option["name"]
        if name not in values:
            # While somebody is still typing, the rest may be missing.
            if option.get("required") and focused is None:
                raise ValueError(f"{name} is required")
            continue
        value = values.pop(name)
        if name == focused:
            if not option.get("autocomplete"):
                raise ValueError(f"{name} offers no autocompletion")
            sent.append({"name": name, "type": option["type"], "value": value, "focused": True})
            continue
        _check_argument(option, value)
        sent.append({"name": name, "type": option["type"], "value": value})
    if values:
        raise ValueError(f"there are no options {sorted(values)}")
    return sent


def _check_argument(option: Json, value: object) -> None:
    expected = {STRING: str, INTEGER: int, BOOLEAN: bool, NUMBER: float}.get(option["type"])
    if expected is None or not isinstance(value, expected):
        raise ValueError(f"{option['name']} cannot be {value!r}")
    choices = [choice["value"] for choice in option.get("choices") or []]
    if choices and value not in choices:
        raise ValueError(f"{option['name']}: {value!r} is not among {choices}")
    if isinstance(value, str):
        low, high = option.get("min_length") or 0, option.get("max_length") or 6000
        if not low <= len(value) <= high:
            raise ValueError(f"{option['name']}: {low} to {high} characters")


def _command(form: Form, path: Path, value: Any) -> None:
    if not isinstance(value, dict):
        form.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return
    kind = value.get("type", SLASH)
    one_of(SLASH, USER_MENU, MESSAGE_MENU)(form, (*path, "type"), kind)
    fields: dict[str, Check] = {
        "type": anything,
        "name_localizations": _localised(_name if kind == SLASH else text(1, 32)),
        "nsfw": boolean,
        "dm_permission": boolean,
        "default_member_permissions": anything,
        "contexts": items(0, 3, one_of(0, 1, 2)),
        "integration_types": items(0, 2, one_of(0, 1)),
        # Given back by Discord and so sent along by clients that edit what they fetched.
        "id": anything,
    }
    if kind != SLASH:
        form.fields(path, value, {"name": text(1, 32)}, fields, nullable=frozenset(fields))
        return
    fields |= {"description_localizations": _localised(text(1, 100)), "options": items(0, 25)}
    required: dict[str, Check] = {"name": _name, "description": text(1, 100)}
    form.fields(path, value, required, fields, nullable=frozenset(fields))
    _options(form, (*path, "options"), value.get("options") or [], depth=0)
    if _length(value) > _TOTAL_LIMIT_CHARS:
        sentence = f"Command exceeds maximum size ({_TOTAL_LIMIT_CHARS})"
        form.add(path, "APPLICATION_COMMAND_TOO_LARGE", sentence)


def _options(form: Form, path: Path, options: list[Any], *, depth: int) -> None:
    """Groups hold subcommands, subcommands hold arguments, and arguments hold nothing."""
    nested = [option.get("type") in (SUBCOMMAND, GROUP) for option in options]
    if any(nested) and not all(nested):
        sentence = "Sub-command and sub-command group option types are mutually exclusive"
        form.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", sentence)
    seen: set[str] = set()
    optional_seen = False
    for index, option in enumerate(options):
        here = (*path, index)
        _option(form, here, option, depth=depth)
        name = str(option.get("name"))
        if name in seen:
            sentence = "Option names must be unique"
            form.add(here, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", sentence)
        seen.add(name)
        if option.get("required") and optional_seen:
            sentence = "Required options must be placed before non-required options"
            form.add(here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", sentence)
        optional_seen = optional_seen or not option.get("required")


def _option(form: Form, path: Path, option: Json, *, depth: int) -> None:
    kind = option.get("type")
    required: dict[str, Check] = {
        "type": number(1, 11),
        "name": _name,
        "description": text(1, 100),
    }
    fields: dict[str, Check] = {
        "name_localizations": _localised(_name),
        "description_localizations": _localised(text(1, 100)),
    }
    if kind in (SUBCOMMAND, GROUP):
        fields["options"] = items(0, 25)
        if depth == 2 or (kind == GROUP and depth == 1):
            sentence = "Sub-command option type is not allowed here"
            form.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", sentence)
    else:
        fields |= {"required": boolean, "autocomplete": boolean}
        fields |= {"choices": items(0, 25, _CHOICE), "channel_types": items(0, 20)}
        fields |= dict.fromkeys(("min_value", "max_value"), anything)
        fields |= {"min_length": number(0, 6000), "max_length": number(1, 6000)}
    form.fields(path, option, required, fields, nullable=frozenset(fields))
    if option.get("autocomplete") and option.get("choices"):
        sentence = "Choices and autocomplete are mutually exclusive"
        form.add((*path, "autocomplete"), "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE", sentence)
    nested = option.get("options") or []
    _options(form, (*path, "options"), nested, depth=1 if kind == GROUP else 2)


def _name(form: Form, path: Path, value: Any) -> None:
    """1 to 32 of: letters, digits, - _ ', Devanagari, Thai; lower case where there is one."""
    name = str(value)
    fits = all(c in "-_'" or unicodedata.category(c)[0] in "LNM" for c in name)
    if not 1 <= len(name) <= 32 or not fits or name != name.lower():
        sentence = "Command name is invalid"
        form.add(path, "APPLICATION_COMMAND_INVALID_NAME", sentence)


def _localised(each: Check) -> Check:
    def check(form: Form, path: Path, value: Any) -> None:
        for locale, translated in value.items():
            if locale not in _LOCALES:
                form.add((*path, locale), "BASE_TYPE_CHOICES", "No such locale")
            each(form, (*path, locale), translated)

    return check


def _length(value: Json) -> int:
    """Names, descriptions and choice values, each at its longest translation."""
    own = 0
    for key in ("name", "description"):
        texts = [value.get(key) or "", *(value.get(f"{key}_localizations") or {}).values()]
        own += max(len(text) for text in texts)
    own += len(str(value["value"])) if "value" in value else 0
    nested = [*(value.get("options") or []), *(value.get("choices") or [])]
    return own + sum(_length(item) for item in nested)
