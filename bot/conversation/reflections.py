"""Reflections under way: begun, gone on with after a restart, ended. One at a time in a channel.

Rows are reviewed one after the other, each in a place of its own among what is deliberated at once, so
that questions find theirs in between. What came of it is in the store, for whoever asks. What the
statistics count is imported where it is used, as they are.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from bot import settings as channel_settings
from bot.allowance import Key
from bot.chat import Channel, Person
from bot.conversation.faults import is_given_up
from bot.conversation.loops import ended
from bot.council import Cost, Question
from bot.errors import BotError, Superseded
from bot.protocol import outcome
from bot.protocol.calls import Caller
from bot.protocol.pricing import Carried, Pricing
from bot.protocol.reflecting import planned
from bot.protocol.sitting import Sitting
from bot.records import Case, PlatformName, ReflectionBegun
from bot.store.encoding import decode, encode
from bot.store.journal import Journal, place_of
from bot.store.reflections import MOST, SPLIT, channels_platform
from bot.store.spending import OverBudget, run_scope
from bot.store.store import Store

if TYPE_CHECKING:
    from bot.analysis.judged import Judged
    from bot.analysis.reflection import Compared, HeldOut, Split
    from bot.conversation.reflection_rows import Gathered, Readable
    from bot.conversation.statistics import Statistics
    from bot.pages.reflection import Outcome
    from bot.protocol.reflecting import Proposal

logger = logging.getLogger(__name__)

# The money of a reflection that nobody limits.
UNLIMITED = 10**15


@dataclass(frozen=True, slots=True)
class Plan:
    """What a reflection in a channel would do: its rows that a budget has room for, what these cost at
    most, and what the fewest that say anything do, `None` where there are not as many. It is the one
    after so many `tries`. `is_assumed` where no price is known of some model."""

    gathered: "Gathered"
    rows: int
    shares: Mapping[Key, int]
    least_micros: int | None
    tries: int
    is_assumed: bool
    now: datetime

    @property
    def most_micros(self) -> int:
        return sum(self.shares.values())

    @property
    def judged(self) -> "Sequence[Judged]":
        """Those that it would be tried on; where these are too few, all that there are."""
        from bot.analysis.reflection import ROWS_MIN

        test = self.gathered.test
        within = test[: self.rows] if self.rows >= ROWS_MIN else test
        return [self.gathered.readable[id].judged for id in within]

    @property
    def lately(self) -> int:
        """How many of what can be read were asked in the last four weeks."""
        since = self.now - timedelta(weeks=4)
        cases = [row.case for row in self.gathered.readable.values()]
        return sum(case.question.asked_at > since for case in cases)


def _nothing(event: object) -> None:
    """Nobody watches."""


@dataclass(slots=True)
class Reflections:
    """`limits` are micro-dollars by scope, `refusal` says of which there is not enough left; `seats` are
    the places among what is deliberated at once."""

    store: Store
    caller: Caller
    pricing: Pricing
    limits: Callable[[Channel, str | None], Awaitable[Mapping[str, int]]]
    refusal: Callable[[OverBudget], Awaitable[str]]
    statistics: Callable[[], "Statistics"]
    settings: Callable[[Channel], Awaitable[channel_settings.Settings]]
    seats: asyncio.Semaphore
    is_private: Callable[[Case], bool]
    now: Callable[[], datetime]
    # How long texts are kept; `None` is for ever.
    keeps_days: int | None = None
    closing: bool = False
    _runs: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _resting: set[str] = field(default_factory=set)

    @property
    def under_way(self) -> frozenset[str]:
        """Those that this process runs."""
        return frozenset(self._runs)

    async def plan(self, channel: Channel, budget_micros: int | None = None) -> Plan:
        from bot.analysis.reflection import ROWS_MIN
        from bot.conversation.reflection_rows import gathered

        here = channel.platform, channel.id
        tries = (await self.store.reflection(*here)).tries
        found = await gathered(self.store, self.statistics(), channel, tries, self.is_private)
        council = channel_settings.council_of(await self.settings(channel))
        question = Question("", "", 0, self.now())
        rows = [found.readable[id].case for id in found.test]
        priced = [(row.question, row.council, _carried(found.readable[row.id])) for row in rows]

        async def price(few: int, micros: int) -> tuple[Mapping[Key, int], int]:
            return await self.pricing.reflection(
                question, council, priced[:few], place_of(*here), micros
            )

        most = UNLIMITED if budget_micros is None else budget_micros
        shares, fit = await price(len(priced), most)
        least, few = await price(ROWS_MIN, UNLIMITED)
        enough = sum(least.values()) if few == ROWS_MIN else None
        models = {call.model for call in planned(council, [row.council for row in rows[:fit]])}
        is_assumed = not all(self.pricing.prices.price(model).known for model in models)
        return Plan(found, fit, shares, enough, tries, is_assumed, self.now())

    async def begin(self, channel: Channel, person: Person, plan: Plan) -> bool:
        """False where another is under way here. Raises `OverBudget`, nothing begun."""
        from bot.analysis.reflection import Split

        question = Question(secrets.token_hex(6), "", secrets.randbits(48), self.now())
        found = plan.gathered
        drawn = Split(found.learn, found.test[: plan.rows])
        is_first = await self.store.begin_reflection(
            ReflectionBegun(
                question,
                channel_settings.council_of(await self.settings(channel)),
                channel.platform,
                channel.workspace,
                channel.id,
                person.id,
                encode(Split, drawn),
                drawn.learn,
                drawn.test,
            ),
            shares=plan.shares,
            limits=await self.limits(channel, person.id),
        )
        if is_first:
            self._start(question.id)
        return is_first

    async def resume(self, platform: PlatformName) -> None:
        """Go on with those that an earlier process left under way there, and no other is at."""
        under_way = set(await self.store.reflections_under_way(platform)) - self._runs.keys()
        for id in under_way and under_way - await self.store.others_work():
            self._start(id)

    async def sweep(self, platforms: Collection[PlatformName]) -> None:
        """The same on all of these."""
        for platform in list(platforms):
            await self.resume(platform)

    async def finished(self, id: str) -> None:
        """Wait until it is over, however it ends."""
        if run := self._runs.get(id):
            await asyncio.wait({run})

    async def stop(self, channel: Channel) -> bool:
        """End the one under way in the channel; what is paid is lost. False where there is none."""
        id = (await self.store.reflection(channel.platform, channel.id)).under_way
        if id is None:
            return False
        async with self._at_rest({id}):
            journal = await self.store.begin(id)
            await journal.finish_reflection(None, self.now(), tries=0)
            await journal.release()
        return True

    @asynccontextmanager
    async def aside(self, questions: Sequence[str]) -> AsyncIterator[None]:
        """Room to forget these questions: whoever reads any of them rests, and goes on afterwards where
        all of them are there."""
        resting = await self.store.reflections_reading(questions) & self._runs.keys()
        try:
            async with self._at_rest(resting):
                yield
        finally:
            for id in resting:
                if await self.store.case(id):
                    self._start(id)

    async def let_go(self) -> None:
        """Leave everything resumable."""
        await self._end(set(self._runs))

    @asynccontextmanager
    async def _at_rest(self, ids: Collection[str]) -> AsyncIterator[None]:
        """Nobody takes these up meanwhile."""
        self._resting.update(ids)
        try:
            await self._end(ids)
            yield
        finally:
            self._resting.difference_update(ids)

    async def _end(self, ids: Collection[str]) -> None:
        await ended({run for id, run in self._runs.items() if id in ids})

    def _start(self, id: str) -> None:
        if self.closing or id in self._runs or id in self._resting:
            return
        task = asyncio.create_task(self._supervised(id), name=f"reflection {id}")
        self._runs[id] = task
        task.add_done_callback(lambda _: self._runs.pop(id))

    async def _supervised(self, id: str) -> None:
        try:
            await self._run(id)
        except Superseded:
            logger.warning("reflection %s is over: its questions are gone, or others run it", id)
        except BotError as error:
            logger.error("reflection %s had to stop: %s", id, error)
        except Exception:
            logger.exception("reflection %s failed; it is tried again", id)

    async def _run(self, id: str) -> None:
        case = await self.store.case(id)
        if case is None or case.status != "running":
            return
        from bot.pages.reflection import Outcome

        channel = _channel(case)
        limits = await self.limits(channel, case.asker)
        said = int(await self.store.decision(id, MOST) or 0)
        journal = await self.store.begin(id, {**limits, run_scope(id): said})
        try:
            found = await self._reflected(case, channel, journal)
        except Exception as fault:
            if not await is_given_up("reflection", journal, fault):
                raise
            found = Outcome(None, "given_up", _cost(journal))
        tries = int(found.reflected is not None)
        await journal.finish_reflection(encode(Outcome, found), self.now(), tries=tries)
        await journal.release()

    async def _reflected(self, case: Case, channel: Channel, journal: Journal) -> "Outcome":
        from bot.analysis.reflection import Split, lesson
        from bot.conversation.reflection_rows import readable
        from bot.pages.reflection import Outcome, Reflected
        from bot.protocol.reflecting import NoProposal, propose

        drawn = decode(Split, journal.decision(SPLIT) or "")
        judged = await self.statistics().judged(channel.platform, channel.id)
        known = await readable(self.store, judged, drawn, self.is_private)
        lessons = [lesson(known[i].result, known[i].judged) for i in drawn.learn if i in known]
        sitting = Sitting(case.question, case.council, self.caller, journal, _nothing)
        async with self.seats:
            proposed = await propose(sitting, lessons)
        if isinstance(proposed, NoProposal):
            return Outcome(None, proposed.why, _cost(journal))
        compared = await self._tried(case, channel, proposed, drawn, known, journal)
        return Outcome(
            Reflected(
                case.council.criteria,
                proposed.criteria,
                proposed.reasons,
                len(lessons),
                compared,
                _cost(journal),
                len(drawn.test),
            ),
            None,
            _cost(journal),
        )

    async def _tried(
        self,
        case: Case,
        channel: Channel,
        proposed: "Proposal",
        drawn: "Split",
        known: "Mapping[str, Readable]",
        journal: Journal,
    ) -> "Compared":
        from bot.analysis.reflection import compared

        rows = []
        for place, id in enumerate(drawn.test):
            if id in known:
                async with self.seats:
                    rows.append(await self._row(case, proposed, known[id], place, journal))
        before = await self.store.reflection(channel.platform, channel.id)
        return compared([row for row in rows if row], before.tries + 1)

    async def _row(
        self, case: Case, proposed: "Proposal", row: "Readable", place: int, journal: Journal
    ) -> "HeldOut | None":
        from bot.analysis.reflection import held_out, sheets
        from bot.protocol.reflecting import review_again, rounds_of

        both = (case.council.criteria, proposed.criteria)
        old, new = [
            sheets(
                row.result,
                await review_again(
                    *(row.case.question, row.case.council, row.result.answers, criteria),
                    round=round,
                    caller=self.caller,
                    journal=journal,
                ),
            )
            for criteria, round in zip(both, rounds_of(place), strict=True)
        ]
        return held_out(row.judged, old, new)


def _channel(case: Case) -> Channel:
    platform = cast(PlatformName, channels_platform(case.platform))
    return Channel(platform, case.workspace or "", case.channel or "")


def _carried(row: "Readable") -> Carried:
    """What was said before the question, at most."""
    return Carried(bytes=len(encode(Question, row.case.question).encode()))


def _cost(journal: Journal) -> Cost:
    return outcome.cost(journal.paid_in_all)
