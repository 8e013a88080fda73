"""A channel with a past from which better criteria can be learned, and reviewers that follow them."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from bot.chat import Channel, Person
from bot.conversation.app import App
from bot.conversation.reflections import Plan
from bot.llm import Completion, ModelInfo, Request
from bot.records import Case
from bot.store.store import Store
from tests.fakes.channel import MODELS as LAB
from tests.fakes.channel import finished_case, label_of, rate
from tests.fakes.council import CHAIRMAN
from tests.fakes.provider import FakeProvider, Scripted, labels_shown, sensible, stage_and_seat

NEW = "whether one can act on it at once; then correctness."
QUESTIONS, ASKERS = 45, 9
MODELS = LAB[:3]


def best(number: int) -> str:
    return MODELS[number % len(MODELS)]


def _past(number: int) -> Case:
    return finished_case(
        number,
        models=MODELS,
        asker=f"person {number % ASKERS}",
        text=f"Text of {number}.",
    )


PAST = {each.question.text: (n, each) for n, each in ((n, _past(n)) for n in range(QUESTIONS))}


class Reviewers(FakeProvider):
    """By the new criteria they order answers as people did, by the old ones the other way round. Kills
    whoever awaits request `dies_at`; `paid` counts replies that were delivered."""

    def __init__(self, dies_at: int | None = None) -> None:
        super().__init__(otherwise=_written)
        self.dies_at = dies_at
        self.died = asyncio.Event()
        self.paid: Counter[str] = Counter()

    async def models(self) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(
                id,
                context_tokens=100_000,
                prompt_usd_per_million=1.0,
                completion_usd_per_million=10.0,
            )
            for id in (*MODELS, CHAIRMAN)
        )

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        if self.dies_at is not None and len(self.requests) + 1 >= self.dies_at:
            self.died.set()
            await asyncio.Event().wait()
        completion = await super().complete(request, on_text)
        self.paid[request.tag] += 1
        return completion


def _written(request: Request) -> Scripted:
    stage, _ = stage_and_seat(request)
    if stage == "proposal":
        return f"REASONS:\nPeople chose what is short.\n\nCRITERIA:\n{NEW}"
    if stage != "review":
        return sensible(request)
    text = "".join(message.content for message in request.messages)
    number, case = next(found for asked, found in PAST.items() if asked in text)
    preferred = label_of(case, best(number))
    rest = [label for label in labels_shown(request) if label != preferred]
    order = [preferred, *rest] if NEW in text else [*rest, preferred]
    places = "\n".join(f"{n}. Answer {label}" for n, label in enumerate(order, 1))
    return f"Fine.\n\nFINAL RANKING:\n{places}"


async def remember(store: Store, channel: Channel, *, voter: str | None = None) -> None:
    """The past is this channel's, and rated by those who asked, or by one voter."""
    for number, case in PAST.values():
        here = replace(
            case, platform=channel.platform, workspace=channel.workspace, channel=channel.id
        )
        assert await store.create(here)
        await store.delivered(here.id)
        await rate(store, here, best=best(number), person=voter)


async def half_way(app: App, channel: Channel, person: Person, models: Reviewers) -> Plan:
    """A reflection has begun there, and hangs at the request at which these models die."""
    await remember(app.store, channel)
    plan = await app.reflections.plan(channel)
    assert await app.reflections.begin(channel, person, plan)
    await models.died.wait()
    return plan
