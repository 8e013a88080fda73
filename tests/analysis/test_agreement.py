"""Agreement of peers with people, and of people among themselves."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from bot.analysis import strengths
from bot.analysis.agreement import (
    agreement,
    first_places,
    leave_one_out,
    pairwise_accuracy,
    reliabilities,
    tau_b,
)
from bot.analysis.leaderboard import pair_board, people_board
from bot.analysis.rows import Pick, Row
from bot.errors import InvalidInput
from tests.fakes.public_votes import SCORES, expected, llmfao, llmfao_pairs, with_ties_broken
from tests.fakes.rows import ballot, make_row


def peers_said(
    best: str, scores: tuple[float, ...], count: int, *, shown: bool = False, tag: str = ""
) -> list[Row]:
    """Rows in which `best` was picked and the peers gave a, b and c these scores."""
    return [
        make_row(
            f"{tag}{best}{i}",
            best=best,
            asker=f"p{i}",
            picks=[Pick(f"p{i}", best, shown)],
            scores=scores,
            ballots=[ballot("a", "abc")],
        )
        for i in range(count)
    ]


def known(model: str) -> dict[str, float]:
    found: dict[str, float] = expected("llmfao_a")[model]
    return found


def majority() -> dict[str, int]:
    """Of each pair of answers: 1 where most people prefer the left, -1 the right, 0 divided."""
    signs: Counter[str] = Counter()
    for vote in llmfao("h"):
        signs[vote["pair"]] += round(2 * SCORES[vote["winner"]]) - 1
    return {pair: int(np.sign(total)) for pair, total in signs.items()}


def test_the_public_votes_are_those_the_references_were_made_from() -> None:
    votes, models = llmfao("h"), llmfao_pairs("h")[0]
    winners: dict[str, int] = dict(Counter(vote["winner"] for vote in votes))
    assert len(votes) == expected("llmfao_a")["votes_human"]
    assert len({vote["pair"] for vote in votes}) == expected("llmfao_a")["pairs"]
    assert len(models) == expected("llmfao_a")["models"]
    assert len({vote["rater"] for vote in votes}) == expected("llmfao_a")["raters"]
    assert winners == expected("llmfao_a")["human_winner"]


def test_people_agree_with_the_other_people_as_often_as_is_known() -> None:
    hits = leave_one_out(
        [(v["pair"], v["rater"], v["winner"]) for v in llmfao("h") if v["winner"] != "tie"]
    )
    share, count = expected("llmfao_a")["human_loo_agreement_decided"]
    assert len(hits) == count
    assert np.mean(hits) == pytest.approx(share, abs=5e-7)


@pytest.mark.parametrize("judge", ["gpt-3.5", "gpt-4"])
def test_a_judge_agrees_with_people_on_pairs_as_often_as_is_known(judge: str) -> None:
    people = majority()
    said = {vote["pair"]: 2 * SCORES[vote["winner"]] - 1 for vote in llmfao(judge)}
    assert len(said) == known(judge)["n"]
    hits = pairwise_accuracy([people[pair] for pair in said], list(said.values()))
    assert len(hits) == known(judge)["n_decided"]
    assert np.mean(hits) == pytest.approx(known(judge)["pairwise_acc_vs_human_majority"], abs=5e-7)


@pytest.mark.parametrize("judge", ["gpt-3.5", "gpt-4"])
def test_a_judges_order_agrees_with_that_of_people_as_far_as_is_known(judge: str) -> None:
    models, pairs = llmfao_pairs("h")
    judges, judged = llmfao_pairs(judge)
    assert judges == models
    # The references were fitted under a normal prior of this width.
    people = strengths.bradley_terry(pairs, prior_sd=1.5).strengths
    theirs = strengths.bradley_terry(judged, prior_sd=1.5).strengths
    possible = {round(tau_b(each, people) or 0, 6) for each in with_ties_broken(theirs)}
    assert known(judge)["tau_b_bt_vs_human"] in possible
    assert known(judge)["tau_own"] in possible
    assert max(possible) - min(possible) < 0.006
    best_of_all: str = expected("llmfao_a")["human_bias"]["top1"]
    best: str = expected("llmfao_a")[judge]["top1"]
    assert models[int(people.argmax())] == best_of_all
    assert models[int(theirs.argmax())] == best


def test_people_and_models_disagree_only_where_either_has_a_leader() -> None:
    a, b = (people_board(peers_said(best, (1, 0, 0), 30)) for best in "ab")
    close = people_board(peers_said("a", (1, 0, 0), 15) + peers_said("b", (1, 0, 0), 15))
    assert (a.leader, b.leader, close.leader) == ("a", "b", None)
    assert first_places(a, b) == ("People and models disagree about the best: people a, models b.")
    is_open = "Whether people and models agree about the best is open: no model clearly leads among"
    assert first_places(close, b) == f"{is_open} people."
    assert first_places(a, close) == f"{is_open} models."
    assert first_places(close, close) == f"{is_open} people or models."


def test_people_and_gpt_4_have_no_clear_best_model_to_disagree_about() -> None:
    said = first_places(pair_board(*llmfao_pairs("h")), pair_board(*llmfao_pairs("gpt-4")))
    assert said.endswith("no model clearly leads among people or models.")


def test_the_report_says_where_people_and_peers_agree_or_are_unknown() -> None:
    ranked = people_board(peers_said("a", (1, 0, 0), 30))
    empty = people_board([])
    assert first_places(ranked, ranked) == "People and models agree on the best model: a."
    assert first_places(empty, ranked) == (
        "People and models cannot be compared yet: "
        "No model answered here, so there is nothing to compare."
    )


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=30))
def test_tau_b_is_scipys(scores: list[tuple[int, int]]) -> None:
    one, other = zip(*scores, strict=True)
    reference = kendalltau(one, other).statistic
    assert (tau_b(one, other) or 0) == pytest.approx(np.nan_to_num(reference), abs=1e-8)


def test_a_rank_correlation_needs_two_numbers_each() -> None:
    with pytest.raises(InvalidInput, match="two numbers for each model"):
        tau_b([1, 2, float("nan")], [1, 2, 3])
    with pytest.raises(InvalidInput, match="two numbers for each model"):
        tau_b([1, 2], [1, 2, 3])


def test_what_differs_by_rounding_alone_is_tied() -> None:
    assert tau_b([0.1 + 0.2, 0.3, 1], [1, 2, 3]) == tau_b([0.3, 0.3, 1], [1, 2, 3])


def test_what_ties_everything_has_no_rank_correlation() -> None:
    assert tau_b([1, 1, 1], [1, 2, 3]) is None


def test_the_peers_first_is_the_peoples_best_or_not() -> None:
    rows = peers_said("a", (0.9, 0.5, 0.1), 30) + peers_said("b", (0.9, 0.5, 0.1), 10)
    found = agreement(rows)
    assert found.top_one is not None
    assert found.top_one.value == pytest.approx(0.75)
    assert 0.55 < found.top_one.low < 0.75 < found.top_one.high < 0.9
    assert found.top_one_by_chance == pytest.approx(1 / 3)


def test_a_tie_of_firsts_counts_as_a_part_of_a_hit() -> None:
    found = agreement(peers_said("a", (0.7, 0.7, 0.1), 20))
    assert found.top_one is not None
    assert found.top_one.value == pytest.approx(0.5)


def test_agreement_is_split_by_whether_the_voter_could_see_the_ranking() -> None:
    hidden = peers_said("b", (0.9, 0.5, 0.1), 20)
    visible = peers_said("a", (0.9, 0.5, 0.1), 20, shown=True)
    found = agreement(hidden + visible)
    assert found.top_one_hidden is not None
    assert found.top_one_visible is not None
    assert (found.top_one_hidden.value, found.top_one_visible.value) == (0, 1)


def test_pairs_are_those_people_decided() -> None:
    # b before a and c by the trophy; of a and c nothing is known. Peers put a before b.
    found = agreement(peers_said("b", (0.9, 0.5, 0.1), 20))
    assert found.pairwise is not None
    assert found.pairwise.n == 40
    assert found.pairwise.value == pytest.approx(0.5)


def test_an_accepted_answer_is_held_for_better_than_a_refused_one() -> None:
    rows = [
        make_row(
            str(i),
            accepted=(True, False, None),
            scores=(0.2, 0.2, 0.9),
            ballots=[ballot("a", "c>ab")],
        )
        for i in range(20)
    ]
    found = agreement(rows).pairwise
    assert found is not None
    assert (found.value, found.n) == (0.5, 20)


def test_the_peers_order_is_compared_with_the_peoples_standings() -> None:
    found = agreement(peers_said("a", (0.9, 0.2, 0.4), 30))
    assert found.tau is not None
    # b and c are tied by people, and the peers' first is theirs: 2 of 3 pairs, tau-b 2/sqrt(6).
    assert found.tau.value == pytest.approx(2 / 6**0.5)
    assert agreement(peers_said("a", (0.9, 0.2, 0.4), 29)).tau is None


def test_the_human_ceiling_is_a_person_against_the_others() -> None:
    three = [Pick("ann", "a", False), Pick("bob", "a", False), Pick("cem", "b", False)]
    found = agreement([make_row(str(i), picks=three) for i in range(20)]).human_ceiling
    # Ann's and Bob's others are divided; Cem's others both picked a.
    assert found is not None
    assert (found.value, found.n) == (0, 20)


def test_a_rater_is_never_compared_with_their_own_other_votes() -> None:
    assert leave_one_out([("q", "ann", "a"), ("q", "ann", "a"), ("q", "bob", "b")]) == [0, 0, 0]


def test_few_rows_give_sentences_and_no_numbers() -> None:
    found = agreement(peers_said("a", (0.9, 0.5, 0.1), 19))
    assert (found.top_one, found.top_one_by_chance, found.tau) == (None, None, None)
    assert found.notes == (
        "Peers and people are compared from 20 picks on; there are 19.",
        "How far people agree among themselves is shown from 20 picks on questions that several "
        "people rated; there are 0.",
        "Orders are compared from 30 ranked questions on.",
    )


def test_votes_of_few_people_make_intervals_wider() -> None:
    rows = peers_said("a", (0.9, 0.5, 0.1), 20) + peers_said("b", (0.9, 0.5, 0.1), 20)
    many = agreement(rows).top_one
    two = agreement(
        [
            make_row(r.id, best=r.best, scores=r.scores, ballots=r.ballots, asker=r.best or "")
            for r in rows
        ]
    ).top_one
    assert many is not None
    assert two is not None
    assert two.value == many.value
    assert two.high - two.low > 2 * (many.high - many.low)


def test_a_reviewer_that_agrees_with_the_others_is_reliable() -> None:
    ballots = [ballot("a", "a>b>c"), ballot("b", "a>b>c"), ballot("c", "c>b>a")]
    found = reliabilities([make_row(str(i), ballots=ballots) for i in range(20)])
    assert [(each.reviewer, each.tau.value) for each in found] == [("a", 0), ("b", 0), ("c", -1)]


def test_reviewers_are_measured_only_where_all_were_heard() -> None:
    ballots = [ballot("a", "a>b>c"), ballot("b", "a>b>c")]
    assert reliabilities([make_row(str(i), ballots=ballots, heard=False) for i in range(30)]) == ()
    assert reliabilities([make_row(str(i), ballots=ballots) for i in range(19)]) == ()
