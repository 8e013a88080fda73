"""The chat of a person at a terminal: keys, what is under way, what is left and taken up again."""

import asyncio
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prompt_toolkit.history import FileHistory

from adapters.terminal.history import drop_old
from bot.conversation.app import App
from bot.llm import Request
from bot.store.store import Store
from tests.fakes.council import running_app
from tests.fakes.person import (
    ALT_ENTER,
    CTRL_C,
    CTRL_D,
    CTRL_U,
    ENTER,
    TAB,
    UP,
    Person,
    person_at,
)
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat
from tests.fakes.watched import eventually

QUESTION = "Is a monolith right?"
# What stands under a thread that is over.
OVER = "· open ranking ·"


def asked(provider: FakeProvider) -> list[str]:
    """The questions that members were given, each once."""
    prompts = [request.messages[-1].content for request in provider.asked("answer")]
    return list(dict.fromkeys(prompt.partition("Question:\n")[2] for prompt in prompts))


class Hanging:
    """Models of which one stage waits until it is `let` go on."""

    def __init__(self, stage: str, *, seat: int | None = None) -> None:
        self.let = asyncio.Event()
        self.reached = asyncio.Event()
        self._stage, self._seat = stage, seat
        self.provider = FakeProvider(otherwise=self._reply)

    def _reply(self, request: Request) -> Scripted:
        stage, seat = stage_and_seat(request)
        if self.let.is_set() or stage != self._stage or self._seat not in {None, seat}:
            return sensible(request)
        self.reached.set()
        return self.let


async def nothing_left(app: App) -> None:
    async def nothing() -> bool:
        return not await app.store.unfinished("terminal")

    await eventually(nothing)


async def leaves(person: Person) -> None:
    person.types(CTRL_U + CTRL_D)
    await person.left()


# --- asking


async def test_a_bare_line_is_a_question_and_the_prompt_is_in_its_thread_then() -> None:
    provider = FakeProvider()
    async with running_app(provider, time_scale=1) as app, person_at(app) as person:
        person.says(QUESTION)
        await person.sees(OVER)
        await person.sees_at_the_end("1>")
        assert "Because the answers say so." in person.screen.text
        await leaves(person)

    assert asked(provider) == [QUESTION]


async def test_a_pasted_question_of_many_lines_is_one_question() -> None:
    provider = FakeProvider()
    async with running_app(provider, time_scale=1) as app, person_at(app) as person:
        person.pastes("Which is right?\n\nquit\nopen A\n")
        person.types("And why?" + ENTER)
        await person.sees(OVER)
        await leaves(person)

    assert asked(provider) == ["Which is right?\n\nquit\nopen A\nAnd why?"]


async def test_many_lines_that_came_before_the_prompt_are_entered_by_hand() -> None:
    provider = FakeProvider()
    async with (
        running_app(provider, time_scale=1) as app,
        person_at(app, typed="Which is right?\r\rquit\ropen A\r") as person,
    ):
        await person.sees("> Which is right?")
        person.types(" And why?" + ENTER)
        await person.sees(OVER)
        await leaves(person)

    assert asked(provider) == ["Which is right?\n\nquit\nopen A And why?"]


async def test_a_line_that_came_before_the_prompt_is_asked() -> None:
    provider = FakeProvider()
    async with (
        running_app(provider, time_scale=1) as app,
        person_at(app, typed=QUESTION + ENTER) as person,
    ):
        await person.sees(OVER)
        await leaves(person)

    assert asked(provider) == [QUESTION]


async def test_a_question_may_be_written_in_several_lines() -> None:
    provider = FakeProvider()
    async with running_app(provider, time_scale=1) as app, person_at(app) as person:
        person.types("One?" + ALT_ENTER + "Two?" + ENTER)
        await person.sees(OVER)
        await leaves(person)

    assert asked(provider) == ["One?\nTwo?"]


async def test_a_slip_of_the_finger_costs_nothing() -> None:
    provider = FakeProvider()
    async with running_app(provider, time_scale=1) as app, person_at(app) as person:
        person.says("thraeds")
        await person.sees("Did you mean threads?")
        await leaves(person)

    assert provider.requests == []


# --- while a run is under way


async def test_what_is_typed_meanwhile_is_not_lost() -> None:
    hanging = Hanging("verdict")
    async with running_app(hanging.provider, time_scale=1) as app, person_at(app) as person:
        person.says(QUESTION)
        await hanging.reached.wait()
        person.types("open ")
        await person.sees_at_the_end("1> open")
        hanging.let.set()
        await person.sees(OVER)
        await person.sees_at_the_end("1> open")
        person.types("critiques" + ENTER)
        await person.sees("All of them are fine.")
        await leaves(person)


async def test_the_verdict_waits_for_no_check_of_it() -> None:
    hanging = Hanging("audit")
    async with running_app(hanging.provider, time_scale=1) as app, person_at(app) as person:
        app.defaults = replace(app.defaults, audit="on")
        person.says(QUESTION)
        await person.sees(OVER)
        await person.sees_at_the_end("1>")
        await hanging.reached.wait()
        assert len(await app.store.unfinished("terminal")) == 1
        hanging.let.set()
        await nothing_left(app)
        await leaves(person)


async def test_a_second_question_of_the_thread_waits_for_its_turn() -> None:
    hanging = Hanging("verdict")
    async with running_app(hanging.provider, time_scale=1) as app, person_at(app) as person:
        person.says(QUESTION)
        await hanging.reached.wait()
        person.says("And for fifty?")
        await person.sees("Waiting for its turn")
        hanging.let.set()
        await person.sees("2A")
        await person.sees_at_the_end("1>")
        await leaves(person)

    assert asked(hanging.provider) == [QUESTION, "And for fifty?"]


@pytest.mark.parametrize(("rows", "columns"), [(24, 40), (10, 30), (40, 120), (24, 17)])
async def test_a_resize_leaves_no_ghosts(rows: int, columns: int) -> None:
    hanging = Hanging("verdict")
    async with running_app(hanging.provider, time_scale=1) as app, person_at(app) as person:
        person.says(QUESTION)
        await hanging.reached.wait()
        person.types("a long line that is typed while the council is at work on it")
        await person.sees("at work on it")
        for size in ((24, 60), (rows, columns), (24, 80)):
            person.resizes(*size)
            await person.wait_for(lambda: "work on it" in person.screen.text.replace("\n", ""))
            await person.sees("Answers 3 of")
        assert person.screen.text.count("Answers 3 of") == 1
        assert person.screen.text.count("a long line") == 1
        hanging.let.set()
        await person.sees(OVER)
        assert "Answers 3 of" not in person.screen.text
        await leaves(person)


# --- Ctrl-C and Ctrl-D


async def test_ctrl_c_clears_the_line_and_tells_how_to_leave() -> None:
    async with running_app(FakeProvider(), time_scale=1) as app, person_at(app) as person:
        person.types("half a thou")
        await person.sees_at_the_end("> half a thou")
        person.types(CTRL_C)
        await person.sees_at_the_end(">")
        assert "Ctrl-D" not in person.screen.text
        person.types(CTRL_C)
        await person.sees("Ctrl-D or quit leaves.")
        person.types(CTRL_C)
        await leaves(person)


async def test_after_ctrl_d_the_shell_starts_on_a_line_of_its_own() -> None:
    async with running_app(FakeProvider(), time_scale=1) as app, person_at(app) as person:
        await person.sees("Write a question")
        person.types(CTRL_D)
    person.screen.write("shell$")

    assert person.screen.lines[-2:] == [">", "shell$"]


@pytest.mark.parametrize("stage", ["answer", "review", "verdict"])
async def test_ctrl_c_stops_the_question_and_the_chat_goes_on(stage: str) -> None:
    hanging = Hanging(stage)
    async with running_app(hanging.provider, time_scale=1) as app, person_at(app) as person:
        person.says(QUESTION)
        await hanging.reached.wait()
        person.types("kept")
        await person.sees_at_the_end("1> kept")
        person.types(CTRL_C)
        await person.sees("▌ Stopped")
        await person.sees_at_the_end("1> kept")
        hanging.let.set()
        person.says(CTRL_U + "Another?")
        await person.sees(OVER)
        await nothing_left(app)
        await leaves(person)


async def test_enough_has_the_verdict_of_what_there_is() -> None:
    hanging = Hanging("answer", seat=2)
    async with running_app(hanging.provider, time_scale=1) as app, person_at(app) as person:
        person.says(f"@council /deep {QUESTION}")
        await person.sees("enough: the verdict of what there is by now")
        person.says("enough")
        await person.sees(OVER)
        assert "Ended early, as somebody asked" in person.screen.text
        assert "Because the answers say so." in person.screen.text
        person.says("enough")
        await person.sees("Nothing is under way.")
        await leaves(person)


async def test_an_answer_of_ones_own_is_added_while_the_question_waits_for_it() -> None:
    async with running_app(FakeProvider(), time_scale=1) as app, person_at(app) as person:
        person.says(f"@council /wait 10m {QUESTION}")
        await person.sees("Waiting for your answers")
        await person.sees("answer: TEXT adds an answer of your own")
        person.says("answer: It scatters.")
        await person.sees("Your answer is in.")
        await person.sees("1 answer of a person is in.")
        person.says("enough")
        await person.sees(OVER)
        [case] = [case async for case in app.store.cases()]
        assert case.result
        own = [a for a in case.result.answers if a.model == "person"]
        assert [answer.text for answer in own] == ["It scatters."]
        person.says(f"react {own[0].label} +1")
        await person.sees("This answer is your own: your votes on it do not count.")
        person.says("answer: Again.")
        await person.sees("No question of this channel takes answers of people now.")
        await leaves(person)


@pytest.mark.parametrize("stage", ["answer", "review", "verdict"])
async def test_ctrl_c_twice_leaves_and_nothing_is_gone_on_with(tmp_path: Path, stage: str) -> None:
    hanging, database = Hanging(stage), str(tmp_path / "council.db")
    async with (
        running_app(hanging.provider, database=database, time_scale=1) as app,
        person_at(app) as person,
    ):
        person.says(QUESTION)
        await hanging.reached.wait()
        person.types(CTRL_C)
        await person.sees("▌ Stopped")
        person.types(CTRL_C)
        await person.left()
    store = await Store.open(database)
    assert [c.status for c in await store.unfinished("terminal") if c.status == "running"] == []
    await store.close()


# --- left and taken up again


async def leave_unfinished(database: str) -> None:
    hanging = Hanging("verdict")
    async with (
        running_app(hanging.provider, database=database, time_scale=1) as app,
        person_at(app) as person,
    ):
        person.says(QUESTION)
        await hanging.reached.wait()
        await leaves(person)
    assert "The next chat asks whether to go on with it." in person.screen.text


async def test_what_was_left_is_gone_on_with_where_that_is_wanted(tmp_path: Path) -> None:
    database, provider = str(tmp_path / "council.db"), FakeProvider()
    await leave_unfinished(database)
    async with (
        running_app(provider, database=database, time_scale=1) as app,
        person_at(app) as person,
    ):
        await person.sees("Go on, and pay for the rest? [y/N]")
        assert QUESTION in person.screen.text
        assert "3 of 3 answers are in, $0.00 spent." in person.screen.text
        assert provider.requests == []
        person.says("y")
        await person.sees(OVER)
        await leaves(person)

    assert len(provider.requests) == 1


@pytest.mark.parametrize("answer", ["n", ""])
async def test_what_was_left_is_stopped_for_good_where_it_is_not(
    tmp_path: Path, answer: str
) -> None:
    database, provider = str(tmp_path / "council.db"), FakeProvider()
    await leave_unfinished(database)
    async with running_app(provider, database=database, time_scale=1) as app:
        async with person_at(app) as person:
            await person.sees("[y/N]")
            person.says(answer)
            await person.sees("\n  C  ")
            person.says("open A")
            await person.sees("A · The answer from seat")
            await leaves(person)
        await nothing_left(app)

    assert provider.requests == []


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D])
async def test_whoever_leaves_instead_of_answering_leaves_it_as_it_was(
    tmp_path: Path, key: str
) -> None:
    database = str(tmp_path / "council.db")
    await leave_unfinished(database)
    async with running_app(FakeProvider(), database=database, time_scale=1) as app:
        async with person_at(app) as person:
            await person.sees("[y/N]")
            person.types(key)
            await person.left()
        assert [case.status for case in await app.store.unfinished("terminal")] == ["running"]


# --- history


async def test_what_was_typed_comes_back_in_the_next_chat(tmp_path: Path) -> None:
    history = tmp_path / "council.history"
    async with running_app(FakeProvider(), time_scale=1) as app:
        async with person_at(app, history=history) as person:
            await person.sees_at_the_end(">")
            person.types("open A" + ALT_ENTER + "B" + ENTER)
            await person.sees("no thread yet")
            await leaves(person)
        async with person_at(app, history=history) as person:
            await person.sees_at_the_end(">")
            person.types(UP)
            await person.sees("> open A")
            person.types(CTRL_C)
            await leaves(person)

    assert stat.S_IMODE(os.stat(history).st_mode) == 0o600


def test_what_was_typed_long_ago_goes_from_the_history(tmp_path: Path) -> None:
    history = tmp_path / "council.history"
    history.write_text("\n# 2020-01-01 12:00:00.000000\n+old\n+# 2999-01-01\n")
    history.chmod(0o600)
    FileHistory(history).store_string("new")

    drop_old(history, datetime.now(UTC) - timedelta(days=30))

    assert list(FileHistory(history).load_history_strings()) == ["new"]
    assert "old" not in history.read_text()
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    drop_old(tmp_path / "nothing", datetime.now(UTC))


async def test_a_history_that_cannot_be_kept_costs_nothing_else(tmp_path: Path) -> None:
    async with (
        running_app(FakeProvider(), time_scale=1) as app,
        person_at(app, history=tmp_path / "nowhere" / "council.history") as person,
    ):
        person.says("threads")
        await person.sees("There is no thread yet.")
        await leaves(person)


async def test_what_is_forgotten_goes_from_the_history(tmp_path: Path) -> None:
    history = tmp_path / "council.history"
    async with (
        running_app(FakeProvider(), time_scale=1) as app,
        person_at(app, history=history) as person,
    ):
        person.says(QUESTION)
        await person.sees(OVER)
        person.says("/council forget me")
        await person.sees("Forgotten:")
        person.says("open A")
        await person.sees("There is no thread yet.")
        await leaves(person)

    assert QUESTION not in history.read_text()


# --- completion


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("unr", "unreact"),
        ("/cou", "/council"),
        ("/deb", "/debate"),
        ("/council rese", "/council reset"),
        ("/council set rev", "/council set reveal"),
        ("/council set reveal nev", "/council set reveal never"),
        ("/council members rem", "/council members remove"),
        ("/council criteria acc", "/council criteria accuracy"),
        ("/council members remove lab/b", "/council members remove lab/b"),
        ("/council mode cou", "/council mode council"),
        ("/council set mode cou", "/council set mode council"),
        ("@council /cou", "@council /council"),
        ("/council ask /cou", "/council ask /council"),
        ("open cri", "open critiques"),
        ("react rank", "react ranking"),
        ("react A +", "react A 👍"),
        ("react A tro", "react A 🏆"),
        ("react A :thumbsd", "react A 👎"),
        ("unreact ranking no", "unreact ranking 🚫"),
    ],
)
async def test_tab_completes(typed: str, line: str) -> None:
    async with running_app(FakeProvider(), time_scale=1) as app, person_at(app) as person:
        person.says(QUESTION)
        await person.sees(OVER)
        person.types(typed + TAB)
        await person.wait_for(lambda: f"1> {line}" in person.screen.text)
        await leaves(person)
