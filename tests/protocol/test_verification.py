"""The verdict among the answers in a second review, and what comes of it."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.allowance import Key
from bot.bills import Usage
from bot.council import Council, Deliberation, Question, Stage, Verification
from bot.errors import ModelFailed
from bot.llm import Request
from bot.pages.sentences import verified
from bot.protocol import ranking
from bot.protocol.calls import Caller
from bot.protocol.modes import MODES, deliberate
from bot.protocol.patience import Patience
from bot.protocol.pricing import Pricing
from bot.records import Case
from bot.store.store import Store
from tests.fakes.prices import FreeOfCharge
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat
from tests.fakes.watched import eventually

pytestmark = pytest.mark.usefixtures("own_time")

ASKED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
COUNCIL = Council(("lab/a", "lab/b", "lab/c", "lab/d"), "lab/chair", verify=True)
IMPATIENT = Patience().scaled(0.05)
VERDICT = "**Yes, move.** Answer B and C are right: it writes fast (A, C). As Claude, I would wait."
SHOWN = "Yes, move. other answers are right: it writes fast. As [a member], I would wait."

# Whoever reviews puts the verdict at this place among the answers.
Places = Callable[[int], int | None]


def round_of(request: Request) -> tuple[str, int, int]:
    _, stage, round, seat = request.tag.split("/")
    return stage, int(round), int(seat)


def shown_in(request: Request) -> dict[str, str]:
    """The texts to be judged, by their letters, in the order in which they stand there."""
    text = request.messages[-1].content
    found = re.findall(
        r"^Answer ([A-Z])\n(=== \w+ ===)\n(.*?)\n\2$", text, re.MULTILINE | re.DOTALL
    )
    return {letter: said for letter, _, said in found}


def placing(places: Places) -> Callable[[Request], Scripted]:
    """In the second review, the answers in the order of the first, and the verdict at its place."""

    def reply(request: Request) -> Scripted:
        stage, round, seat = round_of(request)
        if stage == "verdict":
            return VERDICT
        if (stage, round) != ("review", 1):
            return sensible(request)
        letters = {text: letter for letter, text in shown_in(request).items()}
        order = [letters[text] for text in sorted(letters) if text != SHOWN]
        place = places(seat)
        if place is None:
            return ModelFailed("refused", "it will not do that.")
        order.insert(place, letters[SHOWN])
        return "FINAL RANKING: " + " > ".join(order)

    return reply


# The first review prefers what is under A; the second one knows texts alone.
FIRST_IS_SEAT = next(
    seed for seed in range(1_000) if ranking.labels(seed, 4) == ("A", "B", "C", "D")
)


async def run(
    store: Store,
    provider: FakeProvider,
    *,
    seed: int = FIRST_IS_SEAT,
    council: Council = COUNCIL,
    id: str = "q1",
    text: str = "Should we move to Postgres?",
    shares: Mapping[Key, int] | None = None,
    limits: Mapping[str, int] | None = None,
) -> Deliberation:
    question = Question(id, text, seed, ASKED_AT)
    case = Case(question, council, "terminal", channel="here")
    await store.create(case, shares=shares, limits=limits)
    journal = await store.begin(id, limits)

    async def nothing(model: str) -> tuple[float, ...]:
        return ()

    caller = Caller(provider, FreeOfCharge(), IMPATIENT, nothing)
    return await deliberate(question, council, caller, journal=journal)


def second(provider: FakeProvider) -> list[Request]:
    return [request for request in provider.requests if round_of(request)[:2] == ("review", 1)]


@pytest.mark.parametrize(
    ("places", "found", "sentence"),
    [
        ([0, 0, 0, 2], Verification("A", 3, 1, 4), "The verdict beat the best answer"),
        ([1, 1, 0, 4], Verification("A", 1, 3, 4), "The verdict did not beat the best answer"),
        ([0, 0, 1, 1], Verification("A", 2, 2, 4), "Verdict and best answer are level"),
        ([0, None, None, 0], Verification("A", 2, 0, 2), "2 of 2 put it before A"),
        ([None] * 4, Verification("A", 0, 0, 0), "it is not verified"),
    ],
    ids=["better", "worse", "level", "some fail", "all fail"],
)
async def test_the_second_review_says_whether_the_verdict_beat_the_best_answer(
    store: Store, places: list[int | None], found: Verification, sentence: str
) -> None:
    result = await run(store, FakeProvider(otherwise=placing(places.__getitem__)))

    assert result.verdict.verification == found
    assert sentence in verified(result, str)
    stored = await store.case("q1")
    assert stored
    assert stored.result == result


async def test_nothing_shows_which_of_the_texts_is_the_verdict(store: Store) -> None:
    provider = FakeProvider(otherwise=placing(lambda seat: 0))

    await run(store, provider)

    for request in second(provider):
        assert SHOWN in shown_in(request).values()
        shown = "".join(message.content for message in request.messages)
        assert "verdict" not in shown.lower()
        assert "lab/" not in shown
    orders = [tuple(shown_in(request)) for request in second(provider)]
    for place in range(5):  # no text stands twice in the same place
        assert len({order[place] for order in orders}) == 4


async def test_the_letter_of_the_verdict_is_drawn(store: Store) -> None:
    letters: Counter[str] = Counter()
    for seed in range(150):
        provider = FakeProvider(otherwise=placing(lambda seat: 0))
        await run(store, provider, seed=seed, id=f"q{seed}")
        [request, *_] = second(provider)
        letters[next(letter for letter, text in shown_in(request).items() if text == SHOWN)] += 1

    chi_square = sum((letters[letter] - 30) ** 2 / 30 for letter in "ABCDE")
    assert chi_square < 18.47  # 4 degrees of freedom, p = .001


async def test_its_ballots_count_nowhere_else(store: Store) -> None:
    first = await run(store, FakeProvider(otherwise=placing(lambda seat: 4)), id="q1")
    other = await run(
        store,
        FakeProvider(otherwise=placing(lambda seat: 4)),
        id="q2",
        council=replace(COUNCIL, verify=False),
    )

    assert first.standings == other.standings
    assert [review.ranking for review in first.reviews] == [r.ranking for r in other.reviews]
    assert first.agreement == other.agreement
    assert first.calls == other.calls + 4
    assert first.timings.reviews is not None
    assert first.timings.verdict is not None
    assert first.timings.reviews <= first.timings.verdict


async def test_letters_that_may_be_choices_stay(store: Store) -> None:
    def replies(request: Request) -> Scripted:
        return VERDICT if stage_and_seat(request)[0] == "verdict" else sensible(request)

    provider = FakeProvider(otherwise=replies)

    await run(store, provider, text="Which? (A) Postgres (B) SQLite (C) MySQL")

    [request, *_] = second(provider)
    shown = [text for text in shown_in(request).values() if text.startswith("Yes, move.")]
    assert "it writes fast (A, C)." in shown[0]


async def test_an_answer_in_the_place_of_a_verdict_is_not_reviewed_again(store: Store) -> None:
    def replies(request: Request) -> Scripted:
        failed = ModelFailed("refused", "it will not do that.")
        return failed if stage_and_seat(request)[0] == "verdict" else sensible(request)

    provider = FakeProvider(otherwise=replies)

    result = await run(store, provider)

    assert result.verdict.verification is None
    assert second(provider) == []
    assert verified(result, str) == ""


async def test_a_kill_in_the_second_review_asks_only_for_what_has_no_final_row(
    store: Store,
) -> None:
    reply = placing(lambda seat: 0)
    others = asyncio.Event()

    def dies(request: Request) -> Scripted:
        if round_of(request) == ("review", 1, 3):
            return others
        return reply(request)

    provider = FakeProvider(otherwise=dies)
    dying = asyncio.create_task(run(store, provider))

    async def three_are_in() -> bool:
        return sum(call.round == 1 for call in await store.calls("q1")) == 3

    await eventually(three_are_in)
    dying.cancel()
    await asyncio.wait({dying})

    again = FakeProvider(otherwise=reply)
    result = await run(store, again)

    assert [round_of(request) for request in again.requests] == [("review", 1, 3)]
    assert result.verdict.verification == Verification("A", 4, 0, 4)


async def test_its_money_is_set_aside_and_kept_beyond_the_verdict(store: Store) -> None:
    async def unknown(stage: Stage | None, model: str, place: str | None) -> Sequence[Usage]:
        return ()

    question = Question("q1", "Should we?", 1, ASKED_AT)
    shares = await Pricing(FreeOfCharge(), unknown).shares(question, COUNCIL, None)
    again = [key for key in shares if key[:2] == ("review", 1)]

    assert again == [("review", 1, seat) for seat in range(4)]
    for mode in set(MODES) - {"compare"}:
        plan = await Pricing(FreeOfCharge(), unknown).shares(
            question, replace(COUNCIL, mode=mode), None
        )
        assert ("review", 0, 0) not in plan or set(again) <= plan.keys()
