"""Slack's events, turned into calls of the app.

Bolt acknowledges an event before its listener runs; commands, buttons and forms are acknowledged
here. What a message means is known in `questions`, what is posted in `reply`.
"""

import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import asking, buttons, commands, files, form, log_lines, questions
from adapters.slack.bot import Bot
from adapters.slack.packing import Message
from adapters.slack.people import SOMEBODY
from adapters.slack.refusals import error_of, sentence
from adapters.slack.render import document_messages, offer_message
from adapters.slack.reply import SlackReply
from adapters.slack.said import said
from adapters.slack.voting import Votes
from adapters.slack.web import Me, Web
from adapters.slack.whisper import whisper_sentence
from bot.chat import Channel, Person, Refused, Repeated, Said
from bot.conversation.app import App
from bot.conversation.commands import welcome
from bot.council import Attached
from bot.document import Document, Note, Text
from bot.errors import InvalidInput, Undeliverable
from bot.language import N_, _
from bot.records import Case

logger = logging.getLogger(__name__)

# It would warn that it does not use the token in the environment.
bolt_logger = logging.getLogger("slack_bolt")
bolt_logger.setLevel(logging.ERROR)
log_lines.shorten(bolt_logger)

_REMOVED = frozenset({"message_not_found", "file_not_found", "file_deleted"})

Json = dict[str, Any]
Listener = Callable[[Bot, Json], Awaitable[None]]

LOOKED_CLOSER = N_(
    "The whole council was asked about this already: see further down in its thread."
)
FAILED = N_("Something went wrong here. It has been logged.")

# A mention edited in later than this is no question any more.
EDITED_IN = timedelta(minutes=10)


class SlackClient(Bot):
    def __init__(self, app: App, web: Web, *, signing_secret: str, time_scale: float) -> None:
        super().__init__(app, web, time_scale=time_scale)
        self.votes = Votes(self)
        # Kept true by whoever keeps the connection.
        self.connected = False
        self.bolt = self._listening(signing_secret)

    def reply(self, case: Case) -> SlackReply:
        return SlackReply(case, self)

    async def name(self, channel: Channel, person: str) -> str:
        name = await self.people.name(person)
        return "" if name == SOMEBODY else name

    async def said(self, case: Case, most: int) -> Said:
        return await said(self, case, most)

    async def fetch(self, file: Attached) -> bytes:
        return await files.fetch(self.web, file)

    async def remove(self, post_id: str) -> None:
        channel, _, id = post_id.partition("/")
        try:
            if "." in id:  # the `ts` of a message has one, the id of a file none
                await self.web.delete(channel, id)
            else:
                await self.web.delete_file(id)
        except SlackApiError as error:
            raise Undeliverable(sentence(error), error_of(error) in _REMOVED) from error

    # --- Bolt

    def _listening(self, signing_secret: str) -> AsyncApp:
        """With a client of its own, without a token: Bolt sends nothing."""

        # Bolt looks at the parameters' names, and takes `self` of a method for one of its own.
        async def authorize() -> AuthorizeResult:
            return await self._authorize()

        bolt = AsyncApp(
            name="council",
            logger=bolt_logger,
            client=AsyncWebClient(
                base_url=self.web.client.base_url,
                retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=3)],
            ),
            signing_secret=signing_secret,
            authorize=authorize,
        )
        for kind, heard in {
            "app_mention": self._message,
            "message": self._message,
            "reaction_added": self._reaction,
            "reaction_removed": self._reaction,
            "member_joined_channel": self._joined,
        }.items():
            bolt.event(kind)(self._event(heard))
        bolt.command("/council")(self._interaction(commands.run))
        bolt.shortcut("ask_council")(self._interaction(commands.ask_about))
        # Any: one of another version of the bot is answered, too.
        bolt.action(re.compile(""))(self._interaction(buttons.press))
        for field in form.SEARCHED:
            bolt.options(field)(self._answered(commands.suggest))
        bolt.view(form.CALLBACK)(self._answered(commands.submit))
        bolt.view(asking.CALLBACK)(self._answered(asking.submit))
        return bolt

    async def _authorize(self) -> AuthorizeResult:
        """Who the bot is; asked of Slack once, before anything is heard."""
        me = await self.web.me()
        return AuthorizeResult(
            enterprise_id=me.enterprise or None,
            team_id=me.team,
            bot_id=me.bot,
            bot_user_id=me.user,
            bot_token=self.web.client.token,
        )

    def _event(self, heard: Callable[[Json], Awaitable[None]]) -> Callable[[Json], Awaitable[None]]:
        async def listener(body: Json) -> None:
            self.hold()
            await heard(body)

        return listener

    def _interaction(self, listener: Listener) -> Callable[[Json, AsyncAck], Awaitable[None]]:
        """One that is acknowledged at once; the person is answered later."""

        async def acknowledged(body: Json, ack: AsyncAck) -> None:
            self.hold()
            await ack()
            try:
                await self._speak_to_whoever(body)
                await listener(self, body)
            except Exception:
                logger.exception("something that was clicked or typed failed")
                await whisper_sentence(body["response_url"], _(FAILED))

        return acknowledged

    def _answered(
        self, listener: Callable[[Bot, Json, AsyncAck], Awaitable[None]]
    ) -> Callable[[Json, AsyncAck], Awaitable[None]]:
        """One whose acknowledgement is its answer."""

        async def answering(body: Json, ack: AsyncAck) -> None:
            self.hold()
            await self._speak_to_whoever(body)
            await listener(self, body, ack)

        return answering

    async def _speak_to_whoever(self, body: Json) -> None:
        """Clicked, typed a command, or filled a form in."""
        user = body.get("user_id") or body["user"]["id"]
        await self.speak_to(user, _channel_of(body))

    # --- Questions

    async def _message(self, body: Json) -> None:
        """A mention, or something in a direct conversation."""
        event: Json = body["event"]
        if not await self.app.once(f"slack:event:{body['event_id']}"):
            return
        if deleted := questions.deleted(event):
            await self._deleted(str(event["channel"]), deleted)
            return
        age = self.app.now() - questions.time_of(event["ts"])
        if event.get("edited") and age > EDITED_IN:
            return
        try:
            await self.take(event, outsiders=body.get("is_ext_shared_channel", True))
        except Exception as error:
            if isinstance(error, SlackApiError):
                logger.error("a message could not be taken up: %s", sentence(error))
            else:
                logger.exception("a message could not be taken up")
            failed = document_messages(Document((Text(_(FAILED)),)))
            await self._answer(event, *failed)

    async def take(self, message: Json, *, outsiders: bool = True) -> None:
        """Answer a message that speaks to the bot, once, however often it is handed in.

        `outsiders`: whether another organisation may share the channel.
        """
        me = await self.web.me()
        addressed = questions.addressed(message, me)
        if addressed is None or not await self._is_welcome(message, me, outsiders):
            return
        key = questions.key_of(me.team, message["channel"], message["ts"])
        if await self.app.questions.is_known(key):
            return
        person = await self.people.asker(message["user"])
        await self.speak_to(person.id, message["channel"])
        if addressed == "reply":
            await self._say_once(message, key, await self._offer(message, person))
            return
        mention = await questions.mention_of(self.app, self.web, self.people, message, person)
        outcome = await self.app.sequels.heard(mention)
        if isinstance(outcome, Refused):
            words = str(outcome.document)
            untold = (sentence for sentence in mention.unread if sentence not in words)
            notes = (Note(f"⚠ {sentence}") for sentence in untold)
            blocks = (*outcome.document.blocks, *notes)
            said = replace(outcome.document, blocks=blocks)
            await self._say_once(message, key, *document_messages(said))

    async def _is_welcome(self, message: Json, me: Me, outsiders: bool) -> bool:
        """Other organisations share some channels; who is theirs has to be listed."""
        user = message["user"]
        if self.app.rules.allowed & {user, message["channel"]}:
            return True
        if not questions.is_from_elsewhere(message, me):
            return True
        if await self.people.is_ours(user):
            return True
        return bool(self.people.problem and me.enterprise and not outsiders)

    async def _offer(self, message: Json, person: Person) -> Message:
        """What a message in the thread of an answer may start, nothing of it paid so far."""
        place = await self.place(message["channel"])
        try:
            offer = await self.app.actions.offer_about(place, person, "")
        except InvalidInput as error:
            return document_messages(Document((Text(str(error)),)))[0]
        return offer_message(offer, message["ts"])

    async def _say_once(self, message: Json, key: str, *said: Message) -> None:
        if not await self.app.once(f"{key}:answered"):
            return
        await self._answer(message, *said)

    async def _answer(self, message: Json, *said: Message) -> None:
        """To its writer alone: what is refused concerns nobody else."""
        channel, user = message["channel"], str(message.get("user", ""))
        if questions.is_direct(message):
            await self._post(channel, *said, thread=questions.root_of(message))
            return
        try:
            await self.web.tell_alone(channel, user, said, thread=message.get("thread_ts"))
        except SlackApiError as error:
            logger.warning("%s: nobody could be told: %s", channel, error_of(error))

    async def _post(self, channel: str, *messages: Message, thread: str | None = None) -> bool:
        """False where Slack refuses them."""
        try:
            for message in messages:
                await self.web.post(channel, message, thread=thread)
        except SlackApiError as error:
            logger.warning("%s: a message of the bot's was refused: %s", channel, error_of(error))
            return False
        return True

    async def _deleted(self, channel: str, ts: str) -> None:
        """Heard of in direct conversations alone."""
        me = await self.web.me()
        key = questions.key_of(me.team, channel, ts)
        await self.app.running.message_deleted("slack", f"{channel}/{ts}", key)

    # --- Votes, and places that are new

    async def offered(self, post_id: str) -> None:
        await self.votes.offered(post_id)

    async def _reaction(self, body: Json) -> None:
        event: Json = body["event"]
        if event["type"] == "reaction_added":
            match await self.votes.looked(event):
                case Refused(document):
                    await self._tell_alone(event, document)
                case Repeated():
                    await self._tell_alone(event, Document((Text(_(LOOKED_CLOSER)),)))
        await self.votes.changed(event)

    async def _tell_alone(self, event: Json, document: Document) -> None:
        """Whoever reacted, in the channel."""
        channel, user = event["item"]["channel"], event["user"]
        try:
            await self.web.tell_alone(channel, user, document_messages(document))
        except SlackApiError as error:
            logger.warning("%s: nobody could be told: %s", channel, error_of(error))

    async def _joined(self, body: Json) -> None:
        """A short welcome where the bot is newly added, once."""
        event: Json = body["event"]
        if event["user"] != (await self.web.me()).user:
            return
        channel = event["channel"]
        if await self.app.once(f"slack:joined:{channel}"):
            await self.speak_to(event.get("inviter") or event["user"], channel)
            await self._post(channel, *document_messages(welcome()))


def _channel_of(body: Json) -> str:
    """Of a command, a click, or a form that keeps what it was opened for."""
    if channel := body.get("channel_id") or (body.get("channel") or {}).get("id"):
        return str(channel)
    kept = json.loads((body.get("view") or {}).get("private_metadata") or "{}")
    return str(kept.get("channel", ""))
