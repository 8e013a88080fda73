"""A run that was ended early: who did it, or what, is said in its thread, and goes when forgotten."""

from pathlib import Path

import pytest

from bot.chat import HEADLINE
from bot.conversation.app import App
from bot.document import Heading, Text
from tests.conversation.room import (
    ADMIN,
    ANN,
    BOB,
    CHANNEL,
    Held,
    Room,
    accepted,
    case_of,
    mention,
    pressed,
    running,
)


def room_of(app: App) -> Room:
    room = app.platforms["discord"]
    assert isinstance(room, Room)
    return room


def blocks(app: App, id: str) -> tuple[object, ...]:
    return room_of(app).documents[id, HEADLINE].blocks


async def stuck(app: App, provider: Held) -> str:
    """A question of Ann's, to which nobody has answered so far."""
    id = await accepted(app, mention("pineapple?", key="asked", thread="thread"))
    await provider.until_asked("pineapple")
    return id


async def test_the_thread_says_who_stopped_it_without_a_mention() -> None:
    provider = Held("pineapple")
    async with running(provider) as app:
        id = await stuck(app, provider)
        await pressed(app, id, ANN, "stop")
        await app.running.finished(id)

        assert blocks(app, id)[0] == Heading("Stopped by Ann\\_ before any answer")
        stop = (await case_of(app, id)).stop
        assert stop
        assert (stop.cause, stop.person) == ("person", "ann")


async def test_whose_name_nobody_knows_is_not_named() -> None:
    provider = Held("pineapple")
    async with running(provider) as app:
        id = await stuck(app, provider)
        await pressed(app, id, ADMIN, "stop")
        await app.running.finished(id)

        assert blocks(app, id)[0] == Heading("Stopped before any answer")


@pytest.mark.parametrize(
    ("deleted", "why"),
    [
        ("question", "Its question was deleted."),
        ("place", "The place that it was asked in was deleted."),
    ],
)
async def test_where_nobody_stopped_it_the_thread_says_what_did(deleted: str, why: str) -> None:
    provider = Held("pineapple")
    async with running(provider) as app:
        id = await stuck(app, provider)
        if deleted == "question":
            await app.running.question_deleted("asked")
        else:
            app.running.place_deleted("discord", "thread")
        await app.running.finished(id)

        assert blocks(app, id)[:2] == (Heading("Stopped before any answer"), Text(why))


async def test_what_ended_it_first_is_what_is_said() -> None:
    provider = Held("pineapple")
    async with running(provider) as app:
        id = await stuck(app, provider)
        await pressed(app, id, ANN, "stop")
        await app.running.question_deleted("asked")
        await app.running.finished(id)

        assert blocks(app, id)[0] == Heading("Stopped by Ann\\_ before any answer")


async def test_a_later_process_says_the_same(tmp_path: Path) -> None:
    database, provider = str(tmp_path / "council.db"), Held("pineapple")
    async with running(provider, database=database) as app:
        id = await stuck(app, provider)
        await pressed(app, id, ANN, "stop")
        await app.running.finished(id)
        before = blocks(app, id)
        await app.store._change("UPDATE deliberations SET delivered = 0", ())
    async with running(database=database) as app:
        await app.running.resume("discord")
        await app.running.finished(id)

        assert blocks(app, id) == before


async def test_whoever_is_forgotten_is_no_longer_kept_as_who_stopped_it() -> None:
    provider = Held("pineapple")
    async with running(provider) as app:
        id = await stuck(app, provider)
        await pressed(app, id, ADMIN, "stop")
        await app.running.finished(id)

        await app.command(CHANNEL, ADMIN, "forget me")
        await app.command(CHANNEL, BOB, "forget me")

        stop = (await case_of(app, id)).stop
        assert stop
        assert stop.person is None
