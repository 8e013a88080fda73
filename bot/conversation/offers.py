"""What replying to the bot may start, with prices named before anything is asked. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.council import Council, MemberResult
from bot.models.catalogue import Catalogue
from bot.pages.prices import price_words
from bot.protocol.pricing import planned

# Prompt and completion of a typical call.
TYPICAL_TOKENS = (1_500, 600)


@dataclass(frozen=True, slots=True)
class Offer:
    """Two ways to go on from a reply; `alone` is None where no single answer was replied to.

    `run` and `label` tell what was, "-" and "" where it was nothing of the bot's.
    """

    council: Council
    price: str
    alone: Council | None
    alone_price: str
    run: str = "-"
    label: str = ""


def offer(
    catalogue: Catalogue,
    council: Council,
    members: Sequence[MemberResult],
    run: str | None,
    label: str | None,
) -> Offer:
    """The council, or the member of this label alone.

    Whichever member that is, the price is the dearest one's: its own would say who it is.
    """
    model = next((member.model for member in members if member.label == label), None)
    if model is None:
        return Offer(council, _price(catalogue, council), None, "", run or "-")
    single = alone(council, model)

    def dearness(model: str) -> float:
        micros = catalogue.cost_micros(model, *TYPICAL_TOKENS)
        return math.inf if micros is None else micros

    dearest = max((member.model for member in members), key=dearness)
    price = _price(catalogue, replace(single, members=(dearest,)))
    return Offer(council, _price(catalogue, council), single, price, run or "-", label or "")


def alone(council: Council, model: str) -> Council:
    """One member in the place of the council, with all else that the channel set."""
    return replace(council, members=(model,), chairman=model)


def question_usd(catalogue: Catalogue, council: Council) -> float | None:
    """About what a question costs; `None` where a price is unknown."""
    micros = [catalogue.cost_micros(call.model, *TYPICAL_TOKENS) for call in planned(council)]
    known = [each for each in micros if each is not None]
    return None if len(known) < len(micros) else sum(known) / 1e6


def answer_usd(catalogue: Catalogue, model: str) -> float | None:
    """About what an answer of this model costs; `None` where its price is unknown."""
    micros = catalogue.cost_micros(model, *TYPICAL_TOKENS)
    return None if micros is None else micros / 1e6


def _price(catalogue: Catalogue, council: Council) -> str:
    return price_words(question_usd(catalogue, council))
