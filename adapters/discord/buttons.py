"""Buttons under the bot's posts: they work after a restart and for years.

A button says `c1:<run>:<what>` and nothing else is remembered: the answer comes from the store, for
the clicker alone. Whoever clicks has to be where the run is, and see it.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeAlias, cast

import aiohttp
import discord
from discord import AllowedMentions, ui

from adapters.discord import questions, render
from adapters.discord.bot import Bot
from adapters.discord.delivery import ACKNOWLEDGED, is_late, is_passing, words
from adapters.discord.render import Page
from adapters.discord.reply import post_id
from bot.chat import Mention, Person
from bot.conversation.actions import Choice, Press, Told
from bot.errors import BotError, InvalidInput
from bot.language import N_, _
from bot.records import Case

logger = logging.getLogger(__name__)

Interaction: TypeAlias = discord.Interaction[Bot]

WENT_WRONG = N_("Something went wrong here. It has been logged.")
HIDDEN = N_("Discord hides the text of that message. Mention the bot in it, then it can be read.")

_ACKNOWLEDGE_TRIES = 3


class CouncilButton(ui.DynamicItem[ui.Button[Any]], template=r"c1:(?P<run>[^:]+):(?P<what>.+)"):
    def __init__(self, button: ui.Button[Any], run: str, what: str) -> None:
        super().__init__(button)
        self.run = run
        self.what = what.split(":")

    @classmethod
    async def from_custom_id(
        cls, interaction: Any, item: ui.Item[Any], match: re.Match[str], /
    ) -> "CouncilButton":
        return cls(cast(ui.Button[Any], item), match["run"], match["what"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        interaction.client.hold()
        try:
            await self._pressed(interaction)
        except InvalidInput as error:
            await _say(interaction, str(error))
        except BotError as error:
            logger.error("a click could not be answered: %s", error)
            await _say(interaction, _(WENT_WRONG))
        except Exception:
            logger.exception("a click could not be answered")
            await _say(interaction, _(WENT_WRONG))

    async def _pressed(self, interaction: Interaction) -> None:
        """Raises `InvalidInput`."""
        press = _press(interaction, self.run, self.what)
        match press.what:
            case ("read", *key, part):
                await _read(interaction, press, ":".join(key), part)
                return
            case ("page", *key, part, n):
                await _turn(interaction, press, ":".join(key), part, int(n))
                return
        match await interaction.client.app.actions.press(press):
            case Told(document, instead):
                await (_replace if instead else _show)(
                    interaction, render.document_pages(document)[0]
                )
            case Choice(question, choices):
                await _show(interaction, render.question_page(question, self.run, *choices))


# --- Reading


async def _read(interaction: Interaction, press: Press, key: str, part: str) -> None:
    await _show(interaction, (await _pages(interaction, press, key, part))[0])


async def _turn(interaction: Interaction, press: Press, key: str, part: str, n: int) -> None:
    """Another page in place of the one that the clicker sees."""
    pages = await _pages(interaction, press, key, part)
    await _replace(interaction, pages[min(n, len(pages) - 1)])


async def _pages(interaction: Interaction, press: Press, key: str, part: str) -> tuple[Page, ...]:
    document = await interaction.client.app.actions.part(press, key)
    # In a thread: there are texts that take longer to cut than the gateway may be kept waiting.
    return await asyncio.to_thread(render.opened, document, run=press.run, key=key, part=part)


# --- Asking


async def _question(interaction: Interaction, message_id: str) -> Mention:
    """The reply that an offer is about. Raises `InvalidInput`."""
    client = interaction.client
    if problem := absence(interaction):
        raise InvalidInput(problem)
    place = client.get_partial_messageable(
        interaction.channel_id or 0, guild_id=interaction.guild_id
    )
    try:
        message = await place.fetch_message(int(message_id))
    except (discord.NotFound, discord.Forbidden):
        raise InvalidInput(_("The message to answer is gone, or hidden from the bot.")) from None
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        logger.warning("a message to be answered cannot be read: %s", words(error))
        raise InvalidInput(
            _("Discord does not hand the message out right now. Press again.")
        ) from error
    if not (message.content or message.message_snapshots):
        raise InvalidInput(_(HIDDEN))
    return await questions.mention_of(client, message, person=_person(interaction))


def absence(interaction: Interaction) -> str:
    """Why nothing that is asked here could be answered; "" where it can. Commands and buttons work
    where the bot may not write, or that it does not even see."""
    place, rights = interaction.channel, interaction.app_permissions
    if interaction.guild is None or questions.can_be_answered(place, rights):
        return ""
    return questions.why_not(place)


# --- Who clicks


def _person(interaction: Interaction) -> Person:
    """The clicker, with the rights that Discord sends along with the click."""
    return Person(str(interaction.user.id), admin=interaction.permissions.manage_guild)


def _sees(interaction: Interaction, case: Case) -> bool:
    """Whether the click comes from the run's channel, or a thread in it, which the clicker sees."""
    here = interaction.channel
    places = {str(interaction.channel_id)}
    if isinstance(here, discord.Thread):
        places.add(str(here.parent_id))
    in_direct = interaction.guild_id is None
    return case.channel in places and (in_direct or interaction.permissions.view_channel)


def _press(interaction: Interaction, run: str, what: Sequence[str]) -> Press:
    message = interaction.message
    return Press(
        person=_person(interaction),
        run=run,
        what=tuple(what),
        sees=partial(_sees, interaction),
        post=post_id(message.channel.id, message.id) if message else "",
        question=partial(_question, interaction),
    )


# --- Answering the clicker alone


async def _say(interaction: Interaction, text: str) -> None:
    await _show(interaction, render.sentence_view(text))


async def _show(interaction: Interaction, page: Page) -> None:
    async def send() -> None:
        await interaction.response.send_message(
            view=page,
            files=page.files(),
            ephemeral=True,
            allowed_mentions=AllowedMentions.none(),
        )

    await _acknowledge(send)


async def _replace(interaction: Interaction, page: Page) -> None:
    """Change the message that the button is on: one that the clicker alone sees, or an offer."""

    async def edit() -> None:
        await interaction.response.edit_message(
            view=page, attachments=page.files(), allowed_mentions=AllowedMentions.none()
        )

    await _acknowledge(edit)


async def _acknowledge(call: Callable[[], Awaitable[None]]) -> None:
    """Three seconds is all there is, so a lost try is repeated at once, and only a few times."""
    for tries_left in reversed(range(_ACKNOWLEDGE_TRIES)):
        try:
            await call()
            return
        except discord.HTTPException as error:
            if error.code == ACKNOWLEDGED:
                return  # an earlier try got there, and its answer was lost
            if is_late(error):
                logger.warning("a click came too late to be answered: %s", words(error))
                return
            if not is_passing(error):
                raise
            failure: Exception = error
        except (OSError, aiohttp.ClientError) as error:
            failure = error
        if not tries_left:
            logger.warning("a click could not be answered: %s", words(failure))
