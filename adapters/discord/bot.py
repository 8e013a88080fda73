"""What the parts of the adapter share: the connection, the app, and the tasks under way.

Knows no event and no command; the client adds those.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import discord

from adapters.discord import delivery
from adapters.discord.address import Address, is_private
from adapters.discord.pacing import Pace
from adapters.discord.page import Page
from bot.conversation.app import App
from bot.conversation.loops import Handling
from bot.errors import Undeliverable
from bot.records import Case

T = TypeVar("T")


class Bot(discord.Client, Handling):
    """The library's client with what is behind it."""

    def __init__(self, app: App, *, time_scale: float, **options: Any) -> None:
        pace = Pace(time_scale=time_scale)
        super().__init__(http_trace=pace.trace(), **options)
        Handling.__init__(self)
        self.turns = pace.turns()
        self.app = app
        self.time_scale = time_scale
        self.line = delivery.line(time_scale)

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Nothing once it is closed: the library, which has let go of its loop, stumbles over what
        it still has to tell, such as that all servers are known."""
        if not self.is_closed():
            super().dispatch(event, *args, **kwargs)

    @property
    def me(self) -> discord.ClientUser:
        assert self.user is not None, "nothing happens before the login"
        return self.user

    def is_private(self, case: Case) -> bool:
        """Whether the case was asked in a thread that not everybody sees who sees its channel."""
        known = is_private(case.address)
        if known is not None:
            return known
        # What is not known to be public counts as private.
        place = self.get_channel(Address.from_json(case.address).channel)
        return place is None or (isinstance(place, discord.Thread) and place.is_private())

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
