"""`council` in a process of its own, with discord.py pointed at a test's local server.

    python -m tests.fakes.discord_subprocess serve

The variable `LOCAL_DISCORD_URL` says where the server is. Everything else, the arguments
and the environment included, is as with `python -m bot`.
"""

import os
import runpy

from tests.fakes.discord_server import URL_VARIABLE, discord_py_pointed_at


def main() -> None:
    with discord_py_pointed_at(os.environ[URL_VARIABLE]):
        runpy.run_module("bot", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
