"""Answers that one person alone sees, at the address that comes with what they did."""

import logging

import aiohttp
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.slack.blocks import NO_RUN
from adapters.slack.packing import Message
from adapters.slack.render import document_messages, read_through
from bot.document import Document, Note, Text
from bot.language import N_, _

logger = logging.getLogger(__name__)

# Source: docs.slack.dev, "Handling user interaction".
USES = 5


CUT = N_("What follows does not fit here: Slack takes no more messages in answer to this.")


async def whisper(
    url: str, document: Document, *, thread: str | None = None, run: str = NO_RUN
) -> None:
    """`run` is what the document's buttons belong to."""
    messages = read_through(document, run=run)
    if len(messages) > USES:
        cut = document_messages(Document((Note(f"⚠ {_(CUT)}"),)))
        ending = messages[-1:] if document.buttons else ()
        messages = (*messages[: USES - 1 - len(ending)], *cut, *ending)
    for message in messages:
        await _send(url, message, thread=thread, replace=False)


async def whisper_sentence(url: str, text: str, *, thread: str | None = None) -> None:
    await whisper(url, Document((Text(text),)), thread=thread)


async def replace(url: str, document: Document, *, run: str = NO_RUN) -> None:
    """In place of the message whose button was pressed."""
    await _send(url, document_messages(document, run=run)[0], replace=True)


async def _send(url: str, message: Message, *, replace: bool, thread: str | None = None) -> None:
    body = {
        "text": message.text,
        "blocks": list(message.blocks),
        "response_type": "ephemeral",
        "replace_original": replace,
    }
    if thread:
        body["thread_ts"] = thread
    try:
        answer = await AsyncWebhookClient(url).send_dict(body)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        logger.warning("somebody could not be answered: %s", error)
        return
    if answer.status_code != 200:
        logger.warning("somebody could not be answered: %s", answer.body)
