"""`python -m tests.bench.weather [--questions 1000] [--failing .11] [--stragglers .15] [--wordy]`, or
`--at-once 500 --platform slack|discord`."""

import argparse
import importlib
import json
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from tests.bench.weather import arms, crowd, picture
from tests.bench.weather.draws import Climate
from tests.bench.weather.report import compared


def main(words: Sequence[str]) -> None:
    options = _options(words)
    if os.environ.get("PYTHONHASHSEED") != "0":
        # Sets of texts would have another order in every process.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.bench.weather", *words])
    warnings.simplefilter("ignore")
    climate = Climate(
        options.seed,
        options.failing,
        options.stragglers,
        3.0 if options.wordy else 1.0,
        options.spread,
    )
    for knob in options.set:
        knob()
    if options.at_once:
        late = crowd.at_once(options.at_once, options.platform, climate)
        print(late)
        _write(options.json, late.as_json())
        return
    report = arms.run(climate, 60 if options.quick else options.questions, options.platform)
    print("\n".join(report.lines()))
    if options.against:
        print("\n".join(compared(report, options.against)))
    _write(options.json, report.as_json())
    if options.picture:
        picture.draw(report, options.picture)


def _knob(words: str) -> Callable[[], None]:
    """What sets a number of the product's, by its module's whole name and its own."""
    name, _, value = words.partition("=")
    module, _, constant = name.rpartition(".")
    try:
        holder = importlib.import_module(module)
        kind = type(getattr(holder, constant))
        return partial(setattr, holder, constant, kind(float(value)))
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"no number of the product's: {error}") from error


def _count(word: str) -> int:
    if (count := int(word)) < 1:
        raise ValueError
    return count


def _share(word: str) -> float:
    if not 0 <= (share := float(word)) < 1:
        raise ValueError
    return share


def _file(word: str) -> Path:
    if not (file := Path(word)).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {word}")
    return file


def _write(file: Path | None, told: Mapping[str, object]) -> None:
    if file:
        file.write_text(json.dumps(told) + "\n")


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.weather", description=__doc__)
    parser.add_argument("--questions", type=_count, default=1_000)
    parser.add_argument("--quick", action="store_true", help="sixty questions")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--failing", type=_share, default=0.0, help="share of requests")
    parser.add_argument("--stragglers", type=_share, default=0.0, help="share of requests")
    parser.add_argument("--wordy", action="store_true", help="three times what is asked for")
    parser.add_argument("--spread", type=float, default=1.0, help="of the times to a first text")
    parser.add_argument("--at-once", type=_count, help="so many questions in the same moment")
    parser.add_argument("--platform", choices=("slack", "discord"), default="slack")
    parser.add_argument(
        "--set",
        type=_knob,
        action="append",
        default=[],
        metavar="MODULE.NAME=NUMBER",
        help="try another number of the product's, as bot.protocol.ranking.AGREEING=4",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="every question's times")
    parser.add_argument("--against", type=_file, metavar="FILE", help="the JSON of an earlier run")
    parser.add_argument(
        "--picture", type=Path, metavar="FILE", help="how the times are distributed"
    )
    return parser.parse_args(words)


if __name__ == "__main__":
    main(sys.argv[1:])
