"""What a message says, wherever Slack put it: typed text, blocks of other apps, what is forwarded.

Pure, and total on anything that Slack or an app may send. Words are in Slack's escaped text, with
its tokens, so that whatever reads those reads all of them alike. Who wrote what is forwarded is left
out, and so are buttons.
"""

from collections.abc import Iterable, Iterator
from typing import Any

Json = dict[str, Any]

# Forwards of forwards, and blocks within blocks, are read so deep.
_DEPTH = 8


def typed_words(message: Json) -> str:
    """What a person typed; "" for the post of an app, whose text stands for its blocks."""
    blocks = _list(message, "blocks")
    by_hand = all(_text(block, "type") == "rich_text" for block in blocks)
    return _text(message, "text") if by_hand and not message.get("bot_id") else ""


def shown_words(message: Json) -> str:
    """What the message shows where nobody typed it."""
    blocks = _list(message, "blocks")
    return _joined(_block(block, _DEPTH) for block in blocks) or _text(message, "text")


def attached_words(message: Json) -> str:
    """What hangs on the message: forwarded messages, cards of other apps, previews."""
    return _joined(_attachments(message, _DEPTH))


def files(message: Json) -> tuple[Json, ...]:
    """Those of the message and of what it forwards; what was deleted is no file any more."""
    return tuple(_files(message, _DEPTH))


def file_name(file: Json) -> str:
    return _text(file, "name") or _text(file, "title")


# --- Attachments


def _attachments(message: Json, depth: int) -> Iterator[str]:
    for attachment in _list(message, "attachments") if depth else ():
        said = _joined(_of_attachment(attachment, depth))
        fallback = _text(attachment, "fallback")
        yield said or ("" if fallback.startswith("[no preview") else fallback)


def _of_attachment(attachment: Json, depth: int) -> Iterator[str]:
    inner = _forwarded(attachment)
    blocks = [block for message in inner for block in _list(message, "blocks")]
    blocks = blocks or _list(attachment, "blocks")
    yield _text(attachment, "pretext")
    yield _text(attachment, "title")
    texts = (_text(attachment, "text"), *(_text(message, "text") for message in inner))
    inside = {"text": next(filter(None, texts), ""), "blocks": blocks}
    yield typed_words(inside) or shown_words(inside)
    for field in _list(attachment, "fields"):
        yield ": ".join(filter(None, (_text(field, "title"), _text(field, "value"))))
    for message in (attachment, *inner):
        yield from _attachments(message, depth - 1)


def _forwarded(attachment: Json) -> list[Json]:
    found = [each.get("message") for each in _list(attachment, "message_blocks")]
    return [message for message in found if isinstance(message, dict)]


def _files(message: Json, depth: int) -> Iterator[Json]:
    yield from (file for file in _list(message, "files") if file.get("mode") != "tombstone")
    for attachment in _list(message, "attachments") if depth else ():
        # What is forwarded may tell of its files at either place, or at both.
        inner = [file for each in _forwarded(attachment) for file in _files(each, depth - 1)]
        found = (*_files(attachment, depth - 1), *inner)
        yield from {_text(file, "id") or file_name(file): file for file in found}.values()


# --- Blocks


def _block(block: Json, depth: int) -> str:
    if not depth:
        return ""
    match block.get("type"):
        case "rich_text":
            return _joined((_rich(part) for part in _list(block, "elements")), "\n")
        case "markdown":
            return _escaped(_text(block, "text"))
        case "table" | "data_table":
            rows = block.get("rows")
            return _joined(map(_row, rows if isinstance(rows, list) else ()), "\n")
        case "actions" | "context_actions" | "input":
            return ""
        case _:
            return _joined(_of_any(block, depth), "\n")


def _of_any(block: Json, depth: int) -> Iterator[str]:
    """Texts of a block, in the order in which they are shown."""
    yield from (_object(block.get(name)) for name in ("title", "rich_text_title", "subtitle"))
    yield from (_object(block.get(name)) for name in ("text", "body", "description"))
    yield from (_object(block.get(name)) for name in ("details", "output"))
    for name in ("fields", "elements"):
        for each in _list(block, name):
            yield _block(each, depth - 1) if each.get("type") == "card" else _object(each)
    if block.get("type") == "image" and not block.get("title"):
        yield _escaped(_text(block, "alt_text"))
    for name in ("child_blocks", "blocks", "cards", "tasks"):
        yield from (_block(child, depth - 1) for child in _list(block, name))


def _object(value: Any) -> str:
    """A text object, or an element that shows one."""
    match value:
        case str():
            return _angles(value)
        case {"type": "mrkdwn", "text": str(text)}:
            return text
        case {"type": "plain_text" | "raw_text", "text": str(text)}:
            return _angles(text)
        case {"type": "rich_text"}:
            return _block(value, 1)
        case _:
            return ""


def _row(row: Any) -> str:
    return " | ".join(map(_object, row)) if isinstance(row, list) else ""


# --- Rich text


def _rich(part: Json) -> str:
    match part.get("type"):
        case "rich_text_list":
            return _rich_list(part)
        case "rich_text_quote":
            return "\n".join(f"&gt; {line}" for line in _inline(part).split("\n"))
        case "rich_text_preformatted":
            return f"```\n{_inline(part)}\n```"
        case _:
            return _inline(part).rstrip("\n")


def _rich_list(part: Json) -> str:
    ordered, indent = part.get("style") == "ordered", part.get("indent")
    margin = "  " * (indent if isinstance(indent, int) and 0 <= indent < 10 else 0)
    lines = [_inline(each) for each in _list(part, "elements")]
    marks = [f"{number}." if ordered else "-" for number in range(1, len(lines) + 1)]
    return "\n".join(f"{margin}{mark} {line}" for mark, line in zip(marks, lines, strict=True))


def _inline(part: Json) -> str:
    return "".join(map(_piece, _list(part, "elements")))


def _piece(piece: Json) -> str:
    match piece:
        case {"type": "text", "text": str(text), "style": {"code": True}}:
            return f"`{_escaped(text)}`"
        case {"type": "text", "text": str(text)}:
            return _escaped(text)
        case {"type": "link", "url": str(url)}:
            label = _text(piece, "text")
            return f"<{url}|{_escaped(label)}>" if label else f"<{url}>"
        case {"type": "user", "user_id": str(user)}:
            return f"<@{user}>"
        case {"type": "channel", "channel_id": str(channel)}:
            return f"<#{channel}>"
        case {"type": "usergroup", "usergroup_id": str(group)}:
            return f"<!subteam^{group}>"
        case {"type": "broadcast", "range": str(reach)}:
            return f"<!{reach}>"
        case {"type": "emoji", "name": str(name)}:
            return f":{name}:"
        case {"type": "color", "value": str(value)}:
            return _escaped(value)
        case {"type": "date"}:
            return _escaped(_text(piece, "fallback"))
        case _:
            return ""


# --- Values


def _text(value: Json, name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _list(value: Json, name: str) -> list[Json]:
    found = value.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _joined(texts: Iterable[str], between: str = "\n\n") -> str:
    return between.join(text for text in texts if text.strip())


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _angles(text: str) -> str:
    """Plain text, whose ampersands Slack has escaped or not."""
    return text.replace("<", "&lt;").replace(">", "&gt;")
