"""Each failure has its kind and a sentence that helps, whatever shape the server reports it in."""

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidConfiguration, Kind, ModelFailed
from bot.models.failures import Saying, failure_of
from bot.models.http import Endpoint, HttpProvider
from bot.models.reports import report_of
from bot.models.terms import Terms
from bot.models.thoughts import without_thoughts
from tests.fakes.lab import ask, failure, raw
from tests.fakes.model_server import Behaviour, ModelServer

SELF_SIGNED = Path(__file__).parents[1] / "fakes" / "self_signed.pem"


def told(status: int, body: object, **headers: str) -> Behaviour:
    text = body if isinstance(body, str) else json.dumps(body)
    script = raw(text, status=status, Content_Type="application/json")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(script, headers={**script.headers, **named})


def error(message: str, **more: object) -> dict[str, object]:
    return {"error": {"message": message, **more}}


KINDS: list[tuple[int, object, Kind, bool]] = [
    (403, {"code": "x", "error": "Content violates usage guidelines"}, "refused", False),
    (400, error("x", code="content_policy_violation"), "refused", False),
    (400, error("The response was filtered", code="content_filter"), "refused", False),
    (400, {"code": "data_inspection_failed", "message": "Input may be unfit"}, "refused", False),
    (500, error("Blocked by our content filter"), "refused", False),
    (403, {"error": "Your team doesn't have any credits yet."}, "no_credit", False),
    (400, error("Your credit balance is too low to access the API."), "no_credit", False),
    (400, error("x", code="billing_hard_limit_reached"), "no_credit", False),
    (402, error("Insufficient Balance"), "no_credit", False),
    (429, error("You exceeded your current quota, please check your plan"), "no_credit", False),
    (400, {"code": "Arrearage", "message": "Access denied"}, "no_credit", False),
    (400, [error("API key not valid. Please pass a valid API key.", code=400)], "unauthorised", False),
    (400, error("Incorrect API key provided"), "unauthorised", False),
    (403, error("x", type="authentication_error"), "unauthorised", False),
    (401, "plain words", "unauthorised", False),
    (404, error("The model `m` does not exist or you do not have access to it."), "unknown_model",
     False),
    (404, {"error": "model 'm' not found, try pulling it first"}, "unknown_model", False),
    (404, "model not found", "unknown_model", False),
    (400, error("The model `m` has been decommissioned"), "unknown_model", False),
    (404, "404 page not found", "unreachable", False),
    (404, {"detail": "Not Found"}, "unreachable", False),
    (404, {"status": 404, "error": "Not Found", "path": "/chat/completions"}, "unreachable", False),
    (404, error("Invalid URL (POST /chat/completions)"), "unreachable", False),
    (404, "<!DOCTYPE html><pre>Cannot POST /chat/completions</pre>", "unreachable", False),
    (405, {"detail": "Method Not Allowed"}, "unreachable", False),
    (404, "", "unreachable", False),
    (400, error("Rate limit reached for requests"), "rate_limited", True),
    (429, "slow down", "rate_limited", True),
    (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
     "server_error", True),
    (502, "<html><h1>502 Bad Gateway</h1></html>", "server_error", True),
    (503, "no healthy upstream", "server_error", True),
    (400, error("Something is odd"), "server_error", False),
    (400, {}, "server_error", False),
    (400, [], "server_error", False),
    (400, [1, [2]], "server_error", False),
    (400, {"error": None, "message": None, "detail": None}, "server_error", False),
    (500, {"error": [{"message": {"a": ["deep", {"b": "words"}]}}]}, "server_error", True),
    (400, {"error": 7}, "server_error", False),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "retryable"), KINDS)
async def test_words_and_codes_decide_where_the_status_misleads(
    status: int, body: object, kind: Kind, retryable: bool
) -> None:
    caught = await failure(told(status, body))
    assert (caught.kind, caught.retryable, caught.began) == (kind, retryable, False)


WORDS: list[tuple[object, str]] = [
    ([error("API key not valid")], "API key not valid"),
    ({"error": "Content violates usage guidelines"}, "Content violates usage guidelines"),
    ({"detail": [{"loc": ["body", "x"], "msg": "not permitted"}]}, "body x not permitted"),
    ({"detail": "Only words"}, "Only words"),
    ({"message": "Only words"}, "Only words"),
    ({"errors": [{"message": "Only words"}]}, "Only words"),
    ("Only words", "Only words"),
    (error("Provider returned error", metadata={"raw": "upstream's"}), "upstream's"),
    (error("Provider returned error", metadata={"raw": '{"error":{"message":"inner"}}'}), "inner"),
]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        # Ollama
        ('model "vendor/name" not found, try pulling it first',
         "this model not found, try pulling it first"),
        ("model 'name:latest' not found", "this model not found"),
        # OpenAI, vLLM
        ("The model `vendor/name` does not exist.", "This model does not exist."),
        ("The requested model vendor/name is gone", "This model is gone"),
        # OpenRouter
        ("vendor/name is not a valid model ID", "this model is not a valid model ID"),
        ("No endpoints found for vendor/name.", "No endpoints found for this model."),
        ("model name vendor/name: unknown", "this model: unknown"),
        ("The model that you named is renamed: a model", "The model that you named is renamed: a model"),
    ],
)  # fmt: skip
def test_a_model_is_named_this_model_once(message: str, words: str) -> None:
    assert Saying((), ("vendor/name", "name")).of(message) == words


@pytest.mark.parametrize(("body", "words"), WORDS)
async def test_the_servers_own_words_are_shown(body: object, words: str) -> None:
    assert str(await failure(told(400, body))).endswith(f"It said: {words}")


# Addresses


@pytest.mark.parametrize(
    "script", [told(404, "404 page not found"), raw("<html>", Content_Type="text/html")]
)
async def test_a_wrong_address_says_what_it_should_look_like(script: Behaviour) -> None:
    assert "ends like https://host/v1" in str(await failure(script))


async def test_a_firewalls_page_is_not_blamed_on_the_key() -> None:
    caught = await failure(raw("<html>Attention Required!</html>", status=403))
    assert "firewall" in str(caught)
    assert "key" not in str(caught)


async def test_an_address_without_its_path_says_so_for_the_list_too() -> None:
    async with ModelServer() as server:
        provider = HttpProvider([Endpoint("", server.url.removesuffix("/v1"), server.key)])
        for asking in (provider.complete(ask()), provider.models()):
            with pytest.raises(ModelFailed, match="ends like https://host/v1"):
                await asking
        await provider.aclose()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_within_the_host_is_followed_with_the_key(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with ModelServer(redirect=(status, "/v1/")) as server:
        provider = HttpProvider([Endpoint("", server.url.replace("/v1", "/old"), server.key)])
        assert (await provider.complete(ask())).text
        assert await provider.models()
        await provider.aclose()
    assert caplog.text.count("sends every request on to") == 1
    assert [headers["Authorization"] for headers in server.redirected] == [
        f"Bearer {server.key}"
    ] * 2


@pytest.mark.parametrize("place", ["http://127.0.0.2:9/v1/", "http://elsewhere.test/", "ftp://x/"])
async def test_a_redirect_to_another_host_is_named_and_gets_no_key(place: str) -> None:
    async with ModelServer(redirect=(308, place)) as server:
        provider = HttpProvider([Endpoint("", server.url.replace("/v1", "/old"), server.key)])
        for asking in (provider.complete(ask()), provider.models()):
            with pytest.raises(ModelFailed) as caught:
                await asking
            assert caught.value.kind == "unreachable"
            assert place.partition("/v1")[0].rstrip("/") in str(caught.value)
        await provider.aclose()


async def test_another_port_of_the_host_is_another_server() -> None:
    async with ModelServer() as thief, ModelServer(redirect=(307, f"{thief.url}/")) as server:
        provider = HttpProvider([Endpoint("", server.url.replace("/v1", "/old"), server.key)])
        with pytest.raises(ModelFailed, match="gets no key"):
            await provider.complete(ask())
        await provider.aclose()
    assert (thief.requests, thief.refused) == ([], [])


@pytest.mark.parametrize("place", ["/old/", ""])
async def test_a_redirect_in_a_circle_or_to_nowhere_ends(place: str) -> None:
    async with ModelServer(redirect=(308, place)) as server:
        provider = HttpProvider([Endpoint("", server.url.replace("/v1", "/old"), server.key)])
        with pytest.raises(ModelFailed, match="https://host/v1"):
            await provider.complete(ask())
        await provider.aclose()


# What is no HTTP

OK = b"HTTP/1.1 200 OK\r\n"
JUNK = [
    b"",
    b"junk\r\n\r\n",
    b"SSH-2.0-OpenSSH\r\n",
    b"\x15\x03\x03\x00\x02\x02P",
    b"HTTP/1.1 9999 X\r\n\r\n",
    b"HTTP/1.1 abc OK\r\n\r\n",
    b"HTTP/2.0 200 OK\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
    b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    b"HTTP/1.1 204 No\r\n\r\n",
    OK + b"Content-Length: -5\r\n\r\n",
    OK + b"Content-Length: 50\r\n\r\n{}",
    OK + b"Content-Length: 5\r\nContent-Length: 9\r\n\r\n{}   ",
    OK + b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\n",
    OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
    OK + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
    OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
    OK + b"Set-Cookie: \xff=\x00; a\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 429 X\r\nRetry-After: \xff\xff\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 308 X\r\nLocation: \xff\xfe://\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 308 X\r\nLocation: mailto:x\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 308 X\r\nLocation: http://a:99999/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 308 X\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 308 X\r\nLocation: " + b"/x" * 3_000 + b"\r\nContent-Length: 0\r\n\r\n",
]


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: junk[:30].decode("latin-1"))
async def test_what_is_no_http_is_a_failure_like_any_other(junk: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(junk)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        provider = HttpProvider([Endpoint("", f"http://127.0.0.1:{port}/v1")])
        for asking in (provider.complete(ask()), provider.models()):
            with pytest.raises(ModelFailed) as caught:
                await asking
            assert str(caught.value).encode()
        await provider.aclose()


# Certificates


def self_signed() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(SELF_SIGNED)
    return context


async def test_a_certificate_that_is_not_trusted_is_named_with_the_way_to_trust_it() -> None:
    async with ModelServer(tls=self_signed()) as server:
        provider = HttpProvider([Endpoint("", server.url, server.key)])
        for asking in (provider.complete(ask()), provider.models()):
            with pytest.raises(
                ModelFailed, match=r"certificate is not trusted.*SSL_CERT_FILE"
            ) as caught:
                await asking
            assert (caught.value.kind, caught.value.retryable) == ("unreachable", False)
        await provider.aclose()


async def test_a_certificate_in_the_named_file_is_trusted_beside_the_public_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(SELF_SIGNED))
    async with ModelServer(tls=self_signed()) as server:
        provider = HttpProvider([Endpoint("", server.url, server.key)])
        assert (await provider.complete(ask())).text
        await provider.aclose()


def test_a_file_of_certificates_that_is_not_there_is_a_problem_of_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/at/all.pem")
    with pytest.raises(InvalidConfiguration, match="SSL_CERT_FILE"):
        HttpProvider([])


# Policies and waits


@pytest.mark.parametrize(
    "message",
    [
        "No endpoints found matching your data policy",
        "No endpoints found matching your data policy (Paid model training). Configure: "
        "https://openrouter.ai/settings/privacy",
        "No endpoints available matching your guardrail restrictions and data policy.",
    ],
)
async def test_a_data_policy_is_named_with_the_setting_that_causes_it(message: str) -> None:
    caught = await failure(told(404, error(message, code=404)), openrouter=True)
    assert "`data_collection: deny`" in str(caught)
    assert "openrouter.ai/settings/privacy" in str(caught)
    assert not caught.retryable


WAITS: list[tuple[object, dict[str, str], float | None]] = [
    (error("x", details=[{"retryDelay": "2s"}]), {}, 2),
    ([error("x", details=[{"@type": "Help"}, {"retryDelay": "2.5s"}])], {}, 2.5),
    (error("You exceeded your current quota", details=[{"retryDelay": "2s"}]), {}, 2),
    (error("x"), {"Retry_After": "1m30s"}, 90),
    (error("x"), {"Retry_After": "1h"}, 3_600),
    (error("x"), {"Retry_After": " 3 "}, 3),
    (error("x"), {"retry_after_ms": "1500", "Retry_After": "2"}, 1.5),
    (error("x"), {"Retry_After": "999999999"}, 86_400),
    (error("Rate limit reached. Please try again in 7m12.5s."), {}, 432.5),
    (error("Please try again in 350ms"), {}, 0.35),
    (error("Please retry after 20 seconds."), {}, 20),
    (error("Try again in 2 minutes"), {}, 120),
    (error("x", metadata={"retry_after_seconds": 17}), {}, 17),
    (error("x", retry_after=4.0), {}, 4),
    (error("x", details=[{"retryDelay": "soon"}]), {"Retry_After": "later"}, None),
    (error("x", details=[{"retryDelay": 10**400}]), {}, None),
]


@pytest.mark.parametrize(("body", "headers", "seconds"), WAITS)
async def test_the_stated_wait_is_kept(
    body: object, headers: dict[str, str], seconds: float | None
) -> None:
    caught = await failure(told(429, body, **headers))
    assert (caught.kind, caught.retryable) == ("rate_limited", True)
    assert caught.retry_after_seconds == pytest.approx(seconds)


def test_a_date_far_away_is_no_wait_of_years() -> None:
    far = format_datetime(datetime.now(UTC) + timedelta(days=4_000), usegmt=True)
    wait = report_of(429, b"{}", {"Retry-After": far}).wait_seconds
    assert wait == 86_400


# For any words

BOMBS: list[Callable[[int], str]] = [
    lambda n: "!" * n,
    lambda n: "." * n,
    lambda n: " " * n,
    lambda n: "1" * n,
    lambda n: "1," * n,
    lambda n: "model " * (n // 6),
    lambda n: "tokens exceed " * (n // 14),
    lambda n: "try again in " * (n // 13),
    lambda n: "max_tokens " * (n // 11),
    lambda n: "context length is " * (n // 18),
    lambda n: "violates " * (n // 9),
    lambda n: "role system " * (n // 12),
    lambda n: "<think>" * (n // 7),
    lambda n: "<think>\n" * (n // 8),
    lambda n: "</think>" * (n // 8),
    lambda n: "x\n<think>y</think>\n" * (n // 19),
    lambda n: "```\n<think>\n" * (n // 12),
    lambda n: "<|channel|>analysis" * (n // 19),
    lambda n: "[" * n,
    lambda n: '{"error":' * (n // 9),
    lambda n: "sk-" * (n // 3),
    lambda n: "\ud800" * n,
]


@pytest.mark.parametrize("bomb", range(len(BOMBS)))
def test_no_text_stalls_a_reader(bomb: int) -> None:
    text = BOMBS[bomb](100_000)
    body = json.dumps(error(text, code=text, param=text)).encode()
    began = time.process_time()
    for one in (body, text.encode("utf-8", "replace")):
        report = report_of(400, one, {"Retry-After": text, "retry-after-ms": text})
        failure_of(report, Saying(("key",), ("lab/a",))).args  # noqa: B018  # read for its time
        Terms().adapted(report, ask())
    without_thoughts(text)
    assert time.process_time() - began < 1


@given(st.integers(400, 599), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["error", "message", "code", "detail", "details", "metadata", "loc", "param"]),
        inner,
        max_size=4,
    ),
    max_leaves=12,
))  # fmt: skip
def test_any_report_is_a_failure(status: int, content: Any) -> None:
    caught = failure_of(report_of(status, json.dumps(content).encode(), {}), Saying((), ()))
    assert str(caught)
    str(caught).encode()
