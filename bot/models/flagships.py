"""The written rule by which OpenRouter's models have a seat where nobody chose any. Pure."""

import re
from collections.abc import Iterable
from datetime import timedelta

from bot.llm import ModelInfo

_VENDORS = (
    "openai",
    "anthropic",
    "google",
    "x-ai",
    "deepseek",
    "qwen",
    "mistralai",
    "moonshotai",
    "z-ai",
    "meta-llama",
)
DEAREST_USD_PER_MILLION = 20.0
_GENERATION = timedelta(days=180)
_LEAST_CONTEXT_TOKENS = 64_000
# Parts of an id that mark a model as unfinished, or made for something else than answering.
NOT_FOR_COUNCILS = re.compile(
    r"(?<![a-z])(alpha|beta|preview|exp|experimental|test|base|auto|router|code|codex|coder"
    r"|devstral|codestral|image|vision|vl|audio|voxtral|realtime|tts|transcribe|search|research"
    r"|guard|safeguard|moderation|embed|embedding|rerank|ocr|translate|math|prover)(?![a-z])"
)


def flagships(models: Iterable[ModelInfo]) -> list[str]:
    """One model per vendor, in the vendors' order of preference."""
    vendors: dict[str, list[ModelInfo]] = {}
    for model in models:
        if _is_candidate(model):
            vendors.setdefault(model.id.partition("/")[0], []).append(model)
    order = [vendor for vendor in _VENDORS if vendor in vendors]
    order += sorted(vendors.keys() - set(order))
    return [_flagship(vendors[vendor]).id for vendor in order]


def _flagship(candidates: list[ModelInfo]) -> ModelInfo:
    since = max(model.created for model in candidates) - _GENERATION.total_seconds()
    current = [model for model in candidates if model.created >= since]
    return max(
        current, key=lambda model: (model.completion_usd_per_million, model.created, model.id)
    )


def _is_candidate(model: ModelInfo) -> bool:
    vendor, _, name = model.id.partition("/")
    prices = prices_of(model)
    return (
        bool(name)
        and vendor != "openrouter"
        and not vendor.startswith("~")
        and ":" not in name
        and not NOT_FOR_COUNCILS.search(name.lower())
        and prices is not None
        and 0 < prices[1] <= DEAREST_USD_PER_MILLION
        and (model.context_tokens or 0) >= _LEAST_CONTEXT_TOKENS
    )


def prices_of(model: ModelInfo | None) -> tuple[float, float] | None:
    """Prompt and completion; `None` unless both are known."""
    if model is None or model.prompt_usd_per_million is None:
        return None
    if model.completion_usd_per_million is None:
        return None
    return model.prompt_usd_per_million, model.completion_usd_per_million
