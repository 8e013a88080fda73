"""What the parts of the adapter share: the connection, the app, people, and the tasks under way.

Knows no event and no command; the client adds those.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from slack_sdk.errors import SlackApiError

from adapters.slack.people import People
from adapters.slack.refusals import error_of, sentence
from adapters.slack.web import Web
from bot import chat
from bot.conversation.app import App
from bot.conversation.loops import Handling
from bot.errors import Undeliverable
from bot.language import speak

T = TypeVar("T")


class Bot(Handling):
    def __init__(self, app: App, web: Web, *, time_scale: float) -> None:
        super().__init__()
        self.app = app
        self.web = web
        self.time_scale = time_scale
        self.people = People(web)

    async def place(self, channel: str) -> chat.Channel:
        return chat.Channel("slack", (await self.web.me()).team, channel)

    async def speak_to(self, user: str, channel: str) -> None:
        """Speak from here on as this person reads it, unless the channel says otherwise."""
        locale = await self.people.locale(user)
        speak(await self.app.language(await self.place(channel), locale))

    async def offered(self, post_id: str) -> None:
        """The emoji to vote with were put under this post."""

    async def surely(self, call: Callable[[], Awaitable[T]], /) -> T:
        """The call's result, however long Slack is away. Raises `Undeliverable` where it
        refuses."""
        try:
            return await self.web.persistently(call)
        except SlackApiError as error:
            gone = error_of(error) == "message_not_found"
            raise Undeliverable(sentence(error), gone=gone) from error
