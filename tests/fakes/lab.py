"""A model server and the program's own provider that talks to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest

from bot.errors import ModelFailed
from bot.llm import Completion, Message, Request
from bot.models.http import Endpoint, HttpProvider
from bot.models.terms import CAREFUL, Routing
from tests.fakes.model_server import Behaviour, ModelServer, Script

SYSTEM, QUESTION = "Be brief.", "Löst das 🙂 das Problem?"


def ask(
    model: str = "lab/a",
    *,
    effort: str = "",
    tag: str = "d1/answer/0/0",
    tokens: int = 800,
    question: str = QUESTION,
) -> Request:
    messages = (Message("system", SYSTEM), Message("user", question))
    return Request(
        model=model, messages=messages, max_completion_tokens=tokens, tag=tag, effort=effort
    )


def raw(
    *pieces: str | bytes,
    status: int = 200,
    then: Literal["end", "cut", "open", "alive"] = "end",
    **headers: str,
) -> Behaviour:
    """Exactly these bytes; `headers` by name, with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Behaviour("raw", raw=pieces, status=status, then=then, headers=named)


@asynccontextmanager
async def lab(
    script: Script = "ok",
    *,
    routing: Routing = CAREFUL,
    usage_seconds: float = 0.2,
    **options: Any,
) -> AsyncIterator[tuple[HttpProvider, ModelServer]]:
    """A server whose model lab/a follows the script, and a provider that talks to it."""
    async with ModelServer(behaviours={"lab/a": script}, **options) as server:
        provider = HttpProvider(
            [Endpoint("", server.url, server.key, openrouter=server.openrouter)],
            routing=routing,
            usage_seconds=usage_seconds,
        )
        try:
            yield provider, server
        finally:
            await provider.aclose()


async def failure(script: Script, **options: Any) -> ModelFailed:
    async with lab(script, **options) as (provider, _):
        with pytest.raises(ModelFailed) as caught:
            await provider.complete(ask())
    return caught.value


async def completion(script: Script, **options: Any) -> Completion:
    async with lab(script, **options) as (provider, _):
        return await provider.complete(ask())
