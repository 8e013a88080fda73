"""What an endpoint's model takes: put right at the first refusal, remembered for the next call."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ModelFailed
from bot.llm import ModelInfo
from bot.models.reports import report_of
from bot.models.terms import KnownTerms, Terms
from tests.fakes.lab import QUESTION, SYSTEM, ask, lab, raw
from tests.fakes.model_server import Behaviour
from tests.fakes.refusals import COMPLETIONS, FIELDS, LENGTHS, MISSING, SYSTEMS, Refusal, cap_of

OPTIONAL = ["max_completion_tokens", "stream_options", "reasoning_effort"]


async def asked(*refusals: Refusal, calls: int = 2, **options: Any) -> list[dict[str, Any]]:
    """The bodies of the requests that so many calls made; each is answered."""
    tokens = options.pop("tokens", 8_000)
    question = options.pop("question", QUESTION)
    async with lab(refusals=refusals, require_stream=False, **options) as (provider, server):
        for _ in range(calls):
            request = ask(effort="high", tokens=tokens, question=question)
            assert (await provider.complete(request)).text
    assert server.refused == []
    return [received.json for received in server.requests]


@pytest.mark.parametrize("name", OPTIONAL)
@pytest.mark.parametrize("style", sorted(FIELDS))
async def test_a_refused_field_is_left_out_at_once_and_from_then_on(style: str, name: str) -> None:
    bodies = await asked(Refusal("field", style, name))
    assert len(bodies) == 3
    first, second, later = bodies
    assert name in first
    assert name not in second
    assert later == second
    if name == "max_completion_tokens":
        assert second["max_tokens"] == 8_000
    assert set(first) - {name} <= set(second)


async def test_several_refused_fields_are_found_one_after_the_other() -> None:
    bodies = await asked(
        *(Refusal("field", "pydantic", name) for name in OPTIONAL), Refusal("system", "vllm")
    )
    assert len(bodies) == 6
    assert sorted(bodies[-1]) == ["max_tokens", "messages", "model", "stream"]


@pytest.mark.parametrize("style", sorted(MISSING))
async def test_a_server_that_wants_max_tokens_gets_them(style: str) -> None:
    bodies = await asked(Refusal("missing", style, "max_tokens"))
    assert [("max_tokens" in body, "max_completion_tokens" in body) for body in bodies] == [
        (False, True),
        (True, False),
        (True, False),
    ]


async def test_a_model_that_does_not_stream_is_asked_for_a_whole_answer() -> None:
    refusal = Behaviour(
        "status",
        status=400,
        code="unsupported_value",
        message="Your organization must be verified to stream this model.",
    )
    async with lab([refusal, Behaviour("json", text="42")], require_stream=False) as (
        provider,
        server,
    ):
        assert (await provider.complete(ask())).text == "42"
    assert server.requests[1].json["stream"] is False
    assert "stream_options" not in server.requests[1].json


async def test_a_model_that_cannot_think_is_asked_without_effort() -> None:
    refusal = Behaviour("status", status=400, message='"lab/a" does not support thinking')
    async with lab([refusal, "ok"]) as (provider, server):
        await provider.complete(ask(effort="high"))
    assert "reasoning_effort" not in server.requests[1].json


async def test_what_no_request_can_go_without_is_named() -> None:
    refusals = [
        Refusal("field", "pydantic", "max_completion_tokens"),
        Refusal("field", "pydantic", "max_tokens"),
    ]
    async with lab(refusals=refusals) as (provider, server):
        with pytest.raises(ModelFailed, match="max_tokens") as caught:
            await provider.complete(ask())
    assert (caught.value.kind, caught.value.retryable) == ("server_error", False)
    assert len(server.requests) == 2


async def test_openrouters_data_policy_is_never_left_out() -> None:
    async with lab(openrouter=True, refusals=[Refusal("field", "openai", "provider")]) as (
        provider,
        server,
    ):
        with pytest.raises(ModelFailed, match="provider"):
            await provider.complete(ask())
    assert len(server.requests) == 1


async def test_without_its_marks_no_answer_serves_for_two_calls() -> None:
    refusals = [Refusal("field", "openai", name) for name in ("metadata", "session_id")]
    async with lab(openrouter=True, refusals=refusals) as (provider, server):
        for seat in range(2):
            await provider.complete(ask(tag=f"d1/answer/0/{seat}"))
        assert provider.stored_body(ask()) is None
    assert [received.outcome for received in server.requests] == ["refused_form"] * 2 + ["ok"] * 2


async def test_a_refusal_of_key_or_money_is_asked_once() -> None:
    message = "No credit for max_completion_tokens, stream_options and system role; not supported."
    for status in (401, 402, 403, 429):
        script = Behaviour("status", status=status, message=message)
        async with lab(script) as (provider, server):
            with pytest.raises(ModelFailed):
                await provider.complete(ask())
        assert len(server.requests) == 1


@pytest.mark.parametrize("style", sorted(SYSTEMS))
async def test_a_refused_system_role_is_folded_into_the_question(style: str) -> None:
    first, second, later = await asked(Refusal("system", style))
    assert [message["role"] for message in first["messages"]] == ["system", "user"]
    assert second["messages"] == [{"role": "user", "content": f"{SYSTEM}\n\n{QUESTION}"}]
    assert later == second


PROSE = "The quick brown fox jumps over the lazy dog. " * 60


@pytest.mark.parametrize("context", [4_096, 6_000, 8_192])
@pytest.mark.parametrize("style", sorted(set(LENGTHS) - {"silent"}))
async def test_what_fits_is_asked_for_after_the_refusal_and_from_then_on(
    style: str, context: int
) -> None:
    bodies = await asked(Refusal("length", style, context=context), question=PROSE)
    first, second, later = bodies
    assert cap_of(first) == 8_000
    assert context / 2 < cap_of(second) < context - 600
    assert later == second


@pytest.mark.parametrize("context", [4_096, 6_000, 8_192])
async def test_a_server_that_gives_no_number_is_asked_for_a_quarter_once(context: int) -> None:
    bodies = await asked(Refusal("length", "silent", context=context), question=PROSE)
    assert [cap_of(body) for body in bodies] == [8_000, 2_000, 2_000]


FIELDS_OF_LISTS: list[dict[str, Any]] = [
    {"context_length": 8_192},
    {"max_model_len": 8_192},
    {"context_window": 8_192},
    {"n_ctx": 8_192},
    {"meta": {"n_ctx_train": 8_192}},
    {"meta": {"n_ctx": 8_192, "n_ctx_train": 131_072}},
    {"loaded_context_length": 8_192, "max_context_length": 131_072},
    {"max_context_length": "8192"},
]


@pytest.mark.parametrize("entry", FIELDS_OF_LISTS)
async def test_what_fits_by_the_list_is_asked_for_at_once(entry: dict[str, Any]) -> None:
    refusals = [Refusal("length", "vllm", context=8_192)]
    async with lab(entries=[{"id": "lab/a", **entry}], refusals=refusals) as (provider, server):
        assert (await provider.models())[0].context_tokens == 8_192
        await provider.complete(ask(tokens=8_000, question=PROSE))
    (received,) = server.requests
    assert 6_000 < cap_of(received.json) < 8_000


async def test_a_list_read_before_a_restart_counts_as_well() -> None:
    async with lab() as (provider, server):
        provider.know("", [ModelInfo("lab/a", context_tokens=4_096, max_completion_tokens=1_024)])
        await provider.complete(ask(tokens=8_000))
    assert cap_of(server.requests[0].json) == 1_024


@pytest.mark.parametrize("style", sorted(COMPLETIONS))
async def test_a_limit_of_the_answer_alone_is_kept_to(style: str) -> None:
    bodies = await asked(Refusal("completion", style, context=4_096))
    assert [cap_of(body) for body in bodies] == [8_000, 4_096, 4_096]


@pytest.mark.parametrize("style", sorted(LENGTHS))
async def test_a_prompt_that_is_too_long_by_itself_says_so_and_by_how_much(style: str) -> None:
    refusals = [Refusal("length", style, context=4_096)]
    async with lab(refusals=refusals) as (provider, server):
        with pytest.raises(ModelFailed, match="longer than this model's context") as caught:
            await provider.complete(ask(question="word " * 4_000))
    assert caught.value.context_tokens == (0 if style == "silent" else 4_096)
    assert caught.value.prompt_tokens in (0, pytest.approx(5_010, abs=20))
    assert not caught.value.retryable
    assert len(server.requests) <= 2


async def test_a_proxys_limit_of_bytes_is_a_prompt_that_is_too_long() -> None:
    page = "<html><h1>413 Request Entity Too Large</h1></html>"
    async with lab(raw(page, status=413)) as (provider, _):
        with pytest.raises(ModelFailed) as caught:
            await provider.complete(ask())
    assert caught.value.context_tokens == 0


async def test_other_models_of_the_endpoint_keep_their_form() -> None:
    class ForA(Refusal):
        def told(self, body: Any) -> Any:
            return super().told(body) if body["model"] == "lab/a" else None

    async with lab(refusals=[ForA("field", "openai", "stream_options")]) as (provider, server):
        await provider.complete(ask("lab/a"))
        await provider.complete(ask("lab/b"))
    assert ["stream_options" in received.json for received in server.requests] == [
        True,
        False,
        True,
    ]


async def test_a_stored_body_that_is_refused_is_put_right() -> None:
    async with lab(openrouter=True, refusals=[Refusal("length", "openrouter", context=8_192)]) as (
        provider,
        server,
    ):
        request = ask(tokens=8_000, question=PROSE)
        stored = replace(request, body=provider.stored_body(request))
        assert (await provider.complete(stored)).text
        assert (await provider.complete(stored)).text
    caps = [cap_of(received.json) for received in server.requests]
    assert caps[0] == caps[2] == 8_000
    assert caps[1] == caps[3] < 8_000
    assert server.requests[-1].outcome == "hit"


def test_what_a_refusal_taught_is_forgotten_after_a_day() -> None:
    clock = [0.0]
    known = KnownTerms(now=lambda: clock[0])
    taught = Terms(system=False, context_tokens=4_096)
    known.keep("", "m", taught)
    for hour in range(24):
        clock[0] = hour * 3_600.0
        assert known.of("", "m", openrouter=False) == taught
        known.keep("", "m", taught)  # what is merely seen again is not learned again
    clock[0] = 86_401.0
    assert known.of("", "m", openrouter=False) == Terms()


def test_a_variant_has_the_sizes_of_its_model_and_placeholders_count_for_nothing() -> None:
    known = KnownTerms()
    sizes = ModelInfo("e/a/b", context_tokens=8_192, max_completion_tokens=1)
    known.list("e", [sizes, ModelInfo("e/llama3:latest", context_tokens=4_096)])
    for model, context in (("a/b", 8_192), ("a/b:nitro", 8_192), ("llama3", 4_096), ("x", 0)):
        terms = known.of("e", model, openrouter=False)
        assert (terms.context_tokens, terms.completion_tokens) == (context, 0)


@given(st.integers(400, 599), st.text(max_size=300), st.text(max_size=40))
def test_any_words_are_read_without_fault(status: int, words: str, field: str) -> None:
    body = json.dumps({"error": {"message": words, "param": field}}).encode()
    report = report_of(status, body, {})
    adapted = Terms().adapted(report, ask(effort="high"))
    assert adapted is None or adapted != Terms()
