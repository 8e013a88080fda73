"""Killed at any moment, in any mode: a question goes on, nothing of it is paid twice or left set aside.

The database is copied before and after every request to a model, as a kill would leave it there;
each copy is then gone on with. That nothing is posted twice is seen by `tests.world`.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.llm import Completion, Request
from bot.modes import MODES
from bot.records import Case
from bot.store.store import Store
from tests.conversation.room import case_of, mention, running, served
from tests.fakes import databases
from tests.fakes.provider import FakeProvider, labels_shown, sensible, stage_and_seat
from tests.fakes.watched import eventually

SEED = 3
PLENTY = Rules(daily_budget_micros=50_000_000)


def agreeing(request: Request) -> str:
    """Everybody says the same, which can be counted."""
    said = sensible(request)
    is_answer = stage_and_seat(request)[0] == "answer"
    return f"{said}\n\nFinal answer: yes" if is_answer else said


def differing(request: Request) -> str:
    """Each says something else; in the first round of a debate one is convinced."""
    stage, seat = stage_and_seat(request)
    if stage == "revision" and seat == 0 and "/1/" in request.tag:
        return f"Then it is another.\n\nFinal answer: 99\n\nCHANGED: {labels_shown(request)[0]}"
    said = sensible(request)
    return f"{said}\n\nFinal answer: {seat + 10}" if stage == "answer" else said


class Copying(FakeProvider):
    """Copies the database before each request, and before what came of it is known."""

    def __init__(self, otherwise: Callable[[Request], str], folder: Path) -> None:
        super().__init__(otherwise=otherwise)
        self.store: Store | None = None
        self.copies: list[Path] = []
        self.database = folder / "whole.db"
        self._folder = folder
        self._one = asyncio.Lock()

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        await self._copy()
        done = await super().complete(request, on_text)
        await self._copy()
        return done

    async def _copy(self) -> None:
        assert self.store
        async with self._one:
            path = self._folder / f"{len(self.copies)}.db"
            databases.copy(self.database, path)
            self.copies.append(path)


async def whole(folder: Path, mode: str, says: Callable[[Request], str]) -> tuple[Case, list[Path]]:
    """A question that nothing interrupts, and the copies that were made meanwhile."""
    provider = Copying(says, folder)
    async with running(provider, rules=PLENTY, database=str(provider.database)) as app:
        provider.store = app.store
        app.questions.seed = SEED
        id = await served(app, mention(f"/{mode} Is it 10?"))
        await nothing_owed(app)
        return await case_of(app, id), provider.copies


async def nothing_owed(app: App) -> None:
    async def nothing() -> bool:
        return not (app.running.cases or await app.store.unfinished("discord"))

    await eventually(nothing)


@pytest.mark.both_databases(1)
@pytest.mark.parametrize("says", [agreeing, differing])
@pytest.mark.parametrize("mode", MODES)
async def test_killed_at_any_moment_a_question_goes_on_in_any_mode(
    tmp_path: Path, mode: str, says: Callable[[Request], str]
) -> None:
    expected, copies = await whole(tmp_path, mode, says)
    assert expected.result
    assert len(copies) >= 4
    for copy in copies:
        paid = set(databases.rows(copy, "SELECT stage, round, seat FROM calls"))
        provider = FakeProvider(otherwise=says)
        async with running(provider, rules=PLENTY, database=str(copy)) as app:
            await app.running.resume("discord")
            await app.running.finished(expected.id)
            await nothing_owed(app)
            case = await case_of(app, expected.id)
            calls = await app.store.calls(expected.id)
        assert not paid & {key_of(request) for request in provider.requests}, copy.name
        assert case.result
        assert case.result.verdict.text == expected.result.verdict.text
        assert case.result.verdict.label == expected.result.verdict.label
        assert (case.result.escalated, case.result.not_asked) == (
            expected.result.escalated,
            expected.result.not_asked,
        )
        assert case.result.changes == expected.result.changes
        assert len(calls) == len({(call.stage, call.round, call.seat) for call in calls})
        assert databases.rows(copy, "SELECT sum(held_micros) FROM accounts") == [(0,)]
        finished = "SELECT count(*) FROM feed WHERE what = 'finished'"
        assert databases.rows(copy, finished) == [(1,)]


def key_of(request: Request) -> tuple[str, int, int]:
    _, stage, round, seat = request.tag.split("/")
    return stage, int(round), int(seat)
