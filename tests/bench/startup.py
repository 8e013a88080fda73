"""How long `council --help` takes, and which heavy packages it does not load."""

import subprocess
import sys
import time
from statistics import median

HEAVY = ("numpy", "matplotlib", "discord", "slack_bolt", "aiohttp", "httpx", "pydantic", "rich")


def run(times: int) -> None:
    """Print the median over this many whole processes, beside an empty Python's."""
    help_seconds = median(_seconds("-m", "bot", "--help") for _ in range(times))
    empty_seconds = median(_seconds("-c", "pass") for _ in range(times))
    print(
        f"start-up: council --help {help_seconds:.3f} s, an empty Python {empty_seconds:.3f} s, "
        f"ratio {help_seconds / empty_seconds:.1f} (median of {times})"
    )
    print(f"          loaded by it of {', '.join(HEAVY)}: {', '.join(_loaded()) or 'none'}")


def _seconds(*words: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return time.perf_counter() - began


def _loaded() -> list[str]:
    code = (
        "import sys, bot.cli\ntry: bot.cli.main(['--help'])\nexcept SystemExit: pass\n"
        f"print('loaded', *[name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[-1].split()[1:]
