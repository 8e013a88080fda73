"""`/council` and the message menu on Discord: their controls, turned into the app's words.

What a command does is known in `bot.conversation.commands`. Discord hides nothing here by permission: who may
change something is judged by what Discord says about the person at that moment.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import aiohttp
import discord
from discord import app_commands, ui

from adapters.discord import buttons, questions, reading
from adapters.discord.bot import Bot
from adapters.discord.buttons import WENT_WRONG
from adapters.discord.delivery import (
    ACKNOWLEDGED,
    WORDING,
    is_late,
    is_passing,
    persistently,
    undeliverable,
    words,
)
from adapters.discord.locale import Translations, translated
from adapters.discord.render import Page, Upload, asked_pages, document_pages, refusal_view
from bot.chat import Channel, Mention, Person
from bot.conversation.app import Accepted, App, Refused, Repeated
from bot.conversation.desk import may_change
from bot.council import MEMBERS_MAX
from bot.document import Document, Text
from bot.errors import BotError
from bot.settings import PROSE_LIMIT_CHARS, SETTINGS
from bot.texts import unread_files

logger = logging.getLogger(__name__)

Interaction = discord.Interaction[Bot]

ASK_MENU = "Ask the council"
CHOICES_MAX, CHOICE_MAX_CHARS = 25, 100
# Discord takes 6,000 characters in an option, and a message holds 4,000.
QUESTION_MAX_CHARS = 3_900

# How long the bot waits for its commands to be taken before it comes online without.
SYNC_SECONDS = 10.0

EXPORT = "deliberations.jsonl"

_SILENT = discord.AllowedMentions.none()


async def register(tree: "CouncilTree") -> None:
    """Set the commands up; tell Discord only where they differ from what it was told last."""
    client = tree.client
    await tree.set_translator(Translations())
    tree.add_command(Council(client.app))
    tree.add_command(app_commands.ContextMenu(name=ASK_MENU, callback=ask_about))
    key = f"discord:commands:{client.application_id}"
    digest = await _digest(tree)
    if await client.app.store.note(key) != digest:
        # An outage of this request alone keeps nobody from asking by a mention.
        await asyncio.wait({client.begin(_sync(tree, key, digest))}, timeout=SYNC_SECONDS)


async def _sync(tree: "CouncilTree", key: str, digest: str) -> None:
    try:
        await persistently(tree.sync, time_scale=tree.client.time_scale)
        await tree.client.app.store.set_note(key, digest)
    except (discord.DiscordException, BotError) as error:
        # What was registered before stays; the next start tries again.
        logger.warning("Discord does not take the commands: %s", words(error))


async def _digest(tree: "CouncilTree") -> str:
    translator = tree.translator
    assert translator is not None
    payload = [
        await command.get_translated_payload(tree, translator) for command in tree.get_commands()
    ]
    return sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


class CouncilTree(app_commands.CommandTree[Bot]):
    def __init__(self, client: Bot) -> None:
        super().__init__(
            client,
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Every command passes here, in the task that runs it."""
        self.client.hold()
        return True

    async def on_error(
        self, interaction: Interaction, error: app_commands.AppCommandError, /
    ) -> None:
        cause = error.__cause__ or error
        _log("a command", cause)
        if not is_late(cause):
            await answer(interaction, _sentence(WENT_WRONG))


class Council(app_commands.Group, name="council", description="Ask the council, and change it"):
    def __init__(self, app: App) -> None:
        super().__init__()
        self._app = app

    @app_commands.command(description="This channel's council and settings")
    async def show(self, interaction: Interaction) -> None:
        await self._run(interaction, "show")

    @app_commands.command(description="Who answers and reviews")
    @app_commands.describe(
        action="What to do; without it the members are listed",
        model="One or more models, separated by commas",
    )
    @app_commands.choices(
        action=[
            app_commands.Choice(name=app_commands.locale_str(word), value=word)
            for word in ("add", "remove", "set")
        ]
    )
    async def members(self, interaction: Interaction, action: str = "", model: str = "") -> None:
        await self._run(interaction, f"members {action} {model}")

    @app_commands.command(description="Who writes the verdict")
    @app_commands.describe(model="The model; without it the chairman is named")
    async def chairman(self, interaction: Interaction, model: str = "") -> None:
        await self._run(interaction, f"chairman {model}")

    @app_commands.command(description="Models that can be seated, with prices")
    @app_commands.describe(search="Parts of a name, like claude or mistral large")
    async def models(self, interaction: Interaction, search: str = "") -> None:
        await self._run(interaction, f"models {search}")

    @app_commands.command(description="What reviewers judge by")
    @app_commands.describe(text="The criteria; without them a form opens")
    async def criteria(self, interaction: Interaction, text: str = "") -> None:
        channel, person = where(interaction), who(interaction)
        is_admitted = await self._app.admission.admits(channel, person)
        if text or not is_admitted or not await may_change(self._app.desk, channel, person):
            await self._run(interaction, f"criteria {text}")
            return
        settings = await self._app.settings(channel)
        await interaction.response.send_modal(
            CriteriaForm(self._app, settings.criteria, interaction.locale)
        )

    @app_commands.command(description="The protocol of the deliberation")
    @app_commands.describe(name="Its name; without it the one of now is told")
    async def mode(self, interaction: Interaction, name: str = "") -> None:
        await self._run(interaction, f"mode {name}")

    @app_commands.command(description="What this channel may spend a day")
    @app_commands.describe(usd="US dollars, or unlimited, or default")
    async def budget(self, interaction: Interaction, usd: str = "") -> None:
        await self._run(interaction, f"budget {usd}")

    @app_commands.command(name="set", description="Change any setting")
    @app_commands.describe(name="The setting", value="Its value; default takes a change back")
    @app_commands.choices(name=[app_commands.Choice(name=name, value=name) for name in SETTINGS])
    async def set_(self, interaction: Interaction, name: str, value: str) -> None:
        await self._run(interaction, f"set {name} {value}")

    @app_commands.command(description="Back to the default")
    @app_commands.describe(name="The setting; without it everything")
    @app_commands.choices(name=[app_commands.Choice(name=name, value=name) for name in SETTINGS])
    async def reset(self, interaction: Interaction, name: str = "") -> None:
        await self._run(interaction, f"reset {name}")

    @app_commands.command(description="Put a question to the council")
    @app_commands.describe(question="The question")
    async def ask(
        self,
        interaction: Interaction,
        question: app_commands.Range[str, 1, QUESTION_MAX_CHARS],
    ) -> None:
        await ask(interaction, question)

    @app_commands.command(description="Which models serve best here")
    @app_commands.describe(details="Every number by model, too")
    async def stats(self, interaction: Interaction, details: bool = False) -> None:
        await self._run_slowly(interaction, "stats details" if details else "stats")

    @app_commands.command(description="What picking the best answer could gain here")
    async def ceiling(self, interaction: Interaction) -> None:
        await self._run_slowly(interaction, "ceiling")

    @app_commands.command(description="Members by what was accepted here; changes nothing")
    @app_commands.describe(seats="How many; without it as many as now")
    async def suggest(
        self, interaction: Interaction, seats: app_commands.Range[int, 1, MEMBERS_MAX] | None = None
    ) -> None:
        await self._run_slowly(interaction, f"suggest {seats or ''}")

    @app_commands.command(description="Every deliberation of this channel as a file")
    async def export(self, interaction: Interaction) -> None:
        await _think(interaction)
        try:
            lines = await self._app.export(where(interaction), who(interaction))
        except BotError as error:
            await answer(interaction, _sentence(error.public))
            return
        page = Page(
            ui.TextDisplay("Finished deliberations, one in a line:"),
            ui.File(f"attachment://{EXPORT}"),
            uploads=[Upload(EXPORT, lines.encode(errors="replace"))],
        )
        await _send(interaction, [page])

    @app_commands.command(description="Delete what was asked and voted")
    @app_commands.describe(what="Yours everywhere, or everything of this channel")
    @app_commands.choices(
        what=[
            app_commands.Choice(name=app_commands.locale_str(word), value=word)
            for word in ("me", "channel")
        ]
    )
    async def forget(self, interaction: Interaction, what: str) -> None:
        await self._run_slowly(interaction, f"forget {what}")

    @app_commands.command(description="Whether everything works here")
    async def health(self, interaction: Interaction) -> None:
        await self._run(interaction, "health")

    @app_commands.command(description="Let this server use the council, for its operators")
    async def allow(self, interaction: Interaction) -> None:
        await self._run(interaction, "allow")

    @app_commands.command(description="Keep this server from the council, for its operators")
    async def disallow(self, interaction: Interaction) -> None:
        await self._run(interaction, "disallow")

    @app_commands.command(description="Silence the council here")
    async def pause(self, interaction: Interaction) -> None:
        await self._run(interaction, "pause")

    @app_commands.command(description="End the silence")
    async def resume(self, interaction: Interaction) -> None:
        await self._run(interaction, "resume")

    @app_commands.command(description="All commands in a line each")
    async def help(self, interaction: Interaction) -> None:
        await self._run(interaction, "help")

    @members.autocomplete("model")
    async def _member_choices(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Of several models the last is completed; only seated ones can be removed."""
        if not await self._app.admission.admits(where(interaction), who(interaction)):
            return []
        before, comma, last = typed.rpartition(",")
        if interaction.namespace["action"] == "remove":
            seated = (await self._app.settings(where(interaction))).members
            ids = [id for id in dict.fromkeys(seated) if last.strip().lower() in id.lower()]
        else:
            ids = [model.id for model in self._app.catalogue.search(last)]
        return self._choices(ids, f"{before}{comma} " if comma else "")

    @chairman.autocomplete("model")
    async def _chairman_choices(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        if not await self._app.admission.admits(where(interaction), who(interaction)):
            return []
        return self._choices([model.id for model in self._app.catalogue.search(typed)])

    def _choices(self, ids: Sequence[str], before: str = "") -> list[app_commands.Choice[str]]:
        """With the price in the name."""
        found = []
        for id in ids[:CHOICES_MAX]:
            name = f"{before}{id} · {self._app.catalogue.price_label(id)}"
            if len(before + id) <= CHOICE_MAX_CHARS:
                choice = app_commands.Choice(name=name[:CHOICE_MAX_CHARS], value=before + id)
                found.append(choice)
        return found

    async def _run(self, interaction: Interaction, words: str) -> None:
        document = await self._app.command(where(interaction), who(interaction), words)
        await answer(interaction, document)

    async def _run_slowly(self, interaction: Interaction, words: str) -> None:
        """For what may take longer than the three seconds that Discord waits."""
        await _think(interaction)
        await self._run(interaction, words)


class CriteriaForm(ui.Modal):
    """The criteria as a form, filled in with those of now."""

    def __init__(self, app: App, criteria: str, locale: discord.Locale) -> None:
        super().__init__(title=translated("What reviewers judge by", locale), timeout=None)
        self._app = app
        self._text: ui.TextInput[CriteriaForm] = ui.TextInput(
            style=discord.TextStyle.paragraph,
            default=criteria or None,
            required=False,
            max_length=PROSE_LIMIT_CHARS,
            custom_id="text",
        )
        label = translated("Criteria", locale)
        hint = translated("Empty: what reviewers usually judge by", locale)
        self.add_item(ui.Label(text=label, description=hint, component=self._text))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        interaction.client.hold()
        words = f"criteria {self._text.value.strip() or 'clear'}"
        await answer(
            interaction, await self._app.command(where(interaction), who(interaction), words)
        )

    async def on_error(  # type: ignore[override]  # as the library's own Modal has it
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        _log("a form", error)
        if not is_late(error):
            await answer(interaction, _sentence(WENT_WRONG))


async def ask(interaction: Interaction, question: str) -> None:
    """Post the question as the root of its thread, and have it answered there.

    Checked first: what is refused never stands in the channel.
    """
    if not await _can_be_answered(interaction):
        return
    app = interaction.client.app
    if refusal := await app.refusal(_mention(interaction, interaction.id, question)):
        await answer(interaction, refusal)
        return
    first, *rest = asked_pages(interaction.user.display_name, question)
    try:
        id = await _post(interaction, first)
    except discord.HTTPException as error:
        if error.code not in WORDING:
            raise
        await answer(interaction, _sentence(str(undeliverable(error))))
        return
    match await app.accept(_mention(interaction, id, question)):
        case Refused(document):
            await interaction.delete_original_response()
            await interaction.followup.send(
                view=refusal_view(document), ephemeral=True, allowed_mentions=_SILENT
            )
        case Accepted() | Repeated():
            for page in rest:
                await interaction.followup.send(view=page, allowed_mentions=_SILENT)


async def _post(interaction: Interaction, page: Page) -> int:
    """Answer with a message for all; its id."""
    try:
        posted = await interaction.response.send_message(view=page, allowed_mentions=_SILENT)
        if posted.message_id:
            return posted.message_id
    except discord.HTTPException as error:
        if error.code != ACKNOWLEDGED:
            raise
    return (await interaction.original_response()).id


async def ask_about(interaction: Interaction, message: discord.Message) -> None:
    """The message's menu: Discord sends all of the message along."""
    if not await _can_be_answered(interaction):
        return
    text = questions.whole_text(message, interaction.client.me)
    files = reading.file_names(message)
    mention = _mention(
        interaction, message.id, text, unread=(unread_files(files),) if files else ()
    )
    match await interaction.client.app.accept(mention):
        case Refused(document):
            await answer(interaction, document)
        case Accepted():
            await answer(interaction, _sentence(f"The council deliberates: {message.jump_url}"))
        case Repeated():
            done = f"The council was asked about this already: {message.jump_url}"
            await answer(interaction, _sentence(done))


async def _can_be_answered(interaction: Interaction) -> bool:
    if problem := buttons.absence(interaction):
        await answer(interaction, _sentence(problem))
    return not problem


def _mention(
    interaction: Interaction, message: int, text: str, *, unread: tuple[str, ...] = ()
) -> Mention:
    place, guild = interaction.channel, interaction.guild
    assert place is not None
    return Mention(
        key=questions.key_of(message),
        channel=where(interaction),
        person=who(interaction),
        text=text,
        address=questions.address_of(place, guild, message).to_json(),
        thread=questions.thread_of(place, guild, message),
        unread=unread,
        direct=guild is None,
    )


def where(interaction: discord.Interaction[Any]) -> Channel:
    assert interaction.channel is not None
    return questions.channel_of(interaction.channel, interaction.guild)


def who(interaction: discord.Interaction[Any]) -> Person:
    """The person with their rights as Discord computed them for this very interaction."""
    admin = interaction.guild_id is not None and interaction.permissions.manage_guild
    return Person(str(interaction.user.id), admin=admin)


async def answer(interaction: discord.Interaction[Any], document: Document) -> None:
    """Show a document to this person alone."""
    await _send(interaction, document_pages(document))


async def _think(interaction: Interaction) -> None:
    try:
        await interaction.response.defer(ephemeral=True, thinking=True)
    except discord.HTTPException as error:
        if error.code != ACKNOWLEDGED:
            raise


async def _send(interaction: discord.Interaction[Any], pages: Sequence[Page]) -> None:
    first, *rest = pages
    try:
        if interaction.response.is_done():
            rest.insert(0, first)
        else:
            await interaction.response.send_message(
                view=first, files=first.files(), ephemeral=True, allowed_mentions=_SILENT
            )
        for page in rest:
            await interaction.followup.send(
                view=page, files=page.files(), ephemeral=True, allowed_mentions=_SILENT
            )
    except discord.HTTPException as error:
        # 40060: the answer did arrive, what got lost is Discord's word that it did.
        if error.code != ACKNOWLEDGED:
            logger.warning("a command could not be answered: %s", words(error))
    except (aiohttp.ClientError, OSError) as error:
        logger.warning("a command could not be answered: %s", words(error))


def _log(what: str, error: BaseException) -> None:
    """A line where Discord or the network held something up; else with the traceback."""
    if is_late(error):
        logger.warning("%s came too late to be answered: %s", what, words(error))
    elif is_passing(error):
        logger.warning("%s could not be answered: %s", what, words(error))
    else:
        logger.error("%s failed", what, exc_info=error)


def _sentence(text: str) -> Document:
    return Document((Text(text),))
