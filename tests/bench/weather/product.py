"""The product under the weather: one question after the other, as people ask in a few channels."""

import asyncio
import gc
from dataclasses import dataclass

from tests.bench.weather.councils import Run, is_best
from tests.bench.weather.draws import Climate, draw
from tests.bench.weather.models import Models, answer_mark, verdict_mark
from tests.bench.weather.stage import Platform, Stage, opened_stage
from tests.world.models import PRICES

PAUSE_SECONDS, PLACES = 120.0, 24


@dataclass(frozen=True, slots=True)
class Extra:
    """Requests that a council without them would not have sent, and what was booked for them."""

    count: int
    usd: float


@dataclass(frozen=True, slots=True)
class Served:
    """`shown_after`: seconds from a verdict's row in the journal to its last word in the channel,
    by question; `first_shown`: from the question to the first answer there."""

    runs: tuple[Run, ...]
    shown_after: dict[int, float]
    first_shown: dict[int, float]
    hedges: Extra
    restarts: Extra
    fallbacks: dict[str, int]
    limits_passed: int


def serve(models: Models, count: int, platform: Platform) -> Served:
    climate = models.climate
    with opened_stage(models, platform, seed=climate.seed, places=PLACES, at_once=PLACES) as stage:

        async def everybody() -> None:
            for number in range(count):
                stage.ask(number)
                pause = draw(climate.seed, "pause", number).expovariate(1 / PAUSE_SECONDS)
                await asyncio.sleep(pause)
                if number % 50 == 49:
                    gc.collect()
            await stage.answered()

        stage.run(everybody)
        seen = stage.seen
        marks = [answer_mark(0, model).partition("m")[2] for model in PRICES]
        return Served(
            tuple(_run(stage, climate, number) for number in range(count)),
            {
                n: seen.shown[verdict_mark(n)] - at
                for n, at in seen.ready.items()
                if verdict_mark(n) in seen.shown
            },
            {
                n: min(shown) - at
                for n, at in seen.asked.items()
                if (shown := [seen.shown[f"k{n}m{m}"] for m in marks if f"k{n}m{m}" in seen.shown])
            },
            _extra(stage, "hedge = 1"),
            _extra(stage, "stage = 'verdict' AND round > 0"),
            _fallbacks(stage),
            stage.limits_passed.total(),
        )


def _run(stage: Stage, climate: Climate, number: int) -> Run:
    """Counted from the moment in which somebody wrote the question."""
    result = stage.seen.results[number]
    timings = result.timings
    ready = stage.seen.ready[number] - stage.seen.asked[number]
    ranked = any(standing.ballots for standing in result.standings)
    return Run(
        number,
        timings.first_answer,
        timings.answers,
        timings.reviews,
        timings.verdict_first_text,
        ready if result.answered else None,
        len(result.answers),
        is_best(climate, number, result.standings[0].model) if ranked else None,
    )


def _extra(stage: Stage, which: str) -> Extra:
    ((count, micros),) = stage.world.disk.rows(
        f"SELECT count(*), coalesce(sum(counted_micros), 0) FROM attempts WHERE {which}"
    )
    return Extra(count, micros / 1e6)


def _fallbacks(stage: Stage) -> dict[str, int]:
    found: dict[str, int] = {}
    for result in stage.seen.results.values():
        if result.verdict.fallback:
            found[result.verdict.fallback] = found.get(result.verdict.fallback, 0) + 1
    return found
