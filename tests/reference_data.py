"""Public data with results computed by other libraries, kept in a folder beside the checkout.

It is no part of the project: where the folder is missing, the tests that compare with it are
skipped; all others have small data of their own.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.analysis.outcomes import Outcomes, read_outcomes

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"


def reference_file(name: str) -> Path:
    if not FOLDER.is_dir():
        # One place and one sentence, so that pytest counts all of them on one line.
        pytest.skip("no reference data: it belongs in ../shared/data, beside the checkout")
    path = FOLDER / name
    assert path.is_file(), f"the reference data in {FOLDER} lacks {name}"
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
