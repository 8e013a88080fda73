"""What Slack accepts as blocks, in messages and in views. One unknown field refuses everything.

Source: Slack's Block Kit reference, "Blocks". Where live behaviour was measured to differ, the
stricter of the two holds.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from tests.fakes.slack.elements import (
    ID_LIMIT,
    IMAGE_FIELDS,
    IN_ACTIONS,
    IN_CARD,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    element,
    formatted,
    plain,
)
from tests.fakes.slack.refusals import (
    Check,
    Form,
    Json,
    Path,
    Refusal,
    anything,
    boolean,
    integer,
    items,
    one_of,
    shape,
    string,
    web_address,
)
from tests.fakes.slack.rich_text import PARTS, check_rich_text

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
MARKDOWN_LIMIT_CHARS = 12_000
TABLE_LIMIT_CHARS = 10_000
# `msg_blocks_too_long` was seen from about here on, each block taking its share of the budget, and
# rich text at 11,341 visible characters. Source: slackapi/bolt-js issues 2509 and 2867.
MESSAGE_LIMIT_CHARS, BLOCK_COST_CHARS, RICH_TEXT_COST = 13_200, 125, 1.2

Fields = tuple[dict[str, Check], dict[str, Check]]


def _context_element(form: Form, path: Path, value: Any) -> None:
    if isinstance(value, dict) and value.get("type") == "image":
        element(frozenset({"image"}))(form, path, value)
    else:
        formatted(3000)(form, path, value)


def _cell(*types: str) -> Check:
    def check(form: Form, path: Path, value: Any) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in types:
            form.add(path, f"unsupported type: {kind}")
        elif kind == "rich_text":
            check_rich_text(form, path, value)
        elif kind == "raw_text":
            shape({"type": anything, "text": string(1, TABLE_LIMIT_CHARS)})(form, path, value)
        else:
            fields = {"type": anything, "value": _number, "text": string(1, 255)}
            shape(fields)(form, path, value)

    return check


def _number(form: Form, path: Path, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        form.add(path, "must be a number")


def _column(form: Form, path: Path, value: Any) -> None:
    if value is not None:
        optional = {"align": one_of("left", "center", "right"), "is_wrapped": boolean}
        shape({}, optional)(form, path, value)


def _child(form: Form, path: Path, value: Any) -> None:
    _block(form, path, value, IN_CONTAINER)


def _card(form: Form, path: Path, value: Any) -> None:
    _block(form, path, value, frozenset({"card"}))


def _task(form: Form, path: Path, value: Any) -> None:
    _block(form, path, value, frozenset({"task_card"}))


_ICON = element(frozenset({"image"}))
_SOURCE = shape({"type": one_of("url"), "url": web_address, "text": string(1, 255)})

# The two lists of a container's children that exist, Slack's documentation and its live validator
# as others met it, differ; only what both allow is safe.
IN_CONTAINER = frozenset(
    {"actions", "context", "divider", "header", "image", "section", "table", "video"}
)
BLOCKS: dict[str, Fields] = {
    "section": (
        {},
        {
            "text": formatted(3000),
            "fields": items(1, 10, formatted(2000)),
            "accessory": element(IN_SECTION),
            "expand": boolean,
        },
    ),
    "divider": ({}, {}),
    "header": ({"text": plain(150)}, {}),
    "context": ({"elements": items(1, 10, _context_element)}, {}),
    "actions": ({"elements": items(1, 25, element(IN_ACTIONS))}, {}),
    "context_actions": ({"elements": items(1, 5, element(IN_CONTEXT_ACTIONS))}, {}),
    "image": ({"alt_text": string(1, 2000)}, {**IMAGE_FIELDS, "title": plain(2000)}),
    "input": (
        {"label": plain(2000), "element": element(IN_INPUT)},
        {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "markdown": ({"text": string(1, MARKDOWN_LIMIT_CHARS)}, {}),
    "rich_text": ({"elements": PARTS}, {}),
    "table": (
        {"rows": items(1, 100, items(1, 20, _cell("raw_text", "rich_text")))},
        {"column_settings": items(1, 20, _column)},
    ),
    "data_table": (
        {
            "caption": string(1, 255),
            "rows": items(2, 101, items(1, 20, _cell("raw_text", "raw_number", "rich_text"))),
        },
        {"page_size": integer(1, 100), "row_header_column_index": integer(0, 19)},
    ),
    "container": (
        {"child_blocks": items(1, 10, _child)},
        {
            "title": plain(150),
            "rich_text_title": check_rich_text,
            "subtitle": formatted(150),
            "icon": _ICON,
            "width": one_of("narrow", "standard", "wide", "full"),
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
    ),
    "alert": (
        {"text": formatted(3000)},
        {"level": one_of("default", "info", "warning", "error", "success")},
    ),
    "card": (
        {},
        {
            "title": formatted(150),
            "subtitle": formatted(150),
            "body": formatted(200),
            "icon": _ICON,
            "hero_image": _ICON,
            "actions": items(1, 5, element(IN_CARD)),
        },
    ),
    "carousel": ({"elements": items(1, 10, _card)}, {}),
    "task_card": (
        {
            "task_id": string(1, 255),
            "title": string(1, 3000),
            "status": one_of("pending", "in_progress", "complete", "error"),
        },
        {
            "details": check_rich_text,
            "output": check_rich_text,
            "sources": items(1, 100, _SOURCE),
        },
    ),
    "plan": ({"title": string(1, 3000)}, {"tasks": items(1, 50, _task)}),
    "video": (
        {
            "alt_text": string(1, 2000),
            "video_url": web_address,
            "thumbnail_url": web_address,
            "title": plain(200),
        },
        {
            "title_url": web_address,
            "description": plain(200),
            "provider_icon_url": web_address,
            "provider_name": string(1, 50),
            "author_name": string(1, 50),
        },
    ),
}
# Files and calls are placed by Slack, never by an app.
IN_MESSAGE = frozenset(BLOCKS)
IN_VIEW = frozenset(
    {
        "actions",
        "alert",
        "container",
        "context",
        "divider",
        "header",
        "image",
        "input",
        "rich_text",
        "section",
        "video",
    }
)


def check_message(value: Any, unknown_types: frozenset[str] = frozenset()) -> None:
    """Raise the refusal a message with these blocks meets, if any.

    `unknown_types` are treated as if Slack had never introduced them.
    """
    if not isinstance(value, list) or not all(isinstance(block, dict) for block in value):
        raise Refusal("invalid_blocks_format")
    form = Form()
    check_blocks(form, ("blocks",), value, IN_MESSAGE - unknown_types, MESSAGE_BLOCKS)
    form.refuse("invalid_blocks")
    every = list(walk(value))
    if sum(block["type"] == "table" for block in every) > 1:
        raise Refusal("invalid_attachments", ["only_one_table_allowed"])
    markdown = sum(len(block["text"]) for block in every if block["type"] == "markdown")
    if markdown > MARKDOWN_LIMIT_CHARS or message_cost(value) > MESSAGE_LIMIT_CHARS:
        raise Refusal("msg_blocks_too_long")


def check_blocks(form: Form, path: Path, value: Any, allowed: frozenset[str], limit: int) -> None:
    def one(form: Form, path: Path, block: Any) -> None:
        _block(form, path, block, allowed)

    items(0, limit, one)(form, path, value)
    if not form.errors:
        _unique_ids(form, path, value)


def message_cost(blocks: list[Json]) -> float:
    """What these blocks take of a message's budget."""
    return sum(map(_cost, walk(blocks)))


def _cost(block: Json) -> float:
    weight = RICH_TEXT_COST if block["type"] == "rich_text" else 1
    return BLOCK_COST_CHARS + _own_chars(block) * weight


def walk(blocks: list[Json]) -> Iterator[Json]:
    """Every block, containers and carousels opened."""
    for block in blocks:
        yield block
        if block["type"] == "container":
            yield from walk(block["child_blocks"])
        if block["type"] == "carousel":
            yield from walk(block["elements"])


def displayed(blocks: list[Json]) -> str:
    """Every text a reader can get to see, one per line, folded ones included."""
    return "\n".join(_texts(blocks))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if isinstance(one, str) and key in ("text", "caption", "alt_text"):
                yield one
            else:
                yield from _texts(one)


def elements_of(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element with the block it stands in."""
    for block in walk(blocks):
        found = block.get("elements", []) if block["type"] != "carousel" else []
        found = [*found, *block.get("actions", [])]
        found += [block[key] for key in ("accessory", "element") if key in block]
        yield from ((block, each) for each in found if "action_id" in each)


def with_ids(blocks: list[Json], new_id: Iterator[str]) -> list[Json]:
    """A copy in which every block and action has an id, as Slack hands them back."""
    copies = deepcopy(blocks)
    for block in walk(copies):
        block.setdefault("block_id", next(new_id))
        acting = block["type"] in ("actions", "context_actions")
        found = [*(block["elements"] if acting else []), *block.get("actions", [])]
        found += [block[key] for key in ("accessory", "element") if key in block]
        for each in found:
            if each["type"] != "image":
                each.setdefault("action_id", next(new_id))
    return copies


def _own_chars(value: Any) -> int:
    """The visible characters of a block, without the blocks inside it."""
    if isinstance(value, list):
        return sum(map(_own_chars, value))
    if not isinstance(value, dict):
        return 0
    inner = "elements" if value.get("type") == "carousel" else "child_blocks"
    nested = [v for key, v in value.items() if key != inner and not isinstance(v, str)]
    own = value.get("text")
    return (len(own) if isinstance(own, str) else 0) + sum(map(_own_chars, nested))


def _block(form: Form, path: Path, value: Any, allowed: frozenset[str]) -> None:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in BLOCKS or kind not in allowed:
        form.add((*path, "type"), f"unsupported type: {kind}")
        return
    required, optional = BLOCKS[kind]
    common: dict[str, Check] = {"type": anything, **required}
    before = len(form.errors)
    form.fields(path, value, common, {**optional, "block_id": string(1, ID_LIMIT)})
    if len(form.errors) == before:
        _more_rules(form, path, value)


def _more_rules(form: Form, path: Path, value: Json) -> None:
    """Rules between the fields of one block."""
    match value["type"]:
        case "section":
            if "text" not in value and "fields" not in value:
                form.add(path, "must define either text or fields")
        case "image":
            if ("image_url" in value) == ("slack_file" in value):
                form.add(path, "must define either image_url or slack_file")
        case "container":
            _container(form, path, value)
        case "card":
            if not {"hero_image", "title", "actions", "body"} & set(value):
                form.add(path, "must define hero_image, title, actions or body")
        case "table" | "data_table":
            _table(form, path, value)
        case _:
            pass
    _unique_actions(form, path, value)


def _container(form: Form, path: Path, value: Json) -> None:
    if "title" not in value and "rich_text_title" not in value:
        form.add(path, "must define either title or rich_text_title")
    if value.get("is_collapsible") and value.get("has_header_divider"):
        form.add(path, "has_header_divider is not supported with is_collapsible")
    if value.get("default_collapsed") and not value.get("is_collapsible"):
        form.add(path, "default_collapsed requires is_collapsible")


def _table(form: Form, path: Path, value: Json) -> None:
    rows = value["rows"]
    if len({len(row) for row in rows}) > 1:
        form.add((*path, "rows"), "all rows must have the same number of cells")
    if len(value.get("column_settings", [])) > len(rows[0]):
        form.add((*path, "column_settings"), "more settings than columns")
    if sum(_own_chars(row) for row in rows) > TABLE_LIMIT_CHARS:
        form.add((*path, "rows"), f"must be less than {TABLE_LIMIT_CHARS + 1} characters")


def _unique_actions(form: Form, path: Path, value: Json) -> None:
    found = value.get("elements", [])
    actions = [e["action_id"] for e in found if isinstance(e, dict) and "action_id" in e]
    for action in sorted({a for a in actions if actions.count(a) > 1}):
        form.add((*path, "elements"), f"action_id {action} already exists in this block")


def _unique_ids(form: Form, path: Path, blocks: list[Json]) -> None:
    ids = [block["block_id"] for block in walk(blocks) if "block_id" in block]
    for block_id in sorted({i for i in ids if ids.count(i) > 1}):
        form.add(path, f"block_id {block_id} already exists")
