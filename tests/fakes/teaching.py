"""A past whose votes agree with one reviewer, and reviewers that disagree now as they did then."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.analysis.judged import seats
from bot.llm import Request
from bot.records import Case, PlatformName
from bot.store.store import Store
from tests.fakes.channel import finished_case, label_of, rate
from tests.fakes.council import MEMBERS
from tests.fakes.provider import sensible, stage_and_seat

# What the ids of such a past begin with, and no other.
IS_TAUGHT = "run-"


def at_odds(request: Request) -> str:
    """Seat 2 holds seat 1 for the best, the others seat 0; all hold seat 2 for the worst."""
    stage, seat = stage_and_seat(request)
    if stage != "review":
        return sensible(request)
    shown = re.findall(
        r"^Answer ([A-Z])$.*?The answer from seat (\d)",
        request.messages[-1].content,
        re.MULTILINE | re.DOTALL,
    )
    place = (1, 0, 2) if seat == 2 else (0, 1, 2)
    ranked = sorted(shown, key=lambda each: place.index(int(each[1])))
    lines = "\n".join(f"{n}. Answer {label}" for n, (label, _) in enumerate(ranked, 1))
    return f"All of them are fine.\n\nFINAL RANKING:\n{lines}"


async def teach(
    store: Store,
    numbers: Sequence[int],
    *,
    agree: str,
    also: Collection[str] = (),
    people: int,
    name: str = "voter",
    models: Sequence[str] = MEMBERS,
    platform: PlatformName = "discord",
    channel: str = "channel",
) -> None:
    """Questions in which `people` in turn held an answer for the best as only the reviewer `agree` did,
    and those `also`."""
    for number in numbers:
        case = finished_case(
            number,
            models=models,
            platform=platform,
            channel=channel,
            asker=f"{name}-{number % people}",
        )
        best = models[number % len(models)]
        case = reviewed(case, label_of(case, best), {agree, *also})
        await keep(store, case)
        await rate(store, case, best=best)


async def keep(store: Store, case: Case) -> None:
    await store.create(case)
    await store.delivered(case.id)


def reviewed(case: Case, first: str, agree: Collection[str]) -> Case:
    """As if the reviewers who `agree`, `model` or `model#2`, had put this label first, and the others
    last."""
    assert case.result is not None
    names = seats(case.result)
    rest = tuple(answer.label for answer in case.result.answers if answer.label != first)
    reviews = tuple(
        replace(
            review,
            ranking=((first,), rest) if names[review.label] in agree else (rest, (first,)),
        )
        for review in case.result.reviews
    )
    return replace(case, result=replace(case.result, reviews=reviews))


def is_taught(case: Case) -> bool:
    """Whether nobody asked this here."""
    return case.id.startswith(IS_TAUGHT)
