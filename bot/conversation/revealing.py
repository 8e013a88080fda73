"""Whose names somebody learns with those of a run, and whether they have voted there."""

import json

from bot.council import Deliberation
from bot.records import Case
from bot.store.store import Store
from bot.votes import NONE, VERDICT


async def named_with(store: Store, case: Case) -> tuple[Case, ...]:
    """The run, that whose answers it has, and where one member was asked alone, the council that it
    sits in: whoever learns the name learns whose answer that was."""
    if case.takes_up:
        before = await store.case(case.takes_up)
        return (case, *(await named_with(store, before) if before else ()))
    at: Case | None = case
    while at and len(at.council.members) == 1:
        at = await store.case(earlier) if (earlier := await _sat_in(store, at)) else None
    return (case,) if at in (None, case) else (case, at)


async def _sat_in(store: Store, case: Case) -> str | None:
    """The run of the council that the member asked alone here sits in, as far as is known."""
    if case.question.alone:
        return case.question.alone.run
    # As earlier versions asked one alone.
    decided = await store.decision(case.id, "earlier")
    origin = case.question.origin
    earlier = origin.earlier if origin else json.loads(decided or "null")
    return earlier if isinstance(earlier, str) else None


async def knows_names(store: Store, case: Case, person: str) -> bool:
    """Whether the person has seen the names of this run, or of one that they go with."""
    return any([await store.revealed(run.id, person) for run in await named_with(store, case)])


async def may_know_names(store: Store, case: Case, person: str) -> bool:
    """The same, or what tells one of them: the best member's answer beside the verdict."""
    runs = await named_with(store, case)
    compared = any([await store.comparison(run.id, person) for run in runs])
    return compared or await knows_names(store, case, person)


async def has_voted(store: Store, case: Case, person: str) -> bool:
    """On what there is: a sign under the post of a member that gave no answer is no vote."""
    there = {VERDICT, NONE, *(_labels(case.result) if case.result else ())}
    given = await store.reactions(case.id)
    return any(each.person == person and each.target in there for each in given)


def _labels(result: Deliberation) -> list[str]:
    return [answer.label for answer in result.answers]
