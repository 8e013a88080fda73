"""`council watch` and `council doctor` from outside."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.fakes import processes
from tests.fakes.forks import CHAIRMAN, Program, environment, program
from tests.fakes.model_server import ModelServer


@pytest.fixture(scope="module")
def council() -> Iterator[Program]:
    with program() as running:
        yield running


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


# The journal


async def test_the_journal_tells_who_was_asked_and_what_it_took(council: Program) -> None:
    async with ModelServer(behaviours={"lab/b": ["rate_limited", "moderated"]}) as server:
        here = environment(server, COUNCIL_MEMBERS="lab/a,lab/b", COUNCIL_TIME_SCALE="0.001")
        await council.run("ask", "Why?", "--id", "w1", environment=here)
        ended = await council.run("watch", environment=here)

    assert ended.code == 0
    told = [line.split(" ", 2)[2] for line in ended.out.splitlines()]
    assert {line.split()[0] for line in told} == {"w1"}
    assert "w1 answer seat 0 lab/a: asked" in told
    assert "w1 answer seat 1 lab/b: request 1 failed, rate_limited" in told
    assert "w1 answer seat 1 lab/b: asked again (request 2)" in told
    assert [line for line in told if line.startswith("w1 answer seat 1 lab/b: failed, refused,")]
    [done] = [line for line in told if line.startswith("w1 answer seat 0 lab/a: done, ")]
    assert " tokens, " in done
    assert " s, $0.000" in done
    assert told[-1] == "w1 finished"


async def test_following_tells_what_comes_while_it_runs() -> None:
    async with ModelServer() as server:
        here = environment(server)
        await processes.run("ask", "One?", "--id", "first", environment=here)
        process = await processes.council("watch", "--follow", environment=here)
        assert process.stdout
        try:
            while b"first finished" not in await process.stdout.readline():
                pass
            await processes.run("ask", "Two?", "--id", "second", environment=here)
            while b"second finished" not in await process.stdout.readline():
                pass
        finally:
            await processes.end(process)


# The doctor


async def test_a_healthy_council_is_found_so(council: Program, server: ModelServer) -> None:
    ended = await council.run("doctor", environment=environment(server))

    assert ended.code == 0
    assert "✓ The database council.db can be read and written." in ended.out
    assert "✓ The list of models is known." in ended.out
    for model in ("lab/a", "lab/b", "lab/c", "lab/d", CHAIRMAN):
        assert f"✓ {model} answers." in ended.out
    assert "✗" not in ended.out


async def test_every_fault_is_found_at_once(council: Program) -> None:
    behaviours = {"lab/a": "no_credit", "lab/b": "hang"}
    async with ModelServer(behaviours=behaviours) as server:
        here = environment(
            server,
            COUNCIL_MEMBERS="lab/a,lab/b,lab/c,labb/d",
            COUNCIL_DATABASE="no/where.db",
            COUNCIL_TIME_SCALE="0.005",
        )
        ended = await council.run("doctor", environment=here)

    assert ended.code == 1
    assert "✗ There is no folder" in ended.out
    assert "✗ lab/a: the account has no credit left" in ended.out
    assert "✗ lab/b does not answer in time." in ended.out
    assert "✓ lab/c answers." in ended.out
    assert "✗ labb/d is not in the list of models. Did you mean lab/d" in ended.out


async def test_a_model_whose_price_nobody_tells_is_named_with_what_budgets_count(
    council: Program,
) -> None:
    entries = [{"id": "lab/a", "pricing": {"prompt": "-1", "completion": "-1"}}]
    async with ModelServer(entries=entries) as server:
        here = environment(server, COUNCIL_MEMBERS="lab/a", COUNCIL_CHAIRMAN="lab/a")
        at_home = await council.run("doctor", environment=here)
        ended = await council.run("doctor", environment={**here, "COUNCIL_UNKNOWN_PRICE": "5,2.5"})

    assert "price" not in at_home.out
    assert ended.code == 0
    assert (
        "· Nobody tells the price of lab/a: budgets count $5 / $2.5 per million tokens. "
        "COUNCIL_UNKNOWN_PRICE changes that."
    ) in ended.out


@pytest.mark.parametrize("page", range(1, 8))
async def test_a_damaged_database_is_found(
    council: Program, server: ModelServer, page: int
) -> None:
    await council.run("ask", "Why?", environment=environment(server))
    damage(Path("council.db"), page)

    ended = await council.run("doctor", environment=environment(server))

    assert ended.code == 1
    assert "is damaged" in ended.out


def damage(database: Path, page: int) -> None:
    with database.open("r+b") as file:
        file.seek(page * 4_096)
        file.write(b"\xff" * 4_096)


async def test_a_refused_key_is_one_finding(council: Program, server: ModelServer) -> None:
    here = environment(server, COUNCIL_MODEL_KEY="sk-wrong")

    ended = await council.run("doctor", environment=here)

    assert ended.code == 1
    assert ended.out.count("does not accept the key") == 1
    assert "sk-wrong" not in ended.out + ended.err


async def test_the_doctor_comes_while_the_council_works(council: Program) -> None:
    async with ModelServer(behaviours={"lab/b": ["hang", "ok"]}) as server:
        here = environment(server)
        working = await processes.council("ask", "Why?", environment=here)
        await server.until(lambda: len(server.requests) == 4)
        try:
            ended = await council.run("doctor", environment=here)
        finally:
            await processes.end(working)

    assert ended.code == 0
    assert "✓ The database council.db can be read; a running Council writes to it." in ended.out
