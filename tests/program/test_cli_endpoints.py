"""`council ask` on endpoints that take less than others: every stage comes through all the same."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.fakes.forks import Program, environment
from tests.fakes.model_server import Behaviour, ModelServer, Script
from tests.fakes.refusals import Refusal

# Long enough that no context here holds it beside the longest answer.
QUESTION = "Is a monolith right for a team of four? " + "We run one service and one database. " * 60
MEMBERS = ("lab/a", "lab/b", "lab/c")


async def ask(council: Program, server: ModelServer, *words: str, **more: str) -> dict[str, Any]:
    ended = await council.run(
        *("ask", QUESTION, "--json", *words),
        environment=environment(server, COUNCIL_MEMBERS=",".join(MEMBERS), **more),
    )
    assert ended.code == 0, ended.err
    return ended.json


def comes_through(result: Mapping[str, Any]) -> bool:
    return (
        [member["status"] for member in result["members"]] == ["answered"] * 3
        and [review["counted"] for review in result["reviews"]] == [True] * 3
        and bool(result["verdict"]["text"])
        and result["verdict"]["written_by"] == "lab/e"
        and not result["degraded"]
    )


@pytest.mark.parametrize("listed", ["context_length", "max_model_len", "n_ctx", ""])
@pytest.mark.parametrize("context", [4_096, 6_000, 8_192])
async def test_a_small_context_carries_every_stage(
    council: Program, context: int, listed: str
) -> None:
    models = ("lab/a", "lab/b", "lab/c", "lab/d", "lab/e")
    entries = [{"id": model, **({listed: context} if listed else {})} for model in models]
    style = {4_096: "vllm", 6_000: "groq", 8_192: "openai"}[context]
    refusals = [Refusal("length", style, context=context)]
    async with ModelServer(entries=entries, refusals=refusals) as server:
        result = await ask(council, server)
    assert comes_through(result)
    assert result["calls"] == len(server.requests)
    refused = [received.outcome for received in server.requests].count("refused_form")
    # Once for each model; the largest holds the longest that a call may write.
    assert refused == (0 if listed or context == 8_192 else 4)


REFUSALS: list[Sequence[Refusal]] = [
    [Refusal("field", "fastapi", "max_completion_tokens")],
    [Refusal("field", "openai", "stream_options"), Refusal("field", "serde", "reasoning_effort")],
    [Refusal("system", "vllm")],
]


@pytest.mark.parametrize("refusals", REFUSALS)
async def test_refused_forms_cost_a_stage_nothing(
    council: Program, refusals: Sequence[Refusal]
) -> None:
    async with ModelServer(refusals=refusals) as server:
        result = await ask(council, server)
    assert comes_through(result)
    billed = [received.outcome for received in server.requests if received.billed]
    assert billed == ["ok"] * 7
    assert result["calls"] == len(server.requests) > 7


async def test_a_request_that_was_refused_counts_also_where_its_repeat_stays_silent(
    council: Program,
) -> None:
    refusals = [Refusal("field", "openai", "stream_options")]
    async with ModelServer(behaviours={"lab/b": "hang"}, refusals=refusals) as server:
        result = await ask(council, server, COUNCIL_TIME_SCALE="0.01")
    assert [member["status"] for member in result["members"]].count("failed") == 1
    asked = [received.model for received in server.requests].count("lab/b")
    assert result["calls"] == len(server.requests)
    assert asked == 4  # the request and its hedge, each of them twice


async def test_thoughts_are_in_no_answer_prompt_or_verdict(council: Program) -> None:
    thinking = Behaviour(text="<think>\nSECRET\n</think>\n\nYes: it is simple.")
    prompted = Behaviour(text="SECRET</think>\n\nNo: it will not last.")
    behaviours: dict[str, Script] = {
        "lab/a": [thinking, "ok"],
        "lab/b": [prompted, "ok"],
        "lab/e": thinking,
    }
    async with ModelServer(behaviours=behaviours) as server:
        result = await ask(council, server)
    texts = {answer["model"]: answer["text"] for answer in result["answers"]}
    assert texts["lab/a"] == "Yes: it is simple."
    assert texts["lab/b"] == "No: it will not last."
    assert result["verdict"]["text"] == "Yes: it is simple."
    assert not any(b"SECRET" in received.body for received in server.requests)


async def test_answers_that_no_prompt_can_hold_are_shortened_for_those_who_read_them(
    council: Program,
) -> None:
    behaviours: dict[str, Script] = {
        model: [
            Behaviour(text=f"From {model}. " + "A long and winding reason. " * 250),
            Behaviour(),
        ]
        for model in MEMBERS
    }
    refusals = [Refusal("length", "openai", context=4_096)]
    async with ModelServer(behaviours=behaviours, refusals=refusals) as server:
        assert comes_through(await ask(council, server))
    served = [received for received in server.requests if received.billed]
    assert [received.stage for received in served].count("review") == 3
    assert all(len(received.body) < 4 * 4_096 for received in served)
