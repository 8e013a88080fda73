"""A deep deliberation: its rounds, its patience, its money step by step, and where it ends early."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from bot.allowance import MARGIN, SUCCESSOR, needed_of
from bot.bills import Price, Usage
from bot.council import Council, Deliberation, Question, Stage
from bot.errors import ModelFailed
from bot.llm import Completion, Request
from bot.protocol import ranking
from bot.protocol.calls import Caller
from bot.protocol.events import (
    AnswerGiven,
    Enough,
    Event,
    ReviewGiven,
    RevisionGiven,
    RevisionsAsked,
    Spent,
    VerdictAsked,
)
from bot.protocol.modes import deliberate
from bot.protocol.patience import Patience
from bot.protocol.pricing import Pricing, planned
from bot.records import Case
from bot.store.journal import Journal
from bot.store.spending import ALL, ENOUGH
from bot.store.store import Store
from tests.fakes.prices import FreeOfCharge
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat

pytestmark = pytest.mark.usefixtures("own_time")

ASKED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FOUR = Council(("lab/a", "lab/b", "lab/c", "lab/d"), "lab/chair", mode="deep")
# Labels in the order of the seats, and every reviewer is heard.
SEED = next(
    seed
    for seed in range(10_000)
    if ranking.labels(seed, 4) == ("A", "B", "C", "D") and ranking.never_stops_early(seed)
)
QUESTION = Question("q1", "How many are left?", SEED, ASKED_AT)
UNHURRIED = replace(Patience().scaled(0.002), hedge_unknown=60)


async def no_history(model: str) -> tuple[float, ...]:
    return ()


def restless(request: Request) -> Scripted:
    """Members that change their words in every round."""
    stage, round, seat = request.tag.split("/")[1:]
    return f"Text {round} of seat {seat}.\nKEPT" if stage == "revision" else sensible(request)


@dataclass
class Run:
    provider: FakeProvider
    events: list[Event] = field(default_factory=list)
    result: Deliberation | None = None

    def asked(self) -> list[str]:
        return [request.tag.partition("/")[2] for request in self.provider.requests]

    @property
    def deliberation(self) -> Deliberation:
        assert self.result
        return self.result


async def begin(store: Store, limits: Mapping[str, int] | None = None) -> Journal:
    await store.create(Case(question=QUESTION, council=FOUR, platform="cli"))
    return await store.begin(QUESTION.id, limits)


async def run(
    store: Store,
    provider: FakeProvider,
    *,
    patience: Patience = UNHURRIED,
    until: Callable[[Event, Journal], None] = lambda event, journal: None,
) -> Run:
    journal = await begin(store)
    caller = Caller(provider, FreeOfCharge(), patience, no_history)
    going = Run(provider)

    def emit(event: Event) -> None:
        going.events.append(event)
        until(event, journal)

    going.result = await deliberate(QUESTION, FOUR, caller, journal=journal, emit=emit)
    return going


async def test_members_reason_hard_and_read_each_other_twice(store: Store) -> None:
    done = await run(store, FakeProvider(otherwise=restless))

    assert {request.effort for request in done.provider.requests} == {"high"}
    assert [e.round for e in done.events if isinstance(e, RevisionsAsked)] == [1, 2]
    assert done.deliberation.answers[0].text == "Text 2 of seat 0."
    assert len(done.deliberation.rounds) == 3
    assert len(done.deliberation.reviews) == 4
    assert done.deliberation.verdict.written_by == "lab/chair"
    assert done.deliberation.ended_early is None


async def test_the_verdict_is_verified_by_a_second_review(store: Store) -> None:
    done = await run(store, FakeProvider(otherwise=restless))

    verification = done.deliberation.verdict.verification
    assert verification
    assert verification.ballots == 4
    assert [tag for tag in done.asked() if tag.startswith("review/1")]


async def test_a_round_that_changed_no_word_is_the_last(store: Store) -> None:
    done = await run(store, FakeProvider())

    assert [e.round for e in done.events if isinstance(e, RevisionsAsked)] == [1]


async def test_members_are_waited_for_six_times_as_long(store: Store) -> None:
    """The stage ends after .1 s elsewhere; this answer takes .3 s, and a debate is without it."""
    patience = replace(UNHURRIED, answers=0.1)
    late = asyncio.Event()
    asyncio.get_running_loop().call_later(0.3, late.set)

    done = await run(store, FakeProvider({("answer", 0): [late]}), patience=patience)

    assert len(done.deliberation.answers) == 4


def test_answers_rounds_and_reviews_take_an_hour_at_most() -> None:
    scaled = Patience().scaled(6)
    assert 3 * scaled.answers + scaled.reviews <= 3_600


# --- enough


def press_at(kind: type[Event], count: int = 1) -> Callable[[Event, Journal], None]:
    """Have enough at the n-th event of a kind."""
    seen: list[Event] = []
    tasks: list[asyncio.Task[None]] = []

    def until(event: Event, journal: Journal) -> None:
        if isinstance(event, kind):
            seen.append(event)
            if len(seen) == count:
                value = json.dumps({"why": "person", "at": ""})
                tasks.append(asyncio.create_task(journal.decide(ENOUGH, value)))

    return until


async def test_enough_ends_the_answers_with_those_that_are_in(store: Store) -> None:
    held = FakeProvider({("answer", 3): [asyncio.Event()]})

    done = await run(store, held, until=press_at(AnswerGiven, 3))

    assert [answer.label for answer in done.deliberation.answers] == ["A", "B", "C"]
    assert {tag.split("/")[0] for tag in done.asked()} == {"answer", "verdict"}
    assert done.deliberation.verdict.written_by == "lab/chair"
    assert done.deliberation.reviews == ()
    assert done.deliberation.ended_early == "enough"
    assert done.deliberation.verdict.verification is None
    assert Enough() in done.events
    missing = done.deliberation.members[3]
    assert missing.error == "not_waited_for: somebody had enough before it was complete."


async def test_enough_in_a_round_leaves_the_others_their_answers(store: Store) -> None:
    def reply(request: Request) -> Scripted:
        return asyncio.Event() if request.tag.endswith("/revision/1/2") else restless(request)

    done = await run(store, FakeProvider(otherwise=reply), until=press_at(RevisionsAsked))

    texts = [answer.text for answer in done.deliberation.answers]
    assert texts[2] == "The answer from seat 2."
    assert not [tag for tag in done.asked() if tag.startswith(("review", "revision/2"))]
    assert done.deliberation.ended_early == "enough"


async def test_enough_among_the_reviews_leaves_those_that_are_in(store: Store) -> None:
    def reply(request: Request) -> Scripted:
        is_slow = stage_and_seat(request) in {("review", 1), ("review", 2)}
        return asyncio.Event() if is_slow else sensible(request)

    done = await run(store, FakeProvider(otherwise=reply), until=press_at(ReviewGiven, 2))

    counted = [review.label for review in done.deliberation.reviews if review.counted]
    assert counted == ["A", "D"]
    unheard = [review.error for review in done.deliberation.reviews if not review.counted]
    assert all(error and error.startswith("not_waited_for: ") for error in unheard)
    assert done.deliberation.verdict.ballots == 2
    assert done.deliberation.ended_early == "enough"


async def test_enough_does_not_touch_the_verdict(store: Store) -> None:
    done = await run(store, FakeProvider(), until=press_at(VerdictAsked))

    assert done.deliberation.verdict.written_by == "lab/chair"


async def test_a_chairman_that_fails_is_replaced_there_too(store: Store) -> None:
    failed = ModelFailed("refused", "it will not do that.")
    held = FakeProvider({("answer", 3): [asyncio.Event()], ("verdict", 4): [failed]})

    done = await run(store, held, until=press_at(AnswerGiven, 3))

    assert done.deliberation.verdict.fallback == "next_member"


async def test_a_run_that_was_ended_early_stays_so_after_a_kill(store: Store) -> None:
    """Killed while the verdict is written; the next run asks for nothing but that."""
    held = FakeProvider({("answer", 3): [asyncio.Event()], ("verdict", 4): [asyncio.Event()]})
    press, asked = press_at(AnswerGiven, 3), asyncio.Event()

    def until(event: Event, journal: Journal) -> None:
        press(event, journal)
        if isinstance(event, VerdictAsked):
            asked.set()

    dying = asyncio.create_task(run(store, held, until=until))
    await asked.wait()
    dying.cancel()
    await asyncio.wait({dying})

    again = await run(store, FakeProvider())

    assert again.asked() == ["verdict/0/4"]
    assert again.deliberation.ended_early == "enough"
    assert [answer.label for answer in again.deliberation.answers] == ["A", "B", "C"]


async def test_what_a_round_brought_before_it_was_ended_stays_after_a_kill(store: Store) -> None:
    """Three have revised, the fourth is given up; killed while the verdict is written."""

    def reply(request: Request) -> Scripted:
        is_held = request.tag.endswith(("/revision/1/2", "/verdict/0/4"))
        return asyncio.Event() if is_held else restless(request)

    press, asked = press_at(RevisionGiven, 3), asyncio.Event()

    def until(event: Event, journal: Journal) -> None:
        press(event, journal)
        if isinstance(event, VerdictAsked):
            asked.set()

    dying = asyncio.create_task(run(store, FakeProvider(otherwise=reply), until=until))
    await asked.wait()
    dying.cancel()
    await asyncio.wait({dying})

    again = await run(store, FakeProvider(otherwise=restless))

    assert again.asked() == ["verdict/0/4"]
    assert [answer.text for answer in again.deliberation.answers] == [
        "Text 1 of seat 0.",
        "Text 1 of seat 1.",
        "The answer from seat 2.",
        "Text 1 of seat 3.",
    ]
    assert again.deliberation.ended_early == "enough"


async def test_a_kill_while_the_verdict_is_verified_asks_for_that_alone(store: Store) -> None:
    asked = asyncio.Event()

    def reply(request: Request) -> Scripted:
        if request.tag.endswith("/review/1/2"):
            asked.set()
            return asyncio.Event()
        return restless(request)

    dying = asyncio.create_task(run(store, FakeProvider(otherwise=reply)))
    await asked.wait()
    dying.cancel()
    await asyncio.wait({dying})

    again = await run(store, FakeProvider(otherwise=restless))

    assert "review/1/2" in again.asked()
    assert all(tag.startswith("review/1") for tag in again.asked())
    verification = again.deliberation.verdict.verification
    assert verification
    assert verification.ballots == 4
    assert again.deliberation.ended_early is None


# --- money


class Priced:
    def price(self, model: str) -> Price:
        return Price(0.01, 0.1)

    def max_price(self, model: str) -> tuple[float, float] | None:
        return None


async def nothing_used(stage: Stage | None, model: str, place: str | None) -> Sequence[Usage]:
    return ()


PRICING = Pricing(Priced(), nothing_used)


async def step(stage: Stage, round: int) -> int:
    return needed_of(await PRICING.step(QUESTION, FOUR, None, stage, round))


async def bought(store: Store, limit: int, reply: Callable[[Request], Scripted] = restless) -> Run:
    """A question that is taken in where a day's budget has no more than this."""
    shares = await PRICING.shares(QUESTION, FOUR, None)
    limits = {ALL: limit}
    case = Case(question=QUESTION, council=FOUR, platform="cli")
    await store.create(case, shares=shares, limits=limits)
    journal = await store.begin(QUESTION.id, limits)
    provider = FakeProvider(otherwise=reply)
    caller = Caller(provider, Priced(), UNHURRIED, no_history, priced=PRICING.step)
    going = Run(provider)
    going.result = await deliberate(
        QUESTION, FOUR, caller, journal=journal, emit=going.events.append
    )
    return going


async def test_at_first_it_needs_no_more_than_answers_and_a_verdict() -> None:
    shares = await PRICING.shares(QUESTION, FOUR, None)

    assert {key[0] for key in shares if key != MARGIN} == {"answer", "verdict"}
    assert {(call.stage, call.round) for call in planned(FOUR)} == {
        ("answer", 0),
        ("revision", 1),
        ("revision", 2),
        ("review", 0),
        ("review", 1),
        ("verdict", 0),
    }


async def test_what_ordinary_questions_used_says_nothing_of_one_that_is_thought_over() -> None:
    async def cheap(stage: Stage | None, model: str, place: str | None) -> Sequence[Usage]:
        return [Usage(1_000, 264, 10, None)] * 50

    known = await Pricing(Priced(), cheap).step(QUESTION, FOUR, None, "review", 0)

    assert known == await PRICING.step(QUESTION, FOUR, None, "review", 0)


async def test_where_no_budget_has_room_for_a_step_the_verdict_is_of_what_there_is(
    store: Store,
) -> None:
    needed = needed_of(await PRICING.shares(QUESTION, FOUR, None))

    done = await bought(store, needed)

    assert {tag.split("/")[0] for tag in done.asked()} == {"answer", "verdict"}
    assert done.deliberation.ended_early == "no_credit"
    assert len(done.deliberation.answers) == 4
    assert done.deliberation.verdict.written_by == "lab/chair"


async def test_a_step_takes_what_earlier_ones_left(store: Store) -> None:
    """Answers and rounds cost next to nothing, so that what was kept for them pays for the next step:
    whichever is dearest has to fit beside the verdict, and not all of them together."""
    steps = [await step(*each) for each in (("revision", 1), ("revision", 2), ("review", 0))]
    shares = await PRICING.shares(QUESTION, FOUR, None)
    verdict = await step("verdict", 0)
    assert needed_of(shares) < verdict + max(steps) < sum(steps)

    done = await bought(store, verdict + shares[SUCCESSOR] + max(steps) + 1_000)

    assert len(done.asked()) == len([*planned(FOUR)]) == 21
    assert done.deliberation.ended_early is None
    assert done.deliberation.verdict.verification


async def test_what_was_spent_is_told_between_stages_and_never_as_one_seats(store: Store) -> None:
    done = await bought(store, 10**9)
    told = [event for event in done.events if isinstance(event, Spent)]

    # The last one is without the verdict: it is the chairman's alone.
    assert [event.usd for event in told] == pytest.approx([28e-6, 56e-6, 84e-6, 112e-6])
    assert not isinstance(done.events[1], Spent)

    def only_one_costs(request: Request) -> Scripted:
        text = restless(request)
        assert isinstance(text, str)
        cost = 7 if stage_and_seat(request)[1] == 0 else 0
        return Completion(text, "stop", 100, 20, cost)

    other = await Store.open(":memory:", holder="others")
    alone = await bought(other, 10**9, only_one_costs)
    await other.close()
    assert not [event for event in alone.events if isinstance(event, Spent)]


async def test_a_round_in_which_one_member_was_paid_is_told_with_the_next(store: Store) -> None:
    """Of answers, of them still, of both rounds, and of reviews besides."""

    def one_revises(request: Request) -> Scripted:
        stage, round, seat = request.tag.split("/")[1:]
        if stage == "revision" and round == "1" and seat != "0":
            return ModelFailed("refused", "It will not.")
        return restless(request)

    done = await bought(store, 10**9, one_revises)

    told = [event.usd for event in done.events if isinstance(event, Spent)]
    assert told == pytest.approx([28e-6, 28e-6, 63e-6, 91e-6])
