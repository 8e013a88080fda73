"""The REST routes for messages and reactions."""

from dataclasses import dataclass
from typing import Any

from tests.fakes.discord import payloads
from tests.fakes.discord.http import Call, Route
from tests.fakes.discord.messages import (
    CREATE_FIELDS,
    EDIT_FIELDS,
    NEW_FLAGS,
    apply,
    draft,
    mention,
    reply_target,
    required_permissions,
)
from tests.fakes.discord.refusals import Form, Json, Refusal, number, one_of, text
from tests.fakes.discord.state import (
    Channel,
    ChannelType,
    Flag,
    Message,
    MessageType,
    ReactionKind,
    require,
)
from tests.fakes.discord.world import World

_CHANNEL = ("channel_id",)
_SENDABLE = (ChannelType.TEXT, ChannelType.NEWS, ChannelType.VOICE, ChannelType.DM)


@dataclass(frozen=True, slots=True)
class Messages:
    world: World

    def routes(self) -> tuple[Route, ...]:
        channel, message = "/channels/{channel_id}", "/channels/{channel_id}/messages/{message_id}"
        reaction = message + "/reactions/{emoji}"
        return (
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
            settable_flags=NEW_FLAGS,
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

    def _channel(self, call: Call) -> Channel:
        return self.world.channel(call.id("channel_id"))

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
        user = self.world.users.get(self._reactor_id(call))
        if user is None:
            raise Refusal(10013)
        if user is not self.world.bot:
            require(channel, self.world.bot, ["manage_messages"])
        for kind in ("normal", "burst"):
            self.world.unreact(message, user, call.params["emoji"], kind)

    def _reactor_id(self, call: Call) -> int:
        return self.world.bot.id if call.params["user_id"] == "@me" else call.id("user_id")

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
