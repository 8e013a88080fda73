"""Commands, clicks and modals: what the bot may answer, where, how often and until when."""

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.discord import payloads
from tests.fakes.discord.components import check_modal
from tests.fakes.discord.http import Call, Route
from tests.fakes.discord.messages import CREATE_FIELDS, EDIT_FIELDS, apply, draft, mention
from tests.fakes.discord.refusals import (
    Check,
    Form,
    Json,
    Path,
    Refusal,
    anything,
    items,
    number,
    one_of,
    shape,
    text,
)
from tests.fakes.discord.state import Channel, Flag, Message, MessageType, Origin, User
from tests.fakes.discord.world import Event, World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5

MESSAGE, DEFER_MESSAGE, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
_ANSWERS = {
    COMMAND: (MESSAGE, DEFER_MESSAGE, MODAL),
    COMPONENT: (MESSAGE, DEFER_MESSAGE, DEFER_UPDATE, UPDATE, MODAL),
    AUTOCOMPLETE: (CHOICES,),
    MODAL_SUBMIT: (MESSAGE, DEFER_MESSAGE, DEFER_UPDATE, UPDATE),
}

ACKNOWLEDGE_SECONDS = 3.0
TOKEN_SECONDS = 15 * 60.0

_NEW = Flag.SUPPRESS_EMBEDS | Flag.SILENT | Flag.V2 | Flag.EPHEMERAL
_NEW_FIELDS = {
    name: check
    for name, check in CREATE_FIELDS.items()
    if name not in ("nonce", "enforce_nonce", "message_reference")
}


@dataclass(slots=True, eq=False)
class Interaction:
    """One command, click or modal of a user, and what came back to that user."""

    id: int
    type: int
    user: User
    channel: Channel
    data: Json
    at: float
    token: str
    source: Message | None = None
    """The message clicked on."""
    answer: int | None = None
    """The callback's type once it is acknowledged."""
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    choices: list[Json] | None = None
    modal: Json | None = None
    failed: bool = False
    """The client shows "This interaction failed"."""

    @property
    def settled(self) -> bool:
        """Acknowledged, and no longer "thinking ..."."""
        waiting = self.original is not None and self.original.flags & Flag.LOADING
        return self.answer is not None and not waiting

    @property
    def text(self) -> str:
        """What the user reads in answer: the reply, or the message that was updated."""
        return self.original.text if self.original is not None else ""

    @property
    def ephemeral(self) -> bool:
        return self.original is not None and self.original.viewer is not None


@dataclass(slots=True)
class Interactions:
    world: World
    log: list[Interaction] = field(default_factory=list)
    late_seconds: float = 0.0
    """How much of the time to answer is gone when the bot hears of an interaction."""

    def routes(self) -> tuple[Route, ...]:
        callback = "/interactions/{interaction_id}/{token}/callback"
        hook = "/webhooks/{application_id}/{token}"
        message = hook + "/messages/{message_id}"
        major = ("token",)
        return (
            Route("POST", callback, self.callback, "none", token=False),
            Route("POST", hook, self.follow_up, "webhook", major, token=False),
            Route("GET", message, self.get, "other", major, token=False),
            Route("PATCH", message, self.edit, "webhook", major, token=False),
            Route("DELETE", message, self.delete, "other", major, token=False),
        )

    def start(
        self, kind: int, user: User, channel: Channel, data: Json, source: Message | None = None
    ) -> Interaction:
        """Send one to the bot, as a client does when its user acts."""
        world = self.world
        interaction_id = world.new_id()
        token = f"token-{interaction_id}"
        at = world.now() - self.late_seconds
        interaction = Interaction(interaction_id, kind, user, channel, data, at, token, source)
        self.log.append(interaction)
        body = self._payload(interaction)
        # Interactions need no intent.
        world.dispatch(Event("INTERACTION_CREATE", 0, lambda reads_all: body))
        return interaction

    # What the bot sends

    def callback(self, call: Call) -> Json | None:
        interaction = self._find(call, Refusal(10062))
        if interaction.id != call.id("interaction_id"):
            raise Refusal(10062)
        if interaction.answer is not None:
            raise Refusal(40060)
        if self.world.now() - interaction.at > ACKNOWLEDGE_SECONDS:
            raise Refusal(10062)
        kind = self._checked_type(interaction, call.fields)
        data = call.fields.get("data") or {}
        if kind == MESSAGE:
            interaction.original = self._new(interaction, data, call, ("data",))
        elif kind == DEFER_MESSAGE:
            interaction.original = self._loading(interaction, data)
        elif kind in (DEFER_UPDATE, UPDATE):
            interaction.original = interaction.source
            if kind == UPDATE:
                assert interaction.source is not None
                self._change(interaction.source, data, call, ("data",))
        elif kind == CHOICES:
            interaction.choices = _checked_choices(data)
        else:
            form = Form()
            check_modal(form, data)
            form.refuse()
            interaction.modal = data
        interaction.answer = kind
        if call.query.get("with_response") not in ("1", "true"):
            return None
        return self._receipt(interaction, kind)

    def follow_up(self, call: Call) -> Json:
        interaction = self._acknowledged(call)
        original = interaction.original
        # The first follow-up after "thinking ..." becomes that message, flags and all.
        if original is not None and original.flags & Flag.LOADING:
            body = {key: value for key, value in call.fields.items() if key in EDIT_FIELDS}
            self._change(original, body, call, ())
            return self.world.render(original)
        message = self._new(interaction, call.fields, call, (), about=original)
        interaction.followups.append(message)
        return self.world.render(message)

    def get(self, call: Call) -> Json:
        return self.world.render(self._message(call))

    def edit(self, call: Call) -> Json:
        message = self._message(call)
        self._change(message, call.fields, call, ())
        return self.world.render(message)

    def delete(self, call: Call) -> None:
        message = self._message(call)
        self.world.delete(message)

    # How it is judged

    def _find(self, call: Call, unknown: Refusal) -> Interaction:
        for interaction in self.log:
            if interaction.token == call.params["token"]:
                return interaction
        raise unknown

    def _acknowledged(self, call: Call) -> Interaction:
        interaction = self._find(call, Refusal(10015))
        if call.id("application_id") != self.world.bot.id or interaction.answer is None:
            raise Refusal(10015)
        if self.world.now() - interaction.at > TOKEN_SECONDS:
            raise Refusal(50027)
        return interaction

    def _message(self, call: Call) -> Message:
        interaction = self._acknowledged(call)
        if call.params["message_id"] == "@original":
            found = interaction.original
        else:
            known = [interaction.original, *interaction.followups]
            wanted = call.id("message_id")
            found = next((m for m in known if m is not None and m.id == wanted), None)
        if found is None or found.deleted:
            raise Refusal(10008)
        return found

    def _checked_type(self, interaction: Interaction, body: Json) -> int:
        form = Form()
        allowed = _ANSWERS[interaction.type]
        if interaction.type == MODAL_SUBMIT and interaction.source is None:
            allowed = (MESSAGE, DEFER_MESSAGE)
        own: dict[str, Check] = {"type": one_of(*allowed)}
        more: dict[str, Check] = {"data": shape({}, dict.fromkeys(_DATA, anything))}
        form.fields((), body, own, more, nullable=("data",))
        form.refuse()
        return int(body["type"])

    def _new(
        self,
        interaction: Interaction,
        body: Json,
        call: Call,
        path: Path,
        about: Message | None = None,
    ) -> Message:
        found = draft(
            self.world,
            interaction.channel,
            body,
            call.files,
            fields=_NEW_FIELDS,
            settable_flags=_NEW,
            path=path,
        )
        message = self._blank(interaction, bool(found.flags & Flag.EPHEMERAL), about)
        apply(message, found)
        allowed = body.get("allowed_mentions")
        mention(self.world, message, allowed, "create", default_everything=False)
        self.world.post(message)
        return message

    def _loading(self, interaction: Interaction, data: Json) -> Message:
        form = Form()
        form.fields(("data",), data, {}, {"flags": number(0, 2**31 - 1)})
        form.refuse()
        ephemeral = data.get("flags", 0) & Flag.EPHEMERAL
        message = self._blank(interaction, bool(ephemeral), None)
        message.flags = Flag.LOADING | ephemeral
        self.world.post(message)
        return message

    def _blank(self, interaction: Interaction, ephemeral: bool, about: Message | None) -> Message:
        """A message of the bot's that says where it came from."""
        source = about or interaction.source
        menu = interaction.type == COMMAND and interaction.data["type"] != 1
        kind = MessageType.CONTEXT_MENU if menu else MessageType.SLASH
        message = Message(
            self.world.new_id(),
            interaction.channel,
            self.world.bot,
            type=kind if source is None else MessageType.REPLY,
            reference=source,
            reference_id=source.id if source else None,
            origin=Origin(
                interaction.id,
                interaction.type,
                interaction.user,
                interaction.data.get("name"),
                interaction.source.id if interaction.source else None,
            ),
        )
        message.viewer = interaction.user if ephemeral else None
        return message

    def _change(self, message: Message, body: Json, call: Call, path: Path) -> None:
        found = draft(
            self.world,
            message.channel,
            body,
            call.files,
            fields=EDIT_FIELDS,
            settable_flags=Flag.SUPPRESS_EMBEDS | Flag.V2,
            before=message,
            path=path,
        )
        apply(message, found)
        message.flags &= ~Flag.LOADING
        allowed = body.get("allowed_mentions")
        mention(self.world, message, allowed, "edit", default_everything=False)
        self.world.edited(message)

    # What goes out

    def _receipt(self, interaction: Interaction, kind: int) -> Json:
        about: Json = {"id": str(interaction.id), "type": interaction.type}
        body: Json = {"interaction": about}
        message = interaction.original
        if message is not None and kind in (MESSAGE, DEFER_MESSAGE, UPDATE):
            about["response_message_id"] = str(message.id)
            about["response_message_loading"] = bool(message.flags & Flag.LOADING)
            about["response_message_ephemeral"] = message.viewer is not None
            body["resource"] = {"type": kind, "message": self.world.render(message)}
        return body

    def _payload(self, interaction: Interaction) -> Json:
        world, channel, user = self.world, interaction.channel, interaction.user
        rights = channel.permissions(world.bot)
        where = payloads.channel(channel)
        where["permissions"] = str(channel.permissions(user).value)
        body: Json = {
            "id": str(interaction.id),
            "application_id": str(world.bot.id),
            "type": interaction.type,
            "data": interaction.data,
            "channel_id": str(channel.id),
            "channel": where,
            "token": interaction.token,
            "version": 1,
            "locale": user.locale,
            "app_permissions": str(rights.value),
            "entitlements": [],
            "attachment_size_limit": 10 * 1024 * 1024,
            "context": 0 if channel.guild else 1,
            "authorizing_integration_owners": {"0": str(channel.guild.id if channel.guild else 0)},
        }
        if interaction.source is not None:
            body["message"] = world.render(interaction.source)
        if channel.guild is None:
            return body | {"user": payloads.user(user)}
        guild = channel.guild
        member = payloads.member(guild, user)
        member["permissions"] = str(channel.permissions(user).value)
        about = {"id": str(guild.id), "locale": guild.locale, "features": []}
        return body | {
            "guild_id": str(guild.id),
            "guild": about,
            "guild_locale": guild.locale,
            "member": member,
        }


_DATA = ("custom_id", "title", "choices", *_NEW_FIELDS)


def _checked_choices(data: Json) -> list[Json]:
    def value(form: Form, path: Path, value: Any) -> None:
        if isinstance(value, str):
            text(1, 100)(form, path, value)

    form = Form()
    choice = shape({"name": text(1, 100), "value": value}, {"name_localizations": anything})
    form.fields(("data",), data, {}, {"choices": items(0, 25, choice)})
    form.refuse()
    return list(data.get("choices") or [])
