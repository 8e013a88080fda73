"""`/council` and the message menu on Discord: their controls, turned into the app's words.

What a command does is known in `bot.conversation.commands`. Discord hides nothing here by permission: who may
change something is judged by what Discord says about the person at that moment.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from hashlib import sha256
from inspect import Parameter, Signature
from typing import Any

import discord
from discord import app_commands, ui

from adapters.discord import questions
from adapters.discord.bot import Bot
from adapters.discord.delivery import WORDING, is_late, undeliverable, words
from adapters.discord.files import attached
from adapters.discord.forms import SettingForm
from adapters.discord.interactions import (
    SILENT,
    WENT_WRONG,
    Interaction,
    Posted,
    absence,
    answer,
    log,
    post,
    post_more,
    public_language,
    replace,
    say,
    send,
    speak_to,
    think,
    where,
    who,
)
from adapters.discord.locale import CHOICE_MAX_CHARS, Translations, explained
from adapters.discord.page import Page, Upload
from adapters.discord.pages import document_pages, refusal_view
from bot.chat import Accepted, Agreed, Mention, Refused, Repeated
from bot.conversation.commands import COMMANDS
from bot.conversation.desk import Command, Option, may_change, settings_of
from bot.conversation.presses import Ask
from bot.council import Attached
from bot.document import literal
from bot.errors import BotError
from bot.language import N_, _, speaking
from bot.pages.asked import first_asked

logger = logging.getLogger(__name__)

ASK_MENU = N_("Ask the council")
CHOICES_MAX = 25
# How long the bot waits for its commands to be taken before it comes online without.
SYNC_SECONDS = 10.0

# Discord takes 6,000 characters in an option, and a message holds 4,000.
PROSE_MAX_CHARS = 3_900

EXPORT = "deliberations.jsonl"


async def register(tree: "CouncilTree") -> None:
    """Set the commands up; tell Discord only where they differ from what it was told last."""
    client = tree.client
    await tree.set_translator(Translations())
    tree.add_command(council())
    tree.add_command(app_commands.ContextMenu(name=ASK_MENU.english, callback=ask_about))
    key = f"discord:commands:{client.application_id}"
    digest = await _digest(tree)
    if await client.app.store.note(key) != digest:
        # An outage of this request alone keeps nobody from asking by a mention.
        await asyncio.wait({client.begin(_sync(tree, key, digest))}, timeout=SYNC_SECONDS)


async def _sync(tree: "CouncilTree", key: str, digest: str) -> None:
    try:
        await tree.client.line.persistently(tree.sync)
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
        await speak_to(interaction)
        return True

    async def on_error(
        self, interaction: Interaction, error: app_commands.AppCommandError, /
    ) -> None:
        cause = error.__cause__ or error
        log("a command", cause)
        if not is_late(cause):
            await say(interaction, _(WENT_WRONG))


def council() -> app_commands.Group:
    """`/council` with a subcommand for each row of the table."""
    about = N_("Ask the council, and change it")
    group = app_commands.Group(name="council", description=about.english)
    for command in COMMANDS.values():
        group.add_command(_subcommand(command))
    return group


def _subcommand(command: Command) -> app_commands.Command[Any, Any, Any]:
    async def callback(interaction: Interaction, /, **given: object) -> None:
        await _OWN.get(command.name, _run)(interaction, command, command.written(given))

    # The library learns the options from a signature, and the rest from these decorators.
    callback.__signature__ = Signature(  # type: ignore[attr-defined]
        [
            Parameter("interaction", Parameter.POSITIONAL_OR_KEYWORD),
            *(_parameter(option) for option in command.options),
        ]
    )
    of = {option.name: option for option in command.options}
    app_commands.describe(**{name: option.description.english for name, option in of.items()})(
        callback
    )
    app_commands.choices(
        **{
            name: [app_commands.Choice(name=shown(option, c), value=c) for c in option.choices]
            for name, option in of.items()
            if 0 < len(option.choices) <= CHOICES_MAX
        }
    )(callback)
    app_commands.autocomplete(
        **{name: _completion(option) for name, option in of.items() if option.complete}
    )(callback)
    return app_commands.Command(
        name=command.name, description=command.description.english, callback=callback
    )


def shown(option: Option, choice: str) -> app_commands.locale_str:
    does = option.meanings.get(choice)
    return explained(choice, does) if does else app_commands.locale_str(choice)


def _parameter(option: Option) -> Parameter:
    ranged: Any = app_commands.Range
    kinds = {
        "text": str,
        "prose": ranged[str, 1, PROSE_MAX_CHARS],
        "number": ranged[int, 1, option.most],
        "flag": bool,
    }
    return Parameter(
        option.name,
        Parameter.POSITIONAL_OR_KEYWORD,
        annotation=kinds[option.kind],
        default=Parameter.empty
        if option.required
        else {"text": "", "flag": False}.get(option.kind),
    )


def _completion(
    option: Option,
) -> Callable[[Interaction, str], Coroutine[Any, Any, list[app_commands.Choice[str]]]]:
    async def complete(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        desk = interaction.client.app.desk(where(interaction), who(interaction))
        assert option.complete is not None
        if not await desk.admission.admits(desk.channel, desk.person):
            return []
        found = await option.complete(desk, dict(iter(interaction.namespace)), typed)
        return [
            app_commands.Choice(name=shown[:CHOICE_MAX_CHARS], value=value)
            for value, shown in found[:CHOICES_MAX]
            if len(value) <= CHOICE_MAX_CHARS
        ]

    return complete


async def _run(interaction: Interaction, command: Command, rest: str) -> None:
    if command.slow:
        await think(interaction)
    app = interaction.client.app
    words = f"{command.name} {rest}"
    await answer(interaction, await app.command(where(interaction), who(interaction), words))


async def _criteria(interaction: Interaction, command: Command, text: str) -> None:
    app = interaction.client.app
    desk = app.desk(where(interaction), who(interaction))
    is_admitted = await desk.admission.admits(desk.channel, desk.person)
    if text or not is_admitted or not await may_change(desk):
        await _run(interaction, command, text)
        return
    form = SettingForm(app, "criteria", await settings_of(desk))
    await interaction.response.send_modal(form)


async def _export(interaction: Interaction, command: Command, rest: str) -> None:
    await think(interaction)
    try:
        lines = await interaction.client.app.export(where(interaction), who(interaction))
    except BotError as error:
        await say(interaction, error.public)
        return
    page = Page(
        ui.TextDisplay(_("Finished deliberations, one in a line:")),
        ui.File(f"attachment://{EXPORT}"),
        uploads=[Upload(EXPORT, lines.encode(errors="replace"))],
    )
    await send(interaction, [page])


async def _ask(interaction: Interaction, command: Command, question: str) -> None:
    """Post the question as the root of its thread, and have it answered there.

    Checked first: what is refused never stands in the channel.
    """
    if not await _can_be_answered(interaction):
        return
    mention = _mention(interaction, interaction.id, question)
    if refused := await interaction.client.app.questions.before_posting(mention):
        await answer(interaction, refused.document)
        return
    await _put(interaction, question, post, None)


async def ask_agreed(interaction: Interaction, asking: Ask) -> None:
    """The same once its asker has pressed a button to say that it is worth its price."""
    await replace(interaction, document_pages(asking.told)[0])
    await _put(interaction, asking.question, post_more, asking.agreed)


async def _put(
    interaction: Interaction,
    question: str,
    post: Callable[[Interaction, Page], Awaitable[Posted]],
    agreed: Agreed | None,
) -> None:
    app = interaction.client.app
    with speaking(await public_language(interaction)):
        asked = first_asked(literal(interaction.user.display_name), question)
        first, *rest = document_pages(asked)
    try:
        root = await post(interaction, first)
    except discord.HTTPException as error:
        if error.code not in WORDING:
            raise
        await say(interaction, str(undeliverable(error)))
        return
    match await app.questions.accept(_mention(interaction, root.id, question), agreed=agreed):
        case Refused(document):
            await root.delete()
            await interaction.followup.send(
                view=refusal_view(document), ephemeral=True, allowed_mentions=SILENT
            )
        case Accepted() | Repeated():
            for page in rest:
                await interaction.followup.send(view=page, allowed_mentions=SILENT)


# What a document alone does not do.
_OWN: Mapping[str, Callable[[Interaction, Command, str], Awaitable[None]]] = {
    "ask": _ask,
    "criteria": _criteria,
    "export": _export,
}


async def ask_about(interaction: Interaction, message: discord.Message) -> None:
    """The message's menu: Discord sends all of the message along."""
    if not await _can_be_answered(interaction):
        return
    text = questions.whole_text(message, interaction.client.me)
    mention = _mention(interaction, message.id, text, files=attached(message))
    match await interaction.client.app.questions.accept(mention):
        case Refused(document):
            await answer(interaction, document)
        case Accepted():
            begun = _("The council deliberates: {link}", link=message.jump_url)
            await say(interaction, begun)
        case Repeated():
            done = _("The council was asked about this already: {link}", link=message.jump_url)
            await say(interaction, done)


async def _can_be_answered(interaction: Interaction) -> bool:
    if problem := absence(interaction):
        await say(interaction, problem)
    return not problem


def _mention(
    interaction: Interaction, message: int, text: str, *, files: tuple[Attached, ...] = ()
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
        files=files,
        direct=guild is None,
        locale=str(interaction.guild_locale or interaction.locale),
    )
