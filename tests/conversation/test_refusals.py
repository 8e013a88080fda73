"""What somebody is told who may not ask now, and the button that changes it."""

import pytest

from bot.chat import Channel, Person, Refused
from bot.conversation.app import App
from bot.conversation.presses import File, Press, Told
from bot.document import Button, Document
from tests.conversation.room import (
    ADMIN,
    ANN,
    BOB,
    CHANNEL,
    NOW,
    Clock,
    Held,
    accepted,
    mention,
    pressed,
    refusal,
    running,
    served,
    words,
)

DAY = 24 * 3600


async def resumed(app: App, person: Person, channel: Channel | None = CHANNEL) -> Told:
    press = Press(person, "-", ("resume",), sees=lambda case: False, channel=channel)
    told = await app.actions.press(press)
    assert isinstance(told, Told)
    return told


async def refused(app: App) -> Document:
    taken = await app.questions.accept(mention())
    assert isinstance(taken, Refused)
    return taken.document


@pytest.mark.parametrize(
    ("seconds", "when"),
    [
        (0, "today"),
        (DAY, "yesterday"),
        (2 * DAY, "on Tuesday"),
        (6 * DAY, "on Tuesday"),
        (7 * DAY, "on 24 Nov 2026"),
    ],
)
async def test_a_paused_channel_says_by_whom_and_when(seconds: float, when: str) -> None:
    async with running() as app:
        app.clock = clock = Clock()
        assert NOW.strftime("%A") == "Tuesday"
        await app.command(CHANNEL, Person("bob", admin=True), "pause")
        clock.move(seconds)
        document = await refused(app)

        assert words(document) == (
            f"⏸ **The council is paused in this channel.** Bob paused it {when}. "
            "Administrators can end that: `/council resume`."
        )
        assert document.buttons == (Button("resume", "Resume"),)


async def test_later_changes_hide_nobody_who_paused() -> None:
    async with running() as app:
        for person, command in (("ann", "pause"), ("ann", "resume"), ("bob", "pause")):
            await app.command(CHANNEL, Person(person, admin=True), command)
        await app.command(CHANNEL, ADMIN, "language German")

        assert "Bob paused it today." in words(await refused(app))


async def test_whoever_is_forgotten_paused_nothing_by_name() -> None:
    async with running() as app:
        await app.command(CHANNEL, Person("bob", admin=True), "pause")
        await app.command(CHANNEL, BOB, "forget me")

        assert "Somebody paused it today." in words(await refused(app))


async def test_an_administrator_ends_the_silence_with_the_button() -> None:
    async with running() as app:
        await app.command(CHANNEL, ADMIN, "pause")

        told = await resumed(app, ADMIN)
        assert told.instead
        assert words(told.document) == "The council answers here again. Ask once more."
        await served(app)

        version = (await app.store.settings("discord", "server", "channel")).version
        assert words((await resumed(app, BOB)).document).startswith("The council answers here")
        assert (await app.store.settings("discord", "server", "channel")).version == version


async def test_nobody_else_ends_it() -> None:
    async with running() as app:
        await app.command(CHANNEL, ADMIN, "pause")

        told = await resumed(app, BOB)
        assert not told.instead
        assert words(told.document).startswith("Only administrators can change")
        await refused(app)


async def test_a_button_that_stands_nowhere_changes_nothing() -> None:
    async with running() as app:
        told = await resumed(app, ADMIN, None)

        assert words(told.document).startswith("This button is from another version")


async def test_a_guest_and_somebody_in_private_learn_what_they_can_do() -> None:
    async with running() as app:
        guest = mention(channel=Channel("slack", "w", "C1"), person=Person("zed", guest=True))
        assert await refusal(app, guest) == (
            "The council is not enabled here for guests, or people of another organisation. "
            "An operator can list you, or this channel, in COUNCIL_ALLOWED."
        )
        assert await refusal(app, mention(channel=Channel("discord", "", "dm"), direct=True)) == (
            "The council is not enabled here: direct messages are answered for those alone whom "
            "an operator lists in COUNCIL_ALLOWED. Ask in a channel of a server that we share."
        )


# --- looking before asking again


async def test_whoever_presses_sees_the_council_of_the_channel() -> None:
    async with running() as app:
        id = await served(app)

        assert await pressed(app, id, BOB, "check") == await app.command(CHANNEL, BOB, "show")


async def test_the_transcript_is_a_file_for_whoever_presses() -> None:
    async with running() as app:
        id = await served(app)
        file = await app.actions.press(Press(BOB, id, ("transcript",), sees=lambda case: True))

        assert isinstance(file, File)
        assert file.name == "transcript.md"
        assert file.text == await app.archive.transcript(id)


async def test_there_is_no_transcript_before_the_verdict_nor_without_one() -> None:
    provider = Held("it")
    async with running(provider) as app:
        id = await accepted(app, mention())
        assert words(await pressed(app, id, BOB, "transcript")) == (
            "The verdict is still being written."
        )
        await provider.until_asked("it")
        await pressed(app, id, ANN, "stop")
        await app.running.finished(id)

        assert words(await pressed(app, id, BOB, "transcript")) == (
            "There is no transcript: this question came to no verdict."
        )
