"""Whether 90 % intervals of the strengths cover: `python -m tests.bench.coverage_strengths`.

Pools of 5 to 8 models whose log-strengths have the given spread, ranked by one ballot in each
deliberation. What must be covered is a model's probability to win against the typical one.
"""

import sys
from itertools import product

import numpy as np

from bot.analysis.estimates import Z90
from bot.analysis.strengths import Ballot, Choices, plackett_luce


def coverage(models: int, spread: float, ballots: int, *, runs: int, seed: int = 1) -> float:
    """The share of intervals that hold the truth, over all models and runs."""
    rng = np.random.default_rng(seed)
    covered = []
    for _ in range(runs):
        truth = rng.normal(0, spread, models)
        # The order of strengths under Gumbel noise is a Plackett-Luce ranking.
        noisy = truth + rng.gumbel(size=(ballots, models))
        orders = np.argsort(-noisy, axis=1).tolist()
        given: list[Ballot] = [([[model] for model in order], order) for order in orders]
        fit = plackett_luce(Choices.of(given, models))
        missed = np.abs(fit.strengths - (truth - truth.mean()))
        covered.append(missed <= Z90 * fit.standard_errors())
    return float(np.mean(covered))


def main() -> None:
    runs = 100 if "--quick" in sys.argv else 1_000
    for models, spread in product((5, 8), (0.0, 0.5, 1.0)):
        shares = [coverage(models, spread, n, runs=runs) for n in (5, 10, 20, 50, 200)]
        print(f"{models} models, spread {spread}:", *(f"{share:.1%}" for share in shares))


if __name__ == "__main__":
    main()
