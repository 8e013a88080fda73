"""Forms (modals): a question or a setting to be written.

A form is held in memory: one that is open during a restart is lost to the bot, while its text stays
in the person's window. Those never sent off are forgotten after a while.
"""

from collections.abc import Callable
from typing import Any

import discord
from discord import ui

from adapters.discord.delivery import is_late
from adapters.discord.interactions import (
    WENT_WRONG,
    answer,
    log,
    replace,
    say,
    sees,
    speak_to,
    think,
    where,
    who,
)
from adapters.discord.pages import document_pages
from bot.chat import Held, Refused
from bot.cleaning import shortened
from bot.conversation import presses, settings_commands
from bot.conversation.app import App
from bot.conversation.presses import Press, Told
from bot.errors import InvalidInput
from bot.language import N_, _
from bot.settings import FORM, PRESET_LABEL, PROSE_LIMIT_CHARS, SETTINGS, Settings
from bot.texts import ELSEWHERE

COUNCIL_HERE = N_("This channel's council")
FORM_SECONDS = 3_600.0
# Source: Discord's API documentation, "Label" and "Modal".
TITLE_LIMIT, DESCRIPTION_LIMIT, TEXT_LIMIT = 45, 100, 4_000


class Form(ui.Modal):
    """What all forms do where something goes wrong."""

    async def sent(self, interaction: discord.Interaction[Any]) -> None:
        """Take what was written. Raises `InvalidInput`."""
        raise NotImplementedError  # each form's own: discord.py's modals take no abstract methods

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        interaction.client.hold()
        await speak_to(interaction)
        try:
            await self.sent(interaction)
        except InvalidInput as error:
            await say(interaction, error.public)

    async def on_error(  # type: ignore[override]  # as the library's own Modal has it
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        log("a form", error)
        if not is_late(error):
            await say(interaction, _(WENT_WRONG))


class SettingForm(Form):
    """One setting, filled in with its value of now. Sent off, it shows the council's page."""

    def __init__(self, app: App, name: str, settings: Settings) -> None:
        asked, setting = FORM[name], SETTINGS[name]
        super().__init__(title=_(COUNCIL_HERE)[:TITLE_LIMIT], timeout=FORM_SECONDS)
        self._app = app
        self._name = name
        is_prose = asked.kind == "prose"
        now = getattr(settings, setting.field)
        self._text: ui.TextInput[SettingForm] = ui.TextInput(
            style=discord.TextStyle.paragraph if is_prose else discord.TextStyle.short,
            default=setting.show(now) if now else None,
            placeholder=asked.example or None,
            required=False,
            max_length=PROSE_LIMIT_CHARS if is_prose else 100,
            custom_id="text",
        )
        label, hint = _(setting.label), asked.hint or setting.description
        self.add_item(
            ui.Label(
                text=label[:TITLE_LIMIT],
                description=_(hint)[:DESCRIPTION_LIMIT],
                component=self._text,
            )
        )
        self._preset: ui.Select[SettingForm] = ui.Select(
            custom_id="preset",
            required=False,
            options=[
                discord.SelectOption(
                    label=preset, description=shortened(text, DESCRIPTION_LIMIT), value=preset
                )
                for preset, text in setting.presets.items()
            ],
        )
        if setting.presets:
            self.add_item(ui.Label(text=_(PRESET_LABEL)[:TITLE_LIMIT], component=self._preset))

    async def sent(self, interaction: discord.Interaction[Any]) -> None:
        if not sees(interaction):
            raise InvalidInput(_(ELSEWHERE))
        desk = self._app.desk(where(interaction), who(interaction))
        text = next(iter(self._preset.values), self._text.value)
        page = await settings_commands.pressed(desk, f"form:{self._name}", text)
        if interaction.message:
            await replace(interaction, document_pages(page)[0])
        else:
            await answer(interaction, page)


class QuestionForm(Form):
    """A text to write, and whom to put it to where there is a choice."""

    def __init__(self, form: presses.Form, press: Callable[[Any], Press]) -> None:
        """`press` reads who sent it off, and from where."""
        super().__init__(title=form.title, timeout=FORM_SECONDS)
        self._press = press
        self._text: ui.TextInput[QuestionForm] = ui.TextInput(
            style=discord.TextStyle.paragraph,
            max_length=min(form.limit or TEXT_LIMIT, TEXT_LIMIT),
            custom_id="text",
        )
        hint = form.hint or None
        self.add_item(ui.Label(text=form.text, description=hint, component=self._text))
        self._first = form.whom[0][1] if form.whom else ""
        self._whom: ui.Select[QuestionForm] = ui.Select(
            custom_id="whom",
            # Not required by itself in this version of the library.
            required=True,
            options=[
                discord.SelectOption(label=label, value=value, default=value == self._first)
                for label, value in form.whom
            ],
        )
        if len(form.whom) > 1:
            self.add_item(ui.Label(text=form.whom_label, component=self._whom))

    async def sent(self, interaction: discord.Interaction[Any]) -> None:
        await think(interaction)
        whom = next(iter(self._whom.values), self._first)
        press, text = self._press(interaction), self._text.value
        match await interaction.client.app.actions.submit(press, text, whom):
            case Told(document):
                await answer(interaction, document)
            case Held(document):
                await answer(interaction, document)
            case Refused(document):
                # Discord closes a form for good.
                await answer(interaction, presses.handed_back(document, text))
