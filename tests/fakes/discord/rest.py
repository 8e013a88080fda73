"""The REST routes for people, servers, channels, threads, messages and reactions."""

from dataclasses import dataclass

from tests.fakes.discord import payloads
from tests.fakes.discord.http import Call, Route
from tests.fakes.discord.messages import (
    CREATE_FIELDS,
    NEW_FLAGS,
    apply,
    draft,
    mention,
    required_permissions,
)
from tests.fakes.discord.refusals import (
    Check,
    Form,
    Json,
    Refusal,
    anything,
    boolean,
    items,
    number,
    one_of,
    text,
)
from tests.fakes.discord.state import (
    Channel,
    ChannelType,
    Flag,
    Guild,
    Message,
    MessageType,
    require,
)
from tests.fakes.discord.world import World, system_message

_CHANNEL = ("channel_id",)
_SENDABLE = (ChannelType.TEXT, ChannelType.NEWS, ChannelType.VOICE, ChannelType.DM)


@dataclass(frozen=True, slots=True)
class Rest:
    world: World

    def routes(self) -> tuple[Route, ...]:
        channel, message = "/channels/{channel_id}", "/channels/{channel_id}/messages/{message_id}"
        return (
            Route("GET", "/gateway/bot", self.gateway),
            Route("GET", "/users/@me", lambda call: payloads.user(self.world.bot)),
            Route("GET", "/oauth2/applications/@me", self.application),
            Route("GET", "/users/{user_id}", self.user),
            Route("POST", "/users/@me/channels", self.open_direct),
            Route("GET", "/guilds/{guild_id}", self.guild, major=("guild_id",)),
            Route("GET", "/guilds/{guild_id}/members/{user_id}", self.member, major=("guild_id",)),
            Route("GET", "/guilds/{guild_id}/threads/active", self.active, major=("guild_id",)),
            Route("GET", channel, self.channel, major=_CHANNEL),
            Route("PATCH", channel, self.edit_channel, major=_CHANNEL),
            Route("POST", channel + "/typing", self.typing, major=_CHANNEL),
            Route("POST", channel + "/threads", self.start_thread, major=_CHANNEL),
            Route("POST", message + "/threads", self.start_thread_from, major=_CHANNEL),
            Route("GET", channel + "/threads/archived/public", self.archived, major=_CHANNEL),
            Route("GET", channel + "/thread-members", self.members, major=_CHANNEL),
            Route("PUT", channel + "/thread-members/{user_id}", self.join, major=_CHANNEL),
            Route("DELETE", channel + "/thread-members/{user_id}", self.leave, major=_CHANNEL),
        )

    # The application and people

    def gateway(self, call: Call) -> Json:
        return {
            "url": self.world.base_url.replace("http", "ws", 1) + "/gateway",
            "shards": 1,
            "session_start_limit": {
                "total": 1000,
                "remaining": 1000,
                "reset_after": 0,
                "max_concurrency": 1,
            },
        }

    def application(self, call: Call) -> Json:
        world = self.world
        return {
            "id": str(world.bot.id),
            "name": world.bot.name,
            "icon": None,
            "description": "",
            "bot_public": world.public,
            "bot_require_code_grant": False,
            "owner": payloads.user(world.bot),
            "verify_key": "",
            # GATEWAY_MESSAGE_CONTENT
            "flags": (1 << 18) if world.message_content_allowed else 0,
        }

    def user(self, call: Call) -> Json:
        user = self.world.users.get(call.id("user_id"))
        if user is None:
            raise Refusal(10013)
        return payloads.user(user)

    def open_direct(self, call: Call) -> Json:
        user = self.world.users.get(int(call.fields.get("recipient_id", 0)))
        if user is None:
            raise Refusal(50033)
        if user.bot:
            raise Refusal(50007)
        return payloads.channel(self.world.direct(user))

    def guild(self, call: Call) -> Json:
        return payloads.guild(self._guild(call), self.world)

    def member(self, call: Call) -> Json:
        guild = self._guild(call)
        user = self.world.users.get(call.id("user_id"))
        if user is None:
            raise Refusal(10013)
        if user.id not in guild.members:
            raise Refusal(10007)
        return payloads.member(guild, user)

    def _guild(self, call: Call) -> Guild:
        guild = self.world.guilds.get(call.id("guild_id"))
        if guild is None:
            raise Refusal(10004)
        if self.world.bot.id not in guild.members:
            raise Refusal(50001)
        return guild

    # Channels and threads

    def channel(self, call: Call) -> Json:
        return payloads.channel(self._channel(call))

    def edit_channel(self, call: Call) -> Json:
        thread = self._thread(call)
        form = Form()
        fields: dict[str, Check] = {
            "name": text(1, 100),
            "archived": boolean,
            "locked": boolean,
            "auto_archive_duration": one_of(60, 1440, 4320, 10080),
            "rate_limit_per_user": number(0, 21600),
        }
        form.fields((), call.fields, {}, fields)
        form.refuse()
        rights = thread.permissions(self.world.bot)
        reopens = set(call.fields) <= {"archived"} and rights.send_messages and not thread.locked
        mine = thread.owner_id == self.world.bot.id and "locked" not in call.fields
        if not (rights.manage_threads or reopens or (mine and not thread.locked)):
            raise Refusal(50013)
        if thread.archived and call.fields.get("archived", True):
            raise Refusal(50083)
        thread.name = call.fields.get("name", thread.name)
        thread.archived = call.fields.get("archived", thread.archived)
        thread.locked = call.fields.get("locked", thread.locked)
        self.world.emit_thread("THREAD_UPDATE", thread)
        return payloads.channel(thread)

    def typing(self, call: Call) -> None:
        channel = self._channel(call)
        require(channel, self.world.bot, ["send_messages"])
        self.world.typing.append(channel)

    def start_thread_from(self, call: Call) -> Json:
        channel, world = self._channel(call), self.world
        self._check_thread_parent(channel, (ChannelType.TEXT, ChannelType.NEWS))
        message = world.message(channel, call.id("message_id"))
        require(channel, world.bot, ["create_public_threads"])
        self._check_thread(call.fields, {})
        if message.thread is not None:
            raise Refusal(160004)
        if message.type not in (MessageType.DEFAULT, MessageType.REPLY, MessageType.SLASH):
            raise Refusal(50024)
        self._check_room(channel)
        news = channel.type == ChannelType.NEWS
        kind = ChannelType.NEWS_THREAD if news else ChannelType.PUBLIC_THREAD
        # A thread from a message has the message's own id.
        thread = world.open_thread(channel, world.bot, call.fields["name"], kind, message.id)
        thread.auto_archive_minutes = call.fields.get("auto_archive_duration") or 4320
        message.thread = thread
        message.flags |= Flag.HAS_THREAD
        world.emit_message("MESSAGE_UPDATE", message)
        world.post(
            system_message(world, thread, message.author, MessageType.THREAD_STARTER, message)
        )
        if world.repeat_thread_source:
            world.emit_message("MESSAGE_CREATE", message)
        return payloads.channel(thread) | {"member": payloads.thread_member(thread, world.bot)}

    def start_thread(self, call: Call) -> Json:
        channel = self._channel(call)
        if channel.type == ChannelType.FORUM:
            return self._start_post(channel, call)
        self._check_thread_parent(channel, (ChannelType.TEXT, ChannelType.NEWS))
        kinds = one_of(*(int(kind) for kind in (10, 11, 12)))
        self._check_thread(call.fields, {"type": kinds, "invitable": boolean})
        kind = ChannelType(call.fields.get("type", ChannelType.PRIVATE_THREAD))
        private = kind == ChannelType.PRIVATE_THREAD
        needed = "create_private_threads" if private else "create_public_threads"
        require(channel, self.world.bot, [needed])
        self._check_room(channel)
        thread_id = self.world.new_id()
        name = call.fields["name"]
        thread = self.world.open_thread(channel, self.world.bot, name, kind, thread_id)
        if not private:
            notice = system_message(
                self.world, channel, self.world.bot, MessageType.THREAD_CREATED, None
            )
            notice.content, notice.reference_id, notice.thread = name, thread.id, thread
            self.world.post(notice)
        return payloads.channel(thread) | {"member": payloads.thread_member(thread, self.world.bot)}

    def _start_post(self, forum: Channel, call: Call) -> Json:
        """A forum's threads begin with a message that has the thread's own id."""
        world = self.world
        body = call.fields.get("message") or {}
        needed = required_permissions(body, call.files)
        require(forum, world.bot, needed)
        more: dict[str, Check] = {
            "message": anything,
            "applied_tags": items(0, 5),
            "type": one_of(int(ChannelType.PUBLIC_THREAD)),
        }
        self._check_thread(call.fields, more)
        self._check_room(forum)
        found = draft(
            world,
            forum,
            body,
            call.files,
            fields=CREATE_FIELDS,
            settable_flags=NEW_FLAGS,
            path=("message",),
        )
        thread_id = world.new_id()
        thread = world.open_thread(
            forum, world.bot, call.fields["name"], ChannelType.PUBLIC_THREAD, thread_id
        )
        message = Message(thread_id, thread, world.bot)
        apply(message, found)
        mention(world, message, body.get("allowed_mentions"), "create")
        world.post(message)
        return payloads.channel(thread) | {"message": world.render(message)}

    def _check_thread_parent(self, channel: Channel, kinds: tuple[ChannelType, ...]) -> None:
        if channel.type == ChannelType.DM:
            raise Refusal(50003)
        if channel.type not in kinds:
            raise Refusal(50024)

    def _check_thread(self, body: Json, more: dict[str, Check]) -> None:
        form = Form()
        fields: dict[str, Check] = {
            "auto_archive_duration": one_of(60, 1440, 4320, 10080),
            "rate_limit_per_user": number(0, 21600),
            **more,
        }
        form.fields((), body, {"name": text(1, 100)}, fields, nullable=frozenset(fields))
        for word in self.world.refused_words:
            if word in str(body.get("name")):
                sentence = "Contains words not allowed for servers in Server Discovery."
                form.add(("name",), "CONTAINS_REFUSED_WORDS", sentence)
        form.refuse()

    def _check_room(self, channel: Channel) -> None:
        assert channel.guild is not None
        if len(self.world.active_threads(channel.guild)) >= self.world.active_thread_limit:
            raise Refusal(160006)

    def active(self, call: Call) -> Json:
        return self._threads(self.world.active_threads(self._guild(call)))

    def archived(self, call: Call) -> Json:
        parent = self._channel(call)
        require(parent, self.world.bot, ["read_message_history"])
        threads = [c for c in self.world.channels.values() if c.parent is parent and c.archived]
        return self._threads(threads)

    def _threads(self, threads: list[Channel]) -> Json:
        bot = self.world.bot
        return {
            "threads": [payloads.channel(thread) for thread in threads],
            "members": [
                payloads.thread_member(t, bot) for t in threads if bot.id in t.thread_members
            ],
            "has_more": False,
        }

    def members(self, call: Call) -> list[Json]:
        thread = self._thread(call)
        users = [self.world.users[user_id] for user_id in sorted(thread.thread_members)]
        return [payloads.thread_member(thread, user) for user in users]

    def join(self, call: Call) -> None:
        thread, user_id = self._thread(call), self._member_id(call)
        if thread.archived:
            raise Refusal(50083)
        if user_id != self.world.bot.id:
            require(thread, self.world.bot, ["send_messages"])
        if user_id not in self.world.users:
            raise Refusal(10013)
        thread.thread_members.add(user_id)

    def leave(self, call: Call) -> None:
        thread, user_id = self._thread(call), self._member_id(call)
        if thread.archived:
            raise Refusal(50083)
        if user_id != self.world.bot.id:
            require(thread, self.world.bot, ["manage_threads"])
        thread.thread_members.discard(user_id)

    def _member_id(self, call: Call) -> int:
        return self.world.bot.id if call.params["user_id"] == "@me" else call.id("user_id")

    def _channel(self, call: Call) -> Channel:
        return self.world.channel(call.id("channel_id"))

    def _thread(self, call: Call) -> Channel:
        thread = self._channel(call)
        if not thread.is_thread:
            raise Refusal(50024)
        return thread
