"""What people said in a thread besides what they asked the council. Posts nothing."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from slack_sdk.errors import SlackApiError

from adapters.slack import questions
from adapters.slack.address import Address
from adapters.slack.bot import Bot
from adapters.slack.refusals import sentence
from bot.chat import Said
from bot.language import N_, _
from bot.records import Case

logger = logging.getLogger(__name__)

Json = dict[str, Any]

READING_SECONDS = 20.0
# Slack hands threads out from their beginning on; of a longer one the end is not looked for.
_PAGE, _PAGES = 200, 10

_UNREAD = N_("The last messages of this thread could not be read. {reason}")
_SLOW = N_("Slack did not hand them out in time.")


async def said(bot: Bot, case: Case, most: int) -> Said:
    """As `ReadsThreads` has it. A thread that the question itself opened holds nothing yet."""
    address = Address.from_json(case.address)
    if address.thread == address.message and not case.question.origin:
        return Said()
    try:
        async with asyncio.timeout(READING_SECONDS):
            return await _read(bot, case, address, most)
    except SlackApiError as error:
        logger.warning("%s: a thread could not be read: %s", address.channel, sentence(error))
        return Said(why=_(_UNREAD, reason=sentence(error)))
    except TimeoutError:
        return Said(why=_(_UNREAD, reason=_(_SLOW)))


async def _read(bot: Bot, case: Case, address: Address, most: int) -> Said:
    me = await bot.web.me()
    messages = [message async for message in _messages(bot, case, address)]
    texts: list[str] = []
    for message in reversed(messages):
        if len(texts) == most:
            break
        if not questions.is_by_person(message, me):
            continue
        key = questions.key_of(me.team, address.channel, str(message["ts"]))
        if await bot.app.questions.is_known(key):
            continue
        if text := await questions.whole_text(bot.people, message, me):
            texts.append(text)
    return Said(tuple(reversed(texts)))


async def _messages(bot: Bot, case: Case, address: Address) -> AsyncIterator[Json]:
    """Those before the question, oldest first; the root begins each page."""
    pages = await bot.web.client.conversations_replies(
        channel=address.channel,
        ts=address.thread,
        limit=_PAGE,
        latest=None if case.question.origin else address.message,
    )
    seen, read = "", 0
    async for page in pages:
        for message in page["messages"]:
            if str(message["ts"]) > seen:
                seen = str(message["ts"])
                yield message
        read += 1
        if read == _PAGES:
            return
