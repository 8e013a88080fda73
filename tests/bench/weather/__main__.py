"""`python -m tests.bench.weather --at-once 500 --platform slack|discord`."""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence

from tests.bench.weather import crowd
from tests.bench.weather.draws import Climate


def main(words: Sequence[str]) -> None:
    options = _options(words)
    if os.environ.get("PYTHONHASHSEED") != "0":
        # Sets of texts would have another order in every process.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.bench.weather", *words])
    warnings.simplefilter("ignore")
    climate = Climate(
        options.seed, options.failing, options.stragglers, 3.0 if options.wordy else 1.0
    )
    if options.at_once:
        print(crowd.at_once(options.at_once, options.platform, climate))


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.weather", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--failing", type=float, default=0.0, help="share of requests")
    parser.add_argument("--stragglers", type=float, default=0.0, help="share of requests")
    parser.add_argument("--wordy", action="store_true", help="three times what is asked for")
    parser.add_argument("--at-once", type=int, help="so many questions in the same moment")
    parser.add_argument("--platform", choices=("slack", "discord"), default="slack")
    return parser.parse_args(words)


if __name__ == "__main__":
    main(sys.argv[1:])
