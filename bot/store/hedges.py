"""How much of what is spent goes to second requests, over every process that shares a database."""

from collections.abc import Sequence
from typing import NamedTuple

from bot.errors import ModelFailed
from bot.language import _
from bot.store.transactions import Row, Statement

# What was spent lately is what the newest requests cost: those of about a hundred deliberations.
_NEWEST = 1_000


class HedgesSpent(ModelFailed):
    """A second request was not sent, because such requests have had their share of the spending, or
    because the money may be needed for a retry."""

    def __init__(self) -> None:
        super().__init__("no_credit", _("There is no money for a second request."))


class Requests(NamedTuple):
    """Requests to a model, second ones (`hedge`) or others: how many did not fail, how many of these
    have ended, and what all of them cost."""

    model: str
    hedge: int
    sent: int
    ended: int
    micros: int


# For the transaction that also records the request.
NEWEST = Statement(
    "SELECT model, hedge, count(*) - count(failure_kind),"
    " count(finished_at) - count(failure_kind), sum(coalesce(cost_micros, 0) + assumed_micros)"
    " FROM (SELECT model, hedge, finished_at, failure_kind, cost_micros, assumed_micros"
    " FROM attempts ORDER BY number DESC LIMIT ?) AS newest GROUP BY model, hedge",
    (_NEWEST,),
)


def require_share(newest: Sequence[Row], model: str, share: float) -> None:
    """Raises `HedgesSpent` where, with one more to this model, second requests would take more than
    this share. The first of them is always free to go; of those that failed, only the cost counts."""
    sent = [Requests(*row) for row in newest]
    is_first = not any(each.hedge and (each.sent or each.micros) for each in sent)
    if not is_first and share_with_one_more(sent, model) > share:
        raise HedgesSpent()


def share_with_one_more(sent: Sequence[Requests], model: str) -> float:
    """What is under way counts as its model's requests usually cost; where nothing costs anything,
    all requests count alike."""
    if not any(each.micros for each in sent):
        sent = [each._replace(micros=each.ended) for each in sent]
    one_more = _cost_of_one(sent, model)
    total = hedged = one_more
    for each in sent:
        cost = each.micros + (each.sent - each.ended) * _cost_of_one(sent, each.model)
        total += cost
        hedged += cost if each.hedge else 0
    return hedged / total if total else 0.0


def _cost_of_one(sent: Sequence[Requests], model: str) -> float:
    """As those to this model, or where none has ended, as all of them."""
    known = [each for each in sent if each.model == model and each.ended]
    known = known or [each for each in sent if each.ended]
    if not known:
        return 1.0
    return sum(each.micros for each in known) / sum(each.ended for each in known)
