"""The benchmark itself: few questions of many."""

import os
import subprocess
import sys

import pytest


def _bench(*words: str) -> str:
    """In a process of its own: it has another clock and another network."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.weather", *words],
        cwd=os.path.join(os.path.dirname(__file__), *[".."] * 3),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("platform", ["slack", "discord"])
def test_every_verdict_of_a_crowd_is_shown_and_no_limit_passed(platform: str) -> None:
    told = _bench("--at-once", "6", "--platform", platform)
    assert "6 verdicts, 6 shown" in told
    assert "limits passed: 0" in told
