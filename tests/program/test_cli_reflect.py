"""`council reflect`, with simulated models: asked for first, gone on with after a kill, and told."""

from pathlib import Path

import pytest

from adapters.discord.address import Address
from bot.chat import Channel
from bot.rehearsal.simulated import MEMBERS
from bot.store.store import Store
from tests.fakes import databases
from tests.fakes.channel import finished_case, rate
from tests.fakes.forks import KILLED, Kill, Program

QUESTIONS, ASKERS = 45, 9
CHANNEL = Channel("discord", "server", "general")


@pytest.fixture
async def environment(tmp_path: Path) -> dict[str, str]:
    database = tmp_path / "council.db"
    store = await Store.open(database, holder="tests")
    for number in range(QUESTIONS):
        case = finished_case(number, models=MEMBERS[:3], asker=f"person {number % ASKERS}")
        await store.create(case)
        await rate(store, case, best=MEMBERS[number % 3])
    await store.close()
    return {"COUNCIL_DATABASE": str(database), "COUNCIL_TIME_SCALE": "0.02"}


def asked(environment: dict[str, str]) -> dict[tuple[str, int, int], tuple[int, bool]]:
    """Of every call of a reflection how many requests there were, and whether it is over."""
    rows = databases.rows(
        environment["COUNCIL_DATABASE"],
        "SELECT stage, round, seat, count(*), (SELECT count(*) FROM calls WHERE"
        " (calls.deliberation, calls.stage, calls.round, calls.seat)"
        " = (attempts.deliberation, attempts.stage, attempts.round, attempts.seat))"
        " FROM attempts GROUP BY deliberation, stage, round, seat",
    )
    return {(stage, round, seat): (n, bool(over)) for stage, round, seat, n, over in rows}


async def test_nobody_is_asked_before_somebody_agreed(
    council: Program, environment: dict[str, str]
) -> None:
    told = await council.run("reflect", "--channel", "general", environment=environment)

    assert told.code == 0
    assert "30 others are reviewed again, twice." in told.out
    assert "add --yes" in told.err
    assert asked(environment) == {}


async def test_a_program_is_told_the_plan_before_it_begins(
    council: Program, environment: dict[str, str]
) -> None:
    told = await council.run("reflect", "--channel", "general", "--json", environment=environment)

    plan = told.json["plan"]
    assert (told.code, plan["can_begin"], plan["test"], plan["askers"]) == (0, True, 30, 6)
    assert plan["most_usd"] >= plan["least_usd"]
    assert asked(environment) == {}


@pytest.mark.parametrize("private", [True, None, False])
async def test_what_may_have_been_asked_in_a_private_thread_is_not_read(
    council: Program, environment: dict[str, str], private: bool | None
) -> None:
    address = Address(guild=1, channel=2, message=3, kind="here", private=private)
    databases.rows(
        environment["COUNCIL_DATABASE"],
        "UPDATE deliberations SET address = ? WHERE number <= 3",
        (address.to_json(),),
    )

    told = await council.run("reflect", "--channel", "general", "--json", environment=environment)

    plan = told.json["plan"]
    assert plan["rated"] == QUESTIONS
    assert plan["readable"] == (QUESTIONS if private is False else QUESTIONS - 3)


@pytest.mark.both_databases(1)
@pytest.mark.parametrize("commit", [4, 60, 300])
async def test_after_a_kill_it_goes_on_and_asks_nothing_twice(
    council: Program, environment: dict[str, str], commit: int
) -> None:
    words = "reflect", "--channel", "general", "--yes", "--json"
    killed = await council.run(*words, environment=environment, kill=Kill(commit, made=True))
    assert killed.code == KILLED
    paid = {call: found for call, found in asked(environment).items() if found[1]}

    found = (await council.run(*words, environment=environment)).json

    assert found["reflected"]["compared"]["rows"] == 30
    assert found["reflected"]["compared"]["tries"] == 1
    after = asked(environment)
    assert {call: after[call] for call in paid} == paid
    assert len(paid) < len(after)
    assert all(over for _, over in after.values())


async def test_wrong_words_are_refused(council: Program, environment: dict[str, str]) -> None:
    for words, sentence in (
        (("--channel", "nowhere"), "Nothing was asked in a channel nowhere."),
        (("--budget", "much"), "is no sum in US dollars"),
    ):
        told = await council.run("reflect", *words, environment=environment)
        assert (told.code, told.out) == (2, "")
        assert sentence in told.err
