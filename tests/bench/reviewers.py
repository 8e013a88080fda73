"""What weights learned from people's votes are worth: `python -m tests.bench.reviewers`.

First on real judges of pairs of answers (`llmbar_judgments_a.csv`): a few labelled pairs are drawn again
and again, and the rest is judged. Then on simulated channels: an answer's quality is q ~ N(0, 1), and
reviewer j sees q + s_j N(0, 1) + .5 (1 - 2 place / (N - 1)) + k_j where it is its own, with
s_j = exp(z / 2), z ~ N(0, 1), and k_j ~ .5 Exp(1). Its ballot is the order of what it sees. Of a pair
that colludes, each puts the two first, the other one before itself; of `first`, one puts itself first.
One of twelve people asks and accepts what is above 0, seen with an error of .5, and gives the best a
trophy if it is that. `alike`, `good` and `coins` are reviewers of one s_j each and k_j = .5, of whom
weights can learn nothing; of `against` one sees the worse for better, of `all against` each.

Beside each figure stands its standard error over draws, worlds or channels.
"""

import argparse
import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from bot.analysis.ballot_files import matched, parse_ballots
from bot.analysis.estimates import Floats
from bot.analysis.judged import Judged, Sheet, held_pairs
from bot.analysis.outcomes import parse_outcomes
from bot.analysis.reviewers import reviewers
from bot.analysis.weights import EQUAL, Weights, fitted, learned
from tests.reference_data import reference_file

ADVERSARIAL = tuple(f"Adversarial/{name}" for name in ("Neighbor", "GPTInst", "GPTOut", "Manual"))
SUBSETS = ("Natural", *ADVERSARIAL)
LABELLED_BY_PEOPLE = ("MT-Bench", "FairEval", "LLMEval^2")
JUDGES = ("GPT-4", "PaLM2", "ChatGPT", "LLaMA2", "Falcon")
SLICES = {
    "Natural + Adversarial": ("Natural", "Adversarial"),
    "Natural": ("Natural",),
    "Adversarial": ("Adversarial",),
    "MT-Bench": ("MT-Bench",),
    "FairEval": ("FairEval",),
    "LLMEval^2": ("LLMEval^2",),
    "labelled by people": LABELLED_BY_PEOPLE,
}
# By kind of which all are alike, the noise of each.
ALIKE = {"alike": 2.0, "good": 0.7, "coins": 50.0}
# By kind with reviewers that see the worse for better, how many of all these are.
AGAINST: dict[str, Callable[[int], int]] = {"against": lambda n: 1, "all against": lambda n: n}
KINDS = ("plain", "pair", "first", *ALIKE, *AGAINST)
PEOPLE, FORCE = 12, 50.0


@dataclass(frozen=True, slots=True)
class World:
    """Simulated reviewers, all of whom answer."""

    kind: str
    noise: Floats
    own: Floats
    sight: Floats

    @property
    def members(self) -> int:
        return len(self.noise)


def llmbar(
    sets: Sequence[str], rng: np.random.Generator, judges: Sequence[str] = JUDGES
) -> tuple[Judged, ...]:
    """The judges' choices as they would be exported, one drawn order of presentation for each pair."""
    of = {shown: _exported(tuple(sets), tuple(judges), shown) for shown in ("1", "2")}
    drawn = {id: str(rng.integers(1, 3)) for id in sorted(of["1"].keys() | of["2"].keys())}
    return tuple(of[drawn[id]][id] for id in of["1"] if id in of[drawn[id]])


@cache
def _exported(sets: tuple[str, ...], judges: tuple[str, ...], first: str) -> dict[str, Judged]:
    """By pair, all shown in one order."""
    shown = [
        line
        for line in _choices()
        if line["set"].startswith(sets) and line["judge"] in judges and line["shown_first"] == first
    ]
    ballots = ["id,reviewer,reviewer_label,model,label,place,position"]
    for line in shown:
        for output, model in (("1", "one"), ("2", "two")):
            place = {"": "", output: "1"}.get(line["winner"], "2")
            position = 1 if output == line["shown_first"] else 2
            ballots.append(f"{line['pair']},{line['judge']},,{model},,{place},{position}")
    labels = {line["pair"]: line["label"] for line in shown}
    outcomes = [f"{id},{int(label == '1')},{int(label == '2')}" for id, label in labels.items()]
    found = matched(
        parse_ballots("\n".join(ballots)), parse_outcomes("\n".join(["id,one,two", *outcomes]))
    )
    return {each.id: each for each in found}


@cache
def _choices() -> list[dict[str, str]]:
    with reference_file("llmbar_judgments_a.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def world(kind: str, members: int, rng: np.random.Generator) -> World:
    sight = np.ones(members)
    if kind in ALIKE:
        return World(kind, np.full(members, ALIKE[kind]), np.full(members, 0.5), sight)
    if kind in AGAINST:
        sight[: AGAINST[kind](members)] = -1.0
    noise = np.exp(rng.standard_normal(members) / 2)
    return World(kind, noise, 0.5 * rng.exponential(size=members), sight)


def channel(
    world: World, questions: int, rng: np.random.Generator, *, people: int = PEOPLE
) -> tuple[list[Judged], list[str]]:
    """Rated questions, and the answer of each that is really best."""
    n = world.members
    quality = rng.standard_normal((questions, n))
    held = quality + 0.5 * rng.standard_normal((questions, n))
    asks = rng.integers(people, size=questions)
    names = [f"lab/{letter}" for letter in "abcdefgh"[:n]]
    found = []
    for number, share in enumerate(_shares(world, quality, rng)):
        accepted = {name: bool(held[number, place] > 0) for place, name in enumerate(names)}
        best = names[int(held[number].argmax())]
        pairs = held_pairs(accepted, best if accepted[best] else None)
        sheets = tuple(
            Sheet(name, dict(zip(names, share[place].tolist(), strict=True)))
            for place, name in enumerate(names)
        )
        person = f"person {asks[number]}"
        found.append(Judged(str(number), person, (person,), pairs, sheets))
    return found, [names[place] for place in quality.argmax(axis=1)]


def _shares(world: World, quality: Floats, rng: np.random.Generator) -> Floats:
    """By question, reviewer and answer, each answer once in each place that is read."""
    questions, n = quality.shape
    seat, row = (rng.random((questions, n)).argsort(axis=1) for _ in range(2))
    place = (seat[:, None, :] + row[:, :, None]) % n
    seen = world.sight[:, None] * quality[:, None, :] + 0.5 * (1 - 2 * place / (n - 1))
    seen = seen + world.noise[:, None] * rng.standard_normal((questions, n, n))
    seen = seen + world.own[:, None] * np.eye(n)
    if world.kind == "pair":
        seen[:, :2, :2] += FORCE
        seen[:, [0, 1], [1, 0]] += FORCE
    if world.kind == "first":
        seen[:, 0, 0] += FORCE
    return np.asarray(seen.argsort(axis=2).argsort(axis=2) / (n - 1))


def pairs_right(judged: Sequence[Judged], weights: Weights) -> float:
    """Of pairs that people decided, how many the weighted ballots order alike."""
    right = [
        0.5 * (1 + np.sign(round(scores[better] - scores[worse], 9)))
        for each in judged
        for scores in (weights.scores(each),)
        for better, worse in each.pairs
    ]
    return float(np.mean(right))


def firsts_right(judged: Sequence[Judged], best: Sequence[str], weights: Weights) -> float:
    """How often the best answer is first; a tie of k firsts counts 1/k."""
    hits = []
    for each, really in zip(judged, best, strict=True):
        scores = {answer: round(score, 9) for answer, score in weights.scores(each).items()}
        first = [answer for answer, score in scores.items() if score == max(scores.values())]
        hits.append((really in first) / len(first))
    return float(np.mean(hits))


def drawn(
    sets: Sequence[str], draws: int, *, labelled: int = 20, judges: Sequence[str] = JUDGES
) -> tuple[float, float]:
    """Equal and weighted votes on the pairs that were not drawn to learn from."""
    equal, weighted = draw(sets, draws, labelled=labelled, judges=judges).mean(axis=0)
    return float(equal), float(weighted)


def draw(
    sets: Sequence[str], draws: int, *, labelled: int, judges: Sequence[str] = JUDGES
) -> Floats:
    """The same, by draw."""
    found = []
    for number in range(draws):
        rng = np.random.default_rng(number)
        judged = llmbar(sets, rng, judges)
        order = rng.permutation(len(judged))
        known, rest = ([judged[i] for i in part] for part in (order[:labelled], order[labelled:]))
        found.append((pairs_right(rest, EQUAL), pairs_right(rest, learned(known))))
    return np.array(found)


def gains(
    kind: str, members: int, questions: Sequence[int], worlds: int, *, tested: int = 400
) -> tuple[float, list[float], float]:
    """How often equal votes put the best answer first, and how much more often weights do: those that
    are learned from so many questions, and those that an oracle learns from thousands."""
    found = gain(kind, members, questions, worlds, tested=tested)
    equal, *learned_gains, oracle_gain = found.mean(axis=0).tolist()
    return equal, learned_gains, oracle_gain


def gain(
    kind: str,
    members: int,
    questions: Sequence[int],
    worlds: int,
    *,
    tested: int = 400,
    people: int = PEOPLE,
) -> Floats:
    """The same, by world."""
    found = []
    for number in range(worlds):
        rng = np.random.default_rng(number)
        reviewing = world(kind, members, rng)
        oracle = fitted(channel(reviewing, 2_000, rng)[0])
        weights = [learned(channel(reviewing, n, rng, people=people)[0]) for n in questions]
        test = channel(reviewing, tested, rng)
        equal, *others = (firsts_right(*test, each) for each in (EQUAL, *weights, oracle))
        found.append([equal, *(other - equal for other in others)])
    return np.array(found)


def suggested(
    kind: str, members: int, channels: int, *, questions: int, step: int, people: int = PEOPLE
) -> float:
    """In how many channels weights are ever suggested, with a look after every few questions."""
    ever = 0
    for number in range(channels):
        rng = np.random.default_rng(number)
        judged, _ = channel(world(kind, members, rng), questions, rng, people=people)
        ever += any(above_zero(judged[:end]) for end in range(step, questions + 1, step))
    return ever / channels


def above_zero(judged: Sequence[Judged]) -> bool:
    low = reviewers([each for each in judged if each.pairs]).gain_low_anytime
    return low is not None and low > 0


def report(quick: bool) -> Iterator[str]:
    draws, worlds, channels = (20, 10, 10) if quick else (60, 40, 100)
    yield from _of_judges(draws if quick else 300, draws)
    yield from _of_channels(worlds, worlds if quick else 200)
    yield f"weights ever suggested, a look every 10 of 200 rated questions ({channels} channels)"
    for people in (3, 12, 40):
        ever = suggested("alike", 4, channels, questions=200, step=10, people=people)
        error = (ever * (1 - ever) / channels) ** 0.5
        yield f"  alike  {people:>2} people  {ever:.1%} ±{error:.1%}"


def _of_judges(draws: int, fewer: int) -> Iterator[str]:
    yield f"real judges, labelled pairs drawn {draws} times: pairs right, equal and weighted"
    for name, sets in SLICES.items():
        yield _pairs(name, draw(sets, draws, labelled=20))
    yield f"a subset or a judge left out, or other counts ({fewer} draws)"
    for left in SUBSETS:
        rest = [name for name in SUBSETS if name != left]
        yield _pairs(f"less {left}", draw(rest, fewer, labelled=20))
    for judge in JUDGES:
        others = [name for name in JUDGES if name != judge]
        for name in ("Natural + Adversarial", "labelled by people"):
            yield _pairs(
                f"{name}, less {judge}", draw(SLICES[name], fewer, labelled=20, judges=others)
            )
    for labelled in (30, 40, 60):
        for name in ("Natural + Adversarial", "labelled by people"):
            yield _pairs(f"{name}, {labelled} pairs", draw(SLICES[name], fewer, labelled=labelled))


def _pairs(name: str, found: Floats) -> str:
    equal, weighted = found.mean(axis=0)
    gained = found[:, 1] - found[:, 0]
    return f"  {name:<36}{equal:.3f}  {weighted:.3f}  {_points(gained)}"


def _of_channels(worlds: int, alike: int) -> Iterator[str]:
    rated = (10, 20, 100)
    yield (
        f"simulated channels: best answer first with equal votes; points gained by weights after "
        f"{rated} rated questions, and by an oracle's; the last two compared"
    )
    for kind in KINDS:
        for members in (2, 3, 4, 6) if kind in ("alike", "against") else (4, 6):
            found = gain(kind, members, rated, alike if kind == "alike" else worlds)
            points = "".join(f"  {_points(column)}" for column in found[:, 1:].T)
            gained, oracle = found[:, -2:].mean(axis=0)
            part = f"{gained / oracle:5.0%}" if oracle > 0.005 else "    -"
            yield f"  {kind:<12} N={members}  {found[:, 0].mean():.3f}{points}  {part}"


def _points(shares: Floats) -> str:
    error = shares.std(ddof=1) / len(shares) ** 0.5
    return f"{100 * shares.mean():+5.1f} ±{100 * error:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few draws, within a minute or two")
    for line in report(parser.parse_args().quick):
        print(line, flush=True)


if __name__ == "__main__":
    main()
