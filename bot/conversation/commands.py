"""The table of `/council`'s commands: from it follow the help and every platform's own controls.

A row stands beside the function that it calls. How a platform asks for options and shows the
answer is not known here.
"""

from collections.abc import Mapping

from bot.conversation import (
    audit_commands,
    audition_commands,
    records_commands,
    reflect_commands,
    settings_commands,
    trial_commands,
)
from bot.conversation.desk import Command, Desk, Option, Right, Typed, parse, require
from bot.document import Block, Document, Heading, Note, Text
from bot.errors import InvalidInput
from bot.language import N_, _
from bot.modes import MODES, modes_in_lines
from bot.typos import did_you_mean


def welcome() -> Document:
    return Document(
        (
            Heading(_("The council is here")),
            Text(
                _(
                    "Mention me with a question. Several language models answer it, review each "
                    "other's answers without knowing who wrote them, and a chairman writes one "
                    "verdict."
                )
            ),
            Note(_("`/council show` tells who is seated, `/council help` what can be changed.")),
        )
    )


async def run(desk: Desk, typed: Typed) -> Document:
    """Do it and say what was done. Raises `InvalidInput`; then nothing was changed."""
    command = COMMANDS.get(typed.name)
    right: Right = command.right(typed.rest) if command else "admitted"
    await require(desk, right, typed.name)
    if command is None or command.run is None:
        hint = did_you_mean(typed.name, COMMANDS)
        missing = _("There is no `/council {name}`.{hint}", name=typed.name, hint=hint)
        return Document((Note(missing),)) if hint else help_page(missing)
    return await command.run(desk, typed.rest)


async def pressed(desk: Desk, name: str, value: str = "") -> Document:
    """What comes of a button below a page, or of a `value` selected there. Raises `InvalidInput`;
    then nothing was changed."""
    if name in ASKED_BY_BUTTON or name.startswith(_WITH_MORE):
        return await run(desk, parse(name.replace(":", " ")))
    return await settings_commands.pressed(desk, name, value)


def help_page(first: str = "") -> Document:
    """Every command in a line."""
    lines = "\n".join(f"- `/council {each.usage}` {_said(each)}" for each in COMMANDS.values())
    blocks: list[Block] = [Note(first)] if first else []
    modes = _(
        "Modes, of the channel (`/council mode NAME`) or one question (`@council /NAME ...`):"
    )
    return Document(
        (
            *blocks,
            Heading(_("Council")),
            Text(lines),
            Text(f"{modes}\n\n{modes_in_lines()}"),
            Text(
                _(
                    "`@council /wait 10m ...` gives people ten minutes to add answers of their own first."
                )
            ),
            Text(f"{_('In the thread of a verdict:')}\n\n{_in_threads()}"),
        )
    )


def _in_threads() -> str:
    return "\n".join(
        f"- {line}"
        for line in (
            _("`@council redo: GUIDANCE` has the verdict written anew; nobody else is asked again"),
            _("`@council again, all of you` puts the question to the whole council"),
            _("`@council` and anything else asks a follow-up"),
        )
    )


def _said(command: Command) -> str:
    if command.at_length:
        return command.at_length()
    description = str(command.description)
    return description[0].lower() + description[1:]


async def _answer(desk: Desk, rest: str) -> Document:
    if not rest:
        raise InvalidInput(
            _("Write `/council answer TEXT`, or press *Add my answer* below the question.")
        )
    return await desk.answer(rest)


async def _help(desk: Desk, rest: str) -> Document:
    return help_page()


async def _allow(desk: Desk, rest: str) -> Document:
    """In this server or workspace; `off` takes it back."""
    match rest.lower():
        case "":
            await desk.admission.say(desk.channel, "allow")
            said = _("The council may be used in this server from now on.")
        case "off":
            await desk.admission.say(desk.channel, "disallow")
            said = _("The council may not be used in this server from now on.")
        case _:
            raise InvalidInput(_("Write `/council allow` or `/council allow off`."))
    return Document((Text(said),))


# Buttons that stand for what people may type.
ASKED_BY_BUTTON = frozenset(
    {
        "stats:details",
        "stats:reviewers",
        "set:weights:on",
        "set:weights:shadow",
        "suggest",
        "audition",
        "audition:stop",
        "audition:leave",
        "reflect:stop",
    }
)
# With what it may cost, and after how many tries it was shown; with the model.
_WITH_MORE = ("reflect:begin:", "reflect:adopt:", "reflect:discard:", "audition:stop:")

COMMANDS: Mapping[str, Command] = {
    command.name: command
    for command in (
        *settings_commands.COMMANDS,
        *audition_commands.COMMANDS,
        *trial_commands.COMMANDS,
        *audit_commands.COMMANDS,
        *reflect_commands.COMMANDS,
        Command(
            "ask QUESTION",
            N_("Put a question to the council"),
            # It needs a place to answer in, which each platform makes.
            run=None,
            options=(
                Option("question", N_("The question"), "prose", required=True),
                Option(
                    "mode",
                    N_("How its verdict comes about; without it as always here"),
                    choices=tuple(MODES),
                    meanings=MODES,
                    mark="/",
                ),
            ),
        ),
        Command(
            "answer TEXT",
            N_("Add an answer of your own to the newest question here"),
            _answer,
            options=(Option("text", N_("Your answer"), "prose", required=True),),
        ),
        *records_commands.COMMANDS,
        Command(
            "health",
            N_("Whether everything works here"),
            lambda desk, rest: desk.health(desk.channel),
        ),
        Command(
            "allow [off]",
            N_("Let this server use the council, for its operators; off takes it back"),
            _allow,
            (Option("off", N_("Keep this server from the council"), "flag"),),
            may="operator",
        ),
        *settings_commands.SILENCE,
        Command("help", N_("All commands in a line each"), _help),
    )
}
