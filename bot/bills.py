"""What one request cost: as the provider told, else as estimated, else the most that it can be.

Pure. A budget must hold whatever a provider leaves unsaid, so every guess is a bound from above.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from bot.errors import Spent


class Prices(Protocol):
    """What calls cost by the catalogue, in micro-dollars."""

    def reserve_micros(self, model: str, prompt: str, max_completion_tokens: int) -> int:
        """The most that this request can cost, at an assumed price where the price is unknown."""
        ...

    def cost_micros(self, model: str, prompt_tokens: int, completion_tokens: int) -> int | None:
        """What the tokens cost; `None` where the price is unknown."""
        ...

    def assumed_micros(self, model: str, prompt_tokens: int, completion_tokens: int) -> int:
        """What the tokens cost at the price assumed of a model without one."""
        ...

    def max_price(self, model: str) -> tuple[float, float] | None:
        """The assumed price where it is what limits are held by, in US dollars per million tokens of
        prompt and completion: nobody may ask more."""
        ...


@dataclass(frozen=True, slots=True)
class Bill:
    """One request's. Tokens are those that the provider reported; `cost_micros` is its own sum or
    the catalogue's, `None` where neither is known; limits count `counted_micros`."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_micros: int | None = 0
    counted_micros: int = 0


NOTHING = Bill()


def told(prices: Prices, model: str, spent: Spent) -> Bill:
    """From the usage that the provider reported."""
    tokens = spent.prompt_tokens, spent.completion_tokens
    cost = spent.cost_micros
    if cost is None:
        cost = prices.cost_micros(model, *tokens)
    counted = prices.assumed_micros(model, *tokens) if cost is None else cost
    return Bill(*tokens, cost, counted)


def estimated(
    prices: Prices, model: str, prompt: str, written_bytes: int, *, reserved: int
) -> Bill:
    """Of a reply without any usage: its prompt and its text, a token a byte like a reservation."""
    most = min(prices.reserve_micros(model, prompt, written_bytes), reserved)
    known = prices.cost_micros(model, 0, 0) is not None
    return Bill(cost_micros=most if known else None, counted_micros=most)


def at_most(reserved: int) -> Bill:
    """Of a request of which nothing tells what it did: its provider may go on, and bill for it."""
    return Bill(cost_micros=None, counted_micros=reserved)


def total(bills: Iterable[Bill]) -> Bill:
    """Of several requests: of their costs, those that are known."""
    each = tuple(bills)
    costs = [bill.cost_micros for bill in each if bill.cost_micros is not None]
    return Bill(
        sum(bill.prompt_tokens for bill in each),
        sum(bill.completion_tokens for bill in each),
        sum(costs) if costs else None,
        sum(bill.counted_micros for bill in each),
    )
