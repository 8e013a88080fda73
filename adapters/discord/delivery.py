"""Requests to Discord that must not get lost: retried for as long as trying again may help.

discord.py itself waits for rate limits and repeats a request after 500, 502, 504 and 524, a few
times. Not after 503, nor after a connection that was reset or cut.
"""

import logging
import math
from hashlib import sha256

import aiohttp
import discord
from discord import AllowedMentions, MessageReference

from adapters.discord.page import Showable
from bot.conversation.persistence import Line
from bot.errors import Undeliverable
from bot.language import N_, _

logger = logging.getLogger(__name__)

# How the bot says under a message that it may not answer there.
MUTE = "🔇"

# Discord knows a nonce again for "the past few minutes"; after this it may have forgotten.
NONCE_SECONDS = 100.0

# Source: Discord's API documentation, "JSON Error Codes".
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = 10003, 10008
MISSING_ACCESS, MISSING_PERMISSIONS = 50001, 50013
TOO_LARGE = 40005
ARCHIVED = 50083
NO_HISTORY = 160002
# Where something was posted, or was to be, there is nothing any more.
_GONE = frozenset({UNKNOWN_CHANNEL, 10004, UNKNOWN_MESSAGE})
# Not the place but the words are refused: by a server's filters, by Discord's, by a limit.
MALFORMED = 50035
WORDING = frozenset({MALFORMED, 200000, 200001, 240000})

# An interaction that was answered before; one that is too old to be answered.
ACKNOWLEDGED, TOO_LATE = 40060, frozenset({10062, 50027})

_SENTENCES = {
    UNKNOWN_CHANNEL: N_("The channel or thread was deleted."),
    MISSING_ACCESS: N_("The bot cannot see this channel. Give it View Channel."),
    MISSING_PERMISSIONS: N_(
        "The bot may not write here. Give it Send Messages and Send Messages in Threads."
    ),
    50007: N_("This person does not accept direct messages from the bot."),
    ARCHIVED: N_("The thread is archived and locked."),
    160005: N_("The thread is locked."),
    30046: N_("Discord allows no more edits of this old message."),
    10004: N_("The bot is no longer on this server."),
    UNKNOWN_MESSAGE: N_("The message was deleted."),
    200000: N_("A rule of this server (AutoMod) blocks these words."),
    200001: N_("A rule of this server (AutoMod) blocks this title."),
    240000: N_("Discord's filter of harmful links blocks these words."),
}


def nonce(*parts: object) -> str:
    """The same for the same post, so that Discord recognises one sent twice; at most 25 long."""
    return sha256("/".join(map(str, parts)).encode()).hexdigest()[:25]


def undeliverable(error: discord.HTTPException) -> Undeliverable:
    """The refusal in words, and whether it is the place or the wording that is refused for good."""
    refused = _("Discord refused it: {reason}.", reason=words(error))
    sentence = _SENTENCES.get(error.code, refused)
    return Undeliverable(str(sentence), gone=error.code in _GONE, wording=error.code in WORDING)


def is_late(error: BaseException) -> bool:
    """Whether an interaction reached the bot, or its answer Discord, after the time it has."""
    return isinstance(error, discord.HTTPException) and error.code in TOO_LATE


def words(error: BaseException) -> str:
    """An error in a line: a proxy's page has many."""
    if isinstance(error, discord.HTTPException) and not error.code:
        return f"{error.status} {error.response.reason}"
    return " ".join(str(error).split()) or type(error).__name__


def line(time_scale: float) -> Line:
    return Line(
        is_passing,
        refusals=(discord.HTTPException, Undeliverable),
        time_scale=time_scale,
        remembers_seconds=NONCE_SECONDS * time_scale,
    )


async def post(
    client: discord.Client,
    channel: int,
    page: Showable,
    *,
    nonce: str,
    reference: int | None = None,
    ping: int | None = None,
) -> discord.Message:
    """Post the page: silently, unless it pings that one person, and in the way it is taken there.

    `reference` is the message replied to. Raises `discord.HTTPException`.
    """
    place = client.get_partial_messageable(channel)

    async def attempt(page: Showable, reference: int | None) -> discord.Message:
        return await place.send(
            **page.shown(),
            files=page.files(),
            nonce=nonce,
            silent=ping is None,
            allowed_mentions=_pinging(ping),
            reference=_reply_to(channel, reference),  # type: ignore[arg-type]  # None is its default
            mention_author=False,
        )

    try:
        return await attempt(page, reference)
    except discord.HTTPException as error:
        if error.code == NO_HISTORY:  # a reply needs the right to read what it replies to
            reference = None
        elif error.code in {MISSING_PERMISSIONS, TOO_LARGE} and page.uploads:
            page = page.without_files()
        else:
            raise
    return await attempt(page, reference)


async def edit(client: discord.Client, channel: int, message: int, page: Showable) -> None:
    """Bring a post up to date; nobody is notified. Raises `discord.HTTPException`."""
    post = client.get_partial_messageable(channel).get_partial_message(message)

    async def attempt() -> None:
        # Without allowed_mentions an edit parses every mention, whatever the client's default is.
        await post.edit(
            **page.shown(), attachments=page.files(), allowed_mentions=AllowedMentions.none()
        )

    try:
        await attempt()
    except discord.HTTPException as error:
        if error.code != ARCHIVED:
            raise
        await reopen(client, channel)
        await attempt()


async def reopen(client: discord.Client, channel: int) -> None:
    """In an archived thread nothing can be changed; unless it is locked, it can be reopened."""
    thread = client.get_channel(channel) or await client.fetch_channel(channel)
    if isinstance(thread, discord.Thread):
        await thread.edit(archived=False)


def _pinging(person: int | None) -> AllowedMentions:
    users: list[discord.abc.Snowflake] = [] if person is None else [discord.Object(person)]
    return AllowedMentions(everyone=False, roles=False, users=users, replied_user=False)


def _reply_to(channel: int, message: int | None) -> MessageReference | None:
    if message is None:
        return None
    return MessageReference(message_id=message, channel_id=channel, fail_if_not_exists=False)


def stated_wait(error: BaseException) -> float | None:
    """Seconds that a refusal asks to wait, where it does.

    The library waits by itself where Discord refuses; what a proxy in front of it says, with a page
    rather than an object, it raises.
    """
    if not isinstance(error, discord.HTTPException):
        return None
    try:
        seconds = float(error.response.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < math.inf else None


def is_passing(error: BaseException) -> bool | float:
    """Whether the same request may go through later; seconds where Discord says when."""
    match error:
        case discord.RateLimited():
            return error.retry_after
        case discord.HTTPException():
            passing = error.status == 429 or error.status >= 500
            return (stated_wait(error) or True) if passing else False
        case _:
            return isinstance(error, OSError | aiohttp.ClientError | TimeoutError)
