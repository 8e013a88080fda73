"""Who has a seat where a server of one's own lists models and nobody chose any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.llm import ModelInfo
from bot.models.own_server import seated


def listed(*ids: str, created: int = 0) -> list[ModelInfo]:
    return [ModelInfo(id, created=created) for id in ids]


@pytest.mark.parametrize(
    ("ids", "members", "chairman"),
    [
        # Ollama
        (
            (
                *("nomic-embed-text:latest", "llama3.2:3b", "llama3.1:70b", "qwen3:8b"),
                *("gemma3:27b", "mistral:7b", "qwen2.5-coder:32b", "smollm2:135m"),
            ),
            ("llama3.1:70b", "gemma3:27b", "qwen3:8b", "mistral:7b"),
            "llama3.1:70b",
        ),
        # vLLM, one model as most of them
        (
            ("meta-llama/Llama-3.1-8B-Instruct",),
            ("meta-llama/Llama-3.1-8B-Instruct",) * 4,
            "meta-llama/Llama-3.1-8B-Instruct",
        ),
        # LM Studio
        (
            ("text-embedding-nomic-embed-text-v1.5", "google/gemma-3-12b", "qwen/qwen3-14b"),
            ("qwen/qwen3-14b", "google/gemma-3-12b") * 2,
            "qwen/qwen3-14b",
        ),
        # llama.cpp
        (("/models/Qwen3-8B-Q4_K_M.gguf",), ("/models/Qwen3-8B-Q4_K_M.gguf",) * 4, None),
        (("C:\\models\\Qwen3-8B-Q4_K_M.gguf",), ("C:\\models\\Qwen3-8B-Q4_K_M.gguf",) * 4, None),
        # LiteLLM, whose wildcards are no models
        (
            ("openai/*", "gpt-4o", "claude-sonnet", "gemini-pro", "whisper-1", "rerank-v3"),
            ("claude-sonnet", "gemini-pro", "gpt-4o", "claude-sonnet"),
            "claude-sonnet",
        ),
        # OpenAI
        (
            (
                *("gpt-4o", "gpt-5.1", "o3", "o3-pro", "gpt-5-pro", "gpt-5.1-codex", "tts-1"),
                *("text-embedding-3-large", "dall-e-3", "babbage-002", "omni-moderation-latest"),
                *("gpt-4o-audio-preview", "gpt-image-1", "sora-2", "chatgpt-4o-latest"),
            ),
            ("chatgpt-4o-latest", "gpt-5.1", "o3", "gpt-4o"),
            "chatgpt-4o-latest",
        ),
        # A fifth that is no smaller has the chair.
        (
            ("a-8b", "b-8b", "c-8b", "d-8b", "e-8b", "f-1b"),
            ("a-8b", "b-8b", "c-8b", "d-8b"),
            "e-8b",
        ),
        # Mixtures are as large as all their experts, and what tells no size comes last.
        (
            ("mixtral:8x7b", "phi4:latest", "qwen3:32b"),
            ("mixtral:8x7b", "qwen3:32b", "phi4:latest", "mixtral:8x7b"),
            "mixtral:8x7b",
        ),
        # Nothing but models with a special purpose, which can answer all the same
        (("qwen2.5-coder:7b",), ("qwen2.5-coder:7b",) * 4, "qwen2.5-coder:7b"),
        # One family
        (
            ("llama3.2:1b", "llama3.1:8b", "llama3.2:3b", "llama3.3:70b", "llama3:8b"),
            ("llama3.3:70b", "llama3:8b", "llama3.1:8b", "llama3.2:3b"),
            "llama3.3:70b",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_the_written_rule_seats(
    ids: tuple[str, ...], members: tuple[str, ...], chairman: str | None
) -> None:
    assert seated(listed(*ids), 4) == (members, chairman or members[0])


def test_of_models_alike_the_newest_is_seated() -> None:
    models = [*listed("qwen-a", created=1), *listed("qwen-b", created=3), *listed("yi", created=2)]
    assert seated(models, 2) == (("qwen-b", "yi"), "qwen-a")


def test_what_costs_more_than_a_council_should_has_no_seat() -> None:
    dear = ModelInfo("big", prompt_usd_per_million=60, completion_usd_per_million=180)
    assert seated([dear, ModelInfo("small")], 4) == (("small",) * 4, "small")
    assert seated([dear], 4) is None


@pytest.mark.parametrize(
    "id",
    [
        *("nomic-embed-text", "bge-m3", "mxbai-embed-large", "all-minilm:l6", "embeddinggemma"),
        *("whisper-large-v3", "distil-whisper", "bge-reranker-v2-m3", "jina-reranker", "gte-large"),
        *("llama-guard3:8b", "shieldgemma:2b", "stable-diffusion-xl", "flux.1-dev", "deepseek-ocr"),
        *("e5-mistral-7b", "kokoro-82m", "gpt-4o-realtime", "gpt-4o-transcribe", "tts-1-hd"),
    ],
)
def test_what_writes_no_answers_has_no_seat(id: str) -> None:
    assert seated(listed(id), 4) is None


@given(st.lists(st.text(min_size=1, max_size=30), max_size=12), st.integers(1, 8))
def test_for_any_list_the_seats_are_full_or_there_are_none(ids: list[str], seats: int) -> None:
    chosen = seated(listed(*ids), seats)
    if chosen:
        members, chairman = chosen
        assert len(members) == seats
        assert {*members, chairman} <= set(ids)
