"""`council show`: a finished deliberation again, in a pipe."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.store.store import Store
from tests.fakes.channel import finished_case
from tests.fakes.forks import Ended, Program

TEXT = "**Keep it whole.** A `monolith` is enough."


@pytest.fixture
async def finished() -> None:
    """Two questions, the newer one in Slack."""
    store = await Store.open("council.db", holder="tests")
    await store.create(finished_case(1, text=TEXT))
    await store.create(finished_case(2, text=TEXT, platform="slack"))
    await store.close()


async def show(council: Program, *words: str) -> Ended:
    return await council.run("show", *words, environment={"COUNCIL_DATABASE": "council.db"})


@pytest.mark.usefixtures("finished")
async def test_the_newest_is_shown_whole_and_as_it_was_written(council: Program) -> None:
    ended = await show(council)

    assert (ended.code, ended.err) == (0, "")
    assert finished_case(2).question.text in ended.out
    assert finished_case(1).question.text not in ended.out
    assert "A `monolith` is enough." in ended.out
    answers = [line for line in ended.out.splitlines() if line.endswith(TEXT)]
    assert len(answers) == len(finished_case(2).council.members)
    assert "\n\n▾ Ranking: " in ended.out
    assert ended.out.count("**Keep it whole.**") == len(answers)
    assert "\x1b" not in ended.out
    assert "React" not in ended.out
    assert "🚫" not in ended.out
    assert "lab/a" not in ended.out


@pytest.mark.usefixtures("finished")
async def test_any_other_is_shown_by_its_id(council: Program) -> None:
    ended = await show(council, "run-1")

    assert (ended.code, ended.err) == (0, "")
    assert finished_case(1).question.text in ended.out


@pytest.mark.usefixtures("finished")
async def test_an_id_that_nobody_knows_is_answered_in_a_sentence(council: Program) -> None:
    ended = await show(council, "run-9")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "There is no deliberation run-9.\n"


@pytest.mark.sqlite_only("whether a file is made")
@pytest.mark.parametrize("has_database", [False, True])
async def test_before_the_first_question_there_is_nothing_to_show(
    council: Program, has_database: bool
) -> None:
    if has_database:
        await (await Store.open("council.db", holder="tests")).close()

    ended = await show(council)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "Nothing was asked yet.\n"
    assert Path("council.db").exists() == has_database


async def test_one_that_is_under_way_is_not_shown(council: Program) -> None:
    store = await Store.open("council.db", holder="tests")
    await store.create(replace(finished_case(3), status="running", result=None))
    await store.close()

    ended = await show(council, "run-3")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "The deliberation run-3 is not finished.\n"
