"""The form of a question that a button puts, and what comes of sending it off.

Who may ask what, and where it is posted, is known in `bot.conversation.followups`.
"""

import asyncio
import json
import logging
from dataclasses import asdict, dataclass
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.errors import SlackApiError

from adapters.slack import mrkdwn
from adapters.slack.blocks import option
from adapters.slack.bot import Bot
from adapters.slack.commands import DECIDED_WITHIN
from adapters.slack.form import plain
from adapters.slack.refusals import error_of, sentence
from adapters.slack.render import document_messages
from bot.chat import Held, Refused
from bot.conversation.presses import Form, Press, Told
from bot.document import Document, Heading, Note, Text
from bot.language import N_, _

logger = logging.getLogger(__name__)

Json = dict[str, Any]

CALLBACK = "question"
TEXT, WHOM = "text", "whom"
# The name of the form for an answer begins so: what is asked with any other is seen in the thread.
ANSWER = "answer:"

TOO_LATE = N_("Slack was slow to say who you are. Send it off once more.")


@dataclass(frozen=True, slots=True)
class _Opened:
    """What the form was opened for, kept with it at Slack's; and whom it asks without a choice."""

    channel: str
    run: str
    name: str
    whom: str


def view(form: Form, channel: str) -> Json:
    """With a choice only where there is one."""
    opened = _Opened(channel, form.run, form.name, form.whom[0][1] if form.whom else "")
    text: Json = {"type": "plain_text_input", "action_id": TEXT, "multiline": True}
    if form.limit:
        text["max_length"] = form.limit
    hint = {"hint": plain(form.hint)} if form.hint else {}
    blocks = [_input(TEXT, form.text, text) | hint]
    if len(form.whom) > 1:
        options = [option(label, value) for label, value in form.whom]
        whom = {"type": "static_select", "options": options, "initial_option": options[0]}
        blocks.append(_input(WHOM, form.whom_label, whom | {"action_id": WHOM}))
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": json.dumps(asdict(opened)),
        "title": plain(form.title),
        "submit": plain(form.send),
        "close": plain(_("Cancel")),
        "blocks": blocks,
    }


async def submit(bot: Bot, body: Json, ack: AsyncAck) -> None:
    """Ask it, or say in the form why not. Sent off once more, it asks once all the same."""
    opened = _Opened(**json.loads(body["view"]["private_metadata"]))
    values = body["view"]["state"]["values"]
    whom = values[WHOM][WHOM]["selected_option"]["value"] if WHOM in values else opened.whom
    try:
        async with asyncio.timeout(DECIDED_WITHIN):
            person = await bot.people.asker(body["user"]["id"])
            is_there = await bot.people.sees(person.id, opened.channel)
    except TimeoutError:
        await _show_problem(ack, _(TOO_LATE))
        return
    except SlackApiError as error:
        await _show_problem(ack, sentence(error))
        return
    press = Press(
        person=person,
        run=opened.run,
        what=tuple(opened.name.split(":")),
        sees=lambda case: is_there and case.channel == opened.channel,
    )
    match await bot.app.actions.submit(press, values[TEXT][TEXT]["value"] or "", whom):
        case Held(document):
            await ack()
            await _tell(bot, opened, person.id, document)
        case Refused(document):
            await _show_problem(ack, _words(document))
        case Told(document):
            await ack()
            if opened.name.startswith(ANSWER):
                await _tell(bot, opened, person.id, document)


async def _tell(bot: Bot, opened: _Opened, user: str, document: Document) -> None:
    """A form has no buttons, and is gone once it is sent off: what comes of it, or its price, stands
    beside the thread, for this person alone."""
    case = await bot.app.store.case(opened.run)
    thread = case.thread if case else None
    try:
        await bot.web.tell_alone(opened.channel, user, document_messages(document), thread=thread)
    except SlackApiError as error:
        logger.warning("%s: nobody could be told: %s", opened.channel, error_of(error))


def _input(id: str, label: str, element: Json) -> Json:
    return {"type": "input", "block_id": id, "label": plain(label), "element": element}


async def _show_problem(ack: AsyncAck, problem: str) -> None:
    await ack(response_action="errors", errors={TEXT: problem})


def _words(document: Document) -> str:
    """Slack shows Markdown's signs in a form as they are."""
    leaves = (leaf for leaf in document.blocks if isinstance(leaf, Heading | Text | Note))
    return " ".join(mrkdwn.plain(leaf.text) for leaf in leaves)
