"""One world: a seed decides what people do, what goes wrong, and in which order everything runs."""

import asyncio
import gc
import logging
import random as global_random
import secrets
import shutil
import sys
import tempfile
import time
import traceback
import uuid
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import discord
import numpy.random  # noqa: F401 - draws from what is replaced here as it is imported

import bot.conversation.working as working_module
import bot.store.store as store_module
from bot.program.serve import EXPIRE_SECONDS
from tests.fakes.discord_server import DiscordServer
from tests.fakes.slack_server import SlackServer
from tests.world.databases import DATABASES, Database, DatabaseName
from tests.world.invariants import Broken, Watch
from tests.world.loop import LIFE, Life, Stuck, WorldLoop
from tests.world.models import Models
from tests.world.past import ASKED_HERE, plant, plant_choices
from tests.world.people import People
from tests.world.postgres_server import PostgresServer
from tests.world.program import Program
from tests.world.wires import DISCORD, SLACK, Wires
from tests.world.workers import Line, Workers

BEGINNING = datetime(2026, 11, 24, 12, tzinfo=UTC)
# Longer than anything is waited for once nothing goes wrong any more.
REST_SECONDS = 4 * 3600.0
STEPS_A_MINUTE = 20_000
_MOST_STARTS = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """What a seed has in store, or what was ordered."""

    minutes: float
    kills: int = 0
    restarts: int = 0
    power_lost: bool = False
    models_trouble: float = 0.0
    wires_trouble: float = 0.0
    disk_trouble: float = 0.0
    commit_kills: float = 0.0
    clock_jumps: int = 0
    budget_usd: float | None = None
    pause_seconds: float = 40.0
    model_seconds: float = 6.0
    wires_seconds: float = 0.05
    outages: int = 0
    forgetful: bool = False  # people forget what they asked, again and again
    redact: bool = False
    expires: bool = False  # weeks later, texts are too old to be kept
    frozen: bool = False  # nobody may edit anything on Slack
    keep_up: bool = False
    audition: bool = False  # in every channel a model answers along
    waits: bool = False  # every question waits for answers of people
    taught: bool = False  # some channels have a past of votes, and weigh reviews by it
    trial: bool = False  # those have a blind trial, too, which one choice more may end
    # Of a server's database
    server_restarts: int = 0
    server_crashes: bool = False
    server_seconds: float = 0.0005  # there, or back
    slow_commits: float = 0.0
    workers: int = 0  # processes that deliberate, besides the one that people talk to
    workers_troubles: int = 0
    works: bool = True  # whether that one deliberates, too
    freezes: int = 0  # of that one

    @classmethod
    def drawn(cls, random: Random, minutes: float, database: DatabaseName = "sqlite") -> "Plan":
        plan = cls(
            minutes,
            kills=random.choice((0, 1, 1, 1, 2, 2)),
            restarts=random.choice((0, 0, 0, 1)),
            power_lost=random.random() < 0.5,
            models_trouble=random.choice((0.0, 0.1, 0.1, 0.3)),
            wires_trouble=random.choice((0.0, 0.02, 0.1, 0.25)),
            disk_trouble=random.choice((0.0, 0.0, 0.005, 0.03)),
            commit_kills=random.choice((0.0, 0.0, 0.002)),
            clock_jumps=random.choice((0, 0, 0, 1, 2)),
            budget_usd=random.choice((None, 0.5, 2.0, 10.0)),
            pause_seconds=random.choice((10.0, 40.0, 40.0)),
            model_seconds=random.choice((1.0, 6.0, 6.0, 20.0)),
            wires_seconds=random.choice((0.05, 0.05, 0.05, 1.5)),
            outages=random.choice((0, 0, 0, 1, 2)),
            forgetful=random.random() < 0.25,
            redact=random.random() < 0.15,
            expires=random.random() < 0.15,
            frozen=random.random() < 0.1,
            audition=random.random() < 0.3,
            waits=random.random() < 0.3,
            taught=random.random() < 0.4,
            trial=random.random() < 0.5,
        )
        if database == "sqlite":
            return plan
        return replace(
            plan,
            server_restarts=random.choice((0, 0, 1, 1, 3)),
            server_crashes=random.random() < 0.5,
            server_seconds=random.choice((0.0002, 0.0005, 0.005)),
            slow_commits=random.choice((0.0, 0.0, 0.01, 0.1)),
            workers=random.choice((1, 2, 3)),
            workers_troubles=random.choice((0, 2, 4, 8)),
            works=random.random() < 0.5,
            freezes=random.choice((0, 0, 1, 2)),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    seed: int
    broken: Broken | None
    trace: int
    steps: int
    kills: int
    starts: int
    questions: int
    verdicts: int
    requests: int
    seconds: float
    story: tuple[str, ...] = ()


@dataclass
class World:
    seed: int
    plan: Plan
    folder: Path
    random: Random
    loop: WorldLoop
    database: DatabaseName
    slack: SlackServer = field(init=False)
    discord: DiscordServer = field(init=False)
    disk: Database = field(init=False)
    wires: Wires = field(init=False)
    models: Models = field(init=False)
    watch: Watch = field(init=False)
    program: Program = field(init=False)
    people: People = field(init=False)
    drift: timedelta = timedelta()
    is_bad: bool = True
    kills: int = 0
    starts: int = 0
    # When each life ended, by its number; of those whom people talk to, and of workers.
    ends: dict[int, float] = field(default_factory=dict)
    workers_ends: dict[int, float] = field(default_factory=dict)
    frozen: dict[int, list[float]] = field(default_factory=dict)
    lives: list[Life] = field(default_factory=list)
    # Posts that a person deleted; mentions by their key, and whether an answer is due.
    deleted: set[tuple[str, str, str, int]] = field(default_factory=set)
    story: deque[str] = field(default_factory=lambda: deque(maxlen=400))

    def build(self) -> None:
        """Once the clocks are this world's."""
        self.slack, self.discord = SlackServer(), DiscordServer()
        self.slack.world.base_url, self.discord.world.base_url = (
            f"https://{SLACK}",
            f"https://{DISCORD}",
        )
        self.slack.learn()
        self.slack.world.edit_window_closed = self.plan.frozen
        self.disk = DATABASES[self.database](self.loop, self.folder, self.kill)
        if isinstance(self.disk, PostgresServer):
            self.disk.tell, self.disk.seconds = self.tell, self.plan.server_seconds
        self.wires = Wires(self.loop, self.slack, self.discord)
        self.models = Models(self.loop, self.random)
        self.watch = Watch(self)
        if isinstance(self.disk, PostgresServer):
            self.disk.refused = lambda what: self.watch.fail("alive", what)
        self.models.watch = self.watch
        self.wires.seen = self.watch.seen
        self.program = Program(self)
        self.people = People(self)
        self.line = Line(self)
        self.workers = Workers(self, self.plan.workers)
        self.slack.courier.transport = self.program
        self._ended = asyncio.Event()
        self._kill_at: int | None = None
        self.loop.after_step = self._after_step

    @property
    def limit_micros(self) -> int | None:
        """What a day may cost."""
        budget = self.plan.budget_usd
        return None if budget is None else round(budget * 1e6)

    # The clocks

    def platform_time(self) -> float:
        return BEGINNING.timestamp() + self.loop.time()

    def now(self) -> datetime:
        """What the clock of the bot's machine says."""
        return BEGINNING + timedelta(seconds=self.loop.time()) + self.drift

    def tell(self, what: str) -> None:
        self.story.append(f"{self.loop.time():10.3f} {what}")
        self.loop.note(what)

    # Life and death

    def kill(self, life: Life) -> None:
        """End the process here and now."""
        if self.workers.has(life):
            self.workers.kill(life)
            return
        life.dead = True
        self.kills += 1
        self._kill_at = None
        self.ends[life.number] = self.loop.time()
        self.tell(f"process {life.number} is killed")
        self.discord.gateway.sessions.clear()
        self.disk.left(life, power_lost=self.plan.power_lost)
        self._ended.set()

    def freeze(self, life: Life, seconds: float) -> None:
        """It does nothing for so long, and then goes on as if nothing had been."""
        if not (life.dead or life.frozen):
            self.tell(f"process {life.number} is frozen")
            life.frozen = True
            self.frozen.setdefault(life.number, []).append(self.loop.time())
            self.loop.call_later(seconds, self._thaw, life)

    def _thaw(self, life: Life) -> None:
        self.tell(f"process {life.number} goes on")
        self.loop.wake(life)

    def _after_step(self) -> None:
        if self.loop.fault:
            self.watch.fail("alive", f"a thread ended by {self.loop.fault!r}")
        if self.watch.broken:
            raise self.watch.broken
        if self._kill_at is not None and self.loop.steps >= self._kill_at:
            self._kill_at = None
            self._kill_whoever_is_there()
        if self.loop.steps > STEPS_A_MINUTE * (self.plan.minutes + REST_SECONDS / 60):
            raise Broken("alive", f"still busy after {self.loop.steps} steps")

    async def keep(self) -> None:
        """Start the program, again and again."""
        plan = self.plan
        self.disk.kills = plan.commit_kills
        kills, restarts = plan.kills, plan.restarts
        while True:
            self._ended.clear()
            life = Life(len(self.lives) + 1)
            self.lives.append(life)
            self.starts += 1
            self.tell(f"process {life.number} starts")
            if self.starts > _MOST_STARTS:
                self.watch.fail("alive", "the program starts again and again")
            running = self.loop.begin(life, self.program.live(life), "program")
            ending = self.loop.create_task(self._ended.wait())
            if kills and self.random.random() < 0.8:
                kills -= 1
                self._kill_at = self.loop.steps + int(10 ** self.random.uniform(1.7, 3.7))
            elif restarts:
                restarts -= 1
                self.loop.create_task(self._restarted(life))
            await asyncio.wait({running, ending}, return_when=asyncio.FIRST_COMPLETED)
            ending.cancel()
            if life.dead and self.program.over:
                return  # as it ended, which no other process has to make up for
            if not life.dead:
                self.ends[life.number] = self.loop.time()
                self.disk.ended(life)
                self.discord.gateway.sessions.clear()
                error = running.exception()
                self.tell(f"process {life.number} ended: {error!r}")
                if error is None and self.program.over:
                    return
                if error is not None and not self.disk.troubles and not plan.wires_trouble:
                    self.watch.fail("alive", f"the program ended: {error!r}")
            self.program.gone()
            await self._down(self.random.choice((0.5, 5.0, 60.0)))

    async def _down(self, seconds: float) -> None:
        """No process is there for a while, which keeps nobody from asking."""
        if self.is_bad and self.random.random() < 0.5:
            self.loop.call_later(self.random.uniform(0, seconds), self.people.ask_nobody)
        await asyncio.sleep(seconds)

    async def _restarted(self, life: Life) -> None:
        await asyncio.sleep(self.random.uniform(5, 120))
        if not life.dead and life.number not in self.ends:
            self.tell(f"process {life.number} is asked to end")
            self.program.end()

    # Everything

    async def run(self) -> None:
        self.people.furnish()
        if self.plan.taught:
            await plant(self.disk, self.random, self.people.taught, self.people.seated)
        if self.plan.taught and self.plan.trial:
            await plant_choices(self.disk, self.people.taught, BEGINNING)
        self._weather(bad=True)
        keeper = self.loop.create_task(self.keep())
        helpers = self.loop.create_task(self.workers.keep())
        troubles = (
            self._jump(),
            self._go_away(),
            self._restart_the_server(),
            self._freeze(),
            self.workers.trouble(),
        )
        besides = {self.loop.create_task(work) for work in troubles}
        await self.people.live(self.plan.minutes * 60)
        self._weather(bad=False)
        await asyncio.wait(besides)
        self.tell("calm")
        await self._rest()
        spent = await self._spent_today()
        self.people.say_goodbye()
        await self._rest()
        self.watch.check_plenty(spent)
        app = await self.program.running()
        unknown = await self.people.unanswered(app)
        for key in unknown:
            self.watch.fail("taken once", f"the mention {key} was never taken up")
        self.watch.at_rest()
        if self.plan.expires:
            await self._grow_old()
        self.program.over = True
        self.program.end()
        self.workers.end()
        await keeper
        await helpers
        if self.watch.broken:
            raise self.watch.broken

    async def _spent_today(self) -> int:
        app = await self.program.running()
        assert app is not None
        return await app.store.spent(self.now().date())

    def _weather(self, *, bad: bool) -> None:
        plan = self.plan
        self.is_bad = bad
        self.models.trouble = plan.models_trouble * bad
        self.models.seconds = plan.model_seconds if bad else 1.0
        self.wires.trouble = plan.wires_trouble * bad
        self.wires.seconds = plan.wires_seconds if bad else 0.05
        self.disk.faults = plan.disk_trouble * bad
        if isinstance(self.disk, PostgresServer):
            self.disk.faults *= 0.3  # of all that is sent, not of commits
            self.disk.slow = plan.slow_commits * bad
        if not bad:
            self.disk.kills = 0.0
            self._kill_at = None

    async def _jump(self) -> None:
        for _ in range(self.plan.clock_jumps):
            await asyncio.sleep(self.random.uniform(1, self.plan.minutes * 60))
            self.drift += timedelta(minutes=self.random.choice((-700, -61, -5, 5, 61, 700)))
            self.tell(f"the clock is {self.drift} off")

    async def _go_away(self) -> None:
        """Now and then a whole platform does, and a process may end in the meantime."""
        for _ in range(self.plan.outages):
            await asyncio.sleep(self.random.uniform(1, self.plan.minutes * 60))
            host = self.random.choice((SLACK, DISCORD))
            self.wires.away.add(host)
            self.tell(f"{host} is away")
            seconds = self.random.choice((20.0, 120.0, 600.0))
            if self.random.random() < 0.5:
                self.loop.call_later(self.random.uniform(0, seconds), self._kill_whoever_is_there)
            await asyncio.sleep(seconds)
            self.wires.away.discard(host)
            self.tell(f"{host} is back")

    async def _restart_the_server(self) -> None:
        for _ in range(self.plan.server_restarts):
            await asyncio.sleep(self.random.uniform(1, self.plan.minutes * 60))
            assert isinstance(self.disk, PostgresServer)
            self.disk.restart(
                crash=self.plan.server_crashes, seconds=self.random.choice((0.1, 2.0, 20.0))
            )

    async def _freeze(self) -> None:
        for _ in range(self.plan.freezes):
            await asyncio.sleep(self.random.uniform(1, self.plan.minutes * 60))
            if self.is_bad and not self.lives[-1].dead:
                self.freeze(self.lives[-1], self.random.choice((3.0, 14.0, 30.0)))

    def _kill_whoever_is_there(self) -> None:
        life = self.lives[-1]
        if not life.dead and life.number not in self.ends:
            self.kill(life)

    async def _grow_old(self) -> None:
        """Until no text may be kept any more."""
        self.drift += timedelta(days=45)
        self.tell("weeks pass")
        await asyncio.sleep(2 * EXPIRE_SECONDS)
        self.watch.check_expired()

    async def _rest(self) -> None:
        """Until nothing is under way, and nobody is owed a post."""
        until = self.loop.time() + REST_SECONDS
        quiet = 0
        while quiet < 4:
            await asyncio.sleep(15)
            app = await self.program.running()
            open_ones = [] if app is None else list(app.running._runs)
            owed = self.disk.rows(
                "SELECT id FROM deliberations WHERE delivered = 0 UNION "
                "SELECT deliberation FROM trials WHERE told = 0 AND deliberation IS NOT NULL"
            )
            is_busy = open_ones or owed or self._is_coming() or self.models.is_busy()
            quiet = 0 if is_busy else quiet + 1
            if self.loop.time() > until:
                raise Broken("answered", f"after hours of calm there are {open_ones}, owed {owed}")

    def _is_coming(self) -> bool:
        """Whether there is something that Slack is yet to tell, or to tell again."""
        lives = (getattr(task, "life", None) for task in self.slack.courier._tasks)
        return any(life is None or not life.dead for life in lives)

    def bury(self) -> None:
        """Let every process come to its end, so that nothing of it lies around."""
        lives = [*self.lives, *self.workers.lives]
        for life in lives:
            life.dead = True
        self.loop.after_step = lambda: None
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        for life in lives:
            self.loop.burying = life
            for handle in life.held:
                self.loop._ready.append(handle)  # type: ignore[attr-defined]
            life.held.clear()
            for _ in range(40):
                tasks = self.loop.tasks_of(life)
                if not tasks:
                    break
                for task in tasks:
                    task.cancel()
                self.loop.run_until_complete(asyncio.sleep(0.001))


@contextmanager
def _instead(*changes: tuple[Any, str, Any]) -> Iterator[None]:
    before = [(place, name, getattr(place, name)) for place, name, _ in changes]
    for place, name, value in changes:
        setattr(place, name, value)
    try:
        yield
    finally:
        for place, name, value in before:
            setattr(place, name, value)


def _clocks(world: World) -> Any:
    """Everything that would differ from one run of a seed to the next."""
    random = Random(world.seed)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return world.now()

    return _instead(
        (time, "time", world.platform_time),
        (time, "monotonic", world.loop.time),
        (secrets, "token_hex", lambda n=16: random.randbytes(n).hex()),
        (secrets, "randbits", random.getrandbits),
        (uuid, "uuid4", lambda: uuid.UUID(bytes=random.randbytes(16), version=4)),
        (discord.utils, "utcnow", world.now),
        (store_module, "datetime", Clock),
        (working_module, "monotonic", world.loop.time),
    )


Beside = Callable[["World"], Coroutine[Any, Any, None]]


def run(
    seed: int,
    minutes: float,
    *,
    plan: Plan | None = None,
    speak: bool = False,
    beside: Beside | None = None,
    database: DatabaseName = "sqlite",
) -> Outcome:
    """The whole life of one world. What is done `beside` it only looks."""
    random = Random(seed)
    plan = plan or Plan.drawn(random, minutes, database)
    began = time.perf_counter()
    broken: Broken | None = None
    with opened(seed, plan, random, speak=speak, database=database) as world:
        loop = world.loop
        try:
            if beside:
                loop.create_task(beside(world))
            loop.run_until_complete(world.run())
        except Broken as error:
            broken = error
        except Stuck:
            broken = Broken("alive", "everybody waits for ever")
        except Exception as error:
            broken = Broken("alive", f"the world itself: {error!r}\n{traceback.format_exc()}")
        trace, steps = loop.trace, loop.steps
        story = tuple(world.story)
        rows = _counted(world)
    return Outcome(
        seed,
        broken,
        trace,
        steps,
        world.kills,
        world.starts,
        *rows,
        len(world.models.bills),
        time.perf_counter() - began,
        story,
    )


@contextmanager
def opened(
    seed: int,
    plan: Plan,
    random: Random,
    *,
    speak: bool = False,
    database: DatabaseName = "sqlite",
) -> Iterator[World]:
    """A world that is built and lies still, in the place of clocks, network, disk and models."""
    global_random.seed(seed)
    base = "/dev/shm" if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="world-", dir=base))
    loop = WorldLoop(random, turn_seconds=1e-6)
    asyncio.set_event_loop(loop)
    loop.set_exception_handler(lambda _, context: None)
    gc.freeze()  # what is there before is not looked at again
    gc.disable()
    try:
        world = World(seed, plan, folder, random, loop, database)
        with ExitStack() as stack:
            stack.enter_context(_clocks(world))
            world.build()
            for installed in (world.disk.installed(), world.wires.installed()):
                stack.enter_context(installed)
            stack.enter_context(world.program.installed())
            stack.enter_context(_listening(world, speak=speak))
            yield world
            world.bury()
    finally:
        loop.close()
        asyncio.set_event_loop(None)
        gc.enable()
        shutil.rmtree(folder, ignore_errors=True)
    gc.collect()


def _counted(world: World) -> tuple[int, int]:
    try:
        ((all, finished),) = world.disk.rows(
            "SELECT count(*), coalesce(sum(status = 'finished'), 0) FROM deliberations"
            f" WHERE {ASKED_HERE}"
        )
    except Exception:
        return 0, 0
    return all, finished


@contextmanager
def _listening(world: World, *, speak: bool) -> Iterator[None]:
    """What the program logs is part of the story."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            life = LIFE.get()
            if life is not None and life.dead:
                return
            world.watch.logged(record.getMessage())
            line = f"{record.levelname} {record.getMessage()}"
            if record.exc_info and record.exc_info[1]:
                line += f" [{record.exc_info[1]!r}]"
                if speak:
                    line += "\n" + "".join(traceback.format_exception(record.exc_info[1]))
            world.story.append(f"{world.loop.time():10.3f}   {line}")

    handler = Handler()
    root = logging.getLogger()
    before = root.handlers, root.level
    root.handlers, root.level = [handler], logging.INFO
    logging.getLogger("stamina").setLevel(logging.ERROR)  # as the program has it
    try:
        yield
    finally:
        root.handlers, root.level = before


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
