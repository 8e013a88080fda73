"""Files of a message: named as Discord tells them, fetched from where Discord keeps them."""

import discord

from bot.council import Attached
from bot.evidence.download import download

# Source: Discord's reference, "CDN Endpoints"; the second one serves what was forwarded or embedded.
ORIGINS = frozenset({"https://cdn.discordapp.com", "https://media.discordapp.net"})


def attached(message: discord.Message) -> tuple[Attached, ...]:
    """What is attached to the message and to what it forwards."""
    carriers: list[discord.Message | discord.MessageSnapshot]
    carriers = [message, *message.message_snapshots]
    return tuple(
        Attached(file.filename, file.url, file.size)
        for carrier in carriers
        for file in carrier.attachments
    )


async def fetch(file: Attached, *, time_scale: float) -> bytes:
    """Their addresses are signed: no token goes there. Raises `Unreadable`."""
    return (await download(file.source, origins=ORIGINS, time_scale=time_scale)).data
