"""Buttons under the bot's posts: they work after a restart and for years.

A button carries its run and nothing else is remembered: the answer comes from the store, for the
person alone who pressed it, where the run is.
"""

import logging
from typing import Any

from slack_sdk.errors import SlackApiError

from adapters.slack import questions
from adapters.slack.bot import Bot
from adapters.slack.refusals import error_of, sentence
from adapters.slack.render import Button, question_message
from adapters.slack.whisper import replace, whisper, whisper_message, whisper_sentence
from bot.conversation.app import VOTE_FIRST, Accepted, Refused, Repeated
from bot.document import Document, Text
from bot.language import _
from bot.texts import ASKED, ASKED_ALREADY, ELSEWHERE, FORGOTTEN, VOTE_HERE

logger = logging.getLogger(__name__)

Json = dict[str, Any]

NAMES, LATER = "names", "later"


async def stop(bot: Bot, body: Json) -> None:
    if run := await _run(bot, body):
        person = await bot.people.changer(body["user"]["id"], body["channel"]["id"])
        document = await bot.app.stop(run, person)
        await whisper(body["response_url"], document, thread=_thread(body))


async def reveal(bot: Bot, body: Json) -> None:
    run = await _run(bot, body)
    if run is None:
        return
    url, thread = body["response_url"], _thread(body)
    shown = await bot.app.reveal(run, await bot.people.asker(body["user"]["id"]))
    if shown != Document((Text(VOTE_FIRST),)):
        await whisper(url, shown, thread=thread)
        return
    choices = (
        Button("Show names (my votes here stop counting)", NAMES, run),
        Button("Vote first", LATER, run),
    )
    await whisper_message(url, question_message(VOTE_FIRST, *choices), thread=thread)


async def names(bot: Bot, body: Json) -> None:
    if run := await _run(bot, body):
        person = await bot.people.asker(body["user"]["id"])
        await replace(body["response_url"], await bot.app.reveal(run, person, anyway=True))


async def later(bot: Bot, body: Json) -> None:
    await replace(body["response_url"], Document((Text(_(VOTE_HERE)),)))


async def ask(bot: Bot, body: Json) -> None:
    """Put the message that the offer is about to the council."""
    channel, ts, url = body["channel"]["id"], _value(body), body["response_url"]
    try:
        answer = await bot.web.persistently(
            lambda: bot.web.client.conversations_replies(channel=channel, ts=ts, limit=1)
        )
    except SlackApiError as error:
        logger.info("the message of an offer cannot be read: %s", error_of(error))
        gone = error_of(error) == "thread_not_found"
        problem = "The message to answer is gone." if gone else sentence(error)
        await whisper_sentence(url, problem, thread=_thread(body))
        return
    message = answer["messages"][0] | {"channel": channel}
    person = await bot.people.asker(body["user"]["id"])
    mention = await questions.mention_of(bot.app, bot.web, bot.people, message, person)
    match await bot.app.accept(mention):
        case Accepted():
            await replace(url, Document((Text(_(ASKED)),)))
        case Repeated():
            await replace(url, Document((Text(_(ASKED_ALREADY)),)))
        case Refused(document):
            await whisper(url, document, thread=_thread(body))


async def _run(bot: Bot, body: Json) -> str | None:
    """The run that the button belongs to, unless it is elsewhere or forgotten."""
    case = await bot.app.store.case(_value(body))
    if case and case.channel == body["channel"]["id"]:
        return case.id
    problem = _(ELSEWHERE) if case else _(FORGOTTEN)
    await whisper_sentence(body["response_url"], problem, thread=_thread(body))
    return None


def _value(body: Json) -> str:
    return str(body["actions"][0].get("value", ""))


def _thread(body: Json) -> str | None:
    found: str | None = body["container"].get("thread_ts")
    return found
