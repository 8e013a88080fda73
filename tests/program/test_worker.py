"""A gateway and workers, each a process of its own on one database: whoever is killed, frozen or ended."""

import json
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from bot.store.server import Server
from tests.fakes import processes
from tests.fakes.model_server import ModelServer
from tests.fakes.ports import free_port
from tests.fakes.postgres import PASSWORD, Postgres, connected
from tests.fakes.processes import Program, until_said
from tests.fakes.served import Served, running_platform
from tests.fakes.watched import eventually

MEMBERS = ("lab/a", "lab/b", "lab/c")
CHAIRMAN = "lab/d"

# What is refused because it was done already, by the process that was killed.
DONE_ALREADY = {160004, "already_reacted"}

WORKS = "Deliberating what is asked elsewhere"
STANDS_BY = "this one stands by"


class Machines:
    """The processes of one council, and what they leave behind them."""

    def __init__(self, served: Served, models: ModelServer, server: Server) -> None:
        self.served, self.models = served, models
        self._server = server
        self._started: list[Program] = []
        self._variables = {
            "COUNCIL_DATABASE": server.url,
            "COUNCIL_MODEL_URL": models.url,
            "COUNCIL_MODEL_KEY": models.key or "",
            "COUNCIL_MEMBERS": ",".join(MEMBERS),
            "COUNCIL_CHAIRMAN": CHAIRMAN,
            "COUNCIL_TIME_SCALE": "0.05",
        }

    async def gateway(self) -> Program:
        program = await self._gateway()
        await self.served.server.wait_for(lambda: self.served.online)
        return program

    async def second_gateway(self) -> Program:
        """One that stands by."""
        program = await self._gateway()
        await until_said(program, STANDS_BY)
        return program

    async def _gateway(self) -> Program:
        program = await self.served.start("serve", "--no-work", **self._variables)
        self._started.append(program)
        return program

    async def worker(self, *, module: tuple[str, ...] = ("-m", "bot"), **more: str) -> Program:
        """Without a token of any platform."""
        variables = self._variables | more
        started = await processes.council("worker", environment=variables, module=module)
        program = Program(started)
        self._started.append(program)
        await until_said(program, WORKS)
        return program

    async def end(self) -> None:
        for program in self._started:
            if program.process.returncode is None:
                program.process.send_signal(signal.SIGCONT)
            await program.told_to_end()
            assert "Traceback" not in program.said, program.said
            assert PASSWORD not in program.said

    async def until_reviewed(self) -> None:
        """Somebody was asked for a review."""
        await self.models.until(lambda: bool(self.models.asked("review")))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with connected(self._server) as connection:
            return connection.execute(sql.encode()).fetchall()

    def finished(self) -> set[tuple[str, str]]:
        """The calls that nobody may ask again."""
        return set(self.rows("SELECT stage, model FROM calls"))

    def asked(self) -> Counter[tuple[str, str]]:
        return Counter((request.stage, request.model) for request in self.models.requests)

    async def is_whole(self, question: Any) -> None:
        """One of each post, and nothing left behind."""
        found = await self.served.posts(question)

        async def delivered() -> bool:
            return not self.rows("SELECT 1 FROM deliberations WHERE delivered = 0")

        await eventually(delivered)
        assert len(found) == len(MEMBERS) + 2
        assert [post.text.strip("*")[0] for post in found[1:-1]] == ["A", "B", "C"]
        assert self.served.only_answered(question)
        assert len(self.served.pings) == 1
        assert self.served.refused() <= DONE_ALREADY
        for table in ("work", "progress", "drafts", "wishes"):
            assert (table, self.rows(f"SELECT * FROM {table}")) == (table, [])


@asynccontextmanager
async def running_machines(platform: str, postgres: Postgres) -> AsyncIterator[Machines]:
    models = ModelServer(models=(*MEMBERS, CHAIRMAN), chunk_delay=0.01)
    async with models, running_platform(platform) as served:
        machines = Machines(served, models, postgres.emptied())
        try:
            yield machines
        finally:
            await machines.end()


@pytest.fixture
async def machines(platform: str, postgres: Postgres) -> AsyncIterator[Machines]:
    async with running_machines(platform, postgres) as machines:
        yield machines


on_both = pytest.mark.parametrize("platform", ["discord", "slack"])
on_discord = pytest.mark.parametrize("platform", ["discord"])


@on_both
async def test_a_gateway_and_two_workers_leave_a_whole_thread(machines: Machines) -> None:
    await machines.gateway()
    for _ in range(2):
        await machines.worker()
    question = machines.served.ask()
    await machines.is_whole(question)
    assert set(machines.asked().values()) == {1}


@pytest.mark.sampled(2)
@on_both
@pytest.mark.parametrize("how", [Program.kill, Program.told_to_end])
async def test_what_a_worker_leaves_another_goes_on_with(
    machines: Machines, how: Callable[[Program], Any]
) -> None:
    await machines.gateway()
    first = await machines.worker()
    question = machines.served.ask()
    await machines.until_reviewed()
    await machines.worker()
    await how(first)
    finished, before = machines.finished(), machines.asked()
    await machines.is_whole(question)
    again = machines.asked() - before
    assert [call for call in again if call in finished] == []


@pytest.mark.sampled(2)
@on_both
@pytest.mark.parametrize("how", [Program.kill, Program.told_to_end])
async def test_a_gateway_that_stands_by_takes_over(
    machines: Machines, how: Callable[[Program], Any]
) -> None:
    """The worker goes on as if nothing had been."""
    first = await machines.gateway()
    second = await machines.second_gateway()
    await machines.worker()
    question = machines.served.ask()
    await machines.served.server.wait_for(lambda: machines.served.said(question))
    await how(first)
    await machines.is_whole(question)
    assert "is served by this process now" in second.said
    assert set(machines.asked().values()) == {1}


@pytest.mark.sampled(1)
@on_both
async def test_a_frozen_gateway_posts_nothing_more_once_it_thaws(machines: Machines) -> None:
    first = await machines.gateway()
    second = await machines.second_gateway()
    await machines.worker()
    question = machines.served.ask()
    await machines.served.server.wait_for(lambda: machines.served.said(question))
    first.process.send_signal(signal.SIGSTOP)
    await machines.is_whole(question)
    first.process.send_signal(signal.SIGCONT)
    await until_said(first, STANDS_BY)
    await machines.is_whole(question)
    # And the other way round.
    await second.kill()
    await until_said(first, "is served by this process now")


@on_discord
async def test_a_server_that_starts_again_has_no_finished_call_asked_again(
    machines: Machines, postgres: Postgres
) -> None:
    await machines.gateway()
    await machines.worker()
    question = machines.served.ask()
    await machines.until_reviewed()
    finished, before = machines.finished(), machines.asked()
    postgres.end(signal.SIGQUIT)
    postgres.start()
    await machines.is_whole(question)
    again = machines.asked() - before
    assert [call for call in again if call in finished] == []


@on_discord
async def test_a_gateway_says_once_that_nobody_takes_what_waits(machines: Machines) -> None:
    gateway = await machines.gateway()
    question = machines.served.ask()
    none = "1 question waits for a worker, and none lives"
    await until_said(gateway, none)
    await machines.worker()
    await machines.is_whole(question)
    assert gateway.said.count(none) == 1


@on_discord
async def test_a_worker_tells_its_health(machines: Machines) -> None:
    port = free_port()
    await machines.gateway()
    await machines.worker(COUNCIL_HEALTH_PORT=str(port))
    question = machines.served.ask()
    await machines.until_reviewed()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/healthz")).json() == {"healthy": True}
        assert "council_deliberations_under_way 1.0" in (await client.get("/metrics")).text
        await machines.is_whole(question)
        ready = (await client.get("/readyz")).json()
        assert "council_deliberations_under_way 0.0" in (await client.get("/metrics")).text
    assert set(ready) == {"ready", "database", "chairman"}


@on_discord
async def test_a_worker_without_real_models_warns_of_it(machines: Machines) -> None:
    told = "No real model is set here"
    simulating = await machines.worker(COUNCIL_MODEL_URL="", COUNCIL_MODEL_KEY="")
    await until_said(simulating, told)
    real = await machines.worker()
    await real.told_to_end()
    assert told not in real.said


@on_discord
async def test_a_worker_loads_no_library_of_a_platform(machines: Machines) -> None:
    await machines.gateway()
    worker = await machines.worker(module=("-X", "importtime", "-m", "bot"))
    question = machines.served.ask()
    await machines.is_whole(question)
    loaded = {line.rpartition("|")[2].strip() for line in worker.said.splitlines()}
    assert "procrastinate" in loaded
    assert loaded.isdisjoint({"discord", "slack_bolt", "slack_sdk", "adapters.discord"})


@pytest.mark.parametrize("words", [("worker",), ("serve", "--no-work")])
async def test_a_file_is_shared_with_no_worker(words: tuple[str, ...]) -> None:
    variables = {"COUNCIL_DATABASE": "council.db", "DISCORD_TOKEN": "never-looked-at"}
    code, out, err = await processes.run(*words, environment=variables)
    assert code == 2
    assert f"`council {' '.join(words)}` needs a database that several processes may share" in err
    assert out == ""


@on_discord
async def test_the_doctor_and_the_journal_tell_of_all(machines: Machines) -> None:
    await machines.gateway()
    variables = {"COUNCIL_DATABASE": machines._server.url}
    await machines.worker()
    question = machines.served.ask()
    await machines.is_whole(question)
    code, out, err = await processes.run("watch", environment=variables)
    assert (code, err) == (0, "")
    assert json.dumps(CHAIRMAN) in out or CHAIRMAN in out
    _, out, _ = await processes.run("doctor", environment=variables)
    assert "1 worker lives" in out
