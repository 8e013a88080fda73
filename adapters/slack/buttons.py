"""Buttons under the bot's posts: they work after a restart and for years.

A button carries its run, and perhaps more behind it; what comes of it is known in
`bot.conversation.actions`, and shown to the person alone who pressed it.
"""

import logging
from functools import partial
from typing import Any, assert_never

from slack_sdk.errors import SlackApiError

from adapters.slack import questions
from adapters.slack.blocks import MENU, NO_RUN
from adapters.slack.bot import Bot
from adapters.slack.refusals import error_of, sentence
from adapters.slack.reply import post_id
from adapters.slack.whisper import replace, whisper
from bot.chat import Mention, Person
from bot.conversation.actions import Choice, Press, Told
from bot.document import Button, Document, Text
from bot.errors import InvalidInput
from bot.language import _

logger = logging.getLogger(__name__)

Json = dict[str, Any]


async def press(bot: Bot, body: Json) -> None:
    url, thread = body["response_url"], body["container"].get("thread_ts")
    run, what = _what(body)
    match await bot.app.actions.press(await _press(bot, body, run, what)):
        case Told(document, instead=True):
            await replace(url, document)
        case Told(document):
            await whisper(url, document, thread=thread)
        case Choice(question, choices):
            buttons = tuple(Button(name, label) for label, name in choices)
            asking = Document((Text(question),), buttons=buttons)
            await whisper(url, asking, thread=thread, run=run)
        case told:
            assert_never(told)


async def _press(bot: Bot, body: Json, run: str, what: tuple[str, ...]) -> Press:
    channel, user = body["channel"]["id"], body["user"]["id"]
    is_stop = what == ("stop",)
    person = await (bot.people.changer(user, channel) if is_stop else bot.people.asker(user))
    return Press(
        person=person,
        run=run,
        what=what,
        sees=lambda case: case.channel == channel,
        post=post_id(channel, body["container"].get("message_ts", "")),
        question=partial(_question, bot, channel, person),
    )


def _what(body: Json) -> tuple[str, tuple[str, ...]]:
    """The run that a control carries, and what it does, with what else it says.

    Posts of years ago have the same, but for an offer of theirs: it carries no run.
    """
    action = body["actions"][0]
    name = str(action["action_id"])
    chosen = action.get("selected_option", action)
    run, *more = str(chosen.get("value", "")).split(":")
    if name == "ask" and not more:
        return NO_RUN, (name, run)
    if name == MENU:
        return run, tuple(more)
    if "selected_option" in action:
        return run, (*name.split(":"), *more)
    return run, (name.partition(":")[0], *more)


async def _question(bot: Bot, channel: str, person: Person, ts: str) -> Mention:
    """The message that an offer is about. Raises `InvalidInput`."""
    try:
        answer = await bot.web.persistently(
            lambda: bot.web.client.conversations_replies(channel=channel, ts=ts, limit=1)
        )
    except SlackApiError as error:
        logger.info("the message of an offer cannot be read: %s", error_of(error))
        gone = error_of(error) == "thread_not_found"
        problem = _("The message to answer is gone.") if gone else sentence(error)
        raise InvalidInput(problem) from error
    message = answer["messages"][0] | {"channel": channel}
    return await questions.mention_of(bot.app, bot.web, bot.people, message, person)
