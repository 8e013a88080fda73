"""What each reviewer's ballots should count for, learned from what people held for better.

Never from other reviewers: two that praise each other would gain by it. A reviewer's accuracy is the
share of people's pairs that it orders alike, its own answer's share less what it gives that for being
its own. Accuracies are shrunk, as far as chance explains how they differ, to what the reviewer showed
elsewhere, and from there to equal ones. Pure; it knows no ballot that is to be weighted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bot.analysis.estimates import Floats
from bot.analysis.judged import Judged
from bot.analysis.outcomes import Mask
from bot.analysis.strengths import Ints
from bot.council import SeatWeight
from bot.protocol import weighing
from bot.protocol.ranking import SAME_SCORE

# Below so many pairs that people decided everybody counts alike.
PAIRS_MIN = 20

# One person's questions are at most one of so many parts of what is learned from.
PARTS = 3

# How far accuracies differ among reviewers before anything is known: half-normal, in shares. And
# besides what is seen, so many questions in which all were alike.
SPREAD, ALIKE = 0.1, 7.0

# A question's pairs rarely differ less than so among reviewers, as a variance.
_NOISE_MIN = 0.02

# Questions of the own answer that are worth as much as having none to prefer.
_OWN_QUESTIONS = 10.0

# Reviewers err together. Were they independent, the logit itself would weigh them best; on LLMBar's
# judges, and on simulated channels, this power of it does (`tests.bench.reviewers`).
_POWER = 2.0
_ACCURACY_MIN, _ACCURACY_MAX = 0.02, 0.98

# Among reviewers that are hardly better than a coin, the least difference would be everything: they are
# taken for as good as this on average.
_MEAN_MIN = 0.55


@dataclass(frozen=True, slots=True)
class Weights:
    """By reviewer. `weight` is 1 on average; `preference` is what the own answer's share is less by,
    of those that were read with an answer of their own. `deviations` are accuracies less their mean.
    Whoever is not in them counts 1, and prefers nothing."""

    weight: Mapping[str, float] = field(default_factory=dict)
    preference: Mapping[str, float] = field(default_factory=dict)
    deviations: Mapping[str, float] = field(default_factory=dict)

    def scores(self, judged: Judged) -> dict[str, float]:
        """Each answer's weighted score, as a deliberation has it: mean shares where all count alike."""
        given = {sheet.reviewer: sheet.shares for sheet in judged.sheets}
        answers = dict.fromkeys(answer for shares in given.values() for answer in shares)
        weights = {name: self._of(name) for name in given}
        total = weighing.total(given, weights)
        if not total:
            weights, total = {}, len(given)
        sums = weighing.sums(given, answers, weights)
        return {answer: each / total for answer, each in sums.items()}

    def _of(self, reviewer: str) -> SeatWeight:
        return SeatWeight(self.weight.get(reviewer, 1.0), self.preference.get(reviewer, 0.0))


EQUAL = Weights()


@dataclass(frozen=True, slots=True)
class Table:
    """People's pairs against reviewers. Of each pair, in the same order: `gaps`, by reviewer, how much
    larger a share the better answer got (not a number where one of both was not read), `own`, 1 where
    the better one is that reviewer's, -1 where the worse one is, and the number of its question."""

    reviewers: tuple[str, ...]
    gaps: Floats
    own: Floats
    question: Ints


def learned(judged: Sequence[Judged], elsewhere: Weights = EQUAL) -> Weights:
    """From questions here; `elsewhere` is what is known of the reviewers from other channels.

    `EQUAL` below `PAIRS_MIN` pairs.
    """
    if sum(len(each.pairs) for each in judged) < PAIRS_MIN:
        return EQUAL
    return fitted(judged, elsewhere)


def fitted(judged: Sequence[Judged], elsewhere: Weights = EQUAL) -> Weights:
    """As `learned`, of however few pairs."""
    judged = [each for each in judged if each.pairs]
    if not judged:
        return elsewhere
    table = tabulated(judged)
    if np.isnan(table.gaps).all():
        return elsewhere  # nobody read both answers of a pair
    evidence, silent = parts(judged)
    preference = _preferences(table, evidence, elsewhere)
    taken = np.array([preference.get(name, 0.0) for name in table.reviewers])
    right = _right(table.gaps - taken * table.own)
    found, mean = _deviations(table, right, evidence, silent, elsewhere)
    deviations = {**elsewhere.deviations, **found}
    return Weights(_weights(deviations, mean), {**elsewhere.preference, **preference}, deviations)


def parts(judged: Sequence[Judged]) -> tuple[Floats, float]:
    """How much each question counts, at most 1, and what is to be added of questions in which all
    reviewers are alike, where fewer people voted than there are to be `PARTS`."""
    voters = [each.people or (each.id,) for each in judged]
    given: defaultdict[str, float] = defaultdict(float)
    for people in voters:
        for person in people:
            given[person] += 1 / len(people)
    silent = max(0, PARTS - len(given))
    most = max(given.values())
    cap = _cap([*given.values(), *[most] * silent])
    factor = {person: min(1.0, cap / amount) for person, amount in given.items()}
    evidence = [sum(factor[person] for person in people) / len(people) for people in voters]
    return np.array(evidence), silent * min(most, cap)


def tabulated(judged: Sequence[Judged]) -> Table:
    names = sorted({sheet.reviewer for each in judged for sheet in each.sheets})
    number = {name: place for place, name in enumerate(names)}
    gaps, own, question = [], [], []
    for place, each in enumerate(judged):
        for better, worse in each.pairs:
            gap, mine = [np.nan] * len(names), [0.0] * len(names)
            for sheet in each.sheets:
                if better in sheet.shares and worse in sheet.shares:
                    reviewer = number[sheet.reviewer]
                    gap[reviewer] = sheet.shares[better] - sheet.shares[worse]
                    mine[reviewer] = float(sheet.reviewer == better) - (sheet.reviewer == worse)
            gaps.append(gap)
            own.append(mine)
            question.append(place)
    return Table(tuple(names), np.array(gaps), np.array(own), np.array(question, np.intp))


def _cap(amounts: Iterable[float]) -> float:
    """The most that any of at least `PARTS` amounts may be, for none to be more than one part of all."""
    first, second, *rest = sorted(amounts, reverse=True)
    others = second + sum(rest)
    capped = others / (PARTS - 1)
    return min(first, capped) if second <= capped else sum(rest)


def _right(gaps: Floats) -> Floats:
    """1, 0, or a half for a tie, by pair and reviewer; not a number where it was not read."""
    right = np.where(np.abs(gaps) < SAME_SCORE, 0.5, (gaps > 0).astype(float))
    return np.where(np.isnan(gaps), np.nan, right)


def _preferences(table: Table, evidence: Floats, elsewhere: Weights) -> dict[str, float]:
    """How much the share of the own answer is above what it gives others that people hold for as good:
    gap = mean + preference x own, by least squares, with some questions that say `elsewhere`."""
    heard = ~np.isnan(table.gaps)
    each = evidence[table.question] / np.bincount(table.question)[table.question]
    found = {}
    for place, name in enumerate(table.reviewers):
        own = table.own[heard[:, place], place]
        if not own.any():
            continue
        gap, weight = table.gaps[heard[:, place], place], each[heard[:, place]]
        x = np.stack([np.ones(len(own)), own])
        square = (x * weight) @ x.T + np.diag([SAME_SCORE, _OWN_QUESTIONS])
        known = _OWN_QUESTIONS * elsewhere.preference.get(name, 0.0)
        found[name] = float(np.linalg.solve(square, (x * weight) @ gap + [0.0, known])[1])
    return found


def _deviations(
    table: Table, right: Floats, evidence: Floats, silent: float, elsewhere: Weights
) -> tuple[dict[str, float], float]:
    """How far each reviewer's accuracy is from their mean, and that mean."""
    by_question = _by_question(right, table.question, len(evidence))
    heard = ~np.isnan(by_question)
    weight = heard * evidence[:, None]
    amount = weight.sum(axis=0)
    filled = np.where(heard, by_question, 0.0)
    accuracy = (filled * weight).sum(axis=0) / np.maximum(amount, SAME_SCORE)
    mean = float((accuracy * amount).sum() / amount.sum())
    known = np.array([elsewhere.deviations.get(name, 0.0) for name in table.reviewers])
    seen = np.where(amount > 0, accuracy - mean - known, 0.0)
    effective = amount**2 / np.maximum((weight**2).sum(axis=0), SAME_SCORE)
    noise = _noise(filled - accuracy, heard, evidence) / np.maximum(effective, SAME_SCORE)
    less = amount / (amount + ALIKE + silent)
    found = known + seen * _believed(seen, noise) * less
    return dict(zip(table.reviewers, map(float, found), strict=True)), mean


def _by_question(right: Floats, question: Ints, size: int) -> Floats:
    """The mean over a question's pairs: these depend on each other."""
    heard = ~np.isnan(right)
    filled = np.where(heard, right, 0.0)
    sums, counts = np.zeros((size, right.shape[1])), np.zeros((size, right.shape[1]))
    np.add.at(sums, question, filled)
    np.add.at(counts, question, heard)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _noise(residual: Floats, heard: Mask, evidence: Floats) -> float:
    """The variance of one reviewer's accuracy in one question against that of those beside it: what
    makes a question hard for all moves nobody's weight."""
    count = heard.sum(axis=1)
    centre = (residual * heard).sum(axis=1) / np.maximum(count, 1)
    squares = ((residual - centre[:, None]) ** 2 * heard).sum(axis=1)
    free = np.maximum(count - 1, 0)
    questions = max(2, int((count > 1).sum()))
    total = float((evidence * free).sum())
    spread = (
        float((evidence * squares).sum()) / total * questions / (questions - 1) if total else 0.0
    )
    return max(spread, _NOISE_MIN)


def _believed(seen: Floats, noise: Floats) -> Floats:
    """Which part of each difference is real: s^2 / (s^2 + noise), in the mean over how far accuracies
    may differ (s), given how far they do."""
    spread = np.linspace(0.0, 4 * SPREAD, 41)
    variance = spread[:, None] ** 2 + noise
    free = (len(seen) - 1) / len(seen)
    log = -free / 2 * np.log(variance).sum(axis=1) - (seen**2 / (2 * variance)).sum(axis=1)
    log -= (spread / SPREAD) ** 2 / 2
    chance = np.exp(log - log.max())
    part = spread[:, None] ** 2 / variance
    return np.asarray((chance[:, None] * part).sum(axis=0) / chance.sum())


def _weights(deviations: Mapping[str, float], mean: float) -> dict[str, float]:
    accuracy = np.clip(
        max(mean, _MEAN_MIN) + np.array([*deviations.values()]), _ACCURACY_MIN, _ACCURACY_MAX
    )
    weight = np.maximum(np.log(accuracy / (1 - accuracy)), 0.0) ** _POWER
    if not weight.any():
        weight = np.ones(len(weight))  # nobody is better than a coin
    return dict(zip(deviations, map(float, weight / weight.mean()), strict=True))
