"""Whether the ranking can be believed: `python -m tests.bench.fairness [--quick]`.

Simulated reviewers vote by the product's own draws and rules: who reviews, in which order, when the
rest need not be heard, how ballots add up. An answer's worth is drawn from N(0, 1). Reviewer j sees
it with a noise of its own (s exp(z/2), s = 1 unless told), adds half a point to what it reads first,
takes half a point from what it reads last, and adds Exp(1)/2 to its own. Colluding members put their
own answer first and each other's second. Figures have standard errors.
"""

import math
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean, stdev

from bot.council import Ranking, Standing
from bot.protocol import ranking

POSITION, SELF = 0.5, 0.5


@dataclass(frozen=True, slots=True)
class Vote:
    """One simulated deliberation: labels by seat, the best one, ballots in order of arrival."""

    seed: int
    labels: tuple[str, ...]
    best: str
    ballots: dict[str, Ranking]

    def standings(self, ballots: dict[str, Ranking]) -> tuple[Standing, ...]:
        return ranking.standings(ballots, [(label, label) for label in self.labels], self.seed)

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

    def begun(self) -> dict[str, Ranking]:
        """The ballots that are in when the chairman begins: before the stage is over, where two
        agree."""
        begun: dict[str, Ranking] = {}
        heard = self.heard()
        for label, ballot in heard.items():
            begun[label] = ballot
            if ranking.leading(begun.values(), self.labels, reviewers=len(self.ballots)):
                break
        return begun

    def by_lot(self, standings: tuple[Standing, ...]) -> str:
        """What a lot alone puts first among equals."""
        level = [s.label for s in standings if ranking.too_close((standings[0], s))]
        return random.Random(self.seed).choice(sorted({standings[0].label, *level}))


def vote(seed: int, n: int, noise: float = 1.0, *, pair: bool = False) -> Vote:
    """`pair`: two of the members collude."""
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


class Figures:
    """What many simulated deliberations say; gains are in chances of having the best on top."""

    def __init__(self, votes: Iterable[Vote]) -> None:
        self._values: dict[str, list[float]] = defaultdict(list)
        for each in votes:
            self._add(each)

    def _add(self, vote: Vote) -> None:
        standings = vote.standings(vote.ballots)
        top, heard = standings[0].label, vote.heard()
        four = vote.standings(dict(list(vote.ballots.items())[:4]))[0].label

        def gain(one: str, other: str) -> int:
            return (one == vote.best) - (other == vote.best)

        first = vote.labels[0]
        begun = vote.begun()
        at_last = vote.standings(heard)[0].label
        for name, value in {
            "best on top": top == vote.best,
            "all reviewers instead of four": gain(top, four),
            "the first-listed on top too often": (top == first) - (vote.best == first),
            "tied": ranking.too_close(standings),
            "others' firsts instead of a lot": gain(top, vote.by_lot(standings)),
            "early stop": gain(at_last, top),
            "not heard": 1 - len(heard) / len(vote.ballots),
            "begun early": len(begun) < len(heard),
            "begun again": vote.standings(begun)[0].label != at_last,
        }.items():
            self._values[name].append(value)

    def tell(self, title: str, *names: str) -> None:
        said = []
        for name in names or self._values:
            found = self._values[name]
            error = stdev(found) / math.sqrt(len(found))
            said.append(f"{name} {fmean(found):+.4f} ± {error:.4f}")
        print(f"{title} ({len(self._values['tied']):,}): " + "; ".join(said), flush=True)


def simulated(runs: int, n: int, noise: float = 1.0, *, pair: bool = False) -> Iterator[Vote]:
    return (vote(seed, n, noise, pair=pair) for seed in range(runs))


def run(runs: int) -> None:
    for n in (4, 5, 6, 7, 8):
        Figures(simulated(runs, n)).tell(f"{n} members")
    for n in (10, 12):
        Figures(simulated(runs // 4, n)).tell(f"{n} members")
    for n in (4, 6):
        votes = simulated(runs // 4, n, pair=True)
        Figures(votes).tell(
            f"{n} members, two colluding", "tied", "others' firsts instead of a lot"
        )
    for n in (4, 6, 8):
        for noise in (0.5, 2.0):
            votes = simulated(runs // 4, n, noise)
            Figures(votes).tell(f"{n} members, noise {noise}", "early stop", "not heard")


if __name__ == "__main__":
    run(4_000 if "--quick" in sys.argv else 60_000)
