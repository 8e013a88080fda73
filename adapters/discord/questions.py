"""What a message asks of the council, and where the answer goes. Sends nothing.

Without the privileged intent Discord shows the text of direct messages, of messages that mention
the bot and of replies that ping it, and hides all other text.
"""

import asyncio
import logging
import re
from typing import Literal

import discord
from discord.abc import Snowflake, User

from adapters.discord import reading
from adapters.discord.address import Address, Kind
from adapters.discord.bot import Bot
from adapters.discord.delivery import words
from adapters.discord.files import attached
from bot.chat import Channel, Mention, Person
from bot.conversation.app import App
from bot.council import Alone
from bot.document import Detail, Document, Text
from bot.language import N_, _
from bot.protocol.folding import is_blank
from bot.texts import UNREAD_MESSAGE

logger = logging.getLogger(__name__)

# question: a typed mention, or a direct message. reply: the ping of a reply, nothing typed.
# hidden: the bot is mentioned, and the text cannot be read.
Addressed = Literal["question", "reply", "hidden"]

# How long the asker is kept waiting for the message that they replied to.
FETCHING_SECONDS = 20.0

LOCKED = N_("This thread is locked: nobody but moderators can write in it, and the bot is none.")
NO_RIGHT = N_(
    "I may not write here. Somebody who manages this server can give me *View Channel*, *Send "
    "Messages*, *Create Public Threads* and *Send Messages in Threads* in this channel."
)

# Not `is_system()`: the starter of a thread passes that.
WRITTEN_BY_PEOPLE = (discord.MessageType.default, discord.MessageType.reply)


def addressed(message: discord.Message, me: Snowflake) -> Addressed | None:
    """How a message speaks to the bot; `None` where it does not."""
    if message.type not in WRITTEN_BY_PEOPLE or message.author.bot or message.webhook_id:
        return None
    by_name = any(user.id == me.id for user in message.mentions)
    by_role = _own_role(message) in message.role_mentions
    if not (message.guild is None or by_name or by_role):
        return None
    answers_bot = _answers(message, me)
    if by_role or _is_typed(message, me) or (message.guild is None and not answers_bot):
        return "hidden" if not message.content and message.guild else "question"
    if message.content or message.attachments:
        return "reply" if message.type == discord.MessageType.reply else None
    return None if message.stickers else "hidden"


async def mention_of(
    bot: Bot, message: discord.Message, *, person: Person | None = None
) -> Mention:
    """The message as a question to the council, put by its author or by `person`."""
    await know_place(bot, message)
    app, me, place = bot.app, bot.me, message.channel
    guild = message.guild or getattr(place, "guild", None)
    replied = await _replied_to(bot, message)
    text = question_text(message, me)
    if is_blank(text):
        text = whole_text(message, me)
    quoted = await _quoted(replied, app, me) if replied else ""
    files = (*attached(message), *(attached(replied) if replied else ()))
    before = quoted
    if is_blank(text):
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
        unread=_unread(message, replied, before),
        direct=guild is None,
        files=files,
        locale=locale_of(guild),
    )


async def answer_meant(bot: Bot, message: discord.Message) -> Alone | None:
    """The answer that the message replies to, whose author alone it is put to; `None` where it
    replies to something else, or says nothing itself."""
    reference = message.reference
    if message.type != discord.MessageType.reply or reference is None:
        return None
    if is_blank(question_text(message, bot.me)):
        return None
    return await bot.app.actions.answer_at("discord", post_replied_to(message))


def post_replied_to(message: discord.Message) -> str:
    """The id of the post that it may be, "" where it replies to nothing."""
    reference = message.reference
    if message.type != discord.MessageType.reply or reference is None:
        return ""
    return f"{reference.channel_id}/{reference.message_id}"


async def know_place(bot: Bot, message: discord.Message) -> None:
    """Have the message say where it stands, which is fetched where Discord has not told of it: a
    thread that was archived until now. Raises `discord.HTTPException`."""
    if isinstance(message.channel, discord.PartialMessageable):
        id = message.channel.id
        place = bot.get_channel(id) or await bot.fetch_channel(id)
        if isinstance(place, discord.abc.Messageable):
            message.channel = place


def key_of(message: int) -> str:
    """The event that a question is; the message's id, which outlives replays and edits."""
    return f"discord:{message}"


def channel_of(place: Snowflake, guild: discord.Guild | None) -> Channel:
    """Where the settings live: of a thread, the channel it hangs in."""
    id = place.parent_id if isinstance(place, discord.Thread) else place.id
    return Channel("discord", str(guild.id) if guild else "", str(id))


def locale_of(guild: discord.Guild | None) -> str:
    """That of a server; Discord does not tell what somebody reads who writes to the bot alone."""
    return str(guild.preferred_locale) if guild else ""


def address_of(place: Snowflake, guild: discord.Guild | None, message: int | None) -> Address:
    kind: Kind = "here"
    if guild is None:
        kind = "direct"
    elif isinstance(place, discord.TextChannel):
        kind = "open"
    private = isinstance(place, discord.Thread) and place.is_private()
    return Address(guild.id if guild else None, place.id, message, kind, private)


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
        return rights.view_channel and in_thread and (not place.locked or rights.manage_threads)
    opens_one = isinstance(place, discord.TextChannel) and rights.create_public_threads
    return rights.view_channel and (rights.send_messages or (opens_one and in_thread))


def why_not(place: object) -> str:
    """What to say where it cannot be answered."""
    return _(LOCKED if isinstance(place, discord.Thread) and place.locked else NO_RIGHT)


def person_of(user: User) -> Person:
    """The author of a message; their roles came with it."""
    admin = isinstance(user, discord.Member) and user.guild_permissions.manage_guild
    return Person(str(user.id), admin=admin)


def question_text(message: discord.Message, me: Snowflake) -> str:
    """What was typed, without the mention that it begins with."""
    return reading.typed_text(message, _without_mention(message, me))


def whole_text(message: discord.Message, me: Snowflake) -> str:
    """Everything that the message says, without the mention that it begins with."""
    return reading.whole_text(message, _without_mention(message, me))


def _without_mention(message: discord.Message, me: Snowflake) -> str:
    role = _own_role(message)
    own = rf"<@!?{me.id}>" + (rf"|<@&{role.id}>" if role else "")
    return re.sub(rf"^\s*(?:(?:{own})[\s,:]*)+", "", message.content)


async def _quoted(replied: discord.Message, app: App, me: Snowflake) -> str:
    """What the message replied to says, without its author's name; "" where that is hidden."""
    if replied.author.id != me.id:
        return whole_text(replied, me)
    if document := await app.archive.posted("discord", f"{replied.channel.id}/{replied.id}"):
        return "\n\n".join(_texts(document))
    # What somebody had the bot ask: their words, without their name.
    return await app.questions.words(key_of(replied.id)) or reading.whole_text(replied)


async def _replied_to(bot: Bot, message: discord.Message) -> discord.Message | None:
    """The message that this one answers, fetched where Discord did not send it, or not its text."""
    replied, reference = replied_to(message), message.reference
    if message.type != discord.MessageType.reply or reference is None:
        return None
    if replied and (reading.whole_text(replied) or replied.attachments):
        return replied
    if reference.message_id is None or reference.resolved is not replied:
        return replied  # there is no such message any more
    place = bot.get_partial_messageable(reference.channel_id, guild_id=reference.guild_id)
    return await fetched(bot, place, reference.message_id) or replied


async def fetched(bot: Bot, place: discord.abc.Messageable, id: int) -> discord.Message | None:
    """The message as it is told to a request, `None` where it is not.

    What the gateway hides may be told then: the one goes by what the bot subscribed to, the other
    by what its application is allowed.
    """
    try:
        async with asyncio.timeout(FETCHING_SECONDS):
            return await bot.line.persistently(lambda: place.fetch_message(id))
    except (discord.HTTPException, TimeoutError) as error:
        logger.info("message %d cannot be fetched: %s", id, words(error))
        return None


def _unread(
    message: discord.Message, replied: discord.Message | None, quoted: str
) -> tuple[str, ...]:
    """What belongs to the question and is not read, in sentences."""
    is_reply = message.type == discord.MessageType.reply
    is_hidden = is_reply and not quoted and not (replied and replied.attachments)
    return (_(UNREAD_MESSAGE),) if is_hidden else ()


def replied_to(message: discord.Message) -> discord.Message | None:
    """The message that this one answers, as far as Discord sent it along."""
    if message.type != discord.MessageType.reply or message.reference is None:
        return None
    resolved = message.reference.resolved
    return resolved if isinstance(resolved, discord.Message) else None


def _answers(message: discord.Message, me: Snowflake) -> bool:
    """Whether it answers the bot, as it may where Discord does not say whom."""
    replied, reference = replied_to(message), message.reference
    if message.type != discord.MessageType.reply or reference is None:
        return False
    return replied.author.id == me.id if replied else reference.resolved is None


def _is_typed(message: discord.Message, me: Snowflake) -> bool:
    return me.id in reading.mentions_typed(message.content)


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
