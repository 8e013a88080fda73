"""What the parts of the adapter share: the connection, the app, and the tasks under way.

Knows no event and no command; the client adds those.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import discord

from adapters.discord import delivery
from adapters.discord.page import Page
from bot.conversation.app import App
from bot.conversation.loops import Handling
from bot.errors import Undeliverable

T = TypeVar("T")


class Bot(discord.Client, Handling):
    """The library's client with what is behind it."""

    def __init__(self, app: App, *, time_scale: float, **options: Any) -> None:
        super().__init__(**options)
        Handling.__init__(self)
        self.app = app
        self.time_scale = time_scale
        self.line = delivery.line(time_scale)

    @property
    def me(self) -> discord.ClientUser:
        assert self.user is not None, "nothing happens before the login"
        return self.user

    async def surely(self, call: Callable[[], Awaitable[T]], /) -> T:
        """The call's result, however long Discord is away. Raises `Undeliverable` where it
        refuses."""
        try:
            return await self.line.persistently(call)
        except discord.HTTPException as error:
            raise delivery.undeliverable(error) from error
        except discord.DiscordException as error:
            raise Undeliverable(delivery.words(error)) from error

    async def send(
        self, channel: int, page: Page, *, nonce: str, reference: int | None = None
    ) -> discord.Message:
        """Post it, silently, once under this nonce. Raises `Undeliverable`."""
        return await self.surely(
            partial(delivery.post, self, channel, page, nonce=nonce, reference=reference)
        )

    async def whisper(self, person: int, page: Page, *, nonce: str) -> None:
        """Write to one person alone. Raises `Undeliverable`."""
        direct = await self.surely(partial(self.create_dm, discord.Object(person)))
        await self.send(direct.id, page, nonce=nonce)
