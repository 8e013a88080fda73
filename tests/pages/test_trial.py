"""What is told of a trial beside its numbers."""

import pytest

from bot.analysis.trial import trial
from bot.pages.trial import under_way_page
from tests.pages.telling import words


@pytest.mark.parametrize(
    ("usd", "is_told"), [(None, False), (0.0, False), (0.009, False), (1.5, True)]
)
def test_savings_below_a_cent_are_not_told(usd: float | None, is_told: bool) -> None:
    nobody = trial(())
    told = words(under_way_page(nobody, nobody, usd, number=1))
    assert ("would save about $1.50 a month" in told) is is_told
    assert ("would save" in told) is is_told
