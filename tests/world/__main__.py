"""`python -m tests.world --seed 7` | `--seeds 0-199` [--minutes 10] [--database postgresql]."""

import argparse
import os
import sys
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.world.databases import DATABASES
from tests.world.world import Outcome, run, say


def main(words: Sequence[str]) -> int:
    options = _options(words)
    if os.environ.get("PYTHONHASHSEED") != "0":
        # Sets of texts would have another order in every process.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.world", *words])
    warnings.simplefilter("ignore")
    if options.seed is not None:
        return _one(options)
    first, _, last = options.seeds.partition("-")
    return _many(range(int(first), int(last or first) + 1), options)


def _one(options: argparse.Namespace) -> int:
    """One seed, twice, with its story where something broke."""
    one = partial(run, options.seed, options.minutes, speak=True, database=options.database)
    outcome, again = one(), one()
    for line in outcome.story if options.story or outcome.broken else ():
        say(line)
    say(str(outcome.broken or "everything held"))
    same = (outcome.trace, outcome.steps) == (again.trace, again.steps)
    say(
        f"seed {outcome.seed}: {outcome.steps:,} steps, {outcome.questions} questions, "
        f"{outcome.verdicts} verdicts, {outcome.kills} kills, trace {outcome.trace:08x}, "
        f"{'the same again' if same else f'but {again.trace:08x} the second time'}"
    )
    return int(outcome.broken is not None or not same)


def _many(seeds: range, options: argparse.Namespace) -> int:
    began = time.perf_counter()
    outcomes: list[Outcome] = []
    one = partial(run, minutes=options.minutes, database=options.database)
    other = "" if options.database == "sqlite" else f" --database {options.database}"
    with ProcessPoolExecutor(options.processes) as pool:
        for outcome in pool.map(one, seeds):
            outcomes.append(outcome)
            if outcome.broken:
                say(
                    f"seed {outcome.seed}: {str(outcome.broken)[:600]}\n  python -m tests.world "
                    f"--seed {outcome.seed} --minutes {options.minutes:g}{other}"
                )
                if options.first:
                    pool.shutdown(cancel_futures=True)
                    break
    seconds = time.perf_counter() - began
    broken = sum(outcome.broken is not None for outcome in outcomes)
    steps = sum(outcome.steps for outcome in outcomes)
    say(
        f"{len(outcomes):,} worlds, {broken} broken; {steps:,} steps, "
        f"{sum(o.kills for o in outcomes):,} kills, {sum(o.starts for o in outcomes):,} starts, "
        f"{sum(o.questions for o in outcomes):,} questions, "
        f"{sum(o.verdicts for o in outcomes):,} verdicts, "
        f"{sum(o.requests for o in outcomes):,} requests billed; {seconds:.0f} s, "
        f"{len(outcomes) / seconds * 60:.0f} worlds a minute, {steps / seconds:,.0f} steps a second"
    )
    return int(broken > 0)


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.world", description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--seed", type=int, help="one, twice, with its story where it breaks")
    which.add_argument("--seeds", metavar="A-B", help="many, beside each other")
    parser.add_argument("--minutes", type=float, default=2, help="of traffic, on its own clock")
    parser.add_argument("--database", choices=[*DATABASES], default="sqlite")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--story", action="store_true", help="tell what happened in any case")
    parser.add_argument("--first", action="store_true", help="stop where the first one breaks")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
