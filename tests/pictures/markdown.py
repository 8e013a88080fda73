"""Markdown as HTML the way chat clients show it: near enough to look at, no more."""

import html
import re
from collections.abc import Callable, Mapping

from markdown_it import MarkdownIt

# What a client makes of tokens that are no Markdown: mentions and the like.
Tokens = Callable[[str], str]

_DISCORD = MarkdownIt("commonmark", {"breaks": True, "html": False}).enable("strikethrough")
_DISCORD.disable(["lheading", "code", "hr", "html_block", "html_inline", "reference", "image"])
_SLACK = MarkdownIt("commonmark", {"breaks": True, "html": False})
_SLACK.enable(["strikethrough", "table"]).disable(["html_block", "html_inline", "image"])

_FENCE = re.compile(r"^ {0,3}(?:```|~~~)")


def discord(text: str, names: Mapping[str, str]) -> str:
    """Lines that begin with `-# ` are small."""
    parts: list[tuple[bool, list[str]]] = []
    fenced = False
    for line in text.split("\n"):
        fenced ^= bool(_FENCE.match(line))
        small = line.startswith("-# ") and not fenced
        if not parts or parts[-1][0] != small:
            parts.append((small, []))
        parts[-1][1].append(line.removeprefix("-# ") if small else line)
    return "".join(_discord_part(small, lines, names) for small, lines in parts)


def _discord_part(small: bool, lines: list[str], names: Mapping[str, str]) -> str:
    if small:
        shown = (_mentions(_DISCORD.renderInline(line), names) for line in lines)
        return "".join(f"<p class=small>{line}</p>" for line in shown)
    # One line break more makes a gap, as many as there are.
    return _mentions(_DISCORD.render("\n".join(lines)), names)


def _mentions(shown: str, names: Mapping[str, str]) -> str:
    def name(found: re.Match[str]) -> str:
        return f"<span class=mention>@{html.escape(names.get(found[1], 'somebody'))}</span>"

    return re.sub(r"&lt;@!?(\w+)&gt;", name, shown)


def slack_markdown(text: str) -> str:
    """Of a `markdown` block."""
    return str(_SLACK.render(text))


_PIECES = re.compile(r"```(?:\n?)(?P<block>.*?)\n?```|`(?P<code>[^`\n]+)`", re.DOTALL)
_STYLES = (
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]*\S)\*(?![\w*])"), "b"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]*\S)_(?![\w_])"), "i"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]*\S)~(?![\w~])"), "s"),
)
_TOKEN = re.compile(r"<(?P<kind>[@#!]?)(?P<what>[^>|]+)(?:\|(?P<label>[^>]+))?>")


def slack_mrkdwn(text: str, names: Mapping[str, str]) -> str:
    """Of a text object; `&`, `<` and `>` are escaped in it."""
    code: list[str] = []

    def aside(piece: re.Match[str]) -> str:
        if piece["block"] is not None:
            code.append(f"<pre>{piece['block']}</pre>")
        else:
            code.append(f"<code>{piece['code']}</code>")
        return f"⟦{len(code) - 1}⟧"

    shown = _mrkdwn_lines(_PIECES.sub(aside, text), names)
    shown = re.sub(r"⟦(\d+)⟧", lambda found: code[int(found[1])], shown)
    return re.sub(r"(?:<br>)?(<pre>|</pre>)(?:<br>)?", r"\1", shown)


def _mrkdwn_lines(text: str, names: Mapping[str, str]) -> str:
    def token(found: re.Match[str]) -> str:
        if found["kind"] == "@":
            return (
                f"<span class=mention>@{html.escape(names.get(found['what'], 'somebody'))}</span>"
            )
        return f"<a>{found['label'] or found['what']}</a>"

    for pattern, tag in _STYLES:
        text = pattern.sub(rf"⟪{tag}⟫\1⟪/{tag}⟫", text)
    text = _TOKEN.sub(token, text)
    text = re.sub(r"⟪(/?[bis])⟫", r"<\1>", text)
    text = re.sub(r"(?m)(?:^(?:&gt;|>) ?.*\n?)+", _quote, text)
    return text.replace("\n", "<br>")


def _quote(found: re.Match[str]) -> str:
    lines = (re.sub(r"^(?:&gt;|>) ?", "", line) for line in found[0].strip("\n").split("\n"))
    return f"<blockquote>{'<br>'.join(lines)}</blockquote>"
