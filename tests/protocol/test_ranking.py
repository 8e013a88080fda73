"""Draws that favour nobody, and ballots that add up as the contract says."""

import os
import random
import subprocess
import sys
from collections import Counter
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.council import Ranking, Standing
from bot.protocol import ranking
from bot.texts import agreement_words

SEEDS = st.integers(min_value=0, max_value=2**63)
LETTERS = "ABCDEFGHIJKLMNOPQRST"
SHOWN = st.integers(min_value=2, max_value=8).map(lambda n: LETTERS[:n])


@st.composite
def ballots_over(draw: st.DrawFn, shown: str) -> Ranking:
    """Any ballot over these labels: ties anywhere, any number of labels left out but the first."""
    order = draw(st.permutations(shown))
    kept = order[: draw(st.integers(min_value=1, max_value=len(order)))]
    places: list[list[str]] = [[kept[0]]]
    for label in kept[1:]:
        if draw(st.booleans()):
            places.append([])
        places[-1].append(label)
    return tuple(map(tuple, places))


BALLOT = SHOWN.flatmap(lambda shown: st.tuples(st.just(shown), ballots_over(shown)))
BALLOTS = SHOWN.flatmap(
    lambda shown: st.tuples(st.just(shown), st.lists(ballots_over(shown), min_size=1, max_size=6))
)


def ballot(written: str) -> Ranking:
    """`"B > A=C"` as a ranking."""
    return tuple(tuple(tied.split("=")) for tied in written.split(" > "))


def cast(*ballots: str) -> dict[str, Ranking]:
    """The ballots of members whose answers are not among those ranked."""
    return {f"reviewer {n}": ballot(written) for n, written in enumerate(ballots)}


# Draws


def test_a_draw_is_the_same_in_every_process() -> None:
    program = (
        "from bot.protocol.ranking import draw, labels; print(draw(7, 'x').random(), labels(7, 6))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1")
    }
    assert outputs == {"0.9398226598815458 ('B', 'C', 'A', 'D', 'F', 'E')\n"}


def test_two_purposes_draw_differently() -> None:
    assert ranking.draw(7, "labels").random() != ranking.draw(7, "ties").random()


@given(SEEDS, st.integers(min_value=1, max_value=20))
def test_labels_are_the_first_letters_in_any_order(seed: int, count: int) -> None:
    assert sorted(ranking.labels(seed, count)) == list(LETTERS[:count])


def test_a_label_tells_nothing_of_the_configured_order() -> None:
    deliberations = 4_000
    drawn = Counter(
        (seat, label)
        for seed in range(deliberations)
        for seat, label in enumerate(ranking.labels(seed, 4))
    )
    expected = deliberations / 4
    chi_square = sum((count - expected) ** 2 / expected for count in drawn.values())
    assert len(drawn) == 16
    # 9 degrees of freedom: rows and columns of a doubly stochastic table. p = 0.001.
    assert chi_square * 3 / 4 < 27.877


@given(SEEDS, st.integers(min_value=2, max_value=20))
def test_every_answer_stands_once_in_every_position(seed: int, n: int) -> None:
    answered = LETTERS[:n]
    orders = ranking.presentation(seed, answered, answered)
    for position in range(n):
        assert sorted(order[position] for order in orders.values()) == list(answered)


@given(SEEDS, st.integers(min_value=9, max_value=20))
def test_with_fewer_reviewers_no_answer_stands_twice_in_a_position(seed: int, n: int) -> None:
    answered = LETTERS[:n]
    orders = ranking.presentation(seed, answered, ranking.reviewers(seed, answered))
    for position in range(n):
        assert len({order[position] for order in orders.values()}) == 8


@given(SEEDS, st.integers(min_value=2, max_value=20))
def test_every_reviewer_reads_every_answer_once(seed: int, n: int) -> None:
    answered = LETTERS[:n]
    for order in ranking.presentation(seed, answered, answered).values():
        assert sorted(order) == list(answered)


@given(SEEDS, st.sampled_from([2, 4, 6, 8]))
def test_an_even_number_of_answers_follow_each_other_once_each(seed: int, n: int) -> None:
    answered = LETTERS[:n]
    orders = ranking.presentation(seed, answered, answered)
    followed = [pair for order in orders.values() for pair in pairwise(order)]
    assert sorted(followed) == sorted(permutations(answered, 2))


def test_the_own_answer_stands_anywhere() -> None:
    deliberations = 2_000
    own = Counter(
        order.index(reviewer)
        for seed in range(deliberations)
        for reviewer, order in ranking.presentation(seed, "ABCD", "ABCD").items()
    )
    expected = 4 * deliberations / 4
    chi_square = sum((own[position] - expected) ** 2 / expected for position in range(4))
    # 3 degrees of freedom, p = 0.001. The four positions of one deliberation are dependent: up to
    # four of them move together, which the factor allows for.
    assert chi_square / 4 < 16.266


@given(SEEDS)
def test_the_order_of_arrival_changes_no_draw(seed: int) -> None:
    assert ranking.presentation(seed, "ABCDE", "ABCDE") == ranking.presentation(
        seed, "DACEB", "ABCDE"
    )
    assert ranking.reviewers(seed, "ABCDEFGHI") == ranking.reviewers(seed, "GBADFCEIH")


@given(SEEDS, st.integers(min_value=1, max_value=8))
def test_up_to_eight_answers_everybody_reviews(seed: int, n: int) -> None:
    assert ranking.reviewers(seed, LETTERS[:n]) == tuple(LETTERS[:n])


@given(SEEDS, st.integers(min_value=9, max_value=20))
def test_above_eight_answers_eight_review(seed: int, n: int) -> None:
    reviewers = ranking.reviewers(seed, LETTERS[:n])
    assert len(set(reviewers)) == 8
    assert set(reviewers) <= set(LETTERS[:n])


def test_above_eight_answers_everybody_reviews_equally_often() -> None:
    deliberations = 3_000
    drawn = Counter(
        label for seed in range(deliberations) for label in ranking.reviewers(seed, LETTERS[:12])
    )
    expected = deliberations * 8 / 12
    chi_square = sum((drawn[label] - expected) ** 2 / expected for label in LETTERS[:12])
    # 11 degrees of freedom, p = 0.001; drawing without replacement only makes it smaller.
    assert chi_square < 31.264


def test_a_tenth_of_all_deliberations_hears_everybody() -> None:
    waiting = sum(ranking.never_stops_early(seed) for seed in range(10_000))
    # Mean 1000, standard deviation 30: four of them to each side.
    assert 880 < waiting < 1_120


# Shares


def test_places_are_worth_equal_steps() -> None:
    assert ranking.shares(ballot("B > A > D > C"), "ABCD") == {
        "B": 1.0,
        "A": pytest.approx(2 / 3),
        "D": pytest.approx(1 / 3),
        "C": 0.0,
    }


def test_tied_answers_share_the_mean_of_their_places() -> None:
    assert ranking.shares(ballot("A=B=C > D > E"), "ABCDE") == {
        "A": 0.75,
        "B": 0.75,
        "C": 0.75,
        "D": 0.25,
        "E": 0.0,
    }


def test_answers_left_out_tie_for_the_places_left_over() -> None:
    assert ranking.shares(ballot("C > A"), "ABCDE") == {
        "C": 1.0,
        "A": 0.75,
        "B": 0.25,
        "D": 0.25,
        "E": 0.25,
    }


def test_the_only_answer_has_the_whole_share() -> None:
    assert ranking.shares(ballot("A"), "A") == {"A": 1.0}


@given(BALLOT)
def test_any_ballot_hands_out_the_same_total(case: tuple[str, Ranking]) -> None:
    shown, given_ballot = case
    total = sum(ranking.shares(given_ballot, shown).values())
    assert total == pytest.approx(len(shown) / 2)


@given(BALLOT, st.randoms(use_true_random=False))
def test_completing_any_ballot_moves_no_ranked_answer(
    case: tuple[str, Ranking], rng: random.Random
) -> None:
    shown, partial = case
    ranked = {label for tied in partial for label in tied}
    rest = [label for label in shown if label not in ranked]
    rng.shuffle(rest)
    before = ranking.shares(partial, shown)
    after = ranking.shares((*partial, *((label,) for label in rest)), shown)
    assert {label: before[label] for label in ranked} == {label: after[label] for label in ranked}


@given(BALLOT)
def test_being_left_out_of_any_ballot_is_never_better_than_leading_the_rest(
    case: tuple[str, Ranking],
) -> None:
    shown, partial = case
    ranked = {label for tied in partial for label in tied}
    left_out = ranking.shares(partial, shown)
    for label in set(shown) - ranked:
        assert left_out[label] <= ranking.shares((*partial, (label,)), shown)[label]


@given(BALLOT)
def test_the_mean_over_all_completions_of_any_ballot_is_its_share(
    case: tuple[str, Ranking],
) -> None:
    shown, partial = case
    ranked = {label for tied in partial for label in tied}
    rest = [label for label in shown if label not in ranked][:4]
    shown = "".join(label for label in shown if label in ranked or label in rest)
    completed = [
        ranking.shares((*partial, *((label,) for label in order)), shown)
        for order in permutations(rest)
    ]
    share = ranking.shares(partial, shown)
    for label in rest:
        mean = sum(each[label] for each in completed) / len(completed)
        assert mean == pytest.approx(share[label])


# Standings

ABC = [("A", "vendor/a"), ("B", "vendor/b"), ("C", "vendor/c")]


def test_standings_are_mean_shares_best_first() -> None:
    ballots = cast("B > A > C", "B > C > A", "A=B > C", "C > A")
    assert ranking.standings(ballots, ABC, seed=1) == (
        Standing("B", "vendor/b", 0.6875, 2, 4),  # 1, 1, 3/4, 0
        Standing("A", "vendor/a", 0.4375, 0, 4),  # 1/2, 0, 3/4, 1/2
        Standing("C", "vendor/c", 0.375, 1, 4),  # 0, 1/2, 0, 1
    )


def test_without_ballots_nobody_has_a_score() -> None:
    assert set(ranking.standings({}, ABC, seed=1)) == {
        Standing("A", "vendor/a", None, 0, 0),
        Standing("B", "vendor/b", None, 0, 0),
        Standing("C", "vendor/c", None, 0, 0),
    }


def test_equal_scores_are_ordered_by_lot() -> None:
    tied = cast("A=B=C")
    first = Counter(ranking.standings(tied, ABC, seed)[0].label for seed in range(3_000))
    chi_square = sum((first[label] - 1_000) ** 2 / 1_000 for label in "ABC")
    # 2 degrees of freedom, p = 0.001.
    assert chi_square < 13.816


@given(SEEDS, st.permutations(ABC))
def test_the_lot_does_not_depend_on_the_order_given(
    seed: int, answered: list[tuple[str, str]]
) -> None:
    tied = cast("A=B=C")
    assert ranking.standings(tied, answered, seed) == ranking.standings(tied, ABC, seed)


@given(BALLOTS, st.randoms(use_true_random=False))
def test_the_order_of_any_ballots_changes_nothing(
    case: tuple[str, list[Ranking]], rng: random.Random
) -> None:
    shown, ballots = case
    answered = [(label, label) for label in shown]
    given_ballots = dict(zip(LETTERS, ballots, strict=False))
    shuffled = dict(rng.sample(list(given_ballots.items()), len(ballots)))
    assert ranking.standings(shuffled, answered, 1) == ranking.standings(given_ballots, answered, 1)


@pytest.mark.parametrize(
    ("ballots", "first"),
    [
        # Each of A and B has its author's first place; only C, which is level, has another's.
        ({"A": "A > B > C", "B": "B > C > A", "D": "C > A > B"}, "C"),
        # B's first place is another's, A's is its author's own.
        ({"A": "A > B > C", "D": "B > A > C"}, "B"),
        # A shared first place is nobody's.
        ({"C": "A=B > C", "A": "A > B > C", "D": "B > A > C"}, "B"),
    ],
)
@given(SEEDS)
def test_others_first_places_break_a_tie(ballots: dict[str, str], first: str, seed: int) -> None:
    found = ranking.standings({who: ballot(each) for who, each in ballots.items()}, ABC, seed)
    assert found[0].label == first
    assert ranking.too_close(found)


def test_where_others_first_places_are_level_too_a_lot_decides() -> None:
    level = {"A": ballot("B > A > C"), "B": ballot("A > B > C")}
    first = Counter(ranking.standings(level, ABC, seed)[0].label for seed in range(2_000))
    # Mean 1000, standard deviation 22: four of them to each side.
    assert 910 < first["A"] < 1_090


def test_first_places_only_break_ties() -> None:
    ballots = {"C": ballot("A > B > C"), "A": ballot("B > A > C"), "B": ballot("B > C > A")}
    assert ranking.standings(ballots, ABC, seed=1)[0].label == "B"


def test_a_shared_first_score_is_too_close_to_call() -> None:
    tied = ranking.standings(cast("A > B > C", "B > A > C"), ABC, seed=1)
    assert ranking.too_close(tied)


def test_a_lead_is_not_too_close_to_call() -> None:
    assert not ranking.too_close(ranking.standings(cast("A > B > C"), ABC, seed=1))


def test_without_ballots_nothing_is_too_close_to_call() -> None:
    assert not ranking.too_close(ranking.standings({}, ABC, seed=1))


# Agreement


def decided(*ballots: str, shown: str, reviewers: int) -> str | None:
    read = [ballot(each) for each in ballots]
    return ranking.decided(read, shown, reviewers=reviewers, to_come=reviewers - len(read))


@pytest.mark.parametrize("reviewers", [4, 5])
def test_up_to_five_reviewers_three_sole_firsts_decide(reviewers: int) -> None:
    shown = LETTERS[:reviewers]
    assert decided("B > A", "A > B", "B", "B > C > A", shown=shown, reviewers=reviewers) == "B"
    assert decided("B > A", "A > B", "B > C", shown=shown, reviewers=reviewers) is None


@pytest.mark.parametrize("reviewers", [6, 7, 8])
def test_above_five_reviewers_four_sole_firsts_decide(reviewers: int) -> None:
    shown = LETTERS[:reviewers]
    assert decided("B > A", "B > C", "B", shown=shown, reviewers=reviewers) is None
    assert decided("B > A", "B > C", "A > B", "B", shown=shown, reviewers=reviewers) is None
    assert decided("B > A", "B > C", "A > B", "B", "B", shown=shown, reviewers=reviewers) == "B"


def test_a_shared_first_place_is_no_agreement() -> None:
    assert decided("B", "B > A", "A=B > C", shown="ABCD", reviewers=4) is None


@pytest.mark.parametrize(
    ("ballots", "reviewers", "first"),
    [
        # B has 2 2/3, D 1 1/3: one more ballot moves that by one at most.
        (["B > A > C > D", "B > C > D > A", "D > B > A > C"], 4, "B"),
        (["B > A > C > D", "B > C > D > A", "D > B > A > C"], 5, None),
        # B has 2 2/3, A 1 2/3: one more ballot may make them level.
        (["B > A > C > D", "B > C > D > A", "A > B > D > C"], 4, None),
    ],
)
def test_a_lead_that_nothing_can_make_up_for_decides(
    ballots: list[str], reviewers: int, first: str | None
) -> None:
    assert decided(*ballots, shown="ABCD", reviewers=reviewers) == first


@given(BALLOTS, st.data())
def test_any_ballots_to_come_leave_the_top_that_a_lead_decided(
    case: tuple[str, list[Ranking]], data: st.DataObject
) -> None:
    shown, ballots = case
    later = data.draw(st.lists(ballots_over(shown), max_size=3))
    # So many reviewers that no count of first places decides.
    top = ranking.decided(ballots[:3], shown, reviewers=6, to_come=len(later))
    everything = dict(zip(LETTERS, [*ballots[:3], *later], strict=False))
    final = ranking.standings(everything, [(x, x) for x in shown], seed=1)
    assert top in {None, final[0].label}


@given(BALLOTS, st.integers(min_value=1, max_value=3))
def test_where_nothing_is_decided_some_ballots_to_come_take_the_top_or_share_it(
    case: tuple[str, list[Ranking]], to_come: int
) -> None:
    shown, ballots = case
    ballots = ballots[:3]
    if ranking.decided(ballots, shown, reviewers=6, to_come=to_come):
        return
    first, second = [s.label for s in ranking.standings(cast_as(ballots), pairs(shown), seed=1)][:2]
    between = tuple((x,) for x in shown if x not in {first, second})
    against = ((second,), *between, (first,))

    final = ranking.standings(cast_as([*ballots, *[against] * to_come]), pairs(shown), seed=1)

    assert final[0].label != first or ranking.too_close(final)


def cast_as(ballots: list[Ranking]) -> dict[str, Ranking]:
    return {f"reviewer {n}": each for n, each in enumerate(ballots)}


def pairs(shown: str) -> list[tuple[str, str]]:
    return [(label, label) for label in shown]


def leading(*ballots: str, shown: str, reviewers: int) -> str | None:
    return ranking.leading([ballot(each) for each in ballots], shown, reviewers=reviewers)


@pytest.mark.parametrize(
    ("ballots", "reviewers", "label"),
    [
        (["B > A"], 4, None),
        (["B > A", "A > B"], 4, None),
        (["B > A", "B > C"], 4, "B"),
        (["B > A", "C > B", "B > C"], 5, "B"),
        (["B", "A=B > C"], 4, None),
        # B has two first places, and more shares than A, as many, or fewer.
        (["B > A > C > D", "B > A > C > D", "A > B > C > D"], 5, "B"),
        (["B > A > C > D", "B > A > C > D", "A > C > B > D"], 5, None),
        (["B > A > C > D", "B > A > C > D", "A > C > D > B"], 5, "A"),
        (["B > A > C > D", "B > A > C > D", "A > C > D > B"], 6, None),
        # Nobody agrees; A is a place ahead of B and C.
        (["B > A > C > D", "C > A > D > B", "A > B > C > D"], 5, "A"),
        (["B > A > C > D", "C > A > D > B"], 5, None),
        (["B > A", "B > C"], 6, None),
        (["B > A", "B > C", "B"], 6, "B"),
        ([], 4, None),
    ],
)
def test_an_answer_leads_by_first_places_or_shares(
    ballots: list[str], reviewers: int, label: str | None
) -> None:
    assert leading(*ballots, shown="ABCD", reviewers=reviewers) == label


@given(BALLOTS, st.integers(min_value=2, max_value=8))
def test_for_any_ballots_whoever_leads_is_the_only_one_on_top(
    case: tuple[str, list[Ranking]], reviewers: int
) -> None:
    shown, ballots = case
    top = ranking.leading(ballots, shown, reviewers=reviewers)
    standings = ranking.standings(cast_as(ballots), pairs(shown), seed=1)
    assert top is None or (top == standings[0].label and not ranking.too_close(standings))


@pytest.mark.parametrize(
    ("ballots", "words"),
    [
        (["B > A", "B > C", "B"], "agreed"),
        (["B > A", "B"], "agreed"),
        (["B > A"], "leaned"),
        (["B > A", "B > C", "A > B"], "leaned"),
        (["B > A", "B > C", "A=B"], "leaned"),
        (["B > A", "B > A", "A > B", "C > B > A"], "split"),
        (["A=B", "A=B"], "split"),
    ],
)
def test_agreement_in_words(ballots: list[str], words: str) -> None:
    standings = ranking.standings(cast(*ballots), ABC, seed=1)
    [b] = [standing for standing in standings if standing.label == "B"]
    assert agreement_words(b) == words


def test_top_share_counts_sole_firsts() -> None:
    ballots = [ballot("B > A"), ballot("A=B"), ballot("A > B"), ballot("B")]
    assert ranking.top_share(ballots, "B") == 0.5


def test_without_ballots_there_is_no_top_share() -> None:
    assert ranking.top_share([], "B") is None


# By hand, with rank sums R and their mean: W = 12 S / (m^2 (n^3 - n) - m T).
@pytest.mark.parametrize(
    ("ballots", "shown", "w"),
    [
        (["A > B > C", "A > B > C"], "ABC", 1.0),
        # R = 4, 4, 4: S = 0
        (["A > B > C", "C > B > A"], "ABC", 0.0),
        # R = 4, 5, 9 of mean 6: S = 14; 12 * 14 / (9 * 24)
        (["A > B > C", "A > B > C", "B > A > C"], "ABC", 7 / 9),
        # R = 3, 7, 9, 11 of mean 7.5: S = 35; 12 * 35 / (9 * 60)
        (["A > B > C > D", "A > B > D > C", "A > C > B > D"], "ABCD", 420 / 540),
        # R = 2.5, 3.5, 6 of mean 4: S = 6.5 and T = 6, so 12 * 6.5 / (4 * 24 - 2 * 6)
        (["A=B > C", "A > B > C"], "ABC", 78 / 84),
        # C first and the others left over, which tie at 2.5: the same numbers mirrored.
        (["C", "C > B > A"], "ABC", 78 / 84),
        # Everybody ties the same two: still in full concordance.
        (["A=B > C", "A=B > C"], "ABC", 1.0),
    ],
)
def test_kendall_w(ballots: list[str], shown: str, w: float) -> None:
    assert ranking.kendall_w([ballot(each) for each in ballots], shown) == pytest.approx(w)


def test_one_ballot_has_no_concordance() -> None:
    assert ranking.kendall_w([ballot("A > B")], "AB") is None


def test_one_answer_has_no_concordance() -> None:
    assert ranking.kendall_w([ballot("A"), ballot("A")], "A") is None


def test_ballots_that_tie_everything_have_no_concordance() -> None:
    assert ranking.kendall_w([ballot("A=B=C"), ballot("A=B=C")], "ABC") is None


@given(BALLOTS)
def test_kendall_w_of_any_ballots_is_a_share(case: tuple[str, list[Ranking]]) -> None:
    shown, ballots = case
    w = ranking.kendall_w(ballots, shown)
    assert w is None or -1e-9 <= w <= 1 + 1e-9
