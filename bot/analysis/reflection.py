"""Whether changed criteria make reviewers agree more with people: what a proposal learns from, what it is
tried on, and what the trial says.

Whatever shares a thread or an asker stands on one side, and what was once learned from is never tried on.
Rows that are tried on may be used again, but every try is spent: the chances of all tries of a channel,
however many there will be, to recommend a change that is none add up to at most `ALPHA`. Pure; it knows no
criteria.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np

from bot.analysis.estimates import Estimate, Floats, mean
from bot.analysis.judged import Judged, Sheet, ordered, seats, sheets_of
from bot.council import Deliberation, Review, by_models
from bot.protocol.masking import mask_self_naming
from bot.protocol.reflecting import Lesson

Recommendation = Literal["adopt", "discard", "too_few"]

# Of wrong recommendations, over all tries of a channel together.
ALPHA = 0.05
# Below these nothing is recommended.
ROWS_MIN, ASKERS_MIN = 30, 4
# A change is discarded once it is hardly as much better as this, in shares of pairs.
WORTHWHILE = 0.05
# At most such a part of all rows is learned from.
_LEARNED = 1 / 3


@dataclass(frozen=True, slots=True)
class Rated:
    """A rated question; `thread` and `asker` say what it belongs together with."""

    id: str
    thread: str
    asker: str


@dataclass(frozen=True, slots=True)
class Split:
    """Ids in the order in which they were drawn, so that any beginning of either is a lot."""

    learn: tuple[str, ...]
    test: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Of each pair that `people` decided, the share of reviewers that ordered it alike under the `old`
    and under the `new` criteria."""

    id: str
    asker: str
    old: tuple[float, ...]
    new: tuple[float, ...]
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """`old` and `new` are mean shares of a row's pairs, `gain` their difference, with an interval at the
    level of this try, `None` below two rows. `rows_needed` is about how many rows would decide, `None`
    where they did, or where that is not in sight. Nothing is recommended where most of what was decided
    is `of_one_person`."""

    rows: int
    pairs: int
    askers: int
    tries: int
    old: float | None
    new: float | None
    gain: Estimate | None
    recommendation: Recommendation
    rows_needed: int | None
    of_one_person: bool = False


def split(rated: Sequence[Rated], learned_before: Collection[str], seed: int) -> Split:
    """About a third to learn from; never more, but for what was learned from before."""
    drawn = sorted(_together(rated), key=lambda group: _lot(seed, group[0]))
    learn: list[str] = []
    test: list[str] = []
    known = [group for group in drawn if any(each in learned_before for each in group)]
    for group in known:
        learn += group
    for group in drawn:
        if group not in known:
            fits = len(learn) + len(group) <= _LEARNED * len(rated)
            (learn if fits else test).extend(group)
    return Split(_drawn(learn, seed), _drawn(test, seed))


def lesson(result: Deliberation, judged: Judged) -> Lesson:
    """What the chairman reads of a question with its votes: models' answers, unnamed as reviewers read
    them."""
    label_of = {seat: label for label, seat in seats(result).items()}
    models = tuple(sorted({member.model for member in result.members}))

    def unnamed(text: str) -> str:
        return mask_self_naming(text, models)[0]

    return Lesson(
        question=result.question,
        answers=tuple((each.label, unnamed(each.text)) for each in by_models(result.answers)),
        critiques=tuple(unnamed(each.text) for each in result.reviews if each.counted),
        better=tuple((label_of[one], label_of[other]) for one, other in judged.pairs),
        models=models,
    )


def sheets(result: Deliberation, reviews: Sequence[Review]) -> tuple[Sheet, ...]:
    """Those of reviews that the deliberation's reviewers wrote again."""
    return sheets_of(replace(result, reviews=tuple(reviews)))


def held_out(judged: Judged, old: Sequence[Sheet], new: Sequence[Sheet]) -> HeldOut | None:
    """By those reviewers alone that were heard under both criteria; `None` where nobody was."""
    both = {sheet.reviewer for sheet in old} & {sheet.reviewer for sheet in new}
    if not both or not judged.pairs:
        return None
    return HeldOut(
        judged.id,
        judged.asker,
        _right(judged, [sheet for sheet in old if sheet.reviewer in both]),
        _right(judged, [sheet for sheet in new if sheet.reviewer in both]),
        judged.people,
    )


def compared(rows: Sequence[HeldOut], tries: int) -> Compared:
    """`tries` is how many reflections of the channel came so far, this one included."""
    old = [float(np.mean(row.old)) for row in rows]
    new = [float(np.mean(row.new)) for row in rows]
    askers = [row.asker for row in rows]
    gain = _gain(np.subtract(new, old), askers, alpha_of(tries)) if len(rows) > 1 else None
    of_one = is_of_one_person([row.people for row in rows])
    is_broad = len(set(askers)) >= ASKERS_MIN and not of_one
    return Compared(
        rows=len(rows),
        pairs=sum(len(row.old) for row in rows),
        askers=len(set(askers)),
        tries=tries,
        old=float(np.mean(old)) if old else None,
        new=float(np.mean(new)) if new else None,
        gain=gain,
        recommendation=_recommendation(gain, is_broad),
        rows_needed=_rows_needed(gain, is_broad),
        of_one_person=of_one,
    )


def is_of_one_person(people: Sequence[Sequence[str]]) -> bool:
    """Whether somebody alone decided more than half, where those behind a row share it."""
    parts = Counter[str]()
    for behind in people:
        parts.update({person: Fraction(1, len(behind)) for person in behind})
    return max(parts.values(), default=0) > Fraction(len(people), 2)


def alpha_of(tries: int) -> float:
    """What this try may spend: over any number of tries it adds up to `ALPHA`."""
    return ALPHA * 6 / (math.pi * tries) ** 2


def _recommendation(gain: Estimate | None, is_broad: bool) -> Recommendation:
    """`is_broad`: enough people stand behind it."""
    if gain is None or gain.n < ROWS_MIN or not is_broad:
        return "too_few"
    if gain.low > 0:
        return "adopt"
    return "discard" if gain.value <= 0 or gain.high < WORTHWHILE else "too_few"


def _rows_needed(gain: Estimate | None, is_broad: bool) -> int | None:
    """Were more to come like these: until the interval leaves out no gain, or a worthwhile one."""
    if _recommendation(gain, is_broad) != "too_few":
        return None
    if gain is None or gain.n < ROWS_MIN:
        return ROWS_MIN
    if not is_broad:
        return None
    half = gain.value - gain.low
    far = max(gain.value, WORTHWHILE - gain.value)
    return math.ceil(gain.n * (half / far) ** 2)


def _gain(differences: Floats, askers: Sequence[str], alpha: float) -> Estimate:
    """By Student's t, with as many askers as those of one size would be."""
    sizes = np.unique(np.asarray(askers), return_counts=True)[1]
    alike = sizes.sum() ** 2 / (sizes @ sizes)
    found = mean(differences, askers, z=1.0)
    # As if one more row had been won and lost by halves: no change so far is no proof that none comes.
    error = math.hypot(found.high - found.value, 0.5 / len(differences))
    half = _t_quantile(alpha, max(1.0, alike - 1)) * error
    return Estimate(
        found.value, max(-1.0, found.value - half), min(1.0, found.value + half), found.n
    )


def _t_quantile(alpha: float, freedom: float) -> float:
    """Above it lies `alpha`. With t = sqrt(freedom) tan(angle) the density of the angle is a power of
    its cosine."""
    angles = np.linspace(0, math.pi / 2, 40_001)
    density = np.cos(angles) ** (freedom - 1)
    areas = np.cumsum((density[1:] + density[:-1]) / 2)
    angle = float(np.interp(1 - 2 * alpha, areas / areas[-1], angles[1:]))
    return math.sqrt(freedom) * math.tan(angle)


def _right(judged: Judged, sheets: Sequence[Sheet]) -> tuple[float, ...]:
    """Of each pair, the share of these reviewers that order it so; a tie, or a pair that was not read, is
    half right. Single ballots tell a change sooner than their sum does."""
    return tuple(
        float(np.mean([_ordered(sheet.shares, better, worse) for sheet in sheets]))
        for better, worse in judged.pairs
    )


def _ordered(shares: Mapping[str, float], better: str, worse: str) -> float:
    if better not in shares or worse not in shares:
        return 0.5
    return ordered(shares[better] - shares[worse])


def _together(rated: Sequence[Rated]) -> list[list[str]]:
    """Ids by what shares a thread or an asker, directly or by way of others."""
    group_of: dict[tuple[str, str], list[Rated]] = {}
    for each in rated:
        keys = ("thread", each.thread), ("asker", each.asker)
        joined = [each]
        for group in {id(group_of[key]): group_of[key] for key in keys if key in group_of}.values():
            joined += group
        for member in joined:
            group_of["thread", member.thread] = group_of["asker", member.asker] = joined
    groups = {id(group): group for group in group_of.values()}
    return [sorted(each.id for each in group) for group in groups.values()]


def _drawn(ids: Sequence[str], seed: int) -> tuple[str, ...]:
    return tuple(sorted(ids, key=lambda each: _lot(seed, each)))


def _lot(seed: int, id: str) -> bytes:
    return hashlib.sha256(f"{seed}/reflection/{id}".encode()).digest()
