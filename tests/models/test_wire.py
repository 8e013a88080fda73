"""How a completion ends and what it cost, in every shape that servers send it, on a real socket."""

import asyncio
import gzip
import itertools
import json
import time
import zlib
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Kind, ModelFailed
from bot.llm import Completion, Ending, ending_of
from bot.models.failures import Saying
from bot.models.incoming import Incoming
from bot.models.thoughts import shown_so_far, without_thoughts
from bot.models.wire import Traffic, read_completion
from tests.fakes.lab import ask, completion, failure, lab, raw
from tests.fakes.watched import PATIENCE_SECONDS

USAGE = '"usage":{"prompt_tokens":11,"completion_tokens":7,"cost":0.04}'
DONE = "data: [DONE]\n\n"


def delta(content: object = None, finish: object = None, **more: object) -> str:
    """One event of a stream."""
    inner: dict[str, object] = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": {**inner, **more}, "finish_reason": finish}
    return f"data: {json.dumps({'id': 'g1', 'choices': [choice]})}\n\n"


def usage(text: str = USAGE) -> str:
    return f'data: {{"id":"g1","choices":[],{text}}}\n\n'


def whole(content: object, finish: str = "stop", **more: object) -> str:
    """A body that is no stream."""
    choice = {"message": {"role": "assistant", "content": content}, "finish_reason": finish}
    return json.dumps({"id": "g1", "choices": [choice], **more})


# What is the answer

PARTS: list[tuple[object, str]] = [
    ([{"type": "text", "text": "42"}], "42"),
    ([{"type": "text", "text": "4"}, {"type": "text", "text": "2"}], "42"),
    ([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"text": "42"}], "42"),
    ([{"type": "output_text", "text": "42"}, {"type": "image_url", "image_url": {}}], "42"),
    (["4", "2", None, 7], "42"),
    ({"type": "text", "text": "42"}, "42"),
    ([{"type": "reference", "reference_ids": [1]}, {"type": "text", "text": "42"}], "42"),
    ([{"type": "text", "text": None}, {"type": "text", "text": "42"}], "42"),
    ([{"type": "text", "text": {"value": "42"}}], "42"),
    ([{"type": "text", "content": "42"}], "42"),
]


@pytest.mark.parametrize(("parts", "text"), PARTS)
async def test_of_content_in_parts_the_texts_are_the_answer(parts: object, text: str) -> None:
    assert (await completion(raw(delta(parts), delta(finish="stop"), DONE))).text == text
    assert (await completion(raw(whole(parts)))).text == text


THOUGHTS: list[tuple[str, str]] = [
    ("<think>\nx\n</think>\n\n42", "42"),
    ("\n <think>x</think>42", "42"),
    ("<THINK>x</Think>42", "42"),
    ("<thinking>x</thinking>\n42", "42"),
    ("<think>x</think><think>y</think>\n42", "42"),
    ("<think></think>\n\n42", "42"),
    ("x</think>42", "42"),
    ("Okay, so\nx\n</think>\n\n42", "42"),
    ("[THINK]x[/THINK]42", "42"),
    ("◁think▷x◁/think▷42", "42"),
    (
        "<|channel|>analysis<|message|>x<|end|><|start|>assistant<|channel|>final<|message|>42",
        "42",
    ),
    ("4\n<think>x</think>2", "4\n2"),
    ("<|channel|>final<|message|>42<|return|>", "42"),
    (
        "<|start|>assistant<|channel|>analysis<|message|>x<|end|>"
        "<|start|>assistant<|channel|>final<|message|>42<|return|>",
        "42",
    ),
    ("<|START_THINKING|>x<|END_THINKING|><|START_RESPONSE|>42<|END_RESPONSE|>", "42"),
    (
        "<|begin_of_thought|>x<|end_of_thought|>\n<|begin_of_solution|>42<|end_of_solution|>",
        "42",
    ),
    ("<seed:think>x</seed:think>42", "42"),
    ("x</seed:think>42", "42"),
    ("They want <think> tags.\n</think>\n\n42", "42"),
    # Not a thought: models and people speak of the mark.
    ("The `<think>` tag opens, `</think>` closes.", "The `<think>` tag opens, `</think>` closes."),
    ("Use </think> to end it.", "Use </think> to end it."),
    ("```\n<think>\nx\n</think>\n```\n42", "```\n<think>\nx\n</think>\n```\n42"),
    ("A <think> that never ends", "A <think> that never ends"),
    ("<thinker>42</thinker>", "<thinker>42</thinker>"),
    ("İ<think", "İ<think"),
]


@pytest.mark.parametrize(("text", "answer"), THOUGHTS)
@pytest.mark.parametrize("step", [1, 3, 1000])
async def test_thoughts_are_in_no_answer_however_they_are_cut(
    text: str, answer: str, step: int
) -> None:
    pieces = [delta(text[at : at + step]) for at in range(0, len(text), step)]
    assert (await completion(raw(*pieces, delta(finish="stop"), DONE))).text == answer


async def test_thoughts_are_not_shown_while_they_come() -> None:
    shown: list[str] = []
    text = "<think>\nsecret\n</think>\n\n42 is it"
    stream = raw(*(delta(char) for char in text), delta(finish="stop"), DONE)
    async with lab(stream) as (provider, _):
        await provider.complete(ask(), shown.append)
    assert "".join(shown).strip() == "42 is it"
    assert shown[0] == ""  # a sign of work all the same


SO_FAR: list[tuple[str, str]] = [
    ("", ""),
    ("<think>secret", ""),
    ("<thi", ""),
    ("secret</think>Yes", "Yes"),
    ("They want <think> tags.\n</think>\n\nYes", "Yes"),
    ("Yes\n<think>secret", "Yes"),
    ("Yes\n  <think>secret</think>\nBecause", "Yes\n\nBecause"),
    ("Yes\n\n<thin", "Yes"),
    ("Yes, use `<think>` there", "Yes, use `<think>` there"),
    ("```\n<think>x", "```\n<think>x"),
    ("a < b and <", "a < b and <"),
    ("<table>", "<table>"),
]


@pytest.mark.parametrize(("text", "shown"), SO_FAR)
def test_a_draft_shows_no_thought_that_can_be_told(text: str, shown: str) -> None:
    assert shown_so_far(text) == shown


@pytest.mark.parametrize("mark", ["<think>", "</think>", "<|channel|>analysis<|message|>"])
def test_a_draft_full_of_marks_is_read_in_linear_time(mark: str) -> None:
    for text in (mark * 20_000, f"\n{mark}" * 20_000, f"a {mark}\n" * 20_000):
        began = time.process_time()
        shown_so_far(text)
        assert time.process_time() - began < len(text) / 100_000


async def test_a_model_known_to_begin_in_a_thought_shows_none_of_it() -> None:
    shown: list[str] = []
    stream = raw(*(delta(char) for char in "secret</think>42"), delta(finish="stop"), DONE)
    async with lab(stream) as (provider, _):
        await provider.complete(ask())
        await provider.complete(ask(), shown.append)
    assert "".join(shown) == "42"


async def test_a_model_that_stops_thinking_loses_no_broken_off_answer() -> None:
    texts = ("x</think>42", "42", "Half a")
    scripts = [raw(delta(text), delta(finish="stop"), DONE) for text in texts[:2]]
    async with lab([*scripts, raw(delta(texts[2]), delta(finish="length"), DONE)]) as (provider, _):
        answers = [await provider.complete(ask()) for _ in texts]
    assert [answer.text for answer in answers] == ["42", "42", "Half a"]


@pytest.mark.parametrize("finish", ["length", "stop"])
async def test_a_thought_that_never_ended_is_cut_off(finish: str) -> None:
    error = await failure(raw(delta("<think>x and y"), delta(finish=finish), usage(), DONE))
    assert (error.kind, error.unusable) == ("cut_off", True)
    assert error.spent is not None
    assert error.spent.cost_micros == 40_000


async def test_a_thought_opened_by_the_prompt_that_never_ended_is_cut_off() -> None:
    good = raw(delta("x</think>42"), delta(finish="stop"), DONE)
    bad = raw(delta("x and y"), delta(finish="length"), DONE)
    async with lab([good, bad]) as (provider, _):
        await provider.complete(ask())
        with pytest.raises(ModelFailed) as caught:
            await provider.complete(ask())
    assert caught.value.kind == "cut_off"


@pytest.mark.parametrize(
    "last",
    [
        {"delta": {}, "message": {"content": "ab"}, "finish_reason": "stop"},
        {"delta": None, "message": {"role": "assistant", "content": "ab"}, "finish_reason": "stop"},
        {"message": {"content": [{"type": "text", "text": "ab"}]}, "finish_reason": "stop"},
    ],
)
async def test_a_message_repeated_at_the_end_counts_once(last: object) -> None:
    stream = raw(delta("a"), delta("b"), f"data: {json.dumps({'choices': [last]})}\n\n", DONE)
    assert (await completion(stream)).text == "ab"
    alone = raw(f"data: {json.dumps({'choices': [last]})}\n\n", DONE)
    assert (await completion(alone)).text == "ab"


def choices(*each: object) -> str:
    return f"data: {json.dumps({'choices': list(each)})}\n\n"


SHAPES: list[tuple[str, ...]] = [
    (choices({"text": "4"}), choices({"text": "2", "finish_reason": "stop"})),
    (choices({"message": {"content": "4"}}), choices({"message": {"content": "42"}})),
    (choices({"message": {"content": "4"}}), choices({"message": {"content": "2"}})),
    (
        delta("", role="assistant"),
        choices({"delta": {"role": "assistant"}, "message": {"content": "42"}}),
    ),
    (delta("4"), delta("2"), delta("42", "stop")),
    (choices({"index": 0, "delta": {"content": "4"}}, {"index": 1, "delta": {"content": "9"}}),
     choices({"index": 1, "delta": {"content": "9"}}), delta("2")),
    (choices(None), delta("42")),
]  # fmt: skip


@pytest.mark.parametrize("events", SHAPES)
async def test_a_text_in_any_shape_of_stream_counts_whole_and_once(events: tuple[str, ...]) -> None:
    assert (await completion(raw(*events, delta(finish="stop"), DONE))).text == "42"


async def test_a_line_of_a_stream_may_be_an_event_of_its_own() -> None:
    good = [one.replace("\n\n", "\n") for one in (delta("4"), delta("2"), delta(finish="stop"))]
    assert (await completion(raw(*good, "data: [DONE]\n"))).text == "42"
    bare = "".join(good).replace("data: ", "")
    assert (await completion(raw(bare, Content_Type="application/x-ndjson"))).text == "42"
    assert (await failure(raw("".join(good[:2]).replace("data: ", "")))).kind == "cut_off"


@pytest.mark.parametrize("then", ["open", "cut"])
async def test_a_whole_body_counts_before_its_connection_ends(then: Any) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert (await completion(raw(whole("42"), then=then))).text == "42"


@pytest.mark.parametrize("content", [" \n", "\u200b\u200b", "\ufeff", "\u2060 \u200d"])
async def test_a_text_in_which_nothing_can_be_seen_is_empty(content: str) -> None:
    error = await failure(raw(delta(content, "stop"), usage(), DONE))
    assert (error.kind, error.unusable) == ("empty", True)


@pytest.mark.parametrize("done", ["[DONE]", '"[DONE]"', "[done]", " [DONE]\t"])
async def test_the_end_mark_is_known_in_every_spelling(done: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        done_ = await completion(raw(delta("42"), f"data: {done}\n\n", then="open"))
    assert done_.text == "42"


@pytest.mark.parametrize(
    "between",
    [
        "data: null\n\n",
        "data: []\n\n",
        "data: ping\n\n",
        'data: "keep-alive"\n\n',
        'data: {"type":"ping","message":"pong"}\n\n',
        "data:\n\n",
        "data: \n\n",
        "data:\ndata:\n\n",
        ": x\n\n",
        "event: ping\n\n",
        "\n\n\n",
        "id: 1\n",
    ],
)
async def test_events_without_content_are_ignored(between: str) -> None:
    stream = raw(between, delta("4"), between, delta("2"), delta(finish="stop"), between, DONE)
    assert (await completion(stream)).text == "42"


# When it is whole

GOOD = (delta("42"), delta(finish="stop"), usage())


@pytest.mark.parametrize("then", ["open", "alive", "cut", "end"])
@pytest.mark.parametrize(
    "after",
    [
        "",
        'data: {"a',
        'data: {"error":{"code":500}}\n\n',
        'error: {"code":500,"message":"late"}\n\n',
        "data: garbage\n\n",
        "data: [DONE] \n\n",
        "data:[DONE]\n\n",
        "data: [DONE]",
    ],
)
async def test_after_the_finish_reason_nothing_can_spoil_an_answer(after: str, then: Any) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        done = await completion(raw(*GOOD, after, then=then))
    assert (done.text, done.finish_reason) == ("42", "stop")
    assert (done.prompt_tokens, done.completion_tokens, done.cost_micros) == (11, 7, 40_000)


async def test_without_usage_it_is_not_waited_for_long() -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        done = await completion(raw(*GOOD[:2], then="alive"))
    assert (done.text, done.cost_micros) == ("42", None)


async def test_an_open_stream_without_a_finish_reason_is_waited_for() -> None:
    async with lab(raw(GOOD[0], then="alive"), usage_seconds=0.01) as (provider, server):
        call = asyncio.create_task(provider.complete(ask()))
        await server.until(lambda: len(server.requests) == 1)
        await asyncio.wait([call], timeout=0.1)
        assert not call.done()
        call.cancel()
        await asyncio.wait([call])


@pytest.mark.parametrize("nothing", ["", "null", None, "None"])
async def test_a_finish_reason_that_says_nothing_ends_nothing(nothing: object) -> None:
    error = await failure(raw(delta("4", nothing), delta("2", nothing)))
    assert error.kind == "cut_off"


@pytest.mark.parametrize("label", ["application/json", "text/plain", "text/html", "x"])
async def test_an_answer_is_read_by_what_it_is_not_by_its_label(label: str) -> None:
    assert (await completion(raw(*GOOD, DONE, Content_Type=label))).text == "42"
    assert (await completion(raw(whole("42"), Content_Type=label))).text == "42"
    assert (await completion(raw("  \n", "\n", whole("42"), Content_Type=label))).text == "42"


async def test_a_byte_order_mark_and_carriage_returns_are_no_text() -> None:
    stream = "".join(GOOD).replace("\n", "\r\n").encode()
    assert (await completion(raw(b"\xef\xbb\xbf" + stream))).text == "42"
    assert (await completion(raw(b"\xef\xbb\xbf" + whole("42").encode()))).text == "42"


async def test_half_a_character_in_bytes_spoils_only_itself() -> None:
    event = delta("a\u00e4b").replace("\\u00e4", "\u00e4").encode().replace(b"\xc3\xa4", b"\xc3")
    assert (await completion(raw(event, delta(finish="stop"), DONE))).text == "a�b"


ENDS: list[tuple[str, Ending]] = [
    *(
        (word, "whole")
        for word in ("stop", "", "end_turn", "eos", "STOP", "tool_calls", "COMPLETE")
    ),
    *((word, "length") for word in ("length", "MAX_TOKENS", "max_output_tokens", "model_length")),
    *(
        (word, "refused")
        for word in (
            "content_filter",
            "content_filter: HARM",
            "SAFETY",
            "FinishReason.SAFETY",
            "PROHIBITED_CONTENT",
            "RECITATION",
            "BLOCKLIST",
            "SPII",
            "refusal",
            "guardrail_intervened",
        )
    ),
    *((word, "broken") for word in ("insufficient_system_resource", "abort", "error", "cancelled")),
]


@pytest.mark.parametrize(("reason", "ending"), ENDS)
def test_each_finish_reason_has_its_ending(reason: str, ending: Ending) -> None:
    assert ending_of(reason) == ending


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("SAFETY", "refused"),
        ("PROHIBITED_CONTENT", "refused"),
        ("RECITATION", "refused"),
        ("content_filter: X", "refused"),
        ("Content_Filter", "refused"),
        ("length", "cut_off"),
        ("MAX_TOKENS", "cut_off"),
        ("stop", "empty"),
        ("tool_calls", "empty"),
        ("insufficient_system_resource", "server_error"),
    ],
)
async def test_no_text_is_the_failure_that_the_finish_reason_names(reason: str, kind: Kind) -> None:
    for script in (raw(delta(finish=reason), usage(), DONE), raw(whole(None, reason))):
        error = await failure(script)
        assert (error.kind, error.unusable, error.began) == (kind, True, True)
        assert error.retryable == (kind in ("empty", "server_error"))


@pytest.mark.parametrize(
    "reason", ["content_filter", "insufficient_system_resource", "length", "X"]
)
async def test_a_text_that_was_broken_off_comes_with_the_reason(reason: str) -> None:
    done = await completion(raw(delta("Half a"), delta(finish=reason), DONE))
    assert (done.text, done.finish_reason) == ("Half a", reason)


# What it cost

COSTS: list[tuple[str, int | None]] = [
    ('"cost":0.006', 6_000),
    ('"cost":"0.006"', 6_000),
    ('"cost":{"total_cost":0.006}', 6_000),
    ('"cost":{"input_tokens_cost":0.002,"output_tokens_cost":0.004,"total_cost":0.006}', 6_000),
    ('"total_cost":0.006', 6_000),
    ('"estimated_cost":0.006', 6_000),
    ('"cost":0', 0),
    ('"cost":null', None),
    ('"cost":-1', None),
    ('"cost":1e300', None),
    ('"cost":NaN', None),
    ('"cost":true', None),
    (f'"cost":{"9" * 401}', None),
    ('"cost":{"total_cost":[]}', None),
    ('"cost":"$0.006"', 6_000),
    ('"cost":{"prompt_cost":0.002,"completion_cost":0.004,"currency":"USD"}', 6_000),
    ('"cost":{"input":0.002,"output":"0.004","input_tokens":9}', 6_000),
    ('"cost":0.001,"is_byok":true,"cost_details":{"upstream_inference_cost":0.005}', 6_000),
    ('"cost":0.006,"is_byok":false,"cost_details":{"upstream_inference_cost":0.005}', 6_000),
    ('"cost":0,"is_byok":true,"cost_details":{"upstream_inference_cost":null}', 0),
]


@pytest.mark.parametrize(("cost", "micros"), COSTS)
async def test_the_reported_cost_is_read_in_every_shape(cost: str, micros: int | None) -> None:
    told = f'"usage":{{"prompt_tokens":1,"completion_tokens":1,{cost}}}'
    done = await completion(raw(*GOOD[:2], usage(told), DONE))
    assert done.cost_micros == micros


@pytest.mark.parametrize(
    ("told", "tokens"),
    [
        ('{"prompt_tokens":11,"completion_tokens":7}', (11, 7)),
        ('{"input_tokens":11,"output_tokens":7}', (11, 7)),
        ('{"prompt_tokens":11,"completion_tokens":2,"total_tokens":18}', (11, 7)),
        ('{"prompt_tokens":"11","completion_tokens":7.0}', (11, 7)),
        ('{"prompt_tokens":1e300,"completion_tokens":7}', (0, 7)),
        ('{"prompt_tokens":9223372036854775808,"completion_tokens":-7}', (0, 0)),
        (f'{{"prompt_tokens":{"9" * 401},"completion_tokens":NaN}}', (0, 0)),
        (f'{{"prompt_tokens":{"9" * 8_000},"completion_tokens":7}}', (0, 7)),
        ('{"prompt_tokens":null,"completion_tokens":true}', (0, 0)),
        ("[1,2]", (0, 0)),
    ],
)
async def test_counts_of_tokens_are_bounded_or_absent(told: str, tokens: tuple[int, int]) -> None:
    done = await completion(raw(*GOOD[:2], usage(f'"usage":{told}'), DONE))
    assert (done.prompt_tokens, done.completion_tokens) == tokens


async def test_usage_in_several_reports_adds_up_to_the_last_of_each() -> None:
    first = usage('"usage":{"prompt_tokens":11,"completion_tokens":1}')
    last = usage('"usage":{"completion_tokens":7,"cost":0.04}')
    done = await completion(raw(first, *GOOD[:2], last, usage('"usage":null'), DONE))
    assert (done.prompt_tokens, done.completion_tokens, done.cost_micros) == (11, 7, 40_000)


@pytest.mark.parametrize(
    "later",
    [
        '"usage":{"prompt_tokens":0,"completion_tokens":0,"cost":0}',
        '"usage":{"prompt_tokens":3,"completion_tokens":1,"cost":0.001}',
        '"usage":{"cost":-1}',
        '"usage":{}',
    ],
)
@pytest.mark.parametrize("first", [0, 1, 2])
async def test_what_was_reported_is_never_taken_back(later: str, first: int) -> None:
    events = [*GOOD[:first], usage(), *GOOD[first:2], usage(later), DONE]
    done = await completion(raw(*events))
    assert (done.prompt_tokens, done.completion_tokens, done.cost_micros) == (11, 7, 40_000)


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_failure_that_reports_its_usage_is_billed_by_it(status: int) -> None:
    body = f'{{"error":{{"code":502,"message":"x"}},{USAGE}}}'
    error = await failure(raw(body, status=status))
    assert error.spent is not None
    assert (error.spent.cost_micros, error.began) == (40_000, True)
    free = '{"error":{"code":502,"message":"x"},"usage":{"prompt_tokens":0}}'
    assert ((error := await failure(raw(free, status=status))).spent, error.began) == (None, False)


@pytest.mark.parametrize("told", ["0", "0.0", "None", ""])
async def test_a_header_that_went_before_the_work_tells_no_cost_of_nothing(told: str) -> None:
    stream = raw(*GOOD[:2], DONE, x_litellm_response_cost=told)
    assert (await completion(stream)).cost_micros is None


async def test_usage_within_a_choice_counts() -> None:
    event = choices({"delta": {}, "finish_reason": "stop", "usage": {"prompt_tokens": 11}})
    assert (await completion(raw(delta("42"), event, DONE))).prompt_tokens == 11


async def test_usage_beside_groqs_own_fields_counts() -> None:
    event = usage('"x_groq":{"usage":{"prompt_tokens":11,"completion_tokens":7}}')
    done = await completion(raw(*GOOD[:2], event, DONE))
    assert (done.prompt_tokens, done.completion_tokens) == (11, 7)


async def test_names_from_outside_are_repaired_and_short() -> None:
    event = {"id": "\ud800" + "i" * 5_000, "choices": [{"delta": {"content": "42"}}]}
    end = {"choices": [{"delta": {}, "finish_reason": "\udfff" + "r" * 5_000}]}
    done = await completion(raw(*(f"data: {json.dumps(one)}\n\n" for one in (event, end)), DONE))
    assert done.generation_id == "�" + "i" * 199
    assert done.finish_reason == "�" + "r" * 59


# What is none

ERRORS: list[tuple[str, Kind, str]] = [
    ('{"error":{"code":400,"message":"context size"}}', "server_error", "context size"),
    ('error: {"code":400,"message":"context size"}', "server_error", "context size"),
    ('error: {"code":400,"message":"context size"}\n\n', "server_error", "context size"),
    ('data: {"error":{"code":429,"message":"slow down"}}\n\n', "rate_limited", "slow down"),
    ('event: error\ndata: {"code":400,"message":"no such"}\n\n', "server_error", "no such"),
    ('data: {"object":"error","message":"broken","code":500}\n\n', "server_error", "broken"),
    ('data: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n',
     "server_error", "busy"),
    ('data: {"error":"just words"}\n\n', "server_error", "just words"),
    ('[{"error":{"code":400,"message":"API key not valid"}}]', "unauthorised", "API key not valid"),
    ('{"detail":"Not Found"}', "unreachable", "Not Found"),
    ('{"choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}',
     "no_credit", "insufficient balance"),
    ('{"error":"Unexpected endpoint or method. (POST /chat/completions)"}', "unreachable",
     "Unexpected endpoint"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "kind", "words"), ERRORS)
async def test_an_error_in_a_successful_response_is_a_failure_with_its_words(
    body: str, kind: Kind, words: str
) -> None:
    error = await failure(raw(body))
    assert error.kind == kind
    assert words in str(error)
    assert (error.began, error.spent) == (False, None)


@pytest.mark.parametrize(
    "page",
    ["<!doctype html><title>Chat</title>", "\n<html></html>", "Ollama is running", "<?xml?>"],
)
async def test_a_page_for_people_points_at_the_address(page: str) -> None:
    error = await failure(raw(page, Content_Type="text/html"))
    assert (error.kind, error.retryable, error.began) == ("unreachable", False, False)
    assert "https://host/v1" in str(error)


@pytest.mark.parametrize("body", ["{}", "[]", "[1]", '{"choices":[]}', '{"choices":[7]}', "{torn"])
async def test_json_that_is_no_answer_is_tried_once_more_at_most(body: str) -> None:
    error = await failure(raw(body))
    assert (error.retryable, error.unusable) == (True, True)


@pytest.mark.parametrize("then", ["end", "cut"])
async def test_nothing_at_all_is_cut_off(then: Any) -> None:
    error = await failure(raw(then=then))
    assert (error.kind, error.retryable, error.began) == ("cut_off", True, False)


# What is too much


async def test_an_answer_beyond_any_limit_is_cut_and_hung_up_on() -> None:
    stream = raw(*(delta("x" * 1_000) for _ in range(60)), then="open")
    async with lab(stream) as (provider, _), asyncio.timeout(PATIENCE_SECONDS):
        done = await provider.complete(ask(tokens=1_000))
    assert (len(done.text), done.finish_reason) == (8_000, "length")


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
async def test_packed_answers_are_read_and_bombs_are_not(pack: Any) -> None:
    label = "gzip" if pack is gzip.compress else "deflate"
    packed = pack("".join((*GOOD, DONE)).encode())
    assert (await completion(raw(packed, Content_Encoding=label))).text == "42"
    bomb = pack(b" " * 50_000_000)
    for status in (200, 500):
        error = await failure(raw(bomb, status=status, Content_Encoding=label))
        assert error.kind == "server_error"


async def test_an_error_text_of_megabytes_is_read_only_at_its_start() -> None:
    error = await failure(raw(*["no such model " * 10_000] * 60, status=404))
    assert error.kind == "unknown_model"
    assert len(str(error)) < 400


async def test_a_packing_that_nobody_asked_for_is_unreadable() -> None:
    error = await failure(raw(b"\x0b\x02\x80", Content_Encoding="br"))
    assert (error.kind, error.unusable) == ("server_error", True)


# For any cut


STREAMS = [
    "".join([": hi\n\n", delta("Zwölf "), "data:\n\n", delta("🥊 Box", reasoning="hm"), *GOOD[1:]]),
    "".join(
        [delta("<thi"), delta("nk>x</th"), delta("ink>42"), delta(finish="stop"), usage(), DONE]
    ),
    "\ufeff" + "".join(GOOD).replace("\n", "\r\n") + "data: [DONE] \r\n\r\n",
    delta("half") + 'error: {"code":503,"message":"gone"}\n\n',
    whole([{"type": "text", "text": "Zwölf"}], usage={"prompt_tokens": 3}),
    'error: {"code":429,"message":"slow down"}',
    "<html>",
    delta("torn")[:-9],
]


async def outcome(chunks: list[bytes]) -> object:
    async def body() -> Any:
        for chunk in chunks:
            yield chunk

    response = httpx.Response(200, content=body())
    try:
        return await read_completion(
            response, Incoming(Saying((), ()), lambda piece: None), Traffic()
        )
    except ModelFailed as error:
        return error.kind, str(error), error.retryable, error.unusable, error.spent, error.began


@given(st.sampled_from(STREAMS), st.lists(st.integers(0, 400), max_size=12))
def test_any_cut_of_the_bytes_gives_the_same(stream: str, cuts: list[int]) -> None:
    data = stream.encode()
    places = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    chunks = [data[a:b] for a, b in itertools.pairwise(places)]
    assert asyncio.run(outcome(chunks)) == asyncio.run(outcome([data]))


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_any_bytes_are_an_answer_or_a_failure(chunks: list[bytes]) -> None:
    result = asyncio.run(outcome(chunks))
    assert isinstance(result, Completion | tuple)


@given(st.lists(st.text(alphabet="<think>/ \n`ab◁", max_size=9), max_size=9))
def test_what_is_shown_of_any_text_without_thoughts_is_the_text(pieces: list[str]) -> None:
    text = "".join(pieces)
    shown: list[str] = []
    answer = Incoming(Saying((), ()), shown.append)
    for piece in pieces:
        answer.take(delta(piece)[6:].encode())
    left, unended = without_thoughts(text)
    if left == text and not unended and text.strip():
        assert text.startswith("".join(shown))
        assert len(text) - len("".join(shown)) < 40  # what may yet become a mark is held back
    else:
        assert len(left) <= len(text)


@given(st.text(alphabet="<think>/ \n`ab", max_size=60), st.text(alphabet="xyz \n", max_size=20))
def test_a_leading_thought_leaves_exactly_what_follows_it(thought: str, answer: str) -> None:
    inner = thought.replace("</", "")
    assert without_thoughts(f"<think>{inner}</think>{answer}") == (answer.lstrip(), False)


async def test_pieces_gather_only_where_many_answers_are_read_at_once() -> None:
    traffic = Traffic(gather_seconds=0.001)

    def waits() -> bool:
        gathering = traffic.gather()
        try:
            gathering.send(None)
        except StopIteration:
            return False
        gathering.close()
        return True

    with ExitStack() as answers:
        for _ in range(50):
            answers.enter_context(traffic.another())
        assert not waits()
        answers.enter_context(traffic.another())
        assert waits()
    assert not waits()
