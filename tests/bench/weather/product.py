"""The product under the weather: one question after the other, as people ask in a few channels."""

import asyncio
import gc
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench.weather.councils import Run, is_best
from tests.bench.weather.draws import Climate, draw
from tests.bench.weather.models import Bill, Models, answer_mark, verdict_mark
from tests.bench.weather.stage import Platform, Stage, opened_stage
from tests.world.models import PRICES

PAUSE_SECONDS, PLACES = 120.0, 24


@dataclass(frozen=True, slots=True)
class Extra:
    """Requests that a council without them would not have sent: what models billed for them, and
    what the store booked, which counts the most that a request may cost where nobody tells."""

    count: int
    billed_usd: float
    booked_usd: float


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
        seen, rows = stage.seen, _rows(stage, models.bills)
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
            _extra(rows, lambda row: row.hedge),
            _extra(rows, lambda row: row.stage == "verdict" and row.round > 0),
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


@dataclass(frozen=True, slots=True)
class _Row:
    """A request in the store, with its bill."""

    stage: str
    round: int
    hedge: bool
    booked_micros: int
    billed_micros: int


def _rows(stage: Stage, bills: Sequence[Bill]) -> list[_Row]:
    numbers = {result.id: number for number, result in stage.seen.results.items()}
    billed = {(bill.question, bill.stage, bill.model, bill.attempt): bill.micros for bill in bills}
    attempts: Counter[tuple[int, str, str]] = Counter()
    rows = []
    for id, name, model, round, hedge, booked in stage.world.disk.rows(
        "SELECT deliberation, stage, model, round, hedge, counted_micros FROM attempts "
        "ORDER BY number"
    ):
        key = numbers[id], name, model
        # A row whose request was cancelled before it was sent has no bill.
        rows.append(_Row(name, round, bool(hedge), booked, billed.get((*key, attempts[key]), 0)))
        attempts[key] += 1
    return rows


def _extra(rows: Sequence[_Row], which: Callable[[_Row], bool]) -> Extra:
    found = [row for row in rows if which(row)]
    billed = sum(row.billed_micros for row in found)
    return Extra(len(found), billed / 1e6, sum(row.booked_micros for row in found) / 1e6)


def _fallbacks(stage: Stage) -> dict[str, int]:
    found: dict[str, int] = {}
    for result in stage.seen.results.values():
        if result.verdict.fallback:
            found[result.verdict.fallback] = found.get(result.verdict.fallback, 0) + 1
    return found
