"""Where some reviewers count more than others: what orders, what decides early, what is written down."""

import re
from dataclasses import replace
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.analysis.judged import Judged, Sheet
from bot.analysis.weights import Weights
from bot.council import Council, Ranking, SeatWeight
from bot.llm import Request
from bot.protocol import ranking, weighing
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


def test_agreement_of_many_decides_nothing_that_a_heavier_ballot_may_turn() -> None:
    heard = ballots(A="ABC", B="ABC", C="ABC")
    shown = (*SHOWN, "D")
    heavy = {**dict.fromkeys(SHOWN, SeatWeight(0.2)), "D": SeatWeight(3.4)}
    assert ranking.decided(heard.values(), shown, reviewers=4, to_come=1) == "A"
    assert weighing.decided(heard, shown, heavy, missing=["D"]) is None
    assert weighing.decided(heard, shown, heavy, missing=[]) == "A"


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
