"""Alice on the local Slack."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from bot.conversation.budget import Rules
from bot.conversation.loops import Handling
from tests.fakes.council_on_slack import Place
from tests.fakes.slack import payloads
from tests.fakes.slack.blocks import elements_of
from tests.fakes.slack_server import Ephemeral, Message, View
from tests.pictures.scenes import Json, Opened, Platform, Scene
from tests.pictures.script import SEED, Models
from tests.pictures.stage import Stage, first, settings


class OnSlack(Stage):
    platform: Platform = "slack"

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        place.ada.name = "Alice"
        self._questions: list[Message] = []

    @asynccontextmanager
    async def open(self, models: Models) -> AsyncIterator[Stage]:
        rules = Rules(admins=frozenset({self.place.ada.id}))
        async with self.place.online(models, rules=rules, **settings(models)):
            self.app, self.models = self.place.app, models
            self.app.questions.seed = SEED
            models.all_posted = self.all_posted
            yield self

    @property
    def client(self) -> Handling:
        return self.place.client

    @property
    def place_id(self) -> str:
        return self.place.channel.id

    async def ask(
        self, text: str, *, in_thread: bool = False, files: Mapping[str, bytes] | None = None
    ) -> None:
        self.models.clock.ask()
        root = self._questions[0].ts if in_thread else None
        place = self.place
        typed = f"<@{place.server.bot.id}> {text}"
        question = place.server.post(place.channel, place.ada, typed, root, files=files)
        self._questions.append(question)
        self._asked.append(f"slack:{place.server.team.id}:{place.channel.id}:{question.ts}")

    def thread(self, name: str) -> Scene:
        root = self._questions[0]
        replies = self.place.server.messages(self.place.channel, root.ts)
        return self._scene(name, "Thread", [root, *replies])

    async def click(self, what: str) -> None:
        place, root = self.place, self._questions[0].ts
        shown: list[Message | Ephemeral] = [
            *place.server.said(place.channel, root),
            *place.server.ephemerals,
        ]
        offered = [
            (element["action_id"], message.ts)
            for message in shown
            for _, element in elements_of(message.blocks)
        ]
        id, ts = first(what, offered)
        await place.server.click(place.ada, place.channel, ts, id)

    async def press(self, name: str, what: str) -> Scene:
        before = self._private()
        await self.click(what)
        return await self._answer(name, before)

    async def opened(self, name: str, key: str, fold: int = 0) -> Scene:
        """Everybody folds and unfolds a container alone, where it stands."""
        post = self.place.channel.messages[await self._post_id(key, 0)]
        return self._scene(name, "Thread", [post], opened=fold)

    async def refused(self, name: str, text: str) -> Scene:
        place = self.place
        before = place.server.ephemerals
        question = place.server.mention(place.channel, place.ada, text)

        def found() -> list[Message | Ephemeral]:
            alone = [e for e in place.server.ephemerals if e not in before]
            return [*place.server.said(place.channel, question.ts), *alone]

        said = await place.server.wait_for(found)
        return self._scene(name, "general", [question, *said])

    async def command(self, name: str, text: str) -> Scene:
        place = self.place
        before = self._private()
        await place.server.slash(place.ada, place.channel, "/council", text)
        return await self._answer(name, before)

    def _private(self) -> list[tuple[Ephemeral | View, Json]]:
        """What she alone sees, with what it says now: it may yet be replaced."""
        server = self.place.server
        return [
            *((each, {"text": each.text, "blocks": each.blocks}) for each in server.ephemerals),
            *((each, each.body) for each in server.open_views),
        ]

    async def _answer(self, name: str, before: list[tuple[Ephemeral | View, Json]]) -> Scene:
        new = await self.place.server.wait_for(
            lambda: [each for each, told in self._private() if (each, told) not in before]
        )
        view = next((each.body for each in new if isinstance(each, View)), None)
        shown = [each for each in new if isinstance(each, Ephemeral)]
        return self._scene(name, "general", shown, view)

    def _scene(
        self,
        name: str,
        where: str,
        shown: Sequence[Message | Ephemeral],
        view: Json | None = None,
        *,
        opened: Opened | None = None,
    ) -> Scene:
        found = [file for m in shown if isinstance(m, Message) for file in m.files]
        files = {file.name: file.content for file in found if file.content}
        return Scene(name, "slack", where, tuple(map(self._told, shown)), view, opened, files=files)

    def _told(self, message: Message | Ephemeral) -> Json:
        people = self.place.server.world.users.values()
        told: Json = {
            "user": {"name": "council", "bot": True},
            "text": message.text,
            "blocks": message.blocks,
            "names": {each.id: each.name for each in people if f"@{each.id}>" in message.text},
            "files": [],
            "reactions": [],
            "private": True,
        }
        if isinstance(message, Ephemeral):
            return told
        reactions = payloads.reactions(message.reactions, full=True)
        return told | {
            "user": {"name": message.user.name, "bot": message.user.bot},
            "files": [{"name": file.name, "title": file.title} for file in message.files],
            "reactions": [{"name": each["name"], "count": each["count"]} for each in reactions],
            "private": False,
        }
