"""The bot's reply to one mention: messages under the question, in a thread.

A message is posted with metadata that names it, by which it is found again; later states update it
in place. Knows no council; the app says what is shown.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from slack_sdk.errors import SlackApiError

from adapters.slack import emoji, render
from adapters.slack.address import Address
from adapters.slack.bot import Bot
from adapters.slack.packing import Message
from adapters.slack.refusals import (
    QUESTION_DELETED,
    REFUSED_WORDS,
    UNSEEN_CHANNEL,
    error_of,
    is_of_the_place,
    sentence,
    undeliverable,
)
from adapters.slack.render import File
from bot.chat import HEADLINE, RANKING, VERDICT
from bot.conversation.loops import surviving
from bot.conversation.outbox import Edited, Outbox, Sending
from bot.conversation.turns import Turn, Worth
from bot.document import Document, Note
from bot.errors import Owed, Undeliverable
from bot.language import N_, _
from bot.pages.presenter import pointer, pointer_to_deleted
from bot.records import Case

logger = logging.getLogger(__name__)

T = TypeVar("T")
Json = dict[str, Any]

EVENT_TYPE = "council_run"

# Messages at a time, where earlier posts are looked for.
_PAGE = 200

INTERVAL_SECONDS = 3.0

# How long somebody has to invite the bot again whom they removed from a private channel.
UNSEEN_SECONDS = 300.0

# The posts that say how a question ended, or will.
_VERDICTS = frozenset({HEADLINE, VERDICT})

NO_FILE = N_("Slack took no file.")

# The workspace's settings for editing messages. Source: docs.slack.dev, "chat.update", errors.
_FROZEN = frozenset({"cant_update_message", "edit_window_closed"})


# Waits for an update, or says at once that there is none.
Pay = Callable[[], Awaitable[None]]


class _NoUpdate(Exception):
    """Of those that Slack allows in a minute none is left for this."""


def post_id(channel: str, ts: str) -> str:
    return f"{channel}/{ts}"


def _ids(post_id: str) -> tuple[str, str]:
    """The channel's, and the message's `ts`."""
    channel, _, ts = post_id.partition("/")
    return channel, ts


class SlackReply:
    """Can be built again from the stored case: what was posted is in the outbox."""

    def __init__(self, case: Case, bot: Bot) -> None:
        self._bot = bot
        self._case = case
        self._app = bot.app
        self._web = bot.web
        self._address = Address.from_json(case.address)
        self._outbox = Outbox(bot.app.store, case.id, "slack", bot.web.line, rests_on=case.rests_on)
        self._place = (self._address.channel, self._address.thread)
        self._posted: set[str] = set()
        # The verdict, the key it stands under, and the posts that its letters lack links to.
        self._unlinked: tuple[str, Document, set[str]] = HEADLINE, Document(), set()
        self._drawing = asyncio.Lock()  # it is shown again with links
        # What is shown in a post of its own.
        self._posted_end: Document | None = None
        # The address of one of the posts, with its `ts`.
        self._link: tuple[str, str] | None = None
        # When the channel was first out of sight.
        self._unseen_since: float | None = None
        self._patience_seconds = UNSEEN_SECONDS * bot.time_scale
        self._is_gone = False
        # Why there is no file under a key, in a sentence.
        self._no_file: dict[str, str] = {}
        self.interval_seconds = INTERVAL_SECONDS * bot.time_scale

    async def turn(self, key: str, worth: Worth) -> Turn:
        is_posted = key in self._posted or await self._outbox.first(key)
        turns = self._web.edits if is_posted else self._web.posts
        return turns.join(self._place, worth)

    def may_promise(self, edits: int) -> bool:
        return self._web.may_promise(edits)

    async def show(self, key: str, document: Document, *, ping: bool = False) -> None:
        if self._is_gone:
            raise Undeliverable(_(QUESTION_DELETED), gone=True)
        try:
            await self._show_as_it_fits(key, document, ping)
            self._link_later(key)
        except (SlackApiError, Undeliverable) as error:
            refusal = self._refusal(error) if isinstance(error, SlackApiError) else error
            if refusal.gone:
                await self._end()
            if key == HEADLINE or refusal.gone:
                # Nothing might end it any more.
                await self._web.clear_status(self._address.channel, self._address.thread)
            raise refusal from error

    async def _show_as_it_fits(self, key: str, document: Document, ping: bool) -> None:
        """With no more updates than there are."""
        updates = self._web.updates
        if document.live:
            await self._show_if_free(key, document)
        elif key == HEADLINE:
            async with self._drawing:
                await self._show_ended(document)
        elif key == RANKING:
            # What changes there later are people's votes; whoever shows those has patience.
            pay, url = partial(updates.take, self._web.reserved_updates), await self._verdict_url()
            await self._show(key, document, pay, ping=ping, verdict_url=url)
        else:
            await self._show(key, document, self._web.keep_promise, ping=ping)

    async def _show_if_free(self, key: str, document: Document) -> None:
        """Progress: where there is no room, a newer state will follow."""
        if key in self._posted and not self._web.updates.is_free(self._web.reserved_updates):
            return
        with suppress(_NoUpdate):
            await self._show(key, document, partial(self._spend, self._web.reserved_updates))

    async def _show_ended(self, document: Document) -> None:
        """The verdict in the place of the progress; or else in a post of its own, which people need
        not wait for, and to which the progress leads as soon as there is room for that."""
        reserve = self._web.reserved_updates
        if document == self._posted_end and not self._web.updates.is_free(reserve):
            raise Owed
        keys = {post.key for post in await self._outbox.posts()}
        if VERDICT not in keys:
            try:
                await self._show(HEADLINE, document, self._at_once())
                return
            except _NoUpdate:
                await self._web.posts.take(self._place, Worth.VERDICT)
        await self._show(VERDICT, document, self._web.updates.take)
        self._posted_end = document
        pay, url = partial(self._spend, reserve), await self._url(VERDICT)
        is_there = await self._outbox.first(VERDICT)
        led = pointer(document) if is_there else pointer_to_deleted(document)
        try:
            await self._show(HEADLINE, led, pay, verdict_url=url)
        except _NoUpdate as error:
            raise Owed from error

    def _at_once(self) -> Pay:
        """For an edit that is not waited for; but where nobody heard whether it was made, another
        is: what would be done instead might show the same twice."""
        is_tried = False

        async def pay() -> None:
            nonlocal is_tried
            if is_tried:
                await self._web.updates.take()
            else:
                await self._spend(self._web.placeholders.taken)
            is_tried = True

        return pay

    async def _spend(self, reserve: int) -> None:
        if not self._web.updates.spend(reserve=reserve):
            raise _NoUpdate

    def _refusal(self, error: SlackApiError) -> Undeliverable:
        """A channel that stays out of sight was deleted."""
        refusal = undeliverable(error)
        if error_of(error) != UNSEEN_CHANNEL:
            self._unseen_since = None
            return refusal
        now = asyncio.get_running_loop().time()
        since = self._unseen_since = self._unseen_since or now
        return Undeliverable(str(refusal), gone=now - since > self._patience_seconds)

    async def tell_asker(self, document: Document) -> None:
        """In the channel for the asker alone; where not even that is taken, in their messages."""
        channel, here = self._address.channel, render.document_messages(document)
        link = await self._web.permalink(channel, self._address.message)
        about = (Note(_("About {link}", link=link)),) if link else ()
        elsewhere = render.document_messages(replace(document, blocks=(*document.blocks, *about)))
        try:
            await self._web.tell_alone(channel, self._case.asker or "", here, elsewhere)
        except SlackApiError as error:
            raise undeliverable(error) from error

    async def _show(
        self,
        key: str,
        document: Document,
        pay: Pay,
        *,
        ping: bool = False,
        verdict_url: str | None = None,
    ) -> None:
        first = None
        for number, part in enumerate(await self._parts(key, document, ping, verdict_url)):
            if isinstance(part, Message):
                id = await self._show_message(key, number, part, pay, live=document.live)
                first = id if number == 0 else first
            elif not await self._attach(key, number, part):
                # In messages instead.
                await self._show(key, document, pay, ping=ping, verdict_url=verdict_url)
                return
        self._posted.add(key)
        self._unseen_since = None
        if key in _VERDICTS:
            await self._tell_status(document)
        if first and document.votable:
            self._bot.begin(self._seed(key, first))

    async def _seed(self, key: str, id: str) -> None:
        with surviving(f"{key} of deliberation {self._case.id} offers no emoji to vote with"):
            await self._outbox.seed(key, partial(self._react, id))
            await self._bot.offered(id)

    async def _parts(
        self, key: str, document: Document, ping: bool, verdict_url: str | None
    ) -> tuple[render.Part, ...]:
        rendered = partial(
            render.post,
            run=self._case.id,
            key=key,
            asker=self._case.asker if ping else None,
            verdict_url=verdict_url,
            urls=await self._urls(key, document) if key in _VERDICTS else {},
        )
        # Beside the event loop: a long text takes a while.
        parts = await asyncio.to_thread(rendered, document)
        if why := await self._why_no_file(key, parts):
            said = replace(document, blocks=(*document.blocks, Note(f"⚠ {why}")))
            return await asyncio.to_thread(rendered, said, files=False)
        return parts

    async def _why_no_file(self, key: str, parts: Sequence[render.Part]) -> str:
        """Why the texts go without their file; "" where there is none, or none was refused.

        Where an earlier process was refused one, a message stands in its place.
        """
        files = {number for number, part in enumerate(parts) if isinstance(part, File)}
        if not files or key in self._no_file:
            return self._no_file.get(key, "") if files else ""
        for post in await self._outbox.posts():
            is_message = "." in (post.post_id or "")  # its `ts` has one, the id of a file none
            if post.key == key and post.part in files and is_message:
                return _(NO_FILE)
        return ""

    async def _verdict_url(self) -> str | None:
        return await self._url(VERDICT) or await self._url(HEADLINE)

    async def _urls(self, key: str, document: Document) -> dict[str, str]:
        """Of the posts that letters stand for, by key; a draft needs none, and no verdict waits for
        them."""
        keys = [] if document.live else [letter.key for letter in document.letters]
        is_free = self._link is not None or self._web.links.is_free()
        urls = {key: url for key in keys if is_free and (url := await self._url(key))}
        if keys:
            self._unlinked = key, document, set(keys) - set(urls)
        return urls

    def _link_later(self, shown: str) -> None:
        """A verdict that came before its answers were posted gets its links with the last one."""
        keys = self._unlinked[2]
        if shown in keys:
            keys.remove(shown)
            if not keys:
                self._bot.begin(self._link_now())

    async def _link_now(self) -> None:
        updates, reserve = self._web.updates, self._web.reserved_updates
        try:
            async with self._drawing:
                key, document, _ = self._unlinked
                await self._show(key, document, partial(updates.take, reserve))
        except (SlackApiError, Undeliverable) as error:
            logger.info("%s: a verdict is left without links: %s", self._case.id, error)

    async def _url(self, key: str) -> str | None:
        """Where the first message of a post stands. In one thread addresses differ in the message
        alone, so Slack is asked for one of them."""
        if not (id := await self._outbox.first(key)):
            return None
        channel, ts = _ids(id)
        if self._link is None and (url := await self._web.permalink(channel, ts)):
            self._link = ts, url
        known, url = self._link or (ts, None)
        return url and url.replace(f"/p{known.replace('.', '')}", f"/p{ts.replace('.', '')}", 1)

    # Messages

    async def _show_message(
        self, key: str, part: int, message: Message, pay: Pay, *, live: bool
    ) -> str | None:
        """Post it or bring it up to date; its id, None where a person deleted it."""
        sending = Sending(
            message.digest(),
            send=partial(self._post, key, part, message),
            edit=partial(self._edit, key, message, pay, live),
            find=partial(self._find, key, part),
            remove=lambda id: self._web.delete(*_ids(id)),
        )
        return await self._outbox.show(key, part, sending)

    async def _post(self, key: str, part: int, message: Message) -> str:
        channel, thread = self._address.channel, self._address.thread
        send = partial(self._web.send, channel, thread=thread, metadata=self._mark(key, part))
        posted = await self._plainly(message, send)
        if posted.thread is None:
            # Slack posts to the channel what has no thread any more.
            await self._web.delete(channel, posted.ts)
            raise Undeliverable(_(QUESTION_DELETED), gone=True)
        return post_id(channel, posted.ts)

    async def _edit(self, key: str, message: Message, pay: Pay, live: bool, id: str) -> Edited:
        await pay()
        try:
            await self._plainly(message, partial(self._web.update, *_ids(id)))
        except SlackApiError as error:
            if error_of(error) == "message_not_found":
                return Edited.DELETED
            if live or error_of(error) not in _FROZEN:
                raise
            # Another ranking would notify the asker once more.
            return Edited.DONE if key == RANKING else Edited.FROZEN
        return Edited.DONE

    async def _plainly(self, message: Message, call: Callable[[Message], Awaitable[T]]) -> T:
        """The call with the message, or else with the first plainer one that Slack takes."""
        *better, last = message.renderings()
        for rendering in better:
            try:
                return await call(rendering)
            except SlackApiError as error:
                if error_of(error) not in REFUSED_WORDS:
                    raise
                logger.warning("Slack refused blocks, plainer ones follow: %s", error_of(error))
        return await call(last)

    async def _upload(self, file: File) -> str:
        channel, thread = self._address.channel, self._address.thread
        return post_id(channel, await self._web.upload(channel, file, thread=thread))

    async def _attach(self, key: str, part: int, file: File) -> bool:
        """Put the file into the thread, unless it is there; False where the bot may not."""
        send, find = partial(self._upload, file), partial(self._find_file, file.name)
        try:
            await self._outbox.show(key, part, Sending(file.digest(), send, find))
        except (SlackApiError, Undeliverable) as error:
            of_the_place = isinstance(error, SlackApiError) and is_of_the_place(error)
            if of_the_place or self._outbox.is_in_doubt(key, part):
                raise
            problem = sentence(error) if isinstance(error, SlackApiError) else error
            self._no_file[key] = f"{_(NO_FILE)} {problem}"
            logger.warning("%s: no file, messages follow: %s", key, problem)
            return False
        return True

    # What stands there already

    def _mark(self, key: str, part: int) -> Json:
        """What a post carries to be found by."""
        payload = {"run": self._case.id, "key": key, "part": part}
        return {"event_type": EVENT_TYPE, "event_payload": payload}

    async def _find(self, key: str, part: int, besides: str) -> str | None:
        async for message in self._own_messages():
            id = post_id(self._address.channel, message["ts"])
            if message.get("metadata") == self._mark(key, part) and id != besides:
                return id
        return None

    async def _find_file(self, name: str, _: str) -> str | None:
        async for message in self._own_messages():
            for file in message.get("files", ()):
                if file["name"] == name:
                    return post_id(self._address.channel, file["id"])
        return None

    async def _own_messages(self) -> AsyncIterator[Json]:
        """The bot's messages in the thread since the question."""
        me = await self._web.me()
        pages = await self._web.client.conversations_replies(
            channel=self._address.channel,
            ts=self._address.thread,
            oldest=self._address.message,
            include_all_metadata=True,
            limit=_PAGE,
        )
        async for page in pages:
            for message in page["messages"]:
                if message.get("bot_id") == me.bot:
                    yield message

    # Beside the messages

    async def _end(self) -> None:
        """Whoever deletes the question ends its run; Slack tells only those who post."""
        self._is_gone = True
        if self._case.mention:
            await self._app.running.question_deleted(self._case.mention)

    async def _tell_status(self, document: Document) -> None:
        """Slack puts the bot's name before it. How far it is stands in the headline."""
        channel, thread = self._address.channel, self._address.thread
        if document.live:
            await self._web.set_status(channel, thread, _("is deliberating …"))
        else:
            await self._web.clear_status(channel, thread)

    async def _react(self, id: str, each: str) -> bool:
        if not self._web.reactions.spend():
            return False
        await self._web.react(*_ids(id), emoji.name_of(each))
        return True
