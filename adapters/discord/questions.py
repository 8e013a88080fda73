"""What a message asks of the council, and where the answer goes. Sends nothing.

Without the privileged intent Discord shows the text of direct messages, of messages that mention
the bot and of replies that ping it, and hides all other text.
"""

import re
from typing import TYPE_CHECKING, Literal

import discord
from discord.abc import Snowflake, User

from adapters.discord.address import Address, Kind
from bot.app import App
from bot.chat import Channel, Mention, Person
from bot.document import Detail, Document, Text

if TYPE_CHECKING:
    from adapters.discord.client import CouncilClient

# question: a typed mention, or a direct message. reply: the ping of a reply, nothing typed.
# hidden: the bot is mentioned, and the text cannot be read.
Addressed = Literal["question", "reply", "hidden"]

# Not `is_system()`: the starter of a thread passes that.
_WRITTEN_BY_PEOPLE = (discord.MessageType.default, discord.MessageType.reply)

_MENTION = re.compile(r"<(@!?|@&|#)(\d+)>")
_CUSTOM_EMOJI = re.compile(r"<a?(:\w+:)\d+>")


def addressed(message: discord.Message, me: Snowflake) -> Addressed | None:
    """How a message speaks to the bot; `None` where it does not."""
    if message.type not in _WRITTEN_BY_PEOPLE or message.author.bot or message.webhook_id:
        return None
    by_name = any(user.id == me.id for user in message.mentions)
    by_role = _own_role(message) in message.role_mentions
    if not (message.guild is None or by_name or by_role):
        return None
    answers_bot = _answers(message, me)
    if by_role or _is_typed(message, me) or (message.guild is None and not answers_bot):
        return "hidden" if not message.content and message.guild else "question"
    if message.content or message.attachments:
        return "reply"
    return None if message.stickers else "hidden"


async def mention_of(
    client: "CouncilClient", message: discord.Message, *, person: Person | None = None
) -> Mention:
    """The message as a question to the council, put by its author or by `person`."""
    app, me, guild = client.app, client.me, message.guild
    place: Snowflake = message.channel
    if isinstance(place, discord.PartialMessageable):
        place = client.get_channel(place.id) or await client.fetch_channel(place.id)
        guild = guild or getattr(place, "guild", None)
    text, quoted = question_text(message, me), await _quoted(message, app, me)
    if not text:
        # A bare mention in a reply means the message replied to.
        text, quoted = quoted, ""
    return Mention(
        key=key_of(message.id),
        channel=channel_of(place, guild),
        person=person or person_of(message.author),
        text=text,
        address=address_of(place, guild, message.id).to_json(),
        thread=thread_of(place, guild, message.id),
        quoted=quoted,
        direct=guild is None,
    )


def key_of(message: int) -> str:
    """The event that a question is; the message's id, which outlives replays and edits."""
    return f"discord:{message}"


def channel_of(place: Snowflake, guild: discord.Guild | None) -> Channel:
    """Where the settings live: of a thread, the channel it hangs in."""
    id = place.parent_id if isinstance(place, discord.Thread) else place.id
    return Channel("discord", str(guild.id) if guild else "", str(id))


def address_of(place: Snowflake, guild: discord.Guild | None, message: int | None) -> Address:
    kind: Kind = "here"
    if guild is None:
        kind = "direct"
    elif isinstance(place, discord.TextChannel):
        kind = "open"
    return Address(guild.id if guild else None, place.id, message, kind)


def thread_of(place: Snowflake, guild: discord.Guild | None, message: int) -> str | None:
    """The thread that the answers will be in; one opened from a message has the message's own id.

    A direct conversation has none. The text of a voice channel has none either, but its questions
    must not wait for each other, so each of them counts as a thread.
    """
    if guild is None:
        return None
    return str(place.id if isinstance(place, discord.Thread) else message)


def can_be_answered(place: object, rights: discord.Permissions) -> bool:
    """Whether the bot may write there, in a thread or as a plain reply."""
    in_thread = rights.send_messages_in_threads
    if isinstance(place, discord.Thread):
        return rights.view_channel and in_thread
    opens_one = isinstance(place, discord.TextChannel) and rights.create_public_threads
    return rights.view_channel and (rights.send_messages or (opens_one and in_thread))


def person_of(user: User) -> Person:
    """The author of a message; their roles came with it."""
    admin = isinstance(user, discord.Member) and user.guild_permissions.manage_guild
    return Person(str(user.id), admin=admin)


def question_text(message: discord.Message, me: Snowflake) -> str:
    """What was typed, without the mention that it begins with."""
    role = _own_role(message)
    own = rf"<@!?{me.id}>" + (rf"|<@&{role.id}>" if role else "")
    return plain_text(message, re.sub(rf"^\s*(?:(?:{own})[\s,:]*)+", "", message.content))


def plain_text(message: discord.Message, content: str | None = None) -> str:
    """The message's text with names in place of mentions and emoji codes."""
    people = {user.id: user.display_name for user in message.mentions}

    def name(found: re.Match[str]) -> str:
        sort, id = found[1], int(found[2])
        if sort == "#":
            channel = message.guild and message.guild.get_channel_or_thread(id)
            return f"#{channel.name}" if channel else "#channel"
        if sort == "@&":
            role = message.guild and message.guild.get_role(id)
            return f"@{role.name}" if role else "@role"
        return f"@{people.get(id, 'somebody')}"

    text = message.content if content is None else content
    return _CUSTOM_EMOJI.sub(r"\1", _MENTION.sub(name, text)).strip()


async def _quoted(message: discord.Message, app: App, me: Snowflake) -> str:
    """The message replied to, without its author's name; "" where there is none to be read."""
    replied = replied_to(message)
    if replied is None:
        return ""
    if replied.author.id != me.id:
        return question_text(replied, me)
    post = await app.store.post_by_id("discord", f"{replied.channel.id}/{replied.id}")
    document = await app.document(post.deliberation, post.key) if post else None
    return "\n\n".join(_texts(document)) if document else plain_text(replied)


def replied_to(message: discord.Message) -> discord.Message | None:
    """The message that this one answers, as far as Discord sent it along."""
    if message.type != discord.MessageType.reply or message.reference is None:
        return None
    resolved = message.reference.resolved
    return resolved if isinstance(resolved, discord.Message) else None


def _answers(message: discord.Message, me: Snowflake) -> bool:
    replied = replied_to(message)
    return replied is not None and replied.author.id == me.id


def _is_typed(message: discord.Message, me: Snowflake) -> bool:
    return me.id in message.raw_mentions


def _own_role(message: discord.Message) -> discord.Role | None:
    """The bot's managed role, which pickers offer beside the bot itself."""
    return message.guild.self_role if message.guild else None


def _texts(document: Document) -> list[str]:
    leaves = [
        leaf
        for block in document.blocks
        for leaf in (block.blocks if isinstance(block, Detail) else (block,))
    ]
    return [leaf.text for leaf in leaves if isinstance(leaf, Text)]
