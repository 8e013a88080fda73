"""A platform that posts into the outbox and nowhere else, and people who ask and press there."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.chat import Accepted, Channel, Mention, Person, Refused
from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.conversation.jobs import Jobs
from bot.conversation.presses import Choice, Press, Told
from bot.document import Document, Text
from bot.llm import Completion, Request
from bot.protocol import ranking
from bot.records import Case
from bot.store.server import Server
from tests.fakes.council import running_app
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CHANNEL = Channel("discord", "server", "channel")
ELSEWHERE = Channel("discord", "server", "elsewhere")
# A question that hears every reviewer, so that the number of its calls is known.
ALL_HEARD = next(seed for seed in range(1_000) if ranking.never_stops_early(seed))
ANN, BOB, ADMIN = Person("ann"), Person("bob"), Person("eve", admin=True)


class Room:
    """A platform that posts into the outbox and nowhere else."""

    interval_seconds = 0.0

    def __init__(self, app: App) -> None:
        self.app = app
        self.shown: list[tuple[str, str]] = []
        self.documents: dict[tuple[str, str], Document] = {}
        self._showing = asyncio.Condition()

    def reply(self, case: Case) -> "RoomReply":
        return RoomReply(self, case)

    async def name(self, channel: Channel, person: str) -> str:
        return {"ann": "Ann_", "bob": "Bob"}.get(person, "")

    async def post(self, id: str, key: str, document: Document) -> None:
        async with self._showing:
            self.shown.append((id, key))
            self.documents[id, key] = document
            self._showing.notify_all()

    async def until_shown(self, id: str, key: str) -> None:
        async with self._showing:
            await self._showing.wait_for(lambda: (id, key) in self.documents)

    def keys(self, id: str) -> list[str]:
        """The posts of a run, in the order in which they came."""
        return list(dict.fromkeys(key for run, key in self.shown if run == id))


@dataclass
class RoomReply:
    room: Room
    case: Case
    interval_seconds: float = 0.0

    async def show(self, key: str, document: Document, *, ping: bool = False) -> None:
        store = self.room.app.store
        await store.claim_post(self.case.id, self.case.platform, key, 0)
        await store.confirm_post(self.case.id, key, 0, f"{self.case.id}/{key}", None)
        await self.room.post(self.case.id, key, document)


@dataclass
class Clock:
    """Stands still unless it is moved."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Held(FakeProvider):
    """Hangs on every answer to a question with one of these words until `release`."""

    def __init__(self, *words: str) -> None:
        super().__init__(otherwise=self._reply)
        self._words = words
        self._go_on = asyncio.Event()
        self._asked = asyncio.Condition()

    def _reply(self, request: Request) -> Scripted:
        text = request.messages[-1].content
        held = stage_and_seat(request)[0] == "answer" and any(word in text for word in self._words)
        return self._go_on if held and not self._go_on.is_set() else sensible(request)

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        async with self._asked:
            self._asked.notify_all()
        return await super().complete(request, on_text)

    async def until_asked(self, word: str) -> None:
        async with self._asked:
            await self._asked.wait_for(lambda: self.was_asked(word))

    def was_asked(self, word: str) -> bool:
        return any(word in request.messages[-1].content for request in self.requests)

    def release(self) -> None:
        self._go_on.set()


@asynccontextmanager
async def running(
    provider: FakeProvider | None = None,
    *,
    rules: Rules | None = None,
    database: str | Server = ":memory:",
    time_scale: float = 1.0,
    jobs: Jobs | None = None,
) -> AsyncIterator[App]:
    async with running_app(
        provider or FakeProvider(), rules=rules, database=database, time_scale=time_scale, jobs=jobs
    ) as app:
        room = Room(app)
        app.platforms |= {"discord": room, "slack": room, "terminal": room}
        app.clock = Clock()
        yield app


_keys = iter(range(1_000_000))


def mention(
    text: str = "Is it right?",
    *,
    key: str | None = None,
    channel: Channel = CHANNEL,
    person: Person = ANN,
    thread: str | None = None,
    direct: bool = False,
) -> Mention:
    key = key or f"event-{next(_keys)}"
    return Mention(key, channel, person, text, address="", thread=thread, direct=direct)


async def accepted(app: App, asked: Mention) -> str:
    taken = await app.questions.accept(asked)
    assert isinstance(taken, Accepted), taken
    return taken.id


async def served(app: App, asked: Mention | None = None) -> str:
    """Ask and wait for the end."""
    id = await accepted(app, asked or mention())
    await app.running.finished(id)
    return id


async def refusal(app: App, asked: Mention) -> str:
    taken = await app.questions.accept(asked)
    assert isinstance(taken, Refused), taken
    return words(taken.document)


def words(document: Document) -> str:
    [block] = document.blocks
    assert isinstance(block, Text)
    return block.text


async def pressed(app: App, id: str, person: Person, *what: str) -> Document:
    """What a button of this run tells somebody who sees its channel."""
    match await app.actions.press(Press(person, id, what, sees=lambda case: True)):
        case Told(document):
            return document
        case Choice(question):
            return Document((Text(question),))
        case other:
            raise AssertionError(other)


async def set_here(app: App, setting: str, channel: Channel = CHANNEL) -> None:
    await app.command(channel, ADMIN, f"set {setting}")


async def case_of(app: App, id: str) -> Case:
    case = await app.store.case(id)
    assert case is not None
    return case
