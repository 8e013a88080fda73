"""Alice on the local Discord."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from bot.conversation.budget import Rules
from bot.conversation.commands import COMMANDS
from bot.conversation.loops import Handling
from tests.fakes.council_on_discord import Place
from tests.fakes.discord import payloads
from tests.fakes.discord.components import walk
from tests.fakes.discord.state import MessageType
from tests.fakes.discord_server import Channel, Interaction, Message
from tests.fakes.watched import PATIENCE_SECONDS
from tests.pictures.scenes import Json, Platform, Scene
from tests.pictures.script import SEED, Models
from tests.pictures.stage import Stage, first, settings

# Without the notices about threads.
_SHOWN = {MessageType.DEFAULT, MessageType.REPLY, MessageType.SLASH}


class OnDiscord(Stage):
    platform: Platform = "discord"

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        place.ada.name = "Alice"
        self._questions: list[Message] = []

    @asynccontextmanager
    async def open(self, models: Models) -> AsyncIterator[Stage]:
        rules = Rules(admins=frozenset({str(self.place.ada.id)}))
        async with self.place.online(models, rules=rules, **settings(models)):
            self.app, self.models = self.place.app, models
            self.app.questions.seed = SEED
            models.all_posted = self.all_posted
            server = self.place.server
            await server.wait_for(lambda: server.commands.syncs > 0)
            yield self

    @property
    def client(self) -> Handling:
        return self.place.client

    @property
    def place_id(self) -> str:
        return str(self.place.channel.id)

    async def ask(
        self, text: str, *, in_thread: bool = False, files: Mapping[str, bytes] | None = None
    ) -> None:
        self.models.clock.ask()
        where = self._thread if in_thread else self.place.channel
        question = self.place.server.mention(where, self.place.ada, text, files=files)
        self._questions.append(question)
        self._asked.append(f"discord:{question.id}")

    @property
    def _thread(self) -> Channel:
        thread = self._questions[0].thread
        assert thread
        return thread

    def thread(self, name: str) -> Scene:
        answers = self.place.server.messages(self._thread)
        shown = [m for m in answers if m.type in _SHOWN and m.viewer is None]
        return self._scene(name, self._thread.name, [self._questions[0], *shown])

    async def click(self, what: str) -> Interaction:
        server = self.place.server
        offered = [
            (component["custom_id"], message)
            for message in (*server.said(self._thread), *self._private())
            for component in walk(message.components)
            if "custom_id" in component
        ]
        id, message = first(what, offered)
        return await server.click(self.place.ada, message, id, timeout_seconds=PATIENCE_SECONDS)

    def _private(self) -> list[Message]:
        answers = [each.original for each in self.place.server.interactions.log]
        return [message for message in answers if message and message.viewer]

    async def press(self, name: str, what: str) -> Scene:
        return self._answer(name, await self.click(what))

    async def opened(self, name: str, key: str, fold: int = 0) -> Scene:
        return await self.press(name, f":read:{key}:{fold}$")

    async def refused(self, name: str, text: str) -> Scene:
        channel, server = self.place.channel, self.place.server
        server.mention(channel, self.place.ada, text)
        await server.wait_for(lambda: server.said(channel))
        return self._scene(name, "general", server.messages(channel))

    async def command(self, name: str, text: str) -> Scene:
        place = self.place
        verb, _, rest = text.partition(" ")
        options = COMMANDS[verb].options
        written = rest.split(maxsplit=max(0, len(options) - 1))
        given = {
            o.name: o.kind == "flag" or word for o, word in zip(options, written, strict=False)
        }
        return self._answer(
            name,
            await place.server.slash(
                place.ada,
                place.channel,
                "council",
                verb,
                given,
                timeout_seconds=PATIENCE_SECONDS,
            ),
        )

    def _answer(self, name: str, interaction: Interaction) -> Scene:
        assert not interaction.failed
        shown = [m for m in (interaction.original, *interaction.followups) if m]
        return self._scene(name, interaction.channel.name, shown, interaction.modal)

    def _scene(
        self, name: str, where: str, shown: list[Message], modal: Json | None = None
    ) -> Scene:
        files = {a.filename: a.data for message in shown for a in message.attachments}
        messages = tuple(self._told(message) for message in shown)
        return Scene(name, "discord", where, messages, modal, files=files)

    def _told(self, message: Message) -> Json:
        world = self.place.server.world
        told = payloads.message(message, world, gateway=False, reads_all=True)
        # A client shows who is named, and whom a post once notified, also where an edit of the post
        # notified nobody.
        named = world.mentions(message.channel, message.author, message.text, None).users
        notified = {user for ping in world.pings if ping.message is message for user in ping.users}
        return {
            "author": {"name": message.author.name, "bot": message.author.bot},
            "flags": message.flags,
            "content": told["content"],
            "names": {str(user.id): user.name for user in named},
            "components": told["components"],
            "attachments": [{"filename": a.filename} for a in message.attachments],
            "reactions": [
                {"emoji": each["emoji"]["name"], "count": each["count"]}
                for each in told["reactions"]
            ],
            "private": message.viewer is not None,
            "pings": self.place.ada in notified,
        }
