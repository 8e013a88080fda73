"""The outcome matrix: which model was right (or accepted) on which question.

Values and reading alone; it does not know where outcomes come from nor what follows from them.
"""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.errors import InvalidInput
from bot.language import _

WRONG, RIGHT, UNKNOWN = 0, 1, -1

Mask = NDArray[np.bool_]

# Spreadsheets and numpy write whole numbers and gaps in their own ways.
_CELLS = {
    "1": RIGHT,
    "1.0": RIGHT,
    "1,0": RIGHT,
    "0": WRONG,
    "0.0": WRONG,
    "0,0": WRONG,
    "": UNKNOWN,
    "nan": UNKNOWN,
    "na": UNKNOWN,
}
# A first column of one of these names holds the questions' ids; the last one is a nameless index.
_ID_COLUMNS = {"id", "question", "question_id", "row", ""}
# Another column of one of these names holds their texts.
_TEXT_COLUMNS = {"question", "text", "prompt"}


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """`cells` has a row per question and a column per model: `RIGHT`, `WRONG` or `UNKNOWN`.

    `questions` are the texts by row id, of those that have one.
    """

    rows: tuple[str, ...]
    models: tuple[str, ...]
    cells: NDArray[np.int8]
    questions: Mapping[str, str] = field(default_factory=dict)

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
        return Outcomes(rows, self.models, self.cells[kept], self.questions)

    def of_models(self, columns: Sequence[int]) -> "Outcomes":
        models = tuple(self.models[column] for column in columns)
        return Outcomes(self.rows, models, self.cells[:, list(columns)], self.questions)


def seat_columns(models: Iterable[str]) -> tuple[str, ...]:
    """The columns of a council's seats, given in order: a model's further seats have a number."""
    count: Counter[str] = Counter()
    names = []
    for model in models:
        count[model] += 1
        names.append(model if count[model] == 1 else f"{model} #{count[model]}")
    return tuple(names)


def read_outcomes(path: Path) -> Outcomes:
    """Raises `InvalidInput` where the file cannot be read or holds no outcome matrix."""
    return parse_outcomes(read_text(path))


def read_text(path: Path) -> str:
    """Of a file as spreadsheets write them. Raises `InvalidInput`."""
    try:
        return _decoded(path.read_bytes())
    except OSError as error:
        raise InvalidInput(
            _("{path} cannot be read: {strerror}.", path=path, strerror=error.strerror)
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidInput(
            _(
                "{path} is no UTF-8 text ({reason}). Save it as CSV in UTF-8.",
                path=path,
                reason=error.reason,
            )
        ) from error


def _decoded(content: bytes) -> str:
    """What spreadsheets call Unicode text is UTF-16, with a mark at its beginning."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")


def read_table(text: str) -> list[list[str]]:
    """The lines that are not empty. Where there is no comma in the first, semicolons or tabs separate, as
    spreadsheets write them. Raises `InvalidInput`."""
    try:
        # Not by lines: a question may go over several.
        table = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
        return [line for line in table if line]
    except csv.Error as error:
        raise InvalidInput(_("This is no CSV file: {error}.", error=error)) from error


def parse_outcomes(text: str) -> Outcomes:
    """Read a CSV: a header of model names, then a row per question of 1, 0 or nothing.

    A first column called id, question, question_id, row or nothing at all names the questions;
    otherwise they are counted from 1. Another one called question, text or prompt holds their
    texts. Raises `InvalidInput`, which names the row and column.
    """
    header, *lines = read_table(text) or [[]]
    if not header:
        raise InvalidInput(_("The file is empty; it needs a header of model names."))
    names = [name.strip() for name in header]
    first = 1 if names[0].lower() in _ID_COLUMNS else 0
    texts = [n for n in range(first, len(names)) if names[n].lower() in _TEXT_COLUMNS]
    columns = [n for n in range(first, len(names)) if n not in texts]
    models = [names[n] for n in columns]
    _check_names(names, columns)
    if not lines:
        raise InvalidInput(_("The file has no rows under its header."))
    rows = [line[0].strip() if first else "" for line in lines]
    rows = [row or str(number) for number, row in enumerate(rows, start=1)]
    repeated = [row for row, count in Counter(rows).items() if count > 1]
    if repeated:
        raise InvalidInput(_("More than one row is called {names}.", names=", ".join(repeated[:5])))
    cells = []
    for number, (row, line) in enumerate(zip(rows, lines, strict=True), start=1):
        where = _("row {number}", number=number) + (f" ({row})" if first else "")
        _check_length(len(line), where, len(names), len(models))
        cells.append([_cell(line[n], where, names[n]) for n in columns])
    questions = {row: line[n] for row, line in zip(rows, lines, strict=True) for n in texts[:1]}
    return Outcomes(tuple(rows), tuple(models), np.array(cells, dtype=np.int8), questions)


def _separator(text: str) -> str:
    header = text.lstrip("\r\n").partition("\n")[0]
    return next((sign for sign in ",;\t" if sign in header), ",")


def _check_names(names: Sequence[str], columns: Sequence[int]) -> None:
    for column in columns:
        if not names[column]:
            raise InvalidInput(
                _("Column {column} has no model name in the header.", column=column + 1)
            )
    models = Counter(names[column] for column in columns)
    repeated = [model for model, count in models.items() if count > 1]
    if repeated:
        raise InvalidInput(
            _("More than one column is called {names}.", names=", ".join(repeated[:5]))
        )
    if not models:
        raise InvalidInput(_("The header names no model."))


def _check_length(cells: int, where: str, columns: int, models: int) -> None:
    if cells != columns:
        raise InvalidInput(
            _(
                "In {where} there are {cells} cells for {models} models; leave a cell empty "
                "where the outcome is unknown.",
                where=where,
                cells=max(0, cells - columns + models),
                models=models,
            )
        )


def _cell(text: str, where: str, model: str) -> int:
    value = _CELLS.get(text)
    if value is None:
        value = _CELLS.get(text.strip().lower())
    if value is None:
        raise InvalidInput(
            _(
                "In {where}, column {model}, `{text}` is neither 1, 0 nor empty.",
                where=where,
                model=model,
                text=text,
            )
        )
    return value


def _mask(values: object) -> Mask:
    """The type that numpy's stubs lose on the way."""
    return np.asarray(values, dtype=np.bool_)
