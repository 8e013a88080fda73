"""The settings of a channel as a modal, and what was filled in. Pure.

A model's option says `N:id`, so that a model with two seats is two options.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bot.cleaning import harmless
from bot.council import MEMBERS_MAX
from bot.models.catalogue import Catalogue
from bot.records import StoredSettings
from bot.settings import PROSE_LIMIT_CHARS, SETTINGS, Settings, shown

Json = dict[str, Any]
# What a model costs, in words.
Price = Callable[[str], str]

CALLBACK = "settings"
MEMBERS, CHAIRMAN = "members", "chairman"
FIELDS = (MEMBERS, CHAIRMAN, "mode", "criteria", "budget")

# Source: docs.slack.dev, "Option object" and "Multi-select menu element".
OPTIONS_MAX, OPTION_TEXT_MAX, OPTION_VALUE_MAX = 100, 75, 150


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
    counted: Counter[str] = Counter()
    seated = []
    for model in settings.members:
        seated.append(_model_option(price, model, counted[model]))
        counted[model] += 1
    modes = [_option(mode, mode) for mode in SETTINGS["mode"].choices]
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": opened.to_json(),
        "title": _plain("This channel's council"),
        "submit": _plain("Save"),
        "close": _plain("Cancel"),
        "blocks": [
            _input(
                MEMBERS,
                "Members",
                {
                    "type": "multi_external_select",
                    "min_query_length": 0,
                    "max_selected_items": MEMBERS_MAX,
                    "initial_options": seated,
                    "placeholder": _plain("Search by vendor or name"),
                },
                hint="The models that answer and review.",
            ),
            _input(
                CHAIRMAN,
                "Chairman",
                {
                    "type": "external_select",
                    "min_query_length": 0,
                    "initial_option": _model_option(price, settings.chairman),
                },
                hint="The model that writes the verdict.",
            ),
            _input(
                "mode",
                "Mode",
                {
                    "type": "static_select",
                    "options": modes,
                    "initial_option": _option(settings.mode, settings.mode),
                },
            ),
            _input(
                "criteria",
                "Criteria",
                {
                    "type": "plain_text_input",
                    "multiline": True,
                    "max_length": PROSE_LIMIT_CHARS,
                    **({"initial_value": harmless(settings.criteria)} if settings.criteria else {}),
                },
                hint="What reviewers judge by. Empty: what they usually judge by.",
                optional=True,
            ),
            _input(
                "budget",
                "Budget",
                {
                    "type": "plain_text_input",
                    "placeholder": _plain("2.50"),
                    **({"initial_value": shown(settings, "budget")} if _has_budget(stored) else {}),
                },
                hint="US dollars this channel may spend a day. Empty: the bot's own limit.",
                optional=True,
            ),
        ],
    }


def filled_in(view: Json) -> Mapping[str, str]:
    """The settings' texts by their names."""
    state = {name: view["state"]["values"][name][name] for name in FIELDS}
    return {
        MEMBERS: ", ".join(_model(option) for option in state[MEMBERS]["selected_options"]),
        CHAIRMAN: _model(state[CHAIRMAN]["selected_option"]),
        "mode": state["mode"]["selected_option"]["value"],
        "criteria": state["criteria"]["value"] or "clear",
        "budget": state["budget"]["value"] or "default",
    }


def options(catalogue: Catalogue, typed: str) -> list[Json]:
    """Models to choose from. Without a list of models whatever was typed can be chosen."""
    ids: Iterable[str] = (model.id for model in catalogue.search(typed, OPTIONS_MAX))
    if not catalogue.known and typed.strip() and len(typed.split()) == 1:
        ids = [typed.strip()]
    return [
        option
        for option in (_model_option(catalogue.price_label, id) for id in ids)
        if len(option["value"]) <= OPTION_VALUE_MAX
    ]


def _has_budget(stored: StoredSettings) -> bool:
    return "budget" in stored.values


def _model_option(price: Price, id: str, number: int = 0) -> Json:
    text = f"{id} · {price(id)}"
    if len(text) > OPTION_TEXT_MAX:
        text = text[: OPTION_TEXT_MAX - 1] + "…"
    return _option(text, f"{number}:{id}")


def _model(option: Json) -> str:
    return str(option["value"]).partition(":")[2]


def _option(text: str, value: str) -> Json:
    return {"text": _plain(text), "value": value}


def _input(name: str, label: str, element: Json, *, hint: str = "", optional: bool = False) -> Json:
    """Block and control have the setting's name."""
    return {
        "type": "input",
        "block_id": name,
        "label": _plain(label),
        "element": element | {"action_id": name},
        "optional": optional,
        **({"hint": _plain(hint)} if hint else {}),
    }


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": harmless(text)}
