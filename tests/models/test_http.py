"""Models over HTTP, against the strict server on a real socket."""

import asyncio
import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidConfiguration, Kind, ModelFailed
from bot.llm import Message, ModelInfo, Request
from bot.models.event_stream import LIMIT_BYTES, EventReader
from bot.models.failures import Saying
from bot.models.http import Endpoint, HttpProvider
from bot.models.incoming import Incoming
from bot.models.model_lists import LIST_LIMIT_BYTES
from bot.models.terms import Routing
from tests.fakes.lab import ask, completion, failure, lab
from tests.fakes.model_server import Behaviour, ModelServer, Script

KEY = "sk-lab-0123456789abcdef"


# What goes well


async def test_an_answer_comes_whole_and_in_pieces() -> None:
    pieces: list[str] = []
    async with lab(Behaviour(text="Zwölf Boxkämpfer 🥊 jagen Viktor quer.")) as (provider, _):
        answer = await provider.complete(ask(), pieces.append)
    assert answer.text == "Zwölf Boxkämpfer 🥊 jagen Viktor quer."
    assert "".join(pieces) == answer.text
    assert len(pieces) > 1


async def test_usage_and_cost_come_as_the_provider_reported_them() -> None:
    answer = await completion(Behaviour(text="x" * 400), openrouter=True)
    assert answer.finish_reason == "stop"
    assert answer.completion_tokens == 100
    assert answer.prompt_tokens > 50
    assert answer.cost_micros is not None
    assert answer.cost_micros > 1000
    assert answer.generation_id == "gen-000001"


async def test_an_answer_without_usage_has_no_cost() -> None:
    answer = await completion(Behaviour(usage=False, cost=""))
    assert (answer.prompt_tokens, answer.completion_tokens, answer.cost_micros) == (0, 0, None)


async def test_the_cost_in_litellms_header_counts() -> None:
    assert (await completion(Behaviour(text="x" * 400, cost="header"))).cost_micros is not None


async def test_an_answer_that_is_no_stream_is_taken_as_well() -> None:
    pieces: list[str] = []
    async with lab(Behaviour("json", text="Yes.")) as (provider, _):
        answer = await provider.complete(ask(), pieces.append)
    assert (answer.text, pieces) == ("Yes.", ["Yes."])


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
async def test_reasoning_is_a_sign_of_work_and_no_text(name: Any) -> None:
    pieces: list[str] = []
    async with lab(Behaviour(text="Yes.", reasoning=name)) as (provider, _):
        answer = await provider.complete(ask(), pieces.append)
    assert answer.text == "Yes."
    assert pieces[0] == ""


async def test_keep_alives_are_no_sign_of_work() -> None:
    pieces: list[str] = []
    async with lab("hang_alive", openrouter=True) as (provider, server):
        call = asyncio.create_task(provider.complete(ask(), pieces.append))
        await server.until(lambda: len(server.requests) == 1)
        call.cancel()
        await asyncio.wait([call])
    assert pieces == []


async def test_cancelling_a_call_hangs_up() -> None:
    async with lab("hang") as (provider, server):
        call = asyncio.create_task(provider.complete(ask()))
        await server.until(lambda: len(server.requests) == 1)
        call.cancel()
        await server.until(lambda: server.requests[0].outcome == "left")
    assert call.cancelled()


async def test_a_stream_with_a_finish_reason_and_no_done_is_complete() -> None:
    assert (await completion(Behaviour("no_done", text="Yes."))).text == "Yes."


async def test_a_truncated_answer_keeps_its_text_and_says_so() -> None:
    answer = await completion(Behaviour("truncated", text="one two three four five six", after=1))
    assert (answer.text, answer.finish_reason) == ("one two three ", "length")


async def test_more_than_a_hundred_calls_run_at_once() -> None:
    async with lab("hang", models=("lab/b",)) as (provider, server):
        calls = [asyncio.create_task(provider.complete(ask())) for _ in range(150)]
        await server.until(lambda: len(server.requests) == 150)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)


async def test_half_a_character_is_replaced() -> None:
    done = await completion(Behaviour(do="json", text="half \ud83d of one"), require_stream=False)
    assert done.text == "half � of one"


def test_a_character_that_was_cut_in_two_is_whole_again() -> None:
    answer = Incoming(Saying((), ()), lambda piece: None)
    for half in (r"\ud83d", r"\ude00"):
        answer.take(b'{"choices": [{"delta": {"content": "%s"}}]}' % half.encode())
    assert answer.completion().text == "😀"


# What is sent


async def test_openrouter_gets_its_own_fields_and_headers() -> None:
    async with lab(openrouter=True) as (provider, server):
        await provider.complete(ask(effort="low"))
    received = server.requests[0]
    assert received.json["provider"] == {"data_collection": "deny"}
    assert received.json["session_id"] == "d1"
    assert received.json["metadata"] == {"call": "d1/answer/0/0"}
    assert received.json["reasoning"] == {"effort": "low"}
    assert received.headers["X-OpenRouter-Title"] == "Council"
    assert received.headers["X-OpenRouter-Cache-TTL"] == "86400"


async def test_others_get_standard_fields_only() -> None:
    async with lab() as (provider, server):
        await provider.complete(ask(effort="low"))
    assert sorted(server.requests[0].json) == [
        "max_completion_tokens",
        "messages",
        "model",
        "reasoning_effort",
        "stream",
        "stream_options",
    ]
    assert "X-OpenRouter-Title" not in server.requests[0].headers


async def test_nothing_is_asked_to_be_kept_under_zdr() -> None:
    async with lab(routing=Routing(zdr=True), openrouter=True) as (provider, server):
        assert provider.stored_body(ask()) is None
        await provider.complete(ask())
    assert "X-OpenRouter-Cache" not in server.requests[0].headers
    assert server.requests[0].json["provider"] == {"data_collection": "deny", "zdr": True}


async def test_providers_that_store_prompts_are_asked_only_where_somebody_says_so() -> None:
    async with lab(routing=Routing(data_collection="allow"), openrouter=True) as (provider, server):
        await provider.complete(ask())
    assert server.requests[0].json["provider"] == {"data_collection": "allow"}


async def test_a_repeat_of_the_stored_body_is_free() -> None:
    async with lab(openrouter=True) as (provider, server):
        first = await provider.complete(ask())
        body = provider.stored_body(ask())
        again = await provider.complete(
            Request(model="lab/a", messages=(), max_completion_tokens=1, tag="", body=body)
        )
    assert [r.outcome for r in server.requests] == ["ok", "hit"]
    assert again.text == first.text
    assert again.cost_micros == 0


async def test_another_call_with_the_same_words_is_no_repeat() -> None:
    async with lab(openrouter=True) as (provider, server):
        await provider.complete(ask(tag="d1/answer/0/0"))
        await provider.complete(ask(tag="d1/answer/0/1"))
    assert [r.outcome for r in server.requests] == ["ok", "ok"]


async def test_a_plain_endpoint_keeps_no_body() -> None:
    async with lab() as (provider, _):
        assert provider.stored_body(ask()) is None


async def test_a_price_that_nobody_may_exceed_goes_to_openrouter_alone() -> None:
    """It hands the request to no provider that asks more."""
    async with lab(openrouter=True) as (provider, server):
        await provider.complete(replace(ask(), max_price=(5.0, 25.0)))
        with pytest.raises(ModelFailed, match="match your max price"):
            await provider.complete(replace(ask(), max_price=(5.0, 1.0)))
        await provider.complete(ask())
    assert [request.json["provider"] for request in server.requests] == [
        {"data_collection": "deny", "max_price": {"prompt": 5.0, "completion": 25.0}},
        {"data_collection": "deny", "max_price": {"prompt": 5.0, "completion": 1.0}},
        {"data_collection": "deny"},
    ]
    async with lab() as (provider, server):
        await provider.complete(replace(ask(), max_price=(5.0, 25.0)))
    assert "provider" not in server.requests[0].json


async def test_half_a_surrogate_pair_is_sent_as_a_question_mark() -> None:
    request = Request("lab/a", (Message("user", "broken \ud83d emoji"),), 10, "d1/answer/0/0")
    async with lab() as (provider, server):
        await provider.complete(request)
    assert server.requests[0].json["messages"][0]["content"] == "broken ? emoji"


async def test_a_prefix_counts_only_if_it_is_an_endpoint() -> None:
    async with (
        ModelServer(models=("ollama/big", "openai/gpt")) as default,
        ModelServer(models=("llama3", "org/deep")) as ollama,
    ):
        provider = HttpProvider(
            [Endpoint("", default.url, default.key), Endpoint("ollama", ollama.url, ollama.key)]
        )
        for model in ("openai/gpt", "ollama/llama3", "ollama/org/deep"):
            await provider.complete(ask(model))
        await provider.aclose()
    assert default.asked() == ["openai/gpt"]
    assert ollama.asked() == ["llama3", "org/deep"]


async def test_a_model_without_an_endpoint_is_unknown() -> None:
    provider = HttpProvider([Endpoint("ollama", "http://127.0.0.1:9/v1")])
    assert provider.stored_body(ask("openai/gpt")) is None
    with pytest.raises(ModelFailed, match="no endpoint is configured") as caught:
        await provider.complete(ask("openai/gpt"))
    assert caught.value.kind == "unknown_model"
    await provider.aclose()


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ModelServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        provider = HttpProvider([Endpoint("", "http://models.test/v1", proxy.key)])
        await provider.complete(ask())
        await provider.aclose()
    assert proxy.requests[0].headers["Host"] == "models.test"


# What fails


FAILURES: list[tuple[str, Script, Kind, bool]] = [
    ("wrong key", "unauthorised", "unauthorised", False),
    ("no credit", "no_credit", "no_credit", False),
    ("too much in flight", "in_flight_budget", "rate_limited", True),
    (
        "in flight without a time to wait",
        Behaviour("status", status=402, message="in flight"),
        "no_credit",
        False,
    ),
    ("flagged", "moderated", "refused", False),
    ("the key's budget is spent", "budget_spent", "no_credit", False),
    ("a key without the right", Behaviour("status", status=403), "unauthorised", False),
    ("unknown", "unknown_model", "unknown_model", False),
    ("unknown to LiteLLM", "unknown_model_400", "unknown_model", False),
    (
        "unknown to OpenRouter",
        Behaviour("status", status=400, message="lab/a is not a valid model ID"),
        "unknown_model",
        False,
    ),
    (
        "a wrong key at LiteLLM",
        Behaviour("status", status=400, message="No connected db.", code="400"),
        "unauthorised",
        False,
    ),
    (
        "Azure's filter",
        Behaviour("status", status=400, code="content_filter"),
        "refused",
        False,
    ),
    ("rate limited", "rate_limited", "rate_limited", True),
    (
        "rate limited by LiteLLM",
        Behaviour("rate_limited", code="429"),
        "rate_limited",
        True,
    ),
    ("OpenAI's empty account", "quota", "no_credit", False),
    ("bad request", Behaviour("status", status=400), "server_error", False),
    ("too large", Behaviour("status", status=413), "server_error", False),
    ("unprocessable", Behaviour("status", status=422), "server_error", False),
    ("moved", Behaviour("status", status=302), "server_error", False),
    ("408", Behaviour("status", status=408), "timed_out", True),
    ("500", Behaviour("status", status=500), "server_error", True),
    ("502", Behaviour("status", status=502), "server_error", True),
    ("503", Behaviour("status", status=503), "server_error", True),
    ("504", Behaviour("status", status=504), "timed_out", True),
    ("524", Behaviour("status", status=524), "timed_out", True),
    ("529", Behaviour("status", status=529), "server_error", True),
    ("an error in a 200 body", "body_error", "server_error", True),
    ("a limit in a 200 body", Behaviour("body_error", code=429), "rate_limited", True),
    (
        "a limit by name in a 200 body",
        Behaviour("body_error", code="rate_limit_exceeded"),
        "rate_limited",
        True,
    ),
    ("an error in the stream", "stream_error", "server_error", True),
    (
        "a refusal in the stream",
        Behaviour("stream_error", code=403, message="flagged by moderation"),
        "refused",
        False,
    ),
    ("finish_reason error", "finish_error", "server_error", True),
    ("cut", "cut", "cut_off", True),
    ("cut before any text", Behaviour("cut", after=0), "cut_off", True),
    ("no end", "no_end", "cut_off", True),
    ("garbage", "garbage", "server_error", True),
    ("empty", "empty", "empty", True),
    ("only spaces", Behaviour(text=" \n"), "empty", True),
    ("only reasoning", "all_reasoning", "cut_off", False),
    ("filtered", "content_filter", "refused", False),
    ("refusal field", "refusal", "refused", False),
]


@pytest.mark.parametrize(
    ("script", "kind", "retryable"), [f[1:] for f in FAILURES], ids=[f[0] for f in FAILURES]
)
async def test_each_failure_has_its_kind(script: Script, kind: Kind, retryable: bool) -> None:
    error = await failure(script)
    assert (error.kind, error.retryable) == (kind, retryable)


COSTS: list[tuple[str, Script, bool, bool, bool]] = [
    # name, script, whether a use was reported, whether work had begun, whether it came whole
    ("refused with a status", "rate_limited", False, False, False),
    ("refused in a 200 body", "body_error", False, False, False),
    ("refused in a stream", Behaviour("stream_error", after=0), False, False, False),
    ("broken in the middle", "stream_error", False, True, False),
    ("cut in the middle", "cut", False, True, False),
    ("empty", "empty", True, True, True),
    ("only reasoning", "all_reasoning", True, True, True),
    ("filtered", "content_filter", True, True, True),
    ("empty, and its use untold", Behaviour("empty", usage=False, cost=""), False, True, True),
    (
        "empty, its cost in a header",
        Behaviour("empty", usage=False, cost="header"),
        True,
        True,
        True,
    ),
]


@pytest.mark.parametrize(
    ("script", "reported", "began", "whole"), [c[1:] for c in COSTS], ids=[c[0] for c in COSTS]
)
async def test_a_failure_says_what_it_cost_as_far_as_it_was_told(
    script: Script, reported: bool, began: bool, whole: bool
) -> None:
    error = await failure(script)
    assert (error.spent is not None, error.began, error.unusable) == (reported, began, whole)


async def test_an_empty_reply_costs_what_its_usage_says() -> None:
    error = await failure("empty")
    assert error.spent is not None
    assert error.spent.prompt_tokens > 50
    assert error.spent.completion_tokens > 10
    assert error.spent.cost_micros == pytest.approx(
        error.spent.prompt_tokens * 1.25 + error.spent.completion_tokens * 10, abs=1
    )


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    async with ModelServer() as server:
        url = server.url
    provider = HttpProvider([Endpoint("", url)])
    with pytest.raises(ModelFailed) as caught:
        await provider.complete(ask())
    await provider.aclose()
    assert (caught.value.kind, caught.value.retryable) == ("unreachable", True)


async def test_a_server_without_tls_is_unreachable_over_https_and_that_is_said() -> None:
    async with ModelServer() as server:
        provider = HttpProvider([Endpoint("", server.url.replace("http:", "https:"))])
        with pytest.raises(ModelFailed) as caught:
            await provider.complete(ask())
        await provider.aclose()
    assert (caught.value.kind, caught.value.retryable) == ("unreachable", False)
    assert "try it with http" in str(caught.value)


async def test_retry_after_in_seconds_is_handed_on() -> None:
    error = await failure(Behaviour("rate_limited", retry_after="2.5"))
    assert error.retry_after_seconds == 2.5


async def test_retry_after_as_a_date_is_handed_on() -> None:
    began = datetime.now(UTC)
    at = format_datetime(began + timedelta(seconds=90), usegmt=True)
    error = await failure(Behaviour("status", status=503, retry_after=at))
    passed = (datetime.now(UTC) - began).total_seconds()
    assert error.retry_after_seconds
    assert 89 - passed < error.retry_after_seconds <= 90  # a date is of whole seconds


@pytest.mark.parametrize("value", ["soon", "-5", "nan", "9" * 400])
async def test_a_senseless_retry_after_is_none(value: str) -> None:
    error = await failure(Behaviour("rate_limited", retry_after=value))
    assert error.retry_after_seconds is None


async def test_an_upstreams_time_to_wait_is_handed_on() -> None:
    error = await failure(Behaviour("body_error", code=429, retry_after="17"))
    assert error.retry_after_seconds == 17


async def test_reasoning_that_used_up_the_limit_is_named() -> None:
    assert "whole token limit on reasoning" in str(await failure("all_reasoning"))


async def test_the_upstream_providers_own_words_are_shown() -> None:
    assert str(await failure("body_error")).endswith("It said: upstream is overloaded")


async def test_a_providers_words_are_shortened_and_printable() -> None:
    message = "bad \x1b[31mnews\u202e\n\n" + "very " * 100
    error = str(await failure(Behaviour("status", status=500, message=message)))
    said = error.partition("It said: ")[2]
    assert said.startswith("bad [31mnews very very")
    assert len(said) == 200
    assert said.isprintable()


async def test_no_error_names_the_model() -> None:
    for script in ("unknown_model", "unknown_model_400"):
        assert "lab/a" not in str(await failure(script))


async def test_no_secret_leaves_in_an_error_or_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    message = f"Incorrect API key provided: {KEY}, nor sk-proj-abc*****xyz. Ask-me, task-force."
    error = await failure(Behaviour("status", status=401, message=message), key=KEY)
    assert str(error).endswith("provided: ***, nor *** Ask-me, task-force.")
    shown = repr(error) + caplog.text + repr(Endpoint("", "http://127.0.0.1/v1", KEY))
    assert KEY not in shown


async def test_an_endless_event_is_given_up() -> None:
    error = await failure(Behaviour(text="x" * (LIMIT_BYTES + 10)))
    assert (error.kind, error.retryable) == ("server_error", False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host/v1",
        "ftp://host/v1",
        "https://a:b@host/v1",
        "http://host:x/",
        "http://host:70000/",
        "https://host/v1?key=b",
    ],
)
def test_an_endpoint_needs_a_plain_url(url: str) -> None:
    with pytest.raises(InvalidConfiguration, match="needs a plain URL"):
        Endpoint("", url)


def test_a_key_that_no_header_can_carry_is_refused_unseen() -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        Endpoint("lab", "https://host/v1", "sk-abc\ndef")
    assert str(caught.value) == (
        "The endpoint lab has a key with spaces or special characters; copy it again."
    )


# Lists of models


async def test_openrouters_list_has_prices_and_sizes() -> None:
    async with lab(openrouter=True, models=()) as (provider, _):
        (model,) = await provider.models()
    assert model == ModelInfo(
        id="lab/a",
        name="Lab: A",
        context_tokens=128_000,
        max_completion_tokens=16_000,
        prompt_usd_per_million=1.25,
        completion_usd_per_million=10.0,
        created=1_760_000_000,
        sees=True,
    )


async def test_a_plain_list_has_only_ids() -> None:
    async with lab(models=()) as (provider, _):
        assert await provider.models() == (ModelInfo("lab/a"),)


async def test_a_list_is_read_to_its_last_page() -> None:
    async with lab(models=("b", "c", "d", "e"), page_size=2) as (provider, server):
        assert [model.id for model in await provider.models()] == ["b", "c", "d", "e", "lab/a"]
    assert server.list_requests == 3


async def test_malformed_silent_and_expired_entries_are_left_out() -> None:
    entries: list[Any] = [
        {"id": "good", "pricing": {"prompt": "NaN", "completion": "-1"}, "created": "x"},
        {"id": "soon", "expiration_date": "2999-01-01"},
        {"id": "over", "expiration_date": "2020-01-01"},
        {"id": "painter", "architecture": {"output_modalities": ["image"]}},
        {"id": 7},
        {"name": "nameless"},
        "text",
        None,
    ]
    async with lab(entries=entries) as (provider, _):
        assert await provider.models() == (ModelInfo("good"), ModelInfo("soon"))


LISTS: list[tuple[object, list[str]]] = [
    ([{"id": "m"}], ["m"]),
    (["m", "n"], ["m", "n"]),
    ({"models": [{"id": "m"}]}, ["m"]),
    ({"models": [{"model": "llama3:latest", "name": "llama3"}]}, ["llama3:latest"]),
    ({"data": {"models": [{"id": "m"}]}}, ["m"]),
    ({"success": True, "result": [{"id": "m"}]}, ["m"]),
    ({"object": "list", "data": []}, []),
    ([], []),
]


@pytest.mark.parametrize(("content", "ids"), LISTS)
async def test_lists_are_read_in_every_shape(content: object, ids: list[str]) -> None:
    async with lab(list_raw=json.dumps(content).encode()) as (provider, _):
        assert [model.id for model in await provider.models()] == ids


async def test_a_long_list_is_read() -> None:
    entries = [{"id": f"m{n}", "description": "x" * 10_000} for n in range(1_000)]
    async with lab(list_raw=json.dumps({"data": entries}).encode()) as (provider, _):
        assert len(await provider.models()) == 1_000


@pytest.mark.parametrize("body", [b"{}", b"7", b"null", b'{"data": {}}', b"<html>", b"", b"\xff"])
async def test_what_is_no_list_is_a_failure(body: bytes) -> None:
    async with lab(list_raw=body) as (provider, _):
        with pytest.raises(ModelFailed):
            await provider.models()


async def test_an_endless_list_is_given_up() -> None:
    async with lab(list_raw=b"[" + b" " * LIST_LIMIT_BYTES) as (provider, _):
        with pytest.raises(ModelFailed, match="more than any"):
            await provider.models()


@pytest.mark.parametrize("digits", [401, 4_000])
async def test_senseless_numbers_and_names_of_a_list_are_absent(digits: int) -> None:
    huge = int("9" * digits)
    entry = {
        "id": "m",
        "name": "\ud800x",
        "created": 1e300,
        "context_length": huge,
        "top_provider": {"max_completion_tokens": -5},
        "pricing": {"prompt": huge, "completion": "1e999999"},
    }
    others = [{"id": "\ud800"}, {"id": "a\nb"}, {"id": "i" * 5_000}, {"id": huge}]
    text = json.dumps({"data": [entry, *others]}).replace("9" * 4_000, "9" * 8_000)
    async with lab(list_raw=text.encode()) as (provider, _):
        assert await provider.models() == (ModelInfo("m", name="�x"),)


async def test_named_endpoints_prefix_their_models_and_one_that_is_down_takes_no_other_along(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with ModelServer(models=("llama3",)) as server:
        provider = HttpProvider(
            [
                Endpoint("", "http://127.0.0.1:9/v1", "sk-one"),
                Endpoint("ollama", server.url, server.key),
            ]
        )
        assert [model.id for model in await provider.models()] == ["ollama/llama3"]
        await provider.aclose()
    assert "No list of models from the endpoint ''" in caplog.text


async def test_a_list_that_cannot_be_had_says_why() -> None:
    async with ModelServer() as server:
        provider = HttpProvider([Endpoint("", server.url, "sk-wrong")])
        with pytest.raises(ModelFailed) as caught:
            await provider.models()
        await provider.aclose()
    assert caught.value.kind == "unauthorised"


@pytest.mark.parametrize(
    ("name", "told"),
    [("", "set COUNCIL_MODEL_KEY"), ("lab", "the endpoint lab wants a key; write ;key=NAME")],
)
async def test_a_server_that_wants_a_key_where_none_is_set_is_told_as_that(
    name: str, told: str
) -> None:
    async with ModelServer() as server:
        provider = HttpProvider([Endpoint(name, server.url)])
        with pytest.raises(ModelFailed, match=told) as listed:
            await provider.models_of(name)
        with pytest.raises(ModelFailed, match=told) as called:
            await provider.complete(ask(f"{name}/a".removeprefix("/")))
        await provider.aclose()
    assert listed.value.kind == called.value.kind == "unauthorised"
    assert "does not accept" not in str(called.value)


# Server-sent events


def events(stream: bytes, cuts: list[int]) -> list[bytes]:
    reader, start = EventReader(), 0
    found: list[bytes] = []
    for cut in [*sorted(cuts), len(stream)]:
        found += reader.feed(stream[start:cut])
        start = max(start, cut)
    return [*found, *reader.end()]


@given(
    texts=st.lists(st.text(), max_size=5),
    newline=st.sampled_from([b"\n", b"\r\n"]),
    space=st.sampled_from([b"", b" "]),
    cuts=st.lists(st.integers(0, 200), max_size=8),
)
def test_events_survive_any_cut_of_the_stream(
    texts: list[str], newline: bytes, space: bytes, cuts: list[int]
) -> None:
    payloads = [json.dumps({"t": text}, ensure_ascii=False).encode() for text in texts]
    stream = b"".join(
        b": alive" + newline * 2 + b"event: x" + newline + b"data:" + space + data + newline * 2
        for data in payloads
    )
    assert events(stream, [cut for cut in cuts if cut <= len(stream)]) == payloads


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_read_the_same_however_they_are_cut(stream: bytes, cuts: list[int]) -> None:
    assert events(stream, [cut for cut in cuts if cut <= len(stream)]) == events(stream, [])


def test_an_event_of_several_lines_is_one() -> None:
    assert events(b"data: a\ndata: b\n\ndata: [DONE]", []) == [b"a\nb", b"[DONE]"]


def test_an_event_without_end_is_refused() -> None:
    reader = EventReader()
    assert list(reader.feed(b"data: " + b"x" * (LIMIT_BYTES - 100))) == []
    with pytest.raises(ModelFailed, match="more than any answer"):
        list(reader.feed(b"x" * 100))
