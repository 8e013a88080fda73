"""What replying to the bot may start, with prices named before anything is asked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.bills import TYPICAL_TOKENS
from bot.council import Answer, Council
from bot.language import _
from bot.models.catalogue import Catalogue
from bot.modes import ENDS_EARLY
from bot.pages.prices import price_words
from bot.protocol.pricing import checks, planned
from bot.records import Case
from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class Offer:
    """Two ways to go on from a reply; `alone_price` is "" where no single answer was replied to.

    `run` and `label` tell what was, "-" and "" where it was nothing of the bot's; `name` is how the
    label is shown there.
    """

    council: Council
    price: str
    alone_price: str
    run: str = "-"
    label: str = ""
    name: str = ""


def offer(
    catalogue: Catalogue,
    council: Council,
    members: Sequence[str] = (),
    run: str | None = None,
    label: str = "",
    name: str = "",
) -> Offer:
    """The council, or whoever wrote the answer of this label alone, one of these members.

    Whichever that is, the price is the dearest one's: its own would say who it is.
    """
    if not members:
        return Offer(council, _price(catalogue, council), "", run or "-")

    def dearness(model: str) -> float:
        micros = catalogue.cost_micros(model, *TYPICAL_TOKENS)
        return math.inf if micros is None else micros

    price = _price(catalogue, alone(council, max(members, key=dearness)))
    return Offer(council, _price(catalogue, council), price, run or "-", label, name)


def alone(council: Council, model: str) -> Council:
    """One member in the place of the council, with all else that the channel set but its mode."""
    return replace(council, members=(model,), chairman=model, mode="council", audition="", wait=0)


async def sat_with(store: Store, case: Case) -> tuple[str, ...]:
    """The members of the council that a run belongs to: of one that a member was asked alone, where
    that member sat with others; as far as that is still stored."""
    at: Case | None = case
    members = case.council.members
    while at:
        members = at.council.members
        at = await store.case(at.question.alone.run) if at.question.alone else None
    return members


def can_be_alone(case: Case, label: str) -> bool:
    """Whether the author of this answer is one of several, whom a question can be put to alone: of
    none where a person answered, too, whom nobody can ask, which would tell whose answer that is."""
    is_seated = len(case.council.members) > 1 or case.question.alone is not None
    return is_seated and not case.council.people and answer_of(case, label) is not None


def answer_of(case: Case | None, label: str) -> Answer | None:
    """The answer of this label, as far as it is still stored."""
    if case is None or case.result is None or case.expired_at:
        return None
    return next((each for each in case.result.answers if each.label == label), None)


def question_usd(catalogue: Catalogue, council: Council) -> float | None:
    """About what a question costs that goes the longest way of its mode; `None` where a price is
    unknown."""
    calls = *planned(council), *checks(council, catalogue)
    micros = [catalogue.cost_micros(call.model, *TYPICAL_TOKENS) for call in calls]
    known = [each for each in micros if each is not None]
    searches = sum(catalogue.price(call.model).searching(call.searches) for call in calls)
    return None if len(known) < len(micros) else (sum(known) + searches) / 1e6


def answer_usd(catalogue: Catalogue, model: str) -> float | None:
    """About what an answer of this model costs; `None` where its price is unknown."""
    micros = catalogue.cost_micros(model, *TYPICAL_TOKENS)
    return None if micros is None else micros / 1e6


def _price(catalogue: Catalogue, council: Council) -> str:
    words = price_words(question_usd(catalogue, council))
    return _("{price} at most", price=words) if council.mode in ENDS_EARLY else words
