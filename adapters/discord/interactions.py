"""Where a command, a click or a form comes from, who gives it, and its answer: for this person
alone, or for all."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord

from adapters.discord import questions
from adapters.discord.bot import Bot
from adapters.discord.delivery import ACKNOWLEDGED, is_late, is_passing, words
from adapters.discord.page import Page
from adapters.discord.pages import document_pages, sentence_view
from bot.chat import Channel, Person
from bot.document import Document
from bot.language import N_, language_for, speak

logger = logging.getLogger(__name__)

Interaction = discord.Interaction[Bot]

SILENT = discord.AllowedMentions.none()
WENT_WRONG = N_("Something went wrong here. It has been logged.")

_ACKNOWLEDGE_TRIES = 3


def where(interaction: discord.Interaction[Any]) -> Channel:
    assert interaction.channel is not None
    return questions.channel_of(interaction.channel, interaction.guild)


async def speak_to(interaction: discord.Interaction[Any]) -> None:
    """Speak from here on as this person reads it, unless the channel says otherwise."""
    locale = str(interaction.locale)
    if interaction.channel is None:
        speak(language_for(locale))
    else:
        speak(await interaction.client.app.language(where(interaction), locale))


async def public_language(interaction: discord.Interaction[Any]) -> str:
    """What is spoken in answers that everybody sees."""
    locale = str(interaction.guild_locale or interaction.locale)
    spoken: str = await interaction.client.app.language(where(interaction), locale)
    return spoken


def who(interaction: discord.Interaction[Any]) -> Person:
    """The person with their rights as Discord computed them for this very interaction."""
    admin = interaction.guild_id is not None and interaction.permissions.manage_guild
    return Person(str(interaction.user.id), admin=admin)


def sees(interaction: discord.Interaction[Any]) -> bool:
    """Whether the person sees the place that it comes from, as Discord computed it just now."""
    return interaction.guild_id is None or interaction.permissions.view_channel


def absence(interaction: Interaction) -> str:
    """Why nothing that is asked here could be answered; "" where it can. Commands and buttons work
    where the bot may not write, or that it does not even see."""
    place, rights = interaction.channel, interaction.app_permissions
    if interaction.guild is None or questions.can_be_answered(place, rights):
        return ""
    return questions.why_not(place)


# --- For the person alone


async def answer(interaction: discord.Interaction[Any], document: Document) -> None:
    await send(interaction, document_pages(document))


async def say(interaction: discord.Interaction[Any], text: str) -> None:
    await send(interaction, [sentence_view(text)])


async def send(interaction: discord.Interaction[Any], pages: Sequence[Page]) -> None:
    first, *rest = pages

    async def begin() -> None:
        await interaction.response.send_message(
            view=first, files=first.files(), ephemeral=True, allowed_mentions=SILENT
        )

    if interaction.response.is_done():
        rest.insert(0, first)
    else:
        await acknowledged(begin)
    try:
        for page in rest:
            await interaction.followup.send(
                view=page, files=page.files(), ephemeral=True, allowed_mentions=SILENT
            )
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        logger.warning("the rest of an answer could not be shown: %s", words(error))


async def replace(interaction: discord.Interaction[Any], page: Page) -> None:
    """Change the message that the button is on: one that the person alone sees, or an offer."""

    async def edit() -> None:
        await interaction.response.edit_message(
            view=page, attachments=page.files(), allowed_mentions=SILENT
        )

    await acknowledged(edit)


async def think(interaction: discord.Interaction[Any]) -> None:
    """Take more than the three seconds that Discord waits for an answer."""
    try:
        await interaction.response.defer(ephemeral=True, thinking=True)
    except discord.HTTPException as error:
        if error.code != ACKNOWLEDGED:
            raise


async def acknowledged(call: Callable[[], Awaitable[None]]) -> None:
    """Three seconds is all there is, so a lost try is repeated at once, and only a few times.

    Raises `discord.HTTPException` where Discord refuses.
    """
    for tries_left in reversed(range(_ACKNOWLEDGE_TRIES)):
        try:
            await call()
            return
        except discord.HTTPException as error:
            if error.code == ACKNOWLEDGED:
                return  # an earlier try got there, and its answer was lost
            if is_late(error) or not is_passing(error):
                raise
            failure: Exception = error
        except (OSError, aiohttp.ClientError) as error:
            failure = error
        if not tries_left:
            logger.warning("an answer could not be shown: %s", words(failure))


# --- For all


@dataclass(frozen=True, slots=True)
class Posted:
    """A message for all, and how it is taken back."""

    id: int
    delete: Callable[[], Awaitable[None]]


async def post(interaction: Interaction, page: Page) -> Posted:
    """Answer with a message for all."""
    take_back = interaction.delete_original_response
    try:
        posted = await interaction.response.send_message(view=page, allowed_mentions=SILENT)
        if posted.message_id:
            return Posted(posted.message_id, take_back)
    except discord.HTTPException as error:
        if error.code != ACKNOWLEDGED:
            raise
    return Posted((await interaction.original_response()).id, take_back)


async def post_more(interaction: Interaction, page: Page) -> Posted:
    """The same for one that was answered already."""
    posted = await interaction.followup.send(view=page, allowed_mentions=SILENT, wait=True)
    return Posted(posted.id, posted.delete)


# --- What goes wrong


def log(what: str, error: BaseException) -> None:
    """A line where Discord or the network held something up; else with the traceback."""
    if is_late(error):
        logger.warning("%s came too late to be answered: %s", what, words(error))
    elif is_passing(error):
        logger.warning("%s could not be answered: %s", what, words(error))
    else:
        logger.error("%s failed", what, exc_info=error)
