"""What a message says, as far as Discord shows it: typed text, forwards, embeds. Sends nothing."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import discord

_MENTION = re.compile(r"<(@!?|@&|#)(\d+)>")
_CUSTOM_EMOJI = re.compile(r"<a?(:\w+:)\d+>")
_ESCAPE_OR_CODE = re.compile(r"\\[^\w\s]|`+")


def mentions_typed(text: str) -> frozenset[int]:
    """Ids of the people whom the text mentions, those in code and behind a backslash left out."""
    found = _MENTION.findall(_outside_code(text))
    return frozenset(int(id) for sort, id in found if sort in {"@", "@!"})


def typed_text(message: discord.Message, content: str | None = None) -> str:
    """The message's own text, or `content` of it, with names in place of mentions and emoji."""
    people = {user.id: user.display_name for user in message.mentions}
    return _named(message.content if content is None else content, people, message.guild)


def forwarded_text(message: discord.Message) -> str:
    """What a forward carries; "" where the message is none."""
    return _joined(_shown(snapshot) for snapshot in message.message_snapshots)


def whole_text(message: discord.Message, content: str | None = None) -> str:
    """Everything that can be read of a message: its text, what it forwards, embeds, a poll.

    `content` stands for the text where only a part of it is meant.
    """
    return _joined((typed_text(message, content), forwarded_text(message), _shown(message)))


def _shown(source: discord.Message | discord.MessageSnapshot) -> str:
    """What stands beside the typed text; of a forward that text, too."""
    typed = "" if isinstance(source, discord.Message) else _named(source.content, {}, None)
    embeds = (_embed_text(embed) for embed in source.embeds if embed.type == "rich")
    poll = source.poll if isinstance(source, discord.Message) else None
    options = [poll.question, *(f"- {answer.text}" for answer in poll.answers)] if poll else []
    return _joined((typed, *embeds, *_displayed(source.components), "\n".join(options)))


def _embed_text(embed: discord.Embed) -> str:
    """Of an embed that a bot wrote; the preview of a link is nobody's words."""
    fields = (part for field in embed.fields for part in (field.name, field.value))
    return _joined((embed.title, embed.description, *fields, embed.footer.text))


def _displayed(components: Iterable[object]) -> Iterator[str]:
    for component in components:
        if isinstance(component, discord.TextDisplay):
            yield component.content
        elif isinstance(component, discord.Container | discord.SectionComponent):
            yield from _displayed(component.children)


def _joined(parts: Iterable[str | None]) -> str:
    return "\n\n".join(part.strip() for part in parts if part and part.strip())


def _named(text: str, people: Mapping[int, str], guild: discord.Guild | None) -> str:
    def name(found: re.Match[str]) -> str:
        sort, id = found[1], int(found[2])
        if sort == "#":
            channel = guild and guild.get_channel_or_thread(id)
            return f"#{channel.name}" if channel else "#channel"
        if sort == "@&":
            role = guild and guild.get_role(id)
            return f"@{role.name}" if role else "@role"
        return f"@{people.get(id, 'somebody')}"

    return _CUSTOM_EMOJI.sub(r"\1", _MENTION.sub(name, text)).strip()


def _outside_code(text: str) -> str:
    """The text without code and without what a backslash takes its meaning from.

    Code is what stands between two runs of backticks of the same length; one that is never closed
    is plain text. Linear: runs of a length are looked up rather than searched for.
    """
    runs = defaultdict[int, list[int]](list)
    for run in re.finditer("`+", text):
        runs[len(run[0])].append(run.start())
    parts, at = [], 0
    while found := _ESCAPE_OR_CODE.search(text, at):
        parts.append(text[at : found.start()])
        at = found.end()
        if found[0][0] == "`":
            same = runs[len(found[0])]
            close = bisect_left(same, at)
            if close < len(same):
                at = same[close] + len(found[0])
        parts.append(" ")
    return "".join((*parts, text[at:]))
