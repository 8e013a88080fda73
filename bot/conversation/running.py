"""The deliberations that this process serves: started, gone on with, ended early, waited for.

Those of one thread run in sequence, those of a channel beside each other. Knows no platform but by
its name.
"""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from bot.chat import QUESTION, Platforms, channel_of
from bot.conversation.deliberating import Deliberator, Keep
from bot.conversation.locks import Locks
from bot.conversation.loops import ended, surviving
from bot.conversation.naming import name_of
from bot.conversation.serving import Serving
from bot.conversation.showing import PATIENCE_SECONDS
from bot.errors import BotError, Superseded
from bot.language import speaking
from bot.pages import presenter
from bot.records import Case, Place, PlatformName, Stop
from bot.store.people import NotKept
from bot.store.store import Store

logger = logging.getLogger(__name__)


async def _nobody() -> Collection[str]:
    return ()


@dataclass(slots=True)
class _Run:
    """One that is served; `over` once nothing but posts is owed."""

    serving: Serving
    task: asyncio.Task[None]
    over: asyncio.Event

    @property
    def case(self) -> Case:
        return self.serving.case


@dataclass(slots=True)
class Running:
    """`limits` are micro-dollars by scope, for whatever is asked where the case was. So many are
    deliberated `at_once`; the others wait."""

    store: Store
    deliberator: Callable[[str], Deliberator]
    now: Callable[[], datetime]
    platforms: Platforms
    limits: Callable[[Case], Awaitable[Mapping[str, int]]]
    time_scale: float
    at_once: int | None = None
    closing: bool = False
    _runs: dict[str, _Run] = field(default_factory=dict)
    # One for each thread with a question under way; it goes with the last.
    _lock: Locks = field(default_factory=Locks)
    _unservable: set[str] = field(default_factory=set)
    seats: asyncio.Semaphore = field(init=False)
    _queue: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seats = asyncio.Semaphore(self.at_once or sys.maxsize)

    @property
    def cases(self) -> list[Case]:
        """Those of which more than posts is owed."""
        return [run.case for run in self._under_way()]

    def start(self, case: Case) -> None:
        id = case.id
        # `resume` may read a case before whoever accepted it gets here; `close` may come between.
        if self.closing or id in self._runs or case.platform not in self.platforms:
            return
        # Whatever the run says, it says in one language, whoever had it started or goes on with it.
        with speaking(case.council.interface):
            self._begin(case)

    def _begin(self, case: Case) -> None:
        id = case.id
        serving = Serving(
            case,
            deliberator=self.deliberator(id),
            store=self.store,
            reply=self.platforms[case.platform].reply(case),
            name=partial(name_of, self.platforms, channel_of(case)),
            now=self.now,
            time_scale=self.time_scale,
        )
        over = asyncio.Event()
        task = asyncio.create_task(self._serve(serving, over), name=f"deliberation {id}")
        self._runs[id] = _Run(serving, task, over)
        task.add_done_callback(lambda _: self._ended(id))

    async def resume(self, platform: PlatformName, but: Collection[str] = ()) -> int:
        """Go on with what an earlier process left unfinished, but for these; how many there are."""
        async with self._lock("resume"):
            unfinished = await self.store.unfinished(platform)
            cases = [case for case in unfinished if case.id not in {*self._runs, *but}]
            return sum(map(self._resumed, cases))

    async def take_up(self, take: Callable[[], Awaitable[Case | None]]) -> Case | None:
        """Serve the case that `take` has run again, if it does; whatever is owed of its end is
        owed no more."""
        async with self._lock("resume"):
            case = await take()
            while case and (run := self._runs.get(case.id)):
                await ended({run.task})
            if case:
                self.start(case)
            return case

    async def left(self, platform: PlatformName, but: Collection[str] = ()) -> list[Case]:
        """What an earlier process left under way there, but for these: to go on with it costs money."""
        unfinished = await self.store.unfinished(platform)
        known = {*self._runs, *but}
        return [c for c in unfinished if c.status == "running" and c.id not in known]

    async def drop(self, id: str, person: str) -> None:
        """End what an earlier process left under way; what is paid stays."""
        journal = await self.store.begin(id)
        await journal.stop(Stop("person", self.now(), person))
        await journal.release()

    def _resumed(self, case: Case) -> bool:
        """Whether this one was gone on with. Where its reply cannot be made, as of a case that
        another version stored, the log says so once: it is met again every minute."""
        try:
            self.start(case)
        except Exception:
            if case.id not in self._unservable:
                self._unservable.add(case.id)
                logger.exception("deliberation %s cannot be gone on with", case.id)
            return False
        return True

    async def sweep(self) -> None:
        """Go on with whatever was left unfinished, is owed, or has yet to be erased."""
        for platform in list(self.platforms):
            with surviving(f"unfinished questions on {platform} are not looked for"):
                await self.resume(platform)
        await self.store.erase()

    async def finished(self, id: str) -> None:
        """Wait until this deliberation is over, however it ends, and each post was tried."""
        if run := self._runs.get(id):
            await run.over.wait()
            tried = asyncio.create_task(run.serving.tried())
            await asyncio.wait({tried, run.task}, return_when=asyncio.FIRST_COMPLETED)
            tried.cancel()

    def stop(self, id: str, person: str) -> bool:
        """End a run early and keep what is paid; False where it is over."""
        run = self._runs.get(id)
        if run is None or run.over.is_set():
            return False
        run.serving.stop("person", person)
        return True

    async def enough(self, id: str) -> bool:
        """Have the verdict of what there is; False where there is nothing to end early."""
        run = self._runs.get(id)
        return run is not None and await run.serving.enough()

    def waits_for_people(self, id: str) -> bool:
        """Whether nobody else is asked so far, because people may answer first."""
        run = self._runs.get(id)
        return run is not None and run.serving.gathering.is_open

    def takes_answers(self, id: str) -> bool:
        """Whether people may add their answers to it now."""
        run = self._runs.get(id)
        return run is not None and not run.over.is_set() and run.serving.takes_answers

    async def answered(self, id: str, person: str, keep: Keep) -> NotKept | None:
        """Take in a person's answer, as `Serving.answered` does."""
        run = self._runs.get(id)
        if run is None or run.over.is_set():
            return "late"
        return await run.serving.answered(person, keep)

    async def question_deleted(self, key: str) -> None:
        """Whoever deletes the question ends its run; what is paid stays in the journal."""
        await self.store.let_go_of_mention(key)
        case = await self.store.case_of_mention(key)
        if case and (run := self._runs.get(case.id)):
            run.serving.stop("question")

    async def message_deleted(self, platform: PlatformName, post_id: str, key: str) -> None:
        """A message was deleted: a question, under this key, or a post of the bot's, which is
        never posted again. A post may be a question, too."""
        await self.question_deleted(key)
        post = await self.store.post_by_id(platform, post_id)
        if post and post.key == QUESTION and (run := self._runs.get(post.deliberation)):
            run.serving.stop("question")
        await self.store.mark_deleted(platform, post_id)

    def place_deleted(self, platform: PlatformName, place: str) -> None:
        """The same for whoever deletes the thread or the channel that it is answered in, or takes
        the bot from its server."""
        for run in self._under_way():
            case = run.case
            places = {case.thread, case.channel, case.workspace}
            if case.platform == platform and place in places:
                run.serving.stop("place")

    @asynccontextmanager
    async def aside(
        self,
        find: Callable[[], Awaitable[Sequence[Place]]],
        beside: Callable[[], Awaitable[Collection[str]]] = _nobody,
    ) -> AsyncIterator[None]:
        """Room to forget the questions that it finds: those under way are stopped, which their
        headlines say, and others of their threads, or that quote them, rest, as do those `beside`;
        they go on afterwards. What is asked meanwhile is found, too."""
        known: set[str] = set()
        while True:
            places = await find()
            runs = await self._stopped(places, await beside())
            async with self._lock("resume"):
                await ended({run.task for run in runs})
                for run in runs:
                    await self.store.recall(run.case.id)
                known |= {place.id for place in places}
                found = known.issuperset(place.id for place in await find())
                resting = {*known, *await beside()}
                if found and resting.isdisjoint(self._runs):  # nobody went on with one meanwhile
                    yield
                    break
        await self.sweep()

    async def _stopped(self, places: Sequence[Place], beside: Collection[str]) -> list[_Run]:
        """The runs of these questions, whose headlines say so, and those that are to rest."""
        ids = {place.id for place in places}
        stopped = [run for id, run in self._runs.items() if id in ids]
        for run in stopped:
            run.serving.stop("forgotten")
        try:
            async with asyncio.timeout(PATIENCE_SECONDS * self.time_scale):
                for id in ids:
                    await self.finished(id)
        except TimeoutError:
            logger.warning("not every headline could say that its question was forgotten")
        threads = {(place.channel, place.thread) for place in places if place.thread}
        quoting = {*await self.store.quoting(places), *beside}
        resting = [
            run
            for run in self._runs.values()
            if (run.case.channel, run.case.thread) in threads or run.case.id in quoting
        ]
        return [*stopped, *resting]

    async def let_go(self, *platforms: PlatformName) -> None:
        """Leave everything resumable that is answered there; without any, everywhere."""
        runs = self._runs.values()
        await ended({r.task for r in runs if not platforms or r.case.platform in platforms})

    def _ended(self, id: str) -> None:
        self._runs.pop(id).over.set()

    def _under_way(self) -> list[_Run]:
        return [run for run in self._runs.values() if not run.over.is_set()]

    async def _serve(self, serving: Serving, over: asyncio.Event) -> None:
        """One deliberation, supervised. Those of one thread run in sequence; posts that are owed
        keep no other from its turn."""
        case = serving.case
        try:
            async with AsyncExitStack() as held:
                await serving.gather()
                await self._take_turns(serving, held)
                await serving.run(await self.limits(case))
            over.set()
            await serving.deliver()
        except Superseded:
            logger.warning("deliberation %s was taken over by another process", case.id)
        except BotError as error:
            logger.error("deliberation %s had to stop: %s", case.id, error)
        except Exception:
            logger.exception("deliberation %s failed; it is tried again", case.id)

    async def _take_turns(self, serving: Serving, held: AsyncExitStack) -> None:
        """The thread's turn, then a place among those deliberated at once, saying what is waited
        for. Whoever was stopped meanwhile needs neither."""
        case = serving.case
        turn = self._turn(case)
        if await serving.take(turn, lambda: presenter.waiting(case.question, self._ahead(case))):
            held.callback(turn.release)
        if case.status != "running":  # posts are all that it owes
            return
        self._queue.append(case.id)
        try:
            place = partial(self._queue.index, case.id)
            took = await serving.take(self.seats, lambda: presenter.queued(case.question, place()))
        finally:
            self._queue.remove(case.id)
        if took:
            held.callback(self.seats.release)

    def _ahead(self, case: Case) -> int:
        """How many questions of its thread come before this one."""
        cases = [run.case for run in self._under_way() if not run.serving.gathering.is_open]
        before = cases[: [each.id for each in cases].index(case.id)]
        return sum(each.thread == case.thread and each.channel == case.channel for each in before)

    def _turn(self, case: Case) -> asyncio.Lock:
        """The lock that a thread's questions take in turn; without a thread none waits."""
        if case.thread is None:
            return asyncio.Lock()
        return self._lock("thread", case.platform, case.channel or "", case.thread)
