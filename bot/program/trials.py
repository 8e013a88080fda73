"""The models as `council doctor` examines them: who gets what, who is seated, and whether each
answers. Asking costs money, so it is booked, and kept below the budget, like any question."""

import asyncio
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot import bills
from bot.bills import Bill
from bot.conversation.health import Finding
from bot.errors import InvalidConfiguration, ModelFailed
from bot.language import N_, _
from bot.llm import Message, Provider, Request
from bot.models.catalogue import Catalogue, is_private
from bot.models.http import Endpoint, HttpProvider
from bot.models.terms import Routing
from bot.pages.settings import seats_in_words
from bot.program.compose import catalogue_of, defaults_of, provider_of, routing_of
from bot.program.config import Config
from bot.program.endpoints import EndpointSettings
from bot.protocol.patience import Patience
from bot.settings import Settings
from bot.store.store import Store

# A word is enough to see that a model answers; models that think first need some room.
TRIAL_TOKENS = 500
_PROMPT = "Reply with the word ready."


Tell = Callable[[Finding], None]


async def ask_for_a_word(
    provider: Provider, catalogue: Catalogue, model: str, *, tokens: int, seconds: float
) -> tuple[ModelFailed | None, Bill]:
    """How that failed, `None` where it did not, and what it cost. `tokens` is the most it writes."""
    request = Request(
        model=model,
        messages=(Message("user", _PROMPT),),
        max_completion_tokens=tokens,
        # Never the same: a provider that remembers answers would not ask the model.
        tag=f"doctor {secrets.token_hex(6)}/answer/0/0",
        max_price=catalogue.max_price(model),
    )
    price, most = catalogue.price(model), word_micros(catalogue, model, tokens)
    unheard = bills.estimated(
        price, len(_PROMPT), 0, most_prompt_tokens=len(_PROMPT), most_bytes=None, most=most
    )
    try:
        async with asyncio.timeout(seconds):
            completion = await provider.complete(request)
    except TimeoutError:
        return ModelFailed("timed_out", _("no complete answer before the deadline.")), unheard
    except ModelFailed as error:
        if error.spent:
            return error, bills.told(price, error.spent)
        return error, unheard if error.began else bills.NOTHING
    spent = completion.spent
    return None, bills.told(price, spent) if spent else unheard


def word_micros(catalogue: Catalogue, model: str, tokens: int) -> int:
    """The most that asking a model for a word can cost."""
    return catalogue.price(model).most(bills.prompt_tokens(len(_PROMPT), 1), tokens)


class Ledger(Protocol):
    """Today's spending, in micro-dollars."""

    async def allows(self, micros: int) -> bool:
        """Whether so much more keeps the budget."""

    async def book(self, spent: Mapping[str, Bill]) -> bool:
        """Add to what is spent, by model; False where that cannot be written down now."""


async def examine_models(config: Config, ledger: Ledger, tell: Tell) -> None:
    # What is tried goes into no database, which another process may be writing to.
    store = await Store.open(":memory:")
    try:
        async with provider_of(config) as provider:
            catalogue = catalogue_of(config, provider, store)
            await catalogue.load()
            for finding in _endpoints(config, catalogue):
                tell(finding)
            moved = []
            for endpoint in config.endpoints():
                if catalogue.failure(endpoint.name) and (better := await _answering(endpoint)):
                    tell(_better_address(endpoint, better))
                    moved.append(endpoint.url)
            try:
                settings = defaults_of(config, catalogue)
            except InvalidConfiguration as error:
                for problem in error.problems:
                    # What comes of a wrong address is no second thing to mend.
                    if not any(url in problem for url in moved):
                        tell(Finding(False, problem))
                tell(Finding(None, _("No model was asked for a word: none is known.")))
                return
            for finding in _seated(config, settings, catalogue):
                tell(finding)
            if not config.rehearsal:
                await _Trials(config, provider, catalogue, ledger, tell).make(settings)
    finally:
        await store.close()


def _endpoints(config: Config, catalogue: Catalogue) -> Iterator[Finding]:
    for endpoint in config.endpoints():
        yield Finding(None, _goes_to(endpoint, routing_of(config)))
        if not catalogue.failure(endpoint.name):
            yield Finding(True, _("{url} lists its models.", url=endpoint.url))
        elif config.members:
            failure = catalogue.failure(endpoint.name)
            unchecked = _(
                "Ids and prices at {url} are unchecked: {failure}",
                url=endpoint.url,
                failure=failure,
            )
            yield Finding(None, unchecked)


# By zero data retention and data collection.
_PASSED_ON = {
    (False, "deny"): N_(
        "Questions and answers go to {url}, which may pass them only to providers that do not "
        "store them (data_collection: deny)."
    ),
    (False, "allow"): N_(
        "Questions and answers go to {url}, which may pass them to any provider, to those that store "
        "them or train on them, too (data_collection: allow)."
    ),
    (True, "deny"): N_(
        "Questions and answers go to {url}, which may pass them only to providers that keep nothing "
        "(zdr: on, data_collection: deny)."
    ),
    (True, "allow"): N_(
        "Questions and answers go to {url}, which may pass them only to providers that keep nothing "
        "(zdr: on, data_collection: allow)."
    ),
}


def passed_on(url: str, routing: Routing) -> str:
    """To whom OpenRouter may pass what it gets."""
    return _(_PASSED_ON[routing.zdr, routing.data_collection], url=url)


def _goes_to(endpoint: EndpointSettings, routing: Routing) -> str:
    """What goes to whom."""
    if endpoint.openrouter:
        return passed_on(endpoint.url, routing)
    if is_private(endpoint.url):
        return _(
            "Questions and answers go to {url}, on this machine or in its own network.",
            url=endpoint.url,
        )
    return _(
        "Questions and answers go to {url}; what is kept of them there, its owner says.",
        url=endpoint.url,
    )


def _better_address(endpoint: EndpointSettings, better: str) -> Finding:
    variable = f"COUNCIL_ENDPOINTS={endpoint.name}" if endpoint.name else "COUNCIL_MODEL_URL"
    return Finding(
        False,
        _(
            "A model server answers at {better}, not at {url}: set {variable}={better}.",
            better=better,
            url=endpoint.url,
            variable=variable,
        ),
    )


async def _answering(endpoint: EndpointSettings) -> str:
    """The address on the same host that was probably meant; "" where none answers."""
    for url in _alternatives(endpoint.url):
        provider = HttpProvider([Endpoint("", url, endpoint.key, endpoint.openrouter)])
        try:
            if await provider.models():
                return url
        except ModelFailed:
            pass
        finally:
            await provider.aclose()
    return ""


def _alternatives(url: str) -> Iterator[str]:
    """Without the path of one call, and with the /v1 in which most bases end."""
    base = url
    for path in ("/chat/completions", "/completions", "/responses", "/models", "/api"):
        base = base.removesuffix(path)
    if base != url:
        yield base
    if not base.endswith("/v1"):
        yield f"{base}/v1"


def _seated(config: Config, settings: Settings, catalogue: Catalogue) -> Iterator[Finding]:
    members, chairman = seats_in_words(settings.members), settings.chairman
    if config.rehearsal:
        yield Finding(
            None,
            _(
                "No real model is set, so the members are simulated and answer nothing. For real "
                "ones set OPENROUTER_API_KEY (https://openrouter.ai/settings/keys), or "
                "COUNCIL_MODEL_URL to a server of your own, for example http://localhost:11434/v1."
            ),
        )
    yield Finding(
        None,
        _(
            "Seated where a channel chose nobody: {members}; chairman: {chairman}.",
            members=members,
            chairman=chairman,
        ),
    )
    models = tuple(dict.fromkeys((*settings.members, chairman)))
    listed = [model for model in models if not catalogue.missing(model)]
    if not config.rehearsal:
        yield from _unpriced(listed, catalogue)
        return
    for model in models:
        if model not in listed:
            yield _missing(model, catalogue)


def _missing(model: str, catalogue: Catalogue) -> Finding:
    hint = catalogue.did_you_mean(model)
    return Finding(False, _("{model} is not in the list of models.{hint}", model=model, hint=hint))


def _unpriced(models: Sequence[str], catalogue: Catalogue) -> Iterator[Finding]:
    """Models whose price nobody tells, and how they count."""
    free = [model for model in models if catalogue.is_counted_free(model)]
    if free:
        yield Finding(
            None,
            _(
                "No price is told for {models}: on a server at home they count as free. "
                "COUNCIL_UNKNOWN_PRICE changes that.",
                models=", ".join(free),
            ),
        )
    for model in models:
        if assumed := catalogue.max_price(model):
            prompt, completion = assumed
            yield Finding(
                None,
                _(
                    "Nobody tells the price of {model}: budgets count ${prompt:g} / "
                    "${completion:g} per million tokens. COUNCIL_UNKNOWN_PRICE changes that.",
                    model=model,
                    prompt=prompt,
                    completion=completion,
                ),
            )


@dataclass(frozen=True, slots=True)
class _Trials:
    """Each model, asked for one word."""

    config: Config
    provider: Provider
    catalogue: Catalogue
    ledger: Ledger
    tell: Tell

    async def make(self, settings: Settings) -> None:
        models = tuple(dict.fromkeys((*settings.members, settings.chairman)))
        most = sum(self._most(model) for model in models)
        if not await self.ledger.allows(most):
            kept = _(
                "The models were not asked for a word: that may cost ${usd:.4f}, and less is left "
                "of today's budget.",
                usd=most / 1e6,
            )
            self.tell(Finding(None, kept))
            return
        asking = _("Each model is asked for a word; one that has to be loaded takes its time.")
        if most:
            asking = _("Asking each model for a word costs ${usd:.4f} at most.", usd=most / 1e6)
        self.tell(Finding(None, asking))
        async with asyncio.TaskGroup() as group:
            trials = {model: group.create_task(self._trial(model)) for model in models}
        for finding in dict.fromkeys(trial.result()[0] for trial in trials.values()):
            self.tell(finding)
        self.tell(await self._booked({m: trial.result()[1] for m, trial in trials.items()}))

    async def _booked(self, spent: Mapping[str, Bill]) -> Finding:
        micros = bills.total(spent.values()).counted_micros
        usd = micros / 1e6
        if not micros:
            return Finding(None, _("Asking them cost nothing."))
        if await self.ledger.book(spent):
            return Finding(None, _("Asking them counts ${usd:.4f} of today's budget.", usd=usd))
        return Finding(
            None,
            _(
                "Asking them cost up to ${usd:.4f}, which no budget counts: the database cannot be "
                "written now.",
                usd=usd,
            ),
        )

    def _most(self, model: str) -> int:
        return word_micros(self.catalogue, model, TRIAL_TOKENS)

    async def _trial(self, model: str) -> tuple[Finding, Bill]:
        """What fails for a whole server is the same finding, whichever model was asked."""
        error, bill = await ask_for_a_word(
            self.provider,
            self.catalogue,
            model,
            tokens=TRIAL_TOKENS,
            seconds=Patience().scaled(self.config.time_scale).silence,
        )
        if error:
            return self._failed(model, error), bill
        answered = _("{model} answers.", model=model)
        if self.catalogue.missing(model):
            answered = _("{model} answers, though its server does not list it.", model=model)
        return Finding(True, answered), bill

    def _failed(self, model: str, error: ModelFailed) -> Finding:
        if error.kind == "timed_out":
            return Finding(False, _("{model} does not answer in time.", model=model))
        if error.kind in ("unauthorised", "unreachable"):
            url = self._url(model)
            told = _("No model at {url} can be asked: {error}", url=url, error=error)
            return Finding(False, told)
        if error.kind == "unknown_model" and self.catalogue.missing(model):
            return _missing(model, self.catalogue)
        return Finding(False, f"{model}: {error} ({error.kind})")

    def _url(self, model: str) -> str:
        urls = {endpoint.name: endpoint.url for endpoint in self.config.endpoints()}
        return urls.get(model.partition("/")[0]) or urls.get("", "")
