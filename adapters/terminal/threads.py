"""The threads of the terminal's channel, of this chat and of earlier ones, and what they show.

A thread's number is its place among all of the channel, and its questions count from 1: the parts
of the second are `2A`, `2 verdict`. Knows no screen.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from bot import emoji as reactions
from bot.chat import Channel, Person
from bot.conversation.app import App
from bot.conversation.posts import last_posts
from bot.document import Document
from bot.language import _
from bot.pages.critiques import critiques
from bot.pages.sentences import with_audition
from bot.records import Case

CHANNEL = Channel("terminal", "", "terminal")


@dataclass(slots=True)
class Run:
    """What was posted for one question, newest state, by key. `names` are the models by label,
    once they were revealed; `began` is the loop's time, `None` for one of an earlier chat."""

    id: str
    thread: str
    number: int
    question: str
    posts: dict[str, Document] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    began: float | None = None
    live: bool = False
    # Verdict and ranking are there.
    stands: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def prefix(self) -> str:
        """What stands before the names of its parts: nothing for a thread's first question."""
        return str(self.number) if self.number > 1 else ""

    def part(self, key: str) -> str:
        """How the post of this key is called: `A`, `2A`, `ranking`, `2 ranking`."""
        name = reactions.part_name(key)
        return f"{self.prefix}{' ' if self.prefix and len(name) > 1 else ''}{name}"


@dataclass(frozen=True, slots=True)
class Listed:
    number: int
    asked_at: datetime
    question: str


class Threads:
    """`load` reads which there are; `begin` adds one that starts. `inside` is the thread one is in."""

    def __init__(self, app: App, person: Person) -> None:
        self.inside: str | None = None
        self._app = app
        self._person = person
        self._order: list[str] = []
        self._ids: dict[str, list[str]] = {}
        self._runs: dict[str, Run] = {}

    @property
    def count(self) -> int:
        return len(self._order)

    async def load(self) -> None:
        """Read anew which questions are stored, and forget those that are not any more."""
        places = await self._app.store.asked_in(CHANNEL.platform, CHANNEL.id)
        self._ids = {}
        for place in places:
            self._ids.setdefault(place.thread or place.id, []).append(place.id)
        self._order = list(self._ids)
        if self.inside not in self._ids:
            self.inside = None
        stored = {place.id for place in places}
        self._runs = {id: run for id, run in self._runs.items() if id in stored}

    def begin(self, case: Case, now: float) -> Run:
        """The run of a case that is served from now on."""
        thread = case.thread or case.id
        ids = self._ids.setdefault(thread, [])
        if thread not in self._order:
            self._order.append(thread)
        if case.id not in ids:
            ids.append(case.id)
        run = Run(case.id, thread, ids.index(case.id) + 1, case.question.text)
        run.began, run.live = now, True
        self._runs[case.id] = run
        return run

    def opens(self, case: Case) -> bool:
        """Whether it is the first question of its thread."""
        ids = self._ids.get(case.thread or case.id, [case.id])
        return ids[0] == case.id

    def known(self, id: str) -> Run | None:
        """The run as it stands, where this chat has shown it."""
        return self._runs.get(id)

    def run(self, id: str) -> Run:
        return self._runs[id]

    @property
    def live(self) -> list[Run]:
        return [run for run in self._runs.values() if run.live]

    def number(self, thread: str) -> int:
        return self._order.index(thread) + 1

    def find(self, number: int) -> str | None:
        """The thread of this number."""
        return self._order[number - 1] if 1 <= number <= self.count else None

    async def enter(self, thread: str) -> list[Run]:
        """The runs of a thread, oldest first, with what they show; those of earlier chats as they
        ended. One that nobody goes on with shows nothing."""
        for number, id in enumerate(self._ids.get(thread, ()), 1):
            if id not in self._runs:
                case = await self._app.store.case(id)
                if case and case.status != "running":
                    run = Run(id, thread, number, case.question.text)
                    run.posts = await last_posts(case, self._app.store)
                    self._runs[id] = run
                    await self.name(run)
        return self.of(thread)

    def of(self, thread: str) -> list[Run]:
        """The runs of a thread that were entered or began here, oldest first."""
        ids = self._ids.get(thread, ())
        return [self._runs[id] for id in ids if id in self._runs]

    def current(self) -> Run | None:
        """The newest run of the thread one is in, or else the one that began last in this chat."""
        if self.inside is None:
            runs = [run for run in self._runs.values() if run.began is not None]
        else:
            runs = self.of(self.inside)
        return runs[-1] if runs else None

    async def name(self, run: Run) -> None:
        """Give the run its models' names, if they were revealed to this person."""
        if await self._app.store.revealed(run.id, self._person.id):
            case = await self._app.store.case(run.id)
            if case and case.result:
                members = case.result.members
                run.names = {each.label: with_audition(each, each.model) for each in members}

    async def listed(self, most: int) -> list[Listed]:
        """The newest threads by their names or first questions, the newest last."""
        found = []
        for thread in self._order[-most:]:
            case = await self._app.store.case(self._ids[thread][0])
            if case:
                question = case.question
                text = await self._app.titles.title(case) or question.text
                text = _("(erased for its age)") if case.expired_at else text
                found.append(Listed(self.number(thread), question.asked_at, text))
        return found

    async def critiques(self, run: Run) -> Document | None:
        case = await self._app.store.case(run.id)
        if case is None or case.result is None:
            return None
        return critiques(case.result, await self._app.store.numbered(case))


class ScriptThreads(Threads):
    """For scripts, which count the threads that they began themselves: an older one goes by its
    number where that is none of theirs."""

    def __init__(self, app: App, person: Person) -> None:
        super().__init__(app, person)
        self._own: list[str] = []

    def begin(self, case: Case, now: float) -> Run:
        is_new = (case.thread or case.id) not in self._ids
        run = super().begin(case, now)
        if is_new:
            self._own.append(run.thread)
        return run

    def number(self, thread: str) -> int:
        return self._own.index(thread) + 1 if thread in self._own else super().number(thread)

    def find(self, number: int) -> str | None:
        if 1 <= number <= len(self._own):
            return self._own[number - 1]
        return super().find(number)
