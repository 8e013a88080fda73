"""A modal as a person fills it in: what the client lets through, and what it sends."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.discord import components
from tests.fakes.discord.components import numbered
from tests.fakes.discord.refusals import Json


def filled_in(modal: Json, values: Mapping[str, object]) -> list[Json]:
    """The components of the submission; ValueError for what the client would not send."""
    left = dict(values)
    sent = [_submitted(component, left) for component in numbered(modal["components"])]
    if left:
        raise ValueError(f"the modal has no fields {sorted(left)}")
    return sent


def _submitted(component: Json, values: dict[str, object]) -> Json:
    own: Json = {"type": component["type"], "id": component["id"]}
    match component["type"]:
        case components.ROW:
            children = [_submitted(child, values) for child in component["components"]]
            return own | {"components": children}
        case components.LABEL:
            return own | {"component": _submitted(component["component"], values)}
        case components.TEXT_DISPLAY:
            return own
    given = values.pop(component["custom_id"], None)
    return own | {"custom_id": component["custom_id"]} | _value(component, given)


def _value(component: Json, given: Any) -> Json:
    name = component["custom_id"]
    match component["type"]:
        case components.TEXT_INPUT:
            return {"value": _typed_text(component, given)}
        case components.CHECKBOX:
            return {"value": bool(component.get("default", False) if given is None else given)}
        case components.RADIO_GROUP:
            offered = [option["value"] for option in component["options"]]
            if given not in (None, *offered) or (given is None and component.get("required", True)):
                raise ValueError(f"{name}: one of {offered}, not {given!r}")
            return {"value": given}
        case _:
            options = component.get("options", [])
            preset = [option["value"] for option in options if option.get("default")]
            chosen = list(preset if given is None else given)
            low, high = component.get("min_values", 1), component.get("max_values", 1)
            if not chosen and not component.get("required", True):
                return {"values": []}
            if not low <= len(chosen) <= high:
                raise ValueError(f"{name}: {low} to {high} values, not {len(chosen)}")
            offered = [option["value"] for option in options]
            if offered and not set(chosen) <= set(offered):
                raise ValueError(f"{name}: {chosen} is not among {offered}")
            return {"values": chosen}


def _typed_text(component: Json, given: Any) -> str:
    typed = str(component.get("value", "") if given is None else given)
    low, high = component.get("min_length", 0), component.get("max_length", 4000)
    required = component.get("required", True)
    if required and not typed:
        raise ValueError(f"{component['custom_id']} must be filled in")
    if typed and not low <= len(typed) <= high:
        raise ValueError(f"{component['custom_id']}: {low} to {high} characters")
    return typed
