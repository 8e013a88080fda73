"""The settings of a channel as a modal, and what was filled in. Pure.

A model's option says `N:id`, so that a model with two seats is two options.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from adapters.slack.blocks import (
    OPTION_TEXT_MAX,
    OPTION_VALUE_MAX,
    OPTIONS_MAX,
    option,
    shortened,
    verbatim,
)
from adapters.slack.mrkdwn import mrkdwn
from bot.cleaning import harmless, one_line
from bot.conversation.offers import answer_usd
from bot.council import MEMBERS_MAX
from bot.language import _, n_
from bot.models.catalogue import Catalogue
from bot.pages.prices import dollars, price_words
from bot.pages.settings import Prices, short
from bot.records import StoredSettings
from bot.settings import (
    FORM,
    PRESET_LABEL,
    PROSE_LIMIT_CHARS,
    SETTINGS,
    Asked,
    Settings,
    word,
)

Json = dict[str, Any]
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


def view(settings: Settings, stored: StoredSettings, prices: Prices, opened: Opened) -> Json:
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": opened.to_json(),
        "title": plain(_("This channel's council")),
        "submit": plain(_("Save")),
        "close": plain(_("Cancel")),
        "blocks": [
            {"type": "section", "text": verbatim(mrkdwn(_about(settings, prices)))},
            *(
                block
                for name, asked in FORM.items()
                for block in (
                    _input(
                        name, asked, _element(name, asked, settings, name in stored.values, prices)
                    ),
                    *_presets(name),
                )
            ),
        ],
    }


def _about(settings: Settings, prices: Prices) -> str:
    n = len(settings.members)
    if settings.mode != "council":
        council = n_("{n} model is seated.", "{n} models are seated.", n)
    elif n == 1:
        council = _("1 model answers, one writes the verdict.")
    else:
        council = _("{n} models answer and review, one writes the verdict.", n=n)
    if not prices.question:
        return council
    return _(
        "About **${usd} a question**: {council}", usd=dollars(prices.question), council=council
    )


def _element(name: str, asked: Asked, settings: Settings, is_own: bool, prices: Prices) -> Json:
    """The control, filled in with what holds now; `is_own` where the channel said so itself."""
    setting = SETTINGS[name]
    value = getattr(settings, setting.field)
    match asked.kind:
        case "models":
            return {
                "type": "multi_external_select",
                "min_query_length": 0,
                "max_selected_items": MEMBERS_MAX,
                "initial_options": [
                    _model_option(prices.answer, id, value[:n].count(id))
                    for n, id in enumerate(value)
                ],
                "placeholder": plain(_("Search by vendor or name")),
            }
        case "model":
            return {
                "type": "external_select",
                "min_query_length": 0,
                "initial_option": _model_option(prices.answer, value),
            }
        case "choice":
            return {
                "type": "radio_buttons",
                "options": [_choice(name, choice) for choice in setting.choices],
                "initial_option": _choice(name, setting.show(value)),
            }
        case "prose" | "line":
            # Nothing stands in a field where nothing would mean the same.
            is_said = is_own if asked.empty == "default" else setting.parse(asked.empty) != value
            long = {"multiline": True, "max_length": PROSE_LIMIT_CHARS}
            return {
                "type": "plain_text_input",
                **(long if asked.kind == "prose" else {}),
                **({"placeholder": plain(asked.example)} if asked.example else {}),
                **({"initial_value": harmless(setting.show(value))} if is_said else {}),
            }


def _choice(name: str, choice: str) -> Json:
    does = (SETTINGS[name].meanings or {}).get(choice)
    return option(word(name, choice), choice, str(does) if does else "")


def filled_in(view: Json) -> Mapping[str, str]:
    """The settings' texts by their names."""
    values = view["state"]["values"]
    written = {name: _text(asked, values[name][name]) for name, asked in FORM.items()}
    chosen = {name: _chosen(values, _preset(name)) for name in FORM}
    return {**written, **{name: preset for name, preset in chosen.items() if preset}}


def _chosen(values: Json, preset: str) -> str:
    """The name of the one that was chosen; "" for none, or where a form of before asked for none."""
    option = values.get(preset, {}).get(preset, {}).get("selected_option")
    return str(option["value"]) if option else ""


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
    found = (_model_option(partial(answer_usd, catalogue), id) for id in ids)
    return [each for each in found if len(each["value"]) <= OPTION_VALUE_MAX]


def _model_option(answer: Callable[[str], float | None], id: str, number: int = 0) -> Json:
    """By its short name; the vendor stands below where one chooses."""
    usd = answer(id)
    price = f"${dollars(usd)}" if usd else price_words(usd)
    vendor = shortened(one_line(id.rpartition("/")[0]), OPTION_TEXT_MAX)
    below = {"description": plain(vendor)} if vendor else {}
    return option(f"{short(id)} · {price}", f"{number}:{id}") | below


def _presets(name: str) -> Iterable[Json]:
    """What may be chosen instead of a text of one's own."""
    setting = SETTINGS[name]
    if setting.presets:
        options = [
            option(preset, preset) | {"description": plain(shortened(text, OPTION_TEXT_MAX))}
            for preset, text in setting.presets.items()
        ]
        yield {
            "type": "input",
            "block_id": _preset(name),
            "label": plain(_(PRESET_LABEL)),
            "element": {
                "type": "static_select",
                "action_id": _preset(name),
                "options": options,
            },
            "optional": True,
        }


def _preset(name: str) -> str:
    """Block and control of its presets."""
    return f"{name}_preset"


def _model(chosen: Json) -> str:
    return str(chosen["value"]).partition(":")[2]


def _input(name: str, asked: Asked, element: Json) -> Json:
    """Block and control have the setting's name."""
    return {
        "type": "input",
        "block_id": name,
        "label": plain(_(SETTINGS[name].label)),
        "element": element | {"action_id": name},
        "optional": bool(asked.empty),
        **({"hint": plain(_(asked.hint))} if asked.hint else {}),
    }


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": harmless(text)}
