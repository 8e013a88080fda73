"""What people said in a thread besides what they asked the council. Sends nothing.

Discord shows a bot what mentions it; all else only where its application has the privileged intent.
"""

import asyncio
import logging

import discord

from adapters.discord import reading
from adapters.discord.address import Address
from adapters.discord.bot import Bot
from adapters.discord.delivery import words
from adapters.discord.questions import FETCHING_SECONDS, WRITTEN_BY_PEOPLE, key_of
from bot.chat import Said
from bot.language import N_, _, n_
from bot.records import Case

logger = logging.getLogger(__name__)

# So far back messages are looked at: most of a thread may be the bot's own.
SCANNED_MESSAGES = 200

_UNREAD = N_("The last messages of this thread could not be read ({reason}).")
_HINT = N_(
    "Whoever runs the bot can switch on its *Message Content Intent* in Discord's Developer Portal."
)


async def said(bot: Bot, case: Case, most: int) -> Said:
    """As `ReadsThreads` has it. A thread that the question itself opened holds nothing yet."""
    address = Address.from_json(case.address)
    if address.kind != "here" or case.thread != str(address.channel):
        return Said()
    try:
        async with asyncio.timeout(FETCHING_SECONDS):
            return await bot.line.persistently(lambda: _read(bot, address, most))
    except (discord.HTTPException, TimeoutError) as error:
        logger.info("thread %d cannot be read: %s", address.channel, words(error))
        return Said(why=_(_UNREAD, reason=words(error)))


async def _read(bot: Bot, address: Address, most: int) -> Said:
    texts: list[str] = []
    hidden = 0
    place = bot.get_partial_messageable(address.channel, guild_id=address.guild)
    before = discord.Object(address.message) if address.message else None
    async for message in place.history(limit=SCANNED_MESSAGES, before=before):
        if not _is_said(message) or await bot.app.questions.is_known(key_of(message.id)):
            continue
        if text := reading.whole_text(message):
            texts.append(text)
        elif not (message.attachments or message.stickers):
            hidden += 1
        if len(texts) + hidden == most:
            break
    return Said(tuple(reversed(texts)), _why(hidden))


def _is_said(message: discord.Message) -> bool:
    by_person = not (message.author.bot or message.webhook_id)
    return by_person and message.type in WRITTEN_BY_PEOPLE


def _why(hidden: int) -> str:
    if not hidden:
        return ""
    told = n_(
        "Discord hides {n} message of this thread from the bot.",
        "Discord hides {n} messages of this thread from the bot.",
        hidden,
    )
    return f"{told} {_(_HINT)}"
