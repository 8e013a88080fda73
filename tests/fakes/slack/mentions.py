"""Whom a message notifies, and which links it shows under which label.

Pessimistic where Slack is not known to be harmless: a token counts wherever it stands unescaped,
inside code as well.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.fakes.slack.blocks import walk
from tests.fakes.slack.refusals import Json

Kind = Literal["user", "usergroup", "broadcast"]
Target = tuple[Kind, str]

_USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_GROUP = re.compile(r"<!subteam\^(S[A-Z0-9]+)(?:\|[^>]*)?>")
_BROADCAST = re.compile(r"<!(here|channel|everyone)(?:\|[^>]*)?>")
_LINK = re.compile(r"<([a-zA-Z][a-zA-Z0-9+.-]*:[^|>\s]+)(?:\|([^>]*))?>")
_NAME = re.compile(r"(?<![\w<!])@([\w.-]+)")

_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@dataclass(frozen=True, slots=True)
class Found:
    targets: dict[Target, frozenset[str]]
    links: list[tuple[str, str]]
    """(address, label), the label being the address where none is given."""


def scan(text: str, blocks: list[Json], names: dict[str, str] | None = None) -> Found:
    """`names` are the people an `@name` reaches (id by name) when names are to be linked."""
    places = {"text": [text], "blocks": list(_token_texts(blocks))}
    targets: dict[Target, frozenset[str]] = {}
    for place, texts in places.items():
        found = {t for one in texts for t in _targets(one)}
        if names is not None and place == "text":
            found |= set(_named(text, names))
        if place == "blocks":
            found |= set(_rich_targets(blocks))
        for target in found:
            targets[target] = targets.get(target, frozenset()) | {place}
    every = [one for texts in places.values() for one in texts]
    links = [link for one in every for link in _mrkdwn_links(one)]
    return Found(targets, links + list(_block_links(blocks)))


def is_disguised(url: str, label: str) -> bool:
    """Whether a reader of the label cannot tell where the link leads."""
    parts = urlsplit(url)
    shown = parts.hostname or parts.path
    return shown.lower() not in label.lower()


def markdown_links(text: str) -> Iterator[tuple[str, str]]:
    """(address, label) of every link and picture in standard Markdown."""
    for token in _MARKDOWN.parse(text):
        children = token.children or []
        for index, child in enumerate(children):
            if child.type == "link_open":
                yield str(child.attrs["href"]), _label(children[index + 1 :])
            elif child.type == "image":
                yield str(child.attrs["src"]), child.content


def _label(tokens: list[Token]) -> str:
    label = ""
    for token in tokens:
        if token.type == "link_close":
            break
        label += token.content
    return label


def _targets(text: str) -> Iterator[Target]:
    yield from (("user", found) for found in _USER.findall(text))
    yield from (("usergroup", found) for found in _GROUP.findall(text))
    yield from (("broadcast", found) for found in _BROADCAST.findall(text))


def _named(text: str, names: dict[str, str]) -> Iterator[Target]:
    for name in _NAME.findall(text):
        if name in ("here", "channel", "everyone"):
            yield ("broadcast", name)
        elif name in names:
            yield ("user", names[name])


def _mrkdwn_links(text: str) -> Iterator[tuple[str, str]]:
    yield from ((url, label or url) for url, label in _LINK.findall(text))


def _token_texts(value: Any) -> Iterator[str]:
    """Every text in which Slack reads tokens: mrkdwn objects and markdown blocks."""
    if isinstance(value, list):
        for one in value:
            yield from _token_texts(one)
    elif isinstance(value, dict):
        if value.get("type") in ("mrkdwn", "markdown") and isinstance(value.get("text"), str):
            yield value["text"]
        for one in value.values():
            yield from _token_texts(one)


def _pieces(value: Any) -> Iterator[Json]:
    if isinstance(value, list):
        for one in value:
            yield from _pieces(one)
    elif isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _pieces(one)


def _rich_targets(blocks: list[Json]) -> Iterator[Target]:
    for piece in _pieces(blocks):
        match piece:
            case {"type": "user", "user_id": str(user)}:
                yield ("user", user)
            case {"type": "usergroup", "usergroup_id": str(group)}:
                yield ("usergroup", group)
            case {"type": "broadcast", "range": str(reach)}:
                yield ("broadcast", reach)
            case _:
                pass


def _block_links(blocks: list[Json]) -> Iterator[tuple[str, str]]:
    for block in walk(blocks):
        if block["type"] == "markdown":
            yield from markdown_links(block["text"])
    for piece in _pieces(blocks):
        match piece:
            case {"type": "link", "url": str(url)}:
                yield url, str(piece.get("text", url))
            case {"type": "button", "url": str(url), "text": {"text": str(label)}}:
                yield url, label
            case _:
                pass
