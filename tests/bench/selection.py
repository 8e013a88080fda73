"""Whether choosing members by experience pays: `python -m tests.bench.selection [--quick]`.

Each run sees a hundred rated questions of a simulated channel, proposes three members, and is told
how often a council of these is right on many new questions, minus the three most accepted models'.
"""

import sys
from collections.abc import Callable
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bot.analysis.estimates import Z95
from bot.analysis.selection import (
    GAIN_MIN,
    Table,
    chances,
    cross_fitted_gain,
    greedy,
    most_accepted,
)

Floats = NDArray[np.float64]
World = Callable[[np.random.Generator, int], Floats]

SEATS, ROWS, FRESH = 3, 100, 20_000


def clones(random: np.random.Generator, rows: int) -> Floats:
    """Four strong models that fail together, and four weaker ones that know other things."""
    strong = random.random((rows, 1)) < 0.75
    same = np.where(random.random((rows, 4)) < 0.95, strong, ~strong)
    weak = random.random((rows, 4)) < 0.62
    return np.hstack([same, weak]).astype(np.float64)


def mixed(random: np.random.Generator, rows: int) -> Floats:
    """Eight models of different strength, all correlated."""
    common = random.standard_normal((rows, 1))
    own = random.standard_normal((rows, 8))
    latent = np.sqrt(0.5) * common + np.sqrt(0.5) * own
    return np.asarray(latent < np.linspace(0.0, 0.9, 8), np.float64)


def independent(random: np.random.Generator, rows: int) -> Floats:
    return (random.random((rows, 8)) < np.linspace(0.55, 0.8, 8)).astype(np.float64)


def run(world: World, *, pull: float, runs: int) -> dict[str, tuple[float, float]]:
    """Each policy's mean gain over the most accepted models, and its standard error."""
    random = np.random.default_rng(1)
    fresh = world(random, FRESH)
    truth = {
        models: float(chances(fresh[:, models], pull).mean())
        for models in combinations(range(fresh.shape[1]), SEATS)
    }
    best = max(truth.values())
    gains: dict[str, list[float]] = {}
    for _ in range(runs):
        table = rated(world(random, ROWS), pull, random)
        together, plain = greedy(table, SEATS), most_accepted(table, SEATS)
        gain = cross_fitted_gain(table, SEATS)
        sure = gain.value > max((gain.high - gain.value) / Z95, GAIN_MIN)
        chosen = {
            "least joint failure": cover(table.accepted),
            "J": together,
            "guarded J": together if sure else plain,
        }
        usual = truth[key(plain)]
        for name, models in chosen.items():
            gains.setdefault(name, []).append(truth[key(models)] - usual)
        gains.setdefault("the best there is", []).append(best - usual)
    return {
        name: (float(np.mean(each)), float(np.std(each) / np.sqrt(runs)))
        for name, each in gains.items()
    }


def rated(accepted: Floats, pull: float, random: np.random.Generator) -> Table:
    """As rated of a council of all models, of which the verdict follows one by `pull`."""
    good, of = accepted.sum(axis=1), accepted.shape[1]
    delivered = (random.random(len(accepted)) < chances(accepted, pull)).astype(np.float64)
    split = (good > 0) & (good < of)
    with np.errstate(divide="ignore"):
        odds = np.where(split, np.log(good) - np.log(of - good), np.nan)
    return Table(accepted, odds, np.where(split, delivered, np.nan))


def cover(accepted: Floats) -> list[int]:
    """Greedily the set that is all wrong least often."""
    chosen: list[int] = []
    for _ in range(SEATS):
        left = [i for i in range(accepted.shape[1]) if i not in chosen]
        chosen.append(max(left, key=lambda i: float(accepted[:, [*chosen, i]].max(axis=1).mean())))
    return chosen


def key(models: list[int]) -> tuple[int, ...]:
    return tuple(sorted(models))


def main() -> None:
    runs = 20 if "--quick" in sys.argv else 150
    print(
        f"{SEATS} of 8 models, {ROWS} rows, {runs} runs; gain over the most accepted, and its error"
    )
    for world in (clones, mixed, independent):
        for pull in (0.7, 1.6):
            print(f"{world.__name__}, pull {pull}")
            for name, (gain, error) in run(world, pull=pull, runs=runs).items():
                print(f"  {name:20} {gain:+.3f} ± {error:.3f}")


if __name__ == "__main__":
    main()
