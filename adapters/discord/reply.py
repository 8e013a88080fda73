"""The bot's reply to one mention: a thread where there can be one, a message for each post.

A post is sent under a nonce that is the same each time, and found again by the id of its first
component; later states edit it in place. Knows no council; the app says what is shown.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import discord

from adapters.discord import delivery, render
from adapters.discord.address import Address
from adapters.discord.bot import Bot
from adapters.discord.page import Notice, Showable
from adapters.discord.pages import refusal_view
from bot.chat import HEADLINE, RANKING
from bot.conversation.loops import surviving
from bot.conversation.outbox import Edited, Outbox, Sending
from bot.conversation.turns import Turn, Worth
from bot.document import Document, Note
from bot.errors import Undeliverable
from bot.records import Case, Post

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


def url_of(guild: int | None, *path: object) -> str:
    """The address of a message, or of what else the path leads to."""
    return "/".join(map(str, ("https://discord.com/channels", guild or "@me", *path)))


def urls_of(guild: int | None, posts: Iterable[Post]) -> dict[str, str]:
    """Where each post stands, under its key."""
    return {
        post.key: url_of(guild, post.post_id)
        for post in posts
        if post.post_id and not post.deleted and post.part == 0
    }


class DiscordReply:
    """Can be built again from the stored case: what was posted is in the outbox."""

    def __init__(self, case: Case, bot: Bot) -> None:
        self._case = case
        self._bot = bot
        self._address = Address.from_json(case.address)
        self._outbox = Outbox(bot.app.store, case.id, "discord", bot.line, rests_on=case.rests_on)
        address = self._address
        server = str(address.guild or f"@{address.channel}")  # a conversation is one of its own
        self._place = (server, str(address.channel), str(address.message or case.id))
        self._channel: int | None = None
        self._is_placed = False  # a post stands there already
        self._beginning = asyncio.Lock()
        # What the headline is to show, one edit at a time, and the posts that it leads to so far.
        self._headline = Document()
        self._drawing = asyncio.Lock()
        self._linked: frozenset[str] = frozenset()
        self._editing = asyncio.Lock()
        self.interval_seconds = INTERVAL_SECONDS * bot.time_scale

    async def turn(self, key: str, worth: Worth) -> Turn:
        return self._bot.turns.join(self._place, worth)

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
        question = Note(url_of(address.guild, address.channel, *filter(None, [address.message])))
        page = refusal_view(replace(document, blocks=(*document.blocks, question)))
        try:
            nonce = delivery.nonce(self._case.id, "asker")
            await self._bot.whisper(int(self._case.asker or 0), page, nonce=nonce)
        except Undeliverable:
            if not address.message:
                raise
            sign = partial(self._react, post_id(address.channel, address.message), delivery.MUTE)
            await self._bot.surely(sign)

    async def _show(self, key: str, document: Document, ping: bool) -> None:
        async with self._beginning:  # posts are shown side by side, in one thread
            channel = self._channel or await self._begin()
        if key == HEADLINE:
            self._headline = document
            async with self._drawing:
                id = await self._draw(channel, key, document, ping)
        else:
            id = await self._draw(channel, key, document, ping)
        if id is None:
            return
        self._is_placed = True
        if self._leads_to(key):
            self._bot.begin(self._linked_again(channel))
        if document.votable and self._may(channel, _REACTING_NEEDS):
            self._bot.begin(self._seed(key, id))

    async def _seed(self, key: str, id: str) -> None:
        async def react(emoji: str) -> bool:
            await self._bot.turns.take(self._place, Worth.BESIDES)
            return await self._react(id, emoji)

        with surviving(f"{key} of deliberation {self._case.id} offers no emoji to vote with"):
            await self._outbox.seed(key, react)

    async def _draw(self, channel: int, key: str, document: Document, ping: bool) -> str | None:
        page = await self._page(key, document)
        sending = Sending(
            page.digest(),
            send=partial(self._post, channel, key, page, ping),
            edit=partial(self._edit, page),
            find=partial(self._find, channel, key),
        )
        return await self._outbox.show(key, 0, sending)

    def _leads_to(self, key: str) -> bool:
        """Whether the verdict names a post that was not there when it was drawn."""
        is_named = any(letter.key == key for letter in self._headline.letters)
        return is_named and not self._headline.live and key not in self._linked

    async def _linked_again(self, channel: int) -> None:
        await self._bot.turns.take(self._place, Worth.BESIDES)
        try:
            async with self._drawing:
                await self._draw(channel, HEADLINE, self._headline, False)
        except (discord.HTTPException, Undeliverable) as error:
            logger.info("a verdict is left without a link: %s", delivery.words(error))

    async def _page(self, key: str, document: Document) -> Showable:
        assert self._channel is not None
        place = render.Place(
            asker=self._case.asker if key == RANKING else None,
            urls=urls_of(self._address.guild, await self._outbox.all()),
            vote_buttons=document.votable and not self._may(self._channel, _REACTING_NEEDS),
        )
        if key == HEADLINE:
            self._linked = frozenset(place.urls)
        # In a thread: there are texts that take longer to cut than the gateway may be kept waiting.
        return await asyncio.to_thread(
            render.post, document, run=self._case.id, key=key, place=place
        )

    # Where

    async def _begin(self) -> int:
        """The channel to post in, where earlier posts are."""
        posts = await self._outbox.posts()
        confirmed = next((post.post_id for post in posts if post.post_id), None)
        self._is_placed = confirmed is not None
        if confirmed:
            self._channel, _ = _ids(confirmed)
        else:
            self._channel = await self._thread() or self._address.channel
        return self._channel

    async def _thread(self) -> int | None:
        """The thread of the mention, opened if need be; `None` where there can be none.

        Servers refuse words in names, so that there is a name of no particular words, too.
        """
        address = self._address
        if address.kind != "open" or not address.message:
            return None
        if not self._may(address.channel, _THREAD_NEEDS):
            return None
        place = self._bot.get_partial_messageable(address.channel, guild_id=address.guild)
        mention = place.get_partial_message(address.message)
        for name in (render.thread_name(self._case.question.text), render.NEUTRAL_NAME):
            try:
                opening = partial(mention.create_thread, name=name)
                return (await self._bot.line.persistently(opening)).id
            except discord.HTTPException as error:
                if error.code == _THREAD_EXISTS:
                    return address.message  # a thread has the id of the message it was opened from
                if error.code in {delivery.UNKNOWN_MESSAGE, delivery.UNKNOWN_CHANNEL}:
                    raise
                logger.info("no thread in channel %s: %s", address.channel, error.code)
                if error.code not in delivery.WORDING:
                    return None
        return None

    def _may(self, channel: int, needed: discord.Permissions) -> bool:
        """As far as is known: what the gateway did not tell is for the request to find out."""
        place = self._bot.get_channel(channel)
        if not isinstance(place, discord.abc.GuildChannel | discord.Thread):
            return True
        try:
            return needed <= place.permissions_for(place.guild.me)
        except discord.ClientException:
            return True  # the parent of a thread is not known

    # Posting

    async def _post(self, channel: int, key: str, page: Showable, ping: bool) -> str:
        asker = self._case.asker if ping else None
        answers_here = key == HEADLINE and channel == self._address.channel
        message = await delivery.post(
            self._bot,
            channel,
            page,
            nonce=delivery.nonce(self._case.id, key, 0),
            reference=self._address.message if answers_here else None,
            ping=int(asker) if asker else None,
        )
        return post_id(channel, message.id)

    async def _find(self, channel: int, key: str, besides: str) -> str | None:
        """The post of this key among the bot's own messages."""
        mark = render.mark(self._case.id, key)
        after = discord.Object(self._address.message) if self._address.message else None
        history = self._bot.get_partial_messageable(channel).history(
            limit=SCANNED_MESSAGES, after=after
        )
        async for message in history:
            if message.author == self._bot.user and _first_id(message) == mark:
                return post_id(channel, message.id)
        return None

    async def _edit(self, page: Showable, id: str) -> Edited:
        try:
            # One at a time: the library takes what is left of the limit from the answers to them, and
            # answers that overtake each other tell it too much.
            async with self._editing:
                await delivery.edit(self._bot, *_ids(id), page)
        except discord.HTTPException as error:
            if error.code == delivery.UNKNOWN_MESSAGE:
                return Edited.DELETED
            if not (isinstance(page, Notice) and await self._is_old(id, error)):
                raise
        return Edited.DONE

    async def _is_old(self, id: str, refusal: discord.HTTPException) -> bool:
        """Whether the post is one of components (V2), as earlier versions of this bot made those
        that ping. It can never be made plain text again, and stays as it is."""
        if refusal.code != delivery.MALFORMED:
            return False
        channel, message = _ids(id)
        post = await self._bot.get_partial_messageable(channel).fetch_message(message)
        return post.flags.components_v2

    async def _react(self, id: str, emoji: str) -> bool:
        channel, message = _ids(id)
        post = self._bot.get_partial_messageable(channel).get_partial_message(message)
        await post.add_reaction(emoji)
        return True


def _ids(post_id: str) -> tuple[int, int]:
    """The channel's and the message's."""
    channel, _, message = post_id.partition("/")
    return int(channel), int(message)


def _first_id(message: discord.Message) -> int | None:
    first = message.components[0] if message.components else None
    known = discord.Container | discord.SectionComponent | discord.TextDisplay | discord.ActionRow
    return first.id if isinstance(first, known) else None
