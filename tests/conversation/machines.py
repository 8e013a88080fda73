"""A gateway and workers on one database: each an app of its own, over a store of its own."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.conversation.loops import ended, forever
from bot.llm import Completion, Request
from bot.protocol.patience import Patience
from bot.store.server import Server
from tests.conversation.room import Clock, running
from tests.fakes.council import running_app
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat
from tests.fakes.watched import Watched

TIME_SCALE = 0.01
SWEEP_SECONDS = 5 * TIME_SCALE
# A test that holds a model back says for how long.
_ENDLESS = replace(Patience(), hedge_unknown=600.0)


class Line:
    """The queue, in this process: who waits is said once, and handed to one of those who work."""

    def __init__(self) -> None:
        self.waiting: deque[str] = deque()
        self.is_deaf = False  # whether what is said is lost
        self._changed = asyncio.Condition()

    async def defer(self, id: str) -> None:
        async with self._changed:
            if not self.is_deaf and id not in self.waiting:
                self.waiting.append(id)
                self._changed.notify()

    async def next(self) -> str:
        async with self._changed:
            await self._changed.wait_for(lambda: self.waiting)
            return self.waiting.popleft()


class Nobody(FakeProvider):
    """No model may be asked here."""

    def __init__(self) -> None:
        super().__init__(otherwise=self._refuse)

    def _refuse(self, request: Request) -> Scripted:
        raise AssertionError(f"{request.tag} is a worker's to ask")


class Answering(FakeProvider):
    """Of these calls nothing comes before they are let go on."""

    def __init__(
        self, *held: tuple[str, int], says: Callable[[Request], Scripted] = sensible
    ) -> None:
        super().__init__(otherwise=self._reply)
        self._held, self._says = set(held), says
        self._go_on = asyncio.Event()
        self._asked = Watched()

    def _reply(self, request: Request) -> Scripted:
        held = stage_and_seat(request) in self._held and not self._go_on.is_set()
        return self._go_on if held else self._says(request)

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        try:
            asyncio.get_running_loop().call_soon(self._asked.changed)
            return await super().complete(request, on_text)
        finally:
            self._asked.changed()

    async def until_asked(self, stage: str, seat: int, *, about: str = "") -> None:
        """About this deliberation, or any."""

        def is_asked() -> bool:
            asked = [each for each in self.requests if each.tag.startswith(about)]
            return (stage, seat) in map(stage_and_seat, asked)

        await self._asked.wait_for(is_asked)

    def hold(self, *held: tuple[str, int]) -> None:
        """From now on nothing comes of these, and no others."""
        self._held = set(held)
        self._go_on.clear()

    def go_on(self) -> None:
        self._go_on.set()


class Writing(FakeProvider):
    """The chairman, that writes a verdict piece by piece, as it is told to."""

    def __init__(self, *pieces: str) -> None:
        super().__init__()
        self._pieces = pieces
        self._may_write = asyncio.Semaphore(1)

    def write(self) -> None:
        self._may_write.release()

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        completion = await super().complete(request)
        if stage_and_seat(request)[0] != "verdict":
            return completion
        for piece in self._pieces:
            await self._may_write.acquire()
            if on_text:
                on_text(piece)
        await self._may_write.acquire()
        return replace(completion, text="".join(self._pieces))


class Worker:
    """Made by `worker`."""

    def __init__(self, app: App, line: Line, at_once: int) -> None:
        assert app.working
        self.app, self.working = app, app.working
        self._line = line
        sweep = forever("leases are kept", self.working.sweep, pause_seconds=SWEEP_SECONDS)
        self._tasks = [asyncio.create_task(self._work()) for _ in range(at_once)]
        self._tasks.append(asyncio.create_task(sweep))

    async def _work(self) -> None:
        while True:
            await self.working.deliberate(await self._line.next())

    async def die(self) -> None:
        """As if it was killed: it writes nothing any more, and tells nobody."""
        await self.app.store.close()
        await self.end()

    async def end(self) -> None:
        """As it is told to."""
        await ended(self._tasks)
        await self.working.let_go()


@asynccontextmanager
async def worker(
    server: Server, line: Line, provider: FakeProvider, *, at_once: int = 4
) -> AsyncIterator[Worker]:
    async with running_app(provider, database=server, time_scale=TIME_SCALE, jobs=line) as app:
        app.caller.now = Clock()
        working = Worker(app, line, at_once)
        try:
            yield working
        finally:
            await working.end()


@asynccontextmanager
async def gateway(server: Server, line: Line, rules: Rules | None = None) -> AsyncIterator[App]:
    async with running(
        Nobody(), rules=rules, database=server, time_scale=TIME_SCALE, jobs=line
    ) as app:
        app.caller.now = app.clock
        yield app
