"""The council at work in its channels: what adapters hold, one for the process.

Puts the parts together, each of which knows its own subject: questions, the deliberations under
way, buttons, votes, commands.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot import settings as channel_settings
from bot.chat import Channel, KnowsPrivate, Person, Platform, channel_of
from bot.conversation import commands
from bot.conversation.actions import Actions
from bot.conversation.alone import Standing
from bot.conversation.along import Along
from bot.conversation.archive import Archive
from bot.conversation.auditions import Auditions
from bot.conversation.bells import Bells
from bot.conversation.budget import Budget, Rules
from bot.conversation.comparisons import Comparisons
from bot.conversation.deliberating import Deliberating, Deliberator
from bot.conversation.desk import Admission, Desk, parse, require
from bot.conversation.exhibits import AT_ONCE, Exhibits
from bot.conversation.following import Following
from bot.conversation.followups import FollowUps
from bot.conversation.health import health
from bot.conversation.holding import Holding
from bot.conversation.jobs import Jobs
from bot.conversation.naming import name_of
from bot.conversation.people import People
from bot.conversation.questions import Questions
from bot.conversation.records_commands import export_lines
from bot.conversation.recounts import Recounts
from bot.conversation.reflections import Reflections
from bot.conversation.removals import Removals
from bot.conversation.running import Running
from bot.conversation.sequels import Sequels
from bot.conversation.threads import Threads
from bot.conversation.titles import Titles
from bot.conversation.trials import Trials
from bot.conversation.voting import Voting
from bot.conversation.weighing import Weighing
from bot.conversation.working import Working
from bot.document import Document, Text
from bot.errors import BotError, StoreFailed
from bot.llm import Provider
from bot.models.catalogue import Catalogue
from bot.models.gate import mended
from bot.protocol.calls import Caller
from bot.protocol.lookups import look_up
from bot.protocol.pricing import Pricing
from bot.records import Case, Place, PlatformName
from bot.settings import Settings
from bot.store.presence import Presence
from bot.store.store import Store

if TYPE_CHECKING:
    from bot.conversation.statistics import Statistics

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class App:
    store: Store
    provider: Provider
    caller: Caller
    catalogue: Catalogue
    defaults: Settings
    rules: Rules = field(default_factory=Rules)
    platforms: dict[PlatformName, Platform] = field(default_factory=dict)
    time_scale: float = 1.0
    # How long texts are kept; `None` is for ever.
    retention_days: int | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    admission: Admission = field(init=False)
    budget: Budget = field(init=False)
    titles: Titles = field(init=False)
    running: Running = field(init=False)
    exhibits: Exhibits = field(init=False)
    questions: Questions = field(init=False)
    voting: Voting = field(init=False)
    archive: Archive = field(init=False)
    people: People = field(init=False)
    actions: Actions = field(init=False)
    sequels: Sequels = field(init=False)
    recounts: Recounts = field(init=False)
    removals: Removals = field(init=False)
    reflections: Reflections = field(init=False)
    trials: Trials = field(init=False)
    standing: Standing = field(init=False)
    # Where workers take deliberations from, which may be other processes; `None`: each is one's own.
    jobs: Jobs | None = None
    # What this process takes from there, where there is any.
    working: Working | None = field(init=False, default=None)
    _statistics: "Statistics | None" = None

    def __post_init__(self) -> None:
        store, settings, now = self.store, self.settings, self.now
        self.standing = Standing(store.presence)
        self.admission = Admission(store, self.rules.allowed, self.rules.admins)
        pricing = Pricing(self.catalogue, store.usual)
        self.budget = Budget(store, self.rules, self.admission, settings, pricing, now)
        self.titles = Titles(store, self.catalogue, self.caller, self.platforms)
        threads = Threads(store, self.catalogue, self.caller, self.platforms)
        self.exhibits = Exhibits(store, self.catalogue, self.platforms, asyncio.Semaphore(AT_ONCE))
        self.running = Running(
            store,
            self._deliberator(Along(threads, self.exhibits, self._call_time)),
            self._call_time,
            self.platforms,
            lambda case: self.budget.limits(channel_of(case), case.asker),
            self.time_scale,
            None if self.working else self.rules.at_once,
        )
        self.trials = Trials(
            store,
            self.statistics,
            self.catalogue,
            self.defaults,
            self.platforms,
            now,
            self.time_scale,
        )
        self.questions = Questions(
            store,
            self.admission,
            self.budget,
            self.running,
            threads,
            self.exhibits,
            self.titles,
            Holding(store, settings, now),
            Auditions(store, self.statistics, self.defaults, now),
            Weighing(store, self.statistics),
            self.trials,
            settings,
            now,
        )
        self.voting = Voting(store, settings, now)
        followups = FollowUps(store, self.catalogue, self.questions, settings)
        self.sequels = Sequels(store, self.questions, followups, settings)
        self.people = People(store, self.admission, self.budget, self.running, self.questions)
        self.archive = Archive(store, self.platforms)
        self.actions = Actions(
            store,
            self.catalogue,
            self.admission,
            self.running,
            self.questions,
            self.voting,
            followups,
            self.people,
            self.archive,
            Comparisons(store, self.trials, self.admission, now),
            settings,
            self.desk,
            now,
        )
        self.recounts = Recounts(store, self.platforms, self.archive.document, self.time_scale)
        self.removals = Removals(store, self.platforms, now, self.time_scale)
        self.reflections = Reflections(
            store,
            self.caller,
            pricing,
            self.budget.limits,
            self.budget.sentence,
            self.statistics,
            settings,
            self.running.seats,
            self._is_private,
            now,
            self.retention_days,
        )

    def now(self) -> datetime:
        return self.clock()

    def _call_time(self) -> datetime:
        return self.caller.now()

    def _deliberator(self, along: Along) -> Callable[[str], Deliberator]:
        """Whoever deliberates a question: workers, where there are any."""
        store, time_scale = self.store, self.time_scale
        if self.jobs is None or store.presence is None:
            return partial(
                Deliberating,
                caller=self.caller,
                store=store,
                along=along,
                entitle=self.titles.give,
                time_scale=time_scale,
            )
        bells = Bells(store.presence, time_scale=time_scale)
        self.working = self._working(self.jobs, store.presence, bells)
        return partial(
            Following,
            store=store,
            along=along,
            titles=self.titles,
            jobs=self.jobs,
            bells=bells,
            now=self._call_time,
            time_scale=time_scale,
        )

    def _working(self, jobs: Jobs, presence: Presence, bells: Bells) -> Working:
        """Of no platform: what takes one is done before."""
        store, catalogue, caller = self.store, self.catalogue, self.caller
        exhibits = Exhibits(store, catalogue, {}, asyncio.Semaphore(AT_ONCE))
        along = Along(Threads(store, catalogue, caller, {}), exhibits, self._call_time)
        return Working(
            store=store,
            presence=presence,
            deliberating=partial(
                Deliberating, caller=caller, store=store, along=along, time_scale=self.time_scale
            ),
            titles=Titles(store, catalogue, caller, {}),
            jobs=jobs,
            bells=bells,
            time_scale=self.time_scale,
        )

    # --- settings and commands

    async def settings(self, channel: Channel) -> Settings:
        stored = await self.store.settings(channel.platform, channel.workspace, channel.id)
        return channel_settings.resolve(stored.values, self.defaults)

    async def language(self, channel: Channel, locale: str) -> str:
        """What the bot speaks there to whoever has this locale; "" where the platform names none."""
        try:
            settings = await self.settings(channel)
        except StoreFailed:  # what is said of that has to be said in some language
            settings = self.defaults
        return channel_settings.language_in(settings, locale)

    async def command(self, channel: Channel, person: Person, text: str) -> Document:
        """Run what was typed after `/council`; a refusal is a document, too."""
        try:
            return await commands.run(self.desk(channel, person), parse(mended(text)))
        except BotError as error:
            return Document((Text(error.public),))

    async def pressed(
        self, channel: Channel, person: Person, name: str, value: str = ""
    ) -> Document:
        """What comes of a button below a page, or of a `value` selected there."""
        try:
            return await commands.pressed(self.desk(channel, person), name, value)
        except BotError as error:
            return Document((Text(error.public),))

    def desk(self, channel: Channel, person: Person) -> Desk:
        return Desk(
            channel=channel,
            person=person,
            store=self.store,
            catalogue=self.catalogue,
            defaults=self.defaults,
            admins=self.rules.admins,
            health=self.health,
            budgets=self.budget.lines,
            statistics=self.statistics,
            admission=self.admission,
            aside=self._aside,
            reflections=self.reflections,
            answer=partial(self.people.submit_here, channel, person),
            saves_usd=self.trials.saves_usd,
            is_private=self._is_private,
            name=partial(name_of, self.platforms, channel),
            now=self.now,
        )

    @asynccontextmanager
    async def _aside(
        self,
        find: Callable[[], Awaitable[Sequence[Place]]],
        beside: Callable[[], Awaitable[Collection[str]]],
    ) -> AsyncIterator[None]:
        """Room to forget questions, which reflections may read, too."""
        ids = [place.id for place in await find()]
        async with self.reflections.aside(ids), self.running.aside(find, beside):
            yield

    def _is_private(self, case: Case) -> bool:
        platform = self.platforms.get(case.platform)
        return isinstance(platform, KnowsPrivate) and platform.is_private(case)

    def statistics(self) -> "Statistics":
        """Made when first asked for: most processes need no numbers."""
        if self._statistics is None:
            from bot.conversation.statistics import Statistics

            self._statistics = Statistics(self.store)
        return self._statistics

    async def export(self, channel: Channel, person: Person) -> str:
        """The channel's deliberations as JSON lines, for an administrator. Raises `InvalidInput`."""
        desk = self.desk(channel, person)
        await require(desk, "administrator", "export")
        return await export_lines(desk)

    async def health(self, channel: Channel) -> Document:
        here = channel.platform, channel.id
        return health(
            await self.settings(channel),
            self.catalogue,
            under_way=sum(channel_of(case) == channel for case in self.running.cases),
            is_reflecting=(await self.store.reflection(*here)).under_way is not None,
            spent_micros=(await self.budget.account(channel)).spent_micros,
            refusal=await self.budget.refusal(channel),
        )

    # --- from start to end

    async def look_up(self) -> None:
        """Book what providers know by now of requests that were cancelled."""
        await look_up(self.store, self.provider, self.catalogue, self.now())

    async def once(self, key: str) -> bool:
        """Note that something is said or heard; False where it was before."""
        return await self.store.seen(key, self.now())

    async def expire(self) -> None:
        """Erase the texts that are older than they may get."""
        await self.store.drop_held(self.now())
        if self.retention_days is None:
            return
        now = self.now()
        if count := await self.store.expire(now - timedelta(days=self.retention_days), now):
            logger.info("the texts of %d deliberations were erased for their age", count)

    async def tidy(self) -> None:
        """Drop what grows with every event and is of no use after a while."""
        await self.store.drop_old_events(self.now())
        await self.store.drop_old_lines(self.now())
        await self.store.drop_old_sums(self.now())

    async def leave(self, platform: PlatformName) -> None:
        """Do nothing more on this platform, and leave everything resumable there."""
        self.platforms.pop(platform, None)
        await self.running.let_go(platform)

    async def close(self) -> None:
        """Take nothing new in and leave everything resumable."""
        self.running.closing = self.reflections.closing = True
        await self.reflections.let_go()
        await self.running.let_go()
        if self.working:
            await self.working.let_go()
        await self.questions.weighing.close()
