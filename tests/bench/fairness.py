"""Whether the ranking can be believed: `python -m tests.bench.fairness [--quick]`.

Simulated reviewers vote by the product's own draws and rules: who reviews, in which order, when the
rest need not be heard, how ballots add up. An answer's worth is drawn from N(0, 1). Reviewer j sees
it with a noise of its own (s exp(z/2)), and adds half a point to what it reads first, takes half a
point from what it reads last, and adds Exp(1)/2 to its own. Figures have standard errors.
"""

import math
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean, stdev

from bot import ranking
from bot.council import Ranking, Standing

POSITION, SELF = 0.5, 0.5
# Reviewers from precise to noisy; 1 is as noisy as the answers differ.
NOISES = (0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Vote:
    """One simulated deliberation: labels by seat, the best one, ballots in order of arrival."""

    seed: int
    labels: tuple[str, ...]
    best: str
    ballots: dict[str, Ranking]

    def standings(self, ballots: dict[str, Ranking]) -> tuple[Standing, ...]:
        return ranking.standings(ballots, [(label, label) for label in self.labels], self.seed)

    @property
    def top(self) -> str:
        return self.standings(self.ballots)[0].label

    @property
    def tied(self) -> bool:
        return ranking.too_close(self.standings(self.ballots))

    def heard(self) -> dict[str, Ranking]:
        """The ballots that are in when the first place is decided."""
        heard: dict[str, Ranking] = {}
        for label, ballot in self.ballots.items():
            heard[label] = ballot
            total = len(self.ballots)
            left = total - len(heard)
            if ranking.decided(heard.values(), self.labels, reviewers=total, to_come=left):
                break
        return heard


def top(vote: Vote) -> str:
    return vote.top


def top_of_heard(vote: Vote) -> str:
    return vote.standings(vote.heard())[0].label


def first_of_four(vote: Vote) -> str:
    return vote.standings(dict(list(vote.ballots.items())[:4]))[0].label


def top_by_lot(vote: Vote) -> str:
    """What a lot alone puts first among equals."""
    standings = vote.standings(vote.ballots)
    level = [s.label for s in standings if ranking.too_close((standings[0], s))]
    return random.Random(vote.seed).choice(sorted({standings[0].label, *level}))


def vote(seed: int, n: int, noise: float = 1.0, *, pair: bool = False) -> Vote:
    """`pair`: two of the members put their own answer first and each other's second."""
    rng = random.Random(seed)
    labels = ranking.labels(seed, n)
    worth = {label: rng.gauss(0, 1) for label in labels}
    reviewers = ranking.reviewers(seed, labels)
    orders = ranking.presentation(seed, labels, reviewers)
    colluding = rng.sample(labels, 2) if pair else []

    def ballot(reviewer: str) -> Ranking:
        spread = noise * math.exp(0.5 * rng.gauss(0, 1))
        points = {
            label: worth[label] + spread * rng.gauss(0, 1) + POSITION * (1 - 2 * place / (n - 1))
            for place, label in enumerate(orders[reviewer])
        }
        points[reviewer] += SELF * rng.expovariate(1)
        if reviewer in colluding:
            points |= {label: points[label] + 100 for label in colluding}
            points[reviewer] += 100
        return tuple((label,) for label in sorted(labels, key=lambda label: -points[label]))

    arriving = rng.sample(reviewers, len(reviewers))
    return Vote(seed, labels, max(labels, key=worth.__getitem__), {x: ballot(x) for x in arriving})


def estimate(values: Iterable[float]) -> str:
    found = list(values)
    return f"{fmean(found):+.4f} ± {stdev(found) / math.sqrt(len(found)):.4f}"


def gain(votes: Iterable[Vote], one: Callable[[Vote], str], other: Callable[[Vote], str]) -> str:
    """How much more often `one` has the best answer than `other`, over the same votes."""
    return estimate((one(each) == each.best) - (other(each) == each.best) for each in votes)


def simulated(runs: int, n: int, noise: float = 1.0, *, pair: bool = False) -> Iterator[Vote]:
    return (vote(seed, n, noise, pair=pair) for seed in range(runs))


def run(runs: int) -> None:
    print(f"{runs} deliberations a line, noise 1 where none is named")
    for n in (4, 5, 6, 7, 8, 10, 12):
        best = estimate(float(each.top == each.best) for each in simulated(runs, n))
        four = gain(simulated(runs, n), top, first_of_four)
        print(f"N = {n:2}: best on top {best}; all reviewers instead of four {four}")
    for n in (4, 6, 8):
        first = estimate(
            (each.top == each.labels[0]) - (each.best == each.labels[0])
            for each in simulated(runs, n)
        )
        print(f"N = {n:2}: advantage of the first-listed {first}")
    for n in (4, 6):
        for pair, whose in ((False, "honest"), (True, "with a colluding pair")):
            tied = fmean(each.tied for each in simulated(min(runs, 4_000), n, pair=pair))
            more = gain(simulated(runs, n, pair=pair), top, top_by_lot)
            print(f"N = {n:2}, {whose}: {tied:.0%} tied; others' firsts instead of a lot {more}")
    for n in (4, 5, 6, 7, 8):
        for noise in NOISES:
            stopped = gain(simulated(runs, n, noise), top_of_heard, top)
            unheard = fmean(
                1 - len(each.heard()) / len(each.ballots)
                for each in simulated(min(runs, 4_000), n, noise)
            )
            print(f"N = {n:2}, noise {noise}: early stop {stopped}, {unheard:.0%} not heard")


if __name__ == "__main__":
    run(4_000 if "--quick" in sys.argv else 60_000)
