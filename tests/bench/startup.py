"""How long `council --help` takes; `tests/test_architecture.py` says what it must not load."""

import subprocess
import sys
import time
from statistics import median


def run(times: int) -> None:
    """Print the median over this many whole processes, beside an empty Python's."""
    help_seconds = median(_seconds("-m", "bot", "--help") for _ in range(times))
    empty_seconds = median(_seconds("-c", "pass") for _ in range(times))
    print(
        f"start-up: council --help {help_seconds:.3f} s, an empty Python {empty_seconds:.3f} s, "
        f"ratio {help_seconds / empty_seconds:.1f} (median of {times})"
    )


def _seconds(*words: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return time.perf_counter() - began
