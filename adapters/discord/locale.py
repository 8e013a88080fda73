"""What Discord shows of the commands, in the languages that the bot speaks. What is typed stays
English: the names of commands and of their options, which every help names."""

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.language import ENGLISH, Message, _, language_for, speaking

CHOICE_MAX_CHARS = 100


class Translations(app_commands.Translator):
    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        language = language_for(locale.value)
        if language == ENGLISH or _is_typed(context):
            return None
        does = string.extras.get("does")
        with speaking(language):
            if isinstance(does, Message):
                return _explained(string.extras["choice"], does)
            found = _(Message(string.message))
        return None if found == string.message else found


def _is_typed(context: app_commands.TranslationContextTypes) -> bool:
    """Not so the name of what stands in a menu, to be clicked."""
    if context.location == Location.command_name:
        return isinstance(context.data, app_commands.Command)
    return context.location in (Location.group_name, Location.parameter_name)


def explained(choice: str, does: Message) -> app_commands.locale_str:
    """A choice as it is typed, with what it does."""
    return app_commands.locale_str(_explained(choice, does), choice=choice, does=does)


def _explained(choice: str, does: Message) -> str:
    return f"{choice}: {does}"[:CHOICE_MAX_CHARS]
