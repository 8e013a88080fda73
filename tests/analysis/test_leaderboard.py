"""The standings of a channel: when there are any, who leads, and what is accepted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from bot.analysis.estimates import Estimate
from bot.analysis.leaderboard import (
    Acceptance,
    Board,
    Standings,
    acceptances,
    pair_board,
    peer_board,
    people_board,
    standings,
)
from bot.analysis.rows import Row
from bot.analysis.strengths import Pairs
from tests.bench.changed_roster import ROSTERS, counted
from tests.fakes.public_votes import llmfao_pairs
from tests.fakes.rows import ballot, make_row


def picked(best: str, count: int, models: str = "abc", asker: str = "ann") -> list[Row]:
    return [make_row(f"{best}{models}{i}", models, best=best, asker=asker) for i in range(count)]


def rated_rows(accepted: int, rejected: int, unrated: int = 0) -> list[Row]:
    said = [True] * accepted + [False] * rejected + [None] * unrated
    return [make_row(str(i), ("a", "b"), accepted=(each, None)) for i, each in enumerate(said)]


def of(model: str, rows: list[Row]) -> Acceptance:
    (found,) = (each for each in acceptances(rows) if each.model == model)
    return found


def test_below_twenty_questions_there_are_counts_and_no_ranking() -> None:
    board = people_board(picked("a", 15) + picked("b", 4))
    assert not board.ranked
    assert [(p.model, p.firsts, p.rows, p.wins) for p in board.places] == [
        ("a", 15, 19, None),
        ("b", 4, 19, None),
        ("c", 0, 19, None),
    ]
    assert board.notes == ("No ranking below 20 questions: in 19 somebody picked a best answer.",)


def test_from_twenty_questions_on_models_are_ranked() -> None:
    board = people_board(picked("a", 15) + picked("b", 5))
    assert [place.model for place in board.places] == ["a", "b", "c"]
    assert board.rows == 20


def test_every_chance_to_win_stands_in_its_interval() -> None:
    for place in people_board(picked("a", 15) + picked("b", 10)).places:
        assert place.wins is not None
        assert 0 < place.wins.low < place.wins.value < place.wins.high < 1


def test_a_leader_needs_to_be_the_best_with_a_chance_of_four_fifths() -> None:
    clear = people_board(picked("a", 30) + picked("b", 5))
    close = people_board(picked("a", 16) + picked("b", 15))
    assert clear.leader == "a"
    assert clear.places[0].chance_of_best is not None
    assert clear.places[0].chance_of_best > 0.8
    assert close.leader is None
    assert close.notes == ("Too close to call: a and b.",)


def test_models_whose_intervals_overlap_share_a_place() -> None:
    board = people_board(picked("a", 16) + picked("b", 15))
    assert [place.place for place in board.places] == [1, 1, 3]
    tied, apart = board.places[1], board.places[2]
    assert tied.wins is not None
    assert apart.wins is not None
    assert apart.wins.high < tied.wins.low


def test_places_do_not_chain_over_models_that_overlap() -> None:
    """Forty models, each a little better than the next: many overlap the best, few all of them."""
    rng = np.random.default_rng(1)
    strength = np.linspace(3, 0, 40)
    left, right = rng.integers(0, 40, (2, 4_000))
    left, right = left[left != right], right[left != right]
    won = rng.random(len(left)) < 1 / (1 + np.exp(strength[right] - strength[left]))
    pairs = Pairs.of(left, right, won.astype(float), 40)
    board = pair_board([f"m{i:02}" for i in range(40)], pairs)
    wins = [(place.place, place.wins) for place in board.places]
    assert [place for place, _ in wins] == [
        1 + sum(other.low > each.high for _, other in wins if other) for _, each in wins if each
    ]
    assert 1 < sum(place == 1 for place, _ in wins) < 20
    assert max(place or 0 for place, _ in wins) > 20
    assert board.leader or " more." in board.notes[0]


def test_the_public_votes_have_no_fifty_nine_models_in_the_first_place() -> None:
    places = [place.place for place in pair_board(*llmfao_pairs("h")).places]
    assert 22 <= places.count(1) <= 30


@pytest.mark.parametrize("roster", ROSTERS.values(), ids=ROSTERS)
def test_nobody_leads_models_that_it_never_met(roster: str) -> None:
    found = counted(roster, channels=30)
    assert (found.never_met, found.misplaced) == (0, 0)


def test_models_that_never_met_those_of_today_are_listed_apart() -> None:
    board = people_board(picked("a", 60, "abc") + picked("d", 25, "def"))
    assert board.leader == "d"
    assert board.rows == 25
    apart = [(p.model, p.place, p.wins) for p in board.places[3:]]
    assert apart == [("a", None, None), ("b", None, None), ("c", None, None)]
    assert board.notes == (
        "Not comparable yet, because they never met these in a question: a, b and c.",
    )


def test_a_new_roster_is_not_ranked_by_the_questions_of_the_old_one() -> None:
    board = people_board(picked("a", 60, "abc") + picked("d", 19, "def"))
    assert not board.ranked
    assert board.notes == ("No ranking below 20 questions: in 19 somebody picked a best answer.",)


def test_a_model_that_left_keeps_no_lead_over_those_that_came_after_it() -> None:
    board = people_board(picked("a", 40, "abc") + picked("b", 10, "bcd"))
    assert board.leader is None
    assert board.notes[0] == "a is ahead, but never stood beside d: nobody leads."


def test_where_everything_is_tied_nobody_leads() -> None:
    rows = [make_row(str(i), "abc", ballots=[ballot("a", "abc")]) for i in range(30)]
    board = peer_board(rows)
    assert [place.place for place in board.places] == [1, 1, 1]
    assert board.leader is None
    assert board.notes == ("Too close to call: a, b and c.",)


def test_a_question_counts_once_however_many_reviewed_it() -> None:
    one = [make_row(str(i), "abc", ballots=[ballot("a", "a>b>c")]) for i in range(25)]
    three = [
        make_row(str(i), "abc", ballots=[ballot(r, "a>b>c") for r in "abc"]) for i in range(25)
    ]
    wins = [[place.wins for place in peer_board(rows).places] for rows in (one, three)]
    for alone, together in zip(*wins, strict=True):
        assert alone is not None
        assert together is not None
        assert alone.low == pytest.approx(together.low)
        assert alone.high == pytest.approx(together.high)


def test_a_model_that_joined_later_is_named_with_its_questions() -> None:
    board = people_board(picked("a", 30, "ab") + picked("c", 6, "abc"))
    assert "c took part in 6 of these 36 questions." in board.notes


def test_one_model_alone_is_not_ranked() -> None:
    board = people_board(picked("a", 30, "a"))
    assert board.notes == ("Only a answered here, so there is nothing to compare.",)
    assert not board.ranked


def test_an_empty_channel_gets_sentences() -> None:
    found = standings([])
    assert found.people.notes == ("No model answered here, so there is nothing to compare.",)
    assert found.notes == ("Nothing was rated here yet.",)
    assert str(found.rated) == "rated 0 of 0 questions, by 0 people"


def test_an_unrated_channel_shows_peers_alone() -> None:
    rows = [make_row(str(i), "abc", ballots=[ballot("a", "c>b>a")]) for i in range(40)]
    found = standings(rows)
    assert found.notes == ("Nothing was rated here yet.",)
    assert not found.people.ranked
    assert found.peers.leader == "c"
    assert all(each.rate is None for each in found.acceptance)


def test_a_rate_is_a_beta_posterior_drawn_to_the_channels_rate() -> None:
    # The channel's rate is that of all rated answers: 30 of 40 here.
    rows = rated_rows(30, 10)
    found = of("a", rows).rate
    assert found is not None
    posterior = beta(30 + 8 * 0.75, 10 + 8 * 0.25)
    assert found.value == pytest.approx(0.75)
    assert found.low == pytest.approx(posterior.ppf(0.05), abs=1e-5)
    assert found.high == pytest.approx(posterior.ppf(0.95), abs=1e-5)


def test_bounds_are_the_worst_cases_over_all_answers() -> None:
    found = of("a", rated_rows(24, 6, unrated=10))
    assert (found.accepted, found.rated, found.answered) == (24, 30, 40)
    assert found.bounds == (24 / 40, 34 / 40)
    assert found.rate is not None


@pytest.mark.parametrize(("accepted", "rejected", "unrated"), [(24, 6, 10), (30, 0, 0), (5, 20, 1)])
def test_what_is_possible_holds_the_interval_of_the_rate(
    accepted: int, rejected: int, unrated: int
) -> None:
    found = of("a", rated_rows(accepted, rejected, unrated))
    assert found.rate is not None
    assert found.possible is not None
    low, high = found.possible
    assert low <= found.rate.low < found.rate.high <= high
    assert low < found.bounds[0] + 1e-9
    assert high > found.bounds[1] - 1e-9 or not unrated
    assert unrated or found.possible == (found.rate.low, found.rate.high)


def test_while_the_bounds_are_wider_than_forty_points_only_counts_are_shown() -> None:
    assert of("a", rated_rows(20, 10, unrated=20)).rate is not None
    assert of("a", rated_rows(20, 10, unrated=21)).rate is None


def test_below_twenty_rated_answers_only_counts_are_shown() -> None:
    assert of("a", rated_rows(15, 4)).rate is None
    assert of("a", rated_rows(15, 5)).rate is not None


@pytest.mark.parametrize(("accepted", "rejected"), [(30, 0), (0, 30)])
def test_a_rate_of_all_or_none_still_has_an_interval(accepted: int, rejected: int) -> None:
    found = of("a", rated_rows(accepted, rejected)).rate
    assert found is not None
    assert 0 <= found.low < found.value < found.high <= 1


def test_people_and_gpt_4_have_other_models_first_on_the_public_votes() -> None:
    assert pair_board(*llmfao_pairs("h")).places[0].model == "GPT 4"
    assert pair_board(*llmfao_pairs("gpt-4")).places[0].model == "Airoboros L2 70B"
    assert pair_board(*llmfao_pairs("gpt-3.5")).places[0].model == "command"


def rows_of_anything() -> st.SearchStrategy[list[Row]]:
    said = st.sampled_from([True, False, None])
    one = st.builds(
        lambda models, accepted, best, asker, order: make_row(
            "".join(models),
            models,
            accepted=accepted[: len(models)],
            best=models[best % len(models)] if best is not None else None,
            asker=asker,
            ballots=[ballot(models[0], order.join(models))],
        ),
        st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True),
        st.lists(said, min_size=4, max_size=4),
        st.none() | st.integers(0, 3),
        st.sampled_from(["ann", "bob", ""]),
        st.sampled_from([">", ""]),
    )
    return st.lists(one, max_size=40)


@given(rows_of_anything())
def test_on_any_rows_what_is_shown_has_an_interval_or_a_sentence(rows: list[Row]) -> None:
    found = standings(rows)
    assert isinstance(found, Standings)
    for board in (found.people, found.peers):
        assert shown_with_intervals(board) or board.notes
    for each in found.acceptance:
        assert 0 <= each.bounds[0] <= each.bounds[1] <= 1
        assert each.rate is None or ordered(each.rate)


def shown_with_intervals(board: Board) -> bool:
    return board.ranked and all(place.wins and ordered(place.wins) for place in board.places)


def ordered(each: Estimate) -> bool:
    return 0 <= each.low <= each.value <= each.high <= 1 and bool(np.isfinite(each.high))
