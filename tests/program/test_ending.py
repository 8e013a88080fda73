"""A term signal to `council serve`, whatever it is doing: it ends in order, by itself.

At the true pace: at a scaled one, a pause that nobody ends early would be over before it is seen.
That it ends within ten seconds is promised by `until_interrupted`, whose sentence must not be seen.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.fakes import databases
from tests.fakes.discord_server import running_discord
from tests.fakes.model_server import ModelServer
from tests.fakes.processes import Program, rows, until_said
from tests.fakes.served import OnDiscord, Served, running_platform

TRUE_PACE = {"COUNCIL_TIME_SCALE": "1"}


@pytest.fixture(params=["discord", "slack"])
async def served(request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    async with running_platform(request.param) as served:
        yield served


@pytest.fixture
async def discord() -> AsyncIterator[OnDiscord]:
    async with running_discord(time_scale=0.05) as server:
        yield OnDiscord(server)


@asynccontextmanager
async def silent_server() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Takes connections and says nothing; its URL, and whether somebody came."""
    came, over = asyncio.Event(), asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.set()
        await over.wait()
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", came
        over.set()


async def ends_in_order(program: Program) -> None:
    code, err = await program.told_to_end()
    assert code == 130, err
    assert "Not everything ended in time" not in err
    assert "Traceback" not in err
    assert err.endswith("Stopped. The same command goes on where it was.\n")


async def test_while_the_list_of_models_does_not_come(discord: OnDiscord) -> None:
    async with silent_server() as (url, came):
        program = await discord.start(**TRUE_PACE, COUNCIL_MODEL_URL=url)
        await came.wait()
        await ends_in_order(program)


async def test_while_the_platform_cannot_be_reached(discord: OnDiscord) -> None:
    discord.server.fail("GET", "/users/@me", 503)
    program = await discord.start(**TRUE_PACE)
    await until_said(program, "Discord cannot be reached")
    await ends_in_order(program)


async def test_while_models_think(served: Served) -> None:
    async with ModelServer(behaviours={"lab/a": "hang", "lab/b": "hang_alive"}) as models:
        here = {"COUNCIL_MODEL_URL": models.url, "COUNCIL_MODEL_KEY": models.key or ""}
        seats = {"COUNCIL_MEMBERS": "lab/a,lab/b", "COUNCIL_CHAIRMAN": "lab/a"}
        async with served.serving(**TRUE_PACE, **here, **seats) as program:
            served.ask()
            await models.until(lambda: len(models.asked("answer")) == 2)
            await ends_in_order(program)
    assert rows("SELECT count(*) FROM attempts WHERE reserved_micros > 0 AND body IS NULL") == [
        (0,)
    ]


async def test_while_a_post_is_not_answered(served: Served) -> None:
    held = served.hold("post")
    async with served.serving(**TRUE_PACE) as program:
        served.ask()
        await held.reached.wait()
        await ends_in_order(program)
    held.gate.set()


async def test_every_line_of_json_logs_is_json_to_the_last(served: Served) -> None:
    async with served.serving(COUNCIL_LOG="json") as program:
        question = served.ask()
        await served.server.wait_for(lambda: served.said(question))
        code, err = await program.told_to_end()
    lines = [json.loads(line) for line in err.splitlines()]
    assert lines[-1]["message"] == "Stopped. The same command goes on where it was."
    assert code == 130


async def test_while_another_program_holds_the_database(discord: OnDiscord) -> None:
    async with discord.serving(**TRUE_PACE) as program:
        with databases.held("council.db"):
            discord.ask()
            await until_said(program, "is held by another program")
            await ends_in_order(program)


async def test_while_it_is_told_again_and_again(discord: OnDiscord) -> None:
    async with discord.serving(**TRUE_PACE) as program:
        question = discord.ask()
        await discord.server.wait_for(lambda: discord.said(question))
        for _ in range(20):
            program.process.terminate()
        await ends_in_order(program)
