"""What the people of the channel thought of the council's answers before anybody looks."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

from bot.analysis.reflection import HeldOut, compared
from bot.council import AUDITION_RATINGS, Answer, Cost, Council, Deliberation, Question
from bot.pages.reflection import Outcome, Reflected
from bot.records import Case, PlatformName, Reaction, ReactionValue, ReflectionBegun
from bot.store.encoding import encode
from bot.store.store import Store
from tests.fakes.channel import NOW, finished_case, rate, reaction
from tests.fakes.teaching import teach
from tests.pictures.script import MEMBERS, ON_AUDITION

QUESTIONS = 60
# Nobody looks for mentions that were missed then.
LONG_AGO = timedelta(days=60)
PEOPLE = ("mina", "omar", "lena", "jun")
# How often an answer is good enough for people, and how much reviewers think of it.
_ACCEPTED = dict(zip((*MEMBERS, ON_AUDITION), (0.85, 0.55, 0.7, 0.35, 0.65), strict=True))
_REVIEWED = dict(zip(MEMBERS, (0.6, 0.4, 0.8, 0.1), strict=True))
_VERDICT_ACCEPTED = 0.9


async def remember(database: Path, platform: PlatformName, channel: str) -> None:
    """Before the bot comes to it."""
    random = Random("the channel's past")
    store = await Store.open(str(database), holder="the past")
    try:
        for number in range(QUESTIONS):
            asker = random.choice(PEOPLE)
            case = finished_case(
                number, models=MEMBERS, platform=platform, channel=channel, asker=asker
            )
            assert case.result
            long_ago = replace(case.question, asked_at=case.question.asked_at - LONG_AGO)
            case = replace(case, question=long_ago, result=_reviewed(case.result, random))
            await store.create(case)
            await store.delivered(case.id)
            for vote in _votes(case, random):
                await store.react(vote)
    finally:
        await store.close()


async def remember_teaching(database: Path, platform: PlatformName, channel: str) -> None:
    """Votes of twelve people, which mostly agree with one reviewer."""
    store = await Store.open(str(database), holder="the past")
    past = partial(teach, store, models=MEMBERS, people=12, platform=platform, channel=channel)
    try:
        await past(range(60), agree=MEMBERS[2])
        await past(range(60, 90), agree=MEMBERS[2], also=[MEMBERS[0]])
        await past(range(90, 120), agree=MEMBERS[0], also=[MEMBERS[1]])
    finally:
        await store.close()


async def remember_little(database: Path, platform: PlatformName, channel: str) -> None:
    """Numbers, but too few pairs of answers for weights."""
    store = await Store.open(str(database), holder="the past")
    try:
        await teach(
            store,
            range(4),
            agree=MEMBERS[2],
            models=MEMBERS,
            people=4,
            platform=platform,
            channel=channel,
        )
        for number in range(4, 10):
            case = finished_case(number, models=MEMBERS, platform=platform, channel=channel)
            await store.create(case)
            await store.delivered(case.id)
    finally:
        await store.close()


async def remember_askers(database: Path, platform: PlatformName, channel: str) -> None:
    """Questions of enough people that criteria can be tried on."""
    store = await Store.open(str(database), holder="the past")
    try:
        for number in range(60):
            asker = f"person {number % 12}"
            case = finished_case(
                number, models=MEMBERS, platform=platform, channel=channel, asker=asker
            )
            asked_at = case.question.asked_at - LONG_AGO
            case = replace(case, question=replace(case.question, asked_at=asked_at))
            await store.create(case)
            await store.delivered(case.id)
            await rate(store, case, best=MEMBERS[number % 2])
    finally:
        await store.close()


async def remember_reflection(database: Path, platform: PlatformName, channel: str) -> None:
    """One that has ended, beside that past."""
    await remember(database, platform, channel)
    store = await Store.open(str(database), holder="the past")
    at = NOW - LONG_AGO
    council = Council(MEMBERS, MEMBERS[0])
    begun = ReflectionBegun(
        *(Question("reflection", "", 1, at), council, platform, "", channel, PEOPLE[0]),
        split="",
        learned=(),
        tested=(),
    )
    rows = [
        HeldOut(f"q{n}", f"person {n % 8}", (0.5, 0.75), (0.75, 0.5 + n % 2 / 2)) for n in range(60)
    ]
    found = Reflected(
        before="correctness first, then brevity",
        criteria="whether one can act on it at once, with a command or an example where there is one; then "
        "whether it says where it is unsure. Length counts against an answer that says no more.",
        reasons="Where answers were equally right, people chose the one with a next step, and passed over "
        "those that listed every alternative.",
        learned=12,
        compared=compared(rows, tries=2),
        cost=Cost(1.24, 0.0, 0.0),
    )
    try:
        await store.begin_reflection(begun, shares={}, limits={})
        journal = await store.begin("reflection")
        text = encode(Outcome, Outcome(found, None, found.cost))
        await journal.finish_reflection(text, at, tries=1)
    finally:
        await store.close()


async def remember_audition(database: Path, platform: PlatformName, channel: str) -> None:
    """Of a model that was rated often enough by now."""
    random = Random("an audition")
    store = await Store.open(str(database), holder="the past")
    try:
        for number in range(AUDITION_RATINGS):
            asker = random.choice(PEOPLE)
            models = (*MEMBERS, ON_AUDITION)
            case = finished_case(
                number, models=models, platform=platform, channel=channel, asker=asker
            )
            assert case.result
            members = (
                replace(member, audition=member.model == ON_AUDITION)
                for member in case.result.members
            )
            case = replace(
                case,
                question=replace(case.question, asked_at=case.question.asked_at - LONG_AGO),
                result=replace(case.result, members=tuple(members)),
            )
            await store.create(case)
            await store.delivered(case.id)
            for vote in _votes(case, random):
                await store.react(vote)
    finally:
        await store.close()


def _reviewed(result: Deliberation, random: Random) -> Deliberation:
    """With rankings by people's taste no more than reviewers share it."""

    def worth(answer: Answer) -> float:
        return _REVIEWED[answer.model] + random.gauss(0, 0.5)

    reviews = (
        replace(
            review,
            ranking=tuple((a.label,) for a in sorted(result.answers, key=worth, reverse=True)),
        )
        for review in result.reviews
    )
    return replace(result, reviews=tuple(reviews))


def _votes(case: Case, random: Random) -> Iterator[Reaction]:
    """The asker's: what is good enough, and often the best of it."""
    assert case.result
    assert case.asker
    good = [a for a in case.result.answers if random.random() < _ACCEPTED[a.model]]
    best = max(good, key=lambda a: _ACCEPTED[a.model] + random.gauss(0, 0.3), default=None)
    for answer in case.result.answers:
        value: ReactionValue = "accept" if answer in good else "reject"
        yield reaction(case, answer.label, "best" if answer is best else value, case.asker)
    accepted = random.random() < _VERDICT_ACCEPTED
    yield reaction(case, "verdict", "accept" if accepted else "reject", case.asker)
