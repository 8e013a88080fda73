"""Threads whose questions begin with no good name get one, and nothing waits for it."""

import asyncio
from pathlib import Path

import pytest

from bot.allowance import needed_of
from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.conversation.cases import new_case
from bot.errors import ModelFailed
from bot.llm import Request
from bot.records import Case
from bot.settings import council_of
from tests.conversation.room import (
    ALL_HEARD,
    BOB,
    CHANNEL,
    Room,
    accepted,
    case_of,
    mention,
    pressed,
    refusal,
    running,
    served,
    set_here,
)
from tests.conversation.test_threads import Lab
from tests.fakes import databases
from tests.fakes.provider import Scripted, sensible, stage_and_seat

GREETING = "Hi all!\nWhich queue suits four people?"


class Named(Room):
    """With threads that have names."""

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self.names: list[tuple[str, str]] = []
        self.was_named = asyncio.Event()

    def opens_thread(self, case: Case) -> bool:
        return case.question.origin is None and case.thread != "old"

    def name_thread(self, case: Case, title: str) -> None:
        assert "headline" in self.keys(case.id), "a thread is named once it is there"
        self.names.append((case.id, title))
        self.was_named.set()


def titled(request: Request) -> Scripted:
    return "A queue for four" if stage_and_seat(request)[0] == "title" else sensible(request)


def named(app: App) -> Named:
    room = app.platforms["discord"] = Named(app)
    return room


async def test_the_cheapest_member_names_a_thread_whose_question_begins_with_no_name() -> None:
    done = asyncio.Event()

    def reply(request: Request) -> Scripted:
        return (
            done
            if stage_and_seat(request)[0] == "verdict" and not done.is_set()
            else titled(request)
        )

    provider = Lab(otherwise=reply)
    async with running(provider) as app:
        room = named(app)
        app.questions.seed = ALL_HEARD
        id = await accepted(app, mention(GREETING, thread="t"))
        await room.until_shown(id, "headline")
        await provider.until(lambda lab: bool(lab.asked("verdict")))
        await room.was_named.wait()
        done.set()
        await app.running.finished(id)
        case = await case_of(app, id)
        title = await app.titles.title(case)

    [request] = provider.asked("title")
    assert request.model == "lab/c"
    assert (request.effort, request.max_completion_tokens) == ("low", 1_000)
    assert "Which queue suits four people?" in request.messages[-1].content
    assert room.names == [(id, "A queue for four")]
    assert title == "A queue for four"
    assert case.result
    assert case.result.calls == len(provider.requests)


@pytest.mark.parametrize("text", ["Which queue suits four people?", "Why?"])
async def test_a_question_that_names_its_thread_costs_no_title(text: str) -> None:
    provider = Lab(otherwise=titled)
    async with running(provider) as app:
        room = named(app)
        await served(app, mention(text, thread="t"))

    assert provider.asked("title") == []
    assert room.names == []


async def test_a_follow_up_names_nothing() -> None:
    provider = Lab(otherwise=titled)
    async with running(provider) as app:
        named(app)
        id = await served(app, mention("Which queue suits four people?", thread="t"))
        await served(app, mention(GREETING, thread="old"))
        await pressed(app, id, BOB, "again")
        await app.running.finished(app.running.cases[0].id)

    assert provider.asked("title") == []


async def test_where_threads_have_no_names_none_is_paid_for() -> None:
    provider = Lab(otherwise=titled)
    async with running(provider) as app:
        await served(app, mention(GREETING, thread="t"))

    assert provider.asked("title") == []


async def test_nobody_waits_for_a_title() -> None:
    provider = Lab({("title", 2): [asyncio.Event()]}, otherwise=titled)
    async with running(provider) as app:
        room = named(app)
        id = await served(app, mention(GREETING, thread="t"))
        case = await case_of(app, id)

    assert case.result
    assert room.names == []


async def test_a_title_that_fails_costs_nothing_else() -> None:
    failing = [ModelFailed("refused", "No."), ModelFailed("refused", "No.")]
    provider = Lab({("title", 2): failing}, otherwise=titled)
    async with running(provider) as app:
        room = named(app)
        id = await served(app, mention(GREETING, thread="t"))
        case = await case_of(app, id)

    assert case.result
    assert case.result.answered
    assert not case.result.degraded
    assert room.names == []


async def test_a_title_is_priced_with_its_question(tmp_path: Path) -> None:
    database = str(tmp_path / "council.db")
    async with running(Lab(otherwise=titled), database=database) as app:
        council = council_of(await app.settings(CHANNEL))
        case = new_case(GREETING, council, app.now(), mention=mention(GREETING, thread="t"))
        budget = needed_of(await app.budget.shares(case))
    rules, provider = Rules(daily_budget_micros=budget), Lab(otherwise=titled)
    async with running(provider, database=database, rules=rules) as app:
        named(app)
        # A thousand tokens at a dollar per million more than without a title.
        told = await refusal(app, mention(GREETING, thread="t"))
        assert provider.requests == []
        app.platforms["discord"] = Room(app)
        await served(app, mention(GREETING, thread="t"))

    assert told.startswith("About $")


async def test_a_title_that_was_paid_is_not_asked_again_after_a_kill(tmp_path: Path) -> None:
    database, never = str(tmp_path / "council.db"), asyncio.Event()

    def held(request: Request) -> Scripted:
        return never if stage_and_seat(request) == ("answer", 1) else titled(request)

    before = Lab(otherwise=held)
    async with running(before, database=database) as app:
        room = named(app)
        id = await accepted(app, mention(GREETING, thread="t"))
        await before.until(lambda lab: len(lab.asked("answer")) == 3)
        await room.was_named.wait()
    after = Lab(otherwise=titled)
    async with running(after, database=database) as app:
        room = named(app)
        await app.running.resume("discord")
        await app.running.finished(id)

    assert after.asked("title") == []


async def test_a_title_that_was_cut_off_is_not_asked_for_again(tmp_path: Path) -> None:
    database, never = str(tmp_path / "council.db"), asyncio.Event()

    def held(request: Request) -> Scripted:
        is_held = stage_and_seat(request) in {("answer", 1), ("title", 2)}
        return never if is_held else sensible(request)

    before = Lab(otherwise=held)
    async with running(before, database=database) as app:
        named(app)
        id = await accepted(app, mention(GREETING, thread="t"))
        await before.until(lambda lab: bool(lab.asked("title")) and len(lab.asked("answer")) == 3)
    after = Lab(otherwise=titled)
    async with running(after, database=database) as app:
        named(app)
        await app.running.resume("discord")
        await app.running.finished(id)

    assert after.asked("title") == []


@pytest.mark.both_databases
async def test_a_title_goes_with_its_question(tmp_path: Path) -> None:
    database = tmp_path / "council.db"
    async with running(Lab(otherwise=titled), database=str(database)) as app:
        named(app)
        id = await served(app, mention(GREETING, thread="t"))
        assert databases.holds(database, b"A queue for four")
        await app.store.forget_deliberation(id)
    assert not databases.holds(database, b"A queue for four")


async def test_a_title_with_a_placeholder_is_none() -> None:
    def reply(request: Request) -> Scripted:
        if stage_and_seat(request)[0] != "title":
            return sensible(request)
        return request.messages[-1].content.split("Write to ")[1].split()[0]

    provider = Lab(otherwise=reply)
    async with running(provider) as app:
        room = named(app)
        await set_here(app, "redact on")
        await served(app, mention("Hi all!\nWrite to ann@example.org or not?", thread="t"))

    assert room.names == []
