"""Votes that change later are shown under the ranking that stands, by few edits."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.conversation.app import App
from bot.document import Document
from bot.errors import Undeliverable
from bot.records import Case
from tests.conversation.room import (
    ANN,
    BOB,
    Held,
    Room,
    accepted,
    mention,
    pressed,
    running,
    served,
)


@dataclass
class Edits:
    """A platform on which everything stands already."""

    edited: list[tuple[str, str, bool]] = field(default_factory=list)
    trouble: Exception | None = None
    is_away: bool = False
    interval_seconds: float = 0.0
    case: Case | None = None

    def reply(self, case: Case) -> "Edits":
        self.case = case
        return self

    async def show(self, key: str, document: Document, *, ping: bool = False) -> None:
        assert self.case
        if self.trouble:
            raise self.trouble
        if self.is_away:
            await asyncio.Event().wait()
        self.edited.append((self.case.id, key, ping))


async def delivered(app: App) -> str:
    """The id of a run whose posts all stand there."""
    id = await served(app, mention())
    await app.store.delivered(id)
    return id


async def vote(app: App, id: str, emoji: str = "👍", key: str = "answer:A") -> None:
    assert await app.voting.react("discord", f"{id}/{key}", BOB, emoji)


async def two_voted_on(app: App) -> tuple[str, str]:
    """Two runs whose votes are to be shown, the older first."""
    first, second = await delivered(app), await delivered(app)
    await vote(app, first)
    await vote(app, second)
    return first, second


def edits_of(app: App) -> Edits:
    edits = Edits()
    app.platforms["discord"] = edits
    return edits


async def test_however_many_votes_came_the_ranking_is_edited_once() -> None:
    async with running() as app:
        id = await delivered(app)
        edits = edits_of(app)
        for emoji in ("👍", "🏆", "👎"):
            await vote(app, id, emoji)
        await app.recounts.turn()
        await app.recounts.turn()

        assert edits.edited == [(id, "ranking", True)]

        await app.voting.unreact("discord", f"{id}/answer:A", BOB, "👎")
        await app.recounts.turn()
        assert len(edits.edited) == 2


async def test_without_new_votes_nothing_is_edited() -> None:
    async with running() as app:
        id = await delivered(app)
        edits = edits_of(app)
        await app.recounts.turn()
        await app.voting.reconcile("discord", f"{id}/answer:A", set())
        await app.recounts.turn()

        assert edits.edited == []


async def test_votes_from_before_the_ranking_need_no_edit() -> None:
    provider = Held("seat 1")
    async with running(provider) as app:
        id = await accepted(app, mention())
        room = app.platforms["discord"]
        assert isinstance(room, Room)
        await room.until_shown(id, "headline")
        await app.voting.react("discord", f"{id}/headline", BOB, "👍")
        await app.recounts.turn()
        provider.release()
        await app.running.finished(id)
        edits = edits_of(app)
        await app.recounts.turn()

        assert edits.edited == []


async def test_a_new_process_shows_the_votes_that_the_old_one_did_not(tmp_path: Path) -> None:
    database = str(tmp_path / "council.db")
    async with running(database=database) as app:
        id = await delivered(app)
        await vote(app, id)
    async with running(database=database) as app:
        edits = edits_of(app)
        await app.recounts.turn()

        assert edits.edited == [(id, "ranking", True)]


async def test_where_the_platform_is_away_it_is_tried_again() -> None:
    async with running(time_scale=0.001) as app:
        id = await delivered(app)
        edits = edits_of(app)
        await vote(app, id)
        edits.is_away = True
        await app.recounts.turn()
        edits.is_away = False
        await app.recounts.turn()

        assert edits.edited == [(id, "ranking", True)]


async def test_what_a_platform_refuses_waits_for_the_next_vote() -> None:
    async with running() as app:
        id = await delivered(app)
        edits = edits_of(app)
        await vote(app, id)
        edits.trouble = Undeliverable("The channel is archived.")
        await app.recounts.turn()
        edits.trouble = None
        await app.recounts.turn()
        assert edits.edited == []

        await vote(app, id, "👎")
        await app.recounts.turn()
        assert edits.edited == [(id, "ranking", True)]


async def test_trouble_with_one_ranking_keeps_no_other_waiting() -> None:
    class Troubled(Edits):
        async def show(self, key: str, document: Document, *, ping: bool = False) -> None:
            assert self.case
            if self.case.id == second:
                raise ValueError("nobody foresaw this")
            await super().show(key, document, ping=ping)

    async with running() as app:
        first, second = await two_voted_on(app)
        app.platforms["discord"] = edits = Troubled()
        await app.recounts.turn()

        assert edits.edited == [(first, "ranking", True)]


async def test_trouble_that_stays_is_told_once_and_tried_less_and_less_often(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Troubled(Edits):
        tries = 0

        async def show(self, key: str, document: Document, *, ping: bool = False) -> None:
            self.tries += 1
            raise ValueError("nobody foresaw this")

    async with running() as app:
        id = await delivered(app)
        app.platforms["discord"] = troubled = Troubled()
        await vote(app, id)
        for _ in range(20):
            await app.recounts.turn()
        edits = edits_of(app)
        for _ in range(20):
            await app.recounts.turn()

        assert troubled.tries == 5  # in turns 1, 3, 6, 11 and 20
        assert caplog.text.count("ValueError: nobody foresaw") == 1
        assert edits.edited == [(id, "ranking", True)]


async def test_a_forgotten_question_is_edited_no_more() -> None:
    async with running() as app:
        id = await delivered(app)
        edits = edits_of(app)
        await vote(app, id)
        await app.store.forget_deliberation(id)
        await app.recounts.turn()

        assert edits.edited == []


async def test_seeing_the_names_changes_nothing_that_others_see() -> None:
    async with running() as app:
        id = await delivered(app)
        edits_of(app)
        await vote(app, id)
        before = await app.archive.document(id, "ranking")
        await pressed(app, id, BOB, "reveal")
        await pressed(app, id, ANN, "names")

        assert await app.archive.document(id, "ranking") == before


async def test_votes_wait_for_a_platform_that_was_left_meanwhile() -> None:
    class Leaving(Edits):
        def reply(self, case: Case) -> Edits:
            app.platforms.pop("discord", None)
            return super().reply(case)

    async with running() as app:
        first, second = await two_voted_on(app)
        app.platforms["discord"] = leaving = Leaving()
        await app.recounts.turn()
        edits = edits_of(app)
        await app.recounts.turn()

        assert leaving.edited == [(second, "ranking", True)]
        assert edits.edited == [(first, "ranking", True)]
