"""What a question's reviewers count for: the weights that its channel was told of last, as it is asked.

Those move in steps of several questions, and are kept in the database: what moved with one vote would
tell whose answer that was about. Whether there is a new step is looked at beside the question, for
those that come after it, and where reviews are weighed from time to time, too. What counts is imported
where it is used, as for auditions.

Whatever goes wrong, "weighed as asked": the reviews of a question, and of what takes it up, count for
what they did when it was asked first, and its answers stand in that order.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.chat import Channel
from bot.conversation.loops import Handling, surviving
from bot.council import SeatWeight
from bot.protocol.ranking import SAME_SCORE
from bot.records import Case
from bot.store.encoding import decode
from bot.store.store import Store

if TYPE_CHECKING:
    from bot.conversation.statistics import Statistics


@dataclass(slots=True)
class Weighing:
    store: Store
    statistics: Callable[[], "Statistics"]
    _beside: Handling = field(default_factory=Handling)
    # Where it is being looked whether there is a new step.
    _looking: set[Channel] = field(default_factory=set)
    # What there was to learn from when it was looked last.
    _seen: dict[Channel, tuple[int, int]] = field(default_factory=dict)

    async def frozen(self, channel: Channel, case: Case) -> Case:
        """The case with the weights of now, by seat; without any where all would count alike."""
        if len(case.council.members) == 1:
            return case
        told = await self.store.published_reviewers(channel.platform, channel.id)
        if channel not in self._looking:
            self._looking.add(channel)
            self._beside.begin(self._look(channel))
        if told is None:
            return case
        weights = await asyncio.to_thread(_by_seat, told, case.council.members)
        return replace(case, council=replace(case.council, weights=weights))

    async def keep_up(self) -> None:
        """Look where reviews are weighed and something changed since, so that weights are known before
        anybody asks there or reads the statistics."""
        weighed = await self.store.channels_with("weights", "on")
        self._seen = {channel: at for channel, at in self._seen.items() if channel in weighed}
        for channel in weighed:
            if self._seen.get(channel) != await self._changes(channel):
                await self._look(channel)

    def keep_up_beside(self) -> None:
        self._beside.begin(self._kept_up())

    async def close(self) -> None:
        await self._beside.silence()

    async def _kept_up(self) -> None:
        with surviving("what reviews count for is not kept up"):
            await self.keep_up()

    async def _look(self, channel: Channel) -> None:
        try:
            with surviving("what reviews count for stays as it was"):
                changes = await self._changes(channel)
                await self.statistics().published(channel.platform, channel.id)
                self._seen[channel] = changes
        finally:
            self._looking.discard(channel)

    async def _changes(self, channel: Channel) -> tuple[int, int]:
        return await self.store.revisions(channel.platform, channel.id)


def _by_seat(told: str, members: Sequence[str]) -> tuple[SeatWeight, ...]:
    from bot.analysis.judged import seat_name
    from bot.analysis.outcomes import seat_columns
    from bot.analysis.reviewers import Reviewers

    reviewers = decode(Reviewers, told)
    known = {
        each.reviewer: SeatWeight(each.weight, each.self_preference or 0.0)
        for each in reviewers.reviewers
    }
    names = map(seat_name, seat_columns(members))
    weights = tuple(known.get(name, SeatWeight(1.0)) for name in names)
    return weights if reviewers.learned and not _alike(weights) else ()


def _alike(weights: Sequence[SeatWeight]) -> bool:
    return all(
        abs(each.weight - weights[0].weight) < SAME_SCORE and abs(each.preference) < SAME_SCORE
        for each in weights
    )
