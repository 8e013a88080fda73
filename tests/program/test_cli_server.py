"""Every command over a database on a server; none says how one logs in there."""

import json
from collections.abc import Iterator

import pytest

from bot.store.server import Server
from tests.fakes.forks import Ended, Program, program
from tests.fakes.postgres import PASSWORD, Postgres

pytestmark = pytest.mark.sqlite_only("each names its server itself")

IN_URL = "p%40ss%2Fword"


@pytest.fixture(scope="module")
def council() -> Iterator[Program]:
    with program() as started:
        yield started


async def run(council: Program, server: Server, *words: str) -> Ended:
    """With the simulated models, without their pauses."""
    here = {
        "COUNCIL_DATABASE": server.url,
        "COUNCIL_TIME_SCALE": "0.001",
        "DISCORD_TOKEN": "never-looked-at",
    }
    ended = await council.run(*words, environment=here)
    assert PASSWORD not in f"{ended.out}{ended.err}"
    assert IN_URL not in f"{ended.out}{ended.err}"
    assert "Traceback" not in ended.err
    return ended


async def test_a_question_is_asked_told_counted_and_forgotten(
    council: Program, postgres: Postgres
) -> None:
    server = postgres.emptied()
    asked = await run(council, server, "ask", "Tabs or spaces?", "--id", "one", "--json")
    assert asked.code == 0
    again = await run(council, server, "ask", "Tabs or spaces?", "--id", "one", "--json")
    assert again.json["answers"] == asked.json["answers"]
    for words in (("show",), ("show", "one"), ("export",), ("watch",), ("costs",), ("stats",)):
        ended = await run(council, server, *words)
        assert (words, ended.code) == (words, 0)
        assert ended.out
    exported = json.loads((await run(council, server, "export")).out)
    assert exported["question"] == "Tabs or spaces?"

    forgotten = await run(council, server, "forget", "--id", "one")

    assert forgotten.out == "Forgotten: 1 deliberation.\n"
    assert (await run(council, server, "export")).out == ""


async def test_a_chat_goes_on_where_it_was(council: Program, postgres: Postgres) -> None:
    here = {"COUNCIL_DATABASE": postgres.emptied().url, "COUNCIL_TIME_SCALE": "0.001"}
    said = "@council Tabs or spaces?\nreact verdict 👍\n/council set mode quick\nquit\n"
    first = await council.run("chat", environment=here, stdin=said)
    second = await council.run(
        "chat", environment=here, stdin="/council show\n/council stats\nquit\n"
    )
    assert (first.code, second.code) == (0, 0)
    assert "**Mode**: quick" in second.out
    assert "So far 1 question was answered here." in second.out


async def test_the_doctor_names_the_database(council: Program, postgres: Postgres) -> None:
    server = postgres.emptied()
    ended = await run(council, server, "doctor")
    assert f"✓ The database {server} can be read and written." in ended.out
    told = await run(council, server, "doctor", "--privacy")
    assert f"Everything is in `{server}`, readable by whoever its server lets in" in told.out
    assert "0600" not in told.out


async def test_copies_are_the_server_s_own(council: Program, postgres: Postgres) -> None:
    server = postgres.emptied()
    await run(council, server, "ask", "Tabs or spaces?")
    for command, tool in (("backup", "pg_dump"), ("restore", "pg_restore")):
        ended = await run(council, server, command, "copy.db")
        assert ended.code == 2
        assert tool in ended.err


@pytest.mark.parametrize("command", ["ask", "stats", "chat", "export", "forget", "doctor"])
async def test_a_server_that_is_not_there_is_a_sentence_and_no_wrong_use(
    council: Program, postgres: Postgres, command: str
) -> None:
    gone = Server(postgres.emptied().url.replace(f":{postgres.port}/", ":1/"))
    words = {"ask": ("ask", "Why?"), "forget": ("forget", "--id", "x")}.get(command, (command,))
    ended = await run(council, gone, *words)
    assert ended.code == 1
    assert f"The server of the database {gone} cannot be reached" in f"{ended.out}{ended.err}"


@pytest.mark.parametrize("command", ["ask", "stats", "serve"])
async def test_a_wrong_password_is_a_wrong_use_and_never_told(
    council: Program, postgres: Postgres, command: str
) -> None:
    """Whoever starts it again would do so for ever."""
    wrong = Server(postgres.emptied().url.replace(IN_URL, "p%40ss%2Fwords"))
    ended = await run(council, wrong, command, *(["Why?"] if command == "ask" else []))
    assert ended.code == 2
    assert f"The server of the database {wrong} lets nobody in" in f"{ended.out}{ended.err}"
    assert "password authentication failed" in f"{ended.out}{ended.err}"
