"""Commands, buttons and modals on the local Discord: what the bot may answer, and what people see."""

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from discord import app_commands, ui

from tests.fakes.discord.listener import Place, Pressed, online, view_of
from tests.fakes.discord_server import (
    DiscordServer,
    Flag,
    Impossible,
    Interaction,
    Message,
)

MODELS = ("vendor/alpha", "vendor/beta")


class Ask(ui.Modal, title="Ask the council"):
    question: ui.Label[Any] = ui.Label(
        text="Question",
        component=ui.TextInput(custom_id="question", style=discord.TextStyle.long, max_length=20),
    )
    loud: ui.Label[Any] = ui.Label(text="Loud", component=ui.Checkbox(custom_id="loud"))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.question.component, ui.TextInput)
        assert isinstance(self.loud.component, ui.Checkbox)
        words = f"{self.question.component.value} {self.loud.component.value}"
        await interaction.response.send_message(words, ephemeral=True)


def register(tree: app_commands.CommandTree[Any]) -> None:
    council = app_commands.Group(name="council", description="The council of this channel")

    @council.command(description="Who sits on it")
    @app_commands.describe(action="what to do", model="a model")
    @app_commands.choices(action=[app_commands.Choice(name="add", value="add")])
    async def members(interaction: discord.Interaction, action: str, model: str) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.edit_original_response(content=f"{action} {model}")

    @members.autocomplete("model")
    async def offer(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=m, value=m) for m in MODELS if typed in m]

    @council.command(description="Ask by form")
    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Ask())

    @council.command(description="Slow")
    async def slow(interaction: discord.Interaction) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.followup.send(f"done <@{interaction.user.id}> @everyone")
        await interaction.followup.send("and more", ephemeral=True)

    @council.command(description="Says nothing")
    async def silent(interaction: discord.Interaction) -> None:
        pass

    tree.add_command(council)

    @tree.context_menu(name="Ask the council")
    async def about(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"about {message.content}", ephemeral=True)


@pytest.fixture
async def place(server: DiscordServer) -> AsyncIterator[Place]:
    place = Place(server)
    register(place.bot.tree)
    async with online(server, place.bot):
        await place.bot.tree.sync()
        yield place


# Commands


async def test_a_deferred_command_ends_in_an_edit_of_its_answer(place: Place) -> None:
    options = {"action": "add", "model": "vendor/alpha"}
    seen = await place.server.slash(place.ada, place.channel, "council", "members", options)
    assert (seen.text, seen.ephemeral) == ("add vendor/alpha", True)
    assert place.server.said(place.channel) == []


async def test_autocompletion_offers_choices(place: Place) -> None:
    offered = await place.server.autocomplete(
        place.ada, place.channel, "council", "members", "model", "alp", {"action": "add"}
    )
    assert [choice["value"] for choice in offered] == ["vendor/alpha"]


async def test_the_first_follow_up_replaces_thinking_and_pings_people_only(place: Place) -> None:
    place.bot._connection.allowed_mentions = None
    seen = await place.server.slash(place.ada, place.channel, "council", "slow")
    await place.server.wait_for(lambda: seen.followups)
    (message,) = place.server.said(place.channel)
    assert message.frames == ["", f"done <@{place.ada.id}> @everyone"]
    assert not message.flags & Flag.LOADING
    assert [(ping.users, ping.everyone) for ping in place.server.pings] == [((place.ada,), False)]
    assert seen.followups[0].viewer is place.ada


async def test_a_bot_that_does_not_answer_has_failed(place: Place) -> None:
    seen = await place.server.slash(
        place.ada, place.channel, "council", "silent", timeout_seconds=0.05
    )
    assert seen.failed


async def test_a_bot_that_is_away_fails_at_once(server: DiscordServer) -> None:
    place = Place(server)
    message = with_button(place)
    seen = await server.click(place.ada, message, "c1:r:A")
    assert seen.failed


async def test_people_can_send_only_what_their_client_offers(place: Place) -> None:
    server, ada, here = place.server, place.ada, place.channel
    for sub, options in (
        ("unknown", {}),
        ("", {}),
        ("members", {"action": "add"}),
        ("members", {"action": "drop", "model": "x"}),
        ("members", {"action": "add", "model": 1}),
        ("ask", {"more": "x"}),
    ):
        with pytest.raises(Impossible):
            await server.slash(ada, here, "council", sub, options)
    with pytest.raises(Impossible):
        await server.slash(ada, here, "unregistered")
    server.overwrite(here, place.guild, deny=discord.Permissions(use_application_commands=True))
    with pytest.raises(Impossible):
        await server.slash(ada, here, "council", "ask")


async def test_a_message_menu_reveals_the_content(place: Place) -> None:
    hidden = place.server.post(place.channel, place.ada, "secret")
    seen = await place.server.context_menu(place.ada, hidden, "Ask the council")
    assert seen.text == "about secret"


async def test_commands_work_in_direct_messages(place: Place) -> None:
    direct = place.server.direct(place.ada)
    seen = await place.server.slash(place.ada, direct, "council", "slow")
    assert seen.text.startswith("done")


async def test_the_locale_of_a_person_comes_along(place: Place) -> None:
    place.ada.locale = "ko"
    await place.server.slash(place.ada, place.channel, "council", "slow")
    (interaction,) = place.bot.named("interaction")
    assert interaction.locale is discord.Locale.korean


# Modals


async def test_a_modal_goes_out_and_comes_back(place: Place) -> None:
    opened = await place.server.slash(place.ada, place.channel, "council", "ask")
    assert opened.modal is not None
    assert opened.modal["title"] == "Ask the council"
    seen = await place.server.submit_modal(opened, {"question": "why?", "loud": True})
    assert seen.text == "why? True"


async def test_a_modal_is_sent_only_when_filled_in_properly(place: Place) -> None:
    opened = await place.server.slash(place.ada, place.channel, "council", "ask")
    for values in ({}, {"question": "x" * 21}, {"question": "x", "more": "y"}):
        with pytest.raises(Impossible):
            await place.server.submit_modal(opened, values)


# Buttons


def with_button(place: Place, **more: Any) -> Message:
    """A message of the bot's with a persistent button, as from before a restart."""
    button = {"type": 2, "style": 1, "label": "Read", "custom_id": "c1:r:A"} | more
    server = place.server
    message = Message(server.world.new_id(), place.channel, server.bot, flags=Flag.V2)
    message.components = [{"type": 1, "components": [button]}]
    server.world.post(message)
    return message


async def test_a_button_from_before_a_restart_works(place: Place) -> None:
    message = with_button(place)
    seen = await place.server.click(place.ada, message, "c1:r:A")
    assert seen.text == "answer A of r"


async def test_two_people_see_two_answers(place: Place) -> None:
    server = place.server
    bob = server.create_user("Bob", place.guild)
    message = with_button(place)
    first = await server.click(place.ada, message, "c1:r:A")
    second = await server.click(bob, message, "c1:r:A")
    assert first.original is not None
    assert second.original is not None
    assert (first.original.viewer, second.original.viewer) == (place.ada, bob)
    assert message.frames == [""]
    with pytest.raises(Impossible):
        await server.click(bob, first.original, "next")


async def test_only_a_living_button_can_be_pressed(place: Place) -> None:
    server = place.server
    disabled = with_button(place, disabled=True)
    with pytest.raises(Impossible, match="disabled"):
        await server.click(place.ada, disabled, "c1:r:A")
    message = with_button(place)
    with pytest.raises(Impossible, match="no component"):
        await server.click(place.ada, message, "c1:r:B")
    stranger = server.create_user("Stranger")
    with pytest.raises(Impossible, match="lacks"):
        await server.click(stranger, message, "c1:r:A")
    server.delete_message(message)
    with pytest.raises(Impossible, match="gone"):
        await server.click(place.ada, message.id, "c1:r:A")


async def test_nothing_can_be_pressed_in_an_archived_thread(place: Place) -> None:
    thread = place.server.create_thread(place.ada, place.channel, "talk")
    sent = await place.here(thread).send(view=pressable())
    place.server.archive(thread)
    with pytest.raises(Impossible, match="archived"):
        await place.server.click(place.ada, sent.id, "c1:r:A")


def pressable() -> ui.LayoutView:
    view = view_of("x")
    view.add_item(ui.Section("y", accessory=Pressed("r", "A")))
    return view


class Pager(ui.LayoutView):
    """Buttons whose every answer a test chooses."""

    row: ui.ActionRow["Pager"] = ui.ActionRow()

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.texts = iter(("page 2", "page 3"))

    @row.button(label="Next", custom_id="next")
    async def next(self, interaction: discord.Interaction, _: Any) -> None:
        await interaction.response.edit_message(view=view_of(next(self.texts)))

    @row.button(label="Later", custom_id="later")
    async def later(self, interaction: discord.Interaction, _: Any) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(view=view_of("edited later"))


class Chooser(ui.LayoutView):
    row: ui.ActionRow["Chooser"] = ui.ActionRow()

    @row.select(custom_id="choose", options=[discord.SelectOption(label="B")])
    async def choose(self, interaction: discord.Interaction, chosen: Any) -> None:
        await interaction.response.send_message(f"chose {chosen.values}", ephemeral=True)


async def test_a_button_may_change_its_own_message(place: Place) -> None:
    sent = await place.here().send(view=Pager())
    seen = await place.server.click(place.ada, sent.id, "next")
    (message,) = place.server.said(place.channel)
    assert seen.original is message
    assert message.frames == ["", "page 2"]


async def test_a_button_may_change_its_message_later(place: Place) -> None:
    sent = await place.here().send(view=Pager())
    await place.server.click(place.ada, sent.id, "later")
    (message,) = place.server.said(place.channel)
    assert await place.server.wait_for(lambda: message.text == "edited later")


async def test_a_select_sends_what_was_chosen(place: Place) -> None:
    sent = await place.here().send(view=Chooser(timeout=None))
    seen = await place.server.click(place.ada, sent.id, "choose", ["B"])
    assert seen.text == "chose ['B']"
    with pytest.raises(Impossible):
        await place.server.click(place.ada, sent.id, "choose", ["C"])


# How often and until when


async def started(place: Place) -> tuple[Interaction, discord.Interaction]:
    """A command of which the bot has heard, and that nobody has answered."""
    seen = await place.server.slash(
        place.ada, place.channel, "council", "silent", timeout_seconds=0.001
    )
    await place.server.wait_for(lambda: place.bot.named("interaction"))
    return seen, place.bot.named("interaction")[-1]


async def test_an_interaction_is_acknowledged_once(place: Place) -> None:
    _, interaction = await started(place)
    await interaction.response.send_message("x")
    path = f"/interactions/{interaction.id}/{interaction.token}/callback"
    assert await place.refused("POST", path, {"type": 5}) == 40060


async def test_a_lost_acknowledgement_is_refused_the_second_time(place: Place) -> None:
    seen, interaction = await started(place)
    place.server.fail("POST", "/callback$", 502, committed=True)
    with pytest.raises(discord.HTTPException) as refused:
        await interaction.response.send_message("x")
    assert refused.value.code == 40060
    assert seen.text == "x"


async def test_an_acknowledgement_after_three_seconds_comes_too_late(place: Place) -> None:
    _, interaction = await started(place)
    place.server.world.advance(3.1)
    with pytest.raises(discord.NotFound) as refused:
        await interaction.response.send_message("x")
    assert refused.value.code == 10062


async def test_the_token_dies_after_fifteen_minutes(place: Place) -> None:
    _, interaction = await started(place)
    await interaction.response.send_message("x", ephemeral=True)
    await interaction.edit_original_response(content="y")
    place.server.world.advance(15 * 60 + 1)
    with pytest.raises(discord.HTTPException) as refused:
        await interaction.followup.send("z")
    assert (refused.value.status, refused.value.code) == (401, 50027)


async def test_there_are_no_follow_ups_before_the_acknowledgement(place: Place) -> None:
    _, interaction = await started(place)
    with pytest.raises(discord.NotFound) as refused:
        await interaction.followup.send("x")
    assert refused.value.code == 10015


async def test_a_follow_up_behind_a_502_is_sent_twice(place: Place) -> None:
    seen, interaction = await started(place)
    await interaction.response.send_message("x")
    place.server.fail("POST", "/webhooks/", 502, committed=True)
    await interaction.followup.send("twice")
    assert [message.text for message in seen.followups] == ["twice", "twice"]


async def test_an_answer_can_be_read_and_deleted(place: Place) -> None:
    seen, interaction = await started(place)
    await interaction.response.send_message("x")
    assert (await interaction.original_response()).content == "x"
    await interaction.delete_original_response()
    assert seen.original is not None
    assert seen.original.deleted
    with pytest.raises(discord.NotFound) as refused:
        await interaction.delete_original_response()
    assert refused.value.code == 10008


REFUSED_ANSWERS: dict[str, dict[str, Any]] = {
    "an update of no message": {"type": 7, "data": {"content": "x"}},
    "choices for a command": {"type": 8, "data": {"choices": []}},
    "a message of 2001 characters": {"type": 4, "data": {"content": "x" * 2001}},
    "a modal without fields": {
        "type": 9,
        "data": {"custom_id": "m", "title": "x", "components": []},
    },
    "a modal with a long title": {
        "type": 9,
        "data": {"custom_id": "m", "title": "x" * 46, "components": [{"type": 10, "content": "x"}]},
    },
    "a modal with a bare input": {
        "type": 9,
        "data": {
            "custom_id": "m",
            "title": "x",
            "components": [{"type": 4, "custom_id": "i", "style": 1}],
        },
    },
}


@pytest.mark.parametrize("case", REFUSED_ANSWERS)
async def test_malformed_answers_are_refused(place: Place, case: str) -> None:
    _, interaction = await started(place)
    path = f"/interactions/{interaction.id}/{interaction.token}/callback"
    assert await place.refused("POST", path, REFUSED_ANSWERS[case]) == 50035


async def test_a_reply_to_an_interactions_message_reveals_nothing(place: Place) -> None:
    server = place.server
    await server.slash(place.ada, place.channel, "council", "slow")
    (answer,) = await server.wait_for(lambda: server.said(place.channel))
    server.reply(answer, place.ada, "secret")
    server.mention(place.channel, place.ada, "last")
    await place.heard("last")
    (reply,) = [m for m in place.bot.heard if m.type is discord.MessageType.reply]
    assert reply.content == ""


# Registration


def command(**more: Any) -> dict[str, Any]:
    return {"type": 1, "name": "council", "description": "x"} | more


def option(**more: Any) -> dict[str, Any]:
    return {"type": 3, "name": "model", "description": "x"} | more


REFUSED_COMMANDS = {
    "upper case": [command(name="Council")],
    "a space": [command(name="the council")],
    "33 characters": [command(name="x" * 33)],
    "no description": [command(description="")],
    "a description of 101": [command(description="x" * 101)],
    "a name twice": [command(), command()],
    "26 options": [command(options=[option(name=f"o{n}") for n in range(26)])],
    "an option twice": [command(options=[option(), option()])],
    "required after optional": [command(options=[option(), option(name="b", required=True)])],
    "26 choices": [
        command(options=[option(choices=[{"name": str(n), "value": str(n)} for n in range(26)])])
    ],
    "choices and autocompletion": [
        command(options=[option(autocomplete=True, choices=[{"name": "a", "value": "a"}])])
    ],
    "subcommands beside arguments": [command(options=[option(), option(type=1, name="sub")])],
    "a group in a group": [
        command(options=[option(type=2, options=[option(type=2, name="inner")])])
    ],
    "an unknown locale": [command(name_localizations={"xx": "council"})],
    "a translated name in upper case": [command(name_localizations={"de": "Rat"})],
    "more than 8000 characters": [
        command(
            options=[
                option(
                    name=f"o{n}",
                    choices=[{"name": str(m), "value": f"{m:0100}"} for m in range(25)],
                )
                for n in range(4)
            ]
        )
    ],
    "a menu with a description": [{"type": 3, "name": "Ask", "description": "x"}],
    "an unknown field": [command(colour=1)],
}


@pytest.mark.parametrize("case", REFUSED_COMMANDS)
async def test_malformed_commands_are_refused(place: Place, case: str) -> None:
    path = f"/applications/{place.server.bot.id}/commands"
    assert await place.refused("PUT", path, REFUSED_COMMANDS[case]) == 50035


async def test_commands_keep_their_ids_and_take_korean_names(place: Place) -> None:
    path = f"/applications/{place.server.bot.id}/commands"
    (before, _) = await place.raw("GET", path)
    korean = command(name_localizations={"ko": "위원회"})
    (after,) = await place.raw("PUT", path, [korean])
    assert (after["id"], after["name_localizations"]) == (before["id"], {"ko": "위원회"})
    assert place.server.commands.syncs == 2


async def test_there_is_room_for_fifteen_message_menus(place: Place) -> None:
    path = f"/applications/{place.server.bot.id}/commands"
    menus = [{"type": 3, "name": f"Ask {n}"} for n in range(16)]
    assert await place.refused("PUT", path, menus) == 30032
