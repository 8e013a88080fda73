"""What requests cost: as the provider told, else estimated, at an assumed price where none is known.

Pure. What people are told and what limits count are two things: a limit must hold whatever a
provider leaves unsaid, so it counts the most that may yet be billed; a sum that is shown is the
likeliest one, and says where it comes from.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import ceil
from typing import Protocol

from bot.errors import Spent

# Of English text. Source: help.openai.com, "What are tokens and how to count them?".
BYTES_PER_TOKEN = 4

# Roles and the template around messages become tokens too; no known template needs this many.
TEMPLATE_TOKENS = 64


# Of what a search of the web brings up, a model gets at most so much, which is no more tokens than
# characters, its address and title aside.
FOUND_PAGES, FOUND_CHARS = 5, 2_000
FOUND_TOKENS = FOUND_PAGES * (FOUND_CHARS + 200)
# Of an image at the size that models get it, at most and usually. Sources: docs.claude.com, "Vision" (a
# pixel in 750, scaled down to about 1,600 by most models); ai.google.dev, "Understand images" (258 for
# 768 x 768); platform.openai.com/docs, "Images and vision" (at most 1,536 patches, times up to 2.46).
IMAGE_TOKENS, USUAL_IMAGE_TOKENS = 4_000, 1_600

# Prompt and completion of a typical call.
TYPICAL_TOKENS = (1_500, 600)


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-dollars a token of prompt and of completion, and a search of the web, `None` where there
    is none; not `known` where it is assumed."""

    prompt: float
    completion: float
    known: bool = True
    search: int | None = None

    def cost(self, prompt_tokens: int, completion_tokens: int) -> int:
        """What the tokens cost. Nothing that is assumed is rounded down."""
        exact = self.prompt * prompt_tokens + self.completion * completion_tokens
        return round(exact) if self.known else ceil(exact)

    def most(self, prompt_tokens: int, completion_tokens: int, searches: int = 0) -> int:
        """After each search the model reads all from the beginning, and may write as much again."""
        turns = 1 + searches
        written = turns * self.completion * completion_tokens
        return ceil(self._read(prompt_tokens, searches) + written)

    def tokens(self, micros: int, prompt_tokens: int, searches: int = 0) -> int | None:
        """How many may be written for this much; `None` where they cost nothing."""
        left = micros - self._read(prompt_tokens, searches)
        return int(left // (self.completion * (1 + searches))) if self.completion else None

    def searches(self, wanted: int) -> int:
        """How many of them there may be: none where there is no search."""
        return 0 if self.search is None else wanted

    def searching(self, searches: int) -> int:
        """What so many searches are likely to add to a typical call: text of a usual density."""
        if self.search is None:
            return 0
        read = TYPICAL_TOKENS[0] + FOUND_PAGES * FOUND_CHARS // BYTES_PER_TOKEN
        return searches * (self.search + self.cost(read, 0))

    def _read(self, prompt_tokens: int, searches: int) -> float:
        turns = 1 + searches
        found = FOUND_TOKENS * searches * turns // 2
        return self.prompt * (turns * prompt_tokens + found) + searches * (self.search or 0)


class Prices(Protocol):
    def price(self, model: str) -> Price: ...

    def max_price(self, model: str) -> tuple[float, float] | None:
        """The assumed price where it is what limits are held by, in US dollars per million tokens of
        prompt and completion: nobody may ask more."""
        ...


@dataclass(frozen=True, slots=True)
class Usage:
    """What a request used as its provider told it, beside what can be known before."""

    prompt_bytes: int
    prompt_tokens: int
    completion_tokens: int
    cost_micros: int | None


@dataclass(frozen=True, slots=True)
class Bill:
    """One request's. Tokens are those that the provider reported.

    `cost_micros` is what it cost as far as a price is known, `None` where none is; `told_micros` of
    it rest on the usage that the provider reported, the others are estimated. `assumed_micros` are
    those at an assumed price. Limits count `counted_micros`: all of these, and what may yet be
    billed.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_micros: int | None = 0
    counted_micros: int = 0
    told_micros: int = 0
    assumed_micros: int = 0

    @property
    def estimated_micros(self) -> int:
        return (self.cost_micros or 0) - self.told_micros


NOTHING = Bill()


def told(price: Price, spent: Spent, *, searches: int = 0) -> Bill:
    """From the usage that the provider reported; where it named no sum, with all `searches` that it
    may have made."""
    tokens = spent.prompt_tokens, spent.completion_tokens
    cost = spent.cost_micros
    sum_of_it = price.cost(*tokens) + searches * (price.search or 0)
    if cost is None and not price.known:
        return Bill(*tokens, cost_micros=None, counted_micros=sum_of_it, assumed_micros=sum_of_it)
    cost = sum_of_it if cost is None else cost
    return Bill(*tokens, cost_micros=cost, counted_micros=cost, told_micros=cost)


def estimated(
    price: Price,
    prompt_bytes: int,
    heard_bytes: int,
    *,
    most_prompt_tokens: int,
    most_bytes: int | None,
    most: int,
) -> Bill:
    """Of a request whose usage nobody told: its prompt and the text that was heard of it.

    It may have written up to `most_bytes`, `None` where nobody can tell, and cost up to `most`.
    Limits count a token a byte of these: tokenizers fall back to single bytes and never below.
    """
    tokens = ceil(prompt_bytes / BYTES_PER_TOKEN), ceil(heard_bytes / BYTES_PER_TOKEN)
    micros = min(price.cost(*tokens), most)
    counted = most
    if most_bytes is not None:
        counted = min(most, price.most(most_prompt_tokens, most_bytes))
    if price.known:
        return Bill(cost_micros=micros, counted_micros=max(counted, micros))
    return Bill(cost_micros=None, counted_micros=max(counted, micros), assumed_micros=micros)


def total(bills: Iterable[Bill]) -> Bill:
    """Of several requests: of their costs, those that are known."""
    each = tuple(bills)
    costs = [bill.cost_micros for bill in each if bill.cost_micros is not None]
    return Bill(
        sum(bill.prompt_tokens for bill in each),
        sum(bill.completion_tokens for bill in each),
        sum(costs) if costs else None,
        sum(bill.counted_micros for bill in each),
        sum(bill.told_micros for bill in each),
        sum(bill.assumed_micros for bill in each),
    )


# From so many requests on, of the newest, a model is judged by what they used.
ENOUGH = 20
# The tokenizer may read the next prompt a little differently from those before it.
_MARGIN = 1.1


def density(usages: Collection[Usage]) -> float:
    """The most tokens that a byte of a prompt takes beside the template: as the densest of these
    did, else one."""
    if len(usages) < ENOUGH:
        return 1.0
    tokens = (
        max(usage.prompt_tokens - TEMPLATE_TOKENS, 0) / usage.prompt_bytes for usage in usages
    )
    return min(_MARGIN * max(tokens), 1.0)


def prompt_tokens(prompt_bytes: int, tokens_per_byte: float) -> int:
    """The most tokens that a prompt of this size takes."""
    return ceil(prompt_bytes * tokens_per_byte) + TEMPLATE_TOKENS


def image_bytes(images: int) -> int:
    """As much text as usually takes as many tokens."""
    return BYTES_PER_TOKEN * USUAL_IMAGE_TOKENS * images


def dearest(price: Price, usages: Collection[Usage]) -> int:
    """The most that a provider billed of those that it billed for more than its list says: it is
    believed the next time."""
    return max(
        (
            usage.cost_micros
            for usage in usages
            if usage.cost_micros is not None
            and usage.cost_micros
            > _MARGIN * price.most(usage.prompt_tokens, usage.completion_tokens) + 1
        ),
        default=0,
    )
