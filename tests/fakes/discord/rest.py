"""The REST routes for people, servers, channels, threads, messages and reactions."""

from dataclasses import dataclass
from typing import Any

from tests.fakes.discord import payloads
from tests.fakes.discord.http import Call, Route
from tests.fakes.discord.messages import (
    CREATE_FIELDS,
    EDIT_FIELDS,
    apply,
    draft,
    mention,
    reply_target,
    required_permissions,
)
from tests.fakes.discord.refusals import Check, Form, Json, Refusal, boolean, number, one_of, text
from tests.fakes.discord.state import (
    Channel,
    ChannelType,
    Flag,
    Guild,
    Message,
    MessageType,
    ReactionKind,
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
        reaction = message + "/reactions/{emoji}"
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
            Route("GET", channel + "/messages", self.history, major=_CHANNEL),
            Route("POST", channel + "/messages", self.send, "send", _CHANNEL),
            Route("GET", message, self.message, major=_CHANNEL),
            Route("PATCH", message, self.edit, "edit", _CHANNEL),
            Route("DELETE", message, self.delete, major=_CHANNEL),
            Route("GET", reaction, self.reactors, major=_CHANNEL),
            Route("PUT", reaction + "/@me", self.react, "reaction", _CHANNEL),
            Route("DELETE", reaction + "/{user_id}", self.unreact, "reaction", _CHANNEL),
            Route("DELETE", reaction, self.clear_emoji, "reaction", _CHANNEL),
            Route("DELETE", message + "/reactions", self.clear, "reaction", _CHANNEL),
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
            "bot_public": True,
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
        more: dict[str, Check] = {"message": lambda *_: None, "applied_tags": lambda *_: None}
        self._check_thread(call.fields, more)
        self._check_room(forum)
        found = draft(
            world,
            forum,
            body,
            call.files,
            fields=CREATE_FIELDS,
            settable_flags=_SETTABLE,
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

    # Messages

    def history(self, call: Call) -> list[Json]:
        """Newest first, whichever end was asked for. Empty without the right to read history."""
        channel = self._channel(call)
        form = Form()
        limit = int(call.query.get("limit", "50"))
        number(1, 100)(form, ("limit",), limit)
        if sum(name in call.query for name in ("before", "after", "around")) > 1:
            form.add(("after",), "BASE_TYPE_EXCLUSIVE", "Only one of before, after and around")
        form.refuse()
        if not channel.permissions(self.world.bot).read_message_history:
            return []
        messages = [channel.messages[message_id] for message_id in sorted(channel.messages)]
        if "after" in call.query:
            found = [m for m in messages if m.id > int(call.query["after"])][:limit]
        elif "around" in call.query:
            middle = int(call.query["around"])
            older = [m for m in messages if m.id < middle][-(limit // 2) :]
            found = older + [m for m in messages if m.id >= middle][: limit - len(older)]
        else:
            before = int(call.query.get("before", 1 << 63))
            found = [m for m in messages if m.id < before][-limit:]
        return [self.world.render(message) for message in reversed(found)]

    def message(self, call: Call) -> Json:
        channel = self._channel(call)
        require(channel, self.world.bot, ["read_message_history"])
        return self.world.render(self._message(channel, call))

    def send(self, call: Call) -> Json:
        channel, world, body = self._channel(call), self.world, call.fields
        if channel.type == ChannelType.FORUM or not (
            channel.is_thread or channel.type in _SENDABLE
        ):
            raise Refusal(50024)
        if channel.recipient is not None and not channel.recipient.accepts_dms:
            raise Refusal(50007)
        require(channel, world.bot, required_permissions(body, call.files))
        self._check_open_for_sending(channel)
        self._check_nonce(body)
        target = reply_target(world, channel, body, world.bot)
        found = draft(
            world,
            channel,
            body,
            call.files,
            fields=CREATE_FIELDS,
            settable_flags=_SETTABLE,
        )
        nonce = body.get("nonce")
        if body.get("enforce_nonce") and nonce is not None:
            repeated = world.repeated(channel, nonce)
            if repeated is not None:
                return world.render(repeated)
        message = Message(world.new_id(), channel, world.bot, nonce=nonce)
        if target is not None:
            message.type = MessageType.REPLY
            message.reference, message.reference_id = target, target.id
        apply(message, found)
        mention(world, message, body.get("allowed_mentions"), "create")
        world.post(message)
        world.remember_nonce(message)
        return world.render(message)

    def edit(self, call: Call) -> Json:
        channel, world, body = self._channel(call), self.world, call.fields
        message = self._message(channel, call)
        if channel.is_thread and channel.archived:
            raise Refusal(50083)
        if message.author is not world.bot:
            raise Refusal(50005)
        if world.now() - message.created_at.timestamp() > 3600:
            message.late_edits += 1
            if message.late_edits > world.late_edit_limit:
                raise Refusal(30046)
        found = draft(
            world,
            channel,
            body,
            call.files,
            fields=EDIT_FIELDS,
            settable_flags=Flag.SUPPRESS_EMBEDS | Flag.V2,
            before=message,
        )
        apply(message, found)
        mention(world, message, body.get("allowed_mentions"), "edit")
        world.edited(message)
        return world.render(message)

    def delete(self, call: Call) -> None:
        channel = self._channel(call)
        message = self._message(channel, call)
        if channel.is_thread and channel.archived:
            raise Refusal(50083)
        if message.author is not self.world.bot:
            if channel.guild is None:
                raise Refusal(50003)
            require(channel, self.world.bot, ["manage_messages"])
        self.world.delete(message)

    def _message(self, channel: Channel, call: Call) -> Message:
        return self.world.message(channel, call.id("message_id"))

    def _check_open_for_sending(self, channel: Channel) -> None:
        """Sending reopens an archived thread unless it is locked."""
        if not channel.locked or channel.permissions(self.world.bot).manage_threads:
            return
        raise Refusal(50083 if channel.archived else 160005)

    def _check_nonce(self, body: Json) -> None:
        nonce: Any = body.get("nonce")
        form = Form()
        if isinstance(nonce, str):
            text(0, 25)(form, ("nonce",), nonce)
        form.refuse()

    # Reactions

    def reactors(self, call: Call) -> list[Json]:
        channel = self._channel(call)
        message = self._message(channel, call)
        require(channel, self.world.bot, ["read_message_history"])
        form = Form()
        limit = int(call.query.get("limit", "25"))
        number(1, 100)(form, ("limit",), limit)
        one_of("0", "1")(form, ("type",), call.query.get("type", "0"))
        form.refuse()
        key, _, _ = self.world.emoji(channel, call.params["emoji"])
        reaction = message.reactions.get(key)
        if reaction is None:
            return []
        kind: ReactionKind = "burst" if call.query.get("type") == "1" else "normal"
        users = reaction.users(kind)
        after = int(call.query.get("after", 0))
        ids = [user_id for user_id in sorted(users) if user_id > after][:limit]
        return [payloads.user(users[user_id]) for user_id in ids]

    def react(self, call: Call) -> None:
        channel = self._channel(call)
        message = self._reactable(channel, call)
        needed = ["read_message_history"]
        key, _, _ = self.world.emoji(channel, call.params["emoji"])
        # Joining an emoji that is there already needs no right to add reactions.
        if key not in message.reactions:
            needed.append("add_reactions")
        require(channel, self.world.bot, needed)
        self.world.react(message, self.world.bot, call.params["emoji"], "normal")

    def unreact(self, call: Call) -> None:
        channel = self._channel(call)
        message = self._reactable(channel, call)
        user = self.world.users.get(self._member_id(call))
        if user is None:
            raise Refusal(10013)
        if user is not self.world.bot:
            require(channel, self.world.bot, ["manage_messages"])
        for kind in ("normal", "burst"):
            self.world.unreact(message, user, call.params["emoji"], kind)

    def clear_emoji(self, call: Call) -> None:
        channel = self._channel(call)
        message = self._reactable(channel, call)
        require(channel, self.world.bot, ["manage_messages"])
        self.world.clear(message, call.params["emoji"])

    def clear(self, call: Call) -> None:
        channel = self._channel(call)
        message = self._reactable(channel, call)
        require(channel, self.world.bot, ["manage_messages"])
        self.world.clear(message)

    def _reactable(self, channel: Channel, call: Call) -> Message:
        message = self._message(channel, call)
        if channel.is_thread and channel.archived:
            raise Refusal(50083)
        return message


_SETTABLE = Flag.SUPPRESS_EMBEDS | Flag.SILENT | Flag.V2
