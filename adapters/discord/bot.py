"""What the parts of the adapter share: the connection, the app, and the tasks under way.

Knows no event and no command; the client adds those.
"""

from typing import Any

import discord

from bot.conversation.app import App
from bot.conversation.loops import Handling


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
