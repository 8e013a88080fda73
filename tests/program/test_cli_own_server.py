"""COUNCIL_MODEL_URL alone: what a server of one's own lists has the seats."""

import pytest

from tests.fakes.forks import Ended, Program
from tests.fakes.model_server import ModelServer

OLLAMA = ("nomic-embed-text:latest", "llama3.1:70b", "qwen3:8b", "gemma3:27b", "mistral:7b")


async def ask(council: Program, url: str, **more: str) -> Ended:
    here = {"COUNCIL_MODEL_URL": url, "COUNCIL_DATABASE": "council.db", **more}
    return await council.run("ask", "Is a monolith right?", "--json", environment=here)


async def seats(council: Program, server: ModelServer, **more: str) -> tuple[list[str], str]:
    """Members in alphabetical order, since labels are drawn, and who wrote the verdict."""
    ended = await ask(council, server.url, **more)
    assert ended.code == 0, ended.err
    assert not ended.json["degraded"]
    return (
        sorted(member["model"] for member in ended.json["members"]),
        ended.json["verdict"]["written_by"],
    )


async def test_four_different_models_of_a_local_server_deliberate(council: Program) -> None:
    async with ModelServer(models=OLLAMA, key=None) as server:
        members, chairman = await seats(council, server)

    assert members == ["gemma3:27b", "llama3.1:70b", "mistral:7b", "qwen3:8b"]
    assert chairman == "llama3.1:70b"


@pytest.mark.parametrize(
    ("models", "members"),
    [
        (("qwen3:8b",), ["qwen3:8b"] * 4),
        (("/models/Qwen3-8B-Q4_K_M.gguf",), ["/models/Qwen3-8B-Q4_K_M.gguf"] * 4),
        (("a/x-1b", "a/y-2b"), ["a/x-1b", "a/x-1b", "a/y-2b", "a/y-2b"]),
    ],
)
async def test_fewer_models_have_several_seats_each(
    council: Program, models: tuple[str, ...], members: list[str]
) -> None:
    async with ModelServer(models=models, key=None) as server:
        assert (await seats(council, server))[0] == members


async def test_a_gateway_with_prices_seats_what_it_lists(council: Program) -> None:
    prices = {"prompt": "0.000001", "completion": "0.000002"}
    dear = {"prompt": "0.00006", "completion": "0.00018"}
    entries = [
        {"id": "fast", "pricing": prices},
        {"id": "smart", "pricing": dear},
        {"id": "vectors", "pricing": prices, "type": "embedding"},
        {"id": "draws", "capabilities": {"completion_chat": False}},
    ]
    async with ModelServer(models=("fast", "smart"), entries=entries) as server:
        here = {"COUNCIL_MODEL_KEY": server.key or ""}
        assert await seats(council, server, **here) == (["fast"] * 4, "fast")


async def test_a_further_endpoint_alone_seats_what_it_lists(council: Program) -> None:
    async with ModelServer(models=("qwen3:8b",), key=None) as server:
        here = {"COUNCIL_ENDPOINTS": f"ollama={server.url}"}
        assert (await seats(council, server, COUNCIL_MODEL_URL="", **here)) == (
            ["ollama/qwen3:8b"] * 4,
            "ollama/qwen3:8b",
        )


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        (b'{"object":"list","data":[]}', "lists no model that writes text. Load one there"),
        (
            b'{"data":[{"id":"bge-m3"},{"id":"whisper-1"}]}',
            "lists no model that a council could be made of, only bge-m3, whisper-1. Load another",
        ),
    ],
)
async def test_a_server_with_nothing_to_seat_is_told_apart(
    council: Program, listed: bytes, said: str
) -> None:
    async with ModelServer(list_raw=listed, key=None) as server:
        ended = await ask(council, server.url)

    assert ended.code == 2
    assert f"- {server.url} {said}" in ended.err
    assert "COUNCIL_MEMBERS" in ended.err


async def test_a_server_that_is_not_there_is_named_with_what_to_do(council: Program) -> None:
    async with ModelServer(key=None) as server:
        url = server.url
    ended = await ask(council, url)

    assert ended.code == 2
    assert (
        f"- COUNCIL_MEMBERS names nobody, and {url} gives no list of models to choose from: the "
        "provider cannot be reached; check its address and the network. Does it run, and is that "
        "its address?"
    ) in ended.err
    assert "Traceback" not in ended.err
    assert ended.err.count("cannot be reached") == 1


async def test_what_a_server_says_ends_like_a_sentence(council: Program) -> None:
    async with ModelServer(key=None) as server:
        ended = await ask(council, f"{server.url}/elsewhere")

    assert "It said: 404: Not Found. Does it run, and is that its address?" in ended.err
