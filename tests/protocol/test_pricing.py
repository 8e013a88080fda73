"""What a question will take, by what such calls used before."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.allowance import MARGIN, SUCCESSOR, Key
from bot.bills import Price, Usage
from bot.council import Cost, Council, Question, Stage
from bot.protocol.modes import MODES
from bot.protocol.pricing import NOTHING, Pricing, planned, quantile

COUNCIL = Council(("lab/a", "lab/b"), "lab/c")
QUESTION = Question("one", "", 1, datetime(2026, 11, 24, tzinfo=UTC))
HERE, ELSEWHERE = "discord:here", "discord:elsewhere"


class Prices:
    def __init__(self, prices: Mapping[str, Price] | None = None) -> None:
        self.prices = prices or {}

    def price(self, model: str) -> Price:
        return self.prices.get(model, Price(1, 10))

    def max_price(self, model: str) -> tuple[float, float] | None:
        return None


def used(*completions: int) -> list[Usage]:
    """With prompts of 1,000 bytes, which took 264 tokens."""
    return [Usage(1_000, 264, tokens, None) for tokens in completions]


async def shares(known: dict[str | None, Sequence[Usage]], place: str | None = HERE) -> list[int]:
    async def usual(stage: Stage | None, model: str, place: str | None) -> Sequence[Usage]:
        return known.get(place, ())

    return list((await Pricing(Prices(), usual).shares(QUESTION, COUNCIL, place)).values())


def test_a_run_answers_reviews_and_ends_in_a_verdict() -> None:
    assert [call.key for call in planned(COUNCIL)] == [
        ("answer", 0, 0),
        ("answer", 0, 1),
        ("review", 0, 0),
        ("review", 0, 1),
        ("verdict", 0, 2),
    ]


def test_answers_alone_are_all_that_people_compare() -> None:
    compared = replace(COUNCIL, mode="compare")
    assert [call.key for call in planned(compared)] == [("answer", 0, 0), ("answer", 0, 1)]


def test_a_debate_plans_every_round_that_there_may_be() -> None:
    revisions = [call for call in planned(replace(COUNCIL, mode="debate")) if call.round]

    assert [call.key for call in revisions] == [
        ("revision", 1, 0),
        ("revision", 1, 1),
        ("revision", 2, 0),
        ("revision", 2, 1),
    ]
    assert {(call.tokens, call.material_tokens) for call in revisions} == {(6_000, 12_000)}
    assert len([*planned(replace(COUNCIL, mode="debate"))]) == 5 + 4


def test_one_member_alone_is_only_asked() -> None:
    assert [call.key for call in planned(Council(("lab/a",), "lab/a"))] == [("answer", 0, 0)]


async def test_with_too_few_samples_a_call_takes_the_most_that_it_may() -> None:
    """6,000 tokens of an answer and of the verdict, 4,000 of a review, at 10 a token; the prompts at
    1: 2,064 around what is asked, and what may stand in it."""
    assert await shares({HERE: used(*[100] * 19)}) == [
        *[60_000 + 2_064] * 2,
        *[40_000 + 2_064 + 12_000] * 2,
        *[60_000 + 2_064 + 12_000 + 8_000] * 2,
        0,
    ]


async def test_with_enough_samples_it_takes_what_all_but_a_few_of_them_did() -> None:
    """A prompt counts 221 tokens, a tenth more than it took and rounded up, and 64 around them."""
    known = used(*range(100, 120))
    assert set(await shares({HERE: known, None: known})) == {285 + 118 * 10, 2 * (285 + 118 * 10)}


async def test_what_calls_did_elsewhere_counts_where_too_few_were_made_here() -> None:
    known = used(*[300] * 20)
    assert set(await shares({HERE: used(1, 1, 1), None: known})) == {
        285 + 300 * 10,
        2 * (285 + 300 * 10),
    }


async def test_who_writes_in_the_chairmans_place_may_cost_as_the_dearest_member_would() -> None:
    """As many tokens as the chairman, at 3 and 30; what the chairman was billed is no bill of its."""
    prices = Prices({"lab/b": Price(3, 30)})

    async def usual(stage: Stage | None, model: str, place: str | None) -> Sequence[Usage]:
        return [Usage(1_000, 264, 300, 99_999)] * 20 if model == "lab/c" else used(*[300] * 20)

    found = await Pricing(prices, usual).shares(QUESTION, COUNCIL, HERE)

    assert found["verdict", 0, 2] == 99_999
    assert found[SUCCESSOR] == 3 * (285 + 300 * 10)


async def test_a_stage_has_a_margin_by_its_calls_of_which_enough_is_known() -> None:
    async def usual(stage: Stage | None, model: str, place: str | None) -> Sequence[Usage]:
        return used(*[300] * (19 if stage == "answer" else 20))

    found = await Pricing(Prices(), usual).shares(QUESTION, COUNCIL, HERE)

    assert found["answer", 0, 0] > found["review", 0, 0] == 285 + 300 * 10
    assert found[MARGIN] == 2 * (285 + 300 * 10)


SEARCHING = replace(COUNCIL, web=True)


def test_members_search_for_their_answers_alone() -> None:
    for mode in MODES:
        calls = [*planned(replace(SEARCHING, mode=mode))]
        assert {call.stage for call in calls if call.searches} == {"answer"}
        assert all(call.searches == 1 for call in calls if call.stage == "answer")
        assert not any(call.searches for call in planned(replace(COUNCIL, mode=mode)))


async def test_an_answer_that_may_search_takes_the_most_whatever_others_took() -> None:
    """The prompt and 6,000 tokens of text twice, 11,000 tokens of what is found, and the search."""
    prices = Prices({"lab/a": Price(1, 10, search=7_000)})

    async def usual(stage: Stage | None, model: str, place: str | None) -> Sequence[Usage]:
        return used(*[300] * 20)

    found = await Pricing(prices, usual).shares(QUESTION, SEARCHING, HERE)
    assert found["answer", 0, 0] == 2 * (60_000 + 2_064) + 11_000 + 7_000
    assert found["answer", 0, 1] == found["review", 0, 0] == 285 + 300 * 10  # has no search


async def test_a_search_is_estimated_with_what_is_likely_to_be_read_again() -> None:
    """The prompt of 1,500 tokens once more, 2,500 of what is found, and the search."""
    prices = Prices({"lab/a": Price(1, 10, search=7_000)})
    cost = await Pricing(prices, nothing_known).estimate(QUESTION, SEARCHING, HERE)
    assert cost == Cost(0.0, (5 * 7_500 + 1_500 + 2_500 + 7_000) / 1e6, 0.0)


def test_the_quantile_leaves_one_in_twenty_above_it() -> None:
    assert quantile(list(range(1, 101))) == 95
    assert quantile(list(range(1, 21))) == 19


async def estimate(
    known: dict[str | None, Sequence[Usage]], text: str = "", **prices: Price
) -> Cost:
    async def usual(stage: Stage | None, model: str, place: str | None) -> Sequence[Usage]:
        return known.get(place, ())

    pricing = Pricing(Prices({f"lab/{name}": price for name, price in prices.items()}), usual)
    return await pricing.estimate(replace(QUESTION, text=text), COUNCIL, HERE)


async def test_a_question_is_estimated_by_what_is_typical_where_nothing_is_known() -> None:
    """Five calls of 1,500 tokens at 1 and 600 at 10 micro-dollars."""
    assert await estimate({}) == Cost(0.0, 5 * 7_500 / 1e6, 0.0)


async def test_a_question_is_estimated_by_the_middle_of_a_few_calls_as_they_were_here() -> None:
    """264 tokens of the prompt, and 20 written, of three calls."""
    assert await estimate({HERE: used(20, 900, 10)}) == Cost(0.0, 5 * 464 / 1e6, 0.0)
    assert await estimate({HERE: used(20, 900), None: used(1, 2, 3)}) == Cost(
        0.0, 5 * 284 / 1e6, 0.0
    )


async def test_a_long_question_is_read_in_every_call() -> None:
    """Its 6,000 bytes beyond what questions usually take are 1,500 tokens."""
    assert await estimate({HERE: used(20, 20, 20)}, "x" * 8_000) == Cost(
        0.0, 5 * (464 + 1_500) / 1e6, 0.0
    )


async def test_an_estimate_says_what_of_it_rests_on_an_assumed_price() -> None:
    """Two calls of lab/a, at a price that nobody knows."""
    assumed = Price(1, 10, known=False)
    assert await estimate({}, a=assumed) == Cost(0.0, 3 * 7_500 / 1e6, 2 * 7_500 / 1e6)
    told = [replace(usage, cost_micros=9) for usage in used(1, 2, 3)]
    assert await estimate({HERE: told}, a=assumed) == Cost(0.0, 5 * 9 / 1e6, 0.0)


async def test_an_estimate_goes_the_way_that_most_runs_of_a_mode_go() -> None:
    """Two answers, two reviews, a verdict; in a debate each answers once more. Who reasons for long
    writes half of what it may: 6,000 tokens, 4,000 of a review."""
    calls = {}
    for mode in MODES:
        council = replace(COUNCIL, mode=mode)
        cost = await Pricing(Prices(), nothing_known).estimate(QUESTION, council, HERE)
        calls[mode] = round(cost.usd * 1e6 / 7_500)
    assert calls == {"council": 5, "quick": 2, "compare": 2, "vote": 2, "debate": 7, "deep": 41}


async def nothing_known(stage: Stage | None, model: str, place: str | None) -> Sequence[Usage]:
    return ()


async def test_as_many_rows_of_a_reflection_as_the_budget_has_room_for() -> None:
    async def usual(stage: Stage | None, model: str, place: str | None) -> Sequence[Usage]:
        return ()

    pricing = Pricing(Prices(), usual)
    rows = [(replace(QUESTION, id=f"q{n}"), COUNCIL, NOTHING) for n in range(3)]

    async def fitting(micros: int) -> tuple[Mapping[Key, int], int]:
        return await pricing.reflection(QUESTION, COUNCIL, rows, HERE, micros)

    every, fit = await fitting(100_000_000)
    assert fit == 3
    assert {key for key in every if key != MARGIN} == {
        ("proposal", 0, 2),
        *(("review", round, seat) for round in range(1, 7) for seat in (0, 1)),
    }
    total = sum(every.values())
    assert await fitting(total) == (every, 3)
    fewer, fit = await fitting(total - 1)
    assert fit == 2
    assert (
        total
        > sum(fewer.values())
        == total - sum(every["review", r, s] for r in (5, 6) for s in (0, 1))
    )
    assert (await fitting(0))[1] == 0
