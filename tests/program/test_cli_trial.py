"""`council trial`: where each channel's blind trial stands, beside whoever runs it."""

import getpass
import os
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from bot.analysis.trial import Choice, Finding, trial
from bot.pages.comparison import first_text
from bot.records import Case, EndedTrial, PlatformName
from bot.store.encoding import encode
from bot.store.store import Store
from tests.fakes import databases
from tests.fakes.channel import MODELS, NOW, finished_case, reaction
from tests.fakes.forks import KILLED, Kill, Program

HERE = "discord", "", "general"


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
    assert found["share"] is None
    assert "the verdict was chosen in" not in told.out
    assert "`/council trial` in the channel says what it would save" in told.err


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
    assert numbers["number"] == 1


# A kill, while the last choice is made

END = "People prefer the verdict to the best member's answer"
ENOUGH = next(n for n in count(8) if trial([Choice(str(k), 1.0) for k in range(n)]).end)


async def one_choice_short(database: Path) -> Case:
    """In the terminal's channel; whoever sits there has voted, and chooses next."""
    here: tuple[PlatformName, str, str] = ("terminal", "", "terminal")
    case = replace(finished_case(0, platform=here[0], channel=here[2]), workspace=here[1])
    case = replace(case, question=replace(case.question, rivals=MODELS))
    store = await Store.open(database, holder="tests")
    await store.create(case)
    await store.delivered(case.id)
    await store.react(reaction(case, "verdict", "accept", getpass.getuser()))
    await store.save_settings(
        *here, seen_version=0, values={"trial": "on"}, person="eve", at=NOW, what="trial = on"
    )
    await choose(store, case, ENOUGH - 1)
    await store.close()
    return case


@pytest.mark.both_databases
async def test_killed_at_any_commit_it_ends_once_and_is_told_once(
    council: Program, tmp_path: Path, full: bool, told_on: str
) -> None:
    case = await one_choice_short(tmp_path / "before.db")
    is_first = first_text(case.question, getpass.getuser()) == "verdict"
    chooses = f"thread 1\ncompare\ncompare {'first' if is_first else 'second'}\n"
    chosen: set[bool] = set()
    of_the_start = {"sqlite": 8, "postgresql": 2}[told_on]
    for commit in count(1 if full else of_the_start + 1):
        database = tmp_path / f"{commit}.db"
        databases.copy(tmp_path / "before.db", database)
        environment = {**os.environ, "COUNCIL_DATABASE": str(database)}
        kill = Kill(commit, made=True)
        ended = await council.run("chat", stdin=chooses, environment=environment, kill=kill)
        if ended.code != KILLED:
            assert ended.out.count(END) == 1, ended.err
            break
        has_chosen = len(
            databases.rows(database, "SELECT 1 FROM comparisons WHERE chose IS NOT NULL")
        )
        chosen.add(was_kept := has_chosen == ENOUGH)
        told_before = ended.out.count(END)
        again = await council.run(
            "chat", stdin="" if was_kept else chooses, environment=environment
        )
        assert again.code == 0, again.err
        # A pipe cannot be asked what it was told before the kill.
        assert again.out.count(END) == 1 or (told_before, again.out.count(END)) == (1, 0), commit
        assert databases.rows(database, "SELECT number, told FROM trials") == [(1, 1)]
        audit = "SELECT what FROM settings_audit WHERE person = 'council'"
        assert databases.rows(database, audit) == [("trial = off",)]
        posted = "SELECT count(*) FROM posts WHERE key = 'trial' AND post_id IS NOT NULL"
        assert databases.rows(database, posted) == [(1,)]
    assert chosen == {True, False}  # else nothing was tried
