"""Who reads what in which order, and how ballots add up to standings.

Pure: everything random is drawn from the deliberation's seed, so a resumed run draws the same
again. Knows labels only; how a ballot is read from a review is `bot.protocol.ballots`.

Whatever goes wrong, "letters": an answer stays under its letter.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from math import fsum
from string import ascii_uppercase

from bot.council import Council, Question, Ranking, Seating, Standing

# Reading everything costs tokens that grow with the square of the members. A few reviewers that
# read everything are better than all of them reading a part, at equal tokens.
REVIEWERS_MAX = 8

# With so many sole firsts for the same answer the rest need not be heard. Simulated reviewers from
# precise to noisy lose no right tops by it up to six, and .3 of a hundred among eight
# (`tests.bench.fairness`).
AGREEING = 3
AGREEING_ABOVE_FIVE = 4

# With so many sole firsts, and more shares than any other, an answer is likely to stay first; among
# up to five reviewers with three ballots, too, where it is a place of four ahead. In 14 of a hundred
# deliberations with four reviewers the ballots to come put another answer first, in 16 with five, 3
# with six and 6 with eight (`tests.bench.fairness`): then the chairman has written in vain.
LEADING = 2
LEADING_ABOVE_FIVE = 3
LEADING_BY = 0.3

# So many deliberations hear every reviewer before the chairman begins: without them nobody could
# tell what stopping and beginning early cost.
HEARS_EVERYBODY = 0.1

# Scores this close differ by the rounding of floats, not by a vote.
SAME_SCORE = 1e-9


def draw(seed: int, purpose: str) -> random.Random:
    """The random choices of one deliberation for one purpose: the same in every process."""
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return random.Random(int.from_bytes(digest))


def labels(seed: int, count: int) -> tuple[str, ...]:
    """The label of each seat, A and on, permuted: a label tells nothing of the configured order."""
    letters = list(ascii_uppercase[:count])
    draw(seed, "labels").shuffle(letters)
    return tuple(letters)


def labels_of(question: Question, council: Council) -> Mapping[int, str]:
    """Those of this council's seats: one that is asked alone keeps the label that it is known by."""
    if question.alone:
        return {0: question.alone.label}
    if council.seating:
        return dict(zip(council.seats, council.seating.labels, strict=True))
    return dict(enumerate(labels(question.seed, len(council.members))))


def with_people(
    question: Question, council: Council, people: int, *, fixed: Collection[int]
) -> Council:
    """The council with so many people more. Seats that are `fixed` keep their labels, under which they
    may be known already; those of all others are dealt anew, so that none says whose it is."""
    before = labels_of(question, council)
    labels = (*before.values(), *ascii_uppercase[len(before) : len(before) + people])
    seating = council.seating or Seating((), tuple(sorted(fixed)))
    council = replace(council, seating=replace(seating, labels=labels))
    after = dict(zip(council.seats, labels, strict=True))
    loose = [seat for seat in after if seat not in fixed]
    dealt = [after[seat] for seat in loose]
    draw(question.seed, f"people/{council.people}").shuffle(dealt)
    after |= zip(loose, dealt, strict=True)
    return replace(council, seating=replace(seating, labels=tuple(after.values())))


def reviewers(seed: int, answered: Collection[str]) -> tuple[str, ...]:
    """The labels that review, in order: all up to eight answers, eight drawn at random above."""
    if len(answered) <= REVIEWERS_MAX:
        return tuple(sorted(answered))
    return tuple(sorted(draw(seed, "reviewers").sample(sorted(answered), REVIEWERS_MAX)))


def reviewers_of(
    question: Question, council: Council, answered: Collection[str]
) -> tuple[str, ...]:
    """Those of this council: neither a model on audition nor people are asked for reviews."""
    labels = labels_of(question, council)
    members = {labels[seat] for seat in range(len(council.seated)) if seat in labels}
    return reviewers(question.seed, [label for label in answered if label in members])


def presentation(
    seed: int, answered: Collection[str], reviewers: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """The order in which each reviewer reads the answers, its own among them.

    Over all reviewers every answer stands once in every position; with fewer reviewers than
    answers, at most once. Each is a row of a Williams square, which for an even number of answers
    also puts every answer right after every other one once.
    """
    n = len(answered)
    rng = draw(seed, "presentation")
    seated = rng.sample(sorted(answered), n)
    # Rows are dealt at random: in a cyclic square whose row j belongs to reviewer j, everybody's
    # own answer would stand in the same position.
    rows = rng.sample(range(n), len(reviewers))
    zigzag = [(i + 1) // 2 if i % 2 else (n - i // 2) % n for i in range(n)]
    return {
        reviewer: tuple(seated[(step + row) % n] for step in zigzag)
        for reviewer, row in zip(reviewers, rows, strict=True)
    }


def others(seed: int, answered: Collection[str], round: int) -> dict[str, tuple[str, ...]]:
    """The order in which each member reads the answers of the others in a round.

    Over all members every answer stands once in every position.
    """
    seated = draw(seed, f"round/{round}").sample(sorted(answered), len(answered))
    return {label: (*seated[at + 1 :], *seated[:at]) for at, label in enumerate(seated)}


def never_stops_early(seed: int) -> bool:
    """True for the tenth of all deliberations that waits for every reviewer, the chairman too."""
    return draw(seed, "early stop").random() < HEARS_EVERYBODY


def shares(ranking: Ranking, shown: Collection[str]) -> dict[str, float]:
    """Each answer's Borda share on one ballot: (L-1-r)/(L-1) at place r of L, first is 0.

    Tied answers share the mean of their places, those left out tie for the places left over. So
    every ballot hands out L/2 in total, and leaving answers out moves no answer that is ranked.
    With one answer there is nothing to beat and the share is 1.
    """
    last = len(shown) - 1
    if not last:
        return dict.fromkeys(shown, 1.0)
    return {label: (last - place) / last for label, place in _places(ranking, shown).items()}


def standings(
    ballots: Mapping[str, Ranking], answered: Sequence[tuple[str, str]], seed: int
) -> tuple[Standing, ...]:
    """The answers, given as `(label, model)`, best first by mean share over all ballots.

    Ballots are by their reviewer's label. Equal scores are ordered by first places from reviewers
    other than the author, then by a lot drawn from the seed: any fixed order would favour somebody.
    """
    shown = [label for label, _ in answered]
    per_ballot = [shares(ballot, shown) for ballot in ballots.values()]
    firsts = Counter(_sole_firsts(ballots.values()))
    ties = tie_breaks(ballots, shown, seed)

    def standing(label: str, model: str) -> Standing:
        score = fsum(ballot[label] for ballot in per_ballot) / len(ballots) if ballots else None
        return Standing(label, model, score, firsts[label], len(ballots))

    def place(standing: Standing) -> tuple[float, int, int]:
        return -standing.ordered_by, *ties[standing.label]

    return tuple(sorted((standing(*each) for each in answered), key=place))


def tie_breaks(
    ballots: Mapping[str, Ranking], shown: Collection[str], seed: int
) -> dict[str, tuple[int, int]]:
    """What orders answers of equal scores, the least first."""
    lots = draw(seed, "ties").sample(sorted(shown), len(shown))
    others = Counter(
        first
        for reviewer, ballot in ballots.items()
        for first in _sole_firsts([ballot])
        if first != reviewer
    )
    return {label: (-others[label], lots.index(label)) for label in shown}


def too_close(standings: Sequence[Standing]) -> bool:
    """Whether the first two have the same score, so that only a lot put one of them first."""
    scores = [standing.ordered_by for standing in standings[:2] if standing.score is not None]
    return any(abs(one - other) < SAME_SCORE for one, other in pairwise(scores))


def enough(reviewers: int) -> int:
    """So many that agree need not wait for the rest."""
    return AGREEING if reviewers <= 5 else AGREEING_ABOVE_FIVE


def decided(
    ballots: Collection[Ranking], shown: Collection[str], *, reviewers: int, to_come: int
) -> str | None:
    """The answer that is first whatever the ballots `to_come`, or by enough of them all, if any.

    Enough is to be the sole first on three ballots, on four where more than five review. Whatever
    comes is a lead that nothing can make up for: each ballot to come moves it by one at most.
    """
    label, count = _most_firsts(ballots)
    if count >= enough(reviewers):
        return label
    first, lead = _lead(ballots, shown)
    return first if lead > to_come + SAME_SCORE else None


def leading(ballots: Collection[Ranking], shown: Collection[str], *, reviewers: int) -> str | None:
    """The answer that is likely to stay first, if any."""
    label, count = _most_firsts(ballots)
    first, lead = _lead(ballots, shown)
    if reviewers <= 5 and len(ballots) >= 3 and lead > LEADING_BY:
        return first
    enough = count >= (LEADING if reviewers <= 5 else LEADING_ABOVE_FIVE)
    return label if enough and label == first and lead > SAME_SCORE else None


def top_share(ballots: Collection[Ranking], winner: str) -> float | None:
    """The part of the ballots that has the winner as sole first; `None` without ballots."""
    return _sole_firsts(ballots).count(winner) / len(ballots) if ballots else None


def kendall_w(ballots: Collection[Ranking], shown: Collection[str]) -> float | None:
    """Kendall's coefficient of concordance with its correction for ties, 0 to 1.

    W = 12 S / (m^2 (n^3 - n) - m T), where S is the sum of squared deviations of the rank sums and
    T sums t^3 - t over the ties of all ballots. `None` below two ballots or two answers, and where
    every ballot ties everything.
    """
    m, n = len(ballots), len(shown)
    if m < 2 or n < 2:
        return None
    placed = [_places(ballot, shown) for ballot in ballots]
    sums = [fsum(places[label] for places in placed) for label in shown]
    mean = fsum(sums) / n
    s = fsum((each - mean) ** 2 for each in sums)
    ties = sum(t**3 - t for places in placed for t in Counter(places.values()).values())
    most = m**2 * (n**3 - n) - m * ties
    return 12 * s / most if most else None


def _places(ranking: Ranking, shown: Collection[str]) -> Mapping[str, float]:
    """The place of each answer, first is 0; tied ones and those left out get their mean place."""
    ranked = {label for tied in ranking for label in tied}
    left_out = tuple(label for label in shown if label not in ranked)
    places: dict[str, float] = {}
    for tied in (*ranking, left_out):
        mean = len(places) + (len(tied) - 1) / 2
        places |= dict.fromkeys(tied, mean)
    return places


def _lead(ballots: Collection[Ranking], shown: Collection[str]) -> tuple[str, float]:
    """The answer with the highest sum of shares, and how far it is ahead of the next."""
    per_ballot = [shares(ballot, shown) for ballot in ballots]
    totals = {label: fsum(ballot[label] for ballot in per_ballot) for label in shown}
    first, second = sorted(shown, key=lambda label: -totals[label])[:2]
    return first, totals[first] - totals[second]


def _most_firsts(ballots: Collection[Ranking]) -> tuple[str | None, int]:
    """The answer that is the sole first most often, and how often."""
    return next(iter(Counter(_sole_firsts(ballots)).most_common(1)), (None, 0))


def _sole_firsts(ballots: Collection[Ranking]) -> list[str]:
    return [tied[0] for ballot in ballots for tied in ballot[:1] if len(tied) == 1]
