"""Whether the ceiling holds for the votes people really give: `python -m tests.bench.partial_votes
[--quick]`.

Channels with a known gain in which people rate by habit: the best answer alone, one or two that
will do, the best or none of them, only what fails, or everything. For each habit: how often the
limits hold, how often those of the known cells alone would, and how often the ceiling advises to
skip the council.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.analysis.certificate import advice
from bot.analysis.cofailure import Ceiling, ceiling_of_votes
from bot.analysis.gain import gain_lower, paired_certificate, resolvable_bounds, resolvable_counts
from bot.analysis.limits import anytime_upper, lower, upper
from bot.analysis.outcomes import RIGHT, UNKNOWN, WRONG, Outcomes
from tests.bench.coverage import World

# A gain of .30: in a tenth of the questions every model is wrong.
WORLD = World((0.5821,) * 4, shock=0.1045)
QUESTIONS = 300

Cells = NDArray[np.int8]
Random = np.random.Generator
# From what people would hold of every answer to what they say.
Habit = Callable[[Cells, Random], Cells]


def channel(world: World, habit: Habit, rng: Random, questions: int = QUESTIONS) -> Outcomes:
    models = len(world.accuracies)
    together = rng.random((questions, 1)) < world.shock
    wrong = (rng.random((questions, models)) < world.errors) | together
    said = habit(np.where(wrong, WRONG, RIGHT).astype(np.int8), rng)
    names = tuple("abcdefghijkl"[:models])
    return Outcomes(tuple(map(str, range(questions))), names, said)


def _accepted(cells: Cells, rng: Random, most: int) -> Cells:
    """As many of the acceptable answers as people take the time for, at random."""
    order = rng.random(cells.shape)
    order[cells != RIGHT] = np.inf
    place = order.argsort(axis=1).argsort(axis=1)
    return np.where((cells == RIGHT) & (place < most), RIGHT, UNKNOWN).astype(np.int8)


def best_only(cells: Cells, rng: Random) -> Cells:
    return _accepted(cells, rng, 1)


def one_or_two(cells: Cells, rng: Random) -> Cells:
    said = _accepted(cells, rng, 2)
    lazy = rng.random(len(cells)) < 0.5
    said[lazy] = _accepted(cells, rng, 1)[lazy]
    return said


def best_or_none(cells: Cells, rng: Random) -> Cells:
    said = best_only(cells, rng)
    said[(cells == WRONG).all(axis=1)] = WRONG
    return said


def first_that_will_do(cells: Cells, rng: Random) -> Cells:
    """Read in one order, so that the last ones are hardly ever rated."""
    first = (cells == RIGHT) & ((cells == RIGHT).cumsum(axis=1) == 1)
    return np.where(first, RIGHT, UNKNOWN).astype(np.int8)


def one_failure_or_none(cells: Cells, rng: Random) -> Cells:
    """One thumbs-down where something fails, "none of these" where everything does."""
    first = (cells == WRONG) & ((cells == WRONG).cumsum(axis=1) == 1)
    said = np.where(first, WRONG, UNKNOWN).astype(np.int8)
    said[(cells == WRONG).all(axis=1)] = WRONG
    said[(cells == RIGHT).all(axis=1)] = RIGHT
    return said


def everything(cells: Cells, rng: Random) -> Cells:
    return cells


HABITS: dict[str, Habit] = {
    "the best alone": best_only,
    "one or two that will do": one_or_two,
    "the best, or none": best_or_none,
    "the first that will do": first_that_will_do,
    "one that fails, or none": one_failure_or_none,
    "everything": everything,
}


@dataclass(frozen=True, slots=True)
class Held:
    """Shares of the channels in which a limit was on the right side; `width` is the mean limit."""

    high: float
    high_anytime: float
    low: float
    high_of_known_cells: float
    width: float
    width_of_known_cells: float


def held(habit: Habit, *, channels: int, seed: int = 1) -> Held:
    rng = np.random.default_rng(seed)
    gain, found = WORLD.gain, []
    for _ in range(channels):
        outcomes = channel(WORLD, habit, rng)
        rated = outcomes.of_rows(outcomes.rated)
        known, possible = (
            [(k, len(rated.rows)) for k in each] for each in resolvable_bounds(rated)
        )
        high = paired_certificate(possible, upper)
        before = paired_certificate(resolvable_counts(outcomes), upper)
        found.append(
            (
                high >= gain,
                paired_certificate(possible, anytime_upper) >= gain,
                gain_lower(known, lower) <= gain,
                before >= gain,
                high,
                before,
            )
        )
    return Held(*np.mean(np.array(found, float), axis=0).tolist())


def ceilings(habit: Habit, *, channels: int, seed: int = 2) -> list[Ceiling]:
    rng = np.random.default_rng(seed)
    return [ceiling_of_votes(channel(WORLD, habit, rng)) for _ in range(channels)]


def main() -> None:
    number = 100 if "--quick" in sys.argv else 1_000
    print(f"true gain {WORLD.gain:.3f}, {QUESTIONS} questions, {number} channels for each habit")
    for name, habit in HABITS.items():
        found = held(habit, channels=number)
        told = [advice(each) for each in ceilings(habit, channels=number // 10)]
        print(
            f"{name}: covered {found.high:.1%} (at any time {found.high_anytime:.1%}), lower limit "
            f"{found.low:.1%}, mean limit {found.width:.3f}; by known cells alone "
            f"{found.high_of_known_cells:.1%}, {found.width_of_known_cells:.3f}; advised to skip "
            f"{sum('skip' in each for each in told if each)} of {len(told)}"
        )


if __name__ == "__main__":
    main()
