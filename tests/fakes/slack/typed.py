"""What people type, as their client sends it to Slack."""

import re

from tests.fakes.slack.refusals import Json
from tests.fakes.slack.state import Channel, User

_TOKEN = re.compile(r"<[@#!][^>\s][^>]*>|<[a-zA-Z][a-zA-Z0-9+.-]*:[^>]+>")
# What looks like a host is made an address as well, with the word that was typed as its label.
_ADDRESS = re.compile(
    r"https?://[^\s<>]+"
    r"|(?<![\w@./-])(?:[a-z0-9-]+\.)+(?:co|com|dev|example|io|net|org)\b(?:/(?:[^\s<>|]*[\w/])?)?",
    re.IGNORECASE,
)
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
    return _ADDRESS.sub(_linked, text)


def _linked(found: re.Match[str]) -> str:
    word = found.group()
    return f"<{word}>" if "://" in word else f"<http://{word}|{word}>"


def as_rich_text(text: str, block_id: str) -> list[Json]:
    """The block that goes with a person's (escaped) text, which is not escaped in it."""
    pieces: list[Json] = []
    at = 0
    for found in re.finditer(r"<@([UW][A-Z0-9]+)>|<(https?:[^>|]+)(?:\|([^>]*))?>", text):
        pieces += _text(text[at : found.start()])
        user, url, label = found.groups()
        link = {"type": "link", "url": url} | ({"text": label} if label else {})
        pieces.append({"type": "user", "user_id": user} if user else link)
        at = found.end()
    pieces += _text(text[at:])
    section = {"type": "rich_text_section", "elements": pieces}
    return [{"type": "rich_text", "block_id": block_id, "elements": [section]}]


def _text(text: str) -> list[Json]:
    plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return [{"type": "text", "text": plain}] if plain else []


def command_text(text: str, people: list[User], channels: list[Channel]) -> str:
    """A command's text with `should_escape`: as in a message, and names become tokens.

    Those have the name along: `<@U...|name>` and `<#C...|name>`.
    """
    tokens = {("@", person.name): f"<@{person.id}|{person.name}>" for person in people}
    tokens |= {("#", channel.name): f"<#{channel.id}|{channel.name}>" for channel in channels}
    tokens |= {("@", all): f"<!{all}>" for all in ("channel", "everyone", "here")}
    return _NAME.sub(lambda found: tokens.get((found[1], found[2]), found[0]), escaped(text))
