"""Buttons under the bot's posts: they work after a restart and for years.

A button says `c1:<run>:<what>` and nothing else is remembered: the answer comes from the store, for
the clicker alone. Whoever clicks has to be where the run is, and see it.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias, cast

import aiohttp
import discord
from discord import AllowedMentions, ui

from adapters.discord import questions, render
from adapters.discord.bot import Bot
from adapters.discord.delivery import ACKNOWLEDGED, is_late, is_passing, words
from adapters.discord.render import Page
from adapters.discord.reply import post_id
from bot import emoji as reactions
from bot.chat import HEADLINE, Channel, Person
from bot.conversation.app import VOTE_FIRST, Accepted, App, Refused, Repeated
from bot.conversation.desk import NOT_ENABLED
from bot.council import Council
from bot.document import Document, Text
from bot.errors import BotError
from bot.language import _
from bot.records import Case
from bot.texts import ASKED, ASKED_ALREADY, ELSEWHERE, FORGOTTEN, VOTE_HERE

logger = logging.getLogger(__name__)

Interaction: TypeAlias = discord.Interaction[Bot]

WENT_WRONG = "Something went wrong here. It has been logged."
NOT_YET = "The verdict is still being written."
OUT_OF_DATE = "This button is from another version of the bot and does nothing any more."
HIDDEN = "Discord hides the text of that message. Mention the bot in it, then it can be read."

_ACKNOWLEDGE_TRIES = 3


def dynamic_items(app: App) -> list[type[ui.DynamicItem[Any]]]:
    """What the client has to register, so that every button ever sent is heard."""
    return [CouncilButton]


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
        except BotError as error:
            logger.error("a click could not be answered: %s", error)
            await _say(interaction, WENT_WRONG)
        except Exception:
            logger.exception("a click could not be answered")
            await _say(interaction, WENT_WRONG)

    async def _pressed(self, interaction: Interaction) -> None:
        if self.what[0] == "ask":
            await _ask(interaction, self.what[1], None)
            return
        case = await interaction.client.app.store.case(self.run)
        if case is None:
            await _say(interaction, _(FORGOTTEN))
        elif not _sees(interaction, case):
            await _say(interaction, _(ELSEWHERE))
        elif self.what != ["stop"] and not await _is_admitted(interaction, case):
            await _say(interaction, NOT_ENABLED)
        else:
            await _press(interaction, case, self.what)


async def _press(interaction: Interaction, case: Case, what: Sequence[str]) -> None:
    app = interaction.client.app
    match what:
        case ["read", *key, part]:
            await _read(interaction, case, ":".join(key), part)
        case ["page", *key, part, n]:
            await _turn(interaction, case, ":".join(key), part, int(n))
        case ["stop"]:
            await _answer(interaction, await app.stop(case.id, _person(interaction)))
        case ["reveal"]:
            await _reveal(interaction, case)
        case ["names"]:
            names = await app.reveal(case.id, _person(interaction), anyway=True)
            await _replace(interaction, render.document_pages(names)[0])
        case ["later"]:
            await _replace(interaction, render.document_pages(_document(_(VOTE_HERE)))[0])
        case ["vote", *key, value]:
            await _vote(interaction, case, ":".join(key), value)
        case ["alone", label, message]:
            offer = await app.offered(_channel(case), case.id, label)
            await _ask(interaction, message, offer.alone)
        case _:
            await _say(interaction, OUT_OF_DATE)


# --- Reading


async def _read(interaction: Interaction, case: Case, key: str, part: str) -> None:
    pages = await _pages(interaction, case, key, part)
    if pages:
        await _show(interaction, pages[0])
    else:
        await _say(interaction, NOT_YET if case.status == "running" else _(FORGOTTEN))


async def _turn(interaction: Interaction, case: Case, key: str, part: str, n: int) -> None:
    """Another page in place of the one that the clicker sees."""
    pages = await _pages(interaction, case, key, part)
    page = pages[min(n, len(pages) - 1)] if pages else _page(_(FORGOTTEN))
    await _replace(interaction, page)


async def _pages(interaction: Interaction, case: Case, key: str, part: str) -> tuple[Page, ...]:
    document = await interaction.client.app.document(case.id, key)
    if document is None:
        return ()
    # In a thread: there are texts that take longer to cut than the gateway may be kept waiting.
    return await asyncio.to_thread(render.opened, document, run=case.id, key=key, part=part)


# --- Names and votes


async def _reveal(interaction: Interaction, case: Case) -> None:
    shown = await interaction.client.app.reveal(case.id, _person(interaction))
    if shown == _document(VOTE_FIRST):
        choices = (("Show names (my votes here stop counting)", "names"), ("Vote first", "later"))
        await _show(interaction, render.question_page(VOTE_FIRST, case.id, *choices))
    else:
        await _answer(interaction, shown)


async def _vote(interaction: Interaction, case: Case, key: str, value: str) -> None:
    """Give a vote, or take it back where it stands already."""
    app, person = interaction.client.app, _person(interaction)
    emoji = next((e for e in reactions.offered(key) if reactions.value(key, e) == value), None)
    if emoji is None or interaction.message is None:
        await _say(interaction, OUT_OF_DATE)
        return
    post = post_id(interaction.message.channel.id, interaction.message.id)
    standing = {(r.person, r.target, r.value) for r in await app.store.reactions(case.id)}
    name = "the verdict" if key == HEADLINE else reactions.part_name(key)
    if (person.id, reactions.target(key), value) in standing:
        await app.unreact("discord", post, person, emoji)
        await _say(interaction, f"Your vote is taken back: {emoji} on {name}.")
    elif await app.react("discord", post, person, emoji):
        await _say(interaction, f"Your vote is recorded: {emoji} on {name}. Press again to undo.")
    else:
        await _say(interaction, _(FORGOTTEN))


# --- Asking


async def _ask(interaction: Interaction, message_id: str, council: Council | None) -> None:
    """Put the reply that the offer is about to the council, or to one member alone."""
    client = interaction.client
    if problem := absence(interaction):
        await _say(interaction, problem)
        return
    place = client.get_partial_messageable(
        interaction.channel_id or 0, guild_id=interaction.guild_id
    )
    try:
        message = await place.fetch_message(int(message_id))
    except (discord.NotFound, discord.Forbidden):
        await _say(interaction, "The message to answer is gone, or hidden from the bot.")
        return
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        logger.warning("a message to be answered cannot be read: %s", words(error))
        await _say(interaction, "Discord does not hand the message out right now. Press again.")
        return
    if not (message.content or message.message_snapshots):
        await _say(interaction, HIDDEN)
        return
    mention = await questions.mention_of(client, message, person=_person(interaction))
    match await client.app.accept(mention, council=council):
        case Accepted():
            await _replace(interaction, _page(_(ASKED)))
        case Repeated():
            await _replace(interaction, _page(_(ASKED_ALREADY)))
        case Refused(document):
            await _answer(interaction, document)


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


async def _is_admitted(interaction: Interaction, case: Case) -> bool:
    """Whether the council may be used here: by the clicker, or still by whoever asked, whose thread
    others may read and vote in."""
    admission, channel = interaction.client.app.admission, _channel(case)
    people = (_person(interaction), Person(case.asker or ""))
    return any([await admission.admits(channel, person) for person in people])


def _channel(case: Case) -> Channel:
    return Channel(case.platform, case.workspace or "", case.channel or "")


# --- Answering the clicker alone


async def _say(interaction: Interaction, text: str) -> None:
    await _show(interaction, _page(text))


async def _answer(interaction: Interaction, document: Document) -> None:
    await _show(interaction, render.document_pages(document)[0])


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


def _document(text: str) -> Document:
    return Document((Text(text),))


def _page(text: str) -> Page:
    return render.document_pages(_document(text))[0]
