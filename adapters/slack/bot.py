"""What the parts of the adapter share: the connection, the app, people, and the tasks under way.

Knows no event and no command; the client adds those.
"""

from adapters.slack.people import People
from adapters.slack.web import Web
from bot import chat
from bot.conversation.app import App
from bot.conversation.loops import Handling


class Bot(Handling):
    def __init__(self, app: App, web: Web, *, time_scale: float) -> None:
        super().__init__()
        self.app = app
        self.web = web
        self.time_scale = time_scale
        self.people = People(web)

    async def place(self, channel: str) -> chat.Channel:
        return chat.Channel("slack", (await self.web.me()).team, channel)
