"""Standings over 100,000 votes and 50 models: `python -m tests.bench.standings [--quick]`.

First the whole report of a channel from its rows, in which every question has five of the models,
one pick and one peer's ballot; then comparisons of two alone.
"""

import sys
import time
from collections.abc import Callable

import numpy as np

from bot.analysis.leaderboard import pair_board, people_board, standings
from bot.analysis.rows import PeerBallot, Row
from bot.analysis.strengths import Pairs
from tests.fakes.rows import make_row

MODELS = tuple(f"lab/model-{i}" for i in range(50))


def make_rows(count: int, seed: int = 1) -> list[Row]:
    """Rosters are drawn out of two hundred, as settings change now and then."""
    rng = np.random.default_rng(seed)
    strength = rng.normal(0, 1, len(MODELS))
    rosters = [rng.choice(len(MODELS), 5, replace=False) for _ in range(200)]
    rows = []
    for number in range(count):
        roster = rosters[number % 200]
        order = roster[np.argsort(-(strength[roster] + rng.gumbel(size=5)))]
        models = [MODELS[i] for i in roster]
        ranking = tuple((MODELS[i],) for i in order)
        rows.append(
            make_row(
                str(number),
                models,
                asker=f"person-{number % 997}",
                accepted=(True, False, None, True, True),
                best=MODELS[order[0]],
                ballots=[PeerBallot(models[0], ranking, tuple(models))],
            )
        )
    return rows


def run(votes: int) -> None:
    rows = make_rows(votes)
    _timed(f"people's standings of {votes} picks", lambda: people_board(rows))
    _timed(f"everything about {votes} rows", lambda: standings(rows))
    rng = np.random.default_rng(1)
    left = rng.integers(0, len(MODELS), votes)
    right = (left + rng.integers(1, len(MODELS), votes)) % len(MODELS)
    score = rng.integers(0, 3, votes) / 2
    pairs = Pairs.of(left, right, score, len(MODELS))
    _timed(f"standings of {votes} comparisons", lambda: pair_board(MODELS, pairs))


def _timed(title: str, work: Callable[[], object]) -> None:
    began = time.perf_counter()
    work()
    print(f"{title}: {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    run(10_000 if "--quick" in sys.argv else 100_000)
