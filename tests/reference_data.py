"""Public data with results computed by other libraries, kept in a folder beside the checkout."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from bot.analysis.outcomes import Outcomes, read_outcomes

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"


def reference_file(name: str) -> Path:
    path = FOLDER / name
    assert path.is_file(), f"this test needs the reference data in ../shared/data: no {path}"
    return path


@cache
def expected() -> dict[str, Any]:
    """Every reference result."""
    values: dict[str, Any] = json.loads(reference_file("expected.json").read_text(encoding="utf-8"))
    return values


@cache
def outcomes(name: str) -> Outcomes:
    """The outcome matrix of a file, such as `gsm8k_outcomes`."""
    return read_outcomes(reference_file(f"{name}.csv"))


def all_wrong_labels(name: str, label: str) -> dict[str, str]:
    """The same label for every row that all models got wrong."""
    found = outcomes(name)
    return {row: label for row, wrong in zip(found.rows, found.all_wrong, strict=True) if wrong}
