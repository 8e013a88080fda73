"""Commands, buttons and modals in people's hands: what their client offers, and what comes back."""

import asyncio
from collections.abc import Mapping, Sequence

from discord import Permissions

from tests.fakes.discord import commands as kinds
from tests.fakes.discord import payloads
from tests.fakes.discord.components import SELECTS, walk
from tests.fakes.discord.interactions import (
    ACKNOWLEDGE_SECONDS,
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Interaction,
)
from tests.fakes.discord.modals import filled_in
from tests.fakes.discord.refusals import Json
from tests.fakes.discord.scenario import Impossible, Scenario
from tests.fakes.discord.state import Channel, Message, User

_FILLING_IN_SECONDS = 0.1


class Acting(Scenario):
    """The people of a scenario, with the commands and components of the bot to act on."""

    async def click(
        self,
        user: User,
        message: Message | int,
        custom_id: str,
        values: Sequence[str] | None = None,
        *,
        timeout_seconds: float = ACKNOWLEDGE_SECONDS,
    ) -> Interaction:
        """Press a button, or choose `values` in a select, and see what comes back."""
        source = self._pressable(user, message)
        self._require(source.channel, user, "view_channel")
        return await self._click(user, source, custom_id, values, timeout_seconds)

    async def click_left_open(
        self,
        user: User,
        message: Message | int,
        custom_id: str,
        values: Sequence[str] | None = None,
        *,
        timeout_seconds: float = ACKNOWLEDGE_SECONDS,
    ) -> Interaction:
        """The same in a window that was open before the channel was hidden from the person."""
        source = self._pressable(user, message)
        if source.channel.permissions(user).view_channel:
            raise Impossible("the channel is not hidden from this person")
        return await self._click(user, source, custom_id, values, timeout_seconds)

    def _pressable(self, user: User, message: Message | int) -> Message:
        source = self.world.messages.get(message) if isinstance(message, int) else message
        if source is None or source.deleted:
            raise Impossible("the message is gone")
        if source.viewer not in (None, user):
            raise Impossible("somebody else's ephemeral message")
        return source

    async def _click(
        self,
        user: User,
        source: Message,
        custom_id: str,
        values: Sequence[str] | None,
        timeout_seconds: float,
    ) -> Interaction:
        self._require_open(source.channel)
        component = _component(source, custom_id)
        data: Json = {"custom_id": custom_id, "component_type": component["type"]}
        if component["type"] in SELECTS:
            data["values"] = _chosen(component, values or ())
        started = self.interactions.start(COMPONENT, user, source.channel, data, source)
        return await self._answered(started, timeout_seconds)

    async def slash(
        self,
        user: User,
        channel: Channel,
        name: str,
        sub: str = "",
        options: Mapping[str, object] | None = None,
        *,
        timeout_seconds: float = ACKNOWLEDGE_SECONDS,
    ) -> Interaction:
        """`/name sub option: value`; `sub` may be a group and a subcommand."""
        data = self._command(user, channel, name, sub, options or {}, None)
        started = self.interactions.start(COMMAND, user, channel, data)
        return await self._answered(started, timeout_seconds)

    async def autocomplete(
        self,
        user: User,
        channel: Channel,
        name: str,
        sub: str,
        focused: str,
        typed: str,
        options: Mapping[str, object] | None = None,
        *,
        timeout_seconds: float = ACKNOWLEDGE_SECONDS,
    ) -> list[Json]:
        """The choices offered while `typed` stands in the option `focused`."""
        values = {**(options or {}), focused: typed}
        data = self._command(user, channel, name, sub, values, focused)
        started = self.interactions.start(AUTOCOMPLETE, user, channel, data)
        return (await self._answered(started, timeout_seconds)).choices or []

    async def context_menu(
        self,
        user: User,
        message: Message,
        name: str,
        *,
        timeout_seconds: float = ACKNOWLEDGE_SECONDS,
    ) -> Interaction:
        """A command from a message's menu; the bot gets the message with all its content."""
        channel = message.channel
        self._require(channel, user, "use_application_commands")
        self._require_open(channel)
        command = self._registered(channel, kinds.MESSAGE_MENU, name)
        target = payloads.message(message, self.world, gateway=False, reads_all=True)
        data: Json = {
            "id": command["id"],
            "name": name,
            "type": kinds.MESSAGE_MENU,
            "target_id": str(message.id),
            "resolved": {"messages": {str(message.id): target}},
        }
        started = self.interactions.start(COMMAND, user, channel, data)
        return await self._answered(started, timeout_seconds)

    async def submit_modal(
        self,
        opened: Interaction,
        values: Mapping[str, object],
        *,
        timeout_seconds: float = ACKNOWLEDGE_SECONDS,
    ) -> Interaction:
        """Fill in and send the modal that `opened` brought up; fields by custom_id."""
        if opened.modal is None:
            raise Impossible("no modal was opened")
        try:
            fields = filled_in(opened.modal, values)
        except ValueError as error:
            raise Impossible(str(error)) from error
        # The library knows its form once it has read what its own request came to: sooner than anybody
        # fills one in.
        await asyncio.sleep(_FILLING_IN_SECONDS)
        data: Json = {"custom_id": opened.modal["custom_id"], "components": fields}
        started = self.interactions.start(
            MODAL_SUBMIT, opened.user, opened.channel, data, opened.source
        )
        return await self._answered(started, timeout_seconds)

    async def _answered(self, interaction: Interaction, timeout_seconds: float) -> Interaction:
        if not self.gateway.online:
            interaction.failed = True
            return interaction
        try:
            await self.wait_for(lambda: interaction.answer, timeout_seconds)
        except TimeoutError:
            interaction.failed = True
            return interaction
        # "Thinking ..." may last for minutes.
        await self.wait_for(lambda: interaction.settled)
        return interaction

    def _command(
        self,
        user: User,
        channel: Channel,
        name: str,
        sub: str,
        values: Mapping[str, object],
        focused: str | None,
    ) -> Json:
        self._require(channel, user, "use_application_commands")
        self._require_open(channel)
        command = self._registered(channel, kinds.SLASH, name)
        needed = command.get("default_member_permissions")
        if needed is not None and not _covers(channel.permissions(user), Permissions(int(needed))):
            raise Impossible(f"/{name} is hidden from {user.name}")
        try:
            return kinds.typed(command, sub.split(), values, focused)
        except ValueError as error:
            raise Impossible(str(error)) from error

    def _registered(self, channel: Channel, kind: int, name: str) -> Json:
        guild_id = channel.guild.id if channel.guild else None
        command = self.commands.find(guild_id, kind, name)
        if command is None:
            raise Impossible(f"no command {name!r} is registered here")
        context = 0 if channel.guild else 1
        contexts = command.get("contexts")
        if contexts is not None and context not in contexts:
            raise Impossible(f"{name!r} is not offered here")
        return command


def _component(message: Message, custom_id: str) -> Json:
    for component in walk(message.components):
        if component.get("custom_id") == custom_id:
            if component.get("disabled"):
                raise Impossible(f"{custom_id} is disabled")
            return component
    offered = [c["custom_id"] for c in walk(message.components) if "custom_id" in c]
    raise Impossible(f"no component {custom_id!r}; there are {offered}")


def _chosen(component: Json, values: Sequence[str]) -> list[str]:
    offered = [option["value"] for option in component.get("options", [])]
    low, high = component.get("min_values", 1), component.get("max_values", 1)
    if not low <= len(values) <= high or (offered and not set(values) <= set(offered)):
        raise Impossible(f"{values} cannot be chosen of {offered}")
    return list(values)


def _covers(having: Permissions, needed: Permissions) -> bool:
    return needed.value & ~having.value == 0
