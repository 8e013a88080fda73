"""Small blocks for tests, right as they are; further fields are given by name."""

from typing import Any

Block = dict[str, Any]


def text(words: str, kind: str = "mrkdwn") -> Block:
    return {"type": kind, "text": words}


def plain(words: str) -> Block:
    return text(words, "plain_text")


def section(words: str = "x", **more: Any) -> Block:
    return {"type": "section", "text": text(words)} | more


def container(*children: Block, **more: Any) -> Block:
    folded = {"is_collapsible": True, "default_collapsed": True}
    title = {"title": plain("Answer A")}
    return {"type": "container", "child_blocks": list(children)} | title | folded | more


def rich_text(*pieces: Block) -> Block:
    section = {"type": "rich_text_section", "elements": list(pieces)}
    return {"type": "rich_text", "elements": [section]}


def table(rows: int = 2, columns: int = 2, words: str = "x") -> Block:
    cells = [{"type": "raw_text", "text": words}] * columns
    return {"type": "table", "rows": [cells] * rows}


def option(value: str) -> Block:
    return {"text": plain(value), "value": value}


def a_button(**more: Any) -> Block:
    return {"type": "button", "text": plain("Press"), "action_id": "press"} | more


def in_actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def select(size: int, **more: Any) -> Block:
    choice = [option(str(n)) for n in range(size)]
    return {"type": "static_select", "action_id": "s", "options": choice} | more


def modal(**more: Any) -> Block:
    members = {
        "type": "multi_external_select",
        "action_id": "models",
        "min_query_length": 1,
        "max_selected_items": 4,
    }
    field = {"type": "input", "block_id": "members", "label": plain("Members"), "element": members}
    return {
        "type": "modal",
        "callback_id": "settings",
        "title": plain("Council"),
        "submit": plain("Save"),
        "blocks": [field],
    } | more
