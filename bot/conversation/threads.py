"""What of its thread goes along with a question: the questions before it and their verdicts, the
oldest in short where all would be too long.

The journal names the earlier questions alone: a copy would outlive it being forgotten.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.chat import Platforms, ReadsThreads, Said
from bot.conversation.redacting import hidden
from bot.council import Council, Earlier, Question
from bot.models.catalogue import Catalogue
from bot.protocol import past
from bot.protocol.calls import Caller
from bot.protocol.events import Event
from bot.protocol.past import Split
from bot.protocol.pricing import Carried, cheapest
from bot.protocol.recap import RECAP_TOKENS, write_recap
from bot.protocol.shortening import size
from bot.protocol.sitting import Sitting
from bot.protocol.stages import VERDICT_TOKENS
from bot.records import Case, Turn
from bot.store.encoding import decode, encode
from bot.store.journal import SAID, Journal
from bot.store.recaps import RECAP, knows, summed_up
from bot.store.store import Store

# The decision that says how what is known goes along.
_THREAD = "thread"
# Of a verdict that is yet to be written no more is known than how much may be.
_VERDICT_BYTES = VERDICT_TOKENS * 4


@dataclass(frozen=True, slots=True)
class _Plan:
    """How what is known goes along, in so many bytes; this seat sums up what has to be."""

    split: Split
    room: int
    seat: int | None = None


@dataclass(frozen=True, slots=True)
class Threads:
    store: Store
    catalogue: Catalogue
    caller: Caller
    platforms: Platforms

    async def carried(self, case: Case, ahead: Iterable[Case]) -> Carried:
        """What will go along, for its price; `ahead` are questions that are answered before it."""
        turns = await self._before(case)
        sizes = [past.bytes_of(_earlier(turn)) for turn in turns]
        sizes += [past.bytes_of(Earlier(c.question.text, "")) + _VERDICT_BYTES for c in ahead]
        recaps = await self._recap_sizes([turn.id for turn in turns])
        room = self._room(case.council)
        split = past.split(sizes, recaps, room)
        said = past.said_bytes(room) if self._reads(case) else 0
        if not split.folded:
            return Carried(min(sum(sizes), room) + said)
        return Carried(room + said, _to_fold(split, sizes, recaps))

    async def before(self, case: Case) -> Sequence[str]:
        """The questions that it follows, oldest first."""
        return [turn.id for turn in await self._before(case)]

    async def known(self, case: Case, journal: Journal) -> Sequence[str]:
        """Those that it followed when it was first served."""
        await self._planned(case, journal)
        return await self.store.known_to(case.id) or ()

    async def told(self, case: Case, question: Question, journal: Journal) -> Question:
        """The question with what its thread knew when it was first served. What has to be summed up
        is, once."""
        plan, ids = await self._planned(case, journal), await self.known(case, journal)
        turns = await self._turns(case, ids)
        folded, whole = turns[: plan.split.folded], _there(turns[plan.split.folded :])
        recap = await self._recap(case, question, journal, plan, ids, folded)
        said = await self._said(case, question, journal)
        known = replace(
            past.past(whole, recap, plan.split.folded, plan.room),
            said=past.cut_said(await hidden(self.store, case, said.texts), plan.room),
        )
        unread = (*question.unread, *filter(None, [said.why]))
        is_known = known.turns or known.recap or known.said
        return replace(question, past=known if is_known else None, unread=unread)

    async def _turns(self, case: Case, ids: Sequence[str]) -> list[Earlier | None]:
        """What was asked in these and ruled, `None` where it is no longer stored."""
        known = {turn.id: turn for turn in await self.store.turns_of(ids)}
        texts = [text for turn in known.values() for text in (turn.question, turn.verdict)]
        shown = await hidden(self.store, case, texts)
        told = dict(zip(known, map(Earlier, shown[::2], shown[1::2]), strict=True))
        return [told.get(id) for id in ids]

    def _reads(self, case: Case) -> ReadsThreads | None:
        """The platform, where what people say in the thread goes along."""
        if case.council.context != "thread" or case.thread is None:
            return None
        platform = self.platforms.get(case.platform)
        if isinstance(platform, ReadsThreads):
            return platform
        return None

    async def _said(self, case: Case, question: Question, journal: Journal) -> Said:
        """What people said, read once: the journal keeps it until the question is answered."""
        known = journal.decision(SAID)
        if known is None:
            platform = self._reads(case)
            if platform is None:
                return Said()
            known = encode(Said, await platform.said(case, past.MESSAGES))
            await journal.decide(SAID, known)
        said = decode(Said, known)
        # What the thread began with may be quoted already.
        return replace(said, texts=tuple(t for t in said.texts if t not in question.quoted))

    async def _planned(self, case: Case, journal: Journal) -> _Plan:
        """What was known, and how it goes along: both stay so, whatever becomes of the thread."""
        if decided := journal.decision(_THREAD):
            return decode(_Plan, decided)
        turns = await self._before(case)
        ids = [turn.id for turn in turns]
        decisions = knows(ids)
        if journal.decision("earlier") is None:
            origin = case.question.origin
            newest = origin.earlier if origin else ids[-1] if ids else None
            decisions["earlier"] = json.dumps(newest)
        sizes = [past.bytes_of(_earlier(turn)) for turn in turns]
        recaps = await self._recap_sizes(ids)
        room = self._room(case.council)
        plan = _Plan(past.split(sizes, recaps, room), room)
        if to_fold := _to_fold(plan.split, sizes, recaps):
            seat = cheapest(self.catalogue, case.council.seated, to_fold, RECAP_TOKENS)
            plan = replace(plan, seat=seat)
            decisions[RECAP] = summed_up(ids[: plan.split.folded])
        await journal.decide_all({**decisions, _THREAD: encode(_Plan, plan)})
        return plan

    async def _recap(
        self,
        case: Case,
        question: Question,
        journal: Journal,
        plan: _Plan,
        ids: Sequence[str],
        folded: Sequence[Earlier | None],
    ) -> str:
        """What sums up the oldest turns; "" where none have to be, or nothing can."""
        if not folded:
            return ""
        recaps = await self.store.recaps(ids)
        recap = recaps.get(len(folded), "")
        if not recap and plan.seat is not None:
            summed = plan.split.summed if plan.split.summed in recaps else 0
            [before] = await hidden(self.store, case, [recaps.get(summed, "")])
            sitting = Sitting(question, case.council, self.caller, journal, _tell_nobody)
            context = self.catalogue.context_tokens(case.council.model(plan.seat))
            recap = await write_recap(
                sitting,
                plan.seat,
                _there(folded[summed:]),
                before,
                context_tokens=context or past.UNKNOWN_CONTEXT_TOKENS,
            )
        [recap] = await hidden(self.store, case, [recap])
        return recap

    async def _before(self, case: Case) -> list[Turn]:
        """The answered questions that this one follows, oldest first: those up to the one whose
        button put it, else all of its thread. Of one that was asked once more the newest counts."""
        origin = case.question.origin
        if origin is None:
            turns = await self.store.turns(case.platform, case.channel, case.thread)
        elif origin.earlier is None:
            turns = ()
        else:
            turns = await self.store.turns_of(await self._chain(origin.earlier))
        newest = {turn.repeats or turn.id: turn for turn in turns if turn.id != case.id}
        return [turn for turn in turns if newest.get(turn.repeats or turn.id) is turn]

    async def _chain(self, id: str) -> list[str]:
        """A question and those that it was told of."""
        chain = [id]
        while (known := await self.store.known_to(chain[0])) is None:
            earlier = json.loads(await self.store.decision(chain[0], "earlier") or "null")
            if not isinstance(earlier, str) or earlier in chain:
                return chain
            chain.insert(0, earlier)
        return [*known, *chain]

    async def _recap_sizes(self, ids: Sequence[str]) -> dict[int, int]:
        return {count: size(text) for count, text in (await self.store.recaps(ids)).items()}

    def _room(self, council: Council) -> int:
        return past.room(map(self.catalogue.context_tokens, (*council.seated, council.chairman)))


def is_thread_of(one: Case, other: Case) -> bool:
    """Whether both were asked in one thread; without a thread they were not."""
    place = one.platform, one.channel, one.thread
    return one.thread is not None and place == (other.platform, other.channel, other.thread)


def _to_fold(split: Split, sizes: Sequence[int], recaps: Mapping[int, int]) -> int:
    """How many bytes have to be summed up, 0 where nothing has to."""
    if split.folded == split.summed:
        return 0
    return sum(sizes[split.summed : split.folded]) + recaps.get(split.summed, 0)


def _there(turns: Iterable[Earlier | None]) -> list[Earlier]:
    """Those that are still stored."""
    return [turn for turn in turns if turn]


def _tell_nobody(event: Event) -> None:
    pass


def _earlier(turn: Turn) -> Earlier:
    return Earlier(turn.question, turn.verdict)
