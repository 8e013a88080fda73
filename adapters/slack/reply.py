"""The bot's reply to one mention: messages under the question, in a thread.

Every message goes through the outbox: claimed, posted with metadata that names it, then confirmed;
later states update it in place. What may have been posted without the outbox knowing is found by
that metadata. Knows no council; the app says what is shown.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from slack_sdk.errors import SlackApiError

from adapters.slack import emoji, mrkdwn, render
from adapters.slack.address import Address
from adapters.slack.refusals import (
    QUESTION_DELETED,
    REFUSED_WORDS,
    UNSEEN_CHANNEL,
    error_of,
    is_of_the_place,
    sentence,
    undeliverable,
)
from adapters.slack.render import File, Message
from adapters.slack.traces import Traces
from adapters.slack.web import Posted, Web
from bot import emoji as reactions
from bot.chat import HEADLINE, RANKING
from bot.conversation.app import App
from bot.document import Document, Note
from bot.errors import Undeliverable
from bot.records import Case

logger = logging.getLogger(__name__)

T = TypeVar("T")
Look = Callable[[], Awaitable[str | None]]

INTERVAL_SECONDS = 3.0

# Updates a minute that progress leaves for verdicts.
RESERVED_UPDATES = 20

# How long somebody has to invite the bot again whom they removed from a private channel.
UNSEEN_SECONDS = 300.0

NO_FILE = "Slack took no file."

# The workspace's settings for editing messages. Source: docs.slack.dev, "chat.update", errors.
_FROZEN = frozenset({"cant_update_message", "edit_window_closed"})


def post_id(channel: str, ts: str) -> str:
    return f"{channel}/{ts}"


def is_message(post_id: str | None) -> bool:
    """Whether it names a message, by its `ts`, and not a file."""
    return "." in (post_id or "")


class SlackReply:
    """Can be built again from the stored case: what was posted is in the outbox."""

    def __init__(self, case: Case, *, app: App, web: Web, time_scale: float) -> None:
        self._case = case
        self._app = app
        self._web = web
        self._address = Address.from_json(case.address)
        self._traces = Traces(web, self._address, case.id)
        # Posted perhaps: by a process that ended before it could confirm, or by this one.
        self._doubtful: set[tuple[str, int]] | None = None
        self._posted: set[str] = set()
        self._seeded: set[str] = set()
        self._beginning = asyncio.Lock()
        # When the channel was first out of sight.
        self._unseen_since: float | None = None
        self._patience_seconds = UNSEEN_SECONDS * time_scale
        self._is_gone = False
        # Why there is no file under a key, in a sentence.
        self._no_file: dict[str, str] = {}
        self.interval_seconds = INTERVAL_SECONDS * time_scale

    async def show(self, key: str, document: Document, *, ping: bool = False) -> None:
        if self._is_gone:
            raise Undeliverable(QUESTION_DELETED, gone=True)
        if self._can_wait(key, document):
            return
        try:
            await self._show(key, document, ping)
        except (SlackApiError, Undeliverable) as error:
            refusal = self._refusal(error) if isinstance(error, SlackApiError) else error
            if refusal.gone:
                await self._end()
            if key == HEADLINE or refusal.gone:
                # Nothing might end it any more.
                await self._web.clear_status(self._address.channel, self._address.thread)
            raise refusal from error

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
        asker, channel = self._case.asker or "", self._address.channel
        try:
            try:
                await self._web.whisper(channel, asker, render.document_messages(document))
            except SlackApiError as error:
                logger.info("%s: nobody can be told there: %s", self._case.id, error_of(error))
                link = await self._web.permalink(channel, self._address.message)
                about = (Note(f"About {link}"),) if link else ()
                told = replace(document, blocks=(*document.blocks, *about))
                for message in render.document_messages(told):
                    await self._web.post(asker, message)
        except SlackApiError as error:
            raise undeliverable(error) from error

    def _can_wait(self, key: str, document: Document) -> bool:
        """Whether this is progress for which there is no room: a newer state will follow."""
        return (
            document.live
            and key in self._posted
            and not self._web.updates.is_free(RESERVED_UPDATES)
        )

    async def _show(self, key: str, document: Document, ping: bool) -> None:
        await self._begin()
        first = None
        for number, part in enumerate(await self._parts(key, document, ping)):
            if isinstance(part, Message):
                ts = await self._show_message(key, number, part, live=document.live)
                first = ts if number == 0 else first
            elif not await self._attach(key, number, part):
                await self._show(key, document, ping)  # in messages instead
                return
        self._posted.add(key)
        self._unseen_since = None
        if key == HEADLINE:
            await self._tell_status(document)
        if first and document.votable:
            await self._seed(first, key)

    async def _begin(self) -> None:
        """Learn which posts an earlier process left in doubt."""
        async with self._beginning:  # before any post of this process is claimed
            if self._doubtful is None:
                posts = await self._app.store.posts(self._case.id)
                self._doubtful = {(post.key, post.part) for post in posts if post.post_id is None}

    async def _parts(self, key: str, document: Document, ping: bool) -> tuple[render.Part, ...]:
        rendered = partial(
            render.post,
            run=self._case.id,
            key=key,
            asker=self._case.asker if ping else None,
            verdict_url=await self._verdict_url() if key == RANKING else None,
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
        for post in await self._app.store.posts(self._case.id):
            if post.key == key and post.part in files and is_message(post.post_id):
                return NO_FILE
        return ""

    async def _verdict_url(self) -> str | None:
        for post in await self._app.store.posts(self._case.id):
            if post.key == HEADLINE and post.post_id and post.part == 0 and not post.deleted:
                return await self._web.permalink(*post.post_id.split("/"))
        return None

    # Messages

    async def _show_message(
        self, key: str, part: int, message: Message, *, live: bool
    ) -> str | None:
        """Post it or bring it up to date; its `ts`, None where a person deleted it."""
        post = await self._app.store.claim_post(self._case.id, "slack", key, part)
        if post.deleted:
            return None
        digest = message.digest()
        ts = post.post_id.partition("/")[2] if post.post_id else await self._adopted(key, part)
        if ts is None:
            ts = await self._post(key, part, message)
        elif post.digest != digest:
            try:
                if not await self._update(ts, message):
                    return None
            except SlackApiError as error:
                if live or error_of(error) not in _FROZEN:
                    raise
                return await self._replace(key, part, ts, message)
        await self._confirm(key, part, ts, digest)
        return ts

    async def _replace(self, key: str, part: int, old: str, message: Message) -> str:
        """A new post in the place of one that Slack lets nobody edit."""
        look = partial(self._traces.post, key, part, besides=old)
        ts = await self._web.persistently(look) or await self._post(key, part, message, old)
        await self._confirm(key, part, ts, message.digest())
        try:
            await self._web.delete(self._address.channel, old)
        except SlackApiError as error:
            logger.warning(
                "%s: an older state of %s stays: %s", self._case.id, key, sentence(error)
            )
        return ts

    async def _adopted(self, key: str, part: int) -> str | None:
        """The post of an earlier process that ended before it could confirm."""
        assert self._doubtful is not None
        if (key, part) not in self._doubtful:
            return None
        ts = await self._web.persistently(lambda: self._traces.post(key, part))
        if ts is not None:
            await self._confirm(key, part, ts, None)
        return ts

    async def _post(self, key: str, part: int, message: Message, besides: str = "") -> str:
        channel, thread = self._address.channel, self._address.thread

        async def send(find: Look) -> Posted:
            return await self._plainly(
                message,
                lambda rendering: self._web.post(
                    channel,
                    rendering,
                    thread=thread,
                    metadata=self._traces.metadata(key, part),
                    find=find,
                ),
            )

        look = partial(self._traces.post, key, part, besides=besides)
        posted = await self._surely(key, part, look, send)
        if posted.thread is None:
            # Slack posts to the channel what has no thread any more.
            await self._web.delete(channel, posted.ts)
            raise Undeliverable(QUESTION_DELETED, gone=True)
        return posted.ts

    async def _surely(
        self, key: str, part: int, look: Look, send: Callable[[Look], Awaitable[T]]
    ) -> T:
        """What `send` makes; in doubt until it is confirmed, unless Slack itself said no to it.

        So that the next try looks for it first, whatever goes wrong in between.
        """
        assert self._doubtful is not None
        looking = False

        async def find() -> str | None:
            nonlocal looking
            looking = True
            found = await look()
            looking = False
            return found

        self._doubtful.add((key, part))
        try:
            return await send(find)
        except (SlackApiError, Undeliverable):
            if not looking:
                self._doubtful.discard((key, part))
            raise

    async def _update(self, ts: str, message: Message) -> bool:
        """Bring the post up to date; False where a person deleted it."""
        channel = self._address.channel
        try:
            await self._plainly(message, lambda rendering: self._web.update(channel, ts, rendering))
        except SlackApiError as error:
            if error_of(error) != "message_not_found":
                raise
            await self._app.store.mark_deleted("slack", post_id(channel, ts))
            return False
        return True

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

    async def _attach(self, key: str, part: int, file: File) -> bool:
        """Put the file into the thread, unless it is there; False where the bot may not."""
        post = await self._app.store.claim_post(self._case.id, "slack", key, part)
        if post.post_id or post.deleted:
            return True
        assert self._doubtful is not None
        channel, thread = self._address.channel, self._address.thread

        look = partial(self._traces.file, file.name)

        async def send(find: Look) -> str:
            return await self._web.upload(channel, file, thread=thread, find=find)

        spot = (key, part)
        id = await self._web.persistently(look) if spot in self._doubtful else None
        try:
            if id is None:
                id = await self._surely(key, part, look, send)
        except (SlackApiError, Undeliverable) as error:
            of_the_place = isinstance(error, SlackApiError) and is_of_the_place(error)
            if of_the_place or spot in self._doubtful:
                raise
            problem = sentence(error) if isinstance(error, SlackApiError) else error
            self._no_file[key] = f"{NO_FILE} {problem}"
            logger.warning("%s: no file, messages follow: %s", key, problem)
            return False
        await self._confirm(key, part, id, file.digest())
        return True

    async def _confirm(self, key: str, part: int, id: str, digest: str | None) -> None:
        place = post_id(self._address.channel, id)
        await self._app.store.confirm_post(self._case.id, key, part, place, digest)
        if self._doubtful is not None:
            self._doubtful.discard((key, part))

    async def _end(self) -> None:
        """Whoever deletes the question ends its run; Slack tells only those who post."""
        self._is_gone = True
        if self._case.mention:
            await self._app.question_deleted(self._case.mention)

    # Beside the messages

    async def _tell_status(self, document: Document) -> None:
        channel, thread = self._address.channel, self._address.thread
        notes = [block.text for block in document.blocks if isinstance(block, Note)]
        if document.live and notes:
            await self._web.set_status(channel, thread, mrkdwn.escape(notes[0]))
        else:
            await self._web.clear_status(channel, thread)

    async def _seed(self, ts: str, key: str) -> None:
        """Offer the emoji to vote with: after the post, since it can do without them."""
        if key in self._seeded:
            return
        self._seeded.add(key)
        for each in reactions.offered(key):
            if not self._web.reactions.is_free():
                return
            try:
                await self._web.react(self._address.channel, ts, emoji.name_of(each))
            except SlackApiError as error:
                # The post is gone, or has too many emoji: people may still vote where it is not.
                logger.debug("no more reactions on %s: %s", key, error_of(error))
                return
