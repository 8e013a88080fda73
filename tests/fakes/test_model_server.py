"""The fake server refuses what real ones refuse, and plays the stages by their prompts."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.council import Council, Question
from bot.llm import Message
from bot.protocol import prompts
from tests.fakes.model_server import (
    Behaviour,
    ModelServer,
    Script,
    quality_of,
    stage_of,
    write_answer,
    write_review,
    write_verdict,
)

GOOD: dict[str, Any] = {
    "model": "lab/a",
    "messages": [{"role": "user", "content": "Why?"}],
    "max_completion_tokens": 10,
    "stream": True,
}


async def post(
    server: ModelServer, body: object, *, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(
            f"{server.url}/chat/completions",
            json=body,
            headers={"Authorization": f"Bearer {server.key}", **(headers or {})},
        )


async def test_a_good_request_is_answered_and_billed() -> None:
    async with ModelServer() as server:
        assert (await post(server, GOOD)).status_code == 200
    assert [(r.model, r.stage, r.outcome, r.billed) for r in server.requests] == [
        ("lab/a", "answer", "ok", True)
    ]


async def test_no_more_is_written_and_billed_than_was_asked_for() -> None:
    async with ModelServer() as server:
        response = await post(server, GOOD)

    chunks = [
        json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: {")
    ]
    assert chunks[-1]["usage"]["completion_tokens"] == GOOD["max_completion_tokens"]
    assert [c["finish_reason"] for chunk in chunks for c in chunk["choices"]][-1] == "length"


async def test_a_wrong_key_is_refused() -> None:
    async with ModelServer() as server:
        response = await post(server, GOOD, headers={"Authorization": "Bearer sk-other"})
    assert response.status_code == 401


BAD: list[tuple[str, object]] = [
    ("not an object", []),
    ("no messages", {**GOOD, "messages": []}),
    ("a wrong role", {**GOOD, "messages": [{"role": "boss", "content": "Why?"}]}),
    ("an empty message", {**GOOD, "messages": [{"role": "user", "content": ""}]}),
    ("no user at the end", {**GOOD, "messages": [{"role": "system", "content": "Hm"}]}),
    ("no limit", {k: v for k, v in GOOD.items() if k != "max_completion_tokens"}),
    ("no stream", {**GOOD, "stream": False}),
    ("an unknown field", {**GOOD, "max_tokens": 7}),
    ("a field of OpenRouter's", {**GOOD, "provider": {"data_collection": "deny"}}),
]


@pytest.mark.parametrize("body", [b[1] for b in BAD], ids=[b[0] for b in BAD])
async def test_a_malformed_request_is_refused(body: object) -> None:
    async with ModelServer() as server:
        assert (await post(server, body)).status_code == 400
    assert server.requests == []


async def test_openrouters_fields_have_their_limits() -> None:
    async with ModelServer(openrouter=True) as server:
        good = await post(server, {**GOOD, "session_id": "d1", "metadata": {"call": "d1"}})
        long = await post(server, {**GOOD, "session_id": "d" * 257})
        deep = await post(server, {**GOOD, "metadata": {"call": {}}})
    assert [r.status_code for r in (good, long, deep)] == [200, 400, 400]


async def test_an_unknown_model_is_not_found() -> None:
    async with ModelServer() as server:
        assert (await post(server, {**GOOD, "model": "lab/z"})).status_code == 404
    assert server.requests[0].outcome == "unknown_model"


async def test_a_list_of_behaviours_goes_by_the_number_of_the_call() -> None:
    script: Script = ["rate_limited", {"do": "status", "status": 503}, "ok"]
    async with ModelServer(behaviours={"lab/a": script}) as server:
        statuses = [(await post(server, GOOD)).status_code for _ in range(4)]
    assert statuses == [429, 503, 200, 200]


async def test_a_mix_depends_on_the_seed_alone() -> None:
    mix = {"mix": [{"do": "rate_limited", "probability": 0.5}]}

    async def statuses(seed: int) -> list[int]:
        async with ModelServer(behaviours={"*": mix}, seed=seed) as server:
            return [(await post(server, GOOD)).status_code for _ in range(12)]

    first = await statuses(1)
    assert set(first) == {200, 429}
    assert await statuses(1) == first
    assert await statuses(2) != first


async def test_the_cache_answers_the_same_bytes_only_and_bills_nothing() -> None:
    cache = {"X-OpenRouter-Cache": "true", "X-OpenRouter-Cache-TTL": "86400"}
    async with ModelServer(openrouter=True) as server:
        await post(server, GOOD)
        await post(server, GOOD, headers=cache)
        hit = await post(server, GOOD, headers=cache)
        await post(server, {**GOOD, "session_id": "d2"}, headers=cache)
    assert [(r.outcome, r.billed) for r in server.requests] == [
        ("ok", True),
        ("ok", True),
        ("hit", False),
        ("ok", True),
    ]
    assert hit.headers["X-OpenRouter-Cache-Status"] == "HIT"


def wire(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


QUESTION = Question("d1", "Should the chairman rest?", 7, datetime(2026, 1, 1, tzinfo=UTC))
COUNCIL = Council(("lab/a", "lab/b"), "lab/c")


def test_stages_are_told_apart_by_their_prompts() -> None:
    answers = [("B", "Yes."), ("A", "No, see FINAL RANKING:")]
    fence = "=== 0123456789abcdef ==="
    answer = prompts.answer_prompt(QUESTION, COUNCIL, fence=fence)
    review = prompts.review_prompt(QUESTION, COUNCIL, answers, fence=fence)
    verdict = prompts.verdict_prompt(QUESTION, COUNCIL, answers, [], [], None, fence=fence)
    assert [stage_of(wire(p)) for p in (answer, review, verdict)] == ["answer", "review", "verdict"]


def test_a_review_ranks_by_quality() -> None:
    answers = [
        ("C", write_answer("lab/x", 0.2)),
        ("A", write_answer("lab/y", 0.9)),
        ("B", write_answer("lab/z", 0.5)),
    ]
    review = prompts.review_prompt(QUESTION, COUNCIL, answers, fence="=== 7 ===")
    assert write_review(wire(review)).endswith(
        "\n\nFINAL RANKING:\n1. Answer A\n2. Answer B\n3. Answer C"
    )
    verdict = prompts.verdict_prompt(QUESTION, COUNCIL, answers, [], [], None, fence="=== 7 ===")
    assert write_verdict(wire(verdict)).startswith("**Start with ")
    assert "as Answer A says.**" in write_verdict(wire(verdict))


def test_an_answer_names_nobody_and_shows_its_quality() -> None:
    text = write_answer("lab/secret-name", 0.734)
    assert "lab" not in text
    assert "secret" not in text
    assert quality_of(text) == 0.734


def test_an_unknown_behaviour_is_refused() -> None:
    with pytest.raises(ValueError, match="no such behaviour"):
        Behaviour(do="dance")  # type: ignore[arg-type]  # what the test is about


def test_it_runs_as_a_program_and_logs_what_it_was_asked(tmp_path: Path) -> None:
    port_file, log = tmp_path / "port", tmp_path / "log.jsonl"
    command = [sys.executable, "-m", "tests.fakes.model_server", "--port-file", str(port_file)]
    behaviours = '{"lab/a": ["rate_limited", "ok"]}'
    command += ["--log", str(log), "--behaviours", behaviours]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        url = f"http://127.0.0.1:{port_file.read_text()}/v1/chat/completions"
        key = {"Authorization": "Bearer sk-lab-0123456789abcdef"}
        with httpx.Client(trust_env=False) as client:
            statuses = [client.post(url, json=GOOD, headers=key).status_code for _ in range(2)]
        process.terminate()
    assert (statuses, process.returncode) == ([429, 200], 0)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["n"], line["event"], line["outcome"], line["billed"]) for line in lines] == [
        (1, "received", "", False),
        (1, "finished", "rate_limited", False),
        (2, "received", "", False),
        (2, "finished", "ok", True),
    ]
