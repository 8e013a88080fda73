"""A few kills, as `tests.bench.kills` deals them by the hundred."""

from tests.bench.kills import struck
from tests.fakes.postgres import Postgres


async def test_nothing_is_lost_posted_twice_or_paid_twice_by_kills(
    postgres: Postgres, full: bool
) -> None:
    kills = 8 if full else 3
    aftermath = await struck(postgres, kills=kills, seed=2, scale=0.1, pace=0.5, call_seconds=0.3)
    assert list(aftermath.problems) == []
