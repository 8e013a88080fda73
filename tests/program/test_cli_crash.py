"""The process ends; the same words are said again. What the model server saw decides."""

import asyncio
import signal
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from tests.fakes import databases, processes
from tests.fakes.forks import CHAIRMAN, KILLED, MEMBERS, Ended, Kill, Program, environment, program
from tests.fakes.model_server import ModelServer, Received, labelled_answers

# Each model at a pace of its own, so that hardly two calls end in one commit.
PACES = {
    model: {"delay": 0.001 * place} for place, model in enumerate((*MEMBERS, CHAIRMAN), start=1)
}

# So many deliberations at once: they wait for their models most of the time.
AT_ONCE = 4

Call = tuple[str, str]  # stage, model


@dataclass(frozen=True, slots=True)
class Moment:
    """Between two commits, this one (from 0, before the first) and the next; with a question and a
    database of its own."""

    number: int

    @property
    def kill(self) -> Kill:
        """By turns right after the one and right before the other."""
        if self.number % 2:
            return Kill(self.number, made=True)
        return Kill(self.number + 1, made=False)

    @property
    def question(self) -> str:
        return f"Is a monolith right for a team of {self.number}?"

    @property
    def database(self) -> str:
        return f"{self.number}.db"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """None where there are no tables yet."""
        try:
            return databases.rows(self.database, sql)
        except sqlite3.OperationalError:
            return []


class Lab:
    """A model server and the program, run once and again at one moment."""

    def __init__(self, server: ModelServer, program: Program) -> None:
        self.server = server
        self._program = program

    async def ask(self, moment: Moment, kill: Kill | None = None) -> Ended:
        return await self._program.run(
            *("ask", moment.question, "--json", "--id", f"m{moment.number}"),
            environment=environment(self.server, COUNCIL_DATABASE=moment.database),
            kill=kill,
        )

    def requests(self, moment: Moment) -> list[Received]:
        question = moment.question.encode()
        return [request for request in self.server.requests if question in request.body]

    def asked(self, moment: Moment) -> Counter[Call]:
        """How often the server saw each call."""
        return Counter((request.stage, request.model) for request in self.requests(moment))

    def orders_read(self, moment: Moment) -> set[tuple[str, tuple[str, ...]]]:
        """Each reviewer's model with an order of answers that one of its prompts showed."""
        return {
            (request.model, tuple(labelled_answers(request.json["messages"])))
            for request in self.requests(moment)
            if request.stage == "review"
        }


@pytest.mark.both_databases
async def test_a_kill_between_any_two_commits_costs_no_finished_call(
    full: bool, told_on: str
) -> None:
    sampled = 3 if told_on == "sqlite" else 11  # commits are the same ones in both
    moments = map(Moment, count(step=1 if full else sampled))
    survived: list[Moment] = []

    async def kill_and_go_on(server: ModelServer) -> None:
        with program() as council:
            lab = Lab(server, council)
            while not survived:
                moment = next(moments)
                killed = await lab.ask(moment, moment.kill)
                if killed.code == KILLED:
                    await prove_it_goes_on(lab, moment)
                else:
                    assert killed.code == 0, killed.err
                    survived.append(moment)

    async with ModelServer(behaviours=PACES) as server, asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(kill_and_go_on(server))
    assert survived[0].number > 15  # else nothing was tried


async def prove_it_goes_on(lab: Lab, moment: Moment) -> None:
    finished = moment.rows("SELECT stage, model FROM calls")
    open_requests = moment.rows("SELECT 1 FROM attempts WHERE finished_at IS NULL")
    before = lab.asked(moment)

    ended = await lab.ask(moment)

    assert ended.code == 0, (moment, ended.err)
    result = ended.json
    assert [lab.asked(moment)[call] for call in finished] == [1] * len(finished), moment
    assert [before[call] for call in finished] == [1] * len(finished), moment
    # A request has its row before it is sent, and the kill may have come between the two.
    unsent = result["calls"] - lab.asked(moment).total()
    assert 0 <= unsent <= len(open_requests), moment
    orders = {(review["model"], tuple(review["order"])) for review in result["reviews"]}
    assert lab.orders_read(moment) <= orders, moment
    assert len(result["answers"]) == 4, moment
    assert moment.rows("SELECT status, count(*) FROM deliberations GROUP BY status") == [
        ("finished", 1)
    ]
    assert moment.rows("SELECT count(*) FROM calls WHERE stage = 'verdict'") == [(1,)]
    assert moment.rows("SELECT count(*) FROM feed WHERE what = 'finished'") == [(1,)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
@pytest.mark.parametrize("words", [("ask", "Why?"), ("chat",)], ids=lambda words: words[0])
async def test_a_signal_leaves_a_sentence_and_a_state_to_go_on_from(
    words: tuple[str, ...], number: signal.Signals
) -> None:
    behaviours = {"lab/c": ["hang", "ok"], CHAIRMAN: ["ok"]}
    async with ModelServer(behaviours=behaviours) as server:
        here = environment(server)
        process = await processes.council(*words, environment=here, stdin="@council Why?\n")
        assert process.stderr
        await server.until(lambda: len(server.requests) == 4)
        await journaled(here, "done", 3)
        process.send_signal(number)
        err = (await process.stderr.read()).decode()
        code = await process.wait()
        before = asked_of(server)

        ended_code, out, _ = await processes.run(*words, environment=here, stdin="")
        after = asked_of(server)

    assert code == 130
    assert err.splitlines()[-1] == "Stopped. The same command goes on where it was."
    assert "Traceback" not in err
    assert ended_code == 0
    assert "**Start with the simplest thing that can be measured" in out
    assert before == Counter(dict.fromkeys((("answer", model) for model in MEMBERS), 1))
    answers = Counter({call: n for call, n in after.items() if call[0] == "answer"})
    assert answers - before == Counter({("answer", "lab/c"): 1})


async def journaled(here: Mapping[str, str], what: str, times: int) -> None:
    """Wait until the journal, as `watch` tells it, has so many lines with this word."""
    watching = await processes.council("watch", "--follow", environment=here)
    assert watching.stdout
    try:
        while times:
            line = (await watching.stdout.readline()).decode()
            assert line
            times -= what in line
    finally:
        await processes.end(watching)


def asked_of(server: ModelServer) -> Counter[Call]:
    return Counter((request.stage, request.model) for request in server.requests)


async def test_a_signal_ends_a_command_that_only_reads_without_a_word() -> None:
    async with ModelServer() as server:
        here = environment(server)
        await processes.run("ask", "Why?", environment=here)
        process = await processes.council("watch", "--follow", environment=here)
        assert process.stdout
        assert process.stderr
        while b"finished" not in await process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        err = await process.stderr.read()

    assert await process.wait() == 130
    assert err == b""


async def test_a_signal_while_the_program_is_loaded_ends_it_without_a_word() -> None:
    loading = ("-X", "importtime", "-m", "bot")
    process = await processes.council("ask", "Why?", environment={}, module=loading)
    assert process.stderr
    # The first of what the commands import.
    while b"bot.errors" not in await process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    lines = (await process.stderr.read()).decode().splitlines()

    assert await process.wait() == 130
    assert [line for line in lines if not line.startswith("import time:")] == []
