"""A lower limit of a mean that holds at all looks together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.analysis.anytime import growth_needed, mean_lower

SUMS = st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), min_size=1, max_size=60)


def own(count: int) -> tuple[list[int], list[str]]:
    """Each value is a question of somebody else's."""
    return [1] * count, [str(n) for n in range(count)]


def test_whoever_looks_all_the_time_is_rarely_misled() -> None:
    """A look after each of 300 values that are as often up as down."""
    rng = np.random.default_rng(1)
    wrong = 0
    for _ in range(300):
        steps = rng.choice([-1.0, 0.0, 1.0], size=300)
        # The running sums decide as the values themselves do, and faster.
        totals, squares = steps.cumsum(), (steps**2).cumsum()
        bound = np.log((squares + 3) / (3 * 0.05**2))
        wrong += bool(((totals > 0) & (totals**2 / (squares + 3) > bound)).any())
        last = (growth_needed(steps.tolist(), *own(300), 0.05) or 2) <= 1
        assert last == (totals[-1] > 0 and totals[-1] ** 2 / (squares[-1] + 3) > bound[-1])
    assert wrong / 300 <= 0.05


def test_what_is_always_gained_is_above_zero_soon_and_below_the_mean() -> None:
    assert mean_lower([1.0] * 5, *own(5), 0.05) < 0
    assert 0.5 < mean_lower([1.0] * 40, *own(40), 0.05) < 1
    assert mean_lower([], [], [], 0.05) == -1


def test_one_persons_values_prove_nothing() -> None:
    assert mean_lower([1.0] * 40, [1] * 40, ["ann"] * 40, 0.05) < 0


def test_what_many_people_gain_alike_is_seen_in_each_of_their_questions() -> None:
    people = [f"person {n % 12}" for n in range(120)]
    gained = [0.0 if n % 5 else 1.0 for n in range(120)]
    assert mean_lower(gained, [1] * 120, people, 0.05) > 0.02
    # A few of them that gain everything prove nothing of the others.
    of_three = [1.0 if n % 12 < 3 else -0.2 for n in range(120)]
    assert mean_lower(of_three, [1] * 120, people, 0.05) < 0


@given(SUMS)
def test_the_limit_is_above_zero_just_where_nothing_more_is_needed(sums: list[float]) -> None:
    low = mean_lower(sums, *own(len(sums)), 0.05)
    growth = growth_needed(sums, *own(len(sums)), 0.05)
    assert -1 <= low <= max(-1.0, sum(sums) / len(sums))
    assert (low > 0) == (growth is not None and growth <= 1) or abs(low) < 1e-5


def test_growth_is_how_much_more_of_the_same_it_takes() -> None:
    sums = [1.0, 1.0, -1.0, 1.0, 0.0] * 3
    growth = growth_needed(sums, *own(len(sums)), 0.05)
    assert growth is not None
    times = int(growth) + 1
    assert times > 1
    assert mean_lower(sums * times, *own(15 * times), 0.05) > 0
    assert mean_lower(sums * (times - 1), *own(15 * (times - 1)), 0.05) <= 0


@pytest.mark.parametrize("sums", [[], [0.0], [-1.0, 0.5], [*[1.0, -1.0] * 5_000, 1.0]])
def test_what_gains_nothing_needs_no_more_of_it(sums: list[float]) -> None:
    assert growth_needed(sums, *own(len(sums)), 0.05) is None
