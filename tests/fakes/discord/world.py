"""The one place that holds everything and changes it, and tells the bot's sessions about it.

REST handlers and the people of a scenario act through it; who may do so was judged before.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from discord import Permissions

from tests.fakes.discord import payloads
from tests.fakes.discord.components import is_unicode_emoji
from tests.fakes.discord.refusals import Json, Refusal
from tests.fakes.discord.state import (
    EPOCH_MS,
    Attachment,
    Channel,
    ChannelType,
    Emoji,
    Guild,
    Mentions,
    Message,
    MessageType,
    Ping,
    Reaction,
    ReactionKind,
    Role,
    User,
    require_view,
)

# Intents an event needs. Source: "List of Intents" of the API documentation.
GUILDS = 1 << 0
GUILD_MEMBERS = 1 << 1
GUILD_PRESENCES = 1 << 8
GUILD_MESSAGES = 1 << 9
GUILD_REACTIONS = 1 << 10
GUILD_TYPING = 1 << 11
DM_MESSAGES = 1 << 12
DM_REACTIONS = 1 << 13
MESSAGE_CONTENT = 1 << 15
PRIVILEGED = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT

NONCE_MEMORY_SECONDS = 300.0

BOT_PERMISSIONS = Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    read_message_history=True,
    add_reactions=True,
    attach_files=True,
    embed_links=True,
)
EVERYONE_PERMISSIONS = Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    read_message_history=True,
    add_reactions=True,
    attach_files=True,
    embed_links=True,
    use_application_commands=True,
)


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatch; `payload(reads_all)` is what a session gets that does (or does not) read all content."""

    name: str
    intent: int
    payload: Callable[[bool], Json]


@dataclass(slots=True)
class World:
    base_url: str = ""
    message_content_allowed: bool = False
    public: bool = False
    role_mentions_reveal_content: bool = False
    """Undocumented on Discord; a bot must cope with False."""
    refused_words: dict[str, int] = field(default_factory=dict)
    """By word, the code with which texts that hold it are refused; 50035 for names of threads."""
    active_thread_limit: int = 1000
    late_edit_limit: int = 10
    """Edits of a message over an hour old; Discord names no number."""
    forwards_reveal_content: bool = True
    """Undocumented, too: what a forward carries is told even where its own text would be hidden."""
    references_left_out: bool = False
    """Send no `referenced_message` with replies, as Discord may; null would say that it is gone."""
    repeat_thread_source: bool = False
    """Emit a thread's source message a second time, as Discord was seen to do."""

    users: dict[int, User] = field(default_factory=dict)
    guilds: dict[int, Guild] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    attachments: dict[int, Attachment] = field(default_factory=dict)
    pings: list[Ping] = field(default_factory=list)
    typing: list[Channel] = field(default_factory=list)
    dispatch: Callable[[Event], None] = lambda event: None
    _advanced_seconds: float = 0.0
    _last_id: int = 0
    _nonces: dict[tuple[int, str], tuple[float, Message]] = field(default_factory=dict)

    bot: User = field(init=False)

    def __post_init__(self) -> None:
        self.bot = User(self.new_id(), "Council", bot=True)
        self.users[self.bot.id] = self.bot

    # Time and ids

    def now(self) -> float:
        """Seconds since 1970, `advance`d as the test pleased."""
        return time.time() + self._advanced_seconds

    def advance(self, seconds: float) -> None:
        self._advanced_seconds += seconds

    def new_id(self, *, age_seconds: float = 0.0) -> int:
        """A snowflake: unique, in the order of time, telling when it was made."""
        moment = int((self.now() - age_seconds) * 1000 - EPOCH_MS) << 22
        if age_seconds:
            while moment in self.messages:
                moment += 1
            return moment
        self._last_id = max(self._last_id + 1, moment)
        return self._last_id

    def timestamp(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    # Looking things up

    def channel(self, channel_id: int) -> Channel:
        """A channel the bot can see; 10003 or 50001 otherwise."""
        if channel_id not in self.channels:
            raise Refusal(10003)
        channel = self.channels[channel_id]
        require_view(channel, self.bot)
        return channel

    def message(self, channel: Channel, message_id: int) -> Message:
        if message_id not in channel.messages:
            raise Refusal(10008)
        return channel.messages[message_id]

    def direct(self, user: User) -> Channel:
        for channel in self.channels.values():
            if channel.recipient is user:
                return channel
        channel = Channel(self.new_id(), ChannelType.DM, user.name, recipient=user)
        self.channels[channel.id] = channel
        return channel

    # What the application may read

    def readable(self, message: Message) -> bool:
        """Whether the content is shown to the application without the privileged intent.

        Source: "Message Content Intent" of the API documentation.
        """
        mentioned = self.bot in message.mentions.users and not self._pings_an_interaction(message)
        by_role = any(role.bot_id == self.bot.id for role in message.mentions.roles)
        return (
            message.author is self.bot
            or message.channel.type == ChannelType.DM
            or mentioned
            or (by_role and self.role_mentions_reveal_content)
        )

    def _pings_an_interaction(self, message: Message) -> bool:
        """A reply reveals its content through the ping, but not under an interaction's message."""
        replied = message.reference
        typed = f"<@{self.bot.id}>" in message.content or f"<@!{self.bot.id}>" in message.content
        return not typed and replied is not None and replied.origin is not None

    def render(self, message: Message) -> Json:
        """As a REST request is answered: filtered by the application's setting."""
        everything = self.message_content_allowed
        return payloads.message(message, self, gateway=False, reads_all=everything)

    # Changing things

    def post(self, message: Message) -> None:
        """Put a finished message where it belongs and tell the bot about it."""
        self.messages[message.id] = message
        message.frames.append(message.text)
        if message.viewer is not None:
            return
        channel = message.channel
        channel.messages[message.id] = message
        channel.sent += 1
        if channel.is_thread:
            channel.thread_members.add(message.author.id)
            if channel.archived:
                channel.archived = False
                self.emit_thread("THREAD_UPDATE", channel)
        self.emit_message("MESSAGE_CREATE", message)

    def edited(self, message: Message) -> None:
        message.edited_at = self.timestamp()
        message.frames.append(message.text)
        if message.viewer is None:
            self.emit_message("MESSAGE_UPDATE", message)

    def delete(self, message: Message) -> None:
        message.deleted = True
        self.messages.pop(message.id, None)
        if message.viewer is not None:
            return
        message.channel.messages.pop(message.id, None)
        body = payloads.place(message.channel) | {"id": str(message.id)}
        self.emit("MESSAGE_DELETE", message.channel, GUILD_MESSAGES, DM_MESSAGES, body)

    def check_words(self, text: str) -> None:
        for word, code in self.refused_words.items():
            if word in text:
                raise Refusal(code)

    def remember_nonce(self, message: Message) -> None:
        if message.nonce is not None:
            key = (message.channel.id, str(message.nonce))
            self._nonces[key] = (self.now(), message)

    def repeated(self, channel: Channel, nonce: str | int) -> Message | None:
        """The message sent under the same nonce in the past few minutes."""
        sent_at, message = self._nonces.get((channel.id, str(nonce)), (0.0, None))
        return message if self.now() - sent_at <= NONCE_MEMORY_SECONDS else None

    def open_thread(
        self, parent: Channel, owner: User, name: str, kind: ChannelType, thread_id: int
    ) -> Channel:
        thread = Channel(thread_id, kind, name, parent.guild, parent, owner_id=owner.id)
        thread.thread_members.add(owner.id)
        self.channels[thread.id] = thread
        self.emit_thread("THREAD_CREATE", thread, {"newly_created": True})
        return thread

    def active_threads(self, guild: Guild) -> list[Channel]:
        threads = (c for c in self.channels.values() if c.is_thread and c.guild is guild)
        return [t for t in threads if not t.archived and t.permissions(self.bot).view_channel]

    def react(self, message: Message, user: User, raw: str, kind: ReactionKind) -> None:
        """Add a reaction; nothing happens where it stands already."""
        key, name, custom_id = self.emoji(message.channel, raw)
        if key not in message.reactions:
            if len(message.reactions) >= 20:
                raise Refusal(30010)
            message.reactions[key] = Reaction(name, custom_id)
        reaction = message.reactions[key]
        if user.id in reaction.users(kind):
            return
        reaction.users(kind)[user.id] = user
        body = self._reaction_body(message, user, reaction, kind)
        body["message_author_id"] = str(message.author.id)
        if kind == "burst":
            body["burst_colors"] = ["#ffcc00"]
        if message.channel.guild is not None:
            body["member"] = payloads.member(message.channel.guild, user)
        self._emit_reaction("MESSAGE_REACTION_ADD", message, body)

    def unreact(self, message: Message, user: User, raw: str, kind: ReactionKind) -> None:
        key, _, _ = self.emoji(message.channel, raw)
        reaction = message.reactions.get(key)
        if reaction is None or user.id not in reaction.users(kind):
            return
        del reaction.users(kind)[user.id]
        if not reaction.normal and not reaction.burst:
            del message.reactions[key]
        body = self._reaction_body(message, user, reaction, kind)
        self._emit_reaction("MESSAGE_REACTION_REMOVE", message, body)

    def clear(self, message: Message, raw: str | None = None) -> None:
        """Take away every reaction, or every one with this emoji."""
        body = payloads.place(message.channel) | {"message_id": str(message.id)}
        if raw is None:
            message.reactions.clear()
            self._emit_reaction("MESSAGE_REACTION_REMOVE_ALL", message, body)
            return
        key, _, _ = self.emoji(message.channel, raw)
        reaction = message.reactions.pop(key, None)
        if reaction is not None:
            body["emoji"] = payloads.emoji(reaction)
            self._emit_reaction("MESSAGE_REACTION_REMOVE_EMOJI", message, body)

    def emoji(self, channel: Channel, raw: str) -> tuple[Emoji, str, int | None]:
        """Key, name and custom id of `👍` or `name:id`; 10014 for what is no emoji here."""
        custom = re.fullmatch(r"(?:a:)?(\w+):(\d+)", raw)
        if custom:
            emoji_id = int(custom[2])
            guild = channel.guild
            if guild is None or emoji_id not in guild.emojis:
                raise Refusal(10014)
            return Emoji(custom[2]), guild.emojis[emoji_id], emoji_id
        if not is_unicode_emoji(raw):
            raise Refusal(10014)
        return Emoji(raw.replace("\ufe0f", "")), raw, None

    # Telling the bot

    def emit(
        self, name: str, channel: Channel, guild_intent: int, direct_intent: int, body: Json
    ) -> None:
        """Dispatch to sessions with the intent, if the bot can see the channel."""
        if channel.permissions(self.bot).view_channel:
            intent = direct_intent if channel.guild is None else guild_intent
            self.dispatch(Event(name, intent, lambda reads_all: body))

    def emit_message(self, name: str, message: Message) -> None:
        channel = message.channel
        if not channel.permissions(self.bot).view_channel:
            return
        intent = DM_MESSAGES if channel.guild is None else GUILD_MESSAGES
        # Rendered now, both ways: what a session reads later is how things were at this moment.
        full = payloads.message(message, self, gateway=True, reads_all=True)
        own = payloads.message(message, self, gateway=True, reads_all=False)
        self.dispatch(Event(name, intent, lambda reads_all: full if reads_all else own))

    def emit_thread(self, name: str, thread: Channel, more: Json | None = None) -> None:
        body = payloads.channel(thread) | (more or {})
        if self.bot.id in thread.thread_members:
            body["member"] = payloads.thread_member(thread, self.bot)
        self.emit(name, thread, GUILDS, 0, body)

    def _emit_reaction(self, name: str, message: Message, body: Json) -> None:
        self.emit(name, message.channel, GUILD_REACTIONS, DM_REACTIONS, body)

    def _reaction_body(
        self, message: Message, user: User, reaction: Reaction, kind: ReactionKind
    ) -> Json:
        return payloads.place(message.channel) | {
            "message_id": str(message.id),
            "user_id": str(user.id),
            "emoji": payloads.emoji(reaction),
            "burst": kind == "burst",
            "type": 1 if kind == "burst" else 0,
        }

    # Mentions

    def mentions(
        self, channel: Channel, author: User, text: str, reply: Message | None
    ) -> Mentions:
        """Whom `text` names, before any filter. `reply` is the message replied to with a ping.

        Code and what a backslash escapes name nobody.
        """
        guild = channel.guild
        text = re.sub(r"(?s)```.*?```|``.*?``|`[^`]*`|\\[<@]", " ", text)
        known = guild.members if guild else self.users
        ids = [int(found) for found in re.findall(r"<@!?(\d+)>", text)]
        users = {user_id: known[user_id] for user_id in ids if user_id in known}
        if reply is not None:
            users.setdefault(reply.author.id, reply.author)
        if guild is None:
            return Mentions(tuple(users.values()))
        permissions = channel.permissions(author)
        role_ids = dict.fromkeys(int(found) for found in re.findall(r"<@&(\d+)>", text))
        roles = tuple(
            guild.roles[role_id]
            for role_id in role_ids
            if role_id in guild.roles and role_id != guild.id
        )
        everyone = bool(re.search(r"@(everyone|here)\b", text)) and permissions.mention_everyone
        return Mentions(tuple(users.values()), roles, everyone)

    # Servers

    def add_role(self, guild: Guild, name: str, permissions: Permissions) -> Role:
        role = Role(self.new_id(), name, permissions)
        guild.roles[role.id] = role
        body = {"guild_id": str(guild.id), "role": payloads.role(guild, role)}
        if self.bot.id in guild.members:
            self.dispatch(Event("GUILD_ROLE_CREATE", GUILDS, lambda reads_all: body))
        return role

    def invite_bot(self, guild: Guild, permissions: Permissions = BOT_PERMISSIONS) -> None:
        """Add the bot with a managed role of its own name, as an invitation does."""
        role = Role(self.new_id(), self.bot.name, permissions, bot_id=self.bot.id)
        guild.roles[role.id] = role
        guild.members[self.bot.id] = self.bot
        guild.member_roles[self.bot.id] = [role.id]
        body = payloads.guild(guild, self)
        self.dispatch(Event("GUILD_CREATE", GUILDS, lambda reads_all: body))

    def remove_bot(self, guild: Guild) -> None:
        guild.members.pop(self.bot.id)
        for role_id in guild.member_roles.pop(self.bot.id):
            guild.roles.pop(role_id)
        body = {"id": str(guild.id)}
        self.dispatch(Event("GUILD_DELETE", GUILDS, lambda reads_all: body))


def system_message(
    world: World, channel: Channel, author: User, kind: MessageType, about: Message | None
) -> Message:
    """The notice Discord itself writes into a thread or its parent."""
    return Message(
        world.new_id(),
        channel,
        author,
        type=kind,
        reference=about,
        reference_id=about.id if about else None,
    )
