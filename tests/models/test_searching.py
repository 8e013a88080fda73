"""The web search that OpenRouter runs: asked for where there is one, within limits, its sources read."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ModelFailed
from bot.llm import Source
from bot.models.http import Endpoint, HttpProvider
from bot.models.searching import sources_in
from bot.models.terms import Routing
from tests.fakes.lab import ask, lab, raw
from tests.fakes.model_server import SEARCH_MICROS, Behaviour, ModelServer
from tests.fakes.refusals import SEARCHES, Refusal

SEARCHING = replace(ask(), searches=1)
PAGE = {
    "type": "url_citation",
    "url_citation": {
        "url": "https://news.example/today?utm_source=lab&id=3#top",
        "title": "Today",
        "content": "It rained.\n[...]\nIt rains.",
        "start_index": 0,
        "end_index": 9,
    },
}
FOUND = Source("https://news.example/today?id=3", 26)


async def test_one_search_of_few_pages_is_allowed_and_its_sources_come_back() -> None:
    script = Behaviour(text="It rains today.", annotations=(PAGE,), searches=1)
    async with lab(script, openrouter=True) as (provider, server):
        plain = await provider.complete(ask())
        found = await provider.complete(SEARCHING)

    assert (plain.sources, found.sources) == (None, (FOUND,))
    first, second = (request.json for request in server.requests)
    assert "tools" not in first
    assert second["max_tool_calls"] == 1
    assert second["tools"] == [
        {
            "type": "openrouter:web_search",
            "parameters": {
                "engine": "exa",
                "max_uses": 1,
                "max_results": 5,
                "max_total_results": 5,
                "max_characters": 2_000,
            },
        }
    ]
    assert found.cost_micros is not None
    assert found.cost_micros >= SEARCH_MICROS


@pytest.mark.parametrize("annotated", ["between", "repeated", "last", "late"])
async def test_sources_come_in_any_event(annotated: Any) -> None:
    script = Behaviour(
        text="one two three four five six seven", annotations=(PAGE,), annotated=annotated
    )
    async with lab(script, openrouter=True) as (provider, _):
        answer = await provider.complete(SEARCHING)
    assert answer.text == "one two three four five six seven"
    assert answer.sources == (FOUND,)
    assert answer.cost_micros is not None


async def test_sources_come_in_a_whole_answer() -> None:
    script = Behaviour("json", text="Yes.", annotations=(PAGE,))
    async with lab(script, openrouter=True) as (provider, _):
        assert (await provider.complete(SEARCHING)).sources == (FOUND,)


async def test_the_search_goes_on_behind_its_own_finish_reason() -> None:
    events = (
        '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"s1"}]}}]}',
        '{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}',
        '{"choices":[{"index":0,"delta":{"content":"Yes."},"finish_reason":null}]}',
        '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
        "[DONE]",
    )
    signs: list[str] = []
    script = raw(*(f"data: {event}\n\n" for event in events))
    async with lab(script, openrouter=True) as (provider, _):
        answer = await provider.complete(SEARCHING, signs.append)
    assert (answer.text, answer.finish_reason) == ("Yes.", "stop")
    assert signs[0] == ""


async def test_a_model_that_takes_no_tools_answers_without_a_search_from_then_on() -> None:
    async with lab("ok", openrouter=True, toolless=("lab/a",)) as (provider, server):
        assert (await provider.complete(SEARCHING)).text
        assert (await provider.complete(replace(SEARCHING, tag="d2/answer/0/0"))).text
    assert [request.outcome for request in server.requests] == ["no_tools", "ok", "ok"]
    assert "max_tool_calls" not in server.requests[1].json


@pytest.mark.parametrize("style", sorted(SEARCHES))
async def test_who_is_forbidden_to_search_is_answered_without(style: str) -> None:
    refusal = Refusal("search", style)
    async with lab("ok", openrouter=True, refusals=[refusal]) as (provider, server):
        answer = await provider.complete(SEARCHING)
        body = provider.stored_body(replace(SEARCHING, tag="d2/answer/0/0"))
    assert answer.sources is None
    assert [request.outcome for request in server.requests] == ["refused_form", "ok"]
    assert b"web_search" not in (body or b"")


async def test_a_refused_key_is_not_asked_again_without_a_search() -> None:
    refused = raw('{"error":{"code":403,"message":"Forbidden"}}', status=403)
    async with lab(refused, openrouter=True) as (provider, server):
        with pytest.raises(ModelFailed):
            await provider.complete(SEARCHING)
    assert len(server.requests) == 1


async def test_within_one_region_nothing_is_searched() -> None:
    """A search would leave it; what is kept for a repeat asks for none, either."""
    eu = HttpProvider([Endpoint("", "https://eu.openrouter.ai/api/v1", "sk-1", openrouter=True)])
    assert eu.search_usd("lab/a") is None
    assert b"web_search" not in (eu.stored_body(SEARCHING) or b"web_search")
    await eu.aclose()


async def test_what_is_found_has_room_beside_the_answer() -> None:
    """10,000 characters are about 3,334 tokens."""
    entry = {"id": "lab/a", "context_length": 8_192, "top_provider": {}}
    async with lab("ok", openrouter=True, entries=[entry]) as (provider, server):
        await provider.models()
        await provider.complete(replace(ask(tokens=9_000), tag="d1/answer/0/0"))
        await provider.complete(replace(SEARCHING, max_completion_tokens=9_000))
    plain, searching = (r.json["max_completion_tokens"] for r in server.requests)
    assert 3_333 <= plain - searching <= 3_334


async def test_a_server_of_ones_own_is_asked_for_no_search() -> None:
    async with lab(Behaviour(text="Yes.", annotations=(PAGE,))) as (provider, server):
        answer = await provider.complete(SEARCHING)
        assert provider.search_usd("lab/a") is None
    assert answer.sources is None
    assert server.refused == []
    assert "tools" not in server.requests[0].json


async def test_zero_data_retention_allows_no_search() -> None:
    async with lab("ok", openrouter=True, routing=Routing(zdr=True)) as (provider, server):
        await provider.complete(SEARCHING)
        assert provider.search_usd("lab/a") is None
    assert "tools" not in server.requests[0].json


async def test_only_models_of_openrouter_have_a_price_of_a_search() -> None:
    async with ModelServer(openrouter=True) as server:
        provider = HttpProvider(
            [
                Endpoint("", server.url, server.key, openrouter=True),
                Endpoint("own", server.url, server.key),
            ]
        )
        assert provider.search_usd("lab/a") == 0.007
        assert provider.search_usd("own/lab/a") is None
        await provider.aclose()


async def test_a_repeat_of_a_search_after_a_crash_is_the_same_request() -> None:
    async with lab("ok", openrouter=True) as (provider, server):
        await provider.complete(SEARCHING)
        body = provider.stored_body(SEARCHING)
        await provider.complete(replace(SEARCHING, body=body))
    assert [request.outcome for request in server.requests] == ["ok", "hit"]


def cited(url: object, **more: object) -> list[object]:
    return [{"type": "url_citation", "url_citation": {"url": url, **more}}]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://a.example/",
        "//a.example",
        "/only/a/path",
        "https://",
        "https://user:secret@a.example/",
        "https://user@a.example/",
        "https://a.example:99999/",
        "https://[::1",
        "https://a.example/" + "x" * 600,
        "https://a.example/\nhttps://b.example",
        "https://a.example/\u202egnp.exe",
        "",
        None,
        7,
        ["https://a.example"],
    ],
)
def test_what_is_no_plain_address_of_the_web_is_no_source(url: object) -> None:
    assert list(sources_in(cited(url))) == []


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://a.example", "https://a.example"),
        ("HTTPS://A.EXAMPLE/B", "https://a.example/B"),
        ("https://a.example/#:~:text=x", "https://a.example/"),
        ("https://a.example/?UTM_Source=b&q=1", "https://a.example/?q=1"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("https://a.example/<!channel>", "https://a.example/%3C!channel%3E"),
        ("https://a.example/<@U123>|x", "https://a.example/%3C@U123%3E%7Cx"),
        ("https://a.example/`x`", "https://a.example/%60x%60"),
    ],
)
def test_an_address_is_written_so_that_nothing_of_it_is_more_than_one(url: str, plain: str) -> None:
    assert [source.url for source in sources_in(cited(url))] == [plain]


def test_an_annotation_without_its_frame_is_read_and_other_kinds_are_not() -> None:
    flat = {"type": "url_citation", "url": "https://a.example/", "content": "abc"}
    assert list(sources_in([flat, {**flat, "type": "file"}])) == [Source("https://a.example/", 3)]


_NAMES = ("type", "url_citation", "url", "content", "title")
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.just("url_citation"),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(_NAMES) | st.text(), inner),
)


@given(anything)
def test_for_anything_that_is_sent_there_is_no_failure(annotations: object) -> None:
    for source in sources_in(annotations):
        assert source.url.startswith(("http://", "https://"))


@given(st.text())
def test_no_address_that_is_kept_breaks_out_of_its_place(path: str) -> None:
    for source in sources_in(cited(f"https://a.example/{path}")):
        assert source.url.isascii()
        assert not set(source.url) & set("<>`\\ \n")
