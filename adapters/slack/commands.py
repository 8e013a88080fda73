"""`/council`, its form and the message menu on Slack, turned into the app's words.

What a command does is known in `bot.conversation.commands`. Who may change something is looked up when they do.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import aiohttp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.errors import SlackApiError

from adapters.slack import form, questions, render
from adapters.slack.address import Address
from adapters.slack.bot import Bot
from adapters.slack.people import SOMEBODY
from adapters.slack.refusals import error_of, lacking, sentence
from adapters.slack.render import File
from adapters.slack.whisper import whisper, whisper_sentence
from bot import chat
from bot.chat import Accepted, Agreed, Refused, Repeated
from bot.cleaning import harmless
from bot.conversation.desk import parse, stored_and_settings
from bot.conversation.settings_commands import fill_in, prices_of
from bot.document import Note, literal
from bot.errors import BotError, InvalidForm, InvalidInput, Undeliverable
from bot.language import N_, _
from bot.pages.asked import first_asked
from bot.protocol.folding import is_blank
from bot.texts import ELSEWHERE

logger = logging.getLogger(__name__)

Json = dict[str, Any]

# Slack waits three seconds for what comes of a form.
DECIDED_WITHIN = 2.0

QUESTION_EVENT = "council_question"
_RECENT = 50

EXPORT = "council-export.jsonl"
HANDED_OVER = N_("The deliberations of this channel are in our direct messages.")
NOT_HANDED_OVER = N_("Slack did not let me send you the file.")
INVITE = N_("I am not in this channel. Write `/invite @council` here, then ask again.")
TOO_LATE = N_("Slack was slow to say whether you may change this. Save once more.")
NO_ACCESS = N_("I cannot write here.")
DELIBERATES = N_("The council deliberates: {link}")
ASKED_ALREADY = N_("The council was asked about this already: {link}")
_OUTSIDE = frozenset({"channel_not_found", "not_in_channel"})


async def run(bot: Bot, body: Json) -> None:
    """A command, acknowledged already."""
    channel, user, url = body["channel_id"], body["user_id"], body["response_url"]
    people = bot.people
    # The manifest asks for names to come with the ids.
    text = questions.plain_text(body.get("text") or "", {})
    command = parse(text)
    if command.name == "ask":
        await ask(bot, body, command.rest)
        return
    wants_form = not text.strip() or (command.name == "members" and not command.rest)
    opening = Opening(channel, user, url, body["trigger_id"])
    if wants_form and await open_form(bot, opening):
        return
    place = await bot.place(channel)
    person = await changer(bot, user, place)
    if command.name == "export":
        await _export(bot, place, person, url)
        return
    document = await bot.app.command(place, person, text)
    if people.problem:
        unknown = Note(f"⚠ {_(questions.UNKNOWN_PEOPLE)} {people.problem}")
        document = replace(document, blocks=(*document.blocks, unknown))
    await whisper(url, document)
    pictures = render.pictures(document, f"council-{command.name}")
    if pictures and (problem := await hand_over(bot, user, *pictures)):
        await whisper_sentence(url, problem)


async def changer(bot: Bot, user: str, place: chat.Channel) -> chat.Person:
    """Where anyone may change settings but guests, somebody of whom nothing is known is one."""
    person = await bot.people.changer(user, place.id)
    if bot.people.problem and not person.admin:
        settings = await bot.app.settings(place)
        return replace(person, guest=settings.changers == "anyone")
    return person


async def _export(bot: Bot, place: chat.Channel, person: chat.Person, url: str) -> None:
    try:
        lines = await bot.app.export(place, person)
    except BotError as error:
        await whisper_sentence(url, error.public)
        return
    file = File(EXPORT, _("Finished deliberations, one in a line"), lines.encode(errors="replace"))
    problem = await hand_over(bot, person.id, file)
    await whisper_sentence(url, problem or _(HANDED_OVER))


async def hand_over(bot: Bot, user: str, *files: File) -> str:
    """Put files where one person alone sees them: what is ephemeral takes none.

    Returns what is wrong where that cannot be done.
    """
    web = bot.web
    try:
        opened = await web.persistently(lambda: web.client.conversations_open(users=user))
        for file in files:
            await web.persistently(partial(web.upload, opened["channel"]["id"], file))
    except (SlackApiError, Undeliverable) as error:
        problem = sentence(error) if isinstance(error, SlackApiError) else str(error)
        logger.warning("a file could not be handed over: %s", problem)
        return f"{_(NOT_HANDED_OVER)} {problem}"
    return ""


# --- The form


@dataclass(frozen=True, slots=True)
class Opening:
    """What may open a form, once."""

    channel: str
    user: str
    response_url: str
    trigger: str


async def open_form(bot: Bot, opening: Opening) -> bool:
    """Within three seconds of the command; what it shows is all in the store."""
    app, place = bot.app, await bot.place(opening.channel)
    desk = app.desk(place, chat.Person(opening.user))
    if not await app.admission.admits(place, desk.person):
        return False
    stored, settings = await stored_and_settings(desk)
    if not form.can_be_shown(settings):
        return False
    opened = form.Opened(place.id, stored.version, opening.response_url)
    view = form.view(settings, stored, prices_of(app.catalogue, settings), opened)
    return await open_view(bot, opening.trigger, view)


async def open_view(bot: Bot, trigger: str, view: Json) -> bool:
    """Whether it opened, as far as that is known: a trigger is good for one try."""
    try:
        await bot.web.client.views_open(trigger_id=trigger, view=view)
    except SlackApiError as error:
        logger.warning("a form did not open: %s", error_of(error))
        return False
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        logger.warning("whether a form opened is not known: %s", error)
    return True


async def suggest(bot: Bot, body: Json, ack: AsyncAck) -> None:
    await ack(options=form.options(bot.app.catalogue, body.get("value") or ""))


async def submit(bot: Bot, body: Json, ack: AsyncAck) -> None:
    """Save it, or say at the field why not."""
    view = body["view"]
    opened = form.Opened.of(view)
    try:
        async with asyncio.timeout(DECIDED_WITHIN):
            place = await bot.place(opened.channel)
            person = await changer(bot, body["user"]["id"], place)
            if not await bot.people.sees(person.id, place.id):
                raise InvalidInput(_(ELSEWHERE))
        receipt = await fill_in(
            bot.app.desk(place, person), form.filled_in(view), seen_version=opened.version
        )
    except TimeoutError:
        await _show_problems(ack, {form.FIRST: _(TOO_LATE)})
    except InvalidForm as error:
        await _show_problems(ack, error.problems)
    except BotError as error:
        problem = f"{error.public} {bot.people.problem}".strip()
        await _show_problems(ack, {form.FIRST: problem})
    except SlackApiError as error:
        await _show_problems(ack, {form.FIRST: sentence(error)})
    else:
        await ack()
        await whisper(opened.response_url, receipt)


async def _show_problems(ack: AsyncAck, problems: dict[str, str]) -> None:
    # Plain text: Slack shows Markdown's signs as they are.
    errors = {name: harmless(problem.replace("`", "")) for name, problem in problems.items()}
    await ack(response_action="errors", errors=errors)


# --- Questions


async def ask(bot: Bot, body: Json, question: str) -> None:
    """Post the question as the root of its thread, and have it answered there.

    Checked first: what is refused never stands in the channel.
    """
    url = body["response_url"]
    if is_blank(question):
        await whisper_sentence(url, _("Write the question behind `/council ask`."))
        return
    mention = await _mention(bot, body, question)
    if refused := await bot.app.questions.before_posting(mention):
        await whisper(url, refused.document)
        return
    await _put(bot, body, mention, None)


async def ask_agreed(bot: Bot, body: Json, question: str, agreed: Agreed) -> None:
    """The same once its asker has pressed a button to say that it is worth its price."""
    user = body["user"]
    typed = {
        "channel_id": body["channel"]["id"],
        "user_id": user["id"],
        "user_name": user.get("username") or user.get("name"),
        "trigger_id": body["trigger_id"],
        "response_url": body["response_url"],
    }
    await _put(bot, typed, await _mention(bot, typed, question), agreed)


async def _put(bot: Bot, body: Json, mention: chat.Mention, agreed: Agreed | None) -> None:
    channel, url, web, question = body["channel_id"], body["response_url"], bot.web, mention.text
    try:
        root, *rest = await _post_question(bot, body, question)
    except SlackApiError as error:
        await whisper_sentence(url, _refusal(error))
        return
    match await bot.app.questions.accept(_placed(mention, root), agreed=agreed):
        case Refused(document):
            for ts in (*rest, root):
                await web.delete(channel, ts)
            await whisper(url, document)
        case Accepted() | Repeated():
            pass


async def _post_question(bot: Bot, body: Json, question: str) -> list[str]:
    """As the words of whoever asks, so that nobody takes them for the bot's; the `ts` of each
    message, the root first."""
    channel, web = body["channel_id"], bot.web
    metadata = {"event_type": QUESTION_EVENT, "event_payload": {"id": body["trigger_id"]}}

    async def find() -> str | None:
        page = await web.client.conversations_history(
            channel=channel, include_all_metadata=True, limit=_RECENT
        )
        return next((m["ts"] for m in page["messages"] if m.get("metadata") == metadata), None)

    name = await bot.people.name(body["user_id"])
    name = str(body.get("user_name") or name) if name == SOMEBODY else name
    asked = first_asked(literal(name), question)
    first, *rest = await asyncio.to_thread(render.document_messages, asked)
    root = (await web.post(channel, first, metadata=metadata, find=find)).ts
    return [root, *[(await web.post(channel, message, thread=root)).ts for message in rest]]


async def ask_about(bot: Bot, body: Json) -> None:
    """The message's menu, acknowledged already: Slack sends the whole message along."""
    message: Json = body["message"]
    channel, url = body["channel"]["id"], body["response_url"]
    root = questions.root_of(message)
    if problem := await _absence(bot, channel):
        await whisper_sentence(url, problem)
        return
    person = await bot.people.asker(body["user"]["id"])
    message = message | {"channel": channel}
    mention = await questions.mention_of(bot.app, bot.web, bot.people, message, person)
    outcome = await bot.app.questions.accept(mention)
    if isinstance(outcome, Refused):
        await whisper(url, outcome.document)
        return
    link = await bot.web.permalink(channel, root) or ""
    said = DELIBERATES if isinstance(outcome, Accepted) else ASKED_ALREADY
    await whisper_sentence(url, _(said, link=link))


async def _absence(bot: Bot, channel: str) -> str:
    """Why the bot could not answer there; nothing is paid for what nobody could read."""
    try:
        answer = await bot.web.persistently(
            lambda: bot.web.client.conversations_info(channel=channel)
        )
    except SlackApiError as error:
        # A direct conversation needs another scope to be looked up.
        return "" if lacking(error) else _refusal(error)
    found: Json = answer["channel"]
    is_there = found.get("is_member") or found.get("is_im") or found.get("is_mpim")
    return "" if is_there else _(INVITE)


async def _mention(bot: Bot, body: Json, question: str) -> chat.Mention:
    """The question, before it stands anywhere."""
    place = await bot.place(body["channel_id"])
    mention = chat.Mention(
        key="",
        channel=place,
        person=await bot.people.asker(body["user_id"]),
        text=question,
        address="",
        unread=await questions.unknown_people(bot.app, bot.people, place.id),
        direct=place.id.startswith("D"),
        locale=await bot.people.locale(body["user_id"]),
    )
    return _placed(mention, str(body["trigger_id"]))


def _placed(mention: chat.Mention, ts: str) -> chat.Mention:
    """The question as the root of its thread."""
    place = mention.channel
    return replace(
        mention,
        key=questions.key_of(place.workspace, place.id, ts),
        address=Address(place.workspace, place.id, ts, ts).to_json(),
        thread=ts,
    )


def _refusal(error: SlackApiError) -> str:
    if error_of(error) in _OUTSIDE:
        return _(INVITE)
    return f"{_(NO_ACCESS)} {sentence(error)}"
