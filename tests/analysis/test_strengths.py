"""Strengths of models: against other libraries, on public votes, and whether intervals cover."""

import itertools
import math
from typing import Any

import choix
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize, root
from scipy.special import expit

from bot.analysis import strengths
from bot.analysis.strengths import Ballot, Choices, Pairs
from bot.errors import InvalidInput
from tests.bench import coverage_strengths
from tests.fakes.public_votes import expected, llmfao, llmfao_pairs


def models() -> tuple[str, ...]:
    return llmfao_pairs("h")[0]


def human() -> Pairs:
    return llmfao_pairs("h")[1]


def raters() -> list[str]:
    return [vote["rater"] for vote in llmfao("h")]


def centred(x: Any) -> Any:
    return np.asarray(x) - np.mean(x)


@st.composite
def tournaments(draw: st.DrawFn, models_min: int = 2) -> Pairs:
    """Everybody met everybody, twice at least with each outcome, so that strengths are finite."""
    m = draw(st.integers(models_min, 6))
    meetings = list(itertools.combinations(range(m), 2))
    both = [(i, j, score) for i, j in meetings for score in (0.0, 0.5, 1.0)]
    more = st.tuples(st.sampled_from(meetings), st.sampled_from((0.0, 0.5, 1.0)))
    drawn = [(i, j, score) for (i, j), score in draw(st.lists(more, max_size=40))]
    left, right, score = zip(*both, *drawn, strict=True)
    return Pairs.of(left, right, score, m)


@st.composite
def rankings(draw: st.DrawFn) -> tuple[int, list[tuple[int, ...]]]:
    m = draw(st.integers(2, 5))
    order = st.permutations(range(m)).map(tuple)
    drawn = draw(st.lists(order, max_size=12))
    # Every model wins and loses against every other one somewhere.
    circle = [tuple((i + k) % m for k in range(m)) for i in range(m)]
    return m, [*circle, *(tuple(reversed(each)) for each in circle), *drawn]


@given(tournaments())
def test_bradley_terry_without_prior_is_choixs_with_ties(pairs: Pairs) -> None:
    wins = []
    # A tie is half a win for each, so everything is counted double.
    for i, j, score in zip(pairs.left.tolist(), pairs.right.tolist(), pairs.score, strict=True):
        wins += [(i, j)] * round(2 * score) + [(j, i)] * round(2 - 2 * score)
    reference = choix.ilsr_pairwise(pairs.models, wins, max_iter=10_000, tol=1e-12)
    fit = strengths.bradley_terry(pairs, prior_sd=None)
    assert np.abs(fit.strengths - centred(reference)).max() < 1e-8


@given(tournaments(), st.sampled_from([0.5, 1.0, 2.0]))
def test_with_a_prior_scipy_finds_the_same_root(pairs: Pairs, prior_sd: float) -> None:
    design = np.zeros((len(pairs.left), pairs.models))
    design[np.arange(len(design)), pairs.left] = 1
    design[np.arange(len(design)), pairs.right] = -1

    def gradient(x: Any) -> Any:
        return design.T @ (pairs.score - expit(design @ x)) - x / prior_sd**2

    reference = root(gradient, np.zeros(pairs.models), tol=1e-13).x
    fit = strengths.bradley_terry(pairs, prior_sd=prior_sd)
    assert np.abs(fit.strengths - reference).max() < 1e-8


@given(rankings())
def test_plackett_luce_without_prior_is_choixs(drawn: tuple[int, list[tuple[int, ...]]]) -> None:
    m, ballots = drawn
    reference = choix.ilsr_rankings(m, ballots, max_iter=10_000, tol=1e-12)
    strict: list[Ballot] = [([[model] for model in ballot], ballot) for ballot in ballots]
    fit = strengths.plackett_luce(Choices.of(strict, m), prior_sd=None)
    assert np.abs(fit.strengths - centred(reference)).max() < 1e-8


@given(st.lists(st.tuples(st.integers(0, 3), st.sets(st.integers(0, 3))), max_size=30))
def test_partial_ballots_are_choixs_choices(picks: list[tuple[int, set[int]]]) -> None:
    offered = [(best, tuple(sorted(others - {best} or {(best + 1) % 4}))) for best, others in picks]
    # Everybody is preferred to everybody somewhere, so that strengths are finite.
    offered += [(best, tuple({0, 1, 2, 3} - {best})) for best in range(4)]
    reference = choix.ilsr_top1(4, offered, max_iter=10_000, tol=1e-12)
    ballots: list[Ballot] = [([[best]], (best, *others)) for best, others in offered]
    fit = strengths.plackett_luce(Choices.of(ballots, 4), prior_sd=None)
    assert np.abs(fit.strengths - centred(reference)).max() < 1e-8


@given(tournaments())
def test_on_two_answers_plackett_luce_is_bradley_terry(pairs: Pairs) -> None:
    ballots: list[Ballot] = []
    for i, j, score in zip(pairs.left.tolist(), pairs.right.tolist(), pairs.score, strict=True):
        rankings_: dict[float, list[list[int]]] = {1.0: [[i], [j]], 0.0: [[j], [i]], 0.5: [[i, j]]}
        ballots.append((rankings_[float(score)], (i, j)))
    clusters = np.arange(len(ballots)) % 5
    one = strengths.plackett_luce(Choices.of(ballots, pairs.models), clusters=clusters)
    other = strengths.bradley_terry(pairs, clusters=clusters)
    assert np.abs(one.strengths - other.strengths).max() < 1e-8
    assert np.abs(one.covariance - other.covariance).max() < 1e-8


def test_the_covariance_is_the_inverse_curvature_scipy_finds() -> None:
    pairs = Pairs.of([0, 0, 1, 2, 1], [1, 2, 2, 0, 0], [1, 1, 0.5, 0, 0], 3)

    def loss(x: Any) -> float:
        d = x[pairs.left] - x[pairs.right]
        return float((np.logaddexp(0, d) - pairs.score * d).sum() + x @ x / 2)

    found = minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-10})
    step = 1e-4 * np.eye(3)
    curvature = [
        [
            (loss(found.x + a + b) - loss(found.x + a - b) - loss(found.x - a + b))
            + loss(found.x - a - b)
            for b in step
        ]
        for a in step
    ]
    laplace = np.linalg.inv(np.array(curvature) / 4e-8)
    centre = np.eye(3) - 1 / 3
    fit = strengths.bradley_terry(pairs)
    assert np.abs(fit.strengths - found.x).max() < 1e-6
    assert np.abs(fit.covariance - centre @ laplace @ centre).max() < 1e-5


def test_strengths_of_the_public_votes_are_the_known_ones() -> None:
    fit = strengths.bradley_terry(human(), prior_sd=None)
    order = np.argsort(-fit.strengths)
    named = [[models()[i], round(float(fit.strengths[i]), 4)] for i in order]
    assert named[:5] == expected("llmfao_a")["top5_bt_ml"]
    assert named[-3:] == expected("llmfao_a")["bottom3"]


def test_a_contrast_of_the_public_votes_has_the_known_errors() -> None:
    one, other = models().index("GPT 4"), models().index("command")
    # The reference was fitted under a normal prior of this width.
    alone = strengths.bradley_terry(human(), prior_sd=1.5)
    together = strengths.bradley_terry(human(), prior_sd=1.5, clusters=raters())
    known = expected("llmfao_a")["contrast_top1_top5"]
    assert alone.contrast(one, other) == pytest.approx((known["diff"], known["se_model"]), abs=5e-7)
    assert together.contrast(one, other)[1] == pytest.approx(known["se_cluster_rater"], abs=5e-7)


def test_ballots_that_leave_answers_out_say_nothing_of_their_order() -> None:
    ballots: list[Ballot] = [([[0]], (0, 1, 2))]
    fit = strengths.plackett_luce(Choices.of(ballots, 3))
    assert fit.strengths[1] == pytest.approx(fit.strengths[2])
    assert fit.strengths[0] > fit.strengths[1]


def test_three_tied_answers_count_as_every_order_of_them() -> None:
    tied = strengths.plackett_luce(Choices.of([([[0, 1, 2], [3]], (0, 1, 2, 3))], 4))
    orders: list[Ballot] = [
        ([*([model] for model in order), [3]], (0, 1, 2, 3))
        for order in itertools.permutations((0, 1, 2))
    ]
    weights = np.full(len(orders), 1 / 6)
    averaged = strengths.plackett_luce(Choices.of(orders, 4), weights=weights)
    assert np.abs(tied.strengths - averaged.strengths).max() < 1e-10
    assert np.abs(tied.covariance - averaged.covariance).max() < 1e-10


@pytest.mark.parametrize("group", [list(range(5)), list(range(20))])
def test_tied_answers_stay_equal(group: list[int]) -> None:
    fit = strengths.plackett_luce(Choices.of([([group], group)], len(group)))
    assert np.abs(fit.strengths).max() < 1e-10


def test_the_chances_of_being_best_add_up_and_follow_the_strengths() -> None:
    pairs = Pairs.of([0] * 9 + [1] * 5, [1] * 9 + [2] * 5, [1] * 14, 3)
    chances = strengths.chance_of_best(strengths.bradley_terry(pairs))
    assert chances.sum() == pytest.approx(1)
    assert chances[0] > 0.8 > chances[1] > chances[2]


def bootstrap_weights(clusters: ArrayLike, rng: np.random.Generator) -> NDArray[np.float64]:
    """One draw of the Bayesian bootstrap: Dirichlet weights of mean 1, the same in a cluster."""
    _, group = np.unique(np.asarray(clusters), return_inverse=True)
    drawn = rng.standard_exponential(group.max() + 1)
    weights: NDArray[np.float64] = drawn[group] / drawn.mean()
    return weights


def test_bootstrap_and_sandwich_agree_about_the_error() -> None:
    pairs = human()
    rng = np.random.default_rng(1)
    one, other = models().index("GPT 4"), models().index("command")
    draws = [
        strengths.bradley_terry(pairs, weights=bootstrap_weights(raters(), rng)).contrast(
            one, other
        )[0]
        for _ in range(60)
    ]
    sandwich = strengths.bradley_terry(pairs, clusters=raters()).contrast(one, other)[1]
    assert np.std(draws) == pytest.approx(sandwich, rel=0.25)


@pytest.mark.parametrize(("models", "spread"), [(5, 0.0), (5, 0.5), (8, 1.0)])
@pytest.mark.parametrize("ballots", [5, 50])
def test_intervals_of_the_fixed_prior_cover(models: int, spread: float, ballots: int) -> None:
    covered = coverage_strengths.coverage(models, spread, ballots, runs=150)
    assert covered >= 0.85


@pytest.mark.parametrize(
    ("left", "right", "score", "said"),
    [
        ([], [], [], "no comparison yet"),
        ([0], [1, 0], [1], "a left side, a right side and a score"),
        ([0], [0], [1], "same model on both sides"),
        ([0], [3], [1], "not among those compared"),
        ([0], [1], [math.nan], "score is 1, 0 or"),
    ],
)
def test_unusable_comparisons_are_refused_in_a_sentence(
    left: list[int], right: list[int], score: list[float], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        Pairs.of(left, right, score, 3)


@pytest.mark.parametrize(
    ("ballots", "said"),
    [([], "No ballot"), ([([[0]], (0,))], "No ballot"), ([([[5]], (0, 5))], "not among those")],
)
def test_unusable_ballots_are_refused_in_a_sentence(ballots: list[Ballot], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Choices.of(ballots, 3)


def test_who_never_loses_has_no_strength_without_a_prior() -> None:
    with pytest.raises(InvalidInput, match="no finite strengths"):
        strengths.bradley_terry(Pairs.of([0, 0], [1, 1], [1, 1], 2), prior_sd=None)


def test_models_that_never_met_have_no_strengths_without_a_prior() -> None:
    pairs = Pairs.of([0, 0, 2, 2], [1, 1, 3, 3], [1, 0, 1, 0], 4)
    with pytest.raises(InvalidInput, match="no finite strengths"):
        strengths.bradley_terry(pairs, prior_sd=None)


def test_one_person_alone_gives_no_clustered_error() -> None:
    with pytest.raises(InvalidInput, match="one person or question"):
        strengths.bradley_terry(Pairs.of([0, 0], [1, 1], [1, 0], 2), clusters=["ann", "ann"])
