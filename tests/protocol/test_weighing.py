"""Where some reviewers count more than others: what orders, what decides early, what is written down."""

import asyncio
import re
from dataclasses import replace
from fractions import Fraction
from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.analysis.judged import Judged, Sheet
from bot.analysis.weights import Weights
from bot.council import Council, Ranking, SeatWeight
from bot.llm import Request
from bot.protocol import ranking, weighing
from bot.protocol.events import Event, ReviewGiven
from bot.store.store import Store
from tests.fakes.provider import FakeProvider, Scripted, sensible
from tests.protocol.deliberating import question, run

SHOWN = ("A", "B", "C")
ORDERS = [tuple((label,) for label in order) for order in permutations(SHOWN)]
ANSWERED = [(label, f"lab/{label.lower()}") for label in SHOWN]

orders = st.sampled_from(ORDERS)
seat_weights = st.builds(
    SeatWeight, st.floats(0, 3).map(lambda w: round(w, 2)), st.floats(-0.5, 0.5)
)


def ballots(**written: str) -> dict[str, Ranking]:
    return {reviewer: tuple((label,) for label in order) for reviewer, order in written.items()}


def test_a_reviewer_that_counts_more_turns_the_order_and_no_score() -> None:
    heard = ballots(A="ABC", B="CAB", C="ACB")
    weights = {"A": SeatWeight(0.2), "B": SeatWeight(2.6), "C": SeatWeight(0.2)}
    alike = ranking.standings(heard, ANSWERED, 1)
    found = weighing.standings(heard, ANSWERED, 1, weights)

    assert [each.label for each in alike] == ["A", "C", "B"]
    assert [each.label for each in found] == ["C", "A", "B"]
    assert {e.label: (e.score, e.first_places, e.ballots) for e in found} == {
        e.label: (e.score, e.first_places, e.ballots) for e in alike
    }
    assert found[0].weighted_score == pytest.approx((0.2 * 0 + 2.6 * 1 + 0.2 * 0.5) / 3)


def test_without_weights_there_are_no_weighted_scores() -> None:
    heard = ballots(A="ABC", B="CAB")
    assert weighing.standings(heard, ANSWERED, 1, {}) == ranking.standings(heard, ANSWERED, 1)


def test_where_nobody_heard_counts_for_anything_all_count_alike() -> None:
    heard = ballots(A="ABC", B="CAB")
    nobody = {"A": SeatWeight(0.0), "B": SeatWeight(0.0), "C": SeatWeight(3.0)}
    assert weighing.standings(heard, ANSWERED, 1, nobody) == ranking.standings(heard, ANSWERED, 1)


def test_what_it_prefers_its_own_answer_by_is_taken_off() -> None:
    heard = ballots(A="ABC", B="BAC")
    weights = {"A": SeatWeight(1.0, 0.4), "B": SeatWeight(1.0)}
    found = weighing.standings(heard, ANSWERED, 1, weights)
    scores = {each.label: each.weighted_score for each in found}
    assert scores == {"A": pytest.approx(0.55), "B": pytest.approx(0.75), "C": 0}


def test_equal_weighted_scores_are_ordered_as_equal_scores_are() -> None:
    heard = ballots(A="ABC", B="ABC", C="BAC")
    weights = {"A": SeatWeight(0.5), "B": SeatWeight(0.5), "C": SeatWeight(1.0)}
    first, second, _ = weighing.standings(heard, ANSWERED, 1, weights)
    assert first.ordered_by == second.ordered_by
    assert ranking.too_close((first, second))
    others = {"A": 1, "B": 1}  # sole firsts by reviewers other than the author
    lots = ranking.tie_breaks(heard, SHOWN, 1)
    assert {label: -lots[label][0] for label in others} == others
    assert lots[first.label] < lots[second.label]


@given(st.tuples(orders, orders, orders), st.tuples(seat_weights, seat_weights, seat_weights))
def test_scores_are_those_that_the_statistics_tell(
    heard: tuple[Ranking, Ranking, Ranking], given: tuple[SeatWeight, SeatWeight, SeatWeight]
) -> None:
    by_label = dict(zip(SHOWN, heard, strict=True))
    weights = dict(zip(SHOWN, given, strict=True))
    sheets = tuple(Sheet(each, ranking.shares(by_label[each], SHOWN)) for each in SHOWN)
    told = Weights(
        {label: each.weight for label, each in weights.items()},
        {label: each.preference for label, each in weights.items()},
    ).scores(Judged("run", "ann", (), (), sheets))
    found = weighing.standings(by_label, ANSWERED, 1, weights)
    if any(each.weight for each in given):
        assert {e.label: e.weighted_score for e in found} == pytest.approx(told)


@given(orders, st.tuples(seat_weights, seat_weights, seat_weights), st.integers(1, 3))
def test_no_ballot_to_come_turns_what_is_decided(
    first: Ranking, given: tuple[SeatWeight, SeatWeight, SeatWeight], count: int
) -> None:
    weights = dict(zip(SHOWN, given, strict=True))
    known = dict.fromkeys(SHOWN[:count], first)
    missing = SHOWN[count:]
    label = weighing.decided(known, SHOWN, weights, missing=missing)
    if label is None:
        return
    for rest in product([*ORDERS, None], repeat=len(missing)):
        came = {reviewer: each for reviewer, each in zip(missing, rest, strict=True) if each}
        found = weighing.standings({**known, **came}, ANSWERED, 1, weights)
        assert found[0].label == label


FIVE = "ABCDE"
# Near ties of every kind: equal weights, none at all, and such that differ by hardly anything.
near = st.sampled_from([0.0, 0.5, 1.0, 1.0, 1.0 + 1e-6, 1.5, 2.0, 3.0])
preferences = st.sampled_from([0.0, 0.0, 0.25, -0.25, 0.5])


@st.composite
def half_heard(draw: st.DrawFn) -> tuple[str, weighing.Weights, dict[str, Ranking]]:
    """Answers, what their reviewers count for, and the ballots that are in, with ties and gaps. What is
    to come counts for about as much as the first answer is ahead."""
    shown = FIVE[: draw(st.integers(3, 5))]
    weights = {label: SeatWeight(draw(near), draw(preferences)) for label in shown}
    heard = draw(st.lists(st.sampled_from(shown), min_size=3, unique=True))
    ballots = {label: draw(ballots_of(shown)) for label in heard}
    first, second, *_ = sorted(exactly(shown, weights, ballots).values(), reverse=True)
    missing = [label for label in shown if label not in heard]
    for label in missing:
        amount = float(first - second) / len(missing) * draw(st.sampled_from([0.7, 0.9, 1.0, 1.2]))
        weights[label] = replace(weights[label], weight=amount)
    return shown, weights, ballots


def ballots_of(shown: str) -> st.SearchStrategy[Ranking]:
    """Some of the answers, in any order, some of them tied."""
    ranked = st.lists(st.sampled_from(shown), min_size=1, unique=True)
    return st.tuples(ranked, st.integers(0, 4)).map(lambda each: tied_at(*each))


def tied_at(order: list[str], place: int) -> Ranking:
    tied = tuple(order[place : place + 2])
    rest = [(label,) for label in order if label not in tied]
    return (*rest[:place], *([tied] if tied else []), *rest[place:])


def exactly(
    shown: str, weights: weighing.Weights, heard: dict[str, Ranking]
) -> dict[str, Fraction]:
    """Each answer's sum in fractions: each other answer that it is above, and half of each beside it."""
    sums = dict.fromkeys(shown, Fraction(0))
    for reviewer, ballot in heard.items():
        place = {label: n for n, tied in enumerate(ballot) for label in tied}
        for label in shown:
            mine = place.get(label, len(shown))
            others = [place.get(other, len(shown)) for other in shown if other != label]
            beaten = sum(Fraction(2 * (each > mine) + (each == mine), 2) for each in others)
            own = Fraction(weights[reviewer].preference) if reviewer == label else Fraction(0)
            share = Fraction(beaten) / len(others) - own
            sums[label] += Fraction(weights[reviewer].weight) * share
    return sums


@settings(max_examples=300)
@given(half_heard(), st.data())
def test_what_is_decided_stays_first_by_exact_sums_whatever_comes(
    found: tuple[str, weighing.Weights, dict[str, Ranking]], data: st.DataObject
) -> None:
    """Against the worst that may come for it, and whatever else."""
    shown, weights, heard = found
    missing = [label for label in shown if label not in heard]
    first = weighing.decided(heard, shown, weights, missing=missing)
    if first is None:
        return
    others = [label for label in shown if label != first]
    against = [((rival,), *((o,) for o in others if o != rival), (first,)) for rival in others]
    for ballot in [*against, data.draw(ballots_of(shown))]:
        for come in ({}, *({label: ballot} for label in missing), dict.fromkeys(missing, ballot)):
            sums = exactly(shown, weights, {**heard, **come})
            assert all(sums[first] > sums[other] for other in others)


@given(half_heard())
def test_with_no_reviewer_missing_the_first_by_exact_sums_is_decided(
    found: tuple[str, weighing.Weights, dict[str, Ranking]],
) -> None:
    shown, weights, heard = found
    sums = exactly(shown, weights, heard)
    first, second = sorted(shown, key=lambda label: -sums[label])[:2]
    due = first if sums[first] - sums[second] > Fraction(1, 10**8) else None
    assert weighing.decided(heard, shown, weights, missing=[]) == due


def test_agreement_of_many_decides_nothing_that_a_heavier_ballot_may_turn() -> None:
    heard = ballots(A="ABC", B="ABC", C="ABC")
    shown = (*SHOWN, "D")
    heavy = {**dict.fromkeys(SHOWN, SeatWeight(0.2)), "D": SeatWeight(3.4)}
    assert ranking.decided(heard.values(), shown, reviewers=4, to_come=1) == "A"
    assert weighing.decided(heard, shown, heavy, missing=["D"]) is None
    assert weighing.decided(heard, shown, heavy, missing=[]) == "A"


def test_one_heavy_ballot_ends_nothing_before_others_are_in() -> None:
    shown = (*SHOWN, "D", "E")
    heavy = {**dict.fromkeys(shown, SeatWeight(0.1)), "A": SeatWeight(4.6)}
    heard = ballots(A="ABCDE", B="BCDEA", C="BCDEA")
    for count, decided in ((1, None), (2, None), (3, "A")):
        first = dict([*heard.items()][:count])
        missing = [label for label in shown if label not in first]
        assert weighing.decided(first, shown, heavy, missing=missing) == decided


def test_the_chairman_begins_only_with_what_is_ahead_either_way() -> None:
    heard = ballots(A="ABC", B="ABC", C="CAB")
    equal = dict.fromkeys(SHOWN, SeatWeight(1.0))
    heavy = {**equal, "C": SeatWeight(5.0)}
    assert weighing.leading(heard, SHOWN, equal, reviewers=4) == "A"
    assert weighing.leading(heard, SHOWN, heavy, reviewers=4) is None


ALL_HEARD = next(seed for seed in range(1_000) if ranking.never_stops_early(seed))
COUNCIL = Council(("lab/a", "lab/b", "lab/c"), "lab/chair")
WEIGHTED = replace(COUNCIL, weights=(SeatWeight(0.2), SeatWeight(0.2), SeatWeight(2.6)))


def the_last_seat_disagrees(request: Request) -> Scripted:
    """Two reviewers put A first, the third one C."""
    _, stage, _, seat = request.tag.split("/")
    if stage != "review":
        return sensible(request)
    order = "C > B > A" if seat == "2" else "A > B > C"
    return f"A critique.\nFINAL RANKING: {order}"


MAY_STOP = next(seed for seed in range(1_000) if not ranking.never_stops_early(seed))


async def test_many_that_agree_wait_for_the_one_that_may_turn_it(store: Store) -> None:
    """Three reviewers of four end the stage where all count alike."""
    last, heard = asyncio.Event(), 0

    def the_heavy_one_comes_last(request: Request) -> Scripted:
        _, stage, _, seat = request.tag.split("/")
        if stage != "review":
            return sensible(request)
        if seat == "3" and not last.is_set():
            return last
        return f"A critique.\nFINAL RANKING: {'D > B > A > C' if seat == '3' else 'A > B > C > D'}"

    def count(event: Event) -> None:
        nonlocal heard
        heard += isinstance(event, ReviewGiven)
        if heard == 3:
            last.set()

    models = FakeProvider(otherwise=the_heavy_one_comes_last)
    light, heavy = SeatWeight(0.2), SeatWeight(3.4)
    council = Council(("lab/a", "lab/b", "lab/c", "lab/d"), "lab/chair")
    council = replace(council, weights=(light, light, light, heavy))
    asked = question(seed=MAY_STOP)
    result = (await run(store, models, council=council, asked=asked, watch=count)).deliberation

    assert not result.agreement.stopped_early
    assert all(review.counted for review in result.reviews)
    assert result.standings[0].label == "D"
    assert max(result.standings, key=lambda each: each.score or 0).label == "A"


@pytest.mark.parametrize("mode", ["council", "debate"])
async def test_a_council_with_weights_is_ordered_by_them(store: Store, mode: str) -> None:
    models = FakeProvider(otherwise=the_last_seat_disagrees)
    council = replace(WEIGHTED, mode=mode)
    result = (
        await run(store, models, council=council, asked=question(seed=ALL_HEARD))
    ).deliberation

    assert [each.label for each in result.standings] == ["C", "B", "A"]
    scores = {each.label: each.score for each in result.standings}
    assert scores == {"A": pytest.approx(2 / 3), "B": 0.5, "C": pytest.approx(1 / 3)}
    seats = {review.seat: review.weight for review in result.reviews}
    assert seats == {0: 0.2, 1: 0.2, 2: 2.6}
    asked = next(each for each in models.requests if "/verdict/" in each.tag)
    said = "\n".join(str(message.content) for message in asked.messages)
    assert "some reviewers count more than others" in said
    assert re.findall(r"^Answer ([ABC]): 0", said, re.MULTILINE) == ["C", "B", "A"]


async def test_a_council_without_weights_has_none(store: Store) -> None:
    models = FakeProvider(otherwise=the_last_seat_disagrees)
    asked = question(seed=ALL_HEARD)
    result = (await run(store, models, council=COUNCIL, asked=asked)).deliberation
    assert [each.label for each in result.standings] == ["A", "B", "C"]
    assert {each.weighted_score for each in result.standings} == {None}
    assert {each.weight for each in result.reviews} == {1.0}
