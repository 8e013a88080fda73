"""Whether limits of the gain hold: `python -m tests.bench.coverage [--quick]`.

Synthetic worlds with a known gain: in a share `shock` of the rows every model is wrong, elsewhere
models err on their own. A limit fails where it is on the wrong side of the truth.
"""

import math
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.analysis.gain import DELTA, beta_certificate
from bot.analysis.limits import Limit, anytime_lower, anytime_upper, lower, upper

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class World:
    accuracies: tuple[float, ...]
    shock: float = 0.05

    @property
    def errors(self) -> NDArray[np.float64]:
        """Each model's share of errors outside of the shock."""
        wrong = 1 - np.array(self.accuracies)
        return np.asarray((wrong - self.shock) / (1 - self.shock))

    @property
    def beta(self) -> float:
        return self.shock + (1 - self.shock) * float(self.errors.prod())

    @property
    def gain(self) -> float:
        return 1 - self.beta - max(self.accuracies)


@dataclass(frozen=True, slots=True)
class Runs:
    """Counts after each row: by run and row, `resolvable` and `wrong` the least of any model."""

    all_wrong: Counts
    resolvable: Counts
    wrong: Counts


def simulate(world: World, *, runs: int, rows: int, seed: int = 1) -> Runs:
    rng = np.random.default_rng(seed)
    models = len(world.accuracies)
    together = rng.random((runs, rows, 1)) < world.shock
    wrong = (rng.random((runs, rows, models)) < world.errors) | together
    all_wrong = np.asarray(wrong.all(axis=2))
    return Runs(
        all_wrong.cumsum(axis=1),
        (wrong & ~all_wrong[..., None]).cumsum(axis=1).min(axis=2),
        wrong.cumsum(axis=1).min(axis=2),
    )


def held_at_the_end(counts: Counts, limit: Limit, alpha: float, truth: float) -> float:
    """The share of runs in which the limit of the last count is on the right side."""
    rows = counts.shape[1]
    limits = {k: limit(k, rows, alpha) for k in set(counts[:, -1].tolist())}
    above = limit in (upper, anytime_upper)
    held = {k for k, found in limits.items() if (found >= truth if above else found <= truth)}
    return float(np.isin(counts[:, -1], list(held)).mean())


def held_at_every_row(counts: Counts, limit: Limit, alpha: float, truth: float) -> float:
    """The share of runs in which the limit is on the right side after every single row.

    More successes raise a limit, so for each number of rows one count divides right from wrong; it
    never falls as rows are added.
    """
    above = limit in (upper, anytime_upper)
    divide, divides = 0, []
    for n in range(1, counts.shape[1] + 1):
        # The least count whose limit reaches the truth (from above), or passes it (from below).
        while divide <= n and not _reaches(limit(divide, n, alpha), truth, above=above):
            divide += 1
        divides.append(divide)
    held = counts >= divides if above else counts < divides
    return float(held.all(axis=1).mean())


def published_held(runs: Runs, world: World) -> float:
    """The share of runs in which the first published rule covers the gain."""
    rows = runs.wrong.shape[1]
    ends = zip(runs.all_wrong[:, -1].tolist(), runs.wrong[:, -1].tolist(), strict=True)
    bounds = [beta_certificate(k, rows, 1 - wrong / rows, DELTA) for k, wrong in ends]
    return float(np.mean(np.array(bounds) >= world.gain))


def _reaches(limit: float, truth: float, *, above: bool) -> bool:
    return limit >= truth if above else limit > truth


WORLDS = {
    "5 equal": World((0.80,) * 5),
    "12 equal": World((0.80,) * 12),
    "1 dominant": World((0.95, 0.80, 0.80, 0.80, 0.80), shock=0.02),
}


def main() -> None:
    number = 300 if "--quick" in sys.argv else 3_000
    for name, world in WORLDS.items():
        share = DELTA / len(world.accuracies)
        for rows in (50, 100, 400):
            runs = simulate(world, runs=number, rows=rows)
            gains = runs.resolvable
            figures = {
                "published first": published_held(runs, world),
                "paired": held_at_the_end(gains, upper, share, world.gain),
                "lower": held_at_the_end(gains, lower, DELTA, world.gain),
                "paired anytime": held_at_every_row(gains, anytime_upper, share, world.gain),
                "lower anytime": held_at_every_row(gains, anytime_lower, DELTA, world.gain),
                "exact lower limit of beta at every row": held_at_every_row(
                    runs.all_wrong, lower, DELTA, world.beta
                ),
            }
            error = math.sqrt(0.95 * 0.05 / number)
            words = ", ".join(f"{what} {share:.1%}" for what, share in figures.items())
            print(f"{name}, {rows} rows, gain {world.gain:.3f} (+- {error:.1%}): {words}")


if __name__ == "__main__":
    main()
