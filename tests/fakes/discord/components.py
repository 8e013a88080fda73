"""What Discord accepts as components, in messages (old and V2) and in modals.

Knows nothing of who sends them. Source of the rules: Discord's API documentation, "Component
Reference"; the 4000 characters over all text displays are enforced with the code seen in practice.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.discord.refusals import (
    Check,
    Form,
    Json,
    Path,
    anything,
    boolean,
    items,
    number,
    one_of,
    shape,
    snowflake,
    text,
)

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = (3, 5, 6, 7, 8)
SECTION, TEXT_DISPLAY, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
LABEL, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 18, 19, 21, 22, 23

LINK, PREMIUM = 5, 6
TOTAL_LIMIT = 40
TEXT_LIMIT_CHARS = 4000


@dataclass(frozen=True, slots=True)
class _Kind:
    required: dict[str, Check] = field(default_factory=dict)
    optional: dict[str, Check] = field(default_factory=dict)


_EMOJI_FIELDS = shape({}, {"id": anything, "name": text(1, 100), "animated": boolean})


def is_unicode_emoji(text: str) -> bool:
    """Close enough to the Unicode list: short, and beyond the letters of any script in use."""
    return 0 < len(text) <= 16 and any(ord(c) >= 0x203C and not c.isalnum() for c in text)


def _emoji(form: Form, path: Path, value: Any) -> None:
    """Also of options. Source: discord-api-docs#8071."""
    _EMOJI_FIELDS(form, path, value)
    is_custom = isinstance(value, dict) and value.get("id")
    if isinstance(value, dict) and not is_custom and not is_unicode_emoji(value.get("name") or ""):
        form.add((*path, "name"), "BUTTON_COMPONENT_INVALID_EMOJI", "Invalid emoji")


_MEDIA = shape({"url": text(1, 2048)}, {})
_OPTION = shape(
    {"label": text(1, 100), "value": text(1, 100)},
    {"description": text(0, 100), "default": boolean, "emoji": _emoji},
)
_CUSTOM_ID: dict[str, Check] = {"custom_id": text(1, 100)}
_SELECT: dict[str, Check] = {
    "placeholder": text(0, 150),
    "min_values": number(0, 25),
    "max_values": number(1, 25),
    "disabled": boolean,
    "required": boolean,
}
_DEFAULTS: dict[str, Check] = {
    "default_values": items(0, 25, shape({"id": snowflake, "type": anything}, {}))
}
_CHOICES: dict[str, Check] = {
    "required": boolean,
    "min_values": number(0, 10),
    "max_values": number(1, 10),
}
_KINDS: dict[int, _Kind] = {
    ROW: _Kind({"components": items(1, 5)}),
    BUTTON: _Kind(
        {"style": number(1, 6)},
        {
            "label": text(1, 80),
            "emoji": _emoji,
            "custom_id": text(1, 100),
            "url": text(1, 512),
            "sku_id": snowflake,
            "disabled": boolean,
        },
    ),
    STRING_SELECT: _Kind({**_CUSTOM_ID, "options": items(1, 25, _OPTION)}, _SELECT),
    TEXT_INPUT: _Kind(
        {**_CUSTOM_ID, "style": number(1, 2)},
        {
            "label": text(1, 45),
            "min_length": number(0, 4000),
            "max_length": number(1, 4000),
            "required": boolean,
            "value": text(0, 4000),
            "placeholder": text(0, 100),
        },
    ),
    **{kind: _Kind(_CUSTOM_ID, {**_SELECT, **_DEFAULTS}) for kind in (5, 6, 7)},
    8: _Kind(_CUSTOM_ID, {**_SELECT, **_DEFAULTS, "channel_types": items(0, 20)}),
    SECTION: _Kind({"components": items(1, 3), "accessory": anything}),
    TEXT_DISPLAY: _Kind({"content": text(1, TEXT_LIMIT_CHARS)}),
    THUMBNAIL: _Kind({"media": _MEDIA}, {"description": text(0, 1024), "spoiler": boolean}),
    GALLERY: _Kind(
        {
            "items": items(
                1, 10, shape({"media": _MEDIA}, {"description": text(0, 1024), "spoiler": boolean})
            )
        }
    ),
    FILE: _Kind({"file": _MEDIA}, {"spoiler": boolean}),
    SEPARATOR: _Kind({}, {"divider": boolean, "spacing": one_of(1, 2)}),
    CONTAINER: _Kind(
        {"components": items(1, TOTAL_LIMIT)},
        {"accent_color": number(0, 0xFFFFFF), "spoiler": boolean},
    ),
    LABEL: _Kind({"label": text(1, 45), "component": anything}, {"description": text(0, 100)}),
    FILE_UPLOAD: _Kind(_CUSTOM_ID, _CHOICES),
    RADIO_GROUP: _Kind({**_CUSTOM_ID, "options": items(2, 10, _OPTION)}, {"required": boolean}),
    CHECKBOX_GROUP: _Kind({**_CUSTOM_ID, "options": items(1, 10, _OPTION)}, _CHOICES),
    CHECKBOX: _Kind(_CUSTOM_ID, {"default": boolean}),
}
_NULLABLE = frozenset({"accent_color", "description", "label", "placeholder"})

_OLD_MESSAGE = frozenset({ROW})
_V2_MESSAGE = frozenset({ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR, CONTAINER})
_MODAL = frozenset({ROW, TEXT_DISPLAY, LABEL})
_INSIDE: dict[int, frozenset[int]] = {
    ROW: frozenset({BUTTON, *SELECTS}),
    SECTION: frozenset({TEXT_DISPLAY}),
    CONTAINER: _V2_MESSAGE - {CONTAINER},
}
_LABELLED = frozenset({TEXT_INPUT, *SELECTS, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX})


def walk(components: list[Json]) -> Iterator[Json]:
    """Every component, parents before children, accessories included."""
    for component in components:
        yield component
        yield from walk(_children(component))


def displayed_text(components: list[Json]) -> str:
    return "\n".join(c["content"] for c in walk(components) if c["type"] == TEXT_DISPLAY)


def media_urls(components: list[Json]) -> Iterator[Json]:
    """Every `{"url": ...}` a component shows."""
    for component in walk(components):
        holders = [component, *component.get("items", [])]
        yield from (holder[key] for holder in holders for key in ("media", "file") if key in holder)


def numbered(components: list[Json]) -> list[Json]:
    """A copy in which every component has an id, as Discord hands it back."""
    copies = deepcopy(components)
    taken = {component["id"] for component in walk(copies) if component.get("id")}
    free = (number for number in range(1, 10_000) if number not in taken)
    for component in walk(copies):
        # A null field is dropped: Discord does not repeat it, and discord.py expects none back.
        for key in [key for key, value in component.items() if value is None]:
            del component[key]
        component["id"] = component.get("id") or next(free)
    return copies


def check_message(form: Form, path: Path, value: Any, *, v2: bool, files: frozenset[str]) -> None:
    """Judge a message's components; `files` are the names `attachment://` may refer to."""
    top = _V2_MESSAGE if v2 else _OLD_MESSAGE
    if not _well_formed(form, path, value, top, _INSIDE):
        return
    every = list(walk(value))
    if not v2 and len(value) > 5:
        form.add(path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    if len(every) > TOTAL_LIMIT:
        sentence = f"Total number of components exceeds maximum size of {TOTAL_LIMIT}"
        form.add(path, "COMPONENT_TOTAL_COUNT_EXCEEDED", sentence)
    if sum(len(c["content"]) for c in every if c["type"] == TEXT_DISPLAY) > TEXT_LIMIT_CHARS:
        sentence = f"Components displayable text size exceeds maximum size of {TEXT_LIMIT_CHARS}"
        form.add(path, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", sentence)
    _unique(form, path, every)
    for media in media_urls(value):
        name = media["url"].removeprefix("attachment://")
        if name != media["url"] and name not in files:
            sentence = f"The referenced attachment was not found: {name}"
            form.add(path, "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", sentence)
        elif name == media["url"] and not name.startswith(("http://", "https://")):
            form.add(path, "URL_TYPE_INVALID_SCHEME", f"Not a well formed URL: {name}")
    for component in every:
        if component["type"] == FILE and not component["file"]["url"].startswith("attachment://"):
            form.add(path, "COMPONENT_FILE_URL", "A file component shows attachment:// only")


def check_modal(form: Form, data: Json) -> None:
    form.fields(
        (),
        data,
        {"custom_id": text(1, 100), "title": text(1, 45), "components": items(1, 5)},
        {},
    )
    inside = {ROW: frozenset({TEXT_INPUT})}
    if _well_formed(form, ("components",), data.get("components"), _MODAL, inside):
        every = list(walk(data["components"]))
        _unique(form, ("components",), every)
        for component in every:
            if component.get("disabled"):
                form.add(("components",), "COMPONENT_DISABLED", "Nothing in a modal is disabled")


def _children(component: Json) -> list[Json]:
    single = [component[key] for key in ("accessory", "component") if key in component]
    return [*component.get("components", []), *single]


def _well_formed(
    form: Form, path: Path, value: Any, allowed: frozenset[int], inside: dict[int, frozenset[int]]
) -> bool:
    """Judge types, fields and nesting; True when the rest can be judged at all."""
    if not isinstance(value, list):
        form.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return False
    # A list, not a generator: every component is judged, also behind one that is wrong.
    judged = [_component(form, (*path, i), c, allowed, inside) for i, c in enumerate(value)]
    return all(judged)


def _component(
    form: Form, path: Path, value: Any, allowed: frozenset[int], inside: dict[int, frozenset[int]]
) -> bool:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in _KINDS or kind not in allowed:
        choices = tuple(sorted(allowed))
        form.add((*path, "type"), "UNION_TYPE_CHOICES", f"Value of field must be one of {choices}.")
        return False
    rules = _KINDS[kind]
    own = Form()
    common: dict[str, Check] = {"type": anything, "id": number(0, 2**31 - 1)}
    optional = {**rules.optional, **common}
    own.fields((), value, rules.required, optional, nullable=_NULLABLE)
    own_errors = own.errors()
    form.merge(path, own_errors)
    if own_errors:
        return False
    _more_rules(form, path, value)
    nested = [
        _well_formed(form, (*path, "components"), value.get("components", []), *_next(kind, inside))
    ]
    if kind == SECTION:
        accessories = frozenset({BUTTON, THUMBNAIL})
        nested.append(
            _component(form, (*path, "accessory"), value["accessory"], accessories, inside)
        )
    if kind == LABEL:
        nested.append(_component(form, (*path, "component"), value["component"], _LABELLED, inside))
    return all(nested)


def _next(
    kind: int, inside: dict[int, frozenset[int]]
) -> tuple[frozenset[int], dict[int, frozenset[int]]]:
    return inside.get(kind, frozenset()), inside


def _more_rules(form: Form, path: Path, value: Json) -> None:
    """Rules between the fields of one component."""
    kind = value["type"]
    if kind == ROW:
        children = [c.get("type") for c in value["components"] if isinstance(c, dict)]
        if len(children) > 1 and any(child != BUTTON for child in children):
            sentence = "A row holds up to five buttons, or one other component"
            form.add((*path, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", sentence)
    if kind == BUTTON:
        _button(form, path, value)
    if kind in SELECTS:
        low, high = value.get("min_values", 1), value.get("max_values", 1)
        if low > high or (kind == STRING_SELECT and high > len(value["options"])):
            form.add((*path, "max_values"), "NUMBER_TYPE_MAX", "Not between minimum and options")
    options = value.get("options", [])
    values = [option["value"] for option in options]
    if len(set(values)) < len(values):
        sentence = "The specified option value is already used"
        form.add((*path, "options"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", sentence)


def _button(form: Form, path: Path, value: Json) -> None:
    style = value["style"]
    key = {LINK: "url", PREMIUM: "sku_id"}.get(style, "custom_id")
    if not value.get(key):
        form.add((*path, key), "BASE_TYPE_REQUIRED", f"A button of style {style} needs it")
    for other in {"url", "sku_id", "custom_id"} - {key}:
        if value.get(other):
            form.add((*path, other), "BUTTON_COMPONENT_FIELDS", f"Not with style {style}")
    if style != PREMIUM and not value.get("label") and not value.get("emoji"):
        sentence = "A button needs a label or an emoji"
        form.add(path, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", sentence)


def _unique(form: Form, path: Path, every: list[Json]) -> None:
    for key, code in (
        ("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED"),
        ("id", "COMPONENT_ID_DUPLICATED"),
    ):
        values = [component[key] for component in every if component.get(key)]
        for value in {value for value in values if values.count(value) > 1}:
            form.add(path, code, f"Component {key} cannot be duplicated: {value}")
