"""What is booked against what a model server billed, which keeps a bill of its own."""

import pytest

from tests.bench import mentions
from tests.bench.money import figures


@pytest.mark.parametrize("budget", [3_000_000, 700_000], ids=["room", "too little"])
async def test_what_was_told_is_booked_to_the_micro_dollar_and_the_budget_holds(
    budget: int,
) -> None:
    """Replies fail, are empty, torn, hedged, without usage and without a price among good ones."""
    found = await figures(40, budget=budget)

    assert found.told_requests > 50
    assert found.told_booked == found.told_billed
    assert found.billed <= found.booked <= budget


async def test_a_budget_stops_what_costs_money_in_time() -> None:
    found = await figures(12, budget=250_000, seed=1)

    assert found.refused_calls > 0
    assert found.billed <= 250_000


async def test_a_hundred_mentions_at_once_pass_no_limit_whatever_fails() -> None:
    """With hedges, retries, failures of every kind and a midnight in between."""
    several = [await mentions.figures(seed) for seed in (1, 3, 4)]

    for found in several:
        assert 8 <= found.whole <= 10
        assert found.not_whole == 0
        assert found.whole + found.refused.total() == mentions.MENTIONS
        assert all(sentence.startswith("About $0.0") for sentence in found.refused)
        assert found.retries > 0
        assert found.after_midnight > 0
        assert found.tomorrow == 0
        assert found.billed <= found.booked <= found.budget
        assert found.told_requests > 40
        assert found.told_booked == found.told_billed
    assert sum(found.hedges for found in several) > 0
