"""What people do on the local Discord, as their clients let them, and what they get to see.

Acts at once and returns; the bot hears of it through its sessions, or does not if it is away. Only
what waits for the bot's answer is a coroutine. What a client would not let a person do raises
`Impossible`.
"""

from collections.abc import Mapping

from discord import Permissions

from tests.fakes.discord import payloads
from tests.fakes.discord.commands import Commands
from tests.fakes.discord.gateway import Gateway
from tests.fakes.discord.http import Request
from tests.fakes.discord.interactions import (
    Interactions,
)
from tests.fakes.discord.messages import content_type_of
from tests.fakes.discord.state import (
    Attachment,
    Channel,
    ChannelType,
    Flag,
    Guild,
    Message,
    MessageType,
    Overwrite,
    Ping,
    ReactionKind,
    Role,
    User,
)
from tests.fakes.discord.world import (
    BOT_PERMISSIONS,
    EVERYONE_PERMISSIONS,
    GUILDS,
    World,
    system_message,
)
from tests.fakes.watched import Watched


class Impossible(Exception):
    """No client would let this person do this."""


class Scenario(Watched):
    """The people, and the test that watches them."""

    def __init__(
        self, world: World, gateway: Gateway, commands: Commands, interactions: Interactions
    ) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self.world = world
        self.gateway = gateway
        self.commands = commands
        self.interactions = interactions

    def situation(self) -> str:
        """What a test that waited in vain wants to know."""
        lines = [f"{r.method} {r.path} -> {r.status} {r.answer}"[:300] for r in self.requests[-12:]]
        sockets = "online" if self.gateway.online else "offline"
        return "\n".join([f"the bot is {sockets}; its latest requests:", *lines])

    # Looking

    @property
    def bot(self) -> User:
        return self.world.bot

    @property
    def pings(self) -> list[Ping]:
        return self.world.pings

    def messages(self, channel: Channel) -> list[Message]:
        """Oldest first."""
        return [channel.messages[message_id] for message_id in sorted(channel.messages)]

    def said(self, channel: Channel) -> list[Message]:
        """The bot's own messages there, oldest first, without the system's notices."""
        notices = (MessageType.THREAD_CREATED, MessageType.THREAD_STARTER)
        return [m for m in self.messages(channel) if m.author is self.bot and m.type not in notices]

    def threads(self, parent: Channel) -> list[Channel]:
        return [channel for channel in self.world.channels.values() if channel.parent is parent]

    # Furnishing

    def create_user(self, name: str, *guilds: Guild, bot: bool = False) -> User:
        user = User(self.world.new_id(), name, bot=bot)
        self.world.users[user.id] = user
        for guild in guilds:
            guild.members[user.id] = user
        return user

    def create_guild(
        self,
        name: str = "Guild",
        *,
        owner: User | None = None,
        bot_permissions: Permissions | None = BOT_PERMISSIONS,
        everyone: Permissions = EVERYONE_PERMISSIONS,
    ) -> Guild:
        """A server; with `bot_permissions` None the bot is not on it yet."""
        owner = owner or self.create_user(f"owner of {name}")
        guild = Guild(self.world.new_id(), name, owner)
        guild.roles[guild.id] = Role(guild.id, "@everyone", everyone)
        guild.members[owner.id] = owner
        self.world.guilds[guild.id] = guild
        if bot_permissions is not None:
            self.world.invite_bot(guild, bot_permissions)
        return guild

    def invite_bot(self, guild: Guild, permissions: Permissions = BOT_PERMISSIONS) -> None:
        self.world.invite_bot(guild, permissions)

    def remove_bot(self, guild: Guild) -> None:
        self.world.remove_bot(guild)

    def managed_role(self, guild: Guild) -> Role:
        """The bot's own role, which the client offers beside the bot itself."""
        return next(role for role in guild.roles.values() if role.bot_id == self.bot.id)

    def create_role(self, guild: Guild, name: str, permissions: Permissions, *to: User) -> Role:
        role = self.world.add_role(guild, name, permissions)
        for user in to:
            guild.member_roles.setdefault(user.id, []).append(role.id)
        return role

    def create_emoji(self, guild: Guild, name: str) -> str:
        """A custom emoji as `name:id`, which is how reactions name it."""
        emoji_id = self.world.new_id()
        guild.emojis[emoji_id] = name
        return f"{name}:{emoji_id}"

    def create_channel(
        self, guild: Guild, name: str = "general", kind: ChannelType = ChannelType.TEXT
    ) -> Channel:
        channel = Channel(self.world.new_id(), kind, name, guild)
        self.world.channels[channel.id] = channel
        self.world.emit("CHANNEL_CREATE", channel, GUILDS, 0, payloads.channel(channel))
        return channel

    def overwrite(
        self,
        channel: Channel,
        target: Role | User | Guild,
        *,
        allow: Permissions | None = None,
        deny: Permissions | None = None,
    ) -> None:
        """Set a channel's overwrite for a role, a person, or everyone (the guild)."""
        channel.overwrites = [o for o in channel.overwrites if o.target != target.id]
        none = Permissions.none()
        channel.overwrites.append(
            Overwrite(target.id, isinstance(target, User), allow or none, deny or none)
        )
        self.world.emit("CHANNEL_UPDATE", channel, GUILDS, 0, payloads.channel(channel))

    def direct(self, user: User) -> Channel:
        return self.world.direct(user)

    # Writing

    def post(
        self,
        channel: Channel,
        user: User,
        text: str,
        *,
        reply_to: Message | None = None,
        ping: bool = True,
        files: Mapping[str, bytes] | None = None,
        age_seconds: float = 0.0,
        webhook: bool = False,
    ) -> Message:
        """Write as a person, or as a `webhook` under that name.

        `ping` is the switch of a reply; `age_seconds` dates the message back.
        """
        message = Message(self.world.new_id(age_seconds=age_seconds), channel, user, text)
        if webhook:
            message.webhook_id = user.id
        else:
            self._require(channel, user, "send_messages")
        message.attachments = [self._file(channel, *file) for file in (files or {}).items()]
        if reply_to is not None:
            message.type = MessageType.REPLY
            message.reference, message.reference_id = reply_to, reply_to.id
        replied = reply_to if ping else None
        message.mentions = self.world.mentions(channel, user, text, replied)
        if channel.is_thread and self.bot in message.mentions.users:
            channel.thread_members.add(self.bot.id)
        self.world.post(message)
        return message

    def mention(
        self,
        channel: Channel,
        user: User,
        text: str,
        *,
        reply_to: Message | None = None,
        files: Mapping[str, bytes] | None = None,
        age_seconds: float = 0.0,
    ) -> Message:
        """`post` with the bot mentioned first."""
        words = f"<@{self.bot.id}> {text}"
        return self.post(
            channel, user, words, reply_to=reply_to, files=files, age_seconds=age_seconds
        )

    def mention_role(self, channel: Channel, user: User, text: str) -> Message:
        """The slip of the picker: the bot's managed role instead of the bot."""
        assert channel.guild is not None
        return self.post(channel, user, f"<@&{self.managed_role(channel.guild).id}> {text}")

    def reply(self, message: Message, user: User, text: str, *, ping: bool = True) -> Message:
        return self.post(message.channel, user, text, reply_to=message, ping=ping)

    def forward(self, channel: Channel, user: User, message: Message) -> Message:
        """Pass a message on; a client sends no words of its own with it."""
        self._require(channel, user, "send_messages")
        forward = Message(self.world.new_id(), channel, user)
        forward.reference, forward.reference_id, forward.forwarded = message, message.id, True
        forward.flags |= Flag.FORWARD
        self.world.post(forward)
        return forward

    def edit(self, message: Message, text: str) -> None:
        message.content = text
        replied = message.reference if message.author is not self.bot else None
        message.mentions = self.world.mentions(message.channel, message.author, text, replied)
        self.world.edited(message)

    def unfurl(self, message: Message) -> None:
        """Discord adds a link's preview: an update without an edit."""
        message.embeds = [{"type": "link", "url": "https://example.invalid"}]
        self.world.emit_message("MESSAGE_UPDATE", message)

    def repeat(self, message: Message) -> None:
        """Deliver MESSAGE_CREATE once more, as Discord now and then does."""
        self.world.emit_message("MESSAGE_CREATE", message)

    def delete_message(self, message: Message) -> None:
        self.world.delete(message)

    def create_thread(
        self,
        user: User,
        parent: Channel,
        name: str,
        text: str = "",
        *,
        about: Message | None = None,
    ) -> Channel:
        """A person's thread: about a message, or (in a forum always) opened with `text`."""
        self._require(parent, user, "create_public_threads")
        thread_id = about.id if about else self.world.new_id()
        thread = self.world.open_thread(parent, user, name, ChannelType.PUBLIC_THREAD, thread_id)
        if about is not None:
            about.thread = thread
            about.flags |= Flag.HAS_THREAD
            self.world.post(
                system_message(self.world, thread, user, MessageType.THREAD_STARTER, about)
            )
        if parent.type == ChannelType.FORUM:
            message = Message(thread.id, thread, user, text)
            message.mentions = self.world.mentions(thread, user, text, None)
            self.world.post(message)
        elif text:
            self.post(thread, user, text)
        return thread

    def archive(self, thread: Channel, *, locked: bool = False) -> None:
        thread.archived, thread.locked = True, locked
        self.world.emit_thread("THREAD_UPDATE", thread)

    def rename(self, thread: Channel, name: str) -> None:
        """A person does."""
        thread.name = name
        self.world.emit_thread("THREAD_UPDATE", thread)

    def lock(self, thread: Channel) -> None:
        """Only those who may manage threads can write in it from now on."""
        thread.locked = True
        self.world.emit_thread("THREAD_UPDATE", thread)

    def delete_channel(self, channel: Channel) -> None:
        """With every thread in it."""
        body = payloads.channel(channel)
        self.world.emit("CHANNEL_DELETE", channel, GUILDS, 0, body)
        for thread in self.threads(channel):
            del self.world.channels[thread.id]
        del self.world.channels[channel.id]

    def delete_thread(self, thread: Channel) -> None:
        """A moderator deletes a thread with everything in it."""
        assert thread.guild
        assert thread.parent
        body = {
            "id": str(thread.id),
            "guild_id": str(thread.guild.id),
            "parent_id": str(thread.parent.id),
            "type": int(thread.type),
        }
        self.world.emit("THREAD_DELETE", thread, GUILDS, 0, body)
        del self.world.channels[thread.id]

    # Reacting

    def react(self, user: User, message: Message, emoji: str, *, burst: bool = False) -> None:
        self._require_open(message.channel)
        key, _, _ = self.world.emoji(message.channel, emoji)
        self._require(message.channel, user, "read_message_history")
        if key not in message.reactions:
            self._require(message.channel, user, "add_reactions")
        kind: ReactionKind = "burst" if burst else "normal"
        self.world.react(message, user, emoji, kind)

    def unreact(self, user: User, message: Message, emoji: str, *, burst: bool = False) -> None:
        self._require_open(message.channel)
        kind: ReactionKind = "burst" if burst else "normal"
        self.world.unreact(message, user, emoji, kind)

    def clear(self, message: Message, emoji: str | None = None) -> None:
        """A moderator takes away all reactions, or all with one emoji."""
        self.world.clear(message, emoji)

    # Rules for people

    def _require(self, channel: Channel, user: User, name: str) -> None:
        rights = channel.permissions(user)
        if not rights.view_channel or not getattr(rights, name):
            raise Impossible(f"{user.name} lacks {name} in {channel.name}")

    def _require_open(self, channel: Channel) -> None:
        """Clients offer no components, commands or reactions in an archived thread."""
        if channel.archived:
            raise Impossible("the thread is archived")

    def _file(self, channel: Channel, name: str, data: bytes) -> Attachment:
        kind = content_type_of(name)
        attachment = Attachment(self.world.new_id(), channel.id, name, data, kind)
        self.world.attachments[attachment.id] = attachment
        return attachment
