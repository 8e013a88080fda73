"""Contexts that are too small, as servers tell them. Over sockets, and so in the time that passes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.llm import Completion, Request
from bot.models.http import HttpProvider
from bot.protocol import ranking
from bot.protocol.patience import Patience
from bot.store.store import Store
from tests.fakes.lab import lab
from tests.fakes.provider import FakeProvider, stage_and_seat
from tests.fakes.refusals import Refusal
from tests.protocol.deliberating import FOUR, LONG_ANSWERS, question, run


class LongAnswers(FakeProvider):
    """Members answer at length in this process; reviews and the verdict are a server's."""

    def __init__(self, server: HttpProvider) -> None:
        super().__init__(otherwise=lambda request: LONG_ANSWERS[stage_and_seat(request)[1]])
        self._server = server

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        if stage_and_seat(request)[0] == "answer":
            return await super().complete(request, on_text)
        return await self._server.complete(request, on_text)


@pytest.mark.parametrize("style", ["vllm", "llama.cpp", "openrouter", "silent"])
@pytest.mark.parametrize("context", [4_096, 6_000, 8_192])
async def test_reviews_and_verdict_come_through_whatever_a_servers_context(
    store: Store, context: int, style: str
) -> None:
    seed = next(seed for seed in range(10_000) if ranking.never_stops_early(seed))
    refusals = [Refusal("length", style, context=context)]
    async with lab(refusals=refusals) as (provider, _):
        done = await run(
            store,
            LongAnswers(provider),
            council=replace(FOUR, chairman="lab/e"),
            asked=question(seed=seed),
            patience=Patience(),
        )

    assert [review.error for review in done.deliberation.reviews] == [None] * 4
    assert all(review.counted for review in done.deliberation.reviews)
    assert all(review.shown_chars for review in done.deliberation.reviews)
    assert done.deliberation.verdict.chairman_error is None
    assert done.deliberation.verdict.shown_chars is not None
