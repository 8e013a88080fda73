"""What the parts of the adapter share: the connection, the app, and the tasks under way.

Knows no event and no command; the client adds those.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import discord

from adapters.discord.delivery import persistently, undeliverable, words
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

    @property
    def me(self) -> discord.ClientUser:
        assert self.user is not None, "nothing happens before the login"
        return self.user

    async def surely(self, call: Callable[[], Awaitable[T]], /) -> T:
        """The call's result, however long Discord is away. Raises `Undeliverable` where it
        refuses."""
        try:
            return await persistently(call, time_scale=self.time_scale)
        except discord.HTTPException as error:
            raise undeliverable(error) from error
        except discord.DiscordException as error:
            raise Undeliverable(words(error)) from error
