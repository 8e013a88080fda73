"""Buttons and selects under the bot's messages: they work after a restart and for years.

A button says `c1:<run>:<what>` and nothing else is remembered: the answer comes from the store, for
the clicker alone. Whoever clicks has to be where the run is, and see it.
"""

import asyncio
import logging
import re
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import aiohttp
import discord
from discord import ui

from adapters.discord import pages, questions
from adapters.discord.commands import ask_agreed
from adapters.discord.delivery import WORDING, is_late, undeliverable, words
from adapters.discord.forms import QuestionForm, SettingForm
from adapters.discord.interactions import (
    WENT_WRONG,
    Interaction,
    absence,
    answer,
    log,
    public_language,
    replace,
    say,
    sees,
    send,
    speak_to,
    think,
    where,
    who,
)
from adapters.discord.page import DIGEST, Page, Upload, digest_of
from adapters.discord.pages import CHOOSE
from adapters.discord.reply import post_id, urls_of
from adapters.text.markdown import honest_links
from bot.chat import Mention
from bot.cleaning import harmless
from bot.conversation import settings_commands
from bot.conversation.beside import beside
from bot.conversation.desk import settings_of
from bot.conversation.presses import Ask, Choice, File, Form, Press, Told
from bot.document import Entry
from bot.errors import BotError, InvalidInput
from bot.language import N_, _, speaking
from bot.records import Case
from bot.settings import FORM
from bot.texts import ELSEWHERE, OUT_OF_DATE

logger = logging.getLogger(__name__)

HIDDEN = N_("Discord hides the text of that message. Mention the bot in it, then it can be read.")
# What these do, they do to the channel, whatever run their message belongs to.
_OF_CHANNEL = frozenset(
    {
        "members",
        "chairman",
        "mode",
        "form",
        "settings",
        "set",
        "stats",
        "suggest",
        "audition",
        "reflect",
    }
)

IN_TRANSCRIPT = N_("The transcript has the whole text.")

Item = ui.Button[Any] | ui.Select[Any]


class CouncilButton(ui.DynamicItem[Item], template=r"c1:(?P<run>[^:]+):(?P<what>.+)"):
    """A button, or a select, from which something was chosen."""

    def __init__(self, item: Item, run: str, name: str) -> None:
        super().__init__(item)
        self.run = run
        self.name = name

    @classmethod
    async def from_custom_id(
        cls, interaction: Any, item: ui.Item[Any], match: re.Match[str], /
    ) -> "CouncilButton":
        return cls(cast(Item, item), match["run"], match["what"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        interaction.client.hold()
        await speak_to(interaction)
        try:
            await self._pressed(interaction)
        except InvalidInput as error:
            await say(interaction, error.public)
        except BotError as error:
            logger.error("a click could not be answered: %s", error)
            await say(interaction, _(WENT_WRONG))
        except Exception as error:
            if isinstance(error, discord.HTTPException) and error.code in WORDING:
                await say(interaction, f"{undeliverable(error)} {_(IN_TRANSCRIPT)}")
                return
            log("a click", error)
            if not is_late(error):
                await say(interaction, _(WENT_WRONG))

    async def _pressed(self, interaction: Interaction) -> None:
        """Raises `InvalidInput`."""
        if not sees(interaction):
            raise InvalidInput(_(ELSEWHERE))
        name, value = self.name, next(iter(getattr(self.item, "values", ())), "")
        if name == CHOOSE:
            name, value = value, ""
        if name.partition(":")[0] in _OF_CHANNEL or name.startswith(DIGEST):
            await _change(interaction, name, value)
            return
        press = _press(interaction, self.run, name.split(":"))
        match press.what:
            case ("read", *key, part):
                await _read(interaction, press, ":".join(key), part)
            case ("more", *key):
                document = await interaction.client.app.actions.part(press, ":".join(key))
                await send(interaction, [pages.more_page(document, run=self.run)])
            case ("page", *key, part, n):
                await _turn(interaction, press, ":".join(key), part, int(n))
            case ("rate", *key, part, n, vote):
                await _rate(interaction, press, ":".join(key), part, int(n), vote)
            case _:
                await _act(interaction, press)


async def _act(interaction: Interaction, press: Press) -> None:
    """Raises `InvalidInput`."""
    if press.what[0] == "go" and (problem := absence(interaction)):
        raise InvalidInput(problem)
    match await interaction.client.app.actions.press(press):
        case Told(document, instead):
            shown = pages.document_pages(document, run=press.run)
            await (replace(interaction, shown[0]) if instead else send(interaction, shown))
        case Ask() as asking:
            await ask_agreed(interaction, asking)
        case Choice(question, choices):
            await send(interaction, [pages.question_page(question, press.run, *choices)])
        case File(name, text):
            await _hand_over(interaction, name, text)
        case Form(run, name) as form:
            pressed = partial(_press, run=run, what=name.split(":"))
            await interaction.response.send_modal(QuestionForm(form, pressed))


# --- Reading


async def _hand_over(interaction: Interaction, name: str, text: str) -> None:
    """A file, for the clicker alone. Raises `InvalidInput`."""
    if interaction.guild and not interaction.app_permissions.attach_files:
        raise InvalidInput(_("I may not attach files here. Somebody can give me *Attach Files*."))
    # A viewer renders the file: its links must not hide where they lead either.
    shown = await asyncio.to_thread(lambda: honest_links(harmless(text)).encode())
    await send(interaction, [Page(ui.File(f"attachment://{name}"), uploads=[Upload(name, shown)])])


async def _read(interaction: Interaction, press: Press, key: str, part: str) -> None:
    await send(interaction, (await _pages(interaction, press, key, part))[:1])


async def _turn(interaction: Interaction, press: Press, key: str, part: str, n: int) -> None:
    """Another page in place of the one that the clicker sees."""
    found = await _pages(interaction, press, key, part)
    await replace(interaction, found[min(n, len(found) - 1)])


async def _rate(
    interaction: Interaction, press: Press, key: str, part: str, n: int, vote: str
) -> None:
    """A vote where it is read; the page then shows it."""
    await interaction.client.app.actions.rate(press, key, vote)
    await _turn(interaction, press, key, part, n)


async def _pages(interaction: Interaction, press: Press, key: str, part: str) -> tuple[Page, ...]:
    app = interaction.client.app
    document = await app.actions.part(press, key)
    # In a thread: there are texts that take longer to cut than the gateway may be kept waiting.
    return await asyncio.to_thread(
        pages.opened,
        document,
        run=press.run,
        key=key,
        part=part,
        beside=await beside(app, press.run, key, press.person),
        urls=urls_of(interaction.guild_id, await app.store.posts(press.run)),
    )


# --- A channel's council, and its statistics


async def _change(interaction: Interaction, name: str, value: str) -> None:
    """Raises `InvalidInput`."""
    app = interaction.client.app
    desk = app.desk(where(interaction), who(interaction))
    if name.startswith(DIGEST):
        name = await _spelled_out(interaction, name)
    match name.split(":"):
        case ["form", setting] if setting in FORM:
            await desk.admission.require(desk.channel, desk.person)
            form = SettingForm(app, setting, await settings_of(desk))
            await interaction.response.send_modal(form)
        case ["settings", "all"]:
            await answer(interaction, await settings_commands.pressed(desk, name))
        case ["members", "add", *model] if model:
            await _change(interaction, "members:add", ":".join(model))
        case ["chairman" | "mode" as setting, *chosen] if chosen:
            await _change(interaction, setting, ":".join(chosen))
        case ["members" | "chairman" | "mode", *_rest]:
            page = await settings_commands.pressed(desk, name, value)
            await replace(interaction, pages.document_pages(page)[0])
        case command:
            await think(interaction)
            await answer(
                interaction, await app.command(desk.channel, desk.person, " ".join(command))
            )


async def _spelled_out(interaction: Interaction, digest: str) -> str:
    """The name of a button that is too long for an id, on the page that it stood on."""
    app = interaction.client.app
    page = await app.command(where(interaction), who(interaction), "show")
    entries = [block for block in page.blocks if isinstance(block, Entry)]
    names = [entry.button.name for entry in entries if entry.button]
    found = next((name for name in names if DIGEST + digest_of(name) == digest), None)
    if found is None:
        raise InvalidInput(_(OUT_OF_DATE))
    return found


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
    with speaking(await public_language(interaction)):
        return await questions.mention_of(client, message, person=who(interaction))


# --- Who clicks


def _sees(interaction: Interaction, case: Case) -> bool:
    """Whether the click comes from the run's channel, or a thread in it, which the clicker sees;
    of a private thread, which not everybody sees who sees the channel, from that thread itself."""
    here = interaction.channel
    if interaction.client.is_private(case) and case.thread != str(interaction.channel_id):
        return False
    places = {str(interaction.channel_id)}
    if isinstance(here, discord.Thread):
        places.add(str(here.parent_id))
    return case.channel in places and sees(interaction)


def _press(interaction: Interaction, run: str, what: Sequence[str]) -> Press:
    message = interaction.message
    return Press(
        person=who(interaction),
        run=run,
        what=tuple(what),
        sees=partial(_sees, interaction),
        post=post_id(message.channel.id, message.id) if message else "",
        question=partial(_question, interaction),
        channel=where(interaction),
        address=partial(_address, interaction),
    )


async def _address(interaction: Interaction) -> str:
    """Where a reply to what a button itself asks goes: here. Raises `InvalidInput`."""
    if problem := absence(interaction):
        raise InvalidInput(problem)
    assert interaction.channel is not None
    return questions.address_of(interaction.channel, interaction.guild, None).to_json()
