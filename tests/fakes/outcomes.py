"""Outcome matrices whose numbers are known."""

import numpy as np
from numpy.typing import NDArray

from bot.analysis.cofailure import MINIMUM_ROWS
from bot.analysis.outcomes import RIGHT, WRONG, Outcomes

# Of 120 questions, how often each of five models was wrong and another one right.
WORKED = [(18, 120), (24, 120), (26, 120), (34, 120), (43, 120)]


def matrix(cells: NDArray[np.int8]) -> Outcomes:
    rows, models = cells.shape
    return Outcomes(tuple(map(str, range(rows))), tuple("abcdefghijkl"[:models]), cells)


def worked_example() -> Outcomes:
    """Six rows all wrong; in the others each model's errors are spread, one model stays right."""
    cells = np.full((120, 5), RIGHT, np.int8)
    cells[:6] = WRONG
    start = 6
    for model, (resolvable, _) in enumerate(WORKED):
        places = 6 + (np.arange(start, start + resolvable) % 114)
        cells[places, model] = WRONG
        start += resolvable
    return matrix(cells)


def filled(cells: list[list[int]]) -> Outcomes:
    """Enough complete rows, and these."""
    return matrix(np.array([[1, 0, 1], [0, 1, 1]] * MINIMUM_ROWS + cells, np.int8))


def with_broken_references(broken: int = 5) -> Outcomes:
    """Eight models, each wrong on five questions of its own, and questions that all miss."""
    cells = np.full((240 + broken, 8), RIGHT, np.int8)
    for model in range(8):
        cells[5 * model : 5 * model + 5, model] = WRONG
    cells[240:] = WRONG
    return matrix(cells)


def all_wrong_labels(found: Outcomes, label: str) -> dict[str, str]:
    """The same label for every row that all models got wrong."""
    return {row: label for row, wrong in zip(found.rows, found.all_wrong, strict=True) if wrong}
