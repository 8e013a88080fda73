"""The catalogue over real lists, kept lists and no lists."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.bills import Price
from bot.errors import InvalidConfiguration, ModelFailed, StoreFailed
from bot.llm import Completion, Message, ModelInfo, Request
from bot.models.catalogue import Catalogue
from bot.models.http import Endpoint, HttpProvider
from tests.fakes.model_server import ModelServer

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = 86_400


class Shelf:
    """Lists that survive a restart, in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[tuple[ModelInfo, ...], datetime]] = {}

    async def save_models(self, endpoint: str, models: Sequence[ModelInfo], at: datetime) -> None:
        self.kept[endpoint] = tuple(models), at

    async def cached_models(self, endpoint: str) -> tuple[tuple[ModelInfo, ...], datetime] | None:
        return self.kept.get(endpoint)


class Listing:
    """A provider that has a list, or none, and is never asked for text."""

    def __init__(self, *models: ModelInfo) -> None:
        self.list: tuple[ModelInfo, ...] | None = models
        self.asked = 0

    def stored_body(self, request: Request) -> bytes | None:
        raise AssertionError("the catalogue asks for no text")

    async def complete(self, request: Request, on_text: object = None) -> Completion:
        raise AssertionError("the catalogue asks for no text")

    async def models(self) -> tuple[ModelInfo, ...]:
        self.asked += 1
        if self.list is None:
            raise ModelFailed("unreachable", "the provider cannot be reached.", retryable=True)
        return self.list


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


def model(
    id: str,
    *,
    price: float | None = 10.0,
    age_days: int = 10,
    context: int = 200_000,
    name: str = "",
) -> ModelInfo:
    return ModelInfo(
        id=id,
        name=name,
        context_tokens=context,
        prompt_usd_per_million=None if price is None else price / 5,
        completion_usd_per_million=price,
        created=int(NOON.timestamp()) - age_days * DAY,
    )


async def loaded(*models: ModelInfo) -> Catalogue:
    catalogue = Catalogue(Listing(*models), Shelf(), now=Clock())
    await catalogue.load()
    return catalogue


# Lists, fresh and kept


async def test_a_list_is_asked_for_once_an_hour() -> None:
    provider, clock = Listing(model("lab/a")), Clock()
    catalogue = Catalogue(provider, Shelf(), now=clock)
    await catalogue.load()
    clock.time += timedelta(minutes=59)
    await catalogue.load()
    assert provider.asked == 1
    clock.time += timedelta(minutes=1)
    await catalogue.load()
    assert provider.asked == 2


async def test_a_restart_within_the_hour_asks_nobody() -> None:
    shelf, provider = Shelf(), Listing(model("lab/a"))
    await Catalogue(provider, shelf, now=Clock()).load()
    again = Catalogue(provider, shelf, now=Clock())
    await again.load()
    assert again.find("lab/a") == model("lab/a")
    assert provider.asked == 1


async def test_an_old_list_serves_while_the_provider_is_away(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shelf, provider, clock = Shelf(), Listing(model("lab/a")), Clock()
    await Catalogue(provider, shelf, now=clock).load()
    clock.time += timedelta(days=3)
    provider.list = None
    offline = Catalogue(provider, shelf, now=clock)
    await offline.load()
    assert offline.known
    assert offline.find("lab/a") == model("lab/a")
    assert "cannot be reached" in caplog.text


async def test_without_any_list_nothing_is_known_or_missing() -> None:
    provider = Listing()
    provider.list = None
    catalogue = Catalogue(provider, Shelf(), now=Clock())
    await catalogue.load()
    assert not catalogue.known
    assert catalogue.find("lab/a") is None
    assert not catalogue.missing("lab/a")
    assert catalogue.suggest("lab/a") == ()
    assert catalogue.search("") == ()


async def test_a_provider_that_is_away_is_not_asked_at_every_look() -> None:
    provider, clock = Listing(), Clock()
    provider.list = None
    catalogue = Catalogue(provider, Shelf(), now=clock)
    await catalogue.load()
    await catalogue.load()
    assert provider.asked == 1
    clock.time += timedelta(minutes=1)
    await catalogue.load()
    assert provider.asked == 2


async def test_an_endpoint_that_is_down_takes_no_other_along() -> None:
    async with ModelServer(models=("openai/gpt",), openrouter=True) as server:
        provider = HttpProvider(
            [Endpoint("", server.url, server.key), Endpoint("ollama", "http://127.0.0.1:9/v1")]
        )
        catalogue = Catalogue(provider, Shelf(), now=Clock())
        await catalogue.load()
        await provider.aclose()
    assert catalogue.price_label("openai/gpt") == "$1.25 / $10 per million tokens"
    assert catalogue.missing("openai/other")
    assert not catalogue.missing("ollama/llama3")


async def test_a_storage_that_is_away_is_told_as_such() -> None:
    class Away(Shelf):
        async def cached_models(self, endpoint: str) -> None:
            raise StoreFailed("The database cannot be reached.")

    with pytest.raises(StoreFailed, match="cannot be reached"):
        await Catalogue(Listing(), Away()).read()


async def test_each_endpoint_has_a_list_of_its_own() -> None:
    shelf = Shelf()
    async with ModelServer(models=("gpt",)) as default, ModelServer(models=("llama3",)) as ollama:
        provider = HttpProvider(
            [Endpoint("", default.url, default.key), Endpoint("ollama", ollama.url, ollama.key)]
        )
        catalogue = Catalogue(provider, shelf, now=Clock())
        await catalogue.load()
        await provider.aclose()
    assert catalogue.find("ollama/llama3") == ModelInfo("ollama/llama3")
    assert catalogue.missing("ollama/gpt")
    assert sorted(shelf.kept) == [f"={default.url}", f"ollama={ollama.url}"]


async def test_a_saved_list_is_not_used_for_another_server() -> None:
    shelf, here, there = Shelf(), Listing(model("built-in/a")), ModelServer(models=("lab/a",))
    await Catalogue(here, shelf, now=Clock()).load()
    async with there:
        provider = HttpProvider([Endpoint("", there.url, there.key)])
        catalogue = Catalogue(provider, shelf, now=Clock())
        await catalogue.load()
        await provider.aclose()
    assert catalogue.find("lab/a")
    assert catalogue.missing("built-in/a")


# Finding


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("openai/gpt5.1", "openai/gpt-5.1"),
        ("gpt-5.1", "openai/gpt-5.1"),
        ("google/gpt-5.1", "openai/gpt-5.1"),
        ("Anthropic/Claude-Sonet-4.5", "anthropic/claude-sonnet-4.5"),
    ],
)
async def test_a_slip_finds_the_model_that_was_meant(typed: str, meant: str) -> None:
    catalogue = await loaded(
        model("openai/gpt-5.1"), model("openai/gpt-5.1-mini"), model("anthropic/claude-sonnet-4.5")
    )
    assert catalogue.suggest(typed)[0] == meant


async def test_a_suggestion_out_of_a_hundred_thousand_models_stalls_nothing() -> None:
    many = [model(f"vendor-{n % 97}/some-open-model-{n}-instruct-awq") for n in range(100_000)]
    catalogue = await loaded(*many, model("openai/gpt-5.1"))
    for typed in ("openai/gtp-5.1", "some-open-model" * 40):
        began = time.process_time()
        suggested = catalogue.suggest(typed)
        assert time.process_time() - began < 2
        assert suggested[:1] == (("openai/gpt-5.1",) if "gtp" in typed else ())


async def test_nothing_alike_is_no_suggestion() -> None:
    assert (await loaded(model("openai/gpt-5.1"))).suggest("xyzzy") == ()


async def test_every_word_is_searched_in_ids_and_names_newest_first() -> None:
    catalogue = await loaded(
        model("openai/gpt-4", name="GPT-4", age_days=900),
        model("openai/gpt-5", name="GPT-5 Thinker", age_days=9),
        model("google/gemini", name="Gemini", age_days=1),
    )
    assert [m.id for m in catalogue.search("GPT")] == ["openai/gpt-5", "openai/gpt-4"]
    assert [m.id for m in catalogue.search("open thinker")] == ["openai/gpt-5"]
    assert [m.id for m in catalogue.search("", limit=1)] == ["google/gemini"]


# Money


async def test_cost_and_reservation_follow_the_prices() -> None:
    catalogue = await loaded(model("lab/a", price=10.0))
    assert catalogue.cost_micros("lab/a", 1000, 100) == 3000
    assert catalogue.price("lab/a") == Price(2.0, 10.0)


@pytest.mark.parametrize(
    ("url", "given", "assumed"),
    [
        ("https://models.example/v1", None, 3_500),
        ("http://8.8.8.8/v1", None, 3_500),
        ("http://localhost:11434/v1", None, 0),
        ("http://127.0.0.1:1/v1", None, 0),
        ("http://[::1]:1/v1", None, 0),
        ("http://192.168.1.7/v1", None, 0),
        ("http://100.64.3.2/v1", None, 0),
        ("http://ollama:11434/v1", None, 0),
        ("http://host.docker.internal/v1", None, 0),
        ("http://gpu.local/v1", None, 0),
        ("https://models.example/v1", (1.0, 2.0), 400),
        ("http://localhost/v1", (1.0, 2.0), 400),
        ("https://models.example/v1", (0.0, 0.0), 0),
    ],
)
async def test_a_model_without_a_price_counts_at_the_assumed_one(
    url: str, given: tuple[float, float] | None, assumed: int
) -> None:
    """Nothing at home, where electricity is not ours to count, unless somebody says a price."""
    provider = HttpProvider([Endpoint("", url), Endpoint("far", "https://far.example/v1")])
    catalogue = Catalogue(provider, Shelf(), unknown_price=given, now=Clock())
    await provider.aclose()

    assert catalogue.cost_micros("lab/z", 200, 100) is None
    assert catalogue.price("lab/z").known is False
    assert catalogue.price("lab/z").cost(200, 100) == assumed
    assert catalogue.price_label("lab/z") == "price unknown"
    assert (catalogue.max_price("lab/z") is None) == (assumed == 0)
    assert catalogue.price("far/z").cost(200, 100) == (3_500 if given is None else assumed)


async def test_a_listed_model_without_a_price_counts_like_one_that_is_not_listed() -> None:
    """A router's price is -1, which is none."""
    entries = [
        {"id": "lab/auto", "pricing": {"prompt": "-1", "completion": "-1"}},
        {"id": "lab/half", "pricing": {"prompt": "0.000001"}},
        {"id": "lab/odd", "pricing": {"prompt": "NaN", "completion": "1e400"}},
        {"id": "lab/free", "pricing": {"prompt": "0", "completion": "0"}},
    ]
    async with ModelServer(entries=entries) as server:
        provider = HttpProvider([Endpoint("", server.url, server.key)])
        catalogue = Catalogue(provider, Shelf(), unknown_price=(5.0, 25.0), now=Clock())
        await catalogue.load()
        await provider.aclose()
    counted = {entry["id"]: catalogue.price(str(entry["id"])).most(0, 100) for entry in entries}
    assert counted == {"lab/auto": 2500, "lab/half": 2500, "lab/odd": 2500, "lab/free": 0}
    # No provider of theirs may ask more than is reserved; nothing is asked of a price that is known.
    assert catalogue.max_price("lab/auto") == catalogue.max_price("lab/z") == (5.0, 25.0)
    assert catalogue.max_price("lab/free") is None


@pytest.mark.parametrize(
    ("prompt", "completion", "label"),
    [
        (1.25, 10.0, "$1.25 / $10 per million tokens"),
        (0.075, 0.3, "$0.075 / $0.3 per million tokens"),
        (0.0, 0.0, "free"),
        (None, 10.0, "price unknown"),
        (1.25, None, "price unknown"),
    ],
)
async def test_a_price_reads_like_this(
    prompt: float | None, completion: float | None, label: str
) -> None:
    info = ModelInfo("a", prompt_usd_per_million=prompt, completion_usd_per_million=completion)
    assert (await loaded(info)).price_label("a") == label


@pytest.mark.parametrize(
    ("unknown", "said"),
    [
        (None, "price unknown, counted as free"),
        ((5.0, 2.5), "price unknown, budgets count $5 / $2.5 per million tokens"),
    ],
)
async def test_a_price_in_full_says_what_it_means_that_nobody_knows_it(
    unknown: tuple[float, float] | None, said: str
) -> None:
    catalogue = Catalogue(
        Listing(model("lab/a", price=1.0)), Shelf(), unknown_price=unknown, now=Clock()
    )
    await catalogue.load()
    assert catalogue.price_in_full("lab/z") == said
    assert catalogue.price_in_full("lab/a") == catalogue.price_label("lab/a")


async def test_a_model_that_is_not_there_has_no_known_price() -> None:
    assert (await loaded()).price_label("lab/a") == "price unknown"


# The council nobody chose


async def test_the_default_council_is_five_vendors_flagships() -> None:
    catalogue = await loaded(
        model("deepseek/deepseek-v4", price=1.2),
        model("x-ai/grok-5", price=15),
        model("google/gemini-3-pro", price=12),
        model("google/gemini-3-flash", price=3),
        model("anthropic/claude-sonnet-5", price=15),
        model("anthropic/claude-opus-5", price=25),
        model("openai/gpt-6", price=10),
        model("openai/gpt-6-mini", price=2),
        model("mistralai/mistral-large", price=6),
    )
    assert catalogue.default_council() == (
        (
            "openai/gpt-6",
            "anthropic/claude-sonnet-5",
            "google/gemini-3-pro",
            "x-ai/grok-5",
        ),
        "deepseek/deepseek-v4",
    )


@pytest.mark.parametrize(
    "other",
    [
        model("openai/gpt-7:free", price=19),
        model("~openai/gpt-latest", price=19),
        model("openrouter/auto", price=19),
        model("openai/gpt-7-preview", price=19),
        model("openai/gpt-7-codex", price=19),
        model("openai/gpt-image-2", price=19),
        model("openai/text-embedding-4", price=19),
        model("openai/gpt-7-pro", price=120),
        model("openai/gpt-oss-free", price=0),
        model("openai/gpt-7-short", price=19, context=16_000),
        model("openai/gpt-4-turbo", price=19, age_days=400),
        model("openai/gpt-7-secret", price=None),
    ],
    ids=lambda m: m.id,
)
async def test_what_is_no_current_answering_model_gets_no_seat(other: ModelInfo) -> None:
    catalogue = await loaded(other, model("openai/gpt-6"))
    assert catalogue.default_council() == (("openai/gpt-6",), "openai/gpt-6")


async def test_unlisted_vendors_come_last_by_name() -> None:
    catalogue = await loaded(model("zeta/z"), model("acme/a"), model("qwen/qwen-max"))
    assert catalogue.default_council()[0] == ("qwen/qwen-max", "acme/a", "zeta/z")


async def test_the_newer_of_two_equally_dear_models_is_the_flagship() -> None:
    catalogue = await loaded(
        model("openai/gpt-5.2", age_days=30), model("openai/gpt-5.3", age_days=3)
    )
    assert catalogue.default_council()[1] == "openai/gpt-5.3"


async def test_no_candidate_at_all_asks_for_a_choice() -> None:
    with pytest.raises(InvalidConfiguration, match="COUNCIL_MEMBERS"):
        (await loaded()).default_council()


# Ids that no list writes


@pytest.mark.parametrize(
    "id",
    ["a/b", "a/b:nitro", "a/b:floor", "a/b:online", "llama3", "llama3:latest", "qwen3:8b", "c/d:free",
     "a/b@preset/brief"],
)  # fmt: skip
async def test_variants_and_untagged_ids_are_in_the_list(id: str) -> None:
    listed = (model("a/b"), model("llama3:latest"), model("qwen3:8b"), model("c/d:free"))
    catalogue = await loaded(*listed)
    assert not catalogue.missing(id)
    found = catalogue.find(id)
    assert found is not None
    assert found in listed


@pytest.mark.parametrize(
    "id", ["a/c", "a/c:nitro", "llama4", "qwen3", "c/d", "b:nitro", ":", "a/:x"]
)
async def test_other_ids_are_missing_all_the_same(id: str) -> None:
    catalogue = await loaded(model("a/b"), model("qwen3:8b"), model("c/d:free"))
    assert catalogue.missing(id)
    assert catalogue.find(id) is None


async def test_untagged_ids_of_a_named_endpoint_are_in_its_list() -> None:
    async with ModelServer(models=("llama3:latest",)) as server:
        provider = HttpProvider([Endpoint("ollama", server.url, server.key)])
        catalogue = Catalogue(provider, Shelf())
        await catalogue.load()
        await provider.aclose()
    assert not catalogue.missing("ollama/llama3")
    assert catalogue.missing("ollama/llama4")


async def test_sizes_of_a_kept_list_are_asked_for_after_a_restart() -> None:
    shelf = Shelf()
    entries = [{"id": "lab/a", "max_model_len": 4_096}]
    async with ModelServer(entries=entries) as server:
        for _ in range(2):
            provider = HttpProvider([Endpoint("", server.url, server.key)])
            await Catalogue(provider, shelf).load()
            await provider.complete(
                Request("lab/a", (Message("user", "Why?"),), 8_000, "d1/answer/0/0")
            )
            await provider.aclose()
    assert server.list_requests == 1
    assert [received.json["max_completion_tokens"] < 4_096 for received in server.requests] == [
        True,
        True,
    ]
