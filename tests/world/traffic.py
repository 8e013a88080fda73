"""`python -m tests.world.traffic --hours 24`: one process that serves for a day, hour by hour.

Nobody kills it. What the local servers and the people remember is cleared away as it gets old, so
that what grows is the program's.
"""

import argparse
import asyncio
import ctypes
import gc
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.world.world import Plan, World, run, say

_KEPT_SECONDS = 1800.0
# Of the memory, after the first hour.
GROWTH_LIMIT = 0.05
# Every object is the C library's, which can be asked how much it holds, and to give back the rest:
# pages that a busy moment once needed say nothing of what is kept.
_ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONMALLOC": "malloc"}
_TABLES = (
    "deliberations",
    "calls",
    "attempts",
    "posts",
    "feed",
    "seen_events",
    "reactions",
    "notes",
)


@dataclass(frozen=True, slots=True)
class Sample:
    hour: int
    rows: dict[str, int]
    tasks: int
    views: int
    descriptors: int
    objects: int
    resident_mib: float


def sample(world: World, hour: int) -> Sample:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    rows = {table: world.disk.rows(f"SELECT count(*) FROM {table}")[0][0] for table in _TABLES}
    clients = list(world.program.app.platforms.values()) if world.program.app else []
    views = sum(
        len(store._views) + len(store._synced_message_views)
        for client in clients
        if (store := getattr(getattr(client, "_connection", None), "_view_store", None))
    )
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Sample(
        hour,
        rows,
        len(world.loop.tasks_of(world.lives[-1])),
        views,
        len(os.listdir("/proc/self/fd")),
        len(gc.get_objects()),
        pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
    )


def clear(world: World) -> None:
    """What servers and people remember of half an hour ago and before."""
    slack, discord = world.slack, world.discord
    before = world.platform_time() - _KEPT_SECONDS
    for channel in slack.world.channels.values():
        for ts in [ts for ts in channel.messages if float(ts) < before]:
            del channel.messages[ts]
    for messages in (
        discord.world.messages,
        *(c.messages for c in discord.world.channels.values()),
    ):
        for id, message in list(messages.items()):
            if message.created_at.timestamp() < before:
                message.deleted = True
                del messages[id]
    for id, place in list(discord.world.channels.items()):
        if place.is_thread and not place.messages:
            discord.archive(place)  # as Discord does by itself, of which libraries are told
            del discord.world.channels[id]
    for log in (slack.desk.rejections, slack.limits.refused, slack.courier.deliveries):
        log.clear()
    for other in (discord.desk.rejections, discord.limits.refused, discord.interactions.log):
        other.clear()
    slack.world.statuses.clear()
    slack.world.links.clear()
    slack.world.ephemerals.clear()
    slack.world.files.clear()
    discord.world.attachments.clear()
    discord.world._nonces.clear()
    discord.limits._windows.clear()
    slack.interactions.triggers._triggers.clear()
    slack.interactions.triggers._urls.clear()
    for view in [view for view in slack.world.views.values() if not view.open]:
        del slack.world.views[view.id]
    world.models.words = dict(list(world.models.words.items())[-40:])
    world.models.bills.clear()
    world.people.asked = [a for a in world.people.asked if a.at > world.loop.time() - _KEPT_SECONDS]
    world.watch.clear(older_than=world.people.asked)
    world.wires.lost.clear()


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.world.traffic", description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(words)
    if not _ENVIRONMENT.items() <= os.environ.items():
        environment = {**os.environ, **_ENVIRONMENT}
        os.execve(
            sys.executable, [sys.executable, "-m", "tests.world.traffic", *words], environment
        )
    warnings.simplefilter("ignore")
    plan = Plan(
        options.hours * 60.0 + 1,
        models_trouble=0.05,
        wires_trouble=0.02,
        pause_seconds=60.0,
        keep_up=True,
    )
    samples: list[Sample] = []

    async def watch(world: World) -> None:
        for hour in range(options.hours + 1):
            if hour:
                for _ in range(12):  # garbage is not left lying for an hour by any program
                    await asyncio.sleep(300)
                    gc.collect()
                clear(world)
                samples.append(sample(world, hour))
                say(_line(samples[-1]))

    outcome = run(options.seed, plan.minutes, plan=plan, beside=watch)
    first, last = samples[0], samples[-1]
    grown = last.resident_mib / first.resident_mib - 1
    say(
        f"{outcome.questions} questions, {outcome.verdicts} verdicts, {outcome.steps:,} steps in "
        f"{outcome.seconds:.0f} s. From hour {first.hour} to {last.hour}: resident memory "
        f"{grown:+.1%}, objects "
        f"{last.objects / first.objects - 1:+.1%}. {outcome.broken or 'Everything held.'}"
    )
    return int(outcome.broken is not None or grown > GROWTH_LIMIT)


def _line(sample: Sample) -> str:
    rows = ", ".join(f"{table} {count}" for table, count in sample.rows.items())
    return (
        f"hour {sample.hour:2}: {sample.tasks} tasks, {sample.views} views, "
        f"{sample.descriptors} descriptors, {sample.objects:,} objects, "
        f"{sample.resident_mib:.0f} MiB; rows: {rows}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
