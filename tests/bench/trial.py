"""When a trial ends, and how often wrongly: `python -m tests.bench.trial [--quick]`.

Channels in which people have leanings of their own and vote in bursts, looked at after every single
choice. For each number of people and each mean share for the verdict: how often the trial ended in
which way within `CHOICES`, and after how many choices; beside it the same where every choice is
another person's, so that they are independent.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.analysis.trial import End, walk

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CHOICES = 500
PEOPLE = {f"{n} people, leanings 0.5": n for n in (10, 20, 40)} | {"independent choices": None}

_DIFFERENT: tuple[End, ...] = ("better", "worse")


@dataclass(frozen=True, slots=True)
class Channel:
    """`share` is people's mean share for the verdict where they choose either, `spread` the standard
    deviation of their leanings in logits, `burst` how many choices one makes in a row, on average.
    No `people`: each choice is another's."""

    people: int | None
    share: float
    spread: float = 0.5
    burst: float = 4
    same: float = 0.0


@dataclass(frozen=True, slots=True)
class Ends:
    """Of each trial, how it ended, and after how many choices; those that go on have `None`, and
    more than any."""

    ends: tuple[End | None, ...]
    lengths: Ints

    def share(self, *ends: End) -> float:
        return float(np.mean([end in ends for end in self.ends]))


def simulated(channel: Channel, *, trials: int, choices: int = CHOICES, seed: int = 1) -> Ends:
    rng = np.random.default_rng(seed)
    who = _who(channel, (trials, choices), rng)
    chances = _chances(channel, (trials, int(who.max()) + 1), rng)
    values = (rng.random(who.shape) < np.take_along_axis(chances, who, axis=1)).astype(float)
    values[rng.random(who.shape) < channel.same] = 0.5
    ends: list[End | None] = [None] * trials
    lengths = np.full(trials, np.iinfo(np.int64).max)
    for step, (_decided, _same, found) in enumerate(walk(who, values), start=1):
        for place, end in enumerate(found):
            if end and ends[place] is None:
                ends[place], lengths[place] = end, step
    return Ends(tuple(ends), lengths)


def _who(channel: Channel, shape: tuple[int, int], rng: np.random.Generator) -> Ints:
    if channel.people is None:
        return np.broadcast_to(np.arange(shape[1]), shape)
    new = rng.random(shape) < 1 / channel.burst
    new[:, 0] = True
    drawn = rng.integers(channel.people, size=shape)
    # Whoever was drawn last goes on.
    last = np.maximum.accumulate(np.where(new, np.arange(shape[1]), 0), axis=1)
    return np.take_along_axis(drawn, last, axis=1)


def _chances(channel: Channel, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Of each person to choose the verdict; their mean over all people that there could be is the
    channel's share."""
    points, weights = np.polynomial.hermite_e.hermegauss(40)
    low, high = -10.0, 10.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        mean = float(_sigmoid(middle + channel.spread * points) @ weights / weights.sum())
        low, high = (middle, high) if mean < channel.share else (low, middle)
    return _sigmoid(low + channel.spread * rng.standard_normal(shape))


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))


def _told(ends: Ends, *which: End) -> str:
    """How often it ended so, and the median length where most did."""
    median = float(
        np.median(np.where([end in which for end in ends.ends], ends.lengths, CHOICES + 1))
    )
    length = f"median {median:.0f}" if median <= CHOICES else f"median over {CHOICES}"
    return f"{ends.share(*which):.1%}, {length}"


def _report(trials: int) -> Iterator[str]:
    yield f"{trials} trials each, at most {CHOICES} choices, looked at after every one"
    yield "No difference: false ends, and ends in `no_difference`"
    for people in (10, 20, 40):
        for spread, burst, same in ((0.5, 4, 0), (0.5, 15, 0), (0.5, 4, 0.4), (1.0, 4, 0)):
            ends = simulated(
                Channel(people, 0.5, spread=spread, burst=burst, same=same), trials=trials
            )
            yield (
                f"  {people} people, leanings {spread}, bursts of {burst}, {same:.0%} same: false "
                f"{ends.share(*_DIFFERENT):.1%}; no difference {_told(ends, 'no_difference')}"
            )
    ends = simulated(Channel(None, 0.5), trials=trials)
    yield (
        f"  independent choices: false {ends.share(*_DIFFERENT):.1%}; no difference "
        f"{_told(ends, 'no_difference')}"
    )
    for points in (10, 15, 20):
        yield f"A difference of {points} points: ends in `better`, and false ends"
        for name, number in PEOPLE.items():
            ends = simulated(Channel(number, 0.5 + points / 100), trials=trials)
            yield (
                f"  {name}: better {_told(ends, 'better')}; no difference "
                f"{ends.share('no_difference'):.1%}, worse {ends.share('worse'):.1%}"
            )


def main() -> None:
    for line in _report(100 if "--quick" in sys.argv else 400):
        print(line, flush=True)


if __name__ == "__main__":
    main()
