"""How often people accepted the verdict of questions that looked like one: words that mean a number.

How a question looks is known before anybody votes: whether its answers can be compared, how many of them
give the same value, and how many reviewers put the winner first. Learned from one channel's votes. Pure.

What is learned here holds only as long as people vote before they read it: whoever has been told how
often verdicts like this one were accepted would vote by that. It is for those who have voted.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bot.analysis.estimates import beta
from bot.council import Acceptance, Deliberation

# Of one kind; below it nothing is said.
RATED_MIN = 30

# No person counts for more, where there are others enough.
_PERSON_MAX = 1 / 3

# How much alike two votes of one person are at least taken to be.
_ALIKE_MIN = 0.05

_LEVEL = 0.95

Same = Literal["all", "most", "few", "unknown"]
First = Literal["all", "some", "unknown"]


@dataclass(frozen=True, slots=True)
class Look:
    """`same`: how many of the answers give the winner's value; `first`: how many of the reviewers heard
    put it first alone."""

    same: Same
    first: First


@dataclass(frozen=True, slots=True)
class Rated:
    """A question whose verdict people accepted or not, and the person who decided that."""

    look: Look
    accepted: bool
    person: str


def look_of(result: Deliberation) -> Look | None:
    """`None` where nothing is known that a question could look like."""
    found = result.agreement
    look = Look(_same(found.same_answer, len(result.answers)), _first(found.top_share))
    return None if look == Look("unknown", "unknown") else look


def acceptance(rated: Sequence[Rated], look: Look) -> Acceptance | None:
    """Of the questions that looked like this one; `None` below `RATED_MIN` of them.

    The range is that of the share among half as many further ones, at the least.
    """
    alike = like(rated, look)
    if len(alike) < RATED_MIN:
        return None
    low, high = _range(alike)
    return Acceptance(sum(each.accepted for each in alike), len(alike), low, high)


def like(rated: Sequence[Rated], look: Look) -> list[Rated]:
    """Those of its kind: told apart by what is known, as far as there are `RATED_MIN` on both sides.

    Answers that all say the same are never put together with others: that tells most.
    """
    alike = [each for each in rated if _coarse(each.look) == _coarse(look)]
    for finer in ("same", "first"):
        sides = Counter(getattr(each.look, finer) for each in alike)
        if len(sides) > 1 and min(sides.values()) >= RATED_MIN:
            alike = [each for each in alike if getattr(each.look, finer) == getattr(look, finer)]
    return alike


def _coarse(look: Look) -> str:
    return "differ" if look.same in ("most", "few") else look.same


def _same(same: int | None, of: int) -> Same:
    if same is None:
        return "unknown"
    if same == of:
        return "all"
    return "most" if 2 * same > of else "few"


def _first(share: float | None) -> First:
    if share is None:
        return "unknown"
    return "all" if share > 1 - 1e-9 else "some"


def _range(rated: Sequence[Rated]) -> tuple[float, float]:
    people = Counter(each.person for each in rated)
    weight = _weights(people)
    weights = np.array([weight[each.person] for each in rated])
    accepted = np.array([each.accepted for each in rated], float)
    rate = float(weights @ accepted / weights.sum())
    # So many equal ones would be worth as much.
    counted = float(weights.sum() ** 2 / (weights @ weights))
    together = float(
        sum((weight[person] * n) ** 2 for person, n in people.items()) / (weights @ weights)
    )
    alike = max(_ALIKE_MIN, _alikeness(rated)) if len(people) > 1 else 0.0
    n = max(2.0, counted / (1 + max(0.0, together - 1) * alike))
    # The share among n/2 further ones, whose chance is as Jeffreys has it, is spread nearly as a Beta.
    total, further = n + 1, n / 2
    middle = (rate * n + 0.5) / total
    spread = max(0.5, further * (total + 1) / (total + further) - 1)
    found = beta(middle * spread, (1 - middle) * spread, len(rated), level=_LEVEL)
    told = float(accepted.mean())
    return min(found.low, told), max(found.high, told)


def _weights(people: Counter[str]) -> dict[str, float]:
    """What each question of a person counts, so that nobody's come to more than a third; of fewer than
    three people, all count alike."""
    sums = {person: float(n) for person, n in people.items()}
    for _round in range(len(people)):
        most = max(_PERSON_MAX, 1 / len(people)) * sum(sums.values())
        if max(sums.values()) <= most * (1 + 1e-9):
            break
        sums = {person: min(each, most) for person, each in sums.items()}
    return {person: each / people[person] for person, each in sums.items()}


def _alikeness(rated: Sequence[Rated]) -> float:
    """The correlation of votes within people (one-way analysis of variance), 0 to 1."""
    groups = _by_person(rated)
    n, k = len(rated), len(groups)
    mean = sum(map(sum, groups)) / n
    between = sum(len(each) * (sum(each) / len(each) - mean) ** 2 for each in groups) / (k - 1)
    within = sum(sum((x - sum(each) / len(each)) ** 2 for x in each) for each in groups)
    if n == k:
        return 0.0
    within /= n - k
    size = (n - sum(len(each) ** 2 for each in groups) / n) / (k - 1)
    total = between + (size - 1) * within
    return min(1.0, max(0.0, (between - within) / total)) if total > 0 else 0.0


def _by_person(rated: Iterable[Rated]) -> list[list[float]]:
    groups: dict[str, list[float]] = {}
    for each in rated:
        groups.setdefault(each.person, []).append(float(each.accepted))
    return list(groups.values())
