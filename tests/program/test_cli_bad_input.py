"""What cannot be used is named in a sentence, nothing is lost, and nobody sees a traceback."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes import databases, processes
from tests.fakes.forks import Ended, Program, environment
from tests.fakes.model_server import ModelServer

QUESTION = "Is a monolith right for a team of four?"

FILES_ONLY = pytest.mark.sqlite_only("what may be wrong with a file")


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


def refused(ended: Ended, sentence: str, *, code: int = 2) -> None:
    assert (ended.code, ended.out) == (code, "")
    assert sentence in ended.err
    assert "Traceback" not in ended.err


# Questions


@pytest.mark.parametrize("question", ["", "   ", "\n", "\u200b"])
async def test_an_empty_question(council: Program, server: ModelServer, question: str) -> None:
    ended = await council.run("ask", question, environment=environment(server))
    refused(ended, "The question is empty.")
    assert server.requests == []


@pytest.mark.parametrize("id", ["x" * 201, "half a character \udcff"])
@pytest.mark.parametrize("words", [("ask", "Why?", "--id"), ("show",), ("forget", "--id")])
async def test_an_id_that_is_none(council: Program, words: tuple[str, ...], id: str) -> None:
    refused(
        await council.run(*words, id, environment={}), "an id is a text of up to 200 characters"
    )


async def test_a_question_that_is_too_long_names_the_limit(
    council: Program, server: ModelServer
) -> None:
    ended = await council.run("ask", "x" * 100_000, environment=environment(server))
    refused(ended, "The question has 100,000 characters; the limit is 32,000.")
    assert server.requests == []


async def test_bytes_that_are_no_text_are_asked_without_them(
    council: Program, server: ModelServer
) -> None:
    ended = await council.run("ask", "f\udcfcr?", "--json", environment=environment(server))
    assert ended.code == 0
    assert ended.json["question"] == "f?r?"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("ask",), "The question is empty."),
        (("ask", QUESTION, "--mode", "shout"), "--mode shout is not known."),
        (("shout",), "`council shout` is no command. Did you mean `council show`?"),
        (("Why me?",), "A question is asked with `council ask 'Why me?'`"),
        (("bemch", "x.jsonl"), "`council bemch` is no command. Did you mean `council bench`?"),
        (("export", "--since", "noon"), "noon is no time, such as 2026-11-01"),
    ],
)
async def test_words_that_are_wrong(
    council: Program, server: ModelServer, words: tuple[str, ...], sentence: str
) -> None:
    refused(await council.run(*words, environment=environment(server)), sentence)


# Models


async def test_an_unknown_model_is_a_warning_with_a_guess_and_the_call_decides(
    council: Program, server: ModelServer
) -> None:
    here = environment(server, COUNCIL_MEMBERS="lab/a,lab/b,labb/c")

    ended = await council.run("ask", QUESTION, "--json", environment=here)

    assert ended.code == 0
    assert "labb/c is not in the list of models. Did you mean lab/c" in ended.err
    [missing] = [member for member in ended.json["members"] if member["status"] == "failed"]
    assert missing["model"] == "labb/c"
    assert missing["error"].startswith("unknown_model: ")


async def test_an_unknown_chairman_is_a_warning_and_the_next_member_writes(
    council: Program, server: ModelServer
) -> None:
    here = environment(server, COUNCIL_CHAIRMAN="lab/chair")

    ended = await council.run("ask", QUESTION, "--json", environment=here)

    assert ended.code == 0
    assert "Warning: lab/chair is not in the list of models." in ended.err
    assert ended.json["verdict"]["fallback"] == "next_member"
    assert ended.json["verdict"]["chairman_error"]["kind"] == "unknown_model"


async def test_two_members_of_the_same_model_hold_two_seats(
    council: Program, server: ModelServer
) -> None:
    here = environment(server, COUNCIL_MEMBERS="lab/a,lab/a")

    ended = await council.run("ask", QUESTION, "--json", environment=here)

    assert [answer["model"] for answer in ended.json["answers"]] == ["lab/a", "lab/a"]
    assert [answer["label"] for answer in ended.json["answers"]] == ["A", "B"]
    assert server.asked("answer") == ["lab/a", "lab/a"]
    assert len(ended.json["reviews"]) == 2


async def test_the_answer_of_a_single_member_is_the_verdict(
    council: Program, server: ModelServer
) -> None:
    ended = await council.run(
        "ask", QUESTION, "--json", environment=environment(server, COUNCIL_MEMBERS="lab/a")
    )

    assert ended.code == 0
    assert ended.json["verdict"]["fallback"] == "only_answer"
    assert ended.json["verdict"]["text"] == ended.json["answers"][0]["text"]
    assert ended.json["verdict"]["written_by"] is None
    assert ended.json["calls"] == 1
    assert "1 member answers." in ended.err


async def test_twenty_members_sit_in_one_council(council: Program, server: ModelServer) -> None:
    here = environment(server, COUNCIL_MEMBERS=",".join(["lab/a"] * 20))

    ended = await council.run("ask", QUESTION, "--json", environment=here)

    assert ended.code == 0
    assert [member["label"] for member in ended.json["members"]] == list("ABCDEFGHIJKLMNOPQRST")
    assert len(ended.json["answers"]) == 20
    assert len(ended.json["reviews"]) == 8


async def test_twenty_one_members_are_too_many(council: Program, server: ModelServer) -> None:
    here = environment(server, COUNCIL_MEMBERS=",".join(["lab/a"] * 21))
    ended = await council.run("ask", QUESTION, environment=here)
    refused(ended, "COUNCIL_MEMBERS must be 1 to 20 model ids separated by commas")


async def test_a_wrong_key_is_named_once(council: Program, server: ModelServer) -> None:
    here = environment(server, COUNCIL_MODEL_KEY="sk-wrong")

    ended = await council.run("ask", QUESTION, environment=here)

    assert ended.code == 1
    assert ended.err.count("the provider does not accept the key") == 1
    assert ended.out.count("key refused (4 members)") == 1
    assert "sk-wrong" not in ended.err + ended.out


async def test_no_models_to_choose_from_says_why(council: Program, server: ModelServer) -> None:
    here = environment(server, COUNCIL_MEMBERS="", COUNCIL_CHAIRMAN="", COUNCIL_MODEL_KEY="wrong")
    ended = await council.run("ask", QUESTION, environment=here)
    refused(ended, "COUNCIL_MEMBERS names nobody, and")


# The environment


async def test_every_problem_of_the_environment_is_listed_at_once(
    council: Program, server: ModelServer
) -> None:
    Path(".env").write_text("NONSENSE\nCOUNCIL_LOG=xml\nCOUNCIL_TIME_SCALE=0\n")

    ended = await council.run("ask", QUESTION, environment=environment(server))

    refused(ended, "Council cannot start with this environment:")
    for problem in (".env, line 1, cannot be read.", "COUNCIL_LOG must be", "COUNCIL_TIME_SCALE"):
        assert problem in ended.err


# The database


async def with_database(council: Program, server: ModelServer, path: str, *words: str) -> Ended:
    return await council.run(*words, environment=environment(server, COUNCIL_DATABASE=path))


@FILES_ONLY
@pytest.mark.parametrize("words", [("ask", QUESTION), ("export",), ("watch",)])
async def test_a_file_that_is_no_database(
    council: Program, server: ModelServer, words: tuple[str, ...]
) -> None:
    Path("notes.txt").write_text("Buy milk. " * 100)
    refused(await with_database(council, server, "notes.txt", *words), "is not a SQLite database.")
    assert Path("notes.txt").read_text() == "Buy milk. " * 100


@FILES_ONLY
@pytest.mark.parametrize("words", [("ask", QUESTION), ("export",)])
async def test_a_database_of_a_newer_council(
    council: Program, server: ModelServer, words: tuple[str, ...]
) -> None:
    await council.run("ask", QUESTION, environment=environment(server))
    connection = sqlite3.connect("council.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    ended = await with_database(council, server, "council.db", *words)

    refused(ended, "has version 99, and this Council knows versions up to")


@FILES_ONLY
async def test_a_folder_that_is_not_there(council: Program, server: ModelServer) -> None:
    ended = await with_database(council, server, "no/where.db", "ask", QUESTION)
    refused(ended, "no for the database. Make it, or set COUNCIL_DATABASE.")


@FILES_ONLY
async def test_a_folder_in_the_place_of_the_database(council: Program, server: ModelServer) -> None:
    refused(await with_database(council, server, ".", "ask", QUESTION), "cannot be written.")


@FILES_ONLY
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder that nobody can write to")
async def test_a_folder_that_cannot_be_written(council: Program, server: ModelServer) -> None:
    ended = await with_database(council, server, "/proc/council.db", "ask", QUESTION)
    refused(ended, "The database /proc/council.db cannot be written. Check the permissions")


@FILES_ONLY
@pytest.mark.parametrize("command", ["export", "watch"])
async def test_before_the_first_question_there_is_nothing_to_read(
    council: Program, server: ModelServer, command: str
) -> None:
    ended = await council.run(command, environment=environment(server))
    refused(ended, "There is no database council.db yet. Ask a question first")


async def test_the_folder_of_the_default_database_is_made(
    council: Program, server: ModelServer, tmp_path: Path
) -> None:
    here = environment(server, COUNCIL_DATABASE="", XDG_DATA_HOME=str(tmp_path / "new" / "share"))
    ended = await council.run("ask", QUESTION, environment=here)
    assert ended.code == 0, ended.err


@FILES_ONLY
@pytest.mark.parametrize("limit_bytes", [8_192, 100_000, 200_000, 300_000])
async def test_a_full_disk_ends_in_a_sentence_and_loses_nothing(
    council: Program, server: ModelServer, limit_bytes: int
) -> None:
    here = environment(server, COUNCIL_TIME_SCALE="0.02")
    full = await council.run(
        "ask", QUESTION, "--json", environment=here, file_limit_bytes=limit_bytes
    )
    connection = sqlite3.connect("council.db")
    made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'calls'").fetchall()
    finished = connection.execute("SELECT stage, model FROM calls").fetchall() if made else []
    connection.close()

    ended = await council.run("ask", QUESTION, "--json", environment=here)

    refused(full, "The disk with the database council.db")
    assert ended.code == 0, ended.err
    assert len(ended.json["answers"]) == 4
    asked = [(request.stage, request.model) for request in server.requests]
    assert [asked.count(call) for call in finished] == [1] * len(finished)


# Processes beside each other, and outputs that end


@pytest.mark.sqlite_only("several processes may write to a server's database")
async def test_a_second_process_on_the_same_database_is_told_who_holds_it(
    council: Program,
) -> None:
    async with ModelServer(behaviours={"lab/b": "hang"}) as server:
        first = await processes.council("ask", QUESTION, environment=environment(server))
        await server.until(lambda: len(server.requests) == 4)
        try:
            ended = await council.run("ask", "Another?", environment=environment(server))
            read = await council.run("watch", environment=environment(server))
        finally:
            await processes.end(first)

    refused(ended, f"council.db is in use by council ask, process {first.pid}. Stop that one first")
    assert read.code == 0
    assert "answer seat 1 lab/b: asked" in read.out


def of_shell(server: ModelServer) -> dict[str, str]:
    here = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(processes.ROOT)}
    return here | databases.variables(environment(server))


@pytest.mark.parametrize(("target", "code"), [("true", 0), ("cat > /dev/full", 0)])
async def test_whoever_reads_the_output_may_stop_early(
    council: Program, server: ModelServer, target: str, code: int
) -> None:
    await council.run("ask", QUESTION, environment=environment(server))

    shell = f"{sys.executable} -m bot export | {target}; exit ${{PIPESTATUS[0]}}"
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", shell),
        env=of_shell(server),
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await process.communicate()

    assert process.returncode == code
    assert b"BrokenPipe" not in err
    assert b"Traceback" not in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a file that is always full")
@pytest.mark.parametrize("words", ["export", f"ask '{QUESTION}'", "chat", "watch", "doctor"])
async def test_an_output_that_is_full_is_named(
    council: Program, server: ModelServer, words: str
) -> None:
    await council.run("ask", QUESTION, environment=environment(server))

    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", f"echo /council | {sys.executable} -m bot {words} > /dev/full"),
        env=of_shell(server),
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await process.communicate()

    assert process.returncode == 2
    assert b"The output cannot be written: No space left on device." in err
    assert b"Traceback" not in err
