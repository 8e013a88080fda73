"""Limits of a share: published values, scipy as oracle, and what holds for any counts."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats

from bot.analysis.limits import Limit, anytime_lower, anytime_upper, interval, lower, upper


@st.composite
def counts(draw: st.DrawFn, most: int = 20_000) -> tuple[int, int]:
    n = draw(st.integers(1, most))
    return draw(st.integers(0, n)), n


levels = st.floats(1e-6, 0.5)


def test_one_sided_limit_of_the_seed_example() -> None:
    assert lower(17, 330, 0.05) == pytest.approx(0.0330867, abs=5e-8)


def test_two_sided_interval_of_the_seed_example() -> None:
    assert interval(17, 330, 0.05) == pytest.approx((0.0302923, 0.0812013), abs=5e-8)


def test_one_and_two_sided_lower_limits_differ() -> None:
    assert lower(10, 79, 0.05) == pytest.approx(0.07031, abs=5e-6)
    assert interval(10, 79, 0.05) == pytest.approx((0.06240, 0.22049), abs=5e-6)


@pytest.mark.parametrize(
    ("n", "limit"),
    [
        (130, 0.02798),
        (79, 0.04562),
        (330, 0.01112),
        (298, 0.01230),
        (480, 0.00766),
        (63, 0.05687),
        (54, 0.06603),
        (42, 0.08408),
    ],
)
def test_upper_limits_of_nothing_seen(n: int, limit: float) -> None:
    low, high = interval(0, n, 0.05)
    assert low == 0
    assert high == pytest.approx(limit, abs=5e-6)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (1, 124, 0.00020, 0.04411),
        (2, 200, 0.00121, 0.03565),
        (3, 62, 0.01009, 0.13496),
        (16, 330, 0.02796, 0.07754),
    ],
)
def test_published_intervals(k: int, n: int, low: float, high: float) -> None:
    assert interval(k, n, 0.05) == pytest.approx((low, high), abs=5e-6)


def test_all_successes_leave_the_upper_limit_at_one() -> None:
    assert upper(7, 7, 0.05) == 1
    assert anytime_upper(7, 7, 0.05) == 1


def test_no_trials_say_nothing() -> None:
    assert interval(0, 0, 0.05) == (0, 1)
    assert (anytime_lower(0, 0, 0.05), anytime_upper(0, 0, 0.05)) == (0, 1)


@pytest.mark.parametrize(
    ("k", "n", "high"),
    [
        (0, 29, 0.10),
        (1, 46, 0.10),
        (2, 61, 0.10),
        (0, 59, 0.05),
        (1, 93, 0.05),
        (2, 124, 0.05),
        (0, 149, 0.02),
        (1, 236, 0.02),
        (2, 313, 0.02),
    ],
)
def test_rows_needed_before_co_failure_is_known_to_be_rare(k: int, n: int, high: float) -> None:
    assert upper(k, n, 0.05) <= high < upper(k, n - 1, 0.05)


def test_anytime_limits_of_the_worked_example() -> None:
    assert anytime_lower(6, 120, 0.05) == pytest.approx(0.008839093, abs=1e-9)
    # The reference result, .128522234, is 1e-6 off; two quadratures give what is written here.
    assert anytime_upper(6, 120, 0.05) == pytest.approx(0.128523224, abs=1e-9)


@pytest.mark.parametrize(
    ("limit", "mean"),
    [(lower, 0.021), (upper, 0.101), (anytime_lower, 0.009), (anytime_upper, 0.136)],
)
def test_what_looking_often_costs_at_a_hundred_rows(limit: Limit, mean: float) -> None:
    """Averaged over the counts that a true share of 5 % gives."""
    average = sum(stats.binom.pmf(k, 100, 0.05) * limit(k, 100, 0.05) for k in range(101))
    assert average == pytest.approx(mean, abs=5e-4)


@given(counts(), levels)
@example((5_000, 10_000), 0.05)
@example((1, 20_000), 1e-6)
def test_exact_limits_are_scipys_for_any_counts(count: tuple[int, int], alpha: float) -> None:
    k, n = count
    low = stats.beta.ppf(alpha, k, n - k + 1) if k else 0.0
    high = stats.beta.isf(alpha, k + 1, n - k) if k < n else 1.0
    assert lower(k, n, alpha) == pytest.approx(low, abs=1e-8)
    assert upper(k, n, alpha) == pytest.approx(high, abs=1e-8)


def evidence_above(p: float, k: int, n: int) -> float:
    """The logarithm of e(p), with scipy's incomplete beta function."""
    a, b = k + 0.5, n - k + 0.5
    mixture = special.betaln(a, b) + math.log(special.betaincc(a, b, p))
    prior = special.betaln(0.5, 0.5) + math.log(special.betaincc(0.5, 0.5, p))
    return float(mixture - prior - k * math.log(p) - (n - k) * math.log1p(-p))


@given(counts(2_000), st.floats(1e-4, 0.5))
def test_anytime_limits_are_where_scipy_finds_the_evidence_for_any_counts(
    count: tuple[int, int], alpha: float
) -> None:
    k, n = count
    low = 0.0
    if k:
        # Not k/n itself: where that is 1, the logarithm has no value.
        low = optimize.brentq(
            lambda p: evidence_above(p, k, n) + math.log(alpha), 1e-12, k / n - 1e-9, xtol=1e-13
        )
    assert anytime_lower(k, n, alpha) == pytest.approx(low, abs=1e-8)
    assert anytime_upper(n - k, n, alpha) == pytest.approx(1 - low, abs=1e-8)


def test_the_evidence_is_the_integral_it_is_said_to_be() -> None:
    """At the limit of 6 of 120 from above, by quadrature: 20 times what p itself explains."""
    p = anytime_upper(6, 120, 0.05)
    likelihood, _ = integrate.quad(lambda q: q**5.5 * (1 - q) ** 113.5, 0, p, epsabs=0)
    prior, _ = integrate.quad(lambda q: q**-0.5 * (1 - q) ** -0.5, 0, p, epsabs=0)
    assert likelihood / prior / (p**6 * (1 - p) ** 114) == pytest.approx(20, rel=1e-6)


@given(counts(500), st.floats(1e-4, 0.5))
def test_the_evidence_crosses_its_bound_once_for_any_counts(
    count: tuple[int, int], alpha: float
) -> None:
    k, n = count
    limit = anytime_lower(k, n, alpha)
    below = [limit * step / 20 for step in range(1, 20)]
    above = [limit + (k / n - limit) * step / 20 for step in range(1, 20)]
    assert all(evidence_above(p, k, n) >= -math.log(alpha) for p in below if p > 0)
    assert all(evidence_above(p, k, n) < -math.log(alpha) for p in above if p < 1 and k)


@given(counts(2_000), st.floats(1e-4, 0.5))
def test_anytime_limits_enclose_the_exact_ones_for_any_counts(
    count: tuple[int, int], alpha: float
) -> None:
    k, n = count
    low, high = anytime_lower(k, n, alpha), anytime_upper(k, n, alpha)
    assert 0 <= low <= lower(k, n, alpha) + 1e-9
    assert upper(k, n, alpha) - 1e-9 <= high <= 1


@given(counts(2_000), st.floats(1e-4, 0.5))
def test_more_successes_raise_every_limit_for_any_counts(
    count: tuple[int, int], alpha: float
) -> None:
    k, n = count
    for limit in (lower, upper, anytime_lower, anytime_upper):
        assert limit(k, n + 1, alpha) <= limit(k + 1, n + 1, alpha) + 1e-11


@pytest.mark.parametrize(("k", "n", "alpha"), [(3, 2, 0.05), (-1, 2, 0.05), (1, 2, 0.0)])
def test_impossible_counts_are_refused(k: int, n: int, alpha: float) -> None:
    with pytest.raises(ValueError, match="no share"):
        lower(k, n, alpha)
