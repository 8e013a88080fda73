"""Stages 2 and 3 beside each other: the chairman begins while the last reviews are written.

It does once the first place is likely to stay. What is written from then on is kept back until that
is final; where it turns out to be another answer's, the chairman begins again, once,
with every review.
"""

import asyncio
import json
from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.council import Answer, Call, Review, Standing, Verdict
from bot.protocol import outcome, ranking, weighing
from bot.protocol.chairman import Basis, first_verdict, verdict
from bot.protocol.events import Event, Ranked
from bot.protocol.sitting import Sitting, task_group
from bot.protocol.stages import gather_reviews, rank
from bot.protocol.weighing import weights_of
from bot.store.spending import EARLY_STOP, EARLY_VERDICT


async def review_and_rule(
    sitting: Sitting, answers: Sequence[Answer]
) -> tuple[tuple[Review, ...], tuple[Standing, ...], Verdict]:
    """The reviews, how all of them add up, and the verdict, which may rest on fewer."""
    draft: Draft | None = None

    async with task_group() as group:

        async def begin_early(reviews: tuple[Review, ...]) -> None:
            nonlocal draft
            if draft is None and (basis := await _early_basis(sitting, answers, reviews)):
                await sitting.between_stages()
                draft = Draft(group, sitting, answers, basis)

        reviews = await gather_reviews(sitting, answers, heard=begin_early)
        standings = rank(sitting, answers, reviews)
        stopped_early = sitting.journal.decision(EARLY_STOP) is not None
        sitting.emit(Ranked(standings, stopped_early, outcome.not_heard(reviews)))

        basis = _last_basis(sitting, answers, reviews, standings)
        if draft and basis.round:
            await draft.give_up()
        if draft is None or basis.round:
            await sitting.between_stages()
            draft = Draft(group, sitting, answers, basis)
        call = await draft.published()
    reviews = weighing.weighted(reviews, weights_of(sitting.question, sitting.council))
    return reviews, standings, verdict(sitting, answers, basis, call)


class Draft:
    """A verdict being written, of which nobody is told before it is published."""

    def __init__(
        self, group: asyncio.TaskGroup, sitting: Sitting, answers: Sequence[Answer], basis: Basis
    ) -> None:
        self._emit = sitting.emit
        self._held_back: list[Event] | None = []
        self._writing = group.create_task(first_verdict(sitting, answers, basis, self._tell))

    async def published(self) -> Call | None:
        """From now on all of it is told as it comes."""
        held_back, self._held_back = self._held_back or (), None
        for event in held_back:
            self._emit(event)
        return await self._writing

    async def give_up(self) -> None:
        """What its requests cost is known after this."""
        self._writing.cancel()
        await asyncio.wait({self._writing})

    def _tell(self, event: Event) -> None:
        if self._held_back is None:
            self._emit(event)
        else:
            self._held_back.append(event)


async def _early_basis(
    sitting: Sitting, answers: Sequence[Answer], reviews: Sequence[Review]
) -> Basis | None:
    """What the chairman may begin with, once the journal has it; `None` where it has to wait."""
    if sitting.journal.decision(EARLY_VERDICT) is None:
        if not _may_begin(sitting, answers, reviews):
            return None
        if not await sitting.journal.set_restart_aside():
            return None
        read = [review.label for review in reviews if review.text]
        value = {"reviews": read, "at": sitting.caller.now().isoformat()}
        await sitting.journal.decide(EARLY_VERDICT, json.dumps(value))
    return _begun(sitting, answers, reviews)


def _last_basis(
    sitting: Sitting,
    answers: Sequence[Answer],
    reviews: tuple[Review, ...],
    standings: tuple[Standing, ...],
) -> Basis:
    """What the verdict rests on once the stage is over: where it was begun early, and the same
    answer is on top, on what it was begun with."""
    early = _begun(sitting, answers, reviews)
    if early is None:
        return Basis(reviews, standings)
    if early.standings[0].label == standings[0].label:
        return early
    return Basis(reviews, standings, round=1)


def _may_begin(sitting: Sitting, answers: Sequence[Answer], reviews: Sequence[Review]) -> bool:
    if ranking.never_stops_early(sitting.question.seed):
        return False
    ballots = outcome.ballots(reviews)
    shown = [answer.label for answer in answers]
    if weights := weights_of(sitting.question, sitting.council):
        first = weighing.leading(ballots, shown, weights, reviewers=len(reviews))
        return first is not None
    return ranking.leading(ballots.values(), shown, reviewers=len(reviews)) is not None


def _begun(sitting: Sitting, answers: Sequence[Answer], reviews: Sequence[Review]) -> Basis | None:
    """What the verdict was begun with, in this run of the deliberation or an earlier one."""
    decision = sitting.journal.decision(EARLY_VERDICT)
    if decision is None:
        return None
    read = _only(reviews, json.loads(decision)["reviews"])
    return Basis(read, rank(sitting, answers, read))


def _only(reviews: Sequence[Review], labels: Collection[str]) -> tuple[Review, ...]:
    """The others as they are before they are in."""
    return tuple(
        review
        if review.label in labels
        else replace(review, ranking=(), counted=False, text="", seconds=0.0, error=None)
        for review in reviews
    )
