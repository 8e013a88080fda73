"""All arms under one weather, each with models of its own that draw the same."""

import asyncio
from random import Random

from tests.bench.weather.councils import Direct, Limit, Plain, Run, Settled
from tests.bench.weather.draws import Climate
from tests.bench.weather.figures import Arm
from tests.bench.weather.models import Models
from tests.bench.weather.product import serve
from tests.bench.weather.report import Report
from tests.bench.weather.stage import Platform
from tests.world.loop import WorldLoop

# What prompts asked for before texts were made as long as they need to be: answers of no number,
# one to three sentences on each of four answers, a verdict of about 150 words.
OLD_WORDS = {"answer": 300.0, "review": 160.0, "verdict": 150.0}


def run(climate: Climate, count: int, platform: Platform) -> Report:
    arms = [
        apart("plain, old words", Plain(Models(climate, OLD_WORDS)), count),
        apart("plain", Plain(Models(climate)), count),
        apart("limit", Limit(Models(climate)), count),
        apart("limit, top settled", Settled(Models(climate)), count),
        apart("direct", Direct(Models(climate)), count),
    ]
    models = Models(climate)
    served = serve(models, count, platform)
    arms.insert(4, Arm("product", served.runs, tuple(models.bills)))
    return Report(climate, {arm.name: arm for arm in arms}, served)


def apart(name: str, council: Plain, count: int) -> Arm:
    """Questions that know nothing of each other, on a clock of their own."""
    loop = WorldLoop(Random(0))

    async def everybody() -> list[Run]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(council.run(number)) for number in range(count)]
        return [task.result() for task in tasks]

    try:
        runs = loop.run_until_complete(everybody())
    finally:
        loop.close()
    return Arm(name, tuple(runs), tuple(council.models.bills))
