"""The chairman begins before the last review is in: what it rests on, what is seen of it, and when."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.allowance import SUCCESSOR, Key
from bot.council import Council, Deliberation, Question, Stage
from bot.errors import ModelFailed, Superseded
from bot.llm import Completion, Request
from bot.program.watch import describe
from bot.protocol import ranking
from bot.protocol.calls import Caller
from bot.protocol.events import (
    ChairmanFailed,
    Event,
    Ranked,
    ReviewGiven,
    VerdictAsked,
    VerdictText,
)
from bot.protocol.modes import deliberate
from bot.protocol.patience import Patience
from bot.records import Case
from bot.store.spending import ALL
from bot.store.store import Store
from tests.fakes.prices import FreeOfCharge
from tests.fakes.provider import FakeProvider, Scripted, sensible

pytestmark = pytest.mark.usefixtures("own_time")

ASKED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FOUR = Council(("lab/a", "lab/b", "lab/c", "lab/d"), "lab/chair")
SIX = replace(FOUR, members=tuple(f"lab/{seat}" for seat in range(6)))
MAY_STOP = next(seed for seed in range(1_000) if not ranking.never_stops_early(seed))
ALL_HEARD = next(seed for seed in range(1_000) if ranking.never_stops_early(seed))


def key_of(request: Request) -> Key:
    _, stage, round, seat = request.tag.split("/")
    return cast(Stage, stage), int(round), int(seat)


class Models(FakeProvider):
    """Sensible models whose reviewers rank as told, by seat; `held` calls wait to be let go.

    A verdict says in which round it was written, and by which seat.
    """

    def __init__(
        self,
        rankings: Sequence[str],
        *,
        held: Sequence[Key] = (),
        fails: Mapping[Key, ModelFailed] | None = None,
    ) -> None:
        super().__init__(otherwise=self._reply)
        self._rankings = rankings
        self._fails = fails or {}
        self.go_on = {key: asyncio.Event() for key in held}
        self._began: dict[Key, asyncio.Event] = {}

    def begun(self, key: Key) -> asyncio.Event:
        return self._began.setdefault(key, asyncio.Event())

    def asked_for(self, stage: str) -> list[Key]:
        return [key for key in map(key_of, self.requests) if key[0] == stage]

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        key = key_of(request)
        self.begun(key).set()
        if key in self.go_on:
            if on_text:
                on_text("")
            await self.go_on[key].wait()
        return await super().complete(request, on_text)

    def _reply(self, request: Request) -> Scripted:
        stage, round, seat = key = key_of(request)
        if failure := self._fails.get(key):
            return failure
        if stage == "review":
            return f"Critique {seat}.\nFINAL RANKING: {self._rankings[seat]}"
        return f"Round {round}, seat {seat}." if stage == "verdict" else sensible(request)


AGREED = ["B > A > C > D", "B > C > A > D", "B > A > C > D", "B > D > C > A"]
# Two put B first; in the end it is A's.
OVERTURNED = ["B > A > C > D", "B > A > D > C", "A > C > D > B", "A > C > D > B"]


LATE: list[Key] = [("review", 0, 2), ("review", 0, 3)]


@dataclass
class Run:
    task: asyncio.Task[Deliberation]
    events: list[Event] = field(default_factory=list)

    def told(self, *kinds: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kinds)]


async def begin(
    store: Store,
    models: FakeProvider,
    *,
    council: Council = FOUR,
    seed: int = MAY_STOP,
    watch: Callable[[Event], None] = lambda event: None,
    between_stages: Callable[[], None] = lambda: None,
    shares: Mapping[Key, int] | None = None,
    budget: int | None = None,
) -> Run:
    question = Question("q1", "Is a monolith right?", seed, ASKED_AT)
    case = Case(question=question, council=council, platform="cli")
    limits = {} if budget is None else {ALL: budget}
    await store.create(case, shares=shares, limits=limits)
    journal = await store.begin("q1", limits)

    async def no_history(model: str) -> tuple[float, ...]:
        return ()

    async def between() -> None:
        between_stages()
        await asyncio.sleep(0)  # where a cancellation arrives

    events: list[Event] = []

    def emit(event: Event) -> None:
        events.append(event)
        watch(event)

    caller = Caller(models, FreeOfCharge(), Patience(), no_history)
    work = deliberate(question, council, caller, journal=journal, emit=emit, between_stages=between)
    return Run(asyncio.create_task(work), events)


def chairs(council: Council = FOUR, round: int = 0) -> Key:
    return "verdict", round, council.chairman_seat


def critiques(prompt: str) -> set[int]:
    """The seats whose reviews are in the prompt."""
    return {int(seat) for seat in re.findall(r"Critique (\d)", prompt)}


async def committed(store: Store, stage: str, count: int = 1) -> None:
    """Wait until so many calls of the stage have their final row."""
    while len([c for c in await store.calls("q1") if c.stage == stage]) < count:  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0)


async def test_the_chairman_begins_when_two_of_four_agree(store: Store) -> None:
    models = Models(AGREED, held=LATE)
    run = await begin(store, models)
    await models.begun(chairs()).wait()

    [prompt] = [r.messages[-1].content for r in models.asked("verdict")]
    assert critiques(prompt) == {0, 1}
    assert "first on 2 of 2 ballots" in prompt
    assert "Not heard: the authors of " in prompt

    models.go_on["review", 0, 2].set()
    result = await run.task
    assert result.verdict.text == "Round 0, seat 4."
    assert (result.verdict.ballots, result.verdict.restart_usd) == (2, None)
    assert result.agreement.stopped_early
    assert {standing.ballots for standing in result.standings} == {3}
    assert models.asked_for("verdict") == [chairs()]


async def test_nothing_of_a_draft_is_told_before_the_first_place_is_final(store: Store) -> None:
    models = Models(AGREED, held=LATE)
    run = await begin(store, models)
    await committed(store, "verdict")
    assert run.told(VerdictAsked, VerdictText, Ranked) == []

    models.go_on["review", 0, 3].set()
    await run.task

    assert [type(event) for event in run.told(Ranked, VerdictAsked, VerdictText)] == [
        Ranked,
        VerdictAsked,
        VerdictText,
    ]
    [text] = run.told(VerdictText)
    assert isinstance(text, VerdictText)
    assert text.text == "Round 0, seat 4."


async def test_a_draft_under_way_is_told_as_it_comes_once_the_first_place_is_final(
    store: Store,
) -> None:
    final = asyncio.Event()
    models = Models(AGREED, held=[("review", 0, 3), chairs()])

    def watch(event: Event) -> None:
        if isinstance(event, VerdictAsked):
            final.set()

    run = await begin(store, models, watch=watch)
    await final.wait()
    assert run.told(VerdictText) == []

    models.go_on[chairs()].set()
    await run.task
    assert len(run.told(VerdictText)) == 1


async def test_ballots_that_put_another_answer_first_have_the_chairman_begin_again_with_all(
    store: Store,
) -> None:
    models = Models(OVERTURNED, held=LATE)
    run = await begin(store, models)
    await committed(store, "verdict")
    for late in LATE:
        models.go_on[late].set()

    result = await run.task

    assert models.asked_for("verdict") == [chairs(), chairs(round=1)]
    first, again = (r.messages[-1].content for r in models.asked("verdict"))
    assert critiques(again) == {0, 1, 2, 3}
    assert "first on 2 of 4 ballots" in again
    assert result.verdict.text == "Round 1, seat 4."
    assert result.standings[0].label == "A"
    # All the answers are in what both prompts begin with: it is billed at less the second time.
    [beginning, _], [same, _] = (each.split("\n\nCritique by", 1) for each in (first, again))
    assert beginning == same
    assert beginning.count("The answer from seat") == 4
    assert result.verdict.ballots == 4
    assert result.verdict.restart_usd == pytest.approx(7e-6)
    # All that was paid for is in the sums: four answers, four reviews, two verdicts.
    assert result.calls == 10
    assert result.cost_usd == pytest.approx(10 * 7e-6)
    shown = [event.text for event in run.told(VerdictText) if isinstance(event, VerdictText)]
    assert shown == ["Round 1, seat 4."]
    lines, _ = await store.journal_since(0)
    chairman = [line for line in map(describe, lines) if "lab/chair" in line]
    assert [line.endswith("asked once more, with every review") for line in chairman] == [
        *(False, False, False),
        *(True, False, False),
    ]


async def test_a_draft_that_is_overturned_at_work_is_cancelled(store: Store) -> None:
    models = Models(OVERTURNED, held=[*LATE, chairs()])
    run = await begin(store, models)
    await models.begun(chairs()).wait()
    for late in LATE:
        models.go_on[late].set()

    result = await run.task

    assert result.verdict.text == "Round 1, seat 4."
    verdicts = [call for call in await store.calls("q1") if call.stage == "verdict"]
    assert [(call.round, call.seat) for call in verdicts] == [(1, 4)]
    assert not [row for row in await store.attempts("q1") if row.finished_at is None]
    assert result.verdict.restart_usd is not None


async def test_the_verdict_is_seen_no_earlier_than_the_reviews_are_over(store: Store) -> None:
    models = Models(AGREED, held=LATE)
    run = await begin(store, models)
    await committed(store, "verdict")
    models.go_on["review", 0, 2].set()

    timings = (await run.task).timings

    assert timings.reviews is not None
    assert timings.verdict == timings.verdict_first_text == timings.reviews


async def test_a_seeded_tenth_waits_for_every_review(store: Store) -> None:
    models = Models(AGREED)
    run = await begin(store, models, seed=ALL_HEARD)

    result = await run.task

    [prompt] = [r.messages[-1].content for r in models.asked("verdict")]
    assert critiques(prompt) == {0, 1, 2, 3}
    assert result.verdict.ballots == 4
    assert (await store.decision("q1", "early_verdict")) is None


async def test_of_six_reviewers_three_have_to_agree(store: Store) -> None:
    late: list[Key] = [("review", 0, seat) for seat in (3, 4, 5)]
    models = Models(["B > A > C > D > E > F"] * 6, held=late)
    run = await begin(store, models, council=SIX)
    await models.begun(chairs(SIX)).wait()
    models.go_on[late[0]].set()

    result = await run.task

    [prompt] = [r.messages[-1].content for r in models.asked("verdict")]
    assert critiques(prompt) == {0, 1, 2}
    assert (result.verdict.ballots, result.agreement.heard) == (3, 4)


# --- a chairman that fails early, and what nobody wants any more


async def test_a_chairman_that_fails_early_is_followed_by_whoever_led_then(store: Store) -> None:
    refused = ModelFailed("refused", "it will not do that.")
    models = Models(OVERTURNED[:2] + AGREED[2:], held=LATE, fails={chairs(): refused})
    run = await begin(store, models)
    await committed(store, "verdict", 2)
    assert run.told(ChairmanFailed) == []
    models.go_on[LATE[0]].set()

    result = await run.task

    leader = ranking.labels(MAY_STOP, 4).index("B")
    assert result.verdict.text == f"Round 0, seat {leader}."
    assert (result.verdict.fallback, result.verdict.seat) == ("next_member", leader)
    assert str(result.verdict.chairman_error) == "refused: it will not do that."
    assert [type(event) for event in run.told(Ranked, VerdictAsked, ChairmanFailed)] == [
        Ranked,
        VerdictAsked,
        ChairmanFailed,
        VerdictAsked,
    ]


async def test_a_chairman_that_failed_early_is_asked_again_where_it_is_begun_again(
    store: Store,
) -> None:
    refused = ModelFailed("refused", "it will not do that.")
    models = Models(OVERTURNED, held=LATE, fails={chairs(): refused})
    run = await begin(store, models)
    await committed(store, "verdict", 2)
    for late in LATE:
        models.go_on[late].set()

    verdict = (await run.task).verdict

    assert (verdict.text, verdict.fallback) == ("Round 1, seat 4.", None)
    assert verdict.chairman_error is None


@pytest.mark.parametrize(("rankings", "top"), [(AGREED, "B"), (OVERTURNED, "A")])
async def test_where_nobody_can_write_the_answer_that_is_first_in_the_end_is_the_verdict(
    store: Store, rankings: Sequence[str], top: str
) -> None:
    nobody: dict[Key, ModelFailed] = {
        ("verdict", round, seat): ModelFailed("refused", "no.")
        for round in (0, 1)
        for seat in range(5)
    }
    models = Models(rankings, held=LATE, fails=nobody)
    run = await begin(store, models)
    await committed(store, "verdict", 5)
    for late in LATE:
        models.go_on[late].set()

    result = await run.task

    assert result.verdict.fallback == "top_answer"
    assert result.verdict.text == f"The answer from seat {ranking.labels(MAY_STOP, 4).index(top)}."


async def test_nothing_is_begun_early_for_whoever_wants_no_more(store: Store) -> None:
    models = Models(AGREED, held=LATE)
    asked = 0

    def between_stages() -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            run.task.cancel()

    run = await begin(store, models, between_stages=between_stages)
    await asyncio.wait({run.task})

    assert run.task.cancelled()
    assert models.asked_for("verdict") == []


# --- money

# Two of each stage are enough to add up; whoever writes in the chairman's place has less.
SHARES: dict[Key, int] = {
    ("answer", 0, 0): 30,
    ("review", 0, 0): 20,
    chairs(): 10,
    SUCCESSOR: 4,
}


@pytest.mark.parametrize(("budget", "begins_early"), [(64, False), (73, False), (74, True)])
async def test_the_chairman_begins_early_where_it_could_begin_again(
    store: Store, budget: int, begins_early: bool
) -> None:
    models = Models(AGREED)
    run = await begin(store, models, shares=SHARES, budget=budget)

    result = await run.task

    assert (await store.decision("q1", "early_verdict") is not None) == begins_early
    assert (result.verdict.ballots == 2) == begins_early


# --- killed at any moment


class Dying(Models):
    """After so many requests begun or answered nothing goes on any more. Whoever is late waits for
    the chairman to begin, and so the chairman begins early."""

    def __init__(self, rankings: Sequence[str], *, lives: int, held: Sequence[Key]) -> None:
        super().__init__(rankings, held=held)
        self.died = asyncio.Event()
        self._lives = lives

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        if key_of(request) in LATE:
            await self.begun(chairs()).wait()
        await self._moment()
        done = await super().complete(request, on_text)
        await self._moment()
        return done

    async def _moment(self) -> None:
        self._lives -= 1
        if self._lives < 0:
            self.died.set()
            await asyncio.Event().wait()


@pytest.mark.parametrize("held", [(), (chairs(),)], ids=["draft done", "draft at work"])
@pytest.mark.parametrize("rankings", [AGREED, OVERTURNED], ids=["agreed", "overturned"])
@pytest.mark.parametrize("lives", range(21))
async def test_killed_at_any_moment_a_run_pays_for_no_call_twice_and_for_none_in_vain(
    store: Store, lives: int, rankings: Sequence[str], held: Sequence[Key]
) -> None:
    first = Dying(rankings, lives=lives, held=held)

    def watch(event: Event) -> None:
        if isinstance(event, Ranked):
            for go_on in first.go_on.values():
                go_on.set()

    run = await begin(store, first, watch=watch)
    died = asyncio.create_task(first.died.wait())
    await asyncio.wait({run.task, died}, return_when=asyncio.FIRST_COMPLETED)
    paid = {(call.stage, call.round, call.seat) for call in await store.calls("q1")}
    over = len([key for key in paid if key[0] == "review"]) == 4

    second = Models(rankings)
    result = await (await begin(store, second)).task

    # With a third of these ballots, which put A first, nothing is overturned any more.
    begun_with = json.loads(await store.decision("q1", "early_verdict") or "{}").get("reviews", [])
    overturned = rankings is OVERTURNED and len(begun_with) == 2
    assert result.verdict.text == f"Round {int(overturned)}, seat 4."
    assert result.standings[0].label == ("A" if rankings is OVERTURNED else "B")
    assert not paid & set(map(key_of, second.requests))
    if over and overturned:
        assert chairs() not in map(key_of, second.requests)
    # What is left of the first run can write no more.
    run.task.cancel()
    died.cancel()
    await asyncio.wait({run.task, died})
    assert run.task.cancelled() or run.task.exception() is None or superseded(run)


def superseded(run: Run) -> bool:
    return isinstance(run.task.exception(), Superseded)


# --- any ballots, in any order


@given(
    rankings=st.lists(st.permutations("ABCDE").map(" > ".join), min_size=5, max_size=5),
    order=st.permutations(range(5)),
)
@settings(max_examples=60, deadline=None)
async def test_for_any_ballots_the_verdict_is_of_the_answer_that_is_first_in_the_end(
    rankings: list[str], order: list[int]
) -> None:
    five = replace(FOUR, members=tuple(f"lab/{seat}" for seat in range(5)))
    store = await Store.open(":memory:", holder="tests")
    models = Models(rankings, held=[("review", 0, seat) for seat in range(5)])
    waiting = [models.go_on["review", 0, seat] for seat in order]

    def watch(event: Event) -> None:
        # One after the other.
        if isinstance(event, ReviewGiven) and waiting:
            waiting.pop(0).set()

    run = await begin(store, models, council=five, watch=watch)
    waiting.pop(0).set()
    result = await run.task
    rounds = {round for _, round, _ in models.asked_for("verdict")}
    decision = await store.decision("q1", "early_verdict")
    await store.close()

    top = result.standings[0].label
    restarted = result.verdict.restart_usd is not None
    # Overturned at once, the first may not even have been sent.
    assert rounds - {0} == ({1} if restarted else set())
    assert result.verdict.text == f"Round {int(restarted)}, seat 5."
    read = result.reviews
    if decision:
        labels = json.loads(decision)["reviews"]
        read = tuple(review for review in result.reviews if review.label in labels)
        before = ranking.standings(
            {review.label: review.ranking for review in read},
            [(answer.label, answer.model) for answer in result.answers],
            MAY_STOP,
        )
        assert restarted == (before[0].label != top)
        read = result.reviews if restarted else read
    assert result.verdict.ballots == sum(review.counted for review in read)
