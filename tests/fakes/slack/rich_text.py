"""Slack's rich text: lists, quotes and sections of small typed pieces.

Source: Slack's Block Kit reference, "Rich text block".
"""

from typing import Any

from tests.fakes.slack.refusals import (
    Check,
    Form,
    Path,
    anything,
    boolean,
    integer,
    items,
    one_of,
    shape,
    string,
)

_STYLE = shape({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline"), boolean))
_PIECES: dict[str, tuple[dict[str, Check], dict[str, Check]]] = {
    "text": ({"text": string(1, 12_000)}, {}),
    "link": (
        {"url": string(1, 3000)},
        {"text": string(1, 3000), "unsafe": boolean},
    ),
    "emoji": (
        {"name": string(1, 100)},
        {"skin_tone": integer(1, 6), "unicode": string(1, 64)},
    ),
    "user": ({"user_id": string(1, 32)}, {}),
    "usergroup": ({"usergroup_id": string(1, 32)}, {}),
    "channel": ({"channel_id": string(1, 32)}, {}),
    "team": ({"team_id": string(1, 32)}, {}),
    "broadcast": ({"range": one_of("here", "channel", "everyone")}, {}),
    "color": ({"value": string(1, 32)}, {}),
    "date": (
        {"timestamp": integer(0, 2**40), "format": string(1, 255)},
        {"url": string(1, 3000), "fallback": string(1, 255)},
    ),
}


def _piece(form: Form, path: Path, value: Any) -> None:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in _PIECES:
        form.add((*path, "type"), f"unsupported type: {kind}")
        return
    required, optional = _PIECES[kind]
    form.fields(path, value, {"type": anything, **required}, {**optional, "style": _STYLE})


_SECTION = shape(
    {"type": one_of("rich_text_section"), "elements": items(0, 1000, _piece)},
)
_PARTS: dict[str, Check] = {
    "rich_text_section": _SECTION,
    "rich_text_preformatted": shape(
        {"type": anything, "elements": items(1, 1000, _piece)},
        {"border": integer(0, 1), "language": string(1, 64)},
    ),
    "rich_text_quote": shape(
        {"type": anything, "elements": items(1, 1000, _piece)}, {"border": integer(0, 1)}
    ),
    "rich_text_list": shape(
        {
            "type": anything,
            "style": one_of("bullet", "ordered"),
            "elements": items(1, 1000, _SECTION),
        },
        {"indent": integer(0, 8), "offset": integer(0, 10_000), "border": integer(0, 1)},
    ),
}


def _part(form: Form, path: Path, value: Any) -> None:
    kind = value.get("type") if isinstance(value, dict) else None
    check = _PARTS.get(str(kind))
    if check is None:
        form.add((*path, "type"), f"unsupported type: {kind}")
    else:
        check(form, path, value)


PARTS = items(1, 1000, _part)


def check_rich_text(form: Form, path: Path, value: Any) -> None:
    """A `rich_text` block, also as a table's cell, a title or a task's details."""
    shape(
        {"type": one_of("rich_text"), "elements": PARTS},
        {"block_id": string(1, 255)},
    )(form, path, value)
