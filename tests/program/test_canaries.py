"""`council serve`, `ask` and `chat` as processes, under faults and an open umask: what they log tells no
secret and no word that people or models wrote, and what they write is its owner's alone."""

import json
import os
import sqlite3
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.fakes import databases
from tests.fakes.discord_server import TOKEN
from tests.fakes.forks import CHAIRMAN, Program, environment
from tests.fakes.model_server import Behaviour, ModelServer
from tests.fakes.processes import delivered
from tests.fakes.served import OnDiscord, OnSlack, Served, running_platform
from tests.fakes.slack_server import APP_TOKEN, BOT_TOKEN
from tests.fakes.watched import eventually

KEY = "sk-canary-0123456789abcdef"
ASKED, WRITTEN = "asked-canary", "written-canary"
QUESTION = f"Is {ASKED} right?"
# A server that repeats what it was sent, as some do; one that ends in the middle.
SAID = f"cannot answer {ASKED} {WRITTEN} with Bearer {KEY}"
FAULTS = {
    "lab/a": Behaviour("status", message=SAID),
    "lab/b": Behaviour("unauthorised", message=SAID),
    "lab/c": Behaviour("raw", raw=(f"data: {{{SAID}",)),
}
# The last member answers, so that there is something to post.
OTHERS = {"lab/d": Behaviour(text=WRITTEN), CHAIRMAN: Behaviour("cut", text=WRITTEN)}
DATABASE = Path("council.db")
FILES = {
    "sqlite": {"council.db", "council.db-wal", "council.db-shm", "council.db.lock"},
    "postgresql": set[str](),
}


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
async def models() -> AsyncIterator[ModelServer]:
    async with ModelServer(behaviours=FAULTS | OTHERS, key=KEY) as server:
        yield server


# What the database says where it takes no more, and what a person at the terminal reads of it: a server's own
# words may repeat what was written.
TROUBLE = "disk I/O error"
TOLD = {"sqlite": TROUBLE, "postgresql": "refused what was asked of it (RaiseException)"}
SECRETS = (KEY, TOKEN, BOT_TOKEN, APP_TOKEN)


def require_silence(said: str, log: str, *canaries: str) -> None:
    for canary in canaries or (*SECRETS, ASKED, WRITTEN):
        assert canary not in said, said
    if log == "json":
        for line in said.splitlines():
            assert json.loads(line).keys() >= {"at", "level", "logger", "message"}


def logged(said: str) -> str:
    """Without what the person at the terminal is told of the question just asked there."""
    lines = said.splitlines()
    return "\n".join(line for line in lines if json.loads(line)["logger"] != "council")


# --- serve


@pytest.fixture
async def served(platform: str) -> AsyncIterator[Served]:
    async with running_platform(platform) as served:
        yield served


def fail(served: Served) -> None:
    """As the platform does on a bad day: errors, a broken connection, a refusal."""
    if isinstance(served, OnDiscord):
        served.server.fail("POST", r"/channels/\d+/messages$", 500, times=2)
        served.server.cut("POST", r"/threads$")
        served.server.refuse("PATCH", r"/messages/\d+$", 50013)
    elif isinstance(served, OnSlack):
        served.server.fail("chat.postMessage", times=2)
        served.server.cut("chat.postMessage")
        served.server.refuse("chat.update", "msg_too_long")


def require_private(told_on: str) -> None:
    """Every file in the test's folder but the `.env` that tests start with."""
    files = [file for file in Path().rglob("*") if file.is_file() and file.name != ".env"]
    modes = {str(file): stat.S_IMODE(file.stat().st_mode) for file in files}
    assert FILES[told_on] <= modes.keys()
    assert set(modes.values()) <= {0o600}, modes


@pytest.mark.parametrize("log", ["text", "json"])
@pytest.mark.parametrize("platform", ["discord", "slack"])
async def test_no_fault_of_models_and_platform_brings_canaries_into_the_log_of_what_serves(
    served: Served, models: ModelServer, log: str, told_on: str
) -> None:
    async with served.serving(**environment(models, COUNCIL_LOG=log)) as running:
        fail(served)
        found = await served.posts(served.ask(QUESTION))
        await delivered()
        require_private(told_on)
    code, said = await running.ended()

    assert code == 130
    assert any(WRITTEN in post.text for post in found)
    assert "lab/a" in said
    require_silence(said, log)


@pytest.mark.both_databases(1)
@pytest.mark.parametrize("log", ["text", "json"])
@pytest.mark.parametrize("platform", ["discord", "slack"])
@pytest.mark.parametrize("table", ["calls", "posts"])
async def test_no_fault_of_the_database_brings_canaries_into_the_log_of_what_serves(
    served: Served, models: ModelServer, table: str, log: str, told_on: str
) -> None:
    async def noticed() -> bool:
        return TOLD[told_on] in running.said

    async with served.serving(**environment(models, COUNCIL_LOG=log)) as running:
        databases.refuse_inserts(DATABASE, table, TROUBLE)
        served.ask(QUESTION)
        await eventually(noticed)
    code, said = await running.ended()

    assert code == 130
    require_silence(said, log)


@pytest.mark.parametrize("log", ["text", "json"])
async def test_what_cannot_start_says_why_in_the_form_of_the_log(
    council: Program, models: ModelServer, log: str
) -> None:
    wrong = environment(
        models, COUNCIL_LOG=log, DISCORD_TOKEN=f"{TOKEN} {KEY}", COUNCIL_AT_ONCE="none"
    )
    ended = await council.run("serve", environment=wrong)

    assert ended.code == 2
    assert "DISCORD_TOKEN" in ended.err
    assert "COUNCIL_AT_ONCE" in ended.err
    require_silence(ended.err, log)


# --- ask and chat


@pytest.mark.parametrize("log", ["text", "json"])
@pytest.mark.parametrize("fault", ["models", "calls", "disk"])
@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (("ask", QUESTION, "--answers"), ""),
        (("chat",), f"@council {QUESTION}\nreact A 👍\n@council {QUESTION}\n"),
    ],
)
async def test_no_fault_brings_a_secret_out_of_ask_and_chat_or_words_into_their_log(
    council: Program,
    models: ModelServer,
    words: tuple[str, ...],
    stdin: str,
    fault: str,
    log: str,
    told_on: str,
) -> None:
    if (fault, told_on) == ("disk", "postgresql"):
        pytest.skip("on files only: the disk is the server's")
    here = environment(models, COUNCIL_LOG=log, COUNCIL_TIME_SCALE="0.01")
    assert (await council.run("chat", environment=here)).code == 0
    if fault == "calls":
        databases.refuse_inserts(DATABASE, "calls", TROUBLE)
    limit = DATABASE.stat().st_size + 4096 if fault == "disk" else None
    ended = await council.run(*words, stdin=stdin, environment=here, file_limit_bytes=limit)

    if fault == "models":
        assert ended.code == 0
        assert WRITTEN in ended.out
    else:
        assert TOLD[told_on] in ended.out + ended.err
    require_silence(ended.err, log, *SECRETS)
    if log == "json":
        require_silence(logged(ended.err), "text")


@pytest.mark.sqlite_only("a server's database is copied by its own tools")
async def test_copies_and_what_a_restore_leaves_are_their_owners_alone(
    council: Program, models: ModelServer
) -> None:
    here = environment(models, COUNCIL_TIME_SCALE="0.01")
    assert (await council.run("ask", QUESTION, environment=here)).code == 0
    for words in (("backup", "copy.db"), ("restore", "copy.db"), ("ask", QUESTION)):
        ended = await council.run(*words, environment=here)
        assert ended.code == 0, ended.err
    lines = Path("asked.jsonl")
    lines.write_text(json.dumps({"id": "one", "question": QUESTION}))
    lines.chmod(0o600)
    assert (await council.run("bench", str(lines), "--yes", environment=here)).code == 0
    with sqlite3.connect(DATABASE) as reading:
        reading.execute("SELECT count(*) FROM deliberations").fetchall()
        require_private("sqlite")
    reading.close()
    assert {"copy.db", "asked.out.jsonl"} <= {file.name for file in Path().iterdir()}
    assert list(Path().glob("council.db.before-*"))
