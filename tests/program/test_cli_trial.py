"""`council trial`: where each channel's blind trial stands, beside whoever runs it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.analysis.trial import Choice, Finding, trial
from bot.records import Case, EndedTrial
from bot.store.encoding import encode
from bot.store.store import Store
from tests.fakes.channel import NOW, finished_case
from tests.fakes.forks import Program, program

HERE = "discord", "", "general"


@pytest.fixture(scope="module")
def council() -> Iterator[Program]:
    with program() as running:
        yield running


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "council.db"


@pytest.fixture
def environment(database: Path) -> dict[str, str]:
    return {**os.environ, "COUNCIL_DATABASE": str(database)}


async def turn_on(store: Store, version: int = 0) -> None:
    await store.save_settings(
        *HERE, seen_version=version, values={"trial": "on"}, person="eve", at=NOW, what="trial = on"
    )


async def choose(store: Store, case: Case, people: int) -> None:
    """Each chooses the verdict, which stood first."""
    for number in range(people):
        await store.shown_comparison(case.id, f"person {number}", "verdict")
        await store.choose(case.id, f"person {number}", "first", NOW, trial=1)


async def test_nobody_has_begun_one(
    council: Program, database: Path, environment: dict[str, str]
) -> None:
    await (await Store.open(database, holder="tests")).close()
    told = await council.run("trial", environment=environment)
    assert (told.code, "No trial is under way here." in told.out) == (0, True)
    assert (await council.run("trial", "--json", environment=environment)).json == {"trials": []}


async def test_one_under_way_says_how_many_people_are_missing(
    council: Program, database: Path, environment: dict[str, str]
) -> None:
    store = await Store.open(database, holder="tests")
    await store.create(case := finished_case(0))
    await turn_on(store)
    await choose(store, case, 3)
    await store.close()

    told = await council.run("trial", "--channel", "general", environment=environment)
    [found] = (await council.run("trial", "--json", environment=environment)).json["trials"]

    assert "It needs 5 more people who choose before it can end." in told.out
    assert "had read the verdict before" in told.out
    assert (found["on"], found["choices"], found["people"], found["end"]) == (True, 3, 3, None)
    assert (found["people_missing"], found["saves_usd"]) == (5, None)
    assert found["share"]["low"] < found["share"]["value"] < found["share"]["high"]


async def test_one_that_ended_says_what_came_of_it(
    council: Program, database: Path, environment: dict[str, str]
) -> None:
    store = await Store.open(database, holder="tests")
    await store.create(case := finished_case(0))
    await turn_on(store)
    await choose(store, case, 40)
    said = await store.choices("discord", "general", 1)
    found = trial([Choice(each.person, each.verdict or 0.0) for each in said])
    assert found.end == "better"
    result = encode(Finding, Finding(found, 12.5))
    await store.end_trial(
        ("discord", "", "general"),
        EndedTrial(1, NOW, result, case.id),
        seen_version=1,
        values={"trial": "off"},
        person="council",
        what="trial = off",
    )
    assert not await store.choose(case.id, "late", "first", NOW, trial=1)
    await store.close()

    told = await council.run("trial", environment=environment)
    [numbers] = (await council.run("trial", "--json", environment=environment)).json["trials"]

    assert "People prefer the verdict to the best member's answer" in told.out
    assert "would save about $12.50 a month" in told.out
    assert (numbers["on"], numbers["end"], numbers["saves_usd"]) == (False, "better", 12.5)
