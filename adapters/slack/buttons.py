"""Buttons under the bot's posts: they work after a restart and for years.

A button carries its run, and perhaps more behind it; what comes of it is known in
`bot.conversation.actions`, and shown to the person alone who pressed it.
"""

import logging
from dataclasses import dataclass
from functools import partial
from typing import Any, assert_never

from slack_sdk.errors import SlackApiError

from adapters.slack import questions
from adapters.slack.blocks import MENU, NO_RUN
from adapters.slack.bot import Bot
from adapters.slack.commands import Opening, changer, open_form
from adapters.slack.refusals import error_of, sentence
from adapters.slack.reply import post_id
from adapters.slack.whisper import replace, whisper, whisper_sentence
from bot.chat import Mention, Person
from bot.conversation.commands import COMMANDS
from bot.conversation.presses import Choice, File, Form, Press, Told
from bot.conversation.settings_commands import pressed
from bot.document import Button, Document, Text
from bot.errors import BotError, InvalidInput
from bot.language import _
from bot.texts import OUT_OF_DATE

logger = logging.getLogger(__name__)

Json = dict[str, Any]


# Of those that belong to no run, what `Actions` knows; all others are about the channel.
_ABOUT_NO_RUN = frozenset({"ask", "resume"})


@dataclass(frozen=True, slots=True)
class _Control:
    """What was pressed, or a `value` that was chosen there."""

    run: str
    name: str
    value: str = ""

    @property
    def what(self) -> tuple[str, ...]:
        return tuple(self.name.split(":"))


async def press(bot: Bot, body: Json) -> None:
    url, thread = body["response_url"], body["container"].get("thread_ts")
    control = _control(body)
    if control.run == NO_RUN and control.what[0] not in _ABOUT_NO_RUN:
        await _about_the_channel(bot, body, control)
        return
    match await bot.app.actions.press(await _press(bot, body, control)):
        case Told(document, instead=True):
            await replace(url, document)
        case Told(document):
            await whisper(url, document, thread=thread)
        case Choice(question, choices):
            buttons = tuple(Button(name, label) for label, name in choices)
            asking = Document((Text(question),), buttons=buttons)
            await whisper(url, asking, thread=thread, run=control.run)
        case File() | Form():
            await whisper_sentence(url, _(OUT_OF_DATE), thread=thread)
        case told:
            assert_never(told)


async def _about_the_channel(bot: Bot, body: Json, control: _Control) -> None:
    """Its council's page, brought up to date in its place, or what a command tells."""
    channel, user, url = body["channel"]["id"], body["user"]["id"], body["response_url"]
    opening = Opening(channel, user, url, body["trigger_id"])
    if control.what[0] == "form" and await open_form(bot, opening):
        return
    place = await bot.place(channel)
    person = await changer(bot, user, place)
    if control.what[0] in {"members", "chairman"}:
        try:
            desk = bot.app.desk(place, person)
            await replace(url, await pressed(desk, control.name, control.value))
        except BotError as error:
            await whisper_sentence(url, error.public)
    elif control.what[0] in COMMANDS:
        await whisper(url, await bot.app.command(place, person, " ".join(control.what)))
    else:
        await whisper(url, await bot.app.pressed(place, person, control.name))


async def _press(bot: Bot, body: Json, control: _Control) -> Press:
    channel, user = body["channel"]["id"], body["user"]["id"]
    is_change = control.what in {("stop",), ("resume",)}
    person = await (bot.people.changer(user, channel) if is_change else bot.people.asker(user))
    return Press(
        person=person,
        run=control.run,
        what=control.what,
        sees=lambda case: case.channel == channel,
        post=post_id(channel, body["container"].get("message_ts", "")),
        question=partial(_question, bot, channel, person),
        channel=await bot.place(channel),
    )


def _control(body: Json) -> _Control:
    """Posts of years ago have the same, but for an offer of theirs: it carries no run."""
    action = body["actions"][0]
    name = str(action["action_id"])
    chosen = action.get("selected_option", action)
    run, _, more = str(chosen.get("value", "")).partition(":")
    if name == MENU:
        return _Control(run, more)
    if chosen is not action:
        return _Control(run, name, more)
    name = name.partition(":")[0]
    if name == "ask" and not more:
        run, more = NO_RUN, run
    return _Control(run, f"{name}:{more}" if more else name)


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
