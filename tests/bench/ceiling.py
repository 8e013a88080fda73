"""How long the co-failure report of a large benchmark takes: `python -m tests.bench.ceiling`."""

import time

import numpy as np

from bot.analysis.cofailure import ceiling_of_grades
from bot.analysis.outcomes import Outcomes

MODELS, ROWS = 67, 10_000


def benchmark(models: int = MODELS, rows: int = ROWS) -> Outcomes:
    """Models of accuracies from .60 to .95 whose errors have a correlation of one half."""
    rng = np.random.default_rng(1)
    hardness = rng.standard_normal((rows, 1)) + rng.standard_normal((rows, models))
    wrong = np.linspace(0.40, 0.05, models)
    cuts = [np.quantile(column, 1 - share) for column, share in zip(hardness.T, wrong, strict=True)]
    cells = (hardness < cuts).astype(np.int8)
    names = tuple(f"lab/model-{number}" for number in range(models))
    return Outcomes(tuple(map(str, range(rows))), names, cells)


def main() -> None:
    outcomes = benchmark()
    began = time.perf_counter()
    ceiling = ceiling_of_grades(outcomes)
    seconds = time.perf_counter() - began
    print(
        f"ceiling of {MODELS} models x {ROWS:,} rows: {seconds:.2f} s "
        f"({ceiling.all_wrong} all wrong, {ceiling.ratio_single_factor:.2f} times the prediction)"
    )


if __name__ == "__main__":
    main()
