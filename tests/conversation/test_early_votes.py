"""Votes on answers that are still discussed: none counts before the last text stands."""

import asyncio

import pytest

from bot.chat import answer_key
from bot.conversation.app import App
from bot.errors import InvalidInput
from bot.llm import Request
from tests.conversation import room as rooms
from tests.conversation.room import ANN, BOB, accepted, mention, running
from tests.conversation.test_enough import watched
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat

A = answer_key("A")


class Gated(FakeProvider):
    """Holds back each revision, and each review, until the stage is let go."""

    def __init__(self) -> None:
        super().__init__(otherwise=self._reply)
        self.gates = {"revision": asyncio.Event(), "review": asyncio.Event()}

    def _reply(self, request: Request) -> Scripted:
        stage, seat = stage_and_seat(request)
        gate = self.gates.get(stage)
        if gate and not gate.is_set():
            return gate
        return f"New {seat}.\nCHANGED: none" if stage == "revision" else sensible(request)


async def thumb(app: App, id: str) -> bool:
    return await app.voting.react("discord", f"{id}/{A}", BOB, "👍")


@pytest.mark.parametrize("mode", ["debate", "deep"])
async def test_no_vote_counts_before_the_discussion_is_over(mode: str) -> None:
    provider = Gated()
    async with running(provider) as app:
        room = watched(app)
        id = await accepted(app, mention(f"/{mode} pineapple?", thread="thread"))
        answer = await room.until(id, A, lambda shown: not shown.live)
        post = await app.voting.post("discord", f"{id}/{A}")
        assert post

        assert not answer.votable
        assert not await thumb(app, id)
        await app.voting.reconcile("discord", f"{id}/{A}", {("bob", "👍")})
        with pytest.raises(InvalidInput, match="Vote once it stands"):
            await app.voting.pressed(post, ANN, "accept")
        assert await app.store.reactions(id) == ()
        page = await app.archive.document(id, A)
        assert page
        assert not page.votable

        for gate in provider.gates.values():
            gate.set()
        await room.until(id, A, lambda shown: shown.votable)

        assert "New" in rooms.words(room.documents[id, A])
        await app.voting.reconcile("discord", f"{id}/{A}", {("bob", "👍")})
        assert [each.person for each in await app.store.reactions(id)] == ["bob"]
        await app.running.finished(id)
        assert room.documents[id, A].votable


async def test_answers_that_nobody_discusses_are_voted_on_at_once() -> None:
    provider = Gated()
    async with running(provider) as app:
        room = watched(app)
        id = await accepted(app, mention("pineapple?", thread="thread"))
        await room.until(id, A, lambda shown: shown.votable)

        assert await thumb(app, id)
        provider.gates["review"].set()
        await app.running.finished(id)


async def test_a_discussion_that_is_stopped_leaves_answers_to_vote_on() -> None:
    provider = Gated()
    async with running(provider) as app:
        room = watched(app)
        id = await accepted(app, mention("/debate pineapple?", thread="thread"))
        await room.until(id, A, lambda shown: not shown.live)
        await rooms.pressed(app, id, ANN, "stop")
        await app.running.finished(id)

        assert room.documents[id, A].votable
        assert await thumb(app, id)
