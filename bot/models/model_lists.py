"""Reading the lists of models that endpoints give, in the shapes that servers use."""

from typing import Any

import httpx

from bot.llm import ModelInfo
from bot.models.gate import as_count, as_decimal, as_dict, as_text

# Gateways before many providers list thousands of models, with a page of text for each.
LIST_LIMIT_BYTES = 32 * 1024 * 1024
# OpenRouter lists up to 500 models a page; twenty pages are more than all models there are.
PAGES = 20

_ID_LIMIT_CHARS = 200
# What servers call the size of a context, the one that is served before the one that is possible:
# OpenRouter, Together and others; LM Studio; vLLM; Groq; llama.cpp; Mistral; Google.
_CONTEXT_FIELDS = (
    "context_length",
    "loaded_context_length",
    "max_model_len",
    "context_window",
    "n_ctx",
    "max_context_length",
    "context_size",
    "inputTokenLimit",
    "n_ctx_train",
)
_NO_WRITERS = frozenset(
    ("embedding", "embeddings", "rerank", "image", "video", "audio", "transcribe", "moderation")
)
_ENTRIES = ("data", "models", "result")
_COMPLETION_FIELDS = ("max_completion_tokens", "max_output_tokens", "outputTokenLimit")


def entries_of(content: object) -> list[Any] | None:
    """The entries of a page, which may be a list alone, and of ids alone; `None` where it is no list
    of models."""
    entries = content
    for _ in range(2):  # some wrap the list twice
        if isinstance(entries, dict):
            entries = next(
                (entries[name] for name in _ENTRIES if entries.get(name) is not None), None
            )
    if not isinstance(entries, list):
        return None
    if all(isinstance(entry, str) for entry in entries):
        return [{"id": entry} for entry in entries]
    return entries


def next_page(address: str, content: object) -> str | None:
    following = as_dict(as_dict(content).get("links")).get("next")
    if not isinstance(following, str):
        return None
    try:
        here, there = httpx.URL(address), httpx.URL(address).join(following)
    except httpx.InvalidURL:
        return None
    # The key goes along with the request, so it goes nowhere else.
    same_place = (here.scheme, here.netloc) == (there.scheme, there.netloc)
    return str(there) if same_place and there != here else None


def model_info(entry: dict[str, Any], endpoint: str, today: str) -> ModelInfo | None:
    """One entry of a list; `None` for one that is malformed, writes no text, or has expired."""
    model = entry.get("id") or entry.get("model")
    if not isinstance(model, str) or not 0 < len(model) <= _ID_LIMIT_CHARS:
        return None
    if not model.isprintable():
        return None
    if not _writes_text(entry):
        return None
    expires = entry.get("expiration_date")
    if isinstance(expires, str) and expires[:10] < today:
        return None
    pricing = as_dict(entry.get("pricing"))
    return ModelInfo(
        id=f"{endpoint}/{model}" if endpoint else model,
        name=as_text(entry.get("name"), _ID_LIMIT_CHARS),
        context_tokens=_size(entry, "meta", _CONTEXT_FIELDS),
        max_completion_tokens=_size(entry, "top_provider", _COMPLETION_FIELDS),
        prompt_usd_per_million=_usd_per_million(pricing.get("prompt")),
        completion_usd_per_million=_usd_per_million(pricing.get("completion")),
        created=as_count(entry.get("created")),
        sees=_sees(entry),
    )


def _sees(entry: dict[str, Any]) -> bool | None:
    """Whether it takes images: OpenRouter; Mistral; LM Studio; llama.cpp. Most lists say nothing."""
    inputs = as_dict(entry.get("architecture")).get("input_modalities")
    if isinstance(inputs, list) and inputs:
        return "image" in inputs
    able = entry.get("capabilities")
    if isinstance(able, list):
        return True if {"vision", "multimodal"} & {str(each) for each in able} else None
    vision = as_dict(able).get("vision")
    if isinstance(vision, bool):
        return vision
    return True if entry.get("type") == "vlm" else None


def _writes_text(entry: dict[str, Any]) -> bool:
    """Whether nothing says otherwise: OpenRouter, LM Studio and Together, Mistral, llama.cpp."""
    outputs = as_dict(entry.get("architecture")).get("output_modalities")
    if isinstance(outputs, list) and "text" not in outputs:
        return False
    if str(entry.get("type")).lower() in _NO_WRITERS:
        return False
    able = entry.get("capabilities")
    if isinstance(able, list):
        return "embedding" not in able or "completion" in able
    return as_dict(able).get("completion_chat") is not False


def _size(entry: dict[str, Any], within: str, names: tuple[str, ...]) -> int | None:
    """The first of these numbers that the entry has, itself or within an object of it."""
    for one in (entry, as_dict(entry.get(within))):
        for name in names:
            if size := as_count(one.get(name)):
                return size
    return None


def _usd_per_million(per_token: object) -> float | None:
    """OpenRouter gives dollars per token as a string; its routers, whose price varies, "-1"."""
    price = as_decimal(per_token)
    return None if price is None else float(price * 1_000_000)
