"""`council watch` from outside."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes import processes
from tests.fakes.forks import Program, environment
from tests.fakes.model_server import ModelServer


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


# The journal


async def test_the_journal_tells_who_was_asked_and_what_it_took(council: Program) -> None:
    async with ModelServer(behaviours={"lab/b": ["rate_limited", "moderated"]}) as server:
        here = environment(server, COUNCIL_MEMBERS="lab/a,lab/b", COUNCIL_TIME_SCALE="0.1")
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


async def test_watching_begins_at_a_time_or_at_the_newest_lines(council: Program) -> None:
    async with ModelServer() as server:
        here = environment(server)
        await council.run("ask", "One?", "--id", "first", environment=here)
        [[last]] = processes.rows("SELECT max(at) FROM feed")
        await council.run("ask", "Two?", "--id", "second", environment=here)
        since = await council.run("watch", "--since", last, environment=here)
        never = await council.run("watch", "--since", "2100-01-01", environment=here)
        all_of_it = await council.run("watch", environment=here)

    told = [line.split(" ", 2)[2] for line in since.out.splitlines()]
    assert told[0] == "first finished"
    assert {line.split()[0] for line in told[1:]} == {"second"}
    assert never.out == ""
    assert "first answer seat 0 lab/a: asked" in all_of_it.out
    assert all_of_it.err == ""
