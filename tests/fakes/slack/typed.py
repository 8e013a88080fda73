"""What people type, as their client sends it to Slack."""

import re

from tests.fakes.slack.refusals import Json
from tests.fakes.slack.state import Channel, User

_TOKEN = re.compile(r"<[@#!][^>\s][^>]*>|<[a-zA-Z][a-zA-Z0-9+.-]*:[^>]+>")
_ADDRESS = re.compile(r"https?://[^\s<>]+")
_NAME = re.compile(r"(?<!\S)([@#])([\w.-]*\w)")


def escaped(text: str) -> str:
    """`&`, `<` and `>` escaped, addresses made links; tokens such as `<@U...>` are kept."""
    parts, at = [], 0
    for token in _TOKEN.finditer(text):
        parts += [_plain(text[at : token.start()]), token.group()]
        at = token.end()
    return "".join([*parts, _plain(text[at:])])


def _plain(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _ADDRESS.sub(lambda found: f"<{found.group()}>", text)


def as_rich_text(text: str, block_id: str) -> list[Json]:
    """The block that goes with a person's (escaped) text, which is not escaped in it."""
    pieces: list[Json] = []
    at = 0
    for found in re.finditer(r"<@([UW][A-Z0-9]+)>|<(https?:[^>|]+)>", text):
        pieces += _text(text[at : found.start()])
        user, url = found.groups()
        pieces.append({"type": "user", "user_id": user} if user else {"type": "link", "url": url})
        at = found.end()
    pieces += _text(text[at:])
    section = {"type": "rich_text_section", "elements": pieces}
    return [{"type": "rich_text", "block_id": block_id, "elements": [section]}]


def _text(text: str) -> list[Json]:
    plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return [{"type": "text", "text": plain}] if plain else []


def names_escaped(text: str, people: list[User], channels: list[Channel]) -> str:
    """A command's text with `should_escape`: names become `<@U...|name>` and `<#C...|name>`."""
    ids = {("@", person.name): person.id for person in people}
    ids |= {("#", channel.name): channel.id for channel in channels}

    def token(found: re.Match[str]) -> str:
        sign, name = found.groups()
        known = ids.get((sign, name))
        return f"<{sign}{known}|{name}>" if known else found.group()

    return _NAME.sub(token, text)
