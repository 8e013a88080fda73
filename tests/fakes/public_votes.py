"""Public votes on models' answers and what other libraries found in them, from the reference
data."""

import csv
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bot.analysis.strengths import Pairs
from tests import reference_data
from tests.reference_data import reference_file

SCORES = {"left": 1.0, "right": 0.0, "tie": 0.5}


def expected(name: str) -> Any:
    """The reference results about preferences in `llmfao_a` or `lmcouncil_a`."""
    return reference_data.expected()["preferences"][name]


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    with reference_file(name).open(encoding="utf-8") as file:
        return tuple(csv.DictReader(file))


def llmfao(rater: str) -> tuple[dict[str, str], ...]:
    """The votes of one kind of judge: `h` are people, else `gpt-4` or `gpt-3.5`."""
    return tuple(v for v in table("llmfao_votes_a.csv") if v["rater"].startswith(rater))


@cache
def llmfao_pairs(rater: str) -> tuple[tuple[str, ...], Pairs]:
    """Their models by name, and the comparisons."""
    votes = llmfao(rater)
    models = sorted({vote[side] for vote in votes for side in ("left", "right")})
    number = {model: i for i, model in enumerate(models)}
    left, right = ([number[vote[side]] for vote in votes] for side in ("left", "right"))
    scores = [SCORES[vote["winner"]] for vote in votes]
    return tuple(models), Pairs.of(left, right, scores, len(models))


def with_ties_broken(strengths: ArrayLike) -> Iterator[NDArray[np.float64]]:
    """Every way to order, or leave tied, those of equal strength, which come in small groups.

    The references were computed without regard to such ties, so that the rounding of floats
    ordered some of them; which, nobody can know.
    """
    rounded = np.round(np.asarray(strengths, float), 9)
    _, group, size = np.unique(rounded, return_inverse=True, return_counts=True)
    tied = np.flatnonzero(size[group] > 1)
    for nudges in product((-1e-6, 0.0, 1e-6), repeat=len(tied)):
        nudged = rounded.copy()
        nudged[tied] += nudges
        yield nudged
