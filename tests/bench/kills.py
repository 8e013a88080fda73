"""Random processes of a council are killed while it is asked: `python -m tests.bench.kills --kills 500`.

Two gateways, three workers and their PostgreSQL, each real, on a local Discord and a local model server.
Mostly a gateway or a worker is killed (SIGKILL) and started again; now and then one is frozen for some
seconds, up to longer than others wait for it, or the server of the database ends and is started again.
Questions keep coming meanwhile. Then nobody is killed any more, and once all is quiet it is counted what
was lost, posted twice or paid twice. Ends with code 1 where anything was.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
import tempfile
import time
from contextlib import chdir
from dataclasses import dataclass
from random import Random

from psycopg import OperationalError

from tests.bench.aftermath import Aftermath
from tests.bench.fleet import Fleet, Role, running_fleet
from tests.fakes.postgres import DURABLE, Postgres, programs, running

GATEWAYS, WORKERS = 2, 3
# No other is struck while more are on their way back.
DOWN = 2
# Of a hundred blows; all others are kills.
FREEZES, RESTARTS = 8, 2
# In seconds, before scaling: some are over before others notice, some are not.
SHORT, LONG = (0.2, 8.0), (28.0, 45.0)
# A question at a time for each that is answered, with so many open.
OPEN = 12


@dataclass(slots=True)
class Blows:
    kills: dict[Role, int]
    freezes: int = 0
    restarts: int = 0
    ended: int = 0  # by themselves

    def __str__(self) -> str:
        kills = " and ".join(f"{n} kills of {role}s" for role, n in self.kills.items())
        return f"{kills}, {self.freezes} freezes, {self.restarts} restarts of PostgreSQL, at which {self.ended} processes ended"


async def struck(
    postgres: Postgres,
    *,
    kills: int,
    seed: int,
    scale: float,
    pace: float,
    call_seconds: float,
    quiet_seconds: float = 300.0,
) -> Aftermath:
    """`pace` are the seconds between two blows in the mean, `scale` what the program's pauses are scaled
    by. Raises `TimeoutError` where it is not quiet so many seconds after the last."""
    draw = Random(seed)
    pieces = 15  # in which a text of the model server comes
    async with running_fleet(postgres, scale=scale, chunk_delay=call_seconds / pieces) as fleet:
        await fleet.up(GATEWAYS, WORKERS)
        await _first_questions(fleet)
        asking = asyncio.create_task(_ask(fleet, Random(seed + 1), call_seconds))
        blows = await _strike(fleet, postgres, draw, kills, pace, scale)
        asking.cancel()
        await asyncio.wait({asking})
        struck_until = time.monotonic()
        await _quiet(fleet, quiet_seconds)
        quiet_after = time.monotonic() - struck_until
        return Aftermath.read(fleet, str(blows), quiet_after)


async def _first_questions(fleet: Fleet) -> None:
    """One in each channel: where nothing was asked before, nothing that went by unheard is looked for."""
    questions = [fleet.ask() for _ in fleet.channels]
    await fleet.discord.wait_for(lambda: all(map(fleet.told, questions)))


async def _ask(fleet: Fleet, draw: Random, call_seconds: float) -> None:
    while True:
        await asyncio.sleep(draw.expovariate(1 / call_seconds))
        if len(fleet.asked) - len(fleet.discord.pings) < OPEN:
            fleet.ask()


async def _strike(
    fleet: Fleet, postgres: Postgres, draw: Random, kills: int, pace: float, scale: float
) -> Blows:
    blows = Blows({"gateway": 0, "worker": 0})
    async with asyncio.TaskGroup() as freezing:
        while sum(blows.kills.values()) < kills:
            await asyncio.sleep(draw.expovariate(1 / pace))
            blows.ended += await fleet.start_again()
            chance = draw.random() * 100
            up = [each for each in fleet.living if each.is_up and not each.is_frozen]
            if len(up) < GATEWAYS + WORKERS - DOWN:
                continue
            struck = draw.choice(up)
            if chance < RESTARTS:
                blows.restarts += 1
                # The process that measures waits, too, as if all networks stood still.
                fleet.restarted.append(time.time())
                postgres.end(draw.choice((signal.SIGINT, signal.SIGQUIT)))
                postgres.start()
            elif chance < RESTARTS + FREEZES:
                blows.freezes += 1
                seconds = draw.uniform(*draw.choice((SHORT, LONG))) * scale
                freezing.create_task(struck.freeze(seconds))
            else:
                blows.kills[struck.role] += 1
                await struck.kill()
                if not sum(blows.kills.values()) % 25:
                    print(f"{blows}; {len(fleet.asked)} questions", file=sys.stderr, flush=True)
    return blows


async def _quiet(fleet: Fleet, seconds: float) -> None:
    """Until every question is answered and nothing is left to do. Raises `TimeoutError`."""
    try:
        async with asyncio.timeout(seconds):
            while not await asyncio.to_thread(_is_quiet, fleet):
                await fleet.start_again()
                await asyncio.sleep(0.2)
    except TimeoutError:
        for line in Aftermath.read(fleet, "not quiet", seconds).lines():
            print(line)
        raise


def _is_quiet(fleet: Fleet) -> bool:
    try:
        ((taken, delivered, work),) = fleet.rows(
            "SELECT count(*), coalesce(sum(delivered), 0), (SELECT count(*) FROM work)"
            " FROM deliberations"
        )
    except OperationalError:
        return False
    return taken == delivered >= len(fleet.asked) and not work


def main() -> None:
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    parser = argparse.ArgumentParser(prog="python -m tests.bench.kills")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=float, default=1.0, help="COUNCIL_TIME_SCALE")
    parser.add_argument("--pace", type=float, default=3.0, help="seconds between blows")
    parser.add_argument("--call", type=float, default=1.0, help="seconds that a model takes")
    asked = parser.parse_args()
    found = programs()
    if found is None:
        print("PostgreSQL is not installed: nothing measured")
        return
    print(f"{os.cpu_count()} processors for all; PostgreSQL syncs each commit to the disk")
    with (
        tempfile.TemporaryDirectory() as folder,
        chdir(folder),
        running(found, DURABLE) as postgres,
    ):
        aftermath = asyncio.run(
            struck(
                postgres,
                kills=asked.kills,
                seed=asked.seed,
                scale=asked.scale,
                pace=asked.pace,
                call_seconds=asked.call,
            )
        )
    for line in aftermath.lines():
        print(line)
    sys.exit(bool(aftermath.problems))


if __name__ == "__main__":
    main()
