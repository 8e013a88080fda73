"""What a person fills into a modal, as the submission reports it; and what Slack's client refuses."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.slack.blocks import elements_of
from tests.fakes.slack.elements import options_of
from tests.fakes.slack.refusals import Json
from tests.fakes.slack.state import View

Filled = str | Sequence[str] | None


class Impossible(Exception):
    """No client would let this person do this."""


def filled_in(view: View, values: Mapping[str, Filled]) -> Json:
    """`state.values` of the view: by block, by action. `values` are by action id.

    What is not named keeps its initial value. Raises `Impossible` for an empty required input, an
    option that is not offered, and numbers or lengths outside the limits.
    """
    state = current_state(view, values)
    for block, element in elements_of(view.body["blocks"]):
        required = block["type"] == "input" and not block.get("optional")
        action = element["action_id"]
        if required and _is_empty(state[block["block_id"]][action]):
            raise Impossible(f"{action} is required")
    return state


def current_state(view: View, values: Mapping[str, Filled]) -> Json:
    """As `filled_in`, of a form that need not be complete yet."""
    state: Json = {}
    known: set[str] = set()
    for block, element in elements_of(view.body["blocks"]):
        action = element["action_id"]
        known.add(action)
        if element["type"] not in ("button", "overflow"):
            offered = view.offered.get(action, []) + options_of(element)
            value = _value(element, offered, values.get(action, ...))
            state.setdefault(block["block_id"], {})[action] = value
    if unknown := set(values) - known:
        raise Impossible(f"there is no {unknown} in {known}")
    return state


def _is_empty(value: Json) -> bool:
    return all(not content for key, content in value.items() if key != "type")


def _value(element: Json, offered: list[Json], given: Any) -> Json:
    kind = str(element["type"])
    named = {"type": kind}
    if kind.startswith("multi_") or kind == "checkboxes":
        return named | _many(element, kind, offered, given)
    if kind.endswith("_select") or kind == "radio_buttons":
        return named | _one(element, kind, offered, given)
    if kind in ("datepicker", "timepicker", "datetimepicker"):
        part = {"datepicker": "date", "timepicker": "time", "datetimepicker": "date_time"}[kind]
        return named | {f"selected_{part}": _given(element, f"initial_{part}", given)}
    text = _given(element, "initial_value", given)
    _check_text(element, text)
    return named | {"value": text or None}


def _given(element: Json, initial: str, given: Any) -> Any:
    return element.get(initial) if given is ... else given


def _one(element: Json, kind: str, offered: list[Json], given: Any) -> Json:
    for what in ("user", "channel", "conversation"):
        if kind == f"{what}s_select":
            return {f"selected_{what}": _given(element, f"initial_{what}", given)}
    if given is ...:
        return {"selected_option": element.get("initial_option")}
    return {"selected_option": None if given is None else _option(offered, given)}


def _many(element: Json, kind: str, offered: list[Json], given: Any) -> Json:
    for what in ("users", "channels", "conversations"):
        if kind == f"multi_{what}_select":
            return {f"selected_{what}": _given(element, f"initial_{what}", given) or []}
    initial = element.get("initial_options", [])
    if given is ...:
        chosen = initial
    else:
        # What was chosen from the start need not be offered again.
        chosen = [_option(offered + initial, value) for value in given or ()]
    if len(chosen) > element.get("max_selected_items", len(chosen)):
        raise Impossible(f"at most {element['max_selected_items']} can be selected")
    return {"selected_options": chosen}


def _option(offered: list[Json], value: str) -> Json:
    for option in offered:
        if option["value"] == value:
            return option
    raise Impossible(f"{value!r} is not offered, only {[o['value'] for o in offered]}")


def _check_text(element: Json, text: str | None) -> None:
    if not text:
        return
    low, high = element.get("min_length", 0), element.get("max_length", 3000)
    if element["type"] == "plain_text_input" and not low <= len(text) <= high:
        raise Impossible(f"between {low} and {high} characters")
    if element["type"] == "number_input":
        number = float(text)
        if number < float(element.get("min_value", number)):
            raise Impossible(f"at least {element['min_value']}")
        if number > float(element.get("max_value", number)):
            raise Impossible(f"at most {element['max_value']}")
        if not element["is_decimal_allowed"] and not number.is_integer():
            raise Impossible("a whole number")
