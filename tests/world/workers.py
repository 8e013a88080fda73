"""Processes beside the one that people talk to: each takes what was dispatched, and ends, freezes and
wakes at any moment.

The queue is none: what is said there is a hint, of which some are lost and some come twice.
"""

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from bot.conversation.app import App
from bot.conversation.loops import ended, forever
from bot.program import compose
from bot.store.presence import Presence
from bot.store.store import Store
from tests.world.loop import LIFE, Life

if TYPE_CHECKING:
    from tests.world.world import World

_SWEEP_SECONDS = 5.0  # as the program has it
_AT_ONCE = 4
# Of those that are told something.
_LOST, _TWICE = 0.1, 0.05


class Line:
    """What the queue tells of, to one of those who wait there. Outlives them."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._told: deque[str] = deque()
        self._waiting: list[tuple[Life | None, asyncio.Future[None]]] = []

    async def defer(self, id: str) -> None:
        draw = self._world.random.random()
        if draw < _LOST and self._world.is_bad:
            return
        self._told.extend([id] * (2 if draw < _LOST + _TWICE else 1))
        self._wake()

    async def next(self) -> str:
        while not self._told:
            woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((LIFE.get(), woken))
            await woken
        return self._told.popleft()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for life, woken in waiting:
            if not woken.done() and not (life and life.dead):
                woken.set_result(None)


class Workers:
    """As many processes, each begun again whenever it has ended."""

    def __init__(self, world: "World", count: int) -> None:
        self.world = world
        self.lives: list[Life] = []
        self.over = False
        self._running: dict[Life, asyncio.Event] = {}  # and its end, which somebody asks for
        self._since: dict[Life, float] = {}  # it looks for what others left
        self._presence: dict[Life, Presence] = {}
        self._gone: dict[Life, asyncio.Event] = {}
        self._count = count

    async def keep(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(self._count):
                group.create_task(self._keep(number))

    def has(self, life: Life) -> bool:
        return life in self.lives

    def is_somebody_there(self, since: float) -> bool:
        """Whether one lives, and did nothing else, since then."""
        return any(
            self._since.get(life, since + 1) < since
            for life in self._running
            if not self.world.frozen.get(life.number)
        )

    def kill(self, life: Life) -> None:
        """Its process, here and now."""
        if life in self._presence:
            self.world.watch.left(self._presence[life].number)
        life.dead = True
        self.world.workers_ends[life.number] = self.world.loop.time()
        self.world.tell(f"worker {life.number} is killed")
        self.world.disk.left(life, power_lost=self.world.plan.power_lost)
        self._gone[life].set()

    async def trouble(self) -> None:
        """While the weather is bad, somebody is killed, or frozen, or told to end."""
        world, random = self.world, self.world.random
        for _ in range(world.plan.workers_troubles):
            await asyncio.sleep(random.uniform(1, world.plan.minutes * 60))
            if not world.is_bad or not (running := list(self._running)):
                continue
            life = random.choice(running)
            match random.choice(("kill", "kill", "freeze", "freeze", "end")):
                case "kill":
                    world.loop.call_later(random.random(), self._kill_if_there, life)
                case "freeze":
                    world.freeze(life, random.choice((3.0, 14.0, 30.0, 120.0)))
                case _:
                    world.tell(f"worker {life.number} is asked to end")
                    self._running[life].set()

    def end(self) -> None:
        self.over = True
        for asked in self._running.values():
            asked.set()

    def _kill_if_there(self, life: Life) -> None:
        if life in self._running and not life.dead:
            self.kill(life)

    async def _keep(self, number: int) -> None:
        world = self.world
        starts = 0
        while not self.over:
            starts += 1
            life = Life(1000 * (number + 1) + starts)
            self.lives.append(life)
            self._running[life], self._gone[life] = asyncio.Event(), asyncio.Event()
            world.tell(f"worker {life.number} starts")
            living = world.loop.begin(life, self._live(self._running[life]), "worker")
            gone = asyncio.create_task(self._gone[life].wait())
            await asyncio.wait({living, gone}, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            del self._running[life]
            if not life.dead:
                world.workers_ends[life.number] = world.loop.time()
                world.disk.ended(life)
                error = living.exception()
                world.tell(f"worker {life.number} ended: {error!r}")
                if error is not None and not world.disk.troubles:
                    world.watch.fail("alive", f"a worker ended: {error!r}")
            await asyncio.sleep(world.random.choice((0.5, 5.0, 30.0)))

    async def _live(self, asked: asyncio.Event) -> None:
        config = self.world.program.config()
        store = await Store.open(config.database_place(), holder="council worker")
        async with compose.put_together(config, store, "worker") as app:
            app.clock = app.caller.now = self.world.now
            life = LIFE.get()
            assert life
            assert store.presence
            self._since[life], self._presence[life] = self.world.loop.time(), store.presence
            working = asyncio.create_task(work(app, self.world.line))
            asking = asyncio.create_task(asked.wait())
            try:
                await asyncio.wait({working, asking}, return_when=asyncio.FIRST_COMPLETED)
                if working.done():
                    working.result()
            finally:
                await ended({working, asking})


async def work(app: App, line: Line) -> None:
    """As the program does what waits, and looks for what others left."""
    working = app.working
    assert working

    async def take() -> None:
        while True:
            await working.deliberate(await line.next())

    tasks = {asyncio.create_task(take()) for _ in range(_AT_ONCE)}
    sweep = forever("leases are kept", working.sweep, pause_seconds=_SWEEP_SECONDS)
    tasks.add(asyncio.create_task(sweep))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        leaving = asyncio.create_task(working.let_go())
        await ended(tasks)
        await leaving
