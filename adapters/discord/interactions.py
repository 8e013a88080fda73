"""Where a command is given, who gives it, and its answer: for this person alone, or for all."""

import logging
from collections.abc import Sequence
from typing import Any

import aiohttp
import discord

from adapters.discord import questions
from adapters.discord.bot import Bot
from adapters.discord.delivery import ACKNOWLEDGED, words
from adapters.discord.render import Page, document_pages
from bot.chat import Channel, Person
from bot.document import Document, Text

logger = logging.getLogger(__name__)

Interaction = discord.Interaction[Bot]

SILENT = discord.AllowedMentions.none()


def where(interaction: discord.Interaction[Any]) -> Channel:
    assert interaction.channel is not None
    return questions.channel_of(interaction.channel, interaction.guild)


def who(interaction: discord.Interaction[Any]) -> Person:
    """The person with their rights as Discord computed them for this very interaction."""
    admin = interaction.guild_id is not None and interaction.permissions.manage_guild
    return Person(str(interaction.user.id), admin=admin)


async def answer(interaction: discord.Interaction[Any], document: Document) -> None:
    """Show a document to this person alone."""
    await send(interaction, document_pages(document))


async def think(interaction: Interaction) -> None:
    try:
        await interaction.response.defer(ephemeral=True, thinking=True)
    except discord.HTTPException as error:
        if error.code != ACKNOWLEDGED:
            raise


async def send(interaction: discord.Interaction[Any], pages: Sequence[Page]) -> None:
    first, *rest = pages
    try:
        if interaction.response.is_done():
            rest.insert(0, first)
        else:
            await interaction.response.send_message(
                view=first, files=first.files(), ephemeral=True, allowed_mentions=SILENT
            )
        for page in rest:
            await interaction.followup.send(
                view=page, files=page.files(), ephemeral=True, allowed_mentions=SILENT
            )
    except discord.HTTPException as error:
        # 40060: the answer did arrive, what got lost is Discord's word that it did.
        if error.code != ACKNOWLEDGED:
            logger.warning("a command could not be answered: %s", words(error))
    except (aiohttp.ClientError, OSError) as error:
        logger.warning("a command could not be answered: %s", words(error))


async def post(interaction: Interaction, page: Page) -> int:
    """Answer with a message for all; its id."""
    try:
        posted = await interaction.response.send_message(view=page, allowed_mentions=SILENT)
        if posted.message_id:
            return posted.message_id
    except discord.HTTPException as error:
        if error.code != ACKNOWLEDGED:
            raise
    return (await interaction.original_response()).id


def sentence(text: str) -> Document:
    return Document((Text(text),))
