"""The settings of a channel as a modal, and what was filled in. Pure.

A model's option says `N:id`, so that a model with two seats is two options.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from adapters.slack.blocks import OPTION_VALUE_MAX, OPTIONS_MAX, option
from bot.cleaning import harmless
from bot.council import MEMBERS_MAX
from bot.language import _
from bot.models.catalogue import Catalogue
from bot.records import StoredSettings
from bot.settings import FORM, PROSE_LIMIT_CHARS, SETTINGS, Asked, Setting, Settings

Json = dict[str, Any]
# What a model costs, in words.
Price = Callable[[str], str]

CALLBACK = "settings"
# Where a form is refused as a whole.
FIRST = next(iter(FORM))
# Of these Slack asks what there is to choose.
SEARCHED = tuple(name for name, asked in FORM.items() if asked.kind in {"models", "model"})


@dataclass(frozen=True, slots=True)
class Opened:
    """What the form was opened for, kept with it at Slack's."""

    channel: str
    version: int
    response_url: str

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, view: Json) -> "Opened":
        return cls(**json.loads(view["private_metadata"]))


def can_be_shown(settings: Settings) -> bool:
    """Whether every model fits into an option."""
    longest = max(map(len, (*settings.members, settings.chairman)))
    return longest + 3 <= OPTION_VALUE_MAX


def view(settings: Settings, stored: StoredSettings, price: Price, opened: Opened) -> Json:
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": opened.to_json(),
        "title": _plain(_("This channel's council")),
        "submit": _plain(_("Save")),
        "close": _plain(_("Cancel")),
        "blocks": [
            _input(
                name, asked, _element(asked, SETTINGS[name], settings, name in stored.values, price)
            )
            for name, asked in FORM.items()
        ],
    }


def _element(
    asked: Asked, setting: Setting, settings: Settings, is_own: bool, price: Price
) -> Json:
    """The control, filled in with what holds now; `is_own` where the channel said so itself."""
    value = getattr(settings, setting.field)
    match asked.kind:
        case "models":
            return {
                "type": "multi_external_select",
                "min_query_length": 0,
                "max_selected_items": MEMBERS_MAX,
                "initial_options": [
                    _model_option(price, id, value[:n].count(id)) for n, id in enumerate(value)
                ],
                "placeholder": _plain(_("Search by vendor or name")),
            }
        case "model":
            return {
                "type": "external_select",
                "min_query_length": 0,
                "initial_option": _model_option(price, value),
            }
        case "choice":
            return {
                "type": "static_select",
                "options": [option(choice, choice) for choice in setting.choices],
                "initial_option": option(setting.show(value), setting.show(value)),
            }
        case "prose" | "line":
            # Nothing stands in a field where nothing would mean the same.
            is_said = is_own if asked.empty == "default" else setting.parse(asked.empty) != value
            long = {"multiline": True, "max_length": PROSE_LIMIT_CHARS}
            return {
                "type": "plain_text_input",
                **(long if asked.kind == "prose" else {}),
                **({"placeholder": _plain(asked.example)} if asked.example else {}),
                **({"initial_value": harmless(setting.show(value))} if is_said else {}),
            }


def filled_in(view: Json) -> Mapping[str, str]:
    """The settings' texts by their names."""
    values = view["state"]["values"]
    return {name: _text(asked, values[name][name]) for name, asked in FORM.items()}


def _text(asked: Asked, state: Json) -> str:
    match asked.kind:
        case "models":
            return ", ".join(_model(each) for each in state["selected_options"])
        case "model":
            return _model(state["selected_option"])
        case "choice":
            return str(state["selected_option"]["value"])
        case "prose" | "line":
            return state["value"] or asked.empty


def options(catalogue: Catalogue, typed: str) -> list[Json]:
    """Models to choose from. Without a list of models whatever was typed can be chosen."""
    ids: Iterable[str] = (model.id for model in catalogue.search(typed, OPTIONS_MAX))
    if not catalogue.known and typed.strip() and len(typed.split()) == 1:
        ids = [typed.strip()]
    found = (_model_option(catalogue.price_label, id) for id in ids)
    return [each for each in found if len(each["value"]) <= OPTION_VALUE_MAX]


def _model_option(price: Price, id: str, number: int = 0) -> Json:
    return option(f"{id} · {price(id)}", f"{number}:{id}")


def _model(chosen: Json) -> str:
    return str(chosen["value"]).partition(":")[2]


def _input(name: str, asked: Asked, element: Json) -> Json:
    """Block and control have the setting's name."""
    return {
        "type": "input",
        "block_id": name,
        "label": _plain(name.replace("_", " ").capitalize()),
        "element": element | {"action_id": name},
        "optional": bool(asked.empty),
        "hint": _plain(_(asked.hint)),
    }


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": harmless(text)}
