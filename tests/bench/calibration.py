"""Whether "people accepted the verdict in 34 of 40" is true of the next: `python -m tests.bench.calibration`.

Answers of real models to GSM8K are replayed as councils of four to six members: in each, half of the
questions are there to learn from and half to test on. The verdict is the value that most members give
(by `bot.protocol.values`), and people accept it where it is right, each with a leaning of their own.
Outcomes of CRUXEval have no answers: those that are right are taken for alike and those that are wrong
for different, so that a right one wins from two on. Reviewers put the winner first with a chance that
hardly depends on whether it is right, as real ones do.

So few questions miss by chance alone. Beside the error stands what somebody would score who knew the
chance of every kind of question, and what whoever counted as many votes would, each independent of the
others and with that chance: no estimate that says what was counted can be expected to score less.
"""

import argparse
import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from bot.analysis.calibration import Look, Rated, Same, acceptance, like
from bot.analysis.outcomes import RIGHT, WRONG
from bot.protocol.comparing import values
from tests.reference_data import outcomes, reference_file

LEARNT = (30, 60, 200)
POOLS = ("any", "weak", "strong")
DRAWS = 100


@dataclass(frozen=True, slots=True)
class Found:
    """Over all councils: the expected calibration error, what it would be if the chance were known and
    if independent votes were counted, the share of ranges that held the rate among the tested questions
    that were told the same, their mean width, how many ranges there were, and of which part of the
    tested questions anything was said."""

    error: float
    error_known: float
    error_counted: float
    covered: float
    width: float
    ranges: int
    told: float


@dataclass(frozen=True, slots=True)
class Told:
    """What was `said` of a kind of question, learned `of` so many; the `rate` among the `n` tested, and
    over all that there are of the kind, which is taken for its chance."""

    said: float
    of: int
    rate: float
    n: int
    chance: float


@cache
def _answers() -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """References, and by question what each model answered."""
    with reference_file("gsm8k_answers.csv").open(encoding="utf-8") as file:
        lines = list(csv.reader(file))[1:]
    return tuple(line[1] for line in lines), tuple(tuple(line[2:]) for line in lines)


def gsm8k(seats: Sequence[int]) -> list[tuple[int, bool]]:
    """By question, how many members gave the value that most give, and whether that is right."""
    references, answers = _answers()
    found = []
    for reference, row in zip(references, answers, strict=True):
        texts = {"reference": f"Final answer: {reference}"} | {
            str(seat): f"Final answer: {row[seat]}" for seat in seats if row[seat]
        }
        given = values("", texts)
        right = given.pop("reference", None)
        if len(given) >= 2:
            [(value, same)] = Counter(given.values()).most_common(1)
            found.append((same, value == right))
    return found


def crux(seats: Sequence[int]) -> list[tuple[int, bool]]:
    cells = outcomes("crux_outcomes_a").cells[:, list(seats)]
    right = (cells == RIGHT).sum(axis=1)
    # One that is right alone is the first as often as any other.
    alone = np.argmax(cells == RIGHT, axis=1) == 0
    return [
        (max(1, int(n)), bool(n > 1 or (n == 1 and first)))
        for n, first in zip(right, alone, strict=True)
    ]


def seats(name: str, pool: str, size: int, rng: np.random.Generator) -> list[int]:
    cells = outcomes("gsm8k_outcomes" if name == "gsm8k" else "crux_outcomes_a").cells
    accuracy = (cells == RIGHT).sum(axis=0) / np.isin(cells, (RIGHT, WRONG)).sum(axis=0)
    order = np.argsort(accuracy, kind="stable")
    third = len(order) // 3
    drawn = {"any": order, "weak": order[:third], "strong": order[-third:]}[pool]
    return [int(seat) for seat in rng.choice(drawn, size, replace=False)]


@cache
def rated(name: str, pool: str, people: int, number: int) -> list[Rated]:
    """A channel's questions in a drawn order. Some people ask more than others."""
    rng = np.random.default_rng(number)
    size = int(rng.integers(4, 7))
    chosen = seats(name, pool, size, rng)
    replayed = gsm8k(chosen) if name == "gsm8k" else crux(chosen)
    shares = rng.dirichlet(np.full(people, 2.0))
    leanings = 0.5 * rng.standard_normal(people)
    found = []
    for place in rng.permutation(len(replayed)):
        same, right = replayed[place]
        person = int(rng.choice(people, p=shares))
        # Whoever is told right or wrong says so mostly.
        chance = 1 / (1 + np.exp(-((3.0 if right else -3.0) + leanings[person])))
        is_first = rng.random() < (0.55 if right else 0.45)
        level: Same = "all" if same == size else "most" if 2 * same > size else "few"
        look = Look(level, "all" if is_first else "some")
        found.append(Rated(look, bool(rng.random() < chance), str(person)))
    return found


def by_reviewers_alone(given: Sequence[Rated]) -> list[Rated]:
    return [replace(each, look=Look("unknown", each.look.first)) for each in given]


def measured(
    name: str, pool: str, *, people: int, learnt: int, councils: int, by_words: bool = False
) -> Found:
    """So many questions are learnt from, of all kinds together."""
    found: list[Told] = []
    covered, widths, asked = [], [], 0
    for number in range(councils):
        channel = rated(name, pool, people, number)
        channel = by_reviewers_alone(channel) if by_words else channel
        half = len(channel) // 2
        known, tested = channel[:half][:learnt], channel[half:]
        asked += len(tested)
        groups: defaultdict[int, list[Rated]] = defaultdict(list)
        looks = {each.look for each in tested}
        kinds = {look: frozenset(each.look for each in like(known, look)) for look in looks}
        names = {kind: number for number, kind in enumerate(dict.fromkeys(kinds.values()))}
        for each in tested:
            groups[names[kinds[each.look]]].append(each)
        for group in groups.values():
            said = acceptance(known, group[0].look)
            if said is None:
                continue
            rate = float(np.mean([each.accepted for each in group]))
            alike = {each.look for each in group}
            chance = float(np.mean([each.accepted for each in channel if each.look in alike]))
            found.append(Told(said.accepted / said.of, said.of, rate, len(group), chance))
            widths.append(said.high - said.low)
            covered.append(said.low - 1e-9 <= rate <= said.high + 1e-9)
    if not found:
        return Found(0.0, 0.0, 0.0, 1.0, 0.0, 0, 0.0)
    if_known, if_counted = by_chance(found, np.random.default_rng(councils))
    return Found(
        error=calibration_error(found),
        error_known=if_known,
        error_counted=if_counted,
        covered=float(np.mean(covered)),
        width=float(np.mean(widths)),
        ranges=len(covered),
        told=sum(each.n for each in found) / asked,
    )


def calibration_error(found: Sequence[Told]) -> float:
    """In ten bins by what was said, over questions."""
    bins: defaultdict[int, float] = defaultdict(float)
    for each in found:
        bins[min(9, int(10 * each.said))] += each.n * (each.said - each.rate)
    return sum(map(abs, bins.values())) / sum(each.n for each in found)


def by_chance(found: Sequence[Told], rng: np.random.Generator) -> tuple[float, float]:
    """The mean errors of who knows the chances, and of who counts independent votes."""
    known, counted = [], []
    for _draw in range(DRAWS):
        drawn = [replace(each, rate=rng.binomial(each.n, each.chance) / each.n) for each in found]
        known.append(calibration_error([replace(each, said=each.chance) for each in drawn]))
        counted.append(
            calibration_error(
                [replace(each, said=rng.binomial(each.of, each.chance) / each.of) for each in drawn]
            )
        )
    return float(np.mean(known)), float(np.mean(counted))


def report(councils: int) -> Iterator[str]:
    yield (
        f"Councils 0 to {councils - 1} each: error of calibration (if the chance were known; if independent "
        "votes were counted), ranges that held the next rate, their width; questions told of"
    )
    for name in ("gsm8k", "crux"):
        for pool in POOLS:
            for people in (2, 4, 12, 40):
                for learnt in LEARNT:
                    found = measured(name, pool, people=people, learnt=learnt, councils=councils)
                    yield f"  {name:<6}{pool:<7}{people:>3} people {learnt:>4} learnt  {_told(found)}"
    yield "By the reviewers' words alone, which hardly tell one question from another"
    for learnt in LEARNT:
        found = measured("gsm8k", "any", people=12, learnt=learnt, councils=councils, by_words=True)
        yield f"  gsm8k any     12 people {learnt:>4} learnt  {_told(found)}"


def _told(found: Found) -> str:
    errors = f"{found.error:.3f} ({found.error_known:.3f}; {found.error_counted:.3f})"
    return (
        f"{errors}  {found.covered:6.1%} of {found.ranges:<4} {found.width:.2f}; {found.told:.0%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few councils")
    for line in report(20 if parser.parse_args().quick else 200):
        print(line, flush=True)


if __name__ == "__main__":
    main()
