"""`council` in a process of its own, with discord.py pointed at a test's local server.

    python -m tests.fakes.discord_subprocess serve

The variable `LOCAL_DISCORD_URL` says where the server is. Everything else, the arguments
and the environment included, is as with `python -m bot`. With `LOCAL_LOOP_LOG` every round of the
event loop that computed for long is noted in that file: when it ended (monotonic) and its seconds.
"""

import asyncio
import os
import runpy
import time
from pathlib import Path

from bot.program import process
from tests.fakes.discord_server import URL_VARIABLE, discord_py_pointed_at

LOG_VARIABLE = "LOCAL_LOOP_LOG"
NOTED_SECONDS = 0.001


class TimedLoop(asyncio.SelectorEventLoop):
    """Computing time rather than time on the clock: other programs on the machine do not count."""

    def _run_once(self) -> None:
        before = time.thread_time()
        super()._run_once()  # type: ignore[misc]  # asyncio's own, and the only place to measure it
        seconds = time.thread_time() - before
        if seconds > NOTED_SECONDS:
            with Path(os.environ[LOG_VARIABLE]).open("a", encoding="ascii") as log:
                log.write(f"{time.monotonic()} {seconds}\n")


def main() -> None:
    if LOG_VARIABLE in os.environ:
        process.event_loop = TimedLoop  # uvloop's rounds cannot be measured
    with discord_py_pointed_at(os.environ[URL_VARIABLE]):
        runpy.run_module("bot", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
