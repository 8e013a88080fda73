"""What Slack accepts inside blocks: texts, options, and interactive elements, with their limits.

Source: Slack's Block Kit reference, "Composition objects" and "Block elements".
"""

import re
from typing import Any

from tests.fakes.slack.refusals import (
    Check,
    Form,
    Json,
    Path,
    anything,
    boolean,
    integer,
    items,
    one_of,
    shape,
    string,
    web_address,
)

ID_LIMIT = 255
OPTION_TEXT_LIMIT, OPTION_VALUE_LIMIT = 75, 150


def plain(high: int, low: int = 1) -> Check:
    """A `plain_text` object."""
    return _text(("plain_text",), low, high)


def formatted(high: int, low: int = 1) -> Check:
    """A `plain_text` or `mrkdwn` object."""
    return _text(("plain_text", "mrkdwn"), low, high)


def mrkdwn(high: int) -> Check:
    return _text(("mrkdwn",), 1, high)


def _text(types: tuple[str, ...], low: int, high: int) -> Check:
    def check(form: Form, path: Path, value: Any) -> None:
        if not isinstance(value, dict):
            form.add(path, "must be an object")
            return
        kind = value.get("type")
        if kind not in types:
            form.add(path, f"must be a valid text object: {' or '.join(types)}")
            return
        extra: dict[str, Check] = (
            {"emoji": boolean} if kind == "plain_text" else {"verbatim": boolean}
        )
        form.fields(path, value, {"type": anything, "text": string(low, high)}, extra)

    return check


def numeral(form: Form, path: Path, value: Any) -> None:
    """A number input's numbers are strings."""
    if not isinstance(value, str) or not re.fullmatch(r"-?\d+(\.\d+)?", value):
        form.add(path, "must be a string holding a number")


def option(text: Check, **extra: Check) -> Check:
    return shape(
        {"text": text, "value": string(1, OPTION_VALUE_LIMIT)},
        {"description": text, **extra},
    )


PLAIN_OPTION = option(plain(OPTION_TEXT_LIMIT))
_RICH_OPTION = option(formatted(OPTION_TEXT_LIMIT))
_LINK_OPTION = option(plain(OPTION_TEXT_LIMIT), url=web_address)
OPTION_GROUP = shape({"label": plain(OPTION_TEXT_LIMIT), "options": items(1, 100, PLAIN_OPTION)})
_STYLE = one_of("primary", "danger")
_CONFIRM = shape(
    {"title": plain(100), "text": formatted(300), "confirm": plain(30), "deny": plain(30)},
    {"style": _STYLE},
)
_DISPATCH = shape(
    {"trigger_actions_on": items(1, 2, one_of("on_enter_pressed", "on_character_entered"))}
)
SLACK_FILE = shape({}, {"id": string(1, 255), "url": web_address})
IMAGE_FIELDS: dict[str, Check] = {"image_url": web_address, "slack_file": SLACK_FILE}

_ACTION: dict[str, Check] = {"action_id": string(1, ID_LIMIT)}
_INPUT: dict[str, Check] = {**_ACTION, "focus_on_load": boolean}
_HINTED: dict[str, Check] = {**_INPUT, "placeholder": plain(150)}
_SELECT: dict[str, Check] = {**_HINTED, "confirm": _CONFIRM}
_MULTI: dict[str, Check] = {**_SELECT, "max_selected_items": integer(1, 1000)}
_STATIC: dict[str, Check] = {
    "options": items(1, 100, PLAIN_OPTION),
    "option_groups": items(1, 100, OPTION_GROUP),
}
_EXTERNAL: dict[str, Check] = {"min_query_length": integer(0, 3000)}
_ONE: dict[str, Check] = {"initial_option": PLAIN_OPTION}
_MANY: dict[str, Check] = {"initial_options": items(1, 100, PLAIN_OPTION)}
_ID = string(1, ID_LIMIT)
_IDS = items(1, 1000, _ID)
_FEEDBACK = shape(
    {"text": plain(75), "value": string(1, 2000)}, {"accessibility_label": string(1, 75)}
)

Fields = tuple[dict[str, Check], dict[str, Check]]

ELEMENTS: dict[str, Fields] = {
    "button": (
        {"text": plain(75)},
        {
            **_ACTION,
            "url": web_address,
            "value": string(0, 2000),
            "style": _STYLE,
            "confirm": _CONFIRM,
            "accessibility_label": string(1, 75),
            "agent_prompt": string(1, 4000),
            "agent_prompt_display": string(1, 4000),
            "visible_to_user_ids": items(1, 100, _ID),
        },
    ),
    "icon_button": (
        {"icon": one_of("trash"), "text": plain(75)},
        {
            **_ACTION,
            "value": string(0, 2000),
            "confirm": _CONFIRM,
            "accessibility_label": string(1, 75),
            "visible_to_user_ids": items(1, 10, _ID),
        },
    ),
    "feedback_buttons": ({"positive_button": _FEEDBACK, "negative_button": _FEEDBACK}, _ACTION),
    "image": ({"alt_text": string(1, 2000)}, IMAGE_FIELDS),
    "static_select": ({}, {**_SELECT, **_STATIC, **_ONE}),
    "multi_static_select": ({}, {**_MULTI, **_STATIC, **_MANY}),
    "external_select": ({}, {**_SELECT, **_EXTERNAL, **_ONE}),
    "multi_external_select": ({}, {**_MULTI, **_EXTERNAL, **_MANY}),
    "users_select": ({}, {**_SELECT, "initial_user": _ID}),
    "multi_users_select": ({}, {**_MULTI, "initial_users": _IDS}),
    "channels_select": (
        {},
        {**_SELECT, "initial_channel": _ID, "response_url_enabled": boolean},
    ),
    "multi_channels_select": ({}, {**_MULTI, "initial_channels": _IDS}),
    "conversations_select": (
        {},
        {
            **_SELECT,
            "initial_conversation": _ID,
            "response_url_enabled": boolean,
            "default_to_current_conversation": boolean,
            "filter": anything,
        },
    ),
    "multi_conversations_select": (
        {},
        {
            **_MULTI,
            "initial_conversations": _IDS,
            "default_to_current_conversation": boolean,
            "filter": anything,
        },
    ),
    # The reference names no least number any more; it used to be two.
    "overflow": ({"options": items(2, 5, _LINK_OPTION)}, {**_ACTION, "confirm": _CONFIRM}),
    "checkboxes": (
        {"options": items(1, 10, _RICH_OPTION)},
        {**_INPUT, "confirm": _CONFIRM, "initial_options": items(1, 10, _RICH_OPTION)},
    ),
    "radio_buttons": (
        {"options": items(1, 10, _RICH_OPTION)},
        {**_INPUT, "confirm": _CONFIRM, "initial_option": _RICH_OPTION},
    ),
    "datepicker": ({}, {**_SELECT, "initial_date": string(10, 10)}),
    "timepicker": ({}, {**_SELECT, "initial_time": string(5, 5), "timezone": string(1, 100)}),
    "datetimepicker": (
        {},
        {**_INPUT, "confirm": _CONFIRM, "initial_date_time": integer(10**9, 10**10 - 1)},
    ),
    "plain_text_input": (
        {},
        {
            **_HINTED,
            "initial_value": string(0, 3000),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
            "dispatch_action_config": _DISPATCH,
        },
    ),
    "number_input": (
        {"is_decimal_allowed": boolean},
        {
            **_HINTED,
            "initial_value": numeral,
            "min_value": numeral,
            "max_value": numeral,
            "dispatch_action_config": _DISPATCH,
        },
    ),
    "email_text_input": (
        {},
        {**_HINTED, "initial_value": string(0, 3000), "dispatch_action_config": _DISPATCH},
    ),
    "url_text_input": (
        {},
        {**_HINTED, "initial_value": string(0, 3000), "dispatch_action_config": _DISPATCH},
    ),
    "rich_text_input": (
        {},
        {**_HINTED, "initial_value": anything, "dispatch_action_config": _DISPATCH},
    ),
    "file_input": ({}, {**_ACTION, "filetypes": anything, "max_files": integer(1, 10)}),
}

SELECTS = frozenset(name for name in ELEMENTS if name.endswith("_select"))
_PICKERS = frozenset({"datepicker", "timepicker"})
_CHOICES = frozenset({"checkboxes", "radio_buttons"})
IN_ACTIONS = SELECTS | _PICKERS | _CHOICES | {"button", "overflow", "datetimepicker"}
IN_SECTION = SELECTS | _PICKERS | _CHOICES | {"button", "overflow", "image"}
IN_INPUT = (
    SELECTS
    | _PICKERS
    | _CHOICES
    | {
        "datetimepicker",
        "plain_text_input",
        "number_input",
        "email_text_input",
        "url_text_input",
        "rich_text_input",
        "file_input",
    }
)
IN_CONTEXT_ACTIONS = frozenset({"feedback_buttons", "icon_button"})
IN_CARD = frozenset({"button"})


def element(allowed: frozenset[str]) -> Check:
    """One element of the types allowed here."""

    def check(form: Form, path: Path, value: Any) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in ELEMENTS or kind not in allowed:
            form.add((*path, "type"), f"unsupported type: {kind}")
            return
        required, optional = ELEMENTS[kind]
        before = len(form.errors)
        form.fields(path, value, {"type": anything, **required}, optional)
        if len(form.errors) == before:
            _more_rules(form, path, value)

    return check


def options_of(value: Json) -> list[Json]:
    """Every option a select, a checkbox group or a menu offers, groups opened."""
    groups = value.get("option_groups")
    lists = [g.get("options", []) for g in groups] if isinstance(groups, list) else []
    return [o for one in [value.get("options", []), *lists] for o in one]


def _more_rules(form: Form, path: Path, value: Json) -> None:
    """Rules between the fields of one element."""
    kind = value["type"]
    if kind in ("static_select", "multi_static_select") and (
        ("options" in value) == ("option_groups" in value)
    ):
        form.add(path, "must define either options or option_groups")
    if kind == "image" and ("image_url" in value) == ("slack_file" in value):
        form.add(path, "must define either image_url or slack_file")
    if kind == "number_input" and not value.get("is_decimal_allowed"):
        numbers = ("initial_value", "min_value", "max_value")
        for name in [n for n in numbers if "." in str(value.get(n, ""))]:
            form.add((*path, name), "must be an integer")
    if kind in ("static_select", "multi_static_select", "checkboxes", "radio_buttons"):
        _initial(form, path, value)


def _initial(form: Form, path: Path, value: Json) -> None:
    offered = options_of(value)
    chosen = [value["initial_option"]] if "initial_option" in value else []
    many = value.get("initial_options")
    chosen += many if isinstance(many, list) else []
    if any(option not in offered for option in chosen):
        form.add(path, "initial options must match options exactly")
    if isinstance(many, list) and len(many) > value.get("max_selected_items", 1000):
        form.add(path, "more initial options than max_selected_items")
