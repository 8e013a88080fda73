"""What `council doctor` says about Discord: the token, and in each channel what will not work.

Asks Discord itself, with a connection of its own that hears of nothing but servers.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator

import aiohttp
import discord

from adapters.discord.supervisor import FATAL, PUBLIC, REFUSED_TOKEN
from bot.conversation.health import Finding
from bot.language import N_, _, n_

# The permissions of the invitation; what is missing without each.
NEEDED = {
    "send_messages_in_threads": N_(
        "{place}: without Send Messages in Threads no answer can be posted in threads."
    ),
    "create_public_threads": N_(
        "{place}: without Create Public Threads answers are plain replies in the channel, not a "
        "thread."
    ),
    "send_messages": N_(
        "{place}: without Send Messages refusals and hints stay unsaid, and answers where no "
        "thread can be."
    ),
    "read_message_history": N_(
        "{place}: without Read Message History no reply to a message, no reactions, no mention "
        "missed while away."
    ),
    "add_reactions": N_(
        "{place}: without Add Reactions people vote with buttons instead of reactions."
    ),
    "attach_files": N_("{place}: without Attach Files the transcript is not attached."),
    "embed_links": N_("{place}: without Embed Links links show no preview."),
}
PERMISSIONS = discord.Permissions(view_channel=True, **dict.fromkeys(NEEDED, True))
# Without one of these there is no answer at all.
_VITAL = frozenset({"send_messages_in_threads"})

CONNECT_SECONDS = 30.0


async def examine(
    token: str, *, is_listed: bool, time_scale: float
) -> AsyncGenerator[Finding, None]:
    """Each finding as soon as it is there; `is_listed` says whether COUNCIL_ALLOWED lists any."""
    client = _Listener(time_scale)
    try:
        try:
            await client.login(token)
        except discord.LoginFailure:
            yield Finding(False, _(REFUSED_TOKEN))
            return
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            yield Finding(False, _("Discord cannot be reached: {error}", error=error))
            return
        yield Finding(True, _("Discord accepts the token: this is {bot}.", bot=client.user))
        if problem := await _connected(client):
            yield Finding(False, problem)
            return
        if not is_listed and client.application and client.application.bot_public:
            yield Finding(None, _(PUBLIC))
        for finding in _findings(client):
            yield finding
    finally:
        await client.close()


class _Listener(discord.Client):
    def __init__(self, time_scale: float) -> None:
        super().__init__(intents=discord.Intents(guilds=True), guild_ready_timeout=2.0 * time_scale)


async def _connected(client: discord.Client) -> str | None:
    """Wait until the servers are known; what kept them from being so."""
    connection = asyncio.create_task(client.connect())
    ready = asyncio.create_task(client.wait_until_ready())
    try:
        await asyncio.wait(
            {connection, ready}, timeout=CONNECT_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if ready.done():
            return None
        if not connection.done():
            return _("Discord's gateway does not answer. Look at https://discordstatus.com.")
        error = connection.exception()
        if isinstance(error, discord.ConnectionClosed):
            return str(FATAL.get(error.code, error))
        return _("Discord's gateway cannot be reached: {error}", error=error)
    finally:
        ready.cancel()
        connection.cancel()
        await asyncio.wait({connection, ready})


def _findings(client: discord.Client) -> Iterator[Finding]:
    if not client.guilds:
        url = discord.utils.oauth_url(client.application_id or 0, permissions=PERMISSIONS)
        yield Finding(None, _("The bot is on no server yet. Invite it: {url}", url=url))
    for guild in client.guilds:
        yield from _of_server(guild)


def _of_server(guild: discord.Guild) -> Iterator[Finding]:
    """A line for each channel where something is missing, and one for all others."""
    places: list[discord.TextChannel | discord.ForumChannel]
    places = [*guild.text_channels, *guild.forums]
    rights = {place: place.permissions_for(guild.me) for place in places}
    visible = [place for place in places if rights[place].view_channel]
    lacking = {place: [n for n in NEEDED if not getattr(rights[place], n)] for place in visible}
    fine = [place for place in visible if not lacking[place]]
    if fine:
        everything = n_(
            "{server}: everything is permitted in {n} channel.",
            "{server}: everything is permitted in {n} channels.",
            len(fine),
            server=guild.name,
        )
        yield Finding(True, everything)
    for place in visible:
        where = f"{guild.name} #{place.name}"
        for name in lacking[place]:
            yield Finding(False if name in _VITAL else None, _(NEEDED[name], place=where))
    if hidden := len(places) - len(visible):
        out_of_sight = n_(
            "{server}: {n} channel hidden from the bot (View Channel).",
            "{server}: {n} channels hidden from the bot (View Channel).",
            hidden,
            server=guild.name,
        )
        yield Finding(None, out_of_sight)
