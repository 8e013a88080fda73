"""Very many questions in one moment, on a clock of their own: how late verdicts are shown."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize(("platform", "longest"), [("slack", 5), ("discord", 26)])
def test_verdicts_of_a_crowd_are_shown_in_time_and_no_limit_is_passed(
    platform: str, longest: float, full: bool, tmp_path: Path
) -> None:
    count, told = 500 if full else 25, tmp_path / "told.json"
    words = ["--at-once", str(count), "--platform", platform, "--json", str(told)]
    # In a process of its own: it has another clock and another network.
    command = [sys.executable, "-m", "tests.bench.weather", *words]
    subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=True)
    late = json.loads(told.read_text())
    assert late["shown"] == late["verdicts"] == count
    assert late["p50"] <= 1
    assert late["longest"] <= longest
    assert late["limits_passed"] == {}
