"""Numbers and their intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta as beta_distribution
from scipy.stats import binomtest, norm

from bot.analysis import estimates
from bot.analysis.estimates import Estimate, beta, mean, outwards, share
from bot.errors import InvalidInput


def test_the_quantiles_are_those_of_the_normal_distribution() -> None:
    assert pytest.approx(norm.ppf(0.95)) == estimates.Z90
    assert pytest.approx(norm.ppf(0.975)) == estimates.Z95


@given(st.lists(st.booleans(), min_size=1, max_size=50))
def test_a_share_has_wilsons_interval(hits: list[bool]) -> None:
    found = share(hits)
    reference = binomtest(sum(hits), len(hits)).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((reference.low, reference.high), abs=1e-8)


@given(st.floats(0.3, 500), st.floats(0.3, 500))
def test_a_beta_interval_is_scipys(a: float, b: float) -> None:
    found = beta(a, b, 10)
    reference = beta_distribution(a, b)
    assert (found.low, found.high) == pytest.approx(
        (reference.ppf(0.05), reference.ppf(0.95)), abs=1e-4
    )
    assert found.value == pytest.approx(reference.mean())


def test_a_mean_of_independent_values_has_the_usual_error() -> None:
    found = mean([1.0, 2.0, 3.0, 6.0])
    half = estimates.Z95 * np.std([1, 2, 3, 6], ddof=1) / 2
    assert (found.low, found.high) == pytest.approx((3 - half, 3 + half))


def test_values_that_repeat_in_a_cluster_count_once() -> None:
    # Ten people who each say the same thing ten times know as much as ten votes.
    said, people = np.repeat([1, 0] * 5, 10), np.repeat(range(10), 10)
    ten = share([1, 0] * 5)
    found = share(said, people)
    assert found.high - found.low == pytest.approx(ten.high - ten.low, rel=0.06)
    assert found.n == 100


def test_clusters_never_make_an_interval_narrower() -> None:
    # Two people whose means happen to be the same.
    alone, two = share([1, 0] * 20), share([1, 0] * 20, [0] * 20 + [1] * 20)
    assert two.low <= alone.low
    assert two.high >= alone.high


def test_one_cluster_is_measured_for_itself() -> None:
    hits = [1.0] * 7 + [0.0] * 3
    assert mean(hits, ["ann"] * 10) == mean(hits)


def test_unanimous_people_count_as_often_as_there_are_people() -> None:
    four = share([1] * 4)
    assert share([1] * 40, [0, 1, 2, 3] * 10) == Estimate(1.0, four.low, 1.0, 40)


def test_halves_alone_have_an_interval() -> None:
    found = share([0.5] * 20, ["ann", "bob"] * 10)
    assert found.low < 0.5 < found.high


def test_what_cannot_be_averaged_is_refused_in_a_sentence() -> None:
    with pytest.raises(InvalidInput, match="nothing to count"):
        share([])
    with pytest.raises(InvalidInput, match="One observation alone"):
        mean([1.0])
    with pytest.raises(InvalidInput, match="not a number"):
        share([1.0, float("nan")])


@pytest.mark.parametrize(
    ("low", "high", "digits", "ends"),
    [
        (0.9, 12.91, 0, (0, 13)),
        (0.861, 12.84, 1, (0.8, 12.9)),
        (-37.2, -36.9, 0, (-38, -36)),
        # Whole but for the last bits, as 100 * 0.29 and 100 * 0.55 are.
        (28.999999999999996, 55.00000000000001, 0, (29, 55)),
        (0.0, 100.0, 1, (0, 100)),
    ],
)
def test_rounding_makes_an_interval_wider_and_never_narrower(
    low: float, high: float, digits: int, ends: tuple[float, float]
) -> None:
    assert outwards(low, high, digits) == ends
