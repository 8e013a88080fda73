"""Money as people are told of it: so that no sum, and no difference of two, is one seat's own.

Whoever looks before and after a call subtracts, and prices say which model it was. So what a run
under way spent is told as what was set aside for it; and once it is over, what one model alone cost
is kept back until another's can be told with it. Limits go by what was spent, see
`bot.store.spending`: nothing here does.
"""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bot.records import Account
from bot.store.transactions import Statement, Transaction

# A title, what sums up a thread, and what is estimated of a request that was cut off, whether it was
# made again later or not, cost next to nothing: beside them an answer's price is bare.
_PAID = (
    "CASE WHEN coalesce(cost_micros, 0) + assumed_micros > 0 AND stage NOT IN ('title', 'recap')"
    " AND EXISTS (SELECT 1 FROM calls WHERE calls.deliberation = attempts.deliberation"
    " AND calls.stage = attempts.stage AND calls.round = attempts.round"
    " AND calls.seat = attempts.seat AND text IS NOT NULL"
    " AND calls.started_at <= attempts.finished_at) THEN model END"
)
_DOUBTED = "CASE WHEN counted_micros > coalesce(cost_micros, 0) + assumed_micros THEN model END"

# What each term of a run spent of a scope's money, and how many models it paid.
_TERMS = (
    "SELECT accounts.deliberation, max(CASE WHEN accounts.term = deliberations.term"
    " AND (status = 'running' OR held_micros > 0) THEN 1 ELSE 0 END), max(shares),"
    " coalesce(max(finished_at), ''),"
    f" count(DISTINCT {_PAID}), min({_PAID}), count(DISTINCT {_DOUBTED}), min({_DOUBTED}),"
    " coalesce(sum(told_micros), 0), coalesce(sum(cost_micros), 0),"
    " coalesce(sum(assumed_micros), 0), coalesce(sum(counted_micros), 0)"
    " FROM accounts JOIN deliberations ON deliberations.id = accounts.deliberation"
    " LEFT JOIN attempts ON attempts.deliberation = accounts.deliberation"
    " AND attempts.term = accounts.term"
    " WHERE day = ? AND scope = ? GROUP BY accounts.deliberation, accounts.term"
)


class _Term(NamedTuple):
    """A run, or what it did while it was one person's. `shares` is what was set aside for it. So many
    models were paid for a text, `payee` among them; so many, `doubtful` among them, may yet be billed
    for what was cut off."""

    run: str
    is_under_way: int
    shares: str | None
    ended_at: str
    paid: int
    payee: str | None
    doubted: int
    doubtful: str | None
    told: int
    cost: int
    assumed: int
    counted: int

    @property
    def spent(self) -> int:
        return self.cost + self.assumed

    @property
    def doubtful_micros(self) -> int:
        return self.counted - self.spent


def as_told(at: str, scope: str) -> Transaction[Account]:
    """A scope's money in this period."""
    rows = yield Statement(
        "SELECT told_micros, estimated_micros, assumed_micros, spent_micros"
        " FROM spending WHERE day = ? AND scope = ?",
        (at, scope),
    )
    told, estimated, assumed, counted = rows[0] if rows else (0, 0, 0, 0)
    doubtful = counted - told - estimated - assumed
    terms = [_Term(*row) for row in (yield Statement(_TERMS, (at, scope)))]
    under_way = [term for term in terms if term.is_under_way]
    over = sorted(
        (term for term in terms if not term.is_under_way),
        key=lambda term: (term.ended_at, term.run),
    )
    paid_alone = yield from _kept_back(
        (term, term.payee) for term in over if term.spent and term.paid < 2
    )
    doubted_alone = yield from _kept_back(
        (term, term.doubtful) for term in over if term.doubtful_micros and term.doubted < 2
    )
    for term in (*under_way, *paid_alone):
        told -= term.told
        estimated -= term.cost - term.told
        assumed -= term.assumed
    for term in (*under_way, *doubted_alone):
        doubtful -= term.doubtful_micros
    reserved = doubtful + sum(map(_set_aside, under_way))
    return Account(
        scope, told, estimated, assumed, reserved, keeps_back=bool(paid_alone or doubted_alone)
    )


def _set_aside(term: _Term) -> int:
    return sum(micros for *_key, micros in json.loads(term.shares or "[]"))


def _kept_back(single: Iterable[tuple[_Term, str | None]]) -> Transaction[Sequence[_Term]]:
    """Of terms with the one model of each, in the order in which they ended, those that no other
    model's can be told with so far."""
    kept: list[_Term] = []
    models: set[str | None] = set()
    for term, model in single:
        if not (yield from _is_blind(term.run)):
            continue
        kept.append(term)
        models.add(model)
        if len(models - {None}) > 1:
            kept.clear()
            models.clear()
    return kept


def _is_blind(run: str) -> Transaction[bool]:
    """Whether more models than one might have been paid: of one that sits by itself all is known."""
    rows = yield Statement("SELECT council, question FROM deliberations WHERE id = ?", (run,))
    for council, question in rows:
        is_alone = json.loads(question).get("alone")
        return bool(is_alone) or len(set(json.loads(council)["members"])) > 1
    return False
