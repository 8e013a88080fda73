"""Requests to Discord are spread over time."""

import asyncio
from itertools import pairwise

from adapters.discord.pacing import PER_SECOND, Pace
from tests.fakes.jumping_clock import jumping_clock


async def test_requests_keep_their_distance_in_the_order_of_their_coming() -> None:
    loop = asyncio.get_running_loop()
    pace, turns = Pace(time_scale=0.1), list[tuple[int, float]]()

    async def request(number: int) -> None:
        await pace.wait()
        turns.append((number, loop.time()))

    with jumping_clock():
        async with asyncio.TaskGroup() as group:
            for number in range(10):
                group.create_task(request(number))
    assert [number for number, _ in turns] == list(range(10))
    least = 0.1 / PER_SECOND
    assert all(later - earlier >= least for (_, earlier), (_, later) in pairwise(turns))
