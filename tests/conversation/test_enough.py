"""A deep question that somebody has enough of: who may say so, when, and what the thread shows."""

from collections.abc import Callable

import pytest

from bot.chat import HEADLINE, RANKING, Person, answer_key
from bot.conversation.app import App
from bot.document import Button, Document
from bot.llm import Request
from tests.conversation import room as rooms
from tests.conversation.room import ADMIN, ANN, BOB, Held, Room, accepted, mention, pressed, running
from tests.fakes.provider import Scripted, sensible, stage_and_seat
from tests.pages.telling import words


class OneHangs(Held):
    """One seat never answers a question about pineapples, and none writes a verdict on them before
    `release`."""

    def _reply(self, request: Request) -> Scripted:
        if stage_and_seat(request) == ("answer", 1):
            return super()._reply(request)
        return sensible(request)


class Watched(Room):
    async def until(self, id: str, key: str, holds: Callable[[Document], bool]) -> Document:
        async with self._showing:
            await self._showing.wait_for(
                lambda: (id, key) in self.documents and holds(self.documents[id, key])
            )
        return self.documents[id, key]


def watched(app: App) -> Watched:
    room = Watched(app)
    app.platforms |= {"discord": room}
    return room


def offers_enough(document: Document) -> bool:
    return Button("enough", "Enough") in document.buttons


async def deep(app: App, text: str = "/deep pineapple?") -> str:
    return await accepted(app, mention(text, thread="thread"))


@pytest.mark.parametrize("person", [ANN, ADMIN])
async def test_the_asker_and_moderators_get_the_verdict_of_what_there_is(person: Person) -> None:
    async with running(OneHangs("pineapple")) as app:
        room = watched(app)
        id = await deep(app)
        await room.until(id, HEADLINE, offers_enough)

        told = rooms.words(await pressed(app, id, person, "enough"))
        await app.running.finished(id)

        assert told == "The verdict is written now, of what there is."
        done = words(room.documents[id, HEADLINE])
        assert "Ended early, as somebody asked" in done
        assert "Nobody reviewed the answers." in done
        assert ": not waited for" in done
        assert not offers_enough(room.documents[id, HEADLINE])
        assert RANKING in room.keys(id)


async def test_nobody_else_may() -> None:
    async with running(OneHangs("pineapple")) as app:
        room = watched(app)
        id = await deep(app)
        await room.until(id, HEADLINE, offers_enough)

        told = rooms.words(await pressed(app, id, BOB, "enough"))

        assert told == "Only the person who asked, or an administrator, can stop it."
        assert offers_enough(room.documents[id, HEADLINE])
        await pressed(app, id, ANN, "stop")


async def test_a_second_press_ends_nothing_again() -> None:
    async with running(OneHangs("pineapple")) as app:
        room = watched(app)
        id = await deep(app)
        await room.until(id, HEADLINE, offers_enough)
        await pressed(app, id, ANN, "enough")

        again = rooms.words(await pressed(app, id, ADMIN, "enough"))
        await app.running.finished(id)
        late = rooms.words(await pressed(app, id, ANN, "enough"))

        assert again.startswith("There is nothing to end early")
        assert late == "This deliberation is over already."


async def test_without_two_answers_there_is_nothing_to_rule_on() -> None:
    def all_but_one(request: Request) -> Scripted:
        return held._go_on if stage_and_seat(request) != ("answer", 0) else sensible(request)

    held = Held("pineapple")
    held._otherwise = all_but_one
    async with running(held) as app:
        room = watched(app)
        id = await deep(app)
        await room.until(id, HEADLINE, lambda headline: "Answers 1 of" in words(headline))

        told = rooms.words(await pressed(app, id, ANN, "enough"))

        assert told.startswith("There is nothing to end early: two answers have to be in")
        assert not offers_enough(room.documents[id, HEADLINE])
        await pressed(app, id, ANN, "stop")


async def test_other_modes_do_not_offer_it() -> None:
    async with running(OneHangs("pineapple")) as app:
        room = watched(app)
        id = await deep(app, "/debate pineapple?")
        await room.until(id, HEADLINE, lambda headline: "Answers 2 of" in words(headline))

        told = rooms.words(await pressed(app, id, ANN, "enough"))

        assert not offers_enough(room.documents[id, HEADLINE])
        assert told.startswith("There is nothing to end early")
        await pressed(app, id, ANN, "stop")


async def test_a_debate_edits_its_answers_and_posts_no_others() -> None:
    def changing(request: Request) -> Scripted:
        stage, seat = stage_and_seat(request)
        return f"New text {seat}.\nCHANGED: none" if stage == "revision" else sensible(request)

    provider = Held()
    provider._otherwise = changing
    async with running(provider) as app:
        room = watched(app)
        id = await deep(app, "/debate pineapple?")
        await app.running.finished(id)

        case = await rooms.case_of(app, id)
        assert case.result
        keys = [answer_key(answer.label) for answer in case.result.answers]
        assert sorted(room.keys(id)) == sorted([HEADLINE, *keys, RANKING])
        assert all("New text" in words(room.documents[id, key]) for key in keys)
