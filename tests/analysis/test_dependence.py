"""Correlated errors: reference results on public matrices, scipy as oracle, degenerate tables."""

import math
from itertools import combinations, pairwise
from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import integrate, stats

from bot.analysis.dependence import (
    DRAWS,
    Matrix,
    Pairs,
    beta_independent,
    beta_single_factor,
    by_pool_size,
    diagnose,
    full_sigma_draws,
    negative_eigenvalues,
    pair_mean,
    phi,
    tetrachoric,
    wrong_rates,
)
from bot.analysis.outcomes import Outcomes, parse_outcomes
from tests.fakes.outcomes import matrix
from tests.reference_data import expected, outcomes

SLICES = [
    (name, part)
    for name, parts in (
        ("gsm8k_outcomes", ("all", "top5", "top12", "audited")),
        ("crux_outcomes_a", ("all", "top5", "top12")),
    )
    for part in parts
]


def part_of(name: str, part: str) -> Outcomes:
    whole = outcomes(name)
    if part == "audited":
        return whole.of_rows(~whole.all_wrong)
    if part == "all":
        return whole
    best = np.argsort(wrong_rates(whole), kind="stable")
    return whole.of_models(best[: int(part.removeprefix("top"))].tolist())


def reference(name: str, part: str) -> dict[str, Any]:
    values: dict[str, Any] = expected()["outcomes"][name][part]
    return values


def four_tables(right_both: int, right_a: int, right_b: int, wrong_both: int) -> Outcomes:
    lines = ["1,1"] * right_both + ["1,0"] * right_a + ["0,1"] * right_b + ["0,0"] * wrong_both
    return parse_outcomes("\n".join(["a,b", *lines]))


@pytest.mark.parametrize(("name", "part"), SLICES)
def test_correlations_are_the_reference_ones(name: str, part: str) -> None:
    pairs, known = Pairs.of(part_of(name, part)), reference(name, part)
    rho = tetrachoric(pairs)
    assert pair_mean(phi(pairs)) == pytest.approx(known["phi_mean"], abs=5e-7)
    assert pair_mean(rho) == pytest.approx(known["rho_tet_mean"], abs=5e-7)
    assert negative_eigenvalues(rho) == known["neg_eig"]


@pytest.mark.parametrize(("name", "part"), SLICES)
def test_predictions_are_the_reference_ones(name: str, part: str) -> None:
    found, known = part_of(name, part), reference(name, part)
    rates = wrong_rates(found).tolist()
    diagnosis = diagnose(found, known["beta"])
    assert beta_independent(rates) == pytest.approx(known["beta_independent"], rel=5e-6)
    assert diagnosis.beta_single_factor == pytest.approx(known["beta_single_factor"], rel=5e-6)
    assert diagnosis.ratio_single_factor == pytest.approx(known["ratio_sf"], rel=5e-6)


@pytest.mark.parametrize(("name", "part"), SLICES)
def test_full_sigma_is_within_the_reference_simulations_error(name: str, part: str) -> None:
    found, known = part_of(name, part), reference(name, part)
    hits = full_sigma_draws(wrong_rates(found).tolist(), tetrachoric(Pairs.of(found)))
    both_errors = math.sqrt(2) * known["beta_full_sigma_se"]
    assert hits / DRAWS == pytest.approx(known["beta_full_sigma"], abs=3 * both_errors)


def ratios_of_pools(name: str, size: int, rng: np.random.Generator) -> list[float]:
    whole = outcomes(name)
    rho, rates = tetrachoric(Pairs.of(whole)), wrong_rates(whole)
    ratios = []
    for _ in range(60):
        pool = rng.choice(len(rates), size, replace=False)
        common = pair_mean(rho[np.ix_(pool, pool)]) or 0.0
        observed = whole.of_models(pool.tolist()).all_wrong.mean()
        ratios.append(float(observed) / beta_single_factor(rates[pool].tolist(), common))
    return ratios


@pytest.mark.parametrize("name", ["gsm8k_outcomes", "crux_outcomes_a"])
def test_ratio_of_random_pools_is_the_reference_one(name: str) -> None:
    """Which 60 pools the reference drew is not known, so that its medians differ by chance."""
    rng = np.random.default_rng(20260925)
    for size, ratio in expected()["underpricing_ratio_by_pool_size"]["values"][name]:
        ratios = ratios_of_pools(name, size, rng)
        # A median of 60 has a standard error of about 1.25 / sqrt(60) standard deviations.
        error = 1.25 * float(np.std(ratios)) / math.sqrt(60)
        assert median(ratios) == pytest.approx(ratio, abs=0.005 + 4 * error)


probabilities = st.floats(0.001, 0.999)


def orthant(h: float, k: float, rho: float) -> float:
    """P(X < h, Y < k) of a standard normal pair."""
    value, _ = integrate.quad(
        lambda x: stats.norm.pdf(x) * stats.norm.cdf((k - rho * x) / math.sqrt(1 - rho * rho)),
        -math.inf,
        h,
        epsabs=1e-12,
        epsrel=1e-12,
    )
    return float(value)


@given(st.tuples(*[st.integers(1, 400)] * 4))
def test_tetrachoric_explains_any_table_without_empty_corners(table: tuple[int, ...]) -> None:
    _, right_a, right_b, wrong_both = table
    n = sum(table)
    rho = float(tetrachoric(Pairs.of(four_tables(*table)))[0, 1])
    a, b = (right_b + wrong_both) / n, (right_a + wrong_both) / n
    explained = orthant(float(stats.norm.ppf(a)), float(stats.norm.ppf(b)), rho)
    assert explained == pytest.approx(wrong_both / n, abs=1e-8)


@given(st.integers(0, 2**32 - 1))
def test_phi_is_scipys_for_any_outcomes(seed: int) -> None:
    cells = np.random.default_rng(seed).integers(0, 2, (40, 4), np.int8)
    found = phi(Pairs.of(matrix(cells)))
    for i, j in combinations(range(4), 2):
        oracle = stats.pearsonr(1 - cells[:, i], 1 - cells[:, j]).statistic
        assert found[i, j] == pytest.approx(oracle, abs=1e-8)


def test_gaps_leave_a_pair_the_rows_where_both_are_known() -> None:
    whole = parse_outcomes("a,b,c\n" + "1,1,1\n1,0,1\n0,1,0\n0,0,0\n1,1,0\n" * 3 + ",1,0\n0,,1\n")
    both = parse_outcomes("a,b\n" + "1,1\n1,0\n0,1\n0,0\n1,1\n" * 3)
    assert Pairs.of(whole).rows[0, 1] == 15
    assert phi(Pairs.of(whole))[0, 1] == phi(Pairs.of(both))[0, 1]
    assert tetrachoric(Pairs.of(whole))[0, 1] == tetrachoric(Pairs.of(both))[0, 1]


def test_an_empty_corner_is_a_perfect_correlation() -> None:
    assert tetrachoric(Pairs.of(four_tables(5, 0, 3, 4)))[0, 1] == 1
    assert tetrachoric(Pairs.of(four_tables(5, 4, 3, 0)))[0, 1] == -1


def test_a_model_that_never_varies_has_no_correlation() -> None:
    never = parse_outcomes("a,b,c\n1,0,1\n0,0,1\n1,0,1\n0,0,1\n")
    assert pair_mean(phi(Pairs.of(never))) is None
    assert pair_mean(tetrachoric(Pairs.of(never))) is None
    assert diagnose(never, 0.0).beta_single_factor is None


def test_a_model_that_is_always_right_makes_co_failure_impossible() -> None:
    found = parse_outcomes("a,b,c\n1,0,0\n1,1,0\n1,0,1\n1,1,1\n1,0,0\n")
    diagnosis = diagnose(found, 0.0)
    assert (diagnosis.beta_single_factor, diagnosis.ratio_single_factor) == (0, None)
    assert diagnosis.beta_full_sigma == 0


@given(st.lists(probabilities, min_size=1, max_size=8), st.floats(0.001, 0.98))
def test_single_factor_is_the_integral_for_any_models(rates: list[float], rho: float) -> None:
    cuts = stats.norm.ppf(rates)

    def density(z: float) -> float:
        inner = (cuts - math.sqrt(rho) * z) / math.sqrt(1 - rho)
        return float(stats.norm.pdf(z) * np.prod(stats.norm.cdf(inner)))

    ends = [-40.0, -20, -10, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 10]
    oracle = sum(
        integrate.quad(density, low, high, epsabs=1e-13, epsrel=1e-11)[0]
        for low, high in pairwise(ends)
    )
    assert beta_single_factor(rates, rho) == pytest.approx(oracle, rel=1e-7, abs=1e-12)


@given(st.lists(probabilities, min_size=2, max_size=8), st.floats(0.0001, 0.9999))
def test_a_common_factor_lies_between_independence_and_the_best_model(
    rates: list[float], rho: float
) -> None:
    found = beta_single_factor(rates, rho)
    assert beta_independent(rates) * (1 - 1e-6) <= found <= min(rates) * (1 + 1e-6)


def test_single_factor_at_its_ends() -> None:
    assert beta_single_factor([0.2, 0.5], 0.0) == pytest.approx(0.1)
    assert beta_single_factor([0.2, 0.5], -0.3) == pytest.approx(0.1)
    assert beta_single_factor([0.2, 0.5], 1.0) == 0.2
    assert beta_single_factor([0.2, 1.0], 0.5) == pytest.approx(0.2)


def test_single_factor_does_not_underflow_among_many_strong_models() -> None:
    assert 1e-260 < beta_single_factor([1e-4] * 67, 0.01) < 1e-150


@given(st.lists(st.floats(0.05, 0.95), min_size=3, max_size=3), st.floats(-0.3, 0.9))
def test_full_sigma_is_scipys_orthant_for_any_three_models(rates: list[float], rho: float) -> None:
    sigma: Matrix = np.full((3, 3), rho) + (1 - rho) * np.eye(3)
    assume(np.linalg.eigvalsh(sigma).min() > 1e-3)
    oracle = stats.multivariate_normal(cov=sigma).cdf(stats.norm.ppf(rates))
    hits = full_sigma_draws(rates, sigma)
    error = math.sqrt(max(oracle * (1 - oracle), 1e-6) / DRAWS)
    assert hits / DRAWS == pytest.approx(oracle, abs=6 * error + 1e-5)


def test_the_ratio_grows_with_the_pool_where_a_shock_hits_everybody() -> None:
    """Pairs see the same law; of all models it then predicts too little."""
    rng = np.random.default_rng(1)
    wrong = (rng.random((20_000, 12)) < 0.15) | (rng.random((20_000, 1)) < 0.05)
    whole = matrix((~wrong).astype(np.int8))
    ratios = []
    for size in (2, 4, 8, 12):
        part = whole.of_models(range(size))
        ratios.append(diagnose(part, float(part.all_wrong.mean())).ratio_single_factor or 0.0)
    assert ratios[0] == pytest.approx(1, abs=1e-6)
    assert ratios == sorted(ratios)


def test_pairs_cannot_tell_how_often_all_are_wrong() -> None:
    odd = parse_outcomes("a,b,c\n" + "1,0,0\n0,1,0\n0,0,1\n1,1,1\n")
    even = parse_outcomes("a,b,c\n" + "0,0,0\n1,1,0\n1,0,1\n0,1,1\n")
    assert (odd.all_wrong.mean(), even.all_wrong.mean()) == (0, 0.25)
    assert np.array_equal(Pairs.of(odd).both, Pairs.of(even).both)
    assert np.array_equal(phi(Pairs.of(odd)), phi(Pairs.of(even)))


@pytest.mark.parametrize("name", ["gsm8k_outcomes", "crux_outcomes_a"])
def test_the_curve_by_pool_size_is_near_the_reference_ratios(name: str) -> None:
    """Those are medians over other random pools."""
    curve = {size: (seen, predicted) for size, seen, predicted in by_pool_size(outcomes(name))}
    for size, ratio in expected()["underpricing_ratio_by_pool_size"]["values"][name]:
        if size in curve:
            seen, predicted = curve[size]
            assert predicted is not None
            assert seen / predicted == pytest.approx(ratio, rel=0.25)


def test_the_curve_by_pool_size_counts_every_pool() -> None:
    found = by_pool_size(parse_outcomes("a,b,c\n" + "0,0,0\n1,0,0\n1,1,0\n1,1,1\n" * 5))
    assert [size for size, _, _ in found] == [2, 3]
    # Of three pairs all are wrong in the first row, and one in the second.
    assert [seen for _, seen, _ in found] == pytest.approx([(3 + 1) / 3 / 4, 1 / 4])
    assert [size for size, _, _ in by_pool_size(matrix(np.ones((20, 11), np.int8)))] == [
        2, 3, 4, 8, 11,
    ]  # fmt: skip
