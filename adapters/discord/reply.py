"""The bot's reply to one mention: a thread where there can be one, a message for each post.

Every post goes through the outbox: claimed, sent under a nonce that is the same each time, then
confirmed; later states edit it in place. Knows no council; the app says what is shown.
"""

import asyncio
import logging
from dataclasses import replace

import discord

from adapters.discord import delivery, render
from adapters.discord.address import Address
from bot import emoji as reactions
from bot.chat import HEADLINE, RANKING
from bot.conversation.app import App
from bot.document import Document, Note
from bot.errors import Undeliverable
from bot.records import Case

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 2.0

# How far back the bot looks for posts of its own that it does not know of.
SCANNED_MESSAGES = 200

# Source: Discord's API documentation, "JSON Error Codes".
_THREAD_EXISTS = 160004

_THREAD_NEEDS = discord.Permissions(create_public_threads=True, send_messages_in_threads=True)
_REACTING_NEEDS = discord.Permissions(add_reactions=True, read_message_history=True)


def post_id(channel: int, message: int) -> str:
    return f"{channel}/{message}"


class DiscordReply:
    """Can be built again from the stored case: what was posted is in the outbox."""

    def __init__(self, case: Case, *, app: App, client: discord.Client, time_scale: float) -> None:
        self._case = case
        self._app = app
        self._client = client
        self._time_scale = time_scale
        self._address = Address.from_json(case.address)
        self._channel: int | None = None
        self._is_placed = False  # a post stands there already
        self._beginning = asyncio.Lock()
        # Claimed by a process that ended before it could confirm: posted perhaps.
        self._doubtful: set[str] = set()
        self._seeded: set[str] = set()
        self.interval_seconds = INTERVAL_SECONDS * time_scale

    async def show(self, key: str, document: Document, *, ping: bool = False) -> None:
        try:
            await self._show(key, document, ping)
        except (discord.HTTPException, Undeliverable) as error:
            if not self._is_placed:
                self._channel = None  # it may be another place when it is tried again
            if isinstance(error, Undeliverable):
                raise
            raise delivery.undeliverable(error) from error

    async def tell_asker(self, document: Document) -> None:
        """In a direct message, with the way to the question; else by a sign under that."""
        address = self._address
        url = f"https://discord.com/channels/{address.guild or '@me'}/{address.channel}"
        if address.message:
            url += f"/{address.message}"
        page = render.refusal_view(replace(document, blocks=(*document.blocks, Note(url))))
        try:
            await delivery.whisper(
                self._client,
                int(self._case.asker or 0),
                page,
                nonce=delivery.nonce(self._case.id, "asker"),
                time_scale=self._time_scale,
            )
        except Undeliverable:
            if not address.message:
                raise
            await self._mark(address.channel, address.message)

    async def _mark(self, channel: int, message: int) -> None:
        question = self._client.get_partial_messageable(channel).get_partial_message(message)
        try:
            await delivery.persistently(
                lambda: question.add_reaction(delivery.MUTE), time_scale=self._time_scale
            )
        except discord.HTTPException as error:
            raise delivery.undeliverable(error) from error

    async def _show(self, key: str, document: Document, ping: bool) -> None:
        store, run = self._app.store, self._case.id
        async with self._beginning:  # posts are shown side by side, in one thread
            channel = self._channel or await self._begin()
        page = await self._page(key, document)
        digest = page.digest()
        post = await store.claim_post(run, "discord", key, 0)
        if post.deleted:
            return
        if post.post_id is None:
            message = await self._post(channel, key, page, ping)
            await store.confirm_post(run, key, 0, post_id(channel, message), digest)
            self._is_placed = True
        else:
            message = int(post.post_id.partition("/")[2])
            if post.digest != digest and not await self._edit(channel, key, message, page):
                return
            await store.confirm_post(run, key, 0, post.post_id, digest)
        if document.votable and self._may_react(channel):
            await self._seed(channel, message, key)

    async def _page(self, key: str, document: Document) -> render.Page:
        assert self._channel is not None
        ranking = key == RANKING
        # In a thread: there are texts that take longer to cut than the gateway may be kept waiting.
        return await asyncio.to_thread(
            render.post,
            document,
            run=self._case.id,
            key=key,
            asker=self._case.asker if ranking else None,
            verdict_url=await self._verdict_url() if ranking else None,
            transcript=await self._app.transcript(self._case.id) if ranking else None,
            vote_buttons=document.votable and not self._may_react(self._channel),
        )

    async def _verdict_url(self) -> str | None:
        for post in await self._app.store.posts(self._case.id):
            if post.key == HEADLINE and post.post_id and not post.deleted:
                guild = self._address.guild or "@me"
                return f"https://discord.com/channels/{guild}/{post.post_id}"
        return None

    # Where

    async def _begin(self) -> int:
        """The channel to post in, where earlier posts are, and which of those are in doubt."""
        posts = await self._app.store.posts(self._case.id)
        self._doubtful = {post.key for post in posts if post.post_id is None}
        confirmed = next((post.post_id for post in posts if post.post_id), None)
        self._is_placed = confirmed is not None
        if confirmed:
            self._channel = int(confirmed.partition("/")[0])
        elif self._address.kind == "open":
            self._channel = await self._thread() or self._address.channel
        else:
            self._channel = self._address.channel
        return self._channel

    async def _thread(self) -> int | None:
        """The thread of the mention, opened if need be; `None` where there can be none.

        Servers refuse words in names, so that there is a name of no particular words, too.
        """
        address = self._address
        if address.message is None or not self._may(address.channel, _THREAD_NEEDS):
            return None
        for name in (render.thread_name(self._case.question.text), render.NEUTRAL_NAME):
            try:
                return await self._opened(address.channel, address.message, name)
            except discord.HTTPException as error:
                if error.code == _THREAD_EXISTS:
                    return address.message  # a thread has the id of the message it was opened from
                if error.code in {delivery.UNKNOWN_MESSAGE, delivery.UNKNOWN_CHANNEL}:
                    raise
                logger.info("no thread in channel %s: %s", address.channel, error.code)
                if error.code not in delivery.WORDING:
                    return None
        return None

    async def _opened(self, channel: int, message: int, name: str) -> int:
        place = self._client.get_partial_messageable(channel, guild_id=self._address.guild)
        mention = place.get_partial_message(message)
        thread = await delivery.persistently(
            lambda: mention.create_thread(name=name), time_scale=self._time_scale
        )
        return thread.id

    def _may(self, channel: int, needed: discord.Permissions) -> bool:
        """As far as is known: what the gateway did not tell is for the request to find out."""
        place = self._client.get_channel(channel)
        if not isinstance(place, discord.abc.GuildChannel | discord.Thread):
            return True
        try:
            return needed <= place.permissions_for(place.guild.me)
        except discord.ClientException:
            return True  # the parent of a thread is not known

    def _may_react(self, channel: int) -> bool:
        return self._may(channel, _REACTING_NEEDS)

    # Posting

    async def _post(self, channel: int, key: str, page: render.Page, ping: bool) -> int:
        """Send it, unless an earlier process did; the id of the message."""

        async def find() -> discord.Message | None:
            return await self._find(channel, key)

        if key in self._doubtful:
            found = await delivery.persistently(find, time_scale=self._time_scale)
            self._doubtful.discard(key)
            if found:
                await delivery.edit(
                    self._client, channel, found.id, page, time_scale=self._time_scale
                )
                return found.id
        asker = self._case.asker if ping else None
        answers_here = key == HEADLINE and channel == self._address.channel
        message = await delivery.send(
            self._client,
            channel,
            page,
            nonce=delivery.nonce(self._case.id, key, 0),
            time_scale=self._time_scale,
            reference=self._address.message if answers_here else None,
            ping=int(asker) if asker else None,
            find=find,
        )
        return message.id

    async def _find(self, channel: int, key: str) -> discord.Message | None:
        """The post of this key among the bot's own messages."""
        mark = render.mark(self._case.id, key)
        after = discord.Object(self._address.message) if self._address.message else None
        history = self._client.get_partial_messageable(channel).history(
            limit=SCANNED_MESSAGES, after=after
        )
        async for message in history:
            if message.author.id == self._own_id and _first_id(message) == mark:
                return message
        return None

    async def _edit(self, channel: int, key: str, message: int, page: render.Page) -> bool:
        """Bring the post up to date; False where a person deleted it."""
        try:
            await delivery.edit(self._client, channel, message, page, time_scale=self._time_scale)
        except discord.NotFound as error:
            if error.code != delivery.UNKNOWN_MESSAGE:
                raise
            await self._app.store.mark_deleted("discord", post_id(channel, message))
            return False
        return True

    async def _seed(self, channel: int, message: int, key: str) -> None:
        """Offer the emoji to vote with: after the post, since it can do without them."""
        if key in self._seeded:
            return
        self._seeded.add(key)
        post = self._client.get_partial_messageable(channel).get_partial_message(message)
        for emoji in reactions.offered(key):
            try:
                await delivery.persistently(
                    lambda emoji=emoji: post.add_reaction(emoji),  # type: ignore[misc]
                    time_scale=self._time_scale,
                )
            except discord.HTTPException as error:
                # Too many emoji, the post is gone, the thread archived: people may still vote.
                logger.debug("no more reactions on %s: %s", key, error.code)
                return

    @property
    def _own_id(self) -> int | None:
        return self._client.user.id if self._client.user else None


def _first_id(message: discord.Message) -> int | None:
    first = message.components[0] if message.components else None
    known = discord.Container | discord.SectionComponent | discord.TextDisplay
    return first.id if isinstance(first, known) else None
