"""What a model would bring to a council, by the questions that it answered along on audition.

An audition ends after a number of ratings that was fixed beforehand, whatever they were. So its
limits are those of one look (Clopper-Pearson, 95 %); they say nothing of other questions than those
that people rate. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.analysis.estimates import Estimate
from bot.analysis.leaderboard import ROWS_MIN
from bot.analysis.limits import interval
from bot.analysis.rows import Rated, Row, rated

_ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Kept:
    """How many of a model's rated answers were acceptable; no `share` below `ROWS_MIN` of them."""

    model: str
    accepted: int
    rated: int
    share: Estimate | None


@dataclass(frozen=True, slots=True)
class Audition:
    """Of a model: `kept` are its answers, `members` those of each member to the questions in which
    its own was rated, the most accepted first.

    In `compared` of these a member's answer was rated, too. In `saved` of them its own was acceptable
    and no rated answer of a member's; in `spoilt` it was the other way around. `cost_usd` is the mean
    of what its answers cost.
    """

    model: str
    rated: Rated
    kept: Kept
    members: tuple[Kept, ...]
    compared: int
    saved: int
    spoilt: int
    cost_usd: float


def heard(rows: Iterable[Row], model: str, since: datetime | None = None) -> tuple[Row, ...]:
    """The rows in which it answered along on audition, of questions that were asked after that."""
    return tuple(
        row
        for row in rows
        if row.audition == model and model in row.models and (since is None or row.asked_at > since)
    )


def ratings(rows: Iterable[Row]) -> int:
    """How many of these have a rated answer of the model on audition."""
    return sum(_own(row) is not None for row in rows)


def audition(rows: Sequence[Row], model: str) -> Audition:
    """Of the rows in which it was heard, some of which are rated."""
    own = [row for row in rows if _own(row) is not None]
    names = sorted({name for row in own for name in row.roster})
    members = [_kept(name, _said(own, name)) for name in names]
    compared = [(_own(row), said) for row in own if (said := _members(row))]
    return Audition(
        model=model,
        rated=rated(rows),
        kept=_kept(model, [bool(_own(row)) for row in own]),
        members=tuple(sorted(members, key=lambda each: -each.accepted / max(each.rated, 1))),
        compared=len(compared),
        saved=sum(bool(mine) and not any(theirs) for mine, theirs in compared),
        spoilt=sum(not mine and all(theirs) for mine, theirs in compared),
        cost_usd=sum(row.audition_usd for row in rows) / len(rows) if rows else 0.0,
    )


def share_of(k: int, n: int) -> Estimate:
    low, high = interval(k, n, _ALPHA)
    return Estimate(k / n, low, high, n)


def _own(row: Row) -> bool | None:
    return row.columns.get(row.audition)


def _members(row: Row) -> list[bool]:
    """What is known of the members' answers."""
    return [good for name in row.roster if (good := row.columns[name]) is not None]


def _said(rows: Iterable[Row], name: str) -> list[bool]:
    return [good for row in rows if (good := row.columns.get(name)) is not None]


def _kept(name: str, said: Sequence[bool]) -> Kept:
    share = share_of(sum(said), len(said)) if len(said) >= ROWS_MIN else None
    return Kept(name, sum(said), len(said), share)
