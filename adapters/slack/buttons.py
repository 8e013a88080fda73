"""Buttons under the bot's posts: they work after a restart and for years.

A button carries its run, and perhaps more behind it; what comes of it is known in
`bot.conversation.actions`, and shown to the person alone who pressed it.
"""

import logging
from dataclasses import dataclass
from functools import partial
from typing import Any, assert_never

from slack_sdk.errors import SlackApiError

from adapters.slack import asking, questions, render
from adapters.slack.blocks import MENU, NO_RUN
from adapters.slack.bot import Bot
from adapters.slack.commands import (
    Opening,
    ask_agreed,
    changer,
    hand_over,
    open_form,
    open_view,
)
from adapters.slack.refusals import error_of, sentence
from adapters.slack.render import harmless_markdown
from adapters.slack.reply import post_id
from adapters.slack.whisper import replace, whisper, whisper_sentence
from bot.chat import Mention, Person
from bot.conversation.commands import COMMANDS
from bot.conversation.presses import Ask, Choice, File, Form, Press, Told
from bot.conversation.settings_commands import pressed
from bot.document import Button, Document, Note, Text
from bot.errors import BotError, InvalidInput
from bot.language import N_, _
from bot.texts import ELSEWHERE

logger = logging.getLogger(__name__)

Json = dict[str, Any]


# What stands on the page of a channel's council, whatever brought it up.
_SELECTS = frozenset({"members", "chairman", "mode"})
_ON_THE_PAGE = _SELECTS | {"settings", "form"}
# Of other buttons that belong to no run, what `Actions` knows; the rest are commands.
_OF_NO_RUN = frozenset({"ask", "resume", "go", "cancel"})
# For these it counts what the person may change.
_CHANGES = frozenset({"stop", "enough", "begin", "resume", "check", "audition", "reflect"})
TRANSCRIPT_SENT = N_("The transcript is in our direct messages.")
SLOW = N_("Slack was slow to open the form. Press once more.")


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
    if problem := await _unseen(bot, body["user"]["id"], body["channel"]["id"]):
        await whisper_sentence(
            body["response_url"], problem, thread=body["container"].get("thread_ts")
        )
        return
    control = _control(body)
    name, run = control.what[0], control.run
    if name in _ON_THE_PAGE or (run == NO_RUN and name not in _OF_NO_RUN):
        await _about_the_channel(bot, body, control)
        return
    whispered = partial(
        whisper, body["response_url"], thread=body["container"].get("thread_ts"), run=run
    )
    match await bot.app.actions.press(await _press(bot, body, control)):
        case Told(document, instead=True):
            await replace(body["response_url"], document)
        case Told(document):
            await whispered(document)
        case Ask(question, agreed, document):
            await replace(body["response_url"], document)
            await ask_agreed(bot, body, question, agreed)
        case Choice(question, choices):
            buttons = tuple(Button(name, label) for label, name in choices)
            await whispered(Document((Text(question),), buttons=buttons))
        case Form() as form:
            view = asking.view(form, body["channel"]["id"])
            if not await open_view(bot, body["trigger_id"], view):
                await whispered(_sentence(_(SLOW)))
        case File(name, text):
            await whispered(await _handed_over(bot, body["user"]["id"], f"{run}-{name}", text))
        case told:
            assert_never(told)


async def _unseen(bot: Bot, user: str, channel: str) -> str:
    """Why this person may press nothing there, "" where they may: a window of theirs may have been
    open for longer than they were there."""
    try:
        return "" if await bot.people.saw(user, channel) else _(ELSEWHERE)
    except SlackApiError as error:
        return sentence(error)


async def _handed_over(bot: Bot, user: str, name: str, text: str) -> Document:
    """Where the file is; where Slack takes none, what stands in it."""
    safe = harmless_markdown(text)
    if problem := await hand_over(bot, user, render.File(name, name, safe.encode())):
        return Document((Note(f"⚠ {problem}"), Text(text)))
    return _sentence(_(TRANSCRIPT_SENT))


async def _about_the_channel(bot: Bot, body: Json, control: _Control) -> None:
    """Its council's page, brought up to date in its place, or what a command tells."""
    channel, user, url = body["channel"]["id"], body["user"]["id"], body["response_url"]
    if control.what[0] == "form":
        try:
            await bot.app.admission.require(await bot.place(channel), Person(user))
        except InvalidInput as error:
            await whisper_sentence(url, error.public)
            return
        if not await open_form(bot, Opening(channel, user, url, body["trigger_id"])):
            await whisper_sentence(url, _(SLOW))
        return
    place = await bot.place(channel)
    person = await changer(bot, user, place)
    if control.what[0] in _SELECTS:
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
    place = await bot.place(channel)
    may_change = control.what[0] in _CHANGES
    person = await (changer(bot, user, place) if may_change else bot.people.asker(user))
    return Press(
        person=person,
        run=control.run,
        what=control.what,
        sees=lambda case: case.channel == channel,
        post=post_id(channel, body["container"].get("message_ts", "")),
        question=partial(_question, bot, channel, person),
        channel=place,
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


def _sentence(text: str) -> Document:
    return Document((Text(text),))
