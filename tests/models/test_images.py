"""Images on the wire: as OpenAI's protocol has them, kept nowhere, and refused in many words."""

import json
from dataclasses import replace

import pytest

from bot.bills import USUAL_IMAGE_TOKENS
from bot.errors import ModelFailed
from bot.llm import Image, Message, Request
from bot.models.model_lists import model_info
from bot.models.terms import Terms
from tests.fakes.lab import QUESTION, SYSTEM, ask, lab, raw
from tests.fakes.model_server import Behaviour
from tests.fakes.pictures import picture
from tests.fakes.refusals import BLIND, Refusal
from tests.fakes.seeing import image_in, images_of

RED = Image("image/png", picture())
GREY = Image("image/jpeg", picture("JPEG", (32, 32), mode="L"))


def showing(*images: Image) -> Request:
    messages = (Message("system", SYSTEM), Message("user", QUESTION, images))
    return replace(ask(), messages=messages)


async def test_images_follow_the_text_in_their_order() -> None:
    async with lab() as (provider, server):
        await provider.complete(showing(RED, GREY))
    assert server.refused == []
    _, user = server.requests[0].json["messages"]
    assert user["content"][0] == {"type": "text", "text": QUESTION}
    shown = [image_in(address) for address in images_of([user])]
    assert [(image.format, image.size) for image in shown] == [
        ("PNG", (64, 48)),
        ("JPEG", (32, 32)),
    ]


async def test_a_message_without_images_stays_a_text() -> None:
    async with lab() as (provider, server):
        await provider.complete(ask())
    assert [each["content"] for each in server.requests[0].json["messages"]] == [SYSTEM, QUESTION]


async def test_images_stay_where_a_server_takes_no_system_role() -> None:
    async with lab(refusals=[Refusal("system", "openai")]) as (provider, server):
        await provider.complete(showing(RED))
    [message] = server.requests[-1].json["messages"]
    assert message["content"][0]["text"] == f"{SYSTEM}\n\n{QUESTION}"
    assert len(images_of([message])) == 1


async def test_what_is_kept_for_a_repeat_holds_no_image_and_repeats_it() -> None:
    async with lab(openrouter=True) as (provider, server):
        body = provider.stored_body(showing(RED))
        assert body
        assert len(body) < 1_000
        assert b"base64" not in body
        await provider.complete(showing(RED))
        again = await provider.complete(replace(showing(RED), body=body))
    assert [received.outcome for received in server.requests] == ["ok", "hit"]
    assert again.cost_micros == 0


async def test_no_text_stands_for_an_image() -> None:
    mark = f'{{"url":"sha256:{RED.digest}"}}'
    request = showing(RED)
    messages = (Message("system", mark), Message("user", mark, (RED,)))
    async with lab() as (provider, server):
        await provider.complete(replace(request, messages=messages))
    system, user = server.requests[0].json["messages"]
    assert system["content"] == user["content"][0]["text"] == mark


def test_an_image_takes_its_part_of_a_context() -> None:
    terms = Terms(context_tokens=8_000)
    asked = replace(showing(RED), max_completion_tokens=8_000)
    without = replace(asked, messages=tuple(replace(m, images=()) for m in asked.messages))
    assert terms.cap(without) - terms.cap(asked) == USUAL_IMAGE_TOKENS


def test_no_image_is_written_where_a_message_is() -> None:
    assert "IDAT" not in repr(showing(RED))
    assert "image/png" in repr(showing(RED))


@pytest.mark.parametrize("server", BLIND)
async def test_a_model_that_sees_none_says_so_in_its_servers_words(server: str) -> None:
    blind = {"openrouter": True} if server == "openrouter" else {"blind": server}
    async with lab(seeing=(), **blind) as (provider, models):
        with pytest.raises(ModelFailed) as caught:
            await provider.complete(showing(RED))
        await provider.complete(ask())
    assert caught.value.unseeing
    assert not caught.value.retryable
    assert [received.outcome for received in models.requests] == ["refused_form", "ok"]
    assert sum(received.bill_micros for received in models.requests[:1]) == 0


async def test_a_request_too_large_for_what_stands_before_a_server_may_be_sent_without() -> None:
    page = "<html><h1>413 Request Entity Too Large</h1><center>nginx</center></html>"
    async with lab(raw(page, status=413, Content_Type="text/html")) as (provider, models):
        with pytest.raises(ModelFailed) as caught:
            await provider.complete(showing(RED))
    assert caught.value.unseeing
    assert len(models.requests) == 1


@pytest.mark.parametrize(
    "script",
    [
        Behaviour("status", status=400, message="Your image violates our usage policies."),
        Behaviour("status", status=429, message="Rate limit exceeded for image inputs."),
        Behaviour("status", status=402, message="Insufficient credits for images."),
        Behaviour("status", status=401, message="Invalid API key for vision."),
        Behaviour("status", status=500, message="Something went wrong."),
        Behaviour("moderated", message="Your image was flagged."),
    ],
)
async def test_what_would_be_refused_without_images_too_is_no_matter_of_eyes(
    script: Behaviour,
) -> None:
    async with lab(script) as (provider, _):
        with pytest.raises(ModelFailed) as caught:
            await provider.complete(showing(RED))
    assert not caught.value.unseeing


async def test_words_about_images_mean_nothing_where_none_was_sent() -> None:
    script = Behaviour("status", status=400, message="image input is not supported")
    async with lab(script) as (provider, _):
        with pytest.raises(ModelFailed) as caught:
            await provider.complete(ask())
    assert not caught.value.unseeing


@pytest.mark.parametrize(
    ("entry", "sees"),
    [
        ({"architecture": {"input_modalities": ["text", "image", "file"]}}, True),
        ({"architecture": {"input_modalities": ["text"]}}, False),
        ({"architecture": {"input_modalities": []}}, None),
        ({"capabilities": {"completion_chat": True, "vision": False}}, False),
        ({"capabilities": {"completion_chat": True, "vision": True}}, True),
        ({"capabilities": ["completion", "multimodal"]}, True),
        ({"capabilities": ["completion"]}, None),
        ({"type": "vlm"}, True),
        ({"type": "llm"}, None),
        ({"architecture": "x", "capabilities": 7}, None),
        ({}, None),
    ],
)
def test_who_sees_is_read_from_a_list_or_not_known(
    entry: dict[str, object], sees: bool | None
) -> None:
    found = model_info({"id": "lab/a", **entry}, "", "2026-11-30")
    assert found
    assert found.sees is sees


def test_a_list_saved_before_says_nothing_of_it() -> None:
    from bot.llm import ModelInfo
    from bot.store.encoding import decode

    assert decode(ModelInfo, json.dumps({"id": "lab/a"})).sees is None
