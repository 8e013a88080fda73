"""The outcome matrix: which model was right (or accepted) on which question.

Values and reading alone; it does not know where outcomes come from nor what follows from them.
"""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.errors import InvalidInput

WRONG, RIGHT, UNKNOWN = 0, 1, -1

Mask = NDArray[np.bool_]

# Spreadsheets and numpy write whole numbers and gaps in their own ways.
_CELLS = {
    "1": RIGHT,
    "1.0": RIGHT,
    "0": WRONG,
    "0.0": WRONG,
    "": UNKNOWN,
    "nan": UNKNOWN,
    "na": UNKNOWN,
}
# A first column of one of these names holds the questions' ids; the last one is a nameless index.
_ID_COLUMNS = {"id", "question", "question_id", "row", ""}


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """`cells` has a row per question and a column per model: `RIGHT`, `WRONG` or `UNKNOWN`."""

    rows: tuple[str, ...]
    models: tuple[str, ...]
    cells: NDArray[np.int8]

    @property
    def known(self) -> Mask:
        """By cell."""
        return _mask(self.cells != UNKNOWN)

    @property
    def rated(self) -> Mask:
        """By row: some model's outcome is known."""
        return _mask(self.known.any(axis=1))

    @property
    def complete(self) -> Mask:
        """By row: every model's outcome is known."""
        return _mask(self.known.all(axis=1))

    @property
    def all_wrong(self) -> Mask:
        """By row: every model is known to be wrong."""
        return _mask((self.cells == WRONG).all(axis=1))

    @property
    def decided(self) -> Mask:
        """By row: it is known whether every model is wrong. One right answer decides that."""
        return _mask(self.all_wrong | (self.cells == RIGHT).any(axis=1))

    def of_rows(self, kept: Mask) -> "Outcomes":
        rows = tuple(row for row, keep in zip(self.rows, kept, strict=True) if keep)
        return Outcomes(rows, self.models, self.cells[kept])

    def of_models(self, columns: Sequence[int]) -> "Outcomes":
        models = tuple(self.models[column] for column in columns)
        return Outcomes(self.rows, models, self.cells[:, list(columns)])


def read_outcomes(path: Path) -> Outcomes:
    """Raises `InvalidInput` where the file cannot be read or holds no outcome matrix."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is no UTF-8 text ({error.reason}).") from error
    return parse_outcomes(text)


def parse_outcomes(text: str) -> Outcomes:
    """Read a CSV: a header of model names, then a row per question of 1, 0 or nothing.

    A first column called id, question, question_id, row or nothing at all names the questions;
    otherwise they are counted from 1. Raises `InvalidInput`, which names the row and column.
    """
    try:
        header, *lines = [line for line in csv.reader(text.splitlines()) if line]
    except csv.Error as error:
        raise InvalidInput(f"This is no CSV file: {error}.") from error
    except ValueError:
        raise InvalidInput("The file is empty; it needs a header of model names.") from None
    names = [name.strip() for name in header]
    first = 1 if names[0].lower() in _ID_COLUMNS else 0
    models = names[first:]
    _check_names(models, first)
    if not lines:
        raise InvalidInput("The file has no rows under its header.")
    rows = [line[0].strip() if first else "" for line in lines]
    rows = [row or str(number) for number, row in enumerate(rows, start=1)]
    repeated = [row for row, count in Counter(rows).items() if count > 1]
    if repeated:
        raise InvalidInput(f"More than one row is called {', '.join(repeated[:5])}.")
    cells = [
        _cells(line[first:], f"row {number} ({row})" if first else f"row {number}", models)
        for number, (row, line) in enumerate(zip(rows, lines, strict=True), start=1)
    ]
    return Outcomes(tuple(rows), tuple(models), np.array(cells, dtype=np.int8))


def _check_names(models: Sequence[str], first: int) -> None:
    for column, model in enumerate(models, start=first + 1):
        if not model:
            raise InvalidInput(f"Column {column} has no model name in the header.")
    repeated = [model for model, count in Counter(models).items() if count > 1]
    if repeated:
        raise InvalidInput(f"More than one column is called {', '.join(repeated[:5])}.")
    if not models:
        raise InvalidInput("The header names no model.")


def _cells(line: Sequence[str], where: str, models: Sequence[str]) -> list[int]:
    if len(line) != len(models):
        raise InvalidInput(
            f"In {where} there are {len(line)} cells for {len(models)} models; "
            "leave a cell empty where the outcome is unknown."
        )
    return [_cell(text, where, model) for text, model in zip(line, models, strict=True)]


def _cell(text: str, where: str, model: str) -> int:
    value = _CELLS.get(text)
    if value is None:
        value = _CELLS.get(text.strip().lower())
    if value is None:
        raise InvalidInput(f"In {where}, column {model}, `{text}` is neither 1, 0 nor empty.")
    return value


def _mask(values: object) -> Mask:
    """The type that numpy's stubs lose on the way."""
    return np.asarray(values, dtype=np.bool_)
