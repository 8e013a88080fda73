"""A trial that ends itself: do people prefer the verdict to the best member's answer?

Choices of one person are alike, so that many of them say little of what others would choose. Every
share here is people's mean share: each person has a share of their own, drawn from a beta
distribution with that mean and an unknown spread. Looking after every choice is allowed for: at the
true mean and spread, the evidence against both is a martingale that starts at 1, and reaches 20 with
a chance of 5 % at most. Pure. It does not know who saw which text first, nor that choices about one
question may be alike, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bot.analysis.estimates import Estimate, Floats
from bot.analysis.outcomes import Mask

Ints = NDArray[np.int64]

# What fewer people agree on may be theirs alone.
PEOPLE_MIN = 8
# What people chose is told in steps of so many choices, by so many people: what moved with a single
# choice would tell whoever looks before and after it what somebody chose.
STEP, STEP_PEOPLE = 10, 3
# As far from one half as a difference has to be before anybody would mind: 10 points.
MARGIN = 0.10
# A wrong end is to be rarer than one in 20; of the ends "no_difference", which rest on how many said
# "same" as well, the two parts share it.
_ENOUGH, _ENOUGH_FOR_NONE, _ENOUGH_FOR_SAME = 20.0, 25.0, 100.0

# The worlds that are weighed: people's mean share, and how alike the choices of one person are,
# as the correlation of two of them. Leanings of half a logit, which is much, are .055.
_SHARES = np.linspace(0.02, 0.98, 49)
_ALIKE = np.array([0.0, 0.005, 0.015, 0.03, 0.05, 0.08, 0.12, 0.18, 0.26, 0.36, 0.5, 0.7])
_SIZE = np.minimum(1e7, (1 - _ALIKE) / np.maximum(_ALIKE, 1e-9))
_A, _B = _SHARES[:, None] * _SIZE, (1 - _SHARES)[:, None] * _SIZE

_FROM_HALF = np.abs(_SHARES - 0.5)
_HALF = int(_FROM_HALF.argmin())
# What is bet on: on a difference that is worth a trial, or on next to none.
_BET_DIFFERENT = np.where(_FROM_HALF > 0.03, np.exp(-((_FROM_HALF / 0.13) ** 2) / 2), 0.0)
_BET_NONE = (_FROM_HALF < 0.05).astype(float)
_BET_ANYTHING = np.ones_like(_SHARES)

# Below what floats can tell apart.
_TINY = 1e-290

End = Literal["better", "worse", "no_difference"]

# About how many choices it takes to an end where people differ by so many points, by how many people
# choose: by simulation (`tests.bench.trial`).
POINTS = 15
LENGTHS = {40: 125, 20: 155, 10: 270}


@dataclass(frozen=True, slots=True)
class Choice:
    """`verdict` is 1 where the verdict was chosen, 0 where the answer was, and 0.5 for "same"."""

    person: str
    verdict: float


@dataclass(frozen=True, slots=True)
class Trial:
    """Where it stands, or stood when it ended: then later choices do not count.

    `share` is people's mean share for the verdict among choices of either, and after the end
    "no_difference" among all, "same" being half a choice of each; its limits hold at all looks
    together, with 95 %, and are the nearest shares that are left out. `None` before `PEOPLE_MIN`
    people chose either. `end` is `None` while the trial goes on;
    "better", "worse" (than the answer) and "no_difference" (beyond `MARGIN` from one half) are each
    wrong with a chance of about 5 % at most.
    """

    choices: int
    people: int
    same: int
    share: Estimate | None
    end: End | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of it. In a month, asking the best member alone would save so many US dollars, as far
    as that is known."""

    trial: Trial
    saves_usd: float | None


def missing_people(found: Trial) -> int:
    """How many more have to choose before it may end."""
    return max(0, PEOPLE_MIN - found.people)


def is_step(people: Sequence[str]) -> bool:
    """Whether choices by these, one of each for each time that they are named, may be told at once."""
    return len(people) >= STEP and len(set(people)) >= STEP_PEOPLE


def as_json(found: Trial, *, is_on: bool, saves_usd: float | None) -> dict[str, Any]:
    return {
        "on": is_on,
        **asdict(found),
        "margin": MARGIN,
        "people_min": PEOPLE_MIN,
        "people_missing": missing_people(found),
        "saves_usd": saves_usd,
    }


def trial(choices: Sequence[Choice]) -> Trial:
    """Of choices in the order in which they were made."""
    names = dict.fromkeys(choice.person for choice in choices)
    people = {name: number for number, name in enumerate(names)}
    who = np.array([[people[choice.person] for choice in choices]], np.int64)
    values = np.array([[choice.verdict for choice in choices]], float)
    step: Step = (Tally(1, len(people)), Tally(1, len(people)), [None])
    for step in walk(who, values):
        if any(step[2]):
            break
    decided, same, [end] = step
    return Trial(
        choices=int(same.n.sum()),
        people=int(same.people[0]),
        same=int(same.k.sum()),
        share=_share_of_all(decided, same) if end == "no_difference" else _share(decided),
        end=end,
    )


class Tally:
    """What choices of two kinds say of each world. Several trials stand beside each other, a row
    each; `k` and `n` are the ones among the choices of each person, and all of them."""

    def __init__(self, trials: int, people: int) -> None:
        self.k, self.n = np.zeros((trials, people)), np.zeros((trials, people))
        self.log_likelihood = np.zeros((trials, *_A.shape))
        self._rows = np.arange(trials)

    @property
    def people(self) -> Ints:
        return np.asarray((self.n > 0).sum(axis=1), np.int64)

    def add(self, who: Ints, value: Floats, counted: Mask) -> None:
        """The next choice of each trial, 1 or 0, where it is counted."""
        k, n = self.k[self._rows, who][:, None, None], self.n[self._rows, who][:, None, None]
        chance = np.where(value[:, None, None] > 0, _A + k, _B + n - k) / (_A + _B + n)
        self.log_likelihood += np.log(chance) * counted[:, None, None]
        self.k[self._rows, who] += value * counted
        self.n[self._rows, who] += counted

    def weighed(self) -> "Weighed":
        most = self.log_likelihood.max(axis=(1, 2), keepdims=True)
        likely = np.exp(self.log_likelihood - most)
        # All spreads count alike. The one that explains the choices best may do so up to three
        # times better before it counts alone: then wrong ends are at no spread more than three times
        # likelier than they may be, and by simulation (`tests.bench.trial`) no likelier at all.
        none = np.maximum(likely.mean(axis=2), likely.max(axis=2) / 3)
        return Weighed(likely.mean(axis=2), none)


@dataclass(frozen=True, slots=True)
class Weighed:
    """How well each mean share explains the choices, by trial and share: where it is bet on, and as
    what is to be refuted."""

    bet_on: Floats
    doubted: Floats

    def evidence(self, bet: Floats) -> Floats:
        """How many times better the `bet` explains the choices than each mean share does, by trial
        and share. For the true share it is seldom large, at any time."""
        found = (self.bet_on @ (bet / bet.sum()))[:, None] / np.maximum(self.doubted, _TINY)
        return np.asarray(found)

    def mean(self, bet: Floats) -> Floats:
        """Of the shares that are bet on, as likely as they became; by trial."""
        weight = np.maximum(self.bet_on * bet, _TINY * (bet > 0))
        return np.asarray(weight @ _SHARES / weight.sum(axis=1))


# What was chosen where either was, who said "same", and which end that is, by trial.
Step = tuple[Tally, Tally, list[End | None]]


def walk(who: Ints, values: Floats) -> Iterator[Step]:
    """By trial and choice, `who` chose, counted from 0, and what. A step after each choice, in which
    the tallies are those of before, grown."""
    trials, people = len(who), int(who.max(initial=0)) + 1
    decided, same = Tally(trials, people), Tally(trials, people)
    for person, value in zip(who.T, values.T, strict=True):
        is_same = np.asarray(value == 0.5, np.bool_)
        decided.add(person, value, ~is_same)
        same.add(person, is_same.astype(float), np.ones_like(is_same))
        yield decided, same, _ends(decided, same)


def _ends(decided: Tally, same: Tally) -> list[End | None]:
    either = decided.weighed()
    different = either.evidence(_BET_DIFFERENT)[:, _HALF] >= _ENOUGH
    different &= decided.people >= PEOPLE_MIN
    # Among all choices a difference is smaller, by those that were neither.
    beyond = MARGIN / (1 - _at_least(same))[:, None] - 1e-9 < _FROM_HALF
    against = np.where(beyond, either.evidence(_BET_NONE), np.inf).min(axis=1)
    none = (against >= _ENOUGH_FOR_NONE) & (same.people >= PEOPLE_MIN)
    better = either.mean(_BET_DIFFERENT) > 0.5
    found: list[End | None] = [None] * len(different)
    for row in np.flatnonzero(different | none).tolist():
        if different[row]:
            found[row] = "better" if better[row] else "worse"
        else:
            found[row] = "no_difference"
    return found


def _at_least(same: Tally) -> Floats:
    """A lower limit of people's mean share of "same", by trial."""
    if not same.k.any():
        return np.zeros(len(same.k))
    refuted = same.weighed().evidence(_BET_ANYTHING) >= _ENOUGH_FOR_SAME
    below = np.logical_and.accumulate(refuted, axis=1).sum(axis=1)
    return np.asarray(np.where(below > 0, _SHARES[below - 1], 0.0))


def _share(decided: Tally) -> Estimate | None:
    if int(decided.people[0]) < PEOPLE_MIN:
        return None
    n = int(decided.n.sum())
    either = decided.weighed()
    left = either.evidence(_BET_DIFFERENT)[0] < _ENOUGH
    return Estimate(float(either.mean(_BET_DIFFERENT)[0]), *_range(left), n)


def _share_of_all(decided: Tally, same: Tally) -> Estimate:
    either, of_all = decided.weighed(), 1 - float(_at_least(same)[0])
    left = either.evidence(_BET_NONE)[0] < _ENOUGH_FOR_NONE
    # That is no further from one half than `MARGIN`, or the trial would not have ended.
    low, high = (0.5 + max(-MARGIN, min(MARGIN, (limit - 0.5) * of_all)) for limit in _range(left))
    chosen = float(decided.n.sum() / same.n.sum())
    value = 0.5 + (float(either.mean(_BET_DIFFERENT)[0]) - 0.5) * chosen
    return Estimate(value, low, high, int(same.n.sum()))


def _range(left: Mask) -> tuple[float, float]:
    """The shares that are not refuted, a step of the grid outwards."""
    step = _SHARES[1] - _SHARES[0]
    shares = _SHARES[left]
    return float(max(0.0, shares.min() - step)), float(min(1.0, shares.max() + step))
