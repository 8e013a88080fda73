"""The audit queue as a file: rows for a person to label, beside the OUT of a bench.

A row that is in the file stays as it is, with its label and whatever else a person wrote; new ones
are added below. What labels mean is known elsewhere.
"""

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.analysis.audit import AUDIT_LABELS
from bot.cleaning import harmless
from bot.errors import InvalidInput
from bot.language import _
from bot.privacy import make_private

COLUMNS = ("id", "question", "reference", "answers", "label")

# Spreadsheets hold 32,767 characters in a cell; OUT has the whole texts.
_CELL_LIMIT_CHARS = 30_000
_FORMULA = re.compile(r"\s*[=@＝＠]|\s*[+\-＋－](?![\d.,]*\Z)")


@dataclass(frozen=True, slots=True)
class Entry:
    """A row to look at; `answers` are all members', in words."""

    id: str
    question: str
    reference: str
    answers: str


def audit_path(out: Path) -> Path:
    return out.with_suffix(".audit.csv")


def read_labels(path: Path) -> dict[str, str]:
    """The labels by id, without the rows that have none yet; a missing file has none.

    Raises `InvalidInput` where the file cannot be read, or a label is none of `AUDIT_LABELS`.
    """
    __, rows = _read(path)
    labels = {row["id"]: " ".join(row["label"].lower().split()) for row in rows}
    for id, label in labels.items():
        if label and label not in AUDIT_LABELS:
            raise InvalidInput(
                _(
                    "{file} labels {id} as `{label}`; the labels are {labels}.",
                    file=path.name,
                    id=id,
                    label=label,
                    labels=", ".join(AUDIT_LABELS),
                )
            )
    return {id: label for id, label in labels.items() if label}


def offer(path: Path, entries: Iterable[Entry]) -> int:
    """Add the entries that the file does not hold yet; how many rows wait for a label then.

    Raises `InvalidInput` where the file cannot be read or written.
    """
    columns, rows = _read(path)
    known = {row["id"] for row in rows}
    new = [
        {
            "id": entry.id,
            "question": _cell(entry.question),
            "reference": _cell(entry.reference),
            "answers": _cell(entry.answers),
            "label": "",
        }
        for entry in entries
        if entry.id not in known
    ]
    if new:
        _write(path, columns, [*rows, *new])
    return sum(not row["label"].strip() for row in (*rows, *new))


def _cell(text: str) -> str:
    """The text as a spreadsheet shows it and does nothing else with it.

    One that begins like a formula is one there, unless it is a number. Source: OWASP, "CSV
    Injection".
    """
    text = harmless(text)[:_CELL_LIMIT_CHARS]
    return f"'{text}" if _FORMULA.match(text) else text


def _read(path: Path) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    """The columns, and the rows with a text in each."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return COLUMNS, []
    except OSError as error:
        raise InvalidInput(
            _("{path} cannot be read: {strerror}.", path=path, strerror=error.strerror)
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidInput(
            _("{path} is no UTF-8 text ({reason}).", path=path, reason=error.reason)
        ) from error
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="", restkey="")
    try:
        rows = [{name: cell for name, cell in row.items() if name} for row in reader]
    except csv.Error as error:
        raise InvalidInput(_("{path} is no CSV file: {error}.", path=path, error=error)) from error
    columns = tuple(name for name in reader.fieldnames or () if name)
    if not {"id", "label"} <= set(columns):
        raise InvalidInput(
            _("{path} needs the columns id and label, separated by commas.", path=path)
        )
    repeated = [id for id, count in Counter(row["id"] for row in rows).items() if count > 1]
    if repeated:
        raise InvalidInput(
            _(
                "{path} holds a row more than once: {ids}.",
                path=path,
                ids=", ".join(repeated[:5]),
            )
        )
    return columns, rows


def _write(path: Path, columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    """All or nothing: somebody's labels are in it."""
    new = path.with_name(f"{path.name}.new")
    try:
        make_private(new)
        # With a byte order mark, without which spreadsheets take it for another encoding.
        with new.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise InvalidInput(
            _("{path} cannot be written: {strerror}.", path=path, strerror=error.strerror)
        ) from error
