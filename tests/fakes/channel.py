"""A channel with a past: finished deliberations as a council leaves them, and votes on them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from bot.council import (
    Agreement,
    Answer,
    Council,
    Deliberation,
    MemberResult,
    Question,
    Review,
    Standing,
    Timings,
    Verdict,
)
from bot.records import Case, PlatformName, Reaction, ReactionValue
from bot.store.store import Store

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MODELS = ("lab/a", "lab/b", "lab/c", "lab/d")
# As many as people use.
_SYLLABLES = tuple(f"{a}{b}" for a in "bdfgklmnprst" for b in ("a", "e", "i", "o"))
WORDS = tuple(f"{one}{other}" for one in _SYLLABLES for other in _SYLLABLES)


def finished_case(
    number: int,
    *,
    models: Sequence[str] = MODELS,
    platform: PlatformName = "discord",
    channel: str = "general",
    thread: str | None = None,
    asker: str = "ann",
    text: str = "An answer.",
    seed: int = 1,
) -> Case:
    """Labels are dealt at random, and reviewers rank at random."""
    random = Random(f"{seed}/{number}")
    id = f"run-{number}"
    question = Question(
        id, " ".join(random.choices(WORDS, k=8)), seed, NOW + timedelta(hours=number)
    )
    labels = {"ABCDEFGH"[n]: model for n, model in enumerate(random.sample(models, len(models)))}
    reviews = tuple(
        Review(
            model, label, _drawn(labels, random), _ranking(labels, random), True, text, 2.0, None, n
        )
        for n, (label, model) in enumerate(labels.items())
    )
    result = Deliberation(
        id=id,
        question=question.text,
        mode="council",
        seed=seed,
        degraded=False,
        members=tuple(
            MemberResult(label, model, "answered", None, n)
            for n, (label, model) in enumerate(labels.items())
        ),
        answers=tuple(
            Answer(label, model, text, 3.0, 100, 200, 0.002, 0, n, "stop")
            for n, (label, model) in enumerate(labels.items())
        ),
        reviews=reviews,
        standings=tuple(
            Standing(label, model, random.random(), 1, len(reviews))
            for label, model in labels.items()
        ),
        agreement=Agreement(0.5, 0.5, stopped_early=False),
        verdict=Verdict(text, "lab/chair", None, None, None, len(models)),
        timings=Timings(1.0, 3.0, 6.0, 7.0, 9.0),
        calls=2 * len(models) + 1,
        prompt_tokens=900,
        completion_tokens=1_800,
        cost_usd=0.02,
        cost_known=True,
        chairman="lab/chair",
    )
    return Case(
        question=question,
        council=Council(tuple(models), "lab/chair"),
        platform=platform,
        workspace="server",
        channel=channel,
        thread=thread or id,
        asker=asker,
        mention=f"{platform}:{id}",
        status="finished",
        result=result,
    )


def label_of(case: Case, model: str) -> str:
    assert case.result is not None
    return next(answer.label for answer in case.result.answers if answer.model == model)


def reaction(
    case: Case, target: str, value: ReactionValue = "accept", person: str = "ann"
) -> Reaction:
    return Reaction(case.id, target, person, value, case.question.asked_at, blind=True)


async def rate(
    store: Store, case: Case, *, best: str, verdict: bool = True, person: str | None = None
) -> None:
    """The asker, or another person, rates everything: the best model, the rest as not acceptable, the
    verdict."""
    assert case.result is not None
    person = person or case.asker
    assert person
    for answer in case.result.answers:
        value: ReactionValue = "best" if answer.model == best else "reject"
        await store.react(reaction(case, answer.label, value, person))
    await store.react(reaction(case, "verdict", "accept" if verdict else "reject", person))


def _drawn(labels: dict[str, str], random: Random) -> tuple[str, ...]:
    return tuple(random.sample(list(labels), len(labels)))


def _ranking(labels: dict[str, str], random: Random) -> tuple[tuple[str, ...], ...]:
    return tuple((label,) for label in _drawn(labels, random))
