"""The models there are and what they cost: lists of every endpoint, kept for an hour.

Works from the last list saved where an endpoint cannot be reached. Asks a provider for lists and
never for text.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import nlargest, nsmallest
from ipaddress import ip_address
from math import ceil
from typing import Protocol
from urllib.parse import urlsplit

from bot.bills import Price
from bot.errors import InvalidConfiguration, ModelFailed
from bot.language import _
from bot.llm import HasEndpoints, ModelInfo, Provider, Searches
from bot.models.flagships import flagships, prices_of
from bot.models.likeness import ALIKE, Likeness
from bot.models.own_server import seated
from bot.typos import question

logger = logging.getLogger(__name__)

FRESH_FOR = timedelta(hours=1)
# An endpoint that gave no list is asked again after this, not at every look into the catalogue.
RETRY_AFTER = timedelta(minutes=1)
# For a list, and the least however fast the clock: a machine that is busy reads no faster.
LOAD_SECONDS, LOAD_SECONDS_AT_LEAST = 20.0, 5.0

# So many models are compared closely with what somebody typed.
_COMPARED = 2_000

# US dollars per million tokens of prompt and completion, taken of a model whose price nobody tells:
# dearer than most, so that a budget holds. What runs at home costs nothing.
UNKNOWN_PRICE = (5.0, 25.0)
FREE = (0.0, 0.0)

_COUNCIL_SIZE = 4


class Storage(Protocol):
    """Where lists survive a restart."""

    async def save_models(
        self, endpoint: str, models: Sequence[ModelInfo], at: datetime, /
    ) -> None: ...

    async def cached_models(
        self, endpoint: str, /
    ) -> tuple[tuple[ModelInfo, ...], datetime] | None: ...


@dataclass(slots=True)
class _List:
    """One endpoint's models by id. `at` is when they were read, `tried_at` when it was last asked,
    `failure` why that gave none, `away` whether nothing answered there as a model server."""

    models: Mapping[str, ModelInfo]
    at: datetime
    tried_at: datetime
    failure: str = ""
    away: bool = False


class Catalogue:
    """All endpoints' models. Empty until the first `load`, which callers may await at any time."""

    def __init__(
        self,
        provider: Provider,
        storage: Storage,
        *,
        unknown_price: tuple[float, float] | None = None,
        time_scale: float = 1.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`unknown_price` is taken of every model without one; `None` for `UNKNOWN_PRICE`, and for
        nothing where the model runs at home."""
        self._provider = provider
        self._sources = _sources(provider)
        self._places = _places(provider)
        self._unknown_prices = {
            endpoint: unknown_price or (FREE if at_home else UNKNOWN_PRICE)
            for endpoint, at_home in _at_home(provider).items()
        }
        self._storage = storage
        self._load_seconds = max(LOAD_SECONDS * time_scale, LOAD_SECONDS_AT_LEAST)
        self._now = now
        self._lists: dict[str, _List] = {}
        self._problems: list[tuple[int, str]] = []
        self._loading = asyncio.Lock()

    async def load(self) -> None:
        """Read what is older than an hour again; what cannot be had stays as it was. Never fails
        for want of a list."""
        await self.read()
        self.warn()

    def warn(self) -> None:
        """Log what could not be had since the last warning."""
        for level, problem in self._problems:
            logger.log(level, "%s", problem)
        self._problems.clear()

    async def read(self) -> None:
        """`load` without the warning, which may be said better than in a log. What the storage raises
        arrives as itself."""
        try:
            async with self._loading, asyncio.TaskGroup() as group:
                for endpoint in self._sources:
                    group.create_task(self._load(endpoint))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures

    @property
    def known(self) -> bool:
        """Whether there is any list at all; without one no model can be called missing."""
        return any(one.models for one in self._lists.values())

    def find(self, id: str) -> ModelInfo | None:
        """The entry of this model, or of the one that it is a variant of."""
        spellings = _spellings(id)
        for one in self._lists.values():
            for spelling in spellings:
                if model := one.models.get(spelling):
                    return model
        return None

    def context_tokens(self, id: str) -> int | None:
        """How much the model's context holds, as its list says."""
        model = self.find(id)
        return model.context_tokens if model else None

    def sees(self, id: str) -> bool | None:
        """Whether the model takes images; `None` where its list does not say."""
        model = self.find(id)
        return model.sees if model else None

    def missing(self, id: str) -> bool:
        """Whether the endpoint that this id goes to has a list, and the model is not in it."""
        prefix = id.partition("/")[0]
        one = self._lists.get(prefix if prefix in self._sources else "")
        if one is None or not one.models:
            return False
        return not any(spelling in one.models for spelling in _spellings(id))

    def suggest(self, id: str) -> tuple[str, ...]:
        """Up to three models that somebody may have meant, the likeliest first."""
        likeness = Likeness(id)
        ids: Iterable[str] = self._ids()
        if sum(len(one.models) for one in self._lists.values()) > _COMPARED:
            ids = nlargest(_COMPARED, ids, key=likeness.guess)
        scores = ((-likeness.to(model), model) for model in ids)
        likely = nsmallest(3, (scored for scored in scores if scored[0] <= -ALIKE))
        return tuple(model for _, model in likely)

    def did_you_mean(self, id: str, *, mark: str = "") -> str:
        """` Did you mean x or y?`, to follow a sentence; "" where nothing is like it."""
        return question([f"{mark}{model}{mark}" for model in self.suggest(id)])

    def search(self, words: str, limit: int = 25) -> tuple[ModelInfo, ...]:
        """Models whose id or name has every word, newest first."""
        wanted = words.lower().split()
        found = [
            model
            for model in self._models()
            if all(word in f"{model.id} {model.name}".lower() for word in wanted)
        ]
        return tuple(sorted(found, key=lambda model: (-model.created, model.id))[:limit])

    def to_seat(self, limit: int = 24) -> tuple[str, ...]:
        """Models to offer to somebody who named none: the flagships, then the newest."""
        newest = (model.id for model in self.search("", limit))
        return tuple(dict.fromkeys((*flagships(self._models()), *newest)))[:limit]

    def cost_micros(self, model: str, prompt_tokens: int, completion_tokens: int) -> int | None:
        """What the tokens cost; `None` where the price is unknown."""
        price = self.price(model)
        return price.cost(prompt_tokens, completion_tokens) if price.known else None

    def price(self, model: str) -> Price:
        """As its list says, else as it is assumed."""
        known = prices_of(self.find(model))
        usd = self._provider.search_usd(model) if isinstance(self._provider, Searches) else None
        search = None if usd is None else ceil(usd * 1e6)
        if known:
            return Price(*known, search=search)
        return Price(*self._unknown_price(model), known=False, search=search)

    def max_price(self, model: str) -> tuple[float, float] | None:
        """The assumed price where nothing else says what a model costs; `None` where that is free:
        whoever counts nothing forbids nothing."""
        assumed = self._unknown_price(model)
        return None if prices_of(self.find(model)) or assumed == FREE else assumed

    def is_counted_free(self, model: str) -> bool:
        """Whether nobody tells its price and it is taken to cost nothing."""
        return prices_of(self.find(model)) is None and self._unknown_price(model) == FREE

    def _unknown_price(self, model: str) -> tuple[float, float]:
        prefix = model.partition("/")[0]
        return self._unknown_prices.get(prefix if prefix in self._sources else "", UNKNOWN_PRICE)

    def price_label(self, model: str) -> str:
        """Like "$1.25 / $10 per million tokens", prompt first."""
        prices = prices_of(self.find(model))
        if prices is None:
            return _("price unknown")
        if prices == (0, 0):
            return _("free")
        prompt, completion = (f"${price:.4f}".rstrip("0").rstrip(".") for price in prices)
        return _("{prompt} / {completion} per million tokens", prompt=prompt, completion=completion)

    def price_in_full(self, model: str) -> str:
        """The label; of a model without a price also what that means for budgets."""
        label = self.price_label(model)
        if self.is_counted_free(model):
            return _("{label}, counted as free", label=label)
        assumed = self.max_price(model)
        if assumed is None:
            return label
        prompt, completion = assumed
        return _(
            "{label}, budgets count ${prompt:g} / ${completion:g} per million tokens",
            label=label,
            prompt=prompt,
            completion=completion,
        )

    def default_council(self) -> tuple[tuple[str, ...], str]:
        """Members and chairman where nobody chose any: four vendors' flagships and a fifth's.

        The rule, on the default endpoint's list:

        1. A candidate has both prices, costs more than nothing and at most 20 USD per million
           completion tokens, and holds at least 64,000 tokens. Variants (`:free`), aliases
           (`~vendor/...`), routers (`openrouter/...`) and models whose id marks them as unfinished
           or made for something else (`preview`, `coder`, `image`, ...) are none.
        2. A vendor's flagship is the dearest candidate, by completion price, among those of its
           last 180 days, counted from its own newest candidate; of equals the newest.
        3. Vendors come in a fixed order of preference, all others after them by name. The first
           four have a seat each, the fifth is the chairman; with fewer, the first member is.

        Raises `InvalidConfiguration` where there is no candidate.
        """
        default = self._lists.get("")
        best = flagships(default.models.values() if default else ())
        if not best:
            problem = _("No models to choose from: set COUNCIL_MEMBERS and COUNCIL_CHAIRMAN.")
            if failure := self.failure(""):
                problem += _(" Their list could not be loaded: {failure}", failure=failure)
            raise InvalidConfiguration([problem])
        return _council(best)

    def own_council(self) -> tuple[tuple[str, ...], str]:
        """The same for a server of one's own: the default endpoint, or all where none is that.

        With the prices and ids of four vendors, as gateways list them, by the rule above, else by
        that of `own_server.seated`. Raises `InvalidConfiguration` where no model can take a seat.
        """
        names = [""] if "" in self._lists else list(self._lists)
        models = [model for name in names for model in self._lists[name].models.values()]
        best = flagships(models)
        if len(best) >= _COUNCIL_SIZE:
            return _council(best)
        if chosen := seated(models, _COUNCIL_SIZE):
            return chosen
        raise InvalidConfiguration([self._nobody(name) for name in names])

    def _nobody(self, name: str) -> str:
        """Why nobody is seated from this endpoint's list, and what to do."""
        place = self._places[name].partition("=")[2]
        if failure := self.failure(name):
            why = _(
                "COUNCIL_MEMBERS names nobody, and {place} gives no list of models to choose from: "
                "{failure}",
                place=place,
                failure=failure,
            )
            hint = _("Does it run, and is that its address?")
            return f"{why.rstrip('.')}. {hint}" if self._lists[name].away else why
        if listed := list(self._lists[name].models)[:_COUNCIL_SIZE]:
            return _(
                "{place} lists no model that a council could be made of, only {models}. Load "
                "another there, or name models in COUNCIL_MEMBERS.",
                place=place,
                models=", ".join(listed),
            )
        return _(
            "{place} lists no model that writes text. Load one there (with Ollama: ollama pull "
            "MODEL), or name models in COUNCIL_MEMBERS.",
            place=place,
        )

    def failure(self, endpoint: str) -> str:
        """Why this endpoint's list could not be read when it was last asked; "" where it could."""
        one = self._lists.get(endpoint)
        return one.failure if one else ""

    async def _load(self, endpoint: str) -> None:
        one = self._lists.get(endpoint)
        if one is None:
            one = self._lists[endpoint] = await self._saved(endpoint)
            self._tell(endpoint, one.models.values())
        now = self._now()
        if now - one.at < FRESH_FOR or now - one.tried_at < RETRY_AFTER:
            return
        one.tried_at = now
        try:
            async with asyncio.timeout(self._load_seconds):
                models = await self._sources[endpoint]()
        except ModelFailed as error:
            one.failure, one.away = str(error), error.kind == "unreachable"
            # A key that is refused is named by every call it is used for.
            level = logging.INFO if error.kind == "unauthorised" else logging.WARNING
            self._problems.append(
                (level, f"no list of models from the {_named(endpoint)}: {error}")
            )
            return
        except TimeoutError:
            one.failure, one.away = _("the provider did not send it in time."), True
            problem = f"no list of models from the {_named(endpoint)} in time"
            self._problems.append((logging.WARNING, problem))
            return
        await self._storage.save_models(self._places[endpoint], models, now)
        self._lists[endpoint] = _List({model.id: model for model in models}, now, now)

    async def _saved(self, endpoint: str) -> _List:
        models, at = await self._storage.cached_models(self._places[endpoint]) or ((), _NEVER)
        return _List({model.id: model for model in models}, at, _NEVER)

    def _tell(self, endpoint: str, models: Iterable[ModelInfo]) -> None:
        """A provider that reads its own lists knows their sizes; those kept from before, it does not."""
        if isinstance(self._provider, HasEndpoints):
            self._provider.know(endpoint, models)

    def _models(self) -> Iterable[ModelInfo]:
        return (model for one in self._lists.values() for model in one.models.values())

    def _ids(self) -> Iterable[str]:
        return (model.id for model in self._models())


def _council(best: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """The first few have a seat each and the next one, if there is one, is the chairman."""
    chairman = best[_COUNCIL_SIZE] if len(best) > _COUNCIL_SIZE else best[0]
    return tuple(best[:_COUNCIL_SIZE]), chairman


_NEVER = datetime.min.replace(tzinfo=UTC)


def _sources(provider: Provider) -> dict[str, Callable[[], Awaitable[tuple[ModelInfo, ...]]]]:
    """How to read each endpoint's list. Each is read apart: one that is down, or has no list, takes
    no other's along."""
    if isinstance(provider, HasEndpoints):
        return {name: _source(provider, name) for name in provider.endpoints}
    return {"": provider.models}


def _places(provider: Provider) -> dict[str, str]:
    """Where each list comes from: a list that was saved is of no use once its name goes elsewhere."""
    if isinstance(provider, HasEndpoints):
        return {name: f"{name}={provider.url(name)}" for name in provider.endpoints}
    return {"": _("built in")}


def _at_home(provider: Provider) -> dict[str, bool]:
    """Which endpoints are on this machine or in its own network."""
    if isinstance(provider, HasEndpoints):
        return {name: is_private(provider.url(name)) for name in provider.endpoints}
    return {"": True}


# Reserved for names that no public server has. Source: RFC 6761, 6762, 8375; ICANN on `.internal`.
_PRIVATE_NAMES = ("localhost", "local", "internal", "home.arpa", "lan")


def is_private(url: str) -> bool:
    """Whether an address is loopback or private: a name without a dot is a neighbour's."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(tuple(f".{name}" for name in _PRIVATE_NAMES))


def _named(endpoint: str) -> str:
    return f"endpoint {endpoint}" if endpoint else "default endpoint"


def _source(
    provider: HasEndpoints, endpoint: str
) -> Callable[[], Awaitable[tuple[ModelInfo, ...]]]:
    return lambda: provider.models_of(endpoint)


def _spellings(id: str) -> tuple[str, ...]:
    """As lists may write an id: itself; with the tag that Ollama takes where none is given; without
    the variant (`:nitro`) or the preset that OpenRouter takes with any of its models."""
    base = id.partition("@preset/")[0]
    name = base.rpartition("/")[2]
    if ":" in name:
        return id, base, base.rpartition(":")[0]
    return id, base, f"{base}:latest"
