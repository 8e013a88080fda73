"""`/council` as text, the same on every platform: words in, a Document out.

Adapters turn their own controls (subcommands, modals) into these words. How a platform shows the
answer is not known here.
"""

from bot.chat import Channel, Person
from bot.conversation import settings_commands
from bot.conversation.desk import Command, Desk
from bot.document import Block, Document, Heading, Note, Text
from bot.settings import SETTINGS

HELP = (
    ("show", "this channel's council and settings"),
    ("members [add|remove|set MODEL ...]", "who answers and reviews"),
    ("chairman [MODEL]", "who writes the verdict"),
    ("models [SEARCH]", "models that can be seated, with prices"),
    ("criteria [TEXT|clear]", "what reviewers judge by"),
    ("mode [NAME]", "the protocol"),
    ("budget [USD|default]", "this channel's budget a day"),
    ("set NAME VALUE", "any setting: " + ", ".join(SETTINGS)),
    ("reset [NAME]", "back to the default"),
    ("ask QUESTION", "put a question to the council"),
    ("stats [details]", "which models serve best here, and whether the council helps"),
    ("ceiling", "how much picking the best answer could gain here"),
    ("suggest [SEATS]", "members by what was accepted here; changes nothing"),
    ("export", "every deliberation of this channel, for administrators"),
    ("forget me|channel", "delete your questions and votes, or all of this channel's"),
    ("health", "whether everything works here"),
    ("allow | disallow", "say that the council may be used in this server: for its operators"),
    ("pause | resume", "silence the council here, or end the silence"),
    ("help", "this list"),
)

# What nobody is refused: to be forgotten, and what has a rule of its own.
FOR_ALL = frozenset({"forget me", "allow", "disallow"})

WELCOME = Document(
    (
        Heading("The council is here"),
        Text(
            "Mention me with a question. Several language models answer it, review each other's "
            "answers without knowing who wrote them, and a chairman writes one verdict."
        ),
        Note("`/council show` tells who is seated, `/council help` what can be changed."),
    )
)


async def run(desk: Desk, channel: Channel, person: Person, command: Command) -> Document:
    """Do it and say what was done. Raises `InvalidInput`; then nothing was changed."""
    match command.name:
        case "show":
            return await settings_commands.show(desk, channel)
        case "members":
            return await settings_commands.members(desk, channel, person, command.words)
        case "models":
            return settings_commands.models(desk.catalogue, command.rest)
        case "chairman" | "criteria" | "mode" | "budget" if not command.rest:
            return await settings_commands.show_one(desk, channel, command.name)
        case "chairman" | "criteria" | "mode" | "budget":
            return await settings_commands.set_(desk, channel, person, command.name, command.rest)
        case "set":
            name, value = settings_commands.name_and_value(command.rest)
            return await settings_commands.set_any(desk, channel, person, name, value)
        case "reset":
            return await settings_commands.reset(desk, channel, person, command.words)
        case "pause" | "resume":
            paused = "on" if command.name == "pause" else "off"
            return await settings_commands.set_(desk, channel, person, "paused", paused)
        case "allow" | "disallow":
            await desk.admission.say(channel, person, command.name)
            may = "may" if command.name == "allow" else "may not"
            return Document((Text(f"The council {may} be used in this server from now on."),))
        case "health":
            return await desk.health(channel)
        case "stats" | "ceiling" | "suggest" | "export" | "forget":
            # Imported late: numbers take a while to load, and most processes ask for none.
            from bot.conversation import records_commands

            return await records_commands.run(desk, channel, person, command)
        case "help":
            return help_page()
        case _:
            return help_page(f"There is no `/council {command.name}`.")


def help_page(first: str = "") -> Document:
    """Every command in a line."""
    lines = "\n".join(f"- `/council {usage}` {text}" for usage, text in HELP)
    blocks: list[Block] = [Note(first)] if first else []
    return Document((*blocks, Heading("Council"), Text(lines)))
