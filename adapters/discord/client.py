"""Discord's events, turned into calls of the app.

One client serves the whole process, so that a Reply may hold on to it. What a message means is
known in `questions`, what is posted in `reply`.
"""

import asyncio
import logging
import sys
from dataclasses import replace
from datetime import timedelta
from functools import partial

import discord

from adapters.discord import commands, delivery, files, questions
from adapters.discord.address import Address
from adapters.discord.bot import Bot
from adapters.discord.buttons import CouncilButton
from adapters.discord.catchup import heard
from adapters.discord.page import Page
from adapters.discord.pages import document_pages, offer_view, refusal_view, sentence_view
from adapters.discord.render import NEUTRAL_NAME, thread_name
from adapters.discord.reply import DiscordReply
from adapters.discord.said import said
from adapters.discord.voting import Votes
from bot.chat import Channel, Person, Refused, Said
from bot.conversation.app import App
from bot.conversation.catchup import catch_up, missed_mentions
from bot.conversation.commands import welcome
from bot.conversation.desk import NOT_ENABLED
from bot.council import Attached
from bot.document import Document, Text
from bot.errors import BotError, InvalidInput, Undeliverable
from bot.language import N_, _, speak
from bot.records import Case

logger = logging.getLogger(__name__)

# A mention edited in later than this is no question any more.
EDITED_IN = timedelta(minutes=10)
# The library's own pauses, in seconds: before every identify but the first, and for the last of
# the servers to be announced.
IDENTIFY_PAUSE, SERVERS_PAUSE = 5.0, 2.0

HIDDEN = N_(
    "Discord hides the text of this message from me. Mention **me** rather than my role, or choose "
    "*Apps → Ask the council* in the message's menu: then I can read it."
)
NOT_TAKEN = N_("This could not be taken up; the log says why. Ask again in a minute.")
# The library warns that it could not speak; it is not to.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


class CouncilClient(Bot):
    def __init__(self, app: App, *, time_scale: float) -> None:
        # Not a privileged intent among them.
        intents = discord.Intents.none()
        intents.guilds = True
        intents.guild_messages = intents.dm_messages = True
        intents.guild_reactions = intents.dm_reactions = True
        super().__init__(
            app,
            time_scale=time_scale,
            intents=intents,
            # An edit without allowed_mentions pings all the same: they are given with each.
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            guild_ready_timeout=SERVERS_PAUSE * time_scale,
        )
        self.votes = Votes(self)
        self.tree = commands.CouncilTree(self)
        # What is being caught up with: of one server, under its id; under None of all others.
        self._catching_up: dict[int | None, asyncio.Task[object]] = {}
        # Whether Discord has told which servers there are; some may come later.
        self._announced = False

    def reply(self, case: Case) -> DiscordReply:
        return DiscordReply(case, self)

    @property
    def connected(self) -> bool:
        if self.ws is None:  # not connected so far
            return False
        return self.is_ready() and self.ws.open

    async def name(self, channel: Channel, person: str) -> str:
        """As the server calls them, else as they call themselves."""
        server, id = self.get_guild(int(channel.workspace or 0)), int(person)
        try:
            return (await (server.fetch_member(id) if server else self.fetch_user(id))).display_name
        except discord.NotFound:
            return ""

    async def said(self, case: Case, most: int) -> Said:
        return await said(self, case, most)

    async def fetch(self, file: Attached) -> bytes:
        return await files.fetch(file, time_scale=self.time_scale)

    def opens_thread(self, case: Case) -> bool:
        address = Address.from_json(case.address)
        return address.kind == "open" and address.message is not None and not case.question.origin

    def name_thread(self, case: Case, title: str) -> None:
        self.begin(self._named(case, title))

    async def _named(self, case: Case, title: str) -> None:
        """Once, since Discord lets a thread be renamed twice in ten minutes, and only where it has
        the name that it was opened with."""
        id = Address.from_json(case.address).message or 0
        given = {thread_name(case.question.text), NEUTRAL_NAME} - {title}
        try:
            place = self.get_channel(id) or await self.surely(partial(self.fetch_channel, id))
            if not isinstance(place, discord.Thread) or place.owner_id != self.me.id:
                return
            if place.name in given and await self.app.store.case(case.id):
                await self.surely(partial(place.edit, name=title))
        except Undeliverable as error:
            logger.info("thread %d keeps its name: %s", id, error)

    async def remove(self, post_id: str) -> None:
        """With the name of a thread that was opened for it, once nothing else stands there."""
        channel, _, message = post_id.partition("/")
        if not await self.app.store.has_posts_in("discord", f"{channel}/"):
            await self.surely(partial(self._rename, int(channel)))
        place = self.get_partial_messageable(int(channel))
        await self.surely(place.get_partial_message(int(message)).delete)

    async def _rename(self, channel: int) -> None:
        """Give a thread of the bot's own a name of no particular words."""
        place = self.get_channel(channel) or await self.fetch_channel(channel)
        if not isinstance(place, discord.Thread) or place.owner_id != self.me.id:
            return
        if place.name != NEUTRAL_NAME or place.archived:
            await place.edit(name=NEUTRAL_NAME, archived=False)

    async def hang_up(self) -> None:
        """Let go of a connection whose reader has died, so that another can be made."""
        if self.ws is not None:
            await self.ws.close()

    # --- the library's hooks

    async def setup_hook(self) -> None:
        self.add_dynamic_items(CouncilButton)
        await commands.register(self.tree)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        if not initial:
            await asyncio.sleep(IDENTIFY_PAUSE * self.time_scale)

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        error = sys.exc_info()[1]
        if error and (isinstance(error, BotError) or delivery.is_passing(error)):
            logger.error("an event was not handled: %s: %s", event_method, delivery.words(error))
        else:
            logger.error("an event was not handled: %s", event_method, exc_info=error)

    async def on_connect(self) -> None:
        self._announced = False

    async def on_ready(self) -> None:
        """After every fresh identify: events since the last one are lost."""
        self.hold()
        self._announced = True
        logger.info("Discord: online as %s; servers: %d", self.me, len(self.guilds))
        for task in self._catching_up.values():
            task.cancel()
        self._catching_up.clear()
        self._begin_catching_up(None)
        await catch_up(self.app, heard(self, self.take), self.votes.readings)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A server that comes late, or is back after an outage of its own."""
        if self._announced:
            self.hold()
            self._begin_catching_up(guild.id)
            await missed_mentions(self.app, heard(self, self.take, guild))

    def _begin_catching_up(self, server: int | None) -> None:
        task = asyncio.current_task()
        assert task is not None
        if before := self._catching_up.pop(server, None):
            before.cancel()
        self._catching_up[server] = task

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """A short welcome, once: an outage on Discord's side looks like leaving and joining."""
        self.hold()
        place = _first_place(guild)
        if place and await self.app.once(f"discord:joined:{guild.id}"):
            here = Channel("discord", str(guild.id), str(place.id))
            may_ask = await self.app.admission.admits(here, Person(""))
            speak(await self.app.language(here, questions.locale_of(guild)))
            said = welcome() if may_ask else Document((Text(str(NOT_ENABLED)),))
            await self._post(place.id, document_pages(said), nonce=("welcome", guild.id))

    # --- questions

    async def on_message(self, message: discord.Message) -> None:
        self.hold()
        await self.take(message)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        """A mention that was edited in. The preview of a link arrives as an update, too."""
        message = event.message
        if message.edited_at and discord.utils.utcnow() - message.created_at < EDITED_IN:
            self.hold()
            if questions.addressed(message, self.me) != "reply":
                await self.take(message)

    async def take(self, message: discord.Message) -> None:
        """Answer a message that speaks to the bot, once, however often it is handed in, and however
        long Discord or the network is away meanwhile. Never in silence."""
        try:
            await self.line.persistently(lambda: self._take(message))
        except Exception as error:
            if isinstance(error, BotError):
                logger.error("message %d could not be taken up: %s", message.id, error)
            else:
                logger.exception("message %d could not be taken up", message.id)
            page = sentence_view(_(NOT_TAKEN))
            await self._post(
                message.channel.id, (page,), nonce=("said", message.id), reference=message.id
            )

    async def _take(self, message: discord.Message) -> None:
        addressed = questions.addressed(message, self.me)
        if addressed is None:
            return
        if addressed == "hidden":
            message = await questions.fetched(self, message.channel, message.id) or message
            addressed = questions.addressed(message, self.me) or addressed
        await questions.know_place(self, message)
        guild = message.guild
        here = questions.channel_of(message.channel, guild)
        speak(await self.app.language(here, questions.locale_of(guild)))
        if not _can_be_answered(message):
            await self._say_elsewhere(message)
            return
        match addressed:
            case "question":
                mention = await questions.mention_of(self, message)
                alone = await questions.answer_meant(self, message)
                about = questions.post_replied_to(message)
                outcome = await self.app.sequels.heard(replace(mention, alone=alone, about=about))
                if isinstance(outcome, Refused):
                    await self._say_once(message, refusal_view(outcome.document))
            case "reply":
                await self._say_once(message, await self._offer(message))
            case "hidden":
                await self._say_once(message, sentence_view(_(HIDDEN)))

    async def _offer(self, message: discord.Message) -> Page:
        """What a reply to one of the posts may start, nothing of it paid so far."""
        channel = questions.channel_of(message.channel, message.guild)
        person = questions.person_of(message.author)
        about = message.reference
        post_id = f"{about.channel_id}/{about.message_id}" if about else ""
        try:
            offer = await self.app.actions.offer_about(channel, person, post_id)
        except InvalidInput as error:
            return sentence_view(str(error))
        return offer_view(offer, message.id)

    async def _say_once(self, message: discord.Message, page: Page) -> None:
        key = f"{questions.key_of(message.id)}:answered"
        if await self.app.once(key):
            await self._post(
                message.channel.id, (page,), nonce=("said", message.id), reference=message.id
            )

    async def _say_elsewhere(self, message: discord.Message) -> None:
        """A sign where the bot may not write: under the message itself, else to its author."""
        key = f"{questions.key_of(message.id)}:answered"
        if not await self.app.once(key):
            return
        logger.warning("channel %d: the bot is asked but may not write", message.channel.id)
        text = f"{message.jump_url}\n\n{questions.why_not(message.channel)}"
        try:
            try:
                await self.surely(lambda: message.add_reaction(delivery.MUTE))
            except Undeliverable:
                page, nonce = sentence_view(text), ("elsewhere", message.id)
                await self.whisper(message.author.id, page, nonce=delivery.nonce(*nonce))
        except Undeliverable as error:
            logger.warning("%d cannot be told so: %s", message.author.id, error)

    async def _post(
        self,
        channel: int,
        pages: tuple[Page, ...],
        *,
        nonce: tuple[object, ...],
        reference: int | None = None,
    ) -> None:
        try:
            for n, page in enumerate(pages):
                await self.send(channel, page, nonce=delivery.nonce(*nonce, n), reference=reference)
        except Undeliverable as error:
            logger.warning("channel %d: a message of the bot's was refused: %s", channel, error)

    # --- what people delete

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self.hold()
        await self._deleted(event.channel_id, event.message_id)

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        self.hold()
        for message in sorted(event.message_ids):
            await self._deleted(event.channel_id, message)

    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        self.hold()
        self.app.running.place_deleted("discord", str(event.thread_id))

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        self.hold()
        self.app.running.place_deleted("discord", str(channel.id))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was sent away, or the server deleted; an outage is told otherwise."""
        self.hold()
        self.app.running.place_deleted("discord", str(guild.id))

    async def _deleted(self, channel: int, message: int) -> None:
        key = questions.key_of(message)
        await self.app.running.message_deleted("discord", f"{channel}/{message}", key)

    # --- votes

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        self.hold()
        held = await self.votes.added(event)
        key = "closer", event.message_id, event.user_id
        if held and await self.app.once(":".join(map(str, ("discord", *key)))):
            page = refusal_view(held.document)
            await self._post(event.channel_id, (page,), nonce=key, reference=event.message_id)

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        self.hold()
        await self.votes.removed(event)

    async def on_raw_reaction_clear(self, event: discord.RawReactionClearEvent) -> None:
        self.hold()
        await self.votes.cleared(event)

    async def on_raw_reaction_clear_emoji(self, event: discord.RawReactionClearEmojiEvent) -> None:
        self.hold()
        await self.votes.cleared(event)


def _can_be_answered(message: discord.Message) -> bool:
    """As far as is known here: nothing is paid for what nobody could read."""
    place = message.channel
    if message.guild is None or isinstance(place, discord.PartialMessageable):
        return True
    if message.guild.unavailable:
        return True  # nothing is known of it yet
    try:
        return questions.can_be_answered(place, place.permissions_for(message.guild.me))
    except discord.ClientException:
        return True  # the parent of a thread is not known


def _first_place(guild: discord.Guild) -> discord.TextChannel | None:
    """Where a newcomer says hello: the system channel, or the first in which the bot may write."""
    places = [guild.system_channel] if guild.system_channel else []
    for place in (*places, *guild.text_channels):
        rights = place.permissions_for(guild.me)
        if rights.view_channel and rights.send_messages:
            return place
    return None
